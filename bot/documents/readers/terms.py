"""The terms that a text is found by: the same when it is indexed and when it is asked for."""

import re
import unicodedata
from collections.abc import Iterator

STEM_CHARACTERS = 6
"""Longer words are also found by so many of their first letters: endings matter less."""

TERM_CHARACTERS = 64
"""Longer words, which are hardly words, are found by their beginning alone."""

# Scripts without spaces between words: Thai, Lao, Burmese, Khmer, kana, ideographs, Hangul (which
# has spaces, but endings of many kinds).
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
# Marks that belong to the letter before them, which `\w` doesn't know: accents, vowel points, and
# whole Indic blocks but for their full stops.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963\u0966-\u0dff"
_RUN = re.compile(rf"([{_UNSPACED}]+)|(?:[^\W{_UNSPACED}]+|[{_MARKS}]+)+")


def index_terms(text: str) -> Iterator[str]:
    """Yield the terms of a text, in order and as often as they occur.

    Words and numbers, regardless of case and width, without single letters; long words by their
    first letters too. Scripts that don't part words by spaces come in pairs of characters. No term
    has a space, or is longer than `TERM_CHARACTERS`.
    """
    for match in _RUN.finditer(unicodedata.normalize("NFKC", text).casefold()):
        run = match[0]
        if match[1]:
            yield from (run[at : at + 2] for at in range(max(1, len(run) - 1)))
        elif len(run) > 1 or run.isdigit():
            yield run[:TERM_CHARACTERS]
            if len(run) > STEM_CHARACTERS and run.isalpha():
                yield run[:STEM_CHARACTERS]
