"""The Slack app's manifest: the scopes and events that this version asks for."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml


def load_manifest() -> dict[str, Any]:
    """Return the app manifest that this version asks for; reads a file."""
    packaged = files("bot").joinpath("manifest.yml")
    text = (
        packaged.read_text(encoding="utf-8")
        if packaged.is_file()
        else Path(__file__).parent.with_name("manifest.yml").read_text(encoding="utf-8")
    )
    manifest: dict[str, Any] = yaml.safe_load(text)
    return manifest
