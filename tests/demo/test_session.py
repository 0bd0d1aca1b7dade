"""`aloud demo`: what the bot is told, and what stays."""

from pathlib import Path

import httpx
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.server import StandIn
from bot.demo.session import DemoEnvironment, run_demo
from bot.demo.workspace import ALICE_DM


async def test_the_bot_gets_what_it_needs_to_join() -> None:
    said: list[str] = []
    launched: list[DemoEnvironment] = []

    async def launch(environment: DemoEnvironment) -> None:
        launched.append(environment)
        settings = environment.settings
        client = AsyncWebClient(
            token=settings["SLACK_BOT_TOKEN"], base_url=settings["SLACK_API_URL"]
        )
        assert (await client.auth_test())["ok"]
        answer = await client.apps_connections_open(app_token=settings["SLACK_APP_TOKEN"])
        assert answer["url"].startswith("ws://127.0.0.1:")
        async with httpx.AsyncClient(trust_env=False) as http:
            models = await http.get(f"{settings['MODEL_BASE_URL']}/models")
            assert models.json()["data"][0]["id"] == settings["MODEL_NAME"]
            assert "Aloud demo" in (await http.get(environment.page_url)).text
        assert settings["DATABASE_URL"].startswith("sqlite:////")

    await run_demo(launch, port=0, model_key_present=False, announce=said.append)
    assert len(launched) == 1
    assert launched[0].page_url in said[0]
    assert "no language model" in said[1]


async def test_a_configured_model_is_left_alone() -> None:
    async def launch(environment: DemoEnvironment) -> None:
        assert not any(name.startswith("MODEL_") for name in environment.settings)

    await run_demo(launch, port=0, model_key_present=True, announce=lambda _: None)


async def test_a_given_folder_keeps_the_conversation(tmp_path: Path) -> None:
    async def say(environment: DemoEnvironment) -> None:
        client = AsyncWebClient(
            token=environment.settings["SLACK_BOT_TOKEN"],
            base_url=environment.settings["SLACK_API_URL"],
        )
        history = await client.conversations_history(channel="C0GENERAL1")
        counts.append(len(history["messages"]))
        await client.chat_postMessage(channel="C0GENERAL1", text="hi")

    counts: list[int] = []
    for _ in range(2):
        await run_demo(
            say, port=0, model_key_present=True, folder=tmp_path, announce=lambda _: None
        )
    assert counts == [0, 1]


async def test_the_workspace_can_be_of_another_kind() -> None:
    async def launch(environment: DemoEnvironment) -> None:
        client = AsyncWebClient(
            token=environment.settings["SLACK_BOT_TOKEN"],
            base_url=environment.settings["SLACK_API_URL"],
        )
        with pytest.raises(SlackApiError, match="not_agent_app"):
            await client.assistant_threads_setSuggestedPrompts(
                channel_id=ALICE_DM, prompts=[{"title": "Risks", "message": "The risks?"}]
            )

    await run_demo(
        launch, port=0, model_key_present=True, profile="no agent features", announce=lambda _: None
    )


async def test_a_taken_port_is_not_the_end() -> None:
    said: list[str] = []

    async def launch(environment: DemoEnvironment) -> None:
        assert environment.page_url != other.page_url

    async with StandIn() as other:
        port = int(other.page_url.rstrip("/").rpartition(":")[2])
        await run_demo(launch, port=port, model_key_present=True, announce=said.append)
    assert said[0].startswith(f"Port {port} is taken")


async def test_an_error_of_the_bot_is_the_demo_s() -> None:
    async def launch(_environment: DemoEnvironment) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await run_demo(launch, port=0, model_key_present=True, announce=lambda _: None)
