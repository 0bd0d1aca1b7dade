import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bot.conversation.messages import AssistantMessage, ThreadKey
from bot.errors import StartError
from bot.store import schema
from bot.store.database import Database, open_database
from bot.store.history import SqlHistory
from bot.store.tables import metadata, turns
from tests.postgres import PostgresServer

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
    found: list[object] = compare_metadata(MigrationContext.configure(connection), metadata)
    return found


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


async def test_a_migration_that_fails_leaves_the_old_tables(old_url: str) -> None:
    async with connect(old_url) as connection:
        # In the way of the last thing that the migration to 0002 does on both databases.
        await connection.execute(text("CREATE INDEX turns_joined ON turns (lane)"))

    with pytest.raises(StartError, match="DATABASE_URL"):
        await open_database(old_url).open()

    async with connect(old_url) as connection:
        await connection.execute(text("DROP INDEX turns_joined"))
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
