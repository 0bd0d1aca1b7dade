"""A workspace that outlives its server."""

from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.server import StandIn
from bot.demo.workspace import ALICE, ALICE_DM, BOB, BOT_USER_ID, GENERAL, TEAM_ID


async def test_everything_said_and_shared_is_there_again(tmp_path: Path) -> None:
    async with StandIn(folder=tmp_path) as standin:
        client = AsyncWebClient(token=standin.bot_token, base_url=standin.api_url)
        root = await standin.post(
            ALICE, GENERAL, "root <https://a.com>", files=[("a.txt", b"tea", "text/plain")]
        )
        await standin.post(BOB, GENERAL, "reply", root)
        await client.chat_postMessage(
            channel=GENERAL, text="answer", thread_ts=root, blocks=[{"type": "divider"}]
        )
        await client.chat_startStream(
            channel=GENERAL, thread_ts=root, markdown_text="half a",
            recipient_user_id=ALICE, recipient_team_id=TEAM_ID,
        )  # fmt: skip
        await standin.edit(ALICE, GENERAL, root, "changed")
        await client.reactions_add(channel=GENERAL, timestamp=root, name="eyes")
        await client.chat_postEphemeral(channel=GENERAL, user=ALICE, text="psst")
        before = standin.messages(GENERAL, root)
        file_id = before[0].files[0]
        await standin.post(ALICE, ALICE_DM, "hi")
    async with StandIn(folder=tmp_path) as standin:
        after = standin.messages(GENERAL, root)
        assert after[:-1] == before[:-1]
        assert (after[-1].text, after[-1].streaming) == ("half a", "completed")
        assert standin.workspace.contents[file_id] == b"tea"
        assert [message.text for message in standin.ephemerals(GENERAL, ALICE)] == ["psst"]
        assert standin.workspace.threads[(GENERAL, root)].authors == {BOB: 1, BOT_USER_ID: 2}
        assert standin.deliveries.records == []
        new = await standin.post(ALICE, GENERAL, "new", files=[("b.txt", b"x", "text/plain")])
        assert new > after[-1].ts
        assert standin.messages(GENERAL)[-1].files[0] > file_id


async def test_a_deleted_file_s_bytes_are_gone_from_the_folder(tmp_path: Path) -> None:
    async with StandIn(folder=tmp_path) as standin:
        await standin.post(ALICE, GENERAL, "", files=[("a.txt", b"tea", "text/plain")])
        [file_id] = standin.workspace.files
    kept = tmp_path / "files" / file_id
    assert kept.read_bytes() == b"tea"
    async with StandIn(folder=tmp_path) as standin:
        await standin.delete_file(file_id)
    assert not kept.exists()


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"users": [{"id": 1}]}'])
async def test_an_unreadable_folder_is_put_aside(tmp_path: Path, text: str) -> None:
    kept = tmp_path / "workspace.json"
    kept.write_text(text)
    async with StandIn(folder=tmp_path) as standin:
        await standin.post(ALICE, GENERAL, "hi")
    assert kept.with_suffix(".unreadable").read_text() == text
    async with StandIn(folder=tmp_path) as standin:
        assert [message.text for message in standin.messages(GENERAL)] == ["hi"]


async def test_a_workspace_without_a_folder_is_forgotten() -> None:
    async with StandIn() as standin:
        await standin.post(ALICE, GENERAL, "hi")
    async with StandIn() as standin:
        assert standin.messages(GENERAL) == []
