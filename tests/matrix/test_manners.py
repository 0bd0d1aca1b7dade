"""Who is answered where: closed places, other organisations, groups, other bots, languages."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.demo.residents import (
    ANNOUNCEMENTS,
    CLARA,
    EMILE,
    GROUP_DM,
    LUCIA,
    OUTSIDER,
    PARTNERS,
    YUKI,
)
from bot.demo.workspace import BOB_DM, OTHER_BOT_USER_ID
from tests.chatting import ALICE, BOB, BOT, GENERAL, say
from tests.matrix.workspaces import (
    FOUR,
    ONLY,
    Kind,
    at_work,
    in_all,
    in_four,
    read,
    read_view,
    see,
    thinking,
)
from tests.model.server import failure

OTHER_BOT = "B0OTHER001"


@in_all
async def test_in_a_read_only_channel_the_answer_comes_directly(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("Because.")]) as chat:
        await chat.slack.post(BOB, ANNOUNCEMENTS, f"<@{BOT}> why?")
        seen = await see(chat, {BOB_DM: ["You asked about <", "Because."]})
        assert "I can't write in that thread" in read(seen[BOB_DM][0])
        assert seen[BOB_DM][1].thread_ts == seen[BOB_DM][0].ts


@in_four
async def test_in_a_channel_that_is_archived_meanwhile_it_comes_directly(
    tmp_path: Path, kind: Kind
) -> None:
    slow = replace(say("Because.", "Hm.", pieces=2), pause_at=1)
    async with at_work(kind, tmp_path, [slow, say("Because.")]) as chat:
        await chat.slack.post(BOB, GENERAL, f"<@{BOT}> why?")
        await chat.model.asked()
        chat.slack.workspace.change_channel(GENERAL, archived=True)
        slow.go_on.set()
        await see(chat, {BOB_DM: ["You asked about <", "Because."]})


@in_four
async def test_in_a_locked_thread_it_comes_directly(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("Because.")]) as chat:
        [root] = await chat.slack.seed(GENERAL, [(ALICE, "No more replies, please.")])
        chat.slack.workspace.locked_threads.add((GENERAL, root))
        await chat.slack.post(BOB, GENERAL, f"<@{BOT}> why?", root)
        await see(chat, {BOB_DM: ["You asked about <", "Because."]})


@in_four
async def test_strangers_are_answered_in_shared_channels(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("Because.")]) as chat:
        await chat.slack.post(OUTSIDER, PARTNERS, f"<@{BOT}> why?")
        await see(chat, {PARTNERS: ["Because."]})


@in_four
async def test_strangers_are_told_where_they_are_not_answered(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("Because.")]) as chat:
        await chat.choose_at_home(ALICE, "home_workspace_outsiders", "off")
        await chat.slack.post(OUTSIDER, PARTNERS, f"<@{BOT}> why?")
        told = f"{ONLY}{OUTSIDER} I answer only the people"
        await see(chat, {PARTNERS: [told]})
        await chat.slack.post(OUTSIDER, PARTNERS, "", files=[("a.txt", b"A plan.", "text/plain")])
        await see(chat, {PARTNERS: [told]})
        await chat.slack.post(BOB, PARTNERS, f"<@{BOT}> why?")
        await see(chat, {PARTNERS: ["Because.", told]})


@in_four
async def test_in_a_group_message_it_waits_to_be_mentioned(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("Because."), say("Sure.")]) as chat:
        await chat.slack.post(ALICE, GROUP_DM, "shall we ask Aloud?")
        await see(chat, {})
        ts = await chat.slack.post(BOB, GROUP_DM, f"<@{BOT}> why?")
        seen = await see(chat, {GROUP_DM: ["Because."]})
        assert seen[GROUP_DM][0].thread_ts == ts
        await chat.slack.post(BOB, GROUP_DM, "sure?", ts)
        await see(chat, {GROUP_DM: ["Because.", "Sure."]})


@in_four
async def test_other_bots_are_not_answered(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("Hello.")]) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> hello?")
        await see(chat, {GENERAL: ["Hello."]})
        await chat.slack.post(OTHER_BOT_USER_ID, GENERAL, f"<@{BOT}> alarm")
        await chat.slack.post(OTHER_BOT_USER_ID, GENERAL, f"<@{BOT}> alarm", ts)
        await chat.slack.post(OTHER_BOT_USER_ID, GENERAL, "alarm", ts)
        await see(chat, {GENERAL: ["Hello."]})


@in_four
async def test_bots_that_the_operator_lets_in_are_answered_but_not_for_ever(
    tmp_path: Path, kind: Kind
) -> None:
    async with at_work(kind, tmp_path, [say("Noted.")], ALOUD_BOTS=OTHER_BOT) as chat:
        ts = await chat.slack.post(OTHER_BOT_USER_ID, GENERAL, f"<@{BOT}> alarm 0")
        await see(chat, {GENERAL: ["Noted."]})
        for number in range(1, 9):
            await chat.slack.post(OTHER_BOT_USER_ID, GENERAL, f"<@{BOT}> alarm {number}", ts)
            await chat.settled()
        await see(chat, {GENERAL: ["Noted."] * 5})

        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> what was that?", ts)
        await see(chat, {GENERAL: ["Noted."] * 6})


@pytest.mark.parametrize(
    ("kind", "person"),
    [
        *((kind, person) for kind in FOUR for person in (CLARA, YUKI)),
        (FOUR[0], EMILE),
        (FOUR[0], LUCIA),
    ],
    ids=lambda one: one if isinstance(one, str) else one.name,
)
async def test_everybody_reads_their_own_language(tmp_path: Path, kind: Kind, person: str) -> None:
    """No English sentence of ours is left in what these people see."""
    broken = failure(400, {"error": {"message": "?"}})
    async with at_work(kind, tmp_path, [thinking("…", "…"), broken]) as chat:
        direct = chat.slack.workspace.direct_channel(person).id
        await chat.slack.open_app(person)
        [welcome] = (await see(chat, {direct: [""]}))[direct]
        ts = await chat.slack.post(person, GENERAL, f"<@{BOT}> …?")
        [answer] = (await see(chat, {direct: [""], GENERAL: ["…"]}))[GENERAL]
        await chat.slack.press(person, GENERAL, answer.ts, "show_reasoning")
        await chat.settled()
        await chat.slack.post(person, GENERAL, f"<@{BOT}> …?", ts)
        await chat.settled()
        await chat.command(person, GENERAL, "help")
        await chat.command(person, GENERAL, "usage")
        await chat.command(person, GENERAL, "forget")
        await chat.command(person, GENERAL, "settings")
        await chat.slack.open_home(person)
        await chat.settled()

        seen = [
            read(welcome),
            *map(read, chat.replies(GENERAL, ts)),
            *map(read, chat.slack.ephemerals(GENERAL, person)),
            read_view(chat.slack.modal(person)),
            read_view(chat.slack.home(person)),
            *(one["title"] for all_ in chat.slack.workspace.prompts.values() for one in all_),
        ]
        assert len(seen) >= 9
        for text in seen:
            assert _find_english(text) == set(), text


def _find_english(text: str) -> set[str]:
    own = re.sub(r"`?/aloud [a-z]+|https?://\S+", " ", text.casefold())
    return set(re.findall(r"[^\W\d_]+", own)) & ENGLISH_WORDS


ENGLISH_WORDS = frozenset(
    {"the", "and", "this", "that", "your", "what", "with", "answer", "of", "reasoning", "were"}
    | {"forget", "settings", "you", "language", "show", "here", "hello", "again", "channel", "it"}
    | {"files", "to"}
)
"""No word of German, French or Spanish, and common in what we say."""
