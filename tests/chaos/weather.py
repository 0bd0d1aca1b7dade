"""Slack's bad weather: rate limits, trouble, pages of HTML, answers that get lost."""

import asyncio
import random

from bot.demo.faults import Faults

_METHODS = (
    "assistant.threads.setStatus",
    "chat.appendStream",
    "chat.delete",
    "chat.postMessage",
    "chat.startStream",
    "chat.stopStream",
    "chat.update",
    "conversations.replies",
)
_PAUSE_SECONDS = 0.6


class Weather:
    """Lets single calls of every kind go wrong."""

    def __init__(self, faults: Faults, chance: random.Random) -> None:
        self._faults = faults
        self._chance = chance

    async def rage(self, end: asyncio.Event) -> None:
        """Go on until `end` is set; then the sky clears."""
        while not end.is_set():
            self._strike(self._chance.choice(_METHODS))
            await asyncio.sleep(self._chance.uniform(0, 2 * _PAUSE_SECONDS))
        for method in _METHODS:
            self._faults.clear(method)

    def _strike(self, method: str) -> None:
        match self._chance.choice(("cut", "cut", "limit", "trouble", "html", "delay")):
            case "cut":
                self._faults.cut(method)
            case "limit":
                self._faults.rate_limit(method, retry_after=1)
            case "trouble":
                self._faults.break_down(method, status=503)
            case "html":
                self._faults.answer_html(method)
            case _:
                self._faults.delay(method, self._chance.uniform(0.1, 1))
