from dataclasses import replace

from bot.conversation.messages import (
    AssistantMessage,
    Message,
    Participation,
    SharedFile,
    ThreadKey,
    UserMessage,
)
from bot.store.database import Database
from bot.store.history import SqlHistory

THREAD = ThreadKey("T1", "C1", "100.000100")


def said(ts: str, text: str, author: str = "U1") -> UserMessage:
    return UserMessage(ts, author, "Alice", text)


async def test_it_loads_the_newest_messages_before_a_moment_oldest_first(
    database: Database,
) -> None:
    history = SqlHistory(database)
    await history.record(THREAD, [said(f"10{n}.000100", f"m{n}") for n in range(6)])

    loaded = await history.load(THREAD, before="105.000100", limit=3)

    assert [message.text for message in loaded] == ["m2", "m3", "m4"]


async def test_an_answer_follows_its_question_whatever_was_written_meanwhile(
    database: Database,
) -> None:
    history = SqlHistory(database)
    await history.record(THREAD, [said("101.000100", "first")])
    await history.record(THREAD, [AssistantMessage("103.000100", "answer", "101.000100")])
    await history.record(THREAD, [said("102.000100", "second"), said("104.000100", "third")])

    async def told(before: str) -> list[str]:
        return [one.text for one in await history.load(THREAD, before=before, limit=9)]

    assert await told("102.000100") == ["first", "answer"]
    assert await told("104.000100") == ["first", "answer", "second"]


async def test_roles_authors_and_files_come_back_as_they_were(database: Database) -> None:
    history = SqlHistory(database)
    messages: list[Message] = [
        UserMessage("101.000100", "U1", "Alice", "see", (SharedFile("F1", "q3.pdf"),)),
        AssistantMessage("102.000100", "I saw", "101.000100"),
    ]
    await history.record(THREAD, messages)

    assert await history.load(THREAD, before="999", limit=9) == messages


async def test_recording_again_brings_up_to_date_instead_of_doubling(database: Database) -> None:
    history = SqlHistory(database)
    await history.record(THREAD, [said("101.000100", "first")])
    await history.record(THREAD, [said("101.000100", "second")])

    assert [one.text for one in await history.load(THREAD, before="999", limit=9)] == ["second"]


async def test_edits_and_deletes_are_followed(database: Database) -> None:
    history = SqlHistory(database)
    await history.record(THREAD, [said("101.000100", "one"), said("102.000100", "two")])

    await history.revise(THREAD, "101.000100", "ONE")
    await history.forget(THREAD, "102.000100")

    assert [one.text for one in await history.load(THREAD, before="999", limit=9)] == ["ONE"]


async def test_threads_channels_and_teams_are_kept_apart(database: Database) -> None:
    history = SqlHistory(database)
    await history.record(THREAD, [said("101.000100", "mine")])

    for other in (
        ThreadKey("T2", "C1", "100.000100"),
        ThreadKey("T1", "C2", "100.000100"),
        ThreadKey("T1", "C1", "200.000100"),
    ):
        assert await history.load(other, before="999", limit=9) == []
        await history.revise(other, "101.000100", "changed")
    await history.forget(ThreadKey("T2", "C1", "100.000100"), "101.000100")

    assert [one.text for one in await history.load(THREAD, before="999", limit=9)] == ["mine"]


async def test_a_survey_counts_those_alone_who_wrote_before(database: Database) -> None:
    history = SqlHistory(database)
    by = [said(f"1{n:02}.000100", "x", f"U{n % 7}") for n in range(50)]
    await history.record(THREAD, [*by, said("190.000100", "late", "U9")])
    await history.record(replace(THREAD, thread_ts="7.0"), [said("101.5", "elsewhere", "U8")])

    async def people(before: str) -> set[str]:
        return set((await history.survey(THREAD, before=before)).people)

    assert await people("100.000100") == set()
    assert await people("103.000100") == {"U0", "U1", "U2"}
    assert await people("190.000100") == {f"U{n}" for n in range(7)}
    assert await people("999") == {*(f"U{n}" for n in range(7)), "U9"}


async def test_a_survey_tells_who_took_part(database: Database) -> None:
    history = SqlHistory(database)
    assert await history.survey(THREAD, before="999") == Participation(
        frozenset(), answered=False, read=False
    )

    await history.record(
        THREAD,
        [
            said("101.000100", "a", "U1"),
            said("102.000100", "alert", "B0PAGER"),
            AssistantMessage("103.000100", "b"),
        ],
    )
    await history.mark_read(THREAD)
    await history.mark_read(THREAD)

    assert await history.survey(THREAD, before="999") == Participation(
        frozenset({"U1"}), answered=True, read=True
    )


async def test_a_thread_is_left_until_we_are_called_back(database: Database) -> None:
    history = SqlHistory(database)
    await history.mark_read(THREAD)

    await history.leave(THREAD)
    assert await history.survey(THREAD, before="999") == Participation(
        frozenset(), answered=False, read=True, left=True
    )

    await history.rejoin(THREAD)
    await history.rejoin(replace(THREAD, thread_ts="7.0"))
    assert await history.survey(THREAD, before="999") == Participation(
        frozenset(), answered=False, read=True
    )


async def test_leaving_a_thread_does_not_count_as_reading_it(database: Database) -> None:
    history = SqlHistory(database)

    await history.leave(THREAD)
    left = await history.survey(THREAD, before="999")
    assert (left.read, left.left) == (False, True)

    await history.mark_read(THREAD)
    read = await history.survey(THREAD, before="999")
    assert (read.read, read.left) == (True, True)


async def test_a_channel_is_left_with_all_its_threads_and_no_others(database: Database) -> None:
    history = SqlHistory(database)
    here = [THREAD, replace(THREAD, thread_ts="7.0")]
    elsewhere = [replace(THREAD, channel="C2"), replace(THREAD, team="T2")]
    for thread in [*here, *elsewhere]:
        await history.mark_read(thread)
    await history.leave(here[0])

    assert await history.leave_channel("T1", "C1") == 1
    assert await history.leave_channel("T1", "C1") == 0

    left = [(await history.survey(one, before="999")).left for one in [*here, *elsewhere]]
    assert left == [True, True, False, False]


async def test_the_last_sharing_in_a_channel_is_found(database: Database) -> None:
    history = SqlHistory(database)
    old = UserMessage("1000000001.000100", "U1", "A", "", (SharedFile("F1", "old.pdf"),))
    new = UserMessage("1000000002.000100", "U1", "A", "see", (SharedFile("F2", "new.pdf"),))
    other = replace(THREAD, thread_ts="1000000003.000100")
    await history.record(THREAD, [old, new, AssistantMessage("1000000004.000100", "read")])
    await history.record(other, [said("1000000003.000100", "and now?")])

    assert await history.find_last_sharing("T1", "C1", since=1e9) == new
    assert await history.find_last_sharing("T1", "C1", since=1000000002.5) is None
    assert await history.find_last_sharing("T1", "C2", since=1e9) is None
    assert await history.find_last_sharing("T2", "C1", since=1e9) is None


async def test_a_channel_that_we_talked_in_is_known(database: Database) -> None:
    history = SqlHistory(database)
    await history.record(THREAD, [said("101.000100", "hello")])

    assert await history.has_talk("T1", "C1")
    assert not await history.has_talk("T1", "C2")
    assert not await history.has_talk("T2", "C1")
