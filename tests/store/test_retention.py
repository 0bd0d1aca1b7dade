from sqlalchemy import func, select

from bot.conversation.messages import AssistantMessage, Document, Page, ThreadKey
from bot.ledger import Entry, Ledger
from bot.store.database import Database
from bot.store.documents import DocumentStore
from bot.store.history import SqlHistory
from bot.store.retention import DAY, delete_expired
from bot.store.tables import install_states, installations, metadata
from bot.store.traces import Trace, Traces

THREAD = ThreadKey("T1", "C1", "100.000100")


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
    ledger = Ledger(database, new_id=lambda: f"{name}-turn", now=lambda: now)
    await ledger.accept(Entry(name, "message", thread, "1", name, {}))
    for turn in await ledger.claim(9, team_limit=9):
        await ledger.close(turn, "answered")


async def test_what_is_too_old_goes_and_the_rest_stays(database: Database) -> None:
    await fill(database, now=0.0, name="old")
    await fill(database, now=10 * DAY, name="new")

    await delete_expired(database, days=5, now=10 * DAY)

    async with database.read() as tx:
        for table in {*metadata.sorted_tables} - {installations, install_states}:
            rows = (await tx.execute(select(func.count()).select_from(table))).scalar()
            assert rows == 1, table.name


async def test_turns_that_are_not_closed_stay_however_old(database: Database) -> None:
    ledger = Ledger(database, new_id=lambda: "t", now=lambda: 0.0)
    await ledger.accept(Entry("k", "message", THREAD, "1", "lane", {}))

    await delete_expired(database, days=1, now=100 * DAY)

    assert await ledger.knows(THREAD)
