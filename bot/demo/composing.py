"""Turn what a person types into Slack's wire text, and wire text into a rich text block."""

import re
from collections.abc import Iterator, Mapping

from bot.demo.workspace import Json

_TOKEN = re.compile(r"<(?P<token>[^<>]+)>")
_TYPED = re.compile(
    r"(?P<link>https?://[^\s<>]+[^\s<>.,;:!?)\]}'\"])"
    r"|(?<![\w@])@(?P<user>[\w.-]*\w)"
    r"|(?<![\w#])#(?P<channel>[\w-]+)"
)
_MENTION = re.compile(r"<[@#!][^<>]+>")
_BARE_USER = re.compile(r"<@(\w+)>")
_BROADCASTS = {"here", "channel", "everyone"}


def escape(text: str) -> str:
    """Escape the three characters Slack escapes, and no other."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def encode_typed(typed: str, users: Mapping[str, str], channels: Mapping[str, str]) -> str:
    """Encode typed text as Slack's client does.

    Args:
        typed: As it stands in the composer.
        users: Name, lower case and without the `@`, to id.
        channels: Name without the `#` to id.
    """

    def encode(match: re.Match[str]) -> str:
        if match["link"]:
            return f"<{escape(match['link'])}>"
        if match["user"]:
            name = match["user"].lower()
            if name in _BROADCASTS:
                return f"<!{name}>"
            return f"<@{users[name]}>" if name in users else escape(match[0])
        if match["channel"] in channels:
            return f"<#{channels[match['channel']]}|{match['channel']}>"
        return escape(match[0])

    parts: list[str] = []
    end = 0
    for match in _TYPED.finditer(typed):
        parts += [escape(typed[end : match.start()]), encode(match)]
        end = match.end()
    return "".join([*parts, escape(typed[end:])])


def encode_command(typed: str, users: Mapping[str, str], channels: Mapping[str, str]) -> str:
    """Encode a command's typed text as Slack does for an app that sets `should_escape`.

    Mentions come with their names (Slack docs, slash commands). What stands there as a token
    already, as after choosing it from a list, stays.

    Args:
        typed: As it stands in the composer.
        users: Name, lower case and without the `@`, to id.
        channels: Name without the `#` to id.
    """
    names = {user: name for name, user in users.items()}
    parts: list[str] = []
    end = 0
    for match in _MENTION.finditer(typed):
        parts += [encode_typed(typed[end : match.start()], users, channels), match[0]]
        end = match.end()
    text = "".join([*parts, encode_typed(typed[end:], users, channels)])
    return _BARE_USER.sub(lambda m: f"<@{m[1]}|{names.get(m[1], '')}>", text)


def rich_text_of(text: str) -> Json:
    """Build the rich text block that Slack's client sends with a person's message."""
    section = {"type": "rich_text_section", "elements": list(_rich_elements(text))}
    return {"type": "rich_text", "block_id": "rt", "elements": [section]}


def links_of(text: str) -> list[str]:
    """Return the web addresses in wire text, or bare in Markdown."""
    found = [unescape(m["token"].partition("|")[0]) for m in _TOKEN.finditer(text)]
    found += [m["link"] for m in _TYPED.finditer(unescape(_TOKEN.sub(" ", text))) if m["link"]]
    return [link for link in found if link.startswith(("http://", "https://"))]


def _rich_elements(text: str) -> Iterator[Json]:
    end = 0
    for match in _TOKEN.finditer(text):
        if match.start() > end:
            yield {"type": "text", "text": unescape(text[end : match.start()])}
        yield _rich_token(match["token"])
        end = match.end()
    if end < len(text):
        yield {"type": "text", "text": unescape(text[end:])}


def _rich_token(token: str) -> Json:
    target, _, label = token.partition("|")
    if target.startswith("@"):
        return {"type": "user", "user_id": target[1:]}
    if target.startswith("#"):
        return {"type": "channel", "channel_id": target[1:]}
    if target.startswith("!"):
        return {"type": "broadcast", "range": target[1:]}
    link = {"type": "link", "url": unescape(target)}
    return {**link, "text": unescape(label)} if label else link
