import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.exc import OperationalError

from bot.conversation.messages import ThreadKey
from bot.errors import LeaseLost
from bot.lease import Lease, boot_seconds
from bot.ledger import Entry, Ledger, Turn
from bot.runner import Runner
from bot.store.database import Database
from bot.telemetry import Metrics

THREAD = ThreadKey("T1", "C1", "1.0")
Work = Callable[[Turn, Lease], Awaitable[None]]


def entry(key: str, ts: str = "1.0", lane: str = "") -> Entry:
    return Entry(key, "message", THREAD, ts, lane or key, {"text": key})


async def never(_: Turn, __: Lease) -> None:
    raise AssertionError("not this turn")


def build(database: Database, prefix: str = "turn", seconds: float = 15.0) -> Ledger:
    ids = (f"{prefix}{n}" for n in itertools.count(1))
    return Ledger(database, new_id=lambda: next(ids), lease_seconds=seconds)


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return build(database)


@asynccontextmanager
async def running(
    ledger: Ledger,
    database: Database,
    work: Work,
    abandon: Work = never,
    clock: Callable[[], float] = boot_seconds,
) -> AsyncIterator[Runner]:
    runner = Runner(ledger, work, abandon, Metrics(), turns=4, workspace_turns=4, clock=clock)
    database.watch(runner.hear)
    task = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        await runner.drain(0)
        await task


async def claim_one(ledger: Ledger) -> Turn:
    [turn] = await ledger.claim(1, team_limit=1)
    return turn


async def test_it_runs_what_is_accepted(ledger: Ledger, database: Database) -> None:
    done = asyncio.Queue[str]()

    async def work(turn: Turn, _: Lease) -> None:
        await ledger.close(turn, "answered")
        await done.put(turn.id)

    async with running(ledger, database, work):
        for name in ("a", "b"):
            await ledger.accept(entry(name))
        assert {await done.get(), await done.get()} == {"turn1", "turn2"}


async def test_what_does_not_finish_in_time_is_handed_back(
    ledger: Ledger, database: Database
) -> None:
    begun = asyncio.Event()

    async def work(_: Turn, __: Lease) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with running(ledger, database, work):
        await ledger.accept(entry("a"))
        await begun.wait()

    turn = await claim_one(ledger)
    assert (turn.resumed, turn.failures) == (True, 1)


async def test_leases_are_renewed_while_it_drains(database: Database) -> None:
    ledger, begun, renewed = build(database, seconds=0.3), asyncio.Event(), asyncio.Event()

    async def work(turn: Turn, lease: Lease) -> None:
        begun.set()
        await renewed.wait()
        lease.check()
        await ledger.close(turn, "answered")

    async def watch_renewals() -> None:
        """Wait until the lease would be over if nobody had renewed it."""
        found = await ledger.find("T1", "turn1")
        assert found is not None
        end = boot_seconds() + 0.4
        while boot_seconds() < end:
            assert not await other.claim(1, team_limit=1)
        renewed.set()

    other = build(database, "other")
    runner = Runner(ledger, work, never, Metrics(), turns=1, workspace_turns=1)
    task = asyncio.create_task(runner.run())
    await ledger.accept(entry("a"))
    await begun.wait()
    await asyncio.gather(runner.drain(10), watch_renewals())
    await task

    closed = await ledger.find("T1", "turn1")
    assert closed is not None
    assert closed.outcome == "answered"


async def test_a_turn_that_went_to_another_process_is_left_alone(database: Database) -> None:
    """Its clock stands still, as in a process that is frozen, and then jumps."""
    ledger, other = build(database, seconds=0.3), build(database, "other")
    now, begun, left = boot_seconds(), asyncio.Event(), asyncio.Event()

    async def work(_: Turn, lease: Lease) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            with pytest.raises(LeaseLost):
                lease.check()
            left.set()

    async with running(ledger, database, work, clock=lambda: now) as runner:
        await ledger.accept(entry("a"))
        await begun.wait()
        turn = await _take(other)
        now += 100
        runner.hear("")
        await left.wait()
        found = await ledger.find("T1", "turn1")
    assert found is not None
    assert (found.attempt, found.closed) == (turn.attempt, False) == (2, False)


async def _take(ledger: Ledger) -> Turn:
    while True:
        for turn in await ledger.claim(1, team_limit=1):
            return turn


async def test_a_stop_is_heard_at_once(ledger: Ledger, database: Database) -> None:
    begun, stopped = asyncio.Event(), asyncio.Event()

    async def work(turn: Turn, lease: Lease) -> None:
        begun.set()
        await lease.stop.wait()
        await ledger.close(turn, "stopped")
        stopped.set()

    async with running(ledger, database, work):
        await ledger.accept(entry("a"))
        await begun.wait()
        assert await ledger.stop(THREAD, "turn1")
        await asyncio.wait_for(stopped.wait(), 1)


async def test_an_edit_begins_the_turn_anew(ledger: Ledger, database: Database) -> None:
    texts = asyncio.Queue[str]()

    async def work(turn: Turn, _: Lease) -> None:
        await texts.put(turn.payload["text"])
        if turn.attempt == 1:
            await asyncio.Event().wait()
        await ledger.close(turn, "answered")

    async with running(ledger, database, work):
        await ledger.accept(entry("a"))
        assert await texts.get() == "a"
        await ledger.revise("a", {"text": "edited"})
        assert await asyncio.wait_for(texts.get(), 1) == "edited"


async def test_a_drain_that_meets_a_claim_loses_no_turn(ledger: Ledger, database: Database) -> None:
    """The claim waits for the database while the drain begins."""

    async def work(_: Turn, __: Lease) -> None:
        await asyncio.Event().wait()

    runner = Runner(ledger, work, never, Metrics(), turns=4, workspace_turns=4)
    await ledger.accept(entry("a"))
    async with database.write() as tx:
        await database.serialize(tx, "claim")
        task = asyncio.create_task(runner.run())
        await asyncio.sleep(0)
        draining = asyncio.create_task(runner.drain(0))
        await asyncio.sleep(0)
    await draining
    await task

    assert (await claim_one(ledger)).id == "turn1"


async def test_a_turn_that_keeps_breaking_is_abandoned(ledger: Ledger, database: Database) -> None:
    """A process that dies of a turn takes it up at each start, but not for ever."""
    await ledger.accept(entry("poison"))
    for _ in range(6):
        await ledger.claim(1, team_limit=1)
        await ledger.recover()
    abandoned = asyncio.Event()

    async def abandon(turn: Turn, _: Lease) -> None:
        await ledger.close(turn, "dead")
        abandoned.set()

    async with running(ledger, database, never, abandon):
        await abandoned.wait()


async def test_a_turn_whose_database_went_away_is_queued_again(
    ledger: Ledger, database: Database
) -> None:
    tries = asyncio.Queue[int]()

    async def work(turn: Turn, _: Lease) -> None:
        await tries.put(turn.failures)
        if turn.failures == 1:
            raise OperationalError("SELECT 1", {}, Exception("database is locked"))
        await ledger.close(turn, "answered")

    async with running(ledger, database, work):
        await ledger.accept(entry("a"))
        assert await tries.get() == 1
        assert await tries.get() == 2
