"""The socket's watchdog, against the SDK's real client and a local Slack."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import get_args

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.server import StandIn
from bot.demo.sockets import DisconnectReason
from bot.transport import Socket
from tests.chatting import ALICE, DIRECT


@asynccontextmanager
async def listening(
    slack: StandIn, *, patience: float = 0.5, ping_every: float = 10
) -> AsyncIterator[tuple[Socket, list[str]]]:
    """A watched socket that keeps the texts it hears."""
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T0TEAM0001", bot_token=slack.bot_token)

    heard: list[str] = []

    async def hear(event: dict[str, str]) -> None:
        heard.append(event["text"])

    app = AsyncApp(client=client, authorize=authorize, process_before_response=True)
    app.event("message")(hear)
    socket = Socket(
        app,
        app_token=slack.app_token,
        client=client,
        patience=patience,
        check_every=0.05,
        ping_every=ping_every,
    )
    connected = asyncio.Event()
    running = asyncio.create_task(socket.run(connected.set))
    try:
        async with asyncio.timeout(10):
            await connected.wait()
        yield socket, heard
    finally:
        running.cancel()
        await asyncio.wait([running])


async def wait_until(socket: Socket, *, connected: bool) -> None:
    async with asyncio.timeout(15):
        while await socket.is_connected() != connected:  # noqa: ASYNC110  # the SDK tells nobody
            await asyncio.sleep(0.01)


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


@pytest.mark.parametrize("times", [1, 4])
async def test_refused_upgrades_at_a_reconnect_do_not_end_in_silence(
    slack: StandIn, times: int
) -> None:
    async with listening(slack) as (_, heard):
        slack.faults.dead_tickets = times
        slack.sockets.drop()
        await slack.post(ALICE, DIRECT, "hello")
        await slack.wait_for(lambda: "hello" in heard, timeout=30)
        assert slack.sockets.refused_upgrades >= times


@pytest.mark.parametrize("reason", get_args(DisconnectReason))
async def test_slack_asking_for_a_new_socket_loses_nothing(
    slack: StandIn, reason: DisconnectReason
) -> None:
    async with listening(slack) as (socket, heard):
        [old] = slack.sockets.open
        await slack.sockets.disconnect(reason)
        await slack.post(ALICE, DIRECT, "hello")
        await slack.wait_for(lambda: "hello" in heard, timeout=15)
        await slack.wait_for(
            lambda: slack.sockets.open and old not in slack.sockets.open, timeout=15
        )
        await wait_until(socket, connected=True)


async def test_a_socket_that_was_cut_is_replaced(slack: StandIn) -> None:
    async with listening(slack) as (_, heard):
        slack.sockets.drop()
        await slack.post(ALICE, DIRECT, "hello")
        await slack.wait_for(lambda: "hello" in heard, timeout=15)


async def test_a_frozen_socket_is_replaced(slack: StandIn) -> None:
    async with listening(slack, patience=5, ping_every=0.5) as (_, heard):
        [old] = slack.sockets.open
        slack.faults.freeze_sockets = True
        await slack.post(ALICE, DIRECT, "hello")
        await slack.wait_for(lambda: old not in slack.sockets.open, timeout=15)
        assert heard == []
        slack.faults.freeze_sockets = False
        await slack.wait_for(lambda: "hello" in heard, timeout=15)


async def test_while_slack_has_no_socket_for_us_it_is_asked_again_and_again(
    slack: StandIn,
) -> None:
    async with listening(slack) as (socket, heard):
        faults, method = slack.faults, "apps.connections.open"
        faults.break_down(method, status=503)
        faults.answer_html(method)
        faults.reset(method)
        faults.rate_limit(method, retry_after=1)
        faults.refuse(method, "internal_error")
        await slack.sockets.disconnect("link_disabled")
        slack.sockets.drop()
        await slack.post(ALICE, DIRECT, "hello")
        await wait_until(socket, connected=False)
        await slack.wait_for(lambda: "hello" in heard, timeout=30)
        await wait_until(socket, connected=True)
