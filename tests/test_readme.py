from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.settings import Settings

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name.upper() for name in Settings.model_fields])
def test_every_setting_is_explained(name: str) -> None:
    assert f"`{name}`" in README


def test_every_default_is_told() -> None:
    for name, field in Settings.model_fields.items():
        if field.default is None:
            continue
        [row] = [
            line
            for line in README.splitlines()
            if line.startswith("| `") and f"`{name.upper()}`" in line
        ]
        default = field.default
        if isinstance(default, SecretStr):
            default = default.get_secret_value()
        shown = str(default).lower() if isinstance(default, bool) else str(default)
        assert f"`{shown.removesuffix('.0')}`" in row, name


def test_links_to_the_code_lead_somewhere() -> None:
    for target in {part.partition(")")[0] for part in README.split("](")[1:]}:
        if target.startswith("#"):
            assert f'id="{target[1:]}"' in README, target
        elif "://" not in target:
            assert (Path(__file__).parents[1] / target).exists(), target
