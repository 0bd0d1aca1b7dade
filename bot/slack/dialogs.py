"""The dialog that asks for a question about a message. Pure."""

import json
from collections.abc import Mapping
from typing import Any, Final

from bot.language import Language
from bot.slack import limits
from bot.slack.blocks import build_plain
from bot.slack.commands import Ask, Shortcut, Submission
from bot.slack.markdown import escape

QUESTION_DIALOG: Final = "ask_about_dialog"
"""Its `callback_id`."""

QUESTION: Final = "question"
PLACE: Final = "place"
"""The blocks; a fault is shown at one of them by its name."""

_PRIVATELY: Final = "privately"
_IN_THREAD: Final = "in_thread"
_METADATA_CHARS: Final = 3_000
"""Documented (views, "View object"): characters of `private_metadata`."""

_EXCERPT_CHARS: Final = 1_000
"""Ours: so much of a message shows the model which one is meant."""

_QUESTION_CHARS: Final = limits.SECTION_CHARS
"""Documented (block kit, plain-text input): the most characters that one takes."""


def render_question_dialog(shortcut: Shortcut, language: Language) -> dict[str, Any]:
    """Render the dialog for a message: the question, and where its answer shall stand."""
    privately = _option(
        _PRIVATELY,
        language.say("Privately, in our direct messages"),
        language.say("Only you see it."),
    )
    in_thread = _option(
        _IN_THREAD,
        language.say("In the thread of the message"),
        language.say("Everybody there sees your question and the answer."),
    )
    return {
        "type": "modal",
        "callback_id": QUESTION_DIALOG,
        "private_metadata": _write_target(shortcut),
        "title": build_plain(language.say("Ask Aloud"), limits.VIEW_TITLE_CHARS),
        "submit": build_plain(language.say("Ask"), limits.VIEW_TITLE_CHARS),
        "close": build_plain(language.say("Cancel"), limits.VIEW_TITLE_CHARS),
        "blocks": [
            {
                "type": "input",
                "block_id": QUESTION,
                "label": build_plain(
                    language.say("Your question about this message"), limits.INPUT_LABEL_CHARS
                ),
                "element": {
                    "type": "plain_text_input",
                    "action_id": QUESTION,
                    "multiline": True,
                    "focus_on_load": True,
                    "max_length": _QUESTION_CHARS,
                },
            },
            {
                "type": "input",
                "block_id": PLACE,
                "label": build_plain(language.say("Where to answer"), limits.INPUT_LABEL_CHARS),
                "element": {
                    "type": "radio_buttons",
                    "action_id": PLACE,
                    "options": [privately, in_thread],
                    "initial_option": privately,
                },
            },
        ],
    }


def find_faults(submission: Submission, language: Language) -> dict[str, str]:
    """Return what is wrong with a dialog that was sent off, by block; {} if nothing is."""
    if submission.values.get(QUESTION, "").strip():
        return {}
    # Slack asks for something to be there, and takes spaces for it.
    return {QUESTION: language.say("Please write your question.")}


def read_question(submission: Submission) -> Ask:
    """Read a dialog that was sent off, and has no faults."""
    return Ask(
        wish="answer",
        team=submission.team,
        person=submission.user,
        person_team=submission.user_team,
        channel=_text(submission.metadata, "channel"),
        asked_in=_text(submission.metadata, "channel"),
        text=escape(submission.values[QUESTION].strip()),
        ts=_text(submission.metadata, "ts"),
        thread_ts=_text(submission.metadata, "thread_ts"),
        author=_text(submission.metadata, "author"),
        excerpt=_text(submission.metadata, "excerpt"),
        in_thread=submission.values.get(PLACE) == _IN_THREAD,
    )


def _write_target(shortcut: Shortcut) -> str:
    excerpt = shortcut.text[:_EXCERPT_CHARS]
    while True:
        target = {
            "channel": shortcut.channel,
            "ts": shortcut.ts,
            "thread_ts": shortcut.thread_ts,
            "author": shortcut.author,
            "excerpt": excerpt,
        }
        written = json.dumps(target, ensure_ascii=False)
        if len(written) <= _METADATA_CHARS or not excerpt:
            return written
        excerpt = excerpt[: len(excerpt) // 2]


def _text(metadata: Mapping[str, Any], name: str) -> str:
    return str(metadata.get(name) or "")


def _option(value: str, text: str, more: str) -> dict[str, Any]:
    return {
        "value": value,
        "text": build_plain(text, limits.OPTION_TEXT_CHARS),
        "description": build_plain(more, limits.OPTION_TEXT_CHARS),
    }
