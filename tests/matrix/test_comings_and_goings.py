"""Welcomes, suggestions, titles; goodbyes and thanks."""

from pathlib import Path

import pytest

from bot.demo.residents import CLARA, DESIGN
from bot.demo.workspace import ALICE_DM, BOB_DM
from tests.chatting import ALICE, BOB, BOT, DIRECT, GENERAL, Chat, say
from tests.matrix.workspaces import FOUR, Kind, at_work, in_all, in_four, read, see

PLAN = ("plan.txt", b"We launch in May.", "text/plain")
HELLO = "Hi! I'm Aloud."


def reactions(chat: Chat, channel: str, ts: str) -> dict[str, tuple[str, ...]]:
    return dict(chat.slack.workspace.messages[channel, ts].reactions)


@in_four
async def test_a_channel_is_welcomed_once(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path) as chat:
        await chat.slack.invite(BOB, DESIGN)
        seen = await see(chat, {DESIGN: [HELLO]})
        assert "Mention *@Aloud*" in read(seen[DESIGN][0])

        await chat.slack.remove(BOB, DESIGN)
        await chat.slack.invite(ALICE, DESIGN)
        await chat.slack.invite(BOB, DESIGN, CLARA)
        await see(chat, {DESIGN: [HELLO]})


@in_all
async def test_a_person_is_welcomed_once(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("Hello.")]) as chat:
        await chat.slack.open_app(BOB)
        await see(chat, {BOB_DM: [HELLO]})
        await chat.slack.open_app(BOB)
        await see(chat, {BOB_DM: [HELLO]})
        await chat.slack.post(BOB, BOB_DM, "hello there")
        await see(chat, {BOB_DM: [HELLO, "Hello."]})


@in_four
async def test_who_has_talked_with_us_is_not_welcomed(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("Hello.")]) as chat:
        await chat.slack.post(BOB, BOB_DM, "good morning")
        await see(chat, {BOB_DM: ["Hello."]})
        await chat.slack.open_app(BOB)
        await see(chat, {BOB_DM: ["Hello."]})


@in_all
async def test_questions_are_suggested_where_slack_shows_them(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path) as chat:
        await chat.slack.open_app(BOB)
        await chat.settled()
        shown = [one["title"] for one in _list_prompts(chat)]
        general = ["What can you do?", "Summarize a file", "Think a decision through"]
        assert shown[:3] == (general if kind.is_agent else [])


@in_four
async def test_suggestions_fit_the_file_and_the_channel_that_is_looked_at(
    tmp_path: Path, kind: Kind
) -> None:
    async with at_work(kind, tmp_path, [say("A plan.")]) as chat:
        ts = await chat.slack.post(BOB, BOB_DM, "", files=[PLAN])
        await see(chat, {BOB_DM: ["A plan."]})
        if not kind.is_agent:
            assert _list_prompts(chat) == []
            return
        workspace = chat.slack.workspace
        await chat.slack.wait_for(lambda: workspace.titles.get((BOB_DM, ts)))
        titles = [one["title"] for one in workspace.prompts[BOB_DM, ts]]
        assert titles[0] == "Key points of plan.txt"

        await chat.slack.look_at(BOB, GENERAL)
        await chat.slack.open_app(BOB)
        await chat.settled()
        titles = [one["title"] for one in workspace.prompts[BOB_DM, ""]]
        assert titles[:2] == ["Catch me up on this channel", "Key points of plan.txt"]
        await see(chat, {BOB_DM: ["A plan."]})


@in_four
async def test_a_thread_gets_its_title_where_there_are_titles(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("Blue."), say("Green.")]) as chat:
        ts = await chat.slack.post(ALICE, ALICE_DM, "the first colour?")
        thread = chat.slack.workspace.messages[ALICE_DM, ts].root_ts
        if kind.is_agent:
            await chat.slack.wait_for(
                lambda: chat.slack.workspace.titles.get((ALICE_DM, thread)) == "A small talk"
            )
            assert len(chat.model.title_requests) == 1
        await chat.slack.post(ALICE, ALICE_DM, "and the next?", thread)
        await chat.settled()
        await chat.settled()
        assert len(chat.model.title_requests) <= 1


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        *((kind, "thanks, that's all") for kind in FOUR),
        (FOUR[0], "Danke, das war's!"),
        (FOUR[0], "以上です。ありがとう"),
    ],
    ids=lambda one: one if isinstance(one, str) else one.name,
)
async def test_after_a_goodbye_we_are_silent_until_we_are_mentioned(
    tmp_path: Path, kind: Kind, words: str
) -> None:
    async with at_work(kind, tmp_path, [say("One."), say("Two."), say("Three.")]) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> one?")
        await see(chat, {GENERAL: ["One."]})
        goodbye = await chat.slack.post(ALICE, GENERAL, words, ts)
        await see(chat, {GENERAL: ["One."]})
        assert reactions(chat, GENERAL, goodbye) == {"wave": (BOT,)}

        await chat.slack.post(ALICE, GENERAL, "hm, and why is that?", ts)
        await see(chat, {GENERAL: ["One."]})
        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> and two?", ts)
        await see(chat, {GENERAL: ["One.", "Two."]})
        await chat.slack.post(ALICE, GENERAL, "and three?", ts)
        await see(chat, {GENERAL: ["One.", "Two.", "Three."]})


@in_four
async def test_thanks_get_a_thumb_and_no_message(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("One."), say("Two.")]) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> one?")
        await see(chat, {GENERAL: ["One."]})
        thanks = await chat.slack.post(ALICE, GENERAL, "thank you!", ts)
        await see(chat, {GENERAL: ["One."]})
        assert reactions(chat, GENERAL, thanks) == {"+1": (BOT,)}

        await chat.slack.post(ALICE, GENERAL, "and two?", ts)
        await see(chat, {GENERAL: ["One.", "Two."]})


@in_four
async def test_without_the_right_to_react_thanks_are_answered(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [say("One."), say("You're welcome.")]) as chat:
        chat.slack.faults.withheld_scopes = {"reactions:write"}
        ts = await chat.slack.post(ALICE, DIRECT, "one?")
        await see(chat, {DIRECT: ["One."]})
        await chat.slack.post(ALICE, DIRECT, "thanks", ts)
        await see(chat, {DIRECT: ["One.", "You're welcome."]})


def _list_prompts(chat: Chat) -> list[dict[str, str]]:
    return [one for prompts in chat.slack.workspace.prompts.values() for one in prompts]
