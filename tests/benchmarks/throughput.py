"""Whole turns a second, Slack and the model answering at once."""

import asyncio
import itertools
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from bot.demo.server import StandIn
from bot.demo.workspace import Change, Place
from tests.benchmarks.bots import SPEEDY, add_people, aloud, read_cpu
from tests.benchmarks.databases import empty_database
from tests.benchmarks.figures import Figure
from tests.benchmarks.modelling import serving_model
from tests.chatting import BOT

_TURNS = 900
_PEOPLE = 300
_AT_ONCE = 48
_PATIENCE_SECONDS = 60.0


async def measure() -> list[Figure]:
    """Let some people ask all the time, each the next question when the last is answered."""
    return [
        await _measure("SQLite", replicas=1),
        await _measure("PostgreSQL", replicas=1),
        await _measure("PostgreSQL", replicas=2),
    ]


async def _measure(kind: str, *, replicas: int) -> Figure:
    async with (
        empty_database(kind) as url,
        StandIn() as slack,
        serving_model() as model,
        AsyncExitStack() as bots,
    ):
        folder = Path(bots.enter_context(tempfile.TemporaryDirectory()))
        settings = {"DATABASE_URL": url, **SPEEDY}
        started = [
            await bots.enter_async_context(aloud(slack, model, folder, **settings))
            for _ in range(replicas)
        ]
        asking = _Asking(slack)
        begun, used = time.perf_counter(), sum(map(read_cpu, started))
        lost = sum(await asyncio.gather(*(asking.go_on() for _ in range(_AT_ONCE))))
        seconds = time.perf_counter() - begun
        used = sum(map(read_cpu, started)) - used
    return Figure(
        f"{kind}: whole turns/s, {replicas} process{'es' * (replicas > 1)}",
        f"{(_TURNS - lost) / seconds:.0f}, {lost} lost, {used / _TURNS * 1_000:.0f} ms CPU a turn",
        "≥ 100, 0 lost" if kind == "SQLite" else "",
    )


class _Asking:
    """People who ask, and are told when they have their answer."""

    def __init__(self, slack: StandIn) -> None:
        self._slack = slack
        self._people = itertools.cycle(add_people(slack, _PEOPLE))
        self._left = iter(range(_TURNS))
        self._answered: dict[Place, asyncio.Event] = {}
        slack.workspace.watch(self._see)

    async def go_on(self) -> int:
        """Ask until enough was asked; return how many had no answer in time."""
        lost = 0
        for number in self._left:
            user, channel = next(self._people)
            place = (channel, await self._slack.post(user, channel, f"question {number}"))
            answered = self._answered[place] = asyncio.Event()
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    await answered.wait()
            except TimeoutError:
                lost += 1
        return lost

    def _see(self, change: Change) -> None:
        said = change.after
        if said is not None and said.user == BOT and said.streaming != "in_progress":
            self._answered[(said.channel, said.root_ts)].set()
