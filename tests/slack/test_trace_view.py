"""How reasoning is shown: folded up, well-formed, whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import ContainerBlock

from bot.demo.validation import find_problems
from bot.language import LANGUAGES, find_language
from bot.slack.render import OutgoingMessage, render_plainly
from bot.slack.trace_view import (
    Reasoning,
    TraceFile,
    render_trace,
    render_trace_messages,
    write_trace,
)

LINK = "https://acme.slack.com/archives/C1/p1?thread_ts=1.2&cid=C1"
BEHIND = (
    "The reasoning behind "
    "<https://acme.slack.com/archives/C1/p1?thread_ts=1.2&amp;cid=C1|this answer>"
)


def reasoning(text: str, *parts: tuple[str, str]) -> Reasoning:
    return Reasoning("turn-1", text, LINK, 12.4, 1_840, "nvidia/nemotron-nano-9b-v2", parts)


def sections(message: OutgoingMessage) -> list[str]:
    [container] = message.blocks
    return [
        child["text"]["text"] for child in container["child_blocks"] if child["type"] == "section"
    ]


def assert_valid(message: OutgoingMessage) -> None:
    assert find_problems(message.blocks) == []
    for block in message.blocks:
        # The SDK checks what it knows of this block; the stand-in may know less.
        ContainerBlock(**{key: value for key, value in block.items() if key != "type"}).to_dict()
        assert find_problems(block["child_blocks"]) == []
        assert 1 <= len(block["child_blocks"]) <= 10
        # Of these, Slack's documentation and its validator agree (slack-morphism 2.31).
        kinds = {child["type"] for child in block["child_blocks"]}
        assert kinds <= {"section", "context", "actions"}
    for form in render_plainly(message)[:-1]:
        assert find_problems(form.blocks) == []


def test_it_is_folded_up_with_what_it_took_a_link_and_a_button_for_the_file() -> None:
    rendered = render_trace(reasoning("First @channel.\n\nThen."))

    assert rendered == [
        OutgoingMessage(
            "The reasoning behind an answer",
            [
                {
                    "type": "container",
                    "title": {"type": "plain_text", "text": "Reasoning"},
                    "subtitle": {
                        "type": "plain_text",
                        "text": "12 s · 1,840 tokens · nemotron-nano-9b-v2",
                    },
                    "is_collapsible": True,
                    "default_collapsed": True,
                    "child_blocks": [
                        {
                            "type": "section",
                            "text": {
                                "type": "mrkdwn",
                                "text": "First @\u200bchannel.\n\nThen.",
                                "verbatim": True,
                            },
                            "expand": True,
                        },
                        {"type": "context", "elements": [{"type": "mrkdwn", "text": BEHIND}]},
                        {
                            "type": "actions",
                            "elements": [
                                {
                                    "type": "button",
                                    "action_id": "trace_file",
                                    "text": {"type": "plain_text", "text": "As a file"},
                                    "value": "turn-1",
                                    "accessibility_label": (
                                        "Attach this reasoning to the thread as a text file"
                                    ),
                                }
                            ],
                        },
                    ],
                }
            ],
        )
    ]
    assert_valid(rendered[0])


def test_what_is_not_known_of_it_is_not_said() -> None:
    [message] = render_trace_messages(Reasoning("turn-1", "Hm.", LINK))

    assert "subtitle" not in message.blocks[0]
    assert_valid(message)


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.2, "1 s"), (59.4, "59 s"), (60.0, "1 min 0 s"), (125.0, "2 min 5 s")]
)
def test_the_time_is_told_as_one_says_it(seconds: float, told: str) -> None:
    [message] = render_trace_messages(Reasoning("turn-1", "Hm.", LINK, seconds))

    assert message.blocks[0]["subtitle"]["text"] == told


def test_where_a_container_is_not_known_its_title_and_all_of_it_stand_openly() -> None:
    [message] = render_trace_messages(reasoning("First.\n\n```\nx <y>"), with_file=True)

    known, bare = render_plainly(message)

    header, section, context, actions = known.blocks
    assert header["elements"][0]["text"] == (
        "*Reasoning* · 12 s · 1,840 tokens · nemotron-nano-9b-v2"
    )
    assert section["text"]["text"] == "First.\n\n```\nx &lt;y&gt;\n```"
    assert context["elements"][0]["text"] == BEHIND
    assert actions["elements"][0]["action_id"] == "trace_file"
    assert bare.text == "The reasoning behind an answer\n\n" + section["text"]["text"]


def test_the_parts_of_a_long_document_follow_the_trace_one_by_one() -> None:
    [message] = render_trace_messages(
        reasoning("I sum it up.", ("Pages 1-40", "- Sales *rose*."), ("Pages 41-80", "Costs fell."))
    )

    assert sections(message) == [
        "I sum it up.",
        "*Pages 1-40*\n• Sales _rose_.",
        "*Pages 41-80*\nCosts fell.",
    ]
    assert_valid(message)


def test_parts_without_a_trace_are_shown_alone() -> None:
    [message] = render_trace_messages(reasoning("", ("Pages 1-40", "Sales rose.")))

    assert sections(message) == ["*Pages 1-40*\nSales rose."]


def test_formulas_are_readable_and_the_file_has_them_as_the_model_wrote_them() -> None:
    [message] = render_trace_messages(reasoning("So $x^2 \\le 4$, for $5."))

    assert sections(message) == ["So x² ≤ 4, for $5."]
    assert write_trace(reasoning("So $x^2$.")) == "So $x^2$."


def test_a_longer_trace_comes_in_numbered_parts_with_one_button() -> None:
    trace = "A thought of some length.\n" * 800

    messages = render_trace(reasoning(trace))

    assert isinstance(messages, list)
    titles = [message.blocks[0]["title"]["text"] for message in messages]
    assert titles == ["Reasoning, part 1 of 2", "Reasoning, part 2 of 2"]
    shown = "\n".join(text for message in messages for text in sections(message))
    assert shown.split() == trace.split()
    assert ["trace_file" in str(message.blocks) for message in messages] == [False, True]
    for message in messages:
        assert_valid(message)


def test_a_very_long_trace_becomes_a_file_and_is_never_cut() -> None:
    trace = "A thought <!here> of some length.\n" * 2_000

    rendered = render_trace(reasoning(trace, ("Pages 1-40", "Sales rose.")))

    assert isinstance(rendered, TraceFile)
    assert rendered.content == f"{trace}\n\n———\n\nPages 1-40\n\nSales rose."
    assert rendered.filename == "reasoning-turn-1.txt"
    assert rendered.intro.blocks[0]["elements"][0]["text"] == (
        f":thought_balloon: {BEHIND} · 12 s · 1,840 tokens · nemotron-nano-9b-v2 · "
        "it is long, so it comes as a file"
    )


def test_many_parts_become_a_file() -> None:
    parts = [(f"Pages {n}", "Noted.") for n in range(40)]

    assert isinstance(render_trace(reasoning("Hm.", *parts)), TraceFile)


@pytest.mark.parametrize("tag", LANGUAGES)
def test_it_is_valid_in_each_language(tag: str) -> None:
    messages = render_trace(reasoning("Hm.\n" * 4_000), language=find_language(tag))

    assert isinstance(messages, list)
    for message in messages:
        assert_valid(message)


@given(
    st.text(max_size=400),
    st.integers(1, 60),
    st.lists(st.tuples(st.text(), st.text()), max_size=12),
)
def test_whatever_the_model_thinks_is_valid(
    text: str, times: int, parts: list[tuple[str, str]]
) -> None:
    for message in render_trace_messages(reasoning(f"x{text}\n" * times, *parts), with_file=True):
        assert_valid(message)
