"""A turn in a thread of 10,000 messages against one in shorter threads."""

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

_SHORT, _FULL, _LONG = 10, 200, 10_000
"""Of messages; from the second on as many go to the model as ever do."""

_TURNS = 20


async def measure() -> list[Figure]:
    """Call the bot into the threads, then ask it more there, in turns."""
    async with StandIn() as slack, serving_model() as model:
        places = [
            await _write_thread(slack, GENERAL, _SHORT),
            await _write_thread(slack, GENERAL, _FULL),
            await _write_thread(slack, RANDOM, _LONG),
        ]
        with tempfile.TemporaryDirectory() as folder:
            async with aloud(slack, model, Path(folder)):
                first = [await _time_turn(slack, place) for place in places]
                times = []
                for _ in range(_TURNS):
                    # Posts in a channel are kept a second apart, which is not what counts here.
                    await asyncio.sleep(2 * POST_SECONDS)
                    times.append([await _time_turn(slack, place) for place in places])
    short, full, long = (statistics.median(column) for column in zip(*times, strict=True))
    return [
        _compare(_SHORT, short, long, "≤ 1.3 times"),
        _compare(_FULL, full, long, ""),
        Figure(
            "the first turn there, which reads the thread",
            f"{first[2]:.2f} s against {first[0]:.2f} s",
        ),
    ]


def _compare(messages: int, seconds: float, long: float, target: str) -> Figure:
    told = f"{long / seconds:.2f} times ({seconds * 1_000:.0f}, {long * 1_000:.0f} ms)"
    return Figure(f"a turn after {_LONG:,} messages against {messages}", told, target)


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
