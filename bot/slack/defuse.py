"""What the model wrote, made safe to show: no pings, no images, no lying links. Pure.

What is neutralised stays readable: a zero-width space breaks the token up. Whether Slack's tokens
are live inside Markdown and inside code is not documented, so they count as live everywhere.
"""

import html
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from typing_extensions import override

from bot.slack.prose import ProseFilter, Step, keep, step_over_code

BREAK: Final = "\u200b"
"""Put inside a token, it takes its meaning and leaves its looks."""

# Slack's tokens for user, channel, user group, date and broadcast, and the bare broadcasts that
# `link_names` or a client may turn into such tokens (Slack docs, "Formatting text for app
# surfaces"). An "@" behind a letter belongs to an e-mail address.
_LIVE_TOKEN: Final = re.compile(
    r"<(?=[@#][A-Z][A-Z0-9]{2}|!subteam\^|!date\^|!(?i:channel|here|everyone)\b)"
    r"|(?<!\w)@(?=(?i:channel|here|everyone)\b)"
)
_TOKEN_REACH: Final = len("<!everyone") + 1

_LABEL_REACH: Final = 500
_LABEL_DEPTH: Final = 10
_LABEL_MARKS: Final = re.compile(r"\\.|[\[\]]|\n\n", re.DOTALL)
_DEPTHS: Final = {"[": 1, "]": -1}
_TARGET_REACH: Final = 2_000
_PLAIN_RUN: Final = re.compile(r"[^\n`\\!\[\]<]+")
_TARGET: Final = re.compile(
    r"\([ \t]*(<[^<>\n]*>|[^\s()<>]*(?:\([^\s()]*\)[^\s()]*)*)"
    r"(?:[ \t]+(?:\"[^\"\n]*\"|'[^'\n]*'|\([^()\n]*\)))?[ \t]*\)"
)
_URL_OPENERS: Final = ("<http:", "<https:", "<mailto:")
_OPEN_URL: Final = re.compile(r"<(?:https?|mailto):[^\s|<>]*", re.IGNORECASE)
_SHOWN_HOST: Final = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://|www\.)[^\s/?#]+|^[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?=[/?#:]|$)",
    re.IGNORECASE,
)


def defuse(text: str) -> str:
    """Return `text` with mentions and broadcasts broken up, images as links, links honest.

    An honest link names its host when its label shows another one. Doing it twice changes nothing.
    """
    defuser = StreamDefuser()
    return defuser.feed(text) + defuser.flush()


def break_mentions(text: str) -> str:
    """Return `text` with mentions and broadcasts broken up; nothing else is changed."""
    return _LIVE_TOKEN.sub(lambda token: token[0] + BREAK, text)


class StreamDefuser:
    """Defuses a text that arrives in pieces; the joined output equals `defuse` of the whole.

    What could still become a token, a link or a code span is held back until that is decided.
    """

    def __init__(self) -> None:
        self._links = _LinkFilter()
        self._mentions = _MentionFilter()

    def feed(self, piece: str) -> str:
        """Take the next piece and return what is safe to show by now."""
        return self._mentions.feed(self._links.feed(piece))

    def flush(self) -> str:
        """Return what was held back; nothing follows."""
        rest = self._mentions.feed(self._links.flush())
        return rest + self._mentions.flush()


class _MentionFilter:
    """Breaks up whatever would ping somebody, in code as well."""

    def __init__(self) -> None:
        self._held = ""
        self._before = ""

    def feed(self, piece: str) -> str:
        text = self._held + piece
        undecided = max(0, len(text) - _TOKEN_REACH + 1)
        starts = [at for mark in "<@" if (at := text.find(mark, undecided)) >= 0]
        return self._release(text, min(starts, default=len(text)))

    def flush(self) -> str:
        return self._release(self._held, len(self._held))

    def _release(self, text: str, end: int) -> str:
        # The pattern looks one character back and a few ahead, past what is released.
        known = self._before + text
        shift = len(self._before)
        safe: list[str] = []
        done = shift
        for match in _LIVE_TOKEN.finditer(known, shift):
            if match.start() >= shift + end:
                break
            safe.append(known[done : match.end()] + BREAK)
            done = match.end()
        safe.append(known[done : shift + end])
        self._before = known[: shift + end][-1:]
        self._held = text[end:]
        return "".join(safe)


class _LinkFilter(ProseFilter):
    """Turns images into links and makes links name their hosts, outside of code."""

    @override
    def _step_over_prose(self, text: str, at: int, *, final: bool) -> Step | None:
        if text[at] == "!":
            return self._step_over_image(text, at, final=final)
        if step_over := _STEPS.get(text[at]):
            return step_over(text, at, final=final)
        run = _PLAIN_RUN.match(text, at)
        return keep(text, at, run.end() if run else at + 1)

    def _step_over_image(self, text: str, at: int, *, final: bool) -> Step | None:
        if at + 1 == len(text) and not final:
            return None
        if not text.startswith("[", at + 1):
            return keep(text, at, at + 1)
        link = _step_over_link(text, at + 1, final=final)
        if link is None:
            return None
        if link.end == at + 2:
            return Step(link.end, "![")
        # Without its "!" an image is a link; a "!" in front of it must not make it one again.
        return Step(link.end, (BREAK if self._line.endswith("!") else "") + link.shown)


def _step_over_link(text: str, opening: int, *, final: bool) -> Step | None:
    """Make a link honest, or keep a "[" that opens none."""
    no_link = keep(text, opening, opening + 1)
    closing = _find_label_end(text, opening)
    if closing is None or (closing > 0 and closing + 1 == len(text)):
        return no_link if final else None
    if closing < 0 or text[closing + 1] != "(":
        return no_link
    target = _TARGET.match(text, closing + 1, closing + 1 + _TARGET_REACH)
    if target is None:
        line_end = text.find("\n", closing)
        decided = final or line_end >= 0 or len(text) - closing > _TARGET_REACH
        return no_link if decided else None
    labels = _LinkFilter(before="[")
    label = labels.feed(text[opening + 1 : closing]) + labels.flush()
    host = _host_of(target[1])
    if host and _shows_other_host(label, host):
        label = f"{label} ({host})"
    return Step(target.end(), f"[{label}]{target[0]}")


def _find_label_end(text: str, opening: int) -> int | None:
    """Return the offset of the "]" that closes a label, -1 if none does, None if undecided."""
    depth = 0
    for mark in _LABEL_MARKS.finditer(text, opening, opening + _LABEL_REACH):
        depth += _DEPTHS.get(mark[0], 0)
        if mark[0] == "\n\n" or depth > _LABEL_DEPTH:
            return -1
        if depth == 0:
            return mark.start()
    return -1 if len(text) - opening >= _LABEL_REACH else None


def _host_of(target: str) -> str:
    """Return the host that a browser would go to, or "" for a target without one."""
    address = html.unescape(target.strip("<>")).replace("\\", "/")
    try:
        return urlsplit(address).hostname or ""
    except ValueError:  # such as an unclosed "[" of an IPv6 address
        return ""


def _shows_other_host(label: str, host: str) -> bool:
    if label.endswith(f"({host})"):
        return False
    for shown in _SHOWN_HOST.findall(label):
        name = _host_of(shown if "://" in shown else f"https://{shown}").removeprefix("www.")
        if name != host.removeprefix("www.") and not host.endswith(f".{name}"):
            return True
    return False


def _step_over_bracket(text: str, at: int, *, final: bool) -> Step | None:
    """Break up what could open a link's target, but belongs to no link that was understood."""
    if at + 1 == len(text) and not final:
        return None
    return Step(at + 1, "]" + (BREAK if text.startswith("(", at + 1) else ""))


def _step_over_angle(text: str, at: int, *, final: bool) -> Step | None:
    """Keep an autolink; break up Slack's own `<url|label>`, which may lie about its target."""
    url = _OPEN_URL.match(text, at)
    if url is None:
        start = text[at : at + len("<mailto:")].lower()
        undecided = any(opener.startswith(start) for opener in _URL_OPENERS)
        return None if undecided and not final else keep(text, at, at + 1)
    if url.end() - at > _TARGET_REACH:
        return Step(at + 1, "<" + BREAK)
    if url.end() == len(text):
        return keep(text, at, url.end()) if final else None
    return Step(at + 1, "<" + BREAK) if text[url.end()] == "|" else keep(text, at, url.end())


def _step_over_escape(text: str, at: int, *, final: bool) -> Step | None:
    return keep(text, at, at + 2) if final or at + 1 < len(text) else None


_STEPS: Final[dict[str, Callable[..., Step | None]]] = {
    "`": step_over_code,
    "[": _step_over_link,
    "]": _step_over_bracket,
    "<": _step_over_angle,
    "\\": _step_over_escape,
}
