"""The socket's watchdog, against the SDK's real client and a local Slack."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.server import StandIn
from bot.demo.sockets import DisconnectReason
from bot.transport import Socket
from tests.chatting import ALICE, DIRECT


@asynccontextmanager
async def listening(slack: StandIn) -> AsyncIterator[tuple[Socket, list[str]]]:
    """A watched socket that keeps the texts it hears."""
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T0TEAM0001", bot_token=slack.bot_token)

    heard: list[str] = []

    async def hear(event: dict[str, str]) -> None:
        heard.append(event["text"])

    app = AsyncApp(client=client, authorize=authorize, process_before_response=True)
    app.event("message")(hear)
    socket = Socket(app, app_token=slack.app_token, client=client, patience=0.5, check_every=0.05)
    connected = asyncio.Event()
    running = asyncio.create_task(socket.run(connected.set))
    try:
        async with asyncio.timeout(10):
            await connected.wait()
        yield socket, heard
    finally:
        running.cancel()
        await asyncio.wait([running])


@pytest.fixture
async def slack() -> AsyncIterator[StandIn]:
    async with StandIn(retry_delays=(0.2, 0.5, 1.0, 2.0), ack_timeout=0.5) as standin:
        yield standin


async def test_events_come_in(slack: StandIn) -> None:
    async with listening(slack) as (socket, heard):
        assert await socket.is_connected()
        await slack.post(ALICE, DIRECT, "hello")
        await slack.wait_for(lambda: heard == ["hello"])


async def test_a_refused_upgrade_at_the_start_is_survived(slack: StandIn) -> None:
    slack.faults.dead_tickets = 1
    async with listening(slack) as (_, heard):
        await slack.post(ALICE, DIRECT, "hello")
        await slack.wait_for(lambda: heard == ["hello"])


async def test_a_refused_upgrade_at_a_reconnect_does_not_end_in_silence(slack: StandIn) -> None:
    async with listening(slack) as (_, heard):
        slack.faults.dead_tickets = 1
        slack.sockets.drop()
        await slack.post(ALICE, DIRECT, "hello")
        await slack.wait_for(lambda: "hello" in heard, timeout=15)
        assert slack.sockets.refused_upgrades > 0


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_slack_asking_for_a_new_socket_loses_nothing(
    slack: StandIn, reason: DisconnectReason
) -> None:
    async with listening(slack) as (_, heard):
        await slack.sockets.disconnect(reason)
        await slack.post(ALICE, DIRECT, "hello")
        await slack.wait_for(lambda: "hello" in heard, timeout=15)
