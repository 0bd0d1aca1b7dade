"""Slack answers with limits, trouble, pages of HTML, resets; or cannot be reached at all."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.demo.faults import Faults
from bot.demo.server import StandIn
from tests.chatting import ALICE, BOB, BOT, DIRECT, GENERAL, Chat, buttons, chatting, say, shown
from tests.traces import read_trace
from tests.weather.log import Log

METHODS = (
    "assistant.threads.setStatus",
    "chat.appendStream",
    "chat.delete",
    "chat.postMessage",
    "chat.startStream",
    "chat.stopStream",
    "chat.update",
    "conversations.info",
    "conversations.replies",
    "users.info",
)
"""What the bot calls for a question, its answer and the reasoning behind it."""

WORDS = ("chat.postMessage", "chat.startStream", "chat.update", "conversations.replies")
"""What it takes to say something, and to see what was said."""

PARAGRAPHS = [f"Paragraph {n}: " + "many words in a row. " * 20 for n in range(12)]


def limit(faults: Faults, method: str) -> None:
    faults.rate_limit(method, retry_after=1)


def trouble(faults: Faults, method: str) -> None:
    faults.break_down(method, status=503)
    faults.answer_html(method)


def reset(faults: Faults, method: str) -> None:
    faults.reset(method)
    faults.cut(method)


def texts(chat: Chat, channel: str, ts: str) -> list[str]:
    return [read_trace(one) or shown(one) for one in chat.replies(channel, ts)]


def cut_off(faults: Faults) -> None:
    """Let no words through until `reconnect`."""
    for method in WORDS:
        faults.reset(method, times=None)


def reconnect(faults: Faults) -> None:
    for method in WORDS:
        faults.clear(method)


@pytest.mark.parametrize("strike", [limit, trouble, reset])
async def test_a_storm_on_every_method_costs_nobody_a_word(
    tmp_path: Path, strike: Callable[[Faults, str], None]
) -> None:
    whole = "\n\n".join(PARAGRAPHS)
    slow = replace(say(whole, "I planned it.", pieces=60), pause_at=20)
    async with chatting(tmp_path, [slow]) as chat:
        for method in METHODS:
            strike(chat.slack.faults, method)
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> what does <@{BOB}> say?")
        await chat.slack.wait_for(lambda: chat.slack.calls_of("chat.startStream"), timeout=30)
        slow.go_on.set()

        def is_whole() -> bool:
            told = "\n".join(texts(chat, GENERAL, ts))
            return [line.strip() for line in told.splitlines() if line.strip()] == [
                one.strip() for one in PARAGRAPHS
            ]

        await chat.slack.wait_for(is_whole, timeout=60)
        await chat.settled()
        answer = chat.replies(GENERAL, ts)[-1]
        await chat.slack.press(ALICE, GENERAL, answer.ts, "show_reasoning")
        await chat.slack.wait_for(
            lambda: "I planned it." in str(texts(chat, GENERAL, ts)), timeout=30
        )
        await chat.settled()

        assert str(texts(chat, GENERAL, ts)).count("I planned it.") == 1
        assert len(chat.model.requests) == 1


async def test_a_slow_slack_does_not_fail_the_start(tmp_path: Path) -> None:
    async with StandIn() as slack:
        slack.faults.break_down("auth.test", status=503)
        slack.faults.delay("auth.test", 4)
        slack.faults.rate_limit("apps.connections.open", retry_after=1)
        async with chatting(tmp_path, slack=slack) as chat:
            ts = await slack.post(ALICE, DIRECT, "hi")
            assert len(await chat.answers(DIRECT, ts)) == 1


async def test_an_answer_is_kept_until_slack_is_back_whatever_happens_meanwhile(
    tmp_path: Path, log: Log
) -> None:
    async with StandIn() as slack:
        first = replace(say("One.", "Hm."), pause_at=0)
        async with chatting(tmp_path, [first], slack=slack) as chat:
            ts = await slack.post(ALICE, DIRECT, "question 1")
            await chat.model.asked()
            cut_off(slack.faults)
            first.go_on.set()
            await log.seen("delivery_delayed")
            await slack.post(ALICE, DIRECT, "question 2", ts)
            await slack.delivered()
        assert len(chat.model.requests) == 1

        async with chatting(tmp_path, [say("Two.")], slack=slack) as chat:
            reconnect(slack.faults)
            await slack.wait_for(lambda: texts(chat, DIRECT, ts) == ["One.", "Two."], timeout=30)
            await chat.settled()

            [prompt] = chat.prompts()
            assert [one["content"] for one in prompt[1:3]] == ["question 1", "One."]
            assert prompt[3]["content"].startswith("question 2")
            assert "show_reasoning" in buttons(chat.replies(DIRECT, ts)[0])


async def test_after_too_long_an_apology_takes_the_answers_place_and_retry_brings_it(
    tmp_path: Path, log: Log
) -> None:
    replies = [say("One."), say("One, once more."), say("Two.")]
    async with chatting(tmp_path, replies, ALOUD_DELIVERY_SECONDS="0.1") as chat:
        cut_off(chat.slack.faults)
        ts = await chat.slack.post(ALICE, DIRECT, "question 1")
        await log.seen("delivery_delayed")
        reconnect(chat.slack.faults)
        [late] = await chat.answers(DIRECT, ts)
        assert late.text.startswith("I couldn't reach Slack for a while")
        await chat.settled()
        assert len(chat.model.requests) == 1

        await chat.slack.press(ALICE, DIRECT, late.ts, "retry")
        await chat.slack.wait_for(
            lambda: texts(chat, DIRECT, ts) == ["One, once more."], timeout=30
        )
