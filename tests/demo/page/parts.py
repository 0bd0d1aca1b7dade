"""Pieces of Block Kit, and what the app heard of them."""

from typing import Any

from bot.demo.server import StandIn
from bot.demo.workspace import Json
from tests.demo.apps import App


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(text: str, value: str) -> Json:
    return {"text": plain(text), "value": value}


CHOICE: Json = {
    "type": "static_select",
    "action_id": "pick",
    "placeholder": plain("Pick one"),
    "initial_option": option("Red", "red"),
    "options": [option("Red", "red"), option("Green", "green")],
}


def heard(app: App) -> list[Json]:
    """Return the presses, submissions, shortcuts and commands that reached the app."""
    return [body for body in app.bodies if body.get("type") != "event_callback"]


async def press_of(standin: StandIn, app: App, action_id: str) -> dict[str, Any]:
    """Wait for the press of an element and return its action, as the app got it."""
    found = await standin.wait_for(
        lambda: [
            action
            for body in app.bodies
            for action in body.get("actions", ())
            if action["action_id"] == action_id
        ]
    )
    return dict(found[-1])
