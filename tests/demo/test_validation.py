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


def option(text: int = 1, value: int = 1) -> Json:
    return {"text": plain("x" * text), "value": "x" * value}


def menu(kind: str, count: int = 1, **fields: object) -> list[Json]:
    options = [{"text": plain("x"), "value": str(at)} for at in range(count)]
    element = {"type": kind, "action_id": "a", "options": options, **fields}
    return [{"type": "section", "text": plain("x"), "accessory": element}]


def container(title: int = 1, subtitle: int = 1, children: int = 1, **fields: object) -> list[Json]:
    block = {
        "type": "container",
        "title": plain("x" * title),
        "subtitle": plain("x" * subtitle),
        "child_blocks": [{"type": "divider"}] * children,
    }
    return [{**block, **fields}]


def field(element: Json, **fields: object) -> list[Json]:
    element = {"action_id": "a", **element}
    return [{"type": "input", "label": plain("x"), "element": element, **fields}]


def cells(*row: object, **fields: object) -> list[Json]:
    return [{"type": "table", "rows": [list(row)], **fields}]


def words(*said: str) -> Json:
    elements = [{"type": "text", "text": text} for text in said]
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "elements": [section]}


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
    (cells(words("x" * 10_000)), cells(words("x" * 10_001))),
    (menu("overflow", 5), menu("overflow", 6)),
    (menu("overflow", 1), menu("overflow", 0)),
    (menu("static_select", 100), menu("static_select", 101)),
    (menu("radio_buttons", 10), menu("radio_buttons", 11)),
    (menu("checkboxes", 10), menu("checkboxes", 11)),
    (menu("static_select", options=[option(75)]), menu("static_select", options=[option(76)])),
    (
        menu("overflow", options=[option(value=150)]),
        menu("overflow", options=[option(value=151)]),
    ),
    (
        menu("static_select", placeholder=plain("x" * 150)),
        menu("static_select", placeholder=plain("x" * 151)),
    ),
    (container(title=150), container(title=151)),
    (container(subtitle=150), container(subtitle=151)),
    (container(children=10), container(children=11)),
    (
        container(is_collapsible=True, default_collapsed=True),
        container(default_collapsed=True),
    ),
    (
        container(has_header_divider=True),
        container(has_header_divider=True, is_collapsible=True),
    ),
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
        cells({"type": "raw_text", "text": ""}),
        "must be more than 0 characters [json-pointer:/blocks/0/rows/0/0/text]",
    ),
    (
        cells(words("")),
        (
            "must be more than 0 characters "
            "[json-pointer:/blocks/0/rows/0/0/elements/0/elements/0/text]"
        ),
    ),
    (
        cells(words("x"), column_settings=[{"align": "middle"}]),
        "value must be one of the allowed values [json-pointer:/blocks/0/column_settings/0/align]",
    ),
    (
        container(child_blocks=[{"type": "markdown", "text": "x"}]),
        "unsupported type: markdown [json-pointer:/blocks/0/child_blocks/0/type]",
    ),
    (
        container(block_id="a", child_blocks=[{"type": "divider", "block_id": "a"}]),
        "block_id already exists: a [json-pointer:/blocks/0/child_blocks/0/block_id]",
    ),
    (
        container(child_blocks=table()) + table(),
        "only_one_table_allowed [json-pointer:/blocks]",
    ),
    (
        menu("static_select", initial_option={"text": plain("y"), "value": "0"}),
        "must be one of the options [json-pointer:/blocks/0/accessory/initial_option]",
    ),
    (
        menu("checkboxes", initial_options=[]),
        "no less than 1 items allowed [json-pointer:/blocks/0/accessory/initial_options]",
    ),
    (
        menu("static_select", value="x"),
        "invalid additional property: value [json-pointer:/blocks/0/accessory]",
    ),
    (
        [{"type": "actions", "elements": [{"type": "plain_text_input", "action_id": "a"}]}],
        "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]",
    ),
    (
        [{"type": "alert", "text": plain("x")}],
        "unsupported type: alert [json-pointer:/blocks/0/type]",
    ),
    (
        [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]}],
        "no less than 1 items allowed [json-pointer:/blocks/0/elements/0/elements]",
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


@pytest.mark.parametrize(
    ("element", "problem"),
    [
        ({"type": "plain_text_input", "multiline": True, "max_length": 3_000}, ""),
        ({"type": "plain_text_input", "max_length": 3_001}, "must be less than 3001"),
        ({"type": "plain_text_input", "max_length": 2, "initial_value": "xxx"}, "less than 3"),
        ({"type": "number_input", "is_decimal_allowed": False, "min_value": "1"}, ""),
        ({"type": "number_input"}, "missing required field: is_decimal_allowed"),
        ({"type": "number_input", "is_decimal_allowed": True, "min_value": 1}, "be a string"),
        ({"type": "multi_conversations_select", "initial_conversations": ["C1"]}, ""),
        ({"type": "multi_conversations_select", "initial_conversations": []}, "no less than 1"),
        ({"type": "datepicker", "initial_date": "2026-11-23"}, ""),
        ({"type": "datepicker", "initial_date": "tomorrow"}, "must be a valid date"),
        ({"type": "button", "text": {"type": "plain_text", "text": "x"}}, "unsupported type"),
    ],
)
def test_what_can_be_filled_in(element: Json, problem: str) -> None:
    found = find_problems(field(element), "view")
    assert bool(found) == bool(problem)
    assert all(problem in text for text in found)


def test_a_modal_shows_an_alert_and_an_input_but_no_table() -> None:
    alert = [{"type": "alert", "text": plain("x"), "level": "warning"}]
    assert find_problems(alert, "view") == []
    assert find_problems(table(), "view") != []


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
