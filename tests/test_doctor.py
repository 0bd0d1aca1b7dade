from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from slack_sdk.oauth.installation_store import Installation

from bot.demo.server import StandIn
from bot.doctor import examine
from bot.documents.readers.ocr import list_languages
from bot.settings import load_settings
from bot.store.database import open_database
from bot.store.installations import Installations
from tests.chatting import say
from tests.model.server import ModelServer, Reply, failure

SECRETS = ("xoxb-0", "xoxb-no", "xapp-1", "xapp-no", "the-key")


async def run_doctor(
    folder: Path, *, reply: Reply | None = None, slack: StandIn | None = None, **settings: str
) -> tuple[int, list[str]]:
    """Run the doctor on a workspace and a model; return its exit code and lines."""
    if slack is None:
        async with StandIn() as own:
            return await run_doctor(folder, reply=reply, slack=own, **settings)
    model = ModelServer()
    model.replies = [reply or say("Yes.", "17 is not divisible.")]
    lines: list[str] = []
    async with model.serve():
        loaded = load_settings(
            {
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_APP_TOKEN": slack.app_token,
                "SLACK_API_URL": slack.api_url,
                "MODEL_BASE_URL": model.url,
                "MODEL_API_KEY": "the-key",
                "DATABASE_URL": f"sqlite:///{folder / 'aloud.db'}",
                **settings,
            }
        )
        code = await examine(loaded, lines.append)
    assert not any(secret in line for line in lines for secret in SECRETS)
    return code, lines


def fixes(lines: list[str]) -> list[str]:
    return [line.removeprefix("FIX  ") for line in lines if line.startswith("FIX")]


async def test_when_all_is_well_every_line_is_ok(tmp_path: Path) -> None:
    code, lines = await run_doctor(tmp_path)

    assert code == 0
    assert fixes(lines) == []
    assert [line[5:].split(":")[0] for line in lines[:-1]] == [
        "Slack bot token",
        "Slack permissions",
        "Events over Socket Mode",
        "Manifest",
        "Model",
        "Database",
        "File reader",
        "Text recognition",
    ]


async def test_a_language_without_data_is_named_and_recognition_can_be_off(tmp_path: Path) -> None:
    code, lines = await run_doctor(tmp_path, ALOUD_OCR_LANGUAGES="eng+xyz")
    if list_languages():
        assert code == 1
        assert fixes(lines)[0].startswith("Text recognition: ALOUD_OCR_LANGUAGES names xyz, but ")
    else:
        assert code == 0
        assert "not installed" in lines[-2]

    code, lines = await run_doctor(tmp_path, ALOUD_OCR_LANGUAGES="xyz", ALOUD_OCR_PAGES="0")
    assert code == 0
    assert lines[-2] == "ok   Text recognition: off (ALOUD_OCR_PAGES is 0)"


@pytest.mark.parametrize("is_running", [False, True])
async def test_for_many_workspaces_it_counts_them_and_asks_for_no_bot_token(
    tmp_path: Path, is_running: bool
) -> None:
    async with AsyncExitStack() as stack:
        database = open_database(f"sqlite:///{tmp_path / 'aloud.db'}")
        async with database:
            await Installations(database).async_save(
                Installation(
                    team_id="T1", bot_token="xoxb-1", bot_id="B1", bot_user_id="U1", user_id="U2"
                )
            )
        if is_running:
            await stack.enter_async_context(database)
        code, lines = await run_doctor(
            tmp_path, SLACK_BOT_TOKEN="", SLACK_CLIENT_ID="1.2", SLACK_CLIENT_SECRET="the-key"
        )

    assert code == 0
    assert "Slack installations: 1 workspace; " in lines[0]
    assert "http://127.0.0.1:3000/slack/install" in lines[0]
    assert not any("bot token" in line or "permissions" in line for line in lines)


async def test_missing_permissions_are_named(tmp_path: Path) -> None:
    async with StandIn() as slack:
        slack.faults.withheld_scopes = {"files:read", "users:read"}
        code, lines = await run_doctor(tmp_path, slack=slack)

    [told] = fixes(lines)
    assert code == 1
    assert "files:read" in told
    assert "users:read" in told
    assert "reinstall" in told


async def test_refused_tokens_and_missing_ones_are_told_apart(tmp_path: Path) -> None:
    _, refused = await run_doctor(tmp_path, SLACK_BOT_TOKEN="xoxb-no", SLACK_APP_TOKEN="xapp-no")
    _, missing = await run_doctor(tmp_path, SLACK_BOT_TOKEN="", SLACK_APP_TOKEN="")

    assert "Slack refused it (invalid_auth)" in fixes(refused)[0]
    assert any("SLACK_APP_TOKEN: Slack refused it" in line for line in fixes(refused))
    assert "set SLACK_BOT_TOKEN" in fixes(missing)[0]
    assert "set SLACK_APP_TOKEN for Socket Mode" in fixes(missing)[1]


async def test_a_slack_out_of_reach_is_said(tmp_path: Path, unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}/api/"
    _, lines = await run_doctor(tmp_path, SLACK_API_URL=url)

    assert "can't be reached" in fixes(lines)[0]


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (say("Yes."), "sends no reasoning"),
        (failure(401, {"error": {"message": "bad key"}}), "401"),
        (failure(404, {"error": {"message": "no such model"}}), "404"),
    ],
)
async def test_what_is_wrong_with_the_model_is_said(
    tmp_path: Path, reply: Reply, told: str
) -> None:
    code, lines = await run_doctor(tmp_path, reply=reply)

    [line] = fixes(lines)
    assert code == 1
    assert line.startswith("Model:")
    assert told in line


async def test_a_database_that_cannot_be_written_is_named_and_a_running_one_is_fine(
    tmp_path: Path,
) -> None:
    _, lines = await run_doctor(tmp_path, DATABASE_URL="sqlite:////proc/nowhere/a.db")
    async with open_database(f"sqlite:///{tmp_path / 'aloud.db'}"):
        code, _ = await run_doctor(tmp_path)

    [line] = fixes(lines)
    assert line.startswith("Database:")
    assert code == 0


async def test_a_database_in_order_is_fine_whichever_it_is(
    tmp_path: Path, database_url: str
) -> None:
    async with open_database(database_url):
        pass
    _, lines = await run_doctor(tmp_path, DATABASE_URL=database_url)
    [line] = [line for line in lines if "Database:" in line]
    assert line.startswith("ok   Database: ")
    assert line.endswith("can be written")


async def test_a_database_that_is_new_works_and_counts_no_installations(tmp_path: Path) -> None:
    code, lines = await run_doctor(
        tmp_path, SLACK_BOT_TOKEN="", SLACK_CLIENT_ID="1.2", SLACK_CLIENT_SECRET="the-key"
    )

    assert code == 0
    assert "Slack installations: 0 workspaces" in lines[0]
    assert any(line.endswith("can be written; the first start makes its tables") for line in lines)


async def test_a_postgresql_out_of_reach_is_said_without_its_password(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    _, lines = await run_doctor(
        tmp_path, DATABASE_URL=f"postgresql://aloud:the-key@127.0.0.1:{unused_tcp_port}/aloud"
    )

    [line] = fixes(lines)
    assert line.startswith("Database: DATABASE_URL: the PostgreSQL server at 127.0.0.1:")
    assert "can't be reached" in line
