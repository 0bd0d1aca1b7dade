"""Looks into JSON of other people's servers, where any value may be of any type."""

from collections.abc import Mapping
from typing import Any


def get_text(payload: Mapping[str, Any], key: str) -> str:
    """Return the string at `key`, "" if there is none."""
    value = payload.get(key)
    return value if isinstance(value, str) else ""


def get_object(payload: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return the object at `key`, an empty one if there is none."""
    value = payload.get(key)
    return value if isinstance(value, dict) else {}


def get_objects(payload: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the objects in the list at `key`."""
    value = payload.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def get_choice(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first of the `choices`, an empty object if there is none."""
    return next(iter(get_objects(payload, "choices")), {})
