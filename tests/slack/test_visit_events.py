from typing import Any

import pytest

from bot.conversation.messages import ThreadKey
from bot.slack.events import BotIdentity
from bot.slack.visit_events import (
    Look,
    Visit,
    find_context,
    parse_joined,
    parse_look,
    parse_opened,
    parse_thread_started,
    visit_from_json,
    visit_to_json,
)

BOT = BotIdentity("T0TEAM0001", "U0BOT00001", "B0BOT00001")
TS = "1794269400.000200"


def body(event: dict[str, Any]) -> dict[str, Any]:
    return {
        "team_id": "T0TEAM0001",
        "authorizations": [{"team_id": "T0TEAM0001"}],
        "event_time": 1794269400,
        "event": {"event_ts": TS, **event},
    }


def entity(kind: str, value: object) -> dict[str, Any]:
    return {"type": f"slack#/types/{kind}", "value": value, "team_id": "T0TEAM0001"}


CHANNEL = entity("channel_id", "C0GENERAL1")
MESSAGE = entity("message_context", {"message_ts": "1.0", "channel_id": "C0RANDOM01"})


def test_opening_the_messages_tab_is_a_visit() -> None:
    event = {"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": "messages"}

    visit = parse_opened(body(event))

    assert visit == Visit("opened", "T0TEAM0001", "D1", "U1", TS)
    assert parse_opened(body({**event, "tab": "home"})) is None
    assert visit_from_json(visit_to_json(visit)) == visit


def test_a_visit_is_known_by_its_event_and_waits_for_others_of_its_place() -> None:
    one = Visit("opened", "T1", "D1", "U1", "1.0")
    again = Visit("opened", "T1", "D1", "U1", "2.0")
    answered = Visit("answered", "T1", "D1", "U1", "3.0", "2.5")

    assert len({one.key, again.key, answered.key}) == 3
    assert one.lane == again.lane != answered.lane
    assert one.thread == ThreadKey("T1", "D1", "1.0")
    assert answered.thread == ThreadKey("T1", "D1", "2.5")


def test_of_those_who_join_only_we_ourselves_count() -> None:
    event = {"type": "member_joined_channel", "user": "U0BOT00001", "channel": "C1"}

    visit = parse_joined(body({**event, "inviter": "U1"}), BOT)

    assert visit == Visit("joined", "T0TEAM0001", "C1", "U1", TS)
    assert parse_joined(body(event), BOT) == Visit("joined", "T0TEAM0001", "C1", "", TS)
    assert parse_joined(body({**event, "user": "U1"}), BOT) is None


def test_the_legacy_view_tells_both_where_a_person_is_and_what_they_look_at() -> None:
    thread = {
        "user_id": "U1",
        "context": {"channel_id": "C0GENERAL1", "team_id": "T0TEAM0001", "enterprise_id": None},
        "channel_id": "D1",
        "thread_ts": "1794269400.000100",
    }
    started = {"type": "assistant_thread_started", "assistant_thread": thread}
    changed = {"type": "assistant_thread_context_changed", "assistant_thread": thread}
    look = Look("T0TEAM0001", "U1", "C0GENERAL1", 1794269400.0002)
    assert parse_look(body(started)) == parse_look(body(changed)) == look

    assert parse_thread_started(body(started)) == Visit(
        "thread_started", "T0TEAM0001", "D1", "U1", TS, "1794269400.000100"
    )
    alone = {"type": "assistant_thread_started", "assistant_thread": {**thread, "context": {}}}
    assert parse_look(body(alone)) == Look("T0TEAM0001", "U1", "", 1794269400.0002)


@pytest.mark.parametrize(
    ("entities", "channel"),
    [
        ([CHANNEL, MESSAGE], "C0GENERAL1"),
        ([MESSAGE, CHANNEL], "C0GENERAL1"),
        ([MESSAGE], "C0RANDOM01"),
        ([entity("user_id", "U0BOB00001")], ""),
        ([entity("channel_id", "D0DIRECT02")], ""),
        ([entity("channel_id", {"nested": [1]})], ""),
        ([entity("channel_id", "C1 or so\n")], ""),
        (["C0GENERAL1", None, {}], ""),
        ([], ""),
        (None, ""),
        ("C0GENERAL1", ""),
    ],
)
def test_the_agent_view_tells_what_a_person_looks_at(entities: object, channel: str) -> None:
    context = {"entities": entities}
    changed = {"type": "app_context_changed", "user": "U1", "channel": "D1", "context": context}
    said = {"type": "message", "user": "U1", "channel": "D1", "app_context": context}

    assert parse_look(body(changed)) == Look("T0TEAM0001", "U1", channel, 1794269400.0002)
    assert parse_look(body(said)) == Look("T0TEAM0001", "U1", channel, 1794269400.0002)
    assert find_context(said) == channel


@pytest.mark.parametrize("context", [{}, {"app_context": None}, {"app_context": "C1"}])
def test_a_message_without_context_says_nothing_of_it(context: dict[str, Any]) -> None:
    said = {"type": "message", "user": "U1", "assistant_thread": {"action_token": "x"}, **context}
    assert find_context(said) is None
    assert parse_look(body(said)) is None
    assert parse_look(body({**said, "type": "app_mention"})) is None


def test_events_without_their_time_or_person_are_understood() -> None:
    event = {"type": "app_context_changed", "context": {"entities": [CHANNEL]}, "event_ts": None}
    assert parse_look(body(event)) is None
    look = parse_look(body({**event, "user": "U1"}))
    assert look == Look("T0TEAM0001", "U1", "C0GENERAL1", 1794269400.0)
