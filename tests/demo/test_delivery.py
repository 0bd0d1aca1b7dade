"""Acks, redelivery, and everything that can happen to a socket."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler

from bot.demo.deliveries import Undelivered
from bot.demo.server import StandIn
from bot.demo.sockets import DisconnectReason
from bot.demo.webhooks import sign
from bot.demo.workspace import ALICE, GENERAL, Json
from tests.demo.apps import App, over_socket

impatient = pytest.mark.parametrize("ack_timeout", [0.2])


class RawSocket:
    """A Socket Mode client that acks only when told to."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def next(self) -> Json:
        frame: Json = await self.socket.receive_json(timeout=5)
        return frame

    async def ack(self, envelope: Json) -> None:
        await self.socket.send_json({"envelope_id": envelope["envelope_id"]})


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def connect(standin: StandIn, session: aiohttp.ClientSession) -> RawSocket:
    headers = {"Authorization": f"Bearer {standin.app_token}"}
    async with session.post(f"{standin.api_url}apps.connections.open", headers=headers) as answer:
        url = (await answer.json())["url"]
    raw = RawSocket(await session.ws_connect(url))
    assert (await raw.next())["type"] == "hello"
    return raw


@impatient
async def test_an_unacked_event_comes_again_with_the_same_event_id(
    standin: StandIn, session: aiohttp.ClientSession
) -> None:
    socket = await connect(standin, session)
    await standin.post(ALICE, GENERAL, "hi")
    first = await socket.next()
    second = await socket.next()
    assert first["payload"]["event_id"] == second["payload"]["event_id"]
    assert (first["retry_attempt"], first["retry_reason"]) == (0, "")
    assert (second["retry_attempt"], second["retry_reason"]) == (1, "timeout")
    await socket.ack(second)
    await standin.delivered()
    assert standin.deliveries.records[0].attempts >= 2


@impatient
async def test_slack_gives_up_after_the_third_retry(
    standin: StandIn, session: aiohttp.ClientSession
) -> None:
    socket = await connect(standin, session)
    await standin.post(ALICE, GENERAL, "hi")
    attempts = [(await socket.next())["retry_attempt"] for _ in range(4)]
    assert attempts == [0, 1, 2, 3]
    await standin.delivered()
    assert standin.deliveries.records[0].failed


async def test_what_happens_while_no_socket_is_open_comes_later_as_a_retry(
    standin: StandIn, session: aiohttp.ClientSession
) -> None:
    await standin.post(ALICE, GENERAL, "hi")
    socket = await connect(standin, session)
    envelope = await socket.next()
    assert envelope["retry_attempt"] == 1
    await socket.ack(envelope)
    await standin.delivered()


async def test_an_acked_event_can_be_duplicated(standin: StandIn) -> None:
    standin.faults.duplicates = 2
    async with over_socket(standin) as app:
        await standin.post(ALICE, GENERAL, "hi")
        await standin.wait_for(lambda: standin.deliveries.records[0].attempts == 3)
        await standin.wait_for(lambda: len(standin.sockets.frames) == 3)
        assert len({body["event_id"] for body in app.bodies}) == 1


async def test_each_envelope_goes_to_one_of_several_sockets(
    standin: StandIn, session: aiohttp.ClientSession
) -> None:
    sockets = [await connect(standin, session) for _ in range(2)]
    for _ in range(4):
        await standin.post(ALICE, GENERAL, "hi")
    for socket in sockets:
        for _ in range(2):
            await socket.ack(await socket.next())
    await standin.delivered()
    assert {record.attempts for record in standin.deliveries.records} == {1}


async def test_an_eleventh_socket_is_one_too_many(
    standin: StandIn, session: aiohttp.ClientSession
) -> None:
    sockets = [await connect(standin, session) for _ in range(11)]
    assert (await sockets[10].next())["reason"] == "too_many_websockets"


async def test_the_sdk_comes_back_after_a_cut(standin: StandIn) -> None:
    async with over_socket(standin) as app:
        await standin.wait_for(lambda: standin.sockets.open)
        standin.sockets.drop()
        await standin.post(ALICE, GENERAL, "hi")
        assert await app.hear(1) == [("message", "")]
        assert len(standin.calls_of("apps.connections.open")) == 2


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "link_disabled"])
async def test_the_sdk_comes_back_after_a_disconnect(
    standin: StandIn, reason: DisconnectReason
) -> None:
    async with over_socket(standin) as app:
        await standin.wait_for(lambda: standin.sockets.open)
        [before] = standin.sockets.open
        await standin.sockets.disconnect(reason)
        await standin.wait_for(lambda: standin.sockets.open not in ([], [before]))
        await standin.post(ALICE, GENERAL, "hi")
        assert await app.hear(1) == [("message", "")]


async def test_a_frozen_socket_looks_stale_to_the_sdk(standin: StandIn) -> None:
    async with over_socket(standin):
        await standin.wait_for(lambda: standin.sockets.open)
        [before] = standin.sockets.open
        standin.faults.freeze_sockets = True
        await standin.wait_for(lambda: standin.sockets.open not in ([], [before]))


async def test_a_dead_ticket_stays_dead_and_the_sdk_never_asks_for_another(
    standin: StandIn,
) -> None:
    standin.faults.dead_tickets = 1
    app = App(standin)
    handler = AsyncSocketModeHandler(app.bolt, standin.app_token, ping_interval=0.01)
    connecting = asyncio.create_task(handler.connect_async())  # type: ignore[no-untyped-call]  # Bolt leaves it bare
    await standin.wait_for(lambda: standin.sockets.refused_upgrades >= 3)
    assert len(standin.calls_of("apps.connections.open")) == 1
    connecting.cancel()
    await asyncio.gather(connecting, return_exceptions=True)
    await handler.close_async()  # type: ignore[no-untyped-call]  # Bolt leaves it bare


async def test_a_ticket_is_good_once(standin: StandIn, session: aiohttp.ClientSession) -> None:
    url = f"{standin.page_url}link/?ticket={standin.sockets.issue_ticket()}"
    await session.ws_connect(url)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await session.ws_connect(url)


class Endpoint:
    """A request URL that answers as it is told and keeps what came."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        self.got: list[tuple[str, str, str]] = []

    async def serve(self, request: web.Request) -> web.Response:
        body = await request.text()
        if "url_verification" in body:
            return web.json_response({"challenge": json.loads(body)["challenge"]})
        signature = sign(
            "0123456789abcdef0123456789abcdef",
            request.headers["X-Slack-Request-Timestamp"],
            body,
        )
        assert request.headers["X-Slack-Signature"] == signature
        self.got.append(
            (
                request.headers.get("X-Slack-Retry-Num", ""),
                request.headers.get("X-Slack-Retry-Reason", ""),
                body,
            )
        )
        status = self.statuses.pop(0) if self.statuses else 200
        return web.Response(status=status, headers=self.headers)


@pytest.fixture
async def endpoint(standin: StandIn) -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    app = web.Application()
    app.router.add_post("/slack/events", endpoint.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await standin.deliver_to(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
    yield endpoint
    await runner.cleanup()


async def test_http_is_signed_and_retried_with_a_reason(
    standin: StandIn, endpoint: Endpoint
) -> None:
    endpoint.statuses = [500, 200]
    await standin.post(ALICE, GENERAL, "hi")
    await standin.delivered()
    assert [(number, reason) for number, reason, _ in endpoint.got] == [
        ("", ""), ("1", "http_error"),
    ]  # fmt: skip


async def test_http_retries_stop_when_the_app_says_so(standin: StandIn, endpoint: Endpoint) -> None:
    endpoint.statuses = [500]
    endpoint.headers = {"X-Slack-No-Retry": "1"}
    await standin.post(ALICE, GENERAL, "hi")
    await standin.delivered()
    assert standin.deliveries.records[0].failed
    assert len(endpoint.got) == 1


async def test_a_url_that_fails_the_handshake_gets_nothing(standin: StandIn) -> None:
    with pytest.raises(Undelivered):
        await standin.deliver_to(f"{standin.page_url}nowhere")
