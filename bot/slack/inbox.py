"""The pieces of an answer as they come, until they end or are stopped."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

from bot.slack.calls import Sleep
from bot.slack.status import wait_for_either

T = TypeVar("T")


class Inbox(Generic[T]):
    """Reads pieces, so that waiting for one can be given up without losing it.

    One task reads them all: between two pieces their generator may hold a timeout open, and that
    belongs to the task which opened it. As soon as `stop` is set that task is cancelled, whatever
    the owner of the inbox is waiting for, and the generator closes what it holds.
    """

    def __init__(self, pieces: AsyncIterator[T], stop: asyncio.Event, sleep: Sleep) -> None:
        self._stop = stop
        self._sleep = sleep
        self._arrived: deque[T] = deque()
        self._news = asyncio.Event()
        self._reader = asyncio.create_task(self._read(pieces))
        self._reader.add_done_callback(lambda _: self._news.set())
        self._stopper = asyncio.create_task(self._stop_reader())

    @property
    def stopped(self) -> bool:
        """Whether `stop` ended it and all that had come by then is taken."""
        return self._stop.is_set() and self._reader.done() and not self._arrived

    async def take(self, seconds: float | None) -> T | None:
        """Return the next piece, or None when `seconds` are over or it is stopped.

        Raises what the pieces' generator raised, once all before it are taken.
        """
        if not self._arrived and not self._reader.done():
            self._news.clear()
            await wait_for_either(self._news, seconds, self._sleep)
        if self._arrived:
            return self._arrived.popleft()
        if self._reader.done() and not self.stopped:
            self._reader.result()
            raise EOFError("the pieces ended without an EndPiece")
        return None

    async def close(self) -> list[T]:
        """Read no more, and return what has come and was not taken."""
        self._stopper.cancel()
        self._reader.cancel()
        await asyncio.gather(self._reader, self._stopper, return_exceptions=True)
        rest = list(self._arrived)
        self._arrived.clear()
        return rest

    async def _read(self, pieces: AsyncIterator[T]) -> None:
        async for piece in pieces:
            self._arrived.append(piece)
            self._news.set()

    async def _stop_reader(self) -> None:
        await self._stop.wait()
        self._reader.cancel()
