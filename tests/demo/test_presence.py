"""Who is where: invitations, what people look at, sessions, reactions."""

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.residents import CLARA, DESIGN, LEADS
from bot.demo.server import StandIn
from bot.demo.workspace import (
    ALICE,
    ALICE_DM,
    BOB,
    BOT_USER_ID,
    GENERAL,
    RANDOM,
    TEAM_ID,
    Json,
)
from tests.demo.apps import App, over_socket
from tests.demo.refusals import refusal


@pytest.fixture
async def app(standin: StandIn) -> AsyncIterator[App]:
    async with over_socket(standin) as app:
        yield app


def of_type(app: App, type_: str) -> list[Json]:
    return [event for event in app.events if event["type"] == type_]


async def test_an_invitation_opens_a_channel_to_the_app(
    standin: StandIn, app: App, client: AsyncWebClient
) -> None:
    assert await refusal(client.chat_postMessage(channel=DESIGN, text="x")) == "not_in_channel"
    await standin.invite(CLARA, DESIGN)
    await app.hear(1)
    [joined] = of_type(app, "member_joined_channel")
    assert joined["user"] == BOT_USER_ID
    assert joined["inviter"] == CLARA
    assert joined["channel_type"] == "C"
    assert [message.subtype for message in standin.messages(DESIGN)] == ["channel_join"]
    await client.chat_postMessage(channel=DESIGN, text="hello")
    await standin.invite(CLARA, DESIGN)
    assert len(of_type(app, "member_joined_channel")) == 1


async def test_others_who_come_and_go_are_told_too(standin: StandIn, app: App) -> None:
    await standin.invite(ALICE, LEADS, BOB)
    await standin.remove(ALICE, LEADS, BOB)
    await app.hear(4)
    [joined] = of_type(app, "member_joined_channel")
    assert (joined["user"], joined["channel_type"]) == (BOB, "G")
    assert of_type(app, "member_left_channel")[0]["user"] == BOB


async def test_an_app_that_is_removed_hears_only_that(
    standin: StandIn, app: App, client: AsyncWebClient
) -> None:
    await standin.remove(ALICE, RANDOM)
    await app.hear(1)
    await standin.post(ALICE, RANDOM, "alone at last")
    await standin.delivered()
    assert [event["type"] for event in app.events] == ["channel_left"]
    assert await refusal(client.chat_postMessage(channel=RANDOM, text="x")) == "not_in_channel"


async def test_an_agent_hears_what_a_person_looks_at_once(standin: StandIn, app: App) -> None:
    for channel in (GENERAL, GENERAL, RANDOM):
        await standin.look_at(ALICE, channel)
    await app.hear(2)
    first, second = of_type(app, "app_context_changed")
    assert (first["user"], first["channel"]) == (ALICE, ALICE_DM)
    assert first["context"]["entities"] == [
        {"type": "slack#/types/channel_id", "value": GENERAL, "team_id": TEAM_ID}
    ]
    assert second["context"]["entities"][0]["value"] == RANDOM


async def test_a_message_to_an_agent_says_what_its_author_looks_at(
    standin: StandIn, app: App
) -> None:
    await standin.post(ALICE, ALICE_DM, "before")
    await standin.look_at(ALICE, GENERAL)
    await standin.post(ALICE, ALICE_DM, "after")
    await app.hear(3)
    before, after = sorted(of_type(app, "message"), key=lambda event: str(event["ts"]))
    assert "app_context" not in before
    assert after["app_context"]["entities"][0]["value"] == GENERAL


async def test_a_renamed_session_is_told_with_its_old_title(
    standin: StandIn, app: App, client: AsyncWebClient
) -> None:
    root = await standin.post(ALICE, ALICE_DM, "hi")
    await client.api_call(
        "agents.sessions.rename",
        json={"channel_id": ALICE_DM, "thread_ts": root, "title": "Greeting"},
    )
    assert standin.workspace.titles[ALICE_DM, root] == "Greeting"
    await standin.rename(ALICE, ALICE_DM, root, "My greeting")
    await app.hear(2)
    [renamed] = of_type(app, "agent_session_title_changed")
    assert (renamed["title"], renamed["previous_title"]) == ("My greeting", "Greeting")


async def test_titles_that_slack_refuses(standin: StandIn, client: AsyncWebClient) -> None:
    async def code(**arguments: str) -> str:
        given = {"channel_id": ALICE_DM, "title": "x", **arguments}
        return await refusal(client.api_call("agents.sessions.rename", json=given))

    root = await standin.post(ALICE, ALICE_DM, "hi")
    in_channel = await standin.post(ALICE, GENERAL, "hi")
    assert await code() == "thread_ts_required"
    assert await code(thread_ts="1.000001") == "session_not_found"
    assert await code(channel_id=GENERAL, thread_ts=in_channel) == "session_not_found"
    assert await code(thread_ts=root, title="x" * 201) == "invalid_arguments"


async def test_prompts_are_kept_for_a_thread_or_for_the_next_one(
    standin: StandIn, client: AsyncWebClient
) -> None:
    root = await standin.post(ALICE, ALICE_DM, "hi")
    prompts = [{"title": "Summarize", "message": "Summarize it"}]
    await client.assistant_threads_setSuggestedPrompts(
        channel_id=ALICE_DM, thread_ts=root, prompts=prompts, title="Try"
    )
    await client.api_call(
        "assistant.threads.setSuggestedPrompts",
        json={"channel_id": ALICE_DM, "prompts": prompts * 4},
    )
    assert standin.workspace.prompts[ALICE_DM, root] == tuple(prompts)
    assert standin.workspace.prompt_headings[ALICE_DM, root] == "Try"
    assert len(standin.workspace.prompts[ALICE_DM, ""]) == 4

    async def code(thread_ts: str, count: int) -> str:
        return await refusal(
            client.assistant_threads_setSuggestedPrompts(
                channel_id=ALICE_DM, thread_ts=thread_ts, prompts=prompts * count
            )
        )

    assert await code(root, 5) == "invalid_arguments"
    assert await code(root, 0) == "invalid_arguments"
    assert await code("1.000001", 1) == "invalid_thread_ts"


async def test_a_status_has_its_loading_messages_and_ends_with_a_reply(
    standin: StandIn, client: AsyncWebClient
) -> None:
    root = await standin.post(ALICE, ALICE_DM, "hi")
    thread = {"channel_id": ALICE_DM, "thread_ts": root}
    await client.assistant_threads_setStatus(
        **thread, status="is thinking…", loading_messages=["Reading", "Thinking"]
    )
    assert standin.workspace.statuses[ALICE_DM, root].loading_messages == ("Reading", "Thinking")
    await client.chat_postMessage(channel=ALICE_DM, thread_ts=root, text="done")
    assert standin.workspace.status_of((ALICE_DM, root)) == ""


async def test_a_reaction_and_its_end_are_told(standin: StandIn, app: App) -> None:
    ts = await standin.post(BOB, GENERAL, "hi")
    await standin.react(ALICE, GENERAL, ts, "thumbsup")
    await standin.react(ALICE, GENERAL, ts, "thumbsup")
    await standin.unreact(ALICE, GENERAL, ts, "thumbsup")
    await app.hear(3)
    [added], [removed] = of_type(app, "reaction_added"), of_type(app, "reaction_removed")
    for told in (added, removed):
        assert (told["user"], told["reaction"], told["item_user"]) == (ALICE, "thumbsup", BOB)
        assert told["item"] == {"type": "message", "channel": GENERAL, "ts": ts}
