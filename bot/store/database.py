"""What every store writes to and reads from; SQLite and PostgreSQL behind one set of words."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import structlog
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

if TYPE_CHECKING:  # a start on SQLite is quicker without PostgreSQL's dialect
    from sqlalchemy.dialects import postgresql, sqlite

log = structlog.get_logger(__name__)

State = Literal["empty", "old", "current"]
"""How the tables that were found compare to those that this release works with."""

Watcher = Callable[[str], None]


class Database(ABC):
    """One database, open for this process.

    Every failure of the database is a `sqlalchemy.exc.SQLAlchemyError`, those of its driver and of
    the network included; only `open` and `inspect` raise `StartError`.
    """

    is_shared: ClassVar[bool]
    """Whether other processes may have it open."""

    def __init__(self) -> None:
        self._watchers: list[Watcher] = []
        self._outer: ContextVar[tuple[asyncio.Task[Any] | None, AsyncConnection] | None] = (
            ContextVar("outer", default=None)
        )

    @abstractmethod
    @override
    def __str__(self) -> str:
        """Name it for the operator, without its password."""

    @abstractmethod
    async def open(self) -> None:
        """Connect, and bring the tables up to this release.

        Raises:
            StartError: it can't be reached or used, or a newer release has changed it.
            DatabaseInUse: it can be open once only, and is.
        """

    @abstractmethod
    async def close(self) -> None:
        """Let go of it; `open` may follow."""

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @abstractmethod
    async def inspect(self) -> State:
        """Say what `open` would find, without changing a table; raises as it does."""

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that is durable when the block has ended without an error.

        A block holds up others, so it waits for nothing but the database, and only statements are
        sent on its connection. When it was cancelled or failed at its very end, its work may still
        have become durable. A block within another one of the same task is part of that: what
        several stores write becomes durable together.
        """
        outer = self._outer.get()
        if outer is not None and outer[0] is asyncio.current_task():
            yield outer[1]
            return
        async with self._begin() as tx:
            token = self._outer.set((asyncio.current_task(), tx))
            try:
                yield tx
            finally:
                self._outer.reset(token)

    @abstractmethod
    def _begin(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction of its own, as `write` describes it."""

    @abstractmethod
    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection for reading; each statement sees what is durable as it begins."""

    @abstractmethod
    async def check(self) -> None:
        """Find out whether it can be written to now, so that a full disk or a lost server shows."""

    @abstractmethod
    def insert(self, table: Table) -> "sqlite.Insert | postgresql.Insert":
        """Return an INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""

    @abstractmethod
    async def serialize(self, tx: AsyncConnection, what: str) -> None:
        """Wait until no other transaction anywhere holds `what`; hold it until `tx` ends."""

    @abstractmethod
    async def notify(self, tx: AsyncConnection, message: str) -> None:
        """Tell every process's watchers once `tx` is durable, and never if it is taken back.

        Nothing is promised across a lost connection, so watchers look by themselves now and then.
        """

    def watch(self, watcher: Watcher) -> None:
        """Have `watcher` called in the event loop with each message of `notify`.

        The message "" says that messages may have been lost: anything may have happened.
        """
        self._watchers.append(watcher)

    def _tell(self, messages: Iterable[str]) -> None:
        for message in messages:
            for watcher in self._watchers:
                try:
                    watcher(message)
                except Exception:
                    log.exception("watcher_failed")


def open_database(url: str) -> Database:
    """Return the database behind a URL; nothing is touched before `open`.

    Args:
        url: `sqlite:///path`, or `postgresql://user:password@host:port/name` with the parameters
            that libpq takes.

    Raises:
        ValueError: it is neither.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" and len(rest) > 1 and rest.startswith("/"):
        from bot.store.sqlite import SqliteDatabase  # noqa: PLC0415  # as for PostgreSQL

        return SqliteDatabase(rest[1:])
    if scheme in {"postgres", "postgresql"} and rest:
        from bot.store.postgresql import PostgresDatabase  # noqa: PLC0415  # its driver loads long

        return PostgresDatabase(url)
    raise ValueError("DATABASE_URL must look like sqlite:///path or postgresql://user@host/name")
