"""What a person does besides writing: commands, shortcuts, reactions, invitations, prompts."""

import pytest
from playwright.async_api import Browser, Locator, Page, expect
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.server import StandIn
from bot.demo.workspace import ALICE, ALICE_DM, BOB, BOT_USER_ID, GENERAL
from tests.chromium import browser_needed
from tests.demo.apps import App
from tests.demo.page.parts import heard

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLARA = "U0CLARA001"


async def go_to_the_app(page: Page) -> None:
    await page.get_by_role("button", name="Aloud APP").click()


async def open_menu(page: Page, message: Locator) -> Locator:
    await message.hover()
    await message.get_by_role("button", name="More actions").click()
    return page.get_by_role("menu", name="More actions")


@browser_needed
async def test_a_command_is_suggested_and_its_answer_is_for_its_person_only(
    page: Page, standin: StandIn, app: App
) -> None:
    field = page.locator("#composer textarea")
    await field.press_sequentially("/al")
    await expect(page.get_by_role("option", name="/aloud")).to_be_visible()
    await field.press("Enter")
    await expect(field).to_have_value("/aloud ")
    suggestions = page.get_by_role("listbox", name="Suggestions")
    await expect(suggestions.get_by_role("option")).to_have_text(
        ["/aloud help", "/aloud ask[question]", "/aloud forget"]
    )
    await field.press_sequentially("fo")
    await field.press("Enter")
    await expect(field).to_have_value("/aloud forget ")
    await field.press("Enter")
    answer = page.locator("#timeline .message.ephemeral")
    await expect(answer).to_contain_text("Forgotten.")
    await expect(answer).to_contain_text("Only visible to you")
    [body] = heard(app)
    assert (body["command"], body["text"], body["channel_id"]) == ("/aloud", "forget", GENERAL)
    await answer.hover()
    await answer.get_by_role("button", name="Dismiss").click()
    await expect(answer).to_have_count(0)


@browser_needed
async def test_a_command_in_a_thread_is_refused_as_slack_does(
    page: Page, standin: StandIn, app: App
) -> None:
    root = await standin.post(ALICE, GENERAL, "root")
    await page.goto(f"{standin.page_url}#{GENERAL}/{root}")
    await page.reload()
    await page.fill("#thread-composer textarea", "/aloud help")
    await page.press("#thread-composer textarea", "Enter")
    await expect(page.locator("#replies .ephemeral")).to_contain_text("/aloud")
    assert heard(app) == []


@browser_needed
async def test_a_shortcut_of_the_message_menu_reaches_the_app(
    page: Page, standin: StandIn, app: App
) -> None:
    ts = await standin.post(BOB, GENERAL, "see here")
    shortcut = standin.shortcuts()[0]
    menu = await open_menu(page, page.locator("#timeline .message"))
    await menu.get_by_role("menuitem", name=shortcut["name"]).click()
    [body] = await standin.wait_for(lambda: heard(app))
    assert body["type"] == "message_action"
    assert body["callback_id"] == shortcut["callback_id"]
    assert body["message"]["ts"] == ts


@browser_needed
async def test_the_message_menu_works_from_the_keyboard(page: Page, standin: StandIn) -> None:
    await standin.post(BOB, GENERAL, "see here")
    button = page.locator("#timeline").get_by_role("button", name="More actions")
    await button.focus()
    await expect(button).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem", name="Ask about this")).to_be_focused()
    await page.keyboard.press("End")
    await expect(page.get_by_role("menuitem", name="Copy link")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(button).to_be_focused()


@browser_needed
async def test_a_reaction_is_added_and_taken_back(page: Page, standin: StandIn) -> None:
    await standin.post(BOB, GENERAL, "good news")
    message = page.locator("#timeline .message")
    await message.hover()
    await message.get_by_role("button", name="Add a reaction").click()
    await page.get_by_role("menuitem", name="tada").click()
    reaction = message.get_by_role("button", name="tada, 1")
    await expect(reaction).to_have_attribute("aria-pressed", "true")
    assert standin.messages(GENERAL)[0].reactions["tada"] == (ALICE,)
    await reaction.click()
    await expect(message.locator(".reaction")).to_have_count(0)


@browser_needed
async def test_the_app_is_removed_from_a_channel_and_invited_again(
    page: Page, standin: StandIn, app: App
) -> None:
    await page.get_by_role("button", name="Remove Aloud").click()
    await expect(page.locator("#channel-topic")).to_have_text("Aloud is not in this channel.")
    assert BOT_USER_ID not in standin.workspace.channels[GENERAL].members
    await page.get_by_role("button", name="Add Aloud").click()
    await expect(page.get_by_role("button", name="Remove Aloud")).to_be_visible()
    await expect(page.locator("#timeline .membership").last).to_contain_text("joined")


@browser_needed
async def test_suggested_prompts_ask_when_chosen(
    page: Page, standin: StandIn, client: AsyncWebClient
) -> None:
    await client.assistant_threads_setSuggestedPrompts(
        channel_id=ALICE_DM, title="Try this", prompts=[{"title": "Risks", "message": "The risks?"}]
    )
    await go_to_the_app(page)
    await expect(page.locator(".welcome")).to_contain_text("Try this")
    await page.get_by_role("button", name="Risks").click()
    [root] = await standin.wait_for(lambda: standin.messages(ALICE_DM))
    assert root.text == "The risks?"

    await client.assistant_threads_setSuggestedPrompts(
        channel_id=ALICE_DM, thread_ts=root.ts, prompts=[{"title": "Dates", "message": "When?"}]
    )
    offered = page.get_by_role("group", name="Suggested prompts")
    await offered.get_by_role("button", name="Dates").click()
    replies = await standin.wait_for(lambda: standin.messages(ALICE_DM, root.ts)[1:])
    assert replies[0].text == "When?"


@browser_needed
async def test_a_thread_has_the_title_the_app_gave_it(
    page: Page, standin: StandIn, client: AsyncWebClient
) -> None:
    await go_to_the_app(page)
    root = await standin.post(ALICE, ALICE_DM, "what about the budget?")
    await standin.post(BOT_USER_ID, ALICE_DM, "It is big.", root)
    await client.assistant_threads_setTitle(
        channel_id=ALICE_DM, thread_ts=root, title="Budget 2027"
    )
    line = page.locator("#timeline .thread-line")
    await expect(line).to_contain_text("Budget 2027")
    await line.click()
    await expect(page.locator("#thread-title")).to_have_text("Budget 2027")
    await page.get_by_role("button", name="Rename this chat").click()
    await page.get_by_role("textbox", name="Rename this chat").fill("Money")
    await page.keyboard.press("Enter")
    await expect(page.locator("#thread-title")).to_have_text("Money")


@browser_needed
async def test_loading_messages_stand_for_the_status(
    page: Page, standin: StandIn, client: AsyncWebClient
) -> None:
    root = await standin.post(ALICE, GENERAL, "root")
    await page.goto(f"{standin.page_url}#{GENERAL}/{root}")
    await page.reload()
    await client.assistant_threads_setStatus(
        channel_id=GENERAL, thread_ts=root, status="is thinking…",
        loading_messages=["Comparing the two budgets…"],
    )  # fmt: skip
    line = page.locator("#replies .status-line")
    await expect(line).to_contain_text("Comparing the two budgets…")
    await client.assistant_threads_setStatus(channel_id=GENERAL, thread_ts=root, status="")
    await expect(line).to_have_count(0)


@browser_needed
async def test_one_sees_whose_language_one_speaks(page: Page) -> None:
    await expect(page.locator("#person-facts")).to_have_text("en-US · owner")
    await page.select_option("#person", CLARA)
    await expect(page.locator("#person-facts")).to_have_text("de-DE")


@browser_needed
async def test_looking_at_a_channel_is_told(page: Page, standin: StandIn, app: App) -> None:
    await page.get_by_role("button", name="random").click()
    await standin.wait_for(lambda: standin.workspace.viewing.get(ALICE) == "C0RANDOM01")


@browser_needed
async def test_in_the_legacy_view_one_writes_into_the_newest_chat(browser: Browser) -> None:
    async with StandIn(profile="legacy assistant", features={}) as standin:
        page = await browser.new_page()
        await page.goto(standin.page_url)
        await go_to_the_app(page)
        await expect(page.locator("#timeline")).to_contain_text("A new chat")
        await page.fill("#composer textarea", "help me")
        await page.press("#composer textarea", "Enter")
        await expect(page.locator("#replies .message").last).to_contain_text("help me")
        [root] = standin.messages(ALICE_DM)
        assert standin.messages(ALICE_DM, root.ts)[-1].text == "help me"
        await page.close()


@browser_needed
async def test_an_archived_channel_takes_no_messages(page: Page, standin: StandIn) -> None:
    standin.workspace.change_channel(GENERAL, archived=True)
    await expect(page.locator("#composer-note")).to_be_visible()
    await expect(page.locator("#composer")).to_be_hidden()


@browser_needed
async def test_at_phone_width_one_pane_is_shown_at_a_time(page: Page, standin: StandIn) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await expect(page.locator("#sidebar")).to_be_hidden()
    await page.get_by_role("button", name="Conversations").click()
    await page.get_by_role("button", name="random").click()
    await expect(page.locator("#channel-title")).to_have_text("#random")
    await expect(page.locator("#sidebar")).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
