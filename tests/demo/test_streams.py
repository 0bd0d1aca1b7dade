"""Streams: growth, ends, and everything Slack refuses about them."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.server import StandIn
from bot.demo.workspace import ALICE, ALICE_DM, GENERAL, TEAM_ID, Message
from tests.demo.conftest import Clock
from tests.demo.refusals import refusal


@pytest.fixture
async def root(standin: StandIn) -> str:
    return await standin.post(ALICE, GENERAL, "question")


async def start(client: AsyncWebClient, root: str, text: str = "Hel") -> str:
    answer = await client.chat_startStream(
        channel=GENERAL,
        thread_ts=root,
        recipient_user_id=ALICE,
        recipient_team_id=TEAM_ID,
        markdown_text=text,
    )
    return str(answer["ts"])


def reply(standin: StandIn, root: str) -> Message:
    return standin.messages(GENERAL, root)[1]


async def test_a_stream_grows_and_ends_with_blocks_below(
    standin: StandIn, client: AsyncWebClient, root: str
) -> None:
    ts = await start(client, root)
    assert reply(standin, root).streaming == "in_progress"
    await client.chat_appendStream(channel=GENERAL, ts=ts, markdown_text="lo")
    assert reply(standin, root).text == "Hello"
    answer = await client.chat_stopStream(
        channel=GENERAL,
        ts=ts,
        markdown_text="!",
        blocks=[{"type": "divider"}],
        metadata={"event_type": "t", "event_payload": {}},
    )
    assert answer["message"]["metadata"]["event_type"] == "t"
    done = reply(standin, root)
    assert (done.text, done.streaming) == ("Hello!", "completed")
    assert [block["type"] for block in done.blocks] == ["markdown", "divider"]


async def test_the_sdk_s_stream_helper_works(
    standin: StandIn, client: AsyncWebClient, root: str
) -> None:
    stream = await client.chat_stream(
        channel=GENERAL, thread_ts=root, recipient_user_id=ALICE, recipient_team_id=TEAM_ID
    )
    for _ in range(40):
        await stream.append(markdown_text="some words ")
    await stream.stop()
    assert reply(standin, root).text == "some words " * 40


async def test_tasks_and_plans_stream_as_chunks(
    standin: StandIn, client: AsyncWebClient, root: str
) -> None:
    ts = (
        await client.chat_startStream(
            channel=GENERAL,
            thread_ts=root,
            recipient_user_id=ALICE,
            recipient_team_id=TEAM_ID,
            chunks=[
                {"type": "plan_update", "title": "Plan"},
                {"type": "task_update", "id": "1", "title": "Read", "details": "a"},
            ],
        )
    )["ts"]
    again = {
        "type": "task_update", "id": "1", "title": "Read it", "status": "complete", "details": "b",
    }  # fmt: skip
    await client.chat_appendStream(channel=GENERAL, ts=ts, chunks=[again])
    plan, task = reply(standin, root).blocks
    assert plan["title"] == "Plan"
    assert (task["title"], task["status"], task["details"]) == ("Read it", "complete", "ab")


async def test_starts_that_slack_refuses(
    standin: StandIn, client: AsyncWebClient, root: str
) -> None:
    inner = await standin.post(ALICE, GENERAL, "reply", root)

    async def code(channel: str = GENERAL, **arguments: object) -> str:
        good = {
            "channel": channel,
            "thread_ts": root,
            "recipient_user_id": ALICE,
            "recipient_team_id": TEAM_ID,
            "markdown_text": "x",
        }
        return await refusal(client.api_call("chat.startStream", json={**good, **arguments}))

    assert await code(recipient_team_id=None) == "missing_recipient_team_id"
    assert await code(recipient_user_id=None) == "missing_recipient_user_id"
    assert await code(recipient_user_id="U0NOBODY01") == "user_not_found"
    assert await code(thread_ts=None) == "invalid_thread_ts"
    assert await code(thread_ts=inner) == "invalid_thread_ts"
    assert await code(markdown_text="x" * 12_001) == "msg_too_long"
    assert await code(markdown_text=None, chunks=[{"type": "poem"}]) == "invalid_chunks"
    mixed = [{"type": "markdown_text", "text": "x"}]
    assert await code(chunks=mixed) == "streaming_mode_mismatch"
    standin.faults.streaming = "channel_type_not_supported"
    assert await code() == "channel_type_not_supported"


async def test_in_a_dm_no_recipient_is_needed(standin: StandIn, client: AsyncWebClient) -> None:
    ts = await standin.post(ALICE, ALICE_DM, "hi")
    arguments = {"channel": ALICE_DM, "thread_ts": ts, "markdown_text": "hello"}
    assert (await client.api_call("chat.startStream", json=arguments))["ok"]


async def test_text_and_chunks_do_not_mix_in_one_message(client: AsyncWebClient, root: str) -> None:
    ts = await start(client, root)
    chunk = {"type": "markdown_text", "text": "x"}
    answer = client.chat_appendStream(channel=GENERAL, ts=ts, chunks=[chunk])
    assert await refusal(answer) == "streaming_mode_mismatch"


async def test_a_stream_holds_about_ten_kilobytes_of_utf8(
    standin: StandIn, client: AsyncWebClient, root: str
) -> None:
    ts = await start(client, root, "é" * 5_000)
    too_much = client.chat_appendStream(channel=GENERAL, ts=ts, markdown_text="é" * 400)
    assert await refusal(too_much) == "msg_too_long"
    assert len(reply(standin, root).text) == 5_000
    await client.chat_appendStream(channel=GENERAL, ts=ts, markdown_text="é" * 300)


async def test_a_stream_lives_five_minutes_however_busy(
    standin: StandIn, client: AsyncWebClient, root: str, clock: Clock
) -> None:
    ts = await start(client, root)
    clock.advance(299)
    await client.chat_appendStream(channel=GENERAL, ts=ts, markdown_text="x")
    clock.advance(2)
    append = client.chat_appendStream(channel=GENERAL, ts=ts, markdown_text="y")
    assert await refusal(append) == "message_not_in_streaming_state"
    stop = client.chat_stopStream(channel=GENERAL, ts=ts)
    assert await refusal(stop) == "message_not_in_streaming_state"
    assert reply(standin, root).text == "Helx"
    await client.chat_update(channel=GENERAL, ts=ts, text="rescued")


async def test_a_live_stream_cannot_be_updated_nor_a_message_appended_to(
    standin: StandIn, client: AsyncWebClient, root: str
) -> None:
    ts = await start(client, root)
    update = client.chat_update(channel=GENERAL, ts=ts, text="x")
    assert await refusal(update) == "streaming_state_conflict"
    posted = (await client.chat_postMessage(channel=GENERAL, text="x"))["ts"]
    append = client.chat_appendStream(channel=GENERAL, ts=posted, markdown_text="y")
    assert await refusal(append) == "message_not_in_streaming_state"
    theirs = client.chat_appendStream(channel=GENERAL, ts=root, markdown_text="y")
    assert await refusal(theirs) == "message_not_owned_by_app"


async def test_stop_by_the_person_refuses_more_but_can_be_finished(
    standin: StandIn, client: AsyncWebClient, root: str
) -> None:
    ts = await start(client, root)
    await standin.stop(ALICE, GENERAL, root)
    append = client.chat_appendStream(channel=GENERAL, ts=ts, markdown_text="y")
    assert await refusal(append) == "stopped_by_user"
    await client.chat_stopStream(channel=GENERAL, ts=ts)
    assert reply(standin, root).streaming == "completed"
    event = standin.deliveries.records[-1].payload["event"]
    stopped = next(
        record.payload["event"]
        for record in standin.deliveries.records
        if record.payload["event"]["type"] == "agent_session_stopped"
    )
    assert stopped["streaming_message_ts"] == [ts]
    assert event["subtype"] == "message_changed"


async def test_status_shows_until_the_reply_or_two_minutes(
    standin: StandIn, client: AsyncWebClient, root: str, clock: Clock
) -> None:

    async def show(status: str) -> None:
        await client.assistant_threads_setStatus(channel_id=GENERAL, thread_ts=root, status=status)

    await show("is thinking…")
    assert standin.workspace.status_of((GENERAL, root)) == "is thinking…"
    clock.advance(121)
    assert standin.workspace.status_of((GENERAL, root)) == ""
    await show("is writing…")
    await client.chat_postMessage(channel=GENERAL, text="done", thread_ts=root)
    assert standin.workspace.status_of((GENERAL, root)) == ""
    nowhere = client.assistant_threads_setStatus(channel_id=GENERAL, thread_ts="1.0", status="x")
    assert await refusal(nowhere) == "invalid_thread_ts"
