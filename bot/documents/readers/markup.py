"""Web pages: what a person would read of them, as simple Markdown."""

import re
from html.parser import HTMLParser

from typing_extensions import override

from .encoding import decode
from .kinds import Kind
from .pages import Limits, Reading, read_parts

_CHARSET = re.compile(rb"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)

_UNSEEN = frozenset({"script", "style", "template", "noscript", "svg", "iframe", "object"})
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "head", "header", "hr", "main",
    "nav", "ol", "p", "pre", "section", "summary", "table", "title", "ul",
})  # fmt: skip
_OPENINGS = {
    **dict.fromkeys(_BLOCKS, "\n\n"),
    **{f"h{level}": "\n\n" + "#" * level + " " for level in range(1, 7)},
    "br": "\n",
    "li": "\n- ",
}


def read(data: bytes, _kind: Kind, limits: Limits) -> Reading:
    """Read the visible text with headings, lists and tables; scripts and styles are dropped."""
    declared = _CHARSET.search(data[:4096])
    return read_parts(to_markdown(decode(data, declared[1].decode() if declared else "")), limits)


def to_markdown(html: str) -> str:
    """Turn HTML into text; markup is never expanded (spans, nesting), so it costs linear time."""
    writer = _Writer()
    writer.feed(html)
    writer.close()
    return writer.text()


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
        self._unseen = ""

    def text(self) -> str:
        lines = "".join(self._pieces).split("\n")
        return "\n".join(map(str.rstrip, lines)).strip()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._unseen:
            return
        if tag in _UNSEEN:
            self._unseen = tag
        elif tag == "tr":
            self._start_row()
        elif tag in {"td", "th"}:
            self._start_cell()
        elif tag == "img":
            description = " ".join((dict(attrs).get("alt") or "").split())
            self._write(f"[image: {description}]" if description else "")
        elif tag in _OPENINGS:
            self._verbatim = self._verbatim or tag == "pre"
            self._separate(_OPENINGS[tag])

    @override
    def handle_endtag(self, tag: str) -> None:
        if self._unseen:
            if tag == self._unseen:
                self._unseen = ""
            return
        if tag == "table":
            self._fresh_cell, self._cells = False, 0
        if tag == "pre":
            self._verbatim = False
        if tag in _OPENINGS and not self._fresh_cell:
            # In place of the heading's or item's own mark, if nothing was in it.
            self._border = "\n" if tag == "li" else "\n\n"

    @override
    def handle_data(self, data: str) -> None:
        if self._unseen:
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

    def _separate(self, border: str) -> None:
        if not self._fresh_cell and len(border) > len(self._border):
            apart = self._border == "\n\n" and not border.startswith("\n\n")
            self._border = "\n" + border if apart else border

    def _write(self, text: str) -> None:
        if text:
            self._pieces += (self._border, text)
            self._border = ""
            self._fresh_cell = False
