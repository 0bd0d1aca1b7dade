"""Many workspaces: installing, answering each with its own token, and forgetting on uninstall."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.server import StandIn
from bot.demo.workspace import Message
from bot.errors import NotInstalled
from bot.manifest import load_manifest
from bot.slack.installations import InstalledWorkspaces
from bot.store.database import Database, open_database
from bot.store.installations import Installations
from bot.store.tables import metadata
from tests.chatting import ALICE, BOT, DIRECT, GENERAL, Chat, chatting, say, shown
from tests.installing import HOME, browsing, install
from tests.model.server import Reply

# The SDK sends the client's id and secret with a class that aiohttp 4 will drop.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")

OTHER_TEAM, OTHER_BOT = "T0TEAM0002", "U0BOT00002"


@asynccontextmanager
async def serving(
    folder: Path, port: int, *replies: Reply, slack: StandIn | None = None, **settings: str
) -> AsyncIterator[Chat]:
    """Run the bot for whoever installs it."""
    if slack is None:
        async with (
            StandIn() as own,
            serving(folder, port, *replies, slack=own, **settings) as chat,
        ):
            yield chat
        return
    settings = {
        "SLACK_BOT_TOKEN": "",
        "SLACK_CLIENT_ID": slack.client_id,
        "SLACK_CLIENT_SECRET": slack.client_secret,
        "PORT": str(port),
        **settings,
    }
    async with chatting(folder, replies, slack=slack, model=None, **settings) as chat:
        yield chat


async def plant(folder: Path, team: str, bot_user_id: str, token: str) -> None:
    """Install into a team that the stand-in does not have."""
    async with open_database(f"sqlite:///{folder / 'aloud.db'}") as database:
        await Installations(database).async_save(
            Installation(
                team_id=team,
                bot_token=token,
                bot_id="B0BOT00002",
                bot_user_id=bot_user_id,
                user_id=ALICE,
            )
        )


async def rename_table(folder: Path, name: str, to: str) -> None:
    def rename() -> None:
        with closing(sqlite3.connect(folder / "aloud.db")) as database:
            database.execute(f"ALTER TABLE {name} RENAME TO {to}")

    # In a thread: the bot, which may be writing just now, shares this loop.
    await asyncio.to_thread(rename)


def rows(folder: Path) -> dict[str, int]:
    """How many rows each table holds, without the empty ones."""
    with closing(sqlite3.connect(folder / "aloud.db")) as database:
        counts = {
            table.name: database.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0]  # noqa: S608  # our own names
            for table in metadata.sorted_tables
        }
    return {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize("over_http", [False, True])
async def test_who_installs_it_is_answered(
    tmp_path: Path, unused_tcp_port: int, over_http: bool
) -> None:
    async with StandIn() as slack:
        settings = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": slack.signing_secret}
        async with serving(
            tmp_path, unused_tcp_port, slack=slack, **settings if over_http else {}
        ) as chat:
            page = await install(chat.slack, unused_tcp_port)
            if over_http:
                await slack.deliver_to(f"http://127.0.0.1:{unused_tcp_port}/slack/events")
            ts = await slack.post(ALICE, GENERAL, f"<@{BOT}> hi")
            [answer] = await chat.answers(GENERAL, ts)

    assert page.status_code == 200
    assert "Aloud is in Acme" in page.text
    assert "/invite @aloud" in page.text
    assert shown(answer) == "Hello!"


async def test_it_asks_for_the_scopes_of_the_manifest_and_for_nothing_of_the_person(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with serving(tmp_path, unused_tcp_port) as chat, browsing(unused_tcp_port) as browser:
        answer = await browser.get(f"{HOME}/slack/install", follow_redirects=False)

    url = urlsplit(answer.headers["location"])
    query = parse_qs(url.query)
    assert url._replace(query="").geturl() == f"{chat.slack.page_url}oauth/v2/authorize"
    assert query["scope"][0].split(",") == load_manifest()["oauth_config"]["scopes"]["bot"]
    assert "user_scope" not in query
    assert "Secure" in answer.headers["set-cookie"]
    assert "HttpOnly" in answer.headers["set-cookie"]


async def test_events_of_a_team_that_did_not_install_it_are_dropped_for_good(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with serving(tmp_path, unused_tcp_port) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> hi")
        await chat.slack.delivered()

        assert [one.attempts for one in chat.slack.deliveries.records] == [1, 1]
        assert chat.replies(GENERAL, ts) == []
        assert rows(tmp_path) == {}


async def test_a_database_in_trouble_loses_no_event(tmp_path: Path, unused_tcp_port: int) -> None:
    async with (
        StandIn(retry_delays=(), ack_timeout=0.5) as slack,
        serving(tmp_path, unused_tcp_port, slack=slack) as chat,
    ):
        await install(chat.slack, unused_tcp_port)
        await rename_table(tmp_path, "installations", "lost")
        ts = await slack.post(ALICE, DIRECT, "hi")
        [delivery] = slack.deliveries.records
        await slack.wait_for(lambda: delivery.failed)
        await rename_table(tmp_path, "lost", "installations")
        slack.deliveries.send_event(delivery.payload, attempt=1)
        [answer] = await chat.answers(DIRECT, ts)

        assert shown(answer) == "Hello!"


async def test_teams_are_kept_apart(tmp_path: Path, unused_tcp_port: int) -> None:
    async with serving(tmp_path, unused_tcp_port) as chat:
        await install(chat.slack, unused_tcp_port)
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> our secret")
        await chat.answers(GENERAL, ts)
    await plant(tmp_path, OTHER_TEAM, OTHER_BOT, chat.slack.bot_token)

    # The same channel and thread in another team; this Slack itself knows nothing of the first.
    async with serving(tmp_path, unused_tcp_port) as chat:
        chat.slack.quiet = True
        chat.slack.workspace.post(Message(GENERAL, ts, ALICE, "the root"))
        chat.slack.quiet = False
        asked = {
            "type": "app_mention",
            "user": ALICE,
            "text": f"<@{OTHER_BOT}> what did they say?",
            "channel": GENERAL,
            "ts": chat.slack.workspace.next_ts(GENERAL),
            "thread_ts": ts,
        }
        await chat.slack.deliver(asked, team=OTHER_TEAM)
        await chat.answers(GENERAL, ts)
        [prompt] = chat.prompts()

    assert "what did they say?" in str(prompt)
    assert "our secret" not in str(prompt)
    assert "Hello!" not in str(prompt)


async def test_each_team_is_talked_to_with_its_own_token(database: Database) -> None:
    store = Installations(database)
    workspaces = InstalledWorkspaces(store, lambda token: AsyncWebClient(token, retry_handlers=[]))

    async def save(team: str, token: str) -> None:
        await store.async_save(
            Installation(
                team_id=team, bot_token=token, bot_id="B1", bot_user_id="U1", user_id=ALICE
            )
        )

    await save("T1", "xoxb-one")
    await save("T2", "xoxb-two")
    first, second = await workspaces.find("T1"), await workspaces.find("T2")

    assert (first.bot.team, first.client.token) == ("T1", "xoxb-one")
    assert (second.bot.team, second.client.token) == ("T2", "xoxb-two")
    assert first.calls is not second.calls
    assert first.directory is not second.directory
    assert await workspaces.find("T1") is first
    await save("T1", "xoxb-again")
    assert (await workspaces.find("T1")).client.token == "xoxb-again"
    for unknown in ("T3", ""):
        with pytest.raises(NotInstalled):
            await workspaces.find(unknown)


@pytest.mark.parametrize(
    "event",
    [
        {"type": "app_uninstalled"},
        {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [BOT]}},
    ],
)
async def test_an_uninstall_takes_everything_along(
    tmp_path: Path, unused_tcp_port: int, event: Mapping[str, Any]
) -> None:
    async with StandIn() as slack:
        async with serving(tmp_path, unused_tcp_port, say("Hello!", "Hm."), slack=slack) as chat:
            await install(chat.slack, unused_tcp_port)
            note = ("note.txt", b"The launch is in May.", "text/plain")
            ts = await slack.post(ALICE, GENERAL, f"<@{BOT}> what is it?", files=[note])
            await chat.answers(GENERAL, ts)
        kept = set(rows(tmp_path))
        kinds = {
            "installations",
            "messages",
            "turns",
            "traces",
            "documents",
            "contents",
            "passages",
        }
        assert kept >= kinds

        async with serving(tmp_path, unused_tcp_port, slack=slack) as chat:
            # Slack sends it without authorizations: by then there are none.
            await slack.deliver(event, authorizations=[])
            await slack.delivered()
            assert rows(tmp_path) == {}

            await slack.post(ALICE, GENERAL, f"<@{BOT}> still there?", ts)
            await slack.delivered()
            assert len(chat.replies(GENERAL, ts)) == 1
            assert rows(tmp_path) == {}


async def test_what_is_answered_during_an_uninstall_is_forgotten_as_well(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    slow = replace(say("All of it.", "Hm.", pieces=4), pause_at=2)
    async with serving(tmp_path, unused_tcp_port, slow) as chat:
        await install(chat.slack, unused_tcp_port)
        ts = await chat.slack.post(ALICE, DIRECT, "hi")
        await chat.slack.wait_for(lambda: chat.slack.calls_of("chat.startStream"))
        await chat.slack.deliver({"type": "app_uninstalled"})
        await chat.slack.delivered()
        slow.go_on.set()
        await chat.answers(DIRECT, ts)
    # The bot has stopped, so the turn has come to its end.
    assert rows(tmp_path) == {}


async def test_a_persons_own_token_is_none_of_ours(tmp_path: Path, unused_tcp_port: int) -> None:
    async with serving(tmp_path, unused_tcp_port) as chat:
        await install(chat.slack, unused_tcp_port)
        await chat.slack.deliver(
            {"type": "tokens_revoked", "tokens": {"oauth": [ALICE], "bot": []}}
        )
        await chat.slack.delivered()

        assert rows(tmp_path) == {"installations": 1}


async def test_a_late_uninstall_does_not_undo_a_new_installation(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with serving(tmp_path, unused_tcp_port) as chat:
        await install(chat.slack, unused_tcp_port)
        before = int(chat.slack.workspace.clock()) - 300
        await chat.slack.deliver({"type": "app_uninstalled"}, event_time=before)
        await chat.slack.delivered()

        assert rows(tmp_path) == {"installations": 1}


async def test_a_bot_with_its_own_token_forgets_on_uninstall_too(tmp_path: Path) -> None:
    async with StandIn() as slack:
        async with chatting(tmp_path, slack=slack) as chat:
            ts = await slack.post(ALICE, DIRECT, "hi")
            await chat.answers(DIRECT, ts)
        async with chatting(tmp_path, slack=slack):
            await slack.deliver({"type": "app_uninstalled"})
            await slack.delivered()

            assert rows(tmp_path) == {}


async def test_consent_that_is_not_given_is_told_kindly(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with serving(tmp_path, unused_tcp_port) as chat:
        chat.slack.faults.consent_denied = True
        page = await install(chat.slack, unused_tcp_port)

        assert page.status_code == 200
        assert "The permission was not given" in page.text
        assert 'href="install"' in page.text
        assert "installations" not in rows(tmp_path)


async def test_another_browser_or_plain_http_can_not_finish_an_installation(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with serving(tmp_path, unused_tcp_port) as chat, browsing(unused_tcp_port) as browser:
        home = f"http://127.0.0.1:{unused_tcp_port}"
        chat.slack.consents.redirect_url = f"{home}/slack/oauth_redirect"
        page = await browser.get(f"{home}/slack/install")

        assert page.status_code == 400
        assert "over https" in page.text
        assert "installations" not in rows(tmp_path)


async def test_a_state_can_not_be_used_again(tmp_path: Path, unused_tcp_port: int) -> None:
    async with serving(tmp_path, unused_tcp_port) as chat, browsing(unused_tcp_port) as browser:
        page = await install(chat.slack, unused_tcp_port)
        state = parse_qs(page.url.query.decode())["state"][0]
        cookie = {"Cookie": f"slack-app-oauth-state={state}"}
        again = await browser.get(page.url, headers=cookie)

    assert again.status_code == 401
    assert "opened twice" in again.text


@pytest.mark.parametrize(
    ("code", "told"),
    [("invalid_code", "did not confirm"), ("bad_client_secret", "did not confirm")],
)
async def test_a_code_that_slack_refuses_is_told(
    tmp_path: Path, unused_tcp_port: int, code: str, told: str
) -> None:
    async with serving(tmp_path, unused_tcp_port) as chat:
        chat.slack.faults.refuse("oauth.v2.access", code)
        page = await install(chat.slack, unused_tcp_port)

    assert page.status_code == 400
    assert told in page.text


@pytest.mark.parametrize(
    ("granted", "told"),
    [
        ({"is_enterprise_install": True, "team": None}, "one workspace at a time"),
        ({"refresh_token": "xoxe-1-x", "expires_in": 43_200}, "token rotation"),
    ],
)
async def test_what_it_can_not_be_installed_into_is_refused(
    tmp_path: Path, unused_tcp_port: int, granted: dict[str, Any], told: str
) -> None:
    async with serving(tmp_path, unused_tcp_port) as chat:
        chat.slack.consents.granted = granted
        page = await install(chat.slack, unused_tcp_port)

        assert told in " ".join(page.text.split())
        assert "installations" not in rows(tmp_path)


async def test_a_database_in_trouble_gets_a_page_too(tmp_path: Path, unused_tcp_port: int) -> None:
    async with serving(tmp_path, unused_tcp_port) as chat:
        await rename_table(tmp_path, "install_states", "lost")
        page = await install(chat.slack, unused_tcp_port)

    assert page.status_code == 500
    assert "on my side" in page.text


async def test_what_stands_in_the_address_is_never_shown(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with serving(tmp_path, unused_tcp_port), browsing(unused_tcp_port) as browser:
        page = await browser.get(
            f"{HOME}/slack/oauth_redirect", params={"error": "<script>alert(1)</script>"}
        )

    assert "alert" not in page.text
    assert "did not go along" in page.text


async def test_without_the_pair_there_is_no_install_page(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with chatting(tmp_path, PORT=str(unused_tcp_port)) as chat:
        page = await install(chat.slack, unused_tcp_port)

    assert page.status_code == 404
