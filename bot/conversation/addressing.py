"""Whether a message wants an answer of ours, and what it asks of the turn. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass

_AT_START = re.compile(r"\A\s*/(think|no_think)(?!\S)", re.IGNORECASE)
_AT_END = re.compile(r"(?<!\S)/(think|no_think)\s*\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Directives:
    """What a person set for this turn alone; None leaves the default."""

    reasoning: bool | None = None


def take_directives(text: str) -> tuple[str, Directives]:
    """Take `/think` and `/no_think` off the text's beginning and end; the last one counts.

    Anywhere else they are what the person writes about.
    """
    reasoning: bool | None = None
    while found := _AT_START.search(text):
        reasoning = found[1].lower() == "think"
        text = text[found.end() :].lstrip()
    ends: list[str] = []
    while found := _AT_END.search(text):
        ends.append(found[1].lower())
        text = text[: found.start()].rstrip()
    if ends:
        reasoning = ends[0] == "think"
    return text, Directives(reasoning)


def find_silence(
    *,
    thread_is_ours: bool,
    natural: bool,
    earlier_authors: Collection[str],
    author: str,
    names_others: bool,
) -> str | None:
    """Say why an unaddressed reply in a channel's thread gets no answer; None if it gets one.

    Without a mention the bot answers while one person and it talk alone; as soon as others have
    joined, or the message turns to somebody else, it is not ours to butt in. Where it is not to be
    `natural`, only mentions are answered.
    """
    if not thread_is_ours:
        return "not_our_thread"
    if not natural:
        return "mentions_only"
    if names_others:
        return "turned_to_somebody_else"
    if set(earlier_authors) - {author}:
        return "others_have_joined"
    return None
