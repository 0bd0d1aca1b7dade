"""The shared database: PostgreSQL, for as many processes as are started."""

import asyncio
import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from math import inf
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import asyncpg
from sqlalchemy import BigInteger, Table, cast, event, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from typing_extensions import override

from bot.errors import StartError
from bot.store import schema
from bot.store.database import Database, State
from bot.store.listener import Listener

_CONNECTIONS: Final = 8
"""Of one process. A turn holds one for milliseconds at a time, so that eight carry sixteen turns
and what comes in meanwhile; with the listener's, eleven replicas fit in the hundred connections
that PostgreSQL allows by default."""

_PATIENCE: Final = 2.5
"""Seconds without an answer until the server counts as away. Slack takes an event for lost after
three (Slack docs, "Events API") and sends it again, so it is better to fail before."""

_STATEMENT_SECONDS: Final = 30.0
"""Longest wait for a statement: a server that vanished without a word never answers."""

_MIGRATION_SECONDS: Final = 3_600.0

_IDLE_SECONDS: Final = 5
"""Our transactions wait for nothing but the database. One that stands still is of a process that
was frozen or cut off, and the locks it holds keep all others from working."""

_CHANNEL: Final = "aloud"

_LIBPQ_ALONE: Final = frozenset(
    {
        "channel_binding",
        "connect_timeout",
        "gssencmode",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "load_balance_hosts",
        "sslcompression",
        "sslsni",
        "tcp_user_timeout",
    }
)
"""Connection parameters that asyncpg would pass on to the server, which refuses them (PostgreSQL
docs, "Parameter Key Words"; asyncpg, `connect_utils.py`)."""


class PostgresDatabase(Database):
    """A PostgreSQL database.

    User, password and TLS stay in the URL, which asyncpg reads as libpq would.
    """

    is_shared: ClassVar[bool] = True

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = _drop_parameters(url)
        parts = urlsplit(url)
        self._server = f"the PostgreSQL server at {parts.netloc.rpartition('@')[2]}"
        self._user, self._database = unquote(parts.username or ""), unquote(parts.path[1:])
        self._engine = self._create_engine(_CONNECTIONS, _STATEMENT_SECONDS)
        # A statement by itself is a transaction; one around it would take three trips, not one.
        self._reading = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._name = secrets.token_hex(4)
        self._messages: dict[AsyncConnection, list[str]] = {}
        self._listener = Listener(self._connect, _CHANNEL, self._hear)
        self._answered_at = -inf
        self._left: set[asyncio.Task[None]] = set()

    @override
    def __str__(self) -> str:
        return f"the database {self._database} of {self._server}"

    @override
    async def open(self) -> None:
        try:
            if await self._inspect() != "current":
                await self._upgrade()
            await self._listener.start()
        except BaseException as error:
            await self.close()
            self._explain(error)
            raise

    @override
    async def inspect(self) -> State:
        try:
            await self.check()
            return await self._inspect()
        except BaseException as error:
            self._explain(error)
            raise
        finally:
            await self.close()

    @override
    async def close(self) -> None:
        await self._listener.stop()
        if self._left:
            await asyncio.wait(self._left)
        await self._engine.dispose()

    @override
    @asynccontextmanager
    async def _begin(self) -> AsyncIterator[AsyncConnection]:
        is_committing = False
        async with self._checkout(self._engine) as tx:
            messages = self._messages[tx] = []
            try:
                async with tx.begin():
                    yield tx
                    is_committing = True
            except BaseException:
                if is_committing and messages:
                    # Nobody knows whether it was done.
                    self._tell([""])
                raise
            finally:
                del self._messages[tx]
            self._tell(messages)

    @override
    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        async with self._checkout(self._reading) as connection:
            yield connection

    @override
    async def check(self) -> None:
        async with self._checkout(self._engine) as connection:
            # Only a server that can be written to gives out a number; a standby refuses.
            await connection.execute(select(func.txid_current()))

    @override
    def insert(self, table: Table) -> postgresql.Insert:
        return postgresql.insert(table)

    @override
    async def serialize(self, tx: AsyncConnection, what: str) -> None:
        digest = hashlib.blake2b(f"aloud {what}".encode(), digest_size=8).digest()
        key = int.from_bytes(digest, "big", signed=True)
        await tx.execute(select(func.pg_advisory_xact_lock(cast(key, BigInteger))))

    @override
    async def notify(self, tx: AsyncConnection, message: str) -> None:
        await tx.execute(select(func.pg_notify(_CHANNEL, f"{self._name} {message}")))
        self._messages[tx].append(message)

    def _hear(self, payload: str) -> None:
        """Pass on what another process says; our own watchers know already."""
        sender, _, message = payload.partition(" ")
        if sender != self._name:
            self._tell([message])

    async def _inspect(self) -> State:
        async with self.read() as tx:
            return await tx.run_sync(schema.inspect)

    async def _upgrade(self) -> None:
        engine = self._create_engine(1, _MIGRATION_SECONDS)
        try:
            async with self._checkout(engine) as tx, tx.begin():
                await self.serialize(tx, "migrations")
                await tx.run_sync(schema.upgrade)
        finally:
            await engine.dispose()

    def _create_engine(self, connections: int, statement_seconds: float) -> AsyncEngine:
        async def connect() -> asyncpg.Connection:
            return await self._connect(statement_seconds)

        engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=connect,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=None,
            pool_pre_ping=True,
            # An error's text goes to the log, and parameters hold what people wrote.
            hide_parameters=True,
        )
        event.listen(engine.sync_engine, "handle_error", _translate)
        return engine

    async def _connect(self, statement_seconds: float = _STATEMENT_SECONDS) -> asyncpg.Connection:
        """Open a connection.

        It is left to open by itself when this is cancelled: asyncpg would leave it half open.
        """
        connecting = asyncio.create_task(self._open_connection(statement_seconds))
        try:
            return await asyncio.shield(connecting)
        except asyncio.CancelledError:
            self._leave(_drop(connecting))
            raise

    async def _open_connection(self, statement_seconds: float) -> asyncpg.Connection:
        connection = await asyncpg.connect(
            self._url,
            timeout=_PATIENCE,
            command_timeout=statement_seconds,
            server_settings={"application_name": "aloud"},
        )
        # As a statement, since poolers refuse what they don't know in the connection's greeting.
        await connection.execute(f"SET idle_in_transaction_session_timeout = '{_IDLE_SECONDS}s'")
        return connection

    @asynccontextmanager
    async def _checkout(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """Take a connection; raise OperationalError when the server is away.

        Who waits for a place in the pool is patient as long as others get theirs. The ping of an
        old connection and its close can each wait for a server that does not answer; so that is
        left behind in a task of its own.
        """
        checkout = asyncio.create_task(engine.connect().start())
        try:
            connection = await self._wait_for(checkout)
        except BaseException as error:
            self._leave(_give_back(checkout))
            if isinstance(error, _FAILURES):
                raise OperationalError(None, None, error) from error
            raise
        self._answered_at = time.monotonic()
        try:
            yield connection
        finally:
            await asyncio.shield(connection.close())

    async def _wait_for(self, checkout: asyncio.Task[AsyncConnection]) -> AsyncConnection:
        begun = time.monotonic()
        while not checkout.done():
            left = max(begun, self._answered_at) + _PATIENCE - time.monotonic()
            if left <= 0:
                raise TimeoutError("no connection in time")
            await asyncio.wait([checkout], timeout=left)
        return checkout.result()

    def _leave(self, work: Coroutine[Any, Any, None]) -> None:
        """Let work that nobody waits for any more come to its end by itself."""
        task = asyncio.create_task(work)
        self._left.add(task)
        task.add_done_callback(self._left.discard)

    def _explain(self, error: BaseException) -> None:
        """Raise a failure of `open` as a sentence that says what to do, if it is the database's."""
        if isinstance(error, schema.MadeByNewerRelease):
            raise StartError([f"DATABASE_URL: {self} {error}"]) from error
        if not isinstance(error, SQLAlchemyError):
            return
        # SQLAlchemy wraps some of asyncpg's errors in its own, twice.
        cause = getattr(error, "orig", None)
        cause = getattr(cause, "__cause__", None) or cause
        if isinstance(cause, OSError) and "SSL" in str(cause):
            told = "can't be spoken to over TLS as `sslmode` asks for it."
        else:
            told = next((told for kind, told in _TOLD if isinstance(cause, kind)), "can't be used.")
        told = told.format(user=self._user, database=self._database)
        raise StartError([f"DATABASE_URL: {self._server} {told}"]) from error


_TOLD: Final[tuple[tuple[type[Exception], str], ...]] = (
    (asyncpg.InvalidPasswordError, "refused the password of user {user}."),
    (asyncpg.InvalidAuthorizationSpecificationError, "does not let user {user} in."),
    (asyncpg.InvalidCatalogNameError, "has no database {database}: create it."),
    (asyncpg.InsufficientPrivilegeError, "does not let user {user} make tables in {database}."),
    (asyncpg.CannotConnectNowError, "is starting or stopping; try again in a minute."),
    (asyncpg.TooManyConnectionsError, "has no connection left for us."),
    (OSError, "can't be reached; is it running?"),
)
"""What to tell the operator when it does not open; the first kind that fits counts."""

_FAILURES: Final = (
    OSError,
    ValueError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What asyncpg raises; some of it passes SQLAlchemy as it is."""


async def _give_back(checkout: asyncio.Task[AsyncConnection]) -> None:
    checkout.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await (await checkout).close()


async def _drop(connecting: asyncio.Task[asyncpg.Connection]) -> None:
    with suppress(Exception):
        (await connecting).terminate()


def _translate(context: Any) -> None:
    """Make one of SQLAlchemy's errors of what passes it: the network's failures and time-outs.

    The server's details of an error quote rows, which are not for the log.
    """
    error = context.original_exception
    if isinstance(error.__cause__, asyncpg.PostgresError):
        error.__cause__.detail = None
    if isinstance(error, OSError | asyncpg.InternalClientError):
        context.is_disconnect = True
        raise OperationalError(context.statement, None, error, hide_parameters=True) from error


def _drop_parameters(url: str) -> str:
    parts = urlsplit(url)
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name not in _LIBPQ_ALONE
    ]
    return urlunsplit(parts._replace(query=urlencode(kept)))
