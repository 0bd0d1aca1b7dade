"""Marks: how a page is named in prompts and answers, such as `[p. 3]`. Pure.

The model is shown one spelling and writes many: other brackets, other languages, several pages in
one mark. They are read leniently, yet nothing is taken for a mark that names no kind of page.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.conversation.messages import PageUnit
from bot.conversation.names import clean_name

BRACKETS: Final[Mapping[str, tuple[str, int]]] = {
    "[": ("]", 160),
    "【": ("】", 160),
    "\uff3b": ("\uff3d", 160),
    "(": (")", 60),
    "\uff08": ("\uff09", 60),
}
"""What may open a mark, what closes it, and how long one is at most.

A document's name and a label may take 60 each. Round brackets are common, and marks in them short.
The last of either kind is the full-width one of Chinese and Japanese.
"""

_LABELLED: Final = ("sheet", "section")

# Word stems of the languages that people and models most often write in.
_UNIT_WORDS: Final[Mapping[PageUnit, str]] = {
    "page": (
        r"pages?|pp?\.|pp?(?=\s)|(?-i:pp?)(?=\d)|pgs?\.?|s\.(?=\s?\d)|seiten?|p[aá]g(?:ina)?s?\.?"
        r"|pagin[ae]|blz\.|str(?:on[ay]|\.)|стр(?:аниц[аы]|\.)|ページ|頁|页|쪽|페이지"
    ),
    "slide": r"slides?|folien?|diapositiv[aeo]s?|diapo|слайды?|スライド|幻灯片|슬라이드",
    "sheet": (
        r"(?:work)?sheets?|tab|(?:tabellen)?blatt|hojas?|feuilles?|fogli[oa]|シート|工作表|시트"
    ),
    "section": (
        r"sections?|sect?\.|abschnitte?|kapitel|chapters?|sec[ct]i[oó]n(?:es)?|sezion[ei]"
        r"|chapitres?|раздел|セクション|章|节|節"
    ),
    "part": r"parts?|teile?|partes?|parties?|parti|часть|パート|部分",
}
_UNIT = "|".join(f"(?P<{unit}>{words})" for unit, words in _UNIT_WORDS.items())
_ANY_UNIT = "|".join(_UNIT_WORDS.values())
_DASH = "-\u2010-\u2015~\u301c"
_NUMBERS = re.compile(
    rf"(?:{_UNIT})?\s*:?\s*(?P<first>\d{{1,5}})"
    rf"(?:\s*(?:[{_DASH}]|to|bis|à)\s*(?:(?:{_ANY_UNIT})\s*)?(?P<last>\d{{1,5}}))?",
    re.IGNORECASE,
)
_AND = re.compile(r"\s*(?:[,;&、]|\b(?:and|und|et|y|e|и)\b)+\s*", re.IGNORECASE)
# "3ページ", "第3-5页"
_NUMBER_FIRST = re.compile(
    rf"第?\s*(?P<first>\d{{1,5}})(?:\s*[{_DASH}]\s*(?P<last>\d{{1,5}}))?\s*(?:ページ|頁|页|쪽|페이지)"
)
_NAMED = re.compile(rf"(?:{_UNIT})\s*[:.]?\s*(?P<label>\S.*)", re.IGNORECASE)
_QUOTES = "\"'“”„«»\u2039\u203a\u2018\u2019\u201a「」『』"
_QUOTED = re.compile(rf"[{_QUOTES}]([^{_QUOTES}]+(?:['\u2019][^{_QUOTES}]+)*)[{_QUOTES}]")
_CONTINUED = re.compile(
    r"[\s,(]+(?:continued|cont(?:['\u2019]?d|\.)?|fortgesetzt|Fortsetzung|suite)\)?$",
    re.IGNORECASE,
)
# "see p. 3", "p. 3 of 12", "p. 3, table 2"
_LEAD = re.compile(
    r"(?:see|cf\.|source|siehe|vgl\.|quelle|voir|véase|ver|vedi)[\s:]+", re.IGNORECASE
)
_REMARK = re.compile(
    r"(?<=\d)(?:(?:\s+(?:of|von|de|di)|\s*/)\s*\d+|[,\s]+(?:lines?|rows?|tables?|fig(?:ures?|\.)"
    r"|para(?:graphs?|\.)|footnotes?|top|bottom|zeilen?|tabelle|abb(?:ildung|\.)|absatz|abs\.|§)"
    r"[^;,]*)$",
    re.IGNORECASE,
)
_BEFORE_ITEM = r"[\s,:;]+"
_OTHER_NAME = re.compile(
    rf"(?P<name>.+?){_BEFORE_ITEM}(?P<items>(?:{_ANY_UNIT})\s*[\d{_QUOTES}].*)", re.IGNORECASE
)
_AFTER_ITEM = r"(?:\s*,\s*|\s+(?:of|in|von|aus|de|di)\s+)"
_FILE_NAME = re.compile(r"\S.*\.[A-Za-z][A-Za-z0-9]{1,4}")
_WORD = re.compile(r"\w+")


def write_mark(
    unit: PageUnit, page: int, label: str = "", *, document: str = "", continued: bool = False
) -> str:
    """Write the mark of a page: `[p. 3]`, `[slide 3]`, `[sheet "Q3"]`, `[q3.pdf, p. 3, continued]`.

    Args:
        unit: What the document's pages are called.
        page: Counted from 1.
        label: The page's own name; sheets and sections are called by it.
        document: The document's name, for prompts with more than one.
        continued: Whether this is a later piece of the page.
    """
    return _bracket(document, _name_page(unit, page, label), "continued" if continued else "")


def _bracket(*parts: str) -> str:
    document, *rest = parts
    return f"[{', '.join(filter(None, (document and clean_name(document), *rest)))}]"


def _name_page(unit: PageUnit, page: int, label: str) -> str:
    if unit == "page":
        return f"p. {page}"
    if label and unit in _LABELLED:
        return f'{unit} "{clean_name(label, str(page))}"'
    return f"{unit} {page}"


@dataclass(frozen=True, slots=True)
class Place:
    """A page of a document that is in the prompt, which is known by its name."""

    document: str
    page: int


@dataclass(frozen=True, slots=True)
class Span:
    """A page of a document, or a run of them."""

    document: str
    first: int
    last: int

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(Place(self.document, page) for page in range(self.first, self.last + 1))


@dataclass(frozen=True, slots=True)
class Citation:
    """One page, or run of pages, that a mark names.

    Attributes:
        spans: What it may mean; several when it names a page of which more than one document has
            one, none when it names nothing that was given.
    """

    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark in a text, from its opening bracket (`start`) to behind its closing one (`end`)."""

    start: int
    end: int
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class MarkedDocument:
    """A document of a prompt.

    Attributes:
        name: As the document is called everywhere else; documents of one name count as one.
        unit: What its pages are called.
        labels: The label, or "", of each page that may be cited.
    """

    name: str
    unit: PageUnit
    labels: Mapping[int, str]


class Marks:
    """What was given to the model in one prompt, and how that is cited."""

    def __init__(self, documents: Sequence[MarkedDocument]) -> None:
        self._documents = documents
        self._several = len({document.name for document in documents}) > 1
        self._by_label = [_read_labels(document.labels) for document in documents]
        # The longest first: "plan.pdf" must not be found in "plan.pdf (2)".
        aliases = sorted(
            ((alias, document.name) for document in documents for alias in _aliases(document.name)),
            key=lambda pair: -len(pair[0]),
        )
        self._names = [(*_find_name(alias), name) for alias, name in dict.fromkeys(aliases)]

    def write(self, span: Span, *, named: bool = True) -> str:
        """Write the mark of a page, or of a run of pages, as it shall stand in an answer.

        With its document's name if there are several, unless not `named`. Raises KeyError for a
        page that was not given.
        """
        for document in self._documents:
            if document.name == span.document and span.first in document.labels:
                page = _name_page(document.unit, span.first, document.labels[span.first])
                last = "" if span.last == span.first else f"–{span.last}"  # noqa: RUF001  # a range
                return _bracket(span.document if named and self._several else "", page + last)
        raise KeyError(span)

    def knows(self, place: Place) -> bool:
        """Tell whether the page was given to the model."""
        return any(
            document.name == place.document and place.page in document.labels
            for document in self._documents
        )

    def read(self, content: str) -> tuple[Citation, ...]:
        """Read what stands between a mark's brackets; () if that is no mark."""
        content = content.strip().removesuffix("?").rstrip()
        if lead := _LEAD.match(content):
            content = content[lead.end() :]
        short = _REMARK.sub("", _CONTINUED.sub("", content))
        # As it is first: a label may end like a remark.
        for text in dict.fromkeys((content, short)):
            name, items = self._part_name(text)
            named = self._read_items(items, name) if name is not None else ()
            if read := named or self._read_items(text, None):
                return read
        return self._read_other_name(short)

    def _part_name(self, content: str) -> tuple[str | None, str]:
        """Part a known document's name from the rest, at whose begin or end it may stand."""
        for at_begin, at_end, name in self._names:
            if before := at_begin.match(content):
                return name, content[before.end() :]
            if after := at_end.search(content):
                return name, content[: after.start()]
        return None, content

    def _read_other_name(self, content: str) -> tuple[Citation, ...]:
        """Read a mark that names its document in other words, or one that is not here."""
        match = _OTHER_NAME.fullmatch(content)
        if match is None:
            return ()
        words = set(_key(match["name"]).split())
        meant = {name for *_, name in self._names if words and words <= set(_key(name).split())}
        if len(meant) == 1:
            return self._read_items(match["items"], meant.pop())
        # "[Smith 2004, p. 45]" cites a book; "[q9.pdf, p. 45]" a file that was never given.
        return (Citation(()),) if _FILE_NAME.fullmatch(match["name"].strip(_QUOTES)) else ()

    def _read_items(self, text: str, name: str | None) -> tuple[Citation, ...]:
        numbered = self._read_numbers(text, name)
        if numbered is not None:
            return numbered
        if whole := self._read_label(text, name):
            return (whole,)
        citations: list[Citation] = []
        for item in text.split(";"):
            sought, rest = self._part_name(item.strip())
            more = self._read_numbers(rest, sought or name)
            if more is None:
                label = self._read_label(rest, sought or name)
                more = (label,) if label else self._read_quoted(rest, sought or name)
            if not more:
                return ()
            citations += more
        return tuple(citations)

    def _read_numbers(self, text: str, name: str | None) -> tuple[Citation, ...] | None:
        """Read a list of numbers after a unit; None if it is something else."""
        unit: PageUnit | None = None
        citations: list[Citation] = []
        at = 0
        while True:
            match = _NUMBER_FIRST.match(text, at) or _NUMBERS.match(text, at)
            if match is None:
                return None
            unit = "page" if match.re is _NUMBER_FIRST else _unit_of(match) or unit
            if unit is None or not self._has(unit, name):
                return None
            first = int(match["first"])
            citations.append(self._resolve(unit, first, int(match["last"] or first), name))
            if match.end() == len(text):
                return tuple(citations)
            joint = _AND.match(text, match.end())
            if joint is None:
                return None
            at = joint.end()

    def _read_label(self, text: str, name: str | None) -> Citation | None:
        """Read `sheet Q3`, if there is such a page."""
        match = _NAMED.fullmatch(text)
        unit = _unit_of(match) if match else None
        citation = self._find_label(unit, match["label"], name) if match and unit else None
        return citation if citation and citation.spans else None

    def _read_quoted(self, text: str, name: str | None) -> tuple[Citation, ...]:
        """Read `sheet "Q3"` or `sheets "Q3" and "Q4"`, though there may be no such page."""
        match = _NAMED.fullmatch(text)
        unit = _unit_of(match) if match else None
        if match is None or unit is None or not self._has(unit, name):
            return ()
        quoted = _QUOTED.findall(match["label"])
        return tuple(self._find_label(unit, label, name) for label in quoted)

    def _has(self, unit: PageUnit, name: str | None) -> bool:
        return any(
            _may_mean(unit, document.unit)
            for document in self._documents
            if name in {None, document.name}
        )

    def _resolve(self, unit: PageUnit, first: int, last: int, name: str | None) -> Citation:
        if unit in _LABELLED and first == last:
            labelled = self._find_label(unit, str(first), name)
            if labelled.spans:
                return labelled
        candidates = [
            document
            for document in self._documents
            if name in {None, document.name} and _may_mean(unit, document.unit)
        ]
        if unit != "page" and any(document.unit == unit for document in candidates):
            candidates = [document for document in candidates if document.unit == unit]
        found = {
            Span(document.name, first, last): document.unit == unit
            for document in candidates
            if first <= last and first in document.labels and last in document.labels
        }
        exact = tuple(span for span, is_exact in found.items() if is_exact)
        return Citation(exact or tuple(found))

    def _find_label(self, unit: PageUnit, label: str, name: str | None) -> Citation:
        sought = _key(label)
        spans: list[Span] = []
        for document, labels in zip(self._documents, self._by_label, strict=True):
            if sought and document.unit == unit and name in {None, document.name}:
                pages = labels.get(sought) or _find_similar(labels, sought)
                spans += (Span(document.name, page, page) for page in pages)
        return Citation(tuple(dict.fromkeys(spans)))


def find_marks(text: str, known: Marks) -> list[Mark]:
    """Find the marks in a text, in order; Markdown links and all other brackets are left alone."""
    marks: list[Mark] = []
    at = 0
    while at < len(text):
        if text[at] in BRACKETS and (end := close_mark(text, at)) and end > 0:
            is_link = text[at] == "[" and text.startswith("(http", end)
            citations = () if is_link else known.read(text[at + 1 : end - 1])
            if citations:
                marks.append(Mark(at, end, citations))
                at = end
                continue
        at += 1
    return marks


def close_mark(text: str, opening: int) -> int | None:
    """Return the offset behind the bracket that closes the one at `opening`.

    -1 if it is not closed in the same line, and soon; None if more text must come first.
    """
    opener = text[opening]
    closer, reach = BRACKETS[opener]
    depth = 0
    for at in range(opening, min(len(text), opening + reach)):
        if text[at] == "\n":
            return -1
        depth += (text[at] == opener) - (text[at] == closer)
        if depth == 0:
            return at + 1
    return -1 if len(text) - opening >= reach else None


def _unit_of(match: re.Match[str]) -> PageUnit | None:
    return next((unit for unit in _UNIT_WORDS if match[unit]), None)


def _may_mean(written: PageUnit, unit: PageUnit) -> bool:
    """Tell whether a unit may be called so: "page" is said of everything."""
    return written in {unit, "page"} or (written, unit) == ("slide", "page")


def _aliases(name: str) -> set[str]:
    stem, dot, _ = name.rpartition(".")
    shown = {name, clean_name(name)}
    return shown | {clean_name(stem)} if dot and stem.strip() else shown


def _find_name(alias: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Make the patterns that find a document's name before and behind a page."""
    name = rf"[{_QUOTES}]?{re.escape(alias)}[{_QUOTES}]?"
    return (
        re.compile(f"{name}{_BEFORE_ITEM}", re.IGNORECASE),
        re.compile(f"{_AFTER_ITEM}{name}$", re.IGNORECASE),
    )


def _read_labels(labels: Mapping[int, str]) -> dict[str, list[int]]:
    pages: dict[str, list[int]] = {}
    for page, label in labels.items():
        # "[section 1]" is the mark of a section without a title, before it may mean "1. Scope".
        for key in {_key(label), _key(clean_name(label, ""))} - {""} or {str(page)}:
            pages.setdefault(key, []).append(page)
    return pages


def _find_similar(labels: Mapping[str, list[int]], sought: str) -> list[int]:
    """Find "3.2" or "Scope" where the label is "3.2 Scope", if only one is like it."""
    numbered = re.compile(rf"{re.escape(sought)} .*|[\d ]+ {re.escape(sought)}")
    similar = {tuple(pages) for label, pages in labels.items() if numbered.fullmatch(label)}
    return list(similar.pop()) if len(similar) == 1 else []


def _key(text: str) -> str:
    """Write a name as its bare words; those of file names are parted by underscores, too."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("_", " "))
    return " ".join(words)
