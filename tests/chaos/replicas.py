"""Processes of the program that are killed at bad moments and started again."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from bot.demo.server import StandIn
from bot.demo.workspace import Change
from tests.chaos.model import Model
from tests.running import Process, running

_PATIENCE_SECONDS = 1.5
"""How long a kill waits for its moment, before it comes anyway."""

_START_SECONDS = 1.0
"""A process that is killed as it starts lives no longer."""

_MOST_ANSWERS = 6
_LIFE_SECONDS = 4.0
"""Any other finishes up to so many answers first, however slow the machine, or lives so long."""

_SLIP_SECONDS = 0.05
"""How far a kill may miss its moment."""


class Replica:
    """One process, and all of its lives.

    Attributes:
        name: Its key for the model's server, which tells the replicas apart.
        lives: Every process that was started, the newest last.
        exits: The exit codes of those that ended without a kill of ours; 0 is a good end.
    """

    def __init__(self, name: str, settings: Mapping[str, str]) -> None:
        self.name = name
        self.lives: list[Process] = []
        self.exits: list[int] = []
        self._settings = {**settings, "MODEL_API_KEY": name}
        self._leaving = False
        self._started = asyncio.Event()

    async def run(self) -> None:
        """Start it, and again whenever it ends, until `leave` is called."""
        while not self._leaving:
            async with running("run", self._settings) as process:
                self.lives.append(process)
                self._started.set()
                code = await process.process.wait()
            if code != -signal.SIGKILL:
                self.exits.append(code)

    async def started(self) -> Process:
        """Wait for the process to live."""
        await self._started.wait()
        return self.lives[-1]

    async def ready(self) -> None:
        """Wait until it takes events."""
        await (await self.started()).logged(r"\bready\b")

    def kill(self) -> None:
        self._started.clear()
        self.lives[-1].process.kill()

    def leave(self) -> None:
        """Ask it to finish what it does and go."""
        self._leaving = True
        with suppress(ProcessLookupError):
            self.lives[-1].process.terminate()


@dataclass(frozen=True, slots=True)
class Kill:
    """What was killed when, and the questions that the model was answering it then."""

    replica: str
    moment: str
    at: float
    held: frozenset[int]


class Reaper:
    """Kills one replica after the other, each at the worst moment that comes.

    Args:
        slack: Whose calls and deliveries make moments.
        model: Whose requests do.
        chance: Chooses.
    """

    def __init__(self, slack: StandIn, model: Model, chance: random.Random) -> None:
        self.kills: list[Kill] = []
        self._slack = slack
        self._model = model
        self._chance = chance
        self._answers = 0
        slack.workspace.watch(self._count_answer)
        self._moments: dict[str, Callable[[], Awaitable[object]]] = {
            "at an ack": self._wait_for_ack,
            "while thinking": self._wait_for_thought,
            "before a post": lambda: self._wait_in_flight("chat.postMessage"),
            "after a post": lambda: self._wait_for_call("chat.postMessage"),
            "before a stream": lambda: self._wait_in_flight("chat.startStream"),
            "at a stream's start": lambda: self._wait_for_call("chat.startStream"),
            "mid-stream": lambda: self._wait_for_call("chat.appendStream"),
            "before a stream's end": lambda: self._wait_in_flight("chat.stopStream"),
            "after a stream's end": lambda: self._wait_for_call("chat.stopStream"),
            "at an update": lambda: self._wait_for_call("chat.update"),
            "at a status": lambda: self._wait_for_call("assistant.threads.setStatus"),
        }

    async def kill(self, replicas: Sequence[Replica], times: int) -> None:
        """Kill that many times; a killed replica is back before it is killed again."""
        order = [*self._moments, "at the start"]
        for n in range(times):
            if n % len(order) == 0:
                self._chance.shuffle(order)
            replica = self._chance.choice(replicas)
            await self._await_moment(order[n % len(order)], replica)
            await asyncio.sleep(self._chance.uniform(0, _SLIP_SECONDS))
            held = {
                number
                for asked in self._model.asked
                if asked.running and asked.by == replica.name
                for number in asked.numbers
            }
            replica.kill()
            at = self._slack.workspace.clock()
            self.kills.append(Kill(replica.name, order[n % len(order)], at, frozenset(held)))

    async def _await_moment(self, moment: str, replica: Replica) -> None:
        if moment == "at the start":
            await replica.started()
            await asyncio.sleep(self._chance.uniform(0, _START_SECONDS))
            return
        await replica.ready()
        with suppress(TimeoutError):
            enough = self._answers + self._chance.randint(0, _MOST_ANSWERS)
            await self._slack.wait_for(lambda: self._answers >= enough, _LIFE_SECONDS)
        with suppress(TimeoutError):
            await self._moments[moment]()

    def _count_answer(self, change: Change) -> None:
        # A streamed answer gets its mark as it ends.
        self._answers += change.after is not None and change.after.metadata is not None

    async def _wait_for_ack(self) -> None:
        def count() -> int:
            return sum(one.acked_at is not None for one in self._slack.deliveries.records)

        before = count()
        await self._slack.wait_for(lambda: count() > before, _PATIENCE_SECONDS)

    async def _wait_for_thought(self) -> None:
        before = self._model.thoughts
        await self._model.changes.wait_for(lambda: self._model.thoughts > before, _PATIENCE_SECONDS)

    async def _wait_for_call(self, method: str) -> None:
        known = len(self._slack.calls)
        await self._slack.wait_for(
            lambda: any(call.method == method for call in self._slack.calls[known:]),
            _PATIENCE_SECONDS,
        )

    async def _wait_in_flight(self, method: str) -> None:
        """Wait for a call that has left its process, and has its effect only after the kill."""
        gate = self._slack.faults.hold(method)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await gate.reached.wait()
        finally:
            self._slack.faults.clear(method)
            asyncio.get_running_loop().call_later(2 * _SLIP_SECONDS, gate.release)
