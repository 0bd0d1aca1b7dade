"""Socket Mode: tickets, sockets, envelopes out and acks in."""

import asyncio
import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import WSMsgType, web

from bot.demo import limits
from bot.demo.deliveries import Ack, Envelope, Undelivered
from bot.demo.faults import Faults
from bot.demo.workspace import APP_ID, Json

DisconnectReason = Literal["warning", "refresh_requested", "link_disabled", "too_many_websockets"]


@dataclass(eq=False, slots=True)
class Socket:
    """One open WebSocket of the app."""

    response: web.WebSocketResponse
    request: web.Request
    retiring: bool = False
    unacked: dict[str, asyncio.Future[Ack]] = field(default_factory=dict)


class Sockets:
    """All sockets of the app; each envelope goes to exactly one of them (Slack docs).

    Args:
        faults: Dead tickets and frozen sockets.
        ack_timeout: Seconds an ack may take; Slack gives 3.
        changed: Called when a socket opens or closes.
    """

    def __init__(self, faults: Faults, *, ack_timeout: float, changed: Callable[[], None]) -> None:
        self.open: list[Socket] = []
        self.refused_upgrades = 0
        self.frames: list[Json] = []
        self._faults = faults
        self._ack_timeout = ack_timeout
        self._changed = changed
        self._tickets: dict[str, bool] = {}
        self._next = 0
        self._arrived = asyncio.Event()

    def issue_ticket(self) -> str:
        """Return the ticket of a new socket URL, good for one upgrade; it may be a dead one."""
        ticket = secrets.token_urlsafe(12)
        self._tickets[ticket] = self._faults.dead_tickets == 0
        if self._faults.dead_tickets:
            self._faults.dead_tickets -= 1
        return ticket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Handle `GET /link/`: upgrade, say hello, then take acks until the socket closes."""
        ticket = request.query.get("ticket", "")
        if not self._tickets.get(ticket):
            self.refused_upgrades += 1
            self._changed()
            raise web.HTTPForbidden(text="invalid ticket")
        del self._tickets[ticket]
        response = web.WebSocketResponse(autoping=False)
        await response.prepare(request)
        socket = Socket(response, request)
        self.open.append(socket)
        try:
            with suppress(ConnectionError):  # the app left while it was written to
                await self._welcome(socket)
                await self._listen(socket)
        finally:
            self.open.remove(socket)
            for waiting in socket.unacked.values():
                if not waiting.done():
                    waiting.set_exception(Undelivered("timeout"))
            self._changed()
        return response

    async def carry(self, envelope: Envelope) -> Ack:
        """Send to one open socket and wait for the ack.

        While no socket is open the envelope waits, and then goes out as a retry.
        """
        attempt, reason = envelope.retry_attempt, envelope.retry_reason
        while (socket := self._choose()) is None:
            if envelope.type != "events_api":
                raise Undelivered("timeout", again=False)
            attempt, reason = max(attempt, 1), "timeout"
            self._arrived.clear()
            await self._arrived.wait()
        body: Json = {
            "envelope_id": envelope.envelope_id,
            "type": envelope.type,
            "accepts_response_payload": envelope.type != "events_api",
            "payload": envelope.payload,
        }
        if envelope.type == "events_api":
            body |= {"retry_attempt": attempt, "retry_reason": reason}
        acked: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        socket.unacked[envelope.envelope_id] = acked
        try:
            async with asyncio.timeout(self._ack_timeout):
                await socket.response.send_str(json.dumps(body))
                return await acked
        except (TimeoutError, ConnectionError):
            raise Undelivered("timeout") from None
        finally:
            socket.unacked.pop(envelope.envelope_id, None)

    async def disconnect(self, reason: DisconnectReason) -> None:
        """Tell every socket to go; one that is only warned gets envelopes until it does."""
        for socket in tuple(self.open):
            await self._retire(socket, reason)

    def drop(self) -> None:
        """Cut every socket without a close frame."""
        for socket in tuple(self.open):
            if socket.request.transport is not None:
                socket.request.transport.abort()

    async def close(self) -> None:
        for socket in tuple(self.open):
            await socket.response.close()

    async def _retire(self, socket: Socket, reason: DisconnectReason) -> None:
        socket.retiring = reason != "warning"
        await socket.response.send_json(
            {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-local"}}
        )

    async def _welcome(self, socket: Socket) -> None:
        await socket.response.send_json(self._hello())
        await socket.response.ping(b"Ping from applink-local")
        if len(self.open) > limits.SOCKETS:
            await self._retire(socket, "too_many_websockets")
        self._arrived.set()
        self._changed()

    async def _listen(self, socket: Socket) -> None:
        async for frame in socket.response:
            if frame.type == WSMsgType.PING and not self._faults.freeze_sockets:
                await socket.response.pong(frame.data)
            elif frame.type == WSMsgType.TEXT:
                self._take_ack(socket, json.loads(frame.data))

    def _take_ack(self, socket: Socket, frame: Json) -> None:
        self.frames.append(frame)
        waiting = socket.unacked.get(str(frame.get("envelope_id")))
        if waiting is not None and not waiting.done():
            waiting.set_result(Ack(frame.get("payload")))

    def _choose(self) -> Socket | None:
        usable = [
            socket
            for socket in self.open
            if not (socket.retiring or socket.response.closed or self._faults.freeze_sockets)
        ]
        if not usable:
            return None
        self._next += 1
        return usable[self._next % len(usable)]

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.open),
            "connection_info": {"app_id": APP_ID},
            "debug_info": {
                "host": "applink-local",
                "build_number": 10,
                "approximate_connection_time": 18_060,
            },
        }
