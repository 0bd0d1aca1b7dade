"""A turn's reasoning in Slack's form: folded up in its thread, or as a text file. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.language import ENGLISH, Language
from bot.slack import limits
from bot.slack.blocks import Block, build_actions, build_button, build_context, build_plain
from bot.slack.defuse import defuse
from bot.slack.markdown import escape, shorten
from bot.slack.mrkdwn import render_mrkdwn
from bot.slack.readable import make_readable
from bot.slack.render import OutgoingMessage

TRACE_FILE: Final = "trace_file"

_MOST_MESSAGES: Final = 3
_MESSAGE_CHARS: Final = limits.MARKDOWN_CHARS
"""Ours: characters of a trace in one message, as many as of an answer."""

_MOST_PIECES: Final = limits.CONTAINER_BLOCKS - 2
"""Ours: sections in a container, besides the link to the answer and the button."""


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What there is to show of the reasoning behind an answer.

    Attributes:
        turn_id: The turn it belongs to; comes back with a press.
        text: The model's own words, in Markdown.
        answer_permalink: Where the answer stands.
        seconds: How long the model took, 0 if not known.
        tokens: How many it wrote, for reasoning and answer, 0 if not known.
        model: Its name, "" if not known.
        parts: For a long document, the label of each part and what was noted of it.
    """

    turn_id: str
    text: str
    answer_permalink: str
    seconds: float = 0.0
    tokens: int = 0
    model: str = ""
    parts: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class TraceFile:
    """A trace as a text file, and the message that announces it where it takes messages' place."""

    filename: str
    content: str
    intro: OutgoingMessage


def render_trace(
    reasoning: Reasoning, *, language: Language = ENGLISH
) -> list[OutgoingMessage] | TraceFile:
    """Render a trace as messages, or as a text file if there would be more than three of them.

    Nothing of it is left out; the file has it as the model wrote it, and `name_trace_file`'s name.
    Under the last message stands a button that asks for the file beside it.
    """
    messages = render_trace_messages(reasoning, language=language, with_file=True)
    if len(messages) <= _MOST_MESSAGES:
        return messages
    facts = map(escape, _list_facts(reasoning, language))
    remark = language.say("it is long, so it comes as a file")
    line = " · ".join([_name_answer(reasoning, language), *facts, remark])
    intro = OutgoingMessage(_name(language), [build_context(f":thought_balloon: {line}")])
    return TraceFile(name_trace_file(reasoning.turn_id), write_trace(reasoning), intro)


def name_trace_file(turn_id: str) -> str:
    """Name the file of a turn's trace; a shared file carries no metadata, only its name."""
    return f"reasoning-{turn_id}.txt"


def write_trace(reasoning: Reasoning) -> str:
    """Write all of a trace down as plain text, as the model wrote it."""
    noted = [f"{label}\n\n{text}" for label, text in reasoning.parts]
    return "\n\n———\n\n".join(filter(None, [reasoning.text, *noted]))


def render_trace_messages(
    reasoning: Reasoning, *, language: Language = ENGLISH, with_file: bool = False
) -> list[OutgoingMessage]:
    """Render a trace in as many messages as it takes, each folded up and linked to the answer.

    `with_file` puts a button under the last that asks for the trace as a file.
    """
    loads = list(_pack(_cut(reasoning)))
    link = build_context(_name_answer(reasoning, language))
    label = language.say("Attach this reasoning to the thread as a text file")
    button = build_button(TRACE_FILE, language.say("As a file"), reasoning.turn_id, label)
    messages = []
    for number, load in enumerate(loads, start=1):
        is_last = number == len(loads)
        children = [*load, link, *([build_actions([button])] if with_file and is_last else [])]
        title = (
            language.say("Reasoning, part {number} of {total}", number=number, total=len(loads))
            if len(loads) > 1
            else language.say("Reasoning")
        )
        container = _fold(title, _list_facts(reasoning, language), children)
        messages.append(OutgoingMessage(_name(language), [container]))
    return messages


def _cut(reasoning: Reasoning) -> Iterator[str]:
    """Yield the trace, then what was noted of each part, in pieces of mrkdwn for one section."""
    if reasoning.text.strip() or not reasoning.parts:
        yield from _render_pieces(reasoning.text)
    for label, noted in reasoning.parts:
        heading = " ".join(label.replace("*", " ").split())
        yield from _render_pieces(f"**{heading}**\n{noted.strip()}")


def _render_pieces(markdown: str) -> list[str]:
    return render_mrkdwn(defuse(make_readable(markdown)), limits.SECTION_CHARS)


def _pack(pieces: Iterator[str]) -> Iterator[list[Block]]:
    """Yield the sections of each message."""
    load: list[Block] = []
    size = 0
    for piece in pieces:
        if load and (len(load) == _MOST_PIECES or size + len(piece) > _MESSAGE_CHARS):
            yield load
            load, size = [], 0
        load.append(_build_piece(piece))
        size += len(piece)
    yield load


def _build_piece(mrkdwn: str) -> Block:
    """Build a section that shows all of its text, and in it nothing but what stands there."""
    text = {"type": "mrkdwn", "text": mrkdwn or "…", "verbatim": True}
    return {"type": "section", "text": text, "expand": True}


def _fold(title: str, facts: Sequence[str], children: Sequence[Block]) -> Block:
    """Build a container that is folded up until somebody opens it.

    Its documentation and its validator name different children (slack-morphism 2.31,
    SlackContainerBlock): sections, context and actions are in both, `markdown` is in neither.
    """
    container: Block = {
        "type": "container",
        "title": build_plain(title, limits.CONTAINER_TITLE_CHARS),
        "is_collapsible": True,
        "default_collapsed": True,
        "child_blocks": list(children),
    }
    if facts:
        subtitle = build_plain(" · ".join(facts), limits.CONTAINER_TITLE_CHARS)
        container["subtitle"] = subtitle
    return container


def _list_facts(reasoning: Reasoning, language: Language) -> list[str]:
    facts = []
    if reasoning.seconds:
        facts.append(_say_seconds(max(1, round(reasoning.seconds)), language))
    if reasoning.tokens:
        facts.append(language.say_count("{count} token", "{count} tokens", reasoning.tokens))
    if reasoning.model:
        facts.append(shorten(reasoning.model.rpartition("/")[2], 60))
    return facts


def _say_seconds(seconds: int, language: Language) -> str:
    minutes, rest = divmod(seconds, 60)
    if minutes:
        return language.say("{minutes} min {seconds} s", minutes=minutes, seconds=rest)
    return language.say("{seconds} s", seconds=rest)


def _name_answer(reasoning: Reasoning, language: Language) -> str:
    link = f"<{escape(reasoning.answer_permalink)}|{escape(language.say('this answer'))}>"
    return language.say("The reasoning behind {answer}", answer=link)


def _name(language: Language) -> str:
    return language.say("The reasoning behind an answer")
