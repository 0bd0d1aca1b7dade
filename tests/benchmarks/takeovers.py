"""How soon the turns of a killed replica go on in another one."""

import signal
import statistics
import tempfile
import time
from pathlib import Path

from bot.demo.server import StandIn
from bot.demo.workspace import Change
from tests.benchmarks.bots import SPEEDY, add_people, aloud, wait_for_answers
from tests.benchmarks.databases import empty_database
from tests.benchmarks.figures import Figure
from tests.benchmarks.modelling import ServedModel, Speech, serving_model
from tests.chatting import BOT

_TURNS = 8
_ROUNDS = 2
_PATIENCE_SECONDS = 60.0

_SPEECH = Speech("word " * 40, pieces=40, pace=0.2)
"""Eight seconds long, so that the kill comes in the middle."""


async def measure() -> list[Figure]:
    """Kill a replica that is answering, with the default lease; look on until all is answered."""
    taken_up: list[float] = []
    lost = 0
    async with empty_database("PostgreSQL") as url, serving_model(_SPEECH) as model:
        for _ in range(_ROUNDS):
            async with StandIn() as slack:
                times, unanswered = await _kill_one(slack, model, url)
            taken_up += times
            lost += unanswered
    told = f"{statistics.median(taken_up):.1f} / {max(taken_up):.1f} s, {lost} lost"
    what = "PostgreSQL: kill to the answer growing elsewhere, median / worst"
    return [Figure(what, told, "< 30 s")]


async def _kill_one(slack: StandIn, model: ServedModel, url: str) -> tuple[list[float], int]:
    """Return the seconds until each answer grew again, and how many never came."""
    grew: dict[tuple[str, str], float] = {}
    killed_at = 0.0

    def watch(change: Change) -> None:
        message = change.after
        if killed_at and message is not None and message.user == BOT:
            grew.setdefault((message.channel, message.root_ts), time.monotonic() - killed_at)

    settings = {"DATABASE_URL": url, **SPEEDY}
    with tempfile.TemporaryDirectory() as folder:
        async with aloud(slack, model, Path(folder), **settings) as first:
            places = [
                (channel, await slack.post(user, channel, "a question"))
                for user, channel in add_people(slack, _TURNS)
            ]
            await slack.wait_for(lambda: len(slack.workspace.streams) == _TURNS, timeout=30)
            async with aloud(slack, model, Path(folder), **settings):
                await first.end(signal.SIGKILL)
                killed_at = time.monotonic()
                slack.workspace.watch(watch)
                lost = await wait_for_answers(slack, places, _PATIENCE_SECONDS)
    return list(grew.values()), lost
