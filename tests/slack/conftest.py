"""Slack's stand-in and real clients of it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.server import StandIn
from bot.demo.workspace import ALICE, GENERAL
from bot.slack.calls import SlackCalls
from tests.slack.clock import HurriedClock, ManualClock
from tests.slack.stage import Stage


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[StandIn]:
    async with StandIn(clock=lambda: 1_790_000_000 + clock.now) as stand_in:
        yield stand_in


@pytest.fixture
async def client(slack: StandIn) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(
            slack.bot_token, base_url=slack.api_url, retry_handlers=[], session=session
        )


@pytest.fixture
def hurried() -> HurriedClock:
    return HurriedClock()


@pytest.fixture
def calls(client: AsyncWebClient, hurried: HurriedClock) -> SlackCalls:
    """Calls that wait for nothing, without jitter."""
    return SlackCalls(client, sleep=hurried.sleep, clock=hurried, jitter=lambda: 0.5)


@pytest.fixture
async def stage(slack: StandIn, clock: ManualClock, calls: SlackCalls) -> Stage:
    return Stage(slack, clock, calls, await slack.post(ALICE, GENERAL, "a question"))
