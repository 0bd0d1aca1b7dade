"""Whether a message wants an answer of ours, and what it asks of the turn. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass

_DIRECTIVE = re.compile(r"(?<!\S)/(think|no_think)(?!\S)[ \t]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Directives:
    """What a person set for this turn alone; None leaves the default."""

    reasoning: bool | None = None


def take_directives(text: str) -> tuple[str, Directives]:
    """Take `/think` and `/no_think` out of the text; the last one counts."""
    found = _DIRECTIVE.findall(text)
    if not found:
        return text, Directives()
    return _DIRECTIVE.sub("", text).strip(), Directives(reasoning=found[-1].lower() == "think")


def find_silence(
    *, thread_is_ours: bool, earlier_authors: Collection[str], author: str, names_others: bool
) -> str | None:
    """Say why an unaddressed reply in a channel's thread gets no answer; None if it gets one.

    Without a mention the bot answers while one person and it talk alone; as soon as others have
    joined, or the message turns to somebody else, it is not ours to butt in.
    """
    if not thread_is_ours:
        return "not_our_thread"
    if names_others:
        return "turned_to_somebody_else"
    if set(earlier_authors) - {author}:
        return "others_have_joined"
    return None
