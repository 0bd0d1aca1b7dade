"""Reading threads and channels, people and reactions."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.server import StandIn
from bot.demo.workspace import (
    ALICE,
    ALICE_DM,
    BOB,
    BOT_ID,
    BOT_USER_ID,
    GENERAL,
    Channel,
    User,
)
from tests.demo.refusals import refusal


@pytest.fixture
async def thread(standin: StandIn) -> list[str]:
    [root] = await standin.seed(GENERAL, [(ALICE, "root")])
    said = [(BOB if n % 2 else ALICE, f"reply {n}") for n in range(7)]
    return [root, *await standin.seed(GENERAL, said, root)]


async def test_replies_come_oldest_first_with_counts_at_the_root(
    client: AsyncWebClient, thread: list[str]
) -> None:
    answer = await client.conversations_replies(channel=GENERAL, ts=thread[0])
    messages = answer["messages"]
    assert [message["ts"] for message in messages] == thread
    assert messages[0]["reply_count"] == 7
    assert messages[0]["thread_ts"] == thread[0]
    assert messages[0]["latest_reply"] == thread[-1]
    assert messages[1]["parent_user_id"] == ALICE
    assert not answer["has_more"]


async def test_pages_of_replies_each_begin_with_the_root(
    standin: StandIn, client: AsyncWebClient, thread: list[str]
) -> None:
    seen: list[str] = []
    cursor = None
    while cursor != "":
        answer = await client.conversations_replies(
            channel=GENERAL, ts=thread[0], limit=3, cursor=cursor
        )
        page = [message["ts"] for message in answer["messages"]]
        assert page[0] == thread[0]
        assert len(page) <= 3
        seen += page[1:]
        cursor = answer["response_metadata"]["next_cursor"]
        assert answer["has_more"] == bool(cursor)
    assert seen == thread[1:]
    standin.faults.page_limit = 4
    capped = await client.conversations_replies(channel=GENERAL, ts=thread[0], limit=999)
    assert len(capped["messages"]) == 4


async def test_a_window_of_replies(client: AsyncWebClient, thread: list[str]) -> None:
    async def window(**arguments: object) -> list[str]:
        answer = await client.api_call(
            "conversations.replies", params={"channel": GENERAL, "ts": thread[0], **arguments}
        )
        return [message["ts"] for message in answer["messages"]][1:]

    assert await window(oldest=thread[3]) == thread[4:]
    assert await window(oldest=thread[3], inclusive=1) == thread[3:]
    assert await window(latest=thread[3]) == thread[1:3]
    assert await window(latest=thread[3], inclusive=1) == thread[1:4]
    one = await window(latest=thread[5], oldest=thread[5], inclusive=1, limit=1)
    assert one == [thread[5]]


async def test_metadata_comes_only_when_asked_for(
    client: AsyncWebClient, thread: list[str]
) -> None:
    metadata = {"event_type": "t", "event_payload": {"a": 1}}
    await client.chat_postMessage(channel=GENERAL, text="x", thread_ts=thread[0], metadata=metadata)
    plain = await client.conversations_replies(channel=GENERAL, ts=thread[0])
    full = await client.conversations_replies(
        channel=GENERAL, ts=thread[0], include_all_metadata=True
    )
    assert "metadata" not in plain["messages"][-1]
    assert full["messages"][-1]["metadata"] == metadata


async def test_reads_that_slack_refuses(standin: StandIn, client: AsyncWebClient) -> None:
    members = frozenset({ALICE})
    standin.workspace.add_channel(Channel("C0PUBLIC01", "public", "channel", members))
    ts = await standin.post(ALICE, GENERAL, "root")

    async def code(channel: str = GENERAL, ts: str = ts, **arguments: object) -> str:
        query = {"channel": channel, "ts": ts, **arguments}
        return await refusal(client.api_call("conversations.replies", params=query))

    assert await code(ts="1.000001") == "thread_not_found"
    assert await code("C0NOWHERE1") == "channel_not_found"
    assert await code("C0PUBLIC01") == "not_in_channel"
    assert await code(cursor="???") == "invalid_cursor"
    assert await code(oldest="yesterday") == "invalid_ts_oldest"
    assert await code(limit=0) == "invalid_limit"


async def test_history_is_newest_first_roots_only_and_paged(
    standin: StandIn, client: AsyncWebClient, thread: list[str]
) -> None:
    roots = [thread[0], *await standin.seed(GENERAL, [(ALICE, "a"), (BOB, "b")])]
    first = await client.conversations_history(channel=GENERAL, limit=2)
    assert [message["ts"] for message in first["messages"]] == roots[:0:-1]
    cursor = first["response_metadata"]["next_cursor"]
    second = await client.conversations_history(channel=GENERAL, limit=2, cursor=cursor)
    assert [message["ts"] for message in second["messages"]] == [roots[0]]
    assert second["messages"][0]["reply_count"] == 7


async def test_a_broadcast_reply_is_in_thread_and_channel(
    standin: StandIn, client: AsyncWebClient, thread: list[str]
) -> None:
    ts = (
        await client.chat_postMessage(
            channel=GENERAL, text="to all", thread_ts=thread[0], reply_broadcast=True
        )
    )["ts"]
    [newest, _] = (await client.conversations_history(channel=GENERAL))["messages"]
    assert (newest["ts"], newest["root"]["ts"]) == (ts, thread[0])
    assert standin.messages(GENERAL, thread[0])[-1].ts == ts
    await client.chat_delete(channel=GENERAL, ts=ts)
    assert len((await client.conversations_history(channel=GENERAL))["messages"]) == 1


async def test_channels_and_people(standin: StandIn, client: AsyncWebClient) -> None:
    channel = (await client.conversations_info(channel=GENERAL))["channel"]
    assert (channel["name"], channel["is_member"], channel["is_im"]) == ("general", True, False)
    direct = (await client.conversations_info(channel=ALICE_DM))["channel"]
    assert (direct["is_im"], direct["user"]) == (True, ALICE)
    assert (await client.conversations_open(users=ALICE))["channel"]["id"] == ALICE_DM
    standin.workspace.add_user(User("U0CAROL001", "carol", "Carol Diaz"))
    opened = await client.conversations_open(users="U0CAROL001")
    assert opened["channel"]["id"].startswith("D")
    standin.workspace.add_user(User("U0GONE0001", "gone", "Gone", deleted=True))
    assert await refusal(client.conversations_open(users="U0GONE0001")) == "user_disabled"
    assert await refusal(client.users_info(user="U0NOBODY01")) == "user_not_found"
    bot = (await client.users_info(user=BOT_USER_ID))["user"]
    assert bot["is_bot"]
    assert (await client.bots_info(bot=BOT_ID))["bot"]["user_id"] == BOT_USER_ID
    assert await refusal(client.bots_info(bot="B0NOBODY01")) == "bot_not_found"


async def test_reactions(standin: StandIn, client: AsyncWebClient) -> None:
    ts = await standin.post(ALICE, GENERAL, "hi")
    here = {"channel": GENERAL, "timestamp": ts}
    await client.reactions_add(name="eyes", **here)
    assert standin.messages(GENERAL)[0].reactions == {"eyes": (BOT_USER_ID,)}
    assert await refusal(client.reactions_add(name="eyes", **here)) == "already_reacted"
    await client.reactions_remove(name="eyes", **here)
    assert await refusal(client.reactions_remove(name="eyes", **here)) == "no_reaction"
    assert await refusal(client.reactions_add(name="<x>", **here)) == "invalid_name"


async def test_prompts_titles_and_sessions(standin: StandIn, client: AsyncWebClient) -> None:
    ts = await standin.post(ALICE, ALICE_DM, "hi")
    prompts = [{"title": "Hi", "message": "Say hi"}]
    await client.assistant_threads_setSuggestedPrompts(channel_id=ALICE_DM, prompts=prompts)
    assert standin.workspace.prompts[(ALICE_DM, "")] == tuple(prompts)
    many = client.assistant_threads_setSuggestedPrompts(channel_id=ALICE_DM, prompts=prompts * 5)
    assert await refusal(many) == "invalid_arguments"
    await client.assistant_threads_setTitle(channel_id=ALICE_DM, thread_ts=ts, title="Greeting")
    assert standin.workspace.titles[(ALICE_DM, ts)] == "Greeting"

    async def session(**arguments: str) -> str:
        call = client.api_call("agents.sessions.setStatus", json=arguments)
        return await refusal(call)

    assert await session(channel_id=GENERAL, status="active") == "thread_ts_required"
    assert await session(channel_id=ALICE_DM, thread_ts=ts, status="busy") == "invalid_status"
