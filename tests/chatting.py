"""The whole bot in a local workspace, with a model that answers what the test says."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from blockbuster import blockbuster_ctx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot import app
from bot.demo.server import StandIn
from bot.demo.workspace import Message
from bot.settings import load_settings
from tests.model.server import ModelServer, Reply, chunk, stream

ALICE, BOB, BOT = "U0ALICE001", "U0BOB00001", "U0BOT00001"
GENERAL, RANDOM, DIRECT = "C0GENERAL1", "C0RANDOM01", "D0DIRECT01"


def say(answer: str, reasoning: str = "", *, pieces: int = 1, finish: str = "stop") -> Reply:
    """A streamed reply in OpenRouter's dialect, the answer in so many pieces."""
    size = max(1, -(-len(answer) // pieces))
    return stream(
        *([chunk(reasoning=reasoning)] if reasoning else []),
        *(chunk(answer[at : at + size]) for at in range(0, len(answer), size)),
        chunk(finish=finish),
    )


def shown(message: Message) -> str:
    """The text that people see of a message."""
    parts = [block["text"] for block in message.blocks if block["type"] == "markdown"]
    return "\n".join(parts) or message.text


def note(message: Message) -> str:
    """The small print under a message."""
    return " ".join(
        element["text"]
        for block in message.blocks
        if block["type"] == "context"
        for element in block["elements"]
    )


def buttons(message: Message) -> list[str]:
    """The actions of a message's buttons."""
    return [
        element["action_id"]
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


@dataclass
class Chat:
    """A running bot and what stands around it."""

    slack: StandIn
    model: ModelServer
    folder: Path
    stop: asyncio.Event
    database_url: str

    def replies(self, channel: str, thread_ts: str) -> list[Message]:
        """The bot's messages in a thread, oldest first."""
        return [
            message for message in self.slack.messages(channel, thread_ts) if message.user == BOT
        ]

    async def answers(self, channel: str, thread_ts: str, count: int = 1) -> list[Message]:
        """Wait for so many complete messages of the bot in a thread."""

        def complete() -> list[Message] | None:
            found = self.replies(channel, thread_ts)
            done = all(one.streaming != "in_progress" for one in found)
            return found if len(found) >= count and done else None

        found: list[Message] | None = await self.slack.wait_for(complete, timeout=15)
        assert found is not None
        return found

    async def choose_at_home(self, user: str, action: str, value: object) -> None:
        """Let a person open the Home tab, and press or choose something there."""
        await self.slack.open_home(user)
        await self.slack.wait_for(lambda: self.slack.home(user))
        await self.slack.press_home(user, action, value)
        await self.settled()

    async def command(self, user: str, channel: str, text: str) -> None:
        """Let a person type `/aloud` and this, and wait until all of it is done."""
        await self.slack.command(user, channel, "/aloud", text)
        await self.settled()

    async def settled(self) -> None:
        """Wait until everything that was delivered has come to its end."""
        await self.slack.delivered()
        async with asyncio.timeout(15):
            while await self._has_open_turns():  # noqa: ASYNC110  # nobody is told from outside
                await asyncio.sleep(0.02)

    async def _has_open_turns(self) -> bool:
        return await self.count("turns WHERE state <> 'closed'") > 0

    async def count(self, rows: str) -> int:
        """Count rows of the database: those of a table, perhaps with a WHERE."""
        engine = create_async_engine(
            self.database_url.replace("sqlite://", "sqlite+aiosqlite://").replace(
                "postgresql://", "postgresql+asyncpg://"
            ),
            poolclass=NullPool,
        )
        async with engine.connect() as connection:
            query = text(f"SELECT count(*) FROM {rows}")  # noqa: S608  # a test's own words
            return int((await connection.execute(query)).scalar_one())

    def prompts(self) -> list[list[dict[str, str]]]:
        """The messages of every request that the model got."""
        return [request.body["messages"] for request in self.model.requests]


@contextmanager
def _watch_for_blocking() -> Iterator[None]:
    with blockbuster_ctx("bot", excluded_modules=["bot.demo"]) as blockbuster:
        # asyncpg looks for certificates and passwords in files whenever it connects.
        for function in blockbuster.functions.values():
            function.can_block_in("asyncpg/connect_utils.py", "_parse_connect_dsn_and_args")
        yield


@asynccontextmanager
async def chatting(
    folder: Path,
    replies: Sequence[Reply] = (),
    *,
    slack: StandIn | None = None,
    model: ModelServer | None = None,
    over: str = "socket",
    **settings: str,
) -> AsyncIterator[Chat]:
    """Run the bot with these settings until the block ends; `slack` and `model` can outlive it.

    Over "http" Slack sends it signed requests; over "socket" it opens one. Once it serves, its
    loop serves everybody: whatever blocks it is a failure.
    """
    async with AsyncExitStack() as stack:
        if slack is None:
            slack = await stack.enter_async_context(StandIn())
        chat = await stack.enter_async_context(
            replica(folder, slack, replies, model=model, over=over, **settings)
        )
        with _watch_for_blocking():
            yield chat


@asynccontextmanager
async def replica(
    folder: Path,
    slack: StandIn,
    replies: Sequence[Reply] = (),
    *,
    model: ModelServer | None = None,
    over: str = "socket",
    **settings: str,
) -> AsyncIterator[Chat]:
    """Run one of several bots in this loop, whose starts may block it."""
    over_http = over == "http"
    port = _find_free_port() if over_http else 0
    secret = "SLACK_SIGNING_SECRET" if over_http else "SLACK_APP_TOKEN"
    model = model or ModelServer()
    model.replies = list(replies) or [say("Hello!")]
    async with model.serve():
        stop, ready = asyncio.Event(), asyncio.Event()
        loaded = load_settings(
            {
                "SLACK_BOT_TOKEN": slack.bot_token,
                secret: slack.signing_secret if over_http else slack.app_token,
                "SLACK_API_URL": slack.api_url,
                "MODEL_BASE_URL": model.url,
                "MODEL_API_KEY": "key",
                "DATABASE_URL": f"sqlite:///{folder / 'aloud.db'}",
                "PORT": str(port),
                "ALOUD_GRACE_SECONDS": "1",
                **settings,
            }
        )
        running = asyncio.create_task(app.run(loaded, stop, ready.set))
        started = asyncio.create_task(ready.wait())
        await asyncio.wait([running, started], return_when=asyncio.FIRST_COMPLETED)
        try:
            if running.done():
                await running
            if over_http:
                await slack.deliver_to(f"http://127.0.0.1:{port}/slack/events")
            yield Chat(slack, model, folder, stop, loaded.database_url.get_secret_value())
        finally:
            started.cancel()
            stop.set()
            await running


def _find_free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
