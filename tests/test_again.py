"""The same question again: Regenerate, Retry, edits. The new answer takes the old one's place."""

from dataclasses import replace
from pathlib import Path

from bot.demo.workspace import Message
from tests.chatting import ALICE, BOB, BOT, DIRECT, GENERAL, Chat, buttons, chatting, say, shown
from tests.model.server import failure
from tests.traces import read_trace

LONG = "\n\n".join(f"Paragraph {n}: " + "many words in a row. " * 20 for n in range(60))


def texts(chat: Chat, channel: str, ts: str) -> list[str]:
    return [read_trace(one) or shown(one) for one in chat.replies(channel, ts)]


async def see(chat: Chat, channel: str, ts: str, *expected: str) -> list[Message]:
    """Wait until the bot's messages in the thread are these."""
    await chat.slack.wait_for(lambda: texts(chat, channel, ts) == list(expected), timeout=15)
    await chat.settled()
    assert texts(chat, channel, ts) == list(expected)
    return chat.replies(channel, ts)


async def test_regenerate_puts_a_new_answer_and_its_trace_in_the_place_of_the_old(
    tmp_path: Path,
) -> None:
    replies = [say("Old.", "Old thoughts."), say("New.", "New thoughts."), say("After.")]
    async with chatting(tmp_path, replies) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> why?")
        [old] = await see(chat, GENERAL, ts, "Old.")
        await chat.slack.press(BOB, GENERAL, old.ts, "show_reasoning")
        await see(chat, GENERAL, ts, "Old.", "Old thoughts.")

        await chat.slack.press(BOB, GENERAL, old.ts, "regenerate")
        [new] = await see(chat, GENERAL, ts, "New.")
        assert new.ts == old.ts
        assert buttons(new) == ["show_reasoning", "regenerate", "regenerate_as"]
        await chat.slack.press(BOB, GENERAL, new.ts, "show_reasoning")
        await see(chat, GENERAL, ts, "New.", "New thoughts.")

        await chat.slack.post(ALICE, GENERAL, "and then?", ts)
        await see(chat, GENERAL, ts, "New.", "New thoughts.", "After.")
        assert chat.prompts()[1] == chat.prompts()[0]
        assert [one["content"] for one in chat.prompts()[2]][-2] == "New."


async def test_a_long_answer_gives_way_to_a_short_one_and_back(tmp_path: Path) -> None:
    async with chatting(tmp_path, [say(LONG), say("Short."), say(LONG)]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "tell me everything")
        long = await chat.answers(DIRECT, ts, 3)
        await chat.settled()
        whole = texts(chat, DIRECT, ts)

        await chat.slack.press(ALICE, DIRECT, long[-1].ts, "regenerate")
        [short] = await see(chat, DIRECT, ts, "Short.")
        assert short.ts == long[0].ts
        await chat.slack.press(ALICE, DIRECT, short.ts, "regenerate")
        again = await see(chat, DIRECT, ts, *whole)
        assert again[0].ts == short.ts


async def test_a_regenerate_that_fails_leaves_the_old_answer_and_can_be_retried(
    tmp_path: Path,
) -> None:
    out_of_order = failure(500, {"error": {"message": "?"}})
    async with chatting(tmp_path, [say("Old."), *[out_of_order] * 3, say("New.")]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "why?")
        [old] = await see(chat, DIRECT, ts, "Old.")
        await chat.slack.press(ALICE, DIRECT, old.ts, "regenerate")
        kept, error = await chat.answers(DIRECT, ts, 2)
        assert (kept.ts, shown(kept)) == (old.ts, "Old.")
        await chat.settled()

        await chat.slack.press(ALICE, DIRECT, error.ts, "retry")
        [new] = await see(chat, DIRECT, ts, "New.")
        assert new.ts == old.ts


async def test_a_retry_answers_where_the_error_stood(tmp_path: Path) -> None:
    out_of_order = failure(500, {"error": {"message": "?"}})
    async with chatting(tmp_path, [*[out_of_order] * 6, say("Better.")]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "why?")
        [error] = await chat.answers(DIRECT, ts)
        await chat.settled()
        await chat.slack.press(ALICE, DIRECT, error.ts, "retry")
        await chat.model.asked(6)
        await chat.settled()
        [still] = chat.replies(DIRECT, ts)
        assert still.ts == error.ts

        await chat.slack.press(ALICE, DIRECT, error.ts, "retry")
        [answer] = await see(chat, DIRECT, ts, "Better.")
        assert answer.ts == error.ts


async def test_the_last_question_edited_is_answered_again_in_place(tmp_path: Path) -> None:
    async with chatting(tmp_path, [say("Red."), say("Blue."), say("Green.")]) as chat:
        chat.slack.faults.duplicates = 1
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> the first colour?")
        [red] = await see(chat, GENERAL, ts, "Red.")
        await chat.slack.edit(ALICE, GENERAL, ts, f"<@{BOT}> the second colour?")
        [blue] = await see(chat, GENERAL, ts, "Blue.")
        assert blue.ts == red.ts

        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> and the third?", ts)
        await see(chat, GENERAL, ts, "Blue.", "Green.")
        asked = [one["content"] for one in chat.prompts()[2]]
        assert "the second colour?" in asked[-3]
        assert asked[-2] == "Blue."


async def test_an_older_question_edited_is_only_remembered(tmp_path: Path) -> None:
    async with chatting(tmp_path, [say("One."), say("Two."), say("Three.")]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "first")
        await see(chat, DIRECT, ts, "One.")
        await chat.slack.post(ALICE, DIRECT, "second", ts)
        await see(chat, DIRECT, ts, "One.", "Two.")

        await chat.slack.edit(ALICE, DIRECT, ts, "first, edited")
        await chat.slack.delivered()
        await chat.slack.post(ALICE, DIRECT, "third", ts)
        await see(chat, DIRECT, ts, "One.", "Two.", "Three.")
        assert "first, edited" in chat.prompts()[2][1]["content"]


async def test_an_edit_while_it_answers_restarts_the_answer(tmp_path: Path) -> None:
    slow = replace(say("The capital of France is " + "Paris. " * 9, "Hm.", pieces=9), pause_at=4)
    async with chatting(tmp_path, [slow, say("Rome.", "Ah.")]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "the capital of France?")
        await chat.slack.wait_for(lambda: chat.slack.calls_of("chat.startStream"))
        [begun] = chat.replies(DIRECT, ts)

        await chat.slack.edit(ALICE, DIRECT, ts, "the capital of Italy?")
        [answer] = await see(chat, DIRECT, ts, "Rome.")
        assert answer.ts == begun.ts
        assert answer.streaming != "in_progress"
        assert "Italy" in chat.prompts()[1][-1]["content"]


async def test_a_question_deleted_while_it_is_answered_is_left_unanswered(tmp_path: Path) -> None:
    slow = replace(say("The capital of France is " + "Paris. " * 9, "Hm.", pieces=9), pause_at=4)
    async with chatting(tmp_path, [slow, say("Hello.")]) as chat:
        root = await chat.slack.post(BOB, GENERAL, "what a day")
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> the capital of France?", root)
        await chat.slack.wait_for(lambda: chat.slack.calls_of("chat.startStream"))

        await chat.slack.delete(ALICE, GENERAL, ts)
        await see(chat, GENERAL, root)
        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> hi", root)
        await see(chat, GENERAL, root, "Hello.")
        assert "France" not in str(chat.prompts()[1])


async def test_a_regenerate_stopped_before_its_first_word_leaves_the_old_answer_and_its_trace(
    tmp_path: Path,
) -> None:
    silent = replace(say("Never.", "Hm."), blocks=say("", "Hm.").blocks[:1], ending="pulse")
    async with chatting(tmp_path, [say("Old.", "Old thoughts."), silent, say("Sure.")]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "why?")
        [old] = await see(chat, DIRECT, ts, "Old.")
        await chat.slack.press(ALICE, DIRECT, old.ts, "regenerate")
        await chat.model.asked(2)
        await chat.slack.stop(ALICE, DIRECT, ts)
        await chat.answers(DIRECT, ts, 2)
        await chat.settled()

        await chat.slack.press(ALICE, DIRECT, old.ts, "show_reasoning")
        await chat.slack.wait_for(lambda: "Old thoughts." in texts(chat, DIRECT, ts))
        await chat.slack.post(ALICE, DIRECT, "are you sure?", ts)
        await chat.slack.wait_for(lambda: texts(chat, DIRECT, ts)[-1] == "Sure.")
        assert chat.prompts()[2][-2]["content"] == "Old."


async def test_an_answer_that_a_failed_try_did_not_replace_can_be_regenerated_again(
    tmp_path: Path,
) -> None:
    out_of_order = failure(500, {"error": {"message": "?"}})
    async with chatting(tmp_path, [say("Old."), *[out_of_order] * 3, say("New.")]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "why?")
        [old] = await see(chat, DIRECT, ts, "Old.")
        await chat.slack.press(ALICE, DIRECT, old.ts, "regenerate")
        await chat.answers(DIRECT, ts, 2)
        await chat.settled()

        await chat.slack.press(ALICE, DIRECT, old.ts, "regenerate")
        await see(chat, DIRECT, ts, "New.")


async def test_of_messages_answered_together_the_deleted_one_goes_and_the_other_is_answered(
    tmp_path: Path,
) -> None:
    first = replace(say("Zero.", "Hm.", pieces=2), pause_at=0)
    slow = replace(say("One and two. " * 9, "Hm.", pieces=9), pause_at=4)
    async with chatting(tmp_path, [first, slow, say("Two.")]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "question 0")
        await chat.model.asked()
        one = await chat.slack.post(ALICE, DIRECT, "question 1", ts)
        await chat.slack.post(ALICE, DIRECT, "question 2", ts)
        await chat.slack.delivered()
        first.go_on.set()
        await chat.model.asked(2)

        await chat.slack.delete(ALICE, DIRECT, one)
        await see(chat, DIRECT, ts, "Zero.", "Two.")
        asked = chat.prompts()[2][-1]["content"]
        assert "question 2" in asked
        assert "question 1" not in asked
