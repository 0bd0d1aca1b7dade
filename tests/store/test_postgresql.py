"""What only a server can do: be away, refuse, forget us, or talk to others."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import StartError
from bot.store.database import Database, open_database
from bot.store.listener import Listener
from bot.store.postgresql import PostgresDatabase
from bot.store.tables import threads
from tests.postgres import GUARDED_USER, PostgresServer, postgres_server

ROW = {"team": "T1", "channel": "C1", "thread_ts": "1.0", "read_at": 1.0}
SLACK_SECONDS = 3.0


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server to stop and start, which no other test needs meanwhile."""
    with postgres_server() as server:
        yield server


@pytest.fixture
async def url(postgres: PostgresServer) -> str:
    return await postgres.create_database()


@pytest.fixture
async def guarded_url(postgres: PostgresServer, url: str) -> str:
    """The address of a database whose user needs a password."""
    await postgres.execute(
        f"DO $$ BEGIN CREATE ROLE {GUARDED_USER} LOGIN PASSWORD 'p@ss/word';"
        " EXCEPTION WHEN duplicate_object THEN NULL; END $$"
    )
    return url.replace("aloud@", f"{GUARDED_USER}:p%40ss%2Fword@")


class Hearing:
    """A watcher that can be waited for."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._news = asyncio.Event()

    def __call__(self, message: str) -> None:
        self.heard.append(message)
        self._news.set()

    async def wait_for(self, message: str) -> None:
        while message not in self.heard:
            self._news.clear()
            await self._news.wait()


class Proxy:
    """A way to the server that can be cut such that neither side notices."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._open = asyncio.Event()
        self._open.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    def cut(self) -> None:
        """Let nothing through any more on the connections that there are."""
        self._open.clear()
        self._open = asyncio.Event()
        self._open.set()

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        is_open = self._open
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_copy(reader, far_writer, is_open))
                both.create_task(_copy(far_reader, writer, is_open))
        finally:
            writer.transport.abort()
            far_writer.transport.abort()


async def _copy(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_open: asyncio.Event
) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            await is_open.wait()
            writer.write(data)
            await writer.drain()
        writer.close()


@pytest.fixture
async def proxy(postgres: PostgresServer) -> AsyncIterator[Proxy]:
    one = Proxy(postgres.port)
    async with one.serve():
        yield one


async def add(database: Database, name: str = "1.0") -> None:
    async with database.write() as tx:
        await tx.execute(insert(threads), {**ROW, "thread_ts": name})


async def fail_to_add(database: Database) -> float:
    """Try to write in vain; returns after how many seconds that was known."""
    begun = time.monotonic()
    with pytest.raises(SQLAlchemyError):
        await add(database)
    return time.monotonic() - begun


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("/test", "/no", "has no database no"),
        ("word@", "wrong@", f"refused the password of user {GUARDED_USER}"),
        (GUARDED_USER, "nobody", "does not let user nobody in"),
        ("@127.0.0.1:", "@127.0.0.1:1/", "can't be reached; is it running?"),
        ("/test", "/test?sslmode=require&x=", "can't be spoken to over TLS"),
        ("/test", "/postgres?frobnicate=", "can't be used"),
        ("", "", f"does not let user {GUARDED_USER} make tables"),
    ],
)
async def test_what_is_wrong_is_said_at_start_without_the_password(
    guarded_url: str, right: str, wrong: str, told: str
) -> None:
    database = open_database(guarded_url.replace(right, wrong))

    with pytest.raises(StartError) as caught:
        await database.open()

    [problem] = caught.value.problems
    assert problem.startswith("DATABASE_URL: the PostgreSQL server at 127.0.0.1:")
    assert told in problem
    for text_of_it in (problem, str(database), repr(database)):
        assert "word" not in text_of_it.replace("the password", "")


async def test_a_user_with_a_password_and_what_libpq_alone_knows_get_in(
    postgres: PostgresServer, guarded_url: str, url: str
) -> None:
    await postgres.execute(f"GRANT ALL ON SCHEMA public TO {GUARDED_USER}", url.rpartition("/")[2])
    options = "sslmode=prefer&channel_binding=prefer&connect_timeout=5&keepalives_idle=30"

    async with open_database(f"{guarded_url}?{options}") as database:
        await add(database)
        async with database.read() as tx:
            name = (await tx.execute(text("SHOW application_name"))).scalar()
            idle = (await tx.execute(text("SHOW idle_in_transaction_session_timeout"))).scalar()

    # A process that is frozen in a transaction must not keep the others from working.
    assert (name, idle) == ("aloud", "5s")


async def test_one_process_hears_the_other_and_itself_once(url: str) -> None:
    mine, theirs = Hearing(), Hearing()
    async with open_database(url) as one, open_database(url) as other:
        one.watch(mine)
        other.watch(theirs)
        async with one.write() as tx:
            await one.notify(tx, "stop turn 7")
        assert mine.heard == ["stop turn 7"]
        await theirs.wait_for("stop turn 7")
        async with other.write() as tx:
            await other.notify(tx, "last")
        await mine.wait_for("last")

    assert mine.heard == theirs.heard == ["stop turn 7", "last"]


async def test_a_transaction_holds_what_it_serializes_against_other_processes(url: str) -> None:
    order: list[str] = []

    async def follow(database: Database) -> None:
        async with database.write() as tx:
            await database.serialize(tx, "claim")
            order.append("second")

    async with open_database(url) as one, open_database(url) as other:
        async with one.write() as tx:
            await one.serialize(tx, "claim")
            following = asyncio.create_task(follow(other))
            async with other.write() as aside:
                await other.serialize(aside, "something else")
                await wait_until_somebody_waits(other)
            order.append("first")
        await following

    assert order == ["first", "second"]


async def wait_until_somebody_waits(database: Database) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    while True:
        async with database.read() as tx:
            if (await tx.execute(waiting)).scalar():
                return


async def test_after_a_restart_of_the_server_it_goes_on_and_watchers_look_again(
    own_server: PostgresServer,
) -> None:
    hearing = Hearing()
    async with open_database(await own_server.create_database()) as database:
        database.watch(hearing)
        await add(database, "before")

        await asyncio.to_thread(own_server.restart)
        await add(database, "after")
        await hearing.wait_for("")
        async with database.read() as tx:
            count = (await tx.execute(select(func.count()).select_from(threads))).scalar()

    assert count == 2


async def test_while_the_server_is_away_writes_fail_before_slack_gives_up(
    own_server: PostgresServer,
) -> None:
    async with open_database(await own_server.create_database()) as database:
        await add(database, "before")
        await asyncio.to_thread(own_server.stop)
        try:
            seconds = await fail_to_add(database)
            with pytest.raises(SQLAlchemyError):
                await database.check()
        finally:
            await asyncio.to_thread(own_server.start)
        await add(database, "after")

    assert seconds < SLACK_SECONDS


async def test_a_connection_that_is_cut_in_silence_fails_before_slack_gives_up(
    url: str, postgres: PostgresServer, proxy: Proxy
) -> None:
    async with open_database(url.replace(str(postgres.port), str(proxy.port))) as database:
        await add(database, "before")
        proxy.cut()

        seconds = await fail_to_add(database)
        await add(database, "after")

    assert seconds < SLACK_SECONDS


async def test_a_backend_that_dies_under_a_statement_is_a_failure_of_the_database(
    url: str, postgres: PostgresServer
) -> None:
    async def sleep_long(database: Database) -> None:
        async with database.write() as tx:
            await tx.execute(insert(threads), ROW)
            await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    async with open_database(url) as database:
        with pytest.raises(SQLAlchemyError):
            await sleep_long(database)
        await add(database)


async def test_a_statement_that_is_never_answered_is_a_failure_of_the_database(url: str) -> None:
    database = PostgresDatabase(url)
    engine = database._create_engine(1, 0.05)

    async def sleep_long() -> None:
        async with database._checkout(engine) as tx:
            await tx.execute(text("SELECT pg_sleep(60)"))

    try:
        with pytest.raises(SQLAlchemyError) as caught:
            await sleep_long()
    finally:
        await engine.dispose()

    assert isinstance(caught.value.__cause__, TimeoutError)


async def test_who_is_cancelled_while_waiting_for_a_connection_leaves_none_behind(
    url: str,
) -> None:
    async with open_database(url) as database:
        for _ in range(20):
            task = asyncio.create_task(add(database, "cancelled"))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        # As many as there are, at the same time.
        await asyncio.gather(*(add(database, str(n)) for n in range(20)))


async def test_a_listener_notices_that_its_line_was_cut_in_silence(
    url: str, postgres: PostgresServer, proxy: Proxy
) -> None:
    database = PostgresDatabase(url.replace(str(postgres.port), str(proxy.port)))
    hearing = Hearing()
    listener = Listener(database._connect, "aloud", hearing, probe=0.05, patience=0.1)
    await listener.start()
    proxy.cut()
    await hearing.wait_for("")
    async with open_database(url) as other, other.write() as tx:
        await tx.execute(select(func.pg_notify("aloud", "hello")))
    await hearing.wait_for("hello")
    await listener.stop()


async def test_without_a_listener_everything_else_works(url: str) -> None:
    """As behind a pooler that lets nobody listen."""
    hearing = Hearing()
    async with PostgresDatabase(url) as database:
        database.watch(hearing)
        await database._listener.stop()
        async with database.write() as tx:
            await database.notify(tx, "own")

    assert hearing.heard == ["own"]
