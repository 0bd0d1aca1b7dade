"""Verdicts: one for each person and answer, and all of them with what they are about."""

from dataclasses import replace

import pytest
from sqlalchemy import Float, bindparam

from bot.conversation.messages import AssistantMessage, ThreadKey, UserMessage
from bot.ledger import Entry, Ledger
from bot.store.database import Database
from bot.store.feedback import Feedback, FeedbackRecord, FeedbackStore
from bot.store.history import SqlHistory
from bot.store.traces import Trace, Traces

THREAD = ThreadKey("T1", "C1", "100.000100")
GOOD = Feedback("turn1", THREAD, "101.000100", "U1", "good")
QUESTION = UserMessage("100.000100", "U1", "Alice", "Why?")
ANSWER = AssistantMessage("101.000100", "Because.", question_ts="100.000100")


class Clock:
    """Time in the test's hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(database: Database, clock: Clock) -> FeedbackStore:
    return FeedbackStore(database, clock)


async def export(store: FeedbackStore, since: float = 0.0) -> list[FeedbackRecord]:
    return [record async for record in store.export(since)]


async def test_the_last_verdict_of_a_person_counts(store: FeedbackStore, clock: Clock) -> None:
    await store.give(GOOD)
    await store.give(GOOD)
    clock.now = 2_000.0
    await store.give(replace(GOOD, verdict="bad"))
    await store.give(replace(GOOD, person="U2"))

    assert await store.find("T1", "turn1", "U1") == replace(GOOD, verdict="bad")
    assert [(one.feedback.person, one.given_at) for one in await export(store)] == [
        ("U1", 2_000.0),
        ("U2", 2_000.0),
    ]


async def test_a_reason_is_kept_until_another_is_given(store: FeedbackStore) -> None:
    bad = replace(GOOD, verdict="bad", reason="Too\0 long.")
    await store.give(bad)
    await store.give(replace(bad, reason=""))
    kept = await store.find("T1", "turn1", "U1")
    await store.give(replace(bad, reason="And wrong."))
    replaced = await store.find("T1", "turn1", "U1")

    assert kept is not None
    assert kept.reason == "Too long."
    assert replaced is not None
    assert replaced.reason == "And wrong."


async def test_nothing_is_found_for_another_team_or_person(store: FeedbackStore) -> None:
    await store.give(GOOD)

    assert await store.find("T2", "turn1", "U1") is None
    assert await store.find("T1", "turn1", "U2") is None


async def test_the_export_tells_what_a_verdict_is_about(
    database: Database, store: FeedbackStore, clock: Clock
) -> None:
    await SqlHistory(database, clock).record(THREAD, [QUESTION, ANSWER])
    trace = Trace("turn1", THREAD, "101.000100", "Hm.", seconds=12.5, model="nemotron")
    await Traces(database, clock).save(trace)
    await store.give(GOOD)

    assert await export(store) == [
        FeedbackRecord(GOOD, 1_000.0, "Why?", "Because.", "nemotron", 12.5)
    ]


async def test_what_was_forgotten_is_not_told(database: Database, store: FeedbackStore) -> None:
    history = SqlHistory(database)
    await history.record(THREAD, [QUESTION, ANSWER])
    await history.forget(THREAD, "101.000100")
    await store.give(GOOD)

    assert await export(store) == [FeedbackRecord(GOOD, 1_000.0, "", "", "", 0.0)]


async def test_a_verdict_is_not_told_of_an_answer_that_is_written_anew_since(
    database: Database, store: FeedbackStore, clock: Clock
) -> None:
    now = bindparam("test_now", callable_=clock, type_=Float())
    ledger = Ledger(database, new_id=lambda: "turn1", now=now)
    await ledger.accept(Entry("key", "message", THREAD, "100.000100", "lane", {}))
    [turn] = await ledger.claim(1, team_limit=1)
    await SqlHistory(database, clock).record(THREAD, [QUESTION, ANSWER])
    await ledger.close(turn, "answered")
    clock.now += 1
    await store.give(GOOD)
    [before] = await export(store)
    clock.now += 1
    await ledger.reopen(turn, outcomes=["answered"])
    [after] = await export(store)

    assert (before.question, before.answer) == ("Why?", "Because.")
    assert (after.question, after.answer) == ("Why?", "")


async def test_the_export_begins_where_it_is_wanted_and_comes_in_order(
    store: FeedbackStore, clock: Clock
) -> None:
    for turn in range(3):
        clock.now = 3_000.0 - turn
        await store.give(replace(GOOD, turn_id=f"turn{turn}"))

    records = await export(store, since=2_999.0)

    assert [record.feedback.turn_id for record in records] == ["turn1", "turn0"]


async def test_an_export_of_many_leaves_none_out_and_tells_none_twice(
    database: Database, store: FeedbackStore
) -> None:
    async with database.write():
        for number in range(1_003):
            await store.give(replace(GOOD, turn_id=f"turn{number:04}"))

    records = await export(store)

    assert [one.feedback.turn_id for one in records] == [f"turn{n:04}" for n in range(1_003)]
