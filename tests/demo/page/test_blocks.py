"""What the app can put into a message, drawn and used."""

import pytest
from playwright.async_api import Locator, Page, expect
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.server import StandIn
from bot.demo.workspace import ALICE, BOB, GENERAL, RANDOM, Json
from tests.chromium import browser_needed
from tests.demo.apps import App
from tests.demo.page.parts import CHOICE, heard, option, plain, press_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

MARKDOWN = """\
Steps :rocket::

1. first
   - inner `code`
     - deepest
2. second

- [x] done
- [ ] open

---

~~old~~ **new** text with ![a cat](https://example.com/cat.png)

```js
const a = "|---|";
```
"""


def raw(text: str) -> Json:
    return {"type": "raw_text", "text": text}


def rich(*pieces: Json) -> Json:
    section = {"type": "rich_text_section", "elements": list(pieces)}
    return {"type": "rich_text", "elements": [section]}


async def post(client: AsyncWebClient, page: Page, blocks: list[Json]) -> tuple[Locator, str]:
    """Post the blocks and return the message on the page, and its `ts`."""
    answer = await client.chat_postMessage(channel=GENERAL, text="x", blocks=blocks)
    message = page.locator("#timeline .message")
    await expect(message).to_have_count(1)
    return message, str(answer["ts"])


@browser_needed
async def test_a_native_table_has_a_head_alignment_and_rich_cells(
    page: Page, client: AsyncWebClient
) -> None:
    link = {"type": "link", "url": "https://example.com/q3", "text": "report"}
    bold = {"type": "text", "text": "North", "style": {"bold": True}}
    table = {
        "type": "table",
        "column_settings": [{"align": "left", "is_wrapped": True}, {"align": "right"}],
        "rows": [[raw("Market"), raw("Growth")], [rich(bold), raw("18 %")], [rich(link), raw(" ")]],
    }
    message, _ = await post(client, page, [table])
    await expect(message.locator("thead th")).to_have_text(["Market", "Growth"])
    await expect(message.locator("tbody td strong")).to_have_text("North")
    await expect(message.locator("td.align-right").first).to_have_text("18 %")
    href = message.get_by_role("link", name="report")
    await expect(href).to_have_attribute("href", "https://example.com/q3")


@browser_needed
async def test_markdown_keeps_its_structure(page: Page, client: AsyncWebClient) -> None:
    message, _ = await post(client, page, [{"type": "markdown", "text": MARKDOWN}])
    await expect(message).to_contain_text("Steps 🚀")
    await expect(message.locator("ol > li > ul > li > ul > li")).to_have_text("deepest")
    await expect(message.locator("ol")).to_have_count(1)
    await expect(message.locator("li.task input:checked")).to_have_count(1)
    await expect(message.locator("hr")).to_have_count(1)
    await expect(message.locator("s")).to_have_text("old")
    await expect(message.locator('pre[data-language="js"]')).to_contain_text("|---|")
    await expect(message.get_by_role("link", name="a cat")).to_be_visible()
    assert await message.locator(".body img").count() == 0


@browser_needed
async def test_nested_rich_text_lists_are_nested(page: Page, client: AsyncWebClient) -> None:
    def points(indent: int, text: str) -> Json:
        section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
        return {
            "type": "rich_text_list",
            "style": "bullet",
            "indent": indent,
            "elements": [section],
        }

    lists = [points(0, "one"), points(1, "two"), points(2, "three"), points(0, "four")]
    message, _ = await post(client, page, [{"type": "rich_text", "elements": lists}])
    await expect(message.locator("li li li")).to_have_text("three")
    await expect(message.locator(".mrkdwn > ul")).to_have_count(2)


@browser_needed
async def test_a_container_starts_folded_and_stays_open_when_the_message_changes(
    page: Page, client: AsyncWebClient
) -> None:
    container = {
        "type": "container",
        "title": plain("Reasoning"),
        "subtitle": plain("12 s"),
        "is_collapsible": True,
        "default_collapsed": True,
        "child_blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "*because*"}}],
    }
    message, ts = await post(client, page, [container])
    inside = message.locator(".container strong", has_text="because")
    await expect(message.locator("summary")).to_have_text("Reasoning12 s")
    await expect(inside).to_be_hidden()
    await message.locator("summary").press("Enter")
    await expect(inside).to_be_visible()
    await client.chat_update(
        channel=GENERAL, ts=ts, text="x", blocks=[container, {"type": "divider"}]
    )
    await expect(message.locator("hr")).to_have_count(1)
    await expect(inside).to_be_visible()


@browser_needed
async def test_feedback_shows_which_thumb_was_pressed(
    page: Page, standin: StandIn, client: AsyncWebClient, app: App
) -> None:
    thumbs = {
        "type": "feedback_buttons",
        "action_id": "thumbs",
        "positive_button": {"text": plain("Good"), "value": "good:1"},
        "negative_button": {"text": plain("Bad"), "value": "bad:1"},
    }
    trash = {
        "type": "icon_button", "action_id": "drop", "icon": "trash", "text": plain("Delete"),
        "value": "7",
    }  # fmt: skip
    message, ts = await post(
        client, page, [{"type": "context_actions", "elements": [thumbs, trash]}]
    )
    bad = message.get_by_role("button", name="Bad")
    await bad.click()
    assert (await press_of(standin, app, "thumbs"))["value"] == "bad:1"
    await client.chat_update(
        channel=GENERAL, ts=ts, text="x",
        blocks=[{"type": "context_actions", "elements": [thumbs]}],
    )  # fmt: skip
    await expect(message.get_by_role("button", name="Delete")).to_have_count(0)
    await expect(bad).to_have_attribute("aria-pressed", "true")
    await expect(message.get_by_role("button", name="Good")).to_have_attribute(
        "aria-pressed", "false"
    )
    await page.select_option("#person", BOB)
    await expect(bad).to_have_attribute("aria-pressed", "false")


@browser_needed
async def test_an_overflow_menu_works_from_the_keyboard(
    page: Page, standin: StandIn, client: AsyncWebClient, app: App
) -> None:
    menu = {
        "type": "overflow",
        "action_id": "again",
        "options": [option("Shorter", "shorter:1"), option("Longer", "longer:1")],
    }
    message, _ = await post(client, page, [{"type": "actions", "elements": [menu]}])
    button = message.locator(".block-actions").get_by_role("button", name="More")
    await button.press("Enter")
    await expect(page.get_by_role("menuitem", name="Shorter")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("menu")).to_have_count(0)
    await expect(button).to_be_focused()
    await button.press("Enter")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    action = await press_of(standin, app, "again")
    assert action["selected_option"]["value"] == "longer:1"


@browser_needed
async def test_a_declined_question_takes_the_choice_back(
    page: Page, standin: StandIn, client: AsyncWebClient, app: App
) -> None:
    confirm = {
        "title": plain("Sure?"), "text": plain("Everybody sees it."),
        "confirm": plain("Yes"), "deny": plain("No"),
    }  # fmt: skip
    section = {
        "type": "section",
        "text": {"type": "mrkdwn", "text": "*Colour*"},
        "accessory": {**CHOICE, "confirm": confirm},
    }
    message, _ = await post(client, page, [section])
    choice = message.get_by_role("combobox", name="Colour")
    await choice.select_option("green")
    await page.get_by_role("button", name="No", exact=True).click()
    await expect(choice).to_have_value("red")
    assert heard(app) == []
    await choice.select_option("green")
    await page.get_by_role("button", name="Yes", exact=True).click()
    action = await press_of(standin, app, "pick")
    assert action["selected_option"]["value"] == "green"
    await expect(choice).to_have_value("green")


@browser_needed
async def test_several_of_many_count_when_the_list_is_closed(
    page: Page, standin: StandIn, client: AsyncWebClient, app: App
) -> None:
    many = {
        "type": "multi_conversations_select",
        "action_id": "where",
        "placeholder": plain("Channels"),
        "filter": {"include": ["public"], "exclude_bot_users": True},
    }
    section = {
        "type": "section", "text": {"type": "mrkdwn", "text": "Answer in"}, "accessory": many,
    }  # fmt: skip
    message, _ = await post(client, page, [section])
    await message.locator(".multi summary").press("Enter")
    await message.get_by_label("#general").check()
    await message.get_by_label("#random").check()
    await page.keyboard.press("Escape")
    action = await press_of(standin, app, "where")
    assert sorted(action["selected_conversations"]) == sorted([GENERAL, RANDOM])
    await expect(message.locator(".multi summary")).to_contain_text("#general, #random")


@browser_needed
async def test_radio_buttons_and_checkboxes_tell_what_is_chosen(
    page: Page, standin: StandIn, client: AsyncWebClient, app: App
) -> None:
    options = [option("Mentions only", "mentions"), option("Natural", "natural")]
    radio = {"type": "radio_buttons", "action_id": "rule", "options": options}
    boxes = {"type": "checkboxes", "action_id": "which", "options": options}
    message, _ = await post(client, page, [{"type": "actions", "elements": [radio, boxes]}])
    await message.get_by_role("radio", name="Natural").check()
    assert (await press_of(standin, app, "rule"))["selected_option"]["value"] == "natural"
    await message.get_by_role("checkbox", name="Mentions only").check()
    chosen = (await press_of(standin, app, "which"))["selected_options"]
    assert [each["value"] for each in chosen] == ["mentions"]


@browser_needed
async def test_a_button_with_the_address_of_a_message_leads_there(
    page: Page, standin: StandIn, client: AsyncWebClient, app: App
) -> None:
    root = await standin.post(ALICE, RANDOM, "over here")
    link = (await client.chat_getPermalink(channel=RANDOM, message_ts=root))["permalink"]
    button = {"type": "button", "action_id": "open", "text": plain("Open"), "url": link}
    message, _ = await post(client, page, [{"type": "actions", "elements": [button]}])
    await message.get_by_role("button", name="Open").click()
    await expect(page.locator("#channel-title")).to_have_text("#random")
    await expect(page.locator("#timeline .found")).to_contain_text("over here")
