"""Which passages a question is about."""

# ruff: noqa: RUF001  # full-width letters are what is tested

from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.messages import Passage
from bot.documents.readers.terms import TERM_CHARACTERS, index_terms
from bot.documents.search import (
    ASKED_TERMS,
    CANDIDATES,
    asked_terms,
    choose_candidates,
    rate,
)


@dataclass(frozen=True)
class Posting:
    term: str
    digest: str
    page: int
    piece: int = 0


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("The Budget of 2026: a", ["the", "budget", "of", "2026"]),
        ("Mietverträge", ["mietverträge", "mietve"]),
        ("STRASSE Straße", ["strasse", "strass", "strasse", "strass"]),
        ("1,234.50 x 7", ["1", "234", "50", "7"]),
        ("东京都 2026年", ["东京", "京都", "2026", "年"]),
        ("ｶﾀｶﾅ ＡＢＣ ﬁne", ["カタ", "タカ", "カナ", "abc", "fine"]),
        ("हिन्दी cafe\u0301", ["हिन्दी", "café"]),
        ("snake_case", ["snake_case"]),
        ("x" * 100, ["x" * TERM_CHARACTERS, "xxxxxx"]),
        ('\'; DROP* "NEAR" -- \x00', ["drop", "near"]),
    ],
)
def test_terms_of_a_text(text: str, terms: list[str]) -> None:
    assert list(index_terms(text)) == terms


@given(st.text())
def test_terms_are_plain_and_short(text: str) -> None:
    for term in index_terms(text):
        assert 0 < len(term) <= TERM_CHARACTERS
        assert not any(character.isspace() or character == "\x00" for character in term)


def test_words_that_every_question_has_are_not_asked_for() -> None:
    assert asked_terms("What does the document say about the budget, and the Budget?") == ["budget"]
    assert len(asked_terms(" ".join(f"word{at}" for at in range(100)))) == ASKED_TERMS


def test_rare_words_count_more_than_common_ones() -> None:
    common = [Posting("budget", "d", page) for page in range(1, 200)]
    rare = [Posting("giraffe", "d", 150), Posting("giraffe", "e", 3)]
    chosen = choose_candidates([*common, *rare], passages=300)
    assert chosen[:3] == [("d", 150, 0), ("e", 3, 0), ("d", 1, 0)]
    assert len(chosen) == CANDIDATES


def test_passage_with_more_of_a_word_or_less_besides_is_rated_higher() -> None:
    passages = [
        Passage(1, "giraffe " + "and much else " * 50),
        Passage(2, "giraffe giraffe"),
        Passage(3, "nothing"),
        Passage(4, "text", label="Giraffe"),
    ]
    scores = rate("giraffes?", passages, Counter(giraff=3), total=100)
    assert scores[1] > scores[3] > scores[0] > scores[2] == 0.0
