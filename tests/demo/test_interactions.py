"""Presses, commands, modals, and answers to them."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.deliveries import Undelivered
from bot.demo.server import StandIn
from bot.demo.workspace import ALICE, BOB, GENERAL, TEAM_ID, Json
from tests.demo.apps import App, over_http, over_socket
from tests.demo.conftest import Clock
from tests.demo.refusals import refusal


def button(text: str = "Go", action_id: str = "go") -> list[Json]:
    label = {"type": "plain_text", "text": text}
    element = {"type": "button", "action_id": action_id, "text": label, "value": "7"}
    return [{"type": "actions", "elements": [element]}]


@pytest.fixture(params=["socket", "http"])
async def app(request: pytest.FixtureRequest, standin: StandIn) -> AsyncIterator[App]:
    joined = over_socket(standin) if request.param == "socket" else over_http(standin)
    async with joined as app:
        yield app


@pytest.fixture
async def pressable(client: AsyncWebClient) -> str:
    answer = await client.chat_postMessage(channel=GENERAL, text="x", blocks=button())
    return str(answer["ts"])


async def test_a_press_brings_message_value_and_place(
    standin: StandIn, app: App, pressable: str
) -> None:
    await standin.press(BOB, GENERAL, pressable, "go")
    [body] = app.bodies
    assert body["user"]["id"] == BOB
    assert body["actions"][0]["value"] == "7"
    assert body["container"]["message_ts"] == pressable
    assert body["message"]["ts"] == pressable
    assert body["channel"] == {"id": GENERAL, "name": "general"}


async def test_a_press_can_lie(standin: StandIn, app: App, pressable: str) -> None:
    await standin.press(
        BOB, GENERAL, pressable, "go", as_team="T0OTHER001", as_channel="C0OTHER001", value="8"
    )
    [body] = app.bodies
    assert body["team"]["id"] == "T0OTHER001"
    assert body["container"]["channel_id"] == "C0OTHER001"
    assert body["actions"][0]["value"] == "8"


async def test_a_press_on_nothing_is_an_error_of_the_test(standin: StandIn, pressable: str) -> None:
    with pytest.raises(LookupError):
        await standin.press(BOB, GENERAL, pressable, "gone")


@pytest.mark.parametrize("ack_timeout", [0.2])
async def test_a_press_nobody_acks_fails(
    standin: StandIn, app: App, client: AsyncWebClient
) -> None:
    blocks = button(action_id="unheard")
    ts = (await client.chat_postMessage(channel=GENERAL, text="x", blocks=blocks))["ts"]
    with pytest.raises(Undelivered):
        await standin.press(ALICE, GENERAL, ts, "unheard")
    assert app.bodies == []


async def test_responses_are_ephemeral_and_can_replace_or_delete(
    standin: StandIn, app: App, pressable: str
) -> None:
    await standin.press(ALICE, GENERAL, pressable, "go")
    assert app.respond is not None
    await app.respond("psst", blocks=button("Again"))
    [shown] = standin.ephemerals(GENERAL, ALICE)
    assert shown.text == "psst"

    await standin.press(ALICE, GENERAL, shown.ts, "go")
    assert app.bodies[-1]["container"]["is_ephemeral"]
    assert "message" not in app.bodies[-1]
    await app.respond("louder", replace_original=True)
    assert [message.text for message in standin.ephemerals(GENERAL, ALICE)] == ["louder"]
    await app.respond(delete_original=True)
    assert standin.ephemerals(GENERAL, ALICE) == []
    await app.respond("to all", response_type="in_channel")
    assert standin.messages(GENERAL)[-1].text == "to all"


async def test_a_response_can_replace_the_pressed_message(
    standin: StandIn, app: App, pressable: str
) -> None:
    await standin.press(ALICE, GENERAL, pressable, "go")
    assert app.respond is not None
    await app.respond("changed", replace_original=True)
    assert [message.text for message in standin.messages(GENERAL)] == ["changed"]
    await app.respond(delete_original=True)
    assert standin.messages(GENERAL) == []


async def test_a_response_url_is_good_five_times_and_half_an_hour(
    standin: StandIn, app: App, pressable: str, clock: Clock
) -> None:
    await standin.press(ALICE, GENERAL, pressable, "go")
    url = app.bodies[0]["response_url"]
    async with aiohttp.ClientSession() as session:

        async def respond(**body: object) -> str:
            async with session.post(url, json=body) as answer:
                return str((await answer.json()).get("error", "ok"))

        assert await respond(markdown_text="x") == "no_text"
        for _ in range(4):
            assert await respond(text="x") == "ok"
        assert await respond(text="x") == "used_url"
        clock.advance(31 * 60)
        assert await respond(text="x") == "expired_url"


async def test_a_command_and_its_answer(standin: StandIn, app: App) -> None:
    await standin.command(ALICE, GENERAL, "/aloud", "forget")
    assert (app.bodies[0]["command"], app.bodies[0]["text"]) == ("/aloud", "forget")
    [shown] = standin.ephemerals(GENERAL, ALICE)
    assert shown.text == "Forgotten."


async def test_a_modal_opens_once_in_three_seconds_and_is_submitted(
    standin: StandIn, app: App, client: AsyncWebClient, pressable: str, clock: Clock
) -> None:
    view: Json = {
        "type": "modal",
        "callback_id": "form",
        "title": {"type": "plain_text", "text": "Why?"},
        "blocks": [
            {
                "type": "input",
                "block_id": "q",
                "label": {"type": "plain_text", "text": "Reason"},
                "element": {"type": "plain_text_input", "action_id": "v"},
            }
        ],
        "submit": {"type": "plain_text", "text": "Send"},
    }
    await standin.press(ALICE, GENERAL, pressable, "go")
    trigger = app.bodies[0]["trigger_id"]
    opened = await client.views_open(trigger_id=trigger, view=view)
    assert opened["view"]["id"].startswith("V")
    again = client.views_open(trigger_id=trigger, view=view)
    assert await refusal(again) == "exchanged_trigger_id"
    assert await refusal(client.views_open(trigger_id="1", view=view)) == "invalid_trigger_id"

    await standin.submit(ALICE, {"q": {"v": {"type": "plain_text_input", "value": "so"}}})
    assert app.bodies[-1]["view"]["state"]["values"]["q"]["v"]["value"] == "so"
    assert standin.workspace.views == {}

    await standin.press(ALICE, GENERAL, pressable, "go")
    clock.advance(3.1)
    late = client.views_open(trigger_id=app.bodies[-1]["trigger_id"], view=view)
    assert await refusal(late) == "expired_trigger_id"


async def test_views_have_limits(client: AsyncWebClient) -> None:
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    assert (await client.views_publish(user_id=ALICE, view=home))["view"]["team_id"] == TEAM_ID
    crowded = {"type": "home", "blocks": [{"type": "divider"}] * 101}
    answer = client.views_publish(user_id=ALICE, view=crowded)
    assert await refusal(answer) == "invalid_arguments"
