"""Modals: a stack for each person, forms, and what an app answers to them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.deliveries import Undelivered
from bot.demo.server import StandIn
from bot.demo.workspace import ALICE, BOB, GENERAL, Json
from tests.demo.apps import App, over_http, over_socket
from tests.demo.refusals import refusal, refused


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def modal(title: str = "Ask", **more: Any) -> Json:
    question = {"type": "plain_text_input", "action_id": "text"}
    where = {
        "type": "static_select",
        "action_id": "pick_where",
        "options": [{"text": plain(each), "value": each} for each in ("here", "there")],
    }
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain(title),
        "submit": plain("Send"),
        "blocks": [
            {"type": "input", "block_id": "question", "label": plain("Q"), "element": question},
            {
                "type": "section", "block_id": "where", "text": plain("Where"), "accessory": where,
            },
        ],
        **more,
    }  # fmt: skip


@pytest.fixture(params=["socket", "http"])
async def app(request: pytest.FixtureRequest, standin: StandIn) -> AsyncIterator[App]:
    joined = over_socket(standin) if request.param == "socket" else over_http(standin)
    async with joined as app:
        yield app


class Desk:
    """Somebody's modal, and the calls of the app that has it open."""

    def __init__(self, standin: StandIn, client: AsyncWebClient, app: App) -> None:
        self.standin = standin
        self.client = client
        self.app = app

    async def trigger(self, user: str = ALICE) -> str:
        """Let a person do something that brings a trigger."""
        await self.standin.command(user, GENERAL, "/aloud")
        return str(self.app.bodies[-1]["trigger_id"])

    async def open(self, user: str = ALICE, **more: Any) -> Json:
        trigger = await self.trigger(user)
        answer = await self.client.views_open(trigger_id=trigger, view=modal(**more))
        view: Json = answer["view"]
        return view

    def titles(self, user: str = ALICE) -> list[str]:
        return [view["title"]["text"] for view in self.standin.modals(user)]


@pytest.fixture
async def desk(standin: StandIn, client: AsyncWebClient, app: App) -> Desk:
    return Desk(standin, client, app)


async def test_a_submission_brings_the_whole_form(desk: Desk) -> None:
    view = await desk.open(private_metadata="m")
    await desk.standin.press_modal(ALICE, "pick_where", "there")
    await desk.standin.submit(ALICE, {"question": {"text": "why?"}})
    sent = desk.app.bodies[-1]
    assert sent["type"] == "view_submission"
    assert sent["view"]["id"] == view["id"]
    assert sent["view"]["private_metadata"] == "m"
    values = sent["view"]["state"]["values"]
    assert values["question"]["text"] == {"type": "plain_text_input", "value": "why?"}
    assert values["where"]["pick_where"]["selected_option"]["value"] == "there"
    assert desk.standin.modal(ALICE) is None


async def test_an_empty_required_field_is_held_back_by_slack_itself(desk: Desk) -> None:
    await desk.open()
    before = len(desk.app.bodies)
    ack = await desk.standin.submit(ALICE, {"question": {"text": ""}})
    assert set(ack.payload["errors"]) == {"question"}
    assert len(desk.app.bodies) == before
    assert desk.titles() == ["Ask"]


async def test_errors_of_the_app_leave_the_form_open_and_filled(desk: Desk) -> None:
    await desk.open()
    desk.app.answer = {"response_action": "errors", "errors": {"question": "Too short."}}
    ack = await desk.standin.submit(ALICE, {"question": {"text": "?"}})
    assert ack.payload["errors"] == {"question": "Too short."}
    shown = desk.standin.modal(ALICE)
    assert shown is not None
    assert shown["state"]["values"]["question"]["text"]["value"] == "?"


async def test_errors_beside_no_field_are_a_bug_of_the_app(desk: Desk) -> None:
    await desk.open()
    desk.app.answer = {"response_action": "errors", "errors": {"where": "Nobody sees this."}}
    with pytest.raises(Undelivered):
        await desk.standin.submit(ALICE, {"question": {"text": "?"}})


async def test_an_answer_can_update_push_or_clear(desk: Desk) -> None:
    await desk.open()
    desk.app.answer = {"response_action": "update", "view": modal("Really?")}
    await desk.standin.submit(ALICE, {"question": {"text": "why?"}})
    assert desk.titles() == ["Really?"]
    updated = desk.standin.modal(ALICE)
    assert updated is not None
    assert updated["state"]["values"]["question"]["text"]["value"] == "why?"

    desk.app.answer = {"response_action": "push", "view": modal("More")}
    await desk.standin.submit(ALICE, {})
    assert desk.titles() == ["Really?", "More"]
    desk.app.answer = {"response_action": "clear"}
    await desk.standin.submit(ALICE, {"question": {"text": "so"}})
    assert desk.titles() == []


async def test_three_modals_lie_on_a_stack_and_no_fourth(desk: Desk) -> None:
    first = await desk.open()
    second = await desk.client.views_push(trigger_id=await desk.trigger(), view=modal("Two"))
    assert second["view"]["root_view_id"] == first["id"]
    assert second["view"]["previous_view_id"] == first["id"]
    await desk.client.views_push(trigger_id=await desk.trigger(), view=modal("Three"))
    fourth = desk.client.views_push(trigger_id=await desk.trigger(), view=modal("Four"))
    assert await refusal(fourth) == "push_limit_reached"
    await desk.standin.close_modal(ALICE)
    assert desk.titles() == ["Ask", "Two"]
    await desk.standin.close_modal(ALICE, everything=True)
    assert desk.titles() == []
    alone = desk.client.views_push(trigger_id=await desk.trigger(), view=modal("Alone"))
    assert await refusal(alone) == "not_found"


async def test_each_person_has_their_own(desk: Desk) -> None:
    await desk.open(ALICE)
    await desk.open(BOB, title="Bob's")
    assert (desk.titles(ALICE), desk.titles(BOB)) == (["Ask"], ["Bob's"])


async def test_an_update_needs_the_latest_hash_and_an_open_view(desk: Desk) -> None:
    view = await desk.open(external_id="mine")
    old = {"view_id": view["id"], "hash": view["hash"]}
    await desk.client.views_update(view=modal("New"), **old)
    assert desk.titles() == ["New"]
    assert await refusal(desk.client.views_update(view=modal("Newer"), **old)) == "hash_conflict"
    await desk.client.views_update(view=modal("Newer"), view_id=view["id"])
    await desk.standin.close_modal(ALICE)
    late = desk.client.views_update(view=modal("Late"), view_id=view["id"])
    assert await refusal(late) == "not_found"


async def test_an_external_id_is_given_once(desk: Desk) -> None:
    await desk.open(external_id="mine")
    again = desk.client.views_open(
        trigger_id=await desk.trigger(BOB), view=modal(external_id="mine")
    )
    assert await refusal(again) == "duplicate_external_id"


async def test_a_choice_in_a_modal_is_told_without_channel_or_message(desk: Desk) -> None:
    view = await desk.open()
    typed = {"question": {"text": "so far"}}
    await desk.standin.press_modal(ALICE, "pick_where", "here", values=typed)
    [press] = [body for body in desk.app.bodies if body.get("type") == "block_actions"]
    assert press["container"] == {"type": "view", "view_id": view["id"]}
    assert not {"channel", "message", "response_url"} & set(press)
    [action] = press["actions"]
    assert action["selected_option"]["value"] == "here"
    assert press["view"]["state"]["values"]["question"]["text"]["value"] == "so far"


async def test_what_is_typed_is_told_only_where_the_app_asks_for_it(desk: Desk) -> None:
    await desk.open()
    before = len(desk.app.bodies)
    await desk.standin.press_modal(ALICE, "text", "typing")
    assert len(desk.app.bodies) == before


async def test_closing_is_told_to_those_who_want_to_know(desk: Desk) -> None:
    await desk.open()
    before = len(desk.app.bodies)
    await desk.standin.close_modal(ALICE)
    assert len(desk.app.bodies) == before
    await desk.open(notify_on_close=True)
    await desk.standin.close_modal(ALICE)
    assert desk.app.bodies[-1]["type"] == "view_closed"
    assert desk.app.bodies[-1]["is_cleared"] is False


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ({"title": plain("x" * 25)}, "must be less than 25 characters"),
        ({"title": None}, "missing required field: title"),
        ({"submit": plain("x" * 25)}, "must be less than 25 characters"),
        ({"submit": None}, "must have a submit button"),
        ({"private_metadata": "x" * 3_001}, "must be less than 3001 characters"),
        ({"callback_id": "x" * 256}, "must be less than 256 characters"),
        ({"blocks": [{"type": "divider"}] * 101}, "no more than 100 items allowed"),
        ({"colour": "red"}, "invalid additional property: colour"),
        ({"type": "home"}, "value must be one of the allowed values"),
    ],
)
async def test_views_that_slack_refuses(desk: Desk, broken: Json, problem: str) -> None:
    view = {**modal(), **broken}
    answer = await refused(desk.client.views_open(trigger_id=await desk.trigger(), view=view))
    assert answer["error"] == "invalid_arguments"
    assert any(problem in message for message in answer["response_metadata"]["messages"])


async def test_a_view_is_no_larger_than_a_quarter_of_a_megabyte(desk: Desk) -> None:
    text = {"type": "mrkdwn", "text": "x" * 3_000}
    large = {**modal(), "blocks": [{"type": "section", "text": text}] * 90}
    answer = desk.client.views_open(trigger_id=await desk.trigger(), view=large)
    assert await refusal(answer) == "view_too_large"
