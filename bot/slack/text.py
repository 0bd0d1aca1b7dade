"""Slack's mrkdwn as plain Markdown: names for ids, links as links, entities decoded. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_TOKEN = re.compile(r"<([^<>\n]*)>")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}


@dataclass(frozen=True, slots=True)
class Names:
    """Display names by id; an id that is not there shows its own label or a neutral word."""

    users: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)


def find_ids(text: str) -> tuple[set[str], set[str]]:
    """Return the user ids and the channel ids that `text` names."""
    users, channels = set(), set()
    for token in _TOKEN.findall(text):
        target = token.partition("|")[0]
        if target.startswith("@"):
            users.add(target[1:])
        elif target.startswith("#"):
            channels.add(target[1:])
    return users, channels


def resolve_text(text: str, names: Names, *, without_user: str = "") -> str:
    """Turn Slack's tokens into words, leaving out mentions of `without_user`.

    The rule is Slack's: match `<(.*?)>`; the first character tells the kind; entities are decoded
    last (Slack docs, "Formatting text for app surfaces").
    """

    def replace(match: re.Match[str]) -> str:
        target, _, label = match[1].partition("|")
        if target.startswith("@"):
            user = target[1:]
            return "" if user == without_user else f"@{names.users.get(user) or label or 'someone'}"
        if target.startswith("#"):
            return f"#{names.channels.get(target[1:]) or label or 'private-channel'}"
        if target.startswith("!"):
            return _resolve_special(target[1:], label)
        if target.startswith("mailto:"):
            return label or target.removeprefix("mailto:")
        if not _URL.match(target):
            return match[0]
        return f"[{label}]({target})" if label and label != target else target

    resolved = _TOKEN.sub(replace, text)
    for entity, character in _ENTITIES.items():
        resolved = resolved.replace(entity, character)
    return resolved.strip()


def _resolve_special(target: str, label: str) -> str:
    if target.startswith("date^"):
        return label or "a date"
    if target.startswith("subteam^"):
        return label or "@a-group"
    return f"@{target}"
