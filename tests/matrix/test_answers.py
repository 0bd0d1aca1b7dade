"""Questions get one answer each, where they were asked."""

import asyncio
from dataclasses import replace
from pathlib import Path

from bot.demo.methods.chat import permalink
from tests.chatting import ALICE, BOB, BOT, DIRECT, GENERAL, say
from tests.matrix.workspaces import (
    Kind,
    actions,
    asked,
    at_work,
    in_all,
    in_four,
    read,
    see,
    thinking,
)
from tests.model.server import failure

NOTES = (
    "notes.md",
    b"# Plan\n\nThe launch moves from May to July.\n\nThe budget is 40,000 euros.\n",
    "text/markdown",
)
WORDS = "word after word, " * 40


@in_all
async def test_a_mention_is_answered_in_its_thread(tmp_path: Path, kind: Kind) -> None:
    async with at_work(
        kind, tmp_path, [thinking("Because.\n\n| a | b |\n|-|-|\n| 1 | 2 |")]
    ) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> why?")

        seen = await see(chat, {GENERAL: ["Because."]})
        [answer] = seen[GENERAL]
        assert answer.thread_ts == ts
        assert {"show_reasoning", "regenerate", "regenerate_as"} <= set(actions(answer))
        assert ("feedback" in actions(answer)) == kind.new_blocks


@in_all
async def test_an_answer_calls_nobody(tmp_path: Path, kind: Kind) -> None:
    """The check at the end of each flow looks at all that was sent."""
    cry = f"Ask <@{BOB}>, <!channel>, <!subteam^S1> or @here and @everyone."
    async with at_work(kind, tmp_path, [thinking(cry, cry)]) as chat:
        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> whom? <!channel> <@{BOB}>")
        seen = await see(chat, {GENERAL: ["Ask"]})

        await chat.slack.press(BOB, GENERAL, seen[GENERAL][0].ts, "show_reasoning")
        await see(chat, {GENERAL: ["Ask", "Ask"]})


@in_all
async def test_a_direct_message_and_its_follow_up(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("Blue."), say("Green.")]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "the first colour?")
        welcome = ["Hi! I'm Aloud."] if kind.has_chats else []
        await see(chat, {DIRECT: [*welcome, "Blue."]})
        thread = chat.slack.workspace.messages[DIRECT, ts].root_ts
        await chat.slack.post(ALICE, DIRECT, "and the next?", thread)

        seen = await see(chat, {DIRECT: [*welcome, "Blue.", "Green."]})
        assert seen[DIRECT][-1].thread_ts == thread
        assert "Blue." in asked(chat)


@in_four
async def test_a_follow_up_in_a_channel_needs_no_mention_until_others_join(
    tmp_path: Path, kind: Kind
) -> None:
    async with at_work(kind, tmp_path, [say("One."), say("Two."), say("Three.")]) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> first?")
        await see(chat, {GENERAL: ["One."]})
        await chat.slack.post(ALICE, GENERAL, "and second?", ts)
        await see(chat, {GENERAL: ["One.", "Two."]})

        await chat.slack.post(BOB, GENERAL, "I know that one", ts)
        await chat.slack.post(ALICE, GENERAL, "do you?", ts)
        await see(chat, {GENERAL: ["One.", "Two."]})
        await chat.slack.post(BOB, GENERAL, f"<@{BOT}> third?", ts)
        await see(chat, {GENERAL: ["One.", "Two.", "Three."]})


@in_all
async def test_a_shared_file_is_summarized_and_asked_about(tmp_path: Path, kind: Kind) -> None:
    replies = [say("A plan [part 1]."), say("40,000 euros [part 1].")]
    async with at_work(kind, tmp_path, replies) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, "fyi", files=[NOTES])
        seen = await see(chat, {GENERAL: ["A plan"]})
        assert "notes.md: Read" in read(seen[GENERAL][0])

        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> how big is the budget?", ts)
        seen = await see(chat, {GENERAL: ["A plan", "40,000 euros"]})
        [file] = chat.slack.workspace.files.values()
        small_print = read(seen[GENERAL][1])
        assert "Sources: <http" in small_print
        assert file.id in small_print
        assert "|notes.md>" in small_print


@in_four
async def test_an_error_has_a_retry_that_answers_in_its_place(tmp_path: Path, kind: Kind) -> None:
    broken = failure(500, {"error": {"message": "?"}})
    async with at_work(kind, tmp_path, [*[broken] * 3, say("Better.")]) as chat:
        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> why?")
        seen = await see(chat, {GENERAL: ["I can't reach the model"]})
        [error] = seen[GENERAL]
        assert actions(error) == ["retry"]

        await chat.slack.press(ALICE, GENERAL, error.ts, "retry")
        seen = await see(chat, {GENERAL: ["Better."]})
        assert seen[GENERAL][0].ts == error.ts


@in_four
async def test_stop_keeps_what_was_written(tmp_path: Path, kind: Kind) -> None:
    whole = say(WORDS, "Hm.", pieces=8)
    endless = replace(whole, blocks=whole.blocks[:-2], ending="pulse")
    async with at_work(kind, tmp_path, [endless]) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> go on for ever")
        await chat.slack.wait_for(
            lambda: any("word after" in read(one) for one in chat.replies(GENERAL, ts)), timeout=10
        )
        buttons = [actions(one) for one in chat.replies(GENERAL, ts)]
        if buttons == [["stop_answer"]]:
            await chat.slack.press(ALICE, GENERAL, chat.replies(GENERAL, ts)[0].ts, "stop_answer")
        else:
            assert kind.is_agent
            await chat.slack.stop(ALICE, GENERAL, ts)
        async with asyncio.timeout(15):
            await chat.model.left.wait()

        seen = await see(chat, {GENERAL: ["word after word"]})
        assert "Stopped." in read(seen[GENERAL][0])
        assert actions(seen[GENERAL][0]) == ["regenerate"]


@in_four
async def test_an_edited_question_is_answered_anew_in_place(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("Red."), say("Blue.")]) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> the first colour?")
        seen = await see(chat, {GENERAL: ["Red."]})
        await chat.slack.edit(ALICE, GENERAL, ts, f"<@{BOT}> the second colour?")

        assert (await see(chat, {GENERAL: ["Blue."]}))[GENERAL][0].ts == seen[GENERAL][0].ts


@in_all
async def test_an_answer_as_long_as_a_book_comes_whole(tmp_path: Path, kind: Kind) -> None:
    lines = [f"Line {number} of a very long answer.\n" for number in range(900)]
    async with at_work(kind, tmp_path, [say("\n".join(lines), pieces=30)]) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> tell me all")
        await chat.settled()

        said = "\n".join(read(one) for one in chat.replies(GENERAL, ts))
        for line in (lines[0], lines[450], lines[-1]):
            assert line.strip() in said


@in_four
async def test_no_think_is_taken_out_and_honoured(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("Fast.")]) as chat:
        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> /no_think quick one")
        seen = await see(chat, {GENERAL: ["Fast."]})

        assert "show_reasoning" not in actions(seen[GENERAL][0])
        assert chat.prompts()[0][-1]["content"] == "quick one\n\n/no_think"


@in_four
async def test_a_linked_message_is_opened(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("In May.")]) as chat:
        [root] = await chat.slack.seed(GENERAL, [(BOB, "We launch in May.")])
        workspace = chat.slack.workspace
        link = permalink(workspace, workspace.channels[GENERAL], workspace.messages[GENERAL, root])
        await chat.slack.post(ALICE, DIRECT, f"when? <{link.replace('&', '&amp;')}>")
        await see(chat, {DIRECT: ["In May."]})

        assert "| Bob: We launch in May." in asked(chat)
