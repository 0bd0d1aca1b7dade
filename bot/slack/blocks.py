"""The pieces of Block Kit that our messages are built of. Pure.

Whatever comes in as mrkdwn is escaped and defused already.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.slack import limits
from bot.slack.markdown import escape, shorten

Block = dict[str, Any]


def build_markdown(markdown: str) -> Block:
    """Build a block that shows standard Markdown."""
    return {"type": "markdown", "text": markdown}


def build_section(mrkdwn: str) -> Block:
    """Build a paragraph; what is too long for one is cut."""
    text = shorten(mrkdwn, limits.SECTION_CHARS)
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def build_context(mrkdwn: str) -> Block:
    """Build a line of small print; what is too long for one is cut."""
    text = shorten(mrkdwn, limits.CONTEXT_CHARS)
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}


def build_actions(elements: Sequence[Block]) -> Block:
    """Build a row of buttons and menus."""
    return {"type": "actions", "elements": list(elements)}


def build_button(action_id: str, text: str, value: str, label: str) -> Block:
    """Build a button; `label` is what a screen reader says in place of its text."""
    return {
        "type": "button",
        "action_id": action_id,
        "text": build_plain(text, limits.BUTTON_TEXT_CHARS),
        "value": value,
        "accessibility_label": shorten(label, limits.BUTTON_TEXT_CHARS),
    }


def build_plain(text: str, limit: int) -> Block:
    """Build text without markup, of at most `limit` characters."""
    return {"type": "plain_text", "text": shorten(text, limit)}


def put_plainly(blocks: Sequence[Mapping[str, Any]]) -> list[Block]:
    """Return the blocks in the words of hosts that are older than some of them.

    What a container holds stands under a line with its title; the thumbs of `context_actions` are
    left out. All else is as it was.
    """
    return [plain for block in blocks for plain in _put_plainly(block)]


def _put_plainly(block: Mapping[str, Any]) -> Iterator[Block]:
    match block["type"]:
        case "container":
            title, subtitle = block["title"]["text"], block.get("subtitle", {}).get("text", "")
            line = " · ".join(filter(None, (f"*{escape(title)}*", escape(subtitle))))
            yield build_context(line)
            yield from put_plainly(block["child_blocks"])
        case "context_actions":
            return
        case _:
            yield dict(block)
