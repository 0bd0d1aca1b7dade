"""From the start to the first event, and what an idle process takes."""

import statistics
import tempfile
import time
from pathlib import Path

from bot.demo.server import StandIn
from tests.benchmarks.bots import aloud, naive_bot, read_memory
from tests.benchmarks.figures import Figure
from tests.benchmarks.modelling import serving_model

_STARTS = 5


async def measure() -> list[Figure]:
    """Start the program, and the naive bot, a few times."""
    async with StandIn() as slack, serving_model() as model:
        seconds, memory = {}, {}
        for run in (aloud, naive_bot):
            times = []
            with tempfile.TemporaryDirectory() as folder:
                for _ in range(_STARTS):
                    begun = time.perf_counter()
                    async with run(slack, model, Path(folder)) as bot:
                        times.append(time.perf_counter() - begun)
                        memory[run] = f"{read_memory(bot)} MB"
            seconds[run] = f"{statistics.median(times):.2f} s"
    return [
        Figure("start to ready, median", seconds[aloud], "< 1.5 s", seconds[naive_bot]),
        Figure("idle memory", memory[aloud], "< 100 MB", memory[naive_bot]),
    ]
