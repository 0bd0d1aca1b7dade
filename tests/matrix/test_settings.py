"""What people and admins choose, on the Home tab or by command, and that it is honoured."""

from pathlib import Path

import pytest

from bot.demo.residents import CLARA
from bot.demo.workspace import BOB_DM
from tests.chatting import ALICE, BOB, BOT, DIRECT, GENERAL, RANDOM, Chat, say
from tests.matrix.workspaces import (
    ONLY,
    Kind,
    asked,
    at_work,
    in_all,
    in_four,
    read_view,
    reply,
    see,
    thinking,
)

ADMIN = ALICE


@in_all
async def test_the_home_tab_shows_what_there_is(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [reply("Because.", prompt=900, completion=100)]) as chat:
        await chat.slack.post(BOB, GENERAL, f"<@{BOT}> why is that so?")
        await see(chat, {GENERAL: ["Because."]})
        await chat.slack.open_home(BOB)
        await see(chat, {GENERAL: ["Because."]})

        home = read_view(chat.slack.home(BOB))
        assert "What I can do" in home
        assert "1 answer · 1,000 tokens" in home
        assert "why is that so?" in home
        assert "Settings of this workspace" not in home
        await chat.slack.open_home(ADMIN)
        await chat.settled()
        assert "Settings of this workspace" in read_view(chat.slack.home(ADMIN))


@in_four
@pytest.mark.parametrize(
    ("choice", "value", "told"),
    [
        ("home_person_language", "de", "Answer in German"),
        ("home_person_length", "short", "Answer in one to three sentences"),
        ("home_person_think", "off", "/no_think"),
    ],
)
async def test_what_a_person_chooses_holds_for_their_next_answer_and_nobody_elses(
    tmp_path: Path, kind: Kind, choice: str, value: str, told: str
) -> None:
    async with at_work(kind, tmp_path, [say("One.")]) as chat:
        await chat.choose_at_home(ALICE, choice, value)
        assert "Saved." in read_view(chat.slack.home(ALICE))

        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> one?")
        await see(chat, {GENERAL: ["One."]})
        assert told in asked(chat)
        await chat.slack.post(BOB, GENERAL, f"<@{BOT}> two?")
        await see(chat, {GENERAL: ["One.", "One."]})
        assert told not in asked(chat)


@in_four
async def test_where_admins_did_not_let_us_in_the_asker_alone_is_told(
    tmp_path: Path, kind: Kind
) -> None:
    async with at_work(kind, tmp_path, [say("Here.")]) as chat:
        await chat.choose_at_home(ADMIN, "home_workspace_channels", [RANDOM])
        await chat.slack.post(BOB, GENERAL, f"<@{BOT}> are you there?")
        told = f"{ONLY}{BOB} I'm not switched on in this channel."
        await see(chat, {GENERAL: [told]})
        assert chat.model.requests == []

        await chat.slack.post(BOB, GENERAL, "", files=[("a.txt", b"A plan.", "text/plain")])
        await see(chat, {GENERAL: [told]})
        await chat.slack.post(BOB, RANDOM, f"<@{BOT}> and there?")
        await chat.slack.post(BOB, BOB_DM, "and here?")
        await see(chat, {GENERAL: [told], RANDOM: ["Here."], BOB_DM: ["Here."]})


@in_four
async def test_a_person_cannot_choose_what_is_the_admins(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("Here.")]) as chat:
        await chat.slack.open_home(ADMIN)
        await chat.settled()
        chat.slack.workspace.homes[BOB] = chat.slack.workspace.homes[ADMIN]
        await chat.slack.press_home(BOB, "home_workspace_channels", [RANDOM])
        await chat.settled()
        assert "Only admins" in read_view(chat.slack.home(BOB))

        await chat.slack.post(BOB, GENERAL, f"<@{BOT}> hello?")
        await see(chat, {GENERAL: ["Here."]})


@in_four
@pytest.mark.parametrize(
    ("field", "told", "others"),
    [
        ("monthly_tokens", "This workspace has used up its budget", ["only"]),
        ("person_tokens", "You have used up your budget", []),
    ],
)
async def test_when_the_budget_is_used_up_the_asker_is_told_so(
    tmp_path: Path, kind: Kind, field: str, told: str, others: list[str]
) -> None:
    async with at_work(kind, tmp_path, [reply("One.", prompt=900, completion=100)]) as chat:
        await chat.choose_at_home(ADMIN, "home_workspace_settings", None)
        await chat.slack.submit(ADMIN, {field: {field: "1000"}})
        assert chat.slack.modal(ADMIN) is None

        await chat.slack.post(BOB, BOB_DM, "one?")
        await see(chat, {BOB_DM: ["One."]})
        await chat.slack.post(BOB, BOB_DM, "two?")
        await see(chat, {BOB_DM: ["One.", told]})
        await chat.slack.post(BOB, GENERAL, f"<@{BOT}> three?")
        await see(chat, {BOB_DM: ["One.", told], GENERAL: [f"{ONLY}{BOB} {told}"]})
        assert len(chat.model.requests) == 1

        await chat.slack.post(CLARA, GENERAL, f"<@{BOT}> four?")
        await chat.settled()
        assert (len(chat.model.requests) == 1) == bool(others)
        await chat.slack.open_home(BOB)
        await chat.settled()
        assert "100% of the budget of 1,000" in read_view(chat.slack.home(BOB))


@in_four
async def test_a_thread_is_forgotten_from_the_home_tab(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [thinking("Noted."), say("I don't know.")]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "my favourite colour is blue")
        seen = await see(chat, {DIRECT: ["Noted."]})
        await chat.choose_at_home(ALICE, "home_forget_thread", None)
        home = read_view(chat.slack.home(ALICE))
        assert "Forgotten." in home
        assert "favourite colour" not in home

        await chat.slack.press(ALICE, DIRECT, seen[DIRECT][0].ts, "show_reasoning")
        gone = f"{ONLY}{ALICE} I can't show that here"
        await see(chat, {DIRECT: ["Noted.", gone]})
        await chat.slack.post(ALICE, DIRECT, "which is it?", ts)
        await see(chat, {DIRECT: ["Noted.", "I don't know.", gone]})
        assert "blue" not in asked(chat)


@in_four
async def test_the_settings_dialog_keeps_us_to_mentions_in_a_channel(
    tmp_path: Path, kind: Kind
) -> None:
    async with at_work(kind, tmp_path, [say("One."), say("Two.")]) as chat:
        await chat.command(BOB, GENERAL, "settings")
        assert "This channel" in read_view(chat.slack.modal(BOB))
        chosen = "channel_follow_ups"
        dialog = chat.slack.modal(BOB)
        assert dialog is not None
        await submit_choice(chat, BOB, chosen, "mentions")
        await see(chat, {})

        ts = await chat.slack.post(BOB, GENERAL, f"<@{BOT}> one?")
        await see(chat, {GENERAL: ["One."]})
        await chat.slack.post(BOB, GENERAL, "and two?", ts)
        await see(chat, {GENERAL: ["One."]})
        await chat.slack.post(BOB, GENERAL, f"<@{BOT}> and two?", ts)
        await see(chat, {GENERAL: ["One.", "Two."]})


@in_four
async def test_the_settings_dialog_leaves_a_channels_files_alone(
    tmp_path: Path, kind: Kind
) -> None:
    async with at_work(kind, tmp_path, [say("A plan.")]) as chat:
        await chat.command(BOB, GENERAL, "settings")
        await submit_choice(chat, BOB, "channel_files", "offer")
        file = ("a.txt", b"A plan.", "text/plain")
        await chat.slack.post(BOB, GENERAL, "", files=[file])
        seen = await see(chat, {GENERAL: ["Shall I summarize"]})
        await chat.slack.press(BOB, GENERAL, seen[GENERAL][0].ts, "summarize_files")
        await see(chat, {GENERAL: ["A plan."]})

        await chat.command(BOB, GENERAL, "settings")
        await submit_choice(chat, BOB, "channel_files", "off")
        await chat.slack.post(BOB, GENERAL, "", files=[file])
        await see(chat, {GENERAL: ["A plan."]})


async def submit_choice(chat: Chat, user: str, block: str, code: str) -> None:
    """Choose something in the open dialog, and save it."""
    dialog = chat.slack.modal(user)
    assert dialog is not None
    [element] = [one["element"] for one in dialog["blocks"] if one.get("block_id") == block]
    await chat.slack.submit(user, {block: {element["action_id"]: code}})
    assert chat.slack.modal(user) is None
    await chat.settled()
