"""What the app hears of what people do, through the real Bolt over both transports."""

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.server import StandIn
from bot.demo.workspace import (
    ALICE,
    ALICE_DM,
    BOT_USER_ID,
    GENERAL,
    OTHER_BOT_USER_ID,
    RANDOM,
    TEAM_ID,
    Channel,
)
from tests.demo.apps import App, over_http, over_socket

MENTION = f"<@{BOT_USER_ID}> hi"


@pytest.fixture(params=["socket", "http"])
async def app(request: pytest.FixtureRequest, standin: StandIn) -> AsyncIterator[App]:
    joined = over_socket(standin) if request.param == "socket" else over_http(standin)
    async with joined as app:
        yield app


async def test_a_mention_gives_two_events_with_two_ids(standin: StandIn, app: App) -> None:
    ts = await standin.post(ALICE, GENERAL, MENTION)
    assert await app.hear(2) == [("app_mention", ""), ("message", "")]
    assert {event["ts"] for event in app.events} == {ts}
    assert len({body["event_id"] for body in app.bodies}) == 2
    [message] = [event for event in app.events if event["type"] == "message"]
    [mention] = [event for event in app.events if event["type"] == "app_mention"]
    assert message["channel_type"] == "channel"
    assert "channel_type" not in mention
    assert message["blocks"][0]["type"] == "rich_text"
    assert app.bodies[0]["authorizations"][0]["user_id"] == BOT_USER_ID


async def test_a_dm_gives_one(standin: StandIn, app: App) -> None:
    await standin.post(ALICE, ALICE_DM, MENTION)
    assert await app.hear(1) == [("message", "")]
    assert app.events[0]["channel_type"] == "im"


async def test_a_shared_file_comes_with_the_message_and_once_more_by_id(
    standin: StandIn, app: App
) -> None:
    await standin.post(ALICE, GENERAL, MENTION, files=[("a.txt", b"hello", "text/plain")])
    assert await app.hear(3) == [
        ("app_mention", ""), ("file_shared", ""), ("message", "file_share"),
    ]  # fmt: skip
    for event in app.events:
        if event["type"] != "file_shared":
            assert event["files"][0]["name"] == "a.txt"


async def test_a_mention_can_be_sparse_or_not_come_at_all(standin: StandIn, app: App) -> None:
    standin.faults.sparse_mentions = True
    await standin.post(ALICE, GENERAL, MENTION, files=[("a.txt", b"hello", "text/plain")])
    await app.hear(3)
    [mention] = [event for event in app.events if event["type"] == "app_mention"]
    assert "files" not in mention
    app.events.clear()
    standin.faults.suppress.add("app_mention")
    await standin.post(ALICE, GENERAL, MENTION)
    assert await app.hear(1) == [("message", "")]


async def test_the_order_of_the_two_can_be_chosen(standin: StandIn, app: App) -> None:
    standin.faults.order = "message_first"
    await standin.post(ALICE, GENERAL, MENTION)
    sent = [record.payload["event"]["type"] for record in standin.deliveries.records]
    assert sent == ["message", "app_mention"]
    await app.hear(2)


async def test_an_edit_that_mentions_calls_again_and_a_delete_is_told(
    standin: StandIn, app: App
) -> None:
    ts = await standin.post(ALICE, GENERAL, "hi")
    await standin.edit(ALICE, GENERAL, ts, MENTION)
    await standin.delete(ALICE, GENERAL, ts)
    assert await app.hear(4) == [
        ("app_mention", ""), ("message", ""), ("message", "message_changed"),
        ("message", "message_deleted"),
    ]  # fmt: skip
    [mention] = [event for event in app.events if event["type"] == "app_mention"]
    assert mention["edited"]["user"] == ALICE
    assert mention["ts"] == ts
    [changed] = [event for event in app.events if event.get("subtype") == "message_changed"]
    assert changed["previous_message"]["text"] == "hi"
    [deleted] = [event for event in app.events if event.get("subtype") == "message_deleted"]
    assert deleted["deleted_ts"] == ts


async def test_a_link_changes_the_message_a_moment_later_without_an_edit(
    standin: StandIn, app: App
) -> None:
    await standin.post(ALICE, GENERAL, f"{MENTION} <https://example.com/a>")
    assert await app.hear(3) == [
        ("app_mention", ""), ("message", ""), ("message", "message_changed"),
    ]  # fmt: skip
    [changed] = [event for event in app.events if event.get("subtype") == "message_changed"]
    assert "edited" not in changed["message"]


async def test_thread_replies_and_broadcasts(standin: StandIn, app: App) -> None:
    root = await standin.post(ALICE, GENERAL, "root")
    await standin.post(ALICE, GENERAL, "reply", root)
    await standin.post(ALICE, GENERAL, "to all", root, broadcast=True)
    assert await app.hear(3) == [
        ("message", ""), ("message", ""), ("message", "thread_broadcast"),
    ]  # fmt: skip
    replies = [event for event in app.events if event.get("thread_ts")]
    assert {event["parent_user_id"] for event in replies} == {ALICE}


async def test_other_bots_show_a_bot_id(standin: StandIn, app: App) -> None:
    await standin.post(OTHER_BOT_USER_ID, GENERAL, f"{MENTION}: incident 7")
    assert await app.hear(2) == [("app_mention", ""), ("message", "")]
    assert {event["bot_id"] for event in app.events} == {"B0OTHER001"}


async def test_the_app_s_own_posts_are_echoed_and_bolt_drops_them(
    standin: StandIn, app: App, client: AsyncWebClient
) -> None:
    metadata = {"event_type": "t", "event_payload": {}}
    await client.chat_postMessage(channel=GENERAL, text="mine", metadata=metadata)
    [echo] = [record.payload["event"] for record in standin.deliveries.records]
    assert echo["user"] == BOT_USER_ID
    assert echo["metadata"] == metadata
    await standin.delivered()
    await standin.post(ALICE, GENERAL, "hers")
    assert await app.hear(1) == [("message", "")]
    assert app.events[0]["text"] == "hers"


async def test_channels_the_app_is_not_in_are_silent(standin: StandIn, app: App) -> None:
    standin.workspace.change_channel(RANDOM, members=frozenset({ALICE}))
    await standin.post(ALICE, RANDOM, MENTION)
    assert standin.deliveries.records == []
    private = Channel("C0SECRET01", "secret", "group", frozenset({ALICE, BOT_USER_ID}))
    standin.workspace.add_channel(private)
    await standin.post(ALICE, private.id, "psst")
    assert await app.hear(1) == [("message", "")]
    assert app.events[0]["channel_type"] == "group"


async def test_seeded_messages_are_heard_by_nobody(standin: StandIn, app: App) -> None:
    await standin.seed(GENERAL, [(ALICE, MENTION), (ALICE, "<https://example.com>")])
    assert standin.deliveries.records == []
    assert app.events == []


async def test_raw_events_and_forged_teams_are_delivered_as_they_are(
    standin: StandIn, app: App
) -> None:
    await standin.deliver({"type": "app_mention", "text": None}, event_id="Ev1", team="T0OTHER")
    await standin.deliver({"type": "message", "text": "x"}, event_context="mine")
    await app.hear(2)
    teams = {body["event_id"]: body["team_id"] for body in app.bodies}
    assert teams["Ev1"] == "T0OTHER"
    assert {*teams.values()} == {"T0OTHER", TEAM_ID}


async def test_opening_the_app_and_stopping_it(standin: StandIn, app: App) -> None:
    await standin.open_app(ALICE)
    ts = await standin.post(ALICE, ALICE_DM, "hi")
    await standin.stop(ALICE, ALICE_DM, ts)
    assert await app.hear(3) == [
        ("agent_session_stopped", ""), ("app_home_opened", ""), ("message", ""),
    ]  # fmt: skip
