"""The whole bot in a local workspace, with a model that answers what the test says."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from blockbuster import blockbuster_ctx

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


@dataclass
class Chat:
    """A running bot and what stands around it."""

    slack: StandIn
    model: ModelServer
    folder: Path
    stop: asyncio.Event

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

    def prompts(self) -> list[list[dict[str, str]]]:
        """The messages of every request that the model got."""
        return [request.body["messages"] for request in self.model.requests]


@asynccontextmanager
async def chatting(
    folder: Path,
    replies: Sequence[Reply] = (),
    *,
    slack: StandIn | None = None,
    **settings: str,
) -> AsyncIterator[Chat]:
    """Run the bot with these settings until the block ends; `slack` can outlive it."""
    if slack is None:
        async with (
            StandIn() as own,
            chatting(folder, replies, slack=own, **settings) as chat,
        ):
            yield chat
        return
    model = ModelServer()
    model.replies = list(replies) or [say("Hello!")]
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(model.serve())
        stop, ready = asyncio.Event(), asyncio.Event()
        loaded = load_settings(
            {
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_APP_TOKEN": slack.app_token,
                "SLACK_API_URL": slack.api_url,
                "MODEL_BASE_URL": model.url,
                "MODEL_API_KEY": "key",
                "DATABASE_URL": f"sqlite:///{folder / 'aloud.db'}",
                "PORT": "0",
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
            # Once it serves, its loop serves everybody: whatever blocks it is a failure.
            with blockbuster_ctx("bot", excluded_modules=["bot.demo"]):
                yield Chat(slack, model, folder, stop)
        finally:
            started.cancel()
            stop.set()
            await running
