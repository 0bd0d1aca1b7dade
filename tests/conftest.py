"""Fixtures that every folder uses."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from bot.store.database import Database

# A loaded machine is no failure of the code, and CI shall fail for a change, not for the dice.
settings.register_profile(
    "steady",
    deadline=None,
    derandomize="CI" in os.environ,  # noqa: TID251  # tells CI from a developer's machine
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the developer's own tokens, proxies or `.env`."""
    for name in list(os.environ):  # noqa: TID251  # clearing it is the point
        if name.upper().startswith(("SLACK_", "MODEL_", "ALOUD_", "DATABASE_URL", "HTTP_PROXY")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _reset_logging() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database(tmp_path / "aloud.db") as opened:
        yield opened
