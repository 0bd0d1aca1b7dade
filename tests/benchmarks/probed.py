"""The program with a probe in its event loop, which tells how late it is woken up."""

import asyncio
import itertools
import os
import signal
import time

import structlog

from bot import app
from bot.settings import load_settings
from bot.telemetry import configure_logging
from tests.benchmarks.figures import describe_times
from tests.running import Process

_SLEEP_SECONDS = 0.005

log = structlog.get_logger(__name__)


async def main() -> None:
    """Serve until SIGTERM; at each SIGUSR1 log what the delays since the last came to."""
    settings = load_settings(dict(os.environ))  # noqa: TID251  # started as the program itself is
    configure_logging("warning", "text")
    stop = asyncio.Event()
    delays: list[float] = []

    asked = itertools.count(1)

    def tell() -> None:
        told = describe_times(delays).replace(" ms", f" / {max(delays) * 1_000:.0f} ms")
        delays.clear()
        log.warning("delays", number=next(asked), told=told)

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, tell)
    probing = asyncio.create_task(_probe(delays))
    await app.run(settings, stop, lambda: log.warning("ready"))
    probing.cancel()


async def read_delays(process: Process) -> str:
    """Return the median, the 99th percentile and the longest of the delays since the last time."""
    number = process.log.count("told=") + 1
    process.process.send_signal(signal.SIGUSR1)
    return (await process.logged(rf"number={number} told='(.*)'"))[1]


async def _probe(delays: list[float]) -> None:
    while True:
        begun = time.perf_counter()
        await asyncio.sleep(_SLEEP_SECONDS)
        delays.append(time.perf_counter() - begun - _SLEEP_SECONDS)


if __name__ == "__main__":
    asyncio.run(main())
