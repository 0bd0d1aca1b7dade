import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bot.conversation.messages import AssistantMessage, Caveat, Document, ThreadKey
from bot.documents.readers.terms import index_terms
from bot.errors import StartError
from bot.store import schema
from bot.store.database import Database, open_database
from bot.store.documents import DocumentStore
from bot.store.history import SqlHistory
from bot.store.sqlite import SqliteDatabase
from bot.store.tables import metadata, turns
from tests.postgres import PostgresServer
from tests.store.full_text import check_index

FOLDER = str(files("bot.store") / "migrations")
THREAD = ThreadKey("T1", "C1", "1.0")
OLD_TURN = text("""
    INSERT INTO turns (id, dedupe_key, kind, team, channel, thread_ts, ts, lane, payload, state,
                       claims, failures, available_at, accepted_at, posted)
    VALUES (:id, :key, 'message', 'T1', 'C1', '1.0', '1.0', 'lane', '{"text": "hi"}', :state,
            0, 0, 1.5, 1.5, '["1.1"]')
""")
OLD_MESSAGE = text("""
    INSERT INTO messages (team, channel, ts, thread_ts, place, role, text, files, recorded_at)
    VALUES ('T1', 'C1', '1.1', '1.0', '1.1', 'assistant', 'hello', '[]', 1)
""")
LONG_PAGE = "\n".join(f"totals of row {number}" for number in range(700))
OLD_DOCUMENTS = (
    """
    INSERT INTO documents (team, file_id, name, kind, unit, total_pages, notes, recorded_at)
    VALUES ('T1', 'F1', 'report.xlsx', 'spreadsheet', 'sheet', 9, '["Damaged."]', 1.5),
           ('T1', 'F2', 'empty.txt', 'text', 'part', 0, '[]', 1.5),
           ('T2', 'F1', 'theirs.pdf', 'PDF', 'page', 1, '[]', 1.5)
    """,
    """
    INSERT INTO pages (team, file_id, number, label, text)
    VALUES ('T1', 'F1', 1, 'Q3', 'Kündigungen: 契約'), ('T1', 'F1', 2, 'Q4', :long),
           ('T1', 'F1', 3, '', ''), ('T2', 'F1', 1, '', 'something else')
    """,
    """
    INSERT INTO thread_documents (team, channel, thread_ts, file_id, position)
    VALUES ('T1', 'C1', '1.0', 'F1', 0)
    """,
)
PROGRAM = """
import asyncio, sys
from bot.store.database import open_database

async def main():
    async with open_database(sys.argv[1]):
        pass

asyncio.run(main())
print("alembic" in sys.modules)
"""


@pytest.fixture
async def empty_url(request: pytest.FixtureRequest, database_url: str) -> str:
    """The URL of a database without tables."""
    if database_url.startswith("sqlite"):
        return database_url
    server: PostgresServer = request.getfixturevalue("postgres")
    return await server.create_database("template0")


@pytest.fixture
async def old_url(empty_url: str) -> str:
    """A database as the first release left it: its tables, some rows, no revision."""
    async with connect(empty_url) as connection:
        await connection.run_sync(lambda one: command.upgrade(configure(one), "0001"))
        await connection.execute(text("DROP TABLE alembic_version"))
        for n, state in enumerate(("closed", "running", "queued")):
            await connection.execute(OLD_TURN, {"id": str(n), "key": f"k{n}", "state": state})
        await connection.execute(OLD_MESSAGE)
    return empty_url


@asynccontextmanager
async def connect(url: str) -> AsyncIterator[AsyncConnection]:
    """A transaction past our own code."""
    driver = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
    address = make_url(url)
    engine = create_async_engine(address.set(drivername=driver[address.drivername]))
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


def configure(connection: Connection) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", FOLDER)
    config.set_main_option("path_separator", "os")
    return config


def differences(connection: Connection) -> list[object]:
    is_sqlite = connection.dialect.name == "sqlite"

    def is_alembics(_: object, name: str | None, *__: object) -> bool:
        # SQLite's full-text index is a table, and keeps itself in some more; PostgreSQL's has the
        # other name, and a condition that Alembic doesn't know.
        return not (is_sqlite and str(name).startswith(("passage_terms", "passages_terms")))

    context = MigrationContext.configure(connection, opts={"include_object": is_alembics})
    found: list[object] = compare_metadata(context, metadata)
    return found


async def read_indexes(url: str) -> set[str]:
    """What Alembic doesn't compare, or not in full: the indexes, the triggers, FTS5's table."""
    query = (
        "SELECT sql FROM sqlite_master WHERE name LIKE 'passage_terms%' OR type = 'index'"
        if url.startswith("sqlite")
        else "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"
    )
    async with connect(url) as connection:
        found = (await connection.execute(text(query))).scalars()
        return {" ".join(one.split()) for one in found if one is not None}


async def read_revision(database: Database) -> str:
    async with database.read() as tx:
        revision: str = (
            await tx.execute(text("SELECT version_num FROM alembic_version"))
        ).scalar_one()
        return revision


async def test_an_old_database_opens_keeps_its_rows_and_works(old_url: str) -> None:
    async with open_database(old_url) as database:
        async with database.read() as tx:
            found = (await tx.execute(select(turns).order_by(turns.c.sequence))).all()
        history = SqlHistory(database)
        await history.record(THREAD, [AssistantMessage("1.2", "again")])
        said = await history.load(THREAD, before="9", limit=9)

        assert [(row.id, row.state, row.payload, row.posted) for row in found] == [
            ("0", "closed", {"text": "hi"}, ["1.1"]),
            ("1", "running", {"text": "hi"}, ["1.1"]),
            ("2", "queued", {"text": "hi"}, ["1.1"]),
        ]
        assert [(row.busy, row.answer, row.lease_until) for row in found] == [
            (False, None, None)
        ] * 3
        assert [one.text for one in said] == ["hello", "again"]
        assert await read_revision(database) == schema.REVISIONS[-1]


async def test_migrated_tables_are_those_that_the_code_works_with(old_url: str) -> None:
    async with open_database(old_url):
        pass

    async with connect(old_url) as connection:
        assert await connection.run_sync(differences) == []


async def test_migrated_indexes_are_those_that_the_code_works_with(
    old_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if old_url.startswith("sqlite"):
        new_url = f"sqlite:///{tmp_path / 'new.db'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        new_url = await server.create_database("template0")
    for url in (old_url, new_url):
        async with open_database(url):
            pass

    migrated, new = await read_indexes(old_url), await read_indexes(new_url)

    assert migrated == new
    assert any("passage_terms USING fts5" in one or "USING gin" in one for one in new)


async def test_documents_of_the_second_release_are_there_and_can_be_searched(
    empty_url: str,
) -> None:
    async with connect(empty_url) as connection:
        await connection.run_sync(lambda one: command.upgrade(configure(one), "0002"))
        for statement in OLD_DOCUMENTS:
            await connection.execute(text(statement), {"long": LONG_PAGE})

    async with open_database(empty_url) as database:
        store = DocumentStore(database)
        [report] = await store.find("T1", "F1")
        thread = await store.of_thread(THREAD)
        [first, *pieces, blank] = await store.load("T1", "file:F1")
        wanted = list(index_terms("Kündigungen 契約 totals the"))
        found = await store.find_postings("T1", ["file:F1"], wanted)

        assert report == Document(
            file_id="F1",
            name="report.xlsx",
            kind="spreadsheet",
            unit="sheet",
            total_pages=9,
            read_pages=3,
            tokens=sum(one.tokens for one in (first, *pieces, blank)),
            digest="file:F1",
            notes=(Caveat("noted", text="Damaged."),),
        )
        assert thread == [report]
        assert (first.page, first.label, first.text) == (1, "Q3", "Kündigungen: 契約")
        assert first.tokens >= 6
        assert "\n".join(one.text for one in pieces) == LONG_PAGE
        assert {one.page for one in pieces} == {2}
        assert max(len(one.text) for one in pieces) <= 4_500
        assert blank.text == ""
        assert {(one.term, one.page) for one in found} == {
            *((term, 1) for term in index_terms("Kündigungen 契約")),
            *((term, 2) for term in index_terms("totals")),
        }
        [other] = await store.find("T2", "F1")
        assert other.name == "theirs.pdf"
        assert await store.find_postings("T2", ["file:F1"], wanted) == []
        await check_index(database)

        # And they go as all others do.
        await store.forget_file("T1", "F1")
        assert await store.load("T1", "file:F1") == []
        await check_index(database)


async def test_a_sqlite_without_full_text_search_is_told_at_the_start(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "aloud.db")

    def authorize(action: int, table: str | None, column: str | None, *_: object) -> int:
        # SQLite can't lose a module; but it can be made not to tell the names of those it has.
        is_name = action == sqlite3.SQLITE_READ and table == "pragma_module_list"
        return sqlite3.SQLITE_IGNORE if is_name and column == "name" else sqlite3.SQLITE_OK

    @event.listens_for(database._writing.sync_engine, "connect")
    @event.listens_for(database._reading.sync_engine, "connect")
    def hide_modules(connection: Any, _: object) -> None:
        connection.run_async(lambda driver: driver.set_authorizer(authorize))

    for start in (database.inspect, database.open):
        with pytest.raises(StartError, match="FTS5"):
            await start()


async def test_new_tables_are_those_that_the_migrations_make(empty_url: str) -> None:
    async with open_database(empty_url):
        pass

    async with connect(empty_url) as connection:
        assert await connection.run_sync(differences) == []
        # The migrations have nothing to add to them.
        await connection.run_sync(lambda one: command.upgrade(configure(one), "head"))


def test_every_migration_is_listed_in_order() -> None:
    scripts = [one.revision for one in ScriptDirectory(FOLDER).walk_revisions()]

    assert tuple(reversed(scripts)) == schema.REVISIONS


@pytest.mark.parametrize(
    ("obstacle", "way_out"),
    [
        # In the way of the last things that the migrations to 0002 and 0003 do to the tables.
        ("CREATE INDEX turns_joined ON turns (lane)", "DROP INDEX turns_joined"),
        ("CREATE TABLE part_notes (key INTEGER)", "DROP TABLE part_notes"),
    ],
)
async def test_a_migration_that_fails_leaves_the_old_tables(
    old_url: str, obstacle: str, way_out: str
) -> None:
    async with connect(old_url) as connection:
        await connection.execute(text(obstacle))

    with pytest.raises(StartError, match="DATABASE_URL"):
        await open_database(old_url).open()

    async with connect(old_url) as connection:
        await connection.execute(text(way_out))
    async with open_database(old_url) as database:
        assert await read_revision(database) == schema.REVISIONS[-1]


async def test_a_database_of_a_newer_release_is_refused_and_left_alone(database_url: str) -> None:
    async with open_database(database_url):
        pass
    await set_revision(database_url, "9999")
    database = open_database(database_url)

    with pytest.raises(StartError, match="newer release of Aloud"):
        await database.open()
    with pytest.raises(StartError, match="newer release of Aloud"):
        await database.inspect()

    await set_revision(database_url, schema.REVISIONS[-1])
    async with open_database(database_url):
        pass


async def set_revision(url: str, revision: str) -> None:
    async with connect(url) as connection:
        await connection.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))  # noqa: S608  # our own words


async def test_it_says_what_it_would_find(empty_url: str, old_url: str) -> None:
    """Both fixtures name the same database, which is old by now."""
    assert await open_database(old_url).inspect() == "old"

    async with open_database(old_url):
        pass
    assert await open_database(old_url).inspect() == "current"


async def test_it_says_that_there_are_no_tables_yet(empty_url: str) -> None:
    assert await open_database(empty_url).inspect() == "empty"
    assert await open_database(empty_url).inspect() == "empty"


@pytest.mark.parametrize("tables", ["none", "old"])
async def test_processes_that_start_at_once_migrate_once(
    postgres: PostgresServer, request: pytest.FixtureRequest, tables: str
) -> None:
    url = await postgres.create_database("template0")
    if tables == "old":
        async with connect(url) as connection:
            await connection.run_sync(lambda one: command.upgrade(configure(one), "0001"))
    databases = [open_database(url) for _ in range(4)]

    await asyncio.gather(*(one.open() for one in databases))

    for one in databases:
        assert await read_revision(one) == schema.REVISIONS[-1]
        await one.close()


async def test_the_order_of_turns_goes_beyond_32_bits(old_url: str) -> None:
    big = 2**31 - 1
    async with open_database(old_url) as database, database.write() as tx:
        query = insert(turns).returning(turns.c.sequence)
        values = {
            "kind": "message",
            "team": "T1",
            "channel": "C1",
            "thread_ts": "1",
            "ts": "1",
            "lane": "l",
            "payload": {},
            "state": "queued",
            "available_at": 0.0,
            "accepted_at": 0.0,
            "posted": [],
        }
        await tx.execute(insert(turns), {**values, "id": "a", "dedupe_key": "a", "sequence": big})
        if database.is_shared:
            await tx.execute(text(f"SELECT setval('turns_sequence_seq', {big})"))
        found = await tx.execute(query, {**values, "id": "b", "dedupe_key": "b"})

        assert found.scalar() == 2**31


def test_a_start_without_migrations_does_not_load_alembic(database_url: str) -> None:
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-c", PROGRAM, database_url], check=True, capture_output=True, text=True
    )

    assert done.stdout.strip() == "False"
