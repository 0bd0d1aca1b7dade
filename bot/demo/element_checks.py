"""Check the elements of blocks, which people press, choose from and fill in."""

import re
from collections.abc import Callable, Collection
from typing import Final

from bot.demo import limits
from bot.demo.checks import (
    NOT_ALLOWED,
    Problem,
    Problems,
    check_count,
    check_fields,
    check_image,
    check_length,
    check_text,
    items_of,
    kind_of,
)
from bot.demo.workspace import Json

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME: Final = re.compile(r"[012]\d:[0-5]\d")

_SELECTS: Final = frozenset({
    "static_select", "external_select", "users_select", "conversations_select", "channels_select",
})  # fmt: skip
_MULTI_SELECTS: Final = frozenset(f"multi_{kind}" for kind in _SELECTS)
_CHOICES: Final = frozenset({"checkboxes", "radio_buttons"})
_PICKERS: Final = frozenset({"datepicker", "timepicker", "datetimepicker"})
_TEXT_INPUTS: Final = frozenset({
    "plain_text_input", "number_input", "email_text_input", "url_text_input",
})  # fmt: skip
_BUTTONS: Final = frozenset({"button", "workflow_button", "overflow"})

IN_ACTIONS: Final = _BUTTONS | _SELECTS | _CHOICES | _PICKERS
"""What an actions block takes (Slack docs, actions block)."""

IN_SECTION: Final = IN_ACTIONS | _MULTI_SELECTS | {"image"}
"""What a section takes as its accessory (Slack docs, section block)."""

IN_INPUT: Final = (
    _TEXT_INPUTS
    | _SELECTS
    | _MULTI_SELECTS
    | _CHOICES
    | _PICKERS
    | {"file_input", "rich_text_input"}
)
"""What an input block takes (Slack docs, input block)."""

IN_CONTEXT_ACTIONS: Final = frozenset({"feedback_buttons", "icon_button"})


def check_element(element: object, kinds: Collection[str], at: str) -> Problems:
    """Check an element that must be of one of these kinds."""
    if not isinstance(element, dict) or element.get("type") not in kinds:
        yield Problem(f"unsupported type: {kind_of(element)}", f"{at}/type")
        return
    kind = element["type"]
    if kind == "image":
        yield from check_image(element, at)
        return
    yield from check_length(element.get("action_id"), limits.ID_LENGTH, f"{at}/action_id", least=0)
    if kind in _FIELDS:
        yield from check_fields(element, _FIELDS[kind] | {"action_id", "confirm"}, at)
    if element.get("placeholder") is not None:
        yield from check_text(
            element["placeholder"], limits.PLACEHOLDER, f"{at}/placeholder", plain=True
        )
    if kind in _CHECKS:
        yield from _CHECKS[kind](element, at)
    if element.get("confirm") is not None:
        yield from _check_confirm(element["confirm"], f"{at}/confirm")


def check_unique_actions(block: Json, at: str) -> Problems:
    """Check that no two elements of a block have the same `action_id`."""
    seen: set[str] = set()
    for element, where in items_of(block, "elements", at):
        action_id = element.get("action_id") if isinstance(element, dict) else None
        if isinstance(action_id, str) and action_id in seen:
            yield Problem(f"action_id already exists: {action_id}", f"{where}/action_id")
        elif isinstance(action_id, str):
            seen.add(action_id)


def _check_button(button: Json, at: str) -> Problems:
    yield from check_text(button.get("text"), limits.BUTTON_TEXT, f"{at}/text", plain=True)
    for name, most in (
        ("value", limits.BUTTON_VALUE),
        ("url", limits.BUTTON_URL),
        ("accessibility_label", limits.BUTTON_LABEL),
    ):
        if button.get(name) is not None:
            least = 0 if name == "value" else 1
            yield from check_length(button[name], most, f"{at}/{name}", least=least)
    if button.get("style", "primary") not in {"primary", "danger"}:
        yield Problem(NOT_ALLOWED, f"{at}/style")


def _check_icon_button(button: Json, at: str) -> Problems:
    yield from check_text(button.get("text"), limits.BUTTON_TEXT, f"{at}/text", plain=True)
    if button.get("icon") != "trash":
        yield Problem(NOT_ALLOWED, f"{at}/icon")


def _check_feedback_buttons(element: Json, at: str) -> Problems:
    for side in ("positive_button", "negative_button"):
        button, where = element.get(side), f"{at}/{side}"
        if not isinstance(button, dict):
            yield Problem("missing required field", where)
            continue
        yield from check_fields(button, {"text", "value", "accessibility_label"}, where)
        yield from check_text(button.get("text"), limits.BUTTON_TEXT, f"{where}/text", plain=True)
        yield from check_length(button.get("value"), limits.BUTTON_VALUE, f"{where}/value")
        if button.get("accessibility_label") is not None:
            yield from check_length(
                button["accessibility_label"], limits.BUTTON_LABEL, f"{where}/accessibility_label"
            )


def _check_overflow(element: Json, at: str) -> Problems:
    yield from check_count(element.get("options"), limits.OVERFLOW_OPTIONS, f"{at}/options")
    yield from _check_options(element, at, with_url=True)


def _check_choices(element: Json, at: str) -> Problems:
    yield from check_count(element.get("options"), limits.CHOICES, f"{at}/options")
    yield from _check_options(element, at, plain=False)
    yield from _check_initial(element, at)


def _check_select(element: Json, at: str) -> Problems:
    groups = element.get("option_groups")
    if (element.get("options") is None) == (groups is None):
        yield Problem("must define either `options` or `option_groups`", at)
        return
    if groups is None:
        yield from check_count(element["options"], limits.OPTIONS, f"{at}/options")
        yield from _check_options(element, at)
    else:
        yield from check_count(groups, limits.OPTIONS, f"{at}/option_groups")
        for group, where in items_of(element, "option_groups", at):
            label = group.get("label") if isinstance(group, dict) else None
            yield from check_text(label, limits.OPTION_TEXT, f"{where}/label", plain=True)
            options = group.get("options") if isinstance(group, dict) else None
            yield from check_count(options, limits.OPTIONS, f"{where}/options")
            if isinstance(group, dict):
                yield from _check_options(group, where)
    yield from _check_initial(element, at)


def _check_options(
    element: Json, at: str, *, plain: bool = True, with_url: bool = False
) -> Problems:
    allowed = {"text", "value", "description"} | ({"url"} if with_url else set())
    for option, where in items_of(element, "options", at):
        if not isinstance(option, dict):
            yield Problem("must be an object", where)
            continue
        yield from check_fields(option, allowed, where)
        yield from check_text(option.get("text"), limits.OPTION_TEXT, f"{where}/text", plain=plain)
        yield from check_length(option.get("value"), limits.OPTION_VALUE, f"{where}/value")
        if option.get("description") is not None:
            yield from check_text(
                option["description"], limits.OPTION_TEXT, f"{where}/description", plain=plain
            )


def _check_initial(element: Json, at: str) -> Problems:
    """Check what is chosen at first: it must be an option just as it stands in the list."""
    groups = element.get("option_groups") or ()
    options = [*(element.get("options") or ()), *(o for g in groups for o in g.get("options", ()))]
    chosen = element.get("initial_option")
    if chosen is not None and chosen not in options:
        yield Problem("must be one of the options", f"{at}/initial_option")
    if "initial_options" in element:
        yield from check_count(element["initial_options"], limits.OPTIONS, f"{at}/initial_options")
        for option, where in items_of(element, "initial_options", at):
            if option not in options:
                yield Problem("must be one of the options", where)


def _check_ids(element: Json, at: str) -> Problems:
    for name in ("initial_conversations", "initial_channels", "initial_users"):
        if name in element:
            yield from check_count(element[name], limits.OPTIONS, f"{at}/{name}")


def _check_text_input(element: Json, at: str) -> Problems:
    for name in ("min_length", "max_length"):
        if not 0 <= element.get(name, 1) <= limits.INPUT_TEXT:
            yield Problem(f"must be less than {limits.INPUT_TEXT + 1}", f"{at}/{name}")
    most = element.get("max_length", limits.INPUT_TEXT)
    yield from check_length(element.get("initial_value"), most, f"{at}/initial_value", least=0)


def _check_number_input(element: Json, at: str) -> Problems:
    if not isinstance(element.get("is_decimal_allowed"), bool):
        yield Problem("missing required field: is_decimal_allowed", at)
    for name in ("initial_value", "min_value", "max_value"):
        if element.get(name) is not None and not isinstance(element[name], str):
            yield Problem("must be a string", f"{at}/{name}")


def _check_date(element: Json, at: str) -> Problems:
    initial = element.get("initial_date")
    if initial is not None and not _DATE.fullmatch(str(initial)):
        yield Problem("must be a valid date", f"{at}/initial_date")


def _check_time(element: Json, at: str) -> Problems:
    initial = element.get("initial_time")
    if initial is not None and not _TIME.fullmatch(str(initial)):
        yield Problem("must be a valid time", f"{at}/initial_time")


def _check_confirm(confirm: object, at: str) -> Problems:
    if not isinstance(confirm, dict):
        yield Problem("must be an object", at)
        return
    yield from check_fields(confirm, {"title", "text", "confirm", "deny", "style"}, at)
    yield from check_text(confirm.get("title"), limits.CONFIRM_TITLE, f"{at}/title", plain=True)
    yield from check_text(confirm.get("text"), limits.CONFIRM_TEXT, f"{at}/text")
    for name in ("confirm", "deny"):
        yield from check_text(confirm.get(name), limits.CONFIRM_BUTTON, f"{at}/{name}", plain=True)


_HINTS: Final = {"placeholder", "focus_on_load"}
_MULTI: Final = _HINTS | {"max_selected_items"}
_CONVERSATIONS: Final = {"default_to_current_conversation", "filter"}
_TYPED: Final = _HINTS | {"initial_value", "dispatch_action_config"}
_FIELDS: Final[dict[str, set[str]]] = {
    "button": {"text", "url", "value", "style", "accessibility_label"},
    "icon_button": {"text", "icon", "value", "accessibility_label", "visible_to_user_ids"},
    "feedback_buttons": {"positive_button", "negative_button"},
    "overflow": {"options"},
    "checkboxes": {"options", "initial_options", "focus_on_load"},
    "radio_buttons": {"options", "initial_option", "focus_on_load"},
    "static_select": _HINTS | {"options", "option_groups", "initial_option"},
    "multi_static_select": _MULTI | {"options", "option_groups", "initial_options"},
    "conversations_select": _HINTS | _CONVERSATIONS | {
        "initial_conversation", "response_url_enabled",
    },
    "multi_conversations_select": _MULTI | _CONVERSATIONS | {"initial_conversations"},
    "channels_select": _HINTS | {"initial_channel", "response_url_enabled"},
    "multi_channels_select": _MULTI | {"initial_channels"},
    "users_select": _HINTS | {"initial_user"},
    "multi_users_select": _MULTI | {"initial_users"},
    "datepicker": _HINTS | {"initial_date"},
    "timepicker": _HINTS | {"initial_time", "timezone"},
    "plain_text_input": _TYPED | {"multiline", "min_length", "max_length"},
    "number_input": _TYPED | {"is_decimal_allowed", "min_value", "max_value"},
}  # fmt: skip
_CHECKS: Final[dict[str, Callable[[Json, str], Problems]]] = {
    "button": _check_button,
    "icon_button": _check_icon_button,
    "feedback_buttons": _check_feedback_buttons,
    "overflow": _check_overflow,
    "checkboxes": _check_choices,
    "radio_buttons": _check_choices,
    "static_select": _check_select,
    "multi_static_select": _check_select,
    "multi_conversations_select": _check_ids,
    "multi_channels_select": _check_ids,
    "multi_users_select": _check_ids,
    "plain_text_input": _check_text_input,
    "number_input": _check_number_input,
    "datepicker": _check_date,
    "timepicker": _check_time,
}
