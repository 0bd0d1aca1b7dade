"""Who has to wait: heard at once, answered together, told when it would be too long."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.conversation.messages import ThreadKey
from bot.language import LANGUAGES, find_language
from bot.ledger import Turn, Waiting
from bot.waiting import describe_wait, estimate_wait
from tests.chatting import ALICE, BOB, BOT, DIRECT, GENERAL, Chat, chatting, say, shown
from tests.model.server import Reply

TURN = Turn(
    id="turn1",
    kind="message",
    thread=ThreadKey("T1", "C1", "1.0"),
    ts="1.0",
    lane="lane",
    payload={},
    attempt=0,
    failures=0,
    delayed=None,
    posted=(),
    answer=None,
    asked=None,
    heard=False,
    busy=False,
    joined_to="",
    outcome=None,
    accepted_at=0.0,
    age=7.0,
)


def held(answer: str) -> Reply:
    return replace(say(answer, "Hm.", pieces=2), pause_at=0)


def texts(chat: Chat, channel: str, ts: str) -> list[str]:
    return [shown(one) for one in chat.replies(channel, ts)]


async def test_short_messages_written_while_it_was_busy_are_answered_together(
    tmp_path: Path,
) -> None:
    first = held("One.")
    async with chatting(tmp_path, [first, say("Two to four."), say("Five.")]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "question 1")
        await chat.model.asked()
        for n in (2, 3, 4):
            await chat.slack.post(ALICE, DIRECT, f"question {n}", ts)
        await chat.slack.delivered()
        first.go_on.set()
        await chat.slack.wait_for(
            lambda: texts(chat, DIRECT, ts) == ["One.", "Two to four."], timeout=10
        )
        await chat.settled()
        await chat.slack.post(ALICE, DIRECT, "question 5", ts)
        await chat.slack.wait_for(lambda: len(chat.replies(DIRECT, ts)) == 3)

        together, fifth = chat.prompts()[1:]
        assert together[-1]["content"].startswith("question 2\n\nquestion 3\n\nquestion 4")
        assert [one["role"] for one in fifth[1:]] == ["user", "assistant"] * 2 + ["user"]
        assert fifth[-2]["content"] == "Two to four."


async def test_a_file_and_the_question_after_it_are_taken_together(tmp_path: Path) -> None:
    first = held("One.")
    async with chatting(tmp_path, [first, say("It says hello.")]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "question 1")
        await chat.model.asked()
        note = ("note.txt", b"hello from the note", "text/plain")
        await chat.slack.post(ALICE, DIRECT, "", ts, files=[note])
        await chat.slack.post(ALICE, DIRECT, "what does it say?", ts)
        await chat.slack.delivered()
        first.go_on.set()
        await chat.slack.wait_for(lambda: len(chat.replies(DIRECT, ts)) == 2, timeout=10)

        asked = chat.prompts()[1][-1]["content"]
        assert "hello from the note" in asked
        assert "what does it say?" in asked


async def test_what_others_say_to_each_other_meanwhile_is_not_answered_with_it(
    tmp_path: Path,
) -> None:
    first = held("One.")
    async with chatting(tmp_path, [first, say("Three.")]) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> question 1")
        await chat.model.asked()
        await chat.slack.post(BOB, GENERAL, "I wonder too", ts)
        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> question 3", ts)
        await chat.slack.delivered()
        first.go_on.set()
        await chat.slack.wait_for(lambda: texts(chat, GENERAL, ts) == ["One.", "Three."])
        await chat.settled()

        assert len(chat.model.requests) == 2
        assert "I wonder too" in chat.prompts()[1][-1]["content"]


async def test_whoever_writes_while_it_is_busy_sees_that_they_are_heard(tmp_path: Path) -> None:
    first = held("One.")
    async with chatting(tmp_path, [first, say("Two.")]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "question 1")
        await chat.model.asked()
        await chat.slack.post(ALICE, DIRECT, "question 2", ts)

        def heard() -> bool:
            return "seen your next message" in chat.slack.workspace.status_of((DIRECT, ts))

        await chat.slack.wait_for(heard, timeout=15)
        first.go_on.set()
        await chat.slack.wait_for(lambda: texts(chat, DIRECT, ts) == ["One.", "Two."], timeout=10)
        await chat.settled()
        assert chat.slack.workspace.status_of((DIRECT, ts)) == ""


async def test_with_all_places_taken_the_next_one_hears_how_many_come_first(
    tmp_path: Path,
) -> None:
    first = held("One.")
    async with chatting(tmp_path, [first, say("Two.")], ALOUD_TURNS="1") as chat:
        await chat.slack.post(ALICE, DIRECT, "question 1")
        await chat.model.asked()
        second = await chat.slack.post(ALICE, DIRECT, "question 2")
        await chat.slack.delivered()
        third = await chat.slack.post(BOB, GENERAL, f"<@{BOT}> question 3")

        def told(channel: str, ts: str) -> str:
            return chat.slack.workspace.status_of((channel, ts))

        await chat.slack.wait_for(lambda: "right there" in told(DIRECT, second), timeout=15)
        await chat.slack.wait_for(lambda: "1 other" in told(GENERAL, third), timeout=15)
        first.go_on.set()
        await chat.answers(GENERAL, third)


async def test_who_would_wait_too_long_is_told_at_once_and_can_retry(tmp_path: Path) -> None:
    first = held("One.")
    replies = [first, say("Two.")]
    async with chatting(tmp_path, replies, ALOUD_TURNS="1", ALOUD_BUSY_SECONDS="1") as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "question 1")
        await chat.model.asked()
        late = await chat.slack.post(ALICE, DIRECT, "question 2")
        [busy] = await chat.answers(DIRECT, late)
        assert "more to answer right now" in busy.text
        assert len(chat.model.requests) == 1

        first.go_on.set()
        await chat.answers(DIRECT, ts)
        await chat.settled()
        await chat.slack.press(ALICE, DIRECT, busy.ts, "retry")
        await chat.slack.wait_for(lambda: texts(chat, DIRECT, late) == ["Two."])


@pytest.mark.parametrize(
    ("ahead", "pace", "wait"), [(0, 0.0, 7.0), (9, 0.0, 7.0), (0, 2.0, 7.0), (9, 0.5, 25.0)]
)
def test_the_wait_is_estimated_from_the_queue_and_its_pace(
    ahead: int, pace: float, wait: float
) -> None:
    assert estimate_wait(Waiting(TURN, False, ahead, pace), 60.0) == wait


def test_waiting_for_ones_own_thread_or_for_our_start_is_not_our_being_busy() -> None:
    assert estimate_wait(Waiting(TURN, True, 9, 0.5), 60.0) == 0
    assert estimate_wait(Waiting(TURN, False, 0, 0.5), 3.0) == 3


def test_every_wait_has_its_words_in_every_language() -> None:
    words = {
        describe_wait(Waiting(TURN, busy, ahead, 0.0), find_language(tag))
        for tag in LANGUAGES
        for busy, ahead in ((True, 3), (False, 3), (False, 1), (False, 0))
    }
    assert len(words) == 4 * len(LANGUAGES)
