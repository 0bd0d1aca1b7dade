"""Two thousand events at the same moment: none lost, memory bounded."""

import asyncio
import tempfile
import time
from pathlib import Path

from bot.demo.server import StandIn
from tests.benchmarks.bots import (
    SPEEDY,
    add_people,
    aloud,
    read_acks,
    read_memory,
    wait_for_answers,
)
from tests.benchmarks.figures import Figure
from tests.benchmarks.modelling import serving_model
from tests.running import Process

_EVENTS = 2_000
_PEOPLE = 1_000
_PATIENCE_SECONDS = 300.0
_LOOK_SECONDS = 0.05

_RETRY_SECONDS = (0.0, 2.0, 4.0, 8.0, 16.0)
"""Slack would wait for minutes; who measures would too."""


async def measure() -> list[Figure]:
    """Let everybody write at once, and wait for all answers."""
    async with StandIn(retry_delays=_RETRY_SECONDS) as slack, serving_model() as model:
        people = add_people(slack, _PEOPLE)
        with tempfile.TemporaryDirectory() as folder:
            async with aloud(slack, model, Path(folder), **SPEEDY) as bot:
                before = read_memory(bot)
                peak = asyncio.create_task(_watch_memory(bot))
                begun = time.perf_counter()
                places = []
                for n in range(_EVENTS):
                    user, channel = people[n % _PEOPLE]
                    places.append((channel, await slack.post(user, channel, f"question {n}")))
                await slack.delivered(timeout=_PATIENCE_SECONDS)
                acks = read_acks(slack, places)
                lost = await wait_for_answers(slack, places, _PATIENCE_SECONDS)
                seconds = time.perf_counter() - begun
                peak.cancel()
                after = read_memory(bot)
                highest = await peak
        again = sum(record.attempts > 1 for record in slack.deliveries.records)
    return [
        Figure(f"slowest ack of {_EVENTS:,} events at once", f"{max(acks):.2f} s", "< 3 s"),
        Figure(f"delivered again, of {_EVENTS:,}", str(again)),
        Figure("memory before / at the peak / after", f"{before} / {highest} / {after} MB"),
        Figure(f"lost of {_EVENTS:,}, all answered after", f"{lost}, {seconds:.0f} s", "0"),
    ]


async def _watch_memory(bot: Process) -> int:
    """Return the most memory that was seen until cancelled."""
    highest = 0
    try:
        while True:
            highest = max(highest, read_memory(bot))
            await asyncio.sleep(_LOOK_SECONDS)
    except asyncio.CancelledError:
        return highest
