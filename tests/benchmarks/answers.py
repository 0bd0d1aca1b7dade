"""What an answer costs beyond the model's time: ours, and calls of Slack's API."""

import asyncio
import tempfile
import time
from collections import Counter
from pathlib import Path

from bot.demo.server import StandIn
from tests.benchmarks.bots import SPEEDY, add_people, aloud, is_answered, naive_bot
from tests.benchmarks.figures import Figure, describe_times
from tests.benchmarks.modelling import Speech, serving_model
from tests.chatting import BOT
from tests.model.server import ModelServer, Reply, chunk, frame

_TURNS = 100
_FIRST_WORDS = 20
_WARM_UP = 3
_PARAGRAPHS = 40


async def measure() -> list[Figure]:
    """Ask one question after the other, nobody else being there."""
    return [
        await _measure_share(),
        await _measure_first_words(),
        await _count_calls_of_a_short_answer(),
        await _count_calls_of_a_long_answer(),
    ]


async def _measure_share() -> Figure:
    """Model and Slack answer at once here, so nearly all of a turn's time is the bot's own."""
    told = {}
    for run in (aloud, naive_bot):
        async with StandIn() as slack, serving_model() as model:
            people = add_people(slack, _TURNS + _WARM_UP)
            with tempfile.TemporaryDirectory() as folder:
                async with run(slack, model, Path(folder)):
                    times = [await _time_turn(slack, *person) for person in people]
        told[run] = describe_times(times[_WARM_UP:])
    return Figure(
        "a turn, model and Slack answering at once, p50 / p99",
        told[aloud],
        "p50 < 30 ms",
        told[naive_bot],
    )


async def _time_turn(slack: StandIn, user: str, channel: str) -> float:
    begun = time.perf_counter()
    place = (channel, await slack.post(user, channel, "a question"))
    await slack.wait_for(lambda: is_answered(slack, place), timeout=30)
    return time.perf_counter() - begun


async def _measure_first_words() -> Figure:
    """From the moment the model says its first word to the moment it stands in Slack."""
    model, times = ModelServer(), []
    words = [frame(chunk(reasoning="Hm.")), frame(chunk("The first words of many. "))]
    async with StandIn() as slack, model.serve():
        people = add_people(slack, _FIRST_WORDS)
        with tempfile.TemporaryDirectory() as folder:
            async with aloud(slack, model, Path(folder), **SPEEDY):
                for person in people:
                    speech = Reply(words, pause_at=1, ending="hang")
                    model.replies = [speech]
                    times.append(await _time_first_words(slack, model, speech, *person))
    return Figure(
        "first word of the model to visible in Slack, p50 / p99",
        describe_times(times),
        "< 300 ms",
    )


async def _time_first_words(
    slack: StandIn, model: ModelServer, speech: Reply, user: str, channel: str
) -> float:
    known = len(model.requests)
    ts = await slack.post(user, channel, "a question")
    while len(model.requests) == known:  # noqa: ASYNC110  # the server tells nobody
        await asyncio.sleep(0.01)
    begun = time.perf_counter()
    speech.go_on.set()
    await slack.wait_for(
        lambda: any(one.user == BOT for one in slack.messages(channel, ts)), timeout=30
    )
    return time.perf_counter() - begun


async def _count_calls_of_a_short_answer() -> Figure:
    async with StandIn() as slack, serving_model() as model:
        [person] = add_people(slack, 1)
        with tempfile.TemporaryDirectory() as folder:
            async with aloud(slack, model, Path(folder)):
                for _ in range(_WARM_UP):
                    await _time_turn(slack, *person)
                known = len(slack.calls)
                await _time_turn(slack, *person)
        counts = Counter(call.method for call in slack.calls[known:])
    told = ", ".join(f"{count} {method}" for method, count in counts.items())
    return Figure("Slack calls of a short answer", f"{counts.total()} ({told})", "≤ 3")


async def _count_calls_of_a_long_answer() -> Figure:
    answer = "\n\n".join(f"Paragraph {n}: " + "some words. " * 40 for n in range(_PARAGRAPHS))
    speech = Speech(answer, pieces=200, pace=0.15)
    async with StandIn() as slack, serving_model(speech) as model:
        [(user, channel)] = add_people(slack, 1)
        with tempfile.TemporaryDirectory() as folder:
            async with aloud(slack, model, Path(folder)):
                known = len(slack.calls)
                begun = time.perf_counter()
                ts = await slack.post(user, channel, "a question")
                last = f"Paragraph {_PARAGRAPHS - 1}"
                await slack.wait_for(
                    lambda: last in str(slack.messages(channel, ts)[-1]), timeout=120
                )
                seconds = time.perf_counter() - begun
        calls = len(slack.calls) - known
    return Figure(
        f"Slack calls a second, {len(answer):,} characters in {seconds:.0f} s",
        f"{calls / seconds:.2f} ({calls} calls)",
        "≤ 1",
    )
