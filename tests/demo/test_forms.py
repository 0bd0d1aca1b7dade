"""What is chosen and typed, in Slack's words."""

from typing import Any

import pytest

from bot.demo.forms import carry_over, choose, fill, find_unfilled, initial_values
from bot.demo.workspace import Json


def option(value: str) -> Json:
    return {"text": {"type": "plain_text", "text": value.title()}, "value": value}


def field(element: Json, block_id: str = "b", **more: Any) -> Json:
    label = {"type": "plain_text", "text": "x"}
    element = {"action_id": "a", **element}
    return {"type": "input", "block_id": block_id, "label": label, "element": element, **more}


TEXT = {"type": "plain_text_input"}
NUMBER = {"type": "number_input", "is_decimal_allowed": False, "min_value": "1", "max_value": "9"}
MENU = {"type": "static_select", "options": [option("on"), option("off")]}


@pytest.mark.parametrize(
    ("element", "what", "state"),
    [
        (TEXT, "why?", {"value": "why?"}),
        (TEXT, "", {"value": None}),
        (NUMBER, 7, {"value": "7"}),
        (MENU, "off", {"selected_option": option("off")}),
        (MENU, None, {"selected_option": None}),
        ({**MENU, "type": "radio_buttons"}, "on", {"selected_option": option("on")}),
        ({**MENU, "type": "overflow"}, "on", {"selected_option": option("on")}),
        ({**MENU, "type": "checkboxes"}, ["on"], {"selected_options": [option("on")]}),
        ({**MENU, "type": "multi_static_select"}, [], {"selected_options": []}),
        ({"type": "conversations_select"}, "C1", {"selected_conversation": "C1"}),
        ({"type": "multi_conversations_select"}, ["C1"], {"selected_conversations": ["C1"]}),
        ({"type": "users_select"}, "U1", {"selected_user": "U1"}),
        ({"type": "datepicker"}, "2026-11-23", {"selected_date": "2026-11-23"}),
        (TEXT, {"value": "as Slack has it"}, {"value": "as Slack has it"}),
    ],
)
def test_what_is_chosen_reads_as_in_slack(element: Json, what: object, state: Json) -> None:
    assert choose(element, what) == {"type": element["type"], **state}


def test_an_option_in_a_group_is_found_and_one_that_is_nowhere_is_forged() -> None:
    label = {"type": "plain_text", "text": "Group"}
    menu = {"type": "static_select", "option_groups": [{"label": label, "options": [option("on")]}]}
    assert choose(menu, "on")["selected_option"] == option("on")
    assert choose(menu, "stolen")["selected_option"]["value"] == "stolen"


def test_a_form_begins_with_its_initial_values() -> None:
    blocks = [
        field({**TEXT, "initial_value": "hi"}, "q"),
        {"type": "section", "block_id": "s", "accessory": {**MENU, "action_id": "m"}},
        {"type": "actions", "block_id": "x", "elements": [{"type": "button", "action_id": "go"}]},
    ]
    assert initial_values(blocks) == {
        "q": {"a": {"type": "plain_text_input", "value": "hi"}},
        "s": {"m": {"type": "static_select", "selected_option": None}},
    }


def test_only_what_is_in_the_form_is_filled_in() -> None:
    blocks = [field(TEXT)]
    filled = fill(initial_values(blocks), blocks, {"b": {"a": "yes"}, "c": {"a": "no"}})
    assert filled == {"b": {"a": {"type": "plain_text_input", "value": "yes"}}}


def test_changed_blocks_keep_what_was_typed_only_under_the_same_two_ids() -> None:
    blocks = [field(TEXT)]
    typed = fill({}, blocks, {"b": {"a": "typed"}})
    suggested = field({**TEXT, "initial_value": "suggested"})
    assert carry_over(typed, [suggested])["b"]["a"]["value"] == "typed"
    renamed = field({**TEXT, "initial_value": "suggested"}, "b2")
    assert carry_over(typed, [renamed])["b2"]["a"]["value"] == "suggested"


@pytest.mark.parametrize(
    ("block", "what", "problem"),
    [
        (field(TEXT), "", "required"),
        (field(TEXT, optional=True), "", ""),
        (field(TEXT), "x", ""),
        (field({**TEXT, "max_length": 3}), "four", "at most 3"),
        (field({**TEXT, "min_length": 3}), "no", "at least 3"),
        (field(NUMBER), "5", ""),
        (field(NUMBER), "five", "number"),
        (field(NUMBER), "5.5", "number"),
        (field(NUMBER), "10", "limits"),
        (field(NUMBER, optional=True), None, ""),
        (field(MENU), None, "required"),
        (field({**MENU, "type": "checkboxes"}), [], "required"),
    ],
)
def test_slack_s_client_holds_back_what_cannot_be_submitted(
    block: Json, what: object, problem: str
) -> None:
    values = fill(initial_values([block]), [block], {"b": {"a": what}})
    assert problem in find_unfilled([block], values).get("b", "")
    assert bool(find_unfilled([block], values)) == bool(problem)
