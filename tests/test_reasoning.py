"""Show reasoning: on request, once, in its own thread, and nowhere else."""

from pathlib import Path

import pytest

from bot.demo.server import StandIn
from bot.demo.workspace import Message
from tests.chatting import (
    ALICE,
    BOB,
    BOT,
    DIRECT,
    GENERAL,
    RANDOM,
    Chat,
    buttons,
    chatting,
    say,
    shown,
)
from tests.traces import read_trace

TRACE = "First I look at the question. Then I answer."


async def ask(chat: Chat) -> tuple[str, Message]:
    """Ask in #general and return the thread and its answer."""
    ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> why?")
    [answer] = await chat.answers(GENERAL, ts)
    return ts, answer


async def wait_for_button(chat: Chat, ts: str, action: str) -> None:
    await chat.slack.wait_for(
        lambda: buttons(chat.slack.workspace.messages[GENERAL, ts])[0] == action
    )


async def test_a_press_shows_the_trace_linked_to_its_answer_and_another_hides_it(
    tmp_path: Path,
) -> None:
    async with chatting(tmp_path, [say("Because.", TRACE)]) as chat:
        ts, answer = await ask(chat)
        assert buttons(answer) == ["show_reasoning", "regenerate", "regenerate_as"]

        await chat.slack.press(ALICE, GENERAL, answer.ts, "show_reasoning")
        await wait_for_button(chat, answer.ts, "hide_reasoning")
        _, trace = chat.replies(GENERAL, ts)
        assert read_trace(trace) == TRACE
        assert "nemotron-nano-9b-v2" in trace.blocks[0]["subtitle"]["text"]
        assert f"/archives/{GENERAL}/p{answer.ts.replace('.', '')}" in str(trace.blocks)
        assert shown(chat.slack.workspace.messages[GENERAL, answer.ts]) == "Because."

        await chat.slack.press(BOB, GENERAL, answer.ts, "hide_reasoning")
        await wait_for_button(chat, answer.ts, "show_reasoning")
        assert [shown(one) for one in chat.replies(GENERAL, ts)] == ["Because."]


async def test_an_answer_without_a_trace_has_no_button(tmp_path: Path) -> None:
    async with chatting(tmp_path, [say("Because.")]) as chat:
        _, answer = await ask(chat)

        assert buttons(answer) == ["regenerate", "regenerate_as"]


async def test_two_presses_at_once_show_it_once(tmp_path: Path) -> None:
    async with chatting(tmp_path, [say("Because.", TRACE)]) as chat:
        ts, answer = await ask(chat)
        for user in (ALICE, BOB, ALICE):
            await chat.slack.press(user, GENERAL, answer.ts, "show_reasoning")
        await wait_for_button(chat, answer.ts, "hide_reasoning")
        other = await chat.slack.post(ALICE, DIRECT, "all done?")
        await chat.answers(DIRECT, other)
        await chat.slack.wait_for(lambda: len(chat.slack.calls_of("chat.update")) == 3)

        assert len(chat.replies(GENERAL, ts)) == 2


async def test_it_works_after_a_restart(tmp_path: Path) -> None:
    async with StandIn() as slack:
        async with chatting(tmp_path, [say("Because.", TRACE)], slack=slack) as chat:
            ts, answer = await ask(chat)
        async with chatting(tmp_path, slack=slack) as chat:
            await slack.press(BOB, GENERAL, answer.ts, "show_reasoning")
            await chat.answers(GENERAL, ts, 2)
        async with chatting(tmp_path, slack=slack) as chat:
            await slack.press(ALICE, GENERAL, answer.ts, "hide_reasoning")
            await chat.slack.wait_for(lambda: len(chat.replies(GENERAL, ts)) == 1)


async def test_a_press_does_not_wait_for_the_threads_next_answer(tmp_path: Path) -> None:
    async with chatting(tmp_path, [say("Because.", TRACE), say("More.", pieces=5)]) as chat:
        ts, answer = await ask(chat)
        gate = chat.slack.faults.hold("assistant.threads.setStatus")
        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> more", ts)
        await gate.reached.wait()
        await chat.slack.press(ALICE, GENERAL, answer.ts, "show_reasoning")
        await wait_for_button(chat, answer.ts, "hide_reasoning")
        gate.release()
        await chat.answers(GENERAL, ts, 3)


@pytest.mark.parametrize(
    "forged", [{"as_team": "T0OTHER001"}, {"as_channel": RANDOM}, {"value": "0000000000000000"}]
)
async def test_a_press_that_does_not_match_is_refused_politely(
    tmp_path: Path, forged: dict[str, str]
) -> None:
    async with chatting(tmp_path, [say("Because.", TRACE)]) as chat:
        ts, answer = await ask(chat)
        await chat.slack.press(BOB, GENERAL, answer.ts, "show_reasoning", **forged)
        await chat.slack.wait_for(lambda: chat.slack.calls_of("chat.postEphemeral"))

        [refusal] = chat.slack.calls_of("chat.postEphemeral")
        assert refusal.arguments["user"] == BOB
        assert "can't show that here" in refusal.arguments["text"]
        assert len(chat.replies(GENERAL, ts)) == 1
        assert TRACE not in str([one.arguments for one in chat.slack.calls])


async def test_a_trace_is_not_shown_under_another_answers_button(tmp_path: Path) -> None:
    async with chatting(tmp_path, [say("Because.", TRACE), say("Why not.", "other")]) as chat:
        _, answer = await ask(chat)
        _, second = await ask(chat)
        stolen = str(answer.blocks[1]["elements"][0]["value"])
        await chat.slack.press(BOB, GENERAL, second.ts, "show_reasoning", value=stolen)
        await chat.slack.wait_for(lambda: chat.slack.calls_of("chat.postEphemeral"))

        assert TRACE not in str([one.arguments for one in chat.slack.calls])


async def test_a_very_long_trace_comes_whole_as_a_file_and_goes_again(tmp_path: Path) -> None:
    trace = "\n".join(f"step {n} of my long reasoning" for n in range(3_000))
    async with chatting(tmp_path, [say("Because.", trace)]) as chat:
        ts, answer = await ask(chat)
        await chat.slack.press(ALICE, GENERAL, answer.ts, "show_reasoning")
        await wait_for_button(chat, answer.ts, "hide_reasoning")
        [file] = chat.slack.workspace.files.values()
        assert chat.slack.workspace.contents[file.id].decode() == trace
        assert any(one.files for one in chat.replies(GENERAL, ts))

        await chat.slack.press(ALICE, GENERAL, answer.ts, "hide_reasoning")
        await wait_for_button(chat, answer.ts, "show_reasoning")
        assert [shown(one) for one in chat.replies(GENERAL, ts)] == ["Because."]


async def test_a_long_trace_is_split_and_nothing_is_lost(tmp_path: Path) -> None:
    lines = [f"step {n} of my reasoning" for n in range(900)]
    async with chatting(tmp_path, [say("Because.", "\n".join(lines))]) as chat:
        ts, answer = await ask(chat)
        await chat.slack.press(ALICE, GENERAL, answer.ts, "show_reasoning")
        await wait_for_button(chat, answer.ts, "hide_reasoning")

        traces = chat.replies(GENERAL, ts)[1:]
        assert len(traces) > 1
        assert [line for one in traces for line in read_trace(one).splitlines()] == lines


async def test_privately_only_the_person_who_pressed_sees_it(tmp_path: Path) -> None:
    async with chatting(tmp_path, [say("Because.", TRACE)], ALOUD_REASONING="ephemeral") as chat:
        ts, answer = await ask(chat)
        await chat.slack.press(BOB, GENERAL, answer.ts, "show_reasoning")
        await chat.slack.wait_for(lambda: chat.slack.ephemerals(GENERAL, BOB))

        assert TRACE in str(chat.slack.ephemerals(GENERAL, BOB)[0].blocks)
        assert chat.slack.ephemerals(GENERAL, ALICE) == []
        assert len(chat.replies(GENERAL, ts)) == 1


async def test_turned_off_there_is_no_button_and_an_old_one_is_refused(tmp_path: Path) -> None:
    async with StandIn() as slack:
        async with chatting(tmp_path, [say("Because.", TRACE)], slack=slack) as chat:
            _, old = await ask(chat)
        replies = [say("Because.", TRACE)]
        async with chatting(tmp_path, replies, slack=slack, ALOUD_REASONING="off") as chat:
            _, answer = await ask(chat)
            assert buttons(answer) == ["regenerate", "regenerate_as"]
            await slack.press(ALICE, GENERAL, old.ts, "show_reasoning")
            await slack.wait_for(lambda: slack.ephemerals(GENERAL, ALICE))
            assert "turned off" in slack.ephemerals(GENERAL, ALICE)[0].text


async def test_a_trace_that_slack_refuses_is_told_to_the_person(tmp_path: Path) -> None:
    async with chatting(tmp_path, [say("Because.", TRACE)]) as chat:
        _, answer = await ask(chat)
        chat.slack.faults.refuse("chat.postMessage", "is_archived", times=None)
        await chat.slack.press(ALICE, GENERAL, answer.ts, "show_reasoning")
        await chat.slack.wait_for(lambda: chat.slack.ephemerals(GENERAL, ALICE))

        assert "didn't let me" in chat.slack.ephemerals(GENERAL, ALICE)[0].text


async def test_a_trace_that_was_cut_short_is_shown_once_and_can_be_hidden(tmp_path: Path) -> None:
    trace = "\n".join(f"step {n} of my reasoning" for n in range(1_200))
    async with StandIn() as slack:
        async with chatting(tmp_path, [say("Because.", trace)], slack=slack) as chat:
            ts, answer = await ask(chat)
            await slack.press(ALICE, GENERAL, answer.ts, "show_reasoning")
            await slack.wait_for(lambda: len(chat.replies(GENERAL, ts)) == 2)
            gate = slack.faults.hold("chat.postMessage")
            await gate.reached.wait()
        gate.release()
        async with chatting(tmp_path, slack=slack) as chat:
            await wait_for_button(chat, answer.ts, "hide_reasoning")
            told = "".join(read_trace(one) for one in chat.replies(GENERAL, ts)[1:])
            assert told.count("step 0 of") == 1
            assert told.count("step 1199 of") == 1

            await slack.press(ALICE, GENERAL, answer.ts, "hide_reasoning")
            await wait_for_button(chat, answer.ts, "show_reasoning")
            assert [shown(one) for one in chat.replies(GENERAL, ts)] == ["Because."]
