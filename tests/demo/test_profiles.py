"""What each kind of workspace does and refuses."""

from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.profiles import (
    ALL_FEATURES,
    LEGACY_ASSISTANT,
    NO_AGENT_FEATURES,
    NO_STREAMING,
    OLD_BLOCKS,
    PROFILES,
    Profile,
)
from bot.demo.server import StandIn
from bot.demo.workspace import ALICE, ALICE_DM, BOT_USER_ID, GENERAL
from tests.demo.apps import App, over_socket
from tests.demo.refusals import refusal

TABLE = [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}]


@pytest.fixture(params=list(PROFILES))
async def standin(request: pytest.FixtureRequest) -> AsyncIterator[StandIn]:
    async with StandIn(profile=request.param) as standin:
        yield standin


@pytest.fixture
async def app(standin: StandIn) -> AsyncIterator[App]:
    async with over_socket(standin) as app:
        yield app


def only(*profiles: Profile) -> pytest.MarkDecorator:
    names = [profile.name for profile in profiles]
    return pytest.mark.parametrize("standin", names, indirect=True)


async def code_of(
    standin: StandIn, client: AsyncWebClient, method: str, **arguments: object
) -> str:
    """Return the error code of a call about a thread of the DM, "" when it is taken."""
    ts = await standin.post(ALICE, ALICE_DM, "hi")
    root = standin.workspace.messages[ALICE_DM, ts].root_ts
    body = {"channel_id": ALICE_DM, "channel": ALICE_DM, "thread_ts": root, **arguments}
    with suppress(SlackApiError):
        await client.api_call(method, json=body)
    [call] = standin.calls_of(method)
    return call.error or ""


async def test_streaming(standin: StandIn, client: AsyncWebClient) -> None:
    code = await code_of(standin, client, "chat.startStream", markdown_text="x")
    assert code == ("" if standin.profile.streaming else "feature_disabled")


@pytest.mark.parametrize(
    ("method", "arguments", "refused_with"),
    [
        ("assistant.threads.setTitle", {"title": "x"}, "not_agent_app"),
        (
            "assistant.threads.setSuggestedPrompts",
            {"prompts": [{"title": "x", "message": "y"}]},
            "not_agent_app",
        ),
        ("agents.sessions.setStatus", {"status": "processing"}, "feature_disabled"),
        ("agents.sessions.rename", {"title": "x"}, "feature_disabled"),
        ("assistant.threads.setStatus", {"status": "is thinking…"}, ""),
    ],
)
async def test_what_agents_may(
    standin: StandIn,
    client: AsyncWebClient,
    method: str,
    arguments: dict[str, object],
    refused_with: str,
) -> None:
    has_it = standin.profile.view == "agent" or (
        standin.profile.view == "assistant" and method.startswith("assistant.")
    )
    code = await code_of(standin, client, method, **arguments)
    assert code == ("" if has_it else refused_with)


async def test_new_blocks(standin: StandIn, client: AsyncWebClient) -> None:
    post = client.chat_postMessage(channel=GENERAL, text="x", blocks=TABLE)
    if standin.profile.new_blocks:
        await post
    else:
        assert await refusal(post) == "invalid_blocks"
    await client.chat_postMessage(channel=GENERAL, text="x", blocks=[{"type": "divider"}])


@only(OLD_BLOCKS)
@pytest.mark.parametrize("kind", ["markdown", "table", "container", "context_actions"])
async def test_an_old_host_refuses_each_new_block(
    standin: StandIn, client: AsyncWebClient, kind: str
) -> None:
    answer = client.chat_postMessage(channel=GENERAL, text="x", blocks=[{"type": kind}])
    assert await refusal(answer) == "invalid_blocks"


@only(LEGACY_ASSISTANT)
async def test_an_assistant_has_a_thread_for_each_chat(standin: StandIn, app: App) -> None:
    await standin.look_at(ALICE, GENERAL)
    await standin.open_app(ALICE)
    ts = await standin.post(ALICE, ALICE_DM, "help me")
    # Bolt drops the hidden root, which is the app's own message.
    await app.hear(3)
    [started] = [e for e in app.events if e["type"] == "assistant_thread_started"]
    thread = started["assistant_thread"]
    assert (thread["user_id"], thread["channel_id"]) == (ALICE, ALICE_DM)
    assert thread["context"]["channel_id"] == GENERAL
    [message] = [e for e in app.events if e["type"] == "message"]
    assert (message["ts"], message["thread_ts"]) == (ts, thread["thread_ts"])
    assert message["parent_user_id"] == BOT_USER_ID
    assert message["assistant_thread"]["action_token"]


@only(LEGACY_ASSISTANT)
async def test_a_first_word_to_an_assistant_opens_a_chat_and_the_next_stays_in_it(
    standin: StandIn, app: App
) -> None:
    for text in ("one", "two"):
        await standin.post(ALICE, ALICE_DM, text)
    await standin.look_at(ALICE, GENERAL)
    await app.hear(4)
    [started] = [e for e in app.events if e["type"] == "assistant_thread_started"]
    thread_ts = started["assistant_thread"]["thread_ts"]
    assert len(standin.messages(ALICE_DM, thread_ts)) == 3
    [looked] = [e for e in app.events if e["type"] == "assistant_thread_context_changed"]
    assert looked["assistant_thread"]["context"]["channel_id"] == GENERAL


@only(ALL_FEATURES, NO_STREAMING, NO_AGENT_FEATURES, OLD_BLOCKS)
async def test_elsewhere_the_first_word_is_the_root(standin: StandIn) -> None:
    ts = await standin.post(ALICE, ALICE_DM, "one")
    assert standin.workspace.messages[ALICE_DM, ts].thread_ts == ""


@only(NO_AGENT_FEATURES)
async def test_a_plain_app_does_not_hear_what_people_look_at(standin: StandIn, app: App) -> None:
    await standin.look_at(ALICE, GENERAL)
    ts = await standin.post(ALICE, ALICE_DM, "hi")
    await app.hear(1)
    assert [event.get("ts") for event in app.events] == [ts]
    assert "app_context" not in app.events[0]
