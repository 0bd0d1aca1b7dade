"""The full-text index over passages: FTS5 on SQLite, a GIN index on PostgreSQL.

A term is indexed together with its content's number, as one lexeme: `17_budget`. So looking it up
costs what that content holds of it, however often all others say the same, and can't come upon
theirs. The index only finds; who asks rates what was found.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, Text, TypeDecorator, func, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

_TERM_CHARACTERS: Final = 64
_UNFIT: Final = re.compile("[^a-z0-9\u0080-\ud7ff\ue000-\U0010ffff ]")


class _Lexemes(TypeDecorator[str]):
    """A `tsvector` of the lexemes as they are: no parser, no dictionary, no language."""

    impl = TSVECTOR
    cache_ok = True

    @override
    def bind_expression(self, bindparam: BindParameter[str]) -> ColumnElement[Any]:
        return func.array_to_tsvector(func.string_to_array(bindparam, " ", type_=Text))


LEXEMES: Final = Text().with_variant(_Lexemes(), "postgresql")
"""The type of the indexed column; it is written as `write_lexemes` returns it."""

FTS5_DDL: Final = (
    # Lexemes are made such that the tokenizer neither parts nor folds them. Nobody asks where
    # in a passage they stand (detail) or how many it has (columnsize).
    """
    CREATE VIRTUAL TABLE passage_terms USING fts5(
        terms, content='passages', content_rowid='id', detail=none, columnsize=0,
        tokenize="ascii tokenchars '_'"
    )
    """,
    # An external content table is kept by triggers (SQLite docs, "FTS5", 4.4.3). None for
    # updates, since a passage is never changed.
    """
    CREATE TRIGGER passage_terms_insert AFTER INSERT ON passages BEGIN
        INSERT INTO passage_terms (rowid, terms) VALUES (new.id, new.terms);
    END
    """,
    """
    CREATE TRIGGER passage_terms_delete AFTER DELETE ON passages BEGIN
        INSERT INTO passage_terms (passage_terms, rowid, terms)
        VALUES ('delete', old.id, old.terms);
    END
    """,
)
"""What SQLite needs beside the table `passages`; PostgreSQL's index is one like any other."""

_FIND: Final = {
    # The cross join has SQLite begin with the queries (SQLite docs, "The Query Planner", 4.1).
    "sqlite": text("""
        SELECT asked.key, json_group_array(passage_terms.rowid)
        FROM json_each(:queries) AS asked CROSS JOIN passage_terms
        WHERE passage_terms MATCH asked.value
        GROUP BY asked.key
    """),
    "postgresql": text("""
        SELECT asked.number - 1, CAST(json_agg(passages.id) AS text)
        FROM jsonb_array_elements_text(CAST(:queries AS jsonb)) WITH ORDINALITY
            AS asked (query, number)
        JOIN passages ON passages.terms @@ CAST(asked.query AS tsquery)
        GROUP BY asked.number
    """),
}
"""The passages of each query, as a list in JSON: there may be thousands for each. The team is not
asked for, since the lexemes are those of contents that it has."""


def write_lexemes(content: int, terms: str) -> str:
    """Return the lexemes of a passage, separated by spaces, each once.

    Args:
        content: The number of the content that the passage is of.
        terms: Its terms, separated by spaces.
    """
    words = (word[:_TERM_CHARACTERS] for word in _disarm(terms).split(" ") if word)
    return " ".join(f"{content}_{word}" for word in dict.fromkeys(words))


async def find_passages(
    tx: AsyncConnection, contents: Sequence[int], terms: Sequence[str]
) -> dict[str, list[int]]:
    """Return the ids of those passages of the contents that have each of the terms."""
    if not contents:
        return {}
    dialect = tx.dialect.name
    queries = [_ask(dialect, contents, term) for term in terms]
    found = await tx.execute(_FIND[dialect], {"queries": json.dumps(queries)})
    return {terms[number]: json.loads(ids) for number, ids in found}


def _ask(dialect: str, contents: Sequence[int], term: str) -> str:
    """Write the query for a term in any of the contents."""
    word = _disarm(term).replace(" ", "_")[:_TERM_CHARACTERS]
    quote, either = ('"', " OR ") if dialect == "sqlite" else ("'", " | ")
    return either.join(f"{quote}{content}_{word}{quote}" for content in contents)


def _disarm(terms: str) -> str:
    """Leave nothing that means something in a query: no quotes, no operators, no NUL."""
    return _UNFIT.sub("_", terms.lower())
