"""What people see, as the exact Block Kit that Slack gets."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.demo.validation import find_problems
from bot.language import LANGUAGES, find_language
from bot.slack.controls import AnswerControls, render_stop
from bot.slack.render import (
    OutgoingMessage,
    render_answer,
    render_error,
    render_offer,
    render_placeholder,
    render_plainly,
    render_stopped,
)

SHOW_BUTTON = {
    "type": "button",
    "action_id": "show_reasoning",
    "text": {"type": "plain_text", "text": "Show reasoning"},
    "value": "turn-1",
    "accessibility_label": "Show reasoning of this answer",
}
REGENERATE_BUTTON = {
    "type": "button",
    "action_id": "regenerate",
    "text": {"type": "plain_text", "text": "Regenerate"},
    "value": "turn-1",
    "accessibility_label": "Write this answer anew",
}


def assert_valid(message: OutgoingMessage) -> None:
    assert find_problems(message.blocks) == []
    assert 0 < len(message.text) <= 4000
    markdown = [block["text"] for block in message.blocks if block["type"] == "markdown"]
    assert sum(map(len, markdown)) <= 12_000


def test_a_short_answer_with_a_trace() -> None:
    controls = AnswerControls("turn-1", reasoning="hidden")

    assert render_answer("\n**Yes**, <!channel>.\n", controls) == [
        OutgoingMessage(
            "Yes, &lt;\u200b!channel&gt;.",
            [
                {"type": "markdown", "text": "**Yes**, <\u200b!channel>."},
                {"type": "actions", "elements": [SHOW_BUTTON]},
            ],
        )
    ]


def test_an_answer_without_a_trace_has_no_button() -> None:
    assert render_answer("Yes.", AnswerControls("turn-1")) == [
        OutgoingMessage("Yes.", [{"type": "markdown", "text": "Yes."}])
    ]


def test_an_answer_that_was_stopped_before_it_began() -> None:
    message = render_stopped("turn-1")

    assert message == OutgoingMessage(
        "Stopped.",
        [
            {"type": "section", "text": {"type": "mrkdwn", "text": "Stopped."}},
            {"type": "actions", "elements": [REGENERATE_BUTTON]},
        ],
    )
    assert_valid(message)


def test_a_placeholder_has_a_stop_button() -> None:
    message = render_placeholder("turn-1")

    assert message == OutgoingMessage(
        "Thinking…",
        [{"type": "markdown", "text": "_Thinking…_"}, *render_stop("turn-1")],
    )
    assert render_stop("turn-1") == [
        {
            "type": "actions",
            "elements": [
                {
                    "type": "button",
                    "action_id": "stop_answer",
                    "text": {"type": "plain_text", "text": "Stop"},
                    "value": "turn-1",
                    "accessibility_label": "Stop writing this answer",
                }
            ],
        }
    ]
    assert_valid(message)


def test_a_long_answer_has_its_controls_under_the_last_message_only() -> None:
    messages = render_answer("A sentence. " * 3000, AnswerControls("turn-1", "hidden", "Note."))

    assert [len(message.blocks) for message in messages] == [1, 1, 3]
    for message in messages:
        assert_valid(message)


def test_an_error_has_its_reference_and_a_retry() -> None:
    message = render_error("I can't reach the model.", "ab12cd", "turn-1")

    assert message == OutgoingMessage(
        "I can't reach the model.",
        [
            {"type": "section", "text": {"type": "mrkdwn", "text": "I can't reach the model."}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "Reference `ab12cd`"}]},
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "action_id": "retry",
                        "text": {"type": "plain_text", "text": "Retry"},
                        "value": "turn-1",
                        "accessibility_label": "Retry this answer",
                    }
                ],
            },
        ],
    )
    assert_valid(message)


def test_an_error_that_a_retry_cannot_help_has_none() -> None:
    assert [block["type"] for block in render_error("No.", "ab12cd").blocks] == [
        "section",
        "context",
    ]


@pytest.mark.parametrize(
    ("names", "question"),
    [
        (["q3.pdf"], "Shall I summarize *q3.pdf*?"),
        (["a.pdf", "b.txt"], "Shall I summarize *a.pdf* and *b.txt*?"),
        (["a", "b", "c", "d", "e"], "Shall I summarize *a*, *b*, *c*, and 2 more?"),
        (["<!here>*x*\n@here"], "Shall I summarize *&lt;\u200b!here&gt; x @\u200bhere*?"),
        ([], "Shall I summarize this?"),
    ],
)
def test_an_offer_names_the_files(names: list[str], question: str) -> None:
    message = render_offer(names, "turn-1")

    assert message.text == question
    assert message.blocks == [
        {"type": "section", "text": {"type": "mrkdwn", "text": question}},
        {
            "type": "actions",
            "elements": [
                {
                    "type": "button",
                    "action_id": "summarize_files",
                    "text": {"type": "plain_text", "text": "Summarize"},
                    "value": "turn-1",
                    "accessibility_label": "Summarize the shared files",
                }
            ],
        },
    ]
    assert_valid(message)


def test_plainer_forms_keep_the_text_and_then_the_controls() -> None:
    (message,) = render_answer("**Bold** " * 500, AnswerControls("turn-1", "hidden"))

    with_controls, bare = render_plainly(message)

    sections = [block for block in with_controls.blocks if block["type"] == "section"]
    assert "".join(block["text"]["text"] for block in sections).count("*Bold*") == 500
    assert with_controls.blocks[-1] == message.blocks[-1]
    assert find_problems(with_controls.blocks) == []
    assert bare == OutgoingMessage(" ".join(["Bold"] * 500), [])


def test_hosts_that_know_no_thumbs_get_the_other_controls_and_the_markdown() -> None:
    controls = AnswerControls("turn-1", "hidden", regenerate=True, complete=True)
    (message,) = render_answer("**Yes**", controls)

    known, plain, bare = render_plainly(message)

    assert [block["type"] for block in message.blocks] == ["markdown", "actions", "context_actions"]
    assert known.blocks == message.blocks[:2]
    assert [block["type"] for block in plain.blocks] == ["section", "actions"]
    assert plain.blocks[0]["text"] == {"type": "mrkdwn", "text": "*Yes*", "verbatim": True}
    assert bare.blocks == []


def test_a_message_that_every_host_knows_has_only_its_text_left() -> None:
    message = render_error("No.", "ab12cd")

    assert render_plainly(message) == [OutgoingMessage("No.", [])]


@pytest.mark.parametrize("tag", LANGUAGES)
def test_everything_is_said_in_each_language(tag: str) -> None:
    language = find_language(tag)

    for message in (
        render_placeholder("turn-1", language=language),
        render_stopped("turn-1", language=language),
        render_error("Nein.", "ab12cd", "turn-1", language=language),
        render_offer(["a", "b", "c", "d", "e"], "turn-1", language=language),
    ):
        assert_valid(message)


@given(st.text(min_size=1, max_size=400).filter(str.strip), st.integers(1, 60), st.text())
@settings(deadline=None, max_examples=60)
def test_whatever_the_model_writes_is_valid(markdown: str, times: int, note: str) -> None:
    controls = AnswerControls("turn-1", "hidden", note)

    for message in render_answer(f"x{markdown}\n" * times, controls):
        assert_valid(message)
        assert find_problems(render_plainly(message)[0].blocks) == []
    assert_valid(render_error(f"x{markdown}" * times, "ab12cd"))
    assert_valid(render_offer([markdown] * times, "turn-1"))
