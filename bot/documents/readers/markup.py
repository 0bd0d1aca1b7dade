"""Web pages: what a person would read of them, as simple Markdown."""

import re
from collections import Counter
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Literal

from typing_extensions import override

from .encoding import decode
from .kinds import Kind
from .pages import Limits, Reading
from .sections import read_sections

_CHARSET = re.compile(rb"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)

_UNSEEN = frozenset({"script", "style", "template", "noscript", "svg", "iframe", "object"})
_VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
})  # fmt: skip
_GONE = re.compile(r"\bdisplay\s*:\s*none|\bvisibility\s*:\s*hidden", re.IGNORECASE)
_FONT_SIZE = re.compile(r"\bfont-size\s*:\s*([\d.]+)", re.IGNORECASE)
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "head", "header", "hr", "main",
    "nav", "ol", "p", "pre", "section", "summary", "table", "title", "ul",
})  # fmt: skip
_CLOSED_BY = {
    "dd": frozenset({"dd", "dt"}),
    "dt": frozenset({"dd", "dt"}),
    "li": frozenset({"li"}),
    "option": frozenset({"option"}),
    "p": _BLOCKS | {"dd", "dt", "li", "td", "th", "tr"},
    "td": frozenset({"td", "th", "tr"}),
    "th": frozenset({"td", "th", "tr"}),
    "tr": frozenset({"tr"}),
}
"""Elements that need no end tag, and what begins only after they have ended."""

_OPENINGS = {
    **dict.fromkeys(_BLOCKS, "\n\n"),
    **{f"h{level}": "\n\n" + "#" * level + " " for level in range(1, 7)},
    "br": "\n",
    "li": "\n- ",
}


def read(data: bytes, _kind: Kind, limits: Limits) -> Reading:
    """Read the visible text with headings, lists and tables, by its headings.

    Scripts and styles are dropped, and what the page's own attributes hide.
    """
    declared = _CHARSET.search(data[:4096])
    html = decode(data, declared[1].decode() if declared else "")
    return read_sections(to_markdown(html), limits)


def to_markdown(html: str) -> str:
    """Turn HTML into text; markup is never expanded (spans, nesting), so it costs linear time."""
    writer = _Writer()
    writer.feed(html)
    writer.close()
    return writer.text()


@dataclass(frozen=True, slots=True)
class _Element:
    """An open element: what is in a `gone` one isn't there, the words of a `tiny` one neither."""

    tag: str
    gone: bool
    tiny: bool


class _Hiding:
    """Follows the elements from one that hides its content to where that one ends.

    Children can't show what `display: none` hides, but they may have a font size of their own:
    layouts of mails set it to 0 around every column.
    """

    def __init__(self) -> None:
        self._open: list[_Element] = []
        self._counts: Counter[str] = Counter()

    @property
    def gone(self) -> bool:
        return bool(self._open) and self._open[-1].gone

    @property
    def tiny(self) -> bool:
        return bool(self._open) and self._open[-1].tiny

    def enter(self, tag: str, attributes: dict[str, str | None]) -> bool:
        """Note an element's start; return whether there is nothing to see of it."""
        self._close_implied(tag)
        style = attributes.get("style") or ""
        gone = self.gone or tag in _UNSEEN or "hidden" in attributes or bool(_GONE.search(style))
        size = _FONT_SIZE.search(style)
        tiny = not size[1].strip("0.") if size else self.tiny
        if (self._open or gone or tiny) and tag not in _VOID:
            self._open.append(_Element(tag, gone, tiny))
            self._counts[tag] += 1
        return gone

    def leave(self, tag: str) -> bool:
        """Note an element's end; return whether there is nothing to see of it."""
        gone = self.gone
        if self._counts[tag]:
            while self._pop() != tag:
                pass
        elif self._open and self._open[0].tag in _CLOSED_BY:
            # Something around it ends, and so does what needs no end of its own.
            self._open.clear()
            self._counts.clear()
            return False
        return gone

    def _close_implied(self, tag: str) -> None:
        while self._open and tag in _CLOSED_BY.get(self._open[-1].tag, ()):
            self._pop()

    def _pop(self) -> str:
        tag = self._open.pop().tag
        self._counts[tag] -= 1
        return tag


class _Writer(HTMLParser):
    """Writes Markdown while it reads; it keeps no tree, so nesting is no matter.

    Borders between blocks wait until text follows, so that the strongest of a row of them is
    written, and none inside a table's row.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._border = ""
        self._fresh_cell = False
        self._cells = 0
        self._verbatim = False
        self._fence: Literal["", "due", "open"] = ""
        self._hiding = _Hiding()

    def text(self) -> str:
        lines = "".join(self._pieces).split("\n")
        return "\n".join(map(str.rstrip, lines)).strip()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if self._hiding.enter(tag, attributes):
            return
        if tag == "tr":
            self._start_row()
        elif tag in {"td", "th"}:
            self._start_cell()
        elif tag == "img":
            description = " ".join((attributes.get("alt") or "").split())
            self._write(f"[image: {description}]" if description else "")
        elif tag in _OPENINGS:
            self._separate(_OPENINGS[tag])
            if tag == "pre":
                self._start_verbatim()

    @override
    def handle_endtag(self, tag: str) -> None:
        if self._hiding.leave(tag):
            return
        if tag == "table":
            self._fresh_cell, self._cells = False, 0
        if tag == "pre":
            self._end_verbatim()
        if tag in _OPENINGS and not self._fresh_cell:
            # In place of the heading's or item's own mark, if nothing was in it.
            self._border = "\n" if tag == "li" else "\n\n"

    @override
    def handle_data(self, data: str) -> None:
        if self._hiding.gone or self._hiding.tiny:
            return
        text = data if self._verbatim else re.sub(r"\s+", " ", data)
        after_space = self._border or (self._pieces and self._pieces[-1][-1:].isspace())
        self._write(text.lstrip() if after_space and not self._verbatim else text)

    def _start_row(self) -> None:
        if self._cells:
            self._border = "\n"
        else:
            self._separate("\n")
        self._fresh_cell, self._cells = True, 0

    def _start_cell(self) -> None:
        if self._cells:
            self._border = (self._border if self._fresh_cell else "") + " | "
        self._fresh_cell = True
        self._cells += 1

    def _start_verbatim(self) -> None:
        self._verbatim = True
        # Without a fence its lines could pass for headings; a table's row has no place for one.
        self._fence = "" if self._cells else "due"

    def _end_verbatim(self) -> None:
        if self._fence == "open":
            self._pieces.append("\n```")
        self._verbatim, self._fence = False, ""

    def _separate(self, border: str) -> None:
        if not self._fresh_cell and len(border) > len(self._border):
            apart = self._border == "\n\n" and not border.startswith("\n\n")
            self._border = "\n" + border if apart else border

    def _write(self, text: str) -> None:
        if text:
            if self._fence == "due":
                self._border += "```\n"
                self._fence = "open"
            self._pieces += (self._border, text)
            self._border = ""
            self._fresh_cell = False
