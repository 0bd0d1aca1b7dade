"""The one writer of a SQLite file: blocks take turns on its connection and share commits.

A commit that is synced in full costs milliseconds, whatever is in it. So when others are waiting
as a block ends, the next one runs in the same transaction, in a savepoint of its own; whoever
belongs to it returns when all of it is durable. A task of ours begins, commits and takes back, so
that a cancelled block never cuts that short for the others.
"""

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

import aiosqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from typing_extensions import override

_T = TypeVar("_T")

_GROUP_SECONDS: Final = 0.02
"""After so long no further block joins a transaction: those in it wait for its commit."""


@dataclass(eq=False, slots=True)
class _Block:
    """One `async with` around some writes.

    Attributes:
        granted: Resolved with the connection when its turn comes.
        ended: Resolved with whether it ended well.
        settled: Resolved when its writes are durable.
        messages: To be told then.
    """

    granted: asyncio.Future[AsyncConnection]
    ended: asyncio.Future[bool]
    settled: asyncio.Future[None]
    messages: list[str] = field(default_factory=list)

    async def run(self, tx: AsyncConnection) -> bool:
        """Let it use the connection until it has ended; returns whether it ended well."""
        if not self.granted.done():
            self.granted.set_result(tx)
        return await self.ended

    def fail(self, error: Exception) -> None:
        """Raise the error where the block waits."""
        waits_for = self.settled if self.granted.done() else self.granted
        if not waits_for.done():
            waits_for.set_exception(error)


class Writer:
    """Runs blocks in the order they came, on one connection of the engine.

    Args:
        engine: Its transactions begin IMMEDIATE.
        tell: Called with the messages of blocks that have become durable.
    """

    def __init__(self, engine: AsyncEngine, tell: Callable[[Iterable[str]], None]) -> None:
        self._engine = engine
        self._tell = tell
        self._line: deque[_Block] = deque()
        self._running: _Block | None = None
        self._worker: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def block(self) -> AsyncIterator[AsyncConnection]:
        """Run a block of writes; they are durable when it has ended without an error."""
        loop = asyncio.get_running_loop()
        block = _Block(loop.create_future(), loop.create_future(), loop.create_future())
        self._line.append(block)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work(), name="database writer")
        try:
            yield await block.granted
        except BaseException:
            block.ended.set_result(False)
            raise
        block.ended.set_result(True)
        await block.settled

    def note(self, message: str) -> None:
        """Have the message told when the block that is running has become durable."""
        if self._running is not None:
            self._running.messages.append(message)

    async def close(self) -> None:
        """Wait for what is under way."""
        if self._worker is not None:
            await asyncio.wait([self._worker])

    async def _work(self) -> None:
        while first := self._next_in_line():
            members = [first]
            try:
                await self._run_group(members)
            except Exception as error:  # noqa: BLE001  # it is raised where each block waits
                for block in members:
                    block.fail(error)
            else:
                for block in members:
                    if not block.settled.done():
                        block.settled.set_result(None)
                    self._tell(block.messages)
            finally:
                self._running = None

    async def _run_group(self, members: list[_Block]) -> None:
        """Run the first of `members` and those who wait meanwhile, and commit.

        `members` is left with those that the commit, or its error, concerns.
        """
        until = time.monotonic() + _GROUP_SECONDS
        async with _UnbrokenConnection(self._engine) as tx, tx.begin() as transaction:
            if not await self._run(members[0], tx):
                members.clear()
                await transaction.rollback()
                return
            while time.monotonic() < until and (block := self._next_in_line()):
                members.append(block)
                await _send(tx, "SAVEPOINT block")
                if not await self._run(block, tx):
                    members.remove(block)
                    await _send(tx, "ROLLBACK TO block")

    async def _run(self, block: _Block, tx: AsyncConnection) -> bool:
        self._running = block
        return await block.run(tx)

    def _next_in_line(self) -> _Block | None:
        while self._line:
            block = self._line.popleft()
            if not block.granted.cancelled():
                return block
        return None


class _UnbrokenConnection(AsyncConnection):
    """Lets a statement that was begun come to its end when whoever waits for it is cancelled.

    SQLAlchemy gives up the whole connection when a statement is cancelled on an asyncio driver
    (SQLAlchemy, `Connection._handle_dbapi_exception`), and with it what others wrote before.
    """

    @override
    async def execute(self, *args: Any, **kwargs: Any) -> Any:
        return await _finish(super().execute(*args, **kwargs))

    @override
    async def exec_driver_sql(self, *args: Any, **kwargs: Any) -> Any:
        return await _finish(super().exec_driver_sql(*args, **kwargs))

    @override
    async def run_sync(self, *args: Any, **kwargs: Any) -> Any:
        return await _finish(super().run_sync(*args, **kwargs))


async def _send(tx: AsyncConnection, statement: str) -> None:
    """Send a statement past SQLAlchemy, for which it would be a quarter of a block's time.

    Savepoints lie in one another until the commit, which releases them all: that saves a statement
    for each block, and ROLLBACK TO goes to the last one of the name (SQLite docs, "Savepoints").
    """
    raw = await tx.get_raw_connection()
    driver = cast("aiosqlite.Connection", raw.driver_connection)
    try:
        await driver.execute(statement)
    except sqlite3.Error as error:
        raise OperationalError(statement, None, error) from error


async def _finish(work: Coroutine[Any, Any, _T]) -> _T:
    """Wait for the work; when cancelled, wait for it all the same before being cancelled."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError:
                continue
        raise
