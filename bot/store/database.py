"""The database: one writer, some readers, one process per file."""

import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import structlog
from sqlalchemy import event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import DatabaseInUse, StartError
from bot.store.tables import metadata

log = structlog.get_logger(__name__)


class Database:
    """A SQLite file in WAL mode.

    One connection writes, so writers wait in our queue and never meet SQLITE_BUSY; readers have
    their own. Commits are synced in full: what `write` has left is still there after power loss.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock_file: int | None = None
        self._writer = _create_engine(path, pool_size=1, begin="BEGIN IMMEDIATE")
        self._reader = _create_engine(path, pool_size=3, begin="BEGIN")

    async def open(self) -> None:
        """Claim the file for this process and create what is missing.

        Raises:
            StartError: the file can't be written, is no database, or another process has it.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock_file = _lock(self._path.with_name(self._path.name + ".lock"))
            # What people wrote, and perhaps tokens, are for nobody else on this machine.
            self._path.touch(mode=0o600, exist_ok=True)
        except BlockingIOError as error:
            raise DatabaseInUse(
                [f"DATABASE_URL: {self._path} is in use by another Aloud; stop that one first."]
            ) from error
        except OSError as error:
            raise StartError(
                [f"DATABASE_URL: {self._path} can't be written ({error.strerror})."]
            ) from error
        try:
            async with self.write() as tx:
                await tx.run_sync(metadata.create_all)
        except SQLAlchemyError as error:
            await self.close()
            raise StartError(
                [f"DATABASE_URL: {self._path} can't be used as a SQLite database."]
            ) from error

    async def close(self) -> None:
        """Let go of the file."""
        await self._reader.dispose()
        await self._writer.dispose()
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that is durable when the block has ended without an error."""
        async with self._writer.begin() as tx:
            yield tx

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A consistent view for reading."""
        async with self._reader.connect() as connection:
            yield connection

    async def check(self) -> None:
        """Write and take back, so that a full disk or a lost file shows; raises SQLAlchemyError."""
        async with self._writer.connect() as connection:
            await connection.execute(text("CREATE TABLE IF NOT EXISTS probe (n INTEGER)"))
            await connection.rollback()


def _create_engine(path: Path, *, pool_size: int, begin: str) -> AsyncEngine:
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

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _lock(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
