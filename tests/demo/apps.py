"""A Bolt app as the bot has one, joined to the stand-in over either transport."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.server import StandIn
from bot.demo.waiting import Signal
from bot.demo.workspace import Json

_EVENTS = (
    "app_mention", "message", "file_shared", "app_home_opened", "app_context_changed",
    "agent_session_stopped", "agent_session_title_changed", "assistant_thread_started",
    "assistant_thread_context_changed", "channel_left", "member_joined_channel",
    "member_left_channel", "reaction_added", "reaction_removed",
)  # fmt: skip


class App:
    """A Bolt app that acks everything and writes down what it got.

    Attributes:
        events: The inner events so far.
        bodies: All payloads so far.
        answer: What it acks the submission of a modal `form` with.
        command_answer: What it acks `/aloud` with.
    """

    def __init__(self, standin: StandIn) -> None:
        client = AsyncWebClient(token=standin.bot_token, base_url=standin.api_url)
        self.bolt = AsyncApp(client=client, signing_secret=standin.signing_secret)
        self._heard = Signal()
        self.events: list[Json] = []
        self.bodies: list[Json] = []
        self.respond: AsyncRespond | None = None
        self.answer: Json = {}
        self.command_answer: str | Json = "Forgotten."
        for name in _EVENTS:
            self.bolt.event(name)(self._note_event)
        self.bolt.action({"type": "block_actions", "action_id": "go"})(self._note_body)
        self.bolt.action(re.compile("pick.*"))(self._note_body)
        self.bolt.shortcut(re.compile("ask.*"))(self._note_body)
        self.bolt.command("/aloud")(self._note_command)
        self.bolt.view("form")(self._note_submission)
        self.bolt.view_closed(re.compile(".*"))(self._note_body)

    async def hear(self, count: int) -> list[tuple[str, str]]:
        """Wait for so many events and return their types and subtypes, sorted."""
        await self._heard.wait_for(lambda: len(self.events) >= count, 5.0)
        return sorted((event["type"], event.get("subtype", "")) for event in self.events)

    async def pressed(self) -> Json:
        """Wait for a press and return its payload."""
        [body, *_] = await self._heard.wait_for(
            lambda: [body for body in self.bodies if body["type"] == "block_actions"], 5.0
        )
        return body

    async def _note_event(self, event: Json, body: Json) -> None:
        self.events.append(event)
        self.bodies.append(body)
        self._heard.fire()

    async def _note_body(self, ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        self.respond = respond
        self.bodies.append(body)
        self._heard.fire()
        await ack()

    async def _note_submission(self, ack: AsyncAck, body: Json) -> None:
        self.bodies.append(body)
        self._heard.fire()
        await ack(**self.answer)

    async def _note_command(self, ack: AsyncAck, body: Json) -> None:
        self.bodies.append(body)
        await ack(self.command_answer)


@asynccontextmanager
async def over_socket(standin: StandIn) -> AsyncIterator[App]:
    app = App(standin)
    handler = AsyncSocketModeHandler(app.bolt, standin.app_token, ping_interval=0.05)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt leaves it bare
    try:
        yield app
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # Bolt leaves it bare


@asynccontextmanager
async def over_http(standin: StandIn) -> AsyncIterator[App]:
    app = App(standin)
    runner = web.AppRunner(app.bolt.web_app(path="/slack/events"))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        await standin.deliver_to(f"http://127.0.0.1:{port}/slack/events")
        yield app
    finally:
        await runner.cleanup()
