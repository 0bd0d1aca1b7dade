"""The model's Markdown, cut to Slack's sizes and made plain. Pure."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from bot.slack.defuse import BREAK, defuse
from bot.slack.prose import FENCE_MARKS
from bot.slack.tables import describe_tables

Measure = Callable[[str], int]
"""The size of a text: at least its length; the size of two texts joined is their sum."""

_LONGEST_WORD: Final = 60
_REPEATED_SHARE: Final = 8
"""A fence's or table's opening is repeated if it is no longer than this part of the limit."""
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_HEADING: Final = re.compile(r"[ \t>]*#{1,6}[ \t]")
_ITEM: Final = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]")
_BLANK: Final = re.compile(r"[ \t\r>]*\n?\Z")
_TABLE_RULE: Final = re.compile(
    r"[ \t>]*(?:\|[ \t]*)?:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t\r]*\n?\Z"
)
# A word with what must not be torn off it: a link or a code span counts as one word.
_WORD: Final = re.compile(r"(?:\[[^\]\n]{0,500}\]\([^)\s]{0,2000}\)|`[^`\n]{1,300}`|\S)+\s*")
_SENTENCE_END: Final = re.compile(
    r"(?:[.!?\u2026][\"'\u201d\u2019)\]*_]*\s+|[\u3002\uff01\uff1f]\s*)\Z"
)
_LONGEST_GRAPHEME: Final = 64

_FORMATTING: Final = re.compile(r"(\*\*|__|~~)(?=\S)(.+?)(?<=\S)\1", re.DOTALL)
_EMPHASIS: Final = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=[^\s*])\*(?![\w*])")
_LINK: Final = re.compile(r"!?\[([^\]\n]*)\]\(([^)\s]*)\)")
_CODE: Final = re.compile(r"(?<!`)(`+)(?!`)([^\n]+?)(?<!`)\1(?!`)")
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")
_ADDRESS: Final = re.compile(r"://|\bwww\.|mailto:|\w\.\w.*[/?#]|\w\.\w+\.[a-z]", re.IGNORECASE)
_LINE_MARKS: Final = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|(?:>[ \t]?)+|```.*|~~~.*)", re.MULTILINE)
_RULES: Final = re.compile(r"^[ \t]*(?:\|?[ \t]*:?-{3,}:?[ \t|:-]*|[*_]{3,})$\n?", re.MULTILINE)
_GAPS: Final = re.compile(r"\n\s*\n")
_BROKEN_END: Final = re.compile(r"(?:&[a-z]{0,4}|<[^<>]*)\Z")


def utf8_size(text: str) -> int:
    """Return the bytes of `text` in UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))


class _Rank(IntEnum):
    """How good a place is to end a message; higher is better."""

    WORD = 1
    SENTENCE = 2
    ROW = 3
    LINE = 4
    ITEM = 5
    PARAGRAPH = 6
    HEADING = 7


@dataclass(frozen=True, slots=True)
class _Frame:
    """What a cut must close in the text before it and open again in the text behind it."""

    closing: str = ""
    opening: str = ""


_NO_FRAME: Final = _Frame()


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a text.

    Attributes:
        start: Offset of its first character.
        end: Offset behind its newline.
        rank: How good a cut before it is; None when that would tear something apart.
        frame: What a cut before it or inside it must close and open.
        divisible: Whether it may be cut between words.
    """

    start: int
    end: int
    rank: _Rank | None
    frame: _Frame = _NO_FRAME
    divisible: bool = True


@dataclass(frozen=True, slots=True)
class _Border:
    """A place to cut, and how good it is."""

    at: int
    rank: _Rank
    frame: _Frame


@dataclass(frozen=True, slots=True)
class Cut:
    """A text cut in two messages.

    Attributes:
        at: Where: the head shows what stands before this offset, the tail what follows.
        head: The first message's text, an open fence closed.
        tail: The rest, an open fence opened again or a table's header repeated.
        repeated: How many characters at the start of `tail` repeat the head's.
    """

    at: int
    head: str
    tail: str
    repeated: int


def split(markdown: str, limit: int, measure: Measure = len) -> list[str]:
    """Cut `markdown` into pieces of at most `limit`, as `measure` counts.

    Fences, tables and words stay whole where a piece can hold them: an open fence is closed at the
    piece's end and opened again, with its language, in the next; a table's header is repeated.
    Nothing else is added, and nothing but blank space at the borders is left out. `limit` must be
    200 or more.
    """
    pieces: list[str] = []
    tail, repeated = markdown, 0
    while measure(tail) > limit:
        cut = _cut(tail, limit, measure, after=repeated)
        pieces.append(cut.head)
        tail, repeated = cut.tail, cut.repeated
    if tail[repeated:].strip() or not pieces:
        pieces.append(tail)
    return pieces


def roll_over(
    text: str, *, shown: int, limit: int, soon: bool, measure: Measure = utf8_size
) -> Cut | None:
    """Decide whether a growing message ends here, and where.

    Args:
        text: All that the message has to show by now.
        shown: How much of it can't be taken back, in characters, at least 1.
        limit: The most a message takes, as `measure` counts.
        soon: Whether it should end at the next good border; else it ends only at `limit`.
        measure: Counts the size of a text.

    Returns the cut, or None when the message goes on.
    """
    if measure(text) > limit:
        return _cut(text, limit, measure, after=shown - 1, least=shown)
    if not soon:
        return None
    good = [
        border
        for border in _find_borders(_read_lines(text, limit // _REPEATED_SHARE))
        if border.at >= shown and border.rank >= _Rank.PARAGRAPH
    ]
    if not good:
        return None
    best = max(good, key=lambda border: (border.rank, border.at))
    return _cut_at(text, best.at, best.frame)


def end_at(text: str, at: int, *, limit: int) -> Cut:
    """Cut a growing message of at most `limit` at `at`, however bad a border that is."""
    return _cut_at(text, at, _frame_at(_read_lines(text, limit // _REPEATED_SHARE), at))


def end_of_words(text: str) -> int:
    """Return where the last whole word of a growing text ends; a very long word counts as whole."""
    border = max(text.rfind(" "), text.rfind("\n")) + 1
    return border if len(text) - border <= _LONGEST_WORD else len(text)


def _cut(text: str, limit: int, measure: Measure, *, after: int, least: int | None = None) -> Cut:
    """Cut `text` at the best border behind `after` whose head fits `limit`.

    Borders before `least` (half of what fits, if not given) don't count.
    """
    fit = _fitting(text, limit, measure)
    least = max(after + 1, fit // 2 if least is None else least)
    lines = _read_lines(text[: text.find("\n", fit) + 1 or len(text)], limit // _REPEATED_SHARE)
    for borders in (_find_borders(lines), _find_word_borders(text, lines, least, fit)):
        late = [border for border in borders if least <= border.at <= fit]
        for border in sorted(late, key=lambda border: (border.rank, border.at), reverse=True):
            cut = _cut_at(text, border.at, border.frame)
            if measure(cut.head) <= limit:
                return cut
    return _cut_in_word(text, lines, limit, measure, after=after, fit=fit)


def _cut_in_word(
    text: str, lines: list[_Line], limit: int, measure: Measure, *, after: int, fit: int
) -> Cut:
    """Cut inside a word, but not inside what the reader sees as one character."""
    at = fit
    while at > after:
        at = _grapheme_start(text, at, after + 1)
        cut = _cut_at(text, at, _frame_at(lines, at))
        if measure(cut.head) <= limit:
            return cut
        at -= 1
    return _cut_at(text, max(fit, after), _NO_FRAME)


def _cut_at(text: str, at: int, frame: _Frame) -> Cut:
    head, rest = text[:at], text[at:]
    if frame.closing:
        head += ("" if head.endswith("\n") else "\n") + frame.closing
    else:
        head, rest = head.rstrip(), rest.lstrip("\n")
    return Cut(at, head, frame.opening + rest, len(frame.opening))


def _fitting(text: str, limit: int, measure: Measure) -> int:
    """Return how many characters of `text` have a size of at most `limit`."""
    low, high = 0, min(len(text), limit)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[:middle]) <= limit:
            low = middle
        else:
            high = middle - 1
    return low


def _find_borders(lines: list[_Line]) -> Iterator[_Border]:
    """Yield the places to cut between lines."""
    for line in lines:
        if line.rank is not None:
            yield _Border(line.start, line.rank, line.frame)


def _find_word_borders(text: str, lines: list[_Line], least: int, most: int) -> Iterator[_Border]:
    """Yield the places to cut inside lines, behind words and sentences."""
    for line in lines:
        if not line.divisible or line.end <= least:
            continue
        for word in _WORD.finditer(text, line.start, line.end):
            if word.end() > most:
                break
            ends_sentence = not line.frame.closing and _SENTENCE_END.search(word[0])
            rank = _Rank.SENTENCE if ends_sentence else _Rank.WORD
            yield _Border(word.end(), rank, line.frame)


def _frame_at(lines: list[_Line], at: int) -> _Frame:
    return next((line.frame for line in reversed(lines) if line.start <= at), _NO_FRAME)


@dataclass(frozen=True, slots=True)
class _Fence:
    """An open code fence."""

    marks: str
    frame: _Frame

    @classmethod
    def opened_by(cls, line: str, most_repeated: int) -> "_Fence | None":
        """Return the fence that `line` opens, or None."""
        found = FENCE_MARKS.match(line)
        if found is None or found[2][0] in line[found.end() :]:
            return None
        # Without what stands before it, a fence's indentation would make it an indented code block.
        opening = line if ">" in found[1] else line.lstrip()
        short = len(line) + len(found[0]) <= most_repeated
        return cls(found[2], _Frame(found[0], opening) if short else _NO_FRAME)

    def is_closed_by(self, line: str) -> bool:
        found = FENCE_MARKS.match(line)
        return bool(found and found[2].startswith(self.marks) and not line[found.end() :].strip())


def _read_lines(text: str, most_repeated: int) -> list[_Line]:
    """Tell for each line how good a cut before it is, and what that must close and open.

    Frames longer than `most_repeated` characters are left out: they would leave no room.
    """
    lines: list[_Line] = []
    contents = _LINE.findall(text)
    fence: _Fence | None = None
    table: _Frame | None = None
    opened = False  # by the line before: a heading, a fence or a table's rule stands there alone
    blank = False
    start = 0
    for index, content in enumerate(contents):
        end = start + len(content)
        following = contents[index + 1] if index + 1 < len(contents) else ""
        if fence is not None:
            closes = fence.is_closed_by(content)
            rank = None if opened or closes else _Rank.ROW
            lines.append(_Line(start, end, rank, fence.frame))
            fence, opened = (None if closes else fence), False
        elif _BLANK.match(content):
            lines.append(_Line(start, end, None))
            table, blank, start = None, True, end
            continue
        elif table is not None and "|" in content:
            rule = _TABLE_RULE.match(content) and opened
            rank = None if opened else _Rank.ROW
            lines.append(_Line(start, end, rank, _NO_FRAME if rule else table, divisible=False))
            opened = bool(rule)
        else:
            table = _table_opened_by(content, following, most_repeated)
            fence = None if table else _Fence.opened_by(content, most_repeated)
            rank = None if opened else _rank(content, blank=blank or bool(table or fence))
            lines.append(_Line(start, end, rank, divisible=not (table or fence)))
            opened = bool(table or fence or _HEADING.match(content))
        blank, start = False, end
    return lines


def _rank(line: str, *, blank: bool) -> _Rank:
    """Tell how good a cut before a line of prose is; `blank`: a block begins here."""
    if _HEADING.match(line):
        return _Rank.HEADING
    if blank:
        return _Rank.PARAGRAPH
    return _Rank.ITEM if _ITEM.match(line) else _Rank.LINE


def _table_opened_by(line: str, following: str, most_repeated: int) -> _Frame | None:
    """Return the frame of the table that `line` is the header of, or None."""
    if "|" not in line or "|" not in following or not _TABLE_RULE.match(following):
        return None
    header = line + following
    return _Frame("", header) if len(header) <= most_repeated else _NO_FRAME


def _grapheme_start(text: str, at: int, least: int) -> int:
    """Return the last place up to `at`, but not before `least`, where no character is torn."""
    start = at
    while start > max(least, at - _LONGEST_GRAPHEME) and _continues(text, start):
        start -= 1
    return at if _continues(text, start) else start


def _continues(text: str, at: int) -> bool:
    """Tell whether the reader sees what stands before and behind `at` as one character."""
    if at >= len(text):
        return False
    before, behind = text[at - 1], text[at]
    if "\U0001f1e6" <= behind <= "\U0001f1ff":  # flags are pairs of letters
        letters = re.compile("[\U0001f1e6-\U0001f1ff]*\\Z").search(text[:at])
        return letters is not None and len(letters[0]) % 2 == 1
    return (
        before == "\u200d"
        or behind in ("\u200d", BREAK)
        or unicodedata.category(behind) in ("Mn", "Me", "Mc")
        or "\U0001f3fb" <= behind <= "\U0001f3ff"  # skin tones
        or ("\udc00" <= behind <= "\udfff" and "\ud800" <= before <= "\udbff")
        or (before, behind) == ("\r", "\n")
    )


def escape(text: str) -> str:
    """Escape text for Slack's mrkdwn: these three and no others (Slack docs, "Escaping text")."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain_text(markdown: str, limit: int) -> str:
    """Return `markdown` without its markup for notifications and screen readers.

    Tables are put in words, row by row.

    The result is defused and escaped for Slack's `text`, has at most `limit` characters, and ends
    in "…" when that is not all.
    """
    known = describe_tables(markdown[: limit * 2])
    text = _RULES.sub("", "\n".join(_mark_fenced_addresses(known)))
    text = _LINE_MARKS.sub("", text)
    for markup, shown in ((_LINK, r"\1"), (_FORMATTING, r"\2"), (_EMPHASIS, r"\1")):
        text = markup.sub(shown, text)
    text = _CODE.sub(_show_code, text)
    text = _GAPS.sub("\n", defuse(text)).strip()
    return shorten(escape(text), limit, more=len(markdown) > limit * 2)


def _mark_fenced_addresses(markdown: str) -> Iterator[str]:
    """Yield the lines, those in fenced code that hold addresses as code of their own."""
    fence = ""
    for line in markdown.split("\n"):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence) and not line[mark.end() :].strip():
            fence = ""
        elif fence and _ADDRESS.search(line):
            yield "`" + line.replace("`", "'") + "`"
            continue
        yield line


def _show_code(code: re.Match[str]) -> str:
    # Slack makes links of addresses in plain text; in code they are shown as code on purpose.
    return code[0] if _ADDRESS.search(code[2]) else code[2]


def shorten(text: str, limit: int, *, more: bool = False) -> str:
    """Cut mrkdwn to `limit` characters, not inside an entity or a token.

    `more` marks the text as cut even if it fits.
    """
    if len(text) <= limit and not more:
        return text
    kept = text[: limit - 1]
    kept = _BROKEN_END.sub("", kept[: _grapheme_start(text, len(kept), 1)])
    return kept.rstrip() + "…"
