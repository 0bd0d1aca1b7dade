"""The Home tab: published, opened, pressed."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.server import StandIn
from bot.demo.workspace import ALICE, ALICE_DM, BOB, Json
from tests.demo.apps import App, over_http, over_socket
from tests.demo.refusals import refusal


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def home(**menu: Any) -> Json:
    options = [{"text": plain(each), "value": each} for each in ("on", "off")]
    element = {"type": "radio_buttons", "action_id": "pick_mode", "options": options, **menu}
    block = {"type": "actions", "block_id": "mode", "elements": [element]}
    return {"type": "home", "blocks": [block]}


@pytest.fixture(params=["socket", "http"])
async def app(request: pytest.FixtureRequest, standin: StandIn) -> AsyncIterator[App]:
    joined = over_socket(standin) if request.param == "socket" else over_http(standin)
    async with joined as app:
        yield app


async def test_each_person_has_a_home_of_their_own(
    standin: StandIn, client: AsyncWebClient
) -> None:
    await client.views_publish(user_id=ALICE, view=home())
    assert standin.home(ALICE) is not None
    assert standin.home(BOB) is None
    assert await refusal(client.views_publish(user_id="U0NOBODY01", view=home())) == (
        "invalid_arguments"
    )


async def test_an_older_hash_is_refused(standin: StandIn, client: AsyncWebClient) -> None:
    first = (await client.views_publish(user_id=ALICE, view=home()))["view"]
    again = await client.views_publish(user_id=ALICE, view=home(), hash=first["hash"])
    assert again["view"]["id"] == first["id"]
    late = client.views_publish(user_id=ALICE, view=home(), hash=first["hash"])
    assert await refusal(late) == "hash_conflict"


async def test_an_app_may_have_no_home(standin: StandIn, client: AsyncWebClient) -> None:
    standin.faults.home_tab = False
    assert await refusal(client.views_publish(user_id=ALICE, view=home())) == "not_enabled"


async def test_a_visit_tells_the_tab_and_brings_the_view_once_there_is_one(
    standin: StandIn, app: App, client: AsyncWebClient
) -> None:
    await standin.open_home(ALICE)
    await app.hear(1)
    await client.views_publish(user_id=ALICE, view=home())
    await standin.open_home(ALICE)
    await app.hear(2)
    await standin.open_app(ALICE)
    await app.hear(3)
    first, second, third = app.events
    assert (first["tab"], first["user"], first["channel"]) == ("home", ALICE, ALICE_DM)
    assert "view" not in first
    assert second["view"]["type"] == "home"
    assert third["tab"] == "messages"


async def test_a_choice_is_told_with_the_view_and_stays_when_it_is_published_again(
    standin: StandIn, app: App, client: AsyncWebClient
) -> None:
    view = (await client.views_publish(user_id=ALICE, view=home()))["view"]
    await standin.press_home(ALICE, "pick_mode", "off")
    press = await app.pressed()
    assert press["container"] == {"type": "view", "view_id": view["id"]}
    assert press["actions"][0]["selected_option"]["value"] == "off"
    assert press["view"]["state"]["values"]["mode"]["pick_mode"]["selected_option"]
    assert not {"channel", "message", "response_url"} & set(press)
    again = (await client.views_publish(user_id=ALICE, view=home()))["view"]
    chosen = again["state"]["values"]["mode"]["pick_mode"]["selected_option"]
    assert chosen["value"] == "off"


async def test_a_modal_opens_over_the_home(
    standin: StandIn, app: App, client: AsyncWebClient
) -> None:
    await client.views_publish(user_id=ALICE, view=home())
    await standin.press_home(ALICE, "pick_mode", "on")
    trigger = (await app.pressed())["trigger_id"]
    modal = {"type": "modal", "title": plain("More"), "blocks": [{"type": "divider"}]}
    await client.views_open(trigger_id=trigger, view=modal)
    assert [view["title"]["text"] for view in standin.modals(ALICE)] == ["More"]
