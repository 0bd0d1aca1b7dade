"""Bots as processes, the program and the naive one, and people who write to them."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.demo.server import StandIn
from bot.demo.workspace import User
from tests.chatting import BOT
from tests.running import Process, Served, running, settings_of

READY = r"\bready\b"

SPEEDY = {"ALOUD_MODEL_CALLS": "64", "ALOUD_TURNS": "64", "ALOUD_WORKSPACE_TURNS": "64"}
"""Settings under which nothing but the machine limits how much is done at once."""


@asynccontextmanager
async def aloud(
    slack: StandIn, model: Served, folder: Path, **settings: str
) -> AsyncIterator[Process]:
    """Run the program, ready for events, until the block ends."""
    async with running("run", settings_of(slack, model, folder, **settings)) as process:
        await process.logged(READY)
        yield process


@asynccontextmanager
async def naive_bot(slack: StandIn, model: Served, folder: Path) -> AsyncIterator[Process]:
    """Run the naive bot, ready for events, until the block ends."""
    settings = settings_of(slack, model, folder)
    async with running("run", settings, module="tests.benchmarks.naive") as process:
        await process.logged(READY)
        yield process


def add_people(slack: StandIn, count: int) -> list[tuple[str, str]]:
    """Add people to the workspace; return each with the channel of their direct messages."""
    users = [
        slack.workspace.add_user(User(f"U0{n:08}", f"user{n}", f"User {n}")).id
        for n in range(count)
    ]
    return [(user, slack.workspace.direct_channel(user).id) for user in users]


async def write_steadily(
    slack: StandIn, people: list[tuple[str, str]], count: int, per_second: float
) -> list[tuple[str, str]]:
    """Write so many direct messages, one person after the other; return their places."""
    begun = time.monotonic()
    places = []
    for n in range(count):
        await asyncio.sleep(max(0.0, begun + n / per_second - time.monotonic()))
        user, channel = people[n % len(people)]
        places.append((channel, await slack.post(user, channel, f"question {n}")))
    return places


def is_answered(slack: StandIn, place: tuple[str, str]) -> bool:
    """Whether an answer stands in the thread, whole."""
    said = [one for one in slack.messages(*place) if one.user == BOT]
    return bool(said) and all(one.streaming != "in_progress" for one in said)


async def wait_for_answers(slack: StandIn, places: list[tuple[str, str]], seconds: float) -> int:
    """Wait until all are answered, or for so long; return how many are not."""
    waiting = list(places)

    def none_waits() -> bool:
        while waiting and is_answered(slack, waiting[-1]):
            waiting.pop()
        return not waiting

    try:
        await slack.wait_for(none_waits, seconds)
    except TimeoutError:
        return sum(not is_answered(slack, place) for place in places)
    return 0


def read_acks(slack: StandIn, places: list[tuple[str, str]]) -> list[float]:
    """Return how long each of these messages waited for its ack, in seconds."""
    wanted = set(places)
    return [
        record.acked_at - record.sent_at
        for record in slack.deliveries.records
        if record.acked_at is not None
        and record.type == "events_api"
        and (record.payload["event"].get("channel"), record.payload["event"].get("ts")) in wanted
    ]


def read_cpu(process: Process) -> float:
    """Return the seconds of processor time used so far, from /proc."""
    stat = Path(f"/proc/{process.process.pid}/stat").read_text(encoding="utf-8")
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def read_memory(process: Process) -> int:
    """Return the resident memory in MB, from /proc."""
    status = Path(f"/proc/{process.process.pid}/status").read_text(encoding="utf-8")
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) // 1024
