"""What goes with a message that is deleted."""

import asyncio
from dataclasses import replace

from sqlalchemy import func, select

from bot.conversation.messages import Document, Passage, SharedFile, ThreadKey, UserMessage
from bot.store.database import Database
from bot.store.documents import DocumentStore
from bot.store.history import SqlHistory
from bot.store.leftovers import delete_leftovers
from bot.store.tables import contents, documents, part_notes, passages, thread_documents
from tests.store.full_text import check_index

THREAD = ThreadKey("T1", "C1", "1.0")
ELSEWHERE = ThreadKey("T1", "C2", "2.0")
REPORT = Document("F1", "q3.pdf", "PDF", "page", 1, 1, 1, "d1")
TEXT = [(Passage(1, "totals"), "totals")]


async def share(database: Database, thread: ThreadKey, ts: str, *shared: Document) -> None:
    """Have a message come with one file, which holds documents."""
    store = DocumentStore(database)
    for document in shared:
        await store.save("T1", document, TEXT)
    await store.attach(thread, [document.file_id for document in shared])
    file_id = shared[0].file_id.partition("/")[0]
    message = UserMessage(ts, "U1", "Ada", "see this", (SharedFile(file_id, "q3.pdf"),))
    await SqlHistory(database).record(thread, [message])


async def count(database: Database) -> int:
    """How many rows there are that are about documents."""
    tables = (contents, passages, documents, thread_documents, part_notes)
    async with database.read() as tx:
        counts = [
            (await tx.execute(select(func.count()).select_from(table))).scalar_one()
            for table in tables
        ]
    return sum(counts)


async def test_the_text_of_a_file_goes_with_its_message(database: Database) -> None:
    await share(database, THREAD, "1.1", REPORT)
    await DocumentStore(database).keep_notes("T1", "d1", "k", "notes")

    await SqlHistory(database).forget(THREAD, "1.1")

    assert await count(database) == 0
    await check_index(database)


async def test_what_was_inside_of_a_file_goes_with_its_message(database: Database) -> None:
    inside = [
        replace(REPORT, file_id=f"F1/{number}", digest=f"d{number}") for number in range(1, 12)
    ]
    await share(database, THREAD, "1.1", *inside)
    await share(database, THREAD, "1.2", replace(REPORT, file_id="F12"))

    await SqlHistory(database).forget(THREAD, "1.1")

    assert [one.file_id for one in await DocumentStore(database).of_thread(THREAD)] == ["F12"]
    assert await DocumentStore(database).find("T1", "F1") == []
    # F12: its document, its link; and the content that it has in common with F1/1.
    assert await count(database) == 4


async def test_a_file_that_another_message_of_the_thread_has_stays(database: Database) -> None:
    store = DocumentStore(database)
    await share(database, THREAD, "1.1", REPORT)
    await share(database, THREAD, "1.2", REPORT)

    await SqlHistory(database).forget(THREAD, "1.2")
    assert await store.of_thread(THREAD) == [REPORT]

    await SqlHistory(database).forget(THREAD, "1.1")
    assert await count(database) == 0


async def test_a_file_that_another_thread_has_stays_there(database: Database) -> None:
    store = DocumentStore(database)
    await share(database, THREAD, "1.1", REPORT)
    await share(database, ELSEWHERE, "2.1", REPORT)

    await SqlHistory(database).forget(THREAD, "1.1")

    assert await store.of_thread(THREAD) == []
    assert await store.of_thread(ELSEWHERE) == await store.find("T1", "F1") == [REPORT]
    assert len(await store.find_postings("T1", ["d1"], ["totals"])) == 1

    await SqlHistory(database).forget(ELSEWHERE, "2.1")

    assert await count(database) == 0


async def test_a_content_that_another_file_has_stays(database: Database) -> None:
    copy = replace(REPORT, file_id="F2")
    await share(database, THREAD, "1.1", REPORT)
    await share(database, ELSEWHERE, "2.1", copy)

    await SqlHistory(database).forget(THREAD, "1.1")

    store = DocumentStore(database)
    assert await store.find("T1", "F1") == []
    assert await store.find("T1", "F2") == [copy]
    assert await store.load("T1", "d1") == [one for one, _ in TEXT]


async def test_another_teams_file_of_the_same_name_and_content_stays(database: Database) -> None:
    theirs = ThreadKey("T2", "C1", "1.0")
    store = DocumentStore(database)
    await store.save("T2", REPORT, TEXT)
    await store.attach(theirs, ["F1"])
    await store.keep_notes("T2", "d1", "k", "notes")
    before = await count(database)
    await share(database, THREAD, "1.1", REPORT)

    await SqlHistory(database).forget(THREAD, "1.1")

    assert await store.of_thread(theirs) == [REPORT]
    assert await count(database) == before


async def test_a_message_without_files_takes_nothing_along(database: Database) -> None:
    await share(database, THREAD, "1.1", REPORT)
    history = SqlHistory(database)
    await history.record(THREAD, [UserMessage("1.2", "U1", "Ada", "hello")])

    await history.forget(THREAD, "1.2")
    await history.forget(THREAD, "1.9")

    assert await DocumentStore(database).of_thread(THREAD) == [REPORT]


async def test_a_deletion_that_was_cut_short_is_finished_later(database: Database) -> None:
    store = DocumentStore(database, lambda: 0.0)
    many = [(Passage(number, "totals"), "totals") for number in range(130)]
    await store.save("T1", REPORT, many)
    async with database.write() as tx:
        await tx.execute(documents.delete())
        await tx.execute(contents.update().values(whole=False))
        await tx.execute(passages.delete().where(passages.c.page < 40))

    assert await delete_leftovers(database, now=10_000.0) == 91
    assert await count(database) == 0
    await check_index(database)


async def test_two_who_delete_the_same_at_once_delete_it_once(database: Database) -> None:
    store = DocumentStore(database, lambda: 0.0)
    many = [(Passage(number, "totals"), "totals") for number in range(130)]
    for number in range(3):
        await store.save("T1", replace(REPORT, file_id=f"F{number}", digest=f"d{number}"), many)
    async with database.write() as tx:
        await tx.execute(documents.delete())

    gone = await asyncio.gather(*(delete_leftovers(database, now=10_000.0) for _ in range(3)))

    assert sum(gone) == 3 * 131
    assert await count(database) == 0


async def test_a_content_taken_up_while_it_is_deleted_is_there_or_told(
    database: Database,
) -> None:
    """Whoever shares a content again as its last document goes gets all of it, or has it read."""
    store = DocumentStore(database)
    for _ in range(10):
        await share(database, THREAD, "1.1", REPORT)
        forgetting = asyncio.create_task(SqlHistory(database).forget(THREAD, "1.1"))
        await store.save("T1", replace(REPORT, file_id="F2"), TEXT)
        await forgetting

        assert len(await store.find("T1", "F2")) == 1
        assert await store.load("T1", "d1") == [one for one, _ in TEXT]
        assert len(await store.find_postings("T1", ["d1"], ["totals"])) == 1
        await store.forget_file("T1", "F2")
        assert await count(database) == 0
