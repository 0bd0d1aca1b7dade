"""Hears what PostgreSQL tells (LISTEN), on a connection of its own that is kept alive."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, Final

import asyncpg
import structlog

log = structlog.get_logger(__name__)

_PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds before the first, second, … new try."""


class Listener:
    """Listens on a channel until it is stopped, through lost connections.

    Args:
        connect: Opens a connection.
        channel: What is listened on.
        hear: Called with each payload, and with "" when some may have been missed.
        probe: Seconds between looks whether the connection still works.
        patience: Seconds until such a look must have succeeded.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        channel: str,
        hear: Callable[[str], None],
        *,
        probe: float = 5.0,
        patience: float = 3.0,
    ) -> None:
        self._connect = connect
        self._channel = channel
        self._hear = hear
        self._probe = probe
        self._patience = patience
        self._tried = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen from now on; returns when the first try has succeeded or failed."""
        self._tried.clear()
        self._task = asyncio.create_task(self._run(), name="database listener")
        await self._tried.wait()

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                connection = await self._connect()
                try:
                    lost = await self._listen(connection)
                    failures = 0
                    await self._watch_over(connection, lost)
                finally:
                    connection.terminate()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("listener_lost", error=type(error).__name__)
            self._tried.set()
            pause = _PAUSES[min(failures, len(_PAUSES) - 1)]
            failures += 1
            # Not all processes at once, when the server is back.
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  # no secret

    async def _listen(self, connection: asyncpg.Connection) -> asyncio.Event:
        """Begin to listen; returns what is set when the connection is lost."""
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        await connection.add_listener(self._channel, self._receive)
        if self._tried.is_set():
            self._hear("")
        self._tried.set()
        return lost

    def _receive(self, _connection: Any, _pid: int, _channel: str, payload: Any) -> None:
        self._hear(payload)

    async def _watch_over(self, connection: asyncpg.Connection, lost: asyncio.Event) -> None:
        """Return or raise when the connection is lost; a cut line says nothing until asked."""
        while not lost.is_set():
            try:
                async with asyncio.timeout(self._probe):
                    await lost.wait()
            except TimeoutError:
                await connection.execute("SELECT 1", timeout=self._patience)
