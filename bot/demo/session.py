"""Run the demo: the stand-in, the offline model, the bot itself, and one address to open."""

import asyncio
import errno
import webbrowser
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.demo.offline_model import OfflineModel
from bot.demo.profiles import ALL_FEATURES
from bot.demo.server import StandIn

_BANNER = (
    "**No language model is behind this demo:** it picks sentences out of what you write and "
    "share. For real answers set `MODEL_API_KEY` (and `MODEL_BASE_URL`) and start it again."
)


@dataclass(frozen=True, slots=True)
class DemoEnvironment:
    """What the bot needs to know to join the local workspace.

    Attributes:
        settings: By the names the bot documents: `SLACK_BOT_TOKEN`, `SLACK_API_URL`, … They
            take the place of those in the real environment.
        page_url: Where a person talks to it.
    """

    settings: Mapping[str, str]
    page_url: str


async def run_demo(
    launch: Callable[[DemoEnvironment], Awaitable[None]],
    *,
    port: int,
    model_key_present: bool,
    open_browser: bool = False,
    folder: Path | None = None,
    profile: str = ALL_FEATURES.name,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Run until `launch` returns or the task is cancelled.

    Args:
        launch: Runs the bot with these settings until it is told to stop.
        port: The page's port, 0 for a free one.
        model_key_present: Whether a real model is configured; else the offline one answers.
        open_browser: Open the page in the person's browser.
        folder: Where conversation and database are kept between demos, None to forget them.
        profile: What the workspace offers, one of `profiles.PROFILES`.
        announce: Takes the lines for the person who started it; standard output if None.
    """
    announce = announce or partial(print, flush=True)
    async with AsyncExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="aloud-demo-")))
        banner = "" if model_key_present else _BANNER
        slack = await stack.enter_async_context(
            _open_stand_in(port, folder, banner, profile, announce)
        )
        settings = {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "DATABASE_URL": f"sqlite:///{folder / 'aloud.db'}",
        }
        if not model_key_present:
            model = await stack.enter_async_context(OfflineModel())
            settings |= {
                "MODEL_API_KEY": "offline",
                "MODEL_BASE_URL": model.base_url,
                "MODEL_NAME": OfflineModel.NAME,
            }
        announce(f"Aloud demo: {slack.page_url}   (Ctrl+C ends it)")
        if not model_key_present:
            announce("No MODEL_API_KEY: answers are extracts, no language model is running.")
        if open_browser:
            await asyncio.to_thread(webbrowser.open, slack.page_url)
        await launch(DemoEnvironment(settings, slack.page_url))


@asynccontextmanager
async def _open_stand_in(
    port: int, folder: Path, banner: str, profile: str, announce: Callable[[str], None]
) -> AsyncIterator[StandIn]:
    """Open the workspace at the port, or at a free one if somebody has it already."""

    def build(port: int) -> StandIn:
        return StandIn(port=port, folder=folder / "workspace", banner=banner, profile=profile)

    async with AsyncExitStack() as stack:
        try:
            slack = await stack.enter_async_context(build(port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            announce(f"Port {port} is taken, so the page gets another one.")
            slack = await stack.enter_async_context(build(0))
        yield slack
