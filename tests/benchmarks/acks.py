"""How long Slack waits for an ack while people write steadily."""

import tempfile
from pathlib import Path

from bot.demo.server import StandIn
from tests.benchmarks.bots import (
    add_people,
    aloud,
    naive_bot,
    read_acks,
    write_steadily,
)
from tests.benchmarks.figures import Figure, describe_times
from tests.benchmarks.modelling import Speech, serving_model

_EVENTS = 500
_PER_SECOND = 50
_PEOPLE = 100

_SPEECH = Speech(pieces=4, pace=0.5)
"""As slow as a real model, so that turns are under way all the time."""


async def measure() -> list[Figure]:
    """Send the same events to the program and to the naive bot."""
    told = {}
    for run in (aloud, naive_bot):
        async with StandIn() as slack, serving_model(_SPEECH) as model:
            people = add_people(slack, _PEOPLE)
            with tempfile.TemporaryDirectory() as folder:
                async with run(slack, model, Path(folder)):
                    places = await write_steadily(slack, people, _EVENTS, _PER_SECOND)
                    await slack.delivered(timeout=60)
                    told[run] = describe_times(read_acks(slack, places))
    return [
        Figure(
            f"accept and ack at {_PER_SECOND} events/s, p50 / p99",
            told[aloud],
            "p99 < 50 ms",
            told[naive_bot],
        )
    ]
