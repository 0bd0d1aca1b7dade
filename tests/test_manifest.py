import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot.listeners import EVENTS
from bot.manifest import load_manifest


@pytest.fixture
def manifest() -> dict[str, Any]:
    return load_manifest()


def test_every_event_has_a_listener_and_every_listener_an_event(manifest: dict[str, Any]) -> None:
    events = manifest["settings"]["event_subscriptions"]["bot_events"]

    assert {event.partition(".")[0] for event in events} == set(EVENTS)


def test_every_event_has_its_scope(manifest: dict[str, Any]) -> None:
    # Slack docs, "Events API": the scope that each of these events needs, "" for none.
    needed = {
        "agent_session_stopped": "chat:write",
        "app_context_changed": "assistant:write",
        "app_home_opened": "",
        "member_joined_channel": "channels:read",
        "app_uninstalled": "",
        "file_deleted": "files:read",
        "tokens_revoked": "",
        "app_mention": "app_mentions:read",
        "message.channels": "channels:history",
        "message.groups": "groups:history",
        "message.im": "im:history",
        "message.mpim": "mpim:history",
    }
    scopes = manifest["oauth_config"]["scopes"]["bot"]

    for event in manifest["settings"]["event_subscriptions"]["bot_events"]:
        assert needed[event] in {"", *scopes}


def test_it_turns_on_what_the_bot_relies_on(manifest: dict[str, Any]) -> None:
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert manifest["settings"]["interactivity"]["is_enabled"] is True
    home = manifest["features"]["app_home"]
    assert home["home_tab_enabled"] is True
    assert home["messages_tab_enabled"] is True
    assert home["messages_tab_read_only_enabled"] is False


def test_it_stays_within_slacks_limits(manifest: dict[str, Any]) -> None:
    # Slack's manifest schema 2.0.0.
    display = manifest["display_information"]
    assert 1 <= len(display["name"]) <= 35
    assert 1 <= len(display["description"]) <= 140
    assert 175 <= len(display["long_description"]) <= 4_000
    agent = manifest["features"]["agent_view"]
    assert len(agent["agent_description"]) <= 300
    assert len(agent["suggested_prompts"]) <= 4


SCHEMA = Path(__file__).parents[2] / "shared/reference/manifest.schema.2.0.0.json"


@pytest.mark.skipif(not SCHEMA.exists(), reason="Slack's schema is not part of this project")
def test_slacks_own_schema_accepts_it(manifest: dict[str, Any]) -> None:
    jsonschema.validate(manifest, json.loads(SCHEMA.read_text(encoding="utf-8")))
