"""The Home tab on a bench: Slack's stand-in, our listeners and a ledger, without the rest of us."""

import itertools
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.preferences import Defaults
from bot.demo.server import StandIn
from bot.demo.workspace import BOT_ID, BOT_USER_ID, TEAM_ID, Json
from bot.home import Home
from bot.lease import Lease, boot_seconds
from bot.ledger import Ledger, Turn
from bot.listeners.home import HomeDesk
from bot.slack.calls import SlackCalls
from bot.slack.capabilities import Capabilities
from bot.slack.directory import Directory
from bot.slack.events import BotIdentity
from bot.slack.home_events import SETTINGS_DIALOGS
from bot.slack.workspaces import OneWorkspace, Workspace
from bot.store.database import Database
from bot.store.memory import Memory
from bot.store.preferences import PreferenceStore
from bot.store.recent import RecentStore
from bot.store.usage import UsageStore
from tests.slack.clock import HurriedClock

MOST_DAYS = 90
MODELS = ("first/model", "second/model")
NOW = 1_795_000_000.0
DEFAULTS = Defaults(person_tokens=1_000)


@dataclass
class Bench:
    """What there is, and what a test does with it."""

    slack: StandIn
    database: Database
    workspace: Workspace
    ledger: Ledger
    home: Home
    desk: HomeDesk
    preferences: PreferenceStore
    usage: UsageStore

    async def claim(self) -> list[Turn]:
        return await self.ledger.claim(9, team_limit=9)

    async def show(self) -> int:
        """Answer what waits; returns how many turns that were."""
        await self.slack.delivered()
        turns = await self.claim()
        for turn in turns:
            await self.answer(turn)
        return len(turns)

    async def answer(self, turn: Turn) -> None:
        await self.home.answer(turn, Lease(15.0, boot_seconds()))

    async def visit(self, user: str) -> None:
        """Let a person open the tab, and show it."""
        await self.slack.open_home(user)
        await self.show()

    async def press(self, user: str, action: str, value: Any = None) -> None:
        """Let a person press or choose something on the tab, and show it anew."""
        await self.slack.press_home(user, action, value)
        await self.show()

    def seen(self, user: str) -> str:
        """Everything on a person's tab, as JSON."""
        return str(self.slack.home(user))

    def element(self, user: str, action: str) -> Json:
        """The first element of that action on a person's tab."""
        view = self.slack.home(user)
        assert view is not None
        for block in view["blocks"]:
            for one in (*block.get("elements", []), block.get("accessory", {})):
                if one.get("action_id") == action:
                    found: Json = one
                    return found
        raise AssertionError(f"no {action} on the tab")


@asynccontextmanager
async def bench(database: Database, *, patience: float = 10.0) -> AsyncIterator[Bench]:
    """Join our listeners to a workspace over Socket Mode; machines may be slow."""
    async with (
        StandIn(clock=lambda: NOW, ack_timeout=30.0) as slack,
        aiohttp.ClientSession() as session,
    ):
        client = AsyncWebClient(
            slack.bot_token, base_url=slack.api_url, retry_handlers=[], session=session
        )
        bot = BotIdentity(TEAM_ID, BOT_USER_ID, BOT_ID)
        hurried = HurriedClock()
        calls = SlackCalls(client, sleep=hurried.sleep, clock=hurried, jitter=lambda: 0.5)
        directory = Directory(calls, BOT_USER_ID)
        workspace = Workspace(bot, client, calls, directory, Capabilities())
        ids = (f"turn{n}" for n in itertools.count(1))
        ledger = Ledger(database, new_id=lambda: next(ids))
        preferences, recent = PreferenceStore(database), RecentStore(database)
        usage, memory = UsageStore(database), Memory(database)
        workspaces = OneWorkspace(workspace)
        desk = HomeDesk(
            workspaces=workspaces,
            ledger=ledger,
            preferences=preferences,
            recent=recent,
            forget_thread=memory.forget_thread,
            forget_document=memory.forget_document,
            defaults=DEFAULTS,
            most_days=MOST_DAYS,
            models=MODELS,
            patience=patience,
        )
        home = Home(
            ledger=ledger,
            workspaces=workspaces,
            preferences=preferences,
            usage=usage,
            recent=recent,
            defaults=DEFAULTS,
            most_days=MOST_DAYS,
            models=MODELS,
        )
        async with _listening(desk, slack, workspace):
            yield Bench(slack, database, workspace, ledger, home, desk, preferences, usage)


@asynccontextmanager
async def _listening(desk: HomeDesk, slack: StandIn, workspace: Workspace) -> AsyncIterator[None]:
    app = AsyncApp(client=workspace.client, process_before_response=True)

    async def receive_opened(body: Json) -> None:
        await desk.receive_opened(body)

    async def receive_action(ack: AsyncAck, body: Json) -> None:
        await desk.receive_action(body)
        await ack()

    async def receive_submission(ack: AsyncAck, body: Json) -> None:
        await ack(await desk.receive_submission(body) or "")

    async def receive_settings(ack: AsyncAck, body: Json) -> None:
        trigger, user, channel = (body[name] for name in ("trigger_id", "user_id", "channel_id"))
        await desk.open_settings(workspace, trigger, user, channel)
        await ack()

    app.event("app_home_opened")(receive_opened)
    app.action(re.compile(".+"))(receive_action)
    for dialog in SETTINGS_DIALOGS:
        app.view(dialog)(receive_submission)
    app.command("/aloud")(receive_settings)
    handler = AsyncSocketModeHandler(app, slack.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt leaves it bare
    try:
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # Bolt leaves it bare
