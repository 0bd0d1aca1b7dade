"""The app's Home tab and its modals."""

from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect
from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.server import StandIn
from bot.demo.workspace import ALICE, BOB, GENERAL, Json
from tests.chromium import browser_needed
from tests.demo.apps import App
from tests.demo.page.parts import CHOICE, heard, plain, press_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIND_NAMELESS = """() => {
  const name = (node) => node.getAttribute("aria-label") || node.title || node.placeholder
    || [...(node.labels ?? [])].map((label) => label.textContent).join("").trim()
    || (node.matches("button, summary") && node.textContent.trim());
  const controls = "button, summary, select, textarea, input:not([aria-hidden])";
  return [...document.querySelectorAll(controls)]
    .filter((node) => !name(node)).map((node) => node.outerHTML);
}"""


def home(text: str) -> Json:
    section = {
        "type": "section",
        "block_id": "tone",
        "text": {"type": "mrkdwn", "text": "*Colour* of answers"},
        "accessory": CHOICE,
    }
    return {"type": "home", "blocks": [{"type": "header", "text": plain(text)}, section]}


def ask_for(block_id: str, label: str, *, optional: bool = False, **element: Any) -> Json:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "optional": optional,
        "element": {"type": "plain_text_input", "action_id": "v", **element},
    }


def modal(title: str, *blocks: Json, **more: Any) -> Json:
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain(title),
        "submit": plain("Save"),
        "blocks": list(blocks),
        **more,
    }


async def open_modal(page: Page, client: AsyncWebClient, app: App, view: Json) -> Locator:
    """Press a button whose trigger opens the modal; return the dialog."""
    button = {"type": "button", "action_id": "go", "text": plain("Settings")}
    await client.chat_postMessage(
        channel=GENERAL, text="x", blocks=[{"type": "actions", "elements": [button]}]
    )
    await page.get_by_role("button", name="Settings").click()
    press = await app.pressed()
    await client.views_open(trigger_id=press["trigger_id"], view=view)
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    return dialog


async def submission(standin: StandIn, app: App) -> dict[str, Any]:
    [body, *_] = await standin.wait_for(
        lambda: [body for body in heard(app) if body["type"] == "view_submission"]
    )
    return dict(body)


@browser_needed
async def test_the_home_tab_is_the_persons_own_and_changes_at_once(
    page: Page, standin: StandIn, client: AsyncWebClient, app: App
) -> None:
    await client.views_publish(user_id=ALICE, view=home("Hello Alice"))
    await page.locator(f'[data-channel="{standin.workspace.direct_channel(ALICE).id}"]').click()
    await page.get_by_role("tab", name="Home").click()
    shown = page.get_by_role("tabpanel", name="Home")
    await expect(shown.locator(".block-header")).to_have_text("Hello Alice")
    await expect(page.locator("#composer")).to_be_hidden()
    opened = await standin.wait_for(
        lambda: [e for e in app.events if e["type"] == "app_home_opened" and e["tab"] == "home"]
    )
    assert opened[0]["user"] == ALICE

    choice = shown.get_by_role("combobox", name="Colour of answers")
    await choice.select_option("green")
    action = await press_of(standin, app, "pick")
    assert action["selected_option"]["value"] == "green"
    [pressed] = [body for body in app.bodies if body.get("actions")]
    assert pressed["container"]["type"] == "view"
    await client.views_publish(user_id=ALICE, view=home("Saved"))
    await expect(shown.locator(".block-header")).to_have_text("Saved")

    await page.get_by_role("tab", name="Home").press("ArrowRight")
    await expect(page.get_by_role("tab", name="Messages")).to_be_focused()
    await expect(page.locator("#composer")).to_be_visible()
    await page.select_option("#person", BOB)
    await page.locator(f'[data-channel="{standin.workspace.direct_channel(BOB).id}"]').click()
    await page.get_by_role("tab", name="Home").click()
    await expect(shown).to_contain_text("not shown anything")


@browser_needed
async def test_the_home_tab_survives_a_reload(page: Page, client: AsyncWebClient) -> None:
    await client.views_publish(user_id=ALICE, view=home("Hello"))
    await page.get_by_role("button", name="Aloud APP").click()
    await page.get_by_role("tab", name="Home").click()
    await page.reload()
    await expect(page.locator("#home .block-header")).to_have_text("Hello")


@browser_needed
async def test_a_modal_sends_what_was_filled_in(
    page: Page, standin: StandIn, client: AsyncWebClient, app: App
) -> None:
    days = {
        "type": "input", "block_id": "days", "label": plain("Days"),
        "element": {"type": "number_input", "action_id": "v", "is_decimal_allowed": False},
    }  # fmt: skip
    pick = {"type": "input", "block_id": "pick", "label": plain("Colour"), "element": CHOICE}
    question = ask_for("question", "Question", multiline=True)
    dialog = await open_modal(page, client, app, modal("Ask", question, days, pick))
    await expect(dialog.get_by_label("Question")).to_be_focused()
    await page.keyboard.type("Why?")
    await page.keyboard.press("Enter")
    await page.keyboard.type("And how?")
    await dialog.get_by_label("Days").fill("12")
    await dialog.get_by_label("Colour").select_option("green")
    await dialog.get_by_role("button", name="Save").click()
    values = (await submission(standin, app))["view"]["state"]["values"]
    assert values["question"]["v"]["value"] == "Why?\nAnd how?"
    assert values["days"]["v"]["value"] == "12"
    assert values["pick"]["pick"]["selected_option"]["value"] == "green"
    await expect(dialog).to_have_count(0)


@browser_needed
async def test_errors_stand_beside_their_fields(
    page: Page, standin: StandIn, client: AsyncWebClient, app: App
) -> None:
    async def refuse(ack: AsyncAck, body: Json) -> None:
        app.bodies.append(body)
        await ack(response_action="errors", errors={"name": "That name is taken."})

    app.bolt.view("strict")(refuse)
    view = modal("Name it", ask_for("name", "Name"), callback_id="strict")
    dialog = await open_modal(page, client, app, view)
    field = dialog.get_by_label("Name")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_role("alert").first).to_contain_text("required")
    await expect(field).to_be_focused()
    assert [body for body in heard(app) if body["type"] == "view_submission"] == []

    await field.fill("Aloud")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_role("alert").first).to_have_text("That name is taken.")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_have_value("Aloud")


@browser_needed
async def test_what_was_typed_outlives_an_update_of_the_modal(
    page: Page, standin: StandIn, client: AsyncWebClient, app: App
) -> None:
    dialog = await open_modal(page, client, app, modal("First", ask_for("q", "Question")))
    await dialog.get_by_label("Question").fill("half a thou")
    view_id = standin.workspace.views[f"modal:{ALICE}"]["id"]
    await client.views_update(view_id=view_id, view=modal("Second", ask_for("q", "Question")))
    await expect(dialog.get_by_role("heading")).to_have_text("Second")
    await expect(dialog.get_by_label("Question")).to_have_value("half a thou")


@browser_needed
async def test_escape_closes_the_top_modal_and_the_cross_all_of_them(
    page: Page, standin: StandIn, client: AsyncWebClient, app: App
) -> None:
    async def push(ack: AsyncAck) -> None:
        await ack(response_action="push", view=modal("On top", ask_for("a", "Answer")))

    app.bolt.view("pushing")(push)
    below = modal("Below", ask_for("q", "Question", optional=True), callback_id="pushing")
    dialog = await open_modal(page, client, app, below)
    heading = dialog.get_by_role("heading")
    await dialog.get_by_role("button", name="Save").click()
    await expect(heading).to_have_text("On top")
    await expect(dialog.get_by_role("button", name="Back")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(heading).to_have_text("Below")
    await dialog.get_by_role("button", name="Save").click()
    await expect(heading).to_have_text("On top")
    await dialog.get_by_role("button", name="Close").click()
    await expect(dialog).to_have_count(0)
    assert standin.workspace.views.get(f"modal:{ALICE}") is None


@browser_needed
async def test_the_keyboard_stays_in_the_modal(
    page: Page, client: AsyncWebClient, app: App
) -> None:
    await open_modal(page, client, app, modal("Ask", ask_for("q", "Question")))
    for _ in range(6):
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.matches('body, #dialog *')")


@browser_needed
async def test_every_control_has_a_name(page: Page, client: AsyncWebClient, app: App) -> None:
    many = {"type": "multi_conversations_select", "action_id": "where"}
    radio = {"type": "radio_buttons", "action_id": "rule", "options": CHOICE["options"]}
    section = {
        "type": "section", "text": {"type": "mrkdwn", "text": "*Channels*"}, "accessory": many,
    }  # fmt: skip
    await client.views_publish(
        user_id=ALICE, view={"type": "home", "blocks": [*home("Hello")["blocks"], section]}
    )
    inputs = [
        {"type": "input", "label": plain(f"Field {index}"), "element": element}
        for index, element in enumerate([CHOICE, {**many, "action_id": "more"}, radio])
    ]
    await page.get_by_role("button", name="Aloud APP").click()
    await page.get_by_role("tab", name="Home").click()
    await expect(page.locator("#home summary")).to_have_accessible_name("Channels: Choose")
    assert await page.evaluate(FIND_NAMELESS) == []
    await page.locator("#channels").get_by_role("button", name="general").click()
    dialog = await open_modal(page, client, app, modal("Ask", ask_for("q", "Question"), *inputs))
    await expect(dialog.get_by_role("radiogroup", name="Field 2")).to_be_visible()
    assert await page.evaluate(FIND_NAMELESS) == []


@browser_needed
async def test_a_submission_nobody_acks_is_said_in_the_modal(
    page: Page, standin: StandIn, client: AsyncWebClient, app: App
) -> None:
    view = modal("Lost", ask_for("q", "Question", optional=True), callback_id="unheard")
    dialog = await open_modal(page, client, app, view)
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.locator(".toasts")).to_contain_text("did not respond")
    await expect(dialog).to_be_visible()
