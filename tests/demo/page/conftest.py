"""One browser for each module, and a page of a fresh workspace with a scripted app behind it."""

import re
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.server import StandIn
from bot.demo.workspace import Json
from tests.chromium import ARGUMENTS, CHROMIUM
from tests.demo.apps import App, over_http

FEATURES: Json = {
    "slash_commands": [
        {
            "command": "/aloud",
            "description": "Ask, summarize, forget",
            "usage_hint": "help | ask [question] | forget",
        }
    ],
    "shortcuts": [
        {
            "name": "Ask about this",
            "type": "message",
            "callback_id": "ask_about",
            "description": "Ask about a message",
        }
    ],
}


@pytest_asyncio.fixture(loop_scope="module")
async def standin() -> AsyncIterator[StandIn]:
    async with StandIn(banner="No model: set `MODEL_API_KEY`.", features=FEATURES) as standin:
        yield standin


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, standin: StandIn) -> AsyncIterator[Page]:
    page = await browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(standin.page_url)
    await expect(page.locator(".welcome")).to_be_visible()
    yield page
    await page.close()
    assert errors == []


@pytest_asyncio.fixture(loop_scope="module")
async def client(standin: StandIn) -> AsyncWebClient:
    return AsyncWebClient(token=standin.bot_token, base_url=standin.api_url)


@pytest_asyncio.fixture(loop_scope="module")
async def app(standin: StandIn) -> AsyncIterator[App]:
    """An app that acks every press and shortcut and writes it down."""
    anything = re.compile(".*")
    async with over_http(standin) as app:
        app.bolt.action(anything)(app._note_body)
        app.bolt.shortcut(anything)(app._note_body)
        yield app
