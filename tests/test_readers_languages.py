"""Each person reads our own words in the language of their Slack; the model is told in English."""

from pathlib import Path

import pytest

from bot.demo.residents import CLARA, EMILE, LUCIA, YUKI
from bot.language import ENGLISH, find_language, tell
from tests.chatting import ALICE, BOT, GENERAL, Chat, chatting, note, say, shown

TORN = ("torn.pdf", b"%PDF-1.7", "application/pdf")
PLAN = ("plan.md", b"# Plan\n\nThe launch moves from May to July.\n", "text/markdown")
DAMAGED = tell(
    "I can't open {name}: it seems to be damaged or incomplete. Please check that it opens "
    "on your side, save it anew, and share it again.",
    name="torn.pdf",
)
PEOPLE = [(CLARA, "de"), (EMILE, "fr"), (LUCIA, "es"), (YUKI, "ja"), (ALICE, "en")]


async def share(chat: Chat, person: str) -> str:
    files = [PLAN, TORN]
    return await chat.slack.post(person, GENERAL, f"<@{BOT}> what is this?", files=files)


@pytest.mark.parametrize(("person", "tag"), PEOPLE)
async def test_what_was_and_was_not_read_is_told_in_the_language_of_the_asker(
    tmp_path: Path, person: str, tag: str
) -> None:
    async with chatting(tmp_path, [say("A plan.")]) as chat:
        ts = await share(chat, person)
        [answer] = await chat.answers(GENERAL, ts)
        asked = chat.prompts()[0][-1]["content"]

    assert shown(answer).startswith("A plan.")
    assert find_language(tag).put(DAMAGED) in note(answer)
    assert ENGLISH.put(DAMAGED) in asked
    if tag != "en":
        assert ENGLISH.put(DAMAGED) not in note(answer)
        assert find_language(tag).put(DAMAGED) not in asked


async def test_the_same_file_is_told_of_in_each_ones_language(tmp_path: Path) -> None:
    """What was stored of it has no language."""
    long = ("long.md", b"Some words. " * 3_000, "text/markdown")
    async with chatting(tmp_path, [say("Long.")] * 2, ALOUD_FILE_CHARACTERS="9000") as chat:
        file = chat.slack.add_file(CLARA, *long)
        told = []
        for person in (CLARA, ALICE):
            ts = await chat.slack.post(person, GENERAL, f"<@{BOT}> summary", files=[file.id])
            [answer] = await chat.answers(GENERAL, ts)
            told.append(note(answer))

    assert "long.md: Teile 1–4 von 12 gelesen; der Rest" in told[0]  # noqa: RUF001  # a range
    assert "Teil 4 wurde nur zum Teil gelesen." in told[0]
    assert "long.md: Read parts 1–4 of 12; the rest" in told[1]  # noqa: RUF001  # as above
    assert "Part 4 was read only in part." in told[1]


@pytest.mark.parametrize(("person", "tag"), PEOPLE)
async def test_an_error_is_told_in_the_language_of_the_asker(
    tmp_path: Path, person: str, tag: str
) -> None:
    async with chatting(tmp_path, []) as chat:
        ts = await chat.slack.post(person, GENERAL, f"<@{BOT}> ", files=[TORN])
        [told] = await chat.answers(GENERAL, ts)

    assert find_language(tag).put(DAMAGED) in str(told.blocks) + told.text
