"""What readers return, and how flowing text becomes pages."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

PART_CHARACTERS = 3_000
"""Length of a part, about one printed page: small enough to cite and to choose from."""

LABEL_CHARACTERS = 80

_UNWANTED = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"  # control characters but tab and line ends
    "\u200b\u2060\ufeff\ufffe\uffff"  # invisible; PDFium marks soft hyphens with U+FFFE
    "\u202a-\u202e\u2066-\u2069"  # they reorder what a person sees
    "\ud800-\udfff"  # lone surrogates have no UTF-8
    "\U000e0000-\U000e007f"  # tag characters carry text that nobody sees
    "]"
)
_LINE_END = re.compile("\r\n|[\r\x85\u2028\u2029]")
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")


class Unreadable(Exception):
    """The file yields no text; `code` says why in a word that the parent process knows."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file is read: characters of all pages, pages, rows of all tables."""

    characters: int
    pages: int
    rows: int


@dataclass(frozen=True, slots=True)
class ReadPage:
    """One page, numbered from 1."""

    number: int
    text: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A file's text; `total_pages` counts the pages beyond the limits too."""

    unit: str
    pages: tuple[ReadPage, ...]
    total_pages: int
    notes: tuple[str, ...] = ()


class Pages:
    """Collects pages until a limit is reached."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._characters = 0
        self._pages: list[ReadPage] = []
        self._cut = 0
        self.damaged: list[int] = []
        """Numbers of the pages that could not be read."""

    @property
    def full(self) -> bool:
        return self.room == 0 or len(self._pages) >= self._limits.pages

    @property
    def room(self) -> int:
        """Characters that can still be added."""
        return self._limits.characters - self._characters

    @property
    def has_text(self) -> bool:
        return any(page.text for page in self._pages)

    def add(self, text: str, label: str = "") -> None:
        """Add the next page, cleaned; what is over the limit is cut off."""
        text = clean(text)
        number = len(self._pages) + 1
        if len(text) > self.room:
            text = text[: self.room]
            self._cut = number
        self._characters += len(text)
        label = " ".join(clean(label).split())[:LABEL_CHARACTERS]
        self._pages.append(ReadPage(number, text, label))

    def skip(self) -> None:
        """Add the next page as a damaged one."""
        self.add("")
        self.damaged.append(len(self._pages))

    def close(self, unit: str, total_pages: int, notes: Iterable[str] = ()) -> Reading:
        """Return what was collected.

        Raises:
            Unreadable: `no_text`, when no page has any.
        """
        if not self.has_text:
            raise Unreadable("no_text")
        notes = list(notes)
        if self.damaged:
            pages = list_pages(unit, self.damaged).capitalize()
            notes.append(f"{pages} {'is' if len(self.damaged) == 1 else 'are'} damaged.")
        if self._cut:
            notes.append(f"{unit.capitalize()} {self._cut} was read only in part.")
        return Reading(unit, tuple(self._pages), total_pages, tuple(notes))


def clean(text: str) -> str:
    """Unify line ends, drop characters that nobody can see, and squeeze blank lines."""
    text = _UNWANTED.sub("", _LINE_END.sub("\n", text))
    return _BLANK_LINES.sub("\n\n", text).strip("\n").rstrip()


def list_numbers(numbers: Iterable[int]) -> str:
    """Write numbers as people do: ranges with a dash, and an "and" before the last."""
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and number == ranges[-1][-1] + 1:
            ranges[-1][1:] = [number]
        else:
            ranges.append([number])
    words = ["–".join(map(str, ends)) for ends in ranges]  # noqa: RUF001  # a dash between numbers
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def list_pages(unit: str, numbers: Iterable[int]) -> str:
    """Write pages with their unit: `page 3`, `pages 3 and 7`."""
    numbers = list(numbers)
    return f"{unit}{'s' if len(numbers) != 1 else ''} {list_numbers(numbers)}"


def read_parts(text: str, limits: Limits, notes: Iterable[str] = ()) -> Reading:
    """Cut flowing text into parts of about `PART_CHARACTERS`, at the borders of paragraphs."""
    pages = Pages(limits)
    start = total = 0
    while start < len(text):
        end = _part_end(text, start)
        part = text[start:end]
        start = end
        if part.isspace():
            continue
        total += 1
        if not pages.full:
            pages.add(part)
    return pages.close("part", total, notes)


def _part_end(text: str, start: int) -> int:
    """Find the last good border in the second half of a part; failing that, cut hard."""
    latest = start + PART_CHARACTERS
    if latest >= len(text):
        return len(text)
    for border in ("\n\n", "\r\n\r\n", "\n", ". ", " "):
        found = text.rfind(border, start + PART_CHARACTERS // 2, latest)
        if found != -1:
            return found + len(border)
    return latest
