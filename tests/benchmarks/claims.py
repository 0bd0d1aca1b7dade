"""Measures the ledger on a full database: `python -m tests.benchmarks.claims`.

Claims beside many closed and many waiting turns, and many accepts at the same moment.
"""

import asyncio
import itertools
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from bot.conversation.messages import ThreadKey
from bot.ledger import Entry, Ledger
from bot.store.database import Database
from bot.store.tables import turns

CLOSED, LANES, BURST, CLAIMS = 50_000, 2_000, 2_000, 20
THREAD = ThreadKey("T1", "C1", "1.0")


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with Database(Path(folder) / "aloud.db") as database:
            ids = (f"{n:032}" for n in itertools.count())
            ledger = Ledger(database, new_id=lambda: next(ids))
            await fill(database, ids, "closed", CLOSED)
            await fill(database, ids, "queued", 100)
            await measure_claims(ledger, f"claim beside {CLOSED} closed turns, 100 waiting")
            await fill(database, ids, "queued", LANES)
            await measure_claims(ledger, f"claim beside {CLOSED} closed turns, {LANES} waiting")
            await measure_burst(ledger)


async def fill(database: Database, ids: Any, state: str, count: int) -> None:
    """Write so many turns, each in a lane of its own."""
    rows = [
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
        for one in itertools.islice(ids, count)
    ]
    async with database.write() as tx:
        await tx.execute(insert(turns), rows)


async def measure_claims(ledger: Ledger, what: str) -> None:
    times = []
    for _ in range(CLAIMS):
        begun = time.perf_counter()
        claimed = await ledger.claim(1, team_limit=1)
        times.append((time.perf_counter() - begun) * 1_000)
        for turn in claimed:
            await ledger.close(turn, "answered")
    tell(what, f"{statistics.median(times):.1f} ms, worst {max(times):.1f} ms")


async def measure_burst(ledger: Ledger) -> None:
    async def accept(n: int) -> float:
        begun = time.perf_counter()
        await ledger.accept(Entry(f"burst{n}", "message", THREAD, f"{n}", f"burst{n}", {}))
        return time.perf_counter() - begun

    times = await asyncio.gather(*(accept(n) for n in range(BURST)))
    tell(f"slowest of {BURST} accepts at the same moment", f"{max(times):.1f} s")


def tell(what: str, figure: str) -> None:
    print(f"{what:55} {figure}")  # noqa: T201  # the figures are what it is for


if __name__ == "__main__":
    asyncio.run(main())
