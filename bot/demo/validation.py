"""Check blocks, views and metadata as Slack does, and word the problems as Slack words them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Literal

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
from bot.demo.element_checks import (
    IN_ACTIONS,
    IN_CONTEXT_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    check_element,
    check_unique_actions,
)
from bot.demo.workspace import Json

Surface = Literal["message", "view"]

NEW_KINDS: Final = frozenset({
    "markdown", "table", "data_table", "data_visualization", "container", "context_actions",
    "card", "carousel", "alert", "task_card", "plan",
})  # fmt: skip
"""The blocks of 2025 and 2026, which a workspace with old blocks doesn't know."""


def find_problems(blocks: object, surface: Surface = "message", at: str = "/blocks") -> list[str]:
    """Return what Slack would refuse in these blocks, or nothing.

    Each entry reads as in Slack's `errors` list: `must be less than 3001 characters
    [json-pointer:/blocks/0/text/text]`.
    """
    return [problem.worded() for problem in _check_blocks(blocks, surface, at)]


def find_view_problems(view: Json, kind: str) -> list[str]:
    """Return what Slack would refuse in a view that must be a `home` or a `modal`."""
    return [problem.worded() for problem in _check_view(view, kind)]


def find_new_kinds(blocks: object, at: str = "/blocks") -> list[str]:
    """Return what an old host would refuse: the blocks it doesn't know yet."""
    given = blocks if isinstance(blocks, list) else []
    return [
        Problem(f"unsupported type: {kind_of(block)}", f"{at}/{index}/type").worded()
        for index, block in enumerate(given)
        if kind_of(block) in NEW_KINDS
    ]


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


def _check_view(view: Json, kind: str) -> Problems:
    if view.get("type") != kind:
        yield Problem(NOT_ALLOWED, "/view/type")
    yield from check_fields(view, _VIEW_FIELDS[kind], "/view")
    for name in ("title", "submit", "close"):
        if view.get(name) is not None:
            yield from check_text(view[name], limits.VIEW_TITLE, f"/view/{name}", plain=True)
    if kind == "modal" and not view.get("title"):
        yield Problem("missing required field: title", "/view")
    for name, most in (
        ("private_metadata", limits.PRIVATE_METADATA),
        ("callback_id", limits.ID_LENGTH),
        ("external_id", limits.ID_LENGTH),
    ):
        yield from check_length(view.get(name), most, f"/view/{name}", least=0)
    blocks = view.get("blocks")
    yield from _check_blocks(blocks, "view", "/view/blocks")
    if kind == "modal" and not view.get("submit") and _has_input(blocks):
        yield Problem("must have a submit button if it has an input block", "/view/submit")


def _has_input(blocks: object) -> bool:
    return isinstance(blocks, list) and any(kind_of(block) == "input" for block in blocks)


def _check_blocks(blocks: object, surface: Surface, at: str) -> Problems:
    if not isinstance(blocks, list | tuple):
        yield Problem("must be an array", at)
        return
    most = limits.BLOCKS_PER_MESSAGE if surface == "message" else limits.BLOCKS_PER_VIEW
    if len(blocks) > most:
        yield Problem(f"no more than {most} items allowed", at)
    for index, block in enumerate(blocks):
        yield from _check_block(block, surface, f"{at}/{index}")
    placed = list(_place_blocks(blocks, at))
    yield from _check_unique_ids(placed)
    yield from _check_sums([block for block, _ in placed], at)


def _place_blocks(blocks: Iterable[Any], at: str) -> Iterator[tuple[Json, str]]:
    """Return every block with its pointer, those in containers too."""
    for index, block in enumerate(blocks):
        if isinstance(block, dict):
            yield block, f"{at}/{index}"
            children = block.get("child_blocks")
            if isinstance(children, list):
                yield from _place_blocks(children, f"{at}/{index}/child_blocks")


def _check_unique_ids(placed: Iterable[tuple[Json, str]]) -> Problems:
    seen: set[str] = set()
    for block, where in placed:
        block_id = block.get("block_id")
        if isinstance(block_id, str) and block_id in seen:
            yield Problem(f"block_id already exists: {block_id}", f"{where}/block_id")
        elif isinstance(block_id, str):
            seen.add(block_id)


def _check_sums(blocks: Sequence[Json], at: str) -> Problems:
    markdown = sum(len(_string(b.get("text"))) for b in blocks if b.get("type") == "markdown")
    if markdown > limits.MARKDOWN_TEXT_SUM:
        yield Problem(f"must be less than {limits.MARKDOWN_TEXT_SUM + 1} characters", at)
    if sum(1 for block in blocks if block.get("type") == "table") > 1:
        yield Problem("only_one_table_allowed", at)


def _check_block(block: object, surface: Surface, at: str) -> Problems:
    if not isinstance(block, dict):
        yield Problem("must be an object", at)
        return
    kind = block.get("type")
    check = _CHECKS.get(kind) if isinstance(kind, str) else None
    elsewhere = _VIEWS_ONLY if surface == "message" else _MESSAGES_ONLY
    if check is None or kind in elsewhere:
        yield Problem(f"unsupported type: {kind}", f"{at}/type")
        return
    if kind in _FIELDS:
        yield from check_fields(block, _FIELDS[kind], at)
    yield from check_length(block.get("block_id"), limits.ID_LENGTH, f"{at}/block_id", least=0)
    yield from check(block, at)


def _check_section(block: Json, at: str) -> Problems:
    fields = block.get("fields")
    if block.get("text") is None and not fields:
        yield Problem("must define either `text` or `fields`", at)
    if block.get("text") is not None:
        yield from check_text(block["text"], limits.SECTION_TEXT, f"{at}/text")
    if isinstance(fields, list):
        if len(fields) > limits.SECTION_FIELDS:
            yield Problem(f"no more than {limits.SECTION_FIELDS} items allowed", f"{at}/fields")
        for index, text in enumerate(fields):
            yield from check_text(text, limits.SECTION_FIELD_TEXT, f"{at}/fields/{index}")
    if block.get("accessory") is not None:
        yield from check_element(block["accessory"], IN_SECTION, f"{at}/accessory")


def _check_header(block: Json, at: str) -> Problems:
    yield from check_text(block.get("text"), limits.HEADER_TEXT, f"{at}/text", plain=True)


def _check_markdown(block: Json, at: str) -> Problems:
    yield from check_length(block.get("text"), limits.MARKDOWN_TEXT_SUM, f"{at}/text")


def _check_context(block: Json, at: str) -> Problems:
    for element, where in items_of(block, "elements", at):
        if kind_of(element) == "image":
            yield from check_image(element, where)
        else:
            yield from check_text(element, limits.SECTION_TEXT, where)
    yield from check_count(block.get("elements"), limits.CONTEXT_ELEMENTS, f"{at}/elements")


def _check_actions(block: Json, at: str) -> Problems:
    yield from check_count(block.get("elements"), limits.ACTIONS_ELEMENTS, f"{at}/elements")
    for element, where in items_of(block, "elements", at):
        yield from check_element(element, IN_ACTIONS, where)
    yield from check_unique_actions(block, at)


def _check_context_actions(block: Json, at: str) -> Problems:
    most = limits.CONTEXT_ACTIONS_ELEMENTS
    yield from check_count(block.get("elements"), most, f"{at}/elements")
    for element, where in items_of(block, "elements", at):
        yield from check_element(element, IN_CONTEXT_ACTIONS, where)
    yield from check_unique_actions(block, at)


def _check_input(block: Json, at: str) -> Problems:
    yield from check_text(block.get("label"), limits.INPUT_LABEL, f"{at}/label", plain=True)
    if block.get("hint") is not None:
        yield from check_text(block["hint"], limits.INPUT_LABEL, f"{at}/hint", plain=True)
    yield from check_element(block.get("element"), IN_INPUT, f"{at}/element")


def _check_rich_text(block: Json, at: str) -> Problems:
    if not isinstance(block.get("elements"), list):
        yield Problem("missing required field: elements", at)
    for element, where in items_of(block, "elements", at):
        kind = kind_of(element)
        if kind not in _RICH_TEXT:
            yield Problem(f"unsupported type: {kind}", f"{where}/type")
            continue
        yield from check_fields(element, _RICH_TEXT[kind], where)
        if not isinstance(element.get("elements"), list) or not element["elements"]:
            yield Problem("no less than 1 items allowed", f"{where}/elements")
        if kind == "rich_text_list":
            yield from _check_list(element, where)
        else:
            yield from _check_words(element, where)


def _check_list(element: Json, at: str) -> Problems:
    if element.get("style") not in {"bullet", "ordered"}:
        yield Problem(NOT_ALLOWED, f"{at}/style")
    for item, where in items_of(element, "elements", at):
        if kind_of(item) != "rich_text_section":
            yield Problem(f"unsupported type: {kind_of(item)}", f"{where}/type")
        elif not item.get("elements"):
            yield Problem("no less than 1 items allowed", f"{where}/elements")
        else:
            yield from _check_words(item, where)


def _check_words(element: Json, at: str) -> Problems:
    """Check the words of a line; Slack takes no empty ones (hermes-agent#59621)."""
    for word, where in items_of(element, "elements", at):
        needed = _RICH_WORDS.get(kind_of(word))
        if needed is None:
            yield Problem(f"unsupported type: {kind_of(word)}", f"{where}/type")
        elif needed in {"text", "url"}:
            yield from check_length(word.get(needed), limits.TEXT_TRUNCATED_AT, f"{where}/{needed}")
        elif not word.get(needed):
            yield Problem(f"missing required field: {needed}", where)


def _check_table(block: Json, at: str) -> Problems:
    yield from check_count(block.get("rows"), limits.TABLE_ROWS, f"{at}/rows")
    characters = 0
    for row, where in items_of(block, "rows", at):
        if not isinstance(row, list) or not row:
            yield Problem("must be an array", where)
            continue
        if len(row) > limits.TABLE_COLUMNS:
            yield Problem(f"no more than {limits.TABLE_COLUMNS} items allowed", where)
        for column, cell in enumerate(row):
            yield from _check_cell(cell, f"{where}/{column}")
            characters += _count_characters(cell)
    if characters > limits.TABLE_CHARACTERS:
        yield Problem(f"must be less than {limits.TABLE_CHARACTERS + 1} characters", f"{at}/rows")
    settings = block.get("column_settings")
    if settings is not None:
        yield from check_count(settings, limits.TABLE_COLUMNS, f"{at}/column_settings")
    for setting, where in items_of(block, "column_settings", at):
        if setting is not None:
            yield from check_fields(setting, {"align", "is_wrapped"}, where)
            if setting.get("align", "left") not in {"left", "center", "right"}:
                yield Problem(NOT_ALLOWED, f"{where}/align")


def _check_cell(cell: object, at: str) -> Problems:
    """Check a cell; an empty one loses the whole message (vercel/chat#373, hermes-agent#72871)."""
    match kind_of(cell), cell:
        case "raw_text", {"text": text}:
            yield from check_length(text, limits.TABLE_CHARACTERS, f"{at}/text")
        case "raw_number", {"value": int() | float()}:
            pass
        case "rich_text", dict():
            yield from _check_rich_text(cell, at)
            yield from check_count(cell.get("elements"), limits.OPTIONS, f"{at}/elements")
        case kind, _:
            yield Problem(f"unsupported type: {kind}", f"{at}/type")


def _count_characters(cell: object) -> int:
    if not isinstance(cell, dict):
        return 0
    own = cell.get("text", cell.get("value", ""))
    nested = cell.get("elements")
    below = sum(map(_count_characters, nested)) if isinstance(nested, list) else 0
    return len(str(own)) + below


def _check_container(block: Json, at: str) -> Problems:
    """Check a container; its children are those that its docs and its validator both name.

    The docs also list file, input and rich_text, which the live validator didn't take
    (slack-morphism 2.31, `SlackContainerBlock`); markdown is on neither list.
    """
    title, rich_title = block.get("title"), block.get("rich_text_title")
    if title is None and rich_title is None:
        yield Problem("must define either `title` or `rich_text_title`", at)
    if title is not None:
        yield from check_text(title, limits.CONTAINER_TITLE, f"{at}/title", plain=True)
    if block.get("subtitle") is not None:
        yield from check_text(block["subtitle"], limits.CONTAINER_TITLE, f"{at}/subtitle")
    if block.get("width", "standard") not in {"narrow", "standard", "wide", "full"}:
        yield Problem(NOT_ALLOWED, f"{at}/width")
    if block.get("default_collapsed") and not block.get("is_collapsible"):
        yield Problem("requires is_collapsible", f"{at}/default_collapsed")
    if block.get("has_header_divider") and block.get("is_collapsible"):
        # node-slack-sdk#2721: the API refuses the two together.
        yield Problem("not allowed with is_collapsible", f"{at}/has_header_divider")
    yield from check_count(block.get("child_blocks"), limits.CONTAINER_BLOCKS, f"{at}/child_blocks")
    for child, where in items_of(block, "child_blocks", at):
        if kind_of(child) not in _IN_CONTAINER:
            yield Problem(f"unsupported type: {kind_of(child)}", f"{where}/type")
        else:
            yield from _check_block(child, "message", where)


def _check_alert(block: Json, at: str) -> Problems:
    yield from check_text(block.get("text"), limits.SECTION_TEXT, f"{at}/text")
    if block.get("level", "default") not in {"default", "info", "warning", "error", "success"}:
        yield Problem(NOT_ALLOWED, f"{at}/level")


def _check_task_card(block: Json, at: str) -> Problems:
    yield from check_length(block.get("task_id"), limits.ID_LENGTH, f"{at}/task_id")
    yield from check_length(block.get("title"), limits.SECTION_TEXT, f"{at}/title")
    if block.get("status", "pending") not in {"pending", "in_progress", "complete", "error"}:
        yield Problem(NOT_ALLOWED, f"{at}/status")


def _check_nothing(_block: Json, _at: str) -> Problems:
    return iter(())


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


_VIEW_FIELDS: Final = {
    "modal": {
        "title", "blocks", "close", "submit", "private_metadata", "callback_id", "external_id",
        "clear_on_close", "notify_on_close", "submit_disabled",
    },
    "home": {"title", "blocks", "private_metadata", "callback_id", "external_id"},
}  # fmt: skip
_RICH_TEXT: Final = {
    "rich_text_section": {"elements"},
    "rich_text_list": {"elements", "style", "indent", "offset", "border"},
    "rich_text_preformatted": {"elements", "border", "language"},
    "rich_text_quote": {"elements", "border"},
}
_RICH_WORDS: Final = {
    "text": "text", "link": "url", "emoji": "name", "user": "user_id", "channel": "channel_id",
    "usergroup": "usergroup_id", "broadcast": "range", "date": "timestamp", "color": "value",
}  # fmt: skip
_FIELDS: Final[dict[str, set[str]]] = {
    "section": {"text", "fields", "accessory", "expand"},
    "header": {"text", "level"},
    "divider": set(),
    "context": {"elements"},
    "context_actions": {"elements"},
    "actions": {"elements"},
    "markdown": {"text"},
    "input": {"label", "element", "hint", "optional", "dispatch_action"},
    "rich_text": {"elements"},
    "table": {"rows", "column_settings"},
    "container": {
        "title", "rich_text_title", "subtitle", "child_blocks", "width", "icon", "is_collapsible",
        "default_collapsed", "has_header_divider",
    },
    "alert": {"text", "level"},
}  # fmt: skip
_CHECKS: Final[dict[str, Callable[[Json, str], Problems]]] = {
    "section": _check_section,
    "header": _check_header,
    "divider": _check_nothing,
    "image": check_image,
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
    "container": _check_container,
    "data_table": _check_nothing,
    "data_visualization": _check_nothing,
    "alert": _check_alert,
}
_IN_CONTAINER: Final = frozenset({
    "actions", "context", "divider", "header", "image", "section", "table", "video",
})  # fmt: skip
_MESSAGES_ONLY: Final = {
    "markdown", "context_actions", "file", "task_card", "plan", "table", "data_table",
    "data_visualization", "card", "carousel",
}  # fmt: skip
_VIEWS_ONLY: Final = {"input", "alert"}
