"""Commands, shortcuts and dialogs read from Slack's payloads."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.validation import find_problems
from bot.language import LANGUAGES, find_language
from bot.manifest import load_manifest
from bot.slack.commands import (
    COMMAND,
    SHORTCUTS,
    Ask,
    Command,
    Instruction,
    Shortcut,
    Submission,
    Verb,
    Wish,
    parse_command,
    parse_shortcut,
    parse_submission,
    read_ask,
    read_instruction,
    write_ask,
)
from bot.slack.dialogs import find_faults, read_question, render_question_dialog

USER = {"id": "U1", "name": "alice", "username": "alice", "team_id": "T1"}
FORM = {
    "token": "legacy",
    "team_id": "T1",
    "channel_id": "C1",
    "channel_name": "general",
    "user_id": "U1",
    "user_name": "alice",
    "command": "/aloud",
    "text": "usage",
    "is_enterprise_install": "false",
    "response_url": "https://hooks.slack.com/commands/T1/1/abc",
    "trigger_id": "1.2.cdef",
}
SHORTCUT = {
    "type": "message_action",
    "action_ts": "1794269610.123456",
    "team": {"id": "T1", "domain": "acme"},
    "user": USER,
    "channel": {"id": "C1", "name": "general"},
    "is_enterprise_install": False,
    "callback_id": "ask_about",
    "trigger_id": "1.2.bcdef0",
    "message_ts": "2.0",
    "message": {"type": "message", "user": "U2", "text": "text here", "ts": "2.0"},
}
CHOSEN = Shortcut("ask_about", "T1", "U1", "T1", "C1", "2.0", "1.0", "U2", "Fine.", "t", "3.0")


def submit(**view: Any) -> dict[str, Any]:
    values = {
        "question": {"question": {"type": "plain_text_input", "value": "why?"}},
        "place": {"place": {"type": "radio_buttons", "selected_option": {"value": "in_thread"}}},
    }
    opened = render_question_dialog(CHOSEN, find_language("en"))
    return {
        "type": "view_submission",
        "team": {"id": "T1"},
        "user": USER,
        "view": {"id": "V1", **opened, "state": {"values": values}, **view},
    }


def test_a_command_is_read() -> None:
    assert parse_command(FORM) == Command("T1", "U1", "C1", "usage", "1.2.cdef")


def test_a_command_that_lacks_what_may_be_missing_is_read() -> None:
    bare = {"user_id": "U1", "channel_id": "C1", "enterprise_id": "E1"}

    assert parse_command(bare) == Command("E1", "U1", "C1", "", "")


def test_a_shortcut_is_read() -> None:
    assert parse_shortcut(SHORTCUT) == Shortcut(
        name="ask_about",
        team="T1",
        user="U1",
        user_team="T1",
        channel="C1",
        ts="2.0",
        thread_ts="2.0",
        author="U2",
        text="text here",
        trigger_id="1.2.bcdef0",
        action_ts="1794269610.123456",
    )


def test_a_shortcut_of_an_organisations_installation_is_read() -> None:
    message = {"bot_id": "B1", "ts": "2.0", "thread_ts": "1.0"}
    body = {**SHORTCUT, "team": None, "is_enterprise_install": True, "message": message}

    found = parse_shortcut(body)

    assert (found.team, found.thread_ts, found.author, found.text) == ("T1", "1.0", "B1", "")


def test_a_dialog_is_read() -> None:
    submission = parse_submission(submit())

    assert read_question(submission) == Ask(
        wish="answer",
        team="T1",
        person="U1",
        person_team="T1",
        channel="C1",
        asked_in="C1",
        text="why?",
        ts="2.0",
        thread_ts="1.0",
        author="U2",
        excerpt="Fine.",
        in_thread=True,
    )


@pytest.mark.parametrize("metadata", ["", "no JSON", "[1]", None])
def test_a_dialog_with_foreign_metadata_is_read(metadata: str | None) -> None:
    assert parse_submission(submit(private_metadata=metadata)).metadata == {}


@pytest.mark.parametrize("values", [{}, {"question": {"question": {"value": None}}}])
def test_a_dialog_that_was_left_empty_has_a_fault(values: dict[str, Any]) -> None:
    submission = parse_submission(submit(state={"values": values}))

    assert list(find_faults(submission, find_language("en"))) == ["question"]


@pytest.mark.parametrize("tag", LANGUAGES)
def test_the_dialog_is_valid_in_every_language(tag: str) -> None:
    view = render_question_dialog(CHOSEN, find_language(tag))

    assert find_problems(view["blocks"], "view", "/view/blocks") == []
    assert all(len(view[part]["text"]) <= 24 for part in ("title", "submit", "close"))


@given(st.text(max_size=4_000))
def test_the_dialog_holds_as_much_of_the_message_as_fits(text: str) -> None:
    shortcut = parse_shortcut({**SHORTCUT, "message": {"ts": "2.0", "text": text}})

    view = render_question_dialog(shortcut, find_language("en"))

    assert len(view["private_metadata"]) <= 3_000
    assert text.startswith(json.loads(view["private_metadata"])["excerpt"])


@pytest.mark.parametrize("wish", get_args(Wish))
def test_an_ask_survives_the_ledger(wish: Wish) -> None:
    ask = Ask(wish, "T1", "U1", "T2", "C1", "C2", "text", "2.0", "1.0", "U2", "Fine.", True)

    assert read_ask(json.loads(json.dumps(write_ask(ask)))) == ask


def test_keys_tell_deliveries_of_one_from_others() -> None:
    assert parse_command(FORM).key == parse_command({**FORM, "text": "again"}).key
    assert parse_command(FORM).key != parse_command({**FORM, "trigger_id": "2"}).key
    assert CHOSEN.key != parse_shortcut(SHORTCUT).key
    assert parse_submission(submit()).key != parse_submission(submit(id="V2")).key


@pytest.mark.parametrize(
    ("text", "instruction"),
    [
        ("", Instruction("help")),
        ("  HELP ", Instruction("help")),
        ("?", Instruction("help")),
        ("hilfe", Instruction("help")),
        ("ヘルプ", Instruction("help")),
        ("help please", Instruction("help")),
        ("help me write a letter", Instruction("ask", "help me write a letter")),
        ("hello", Instruction("help")),
        ("ask", Instruction("help")),
        ("ask why?", Instruction("ask", "why?")),
        ("Frage: warum?", Instruction("ask", "warum?")),
        ("pregunta por qué", Instruction("ask", "por qué")),
        ("質問 なぜですか", Instruction("ask", "なぜですか")),
        ("why is it so", Instruction("ask", "why is it so")),
        ("why?", Instruction("ask", "why?")),
        ("東京の天気を教えて", Instruction("ask", "東京の天気を教えて")),
        ("summarize", Instruction("summarize")),
        ("summarise since monday", Instruction("summarize", "since monday")),
        ("summary <#C2|random> since 3h", Instruction("summarize", "since 3h", "C2")),
        ("zusammenfassung seit gestern <#C2|>", Instruction("summarize", "seit gestern", "C2")),
        ("résumer depuis hier", Instruction("summarize", "depuis hier")),
        ("要約 昨日から", Instruction("summarize", "昨日から")),
        ("forget", Instruction("forget")),
        ("vergiss alles was ich sagte", Instruction("forget")),
        ("settings", Instruction("settings")),
        ("Einstellungen bitte", Instruction("settings")),
        ("usage", Instruction("usage")),
        ("usage of commas in lists", Instruction("ask", "usage of commas in lists")),
        ("quiet", Instruction("quiet")),
        ("静かに", Instruction("quiet")),
    ],
)
def test_an_instruction_is_read(text: str, instruction: Instruction) -> None:
    assert read_instruction(text) == instruction


@given(st.text(max_size=200))
def test_any_text_is_an_instruction(text: str) -> None:
    instruction = read_instruction(text)

    assert instruction.verb in get_args(Verb)
    assert instruction.verb != "ask" or instruction.text


def test_the_manifest_has_what_is_heard() -> None:
    features = load_manifest()["features"]

    [command] = features["slash_commands"]
    assert command["command"] == COMMAND
    assert command["should_escape"]
    assert {one["callback_id"] for one in features["shortcuts"]} == set(SHORTCUTS)
    assert {one["type"] for one in features["shortcuts"]} == {"message"}


def test_what_was_sent_is_kept_apart_by_block() -> None:
    assert parse_submission(submit()) == Submission(
        dialog="ask_about_dialog",
        team="T1",
        user="U1",
        user_team="T1",
        view="V1",
        metadata={
            "channel": "C1",
            "ts": "2.0",
            "thread_ts": "1.0",
            "author": "U2",
            "excerpt": "Fine.",
        },
        values={"question": "why?", "place": "in_thread"},
    )
