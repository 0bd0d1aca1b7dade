"""What is asked for beside messages: `/aloud`, shortcuts, catching up."""

from pathlib import Path

import pytest

from bot.demo.workspace import ALICE_DM, BOB_DM
from tests.chatting import ALICE, BOB, BOT, GENERAL, RANDOM, Chat, say
from tests.matrix.workspaces import (
    ONLY,
    Kind,
    asked,
    at_work,
    in_all,
    in_four,
    read,
    read_view,
    reply,
    see,
    thinking,
)

PLAN = ("plan.txt", b"We launch in May.", "text/plain")
ON_IT = "I'm on it: the answer comes in our direct messages."


async def gossip(chat: Chat, channel: str = RANDOM) -> list[str]:
    """Let people have said something in a channel that nobody asked us about."""
    said = [(BOB, "We ship on Friday."), (ALICE, "Then Bob writes the notes.")]
    return await chat.slack.seed(channel, said)


def link_of(ts: str) -> str:
    """What the address of a message ends with."""
    return f"/p{ts.replace('.', '')}"


@in_four
async def test_help(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path) as chat:
        await chat.command(BOB, GENERAL, "help")

        [told] = (await see(chat, {GENERAL: [f"{ONLY}{BOB}"]}))[GENERAL]
        for command in ("ask", "summarize", "forget", "settings", "usage", "quiet"):
            assert f"`/aloud {command}" in read(told)


@in_all
async def test_ask(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("Because.")]) as chat:
        await chat.command(BOB, GENERAL, "ask why, @alice?")

        seen = await see(
            chat, {BOB_DM: ["You asked:", "Because."], GENERAL: [f"{ONLY}{BOB} {ON_IT}"]}
        )
        anchor, answer = seen[BOB_DM]
        assert "why, @Alice?" in read(anchor)
        assert answer.thread_ts == anchor.ts

        await chat.slack.post(BOB, BOB_DM, "really?", anchor.ts)
        await see(
            chat,
            {BOB_DM: ["You asked:", "Because.", "Because."], GENERAL: [f"{ONLY}{BOB} {ON_IT}"]},
        )
        assert "why, @Alice?" in asked(chat)


@in_four
async def test_summarize_a_channel_with_links_to_its_messages(tmp_path: Path, kind: Kind) -> None:
    async with at_work(
        kind, tmp_path, [say("Ships on Friday [m1]; notes: Bob [m2] [m9].")]
    ) as chat:
        first, second = await gossip(chat)
        await chat.command(BOB, GENERAL, "summarize #random since yesterday")

        expected = {
            BOB_DM: ["Summary of <#C0RANDOM01> since", "Ships on Friday [↗]("],
            GENERAL: [f"{ONLY}{BOB} {ON_IT}"],
        }
        seen = await see(chat, expected)
        answer = read(seen[BOB_DM][1])
        assert f"{link_of(first)})" in answer
        assert f"{link_of(second)})" in answer
        assert "m9" not in answer
        assert "Read 2 messages of #random" in answer
        assert "| Bob: We ship on Friday." in asked(chat)


@in_four
async def test_forget_asks_first_and_then_knows_nothing(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [thinking("Noted."), say("Which one?")]) as chat:
        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> my colour is blue")
        await see(chat, {GENERAL: ["Noted."]})
        await chat.command(ALICE, GENERAL, "forget")
        question = f"{ONLY}{ALICE} I forget the threads in this channel that you started"
        seen = await see(chat, {GENERAL: ["Noted.", question]})
        assert await chat.count("messages") == 2

        await chat.slack.press(ALICE, GENERAL, seen[GENERAL][1].ts, "forget_here")
        forgotten = f"{ONLY}{ALICE} Forgotten: 2 messages and 0 files."
        await see(chat, {GENERAL: ["Noted.", question, forgotten]})
        assert await chat.count("messages") == 0
        assert await chat.count("traces") == 0
        assert await chat.count("turns WHERE CAST(payload AS TEXT) LIKE '%blue%'") == 0


@in_four
async def test_usage(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [reply("One.", prompt=900, completion=100)]) as chat:
        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> one?")
        await see(chat, {GENERAL: ["One."]})
        await chat.command(ALICE, GENERAL, "usage")

        seen = await see(chat, {GENERAL: ["One.", f"{ONLY}{ALICE}"]})
        assert "You: 1 answer, 1,000 tokens" in read(seen[GENERAL][1])
        assert "This workspace: 1 answer, 1,000 tokens" in read(seen[GENERAL][1])


@in_four
async def test_quiet_until_it_is_mentioned(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("One."), say("Two."), say("Three.")]) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> one?")
        await see(chat, {GENERAL: ["One."]})
        await chat.command(ALICE, GENERAL, "quiet")
        left = f"{ONLY}{ALICE} I have left the threads of this channel."
        await chat.slack.post(ALICE, GENERAL, "and then?", ts)
        await see(chat, {GENERAL: ["One.", left]})

        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> and two?", ts)
        await see(chat, {GENERAL: ["One.", "Two.", left]})
        await chat.slack.post(ALICE, GENERAL, "and three?", ts)
        await see(chat, {GENERAL: ["One.", "Two.", "Three.", left]})


@in_all
async def test_the_shortcut_that_sums_up_a_thread(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("They ship on Friday [m1].")]) as chat:
        [root] = await chat.slack.seed(RANDOM, [(ALICE, "When do we ship?")])
        [late] = await chat.slack.seed(RANDOM, [(BOB, "On Friday.")], root)
        await chat.slack.shortcut(BOB, RANDOM, late, "summarize_thread")

        seen = await see(chat, {BOB_DM: ["Summary of <http", "They ship on Friday"]})
        assert "↗" in read(seen[BOB_DM][1])
        assert link_of(root) in read(seen[BOB_DM][1])
        assert "| Bob: On Friday." in asked(chat)


@in_all
async def test_the_shortcut_that_summarizes_files(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("A plan.")], ALOUD_CHANNEL_FILES="off") as chat:
        ts = await chat.slack.post(ALICE, GENERAL, "fyi", files=[PLAN])
        await see(chat, {})
        await chat.slack.shortcut(BOB, GENERAL, ts, "summarize_files")

        seen = await see(chat, {GENERAL: ["A plan."]})
        assert seen[GENERAL][0].thread_ts == ts
        await chat.slack.shortcut(BOB, GENERAL, ts, "summarize_files")
        await see(chat, {GENERAL: ["A plan.", f"{ONLY}{BOB} I have answered that message already"]})


@in_all
@pytest.mark.parametrize("place", ["privately", "in_thread"])
async def test_the_shortcut_that_asks_about_a_message(
    tmp_path: Path, kind: Kind, place: str
) -> None:
    async with at_work(kind, tmp_path, [say("On Friday.")]) as chat:
        [root] = await chat.slack.seed(RANDOM, [(ALICE, "We ship on Friday.")])
        await chat.slack.shortcut(BOB, RANDOM, root, "ask_about")
        assert "Your question about this message" in read_view(chat.slack.modal(BOB))
        await chat.slack.submit(BOB, {"question": {"question": "  "}})
        values = {"question": {"question": "When?"}, "place": {"place": place}}
        await chat.slack.submit(BOB, values)
        assert chat.slack.modal(BOB) is None

        where = BOB_DM if place == "privately" else RANDOM
        who = "You asked about <" if place == "privately" else "*Bob* asked about <"
        seen = await see(chat, {where: [who, "On Friday."]})
        anchor, answer = seen[where]
        assert link_of(root) in read(anchor)
        assert "When?" in read(anchor)
        assert answer.thread_ts == (anchor.ts if place == "privately" else root)
        assert "We ship on Friday." in asked(chat)


@in_four
async def test_a_mention_catches_up_on_its_channel(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("Ships on Friday [m1].")]) as chat:
        first, _ = await gossip(chat)
        ts = await chat.slack.post(ALICE, RANDOM, f"<@{BOT}> what did I miss since yesterday?")

        seen = await see(chat, {RANDOM: ["Ships on Friday [↗]("]})
        assert seen[RANDOM][0].thread_ts == ts
        assert link_of(first) in read(seen[RANDOM][0])


@in_four
async def test_a_direct_message_catches_up_on_the_channel_that_is_looked_at(
    tmp_path: Path, kind: Kind
) -> None:
    async with at_work(kind, tmp_path, [say("Ships on Friday [m1].")]) as chat:
        first, _ = await gossip(chat)
        await chat.slack.look_at(ALICE, RANDOM)
        words = "this channel" if kind.is_agent else f"<#{RANDOM}|random>"
        await chat.slack.post(ALICE, ALICE_DM, f"catch me up on {words} since yesterday")

        seen = await see(chat, {ALICE_DM: ["Ships on Friday [↗]("]})
        assert link_of(first) in read(seen[ALICE_DM][0])
