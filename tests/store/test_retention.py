from sqlalchemy import func, insert, select

from bot.conversation.messages import AssistantMessage, Document, Page, ThreadKey
from bot.store.database import Database
from bot.store.documents import DocumentStore
from bot.store.history import SqlHistory
from bot.store.retention import DAY, delete_expired
from bot.store.tables import install_states, installations, metadata, turns
from bot.store.traces import Trace, Traces


async def fill(database: Database, now: float, name: str) -> None:
    history = SqlHistory(database, lambda: now)
    thread = ThreadKey("T1", "C1", name)
    await history.record(thread, [AssistantMessage(f"{name}.1", "x")])
    await history.mark_read(thread)
    await Traces(database, lambda: now).save(Trace(name, thread, "1", "r"))
    document = Document(name, "n", "PDF", "page", (Page(1, "t"),), 1)
    store = DocumentStore(database, lambda: now)
    await store.save("T1", document)
    await store.attach(thread, document.file_id)
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


async def test_turns_that_are_not_closed_stay_however_old(database: Database) -> None:
    for state in ("queued", "running", "joined"):
        await add_turn(database, state, state=state)

    await delete_expired(database, days=1, now=100 * DAY)

    async with database.read() as tx:
        assert (await tx.execute(select(func.count()).select_from(turns))).scalar() == 3
