"""Which passages a question is about: those with its rarest words. Pure."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, Protocol, TypeAlias

from bot.conversation.messages import Passage
from bot.documents.readers.terms import index_terms

PassageKey: TypeAlias = tuple[str, int, int]
"""Where a passage stands among all of a workspace: digest, page, piece."""

ASKED_TERMS: Final = 32
"""Terms of a question that are looked up."""

CANDIDATES: Final = 80
"""Passages that are loaded and read for a question."""

_ASKING: Final = frozenset({
    "about", "an", "and", "are", "can", "could", "did", "do", "document", "docume", "does", "file",
    "for", "from", "how", "in", "is", "it", "me", "of", "on", "or", "page", "please", "say", "tell",
    "that", "the", "there", "this", "to", "was", "were", "what", "when", "where", "which", "who",
    "whom", "why", "with", "you",
})  # fmt: skip


class Hit(Protocol):
    """A passage that has a term."""

    @property
    def term(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def page(self) -> int: ...
    @property
    def piece(self) -> int: ...


def asked_terms(question: str) -> list[str]:
    """Return the terms to look up, without those that every question has."""
    return list(dict.fromkeys(term for term in index_terms(question) if term not in _ASKING))[
        :ASKED_TERMS
    ]


def choose_candidates(hits: Iterable[Hit], passages: int) -> list[PassageKey]:
    """Return the passages with the rarest terms, the best first.

    Args:
        hits: One for each passage and term that it has.
        passages: How many passages were searched, about.
    """
    holders: defaultdict[str, set[PassageKey]] = defaultdict(set)
    for hit in hits:
        holders[hit.term].add((hit.digest, hit.page, hit.piece))
    weights: defaultdict[PassageKey, float] = defaultdict(float)
    for keys in holders.values():
        weight = _rarity(len(keys), passages)
        for key in keys:
            weights[key] += weight
    return sorted(weights, key=lambda key: (-weights[key], key))[:CANDIDATES]


def rate(
    question: str, passages: Sequence[Passage], holding: Counter[str], total: int
) -> list[float]:
    """Rate passages by the question's words in them, BM25 with its usual constants.

    Takes some milliseconds for every 100,000 characters: call it in a thread.

    Args:
        question: As it was asked.
        passages: The candidates.
        holding: For each term, how many of all the passages searched have it.
        total: How many passages that is, about.
    """
    wanted = set(asked_terms(question))
    counts = []
    lengths = []
    for passage in passages:
        terms = list(index_terms(f"{passage.label} {passage.text}"))
        counts.append(Counter(term for term in terms if term in wanted))
        lengths.append(len(terms))
    mean = sum(lengths) / max(1, len(lengths)) or 1.0

    def score(count: Counter[str], length: int) -> float:
        return sum(
            _rarity(holding[term], total) * times * 2.2
            / (times + 1.2 * (0.25 + 0.75 * length / mean))
            for term, times in count.items()
        )  # fmt: skip

    return [score(*each) for each in zip(counts, lengths, strict=True)]


def count_holders(hits: Iterable[Hit]) -> Counter[str]:
    """Count for each term the passages that have it."""
    return Counter(hit.term for hit in hits)


def _rarity(holders: int, passages: int) -> float:
    return math.log(1 + (max(passages, holders) - holders + 0.5) / (holders + 0.5))
