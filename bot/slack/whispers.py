"""What a command is answered with at once, for the person alone who sent it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from bot.language import Language
from bot.slack.blocks import Block, build_actions, build_button, build_plain, build_section
from bot.slack.commands import COMMAND
from bot.slack.markdown import escape

FORGET_HERE: Final = "forget_here"
"""The `action_id` of the button that forgets, once the person has confirmed it."""

_CONFIRM_TITLE_CHARS: Final = 100
_CONFIRM_TEXT_CHARS: Final = 300
_CONFIRM_BUTTON_CHARS: Final = 30
"""Documented (block kit, confirmation dialog object), like the two above."""


@dataclass(frozen=True, slots=True)
class Share:
    """What somebody used in a month, and how many tokens they may use; None for no limit."""

    answers: int
    tokens: int
    limit: int | None


def render_whisper(text: str, blocks: Sequence[Block] = ()) -> dict[str, Any]:
    """Render the answer to a command; without blocks, `text` (escaped mrkdwn) is what is seen."""
    answer: dict[str, Any] = {"response_type": "ephemeral", "text": text}
    return {**answer, "blocks": list(blocks)} if blocks else answer


def render_help(language: Language) -> dict[str, Any]:
    """Render what `/aloud` can do."""
    since = language.say("[#channel] [since yesterday]")
    commands = {
        f"{COMMAND} ask {language.say('your question')}": language.say(
            "I answer in our direct messages."
        ),
        f"{COMMAND} summarize {since}": language.say(
            "I tell you in our direct messages what you missed, with links to the messages."
        ),
        f"{COMMAND} forget": language.say(
            "I forget what I know of our direct messages, or of your threads in this channel."
        ),
        f"{COMMAND} settings": language.say("How I answer you, and how I behave in this channel."),
        f"{COMMAND} usage": language.say("What was used this month."),
        f"{COMMAND} quiet": language.say(
            "I leave the threads of this channel until somebody mentions me."
        ),
    }
    lines = [f"`{escape(command)}`\n{escape(told)}" for command, told in commands.items()]
    beside = language.say(
        "You can also mention me, write to me directly, or choose one of my shortcuts in the menu "
        "of a message: summarize its thread, summarize its files, ask about it."
    )
    heading = escape(language.say("What I can do:"))
    listed = "\n\n".join([f"*{heading}*", *lines])
    return render_whisper(heading, [build_section(listed), build_section(escape(beside))])


def render_usage(
    month: datetime, person: Share, workspace: Share, language: Language
) -> dict[str, Any]:
    """Render what was used in a month, and how much may be."""
    heading = escape(language.say("Used in {month}", month=language.month(month)))
    lines = (
        language.say("You: {used}", used=_say_used(person, language)),
        language.say("This workspace: {used}", used=_say_used(workspace, language)),
    )
    text = escape("\n".join(lines))
    return render_whisper(f"{heading}\n{text}", [build_section(f"*{heading}*\n{text}")])


def render_forget_question(language: Language, *, directly: bool) -> dict[str, Any]:
    """Render the question whether to forget; `directly` is for a direct message."""
    if directly:
        what = language.say(
            "I forget everything from our direct messages: what was said, my reasoning, and the "
            "files you shared only here. The messages in Slack stay."
        )
    else:
        what = language.say(
            "I forget the threads in this channel that you started: what was said, my reasoning, "
            "and the files that were shared only there. The messages in Slack stay."
        )
    button = build_button(FORGET_HERE, language.say("Forget"), "forget", what)
    confirm = {
        "title": build_plain(language.say("Forget this?"), _CONFIRM_TITLE_CHARS),
        "text": build_plain(what, _CONFIRM_TEXT_CHARS),
        "confirm": build_plain(language.say("Forget"), _CONFIRM_BUTTON_CHARS),
        "deny": build_plain(language.say("Cancel"), _CONFIRM_BUTTON_CHARS),
        "style": "danger",
    }
    pressed = {**button, "style": "danger", "confirm": confirm}
    return render_whisper(escape(what), [build_section(escape(what)), build_actions([pressed])])


def _say_used(share: Share, language: Language) -> str:
    answers = language.say_count("{count} answer", "{count} answers", share.answers)
    if share.limit is None:
        return language.say("{answers}, {tokens} tokens", answers=answers, tokens=share.tokens)
    return language.say(
        "{answers}, {tokens} of {limit} tokens",
        answers=answers,
        tokens=share.tokens,
        limit=share.limit,
    )
