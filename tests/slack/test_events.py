"""Payload shapes are those of Slack's documentation and of reports from the field."""

from typing import Any

import pytest

from bot.conversation.messages import ThreadKey
from bot.slack.events import (
    BotIdentity,
    Deleted,
    Edited,
    Ignored,
    Inbound,
    Press,
    Said,
    SessionStopped,
    from_json,
    parse_event,
    parse_press,
    parse_session_stop,
    to_json,
)

BOT = BotIdentity("T0TEAM0001", "U0BOT00001", "B0BOT00001")


def parse(event: dict[str, Any], **envelope: Any) -> Inbound:
    return parse_event({"team_id": "T0TEAM0001", "event": event, **envelope}, BOT)


def message(**fields: Any) -> dict[str, Any]:
    return {
        "type": "message",
        "channel": "C0GENERAL1",
        "channel_type": "channel",
        "user": "U0ALICE001",
        "text": "hello",
        "team": "T0TEAM0001",
        "ts": "1794269000.000100",
        "event_ts": "1794269000.000100",
        **fields,
    }


MENTION = {
    "type": "app_mention",
    "user": "U0ALICE001",
    "text": "<@U0BOT00001> summarise this",
    "ts": "1794268800.000100",
    "channel": "C0GENERAL1",
    "event_ts": "1794268800.000100",
    "team": "T0TEAM0001",
}
FILE = {
    "id": "F0FILE0001",
    "name": "q3.pdf",
    "mimetype": "application/pdf",
    "size": 48213,
    "mode": "hosted",
    "url_private": "https://files.slack.com/files-pri/T0TEAM0001-F0FILE0001/q3.pdf",
    "url_private_download": "https://files.slack.com/files-pri/T0TEAM0001-F0FILE0001/download/q3.pdf",
    "file_access": "visible",
}


def test_a_mention_is_a_call_in_a_new_thread() -> None:
    said = parse(MENTION)

    assert isinstance(said, Said)
    assert said.thread == ThreadKey("T0TEAM0001", "C0GENERAL1", "1794268800.000100")
    assert (said.call, said.author, said.sparse, said.in_thread) == (
        "mention",
        "U0ALICE001",
        True,
        False,
    )


def test_both_events_of_one_post_have_one_key() -> None:
    twin = message(ts=MENTION["ts"], text=MENTION["text"], client_msg_id="x")
    first, second = parse(MENTION), parse(twin)

    assert isinstance(first, Said)
    assert isinstance(second, Said)
    assert first.key == second.key
    assert second.call == "mention"
    assert (first.sparse, second.sparse) == (True, False)


def test_a_mention_that_brings_its_files_is_complete() -> None:
    said = parse({**MENTION, "files": [FILE]})

    assert isinstance(said, Said)
    assert [file.id for file in said.files] == ["F0FILE0001"]
    assert not said.sparse


def test_a_mention_in_a_thread_belongs_to_the_root() -> None:
    said = parse({**MENTION, "thread_ts": "1794268700.000100"})

    assert isinstance(said, Said)
    assert said.thread.thread_ts == "1794268700.000100"
    assert said.in_thread


@pytest.mark.parametrize("channel_type", ["im", "app_home"])
def test_every_direct_message_is_a_call(channel_type: str) -> None:
    said = parse(message(channel="D0DIRECT01", channel_type=channel_type))

    assert isinstance(said, Said)
    assert said.call == "direct"


def test_a_file_in_a_channel_is_a_share_even_without_team_or_text() -> None:
    event = message(subtype="file_share", files=[FILE], text="")
    del event["team"]
    said = parse(event)

    assert isinstance(said, Said)
    assert (said.call, said.author_team) == ("share", "T0TEAM0001")


def test_a_reply_without_a_mention_may_be_a_follow_up() -> None:
    said = parse(message(thread_ts="1794268800.000100"))

    assert isinstance(said, Said)
    assert said.call == "reply"


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (message(), "not_addressed"),
        (message(thread_ts="1794269000.000100"), "not_addressed"),
        (message(subtype="channel_join"), "subtype_channel_join"),
        (message(subtype="assistant_app_thread"), "subtype_assistant_app_thread"),
        (message(subtype="something_new"), "subtype_something_new"),
        (message(subtype="bot_message", bot_id="B0OTHER001", user=None), "not_addressed"),
        (message(bot_id="B0OTHER001", user="U0OTHERBOT"), "not_addressed"),
        (message(bot_id="B0OTHER001", user="U0OTHERBOT", channel_type="im"), "other_bot"),
        ({**MENTION, "bot_id": "B0OTHER001", "user": "U0OTHERBOT"}, "other_bot"),
        (message(user="U0BOT00001", bot_id="B0BOT00001", channel_type="im"), "own_message"),
        (message(user=None, channel_type="im"), "other_bot"),
    ],
)
def test_what_is_not_for_us_is_ignored_with_a_reason(event: dict[str, Any], reason: str) -> None:
    assert parse(event) == Ignored(reason)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"bot_profile": {"name": "pager"}, "user": "U0OTHERBOT"}, "pager"),
        ({"subtype": "bot_message", "username": "deploys", "user": None}, "deploys"),
        ({"text": "<@U0BOT00001> look", "user": "U0OTHERBOT"}, "a bot"),
    ],
)
def test_what_another_bot_says_in_a_thread_is_overheard(fields: dict[str, Any], name: str) -> None:
    said = parse(message(bot_id="B0OTHER001", thread_ts="1794268800.000100", **fields))

    assert isinstance(said, Said)
    assert (said.call, said.author, said.bot_name) == ("overheard", "B0OTHER001", name)


def test_a_mention_that_came_with_an_edit_is_marked() -> None:
    said = parse({**MENTION, "edited": EDITED_MARK})

    assert isinstance(said, Said)
    assert said.edited


def change(message: dict[str, Any], previous: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "channel": "C0GENERAL1",
        "channel_type": "channel",
        "ts": "1794269100.000200",
        "message": message,
        "previous_message": previous,
    }


ORIGINAL = {"type": "message", "user": "U0ALICE001", "text": "hello", "ts": "1794269000.000100"}
EDITED_MARK = {"user": "U0ALICE001", "ts": "1794269100.000000"}


def test_a_persons_edit_is_an_edit() -> None:
    changed = parse(change({**ORIGINAL, "text": "hello there", "edited": EDITED_MARK}, ORIGINAL))

    assert changed == Edited(
        ThreadKey("T0TEAM0001", "C0GENERAL1", "1794269000.000100"),
        "1794269000.000100",
        "hello there",
        "1794269100.000000",
    )


@pytest.mark.parametrize(
    "changed",
    [
        {**ORIGINAL, "attachments": [{"from_url": "https://example.com"}]},
        {**ORIGINAL, "edited": EDITED_MARK, "reply_count": 2},
        {**ORIGINAL, "text": "x", "bot_id": "B0BOT00001", "edited": EDITED_MARK},
    ],
)
def test_unfurls_counters_and_bots_updates_are_no_edits(changed: dict[str, Any]) -> None:
    assert parse(change(changed, ORIGINAL)) == Ignored("not_an_edit")


def test_a_tombstone_is_a_deletion() -> None:
    changed = parse(change({**ORIGINAL, "subtype": "tombstone"}, ORIGINAL))

    assert changed == Deleted(
        ThreadKey("T0TEAM0001", "C0GENERAL1", "1794269000.000100"), "1794269000.000100"
    )


def test_a_deletion_names_its_message_and_thread() -> None:
    deleted = parse(
        {
            "type": "message",
            "subtype": "message_deleted",
            "channel": "C0GENERAL1",
            "deleted_ts": "1794269000.000100",
            "ts": "1794269200.000100",
            "previous_message": {**ORIGINAL, "thread_ts": "1794268800.000100"},
        }
    )

    assert deleted == Deleted(
        ThreadKey("T0TEAM0001", "C0GENERAL1", "1794268800.000100"), "1794269000.000100"
    )


def test_the_workspace_is_the_one_we_are_installed_in() -> None:
    said = parse(
        {**MENTION, "team": "T0PARTNER1", "user_team": "T0PARTNER1"},
        team_id="T0OTHER001",
        authorizations=[{"team_id": "T0TEAM0001", "enterprise_id": None}],
    )

    assert isinstance(said, Said)
    assert said.thread.team == "T0TEAM0001"
    assert said.author_team == "T0PARTNER1"


def test_a_forwarded_message_is_read() -> None:
    shared = {"is_share": True, "author_name": "Bob", "text": "the build is red"}
    said = parse({**MENTION, "text": "<@U0BOT00001> why?", "attachments": [shared]})

    assert isinstance(said, Said)
    assert said.text == "<@U0BOT00001> why?\n\nBob: the build is red"
    assert said.forwarded == "Bob: the build is red"


def test_an_unfurled_link_is_not_read_as_the_persons_words() -> None:
    unfurl = {"from_url": "https://example.com", "text": "Some page", "fallback": "Some page"}
    said = parse({**MENTION, "attachments": [unfurl]})

    assert isinstance(said, Said)
    assert said.text == MENTION["text"]


PRESS = {
    "type": "block_actions",
    "user": {"id": "U0ALICE001", "team_id": "T0TEAM0001"},
    "container": {
        "type": "message",
        "message_ts": "1794268801.000100",
        "channel_id": "C0GENERAL1",
        "thread_ts": "1794268800.000100",
    },
    "team": {"id": "T0TEAM0001", "domain": "acme"},
    "channel": {"id": "C0GENERAL1", "name": "general"},
    "message": {
        "ts": "1794268801.000100",
        "thread_ts": "1794268800.000100",
        "blocks": [{"type": "actions", "elements": []}],
    },
    "actions": [
        {"action_id": "show_reasoning", "value": "turn1", "action_ts": "1794269600.123456"}
    ],
}


def test_a_press_knows_its_button_message_and_person() -> None:
    press = parse_press(PRESS)

    assert press.action == "show_reasoning"
    assert press.turn_id == "turn1"
    assert press.thread == ThreadKey("T0TEAM0001", "C0GENERAL1", "1794268800.000100")
    assert (press.message_ts, press.user) == ("1794268801.000100", "U0ALICE001")


def test_a_press_without_thread_in_its_container_takes_the_messages() -> None:
    container = {"message_ts": "1794268801.000100", "channel_id": "C0GENERAL1"}

    assert parse_press({**PRESS, "container": container}) == parse_press(PRESS)


def test_slacks_own_stop_names_the_thread_what_was_written_and_when() -> None:
    event = {
        "type": "agent_session_stopped",
        "channel": "D0DIRECT01",
        "thread_ts": "1794269000.000100",
        "user": "U0ALICE001",
        "streaming_message_ts": ["1794269001.000200"],
        "event_ts": "1794269440.000100",
    }

    stopped = parse_session_stop({"team_id": "T0TEAM0001", "event": event})

    thread = ThreadKey("T0TEAM0001", "D0DIRECT01", "1794269000.000100")
    assert stopped == SessionStopped(thread, ("1794269001.000200",), 1794269440.0001)


def test_a_stop_of_a_whole_channels_session_is_of_no_thread() -> None:
    event = {"type": "agent_session_stopped", "channel": "C0SESSION1", "event_ts": "1.2"}

    stopped = parse_session_stop({"team_id": "T0TEAM0001", "event": event})

    assert stopped.thread == ThreadKey("T0TEAM0001", "C0SESSION1", "")


def test_values_survive_the_ledger() -> None:
    said = parse({**MENTION, "files": [FILE]})
    assert isinstance(said, Said)
    press = parse_press(PRESS)

    assert from_json(Said, to_json(said)) == said
    assert from_json(Press, to_json(press)) == press
