"""The desk on a bench: Slack's stand-in, what takes commands and shortcuts, and a ledger."""

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.asks import Asks
from bot.conversation.preferences import Defaults
from bot.demo.server import StandIn
from bot.demo.workspace import BOT_ID, BOT_USER_ID, TEAM_ID, Json, Message
from bot.errors import DeliveryError
from bot.lease import Lease, boot_seconds
from bot.ledger import Ledger, Turn
from bot.listeners.desk import Desk
from bot.slack.calls import SlackCalls
from bot.slack.capabilities import Capabilities
from bot.slack.commands import COMMAND, SHORTCUTS
from bot.slack.dialogs import QUESTION_DIALOG
from bot.slack.directory import Directory
from bot.slack.events import BotIdentity, Said, from_json
from bot.slack.whispers import FORGET_HERE
from bot.slack.workspaces import OneWorkspace, Workspace
from bot.store.database import Database
from bot.store.history import SqlHistory
from bot.store.memory import Memory
from bot.store.preferences import PreferenceStore
from bot.store.usage import UsageStore
from bot.telemetry import Metrics
from tests.slack.clock import HurriedClock

DEFAULTS = Defaults(monthly_tokens=100_000, person_tokens=1_000)


@dataclass
class DeskBench:
    """What there is, and what a test does with it.

    Attributes:
        settings: Whose settings were opened, and where.
        settings_fail: Whether they can't be.
    """

    slack: StandIn
    database: Database
    workspace: Workspace
    ledger: Ledger
    memory: Memory
    history: SqlHistory
    usage: UsageStore
    asks: Asks
    settings: list[tuple[str, str]] = field(default_factory=list)
    settings_fail: bool = False

    async def open_settings(
        self, workspace: Workspace, trigger_id: str, user: str, channel: str
    ) -> None:
        assert workspace is self.workspace
        assert trigger_id
        if self.settings_fail:
            raise DeliveryError("views.open: expired_trigger_id", code="expired_trigger_id")
        self.settings.append((user, channel))

    async def command(self, user: str, channel: str, text: str) -> list[Message]:
        """Send `/aloud …` and return what only its sender sees of the answer."""
        before = len(self.slack.ephemerals(channel, user))
        await self.slack.command(user, channel, COMMAND, text)
        return self.slack.ephemerals(channel, user)[before:]

    async def claim(self) -> list[Turn]:
        return [turn for turn in await self.ledger.claim(0, team_limit=0) if turn.kind == "ask"]

    async def run(self) -> int:
        """Do what was asked for; returns how many asks that were."""
        turns = await self.claim()
        for turn in turns:
            await self.do(turn)
        return len(turns)

    async def do(self, turn: Turn) -> None:
        await self.asks.answer(turn, Lease(15.0, boot_seconds()))

    async def questions(self) -> list[Said]:
        """Claim the messages that wait to be answered."""
        turns = await self.ledger.claim(9, team_limit=9)
        return [from_json(Said, turn.payload) for turn in turns if turn.kind == "message"]

    def ours(self, channel: str, thread_ts: str | None = None) -> list[Message]:
        """Our messages in a channel or thread."""
        messages = self.slack.messages(channel, thread_ts)
        return [message for message in messages if message.user == BOT_USER_ID]


def seen(message: Message) -> str:
    """All the text that people see of a message."""
    return "\n".join(_texts(message.blocks)) or message.text


def _texts(blocks: Sequence[Any]) -> list[str]:
    found: list[str] = []
    for block in blocks:
        match block:
            case {"text": str(text)}:
                found.append(text)
            case {"text": {"text": text}}:
                found.append(text)
            case {"elements": elements}:
                found += _texts(elements)
            case _:
                pass
    return found


@asynccontextmanager
async def desk_bench(database: Database, *, patience: float = 30.0) -> AsyncIterator[DeskBench]:
    """Join the desk to a workspace over Socket Mode; dialogs may take `patience` seconds."""
    async with StandIn(ack_timeout=60.0) as slack, aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            slack.bot_token, base_url=slack.api_url, retry_handlers=[], session=session
        )
        bot = BotIdentity(TEAM_ID, BOT_USER_ID, BOT_ID)
        hurried = HurriedClock()
        calls = SlackCalls(client, sleep=hurried.sleep, clock=hurried, jitter=lambda: 0.5)
        workspace = Workspace(bot, client, calls, Directory(calls, BOT_USER_ID), Capabilities())
        workspaces = OneWorkspace(workspace)
        ids = (f"turn{n}" for n in itertools.count(1))
        ledger = Ledger(database, new_id=lambda: next(ids))
        memory, history = Memory(database), SqlHistory(database)
        usage = UsageStore(database)
        asks = Asks(ledger=ledger, memory=memory, workspaces=workspaces, together=database.write)
        bench = DeskBench(slack, database, workspace, ledger, memory, history, usage, asks)
        desk = Desk(
            workspaces=workspaces,
            ledger=ledger,
            memory=memory,
            usage=usage,
            preferences=PreferenceStore(database),
            defaults=DEFAULTS,
            open_settings=bench.open_settings,
            leave_channel=history.leave_channel,
            metrics=Metrics(),
            patience=patience,
        )
        async with _listening(desk, slack, workspace):
            yield bench


@asynccontextmanager
async def _listening(desk: Desk, slack: StandIn, workspace: Workspace) -> AsyncIterator[None]:
    app = AsyncApp(client=workspace.client, process_before_response=True)

    async def receive_command(ack: AsyncAck, body: Json) -> None:
        await ack(await desk.receive_command(body) or "")

    async def receive_shortcut(ack: AsyncAck, body: Json) -> None:
        await desk.receive_shortcut(body)
        await ack()

    async def receive_submission(ack: AsyncAck, body: Json) -> None:
        await ack(await desk.receive_submission(body) or "")

    async def receive_forget(ack: AsyncAck, body: Json) -> None:
        await desk.receive_forget(body)
        await ack()

    app.command(COMMAND)(receive_command)
    for name in SHORTCUTS:
        app.shortcut(name)(receive_shortcut)
    app.view(QUESTION_DIALOG)(receive_submission)
    app.action(FORGET_HERE)(receive_forget)
    handler = AsyncSocketModeHandler(app, slack.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt leaves it bare
    try:
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # Bolt leaves it bare
