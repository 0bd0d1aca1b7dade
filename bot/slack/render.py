"""Answers, errors, traces and offers in Slack's form. Pure.

Everything that comes in is defused here, so whatever goes out of here may be posted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from bot.slack import limits
from bot.slack.defuse import defuse
from bot.slack.markdown import escape, plain_text, shorten, split

Block = dict[str, Any]

ANSWER_EVENT: Final = "aloud_turn"
"""Metadata `event_type` of a message that is a turn's answer, or a part of it."""

NOTICE_EVENT: Final = "aloud_notice"
"""Metadata `event_type` of errors, offers and placeholders: ours, but no answers."""

TRACE_EVENT: Final = "aloud_trace"
"""Metadata `event_type` of the messages that show a turn's reasoning."""

SHOW_REASONING: Final = "show_reasoning"
HIDE_REASONING: Final = "hide_reasoning"
RETRY: Final = "retry"
REGENERATE: Final = "regenerate"
READ_REST: Final = "read_rest"
STOP: Final = "stop_answer"
SUMMARIZE_FILES: Final = "summarize_files"

_TRACE_TEXT: Final = "The reasoning behind an answer"


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message: `blocks` are what people see, `text` is for notifications and screen readers.

    Without blocks, `text` is what people see. It is mrkdwn, escaped, of at most 4,000 characters.
    """

    text: str
    blocks: list[Block]


@dataclass(frozen=True, slots=True)
class AnswerControls:
    """What stands under an answer.

    Attributes:
        turn_id: The turn whose answer it is; comes back with each press.
        reasoning: Whether there is a trace, and whether it is shown right now.
        note: One plain sentence on the answer, such as "Cut off at the length limit.", or None.
        regenerate: Whether another answer may be asked for.
        left: How many pages of long documents were left for another time.
    """

    turn_id: str
    reasoning: Literal["none", "hidden", "shown"] = "none"
    note: str | None = None
    regenerate: bool = False
    left: int = 0


@dataclass(frozen=True, slots=True)
class TraceFile:
    """A trace too long for messages: a text file, and the message that announces it."""

    filename: str
    content: str
    intro: OutgoingMessage


def render_answer(markdown: str, controls: AnswerControls) -> list[OutgoingMessage]:
    """Render a whole answer: several messages if it is long, the controls under the last."""
    pieces = split(defuse(markdown).strip(), limits.MARKDOWN_CHARS)
    below = render_controls(controls)
    last = len(pieces) - 1
    return [
        render_part(piece, below if index == last else []) for index, piece in enumerate(pieces)
    ]


def render_part(markdown: str, below: Sequence[Block] = ()) -> OutgoingMessage:
    """Render one message of an answer: at most 12,000 characters, already defused."""
    return OutgoingMessage(
        plain_text(markdown, limits.TEXT_CHARS), [_markdown_block(markdown), *below]
    )


def render_plainly(message: OutgoingMessage) -> list[OutgoingMessage]:
    """Return simpler forms of a message whose blocks Slack refused, the best first.

    The first shows the Markdown as plain text, with the same controls; the second is text alone,
    the whole of it, up to what chat.postMessage takes.
    """
    blocks: list[Block] = []
    markdown = "\n\n".join(block["text"] for block in message.blocks if block["type"] == "markdown")
    text = plain_text(markdown, limits.POST_TEXT_CHARS) if markdown else message.text
    for block in message.blocks:
        if block["type"] == "markdown":
            blocks += [
                {"type": "section", "text": {"type": "plain_text", "text": piece}}
                for piece in split(block["text"], limits.SECTION_CHARS)
            ]
        else:
            blocks.append(block)
    return [OutgoingMessage(message.text, blocks), OutgoingMessage(text, [])]


def render_controls(controls: AnswerControls) -> list[Block]:
    """Render what stands under an answer: its note, then its buttons."""
    blocks: list[Block] = []
    if controls.note:
        blocks.append(_context_block(escape(defuse(controls.note))))
    buttons: list[Block] = []
    if controls.left:
        buttons.append(
            _button(READ_REST, "Read the rest", controls.turn_id, _say_left(controls.left))
        )
    if controls.reasoning != "none":
        buttons.append(_reasoning_button(controls.turn_id, shown=controls.reasoning == "shown"))
    if controls.regenerate:
        buttons.append(_regenerate_button(controls.turn_id))
    if buttons:
        blocks.append({"type": "actions", "elements": buttons})
    return blocks


def render_stop(turn_id: str) -> list[Block]:
    """Render the button that stands under an answer while it is being written."""
    button = _button(STOP, "Stop", turn_id, "Stop writing this answer")
    return [{"type": "actions", "elements": [button]}]


def render_placeholder(turn_id: str, doing: str = "Thinking…") -> OutgoingMessage:
    """Render what stands where the answer will be, with the button that stops it.

    `doing` says what we do, in plain words.
    """
    said = defuse(_one_line(doing))
    return OutgoingMessage(
        shorten(escape(said), limits.TEXT_CHARS),
        [_markdown_block(f"_{said}_"), *render_stop(turn_id)],
    )


def render_stopped(turn_id: str) -> OutgoingMessage:
    """Render what stands for an answer that was stopped before it began."""
    button = _regenerate_button(turn_id)
    return OutgoingMessage(
        "Stopped.", [_section_block("Stopped."), {"type": "actions", "elements": [button]}]
    )


def render_error(plain: str, reference: str, retry: str | None = None) -> OutgoingMessage:
    """Render an error: one sentence of plain words, the id for the log, and a Retry button.

    Args:
        plain: What went wrong and what to do next; never an exception's text.
        reference: The id under which the log has the rest.
        retry: The turn to try again, or None where that can't help.
    """
    sentence = escape(defuse(plain))
    blocks = [
        _section_block(sentence),
        _context_block(f"Reference `{escape(reference)}`"),
    ]
    if retry is not None:
        button = _button(RETRY, "Retry", retry, "Retry this answer")
        blocks.append({"type": "actions", "elements": [button]})
    return OutgoingMessage(shorten(sentence, limits.TEXT_CHARS), blocks)


def render_offer(names: Sequence[str], turn_id: str) -> OutgoingMessage:
    """Render the offer to summarize the shared files of these names."""
    shown = [f"*{shorten(escape(defuse(_one_line(name))), 100)}*" for name in names]
    if len(shown) > 3:
        shown[3:] = [f"{len(shown) - 3} more"]
    listed = ", ".join(shown[:-1]) + " and " + shown[-1] if len(shown) > 1 else "".join(shown)
    question = f"Shall I summarize {listed or 'this'}?"
    button = _button(SUMMARIZE_FILES, "Summarize", turn_id, "Summarize the shared files")
    return OutgoingMessage(
        question, [_section_block(question), {"type": "actions", "elements": [button]}]
    )


def render_trace(
    reasoning: str, answer_permalink: str, turn_id: str, limit_messages: int = 3
) -> list[OutgoingMessage] | TraceFile:
    """Render a trace as messages, or as a text file if there would be more than `limit_messages`.

    Nothing of it is left out; the file has it as the model wrote it, and `name_trace_file`'s name.
    """
    messages = render_trace_messages(reasoning, answer_permalink)
    if len(messages) <= limit_messages:
        return messages
    intro = _trace_header(answer_permalink, "it is long, so it comes as a file")
    filename = name_trace_file(turn_id)
    return TraceFile(filename, reasoning, OutgoingMessage(_TRACE_TEXT, [intro]))


def name_trace_file(turn_id: str) -> str:
    """Name the file of a turn's trace; a shared file carries no metadata, only its name."""
    return f"reasoning-{turn_id}.txt"


def render_trace_messages(reasoning: str, answer_permalink: str) -> list[OutgoingMessage]:
    """Render a trace in as many messages as it takes, each marked and linked to the answer."""
    quoted = "\n".join(f"> {line}" for line in defuse(reasoning).strip().split("\n"))
    pieces = split(quoted, limits.MARKDOWN_CHARS)
    return [
        OutgoingMessage(
            _TRACE_TEXT,
            [
                _trace_header(answer_permalink, _count(number, len(pieces))),
                _markdown_block(piece),
            ],
        )
        for number, piece in enumerate(pieces, start=1)
    ]


def swap_reasoning_button(blocks: Sequence[Mapping[str, Any]], *, shown: bool) -> list[Block]:
    """Return a message's blocks, as Slack gave them with a press, with the other button.

    `shown` tells whether the trace is shown from now on. All else is left as it was.
    """
    return [
        {**block, "elements": [_swap(element, shown=shown) for element in block["elements"]]}
        if block.get("type") == "actions"
        else dict(block)
        for block in blocks
    ]


def _swap(element: Mapping[str, Any], *, shown: bool) -> Block:
    if element.get("action_id") not in {SHOW_REASONING, HIDE_REASONING}:
        return dict(element)
    return {**element, **_reasoning_button(str(element.get("value", "")), shown=shown)}


def _reasoning_button(turn_id: str, *, shown: bool) -> Block:
    if shown:
        return _button(HIDE_REASONING, "Hide reasoning", turn_id, "Hide reasoning of this answer")
    return _button(SHOW_REASONING, "Show reasoning", turn_id, "Show reasoning of this answer")


def _regenerate_button(turn_id: str) -> Block:
    return _button(REGENERATE, "Regenerate", turn_id, "Write this answer anew")


def _button(action_id: str, text: str, value: str, label: str) -> Block:
    return {
        "type": "button",
        "action_id": action_id,
        "text": {"type": "plain_text", "text": text},
        "value": value,
        "accessibility_label": label,
    }


def _markdown_block(markdown: str) -> Block:
    return {"type": "markdown", "text": markdown}


def _section_block(mrkdwn: str) -> Block:
    text = shorten(mrkdwn, limits.SECTION_CHARS)
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _context_block(mrkdwn: str) -> Block:
    text = shorten(mrkdwn, limits.CONTEXT_CHARS)
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}


def _trace_header(permalink: str, remark: str) -> Block:
    link = f"<{escape(permalink)}|this answer>"
    tail = f" · {remark}" if remark else ""
    return _context_block(f":thought_balloon: *The model's reasoning* behind {link}{tail}")


def _count(number: int, total: int) -> str:
    return f"part {number} of {total}" if total > 1 else ""


def _say_left(pages: int) -> str:
    return (
        f"Read the {pages:,} pages that were left out, and summarize all"
        if pages > 1
        else ("Read the page that was left out, and summarize all")
    )


def _one_line(text: str) -> str:
    return " ".join(text.replace("*", " ").split())
