"""The row under an answer: its sources, its buttons, its thumbs."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.server import StandIn
from bot.demo.validation import find_problems
from bot.demo.workspace import ALICE, GENERAL
from bot.language import LANGUAGES, find_language
from bot.slack.calls import SlackCalls
from bot.slack.controls import (
    AnswerControls,
    Source,
    render_controls,
    render_stop,
    swap_reasoning_button,
)
from bot.slack.render import render_answer

SHOW_BUTTON = {
    "type": "button",
    "action_id": "show_reasoning",
    "text": {"type": "plain_text", "text": "Show reasoning"},
    "value": "turn-1",
    "accessibility_label": "Show reasoning of this answer",
}
HIDE_BUTTON = {
    "type": "button",
    "action_id": "hide_reasoning",
    "text": {"type": "plain_text", "text": "Hide reasoning"},
    "value": "turn-1",
    "accessibility_label": "Hide reasoning of this answer",
}
REGENERATE_BUTTON = {
    "type": "button",
    "action_id": "regenerate",
    "text": {"type": "plain_text", "text": "Regenerate"},
    "value": "turn-1",
    "accessibility_label": "Write this answer anew",
}
STYLES = {
    "type": "overflow",
    "action_id": "regenerate_as",
    "options": [
        {"text": {"type": "plain_text", "text": "Shorter"}, "value": "shorter:turn-1"},
        {"text": {"type": "plain_text", "text": "Longer"}, "value": "longer:turn-1"},
        {"text": {"type": "plain_text", "text": "Think harder"}, "value": "harder:turn-1"},
        {"text": {"type": "plain_text", "text": "Without reasoning"}, "value": "plainly:turn-1"},
    ],
}
THUMBS = {
    "type": "context_actions",
    "elements": [
        {
            "type": "feedback_buttons",
            "action_id": "feedback",
            "positive_button": {
                "text": {"type": "plain_text", "text": "Good answer"},
                "value": "good:turn-1",
                "accessibility_label": "This answer is good",
            },
            "negative_button": {
                "text": {"type": "plain_text", "text": "Bad answer"},
                "value": "bad:turn-1",
                "accessibility_label": "This answer is bad; you may say why",
            },
        }
    ],
}


def context_of(controls: AnswerControls) -> str:
    [block] = render_controls(controls)
    assert block["type"] == "context"
    return str(block["elements"][0]["text"])


def test_nothing_stands_under_an_answer_that_has_nothing_to_offer() -> None:
    assert render_controls(AnswerControls("turn-1")) == []


def test_all_that_can_be_pressed_is_one_row_and_two_thumbs() -> None:
    controls = AnswerControls("turn-1", "hidden", regenerate=True, left=12, complete=True)

    actions, thumbs = render_controls(controls)

    read_rest, *others = actions["elements"]
    assert others == [SHOW_BUTTON, REGENERATE_BUTTON, STYLES]
    assert read_rest["text"]["text"] == "Read the rest"
    assert read_rest["accessibility_label"].startswith("Read the 12 pages")
    assert thumbs == THUMBS


def test_an_answer_that_was_stopped_can_only_be_written_anew() -> None:
    assert render_controls(AnswerControls("turn-1", regenerate=True)) == [
        {"type": "actions", "elements": [REGENERATE_BUTTON]}
    ]


def test_a_note_and_a_trace_that_is_shown() -> None:
    controls = AnswerControls("turn-1", "shown", note="Cut off at the <length> limit.")

    assert render_controls(controls) == [
        {
            "type": "context",
            "elements": [{"type": "mrkdwn", "text": "Cut off at the &lt;length&gt; limit."}],
        },
        {"type": "actions", "elements": [HIDE_BUTTON]},
    ]


def test_sources_are_one_line_of_links() -> None:
    sources = (Source("q3.pdf", "https://acme.slack.com/archives/C1/p1?a=1&b=2"), Source("notes"))

    assert context_of(AnswerControls("turn-1", sources=sources)) == (
        "Sources: <https://acme.slack.com/archives/C1/p1?a=1&amp;b=2|q3.pdf> · notes"
    )


def test_more_sources_than_fit_are_counted() -> None:
    sources = tuple(Source(f"{n}.pdf", f"https://acme.slack.com/{n}") for n in range(8))

    told = context_of(AnswerControls("turn-1", sources=sources))

    assert told.count("|") == 5
    assert told.endswith("|4.pdf> · +3")


def test_sources_with_endless_addresses_are_counted_and_never_cut_in_two() -> None:
    sources = tuple(Source(f"{n}.pdf", "https://x.example/" + "a" * 1_000) for n in range(3))

    told = context_of(AnswerControls("turn-1", sources=sources))

    assert told.endswith("|0.pdf> · +2")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (Source("a|b>c<!here>", "https://x.example"), "<https://x.example|a¦b&gt;c&lt;\u200b!here&gt;>"),
        (Source("a", "https://x.example/a|b>c"), "<https://x.example/a%7Cb&gt;c|a>"),
        (Source("a", "javascript:alert(1)"), "a"),
        (Source("a", "https://x.example/ @here"), "a"),
        (Source("two\nlines {name}", ""), "two lines {name}"),
    ],
)  # fmt: skip
def test_a_source_stays_within_its_link(source: Source, shown: str) -> None:
    assert context_of(AnswerControls("turn-1", sources=(source,))) == f"Sources: {shown}"


def test_swapping_the_button_leaves_all_else_as_it_was() -> None:
    returned: list[dict[str, Any]] = [
        {"type": "rich_text", "block_id": "a", "elements": [{"type": "rich_text_section"}]},
        {"type": "unheard_of", "x": 1},
        {
            "type": "actions",
            "block_id": "b",
            "elements": [
                SHOW_BUTTON
                | {"text": {"type": "plain_text", "text": "Show reasoning", "emoji": True}},
                REGENERATE_BUTTON,
                STYLES,
            ],
        },
        {**THUMBS, "block_id": "c"},
    ]

    hidden = swap_reasoning_button(returned, shown=True)

    assert hidden[:2] == returned[:2]
    assert hidden[2]["block_id"] == "b"
    assert hidden[2]["elements"] == [HIDE_BUTTON, REGENERATE_BUTTON, STYLES]
    assert hidden[3] == returned[3]
    assert swap_reasoning_button(hidden, shown=False)[2]["elements"][0] == SHOW_BUTTON


async def test_where_slack_knows_no_thumbs_the_answer_comes_with_the_rest(
    slack: StandIn, calls: SlackCalls
) -> None:
    root = await slack.post(ALICE, GENERAL, "why?")
    controls = AnswerControls("turn-1", "hidden", regenerate=True, complete=True)
    (message,) = render_answer("**Because.**", controls)
    slack.faults.refuse("chat.postMessage", "invalid_blocks")

    await calls.post(message, channel=GENERAL, thread_ts=root, turn_id="turn-1", part=1)

    [_, answer] = slack.messages(GENERAL, root)
    assert [block["type"] for block in answer.blocks] == ["markdown", "actions"]
    assert answer.blocks[0]["text"] == "**Because.**"


@pytest.mark.parametrize("tag", LANGUAGES)
def test_all_of_it_fits_in_each_language(tag: str) -> None:
    language = find_language(tag)
    turn = "0123456789abcdef"
    controls = AnswerControls(turn, "hidden", "Note.", True, 3, (Source("a"),), True)

    assert find_problems(render_controls(controls, language=language)) == []
    assert find_problems(render_stop(turn, language=language)) == []


@given(st.text(), st.lists(st.builds(Source, st.text(), st.text() | st.just("https://x.example/"))))
def test_whatever_comes_in_is_valid(note: str, sources: list[Source]) -> None:
    controls = AnswerControls("turn-1", note=note, sources=tuple(sources))

    assert find_problems(render_controls(controls)) == []
