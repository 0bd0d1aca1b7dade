"""What people think of answers: from the thumb to the exported line, through the whole bot."""

import json
from pathlib import Path

from bot.demo.workspace import Message
from bot.feedback_export import export_feedback
from bot.store.database import open_database
from tests.chatting import ALICE, BOB, BOT, GENERAL, Chat, chatting, say


def thumb(answer: Message, side: str) -> str:
    """What a thumb under an answer brings back."""
    [thumbs] = [block for block in answer.blocks if block["type"] == "context_actions"]
    return str(thumbs["elements"][0][f"{side}_button"]["value"])


async def export(chat: Chat) -> list[dict[str, object]]:
    lines: list[str] = []
    await export_feedback(open_database(chat.database_url), lines.append)
    return [json.loads(line) for line in lines]


async def test_verdicts_are_exported_with_their_reasons_and_what_they_are_about(
    tmp_path: Path,
) -> None:
    async with chatting(tmp_path, [say("Because.", "Hm.")]) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> why?")
        [answer] = await chat.answers(GENERAL, ts)
        await chat.settled()
        bad, good = thumb(answer, "negative"), thumb(answer, "positive")
        await chat.slack.press(ALICE, GENERAL, answer.ts, "feedback", value=bad)
        await chat.slack.submit(ALICE, {"reason": {"reason": "That is no reason."}})
        await chat.slack.press(BOB, GENERAL, answer.ts, "feedback", value=good)

    of_alice, of_bob = sorted(await export(chat), key=lambda line: str(line["verdict"]))
    assert (of_alice["person"], of_alice["reason"]) == (ALICE, "That is no reason.")
    assert (of_bob["person"], of_bob["verdict"], of_bob["reason"]) == (BOB, "good", "")
    assert "why?" in str(of_alice["question"])
    assert (of_alice["answer"], of_alice["model"]) == ("Because.", "nvidia/nemotron-nano-9b-v2")
