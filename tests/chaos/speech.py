"""What people ask and what the model answers: each answer says which questions it is for. Pure."""

import re
from collections.abc import Sequence

_LAST_WORD = "Done."
_LONG = 13
"""Every so many questions the answer is too long for one message."""


def phrase_question(number: int) -> str:
    return f"Q{number}: what do you make of that?"


def find_numbers(text: str) -> tuple[int, ...]:
    """Return the numbers of the questions in a text, in their order."""
    return tuple(int(number) for number in re.findall(r"\bQ(\d+):", text))


def phrase_answer(numbers: Sequence[int]) -> str:
    """Answer these questions, always in the same words."""
    paragraphs = 240 if any(number % _LONG == 0 for number in numbers) else 2
    named = " and ".join(f"Q{number}" for number in numbers) or "Nothing"
    body = (f"Thought {n} is told in a dozen plain words, all its own." for n in range(paragraphs))
    return "\n\n".join([f"To {named}.", *body, _LAST_WORD])


def find_answered(text: str) -> tuple[int, ...]:
    """Return the numbers of the questions that an answer says it is for, whole or not."""
    head = re.match(r"\s*To (Q\d+(?: and Q\d+)*)\.", text)
    return tuple(int(number) for number in re.findall(r"\d+", head[1])) if head else ()


def is_whole(text: str) -> bool:
    """Whether this is an answer from its first word to its last, and nothing besides."""
    return text.split() == phrase_answer(find_answered(text)).split()
