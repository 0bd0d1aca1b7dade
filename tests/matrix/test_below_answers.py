"""What stands under an answer: its reasoning, other answers, thumbs."""

import json
from pathlib import Path

import pytest

from bot.demo.workspace import Message
from bot.feedback_export import export_feedback
from bot.store.database import open_database
from tests.chatting import ALICE, BOB, BOT, GENERAL, Chat, say
from tests.matrix.workspaces import (
    ONLY,
    Kind,
    asked,
    at_work,
    in_all,
    in_four,
    read,
    see,
    thinking,
)

TRACE = "First I look. Then I answer."


async def ask(chat: Chat, question: str = "why?", answer: str = "Because.") -> Message:
    """Ask in #general, and return the answer."""
    await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> {question}")
    return (await see(chat, {GENERAL: [answer]}))[GENERAL][-1]


async def export(folder: Path) -> list[dict[str, str]]:
    """Return what `aloud feedback` prints."""
    lines: list[str] = []
    await export_feedback(open_database(f"sqlite:///{folder / 'aloud.db'}"), lines.append)
    return [json.loads(line) for line in lines]


@in_all
async def test_reasoning_is_shown_attached_and_hidden(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [thinking("Because.", TRACE)]) as chat:
        answer = await ask(chat)
        await chat.slack.press(BOB, GENERAL, answer.ts, "show_reasoning")
        _, trace = (await see(chat, {GENERAL: ["Hide reasoning", TRACE]}))[GENERAL]
        assert trace.thread_ts == answer.thread_ts
        assert (trace.blocks[0]["type"] == "container") == kind.new_blocks
        assert "nemotron" in read(trace)

        await chat.slack.press(BOB, GENERAL, trace.ts, "trace_file")
        await see(chat, {GENERAL: ["Because.", TRACE, ""]})
        [file] = chat.slack.workspace.files.values()
        assert chat.slack.workspace.contents[file.id].decode() == TRACE

        await chat.slack.press(ALICE, GENERAL, answer.ts, "hide_reasoning")
        await see(chat, {GENERAL: ["Show reasoning"]})


@in_four
async def test_reasoning_that_its_owner_keeps_is_shown_to_nobody_else(
    tmp_path: Path, kind: Kind
) -> None:
    async with at_work(kind, tmp_path, [thinking("Because.", TRACE)]) as chat:
        await chat.choose_at_home(ALICE, "home_person_privacy", "me")
        answer = await ask(chat)
        await chat.slack.press(BOB, GENERAL, answer.ts, "show_reasoning")
        refused = f"{ONLY}{BOB} Only the person who asked may see this reasoning."
        await see(chat, {GENERAL: ["Because.", refused]})

        await chat.slack.press(ALICE, GENERAL, answer.ts, "show_reasoning")
        seen = await see(chat, {GENERAL: ["Because.", refused, f"{ONLY}{ALICE}"]})
        assert TRACE in read(seen[GENERAL][-1])
        assert "Show reasoning" in read(seen[GENERAL][0])


@in_four
async def test_another_answer_takes_the_place_of_the_first(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [thinking("Because.", TRACE), thinking("New.")]) as chat:
        answer = await ask(chat)
        await chat.slack.press(ALICE, GENERAL, answer.ts, "show_reasoning")
        await see(chat, {GENERAL: ["Because.", TRACE]})
        await chat.slack.press(ALICE, GENERAL, answer.ts, "regenerate")

        [new] = (await see(chat, {GENERAL: ["New."]}))[GENERAL]
        assert new.ts == answer.ts
        assert "Show reasoning" in read(new)


@in_four
@pytest.mark.parametrize(
    ("style", "wish", "reasons"),
    [
        ("shorter", "the answer was too long", True),
        ("longer", "the answer was too short", True),
        ("harder", "look at the question\n  from several sides", True),
        ("plainly", "", False),
    ],
)
async def test_another_answer_is_written_as_it_is_wanted(
    tmp_path: Path, kind: Kind, style: str, wish: str, *, reasons: bool
) -> None:
    async with at_work(kind, tmp_path, [thinking("Because."), say("New.")]) as chat:
        answer = await ask(chat)
        [menu] = [
            element
            for block in answer.blocks
            for element in block.get("elements", ())
            if element.get("action_id") == "regenerate_as"
        ]
        [chosen] = [one["value"] for one in menu["options"] if one["value"].startswith(style)]
        await chat.slack.press(ALICE, GENERAL, answer.ts, "regenerate_as", value=chosen)
        await see(chat, {GENERAL: ["New."]})

        assert " ".join(wish.split()) in " ".join(asked(chat).split())
        assert ("/no_think" in asked(chat)) != reasons


@in_four
async def test_thumbs_are_kept_and_exported(tmp_path: Path, kind: Kind) -> None:
    async with at_work(kind, tmp_path, [thinking("Because.")]) as chat:
        answer = await ask(chat)
        turn = _find_turn(answer)
        await chat.slack.press(BOB, GENERAL, answer.ts, "feedback", value=f"good:{turn}")
        thanked = f"{ONLY}{BOB} Thank you, I have noted that."
        await see(chat, {GENERAL: ["Because.", thanked]})

        await chat.slack.press(ALICE, GENERAL, answer.ts, "feedback", value=f"bad:{turn}")
        dialog = chat.slack.modal(ALICE)
        assert dialog is not None
        await chat.slack.submit(ALICE, {"reason": {"reason": "Not true."}})
        assert chat.slack.modal(ALICE) is None
        await see(chat, {GENERAL: ["Because.", thanked]})

    kept = await export(tmp_path)
    said = [(one["person"], one["verdict"], one["reason"]) for one in kept]
    assert said == [(BOB, "good", ""), (ALICE, "bad", "Not true.")]
    assert {(one["question"], one["answer"]) for one in kept} == {("why?", "Because.")}


@in_four
async def test_a_long_trace_comes_as_a_file(tmp_path: Path, kind: Kind) -> None:
    trace = "\n".join(f"step {n} of my long reasoning" for n in range(3_000))
    async with at_work(kind, tmp_path, [thinking("Because.", trace)]) as chat:
        answer = await ask(chat)
        await chat.slack.press(ALICE, GENERAL, answer.ts, "show_reasoning")
        await see(chat, {GENERAL: ["Hide reasoning", "it comes as a file", ""]})
        [file] = chat.slack.workspace.files.values()
        assert chat.slack.workspace.contents[file.id].decode() == trace

        await chat.slack.press(ALICE, GENERAL, answer.ts, "hide_reasoning")
        await see(chat, {GENERAL: ["Show reasoning"]})


def _find_turn(answer: Message) -> str:
    [value] = [
        element["value"]
        for block in answer.blocks
        for element in block.get("elements", ())
        if element.get("action_id") == "regenerate"
    ]
    return str(value)
