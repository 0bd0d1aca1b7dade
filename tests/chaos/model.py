"""A model that thinks aloud and answers the questions it finds, at the pace of one."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.demo.waiting import Signal
from tests.chaos.speech import find_numbers, phrase_answer
from tests.model.server import chunk, frame

_REASONING = ("They ask for my view. ", "I should be brief, ", "and say which question I mean.")


@dataclass(eq=False, slots=True)
class Asked:
    """One request: by whom (its API key), for which questions, and whether it still runs."""

    by: str
    numbers: tuple[int, ...]
    at: float
    running: bool = True


class Model:
    """A model's server, over the chat-completions API.

    Attributes:
        asked: Every request so far.
        thoughts: How many pieces of traces were sent so far.
        changes: Fires when one of the two has grown.

    Args:
        chance: Chooses the pace of each answer.
        clock: Seconds.
    """

    def __init__(self, chance: random.Random, clock: Callable[[], float]) -> None:
        self.asked: list[Asked] = []
        self.thoughts = 0
        self.changes = Signal()
        self._chance = chance
        self._clock = clock
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    @asynccontextmanager
    async def serve(self) -> AsyncIterator["Model"]:
        server = web.Application()
        server.router.add_post("/v1/chat/completions", self._answer)
        runner = web.AppRunner(
            server, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self._port = runner.addresses[0][1]
            yield self
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        numbers = find_numbers(body["messages"][-1]["content"])
        by = request.headers.get("Authorization", "").removeprefix("Bearer ")
        asked = Asked(by, numbers, self._clock())
        self.asked.append(asked)
        self.changes.fire()
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            for pause, payload in self._speak(numbers):
                await asyncio.sleep(pause)
                await response.write(frame(payload))
                if payload["choices"][0]["delta"].get("reasoning"):
                    self.thoughts += 1
                    self.changes.fire()
            await response.write(frame("[DONE]"))
        except ConnectionError:
            pass  # whoever asked is gone
        finally:
            asked.running = False
        return response

    def _speak(self, numbers: tuple[int, ...]) -> Iterator[tuple[float, dict[str, Any]]]:
        """Yield the chunks of a reply, each after a pause in seconds.

        Some come all at once and are one post; most come in pieces and are streamed.
        """
        pace = self._chance.choice((0.0, 0.01, 0.03, 0.06, 0.12))
        for thought in _REASONING:
            yield pace, chunk(reasoning=thought)
        answer = phrase_answer(numbers)
        size = -(-len(answer) // 8)
        for at in range(0, len(answer), size):
            yield pace * self._chance.uniform(0.5, 2), chunk(answer[at : at + size])
        yield 0.0, chunk(finish="stop")
