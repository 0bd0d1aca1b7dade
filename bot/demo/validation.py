"""Check Block Kit JSON as Slack does, and word the problems as Slack words them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.demo import limits
from bot.demo.workspace import Json

Surface = Literal["message", "view"]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and the JSON pointer to where."""

    text: str
    pointer: str

    def worded(self) -> str:
        return f"{self.text} [json-pointer:{self.pointer}]"


Problems = Iterator[Problem]


def find_problems(blocks: object, surface: Surface = "message", at: str = "/blocks") -> list[str]:
    """Return what Slack would refuse in these blocks, or nothing.

    Each entry reads as in Slack's `errors` list: `must be less than 3001 characters
    [json-pointer:/blocks/0/text/text]`.
    """
    return [problem.worded() for problem in _check_blocks(blocks, surface, at)]


def find_metadata_problem(metadata: object) -> bool:
    """Tell whether message metadata lacks its two fields or has them of the wrong type."""
    if metadata == {}:
        return False
    return not (
        isinstance(metadata, dict)
        and isinstance(metadata.get("event_type"), str)
        and metadata["event_type"] != ""
        and isinstance(metadata.get("event_payload"), dict)
        and not set(metadata) - {"event_type", "event_payload", "entities"}
    )


def _check_blocks(blocks: object, surface: Surface, at: str) -> Problems:
    if not isinstance(blocks, list | tuple):
        yield Problem("must be an array", at)
        return
    most = limits.BLOCKS_PER_MESSAGE if surface == "message" else limits.BLOCKS_PER_VIEW
    if len(blocks) > most:
        yield Problem(f"no more than {most} items allowed", at)
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        where = f"{at}/{index}"
        if not isinstance(block, dict):
            yield Problem("must be an object", where)
            continue
        yield from _check_block(block, surface, where)
        block_id = block.get("block_id")
        if isinstance(block_id, str) and block_id in seen:
            yield Problem(f"block_id already exists: {block_id}", f"{where}/block_id")
        elif isinstance(block_id, str):
            seen.add(block_id)
    yield from _check_sums([block for block in blocks if isinstance(block, dict)], at)


def _check_sums(blocks: Sequence[Json], at: str) -> Problems:
    markdown = sum(len(_string(b.get("text"))) for b in blocks if b.get("type") == "markdown")
    if markdown > limits.MARKDOWN_TEXT_SUM:
        yield Problem(f"must be less than {limits.MARKDOWN_TEXT_SUM + 1} characters", at)
    if sum(1 for block in blocks if block.get("type") == "table") > 1:
        yield Problem("only_one_table_allowed", at)


def _check_block(block: Json, surface: Surface, at: str) -> Problems:
    kind = block.get("type")
    check = _CHECKS.get(kind) if isinstance(kind, str) else None
    if check is None or (surface == "view" and kind in _MESSAGES_ONLY):
        yield Problem(f"unsupported type: {kind}", f"{at}/type")
        return
    if surface == "message" and kind in _VIEWS_ONLY:
        yield Problem(f"unsupported type: {kind}", f"{at}/type")
        return
    allowed = _FIELDS.get(_string(kind))
    if allowed is not None:
        for extra in sorted(set(block) - allowed - {"type", "block_id"}):
            yield Problem(f"invalid additional property: {extra}", at)
    yield from _check_length(block.get("block_id"), limits.ID_LENGTH, f"{at}/block_id", least=0)
    yield from check(block, at)


def _check_section(block: Json, at: str) -> Problems:
    fields = block.get("fields")
    if block.get("text") is None and not fields:
        yield Problem("must define either `text` or `fields`", at)
    if block.get("text") is not None:
        yield from _check_text(block["text"], limits.SECTION_TEXT, f"{at}/text")
    if isinstance(fields, list):
        if len(fields) > limits.SECTION_FIELDS:
            yield Problem(f"no more than {limits.SECTION_FIELDS} items allowed", f"{at}/fields")
        for index, text in enumerate(fields):
            yield from _check_text(text, limits.SECTION_FIELD_TEXT, f"{at}/fields/{index}")
    if block.get("accessory") is not None:
        yield from _check_element(block["accessory"], _INPUTS | {"image"}, f"{at}/accessory")


def _check_header(block: Json, at: str) -> Problems:
    yield from _check_text(block.get("text"), limits.HEADER_TEXT, f"{at}/text", plain=True)


def _check_markdown(block: Json, at: str) -> Problems:
    yield from _check_length(block.get("text"), limits.MARKDOWN_TEXT_SUM, f"{at}/text")


def _check_context(block: Json, at: str) -> Problems:
    for element, where in _elements(block, at):
        if isinstance(element, dict) and element.get("type") == "image":
            yield from _check_image(element, where)
        else:
            yield from _check_text(element, limits.SECTION_TEXT, where)
    yield from _check_count(block, limits.CONTEXT_ELEMENTS, at)


def _check_actions(block: Json, at: str) -> Problems:
    yield from _check_count(block, limits.ACTIONS_ELEMENTS, at)
    yield from _check_interactive(block, _INPUTS, at)


def _check_context_actions(block: Json, at: str) -> Problems:
    yield from _check_count(block, limits.CONTEXT_ACTIONS_ELEMENTS, at)
    yield from _check_interactive(block, frozenset({"feedback_buttons", "icon_button"}), at)


def _check_interactive(block: Json, kinds: frozenset[str], at: str) -> Problems:
    seen: set[str] = set()
    for element, where in _elements(block, at):
        yield from _check_element(element, kinds, where)
        action_id = element.get("action_id") if isinstance(element, dict) else None
        if isinstance(action_id, str) and action_id in seen:
            yield Problem(f"action_id already exists: {action_id}", f"{where}/action_id")
        elif isinstance(action_id, str):
            seen.add(action_id)


def _check_count(block: Json, most: int, at: str) -> Problems:
    elements = block.get("elements")
    if not isinstance(elements, list) or not elements:
        yield Problem("no less than 1 items allowed", f"{at}/elements")
    elif len(elements) > most:
        yield Problem(f"no more than {most} items allowed", f"{at}/elements")


def _check_image(block: Json, at: str) -> Problems:
    if not block.get("image_url") and not block.get("slack_file"):
        yield Problem("must define either `image_url` or `slack_file`", at)
    if block.get("image_url"):
        yield from _check_length(block["image_url"], limits.IMAGE_URL, f"{at}/image_url")
    yield from _check_length(block.get("alt_text"), limits.IMAGE_TEXT, f"{at}/alt_text")
    if block.get("title") is not None:
        yield from _check_text(block["title"], limits.IMAGE_TEXT, f"{at}/title", plain=True)


def _check_input(block: Json, at: str) -> Problems:
    yield from _check_text(block.get("label"), limits.INPUT_LABEL, f"{at}/label", plain=True)
    yield from _check_element(block.get("element"), _INPUTS | _FIELD_INPUTS, f"{at}/element")


def _check_rich_text(block: Json, at: str) -> Problems:
    for element, where in _elements(block, at):
        if not isinstance(element, dict) or element.get("type") not in _RICH_TEXT:
            kind = element.get("type") if isinstance(element, dict) else element
            yield Problem(f"unsupported type: {kind}", f"{where}/type")
    if not isinstance(block.get("elements"), list):
        yield Problem("missing required field: elements", at)


def _check_table(block: Json, at: str) -> Problems:
    rows = block.get("rows")
    if not isinstance(rows, list) or not rows:
        yield Problem("no less than 1 items allowed", f"{at}/rows")
        return
    if len(rows) > limits.TABLE_ROWS:
        yield Problem(f"no more than {limits.TABLE_ROWS} items allowed", f"{at}/rows")
    characters = 0
    for index, row in enumerate(rows):
        if not isinstance(row, list) or not row:
            yield Problem("must be an array", f"{at}/rows/{index}")
            continue
        if len(row) > limits.TABLE_COLUMNS:
            yield Problem(
                f"no more than {limits.TABLE_COLUMNS} items allowed", f"{at}/rows/{index}"
            )
        for column, cell in enumerate(row):
            if not isinstance(cell, dict) or cell.get("type") not in _CELLS:
                yield Problem("unsupported type", f"{at}/rows/{index}/{column}/type")
            else:
                characters += len(str(cell.get("text", cell.get("value", ""))))
    if characters > limits.TABLE_CHARACTERS:
        yield Problem(f"must be less than {limits.TABLE_CHARACTERS + 1} characters", f"{at}/rows")


def _check_task_card(block: Json, at: str) -> Problems:
    yield from _check_length(block.get("task_id"), limits.ID_LENGTH, f"{at}/task_id")
    yield from _check_length(block.get("title"), limits.SECTION_TEXT, f"{at}/title")
    if block.get("status", "pending") not in {"pending", "in_progress", "complete", "error"}:
        yield Problem("value must be one of the allowed values", f"{at}/status")


def _check_nothing(_block: Json, _at: str) -> Problems:
    return iter(())


def _check_element(element: object, kinds: frozenset[str], at: str) -> Problems:
    if not isinstance(element, dict) or element.get("type") not in kinds:
        kind = element.get("type") if isinstance(element, dict) else element
        yield Problem(f"unsupported type: {kind}", f"{at}/type")
        return
    if element["type"] == "image":
        yield from _check_image(element, at)
        return
    yield from _check_length(element.get("action_id"), limits.ID_LENGTH, f"{at}/action_id", least=0)
    if element["type"] == "button":
        yield from _check_button(element, at)
    elif element["type"] == "icon_button":
        yield from _check_text(element.get("text"), limits.BUTTON_TEXT, f"{at}/text", plain=True)
        if element.get("icon") != "trash":
            yield Problem("value must be one of the allowed values", f"{at}/icon")
    elif element["type"] == "feedback_buttons":
        for side in ("positive_button", "negative_button"):
            yield from _check_feedback_button(element.get(side), f"{at}/{side}")
    else:
        yield from _check_select(element, at)
    if element.get("confirm") is not None:
        yield from _check_confirm(element["confirm"], f"{at}/confirm")


def _check_button(button: Json, at: str) -> Problems:
    for extra in sorted(set(button) - _BUTTON_FIELDS):
        yield Problem(f"invalid additional property: {extra}", at)
    yield from _check_text(button.get("text"), limits.BUTTON_TEXT, f"{at}/text", plain=True)
    for name, most in (
        ("value", limits.BUTTON_VALUE),
        ("url", limits.BUTTON_URL),
        ("accessibility_label", limits.BUTTON_LABEL),
    ):
        if button.get(name) is not None:
            least = 0 if name == "value" else 1
            yield from _check_length(button[name], most, f"{at}/{name}", least=least)
    if button.get("style", "primary") not in {"primary", "danger"}:
        yield Problem("value must be one of the allowed values", f"{at}/style")


def _check_feedback_button(button: object, at: str) -> Problems:
    if not isinstance(button, dict):
        yield Problem("missing required field", at)
        return
    yield from _check_text(button.get("text"), limits.BUTTON_TEXT, f"{at}/text", plain=True)
    yield from _check_length(button.get("value"), limits.BUTTON_VALUE, f"{at}/value")


def _check_select(element: Json, at: str) -> Problems:
    options = element.get("options")
    if isinstance(options, list):
        if not 1 <= len(options) <= limits.OPTIONS:
            yield Problem(f"no more than {limits.OPTIONS} items allowed", f"{at}/options")
        for index, option in enumerate(options):
            where = f"{at}/options/{index}"
            text = option.get("text") if isinstance(option, dict) else None
            yield from _check_text(text, limits.OPTION_TEXT, f"{where}/text")
            value = option.get("value") if isinstance(option, dict) else None
            yield from _check_length(value, limits.OPTION_VALUE, f"{where}/value")
    if element.get("placeholder") is not None:
        yield from _check_text(
            element["placeholder"], limits.PLACEHOLDER, f"{at}/placeholder", plain=True
        )


def _check_confirm(confirm: object, at: str) -> Problems:
    if not isinstance(confirm, dict):
        yield Problem("must be an object", at)
        return
    yield from _check_text(confirm.get("title"), limits.CONFIRM_TITLE, f"{at}/title", plain=True)
    yield from _check_text(confirm.get("text"), limits.CONFIRM_TEXT, f"{at}/text")
    for name in ("confirm", "deny"):
        yield from _check_text(confirm.get(name), limits.CONFIRM_BUTTON, f"{at}/{name}", plain=True)


def _check_text(text: object, most: int, at: str, *, plain: bool = False) -> Problems:
    if not isinstance(text, dict):
        yield Problem("missing required field: text", at)
        return
    kinds = {"plain_text"} if plain else {"plain_text", "mrkdwn"}
    if text.get("type") not in kinds:
        yield Problem(f"unsupported type: {text.get('type')}", f"{at}/type")
    only = "emoji" if text.get("type") == "plain_text" else "verbatim"
    for extra in sorted(set(text) - {"type", "text", only}):
        yield Problem(f"invalid additional property: {extra}", at)
    yield from _check_length(text.get("text"), most, f"{at}/text")


def _check_length(value: object, most: int, at: str, *, least: int = 1) -> Problems:
    if value is None and least == 0:
        return
    if not isinstance(value, str):
        yield Problem("must be a string", at)
    elif len(value) < least:
        yield Problem(f"must be more than {least - 1} characters", at)
    elif len(value) > most:
        yield Problem(f"must be less than {most + 1} characters", at)


def _elements(block: Json, at: str) -> Iterator[tuple[Any, str]]:
    elements = block.get("elements")
    if isinstance(elements, list):
        for index, element in enumerate(elements):
            yield element, f"{at}/elements/{index}"


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


_INPUTS = frozenset({
    "button", "overflow", "static_select", "multi_static_select", "external_select",
    "users_select", "conversations_select", "channels_select", "checkboxes", "radio_buttons",
    "datepicker", "timepicker", "datetimepicker", "workflow_button",
})  # fmt: skip
_FIELD_INPUTS = frozenset({
    "plain_text_input", "email_text_input", "url_text_input", "number_input", "file_input",
    "rich_text_input",
})  # fmt: skip
_RICH_TEXT = {
    "rich_text_section",
    "rich_text_list",
    "rich_text_preformatted",
    "rich_text_quote",
}
_CELLS = {"raw_text", "rich_text", "raw_number"}
_BUTTON_FIELDS = {
    "type", "text", "action_id", "url", "value", "style", "confirm", "accessibility_label",
}  # fmt: skip
_FIELDS: dict[str, set[str]] = {
    "section": {"text", "fields", "accessory", "expand"},
    "header": {"text", "level"},
    "divider": set(),
    "context": {"elements"},
    "context_actions": {"elements"},
    "actions": {"elements"},
    "markdown": {"text"},
}
_CHECKS: dict[str, Callable[[Json, str], Problems]] = {
    "section": _check_section,
    "header": _check_header,
    "divider": _check_nothing,
    "image": _check_image,
    "actions": _check_actions,
    "context": _check_context,
    "context_actions": _check_context_actions,
    "input": _check_input,
    "markdown": _check_markdown,
    "rich_text": _check_rich_text,
    "table": _check_table,
    "task_card": _check_task_card,
    "plan": _check_nothing,
    "file": _check_nothing,
    "video": _check_nothing,
    "call": _check_nothing,
    "card": _check_nothing,
    "carousel": _check_nothing,
    "container": _check_nothing,
    "data_table": _check_nothing,
    "data_visualization": _check_nothing,
    "alert": _check_nothing,
}
_MESSAGES_ONLY = {"markdown", "context_actions", "file", "task_card", "plan"}
_VIEWS_ONLY = {"input"}
