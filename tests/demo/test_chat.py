"""Posting, changing, deleting: what Slack takes and what it refuses."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.server import StandIn
from bot.demo.workspace import (
    ALICE,
    ALICE_DM,
    BOB,
    BOT_USER_ID,
    GENERAL,
    RANDOM,
    Channel,
    Json,
)
from tests.demo.refusals import refusal, refused

METADATA = {"event_type": "aloud_turn", "event_payload": {"turn": "7"}}
BUTTON: list[Json] = [
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "A"}}
        ],
    }
]


async def test_a_post_comes_back_as_slack_stores_it(
    standin: StandIn, client: AsyncWebClient
) -> None:
    answer = await client.chat_postMessage(
        channel=GENERAL, text="hi", blocks=BUTTON, metadata=METADATA
    )
    message = answer["message"]
    assert message["user"] == BOT_USER_ID
    assert message["bot_profile"]["name"] == "aloud"
    assert message["blocks"][0]["block_id"]
    assert message["metadata"] == METADATA
    assert standin.messages(GENERAL)[0].ts == answer["ts"]


async def test_timestamps_grow_within_a_channel_and_may_repeat_across(
    standin: StandIn, client: AsyncWebClient
) -> None:
    stamps = [await standin.post(ALICE, GENERAL, "x") for _ in range(3)]
    assert sorted(set(stamps)) == stamps
    assert await standin.post(ALICE, RANDOM, "x") == stamps[0]
    answer = await client.chat_postMessage(channel=GENERAL, text="y")
    assert answer["ts"] > stamps[-1]


async def test_a_person_s_id_means_the_direct_conversation(client: AsyncWebClient) -> None:
    answer = await client.chat_postMessage(channel=ALICE, text="hi")
    assert answer["channel"] == ALICE_DM


async def test_posts_that_slack_refuses(standin: StandIn, client: AsyncWebClient) -> None:
    def post(**arguments: object) -> object:
        return client.api_call("chat.postMessage", json={"channel": GENERAL, **arguments})

    async def code(**arguments: object) -> str:
        return await refusal(post(**arguments))  # type: ignore[arg-type]  # api_call is untyped

    assert await code() == "no_text"
    assert await code(text="  \n") == "no_text"
    assert await code(text="x", channel="C0NOWHERE1") == "channel_not_found"
    assert await code(text="x", markdown_text="y") == "markdown_text_conflict"
    assert await code(blocks=BUTTON, markdown_text="y") == "markdown_text_conflict"
    assert await code(markdown_text="x" * 12_001) == "msg_too_long"
    assert await code(text="x", blocks="{") == "invalid_blocks_format"
    assert await code(text="x", attachments=[{}] * 101) == "too_many_attachments"
    assert await code(text="x", metadata={"event_type": "t"}) == "invalid_metadata_format"
    assert await code(text="x", thread_ts="1.000001") == "thread_not_found"
    assert standin.messages(GENERAL) == []


async def test_invalid_blocks_say_where(client: AsyncWebClient) -> None:
    answer = await refused(
        client.chat_postMessage(
            channel=GENERAL,
            text="x",
            blocks=[{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
        )
    )
    problem = "must be less than 151 characters [json-pointer:/blocks/0/text/text]"
    assert answer["errors"] == [problem]
    assert answer["response_metadata"]["messages"] == [f"[ERROR] {problem}"]


async def test_text_is_cut_at_forty_thousand_with_a_warning(
    standin: StandIn, client: AsyncWebClient
) -> None:
    answer = await client.chat_postMessage(channel=GENERAL, text="x" * 40_001)
    assert answer["warning"] == "message_truncated"
    assert len(standin.messages(GENERAL)[0].text) == 40_000


async def test_channels_the_app_is_not_in(standin: StandIn, client: AsyncWebClient) -> None:
    members = frozenset({ALICE})
    public = standin.workspace.add_channel(Channel("C0PUBLIC01", "public", "channel", members))
    secret = standin.workspace.add_channel(Channel("C0SECRET01", "secret", "group", members))
    standin.workspace.change_channel(RANDOM, archived=True)

    async def code(channel: str) -> str:
        return await refusal(client.chat_postMessage(channel=channel, text="x"))

    assert await code(public.id) == "not_in_channel"
    assert await code(secret.id) == "channel_not_found"
    assert await code(RANDOM) == "is_archived"


async def test_only_a_root_can_be_replied_to(standin: StandIn, client: AsyncWebClient) -> None:
    root = await standin.post(ALICE, GENERAL, "root")
    reply = await standin.post(BOB, GENERAL, "reply", root)
    await client.chat_postMessage(channel=GENERAL, text="x", thread_ts=root)
    answer = client.chat_postMessage(channel=GENERAL, text="x", thread_ts=reply)
    assert await refusal(answer) == "thread_not_found"


async def test_markdown_text_becomes_a_markdown_block(
    standin: StandIn, client: AsyncWebClient
) -> None:
    await client.chat_postMessage(channel=GENERAL, markdown_text="**hi**")
    [message] = standin.messages(GENERAL)
    assert message.blocks[0]["type"] == "markdown"
    assert message.text == "**hi**"


async def test_update_keeps_what_it_does_not_name(standin: StandIn, client: AsyncWebClient) -> None:
    ts = (
        await client.chat_postMessage(channel=GENERAL, text="a", blocks=BUTTON, metadata=METADATA)
    )["ts"]
    await client.api_call("chat.update", json={"channel": GENERAL, "ts": ts})
    assert standin.messages(GENERAL)[0].blocks != ()
    await client.chat_update(channel=GENERAL, ts=ts, text="b")
    [message] = standin.messages(GENERAL)
    assert (message.text, message.blocks, message.metadata) == ("b", (), METADATA)
    await client.chat_update(channel=GENERAL, ts=ts, text="c", metadata={})
    assert standin.messages(GENERAL)[0].metadata is None


async def test_updates_that_slack_refuses(standin: StandIn, client: AsyncWebClient) -> None:
    theirs = await standin.post(ALICE, GENERAL, "hers")
    own = (await client.chat_postMessage(channel=GENERAL, text="mine"))["ts"]

    async def code(ts: str, text: str = "x") -> str:
        return await refusal(client.chat_update(channel=GENERAL, ts=ts, text=text))

    assert await code(theirs) == "cant_update_message"
    assert await code("1.000001") == "message_not_found"
    assert await code(own, "x" * 4_001) == "msg_too_long"
    assert await refusal(client.chat_delete(channel=GENERAL, ts=theirs)) == "cant_delete_message"
    standin.workspace.change_channel(GENERAL, archived=True)
    assert await code(own) == "is_inactive"


async def test_rich_text_cannot_be_replaced_by_other_blocks(client: AsyncWebClient) -> None:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}
    rich = [{"type": "rich_text", "elements": [section]}]
    ts = (await client.chat_postMessage(channel=GENERAL, text="x", blocks=rich))["ts"]
    answer = client.chat_update(channel=GENERAL, ts=ts, text="x", blocks=BUTTON)
    assert await refusal(answer) == "block_mismatch"


async def test_delete_takes_a_reply_out_of_its_thread(
    standin: StandIn, client: AsyncWebClient
) -> None:
    root = await standin.post(ALICE, GENERAL, "root")
    reply = await client.chat_postMessage(channel=GENERAL, text="x", thread_ts=root)
    await client.chat_delete(channel=GENERAL, ts=reply["ts"])
    assert len(standin.messages(GENERAL, root)) == 1
    answer = client.chat_delete(channel=GENERAL, ts=reply["ts"])
    assert await refusal(answer) == "message_not_found"


async def test_a_deleted_root_with_replies_stays_as_a_tombstone(standin: StandIn) -> None:
    root = await standin.post(ALICE, GENERAL, "root")
    await standin.post(BOB, GENERAL, "reply", root)
    await standin.delete(ALICE, GENERAL, root)
    assert [message.subtype for message in standin.messages(GENERAL, root)] == ["tombstone", ""]


async def test_ephemerals_are_for_one_member_and_in_no_history(
    standin: StandIn, client: AsyncWebClient
) -> None:
    answer = await client.chat_postEphemeral(channel=GENERAL, user=ALICE, text="psst")
    [shown] = standin.ephemerals(GENERAL, ALICE)
    assert shown.ts == answer["message_ts"]
    assert standin.ephemerals(GENERAL, BOB) == []
    assert (await client.conversations_history(channel=GENERAL))["messages"] == []
    update = client.chat_update(channel=GENERAL, ts=shown.ts, text="x")
    assert await refusal(update) == "message_not_found"
    standin.workspace.change_channel(GENERAL, members=frozenset({ALICE, BOT_USER_ID}))
    outsider = client.chat_postEphemeral(channel=GENERAL, user=BOB, text="psst")
    assert await refusal(outsider) == "user_not_in_channel"


@pytest.mark.parametrize(
    ("unfurl_links", "previewed"), [(True, ("https://example.com/a",)), (False, ())]
)
async def test_links_unfurl_unless_the_app_says_no(
    standin: StandIn,
    client: AsyncWebClient,
    unfurl_links: bool,
    previewed: tuple[str, ...],
) -> None:
    await client.chat_postMessage(
        channel=GENERAL, text="see <https://example.com/a|it>", unfurl_links=unfurl_links
    )
    assert standin.messages(GENERAL)[0].unfurls == previewed


async def test_permalinks_lead_to_the_page(standin: StandIn, client: AsyncWebClient) -> None:
    root = await standin.post(ALICE, GENERAL, "root")
    reply = await standin.post(BOB, GENERAL, "reply", root)
    answer = await client.chat_getPermalink(channel=GENERAL, message_ts=reply)
    assert answer["permalink"].startswith(f"{standin.page_url}archives/{GENERAL}/p")
    assert f"thread_ts={root}" in answer["permalink"]
