"""What every check of Block Kit JSON is made of; the problems read as Slack words them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from bot.demo import limits
from bot.demo.workspace import Json

NOT_ALLOWED: Final = "value must be one of the allowed values"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and the JSON pointer to where."""

    text: str
    pointer: str

    def worded(self) -> str:
        return f"{self.text} [json-pointer:{self.pointer}]"


Problems = Iterator[Problem]


def check_text(text: object, most: int, at: str, *, plain: bool = False) -> Problems:
    """Check a text object; `plain` where Slack takes no mrkdwn."""
    if not isinstance(text, dict):
        yield Problem("missing required field: text", at)
        return
    kinds = {"plain_text"} if plain else {"plain_text", "mrkdwn"}
    if text.get("type") not in kinds:
        yield Problem(f"unsupported type: {text.get('type')}", f"{at}/type")
    only = "emoji" if text.get("type") == "plain_text" else "verbatim"
    yield from check_fields(text, {"text", only}, at)
    yield from check_length(text.get("text"), most, f"{at}/text")


def check_length(value: object, most: int, at: str, *, least: int = 1) -> Problems:
    """Check a string's length; with `least=0` it may be missing."""
    if value is None and least == 0:
        return
    if not isinstance(value, str):
        yield Problem("must be a string", at)
    elif len(value) < least:
        yield Problem(f"must be more than {least - 1} characters", at)
    elif len(value) > most:
        yield Problem(f"must be less than {most + 1} characters", at)


def check_count(items: object, most: int, at: str) -> Problems:
    """Check that there is a list of at least one item."""
    if not isinstance(items, list) or not items:
        yield Problem("no less than 1 items allowed", at)
    elif len(items) > most:
        yield Problem(f"no more than {most} items allowed", at)


def check_fields(value: Json, allowed: Collection[str], at: str) -> Problems:
    """Check that there is nothing but `type`, `block_id` and these."""
    for extra in sorted(set(value) - {*allowed, "type", "block_id"}):
        yield Problem(f"invalid additional property: {extra}", at)


def check_image(image: Json, at: str) -> Problems:
    """Check an image, be it a block or an element."""
    if not image.get("image_url") and not image.get("slack_file"):
        yield Problem("must define either `image_url` or `slack_file`", at)
    if image.get("image_url"):
        yield from check_length(image["image_url"], limits.IMAGE_URL, f"{at}/image_url")
    yield from check_length(image.get("alt_text"), limits.IMAGE_TEXT, f"{at}/alt_text")
    if image.get("title") is not None:
        yield from check_text(image["title"], limits.IMAGE_TEXT, f"{at}/title", plain=True)


def kind_of(value: object) -> Any:
    """Return the type that an object says it has, or what is there instead of an object."""
    return value.get("type") if isinstance(value, dict) else value


def items_of(value: Json, name: str, at: str) -> Iterator[tuple[Any, str]]:
    """Return the items of a list and the pointer to each; nothing where there is no list."""
    items = value.get(name)
    if isinstance(items, list):
        for index, item in enumerate(items):
            yield item, f"{at}/{name}/{index}"
