"""Answers, errors and offers in Slack's form. Pure.

Everything that comes in is defused here, so whatever goes out of here may be posted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.language import ENGLISH, Language
from bot.slack import limits
from bot.slack.blocks import (
    Block,
    build_actions,
    build_button,
    build_context,
    build_markdown,
    build_section,
    put_plainly,
)
from bot.slack.controls import (
    RETRY,
    SHOW_REASONING,
    STOP,
    AnswerControls,
    build_regenerate,
    render_controls,
    render_stop,
)
from bot.slack.defuse import defuse
from bot.slack.markdown import escape, plain_text, shorten, split
from bot.slack.mrkdwn import render_mrkdwn
from bot.slack.readable import make_readable
from bot.slack.tables import lay_out_tables, write_tables

__all__ = [
    "ANSWER_EVENT",
    "NOTICE_EVENT",
    "SHOW_REASONING",
    "STOP",
    "SUMMARIZE_FILES",
    "TRACE_EVENT",
    "AnswerControls",
    "Block",
    "OutgoingMessage",
    "render_answer",
    "render_controls",
    "render_error",
    "render_growing",
    "render_offer",
    "render_part",
    "render_placeholder",
    "render_plainly",
    "render_stop",
    "render_stopped",
]

ANSWER_EVENT: Final = "aloud_turn"
"""Metadata `event_type` of a message that is a turn's answer, or a part of it."""

NOTICE_EVENT: Final = "aloud_notice"
"""Metadata `event_type` of errors, offers and placeholders: ours, but no answers."""

TRACE_EVENT: Final = "aloud_trace"
"""Metadata `event_type` of the messages that show a turn's reasoning."""

SUMMARIZE_FILES: Final = "summarize_files"


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message: `blocks` are what people see, `text` is for notifications and screen readers.

    Without blocks, `text` is what people see. It is mrkdwn, escaped, of at most 4,000 characters.
    """

    text: str
    blocks: list[Block]


def render_answer(
    markdown: str, controls: AnswerControls, *, language: Language = ENGLISH
) -> list[OutgoingMessage]:
    """Render a whole answer: several messages if it is long, the controls under the last."""
    pieces = split(defuse(make_readable(markdown)).strip(), limits.MARKDOWN_CHARS)
    below = render_controls(controls, language=language)
    last = len(pieces) - 1
    return [
        render_part(piece, below if index == last else []) for index, piece in enumerate(pieces)
    ]


def render_part(markdown: str, below: Sequence[Block] = ()) -> OutgoingMessage:
    """Render one message of an answer: at most 12,000 characters, readable and defused already."""
    return OutgoingMessage(
        plain_text(markdown, limits.TEXT_CHARS), [*lay_out_tables(markdown), *below]
    )


def render_growing(markdown: str, below: Sequence[Block] = ()) -> OutgoingMessage:
    """Render a message of an answer that is still being written: Markdown, tables and all."""
    return OutgoingMessage(
        plain_text(markdown, limits.TEXT_CHARS), [build_markdown(markdown), *below]
    )


def render_plainly(message: OutgoingMessage) -> list[OutgoingMessage]:
    """Return simpler forms of a message whose blocks Slack refused, the best first.

    Each only if it differs from the one before: the first has its table in Markdown; the next only
    blocks that every host knows but for Markdown; then the Markdown is shown as mrkdwn. The last
    is text alone, the whole of it, up to what chat.postMessage takes.
    """
    written = write_tables(message.blocks)
    known = put_plainly(written)
    markdown = "\n\n".join(block["text"] for block in known if block["type"] == "markdown")
    text = plain_text(markdown, limits.POST_TEXT_CHARS) if markdown else _spell_out(message)
    blocks: list[Block] = []
    for block in known:
        if block["type"] == "markdown":
            blocks += [
                {
                    "type": "section",
                    "text": {"type": "mrkdwn", "text": piece, "verbatim": True},
                    "expand": True,
                }
                for piece in render_mrkdwn(block["text"], limits.SECTION_CHARS)
            ]
        else:
            blocks.append(block)
    forms = [message.blocks, written, known, blocks]
    simpler = [form for form, before in zip(forms[1:], forms, strict=False) if form != before]
    return [
        *(OutgoingMessage(message.text, form) for form in simpler),
        OutgoingMessage(text, []),
    ]


def render_placeholder(
    turn_id: str, doing: str = "", *, language: Language = ENGLISH
) -> OutgoingMessage:
    """Render what stands where the answer will be, with the button that stops it.

    `doing` says what we do, in plain words of that language.
    """
    said = defuse(_one_line(doing)) or language.say("Thinking…")
    return OutgoingMessage(
        shorten(escape(said), limits.TEXT_CHARS),
        [build_markdown(f"_{said}_"), *render_stop(turn_id, language=language)],
    )


def render_stopped(turn_id: str, *, language: Language = ENGLISH) -> OutgoingMessage:
    """Render what stands for an answer that was stopped before it began."""
    stopped = language.say("Stopped.")
    button = build_regenerate(turn_id, language)
    return OutgoingMessage(stopped, [build_section(stopped), build_actions([button])])


def render_error(
    plain: str, reference: str, retry: str | None = None, *, language: Language = ENGLISH
) -> OutgoingMessage:
    """Render an error: one sentence of plain words, the id for the log, and a Retry button.

    Args:
        plain: What went wrong and what to do next, in that language; never an exception's text.
        reference: The id under which the log has the rest.
        retry: The turn to try again, or None where that can't help.
        language: What the rest is said in.
    """
    sentence = escape(defuse(plain))
    told = language.say("Reference {reference}", reference=f"`{escape(reference)}`")
    blocks = [build_section(sentence), build_context(told)]
    if retry is not None:
        label = language.say("Retry this answer")
        button = build_button(RETRY, language.say("Retry"), retry, label)
        blocks.append(build_actions([button]))
    return OutgoingMessage(shorten(sentence, limits.TEXT_CHARS), blocks)


def render_offer(
    names: Sequence[str], turn_id: str, *, language: Language = ENGLISH
) -> OutgoingMessage:
    """Render the offer to summarize the shared files of these names."""
    shown = [f"*{shorten(escape(defuse(_one_line(name))), 100)}*" for name in names]
    if len(shown) > 3:
        shown[3:] = [language.say("{count} more", count=len(shown) - 3)]
    question = (
        language.say("Shall I summarize {files}?", files=language.join(shown))
        if shown
        else language.say("Shall I summarize this?")
    )
    label = language.say("Summarize the shared files")
    button = build_button(SUMMARIZE_FILES, language.say("Summarize"), turn_id, label)
    return OutgoingMessage(question, [build_section(question), build_actions([button])])


def _spell_out(message: OutgoingMessage) -> str:
    """Return a message's text with what its containers hold, which is nowhere else."""
    held = [
        child["text"]["text"]
        for block in message.blocks
        if block["type"] == "container"
        for child in block["child_blocks"]
        if child["type"] == "section"
    ]
    return shorten("\n\n".join([message.text, *held]), limits.POST_TEXT_CHARS)


def _one_line(text: str) -> str:
    return " ".join(text.replace("*", " ").split())
