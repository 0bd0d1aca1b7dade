import itertools
from dataclasses import replace

import pytest

from bot.conversation.messages import ThreadKey
from bot.ledger import Entry, Ledger, Turn
from bot.store.database import Database

THREAD = ThreadKey("T1", "C1", "100.000100")


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(database: Database, clock: Clock) -> Ledger:
    ids = (f"turn{n}" for n in itertools.count(1))
    return Ledger(database, new_id=lambda: next(ids), now=clock)


def entry(key: str, *, ts: str = "101.0", lane: str = "lane", team: str = "T1") -> Entry:
    thread = replace(THREAD, team=team)
    return Entry(key, "message", thread, ts, lane, {"text": key})


async def claim(ledger: Ledger, limit: int = 9, team_limit: int = 9) -> list[Turn]:
    return await ledger.claim(limit, team_limit=team_limit)


def texts(turns: list[Turn]) -> list[str]:
    return [turn.payload["text"] for turn in turns]


async def test_an_event_is_accepted_once_however_often_it_comes(ledger: Ledger) -> None:
    assert await ledger.accept(entry("a"))
    assert not await ledger.accept(entry("a"))

    assert texts(await claim(ledger)) == ["a"]
    assert await claim(ledger) == []


async def test_an_event_that_was_answered_is_not_answered_again(ledger: Ledger) -> None:
    await ledger.accept(entry("a"))
    [turn] = await claim(ledger)
    await ledger.close(turn, "answered")

    assert not await ledger.accept(entry("a"))
    assert await claim(ledger) == []


async def test_the_complete_copy_of_a_waiting_event_replaces_the_sparse_one(
    ledger: Ledger,
) -> None:
    await ledger.accept(replace(entry("a"), payload={"text": "sparse"}, complete=False))
    await ledger.accept(replace(entry("a"), payload={"text": "whole"}))
    await ledger.accept(replace(entry("a"), payload={"text": "sparse"}, complete=False))

    assert texts(await claim(ledger)) == ["whole"]


async def test_turns_of_a_lane_run_one_after_another_in_the_order_written(
    ledger: Ledger,
) -> None:
    await ledger.accept(entry("second", ts="102.0"))
    await ledger.accept(entry("third", ts="103.0"))
    await ledger.accept(entry("first", ts="101.0"))

    seen = []
    while claimed := await claim(ledger):
        [turn] = claimed
        assert await claim(ledger) == []
        seen += texts(claimed)
        await ledger.close(turn, "answered")

    assert seen == ["first", "second", "third"]


async def test_lanes_run_side_by_side_up_to_the_limit(ledger: Ledger) -> None:
    for name in ("a", "b", "c"):
        await ledger.accept(entry(name, lane=name))

    assert texts(await claim(ledger, limit=2)) == ["a", "b"]
    assert texts(await claim(ledger, limit=2)) == ["c"]


async def test_one_team_cannot_take_all_places(ledger: Ledger) -> None:
    for n in range(5):
        await ledger.accept(entry(f"busy{n}", lane=f"busy{n}", team="T1"))
    await ledger.accept(entry("quiet", lane="quiet", team="T2"))

    assert texts(await claim(ledger, limit=4, team_limit=2)) == ["busy0", "busy1", "quiet"]
    assert await claim(ledger, limit=4, team_limit=2) == []


async def test_a_turn_put_back_waits_its_time_and_holds_its_lane(
    ledger: Ledger, clock: Clock
) -> None:
    await ledger.accept(entry("a", ts="1.0"))
    await ledger.accept(entry("b", ts="2.0"))
    [turn] = await claim(ledger)

    await ledger.put_back(turn, delay=30)
    assert await claim(ledger) == []
    assert await ledger.next_at() == clock.now + 30
    clock.now += 30

    [again] = await claim(ledger)
    assert (again.payload["text"], again.attempts) == ("a", 2)


async def test_what_a_dead_process_left_running_is_taken_up_again(
    ledger: Ledger, database: Database
) -> None:
    await ledger.accept(entry("a"))
    [turn] = await claim(ledger)
    await ledger.note_posted(turn, ["105.0"])

    reborn = Ledger(database, new_id=lambda: "x")
    assert await reborn.recover() == 1
    [again] = await claim(reborn)

    assert again.id == turn.id
    assert (again.attempts, again.posted) == (2, ("105.0",))


async def test_a_closed_turn_can_be_reopened_once(ledger: Ledger) -> None:
    await ledger.accept(entry("a"))
    [turn] = await claim(ledger)
    assert not await ledger.reopen(turn, {})
    await ledger.close(turn, "failed", "model")

    assert await ledger.reopen(turn, {"text": "again"})
    assert not await ledger.reopen(turn, {"text": "twice"})
    [again] = await claim(ledger)
    assert (again.id, again.payload["text"], again.attempts) == (turn.id, "again", 2)


async def test_a_waiting_turn_follows_edits_and_deletes(ledger: Ledger) -> None:
    await ledger.accept(entry("a", lane="a"))
    await ledger.accept(entry("b", lane="b"))

    await ledger.revise("a", {"text": "edited"})
    await ledger.withdraw("b", "deleted")

    assert texts(await claim(ledger)) == ["edited"]


async def test_no_team_finds_anothers_turn(ledger: Ledger) -> None:
    await ledger.accept(entry("a"))

    found = await ledger.find("T1", "turn1")
    assert found is not None
    assert not found.closed
    assert await ledger.find("T2", "turn1") is None


async def test_a_thread_is_known_by_what_was_accepted_in_it(ledger: Ledger) -> None:
    assert not await ledger.knows(THREAD)
    await ledger.accept(entry("a"))

    assert await ledger.knows(THREAD)
    assert not await ledger.knows(replace(THREAD, team="T2"))
