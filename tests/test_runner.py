import asyncio
import itertools
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy.exc import OperationalError

from bot.conversation.messages import ThreadKey
from bot.ledger import Entry, Ledger, Turn
from bot.runner import Runner
from bot.store.database import Database
from bot.telemetry import Metrics

THREAD = ThreadKey("T1", "C1", "1.0")


@pytest.fixture
def ledger(database: Database) -> Ledger:
    ids = (f"turn{n}" for n in itertools.count(1))
    return Ledger(database, new_id=lambda: next(ids))


def entry(key: str) -> Entry:
    return Entry(key, "message", THREAD, "1.0", key, {})


async def never(_: Turn) -> None:
    raise AssertionError("nothing is abandoned here")


def build(
    ledger: Ledger,
    work: Callable[[Turn], Awaitable[None]],
    abandon: Callable[[Turn], Awaitable[None]] = never,
) -> Runner:
    return Runner(ledger, work, abandon, Metrics(), turns=4, workspace_turns=4)


async def test_it_runs_what_is_accepted_and_drains(ledger: Ledger) -> None:
    done = asyncio.Queue[str]()

    async def work(turn: Turn) -> None:
        await ledger.close(turn, "answered")
        await done.put(turn.id)

    runner = build(ledger, work)
    running = asyncio.create_task(runner.run())
    for name in ("a", "b"):
        await ledger.accept(entry(name))
        runner.wake()
    assert {await done.get(), await done.get()} == {"turn1", "turn2"}
    await runner.drain(1)
    await running


async def test_what_does_not_finish_in_time_is_handed_back(ledger: Ledger) -> None:
    begun = asyncio.Event()

    async def work(_: Turn) -> None:
        begun.set()
        await asyncio.Event().wait()

    runner = build(ledger, work)
    running = asyncio.create_task(runner.run())
    await ledger.accept(entry("a"))
    runner.wake()
    await begun.wait()
    await runner.drain(0)
    await running

    [turn] = await ledger.claim(1, team_limit=1)
    assert (turn.resumed, turn.failures) == (True, 1)


async def test_a_drain_that_meets_a_claim_loses_no_turn(ledger: Ledger, database: Database) -> None:
    """The claim waits for the writer while the drain begins."""
    runner = build(ledger, never)
    await ledger.accept(entry("a"))
    async with database.write():
        running = asyncio.create_task(runner.run())
        await asyncio.sleep(0)
        draining = asyncio.create_task(runner.drain(0))
        await asyncio.sleep(0)
    await draining
    await running

    [turn] = await ledger.claim(1, team_limit=1)
    assert turn.id == "turn1"


async def test_a_turn_that_keeps_breaking_is_abandoned(ledger: Ledger, database: Database) -> None:
    """A process that dies of a turn takes it up at each start, but not for ever."""
    await ledger.accept(entry("poison"))
    for _ in range(6):
        await ledger.claim(1, team_limit=1)
        await ledger.recover()
    abandoned = asyncio.Event()

    async def abandon(turn: Turn) -> None:
        await ledger.close(turn, "failed")
        abandoned.set()

    runner = build(ledger, never, abandon)
    running = asyncio.create_task(runner.run())
    await abandoned.wait()
    await runner.drain(1)
    await running


async def test_a_turn_whose_database_went_away_is_queued_again(
    ledger: Ledger, database: Database
) -> None:
    tries = asyncio.Queue[int]()

    async def work(turn: Turn) -> None:
        await tries.put(turn.failures)
        if turn.failures == 1:
            raise OperationalError("SELECT 1", {}, Exception("database is locked"))
        await ledger.close(turn, "answered")

    runner = build(ledger, work)
    running = asyncio.create_task(runner.run())
    await ledger.accept(entry("a"))
    runner.wake()
    assert await tries.get() == 1
    assert await tries.get() == 2
    await runner.drain(1)
    await running
