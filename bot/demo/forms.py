"""What people fill in and choose, as Slack puts it into `state.values` and `actions`."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from bot.demo.workspace import Json, elements_of

Values = dict[str, dict[str, Json]]
"""Block id to action id to state, as in Slack's `state.values`."""

_ONE_OPTION: Final = frozenset({"static_select", "external_select", "radio_buttons"})
_SEVERAL_OPTIONS: Final = frozenset({"multi_static_select", "multi_external_select", "checkboxes"})
_FIELDS: Final = (
    {
        "plain_text_input": "value",
        "number_input": "value",
        "email_text_input": "value",
        "url_text_input": "value",
        "conversations_select": "selected_conversation",
        "multi_conversations_select": "selected_conversations",
        "channels_select": "selected_channel",
        "multi_channels_select": "selected_channels",
        "users_select": "selected_user",
        "multi_users_select": "selected_users",
        "datepicker": "selected_date",
        "timepicker": "selected_time",
        "datetimepicker": "selected_date_time",
    }
    | dict.fromkeys(_ONE_OPTION, "selected_option")
    | dict.fromkeys(_SEVERAL_OPTIONS, "selected_options")
)
_INITIAL: Final = {
    "value": "initial_value",
    "selected_option": "initial_option",
    "selected_options": "initial_options",
    "selected_conversation": "initial_conversation",
    "selected_conversations": "initial_conversations",
    "selected_channel": "initial_channel",
    "selected_channels": "initial_channels",
    "selected_user": "initial_user",
    "selected_users": "initial_users",
    "selected_date": "initial_date",
    "selected_time": "initial_time",
    "selected_date_time": "initial_date_time",
}
_REQUIRED: Final = "Please complete this required field."
_TOO_LONG: Final = "Please enter at most {most} characters."
_TOO_SHORT: Final = "Please enter at least {least} characters."
_NO_NUMBER: Final = "Please enter a number."
_OUT_OF_RANGE: Final = "Please enter a number within the limits."


def initial_values(blocks: Iterable[Json]) -> Values:
    """Return the state of a view or message nobody has touched yet."""
    values: Values = {}
    for block, element in elements_of(blocks):
        field = _FIELDS.get(element["type"])
        if field and element.get("action_id"):
            state = {"type": element["type"], field: _initial(element, field)}
            values.setdefault(block["block_id"], {})[element["action_id"]] = state
    return values


def choose(element: Json, what: Any) -> Json:
    """Return the state of an element in which somebody chose or typed something.

    Args:
        element: The element of the block.
        what: A text, an option's value, an id or a date; a list where several can be chosen; None
            for nothing; or a state as Slack writes it, which is taken as it is.
    """
    kind = element["type"]
    field = "selected_option" if kind == "overflow" else _FIELDS[kind]
    if isinstance(what, Mapping):
        return {"type": kind, **what}
    if field == "selected_option":
        return {"type": kind, field: _option(element, what) if what is not None else None}
    if field == "selected_options":
        return {"type": kind, field: [_option(element, each) for each in what or ()]}
    if field.endswith("s"):
        return {"type": kind, field: list(what or ())}
    if field == "value":
        return {"type": kind, field: str(what) if what not in {None, ""} else None}
    return {"type": kind, field: what}


def fill(values: Values, blocks: Iterable[Json], filled: Mapping[str, Mapping[str, Any]]) -> Values:
    """Return `values` with what was filled in; what names no element of the blocks is left out."""
    changed = {block_id: dict(actions) for block_id, actions in values.items()}
    for block, element in elements_of(blocks):
        what = filled.get(block["block_id"], {})
        action_id = element.get("action_id", "")
        if action_id in what and has_state(element):
            changed.setdefault(block["block_id"], {})[action_id] = choose(element, what[action_id])
    return changed


def carry_over(values: Values, blocks: Iterable[Json]) -> Values:
    """Return the state of changed blocks: what was filled in stays where both ids are the same."""
    blocks = list(blocks)
    fresh = initial_values(blocks)
    kept: Values = {}
    for block_id, actions in fresh.items():
        old = values.get(block_id, {})
        kept[block_id] = {
            action_id: old[action_id]
            if old.get(action_id, {}).get("type") == state["type"]
            else state
            for action_id, state in actions.items()
        }
    return kept


def find_unfilled(blocks: Iterable[Json], values: Values) -> dict[str, str]:
    """Return what Slack's own client says beside the fields that cannot be submitted so."""
    errors: dict[str, str] = {}
    for block in blocks:
        element = block.get("element", {})
        if block["type"] != "input" or not has_state(element):
            continue
        state = values[block["block_id"]][element["action_id"]]
        problem = _find_problem(element, state[_FIELDS[element["type"]]])
        if problem and not (problem == _REQUIRED and block.get("optional")):
            errors[block["block_id"]] = problem
    return errors


def has_state(element: Json) -> bool:
    """Tell whether an element holds something that is chosen or typed, as a button doesn't."""
    return element.get("type") in _FIELDS


def _find_problem(element: Json, what: Any) -> str:
    if what in (None, "", []):
        return _REQUIRED
    if element["type"] == "number_input":
        return _find_number_problem(element, what)
    if isinstance(what, str):
        if len(what) > element.get("max_length", len(what)):
            return _TOO_LONG.format(most=element["max_length"])
        if len(what) < element.get("min_length", 0):
            return _TOO_SHORT.format(least=element["min_length"])
    return ""


def _find_number_problem(element: Json, what: str) -> str:
    try:
        number = float(what) if element.get("is_decimal_allowed") else int(what)
    except ValueError:
        return _NO_NUMBER
    least, most = element.get("min_value", number), element.get("max_value", number)
    return "" if float(least) <= number <= float(most) else _OUT_OF_RANGE


def _initial(element: Json, field: str) -> Any:
    initial = element.get(_INITIAL[field])
    return [] if initial is None and field.endswith("s") else initial


def _option(element: Json, value: str) -> Json:
    """Return the option with this value; a forged one if there is none."""
    groups = element.get("option_groups", ())
    options = [*element.get("options", ()), *(o for group in groups for o in group["options"])]
    for option in options:
        if option["value"] == value:
            return dict(option)
    return {"text": {"type": "plain_text", "text": value}, "value": value}
