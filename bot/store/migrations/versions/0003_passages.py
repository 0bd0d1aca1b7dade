"""Documents as passages that can be searched, each content kept once."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0003"
down_revision = "0002"

_Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")

_FTS5 = (
    """
    CREATE VIRTUAL TABLE passage_terms USING fts5(
        terms, content='passages', content_rowid='id', detail=none, columnsize=0,
        tokenize="ascii tokenchars '_'"
    )
    """,
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


def upgrade() -> None:
    connection = op.get_bind()
    is_sqlite = connection.dialect.name == "sqlite"
    old_documents = sa.Table("documents", sa.MetaData(), autoload_with=connection)
    old_pages = sa.Table("pages", sa.MetaData(), autoload_with=connection)
    stored = connection.execute(sa.select(old_documents)).mappings().all()
    op.drop_table("documents")

    contents = op.create_table(
        "contents",
        sa.Column("id", _Number, primary_key=True),
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("total_pages", sa.Integer, nullable=False),
        sa.Column("read_pages", sa.Integer, nullable=False),
        sa.Column("tokens", sa.Integer, nullable=False),
        sa.Column("notes", sa.JSON, nullable=False),
        sa.Column(
            "whole",
            sa.Boolean,
            nullable=False,
            comment="All passages are there; else it is not used",
        ),
        sa.Column("recorded_at", sa.Float, nullable=False, comment="When it was last added to"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "contents_whole",
        "contents",
        ["team", "digest"],
        unique=True,
        sqlite_where=sa.text("whole = 1"),
        postgresql_where=sa.text("whole"),
    )
    passages = op.create_table(
        "passages",
        sa.Column("id", _Number, primary_key=True),
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("content", _Number, nullable=False),
        sa.Column("page", sa.Integer, nullable=False),
        sa.Column("piece", sa.Integer, nullable=False),
        sa.Column("tokens", sa.Integer, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("terms", sa.Text().with_variant(TSVECTOR, "postgresql"), nullable=False),
    )
    op.create_index(
        "passages_content", "passages", ["team", "content", "page", "piece"], unique=True
    )
    if is_sqlite:
        for statement in _FTS5:
            op.execute(statement)
    documents = op.create_table(
        "documents",
        sa.Column("team", sa.String(32)),
        sa.Column("file_id", sa.String(64)),
        sa.Column(
            "source",
            sa.String(32),
            nullable=False,
            comment="The file that was shared; it holds this",
        ),
        sa.Column("digest", sa.String(64), nullable=False, comment="Names its content"),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.Float, nullable=False, comment="When it was last shared"),
        sa.PrimaryKeyConstraint("team", "file_id"),
    )
    op.create_index("documents_source", "documents", ["team", "source"])
    op.create_index("documents_digest", "documents", ["team", "digest"])
    op.create_index("documents_recorded", "documents", ["recorded_at"])
    with op.batch_alter_table("thread_documents") as table:
        table.alter_column("file_id", type_=sa.String(64))
    op.create_index("thread_documents_file", "thread_documents", ["team", "file_id"])
    op.create_table(
        "part_notes",
        sa.Column("team", sa.String(32)),
        sa.Column("digest", sa.String(64)),
        sa.Column("key", sa.String(64)),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("team", "digest", "key"),
    )

    lexemes: Any = sa.bindparam("lexemes")
    if not is_sqlite:
        lexemes = sa.func.array_to_tsvector(sa.func.string_to_array(lexemes, " ", type_=sa.Text))
    add_passage = passages.insert().values(terms=lexemes)
    for document in stored:
        of_document = (
            old_pages.c.team == document["team"],
            old_pages.c.file_id == document["file_id"],
        )
        pages = connection.execute(
            sa.select(old_pages.c.number, old_pages.c.label, old_pages.c.text)
            .where(*of_document)
            .order_by(old_pages.c.number)
        ).all()
        rows = [
            {
                "team": document["team"],
                "page": number,
                "piece": piece,
                "tokens": _estimate_tokens(text),
                "label": label,
                "text": text,
            }
            for number, label, page in pages
            for piece, text in enumerate(_cut(page))
        ]
        digest = f"file:{document['file_id']}"
        content = connection.execute(
            contents.insert()
            .values(
                team=document["team"],
                digest=digest,
                kind=document["kind"],
                unit=document["unit"],
                total_pages=document["total_pages"],
                read_pages=len(pages),
                tokens=sum(row["tokens"] for row in rows),
                notes=document["notes"],
                whole=True,
                recorded_at=document["recorded_at"],
            )
            .returning(contents.c.id)
        ).scalar_one()
        for row in rows:
            terms = dict.fromkeys(_index_terms(f"{row['label']} {row['text']}"))
            row["content"] = content
            row["lexemes"] = " ".join(f"{content}_{term}" for term in terms)
        if rows:
            connection.execute(add_passage, rows)
        connection.execute(
            documents.insert().values(
                team=document["team"],
                file_id=document["file_id"],
                source=document["file_id"],
                digest=digest,
                name=document["name"],
                recorded_at=document["recorded_at"],
            )
        )
    op.drop_table("pages")
    if not is_sqlite:
        # Filled at once, it is built several times faster.
        op.create_index(
            "passages_terms",
            "passages",
            ["terms"],
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        )


def _cut(text: str) -> Iterator[str]:
    """Cut a long page into pieces, at the ends of lines where there are any."""
    start = 0
    while len(text) - start > 4_500:
        end = text.rfind("\n", start, start + 3_000)
        end = end if end > start else start + 3_000
        yield text[start:end]
        start = end + (text[end] == "\n")
    yield text[start:]


def _estimate_tokens(text: str) -> int:
    """Estimate rather too many: an ideograph or a digit is about one, as are four letters."""
    return len(text.encode()) // 3 + sum(map(str.isdigit, text)) + 1


# What follows are the rules by which this revision's readers made the terms of a text.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963\u0966-\u0dff"
_RUN = re.compile(rf"([{_UNSPACED}]+)|(?:[^\W{_UNSPACED}]+|[{_MARKS}]+)+")


def _index_terms(text: str) -> Iterator[str]:
    for match in _RUN.finditer(unicodedata.normalize("NFKC", text).casefold()):
        run = match[0]
        if match[1]:
            yield from (run[at : at + 2] for at in range(max(1, len(run) - 1)))
        elif len(run) > 1 or run.isdigit():
            yield run[:64]
            if len(run) > 6 and run.isalpha():
                yield run[:6]
