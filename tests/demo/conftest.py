"""A stand-in, a clock that the test moves, and the real Slack clients."""

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.server import StandIn


class Clock:
    """Seconds since 1970, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_794_268_800.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ack_timeout() -> float:
    """Slack's three seconds; tests of late acks override it to be quick."""
    return 3.0


@pytest.fixture
async def standin(clock: Clock, ack_timeout: float) -> AsyncIterator[StandIn]:
    async with StandIn(
        clock=clock, ack_timeout=ack_timeout, retry_delays=(0.0, 0.0, 0.0)
    ) as standin:
        yield standin


@pytest.fixture
def client(standin: StandIn) -> AsyncWebClient:
    """The real client as the bot uses it."""
    return AsyncWebClient(token=standin.bot_token, base_url=standin.api_url)
