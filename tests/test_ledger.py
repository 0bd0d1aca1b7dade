import asyncio
import itertools
from dataclasses import replace

import pytest
from sqlalchemy import Float, bindparam

from bot.conversation.messages import ThreadKey
from bot.errors import LeaseLost
from bot.ledger import ASKED, QUICK, WORK, Entry, Ledger, Outcome, Turn
from bot.store.database import Database

THREAD = ThreadKey("T1", "C1", "100.000100")
LEASE = 15.0


class Clock:
    """The database's clock, in the test's hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(database: Database, clock: Clock) -> Ledger:
    return build(database, clock)


def build(database: Database, clock: Clock, prefix: str = "turn") -> Ledger:
    ids = (f"{prefix}{n}" for n in itertools.count(1))
    now = bindparam("test_now", callable_=clock, type_=Float())
    return Ledger(database, new_id=lambda: next(ids), lease_seconds=LEASE, now=now)


def entry(key: str, *, ts: str = "101.0", lane: str = "lane", team: str = "T1") -> Entry:
    thread = replace(THREAD, team=team)
    return Entry(key, "message", thread, ts, lane, {"text": key})


async def claim(ledger: Ledger, limit: int = 9, team_limit: int = 9) -> list[Turn]:
    return await ledger.claim(limit, team_limit=team_limit)


async def claim_one(ledger: Ledger) -> Turn:
    [turn] = await claim(ledger)
    return turn


def texts(turns: list[Turn]) -> list[str]:
    return [turn.payload["text"] for turn in turns]


async def test_an_event_is_accepted_once_however_often_it_comes(ledger: Ledger) -> None:
    assert await ledger.accept(entry("a"))
    assert not await ledger.accept(entry("a"))

    assert texts(await claim(ledger)) == ["a"]
    assert await claim(ledger) == []


async def test_an_event_that_was_answered_is_not_answered_again(ledger: Ledger) -> None:
    await ledger.accept(entry("a"))
    await ledger.close(await claim_one(ledger), "answered")

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


async def test_lanes_run_side_by_side_up_to_the_limit(ledger: Ledger, clock: Clock) -> None:
    for name in ("a", "b", "c"):
        await ledger.accept(entry(name, lane=name))
        clock.now += 1

    assert texts(await claim(ledger, limit=2)) == ["a", "b"]
    assert texts(await claim(ledger, limit=2)) == ["c"]


async def test_one_team_cannot_take_all_places(ledger: Ledger, clock: Clock) -> None:
    for n in range(5):
        await ledger.accept(entry(f"busy{n}", lane=f"busy{n}", team="T1"))
        clock.now += 1
    await ledger.accept(entry("quiet", lane="quiet", team="T2"))

    assert texts(await claim(ledger, limit=4, team_limit=2)) == ["busy0", "busy1", "quiet"]
    assert await claim(ledger, limit=4, team_limit=2) == []


async def test_the_next_free_place_goes_to_the_team_with_the_least_at_work(
    ledger: Ledger, clock: Clock
) -> None:
    for n in range(6):
        await ledger.accept(entry(f"flood{n}", lane=f"flood{n}", team="T1"))
        await ledger.accept(entry(f"tide{n}", lane=f"tide{n}", team="T2"))
        clock.now += 1
    assert len(await claim(ledger, limit=4)) == 4
    await ledger.accept(entry("quiet", lane="quiet", team="T3"))

    assert texts(await claim(ledger, limit=1)) == ["quiet"]


async def test_a_turn_put_back_waits_its_time_and_holds_its_lane(
    ledger: Ledger, clock: Clock
) -> None:
    await ledger.accept(entry("a", ts="1.0"))
    await ledger.accept(entry("b", ts="2.0"))

    await ledger.put_back(await claim_one(ledger), delay=30)
    assert await claim(ledger) == []
    assert await ledger.next_in() == 30
    clock.now += 30

    again = await claim_one(ledger)
    assert (again.payload["text"], again.resumed, again.failures) == ("a", True, 1)
    assert await ledger.next_in() is None


async def test_what_a_dead_process_left_running_is_taken_up_when_its_lease_has_run_out(
    ledger: Ledger, database: Database, clock: Clock
) -> None:
    await ledger.accept(entry("a", ts="1.0"))
    await ledger.accept(entry("b", ts="2.0"))
    turn = await claim_one(ledger)
    await ledger.note_posted(turn, ["105.0"])
    await ledger.keep_answer(turn, {"markdown": "Hi"})
    other = build(database, clock, "other")

    clock.now += LEASE
    assert await claim(other) == []
    clock.now += 0.1
    again = await claim_one(other)

    assert again.id == turn.id
    assert (again.attempt, again.failures, again.posted) == (2, 2, ("105.0",))
    assert again.answer == {"markdown": "Hi"}


async def test_a_database_of_our_own_is_recovered_without_waiting(
    ledger: Ledger, database: Database, clock: Clock
) -> None:
    await ledger.accept(entry("a"))
    turn = await claim_one(ledger)

    reborn = build(database, clock)
    assert await reborn.recover() == 1
    assert (await claim_one(reborn)).id == turn.id


async def test_a_renewed_lease_holds(ledger: Ledger, clock: Clock) -> None:
    await ledger.accept(entry("a"))
    turn = await claim_one(ledger)

    for _ in range(3):
        clock.now += LEASE - 1
        assert await ledger.renew([turn]) == {turn.id: None}
    assert await claim(ledger) == []


async def test_whoever_lost_a_turn_can_write_nothing_more_for_it(
    ledger: Ledger, database: Database, clock: Clock
) -> None:
    await ledger.accept(entry("a"))
    lost = await claim_one(ledger)
    clock.now += LEASE + 1
    ours = await claim_one(build(database, clock, "other"))

    assert await ledger.renew([lost]) == {}
    for late in (
        ledger.close(lost, "failed"),
        ledger.note_posted(lost, ["1.0"]),
        ledger.keep_answer(lost, {}),
        ledger.join(lost, [lost]),
    ):
        with pytest.raises(LeaseLost):
            await late
    await ledger.put_back(lost)
    await ledger.note_failure(lost, delay=0)

    found = await ledger.find("T1", ours.id)
    assert found == ours


async def test_closing_again_after_a_lost_confirmation_changes_nothing(ledger: Ledger) -> None:
    await ledger.accept(entry("a"))
    turn = await claim_one(ledger)

    assert await ledger.close(turn, "answered") == 1
    assert await ledger.close(turn, "failed") == 0

    found = await ledger.find("T1", turn.id)
    assert found is not None
    assert found.outcome == "answered"


async def test_a_failed_turn_can_be_reopened_once(ledger: Ledger) -> None:
    await ledger.accept(entry("a"))
    turn = await claim_one(ledger)
    assert not await ledger.reopen(turn, outcomes=["failed"])
    await ledger.keep_answer(turn, {"markdown": "old"})
    await ledger.close(turn, "failed", "model")

    assert not await ledger.reopen(turn, outcomes=["answered"])
    assert not await ledger.reopen(turn, outcomes=["failed"], reason="other")
    assert await ledger.reopen(turn, {"text": "again"}, outcomes=["failed", "dead"])
    assert not await ledger.reopen(turn, {"text": "twice"}, outcomes=["failed"])
    again = await claim_one(ledger)
    assert (again.id, again.payload["text"], again.resumed) == (turn.id, "again", True)
    assert (again.answer, again.failures, again.outcome) == (None, 1, None)


async def test_an_edit_revives_what_ended_in_silence_and_nothing_else(ledger: Ledger) -> None:
    outcomes: list[tuple[str, Outcome]] = [("silent", "silent"), ("answered", "answered")]
    for name, outcome in outcomes:
        await ledger.accept(entry(name, lane=name))
        await ledger.close(await claim_one(ledger), outcome)

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
    await ledger.put_back(await claim_one(ledger), delivery=True)
    turn = await claim_one(ledger)
    assert (turn.failures, turn.delayed) == (1, 0.0)
    await ledger.note_failure(turn, delay=0)

    assert (await claim_one(ledger)).failures == 2


async def test_messages_that_wait_can_be_answered_together(ledger: Ledger) -> None:
    for n in range(1, 5):
        await ledger.accept(entry(f"m{n}", ts=f"{n}.0"))
    await ledger.accept(replace(entry("edit", ts="2.5"), kind="edit"))
    turn = await claim_one(ledger)

    waiting = await ledger.find_waiting(turn)
    assert texts(waiting) == ["m2", "m3", "m4"]
    assert texts(await ledger.join(turn, waiting[:2])) == ["m2", "m3"]
    assert await ledger.close(turn, "answered") == 3

    assert texts([await claim_one(ledger)]) == ["edit"]
    together = await ledger.find("T1", waiting[0].id)
    assert together is not None
    assert (together.outcome, together.joined_to) == ("answered", turn.id)


async def test_what_was_joined_stays_joined_when_the_turn_is_taken_up_again(
    ledger: Ledger,
) -> None:
    await ledger.accept(entry("a", ts="1.0"))
    await ledger.accept(entry("b", ts="2.0"))
    turn = await claim_one(ledger)
    await ledger.join(turn, await ledger.find_waiting(turn))
    await ledger.put_back(turn)

    again = await claim_one(ledger)
    assert again.id == turn.id
    assert texts(await ledger.join(again, [])) == ["b"]
    await ledger.close(again, "failed")
    assert await ledger.reopen(again, outcomes=["failed"])
    assert texts(await ledger.join(await claim_one(ledger), [])) == ["b"]


async def test_an_edit_of_a_running_turn_restarts_it_with_the_new_text(ledger: Ledger) -> None:
    await ledger.accept(entry("a", ts="1.0"))
    await ledger.accept(entry("b", ts="2.0"))
    turn = await claim_one(ledger)
    await ledger.join(turn, await ledger.find_waiting(turn))
    await ledger.keep_answer(turn, {"markdown": "to the old text"})

    assert await ledger.revise("b", {"text": "edited"})
    assert await ledger.renew([turn]) == {turn.id: "restart"}
    await ledger.put_back(turn)

    again = await claim_one(ledger)
    assert (again.asked, again.answer) == (None, None)
    assert texts(await ledger.join(again, [])) == ["edited"]


async def test_the_same_edit_delivered_again_restarts_nothing(ledger: Ledger) -> None:
    await ledger.accept(entry("a"))
    await ledger.revise("a", {"text": "edited"})
    turn = await claim_one(ledger)

    assert await ledger.revise("a", {"text": "edited"})
    assert await ledger.renew([turn]) == {turn.id: None}


async def test_an_answered_message_is_opened_again_for_a_new_text_alone(ledger: Ledger) -> None:
    await ledger.accept(entry("a", ts="1.0"))
    await ledger.accept(entry("b", ts="2.0"))
    turn = await claim_one(ledger)
    await ledger.join(turn, await ledger.find_waiting(turn))
    assert not await ledger.revise("c", {"text": "?"})
    await ledger.close(turn, "answered")
    assert not await ledger.revise("b", {"text": "edited"})

    assert not await ledger.reopen_edited("b", "b")
    assert await ledger.reopen_edited("b", "edited")
    assert not await ledger.reopen_edited("b", "edited")
    again = await claim_one(ledger)
    assert again.id == turn.id
    assert texts(await ledger.join(again, [])) == ["edited"]


async def test_the_last_message_is_the_one_that_none_was_answered_after(ledger: Ledger) -> None:
    outcomes: list[Outcome] = ["answered", "answered", "silent"]
    for n, outcome in enumerate(outcomes, start=1):
        await ledger.accept(entry(f"m{n}", ts=f"{n}.0"))
        await ledger.close(await claim_one(ledger), outcome)

    found = [await ledger.find_message("T1", f"m{n}") for n in (1, 2)]
    assert [one and await ledger.has_later(one) for one in found] == [True, False]


async def test_a_stop_reaches_whoever_has_the_turn(ledger: Ledger, clock: Clock) -> None:
    await ledger.accept(entry("a"))
    assert not await ledger.stop_thread(THREAD, asked_at=clock.now)
    turn = await claim_one(ledger)

    assert not await ledger.stop(replace(THREAD, team="T2"), turn.id)
    assert await ledger.stop_thread(THREAD, asked_at=clock.now)
    assert await ledger.renew([turn]) == {turn.id: "stop"}
    await ledger.put_back(turn)
    assert (await claim_one(ledger)).asked == "stop"


async def test_a_stop_that_comes_late_stops_nothing_else(ledger: Ledger, clock: Clock) -> None:
    pressed_at = clock.now
    clock.now += 60
    await ledger.accept(entry("next"))
    turn = await claim_one(ledger)
    assert not await ledger.stop_thread(THREAD, asked_at=pressed_at)

    await ledger.note_posted(turn, ["105.0"])
    assert not await ledger.stop_thread(THREAD, posted=["104.0"], asked_at=clock.now)
    assert await ledger.stop_thread(THREAD, posted=["105.0"], asked_at=clock.now)


async def test_who_was_told_that_they_wait_can_stop_that(ledger: Ledger, clock: Clock) -> None:
    await ledger.accept(entry("a"))
    clock.now += 3
    assert len(await ledger.take_waiting(longer_than=2, told_before=100, limit=9)) == 1

    assert not await ledger.stop_thread(THREAD, asked_at=clock.now - 60)
    assert await ledger.stop_thread(THREAD, asked_at=clock.now)
    assert (await claim_one(ledger)).asked == "stop"


async def test_what_was_joined_to_a_silent_turn_is_on_its_own_again(ledger: Ledger) -> None:
    assert await ledger.close(await join_two(ledger), "silent", "deleted") == 1

    alone = await claim_one(ledger)
    assert (alone.payload["text"], alone.joined_to) == ("m2", "")


async def test_an_edit_that_meets_the_close_is_not_lost(ledger: Ledger) -> None:
    await ledger.accept(entry("a"))
    turn = await claim_one(ledger)
    assert await ledger.revise("a", {"text": "edited"})

    assert await ledger.close(turn, "answered", posted=["105.0"]) == 0
    again = await claim_one(ledger)
    assert (again.payload["text"], again.posted, again.failures) == ("edited", ("105.0",), 1)


async def test_many_joined_messages_are_all_listed(ledger: Ledger) -> None:
    for n in range(10, 60):
        await ledger.accept(entry(f"m{n}", ts=f"{n}.0"))
    turn = await claim_one(ledger)
    await ledger.join(turn, await ledger.find_waiting(turn))
    await ledger.put_back(turn)
    again = await claim_one(ledger)

    joined = await ledger.join(again, await ledger.find_waiting(again))
    assert texts(joined) == [f"m{n}" for n in range(11, 51)]
    assert await ledger.close(again, "answered") == 41


async def test_what_slack_has_not_taken_yet_comes_first_in_its_lane(
    ledger: Ledger, clock: Clock
) -> None:
    await ledger.accept(entry("old", ts="1.0"))
    old = await claim_one(ledger)
    await ledger.close(old, "answered")
    await ledger.accept(entry("new", ts="2.0"))
    await ledger.put_back(await claim_one(ledger), delay=5, delivery=True)
    assert await ledger.reopen(old, outcomes=["answered"])

    assert await claim(ledger) == []
    clock.now += 5
    assert texts([await claim_one(ledger)]) == ["new"]


async def test_in_a_flood_those_who_heard_nothing_are_told_first(
    ledger: Ledger, clock: Clock
) -> None:
    for n in range(3):
        await ledger.accept(entry(f"m{n}", lane=f"m{n}"))
        clock.now += 1
    told = []
    for _ in range(3):
        clock.now += 101
        [one] = await ledger.take_waiting(longer_than=2, told_before=100, limit=1)
        told.append(one.turn.payload["text"])
    assert told == ["m0", "m1", "m2"]


async def test_a_press_leaves_no_copy_of_the_answer_behind(ledger: Ledger) -> None:
    press = replace(entry("press"), kind="press", payload={"text": "the whole answer"})
    await ledger.accept(press)
    turn = await claim_one(ledger)
    await ledger.close(turn, "answered")

    found = await ledger.find("T1", turn.id)
    assert found is not None
    assert found.payload == {}


async def test_a_deleted_message_leaves_no_words_behind(ledger: Ledger) -> None:
    await ledger.accept(entry("secret"))
    turn = await claim_one(ledger)
    await ledger.close(turn, "answered")
    await ledger.withdraw("secret")

    found = await ledger.find("T1", turn.id)
    assert found is not None
    assert found.payload["text"] == ""
    assert not await ledger.reopen_edited("secret", "secret, edited")
    assert not await ledger.reopen(turn, outcomes=["answered"])


async def test_a_waiting_turn_follows_edits_and_deletes(ledger: Ledger) -> None:
    await ledger.accept(entry("a", lane="a"))
    await ledger.accept(entry("b", lane="b"))

    await ledger.revise("a", {"text": "edited"})
    await ledger.withdraw("b")

    by_lane = {turn.lane: turn.payload for turn in await claim(ledger)}
    assert by_lane["a"]["text"] == "edited"
    assert by_lane["b"] == {"text": "", "files": [], "call": "deleted"}


async def test_waiting_messages_are_told_once_and_again_after_a_while(
    ledger: Ledger, clock: Clock
) -> None:
    for n in range(3):
        await ledger.accept(entry(f"m{n}", ts=f"{n}.0", lane="busy" if n < 2 else "free"))
        clock.now += 1
    await ledger.claim(1, team_limit=9)

    async def take() -> list[tuple[str, bool, int]]:
        taken = await ledger.take_waiting(longer_than=2, told_before=100, limit=9)
        return [(one.turn.payload["text"], one.thread_is_busy, one.ahead) for one in taken]

    clock.now += 1.5
    assert await take() == [("m1", True, 0), ("m2", False, 1)]
    assert await take() == []
    clock.now += 101
    assert len(await take()) == 2


async def test_what_would_wait_too_long_needs_no_place_to_say_so(ledger: Ledger) -> None:
    await ledger.accept(entry("a", lane="a"))
    await ledger.accept(entry("b", lane="b"))
    assert len(await claim(ledger, limit=1)) == 1
    found = await ledger.find("T1", "turn2")
    assert found is not None

    await ledger.give_up_waiting(found)
    [told] = await claim(ledger, limit=0)
    assert (told.id, told.busy) == ("turn2", True)


async def test_processes_hear_what_there_is_to_do(ledger: Ledger, database: Database) -> None:
    heard: list[str] = []
    database.watch(heard.append)
    await ledger.accept(entry("a"))
    await ledger.accept(entry("a"))
    await ledger.accept(replace(entry("press", lane="press"), kind="press"))
    await ledger.stop(THREAD, "turn1")

    assert [one for one in dict.fromkeys(heard) if one] == [WORK, QUICK, ASKED]


async def test_no_team_finds_anothers_turn(ledger: Ledger) -> None:
    await ledger.accept(entry("a"))

    found = await ledger.find("T1", "turn1")
    assert found is not None
    assert not found.closed
    assert await ledger.find("T2", "turn1") is None
    assert await ledger.find_message("T2", "a") is None


async def test_a_thread_is_known_by_what_was_accepted_in_it(ledger: Ledger) -> None:
    assert not await ledger.knows(THREAD)
    await ledger.accept(entry("a"))

    assert await ledger.knows(THREAD)
    assert not await ledger.knows(replace(THREAD, team="T2"))


async def test_by_its_own_clock_the_database_measures_a_lease(database: Database) -> None:
    ledger = Ledger(database, new_id=lambda: "turn1", lease_seconds=60)
    await ledger.accept(entry("a"))
    turn = await claim_one(ledger)

    assert await claim(ledger) == []
    assert await ledger.renew([turn]) == {turn.id: None}
    assert turn.accepted_at > 1_700_000_000


async def join_two(ledger: Ledger) -> Turn:
    """Have the first of two messages, which answers the second too."""
    await ledger.accept(entry("m1", ts="1.0"))
    await ledger.accept(entry("m2", ts="2.0"))
    turn = await claim_one(ledger)
    await ledger.join(turn, await ledger.find_waiting(turn))
    return turn


async def test_a_turn_that_answers_others_too_is_not_joined_itself(
    ledger: Ledger, clock: Clock
) -> None:
    await ledger.put_back(await join_two(ledger))
    await ledger.accept(entry("m0", ts="0.5"))
    earlier = await claim_one(ledger)

    assert await ledger.find_waiting(earlier) == []
    await ledger.close(earlier, "answered")
    again = await claim_one(ledger)
    assert texts(await ledger.join(again, [])) == ["m2"]
    assert await ledger.close(again, "answered") == 2


async def test_a_message_that_is_to_stop_is_joined_to_no_other(ledger: Ledger) -> None:
    await ledger.accept(entry("m1", ts="1.0"))
    await ledger.accept(entry("m2", ts="2.0"))
    turn = await claim_one(ledger)
    assert await ledger.stop(THREAD, "turn2")

    assert await ledger.find_waiting(turn) == []


async def test_a_revived_message_is_on_its_own_again(ledger: Ledger) -> None:
    await ledger.close(await join_two(ledger), "silent")
    await ledger.close(await claim_one(ledger), "silent")
    assert await ledger.accept(replace(entry("m2", ts="2.0"), revives=True))
    revived = await claim_one(ledger)

    found = await ledger.find_message("T1", "m2")
    assert found is not None
    assert found.id == revived.id
    await ledger.revise("m2", {"text": "new"})
    assert await ledger.renew([revived]) == {revived.id: "restart"}


async def test_another_delivery_undoes_neither_an_edit_nor_a_deletion(ledger: Ledger) -> None:
    for name in ("a", "b"):
        await ledger.accept(entry(name, lane=name))
    await ledger.revise("a", {"text": "edited"})
    await ledger.withdraw("b")
    for name in ("a", "b"):
        await ledger.accept(entry(name, lane=name))

    by_lane = {turn.lane: turn.payload for turn in await claim(ledger)}
    assert by_lane["a"]["text"] == "edited"
    assert by_lane["b"]["call"] == "deleted"


async def test_a_joined_message_edited_while_it_is_answered_anew_restarts_that(
    ledger: Ledger,
) -> None:
    turn = await join_two(ledger)
    await ledger.close(turn, "answered")
    await ledger.reopen(turn, outcomes=["answered"])
    again = await claim_one(ledger)

    assert await ledger.revise("m2", {"text": "new"})
    assert await ledger.renew([again]) == {again.id: "restart"}


async def test_a_joined_message_deleted_before_it_is_answered_anew_stays_unanswered(
    ledger: Ledger,
) -> None:
    turn = await join_two(ledger)
    await ledger.close(turn, "answered")
    await ledger.reopen(turn, outcomes=["answered"])
    await ledger.withdraw("m2")

    [deleted] = await ledger.join(await claim_one(ledger), [])
    assert deleted.payload["call"] == "deleted"


async def test_edits_and_closing_never_wait_for_each_other(ledger: Ledger) -> None:
    """Both lock a joined turn and its owner."""
    for n in range(10):
        for ts in ("1.0", "2.0"):
            await ledger.accept(entry(f"m{n}-{ts}", ts=ts, lane=f"lane{n}"))
        turn = await claim_one(ledger)
        await ledger.join(turn, await ledger.find_waiting(turn))
        edits = [ledger.revise(f"m{n}-2.0", {"text": str(edit)}) for edit in range(3)]
        await asyncio.gather(ledger.close(turn, "answered"), *edits)
        for again in await claim(ledger):
            await ledger.close(again, "answered")


async def test_an_answer_to_the_old_text_is_not_kept_for_the_new_one(ledger: Ledger) -> None:
    await ledger.accept(entry("a"))
    turn = await claim_one(ledger)
    await ledger.revise("a", {"text": "edited"})
    await ledger.keep_answer(turn, {"markdown": "to the old text"})
    await ledger.put_back(turn)

    assert (await claim_one(ledger)).answer is None


async def test_an_edit_that_comes_after_the_deletion_brings_nothing_back(ledger: Ledger) -> None:
    await ledger.accept(entry("a"))
    await ledger.withdraw("a")
    await ledger.revise("a", {"text": "edited"})

    assert (await claim_one(ledger)).payload["text"] == ""


async def test_a_message_that_was_claimed_before_an_earlier_one_came_lets_it_go_first(
    ledger: Ledger,
) -> None:
    await ledger.accept(entry("m2", ts="2.0"))
    later = await claim_one(ledger)
    assert not await ledger.has_earlier_waiting(later)
    await ledger.accept(entry("m1", ts="1.0"))
    await ledger.accept(entry("m3", ts="3.0"))
    assert await ledger.has_earlier_waiting(later)

    await ledger.put_back(later)
    first = await claim_one(ledger)
    assert first.payload["text"] == "m1"
    assert not await ledger.has_earlier_waiting(first)


async def test_a_message_is_overtaken_once_a_later_one_was_answered(ledger: Ledger) -> None:
    await ledger.accept(entry("m2", ts="2.0"))
    later = await claim_one(ledger)
    assert not await ledger.has_been_overtaken(later)
    await ledger.close(later, "answered")
    await ledger.accept(entry("m1", ts="1.0"))
    await ledger.accept(entry("m3", ts="3.0"))
    late = await claim_one(ledger)
    assert late.payload["text"] == "m1"
    assert await ledger.has_been_overtaken(late)
    await ledger.close(late, "answered")

    # A message that only waits, or was left unanswered, has not overtaken anybody.
    third = await claim_one(ledger)
    assert not await ledger.has_been_overtaken(third)
    await ledger.accept(entry("m4", ts="4.0"))
    assert not await ledger.has_been_overtaken(third)
