"""What readers return: pages, and the passages that long ones are cut into."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

PART_CHARACTERS = 3_000
"""Length of a part, about one printed page: small enough to cite and to choose from."""

PASSAGE_CHARACTERS = 3_000
"""What a long page is cut to, as far as its lines allow."""

MAX_PASSAGE_CHARACTERS = 4_500
"""No passage is longer; what is shorter isn't cut."""

LABEL_CHARACTERS = 60

MEMBERS = 20
"""Files taken out of one archive or mail."""

MEMBER_BYTES = 200 * 1024 * 1024
"""Of all of them together, unpacked."""

_HEADING_CHARACTERS = 1_000

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

    def __init__(self, code: str, detail: str = "", *, pictures: int = 0) -> None:
        """Take the reason.

        Args:
            code: A word of `BY_CODE` in failures.py.
            detail: For the log; nothing of the document's text.
            pictures: How many of its pages text recognition could try.
        """
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.pictures = pictures


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file is read.

    Attributes:
        characters: Of all pages together.
        pages: From the first on.
        rows: Of all tables together.
        ocr_pages: Pages that text recognition may read; 0 leaves it out.
        ocr_languages: Tesseract's names of the languages, joined by `+`; "" for all installed.
    """

    characters: int
    pages: int
    rows: int
    ocr_pages: int = 0
    ocr_languages: str = ""


@dataclass(frozen=True, slots=True)
class ReadPassage:
    """A page, or a piece of a long one; pages are numbered from 1, pieces from 0."""

    page: int
    piece: int
    text: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class ReadMember:
    """A file inside of the file: its bytes, or the code of why they couldn't be taken out."""

    name: str
    data: bytes = b""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class ReadCaveat:
    """What could not be read, or only so well; the fields mean what they mean in `Caveat`."""

    flaw: str
    pages: tuple[int, ...] = ()
    text: str = ""
    count: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """A file's text.

    Attributes:
        unit: What its pages are called.
        passages: In order; every page read has at least one, without text if need be. An archive
            has none.
        read_pages: How many pages were read.
        total_pages: How many there are, those beyond the limits too.
        notes: What could not be read, or only so well.
        pictures: How many pages without text could still be tried by text recognition.
        members: Files inside, `MEMBERS` at most.
        left_out: How many more there are.
    """

    unit: str
    passages: tuple[ReadPassage, ...]
    read_pages: int
    total_pages: int
    notes: tuple[ReadCaveat, ...] = ()
    pictures: int = 0
    members: tuple[ReadMember, ...] = ()
    left_out: int = 0


class Pages:
    """Collects pages until a limit is reached."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._characters = 0
        self._passages: list[ReadPassage] = []
        self._labels: set[str] = set()
        self._cut = 0
        self._blank: list[int] = []
        self.count = 0
        """How many pages there are."""
        self.damaged: list[int] = []
        """Numbers of the pages that could not be read."""

    @property
    def full(self) -> bool:
        return self.room == 0 or self.count >= self._limits.pages

    @property
    def room(self) -> int:
        """Characters that can still be added."""
        return self._limits.characters - self._characters

    @property
    def has_text(self) -> bool:
        return self._characters > 0

    def add(self, text: str, label: str = "", *, heading: str = "") -> None:
        """Add the next page, in pieces if it is long; what is over the limit is cut off.

        Args:
            text: Whatever the page says; it is cleaned.
            label: The page's own name; one that was there before gets a number.
            heading: Put above every piece but the first, such as a table's first row.
        """
        above = clean(heading)[:_HEADING_CHARACTERS] if heading else ""
        self._take(_cut(clean(text), above), label)

    def add_pieces(self, pieces: Iterable[str], label: str = "") -> None:
        """Add the next page in the pieces given; one that is too long is cut again.

        No more pieces are asked for once the limit is reached.
        """
        self._take((text for piece in pieces for text in _cut(clean(piece))), label)

    def _take(self, pieces: Iterable[str], label: str) -> None:
        self.count += 1
        label = self._name(label)
        taken = 0
        for piece in pieces:
            text = piece.strip("\n")
            kept = text[: self.room]
            if kept:
                self._passages.append(ReadPassage(self.count, taken, kept, label))
                self._characters += len(kept)
                taken += 1
            if len(kept) < len(text):
                self._cut = self.count
                break
        if not taken:
            self._passages.append(ReadPassage(self.count, 0, "", label))
            if self._cut != self.count:
                self._blank.append(self.count)

    def skip(self) -> None:
        """Add the next page as a damaged one."""
        self.add("")
        self.damaged.append(self._blank.pop())

    def close(
        self, unit: str, total_pages: int, notes: Iterable[ReadCaveat] = (), *, pictures: int = 0
    ) -> Reading:
        """Return what was collected, with notes on the pages that are damaged, blank or cut off.

        Raises:
            Unreadable: `no_text`, when no page has any.
        """
        if not self.has_text:
            raise Unreadable("no_text")
        cut = [self._cut] if self._cut else []
        flaws = {"damaged": self.damaged, "blank": self._blank, "cut": cut}
        own = [ReadCaveat(flaw, tuple(pages)) for flaw, pages in flaws.items() if pages]
        passages = tuple(self._passages)
        return Reading(unit, passages, self.count, total_pages, (*notes, *own), pictures)

    def _name(self, label: str) -> str:
        """Shorten a label, and number it if it was there before."""
        words = " ".join(clean(label).split())
        unique = words[:LABEL_CHARACTERS].rstrip()
        number = 1
        while unique and unique.casefold() in self._labels:
            number += 1
            suffix = f" ({number})"
            unique = words[: LABEL_CHARACTERS - len(suffix)].rstrip() + suffix
        self._labels.add(unique.casefold())
        return unique


def clean(text: str) -> str:
    """Unify line ends, drop characters that nobody can see, and squeeze blank lines."""
    text = _UNWANTED.sub("", _LINE_END.sub("\n", text))
    return _BLANK_LINES.sub("\n\n", text).strip("\n").rstrip()


def read_parts(text: str, limits: Limits) -> Reading:
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
    return pages.close("part", total)


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


def _cut(text: str, heading: str = "") -> Iterator[str]:
    """Cut a long page into pieces, at the ends of lines where there are any."""
    above = f"{heading}\n" if heading else ""
    start = 0
    opening = ""
    while len(opening) + len(text) - start > MAX_PASSAGE_CHARACTERS:
        latest = start + PASSAGE_CHARACTERS - len(opening)
        end = text.rfind("\n", start, latest)
        end = end if end > start else latest
        yield opening + text[start:end]
        start = end + (text[end] == "\n")
        opening = above
    yield opening + text[start:]
