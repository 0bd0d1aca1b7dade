"""The real program as a process: start, stop, death and return, refusals."""

import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from bot.demo.server import StandIn
from tests.chatting import ALICE, BOT, DIRECT, GENERAL, say, shown
from tests.installing import install
from tests.model.server import ModelServer
from tests.running import running, settings_of


@pytest.fixture
async def slack() -> AsyncIterator[StandIn]:
    async with StandIn(retry_delays=(0.2, 0.5, 1.0), ack_timeout=1.0) as standin:
        yield standin


@pytest.fixture
async def model() -> AsyncIterator[ModelServer]:
    server = ModelServer()
    server.replies = [say("Hello!")]
    async with server.serve():
        yield server


async def test_it_starts_answers_and_leaves_on_sigterm(
    slack: StandIn, model: ModelServer, tmp_path: Path
) -> None:
    async with running("run", settings_of(slack, model, tmp_path)) as bot:
        await bot.logged(r"ready")
        ts = await slack.post(ALICE, DIRECT, "hi")
        await slack.wait_for(lambda: len(slack.messages(DIRECT, ts)) == 2)

        assert await bot.end(signal.SIGTERM) == 0
        assert "xoxb" not in bot.log
        assert "xapp" not in bot.log


async def test_sigterm_lets_a_running_answer_finish(
    slack: StandIn, model: ModelServer, tmp_path: Path
) -> None:
    slow = replace(say("All of it.", "Hm.", pieces=4), pause_at=2)
    model.replies = [slow]
    async with running("run", settings_of(slack, model, tmp_path)) as bot:
        await bot.logged(r"ready")
        ts = await slack.post(ALICE, DIRECT, "hi")
        await slack.wait_for(lambda: slack.calls_of("chat.startStream"))
        bot.process.send_signal(signal.SIGTERM)
        await bot.logged("draining")
        slow.go_on.set()

        assert await bot.ended() == 0
        assert [shown(one) for one in slack.messages(DIRECT, ts)[1:]] == ["All of it."]


async def test_what_sigterm_cut_short_is_answered_by_the_next_start(
    slack: StandIn, model: ModelServer, tmp_path: Path
) -> None:
    endless = replace(say("A part of it.", "Hm.", pieces=4), pause_at=3)
    model.replies = [endless, say("All of it.")]
    settings = settings_of(slack, model, tmp_path, ALOUD_GRACE_SECONDS="0.1")
    async with running("run", settings) as bot:
        await bot.logged(r"ready")
        ts = await slack.post(ALICE, DIRECT, "hi")
        await slack.wait_for(lambda: slack.calls_of("chat.startStream"))
        assert await bot.end(signal.SIGTERM) == 0

    async with running("run", settings) as bot:
        await slack.wait_for(
            lambda: [shown(one) for one in slack.messages(DIRECT, ts)[1:]] == ["All of it."],
            timeout=15,
        )


async def test_killed_in_the_middle_of_an_answer_it_finishes_after_the_restart(
    slack: StandIn, model: ModelServer, tmp_path: Path
) -> None:
    endless = replace(say("A part of it.", "Hm.", pieces=4), pause_at=3)
    model.replies = [endless, say("All of it.")]
    settings = settings_of(slack, model, tmp_path)
    async with running("run", settings) as bot:
        await bot.logged(r"ready")
        ts = await slack.post(ALICE, GENERAL, f"<@{BOT}> hi")
        await slack.wait_for(lambda: slack.calls_of("chat.startStream"))
        await bot.end(signal.SIGKILL)

    async with running("run", settings):
        await slack.wait_for(
            lambda: [shown(one) for one in slack.messages(GENERAL, ts)[1:]] == ["All of it."],
            timeout=15,
        )
        assert all(one.streaming != "in_progress" for one in slack.messages(GENERAL, ts))


async def test_over_http_signed_events_and_presses_work(
    slack: StandIn, model: ModelServer, tmp_path: Path
) -> None:
    model.replies = [say("Hello!", "I greet.")]
    settings = settings_of(slack, model, tmp_path, SLACK_SIGNING_SECRET=slack.signing_secret)
    del settings["SLACK_APP_TOKEN"]
    async with running("run", settings) as bot:
        port = (await bot.logged(r"listening.*port=(\d+)"))[1]
        url = f"http://127.0.0.1:{port}"
        await slack.deliver_to(f"{url}/slack/events")
        ts = await slack.post(ALICE, GENERAL, f"<@{BOT}> hi")
        await slack.wait_for(lambda: len(slack.messages(GENERAL, ts)) == 2)
        answer = slack.messages(GENERAL, ts)[1]
        await slack.press(ALICE, GENERAL, answer.ts, "show_reasoning")
        await slack.wait_for(lambda: len(slack.messages(GENERAL, ts)) == 3)

        async with httpx.AsyncClient() as http:
            forged = await http.post(f"{url}/slack/events", json={"type": "url_verification"})
            assert forged.status_code == 401
            assert (await http.get(f"{url}/healthz")).text == "ok\n"
            assert (await http.get(f"{url}/readyz")).status_code == 200
            metrics = (await http.get(f"{url}/metrics")).text
            assert 'aloud_turns_closed_total{outcome="answered"} 1.0' in metrics
        assert await bot.end(signal.SIGTERM) == 0


async def test_every_problem_of_a_start_is_named(
    slack: StandIn, model: ModelServer, tmp_path: Path
) -> None:
    settings = settings_of(slack, model, tmp_path)
    settings |= {
        "SLACK_BOT_TOKEN": "xoxb-wrong",
        "SLACK_APP_TOKEN": "xapp-wrong",
        "DATABASE_URL": "sqlite:////proc/nowhere/aloud.db",
    }
    async with running("run", settings) as bot:
        assert await bot.ended() == 1

        for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "DATABASE_URL"):
            assert f"aloud: {name}" in bot.log
        assert "Traceback" not in bot.log
        assert "xoxb-wrong" not in bot.log


async def test_without_settings_it_says_what_is_missing() -> None:
    async with running("run", {}) as bot:
        assert await bot.ended() == 1

        for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "MODEL_API_KEY"):
            assert f"aloud: {name} is missing" in bot.log


async def test_sigterm_is_heard_while_slack_keeps_it_waiting_at_the_start(
    slack: StandIn, model: ModelServer, tmp_path: Path
) -> None:
    gate = slack.faults.hold("auth.test")
    async with running("run", settings_of(slack, model, tmp_path)) as bot:
        await gate.reached.wait()
        assert await bot.end(signal.SIGTERM) == 0
    gate.release()


async def test_a_port_that_is_taken_is_named(
    slack: StandIn, model: ModelServer, tmp_path: Path
) -> None:
    taken = slack.api_url.split(":")[2].split("/")[0]
    async with running("run", settings_of(slack, model, tmp_path, PORT=taken)) as bot:
        assert await bot.ended() == 1
        assert f"aloud: PORT: 127.0.0.1:{taken} can't be listened on" in bot.log


async def test_a_dead_socket_is_replaced(
    slack: StandIn, model: ModelServer, tmp_path: Path
) -> None:
    async with running("run", settings_of(slack, model, tmp_path)) as bot:
        await bot.logged(r"ready")
        slack.sockets.drop()
        ts = await slack.post(ALICE, DIRECT, "still there?")
        await slack.wait_for(lambda: len(slack.messages(DIRECT, ts)) == 2, timeout=15)


@pytest.mark.parametrize("many", [False, True])
async def test_slacks_own_library_takes_nothing_from_the_environment_by_itself(
    slack: StandIn, model: ModelServer, tmp_path: Path, many: bool
) -> None:
    # With a client id and secret in the environment, Bolt by itself leaves the bot token aside and
    # keeps installations in files under the home directory.
    home = tmp_path / "home"
    home.mkdir()
    settings = settings_of(
        slack,
        model,
        tmp_path,
        SLACK_SIGNING_SECRET=slack.signing_secret,
        SLACK_CLIENT_ID=slack.client_id,
        SLACK_CLIENT_SECRET=slack.client_secret,
        HOME=str(home),
    )
    if many:
        del settings["SLACK_BOT_TOKEN"]
    async with running("run", settings) as bot:
        if many:
            await install(slack, int((await bot.logged(r"installable.*:(\d+)/"))[1]))
        await bot.logged(r" ready ")
        ts = await slack.post(ALICE, DIRECT, "hi")
        await slack.wait_for(lambda: len(slack.messages(DIRECT, ts)) == 2)

        assert await bot.end(signal.SIGTERM) == 0
        assert list(home.iterdir()) == []
        assert "xoxb" not in bot.log
        assert slack.client_secret not in bot.log
