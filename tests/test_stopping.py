"""Stop: Slack's own, and the button where there is none."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.chatting import ALICE, BOB, BOT, DIRECT, GENERAL, Chat, buttons, chatting, say, shown
from tests.model.server import Reply

WORDS = "word after word, " * 40


def endless(answer: str = WORDS, reasoning: str = "Hm.") -> Reply:
    """A reply that never ends by itself; the model server notes when its reader leaves."""
    whole = say(answer, reasoning, pieces=8)
    return replace(whole, blocks=whole.blocks[:-2], ending="pulse")


async def see_stopped(chat: Chat, channel: str, ts: str) -> str:
    """Wait until the answer is marked as stopped; return what it shows."""
    await chat.slack.wait_for(
        lambda: [buttons(one) for one in chat.replies(channel, ts)] == [["regenerate"]]
    )
    await chat.settled()
    [message] = chat.replies(channel, ts)
    assert "Stopped." in str(message.blocks) + message.text
    assert message.streaming != "in_progress"
    assert chat.slack.workspace.status_of((channel, ts)) == ""
    return shown(message)


async def test_slacks_own_stop_ends_the_model_and_keeps_what_was_written(tmp_path: Path) -> None:
    async with chatting(tmp_path, [endless(), say("Again.")]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "go on for ever")
        await chat.slack.wait_for(lambda: chat.slack.calls_of("chat.startStream"))

        await chat.slack.stop(ALICE, DIRECT, ts)
        await chat.model.left.wait()
        assert (await see_stopped(chat, DIRECT, ts)).startswith("word after word")

        await chat.slack.post(ALICE, DIRECT, "what did you say?", ts)
        await chat.answers(DIRECT, ts, 2)
        assert "word after word" in chat.prompts()[1][-2]["content"]


async def test_a_stop_while_it_thinks_leaves_a_mark_and_regenerate(tmp_path: Path) -> None:
    thinking = endless("")
    async with chatting(tmp_path, [thinking, say("Now.")]) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> think")
        await chat.model.asked()
        await chat.slack.wait_for(lambda: chat.slack.calls_of("assistant.threads.setStatus"))

        await chat.slack.stop(BOB, GENERAL, ts)
        await chat.model.left.wait()
        await see_stopped(chat, GENERAL, ts)
        [mark] = chat.replies(GENERAL, ts)

        await chat.slack.press(ALICE, GENERAL, mark.ts, "regenerate")
        await chat.slack.wait_for(lambda: [shown(m) for m in chat.replies(GENERAL, ts)] == ["Now."])
        assert chat.replies(GENERAL, ts)[0].ts == mark.ts


@pytest.mark.parametrize("why", ["no agent features", "no streaming"])
async def test_where_slack_has_no_stop_there_is_a_button(tmp_path: Path, why: str) -> None:
    async with chatting(tmp_path, [endless(), say("Again.")]) as chat:
        if why == "no streaming":
            chat.slack.faults.streaming = "method_not_supported_for_channel_type"
        chat.slack.faults.agent_features = why != "no agent features"
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> go on for ever")
        await chat.slack.wait_for(
            lambda: [buttons(one) for one in chat.replies(GENERAL, ts)] == [["stop_answer"]],
            timeout=10,
        )
        [growing] = chat.replies(GENERAL, ts)

        await chat.slack.press(BOB, GENERAL, growing.ts, "stop_answer")
        await chat.model.left.wait()
        assert (await see_stopped(chat, GENERAL, ts)).startswith("word after word")
        assert chat.slack.calls_of("chat.appendStream") == []


async def test_a_stop_that_comes_late_changes_nothing(tmp_path: Path) -> None:
    async with chatting(tmp_path, [say("Done.")]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "hi")
        await chat.answers(DIRECT, ts)
        await chat.settled()
        before = chat.replies(DIRECT, ts)

        await chat.slack.stop(ALICE, DIRECT, ts)
        await chat.slack.delivered()
        await chat.settled()
        assert chat.replies(DIRECT, ts) == before


async def test_what_was_written_while_it_was_stopped_is_answered(tmp_path: Path) -> None:
    async with chatting(tmp_path, [endless(), say("Sure.")]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "go on for ever")
        await chat.slack.wait_for(lambda: chat.slack.calls_of("chat.startStream"))
        await chat.slack.post(ALICE, DIRECT, "never mind, just say sure", ts)
        await chat.slack.delivered()

        await chat.slack.stop(ALICE, DIRECT, ts)
        await chat.slack.wait_for(
            lambda: [shown(one) for one in chat.replies(DIRECT, ts)][1:] == ["Sure."], timeout=10
        )
