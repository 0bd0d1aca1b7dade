"""The Web API's door: shapes of requests, tokens, scopes, faults, the record of calls."""

import asyncio

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.demo.server import StandIn
from bot.demo.workspace import ALICE, BOT_ID, BOT_USER_ID, GENERAL, TEAM_ID
from tests.demo.refusals import refusal, refused


async def test_auth_test_names_the_bot_and_the_granted_scopes(client: AsyncWebClient) -> None:
    answer = await client.auth_test()
    assert answer["user_id"] == BOT_USER_ID
    assert answer["bot_id"] == BOT_ID
    assert answer["team_id"] == TEAM_ID
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


async def test_arguments_come_as_json_query_or_form(
    standin: StandIn, client: AsyncWebClient
) -> None:
    await client.chat_postMessage(channel=GENERAL, text="json", team_id=TEAM_ID)
    await client.users_info(user=ALICE)
    async with aiohttp.ClientSession() as session:
        form = {"token": standin.bot_token, "channel": GENERAL, "text": "form"}
        async with session.post(f"{standin.api_url}chat.postMessage", data=form) as response:
            assert (await response.json())["ok"]
    assert [message.text for message in standin.messages(GENERAL)] == ["json", "form"]
    assert standin.calls_of("users.info")[0].arguments == {"user": ALICE}


async def test_tokens_are_checked(standin: StandIn) -> None:
    def client(token: str) -> AsyncWebClient:
        return AsyncWebClient(token=token, base_url=standin.api_url)

    assert await refusal(client("xoxb-wrong").auth_test()) == "invalid_auth"
    assert await refusal(client("").auth_test()) == "not_authed"
    assert await refusal(client(standin.app_token).auth_test()) == "not_allowed_token_type"
    bot = client(standin.bot_token)
    code = await refusal(bot.apps_connections_open(app_token=standin.bot_token))
    assert code == "not_allowed_token_type"


async def test_unknown_method(client: AsyncWebClient) -> None:
    assert await refusal(client.api_call("chat.shout")) == "unknown_method"


async def test_a_scope_that_was_not_granted_is_named(
    standin: StandIn, client: AsyncWebClient
) -> None:
    standin.faults.withheld_scopes.add("chat:write")
    answer = await refused(client.chat_postMessage(channel=GENERAL, text="hi"))
    assert answer["error"] == "missing_scope"
    assert answer["needed"] == "chat:write"
    assert "chat:write" not in answer["provided"].split(",")


async def test_a_call_without_a_required_argument(client: AsyncWebClient) -> None:
    assert await refusal(client.api_call("chat.delete", params={"channel": GENERAL})) == (
        "invalid_arguments"
    )


async def test_rate_limit_has_retry_after_and_ends(
    standin: StandIn, client: AsyncWebClient
) -> None:
    standin.faults.rate_limit("chat.postMessage", retry_after=7)
    with pytest.raises(SlackApiError) as failure:
        await client.chat_postMessage(channel=GENERAL, text="one")
    answer = failure.value.response
    assert isinstance(answer, AsyncSlackResponse)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "7"
    await client.chat_postMessage(channel=GENERAL, text="two")
    assert [message.text for message in standin.messages(GENERAL)] == ["two"]


async def test_the_sdk_s_own_retry_handler_gets_through(
    standin: StandIn, client: AsyncWebClient
) -> None:
    standin.faults.rate_limit("auth.test", retry_after=0)
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
    assert (await client.auth_test())["ok"]
    assert [call.status for call in standin.calls_of("auth.test")] == [429, 200]


async def test_scripted_refusals_statuses_and_html(
    standin: StandIn, client: AsyncWebClient
) -> None:
    standin.faults.refuse("auth.test", "account_inactive")
    standin.faults.break_down("auth.test", status=503)
    standin.faults.answer_html("auth.test")
    assert await refusal(client.auth_test()) == "account_inactive"
    for _ in range(2):
        with pytest.raises(SlackApiError):
            await client.auth_test()
    assert (await client.auth_test())["ok"]
    assert [call.error for call in standin.calls_of("auth.test")] == [
        "account_inactive", "internal_error", "html", "",
    ]  # fmt: skip


async def test_a_cut_connection_leaves_the_effect_and_makes_the_sdk_post_twice(
    standin: StandIn, client: AsyncWebClient
) -> None:
    standin.faults.cut("chat.postMessage")
    await client.chat_postMessage(channel=GENERAL, text="once?")
    assert [message.text for message in standin.messages(GENERAL)] == ["once?", "once?"]


async def test_a_call_whose_connection_was_reset_has_no_effect(standin: StandIn) -> None:
    standin.faults.reset("chat.postMessage")
    client = AsyncWebClient(standin.bot_token, base_url=standin.api_url, retry_handlers=[])
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=GENERAL, text="never")
    await client.chat_postMessage(channel=GENERAL, text="now")
    assert [message.text for message in standin.messages(GENERAL)] == ["now"]


async def test_a_held_call_takes_effect_when_released(
    standin: StandIn, client: AsyncWebClient
) -> None:
    gate = standin.faults.hold("chat.postMessage")
    posting = asyncio.create_task(client.chat_postMessage(channel=GENERAL, text="late"))
    await gate.reached.wait()
    assert standin.messages(GENERAL) == []
    gate.release()
    await posting
    assert len(standin.messages(GENERAL)) == 1


async def test_a_fault_can_last_and_be_cleared(standin: StandIn, client: AsyncWebClient) -> None:
    standin.faults.refuse("auth.test", "fatal_error", times=None)
    standin.faults.delay("users.info", 0.0)
    for _ in range(3):
        assert await refusal(client.auth_test()) == "fatal_error"
    standin.faults.clear("auth.test")
    assert (await client.auth_test())["ok"]
    assert (await client.users_info(user=ALICE))["ok"]


async def test_without_the_agents_feature_its_methods_refuse(
    standin: StandIn, client: AsyncWebClient
) -> None:
    standin.faults.agent_features = False
    ts = await standin.post(ALICE, GENERAL, "hi")
    title = client.assistant_threads_setTitle(channel_id=GENERAL, thread_ts=ts, title="x")
    assert await refusal(title) == "not_agent_app"
    thread = {"channel_id": GENERAL, "thread_ts": ts}
    session = client.api_call("agents.sessions.setStatus", json={**thread, "status": "processing"})
    assert await refusal(session) == "feature_disabled"
    await client.assistant_threads_setStatus(
        channel_id=GENERAL, thread_ts=ts, status="is thinking…"
    )
