"""Slash commands and message shortcuts, as the app's manifest has them."""

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.clicks import Clicks
from bot.demo.deliveries import Undelivered
from bot.demo.residents import LEADS
from bot.demo.server import StandIn
from bot.demo.workspace import ALICE, ALICE_DM, BOB, GENERAL, SLACKBOT, Json
from bot.manifest import load_manifest
from tests.demo.apps import App, over_http, over_socket

FEATURES: Json = {
    "slash_commands": [
        {"command": "/aloud", "description": "Ask", "should_escape": True},
        {"command": "/unheard", "description": "Nobody listens"},
    ],
    "shortcuts": [
        {"name": "Ask about this", "type": "message", "callback_id": "ask_about"},
        {"name": "Ask", "type": "global", "callback_id": "ask"},
    ],
}


@pytest.fixture
async def standin() -> AsyncIterator[StandIn]:
    async with StandIn(ack_timeout=0.3, features=FEATURES) as standin:
        yield standin


@pytest.fixture(params=["socket", "http"])
async def app(request: pytest.FixtureRequest, standin: StandIn) -> AsyncIterator[App]:
    joined = over_socket(standin) if request.param == "socket" else over_http(standin)
    async with joined as app:
        yield app


def lines(standin: StandIn, channel: str = GENERAL) -> list[tuple[str, str]]:
    return [(shown.user, shown.text) for shown in standin.ephemerals(channel, ALICE)]


async def test_a_command_comes_with_its_place_and_its_words(standin: StandIn, app: App) -> None:
    await standin.command(ALICE, GENERAL, "/aloud", "ask why?")
    [body] = app.bodies
    assert (body["command"], body["text"]) == ("/aloud", "ask why?")
    assert (body["channel_id"], body["channel_name"]) == (GENERAL, "general")
    assert (body["user_id"], body["user_name"]) == (ALICE, "alice")
    assert body["is_enterprise_install"] == "false"
    assert body["trigger_id"]
    assert body["response_url"].startswith(standin.page_url)


@pytest.mark.parametrize(
    ("channel", "name"), [(ALICE_DM, "directmessage"), (LEADS, "privategroup")]
)
async def test_a_private_place_has_no_name_in_a_command(
    standin: StandIn, app: App, channel: str, name: str
) -> None:
    await standin.command(ALICE, channel, "/aloud")
    assert app.bodies[0]["channel_name"] == name


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("summarize #general", f"summarize <#{GENERAL}|general>"),
        (f"summarize <#{GENERAL}|general>", f"summarize <#{GENERAL}|general>"),
        ("ask @bob & me", f"ask <@{BOB}|bob> &amp; me"),
        ("ask #nowhere", "ask #nowhere"),
    ],
)
async def test_mentions_are_escaped_for_an_app_that_wants_it(
    standin: StandIn, app: App, typed: str, told: str
) -> None:
    await standin.command(ALICE, GENERAL, "/aloud", typed)
    assert app.bodies[0]["text"] == told


async def test_the_answer_to_a_command_is_for_one_person(standin: StandIn, app: App) -> None:
    label = {"type": "plain_text", "text": "Go"}
    button = {"type": "button", "action_id": "go", "text": label}
    blocks = [{"type": "actions", "elements": [button]}]
    app.command_answer = {"text": "Sure?", "blocks": blocks}
    await standin.command(ALICE, GENERAL, "/aloud", "forget")
    [shown] = standin.ephemerals(GENERAL, ALICE)
    assert standin.ephemerals(GENERAL, BOB) == []
    await standin.press(ALICE, GENERAL, shown.ts, "go")
    assert app.bodies[-1]["container"]["is_ephemeral"]
    assert app.respond is not None
    await app.respond(delete_original=True)
    assert standin.ephemerals(GENERAL, ALICE) == []


async def test_an_unknown_command_never_reaches_the_app(standin: StandIn, app: App) -> None:
    await standin.command(ALICE, GENERAL, "/nothing", "at all")
    assert app.bodies == []
    assert lines(standin) == [(SLACKBOT, "/nothing is not a valid command.")]


async def test_a_command_cannot_be_run_in_a_thread(standin: StandIn, app: App) -> None:
    root = await standin.post(ALICE, GENERAL, "root")
    await app.hear(1)
    heard = len(app.bodies)
    await standin.command(ALICE, GENERAL, "/aloud", thread_ts=root)
    assert len(app.bodies) == heard
    assert lines(standin) == [(SLACKBOT, "/aloud is not supported in threads. Sorry!")]


async def test_slack_says_so_when_nobody_acks(standin: StandIn) -> None:
    async with over_socket(standin):
        with pytest.raises(Undelivered):
            await standin.command(ALICE, GENERAL, "/unheard")
    assert lines(standin) == [(SLACKBOT, '/unheard failed with the error "operation_timeout"')]


async def test_slack_says_so_when_the_app_answers_with_an_error(standin: StandIn) -> None:
    async with over_http(standin):
        with pytest.raises(Undelivered):
            await standin.command(ALICE, GENERAL, "/unheard")
    assert lines(standin) == [(SLACKBOT, '/unheard failed with the error "dispatch_failed"')]


async def test_a_shortcut_brings_the_message(
    standin: StandIn, app: App, client: AsyncWebClient
) -> None:
    root = await standin.post(BOB, GENERAL, "root")
    reply = await standin.post(BOB, GENERAL, "what is this?", root)
    await standin.shortcut(ALICE, GENERAL, reply, "ask_about")
    [body] = [body for body in app.bodies if body["type"] == "message_action"]
    assert body["callback_id"] == "ask_about"
    assert (body["channel"]["id"], body["message_ts"]) == (GENERAL, reply)
    assert (body["message"]["text"], body["message"]["thread_ts"]) == ("what is this?", root)
    assert body["user"]["id"] == ALICE
    modal = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Ask"},
        "blocks": [{"type": "divider"}],
    }
    await client.views_open(trigger_id=body["trigger_id"], view=modal)
    assert standin.modal(ALICE) is not None


async def test_only_message_shortcuts_of_the_manifest_are_in_the_menu(standin: StandIn) -> None:
    ts = await standin.post(ALICE, GENERAL, "x")
    assert [each["callback_id"] for each in standin.shortcuts()] == ["ask_about"]
    for wrong in ("ask", "nothing"):
        with pytest.raises(LookupError):
            await standin.shortcut(ALICE, GENERAL, ts, wrong)


async def test_the_commands_are_those_of_this_program_unless_told_otherwise() -> None:
    async with StandIn() as standin:
        people: Clicks = standin
        assert people.commands() == load_manifest()["features"].get("slash_commands", [])
