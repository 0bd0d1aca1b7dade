"""Runs the real program as a process, with its log."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from bot.demo.server import StandIn


class Process:
    """`python -m bot` with its log."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.log = ""
        self._reader = asyncio.create_task(self._read())
        self._grown = asyncio.Condition()

    async def logged(self, pattern: str) -> re.Match[str]:
        """Wait until a line of the log matches."""
        async with asyncio.timeout(20), self._grown:
            while not (found := re.search(pattern, self.log)):
                if self._reader.done():
                    raise AssertionError(f"{pattern!r} never came:\n{self.log}")
                await self._grown.wait()
            return found

    async def end(self, number: signal.Signals) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return await self.ended()

    async def ended(self) -> int:
        async with asyncio.timeout(20):
            await self._reader
            return await self.process.wait()

    async def _read(self) -> None:
        assert self.process.stderr
        while line := await self.process.stderr.readline():
            async with self._grown:
                self.log += line.decode()
                self._grown.notify_all()
        async with self._grown:
            self._grown.notify_all()


@asynccontextmanager
async def running(
    command: str, settings: Mapping[str, str], *, module: str = "bot"
) -> AsyncIterator[Process]:
    """Run `python -m bot command` until the block ends; it is killed if it still runs then."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        command,
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], **settings},  # noqa: TID251  # nothing else is inherited
    )
    started = Process(process)
    try:
        yield started
    finally:
        if process.returncode is None:
            process.kill()
        await started.ended()


class Served(Protocol):
    """A server of the test's own."""

    @property
    def url(self) -> str: ...


def settings_of(slack: StandIn, model: Served, folder: Path, **more: str) -> dict[str, str]:
    """Return what the process needs in its environment to work with these two."""
    return {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "MODEL_BASE_URL": model.url,
        "DATABASE_URL": f"sqlite:///{folder / 'aloud.db'}",
        "PORT": "0",
        **more,
    }
