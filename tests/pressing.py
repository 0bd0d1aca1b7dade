"""An answer with all its controls, and people who press them, over the wire but without a model."""

import itertools
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.messages import ThreadKey
from bot.demo.server import StandIn
from bot.demo.workspace import ALICE, BOT_ID, BOT_USER_ID, GENERAL, TEAM_ID, Message
from bot.language import load_languages
from bot.ledger import Entry, Ledger, Turn
from bot.slack.capabilities import Capabilities
from bot.slack.controls import AnswerControls
from bot.slack.events import BotIdentity, Said, to_json
from bot.slack.render import render_answer
from bot.slack.workspaces import OneWorkspace, Workspace, open_workspace
from bot.store.database import Database, open_database

Receive = Callable[[Mapping[str, Any]], Awaitable[dict[str, Any] | None]]

CLARA = "U0CLARA001"
"""Who has Slack in German."""


@dataclass
class Answered:
    """A question and its answer, which the ledger knows of; presses are delivered over HTTP."""

    slack: StandIn
    database: Database
    ledger: Ledger
    workspace: Workspace
    workspaces: OneWorkspace
    thread: ThreadKey
    turn: Turn
    answer_ts: str

    async def press(
        self, user: str, action: str, *, ts: str = "", value: str | None = None, **forged: str
    ) -> None:
        channel = self.thread.channel
        await self.slack.press(user, channel, ts or self.answer_ts, action, value=value, **forged)

    @property
    def replies(self) -> list[Message]:
        """What stands in the thread below the answer."""
        messages = self.slack.messages(self.thread.channel, self.thread.thread_ts)
        return [message for message in messages if message.ts > self.answer_ts]

    @property
    def answer(self) -> Message:
        return self.slack.workspace.messages[self.thread.channel, self.answer_ts]

    def told(self, user: str) -> list[Message]:
        """What only this person sees."""
        return self.slack.ephemerals(self.thread.channel, user)


@asynccontextmanager
async def answered(
    folder: Path,
    markdown: str = "Because.",
    *,
    asker: str = ALICE,
    channel: str = GENERAL,
) -> AsyncIterator[Answered]:
    """Answer a question, with the controls under the answer's last message."""
    load_languages()
    ticks = itertools.count()
    async with (
        # However slow the machine is, no ack is too late, and no trigger too old.
        StandIn(ack_timeout=30.0, clock=lambda: 1_795_000_000 + next(ticks) / 1_000) as slack,
        open_database(f"sqlite:///{folder / 'aloud.db'}") as database,
        aiohttp.ClientSession() as session,
    ):
        client = AsyncWebClient(
            slack.bot_token, base_url=slack.api_url, retry_handlers=[], session=session
        )
        identity = BotIdentity(TEAM_ID, BOT_USER_ID, BOT_ID)
        workspace = open_workspace(identity, client, Capabilities())
        numbers = itertools.count(1)
        ledger = Ledger(database, new_id=lambda: f"turn{next(numbers)}")
        root = await slack.post(asker, channel, "why?")
        thread = ThreadKey(TEAM_ID, channel, root)
        said = Said(thread, root, asker, TEAM_ID, "why?", "mention")
        entry = Entry(said.key, "message", thread, root, thread.lane, to_json(said))
        await ledger.accept(entry)
        [turn] = await ledger.claim(1, team_limit=1)
        controls = AnswerControls(turn.id, "hidden", regenerate=True, complete=True)
        posted = [
            await workspace.calls.post(
                message, channel=channel, thread_ts=root, turn_id=turn.id, part=number
            )
            for number, message in enumerate(render_answer(markdown, controls), start=1)
        ]
        await ledger.close(turn, "answered", posted=posted)
        workspaces = OneWorkspace(workspace)
        yield Answered(slack, database, ledger, workspace, workspaces, thread, turn, posted[-1])


@asynccontextmanager
async def listening(
    stage: Answered,
    actions: Mapping[str, Receive],
    views: Mapping[str, Receive] | None = None,
) -> AsyncIterator[None]:
    """Hand what people press and submit to these, by action id ("" for all) and callback id."""

    def acknowledge_after(receive: Receive) -> Callable[..., Awaitable[None]]:
        async def listener(ack: AsyncAck, body: dict[str, Any]) -> None:
            await ack(await receive(body) or "")

        return listener

    async def ignore(event: Mapping[str, Any]) -> None:
        """Acknowledge what people write, so that it does not come again."""

    # Over HTTP, since a socket is given up when a slow machine misses its pings.
    app = AsyncApp(client=stage.workspace.client, signing_secret=stage.slack.signing_secret)
    app.event(re.compile(".+"))(ignore)
    for action, receive in actions.items():
        app.action(re.compile(action or ".+"))(acknowledge_after(receive))
    for callback, receive in (views or {}).items():
        app.view(callback)(acknowledge_after(receive))
    runner = web.AppRunner(app.web_app(path="/slack/events"))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        await stage.slack.deliver_to(f"http://127.0.0.1:{port}/slack/events")
        yield
    finally:
        await runner.cleanup()
