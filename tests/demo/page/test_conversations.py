"""Conversations on the page: what is posted, streamed, shared, edited, linked to."""

import json

import httpx
import pytest
from playwright.async_api import Browser, FilePayload, Page, expect
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.server import StandIn
from bot.demo.workspace import (
    ALICE,
    ALICE_DM,
    BOB,
    BOB_DM,
    BOT_USER_ID,
    GENERAL,
    TEAM_ID,
    Json,
    Message,
)
from tests.chromium import browser_needed
from tests.demo.apps import over_http

MARKDOWN = """\
# Report

Revenue grew **a lot**, see [the page](https://example.com/a).

| Market | Growth |
|:--|--:|
| North | 18 % |

1. one
   - nested
2. two

> quoted

```python
print("<b>")
```
<script>document.title = "hacked"</script> <img src=x onerror=alert(1)>
[bad](javascript:alert(1)) <!channel>
"""

pytestmark = pytest.mark.asyncio(loop_scope="module")  # one browser for all: it starts slowly


async def ask(page: Page, text: str) -> None:
    await page.fill("#composer textarea", text)
    await page.press("#composer textarea", "Enter")


async def first_message(standin: StandIn, channel: str = GENERAL) -> Message:
    [message] = await standin.wait_for(lambda: standin.messages(channel))
    return message


@browser_needed
async def test_a_question_streams_its_answer_and_shows_its_reasoning(
    page: Page, standin: StandIn, client: AsyncWebClient
) -> None:
    async with over_http(standin) as app:
        await ask(page, "@aloud how are you?")
        root = await first_message(standin)
        assert root.text == f"<@{BOT_USER_ID}> how are you?"
        await client.assistant_threads_setStatus(
            channel_id=GENERAL, thread_ts=root.ts, status="is thinking…"
        )
        replies = page.locator("#replies")
        await expect(replies.locator(".status-line")).to_contain_text("Aloud is thinking…")

        started = await client.chat_startStream(
            channel=GENERAL, thread_ts=root.ts, markdown_text="I am ",
            recipient_user_id=ALICE, recipient_team_id=TEAM_ID,
        )  # fmt: skip
        await expect(replies.locator(".streaming")).to_contain_text("I am")
        await client.chat_appendStream(channel=GENERAL, ts=started["ts"], markdown_text="**fine**.")
        await expect(replies.locator(".streaming strong", has_text="fine")).to_be_visible()
        label = {"type": "plain_text", "text": "Show reasoning"}
        button = {"type": "button", "action_id": "go", "text": label, "value": "7"}
        await client.chat_stopStream(
            channel=GENERAL, ts=started["ts"], blocks=[{"type": "actions", "elements": [button]}]
        )
        await expect(replies.locator(".streaming")).to_have_count(0)

        await page.get_by_role("button", name="Show reasoning").click()
        press = await app.pressed()
        assert press["user"]["id"] == ALICE
        assert press["actions"][0]["value"] == "7"
        hide = {**button, "text": {"type": "plain_text", "text": "Hide reasoning"}}
        await client.chat_update(
            channel=GENERAL, ts=started["ts"], text="I am fine.",
            blocks=[{"type": "actions", "elements": [hide]}],
        )  # fmt: skip
        await expect(page.get_by_role("button", name="Hide reasoning")).to_be_visible()


@browser_needed
async def test_markdown_is_drawn_and_nothing_in_it_runs(
    page: Page, standin: StandIn, client: AsyncWebClient
) -> None:
    await client.chat_postMessage(channel=GENERAL, markdown_text=MARKDOWN)
    message = page.locator("#timeline .message")
    await expect(message.locator(".md-heading")).to_have_text("Report")
    await expect(message.locator("p strong")).to_have_text("a lot")
    link = message.get_by_role("link", name="the page")
    await expect(link).to_have_attribute("href", "https://example.com/a")
    await expect(message.locator("td.align-right")).to_have_text("18 %")
    await expect(message.locator("ol > li > ul > li")).to_have_text("nested")
    await expect(message.locator("blockquote")).to_have_text("quoted")
    await expect(message.locator("pre code")).to_have_text('print("<b>")')
    await expect(message.locator(".broadcast")).to_have_text("@channel")
    await expect(message).to_contain_text("<script>")
    assert await message.locator("script, .body img, a[href^=javascript]").count() == 0
    assert "hacked" not in await page.title()


@browser_needed
async def test_every_block_has_its_shape(
    page: Page, standin: StandIn, client: AsyncWebClient
) -> None:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": "rich"}]}
    blocks: list[Json] = [
        {"type": "header", "text": {"type": "plain_text", "text": "Title"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*bold* `code` &amp; <#C1|x>"}},
        {"type": "divider"},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "small :tada:"}]},
        {"type": "rich_text", "elements": [section]},
    ]
    await client.chat_postMessage(channel=GENERAL, text="x", blocks=blocks)
    message = page.locator("#timeline .message")
    await expect(message.locator(".block-header")).to_have_text("Title")
    await expect(message.locator(".block-section strong")).to_have_text("bold")
    await expect(message.locator(".block-section")).to_contain_text("& #x")
    await expect(message.locator("hr")).to_have_count(1)
    await expect(message.locator(".block-context")).to_have_text("small 🎉")
    await expect(message).to_contain_text("rich")


@browser_needed
async def test_a_file_is_shared_with_a_message(page: Page, standin: StandIn) -> None:
    chosen = FilePayload(name="notes <1>.txt", mimeType="text/plain", buffer=b"tea at four")
    await page.set_input_files("#composer input[type=file]", files=[chosen])
    await ask(page, "")
    message = await first_message(standin)
    assert message.subtype == "file_share"
    assert standin.workspace.contents[message.files[0]] == b"tea at four"
    card = page.locator("#timeline a.file")
    await expect(card).to_contain_text("notes <1>.txt")
    address = f"{standin.page_url.rstrip('/')}{await card.get_attribute('href')}"
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(address)
    assert answer.content == b"tea at four"
    assert answer.headers["content-disposition"] == "attachment"


@browser_needed
async def test_a_dropped_file_waits_in_the_composer(page: Page) -> None:
    transfer = await page.evaluate_handle(
        "() => { const t = new DataTransfer(); t.items.add(new File(['x'], 'a.pdf')); return t; }"
    )
    await page.dispatch_event("#main", "dragenter", {"dataTransfer": transfer})
    await expect(page.locator("#main .drop-veil")).to_be_visible()
    await page.dispatch_event("#main", "drop", {"dataTransfer": transfer})
    await expect(page.locator("#main .drop-veil")).to_be_hidden()
    await expect(page.locator("#composer .chip")).to_contain_text("a.pdf")
    await page.get_by_role("button", name="Remove a.pdf").click()
    await expect(page.locator("#composer .chip")).to_have_count(0)


@browser_needed
async def test_own_messages_can_be_edited_and_deleted_and_others_not(
    page: Page, standin: StandIn
) -> None:
    await ask(page, "helo @bob & all")
    message = await first_message(standin)
    row = page.locator("#timeline .message")
    await row.hover()
    await row.get_by_role("button", name="Edit message").click()
    field = row.get_by_role("textbox", name="Edit message")
    await expect(field).to_have_value("helo @bob & all")
    await field.fill("hello @bob")
    await page.keyboard.press("Enter")
    await expect(row).to_contain_text("(edited)")
    assert standin.messages(GENERAL)[0].text == f"hello <@{BOB}>"
    await row.hover()
    await row.get_by_role("button", name="Delete message").click()
    await page.get_by_role("button", name="Delete", exact=True).click()
    await expect(row).to_have_count(0)
    assert message.place not in standin.workspace.messages
    await standin.post(BOB, GENERAL, "mine")
    await expect(row).to_contain_text("mine")
    assert await row.get_by_role("button", name="Edit message").count() == 0


@browser_needed
async def test_history_and_place_survive_a_reload(page: Page, standin: StandIn) -> None:
    await page.get_by_role("button", name="Aloud APP").click()
    await ask(page, "hi there")
    root = await first_message(standin, ALICE_DM)
    await standin.post(BOT_USER_ID, ALICE_DM, "hello", root.ts)
    await expect(page.locator("#replies")).to_contain_text("hello")
    await page.reload()
    await expect(page.locator("#channel-title")).to_have_text("Aloud")
    await expect(page.locator("#replies")).to_contain_text("hello")


@browser_needed
async def test_an_ephemeral_is_for_its_person_only(
    page: Page, standin: StandIn, client: AsyncWebClient
) -> None:
    await client.chat_postEphemeral(channel=GENERAL, user=ALICE, text="psst")
    await expect(page.locator(".message.ephemeral")).to_contain_text("Only visible to you")
    await page.select_option("#person", BOB)
    await expect(page.locator(".message.ephemeral")).to_have_count(0)
    await ask(page, "I am Bob")
    assert (await first_message(standin)).user == BOB


@browser_needed
async def test_names_complete_and_suggestions_ask(page: Page, standin: StandIn) -> None:
    await expect(page.locator("#banner")).to_contain_text("MODEL_API_KEY")
    await page.locator("#composer textarea").press_sequentially("@al")
    await expect(page.get_by_role("option", name="Aloud")).to_be_visible()
    await page.locator("#composer textarea").press("ArrowDown")
    await page.locator("#composer textarea").press("Enter")
    await expect(page.locator("#composer textarea")).to_have_value("@aloud ")
    await page.fill("#composer textarea", "")
    await page.get_by_role("button", name="What can you do?").click()
    assert (await first_message(standin)).text == f"<@{BOT_USER_ID}> What can you do?"


@browser_needed
async def test_a_press_nobody_acks_is_said(
    page: Page, standin: StandIn, client: AsyncWebClient
) -> None:
    label = {"type": "plain_text", "text": "Try"}
    button = {"type": "button", "action_id": "unheard", "text": label}
    await client.chat_postMessage(
        channel=GENERAL, text="x", blocks=[{"type": "actions", "elements": [button]}]
    )
    await page.get_by_role("button", name="Try").click()
    await expect(page.locator("#toasts")).to_contain_text("did not respond")


@browser_needed
async def test_stop_reaches_the_app(page: Page, standin: StandIn, client: AsyncWebClient) -> None:
    await ask(page, "@aloud think hard")
    root = await first_message(standin)
    await client.chat_startStream(
        channel=GENERAL, thread_ts=root.ts, markdown_text="Well",
        recipient_user_id=ALICE, recipient_team_id=TEAM_ID,
    )  # fmt: skip
    await page.get_by_role("button", name="Stop").click()
    await standin.wait_for(
        lambda: [
            record
            for record in standin.deliveries.records
            if record.payload["event"]["type"] == "agent_session_stopped"
        ]
    )


@browser_needed
async def test_a_permalink_opens_its_thread(
    browser: Browser, standin: StandIn, client: AsyncWebClient
) -> None:
    root = await standin.post(ALICE, GENERAL, "root")
    reply = await standin.post(BOB, GENERAL, "the reply", root)
    link = (await client.chat_getPermalink(channel=GENERAL, message_ts=reply))["permalink"]
    page = await browser.new_page()
    await page.goto(link)
    await expect(page.locator("#replies .found")).to_contain_text("the reply")
    await page.close()


async def test_other_sites_cannot_speak_for_the_person(standin: StandIn) -> None:
    async with httpx.AsyncClient(base_url=standin.page_url, trust_env=False) as http:
        form = {"user": ALICE, "channel": GENERAL, "text": "forged"}
        assert (await http.post("/page/post", data=form)).status_code == 403
        rebound = await http.get("/page/changes", headers={"Host": "evil.example:80"})
        assert rebound.status_code == 403
        page = await http.get("/")
        assert "default-src 'self'" in page.headers["content-security-policy"]
        for name in ("..%2fsession.py", "index.html", "nothing.js"):
            assert (await http.get(f"/page/assets/{name}")).status_code == 404
    assert standin.messages(GENERAL) == []


async def test_a_page_is_told_only_what_its_person_may_see(standin: StandIn) -> None:
    secret = await standin.post(BOB, BOB_DM, "for Bob only")
    async with (
        httpx.AsyncClient(base_url=standin.page_url, trust_env=False) as http,
        http.stream("GET", "/page/changes", params={"user": ALICE}) as changes,
    ):
        lines = (line async for line in changes.aiter_lines() if line)
        snapshot = json.loads((await anext(lines)).removeprefix("data: "))
        assert BOB_DM not in {channel["id"] for channel in snapshot["channels"]}
        assert secret not in {message["ts"] for message in snapshot["messages"]}
        await standin.edit(BOB, BOB_DM, secret, "still for Bob only")
        await standin.post(BOB, GENERAL, "for all")
        told = ""
        while "for all" not in told:
            told = await anext(lines)
            assert "for Bob only" not in told
