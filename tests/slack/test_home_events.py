"""What Slack sends from the Home tab and from dialogs, as typed values."""

import json
from typing import Any

import pytest

from bot.slack.home_events import (
    HomeAction,
    HomeVisit,
    SettingsSubmission,
    Showing,
    parse_action,
    parse_submission,
    parse_visit,
    read_showing,
    write_showing,
)


def opened(**event: Any) -> dict[str, Any]:
    return {
        "team_id": "T1",
        "event": {
            "type": "app_home_opened",
            "user": "U1",
            "channel": "D1",
            "tab": "home",
            "event_ts": "1794269500.000100",
            **event,
        },
    }


def acted(**action: Any) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "user": {"id": "U1", "team_id": "T1"},
        "team": {"id": "T1", "domain": "acme"},
        "container": {"type": "view", "view_id": "V1"},
        "trigger_id": "1.2.abc",
        "view": {"id": "V1", "type": "home", "state": {"values": {}}},
        "actions": [
            {"action_id": "home_x", "block_id": "b", "action_ts": "1794269600.1", **action}
        ],
    }


def test_a_visit_to_the_home_tab_is_one() -> None:
    assert parse_visit(opened()) == HomeVisit("T1", "U1", "1794269500.000100")


def test_a_visit_to_another_tab_is_none() -> None:
    assert parse_visit(opened(tab="messages")) is None


def test_a_visit_belongs_to_the_installation_it_was_sent_for() -> None:
    body = {**opened(), "authorizations": [{"team_id": "T2"}]}

    visit = parse_visit(body)

    assert visit is not None
    assert visit.team == "T2"


@pytest.mark.parametrize(
    ("action", "chosen"),
    [
        ({"type": "button", "value": "F1"}, ("F1",)),
        ({"type": "button"}, ()),
        (
            {
                "type": "static_select",
                "selected_option": {"text": {"type": "plain_text", "text": "On"}, "value": "on"},
            },
            ("on",),
        ),
        ({"type": "static_select", "selected_option": None}, ()),
        (
            {"type": "multi_conversations_select", "selected_conversations": ["C1", "C2"]},
            ("C1", "C2"),
        ),
        ({"type": "multi_conversations_select", "selected_conversations": []}, ()),
    ],
)
def test_what_was_chosen_is_read(action: dict[str, Any], chosen: tuple[str, ...]) -> None:
    assert parse_action(acted(**action)) == HomeAction(
        "T1", "U1", "home_x", chosen, "1.2.abc", "1794269600.1"
    )


def test_a_payload_without_a_team_names_the_persons() -> None:
    """Where an app is installed in a whole organization, `team` may be null (Slack docs)."""
    assert parse_action({**acted(), "team": None}).team == "T1"


def test_what_was_saved_is_read_by_its_inputs() -> None:
    values = {
        "retention_days": {"retention_days": {"type": "number_input", "value": "30"}},
        "person_tokens": {"person_tokens": {"type": "number_input", "value": None}},
        "channel_files": {
            "home_channel_files": {"type": "static_select", "selected_option": {"value": "off"}}
        },
    }
    body = {
        "type": "view_submission",
        "team": {"id": "T1"},
        "user": {"id": "U1"},
        "trigger_id": "1.2.def",
        "view": {
            "id": "V1",
            "callback_id": "channel_settings",
            "private_metadata": "C1",
            "hash": "1.abc",
            "state": {"values": values},
        },
    }

    assert parse_submission(body) == SettingsSubmission(
        "T1",
        "U1",
        "channel_settings",
        "C1",
        {"retention_days": "30", "person_tokens": "", "channel_files": "off"},
        "1.2.def",
    )


def test_what_is_to_be_shown_goes_through_the_ledger() -> None:
    showing = Showing("T1", "U1", "1.1", "forgotten")

    written = json.loads(json.dumps(write_showing(showing)))

    assert read_showing(showing.thread, written) == showing


@pytest.mark.parametrize("payload", [{}, {"note": "of another release"}, {"note": None}])
def test_a_tab_is_shown_even_if_its_note_is_lost(payload: dict[str, Any]) -> None:
    showing = Showing("T1", "U1", "")

    assert read_showing(showing.thread, payload) == showing
