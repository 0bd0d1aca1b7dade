"""Every limit of Block Kit, at its edge: the last that passes, the first that does not."""

from typing import Any

import pytest

from bot.demo.validation import find_metadata_problem, find_problems
from bot.demo.workspace import Json


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(length: int) -> list[Json]:
    return [{"type": "section", "text": mrkdwn("x" * length)}]


def fields(count: int, length: int = 1) -> list[Json]:
    return [{"type": "section", "fields": [mrkdwn("x" * length)] * count}]


def header(length: int) -> list[Json]:
    return [{"type": "header", "text": plain("x" * length)}]


def markdowns(length: int) -> list[Json]:
    half = length // 2
    return [{"type": "markdown", "text": "x" * n} for n in (half, length - half)]


def dividers(count: int) -> list[Json]:
    return [{"type": "divider"}] * count


def contexts(count: int) -> list[Json]:
    return [{"type": "context", "elements": [mrkdwn("x")] * count}]


def buttons(count: int) -> list[Json]:
    elements = [{"type": "button", "text": plain("x"), "action_id": str(n)} for n in range(count)]
    return [{"type": "actions", "elements": elements}]


def button(**fields: Any) -> list[Json]:
    return [{"type": "actions", "elements": [{"type": "button", "text": plain("x"), **fields}]}]


def feedbacks(count: int) -> list[Json]:
    side = {"text": plain("Good"), "value": "g"}
    element = {"type": "feedback_buttons", "positive_button": side, "negative_button": side}
    elements = [{**element, "action_id": str(n)} for n in range(count)]
    return [{"type": "context_actions", "elements": elements}]


def table(rows: int = 1, columns: int = 1, length: int = 1) -> list[Json]:
    cell = {"type": "raw_text", "text": "x" * length}
    return [{"type": "table", "rows": [[cell] * columns] * rows}]


def confirm(title: int = 1, text: int = 1, deny: int = 1) -> list[Json]:
    return button(
        confirm={
            "title": plain("x" * title),
            "text": mrkdwn("x" * text),
            "confirm": plain("x"),
            "deny": plain("x" * deny),
        }
    )


EDGES: list[tuple[list[Json], list[Json]]] = [
    (section(3_000), section(3_001)),
    (fields(10), fields(11)),
    (fields(1, 2_000), fields(1, 2_001)),
    (header(150), header(151)),
    (markdowns(12_000), markdowns(12_001)),
    (dividers(50), dividers(51)),
    (contexts(10), contexts(11)),
    (buttons(25), buttons(26)),
    (feedbacks(5), feedbacks(6)),
    (button(text=plain("x" * 75)), button(text=plain("x" * 76))),
    (button(value="x" * 2_000), button(value="x" * 2_001)),
    (button(url="x" * 3_000), button(url="x" * 3_001)),
    (button(accessibility_label="x" * 75), button(accessibility_label="x" * 76)),
    (button(action_id="x" * 255), button(action_id="x" * 256)),
    (
        [{"type": "divider", "block_id": "x" * 255}],
        [{"type": "divider", "block_id": "x" * 256}],
    ),
    (confirm(title=100), confirm(title=101)),
    (confirm(text=300), confirm(text=301)),
    (confirm(deny=30), confirm(deny=31)),
    (table(rows=100), table(rows=101)),
    (table(columns=20), table(columns=21)),
    (table(length=10_000), table(length=10_001)),
]

REFUSED: list[tuple[list[Json], str]] = [
    ([{"type": "sparkles"}], "unsupported type: sparkles [json-pointer:/blocks/0/type]"),
    ([{"type": "input"}], "unsupported type: input [json-pointer:/blocks/0/type]"),
    (section(0), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    (section(3_001), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    (
        [{"type": "section"}],
        "must define either `text` or `fields` [json-pointer:/blocks/0]",
    ),
    (
        [{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}],
        "block_id already exists: a [json-pointer:/blocks/1/block_id]",
    ),
    (
        [{"type": "divider", "colour": "red"}],
        "invalid additional property: colour [json-pointer:/blocks/0]",
    ),
    (
        [{"type": "header", "text": mrkdwn("x")}],
        "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
    ),
    (table() + table(), "only_one_table_allowed [json-pointer:/blocks]"),
    (
        button(style="loud"),
        "value must be one of the allowed values [json-pointer:/blocks/0/elements/0/style]",
    ),
    (
        [{"type": "actions", "elements": []}],
        "no less than 1 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (
        [
            {
                "type": "context_actions",
                "elements": [{"type": "icon_button", "icon": "star", "text": plain("x")}],
            }
        ],
        "value must be one of the allowed values [json-pointer:/blocks/0/elements/0/icon]",
    ),
    (
        [{"type": "rich_text", "elements": [{"type": "rich_text_poem"}]}],
        "unsupported type: rich_text_poem [json-pointer:/blocks/0/elements/0/type]",
    ),
]


@pytest.mark.parametrize(("good", "bad"), EDGES)
def test_limits_are_where_slack_has_them(good: list[Json], bad: list[Json]) -> None:
    assert find_problems(good) == []
    assert find_problems(bad) != []


@pytest.mark.parametrize(("blocks", "problem"), REFUSED)
def test_problems_are_worded_as_slack_words_them(blocks: list[Json], problem: str) -> None:
    assert find_problems(blocks) == [problem]


def test_two_buttons_of_a_block_cannot_share_an_action_id() -> None:
    elements = [{"type": "button", "text": plain("x"), "action_id": "a"}] * 2
    [problem] = find_problems([{"type": "actions", "elements": elements}])
    assert "action_id already exists: a" in problem


def test_a_view_takes_inputs_and_a_hundred_blocks_but_no_markdown() -> None:
    field = {"type": "plain_text_input", "action_id": "v"}
    assert (
        find_problems([{"type": "input", "label": plain("Why?"), "element": field}], "view") == []
    )
    assert find_problems(dividers(100), "view") == []
    assert find_problems(dividers(101), "view") != []
    assert find_problems([{"type": "markdown", "text": "x"}], "view") != []


@pytest.mark.parametrize("blocks", [None, "x", {}, 3, [[]], ["x"]])
def test_what_is_no_list_of_objects_is_a_problem_not_a_crash(blocks: object) -> None:
    assert find_problems(blocks) != []


@pytest.mark.parametrize(
    ("metadata", "wrong"),
    [
        ({"event_type": "turn", "event_payload": {"id": "1"}}, False),
        ({}, False),
        ({"event_type": "turn"}, True),
        ({"event_type": "", "event_payload": {}}, True),
        ({"event_type": "turn", "event_payload": "1"}, True),
        ({"event_type": "turn", "event_payload": {}, "more": 1}, True),
        ("turn", True),
    ],
)
def test_metadata_needs_its_two_fields(metadata: object, wrong: bool) -> None:
    assert find_metadata_problem(metadata) is wrong
