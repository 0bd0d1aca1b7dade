"""Measures the bot as a process against the stand-in: `python -m tests.benchmarks.figures`.

Bounded and on loopback alone. Prints each figure with its target; times are the machine's own.
"""

import asyncio
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bot.demo.server import StandIn
from tests.chatting import ALICE, BOT, DIRECT, GENERAL, say
from tests.model.server import ModelServer
from tests.test_process import Process, running, settings_of

EVENTS = 500
PER_SECOND = 50
STARTS = 5


async def main() -> None:
    async with StandIn() as slack:
        model = ModelServer()
        model.replies = [say("A short answer.", "I think.")]
        async with model.serve():
            with tempfile.TemporaryDirectory() as folder:
                await measure_starts(slack, model, Path(folder))
            with tempfile.TemporaryDirectory() as folder:
                await measure_turns(slack, model, Path(folder))
            with tempfile.TemporaryDirectory() as folder:
                await measure_long_answer(slack, model, Path(folder))


async def measure_starts(slack: StandIn, model: ModelServer, folder: Path) -> None:
    times, memory = [], 0
    for _ in range(STARTS):
        begun = time.perf_counter()
        async with running("run", settings_of(slack, model, folder)) as bot:
            await bot.logged(r"\bready\b")
            times.append(time.perf_counter() - begun)
            memory = read_memory(bot)
    tell("start to ready, median", f"{statistics.median(times):.2f} s", "< 1.5 s")
    tell("idle memory", f"{memory} MB", "< 100 MB")


async def measure_turns(slack: StandIn, model: ModelServer, folder: Path) -> None:
    settings = settings_of(slack, model, folder, ALOUD_MODEL_CALLS="16")
    async with running("run", settings) as bot:
        await bot.logged(r"\bready\b")
        threads = [await ask(slack, n) for n in range(3)]
        await slack.wait_for(lambda: all(len(slack.messages(GENERAL, ts)) == 2 for ts in threads))
        before = len(slack.calls)
        alone = await ask(slack, 3)
        await slack.wait_for(lambda: len(slack.messages(GENERAL, alone)) == 2)
        calls = [call.method for call in slack.calls[before:]]
        tell("Slack calls of a short answer", f"{len(calls)} ({', '.join(calls)})", "≤ 3")

        known = len(slack.deliveries.records)
        begun = time.perf_counter()
        for n in range(EVENTS):
            await asyncio.sleep(max(0.0, begun + n / PER_SECOND - time.perf_counter()))
            await slack.post(ALICE, DIRECT, f"question {n}")
        await slack.delivered(timeout=60)
        acks = sorted(
            (record.acked_at - record.sent_at) * 1_000
            for record in slack.deliveries.records[known:]
            if record.acked_at is not None and record.payload["event"].get("user") == ALICE
        )
        tell(f"ack p50 at {PER_SECOND} events/s", f"{acks[len(acks) // 2]:.1f} ms", "")
        tell(
            f"ack p99 at {PER_SECOND} events/s", f"{acks[int(len(acks) * 0.99)]:.1f} ms", "< 50 ms"
        )


async def measure_long_answer(slack: StandIn, model: ModelServer, folder: Path) -> None:
    paragraphs = "\n\n".join(f"Paragraph {n}: " + "some words. " * 40 for n in range(40))
    model.replies = [replace(say(paragraphs, "I think.", pieces=200), pace=0.15)]
    async with running("run", settings_of(slack, model, folder)) as bot:
        await bot.logged(r"\bready\b")
        before = len(slack.calls)
        begun = time.perf_counter()
        ts = await ask(slack, 0)
        await slack.wait_for(
            lambda: "Paragraph 39" in str(slack.messages(GENERAL, ts)[-1]), timeout=60
        )
        seconds = time.perf_counter() - begun
        calls = [call.method for call in slack.calls[before:]]
    tell(
        f"Slack calls of a long answer ({len(paragraphs)} characters in {seconds:.1f} s)",
        str(len(calls)),
        "≤ 1 a second",
    )


async def ask(slack: StandIn, n: int) -> str:
    return await slack.post(ALICE, GENERAL, f"<@{BOT}> question {n}")


def read_memory(bot: Process) -> int:
    """Resident memory in MB, from /proc."""
    status = Path(f"/proc/{bot.process.pid}/status").read_text(encoding="utf-8")
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) // 1024


def tell(what: str, figure: str, target: str) -> None:
    print(f"{what:45} {figure:30} {target}")  # noqa: T201  # the figures are what it is for


if __name__ == "__main__":
    asyncio.run(main())
