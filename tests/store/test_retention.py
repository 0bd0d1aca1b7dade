from datetime import UTC, datetime

import pytest
from sqlalchemy import Table, func, insert, select

from bot.conversation.messages import AssistantMessage, Document, Passage, ThreadKey
from bot.conversation.preferences import PersonPreferences
from bot.store.database import Database
from bot.store.documents import DocumentStore, Posting
from bot.store.history import SqlHistory
from bot.store.preferences import PreferenceStore
from bot.store.retention import DAY, delete_expired
from bot.store.tables import (
    feedback,
    greetings,
    install_states,
    installations,
    metadata,
    preferences,
    turns,
    usage,
    viewing,
)
from bot.store.traces import Trace, Traces
from bot.store.usage import UsageStore, Used, month_of
from tests.store.full_text import check_index

STAYING = {installations, install_states, preferences, greetings}
"""Tables in which nothing expires."""

EXPIRING = {*metadata.sorted_tables} - STAYING
YEAR = 366 * DAY


async def fill(database: Database, now: float, name: str, team: str = "T1") -> None:
    """Write a row into each table in which things expire."""
    history = SqlHistory(database, lambda: now)
    thread = ThreadKey(team, "C1", name)
    await history.record(thread, [AssistantMessage(f"{name}.1", "x")])
    await history.mark_read(thread)
    await Traces(database, lambda: now).save(Trace(name, thread, "1", "r"))
    document = Document(name, "n", "PDF", "page", 1, 1, 1, name)
    store = DocumentStore(database, lambda: now)
    await store.save(team, document, [(Passage(1, "t"), "t")])
    await store.attach(thread, [name])
    await store.keep_notes(team, name, "k", "notes")
    await add_turn(database, name, state="closed", closed_at=now, team=team)
    await UsageStore(database).add(team, name, month_of(now), Used(1, 2, 3))
    async with database.write() as tx:
        await tx.execute(
            insert(feedback),
            {
                "team": team,
                "turn_id": name,
                "person": "U1",
                "verdict": "good",
                "reason": "",
                "channel": "C1",
                "thread_ts": name,
                "answer_ts": "1",
                "given_at": now,
            },
        )
        row = {"team": team, "person": name, "channel": "C1", "changed_at": now}
        await tx.execute(insert(viewing), row)


async def add_turn(
    database: Database,
    name: str,
    *,
    state: str,
    closed_at: float | None = None,
    team: str = "T1",
) -> None:
    row = {
        "id": name,
        "dedupe_key": name,
        "kind": "message",
        "team": team,
        "channel": "C1",
        "thread_ts": name,
        "ts": "1",
        "lane": name,
        "payload": {},
        "state": state,
        "available_at": 0.0,
        "accepted_at": 0.0,
        "closed_at": closed_at,
        "posted": [],
    }
    async with database.write() as tx:
        await tx.execute(insert(turns), row)


async def count(database: Database, table: Table, team: str = "T1") -> int:
    async with database.read() as tx:
        query = select(func.count()).select_from(table).where(table.c.team == team)
        return int((await tx.execute(query)).scalar_one())


async def test_what_is_too_old_goes_and_the_rest_stays(database: Database) -> None:
    await fill(database, now=0.0, name="old")
    await fill(database, now=2 * YEAR, name="new")

    await delete_expired(database, days=5, now=2 * YEAR)

    for table in EXPIRING:
        assert await count(database, table) == 1, table.name
    await check_index(database)


async def test_how_many_rows_went_is_told(database: Database) -> None:
    await fill(database, now=0.0, name="old")

    assert await delete_expired(database, days=5, now=2 * YEAR) == len(EXPIRING)


async def test_a_team_that_keeps_things_for_less_has_less(database: Database) -> None:
    await fill(database, now=0.0, name="theirs", team="T2")
    await fill(database, now=0.0, name="ours")

    await delete_expired(database, days=5, now=3 * DAY, shorter={"T2": 2})

    for table in EXPIRING - {usage}:
        assert await count(database, table, "T2") == 0, table.name
        assert await count(database, table) == 1, table.name
    await check_index(database)


async def test_no_team_keeps_things_for_longer_than_the_operator(database: Database) -> None:
    await fill(database, now=0.0, name="theirs", team="T2")

    await delete_expired(database, days=5, now=6 * DAY, shorter={"T2": 30})

    for table in EXPIRING - {usage}:
        assert await count(database, table, "T2") == 0, table.name


async def test_usage_is_kept_for_thirteen_months(database: Database) -> None:
    store = UsageStore(database)
    for month in ("2025-10", "2025-11", "2025-12", "2026-11"):
        await store.add("T1", "U1", month, Used(1, 2, 3))

    now = datetime(2026, 11, 23, tzinfo=UTC).timestamp()
    await delete_expired(database, days=1, now=now)

    assert await store.of_team("T1", "2025-10") == Used()
    assert await store.of_team("T1", "2025-11") == Used(1, 2, 3)
    assert await count(database, usage) == 3


@pytest.mark.parametrize(
    ("today", "kept"), [((2026, 1), "2025-01"), ((2026, 12), "2025-12"), ((2027, 2), "2026-02")]
)
async def test_the_same_month_a_year_ago_is_always_there(
    database: Database, today: tuple[int, int], kept: str
) -> None:
    store = UsageStore(database)
    await store.add("T1", "U1", kept, Used(1))

    await delete_expired(database, days=1, now=datetime(*today, 15, tzinfo=UTC).timestamp())

    assert await store.of_team("T1", kept) == Used(1)


async def test_what_people_chose_stays(database: Database) -> None:
    store = PreferenceStore(database, lambda: 0.0)
    await store.choose("T1", "U1", PersonPreferences(length="short"))

    await delete_expired(database, days=1, now=2 * YEAR, shorter={"T1": 1})

    found = await store.find("T1", person="U1", channel="C1")
    assert found.person == PersonPreferences(length="short")


async def test_a_content_stays_while_a_young_document_has_it(database: Database) -> None:
    await fill(database, now=0.0, name="old")
    store = DocumentStore(database, lambda: 9 * DAY)
    young = Document("young", "n", "PDF", "page", 1, 1, 1, "old")
    await store.save("T1", young, ())

    await delete_expired(database, days=5, now=10 * DAY)

    assert await store.find("T1", "old") == []
    assert await store.find("T1", "young") == [young]
    assert await store.find_postings("T1", ["old"], ["t"]) == [Posting("t", "old", 1, 0)]
    assert await store.find_notes("T1", "old", ["k"]) == {"k": "notes"}


async def test_a_document_that_was_shared_again_stays(database: Database) -> None:
    await fill(database, now=0.0, name="old")
    store = DocumentStore(database, lambda: 9 * DAY)
    elsewhere = ThreadKey("T1", "C2", "1")
    await store.attach(elsewhere, ["old"])

    await delete_expired(database, days=5, now=10 * DAY)

    assert len(await store.of_thread(elsewhere)) == 1


async def test_what_a_killed_process_left_of_a_content_goes(database: Database) -> None:
    store = DocumentStore(database, lambda: 10 * DAY)
    document = Document("F1", "n", "PDF", "page", 1, 1, 1, "d1")
    content = await store._begin("T1", document)
    await store._add("T1", content, [(Passage(1, "t"), "t")])

    # Not as long as it may be that somebody writes on.
    assert await delete_expired(database, days=5, now=10 * DAY + 3_000) == 0
    await store._add("T1", content, [(Passage(2, "t"), "t")])
    assert await delete_expired(database, days=5, now=10 * DAY + 4_000) == 3
    await check_index(database)


async def test_turns_that_are_not_closed_stay_however_old(database: Database) -> None:
    for state in ("queued", "running", "joined"):
        await add_turn(database, state, state=state)

    await delete_expired(database, days=1, now=100 * DAY)

    async with database.read() as tx:
        assert (await tx.execute(select(func.count()).select_from(turns))).scalar() == 3
