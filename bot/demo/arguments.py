"""The arguments of one Web API call, whichever way they came, and the refusal of a call."""

import json
from collections.abc import Mapping
from typing import Any

from bot.demo.workspace import Json


class Refusal(Exception):
    """Slack's answer `{"ok": false, "error": code, …}`."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra


def missing(name: str) -> Refusal:
    return Refusal(
        "invalid_arguments",
        response_metadata={"messages": [f"[ERROR] missing required field: {name}"]},
    )


class Arguments:
    """Read-only view of a call's arguments; a query or form gives strings where JSON gives more."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = {name: value for name, value in values.items() if value is not None}

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str) -> str:
        """Return a string, "" when it is absent."""
        value = self.values.get(name, "")
        return value if isinstance(value, str) else str(value)

    def required(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise missing(name)
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.values.get(name, default)
        if isinstance(value, str):
            return value.lower() in {"1", "true"}
        return bool(value)

    def number(self, name: str, default: int) -> int:
        value = self.values.get(name, default)
        try:
            return int(value)
        except (TypeError, ValueError):
            raise Refusal("invalid_arg_name") from None

    def structure(self, name: str, refusal: str) -> Any:
        """Return a list or object, decoded if it came as a JSON string; None when absent.

        Raises:
            Refusal: With the code `refusal`, if it is not JSON.
        """
        value = self.values.get(name)
        if isinstance(value, str):
            try:
                return json.loads(value)
            except ValueError:
                raise Refusal(refusal) from None
        return value

    def objects(self, name: str, refusal: str) -> list[Json] | None:
        """Return a list of objects, None when absent.

        Raises:
            Refusal: With the code `refusal`, if it is anything else.
        """
        value = self.structure(name, refusal)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise Refusal(refusal)
        return value
