"""Links to files and messages of Slack's own in a message's text. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit

SLACK_ORIGIN: Final = "https://slack.com"

_URL = re.compile(r"<(https?://[^<>|\s]+)(?:\|[^<>]*)?>")
# A canvas is a file, too, whose link is its own.
_FILE = re.compile(r"/(?:files/[UW][A-Z0-9]+|docs/[ET][A-Z0-9]+)/(F[A-Z0-9]+)(?:/.*)?")
_MESSAGE = re.compile(r"/archives/([CDG][A-Z0-9]+)/p([0-9]{10})([0-9]{6})/?")
_TS = re.compile(r"[0-9]{10}\.[0-9]{6}")


@dataclass(frozen=True, slots=True)
class FileLink:
    """A link to a file or canvas."""

    file_id: str


@dataclass(frozen=True, slots=True)
class MessageLink:
    """A link to a message; `root_ts` is its thread's root, its own `ts` unless it is a reply."""

    channel: str
    ts: str
    root_ts: str

    @property
    def is_reply(self) -> bool:
        """Whether it leads into a thread, not to its root."""
        return self.ts != self.root_ts


Link = FileLink | MessageLink


def find_links(text: str, origins: Collection[str] = (SLACK_ORIGIN,)) -> list[Link]:
    """Return the files and messages that a message links to, each once, in order.

    A message's link is `/archives/C…/p…`, the digits being its `ts` without the dot; that of a
    reply adds `thread_ts` (Slack docs, chat.getPermalink). Only ids are taken from a link, which
    Slack is then asked about; its address is never visited.

    Args:
        text: The message as Slack has it; every address in it stands in `<…>` or `<…|label>`.
        origins: Where Slack is, such as `https://slack.com`; workspaces have hosts below it.
    """
    links: list[Link] = []
    for address in _URL.findall(text):
        try:
            url = urlsplit(address.replace("&amp;", "&"))
        except ValueError:
            continue
        link = _parse_link(url) if any(_is_at(url, origin) for origin in origins) else None
        if link is not None:
            links.append(link)
    return list(dict.fromkeys(links))


def _parse_link(url: SplitResult) -> Link | None:
    if file := _FILE.fullmatch(url.path):
        return FileLink(file[1])
    if message := _MESSAGE.fullmatch(url.path):
        channel, seconds, micros = message.groups()
        ts = f"{seconds}.{micros}"
        thread_ts = parse_qs(url.query).get("thread_ts", [""])[0]
        return MessageLink(channel, ts, thread_ts if _TS.fullmatch(thread_ts) else ts)
    return None


def _is_at(url: SplitResult, origin: str) -> bool:
    scheme, _, host = origin.partition("://")
    return url.scheme == scheme and f".{url.netloc.lower()}".endswith(f".{host}")
