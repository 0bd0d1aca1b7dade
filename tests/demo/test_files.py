"""Sharing, downloading and uploading files."""

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.faults import Download
from bot.demo.server import StandIn
from bot.demo.workspace import ALICE, BOT_USER_ID, GENERAL, Json
from tests.demo.refusals import refusal

CONTENT = b"Tea at four.\n" * 40


async def share(standin: StandIn, client: AsyncWebClient) -> Json:
    """Share a file and return files.info's answer."""
    await standin.post(ALICE, GENERAL, "", files=[("notes ü.txt", CONTENT, "text/plain")])
    [message] = standin.messages(GENERAL)
    answer = await client.files_info(file=message.files[0])
    file: Json = answer["file"]
    return file


async def download(
    standin: StandIn, url: str, bot_token: str | None = None
) -> tuple[int, str, bytes]:
    token = standin.bot_token if bot_token is None else bot_token
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, headers=headers, allow_redirects=False) as answer,
    ):
        return answer.status, answer.content_type, await answer.read()


async def test_a_shared_file_can_be_read_with_the_token(
    standin: StandIn, client: AsyncWebClient
) -> None:
    file = await share(standin, client)
    assert file["mode"] == "snippet"
    assert file["size"] == len(CONTENT)
    assert file["shares"]["public"][GENERAL][0]["ts"] == standin.messages(GENERAL)[0].ts
    for url in (file["url_private"], file["url_private_download"]):
        assert await download(standin, url) == (200, "text/plain", CONTENT)


async def test_without_the_token_or_the_scope_there_is_a_sign_in_page_with_200(
    standin: StandIn, client: AsyncWebClient
) -> None:
    file = await share(standin, client)
    for token in ("", "xoxb-wrong"):
        status, media_type, body = await download(standin, file["url_private"], token)
        assert (status, media_type) == (200, "text/html")
        assert b"Sign in" in body
    standin.faults.withheld_scopes.add("files:read")
    assert (await download(standin, file["url_private"]))[1] == "text/html"


@pytest.mark.parametrize(
    ("fault", "status"), [("redirect", 302), ("redirect_away", 302), ("forbidden", 403)]
)
async def test_downloads_that_go_elsewhere_or_nowhere(
    standin: StandIn, client: AsyncWebClient, fault: Download, status: int
) -> None:
    file = await share(standin, client)
    standin.faults.downloads[file["id"]] = fault
    assert (await download(standin, file["url_private"]))[0] == status


async def test_downloads_that_lie_about_their_content(
    standin: StandIn, client: AsyncWebClient
) -> None:
    file = await share(standin, client)
    standin.faults.downloads[file["id"]] = "html"
    assert (await download(standin, file["url_private"]))[1] == "text/html"
    standin.faults.downloads[file["id"]] = "short"
    assert len((await download(standin, file["url_private"]))[2]) == len(CONTENT) // 2


async def test_special_modes_show_as_slack_shows_them(
    standin: StandIn, client: AsyncWebClient
) -> None:
    stub = standin.add_file(ALICE, "a.pdf", b"x", "application/pdf", mode="file_access")
    away = standin.add_file(
        ALICE, "b.gdoc", b"", "application/vnd.google-apps", mode="external",
        url="https://docs.example.com/b",
    )  # fmt: skip
    old = standin.add_file(ALICE, "c.pdf", b"x", "application/pdf", mode="hidden_by_limit")
    await standin.post(ALICE, GENERAL, "", files=[stub.id, away.id, old.id])
    answer = await client.conversations_history(channel=GENERAL)
    shown = answer["messages"][0]["files"]
    assert shown[0]["file_access"] == "check_file_info"
    assert shown[1]["url_private"] == "https://docs.example.com/b"
    assert shown[2] == {"id": old.id, "mode": "hidden_by_limit"}
    assert (await client.files_info(file=stub.id))["file"]["name"] == "a.pdf"


async def test_a_deleted_file_leaves_a_tombstone(standin: StandIn, client: AsyncWebClient) -> None:
    file = await share(standin, client)
    await standin.delete_file(file["id"])
    answer = await client.conversations_history(channel=GENERAL)
    assert answer["messages"][0]["files"] == [{"id": file["id"], "mode": "tombstone"}]
    assert await refusal(client.files_info(file=file["id"])) == "file_deleted"
    assert (await download(standin, file["url_private"]))[0] == 404


async def test_files_the_app_cannot_see(standin: StandIn, client: AsyncWebClient) -> None:
    alone = standin.add_file(ALICE, "a.pdf", b"x", "application/pdf")
    assert await refusal(client.files_info(file=alone.id)) == "file_not_found"
    assert await refusal(client.files_info(file="F0NOWHERE1")) == "file_not_found"


async def test_the_sdk_s_three_step_upload_shares_in_a_thread(
    standin: StandIn, client: AsyncWebClient
) -> None:
    root = await standin.post(ALICE, GENERAL, "root")
    answer = await client.files_upload_v2(
        content="long trace", filename="reasoning.txt", title="Reasoning",
        channel=GENERAL, thread_ts=root, initial_comment="Here",
    )  # fmt: skip
    [_, message] = standin.messages(GENERAL, root)
    assert message.user == BOT_USER_ID
    assert message.text == "Here"
    assert message.files == (answer["file"]["id"],)
    assert standin.workspace.contents[message.files[0]] == b"long trace"
    await client.files_delete(file=message.files[0])
    assert standin.workspace.contents == {}


async def test_uploads_that_slack_refuses(standin: StandIn, client: AsyncWebClient) -> None:
    empty = client.files_getUploadURLExternal(filename="a.txt", length=0)
    assert await refusal(empty) == "invalid_arguments"
    begun = await client.files_getUploadURLExternal(filename="a.txt", length=3)
    early = client.files_completeUploadExternal(files=[{"id": begun["file_id"], "title": "a"}])
    assert await refusal(early) == "file_not_found"
    async with (
        aiohttp.ClientSession() as session,
        session.post(begun["upload_url"], data=b"too long") as answer,
    ):
        assert answer.status == 400
    theirs = standin.add_file(ALICE, "a.pdf", b"x", "application/pdf")
    assert await refusal(client.files_delete(file=theirs.id)) == "cant_delete_file"
