"""Links in an answer that could carry data out of a conversation, made inert. Pure.

A document may get the model to write a link that holds what others wrote, for somebody to follow
(OWASP LLM01, "Prompt injection"). Only addresses that were in the prompt stay links: they hold
nothing that their author did not know. The others stay readable, as code.
"""

import html
import re
from collections.abc import Iterable
from typing import Final

_LABEL_REACH: Final = 500
_URL_REACH: Final = 2_000
_WORD_REACH: Final = 100

# What ends an address in running text: quotes, brackets that it cannot hold, and the punctuation
# of Chinese and Japanese, which has no space after it.
_URL_END = '\\s<>`"|\\[\\]\\\\“”„「」『』【】、。\uff08\uff09\uff0c\uff1b'
_REST = rf"[^{_URL_END}]{{%d,{_URL_REACH}}}"
_SCHEME_START = r"[a-z0-9][a-z0-9+.\-]{1,30}://"
_OTHER_START = r"(?:mailto:|www\.|(?:[a-z0-9\-]{1,63}\.){1,6}[a-z]{2,24}(?::\d{1,5})?[/?#])"
# A scheme alone is one, too: it goes on with whatever follows.
# Below the domain that somebody owns, a host by itself can carry something, too.
_HOST = r"(?:[a-z0-9\-]{1,63}\.){2,8}[a-z]{2,24}(?![\w\-])"
_URL_PATTERN = rf"(?:{_SCHEME_START}{_REST % 0}|{_OTHER_START}{_REST % 1}|{_HOST})"
_URL_START = re.compile(f"{_SCHEME_START}|{_OTHER_START}|{_HOST}", re.IGNORECASE)
_URL = re.compile(_URL_PATTERN, re.IGNORECASE)
_MAYBE_URL = re.compile(
    rf"(?P<word>[a-z0-9][a-z0-9+.\-]{{0,{_WORD_REACH - 1}}})(?::\d{{1,5}}[/?#]?|:/{{0,2}}|[/?#]?)",
    re.IGNORECASE,
)
_TARGET = (
    r"\([ \t]*(?P<target><[^<>\n]*>|[^\s()<>]*(?:\([^\s()]*\)[^\s()]*)*)"
    r"(?:[ \t]+(?:\"[^\"\n]*\"|'[^'\n]*'|\([^()\n]*\)))?[ \t]*\)"
)
_ANGLED = re.compile(rf"<[^\s<>|]{{0,{_URL_REACH}}}")
_WHOLE_TARGET = re.compile(_TARGET)
_MAYBE_TARGET = re.compile(
    r"\([ \t]*(?:<[^<>\n]*>?|[^\s()<>]*(?:\([^\s()]*(?:\)[^\s()]*|$))*)"
    r"(?:[ \t]+(?:[\"'(][^\n]*)?)?"
)
_LABEL = r"(?P<label>(?:[^\[\]\\]|\\.|\[(?:[^\[\]\\]|\\.){0,500}\](?:\([^\s()]*\))?){0,500})"
_LABEL_MARKS = re.compile(r"\\.|[\[\]]|\n\n", re.DOTALL)
_DEPTHS: Final = {"[": 1, "]": -1}
_LINK = re.compile(
    rf"(?P<image>!?)\[{_LABEL}\]{_TARGET}"
    rf"|<(?P<angled>{_URL_PATTERN}|[a-z][a-z0-9+.\-]{{1,31}}:[^\s<>|]{{1,{_URL_REACH}}})>"
    rf"|(?<![a-z0-9])(?P<bare>{_URL_PATTERN})",
    re.IGNORECASE | re.DOTALL,
)
_BARE_URL = re.compile(rf"(?<![a-z0-9]){_URL_PATTERN}", re.IGNORECASE)
# An anchor or a bare word leads nowhere else.
_LOCAL = re.compile(r"#?[\w-]*")
_AFTER_URL = ".,;:!?'*_~\u2019\u2026"
# Backticks in touch make one longer run, a backslash takes their meaning, and "https://" goes on
# with whatever follows.
_TOUCHING = ("`", "\\", "/", ":", ".", "@", "?", "=", "&", "%", "#", "-", "_", "~", "+")
_SCHEME = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)


def find_urls(text: str) -> frozenset[str]:
    """Collect the addresses that stand in the text of a prompt, for a `LinkRule`."""
    urls = {_trim(match[0]) for match in _BARE_URL.finditer(text)}
    return frozenset(url for url in urls if _normalise(url))


class LinkRule:
    """Which addresses may be links, and what becomes of the others."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = {_normalise(url) for url in allowed}

    def allows(self, url: str) -> bool:
        return bool(_LOCAL.fullmatch(url)) or _normalise(url) in self._allowed

    def disarm(self, text: str, ticks: str = "`") -> str:
        """Write the links of a whole text as their labels and, in code, their addresses.

        Of an image its description alone remains. `ticks` open and close the code; the text around
        it must not hold a run of backticks of the same length.
        """
        return _LINK.sub(lambda match: self._show(match, ticks), text)

    def _show(self, match: re.Match[str], ticks: str) -> str:
        text = match.string
        if bare := match["bare"]:
            url = _trim(bare)
            return bare if self.allows(url) else _quote(url, ticks, match) + bare[len(url) :]
        if url := match["angled"]:
            return match[0] if self.allows(url) else _quote(url, ticks, match)
        target = match["target"].strip("<>")
        if self.allows(target):
            start, label, end = match.start(), match.span("label"), match.end()
            shown = self.disarm(match["label"], ticks)
            return f"{text[start : label[0]]}{shown}{text[label[1] : end]}"
        # Backticks of a label could open what the address's own are to close.
        label_text = self.disarm(match["label"].replace("`", ""), ticks).strip()
        if match["image"]:
            return label_text
        address = _quote(target, ticks, match)
        if label_text in {"", target, address.strip()}:
            return address
        return f"{label_text} {address.lstrip()}"


def touches(before: str) -> bool:
    """Tell whether code that begins right behind `before` would be taken together with it."""
    return before.endswith(_TOUCHING)


def close_url(text: str, start: int) -> int | None:
    """Return the offset behind the address that the word at `start` is.

    `start` itself if it is none; None if more text must come first.
    """
    url = _URL.match(text, start)
    opening = _URL_START.match(text, start)
    if url and opening and len(opening[0]) <= _WORD_REACH:
        if url.end() == len(text) and len(url[0]) < _URL_REACH:
            return None
        return start + len(_trim(url[0]))
    word = _MAYBE_URL.match(text, start)
    undecided = word and word.end() == len(text) and len(word["word"]) < _WORD_REACH
    return None if undecided else start


def close_angled(text: str, opening: int) -> int | None:
    """Return the offset behind the autolink, `<address>`, that opens at `opening`.

    `opening` itself if it opens none; None if more text must come first.
    """
    link = _ANGLED.match(text, opening)
    if link and link.end() == len(text) and link.end() - opening < _URL_REACH:
        return None
    return link.end() + 1 if link and text.startswith(">", link.end()) else opening


def close_link(text: str, opening: int) -> int | None:
    """Return the offset behind the Markdown link whose label opens at `opening`.

    -1 if it opens none; None if more text must come first.
    """
    depth = 0
    for mark in _LABEL_MARKS.finditer(text, opening, opening + _LABEL_REACH):
        depth += _DEPTHS.get(mark[0], 0)
        if mark[0] == "\n\n":
            return -1
        if depth == 0:
            return _close_target(text, mark.end())
    return None if len(text) - opening < _LABEL_REACH else -1


def _close_target(text: str, opening: int) -> int | None:
    if opening == len(text):
        return None
    if text[opening] != "(":
        return -1
    reach = opening + _URL_REACH
    if target := _WHOLE_TARGET.match(text, opening, reach):
        return target.end()
    undecided = len(text) < reach and _MAYBE_TARGET.fullmatch(text, opening)
    return None if undecided else -1


def _quote(url: str, ticks: str, match: re.Match[str]) -> str:
    """Write an address as code, apart from what could be taken together with it."""
    before = " " if touches(match.string[: match.start()][-1:]) else ""
    after = " " if match.string.startswith(("`", "<", "[", "!["), match.end()) else ""
    return f"{before}{ticks}{url.replace('`', '%60')}{ticks}{after}"


def _trim(url: str) -> str:
    """Cut off the punctuation of the sentence around an address, but for a scheme's."""
    while not url.endswith("://") and (
        url[-1] in _AFTER_URL or (url[-1] == ")" and url.count(")") > url.count("("))
    ):
        url = url[:-1]
    return url


def _normalise(url: str) -> str:
    """Write alike what leads to the same place without carrying anything more."""
    address = _SCHEME.sub("", html.unescape(url), count=1)
    host, slash, path = address.partition("/")
    return f"{host.casefold()}{slash}{path}".rstrip("/")
