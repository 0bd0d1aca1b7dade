"""Whether a page holds what is said of it: its words, its numbers, what is quoted from it. Pure.

A doubt about a good citation does more harm than a wrong one that passes. So pages next to the
cited one count, numbers may be rounded, words may be other words, and what cannot be judged holds.
"""

import math
import re
import unicodedata
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.documents.figures import (
    Figure,
    follows_from,
    is_year,
    read_figures,
    read_numbers,
    stands_in,
)
from bot.documents.marks import Place
from bot.documents.readers.terms import index_terms

CLAIM_CHARACTERS: Final = 600
"""Of a longer claim the end is judged."""

SHORTEST_QUOTE: Final = 8
"""A quote of fewer letters and digits stands everywhere."""

# What a quote is compared by: letters, digits, the signs inside of numbers. White space, hyphens
# at the ends of lines, quotation marks and dashes are what extraction and models get wrong.
_LEFT_OUT = re.compile(r"(?:[^\w.,%]|_)+|(?<!\d)[.,]+|[.,]+(?!\d)")
_GAP = re.compile(r"\[[^\]\n]*\]|\(…\)|…|\.{3,}")
_WORD = re.compile(r"\w+")
_SENTENCE_START = re.compile(r"(?:^|[.!?:]\s)\W*$")
_SHORT_WORD = 3
_FIRST_UNSPACED: Final = "\u0e00"
# "see page 12", "auf Seite 12": a page that is named, not a number that is claimed.
_NAMED_PAGE = re.compile(
    r"(?:\b(?:pages?|pp?\.|seiten?|s\.|slides?|folien?|sheets?|sections?|parts?|abschnitte?"
    r"|página|pagina|стр\.)\s*|第)\d+(?:\.\d+)*(?:\s?[-\u2013,]\s?\d+(?:\.\d+)*)*|\d+\s?(?:ページ|頁|页|쪽)"
)
_DERIVED = re.compile(
    r"\b(?:total|sum|combined|together|altogether|overall|differen\w+|increas\w+|decreas\w+|rises?"
    r"|rising|rose|gr[eo]w\w*|f[ae]ll\w*|drop\w*|declin\w+|reduc\w+|more|less|fewer|higher|lower"
    r"|additional|gains?|loss|insgesamt|gesamt\w*|summe|zusammen|differenz|anstieg\w*|stieg"
    r"|gestiegen|zunahme|abnahme|sank|gesunken|rückgang|mehr|weniger|ensemble|somme|hausse"
    r"|baisse|augment\w+|suma|aument\w+|disminu\w+|somma|ridu\w+)\b|[合総]計|合计|总|増|增|減|减|差"
)

_LAST_ROW = 0xFFFF
_ENOUGH_WEIGHT = 0.45
_ENOUGH_WEIGHT_WITH_NUMBERS = 0.25
_ENOUGH_KNOWN = 0.4
_MISSING_WORDS = 2.0
_SHARE_OF_CONTEXT = 0.2
# Of many numbers, or of many short ones, nearly any other is a sum or a ratio by chance.
_LONG_NUMBER = 100
_FEW_OPERANDS = 12
_MANY_OPERANDS = 30


@dataclass(slots=True)
class _Page:
    """One page, in the pieces it came in: quotable text, and its numbers sorted.

    `bit` stands for the page in sets of pages.
    """

    bit: int
    texts: list[str] = field(default_factory=list)
    numbers: list["array[float]"] = field(default_factory=list)


class _TermIndex:
    """Which pages hold a term, as sets of bits; each term marks two of a fixed number of rows.

    So its size depends on the number of pages alone, 10 MB for 1,000, whatever is in them. In
    exchange a page seems to hold a term that it doesn't have, once in a thousand times at most.
    """

    def __init__(self) -> None:
        self._rows = [0] * (_LAST_ROW + 1)

    def add(self, bit: int, terms: Iterable[str]) -> None:
        rows = self._rows
        for term in set(terms):
            first, second = _rows_of(term)
            rows[first] |= bit
            rows[second] |= bit

    def find(self, term: str) -> int:
        first, second = _rows_of(term)
        return self._rows[first] & self._rows[second]


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a claim as it is looked for, and the part of a word that it counts for."""

    term: str
    counts: float
    name: bool


class Evidence:
    """The pages that claims and quotes are checked against.

    Takes about 15 MB for 1,000 pages of 3,000 characters.
    """

    def __init__(self) -> None:
        self._pages: dict[Place, _Page] = {}
        self._terms = _TermIndex()

    def add(self, document: str, page: int, text: str) -> None:
        """Add a page of a document, or a further piece of one."""
        entry = self._pages.setdefault(Place(document, page), _Page(1 << len(self._pages)))
        plain = unicodedata.normalize("NFKC", text).casefold()
        entry.texts.append(_LEFT_OUT.sub("", plain))
        self._terms.add(entry.bit, index_terms(plain))
        entry.numbers.append(read_numbers(plain))

    def holds_quote(self, quote: str, *places: Place) -> bool:
        """Tell whether the words stand on one of these pages, one next to it, or across them."""
        pieces = _cut_quote(quote)
        return bool(pieces) and any(
            _stand_in_order(pieces, "".join(self._texts(_around(place)))) for place in places
        )

    def find_quote(self, quote: str) -> Place | None:
        """Return the only page on which the words stand; None if there is none, or another."""
        pieces = _cut_quote(quote)
        if not pieces:
            return None
        found: Place | None = None
        for place in self._pages:
            if _stand_in_order(pieces, "".join(self._texts([place]))):
                if found:
                    return None
                found = place
        return found

    def supports(self, claim: str, *places: Place) -> bool:
        """Tell whether these pages, with those next to them, can be where the claim is from.

        They must hold every number of it, and about half of what its rarest words weigh on the
        page that has most of them. If hardly any of its words occurs in the document, it is in
        another language: then its numbers and names decide.
        """
        window = [
            page
            for place in dict.fromkeys(near for place in places for near in _around(place))
            if (page := self._pages.get(place))
        ]
        if not window:
            return False
        claim = claim[-CLAIM_CHARACTERS:]
        plain = _NAMED_PAGE.sub(" ", unicodedata.normalize("NFKC", claim).casefold())
        figures = read_figures(plain)
        if not self._explain(figures, plain, window):
            return False
        telling = any(_is_telling(figure) for figure in figures)
        enough = _ENOUGH_WEIGHT_WITH_NUMBERS if telling else _ENOUGH_WEIGHT
        return self._hold_words(_read_words(claim), window, enough)

    def knows(self, text: str) -> bool:
        """Tell whether so many of the text's words occur anywhere that it can be from here."""
        words = _read_words(text)
        return _count([word for word in words if self._terms.find(word.term)]) >= (
            _ENOUGH_KNOWN * _count(words)
        )

    def _texts(self, places: Sequence[Place]) -> Iterator[str]:
        for place in places:
            if page := self._pages.get(place):
                yield from page.texts

    def _explain(self, figures: Sequence[Figure], claim: str, window: Sequence[_Page]) -> bool:
        numbers = [piece for page in window for piece in page.numbers]
        missing = [figure for figure in figures if not stands_in(figure, numbers)]
        if not missing:
            return True
        told = [
            figure.readings[0][0]
            for figure in figures
            if figure not in missing and len(figure.readings[0]) == 1
        ]
        read = {number for piece in numbers for number in piece}
        long = {number for number in read if number >= _LONG_NUMBER and not is_year(number)}
        hinted = bool(_DERIVED.search(claim))

        def is_derived(figure: Figure) -> bool:
            sources: list[Collection[float]] = [told]
            if len(long) <= _FEW_OPERANDS and (hinted or not figure.percent):
                sources.append(long)
            if len(read) <= _MANY_OPERANDS and hinted:
                sources.append(read)
            return any(follows_from(figure, operands) for operands in sources)

        return all(
            self._is_context(figure) if figure.year else is_derived(figure) for figure in missing
        )

    def _is_context(self, year: Figure) -> bool:
        """Tell whether the document is about this year: it is said at its begin, or often."""
        holding = [place for place, page in self._pages.items() if stands_in(year, page.numbers)]
        often = len(holding) > _SHARE_OF_CONTEXT * len(self._pages)
        return often or any(place.page == 1 for place in holding)

    def _hold_words(self, words: Sequence[_Word], window: Sequence[_Page], enough: float) -> bool:
        total = len(self._pages)
        holding = {word: self._terms.find(word.term) for word in words}
        known = [word for word, pages in holding.items() if pages]
        if _count(known) < _ENOUGH_KNOWN * _count(holding):
            known = [word for word in known if word.name]
        weights = {word: word.counts * _rarity(holding[word].bit_count(), total) for word in known}
        sums = [0.0] * total
        for word in known:
            for page in _list_bits(holding[word]):
                sums[page] += weights[word]
        best = max(range(total), key=sums.__getitem__)
        near = sum(page.bit for page in window)
        here = [word for word in known if holding[word] & near]
        missing = [word for word in known if not holding[word] & near and holding[word] >> best & 1]
        if _count(missing) < _MISSING_WORDS:
            return True
        return sum(weights[word] for word in here) >= enough * sums[best]


def _around(place: Place) -> tuple[Place, ...]:
    """List a page with its neighbours: sentences run over borders, and models miscount."""
    return tuple(Place(place.document, place.page + by) for by in (-1, 0, 1))


def _rows_of(term: str) -> tuple[int, int]:
    both = hash(term)
    return both & _LAST_ROW, both >> 32 & _LAST_ROW


def _cut_quote(quote: str) -> list[str]:
    """Cut a quote where words were left out; [] if it is too short to tell anything."""
    plain = unicodedata.normalize("NFKC", quote.replace("…", " … ")).casefold()
    pieces = [_LEFT_OUT.sub("", piece) for piece in _GAP.split(plain)]
    return [piece for piece in pieces if piece] if len("".join(pieces)) >= SHORTEST_QUOTE else []


def _stand_in_order(pieces: Sequence[str], text: str) -> bool:
    at = 0
    for piece in pieces:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _is_telling(figure: Figure) -> bool:
    """Tell whether a number is hardly found on a page by chance."""
    value = figure.readings[0][0]
    return not figure.year and (value >= _LONG_NUMBER or not value.is_integer())


def _read_words(claim: str) -> list[_Word]:
    """Read the words of a claim; of its short ones only acronyms, its numbers not at all."""
    words = []
    for match in _WORD.finditer(unicodedata.normalize("NFKC", claim)):
        written = match[0].strip("_")
        if (
            not written
            or written.isdigit()
            or (len(written) <= _SHORT_WORD and not _is_acronym(written))
        ):
            continue
        name = written[0].isupper() and not _SENTENCE_START.search(claim, 0, match.start())
        terms = list(index_terms(written))
        for term in terms:
            # A long word is looked for by its stem, which comes right behind it.
            if any(term != other and term.startswith(other) for other in terms):
                continue
            paired = len(term) <= 2 and term >= _FIRST_UNSPACED
            words.append(_Word(term, 0.5 if paired else 1.0, name))
    return words


def _is_acronym(word: str) -> bool:
    return word >= _FIRST_UNSPACED or (len(word) > 1 and word.isupper())


def _count(words: Iterable[_Word]) -> float:
    return sum(word.counts for word in words)


def _rarity(holding: int, total: int) -> float:
    """Weigh a word by how few of all pages hold it, as BM25 does."""
    return math.log(1 + (total - holding + 0.5) / (holding + 0.5))


def _list_bits(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
