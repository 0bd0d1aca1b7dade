"""The database is locked, full, restarted, cut off or gone; and then it is back."""

import asyncio
import resource
import signal
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import aiosqlite
import httpx

from bot.demo.server import StandIn
from bot.demo.workspace import Place
from tests.chatting import ALICE, BOT, DIRECT, GENERAL, buttons, chatting, replica, say, shown
from tests.model.server import ModelServer, Reply
from tests.postgres import PostgresServer
from tests.running import Process, running, settings_of
from tests.weather.log import Log

CUT_ALOUD = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'aloud' AND datname = current_database()
"""
OFTEN = (0.2,) * 200
"""Slack would wait for minutes; a test would too."""


def held() -> Reply:
    return replace(say("Hello!", "Hm."), pause_at=0)


def texts(slack: StandIn, channel: str, ts: str) -> list[str]:
    return [shown(one) for one in slack.messages(channel, ts) if one.user == BOT]


async def answered_once(slack: StandIn, *places: Place) -> None:
    """Wait until each place has its answer, and see that it has no other."""
    await slack.wait_for(lambda: all(texts(slack, *place) for place in places), timeout=60)
    assert [texts(slack, *place) for place in places] == [["Hello!"]] * len(places)


async def ready(port: str) -> int:
    async with httpx.AsyncClient() as http:
        return (await http.get(f"http://127.0.0.1:{port}/readyz")).status_code


async def test_while_another_program_locks_the_file_nothing_is_acked_lost_or_doubled(
    tmp_path: Path, log: Log
) -> None:
    async with (
        StandIn(retry_delays=OFTEN, ack_timeout=0.5) as slack,
        chatting(tmp_path, slack=slack) as chat,
    ):
        async with aiosqlite.connect(tmp_path / "aloud.db", isolation_level=None) as program:
            await program.execute("BEGIN IMMEDIATE")
            ts = await slack.post(ALICE, DIRECT, "hi")
            await log.seen("event_not_accepted")
            assert slack.deliveries.pending == 1
            await program.execute("ROLLBACK")
        await answered_once(slack, (DIRECT, ts))
        await chat.settled()
        await answered_once(slack, (DIRECT, ts))
        assert len(chat.model.requests) == 1


async def test_a_file_that_was_deleted_under_it_is_noticed(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    port = str(unused_tcp_port)
    async with chatting(tmp_path, PORT=port):
        assert await ready(port) == 200
        (tmp_path / "aloud.db").unlink()
        assert await ready(port) == 503


def fill_disk(bot: Process) -> None:
    """Let the process write no more to any file."""
    _, most = resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE, (0, most))


def free_disk(bot: Process) -> None:
    _, most = resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE, (most, most))


async def test_on_a_full_disk_it_is_not_ready_and_goes_on_when_there_is_space(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    first = held()
    model = ModelServer()
    model.replies = [first, say("Hello!")]
    async with StandIn(retry_delays=OFTEN, ack_timeout=0.5) as slack, model.serve():
        port = str(unused_tcp_port)
        async with running("run", settings_of(slack, model, tmp_path, PORT=port)) as bot:
            await bot.logged(r"\bready\b")
            ts = await slack.post(ALICE, DIRECT, "question 1")
            await model.asked()
            assert await ready(port) == 200

            fill_disk(bot)
            first.go_on.set()
            await bot.logged("turn_not_queued_again")
            other = await slack.post(ALICE, GENERAL, f"<@{BOT}> question 2")
            await bot.logged("event_not_accepted")
            assert await ready(port) == 503

            free_disk(bot)
            await answered_once(slack, (DIRECT, ts), (GENERAL, other))
            assert await ready(port) == 200
            assert await bot.end(signal.SIGTERM) == 0
            await answered_once(slack, (DIRECT, ts), (GENERAL, other))


async def test_a_postgresql_that_is_not_there_ends_the_start_with_a_sentence(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    url = f"postgresql://aloud:secret@127.0.0.1:{unused_tcp_port}/aloud"
    model = ModelServer()
    async with StandIn() as slack, model.serve():
        settings = settings_of(slack, model, tmp_path, DATABASE_URL=url)
        async with running("run", settings) as bot:
            assert await bot.ended() == 1

    told = f"aloud: DATABASE_URL: the PostgreSQL server at 127.0.0.1:{unused_tcp_port} can't be"
    assert told in bot.log
    assert "secret" not in bot.log
    assert "Traceback" not in bot.log


async def test_after_a_crash_of_postgresql_nothing_is_lost_or_doubled(
    tmp_path: Path, postgres: PostgresServer, unused_tcp_port: int, log: Log
) -> None:
    first = held()
    settings = {"DATABASE_URL": await postgres.create_database(), "PORT": str(unused_tcp_port)}
    async with (
        StandIn(retry_delays=OFTEN, ack_timeout=0.5) as slack,
        replica(tmp_path, slack, [first, say("Hello!")], model=None, **settings) as chat,
    ):
        ts = await slack.post(ALICE, DIRECT, "question 1")
        await chat.model.asked()
        await asyncio.to_thread(postgres.stop, signal.SIGQUIT)
        try:
            first.go_on.set()
            await log.seen("turn_not_queued_again")
            other = await slack.post(ALICE, GENERAL, f"<@{BOT}> question 2")
            await log.seen("event_not_accepted")
            assert await ready(settings["PORT"]) == 503
        finally:
            await asyncio.to_thread(postgres.start)
        await answered_once(slack, (DIRECT, ts), (GENERAL, other))
        await chat.settled()
        await answered_once(slack, (DIRECT, ts), (GENERAL, other))
        assert await ready(settings["PORT"]) == 200


async def test_when_all_connections_are_cut_answers_go_on_and_a_stop_is_heard(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    first, endless = held(), Reply(ending="hang", held=True)
    url = await postgres.create_database()
    async with StandIn(retry_delays=OFTEN, ack_timeout=0.5) as slack, AsyncExitStack() as stack:
        one = await stack.enter_async_context(
            replica(tmp_path, slack, [first, endless], DATABASE_URL=url)
        )
        ts = await slack.post(ALICE, DIRECT, "question 1")
        await one.model.asked()
        [old] = slack.sockets.open
        await stack.enter_async_context(replica(tmp_path, slack, [endless], DATABASE_URL=url))
        await postgres.execute(CUT_ALOUD, url.rpartition("/")[2])
        first.go_on.set()
        await slack.wait_for(lambda: texts(slack, DIRECT, ts) == ["Hello!"], timeout=30)
        await one.settled()
        assert len(one.model.requests) == 1

        ts = await slack.post(ALICE, GENERAL, f"<@{BOT}> go on for ever")
        await slack.wait_for(
            lambda: slack.workspace.status_of((GENERAL, ts)) == "is thinking…", timeout=30
        )
        old.retiring = True
        await slack.stop(ALICE, GENERAL, ts)
        await slack.wait_for(
            lambda: [buttons(said) for said in slack.messages(GENERAL, ts)[1:]] == [["regenerate"]],
            timeout=30,
        )
        await one.settled()
