"""Manuals of any length, with a fact on each page that stands on no other. Pure."""

import random
import re
from collections.abc import Iterator
from itertools import product

from tests.documents.samples import make_pdf

_PAGE_CHARACTERS = 2_000
_LINE_CHARACTERS = 80

_SYLLABLES = [
    "bar",
    "dol",
    "fen",
    "gul",
    "hok",
    "jin",
    "kam",
    "lor",
    "mip",
    "nud",
    "pes",
    "rov",
    "sut",
    "tay",
    "vex",
    "wim",
    "zan",
    "quo",
    "yel",
    "cra",
]
_NAMES = [f"{first}{second}{third}tor".title() for first, second, third in product(
    _SYLLABLES, _SYLLABLES, ("a", "e", "i")
)]  # fmt: skip
MOST_PAGES = len(_NAMES)

_FACT = re.compile(r"The\s+(\w+)\s+takes\s+(\d+)\s+litres\s+of\s+coolant")
_PAGES = {name: page for page, name in enumerate(_NAMES, start=1)}


def make_manual(pages: int) -> bytes:
    """Make a PDF of so many pages, at most `MOST_PAGES`, of about 2,000 characters each.

    No page bears its number, as in many slides, scans and exports.
    """
    words = _draw_words()
    return make_pdf(["\n".join(_write_page(page, words)) for page in range(1, pages + 1)])


def ask_about(page: int) -> str:
    """Ask for the fact of a page, without naming the page."""
    return f"How many litres of coolant does the {_NAMES[page - 1]} take?"


def find_facts(text: str) -> set[int]:
    """Return the pages whose facts stand in a text, unimpaired."""
    return {
        _PAGES[name]
        for name, litres in _FACT.findall(text)
        if name in _PAGES and int(litres) == _count_litres(_PAGES[name])
    }


def _count_litres(page: int) -> int:
    return 1_000 + 37 * page


def _write_page(page: int, words: Iterator[str]) -> Iterator[str]:
    """Yield a page's lines: its fact, then filling."""
    fact = f"The {_NAMES[page - 1]} takes {_count_litres(page)} litres of coolant."
    yield fact
    left = _PAGE_CHARACTERS - len(fact)
    while left > 0:
        line = next(words).capitalize()
        while len(line) < min(left, _LINE_CHARACTERS) - 1:
            line += f" {next(words)}"
        yield f"{line}."
        left -= len(line) + 2


def _draw_words() -> Iterator[str]:
    """Yield words as a language has them: few are everywhere, many are rare."""
    # The same manual every time, and nothing is kept secret by it.
    chance = random.Random(4)  # noqa: S311  # as above
    known = ["".join(chance.choices(_SYLLABLES, k=chance.randint(1, 4))) for _ in range(8_000)]
    weights = [1 / rank for rank in range(1, len(known) + 1)]
    while True:
        yield from chance.choices(known, weights, k=10_000)
