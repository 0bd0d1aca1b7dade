"""What stands under an answer: its note, its sources, its buttons, its thumbs. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from bot.conversation.preferences import Style
from bot.language import ENGLISH, Language, mark
from bot.slack import limits
from bot.slack.blocks import Block, build_actions, build_button, build_context, build_plain
from bot.slack.defuse import defuse
from bot.slack.markdown import escape, shorten

SHOW_REASONING: Final = "show_reasoning"
HIDE_REASONING: Final = "hide_reasoning"
RETRY: Final = "retry"
REGENERATE: Final = "regenerate"
REGENERATE_AS: Final = "regenerate_as"
READ_REST: Final = "read_rest"
STOP: Final = "stop_answer"
FEEDBACK: Final = "feedback"

_MOST_SOURCES: Final = 5
_SOURCE_CHARS: Final = 60
_STYLES: Final[tuple[tuple[Style, str], ...]] = (
    ("shorter", mark("Shorter")),
    ("longer", mark("Longer")),
    ("harder", mark("Think harder")),
    ("plainly", mark("Without reasoning")),
)


@dataclass(frozen=True, slots=True)
class Source:
    """Something that an answer rests on: its name, and where it is, "" if that can't be linked."""

    name: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class AnswerControls:
    """What stands under an answer.

    Attributes:
        turn_id: The turn whose answer it is; comes back with each press.
        reasoning: Whether there is a trace, and whether it is shown right now.
        note: One plain sentence on the answer, such as "Cut off at the length limit.", or None.
        regenerate: Whether another answer may be asked for.
        left: How many pages of long documents were left for another time.
        sources: What the answer rests on, the most important first.
        complete: Whether it came to its end: then people are asked what they think of it, and may
            want it another way.
    """

    turn_id: str
    reasoning: Literal["none", "hidden", "shown"] = "none"
    note: str | None = None
    regenerate: bool = False
    left: int = 0
    sources: tuple[Source, ...] = ()
    complete: bool = False


def render_controls(controls: AnswerControls, *, language: Language = ENGLISH) -> list[Block]:
    """Render what stands under an answer: small print, one row of buttons, two thumbs."""
    blocks: list[Block] = []
    if controls.note:
        blocks.append(build_context(escape(defuse(controls.note))))
    if controls.sources:
        blocks.append(_render_sources(controls.sources, language))
    if row := list(_list_buttons(controls, language)):
        blocks.append(build_actions(row))
    if controls.complete:
        blocks.append(_render_thumbs(controls.turn_id, language))
    return blocks


def render_stop(turn_id: str, *, language: Language = ENGLISH) -> list[Block]:
    """Render the button that stands under an answer while it is being written."""
    label = language.say("Stop writing this answer")
    return [build_actions([build_button(STOP, language.say("Stop"), turn_id, label)])]


def build_regenerate(turn_id: str, language: Language) -> Block:
    """Build the button that asks for another answer."""
    label = language.say("Write this answer anew")
    return build_button(REGENERATE, language.say("Regenerate"), turn_id, label)


def swap_reasoning_button(
    blocks: Sequence[Mapping[str, Any]], *, shown: bool, language: Language = ENGLISH
) -> list[Block]:
    """Return a message's blocks, as Slack gave them with a press, with the other button.

    `shown` tells whether the trace is shown from now on. All else is left as it was.
    """
    return [
        {
            **block,
            "elements": [_swap(element, shown=shown, language=language) for element in elements],
        }
        if block.get("type") == "actions" and (elements := block["elements"])
        else dict(block)
        for block in blocks
    ]


def _swap(element: Mapping[str, Any], *, shown: bool, language: Language) -> Block:
    if element.get("action_id") not in {SHOW_REASONING, HIDE_REASONING}:
        return dict(element)
    button = _build_reasoning(str(element.get("value", "")), shown=shown, language=language)
    return {**element, **button}


def _list_buttons(controls: AnswerControls, language: Language) -> Iterator[Block]:
    if controls.left:
        label = language.say_count(
            "Read the page that was left out, and summarize all",
            "Read the {count} pages that were left out, and summarize all",
            controls.left,
        )
        yield build_button(READ_REST, language.say("Read the rest"), controls.turn_id, label)
    if controls.reasoning != "none":
        shown = controls.reasoning == "shown"
        yield _build_reasoning(controls.turn_id, shown=shown, language=language)
    if controls.regenerate:
        yield build_regenerate(controls.turn_id, language)
    if controls.regenerate and controls.complete:
        yield _build_styles(controls.turn_id, language)


def _build_reasoning(turn_id: str, *, shown: bool, language: Language) -> Block:
    if shown:
        label = language.say("Hide reasoning of this answer")
        return build_button(HIDE_REASONING, language.say("Hide reasoning"), turn_id, label)
    label = language.say("Show reasoning of this answer")
    return build_button(SHOW_REASONING, language.say("Show reasoning"), turn_id, label)


def _build_styles(turn_id: str, language: Language) -> Block:
    """Build the menu of other ways to answer; a press brings the option's value back."""
    return {
        "type": "overflow",
        "action_id": REGENERATE_AS,
        "options": [
            {
                "text": build_plain(language.say(name), limits.OPTION_TEXT_CHARS),
                "value": f"{style}:{turn_id}",
            }
            for style, name in _STYLES
        ],
    }


def _render_thumbs(turn_id: str, language: Language) -> Block:
    thumbs = {
        "type": "feedback_buttons",
        "action_id": FEEDBACK,
        "positive_button": _build_thumb(
            language.say("Good answer"), f"good:{turn_id}", language.say("This answer is good")
        ),
        "negative_button": _build_thumb(
            language.say("Bad answer"),
            f"bad:{turn_id}",
            language.say("This answer is bad; you may say why"),
        ),
    }
    return {"type": "context_actions", "elements": [thumbs]}


def _build_thumb(text: str, value: str, label: str) -> Block:
    return {
        "text": build_plain(text, limits.BUTTON_TEXT_CHARS),
        "value": value,
        "accessibility_label": shorten(label, limits.BUTTON_TEXT_CHARS),
    }


def _render_sources(sources: Sequence[Source], language: Language) -> Block:
    """Render one line; those that it has no room for are counted."""
    shown: list[str] = []
    for source in sources[:_MOST_SOURCES]:
        linked = _link(source)
        if sum(map(len, shown)) + len(linked) > limits.CONTEXT_CHARS * 3 // 4:
            break
        shown.append(linked)
    if left := len(sources) - len(shown):
        shown.append(f"+{language.number(left)}")
    return build_context(language.say("Sources: {sources}", sources=" · ".join(shown)))


def _link(source: Source) -> str:
    """Write a link in mrkdwn; in it, `|` ends the address and `>` ends all."""
    name = " ".join(defuse(source.name).replace("|", "¦").split())
    shown = shorten(escape(name), _SOURCE_CHARS)
    if not source.url.startswith(("https://", "http://")) or any(map(str.isspace, source.url)):
        return shown
    return f"<{escape(source.url).replace('|', '%7C')}|{shown}>"
