"""Slack delivers late, twice, or while nobody takes it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiosqlite
import pytest

from bot.demo.deliveries import Undelivered
from bot.demo.server import StandIn
from tests.chatting import ALICE, BOT, DIRECT, GENERAL, Chat, chatting, say, shown
from tests.model.server import Reply
from tests.traces import read_trace
from tests.weather.log import Log

OFTEN = (0.2,) * 100
"""Slack would wait for minutes; a test would too."""


@pytest.fixture(params=["socket", "http"])
def settings(request: pytest.FixtureRequest, unused_tcp_port: int) -> Mapping[str, str]:
    """How events reach the bot."""
    port = {"PORT": str(unused_tcp_port)}
    return port if request.param == "socket" else {**port, "SLACK_APP_TOKEN": ""}


@asynccontextmanager
async def reached(
    folder: Path, slack: StandIn, settings: Mapping[str, str], *replies: Reply
) -> AsyncIterator[Chat]:
    """Run the bot with events coming in the way that the settings say."""
    signed = {"SLACK_SIGNING_SECRET": slack.signing_secret, **settings}
    async with chatting(folder, replies, slack=slack, model=None, **signed) as chat:
        if "SLACK_APP_TOKEN" in settings:
            await slack.deliver_to(f"http://127.0.0.1:{settings['PORT']}/slack/events")
        yield chat


def texts(chat: Chat, channel: str, ts: str) -> list[str]:
    return [read_trace(one) or shown(one) for one in chat.replies(channel, ts)]


async def test_whatever_is_delivered_again_is_answered_once(
    tmp_path: Path, settings: Mapping[str, str]
) -> None:
    async with StandIn() as slack, reached(tmp_path, slack, settings) as chat:
        slack.faults.duplicates = 2
        ts = await slack.post(ALICE, GENERAL, f"<@{BOT}> hello")
        await chat.answers(GENERAL, ts)
        await chat.settled()
        slack.faults.duplicates = 0
        for record in list(slack.deliveries.records):
            slack.deliveries.send_event(record.payload, attempt=1)
        await chat.settled()

        assert texts(chat, GENERAL, ts) == ["Hello!"]
        assert len(chat.model.requests) == 1


async def test_what_comes_while_it_leaves_is_answered_by_the_next_start_in_order(
    tmp_path: Path, settings: Mapping[str, str], log: Log
) -> None:
    first = replace(say("One.", "Hm."), pause_at=0)
    async with StandIn(retry_delays=OFTEN, ack_timeout=1) as slack:
        async with reached(tmp_path, slack, settings, first) as chat:
            ts = await slack.post(ALICE, DIRECT, "question 1")
            await chat.model.asked()
            chat.stop.set()
            await log.seen("draining")
            await slack.post(ALICE, DIRECT, "question 2", ts)
            first.go_on.set()
        async with reached(tmp_path, slack, settings, say("Two.")) as chat:
            await slack.wait_for(lambda: texts(chat, DIRECT, ts) == ["One.", "Two."], timeout=30)
            await chat.settled()

            assert len(chat.model.requests) == 1
            assert texts(chat, DIRECT, ts) == ["One.", "Two."]


async def test_a_press_that_cannot_be_written_down_is_not_acked_and_works_all_the_same(
    tmp_path: Path,
) -> None:
    async with (
        StandIn(ack_timeout=0.5) as slack,
        chatting(tmp_path, [say("Hello!", "I greet.")], slack=slack) as chat,
    ):
        ts = await slack.post(ALICE, DIRECT, "hi")
        [answer] = await chat.answers(DIRECT, ts)
        await chat.settled()
        async with aiosqlite.connect(tmp_path / "aloud.db", isolation_level=None) as other:
            await other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Undelivered):
                await slack.press(ALICE, DIRECT, answer.ts, "show_reasoning")
            await other.execute("ROLLBACK")
        await slack.wait_for(lambda: "I greet." in str(texts(chat, DIRECT, ts)), timeout=15)
        await chat.settled()

        assert len(texts(chat, DIRECT, ts)) == 2


async def test_a_press_is_done_once_however_often_it_is_delivered(tmp_path: Path) -> None:
    async with chatting(tmp_path, [say("Hello!", "I greet.")]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "hi")
        [answer] = await chat.answers(DIRECT, ts)
        await chat.slack.press(ALICE, DIRECT, answer.ts, "show_reasoning")
        await chat.slack.wait_for(lambda: len(texts(chat, DIRECT, ts)) == 2, timeout=15)
        await chat.settled()
        [press] = [one for one in chat.slack.deliveries.records if one.type == "interactive"]
        await asyncio.gather(
            *(chat.slack.deliveries.send_interaction("interactive", press.payload) for _ in "ab")
        )
        await chat.settled()

        assert len(texts(chat, DIRECT, ts)) == 2
