"""Where flows meet: what is asked beside messages, what is closed to us or to people."""

from dataclasses import replace
from pathlib import Path

from bot.demo.residents import (
    ANNOUNCEMENTS,
    CLARA,
    DESIGN,
    GROUP_DM,
    GUEST,
    LEADS,
    OUTSIDER,
    PARTNERS,
)
from bot.demo.workspace import ALICE_DM, BOB_DM
from tests.chatting import ALICE, BOB, BOT, DIRECT, GENERAL, RANDOM, Chat, say
from tests.matrix.workspaces import (
    ONLY,
    Kind,
    actions,
    asked,
    at_work,
    in_two,
    read,
    read_view,
    reply,
    see,
    thinking,
)
from tests.model.server import failure

PLAN = ("plan.txt", b"We launch in May.", "text/plain")
ON_IT = f"{ONLY}{BOB} I'm on it"


async def submit_question(chat: Chat, channel: str, ts: str, place: str) -> None:
    """Let Bob ask about a message with the shortcut."""
    await chat.slack.shortcut(BOB, channel, ts, "ask_about")
    values = {"question": {"question": "When?"}, "place": {"place": place}}
    await chat.slack.submit(BOB, values)
    await chat.settled()


@in_two
async def test_an_answer_to_a_command_has_all_that_others_have(tmp_path: Path, kind: Kind) -> None:
    broken = failure(500, {"error": {"message": "?"}})
    replies = [*[broken] * 3, thinking("Because.", "Hm, I think."), say("New.")]
    async with at_work(kind, tmp_path, replies) as chat:
        await chat.command(BOB, GENERAL, "ask why is that?")
        whisper = {GENERAL: [ON_IT]}
        seen = await see(chat, {BOB_DM: ["You asked:", "can't reach the model"], **whisper})
        await chat.slack.press(BOB, BOB_DM, seen[BOB_DM][1].ts, "retry")
        seen = await see(chat, {BOB_DM: ["You asked:", "Because."], **whisper})
        await chat.slack.press(BOB, BOB_DM, seen[BOB_DM][1].ts, "show_reasoning")
        await see(chat, {BOB_DM: ["You asked:", "Because.", "Hm, I think."], **whisper})
        await chat.slack.press(BOB, BOB_DM, seen[BOB_DM][1].ts, "regenerate")
        await see(chat, {BOB_DM: ["You asked:", "New."], **whisper})
        assert "why is that?" in asked(chat)


@in_two
async def test_a_catch_up_is_written_anew_from_the_same_messages(
    tmp_path: Path, kind: Kind
) -> None:
    async with at_work(kind, tmp_path, [say("Long [m1]."), say("Short [m1].")]) as chat:
        await chat.slack.seed(RANDOM, [(ALICE, "We ship on Friday.")])
        await chat.command(BOB, GENERAL, "summarize #random since yesterday")
        expected = {GENERAL: [ON_IT]}
        seen = await see(chat, {BOB_DM: ["Summary of", "Long [↗]("], **expected})
        [menu] = [
            element
            for block in seen[BOB_DM][1].blocks
            for element in block.get("elements", ())
            if element.get("action_id") == "regenerate_as"
        ]
        shorter = menu["options"][0]["value"]
        await chat.slack.press(BOB, BOB_DM, seen[BOB_DM][1].ts, "regenerate_as", value=shorter)
        await see(chat, {BOB_DM: ["Summary of", "Short [↗]("], **expected})
        assert "| Alice: We ship on Friday." in asked(chat)
        assert "the answer was too long" in asked(chat)


@in_two
async def test_what_a_person_may_not_read_is_not_summed_up(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("Secrets [m1].")]) as chat:
        await chat.slack.seed(LEADS, [(ALICE, "Bob gets a raise.")])
        await chat.command(BOB, GENERAL, f"summarize <#{LEADS}|leads> since yesterday")
        seen = await see(chat, {BOB_DM: ["Summary of", ""], GENERAL: [ON_IT]})
        assert "raise" not in str(chat.prompts())
        assert "Secrets" not in read(seen[BOB_DM][1])


@in_two
async def test_a_channel_that_we_are_not_in_is_not_summed_up_but_explained(
    tmp_path: Path, kind: Kind
) -> None:
    async with at_work(kind, tmp_path, [say("Nothing.")]) as chat:
        await chat.slack.seed(DESIGN, [(ALICE, "Blue it is.")])
        await chat.command(BOB, GENERAL, "summarize #design since yesterday")
        seen = await see(chat, {BOB_DM: ["Summary of", "/invite"], GENERAL: [ON_IT]})
        assert chat.model.requests == []
        assert actions(seen[BOB_DM][1]) == []


@in_two
async def test_where_we_are_not_shortcuts_end_in_a_direct_message(
    tmp_path: Path, kind: Kind
) -> None:
    async with at_work(kind, tmp_path, [say("In May.")]) as chat:
        ts = await chat.slack.post(ALICE, DESIGN, "We launch in May.", files=[PLAN])
        await chat.slack.shortcut(BOB, DESIGN, ts, "summarize_files")
        await see(chat, {BOB_DM: ["I can't read that message."]})
        await submit_question(chat, DESIGN, ts, "in_thread")
        told = ["I can't read that message.", "You asked about <", "In May."]
        seen = await see(chat, {BOB_DM: told})
        assert "I can't write in that thread" in read(seen[BOB_DM][1])


@in_two
async def test_a_channel_that_admins_closed_keeps_nothing_of_a_question_in_its_thread(
    tmp_path: Path, kind: Kind
) -> None:
    async with at_work(kind, tmp_path, [say("On Friday.")]) as chat:
        await chat.choose_at_home(ALICE, "home_workspace_channels", [RANDOM])
        [root] = await chat.slack.seed(GENERAL, [(ALICE, "We ship on Friday.")])
        await submit_question(chat, GENERAL, root, "in_thread")
        await see(chat, {GENERAL: [f"{ONLY}{BOB} I'm not switched on in this channel."]})


@in_two
async def test_a_budget_that_is_used_up_holds_for_commands_too(tmp_path: Path, kind: Kind) -> None:
    one = reply("One.", prompt=900, completion=100)
    async with at_work(kind, tmp_path, [one], ALOUD_PERSON_TOKENS="1000") as chat:
        await chat.slack.post(BOB, BOB_DM, "one?")
        await see(chat, {BOB_DM: ["One."]})
        await chat.command(BOB, BOB_DM, "ask two?")
        await see(chat, {BOB_DM: ["One.", "You asked:", "You have used up your budget"]})
        assert len(chat.model.requests) == 1


@in_two
async def test_forget_in_a_direct_message(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [thinking("Noted."), say("Hm.")]) as chat:
        await chat.slack.post(ALICE, ALICE_DM, "my colour is blue", files=[PLAN])
        await see(chat, {ALICE_DM: ["Noted."]})
        await chat.command(ALICE, ALICE_DM, "forget")
        question = f"{ONLY}{ALICE} I forget everything from our direct messages"
        seen = await see(chat, {ALICE_DM: ["Noted.", question]})
        await chat.slack.press(ALICE, ALICE_DM, seen[ALICE_DM][1].ts, "forget_here")
        await see(
            chat, {ALICE_DM: ["Noted.", question, f"{ONLY}{ALICE} Forgotten: 2 messages and 1"]}
        )
        for table in ("messages", "traces", "documents", "passages"):
            assert await chat.count(table) == 0, table


@in_two
async def test_a_document_is_forgotten_from_the_home_tab(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("A plan."), say("I don't know.")]) as chat:
        ts = await chat.slack.post(ALICE, ALICE_DM, "", files=[PLAN])
        await see(chat, {ALICE_DM: ["A plan."]})
        await chat.choose_at_home(ALICE, "home_forget_document", None)
        assert "Forgotten." in read_view(chat.slack.home(ALICE))
        assert await chat.count("documents") == 0

        await chat.slack.post(ALICE, ALICE_DM, "when do we launch?", ts)
        await see(chat, {ALICE_DM: ["A plan.", "I don't know."]})
        assert "We launch in May" not in asked(chat)


@in_two
async def test_a_guest_changes_nothing_of_a_channels(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path) as chat:
        await chat.command(GUEST, GENERAL, "settings")
        dialog = read_view(chat.slack.modal(GUEST))
        assert "can be changed by members, not by guests" in dialog
        assert "Shared files" not in dialog
        await see(chat, {})


@in_two
async def test_what_is_asked_while_it_answers_waits_its_turn(tmp_path: Path, kind: Kind) -> None:
    slow = replace(say("One.", "Hm.", pieces=2), pause_at=1)
    async with at_work(kind, tmp_path, [slow, say("Two and three.")]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "one?")
        await chat.model.asked()
        await chat.slack.post(ALICE, DIRECT, "two?", ts)
        await chat.slack.post(ALICE, DIRECT, "three?", ts)
        slow.go_on.set()
        await see(chat, {DIRECT: ["One.", "Two and three."]})
        assert "two?" in asked(chat)
        assert "three?" in asked(chat)


@in_two
async def test_every_event_twice_is_answered_once(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("One.")]) as chat:
        chat.slack.faults.duplicates = 1
        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> one?")
        await chat.slack.post(BOB, BOB_DM, "one?")
        await chat.slack.invite(BOB, DESIGN)
        await chat.slack.open_app(ALICE)
        await see(
            chat,
            {GENERAL: ["One."], BOB_DM: ["One."], DESIGN: ["Hi! I'm Aloud."], ALICE_DM: ["Hi!"]},
        )


@in_two
async def test_a_thread_that_may_not_be_read_is_answered_and_the_scope_named(
    tmp_path: Path, kind: Kind
) -> None:
    async with at_work(kind, tmp_path, [say("Because.")]) as chat:
        chat.slack.faults.withheld_scopes = {"channels:history"}
        [root] = await chat.slack.seed(GENERAL, [(ALICE, "We ship on Friday.")])
        await chat.slack.post(BOB, GENERAL, f"<@{BOT}> why?", root)
        seen = await see(chat, {GENERAL: ["Because."]})
        assert "add the scope channels:history" in read(seen[GENERAL][0])


@in_two
async def test_a_group_message_is_summed_up_by_command(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("Lunch at noon [m1].")]) as chat:
        await chat.slack.seed(GROUP_DM, [(ALICE, "Lunch at noon?")])
        await chat.command(BOB, GROUP_DM, "summarize since yesterday")
        expected = {BOB_DM: ["Summary of", "Lunch at noon [↗]("], GROUP_DM: [ON_IT]}
        await see(chat, expected)
        assert "| Alice: Lunch at noon?" in asked(chat)


@in_two
async def test_shortcuts_work_in_direct_messages(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("In May."), say("May it is."), say("A plan.")]) as chat:
        ts = await chat.slack.post(BOB, BOB_DM, "when do we launch?")
        seen = await see(chat, {BOB_DM: ["In May."]})
        await submit_question(chat, BOB_DM, seen[BOB_DM][0].ts, "in_thread")
        expected = ["In May.", "*Bob* asked about <", "May it is."]
        seen = await see(chat, {BOB_DM: expected})
        assert {one.thread_ts for one in seen[BOB_DM]} == {ts}

        await chat.slack.shortcut(BOB, BOB_DM, ts, "summarize_thread")
        seen = await see(chat, {BOB_DM: [*expected, "Summary of <http", "A plan."]})
        assert "when do we launch?" in asked(chat)


@in_two
async def test_a_deleted_question_is_not_known_any_more(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("Noted."), say("Which one?")]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "hello")
        await see(chat, {DIRECT: ["Noted."]})
        secret = await chat.slack.post(ALICE, DIRECT, "my colour is blue", ts)
        await see(chat, {DIRECT: ["Noted.", "Which one?"]})
        await chat.slack.delete(ALICE, DIRECT, secret)
        await chat.slack.post(ALICE, DIRECT, "so which is it?", ts)
        await chat.settled()
        assert "blue" not in asked(chat)


@in_two
async def test_think_in_a_message_wins_over_what_was_chosen(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [thinking("Because.")]) as chat:
        await chat.choose_at_home(ALICE, "home_person_think", "off")
        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> /think why?")
        await see(chat, {GENERAL: ["Show reasoning"]})
        assert chat.prompts()[0][-1]["content"] == "why?\n\n/think"


@in_two
async def test_private_channels_and_broadcast_replies(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("One."), say("Two.")]) as chat:
        ts = await chat.slack.post(ALICE, LEADS, f"<@{BOT}> one?")
        await see(chat, {LEADS: ["One."]})
        await chat.slack.post(CLARA, LEADS, f"<@{BOT}> two?", ts, broadcast=True)
        seen = await see(chat, {LEADS: ["One.", "Two."]})
        assert {one.thread_ts for one in seen[LEADS]} == {ts}


@in_two
async def test_strangers_who_are_not_answered_make_nothing_be_written_anew(
    tmp_path: Path, kind: Kind
) -> None:
    async with at_work(kind, tmp_path, [say("Once."), say("Twice.")]) as chat:
        await chat.choose_at_home(ALICE, "home_workspace_outsiders", "off")
        await chat.slack.post(BOB, PARTNERS, f"<@{BOT}> how often?")
        seen = await see(chat, {PARTNERS: ["Once."]})
        await chat.slack.press(OUTSIDER, PARTNERS, seen[PARTNERS][0].ts, "regenerate")
        await chat.settled()
        assert len(chat.model.requests) == 1
        assert "Once." in read(chat.slack.workspace.messages[PARTNERS, seen[PARTNERS][0].ts])


@in_two
async def test_a_reply_to_somebody_else_is_not_answered(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("One.")]) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> one?")
        await see(chat, {GENERAL: ["One."]})
        await chat.slack.post(ALICE, GENERAL, f"<@{BOB}> what do you think?", ts)
        await see(chat, {GENERAL: ["One."]})


@in_two
async def test_a_budget_that_is_used_up_leaves_the_answer_that_was_to_be_written_anew(
    tmp_path: Path, kind: Kind
) -> None:
    one = reply("One.", prompt=900, completion=100)
    async with at_work(kind, tmp_path, [one], ALOUD_PERSON_TOKENS="1000") as chat:
        await chat.slack.post(BOB, GENERAL, f"<@{BOT}> one?")
        seen = await see(chat, {GENERAL: ["One."]})
        for _ in range(2):
            await chat.slack.press(BOB, GENERAL, seen[GENERAL][0].ts, "regenerate")
            await chat.settled()
        told = f"{ONLY}{BOB} You have used up your budget"
        seen = await see(chat, {GENERAL: ["One.", told, told]})
        assert "regenerate" in actions(seen[GENERAL][0])
        assert len(chat.model.requests) == 1


@in_two
async def test_nothing_is_summed_up_that_is_still_to_come(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path) as chat:
        await chat.command(BOB, GENERAL, "summarize since tomorrow")
        told = [one.text for one in chat.slack.ephemerals(GENERAL, BOB)]
        # At once, or behind "I'm on it" where it takes long to find out.
        assert told[-1].startswith("That time hasn't come yet.")
        await see(chat, {GENERAL: [f"{ONLY}{BOB}"] * len(told)})
        assert chat.model.requests == []


@in_two
async def test_shortcuts_leave_closed_places_and_go_where_they_may(
    tmp_path: Path, kind: Kind
) -> None:
    async with at_work(kind, tmp_path, [say("On Friday.")]) as chat:
        [root] = await chat.slack.seed(ANNOUNCEMENTS, [(ALICE, "We ship on Friday.")])
        await submit_question(chat, ANNOUNCEMENTS, root, "in_thread")
        seen = await see(chat, {BOB_DM: ["You asked about <", "On Friday."]})
        assert "We ship on Friday." in asked(chat)
        assert "I can't write in that thread" in read(seen[BOB_DM][0])


@in_two
async def test_a_file_shared_in_a_read_only_channel_is_left_alone(
    tmp_path: Path, kind: Kind
) -> None:
    """Nobody has asked for a summary, so nobody is written to."""
    async with at_work(kind, tmp_path, [say("A plan.")]) as chat:
        await chat.slack.post(ALICE, ANNOUNCEMENTS, "", files=[PLAN])
        await see(chat, {})
