from bot.conversation.messages import ThreadKey
from bot.store.database import Database
from bot.store.traces import Trace, Traces

TRACE = Trace("turn1", ThreadKey("T1", "C1", "100.000100"), "101.000100", "Let me see.")


async def test_a_trace_is_found_by_its_team_alone(database: Database) -> None:
    traces = Traces(database)
    await traces.save(TRACE)

    assert await traces.find("T1", "turn1") == TRACE
    assert await traces.find("T2", "turn1") is None


async def test_what_shows_it_is_remembered(database: Database) -> None:
    traces = Traces(database)
    await traces.save(TRACE)

    await traces.mark_shown("T1", "turn1", ["102.000100"])
    await traces.mark_shown("T2", "turn1", [])
    found = await traces.find("T1", "turn1")

    assert found is not None
    assert found.shown == ("102.000100",)


async def test_saving_again_replaces(database: Database) -> None:
    traces = Traces(database)
    await traces.save(TRACE)
    await traces.save(Trace("turn1", TRACE.thread, "109.000100", "Again."))

    found = await traces.find("T1", "turn1")
    assert found is not None
    assert (found.answer_ts, found.reasoning) == ("109.000100", "Again.")
