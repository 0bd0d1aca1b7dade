"""The log of a bot that runs in the test's own process."""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.typing import EventDict


class Log:
    """Keeps the events that are logged, and waits for them."""

    def __init__(self) -> None:
        self.events: list[Mapping[str, Any]] = []
        self._grown = asyncio.Event()

    def listen(self) -> None:
        """Take everything that is logged from now on."""
        structlog.configure(processors=[self._take, structlog.dev.ConsoleRenderer()])

    def of(self, name: str) -> list[Mapping[str, Any]]:
        """The events of this name so far, oldest first."""
        return [event for event in self.events if event["event"] == name]

    async def seen(self, name: str, *, times: int = 1) -> Mapping[str, Any]:
        """Wait until an event of this name has come so many times, and return the last."""
        async with asyncio.timeout(30):
            while len(self.of(name)) < times:
                self._grown.clear()
                await self._grown.wait()
        return self.of(name)[-1]

    def _take(self, _: Any, __: str, event: EventDict) -> EventDict:
        self.events.append(dict(event))
        self._grown.set()
        return event
