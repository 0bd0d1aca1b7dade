"""Channels that do not take every message, and the people who are not like the others."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.residents import (
    ANNOUNCEMENTS,
    ARCHIVE,
    CLARA,
    GROUP_DM,
    GUEST,
    LEADS,
    OUTSIDER,
    PARTNER_TEAM_ID,
    PARTNERS,
)
from bot.demo.server import StandIn
from bot.demo.workspace import ALICE, BOB, GENERAL, TEAM_ID, Posting
from tests.demo.refusals import refusal


@pytest.mark.parametrize(
    ("posting", "root_code", "reply_code"),
    [
        ("read_only", "restricted_action_read_only_channel", "restricted_action_read_only_channel"),
        ("thread_only", "restricted_action_thread_only_channel", ""),
        ("non_threadable", "", "restricted_action_non_threadable_channel"),
    ],
)
async def test_posting_permissions_of_a_channel(
    standin: StandIn, client: AsyncWebClient, posting: Posting, root_code: str, reply_code: str
) -> None:
    root = await standin.post(ALICE, GENERAL, "root")
    standin.workspace.change_channel(GENERAL, posting=posting)

    for thread_ts, code in ((None, root_code), (root, reply_code)):
        post = client.chat_postMessage(channel=GENERAL, text="x", thread_ts=thread_ts)
        if code:
            assert await refusal(post) == code
        else:
            await post


async def test_a_stream_is_refused_where_a_post_is(
    standin: StandIn, client: AsyncWebClient
) -> None:
    root = await standin.post(ALICE, ANNOUNCEMENTS, "read this")
    start = client.api_call(
        "chat.startStream",
        json={
            "channel": ANNOUNCEMENTS,
            "thread_ts": root,
            "recipient_user_id": ALICE,
            "recipient_team_id": TEAM_ID,
        },
    )
    assert await refusal(start) == "restricted_action_read_only_channel"


async def test_a_locked_thread_takes_no_replies_and_no_reactions(
    standin: StandIn, client: AsyncWebClient
) -> None:
    root = await standin.post(ALICE, GENERAL, "root")
    await standin.post(ALICE, GENERAL, "last word", root)
    standin.workspace.locked_threads.add((GENERAL, root))
    post = client.chat_postMessage(channel=GENERAL, text="x", thread_ts=root)
    assert await refusal(post) == "restricted_action_thread_locked"
    react = client.reactions_add(channel=GENERAL, timestamp=root, name="eyes")
    assert await refusal(react) == "thread_locked"
    thread = await client.conversations_replies(channel=GENERAL, ts=root)
    assert thread["messages"][0]["is_locked"]
    await client.chat_postMessage(channel=GENERAL, text="elsewhere")


async def test_an_ephemeral_message_cannot_stand_in_a_thread_that_may_not_be(
    standin: StandIn, client: AsyncWebClient
) -> None:
    root = await standin.post(ALICE, GENERAL, "root")
    standin.workspace.change_channel(GENERAL, posting="non_threadable")
    whisper = client.chat_postEphemeral(channel=GENERAL, user=ALICE, text="x", thread_ts=root)
    assert await refusal(whisper) == "cannot_reply_to_message"


async def test_an_archived_channel_takes_nothing(client: AsyncWebClient) -> None:
    assert await refusal(client.chat_postMessage(channel=ARCHIVE, text="x")) == "is_archived"
    whisper = client.chat_postEphemeral(channel=ARCHIVE, user=ALICE, text="x")
    assert await refusal(whisper) == "is_archived"


async def test_channels_say_what_they_are(client: AsyncWebClient) -> None:
    async def flags(channel: str) -> set[str]:
        found = (await client.conversations_info(channel=channel))["channel"]
        return {name for name, value in found.items() if value is True}

    assert {"is_ext_shared", "is_shared"} <= await flags(PARTNERS)
    assert "is_archived" in await flags(ARCHIVE)
    assert "is_private" in await flags(LEADS)
    assert "is_mpim" in await flags(GROUP_DM)


async def test_people_come_with_language_rights_and_organisation(client: AsyncWebClient) -> None:
    async def user(id_: str) -> dict[str, object]:
        found: dict[str, object] = (await client.users_info(user=id_, include_locale=True))["user"]
        return found

    clara = await user(CLARA)
    assert (clara["locale"], clara["tz"], clara["is_admin"]) == ("de-DE", "Europe/Berlin", False)
    assert (await user(ALICE))["is_admin"]
    assert (await user(GUEST))["is_restricted"]
    olga = await user(OUTSIDER)
    assert (olga["is_stranger"], olga["team_id"]) == (True, PARTNER_TEAM_ID)
    without = (await client.users_info(user=BOB))["user"]
    assert "locale" not in without


async def test_blocks_can_be_checked_without_posting(
    standin: StandIn, client: AsyncWebClient
) -> None:
    good = [{"type": "divider"}]
    for body in (
        {"blocks": good},
        {"message": {"blocks": good}},
        {"view": {"type": "home", "blocks": good}},
    ):
        await client.api_call("blocks.validate", json=body)
    bad = client.api_call("blocks.validate", json={"blocks": [{"type": "sparkles"}]})
    assert await refusal(bad) == "invalid_blocks"
    assert await refusal(client.api_call("blocks.validate", json={})) == "invalid_arguments"
    assert standin.messages(GENERAL) == []
