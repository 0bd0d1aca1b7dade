"""A turn in a thread of 10,000 messages against one in a thread of ten."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from bot.demo.server import StandIn
from bot.slack.limits import POST_SECONDS
from tests.benchmarks.bots import aloud
from tests.benchmarks.figures import Figure
from tests.benchmarks.modelling import serving_model
from tests.chatting import ALICE, BOB, BOT, GENERAL, RANDOM

_SHORT, _LONG = 10, 10_000
_TURNS = 20


async def measure() -> list[Figure]:
    """Call the bot into both threads, then ask it more there, in turns."""
    async with StandIn() as slack, serving_model() as model:
        short = await _write_thread(slack, GENERAL, _SHORT)
        long = await _write_thread(slack, RANDOM, _LONG)
        with tempfile.TemporaryDirectory() as folder:
            async with aloud(slack, model, Path(folder)):
                first = [await _time_turn(slack, place) for place in (short, long)]
                times = []
                for _ in range(_TURNS):
                    # Posts in a channel are kept a second apart, which is not what counts here.
                    await asyncio.sleep(POST_SECONDS)
                    times.append([await _time_turn(slack, place) for place in (short, long)])
    in_short, in_long = (statistics.median(column) for column in zip(*times, strict=True))
    told = f"{in_long / in_short:.2f} times ({in_short * 1_000:.0f}, {in_long * 1_000:.0f} ms)"
    return [
        Figure(f"a turn after {_LONG:,} messages against {_SHORT}", told, "≤ 1.3 times"),
        Figure(
            "the first turn there, which reads the thread",
            " against ".join(f"{seconds:.2f} s" for seconds in reversed(first)),
        ),
    ]


async def _write_thread(slack: StandIn, channel: str, messages: int) -> tuple[str, str]:
    [root] = await slack.seed(channel, [(ALICE, "What shall we do?")])
    said = [((ALICE, BOB)[n % 2], f"Thought {n} on the matter.") for n in range(messages - 1)]
    await slack.seed(channel, said, root)
    return channel, root


async def _time_turn(slack: StandIn, place: tuple[str, str]) -> float:
    channel, root = place
    begun = time.perf_counter()
    asked = await slack.post(ALICE, channel, f"<@{BOT}> And now?", root)
    await slack.wait_for(lambda: _is_answered(slack, place, asked), timeout=60)
    return time.perf_counter() - begun


def _is_answered(slack: StandIn, place: tuple[str, str], asked: str) -> bool:
    last = slack.workspace.replies(place, after=asked)
    return any(one.user == BOT and one.streaming != "in_progress" for one in last)
