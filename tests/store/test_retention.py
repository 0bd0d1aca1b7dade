from sqlalchemy import func, insert, select

from bot.conversation.messages import AssistantMessage, Document, Passage, ThreadKey
from bot.store.database import Database
from bot.store.documents import DocumentStore, Posting
from bot.store.history import SqlHistory
from bot.store.retention import DAY, delete_expired
from bot.store.tables import install_states, installations, metadata, turns
from bot.store.traces import Trace, Traces
from tests.store.full_text import check_index


async def fill(database: Database, now: float, name: str) -> None:
    history = SqlHistory(database, lambda: now)
    thread = ThreadKey("T1", "C1", name)
    await history.record(thread, [AssistantMessage(f"{name}.1", "x")])
    await history.mark_read(thread)
    await Traces(database, lambda: now).save(Trace(name, thread, "1", "r"))
    document = Document(name, "n", "PDF", "page", 1, 1, 1, name)
    store = DocumentStore(database, lambda: now)
    await store.save("T1", document, [(Passage(1, "t"), "t")])
    await store.attach(thread, [name])
    await store.keep_notes("T1", name, "k", "notes")
    await add_turn(database, name, state="closed", closed_at=now)


async def add_turn(
    database: Database, name: str, *, state: str, closed_at: float | None = None
) -> None:
    row = {
        "id": name,
        "dedupe_key": name,
        "kind": "message",
        "team": "T1",
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


async def test_what_is_too_old_goes_and_the_rest_stays(database: Database) -> None:
    await fill(database, now=0.0, name="old")
    await fill(database, now=10 * DAY, name="new")

    await delete_expired(database, days=5, now=10 * DAY)

    async with database.read() as tx:
        for table in {*metadata.sorted_tables} - {installations, install_states}:
            rows = (await tx.execute(select(func.count()).select_from(table))).scalar()
            assert rows == 1, table.name
    await check_index(database)


async def test_how_many_rows_went_is_told(database: Database) -> None:
    await fill(database, now=0.0, name="old")

    tables = {*metadata.sorted_tables} - {installations, install_states}
    assert await delete_expired(database, days=5, now=10 * DAY) == len(tables)


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
