import itertools
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from bot.conversation.messages import ThreadKey
from bot.ledger import Entry, Ledger, Outcome, Turn
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
    assert (again.payload["text"], again.resumed, again.failures) == ("a", True, 1)


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
    assert (again.resumed, again.failures, again.posted) == (True, 2, ("105.0",))


async def test_a_failed_turn_can_be_reopened_once(ledger: Ledger) -> None:
    await ledger.accept(entry("a"))
    [turn] = await claim(ledger)
    assert not await ledger.reopen(turn, {}, outcome="failed")
    await ledger.close(turn, "failed", "model")

    assert not await ledger.reopen(turn, {}, outcome="answered")
    assert not await ledger.reopen(turn, {}, outcome="failed", reason="other")
    assert await ledger.reopen(turn, {"text": "again"}, outcome="failed")
    assert not await ledger.reopen(turn, {"text": "twice"}, outcome="failed")
    [again] = await claim(ledger)
    assert (again.id, again.payload["text"], again.resumed) == (turn.id, "again", True)


async def test_an_edit_revives_what_ended_in_silence_and_nothing_else(ledger: Ledger) -> None:
    outcomes: list[tuple[str, Outcome]] = [("silent", "silent"), ("answered", "answered")]
    for name, outcome in outcomes:
        await ledger.accept(entry(name, lane=name))
        [turn] = await claim(ledger)
        await ledger.close(turn, outcome)

    mention = replace(entry("silent", lane="silent"), revives=True, payload={"text": "@you"})
    assert await ledger.accept(mention)
    assert not await ledger.accept(replace(entry("answered", lane="answered"), revives=True))
    assert texts(await claim(ledger)) == ["@you"]


async def test_buttons_do_not_wait_for_answers(ledger: Ledger) -> None:
    for n in range(3):
        await ledger.accept(entry(f"message{n}", lane=f"message{n}"))
    assert len(await claim(ledger, team_limit=2)) == 2
    press = replace(entry("press", lane="press"), kind="press")
    await ledger.accept(press)

    assert texts(await claim(ledger, team_limit=2)) == ["press"]
    assert await claim(ledger, limit=0) == []


async def test_what_breaks_is_counted_and_what_is_put_back_is_not(
    ledger: Ledger, clock: Clock
) -> None:
    await ledger.accept(entry("a"))
    [turn] = await claim(ledger)
    await ledger.put_back(turn, delivery=True)
    [turn] = await claim(ledger)
    assert (turn.failures, turn.delayed_since) == (1, clock.now)
    await ledger.note_failure(turn, delay=0)

    [turn] = await claim(ledger)
    assert turn.failures == 2


async def test_a_claim_looks_at_live_turns_alone(ledger: Ledger, database: Database) -> None:
    seen: list[tuple[str, Any]] = []

    @event.listens_for(database._writer.sync_engine, "before_cursor_execute")
    def keep(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        seen.append((statement, parameters))

    await claim(ledger)
    statement, parameters = next(one for one in seen if "UPDATE turns" in one[0])
    async with database.read() as tx:
        plan = await tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        steps = [row.detail for row in plan]

    scans = [step for step in steps if step.startswith("SCAN turns")]
    assert scans == ["SCAN turns USING INDEX turns_live"]


async def test_a_deleted_message_leaves_no_words_behind(ledger: Ledger, database: Database) -> None:
    await ledger.accept(entry("secret"))
    [turn] = await claim(ledger)
    await ledger.close(turn, "answered")
    await ledger.withdraw("secret", "deleted")

    found = await ledger.find("T1", turn.id)
    assert found is not None
    assert found.payload["text"] == ""


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
