from dataclasses import replace

from bot.conversation.messages import Document, Page, ThreadKey
from bot.store.database import Database
from bot.store.documents import DocumentStore

THREAD = ThreadKey("T1", "C1", "100.000100")
BOOK = Document(
    "F1",
    "book.epub",
    "e-book",
    "section",
    (Page(1, "Once", "Chapter one"), Page(2, "")),
    3,
    ("Stopped at the limit.",),
)


async def share(store: DocumentStore, document: Document) -> None:
    await store.save(THREAD.team, document)
    await store.attach(THREAD, document.file_id)


async def test_a_document_comes_back_as_it_was(database: Database) -> None:
    store = DocumentStore(database)
    await share(store, BOOK)

    assert await store.find("T1", "F1") == BOOK
    assert await store.of_thread(THREAD) == [BOOK]


async def test_a_document_without_pages_comes_back_too(database: Database) -> None:
    store = DocumentStore(database)
    empty = replace(BOOK, pages=(), total_pages=0)
    await share(store, empty)

    assert await store.find("T1", "F1") == empty


async def test_documents_keep_the_order_of_sharing(database: Database) -> None:
    store = DocumentStore(database)
    for file_id in ("F9", "F3", "F5"):
        await share(store, replace(BOOK, file_id=file_id))
    await store.attach(THREAD, "F9")

    assert [one.file_id for one in await store.of_thread(THREAD)] == ["F9", "F3", "F5"]


async def test_a_stored_file_can_be_attached_to_another_thread(database: Database) -> None:
    store = DocumentStore(database)
    elsewhere = ThreadKey("T1", "C2", "300.000100")
    await share(store, BOOK)
    await store.attach(elsewhere, "F1")

    assert await store.of_thread(elsewhere) == [BOOK]


async def test_no_team_reaches_another_teams_documents(database: Database) -> None:
    store = DocumentStore(database)
    await share(store, BOOK)

    assert await store.find("T2", "F1") is None
    assert await store.of_thread(ThreadKey("T2", "C1", "100.000100")) == []
