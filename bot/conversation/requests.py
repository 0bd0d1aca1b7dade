"""What a person wants of a document: a summary, a comparison, an answer. Pure.

Told by the words alone, in ten languages. Where they leave it open, a file that comes with them is
summarized and the words steer the summary: that does least harm.
"""

import re
from dataclasses import dataclass, field
from typing import Final, Literal

from bot.conversation import wordings
from bot.conversation.scopes import Scope, find_scope

Kind = Literal["summary", "comparison", "question"]

_APOSTROPHES: Final = str.maketrans("’‘´`", "''''")  # noqa: RUF001  # as keyboards write them
_MENTION = re.compile(r"<?[@!][\w|.-]+>?")
_HEARD_CHARACTERS = 2_000
"""Of a long message, a pasted text perhaps, the wish stands at the beginning or at the end."""

_CLAUSE_CHARACTERS = 500
_WORD = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked.

    Attributes:
        kind: What is wanted: `comparison` asks for changes; whether there are two versions to
            compare, or the words are a question about one, is for the caller to say.
        scope: The pages and parts that are named.
        instruction: The person's words, "" if there were none.
        focus: The same if they say what to look at; "" if they ask for a summary of everything,
            or only for its length, form or language, so that notes made before will do.
        asked: Whether the words ask for anything at all; without a file that came with them, "FYI"
            or "thanks" is no request for a summary.
        reshapes: Whether all that is asked for is another length, form or language.
    """

    kind: Kind
    scope: Scope = field(default_factory=Scope)
    instruction: str = ""
    focus: str = ""
    asked: bool = False
    reshapes: bool = False


def parse_request(text: str) -> Request:
    """Tell what is wanted from the words that came with or after a file.

    Args:
        text: What the person wrote, without mentions of the bot and directives; may be empty.
    """
    instruction = text.strip()
    heard = instruction
    if len(instruction) > 2 * _HEARD_CHARACTERS:
        heard = f"{instruction[:_HEARD_CHARACTERS]}\n{instruction[-_HEARD_CHARACTERS:]}"
    scope, rest = find_scope(heard)
    plain = _MENTION.sub(" ", rest.translate(_APOSTROPHES).casefold())
    clauses = [" ".join(clause.split()) for clause in wordings.CLAUSE_END.split(plain)]
    kinds = {_classify(clause[:_CLAUSE_CHARACTERS]) for clause in clauses}
    kind: Kind = next((one for one in _STRONGEST_FIRST if one in kinds), "summary")
    asked = bool(kinds - {None})
    if kind != "comparison" and scope and not _has_subject(plain):
        kind, asked = "summary", True  # "only chapter 4"
    focus = instruction if kind != "summary" or _has_subject(plain) else ""
    names_summary = any(map(_names_summary, clauses))
    reshapes = kind == "summary" and asked and not (scope or focus or names_summary)
    return Request(kind, scope, instruction, focus, asked, reshapes)


_STRONGEST_FIRST: Final[tuple[Kind, ...]] = ("comparison", "summary", "question")
"""Of several sentences the strongest wish counts: "Here is v2. What changed?" """


def _classify(clause: str) -> Kind | None:
    """Tell what one clause wants, None if it only says something."""
    if not _WORD.search(clause) or wordings.SHARES.match(clause):
        return None
    if wordings.TELLS.match(clause) and not clause.endswith("?"):
        return None
    if _asks_for_changes(clause):
        return "comparison"
    marked = clause.endswith(("?", "？")) or "¿" in clause  # noqa: RUF001  # full-width, too
    asks = marked or bool(wordings.ASKS.match(clause))
    if _asks_for_summary(clause, asks=asks):
        return "summary"
    if asks or wordings.TASKS.match(clause) or wordings.SIZES.search(clause):
        return "question"
    return None


def _asks_for_changes(clause: str) -> bool:
    if wordings.CHANGES.search(clause):
        return True
    if not wordings.COMPARING.search(clause):
        return False
    return bool(wordings.VERSIONS.search(clause)) or not _has_subject(
        wordings.COMPARING.sub(" ", clause)
    )


def _names_summary(clause: str) -> bool:
    return bool(
        wordings.ASKS_WHAT_IT_IS.match(clause)
        or wordings.ASKS_FOR_POINTS.match(clause)
        or wordings.ASKS_FOR_SUMMARY.match(clause)
        or wordings.SUMMARIZE.search(clause)
        or wordings.EXPLAINS.match(clause)
    )


def _asks_for_summary(clause: str, *, asks: bool) -> bool:
    if wordings.ASKS_WHAT_IT_IS.match(clause) or wordings.ASKS_FOR_POINTS.match(clause):
        return True
    if asks and wordings.ASKS_ABOUT.match(clause) and not wordings.POLITE.match(clause):
        return False  # "Who wrote the summary?"
    return bool(
        wordings.ASKS_FOR_SUMMARY.match(clause)
        or wordings.SUMMARIZE.search(clause)
        or wordings.SHAPES_SUMMARY.match(clause)
        or (wordings.SIZES.search(clause) and not _has_subject(wordings.SIZES.sub(" ", clause)))
        or (wordings.EXPLAINS.match(clause) and not _has_subject(clause))
    )


def _has_subject(plain: str) -> bool:
    """Whether a text speaks of anything but a summary, its form, and the document as a whole."""
    for pattern in (wordings.SUMMARIZE, wordings.FORMS, wordings.FILLERS):
        plain = pattern.sub(" ", plain)
    return bool(_WORD.search(plain))
