"""Installing the app into the local workspace, with the real client."""

from collections.abc import Awaitable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.demo.server import StandIn
from bot.demo.workspace import BOT_USER_ID, TEAM_ID
from tests.demo.refusals import refusal

# The SDK sends the client's id and secret with a class that aiohttp 4 will drop.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")

HOME = "https://aloud.example/slack/oauth_redirect"


async def consent(standin: StandIn, **query: str) -> tuple[str, dict[str, list[str]]]:
    """Open the consent page; return where it leads, and with what."""
    standin.consents.redirect_url = HOME
    async with httpx.AsyncClient() as browser:
        url = f"{standin.page_url}oauth/v2/authorize"
        answer = await browser.get(url, params={"client_id": standin.client_id, **query})
    location = urlsplit(answer.headers["location"])
    return location._replace(query="").geturl(), parse_qs(location.query)


async def test_a_code_is_exchanged_for_the_bots_token_once(standin: StandIn) -> None:
    target, query = await consent(standin, scope="chat:write,files:read", state="s")
    client = AsyncWebClient(base_url=standin.api_url)
    keys = {"client_id": standin.client_id, "client_secret": standin.client_secret}

    granted = await client.oauth_v2_access(code=query["code"][0], **keys)

    assert target == HOME
    assert query["state"] == ["s"]
    assert granted["access_token"] == standin.bot_token
    assert granted["scope"] == "chat:write,files:read"
    assert granted["team"]["id"] == TEAM_ID
    assert granted["bot_user_id"] == BOT_USER_ID
    again = client.oauth_v2_access(code=query["code"][0], **keys)
    assert await refusal(again) == "invalid_code"


async def test_the_apps_credentials_are_checked(standin: StandIn) -> None:
    client = AsyncWebClient(base_url=standin.api_url)

    def exchange(client_id: str, client_secret: str) -> Awaitable[AsyncSlackResponse]:
        return client.oauth_v2_access(client_id=client_id, client_secret=client_secret, code="c")

    assert await refusal(exchange("1.2", standin.client_secret)) == "invalid_client_id"
    assert await refusal(exchange(standin.client_id, "no")) == "bad_client_secret"


async def test_a_person_can_say_no(standin: StandIn) -> None:
    standin.faults.consent_denied = True

    _, query = await consent(standin, state="s")

    assert query == {"error": ["access_denied"], "state": ["s"]}
