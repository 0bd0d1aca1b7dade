"""The model's Markdown with what Slack can't show made readable. Pure.

Formulas become text, HTML becomes Markdown, and footnotes lose what Markdown would take for the
definition of a link. Code stays as it is, and so does whatever is not understood.
"""

import html
import re
from typing import Final

from typing_extensions import override

from bot.slack.formulas import Formula, find_formula
from bot.slack.math import read_formula, subscript, superscript
from bot.slack.prose import ProseFilter, Step, keep, step_over_code

_PLAIN_RUN: Final = re.compile(r"[^\n`\\$<&\[]+|\n+")
_BLOCK_START: Final = re.compile(r"[ \t]*(?:[-*+>#]|\d{1,9}[.)])|[ \t]{2,}")
_BEHIND_DISPLAY: Final = re.compile(r"[ \t]*([.,;:!?]?)[ \t]*(\n?)")
_DISPLAY_INDENT: Final = "\u2003"
"""Sets a formula off from the text; it is no indentation to Markdown."""

_PAIRS: Final = {
    **dict.fromkeys(("b", "strong"), "**{}**"),
    **dict.fromkeys(("i", "em"), "*{}*"),
    **dict.fromkeys(("s", "del", "strike"), "~~{}~~"),
    **dict.fromkeys(("code", "kbd", "samp", "tt"), "`{}`"),
    **dict.fromkeys(("u", "mark", "small"), "{}"),
}
_SCRIPTS: Final = {"sup": superscript, "sub": subscript}
_OPENERS: Final = tuple(f"<{name}>" for name in (*_PAIRS, *_SCRIPTS))
_OPENER: Final = re.compile("|".join(_OPENERS), re.IGNORECASE)
_BREAK_TAGS: Final = ("<br>", "<br/>", "<br />")
_BREAK_TAG: Final = re.compile("|".join(_BREAK_TAGS), re.IGNORECASE)
_TAG_REACH: Final = 200
_INSIDE: Final = re.compile(r"[^<\n`]*")
_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_MAYBE_ENTITY: Final = re.compile(r"&(?:#?[A-Za-z0-9]{0,31})\Z")
_FOOTNOTE: Final = re.compile(r"\[\^([A-Za-z0-9_-]{1,40})\](:[ \t]?)?")
_MAYBE_FOOTNOTE: Final = re.compile(r"\[(?:\^[A-Za-z0-9_-]{0,40}(?:\]:?)?)?\Z")
_MARKUP: Final = frozenset("<>&*_`[]|\\#~$")


def make_readable(markdown: str) -> str:
    """Return Markdown that Slack can show; done twice, it may read what the first time left."""
    readable = Readable()
    return readable.feed(markdown) + readable.flush()


class Readable(ProseFilter):
    """Makes Markdown readable that arrives in pieces, as `make_readable` does.

    Holds an open formula back, of at most 1,500 characters.
    """

    def __init__(self) -> None:
        super().__init__()
        self._behind_display = False

    @override
    def _step_over_prose(self, text: str, at: int, *, final: bool) -> Step | None:
        if self._behind_display:
            return self._step_behind_display(text, at, final=final)
        match text[at]:
            case "`":
                return step_over_code(text, at, final=final)
            case "$" | "\\":
                return self._step_over_formula(text, at, final=final)
            case "<":
                return self._step_over_tag(text, at, final=final)
            case "&":
                return _step_over_entity(text, at, final=final)
            case "[":
                return self._step_over_footnote(text, at, final=final)
            case _:
                run = _PLAIN_RUN.match(text, at)
                return keep(text, at, run.end() if run else at + 1)

    def _step_over_formula(self, text: str, at: int, *, final: bool) -> Step | None:
        found = find_formula(text, at, before=self._line, final=final)
        if found == "undecided":
            return None
        if found == "none":
            width = 2 if text[at] == "\\" or text.startswith("$$", at) else 1
            return keep(text, at, at + width)
        lines = read_formula(found.latex)
        return keep(text, at, found.end) if lines is None else self._show(found, lines)

    def _show(self, formula: Formula, lines: list[str]) -> Step:
        """Show a formula in a line of its own if it was written so and the line allows it."""
        if formula.display and "|" not in self._line and not _BLOCK_START.match(self._line):
            self._behind_display = True
            # Two spaces at its end break a line in Markdown.
            shown = "  \n".join(_DISPLAY_INDENT + line for line in lines)
            return Step(formula.end, ("\n\n" if self._line.strip() else "") + shown)
        shown = "; ".join(lines)
        begins_block = not self._line.strip() and shown[0] in ">#+="
        return Step(formula.end, ("\u200b" if begins_block else "") + shown)

    def _step_behind_display(self, text: str, at: int, *, final: bool) -> Step | None:
        found = _BEHIND_DISPLAY.match(text, at)
        if found is None or (found.end() == len(text) and not found[2] and not final):
            return None
        self._behind_display = False
        return Step(found.end(), found[1] + (found[2] or "\n\n" * (found.end() < len(text))))

    def _step_over_tag(self, text: str, at: int, *, final: bool) -> Step | None:
        if line_break := _BREAK_TAG.match(text, at):
            # In a table's row a line break would end the row.
            return Step(line_break.end(), "<br>" if "|" in self._line else "  \n")
        opener = _OPENER.match(text, at)
        if opener is None:
            start = text[at : at + _TAG_REACH].lower()
            undecided = any(tag.startswith(start) for tag in (*_OPENERS, *_BREAK_TAGS))
            return None if undecided and not final else keep(text, at, at + 1)
        return _step_over_pair(text, at, opener, final=final)

    def _step_over_footnote(self, text: str, at: int, *, final: bool) -> Step | None:
        if _MAYBE_FOOTNOTE.match(text, at) and not final:
            return None
        found = _FOOTNOTE.match(text, at)
        if found is None:
            return keep(text, at, at + 1)
        label = found[1]
        defined = found[2] is not None and not self._line.strip()
        shown = superscript(label) if label.isdigit() else f"[^{label}]"
        return Step(found.end(), shown + (" " if defined else found[2] or ""))


def _step_over_pair(text: str, at: int, opener: re.Match[str], *, final: bool) -> Step | None:
    """Put a short text between two tags in Markdown; a tag without the other stays as it is."""
    name = opener[0][1:-1].lower()
    closer = f"</{name}>"
    inside = _INSIDE.match(text, opener.end(), opener.end() + _TAG_REACH)
    start = text[inside.end() : inside.end() + len(closer)].lower() if inside else ""
    if inside and start == closer and inside[0].strip():
        return Step(inside.end() + len(closer), _put_pair(name, inside[0]))
    undecided = inside and inside.end() + len(start) == len(text) and closer.startswith(start)
    return None if undecided and not final else keep(text, at, opener.end())


def _put_pair(name: str, inside: str) -> str:
    if name in _SCRIPTS:
        return _SCRIPTS[name](inside)
    text = inside.strip()
    before, _, after = inside.partition(text)
    return before + _PAIRS[name].format(text) + after


def _step_over_entity(text: str, at: int, *, final: bool) -> Step | None:
    """Put a character in the place of its name, unless Markdown would take it for its own."""
    if _MAYBE_ENTITY.match(text, at) and not final:
        return None
    entity = _ENTITY.match(text, at)
    if entity is None:
        return keep(text, at, at + 1)
    character = html.unescape(entity[0])
    told = len(character) == 1 and character.isprintable() and character not in _MARKUP
    shown = character if told or character == "\u00a0" else entity[0]
    return Step(entity.end(), shown)
