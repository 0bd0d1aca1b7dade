"""Thumbs and reasons: what Slack says of them, and the dialog that asks why. Pure."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from pydantic import TypeAdapter, ValidationError

from bot.conversation.messages import ThreadKey
from bot.language import ENGLISH, Language
from bot.slack import limits
from bot.slack.blocks import Block, build_plain
from bot.slack.events import parse_press

FEEDBACK_REASON: Final = "feedback_reason"
"""The `callback_id` of the dialog that asks what was wrong with an answer."""

_REASON: Final = "reason"


@dataclass(frozen=True, slots=True)
class Vote:
    """A pressed thumb.

    Attributes:
        turn_id: The turn whose answer it stands under.
        thread: Where.
        message_ts: The message with the thumbs.
        person: Who pressed.
        verdict: Which thumb.
        trigger_id: Opens a dialog, once and within 3 seconds (Slack docs, "trigger_id").
    """

    turn_id: str
    thread: ThreadKey
    message_ts: str
    person: str
    verdict: Literal["good", "bad"]
    trigger_id: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """The submitted dialog: the vote it belongs to, and what the person wrote, "" if nothing."""

    vote: Vote
    text: str


_ADAPTER: Final = TypeAdapter(Vote)


def parse_vote(body: Mapping[str, Any]) -> Vote | None:
    """Read the `block_actions` payload of a pressed thumb; None if it doesn't tell which.

    The pressed thumb's `value` is the action's (Slack docs, "Feedback buttons element").
    """
    press = parse_press(body)
    verdict, _, turn_id = str(body["actions"][0].get("value") or "").partition(":")
    if verdict not in {"good", "bad"} or not turn_id:
        return None
    return Vote(
        turn_id=turn_id,
        thread=press.thread,
        message_ts=press.message_ts,
        person=press.user,
        verdict="good" if verdict == "good" else "bad",
        trigger_id=body.get("trigger_id") or "",
    )


def parse_reason(body: Mapping[str, Any]) -> Reason | None:
    """Read the `view_submission` payload of the dialog; None if it is none of ours."""
    view = body["view"]
    try:
        vote = _ADAPTER.validate_json(view.get("private_metadata") or "")
    except ValidationError:
        return None
    if vote.person != body["user"]["id"]:
        return None
    values = (view.get("state") or {}).get("values") or {}
    text = ((values.get(_REASON) or {}).get(_REASON) or {}).get("value") or ""
    return Reason(vote, text.strip()[: limits.REASON_CHARS])


def render_reason_dialog(vote: Vote, *, language: Language = ENGLISH) -> Block:
    """Render the dialog that asks what was wrong; it may be submitted empty."""
    told = {name: value for name, value in asdict(vote).items() if name != "trigger_id"}
    return {
        "type": "modal",
        "callback_id": FEEDBACK_REASON,
        "private_metadata": json.dumps(told),
        "title": build_plain(language.say("Feedback"), limits.VIEW_TITLE_CHARS),
        "submit": build_plain(language.say("Send"), limits.VIEW_TITLE_CHARS),
        "close": build_plain(language.say("Not now"), limits.VIEW_TITLE_CHARS),
        "blocks": [
            {
                "type": "input",
                "block_id": _REASON,
                "optional": True,
                "label": build_plain(
                    language.say("What was wrong with this answer?"), limits.INPUT_LABEL_CHARS
                ),
                "hint": build_plain(
                    language.say(
                        "It is kept with the question and the answer, for whoever runs me."
                    ),
                    limits.INPUT_LABEL_CHARS,
                ),
                "element": {
                    "type": "plain_text_input",
                    "action_id": _REASON,
                    "multiline": True,
                    "max_length": limits.REASON_CHARS,
                },
            }
        ],
    }
