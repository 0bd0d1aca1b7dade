"""Everybody writes at once."""

import asyncio
import re
import signal
from collections import defaultdict
from pathlib import Path

import aiosqlite

from bot.demo.server import StandIn
from bot.demo.workspace import Place, User
from tests.chatting import say
from tests.model.server import ModelServer
from tests.running import running, settings_of

PEOPLE, EACH = 100, 3


async def test_a_burst_is_answered_whole_and_every_thread_in_its_order(tmp_path: Path) -> None:
    model = ModelServer()
    model.replies = [say("Hello!")]
    threads: list[Place] = []
    async with StandIn(retry_delays=(1.0,) * 30) as slack, model.serve():
        async with running("run", settings_of(slack, model, tmp_path)) as bot:
            await bot.logged(r"\bready\b")
            await asyncio.gather(*(write_a_thread(slack, n, threads) for n in range(PEOPLE)))
            await slack.delivered(timeout=60)
            await wait_until_closed(tmp_path)
            assert await bot.end(signal.SIGTERM) == 0
        said = sum(len(slack.messages(*place)) for place in threads)

    asked = defaultdict(list)
    for request in model.requests:
        for person, question in re.findall(
            r"person (\d+), question (\d+)", request.body["messages"][-1]["content"]
        ):
            asked[person].append(int(question))
    assert asked == {str(n): list(range(EACH)) for n in range(PEOPLE)}
    assert said == PEOPLE * EACH + len(model.requests)
    query = "SELECT state, outcome, count(*) FROM turns WHERE kind = 'message' GROUP BY 1, 2"
    assert await read(tmp_path, query) == [("closed", "answered", PEOPLE * EACH)]


async def read(folder: Path, query: str) -> list[tuple[object, ...]]:
    async with aiosqlite.connect(folder / "aloud.db") as database:
        return [tuple(row) for row in await database.execute_fetchall(query)]


async def wait_until_closed(folder: Path) -> None:
    query = "SELECT count(*) FROM turns WHERE state <> 'closed'"
    async with asyncio.timeout(60):
        while await read(folder, query) != [(0,)]:  # noqa: ASYNC110  # nobody is told from outside
            await asyncio.sleep(0.1)


async def write_a_thread(slack: StandIn, number: int, threads: list[Place]) -> None:
    """Let somebody new write some messages in a row."""
    user = slack.workspace.add_user(User(f"U0{number:08}", f"user{number}", f"User {number}")).id
    channel = slack.workspace.direct_channel(user).id
    texts = [f"person {number}, question {n}" for n in range(EACH)]
    root = await slack.post(user, channel, texts[0])
    for text in texts[1:]:
        await slack.post(user, channel, text, root)
    threads.append((channel, root))
