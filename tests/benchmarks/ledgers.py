"""The ledger and the runner alone, on both databases: no Slack, no model, no process but ours."""

import asyncio
import itertools
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert
from sqlalchemy.exc import SQLAlchemyError

from bot.conversation.messages import ThreadKey
from bot.lease import Lease
from bot.ledger import Entry, Ledger, Turn
from bot.runner import Runner
from bot.store.database import Database, open_database
from bot.store.tables import turns
from bot.telemetry import Metrics
from tests.benchmarks.databases import KINDS, empty_database
from tests.benchmarks.figures import Figure, describe_times

_STEADY, _PER_SECOND = 200, 20
_TURNS, _LANES = 3_200, 320
_AT_ONCE = 16
_BURST = 2_000
_CLOSED, _WAITING, _CLAIMS = 50_000, (100, 2_000), 20


async def measure() -> list[Figure]:
    """Measure on an empty database, then on a full one."""
    figures = []
    for kind in KINDS:
        async with empty_database(kind) as url, open_database(url) as database:
            bench = _Bench(kind, database)
            figures += [await bench.measure_start(), await bench.measure_turns()]
            await bench.fill("closed", _CLOSED)
            for waiting in _WAITING:
                await bench.fill("queued", waiting)
                figures.append(await bench.measure_claims(waiting))
            figures.append(await bench.measure_burst())
    return figures


@dataclass
class _Bench:
    kind: str
    database: Database
    ids: Iterator[str] = field(default_factory=lambda: (f"{n:032}" for n in itertools.count()))

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.database, new_id=lambda: next(self.ids))

    async def measure_start(self) -> Figure:
        """From the accept's begin to the work's begin, which is what a person waits for."""
        asked: dict[str, float] = {}
        times: list[float] = []
        all_done = asyncio.Event()

        async def work(turn: Turn, _: Lease) -> None:
            times.append(time.perf_counter() - asked[turn.ts])
            await self.ledger.close(turn, "answered")
            if len(times) == _STEADY:
                all_done.set()

        async with self._working(work):
            begun = time.perf_counter()
            for n in range(_STEADY):
                await asyncio.sleep(max(0.0, begun + n / _PER_SECOND - time.perf_counter()))
                asked[str(n)] = time.perf_counter()
                await self.ledger.accept(_entry("steady", n, lanes=_STEADY))
            await all_done.wait()
        what = f"{self.kind}: accepted to begun at {_PER_SECOND} events/s, p50 / p99"
        return Figure(what, describe_times(times))

    async def measure_turns(self) -> Figure:
        """Work off what waits already, in lanes of ten."""
        for first in range(0, _TURNS, _AT_ONCE):
            some = (_entry("turn", n, lanes=_LANES) for n in range(first, first + _AT_ONCE))
            await asyncio.gather(*(self.ledger.accept(entry) for entry in some))
        left = itertools.count(_TURNS - 1, -1)
        all_done = asyncio.Event()

        async def work(turn: Turn, _: Lease) -> None:
            await self.ledger.close(turn, "answered")
            if next(left) == 0:
                all_done.set()

        begun = time.perf_counter()
        async with self._working(work):
            await all_done.wait()
            seconds = time.perf_counter() - begun
        what = f"{self.kind}: turns/s of ledger and runner alone, one process"
        return Figure(what, f"{_TURNS / seconds:.0f}")

    async def measure_burst(self) -> Figure:
        """What fails is not acknowledged, and comes again."""

        async def accept(n: int) -> bool:
            try:
                return await self.ledger.accept(_entry("burst", n, lanes=_BURST))
            except SQLAlchemyError:
                return False

        begun = time.perf_counter()
        accepted = sum(await asyncio.gather(*(accept(n) for n in range(_BURST))))
        seconds = time.perf_counter() - begun
        what = f"{self.kind}: {_BURST:,} accepts at the same moment"
        return Figure(what, f"{accepted:,} within {seconds:.2f} s")

    async def measure_claims(self, waiting: int) -> Figure:
        times = []
        for _ in range(_CLAIMS):
            begun = time.perf_counter()
            claimed = await self.ledger.claim(1, team_limit=1)
            times.append(time.perf_counter() - begun)
            for turn in claimed:
                await self.ledger.close(turn, "answered")
        what = f"{self.kind}: claim beside {_CLOSED:,} closed, {waiting:,} waiting, median / worst"
        told = f"{statistics.median(times) * 1_000:.1f} / {max(times) * 1_000:.1f} ms"
        return Figure(what, told)

    async def fill(self, state: str, count: int) -> None:
        """Write so many turns, each in a lane of its own."""
        rows: list[dict[str, Any]] = [
            {
                "id": one,
                "dedupe_key": one,
                "kind": "message",
                "team": "T1",
                "channel": "C1",
                "thread_ts": "1.0",
                "ts": one,
                "lane": one,
                "payload": {},
                "state": state,
                "claims": 0,
                "failures": 0,
                "available_at": 0.0,
                "accepted_at": 0.0,
                "closed_at": 1.0 if state == "closed" else None,
                "posted": [],
            }
            for one in itertools.islice(self.ids, count)
        ]
        async with self.database.write() as tx:
            await tx.execute(insert(turns), rows)

    @asynccontextmanager
    async def _working(self, work: Callable[[Turn, Lease], Awaitable[None]]) -> AsyncIterator[None]:
        """Run turns until the block ends."""
        runner = Runner(
            self.ledger, work, work, Metrics(), turns=_AT_ONCE, workspace_turns=_AT_ONCE
        )
        self.database.watch(runner.hear)
        running = asyncio.create_task(runner.run())
        yield
        await runner.drain(grace=5)
        await running


def _entry(name: str, n: int, *, lanes: int) -> Entry:
    lane = n % lanes
    thread = ThreadKey("T1", "C1", f"{lane}")
    return Entry(f"{name}{n}", "message", thread, f"{n}", f"{name}{lane}", {})
