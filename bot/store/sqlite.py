"""The embedded database: a SQLite file in WAL mode, for one process."""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from os.path import samestat
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import Connection, Table, event, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from typing_extensions import override

from bot.errors import DatabaseInUse, StartError
from bot.store import schema
from bot.store.database import Database, State
from bot.store.writer import Writer


class SqliteDatabase(Database):
    """A SQLite file.

    One connection writes, so writers wait in our line and never meet SQLITE_BUSY; readers have
    their own. Commits are synced in full: what `write` has left is still there after power loss.
    """

    is_shared: ClassVar[bool] = False

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self._path = Path(path)
        self._lock_file: int | None = None
        self._file: os.stat_result | None = None
        self._writing = _create_engine(self._path, pool_size=1)
        event.listen(self._writing.sync_engine, "begin", _begin_immediate)
        # Here nothing begins a transaction: each statement is one, and takes half as long.
        self._reading = _create_engine(self._path, pool_size=3)
        self._writer = Writer(self._writing, self._tell)

    @override
    def __str__(self) -> str:
        return str(self._path)

    @override
    async def open(self) -> None:
        async with self._claim(), self.write() as tx:
            await tx.run_sync(schema.upgrade)

    @override
    async def inspect(self) -> State:
        try:
            async with self._claim():
                await self.check()
                async with self.read() as tx:
                    return await tx.run_sync(schema.inspect)
        finally:
            await self.close()

    @override
    async def close(self) -> None:
        await self._writer.close()
        await self._reading.dispose()
        await self._writing.dispose()
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    @override
    def _begin(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self._writer.block()

    @override
    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        async with self._reading.connect() as connection:
            yield connection

    @override
    async def check(self) -> None:
        if not await asyncio.to_thread(self._is_in_place):
            # SQLite goes on with a file that was deleted or replaced; the next start would not.
            raise OperationalError(None, None, FileNotFoundError("the file is not ours any more"))
        # Nothing reaches the disk before a commit, and what is taken back never does. The number is
        # the file's own, free for any use (SQLite docs, "PRAGMA user_version").
        async with self.write() as tx:
            await tx.execute(text("PRAGMA user_version = 0"))

    @override
    def insert(self, table: Table) -> sqlite.Insert:
        return sqlite.insert(table)

    @override
    async def serialize(self, tx: AsyncConnection, what: str) -> None:
        """Nothing to do: there is one writer."""

    @override
    async def notify(self, tx: AsyncConnection, message: str) -> None:
        self._writer.note(message)

    def _is_in_place(self) -> bool:
        """Whether the path still leads to the file that we have open."""
        try:
            return self._file is not None and samestat(self._path.stat(), self._file)
        except OSError:
            return False

    @asynccontextmanager
    async def _claim(self) -> AsyncIterator[None]:
        """Take the file for this process; what fails in the block lets go of it again."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock_file = _lock(self._path.with_name(self._path.name + ".lock"))
            # What people wrote, and perhaps tokens, are for nobody else on this machine.
            self._path.touch(mode=0o600, exist_ok=True)
            self._file = self._path.stat()
        except BlockingIOError as error:
            raise DatabaseInUse(
                [f"DATABASE_URL: {self._path} is in use by another Aloud; stop that one first."]
            ) from error
        except OSError as error:
            await self.close()
            raise StartError(
                [f"DATABASE_URL: {self._path} can't be written ({error.strerror})."]
            ) from error
        try:
            yield
        except schema.MadeByNewerRelease as error:
            await self.close()
            raise StartError([f"DATABASE_URL: {self._path} {error}"]) from error
        except OperationalError as error:
            await self.close()
            raise StartError(
                [f"DATABASE_URL: {self._path} can't be written; is the disk full?"]
            ) from error
        except SQLAlchemyError as error:
            await self.close()
            raise StartError(
                [f"DATABASE_URL: {self._path} can't be used as a SQLite database."]
            ) from error
        except BaseException:
            await self.close()
            raise


def _create_engine(path: Path, *, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=None,
        # An error's text goes to the log, and parameters hold what people wrote.
        hide_parameters=True,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        # The driver's own transactions begin too late to be IMMEDIATE (SQLAlchemy docs, "SQLite").
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def _begin_immediate(connection: Connection) -> None:
    # Straight at the driver, since each of a cursor's steps is a trip to its thread and back.
    adapted: Any = connection.connection.dbapi_connection
    try:
        adapted.run_async(lambda driver: driver.execute_fetchall("BEGIN IMMEDIATE"))
    except sqlite3.Error as error:
        raise OperationalError("BEGIN IMMEDIATE", None, error) from error


def _lock(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
