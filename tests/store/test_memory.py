"""What a person has forgotten is gone, and what it does not concern stays."""

import pytest
from sqlalchemy import ColumnElement, func, select, update

from bot.conversation.messages import (
    AssistantMessage,
    Document,
    Passage,
    SharedFile,
    ThreadKey,
    UserMessage,
)
from bot.ledger import Entry, Ledger
from bot.slack.events import Said, from_json, to_json
from bot.store.database import Database
from bot.store.documents import DocumentStore
from bot.store.history import SqlHistory
from bot.store.memory import Forgotten, Memory
from bot.store.tables import documents, feedback, messages, traces, turns
from bot.store.traces import Trace, Traces
from tests.store.full_text import check_index

THREAD = ThreadKey("T1", "C1", "1.0")
BOBS = ThreadKey("T1", "C1", "2.0")
DIRECT = ThreadKey("T1", "D1", "3.0")
FOREIGN = ThreadKey("T2", "C1", "1.0")


@pytest.fixture
def memory(database: Database) -> Memory:
    return Memory(database)


@pytest.fixture
def ledger(database: Database) -> Ledger:
    ids = iter(map(str, range(100)))
    return Ledger(database, new_id=lambda: next(ids))


async def fill(database: Database, thread: ThreadKey, author: str, file_id: str) -> None:
    """Have a person share a file in a thread of their own, and be answered with a trace."""
    document = Document(file_id, "q3.pdf", "PDF", "page", 1, 1, 1, f"digest-{file_id}")
    store, history = DocumentStore(database), SqlHistory(database)
    await store.save(thread.team, document, [(Passage(1, "totals"), "totals")])
    await store.attach(thread, [file_id])
    root = UserMessage(thread.thread_ts, author, "Ada", "see", (SharedFile(file_id, "q3.pdf"),))
    await history.record(thread, [root, AssistantMessage(f"{thread.thread_ts}1", "Fine.")])
    await history.mark_read(thread)
    turn_id = f"turn-{thread.team}-{thread.thread_ts}"
    await Traces(database).save(Trace(turn_id, thread, f"{thread.thread_ts}1", "I think."))
    async with database.write() as tx:
        await tx.execute(
            feedback.insert().values(
                team=thread.team,
                turn_id=turn_id,
                person=author,
                verdict="bad",
                reason="It is about q3.",
                channel=thread.channel,
                thread_ts=thread.thread_ts,
                answer_ts=f"{thread.thread_ts}1",
                given_at=0.0,
            )
        )


async def accept(ledger: Ledger, thread: ThreadKey, author: str = "U1") -> Said:
    said = Said(thread, thread.thread_ts, author, thread.team, "a secret", "mention")
    entry = Entry(said.key, "message", thread, said.ts, thread.lane, to_json(said))
    assert await ledger.accept(entry)
    return said


async def end_all(database: Database) -> None:
    async with database.write() as tx:
        await tx.execute(update(turns).values(state="closed", outcome="answered"))


async def count(database: Database, thread: ThreadKey) -> int:
    """How many rows there are of what was said in a thread."""
    total = 0
    async with database.read() as tx:
        for table in (messages, traces, feedback):
            which: list[ColumnElement[bool]] = [
                table.c.team == thread.team,
                table.c.channel == thread.channel,
                table.c.thread_ts == thread.thread_ts,
            ]
            query = select(func.count()).select_from(table).where(*which)
            total += (await tx.execute(query)).scalar_one()
    return total + len(await DocumentStore(database).of_thread(thread))


async def test_a_thread_is_forgotten_with_all_that_belongs_to_it(
    database: Database, memory: Memory
) -> None:
    await fill(database, THREAD, "U1", "F1")
    await fill(database, BOBS, "U2", "F2")

    assert await memory.forget_thread(THREAD) == Forgotten(messages=2, documents=1)

    assert await count(database, THREAD) == 0
    assert await count(database, BOBS) == 5
    assert await DocumentStore(database).find("T1", "F1") == []
    await check_index(database)
    assert await memory.forget_thread(THREAD) == Forgotten()


async def test_what_was_forgotten_is_not_read_again_with_the_next_message(
    database: Database, memory: Memory
) -> None:
    await fill(database, THREAD, "U1", "F1")

    await memory.forget_thread(THREAD)

    survey = await SqlHistory(database).survey(THREAD, before="9999999999.000000")
    assert survey.read
    assert not survey.people


async def test_a_document_that_another_thread_has_stays_there(
    database: Database, memory: Memory
) -> None:
    await fill(database, THREAD, "U1", "F1")
    await fill(database, BOBS, "U2", "F1")

    await memory.forget_thread(THREAD)

    assert [one.file_id for one in await DocumentStore(database).of_thread(BOBS)] == ["F1"]


async def test_a_turn_stays_without_what_it_was_about(
    database: Database, memory: Memory, ledger: Ledger
) -> None:
    said = await accept(ledger, THREAD)
    await end_all(database)

    await memory.forget_thread(THREAD)

    turn = await ledger.find_message("T1", said.key)
    assert turn is not None
    left = from_json(Said, turn.payload)
    assert (left.text, left.call, left.author) == ("", "deleted", "U1")
    assert not await ledger.reopen(turn, outcomes=["answered"])
    entry = Entry(said.key, "message", THREAD, said.ts, THREAD.lane, to_json(said))
    assert not await ledger.accept(entry)


async def test_a_turn_that_has_not_ended_is_left_alone(memory: Memory, ledger: Ledger) -> None:
    said = await accept(ledger, THREAD)

    await memory.forget_thread(THREAD)

    turn = await ledger.find_message("T1", said.key)
    assert turn is not None
    assert from_json(Said, turn.payload) == said


async def test_in_a_channel_the_threads_that_a_person_began_are_forgotten(
    database: Database, memory: Memory
) -> None:
    await fill(database, THREAD, "U1", "F1")
    await fill(database, BOBS, "U2", "F2")
    await SqlHistory(database).record(BOBS, [UserMessage("2.5", "U1", "Ada", "Me too.")])
    await fill(database, FOREIGN, "U1", "F3")

    assert await memory.forget_own_threads("T1", "C1", "U1") == Forgotten(2, 1)

    assert await count(database, THREAD) == 0
    assert await count(database, BOBS) == 6
    assert await count(database, FOREIGN) == 5


async def test_a_direct_message_is_forgotten_whole(
    database: Database, memory: Memory, ledger: Ledger
) -> None:
    second = ThreadKey("T1", "D1", "4.0")
    for thread, file_id in ((DIRECT, "F1"), (second, "F2"), (THREAD, "F3")):
        await fill(database, thread, "U1", file_id)
    only_a_turn = await accept(ledger, ThreadKey("T1", "D1", "5.0"))
    await end_all(database)

    assert await memory.forget_channel("T1", "D1") == Forgotten(4, 2)

    assert await count(database, DIRECT) == await count(database, second) == 0
    assert await count(database, THREAD) == 5
    turn = await ledger.find_message("T1", only_a_turn.key)
    assert turn is not None
    assert turn.payload["text"] == ""


async def test_a_document_is_forgotten_where_the_person_shared_it(
    database: Database, memory: Memory
) -> None:
    await fill(database, THREAD, "U1", "F1")
    await fill(database, BOBS, "U2", "F1")
    await fill(database, FOREIGN, "U1", "F1")

    assert await memory.forget_document("T1", "U1", "F1/2")

    store, history = DocumentStore(database), SqlHistory(database)
    assert await store.of_thread(THREAD) == []
    [question, _] = await history.load(THREAD, before="9", limit=9)
    assert isinstance(question, UserMessage)
    assert question.files == ()
    assert len(await store.of_thread(BOBS)) == 1
    assert len(await store.of_thread(FOREIGN)) == 1
    assert not await memory.forget_document("T1", "U1", "F1")


async def test_a_file_that_goes_with_the_last_thread_is_gone(
    database: Database, memory: Memory
) -> None:
    await fill(database, THREAD, "U1", "F1")

    assert await memory.forget_document("T1", "U1", "F1")

    async with database.read() as tx:
        assert (await tx.execute(select(func.count()).select_from(documents))).scalar_one() == 0
    await check_index(database)


@pytest.mark.parametrize("file_id", ["F", "%", "F2", "q3.pdf", ""])
async def test_only_the_file_itself_is_forgotten(
    database: Database, memory: Memory, file_id: str
) -> None:
    await fill(database, THREAD, "U1", "F1")

    assert not await memory.forget_document("T1", "U1", file_id)
    assert not await memory.forget_document("T1", "U2", "F1")

    assert await count(database, THREAD) == 5


async def test_a_channel_is_known_once_somebody_wrote_to_us_there(
    memory: Memory, ledger: Ledger
) -> None:
    await accept(ledger, DIRECT)

    assert await memory.knows_channel("T1", "D1")
    assert not await memory.knows_channel("T1", "D2")
    assert not await memory.knows_channel("T2", "D1")
