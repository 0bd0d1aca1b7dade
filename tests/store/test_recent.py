"""What a person did lately is found, each once, newest first, and nobody else's."""

from bot.conversation.messages import (
    AssistantMessage,
    Document,
    Passage,
    SharedFile,
    ThreadKey,
    UserMessage,
)
from bot.conversation.recent import Recent, RecentDocument, RecentThread
from bot.store.database import Database
from bot.store.documents import DocumentStore
from bot.store.history import SqlHistory
from bot.store.recent import RecentStore
from bot.store.tables import documents


def thread(number: int, *, team: str = "T1", channel: str = "C1") -> ThreadKey:
    return ThreadKey(team, channel, f"{number}.0")


async def say(
    database: Database,
    where: ThreadKey,
    ts: str,
    text: str = "Hello",
    files: tuple[SharedFile, ...] = (),
    author: str = "U1",
    at: float = 1.0,
) -> None:
    history = SqlHistory(database, lambda: at)
    await history.record(where, [UserMessage(ts, author, "Alice", text, files)])


async def read(database: Database, file_id: str, permalink: str = "") -> None:
    document = Document(file_id, f"{file_id}.pdf", "PDF", "page", 1, 1, 1, file_id)
    await DocumentStore(database).save("T1", document, [(Passage(1, "t"), "t")])
    if permalink:
        async with database.write() as tx:
            await tx.execute(
                documents.update().where(documents.c.source == file_id).values(permalink=permalink)
            )


async def test_threads_come_newest_first_each_once_with_its_first_words(
    database: Database,
) -> None:
    await say(database, thread(1), "1.0", "First question", at=1)
    await say(database, thread(2), "2.0", "Second question", at=2)
    await say(database, thread(1), "1.5", "And another thing", at=3)
    await say(database, thread(2, channel="D1"), "2.7", "In private", at=4)

    assert (await RecentStore(database).find("T1", "U1")).threads == (
        RecentThread(thread(2, channel="D1"), "In private", "2.7"),
        RecentThread(thread(2), "Second question", "2.0"),
        RecentThread(thread(1), "First question", "1.5"),
    )


async def test_no_more_than_asked_for_are_found(database: Database) -> None:
    for number in range(1, 9):
        await say(database, thread(number), f"{number}.0", at=number)

    found = await RecentStore(database).find("T1", "U1", limit=5)

    assert [one.last_ts for one in found.threads] == ["8.0", "7.0", "6.0", "5.0", "4.0"]


async def test_a_long_thread_hides_no_other_within_reach(database: Database) -> None:
    await say(database, thread(1), "1.0", "Short", at=1)
    history = SqlHistory(database, lambda: 2.0)
    many = [UserMessage(f"2.{n:03}", "U1", "Alice", f"No {n}") for n in range(299)]
    await history.record(thread(2), many)

    found = await RecentStore(database).find("T1", "U1")

    assert [one.words for one in found.threads] == ["No 0", "Short"]


async def test_what_was_read_late_stands_where_it_was_said(database: Database) -> None:
    await say(database, thread(5), "5.0", "Said last", at=1)
    await say(database, thread(3), "3.0", "Read last", at=2)

    found = await RecentStore(database).find("T1", "U1")

    assert [one.words for one in found.threads] == ["Said last", "Read last"]


async def test_a_message_without_words_is_called_by_its_files(database: Database) -> None:
    files = (SharedFile("F1", "q1.pdf"), SharedFile("F2", "q2.pdf"))
    await say(database, thread(1), "1.0", " ", files)

    [found] = (await RecentStore(database).find("T1", "U1")).threads

    assert found.words == "q1.pdf, q2.pdf"


async def test_documents_come_newest_first_each_once_if_they_were_read(
    database: Database,
) -> None:
    await read(database, "F1", "https://acme.slack.com/files/F1")
    await read(database, "F2")
    await say(database, thread(1), "1.0", "", (SharedFile("F1", "old.pdf"),), at=1)
    unread = SharedFile("F9", "never-read.pdf")
    await say(database, thread(2), "2.0", "", (SharedFile("F2", "new.pdf"), unread), at=2)
    await say(database, thread(3), "3.0", "", (SharedFile("F1", "old.pdf"),), at=3)

    assert (await RecentStore(database).find("T1", "U1")).documents == (
        RecentDocument("F1", "old.pdf", thread(3), "3.0", "https://acme.slack.com/files/F1"),
        RecentDocument("F2", "new.pdf", thread(2), "2.0"),
    )


async def test_an_archive_is_found_by_what_was_read_in_it(database: Database) -> None:
    inside = Document("F1/1", "a.txt", "text", "page", 1, 1, 1, "d")
    await DocumentStore(database).save("T1", inside, [(Passage(1, "t"), "t")])
    await say(database, thread(1), "1.0", "", (SharedFile("F1", "all.zip"),))

    [found] = (await RecentStore(database).find("T1", "U1")).documents

    assert (found.file_id, found.name) == ("F1", "all.zip")


async def test_others_and_other_teams_are_never_among_it(database: Database) -> None:
    await read(database, "F1")
    shared = (SharedFile("F1", "q.pdf"),)
    await say(database, thread(1), "1.0", "Theirs", shared, author="U2")
    await say(database, thread(1, team="T2"), "1.0", "Elsewhere", shared)
    await SqlHistory(database).record(thread(1), [AssistantMessage("1.1", "An answer")])
    store = RecentStore(database)

    assert await store.find("T1", "U1") == Recent()
    assert (await store.find("T2", "U1")).documents == ()
    assert not await store.took_part(thread(1), "U1")


async def test_whoever_wrote_in_a_thread_took_part_in_it(database: Database) -> None:
    await say(database, thread(1), "1.0")
    store = RecentStore(database)

    assert await store.took_part(thread(1), "U1")
    assert not await store.took_part(thread(2), "U1")
