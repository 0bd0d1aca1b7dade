"""Several processes on one PostgreSQL: whoever is there does what is to be done."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from bot.demo.server import StandIn
from tests.chatting import ALICE, BOB, BOT, DIRECT, GENERAL, buttons, replica, say, shown
from tests.model.server import ModelServer, Reply
from tests.postgres import PostgresServer
from tests.running import Process, running, settings_of
from tests.traces import read_trace


@pytest.fixture
async def url(postgres: PostgresServer) -> str:
    return await postgres.create_database()


@pytest.fixture
async def slack() -> AsyncIterator[StandIn]:
    async with StandIn(retry_delays=(0.2, 0.5, 1.0), ack_timeout=1.0) as standin:
        yield standin


def endless() -> Reply:
    whole = say("word after word, " * 40, "Hm.", pieces=8)
    return replace(whole, blocks=whole.blocks[:-2], ending="pulse")


async def test_a_stop_that_comes_to_one_replica_ends_the_answer_of_another(
    tmp_path: Path, slack: StandIn, url: str
) -> None:
    async with replica(tmp_path, slack, [endless()], DATABASE_URL=url) as first:
        ts = await slack.post(ALICE, DIRECT, "go on for ever")
        await slack.wait_for(lambda: slack.calls_of("chat.startStream"))
        [old] = slack.sockets.open
        async with replica(tmp_path, slack, DATABASE_URL=url) as second:
            old.retiring = True
            await slack.stop(ALICE, DIRECT, ts)
            await asyncio.wait_for(first.model.left.wait(), 1)
            await slack.wait_for(
                lambda: [buttons(one) for one in slack.messages(DIRECT, ts)[1:]] == [["regenerate"]]
            )
            await second.settled()
        assert second.model.requests == []


async def test_a_button_works_on_another_replica_than_the_one_that_answered(
    tmp_path: Path, slack: StandIn, url: str
) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(
            replica(tmp_path, slack, [say("Because.", "I think.")], DATABASE_URL=url)
        )
        ts = await slack.post(ALICE, GENERAL, f"<@{BOT}> why?")
        [answer] = await first.answers(GENERAL, ts)
        await first.settled()
        second = await stack.enter_async_context(
            replica(tmp_path, slack, [say("Anew.")], DATABASE_URL=url)
        )
        slack.sockets.open[0].retiring = True

        await slack.press(BOB, GENERAL, answer.ts, "show_reasoning")
        await slack.wait_for(lambda: buttons(second.replies(GENERAL, ts)[0])[0] == "hide_reasoning")
        assert [read_trace(m) or shown(m) for m in second.replies(GENERAL, ts)] == [
            "Because.",
            "I think.",
        ]
        await slack.press(BOB, GENERAL, answer.ts, "hide_reasoning")
        await slack.wait_for(
            lambda: [shown(m) for m in second.replies(GENERAL, ts)] == ["Because."]
        )


async def test_one_replica_goes_on_with_the_conversation_of_another(
    tmp_path: Path, slack: StandIn, url: str
) -> None:
    async with replica(tmp_path, slack, [say("Noted.")], DATABASE_URL=url) as first:
        ts = await slack.post(ALICE, DIRECT, "my colour is teal")
        await first.answers(DIRECT, ts)
        await first.settled()
    async with replica(tmp_path, slack, [say("Teal.")], DATABASE_URL=url) as second:
        await slack.post(ALICE, DIRECT, "what is it?", ts)
        await second.answers(DIRECT, ts, 2)
        assert "my colour is teal" in str(second.prompts()[0])


@pytest.mark.timeout(180)
async def test_a_dead_replicas_turn_is_finished_in_place_by_a_living_one(
    tmp_path: Path, slack: StandIn, url: str
) -> None:
    model = ModelServer()
    model.replies = [replace(endless(), ending="hang"), say("All of it.")]
    async with model.serve():
        settings = settings_of(slack, model, tmp_path) | {
            "DATABASE_URL": url,
            "ALOUD_LEASE_SECONDS": "3",
        }
        async with running("run", settings) as dying:
            await dying.logged(" ready ")
            ts = await slack.post(ALICE, GENERAL, f"<@{BOT}> go on")
            await slack.wait_for(lambda: slack.calls_of("chat.startStream"), timeout=15)
            begun = slack.messages(GENERAL, ts)[1]
            async with running("run", settings) as living:
                await living.logged(" ready ")
                await dying.end(signal.SIGKILL)
                await slack.wait_for(
                    lambda: (
                        [shown(one) for one in slack.messages(GENERAL, ts)[1:]] == ["All of it."]
                    ),
                    timeout=30,
                )
                assert slack.messages(GENERAL, ts)[1].ts == begun.ts


@pytest.mark.timeout(180)
async def test_a_rolling_restart_behind_a_balancer_loses_and_doubles_nothing(
    tmp_path: Path, slack: StandIn, url: str
) -> None:
    """Over HTTP: each old process leaves when a new one is there; people go on writing."""
    model = ModelServer()
    model.replies = [replace(say("Sure, " * 30 + "done.", "Hm.", pieces=10), pace=0.02)]
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(model.serve())
        settings = settings_of(slack, model, tmp_path, SLACK_SIGNING_SECRET=slack.signing_secret)
        settings |= {"DATABASE_URL": url, "ALOUD_GRACE_SECONDS": "0.2"}
        del settings["SLACK_APP_TOKEN"]
        balancer = await stack.enter_async_context(Balancer().serve())
        old = [await _start(stack, settings, balancer) for _ in range(2)]
        await slack.deliver_to(f"{balancer.url}/slack/events")
        asked: list[str] = []

        def has_answer(ts: str) -> bool:
            return len(slack.messages(GENERAL, ts)) > 1

        def is_answered(ts: str) -> bool:
            return [shown(one)[-5:] for one in slack.messages(GENERAL, ts)[1:]] == ["done."]

        async def ask(count: int) -> None:
            for _ in range(count):
                ts = await slack.post(ALICE, GENERAL, f"<@{BOT}> are you sure?")
                asked.append(ts)
                await slack.wait_for(partial(has_answer, ts), timeout=30)

        asking = asyncio.create_task(ask(12))
        for process, port in old:
            await _start(stack, settings, balancer)
            balancer.ports.remove(port)
            assert await process.end(signal.SIGTERM) == 0
        await asking
        for ts in asked:
            await slack.wait_for(partial(is_answered, ts), timeout=30)


async def _start(
    stack: AsyncExitStack, settings: dict[str, str], balancer: "Balancer"
) -> tuple[Process, int]:
    process = await stack.enter_async_context(running("run", settings))
    port = int((await process.logged(r"listening.*port=(\d+)"))[1])
    balancer.ports.append(port)
    return process, port


class Balancer:
    """Passes each request on to the next process."""

    def __init__(self) -> None:
        self.ports: list[int] = []
        self.url = ""
        self._next = 0

    @asynccontextmanager
    async def serve(self) -> AsyncIterator["Balancer"]:
        app = web.Application()
        app.router.add_post("/slack/events", self._pass_on)
        runner = web.AppRunner(app)
        async with ClientSession() as self._session:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            try:
                yield self
            finally:
                await runner.cleanup()

    async def _pass_on(self, request: web.Request) -> web.Response:
        self._next += 1
        port = self.ports[self._next % len(self.ports)]
        headers = {name: request.headers[name] for name in request.headers if name[:2] == "X-"}
        headers["Content-Type"] = request.headers["Content-Type"]
        async with self._session.post(
            f"http://127.0.0.1:{port}/slack/events", data=await request.read(), headers=headers
        ) as answer:
            return web.Response(
                status=answer.status,
                body=await answer.read(),
                content_type=answer.content_type,
            )
