"""An answer that would take too many messages is a file, with its beginning in messages."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.demo.workspace import GENERAL
from bot.slack import limits
from bot.slack.reply import Delivered, EndPiece, Piece, Stopped, TextPiece
from tests.slack.stage import BUTTON, NO_CONTROLS, Stage

LONG = "\n\n".join(f"Paragraph {number}. " + "A sentence of it. " * 40 for number in range(120))
NOTE = "This is the beginning; the whole answer is in the file."


async def whole(markdown: str) -> AsyncIterator[Piece]:
    yield EndPiece(markdown, BUTTON)


async def streamed(stage: Stage) -> AsyncIterator[Piece]:
    yield TextPiece(LONG[:60_000])
    await stage.clock.pass_time(0.2)
    await stage.begun(5)
    yield TextPiece(LONG[60_000:])
    end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
    yield EndPiece(LONG, BUTTON)
    await end


def files(stage: Stage) -> list[tuple[str, str]]:
    """The name and the content of each file in the thread."""
    workspace = stage.slack.workspace
    shared = [workspace.files[one] for message in stage.messages for one in message.files]
    return [
        (file.name, workspace.contents[file.id].decode())
        for file in shared
        if file.mode != "tombstone"
    ]


def notes(stage: Stage) -> list[str]:
    return [
        element["text"]
        for message in stage.messages
        for block in message.blocks
        if block["type"] == "context"
        for element in block["elements"]
    ]


async def test_an_answer_that_is_complete_at_once_is_one_message_and_a_file(stage: Stage) -> None:
    receipts = await stage.deliver(whole(LONG))

    answer, *_ = (message for message in stage.messages if not message.files)
    assert receipts[-1] == Delivered(GENERAL, (answer.ts,))
    assert files(stage) == [("answer-turn-1.md", LONG.strip())]
    assert notes(stage) == [NOTE]
    assert 6_000 < len(answer.blocks[0]["text"]) <= limits.MARKDOWN_CHARS
    assert answer.blocks[-1]["type"] == "actions"
    stage.assert_left_nothing_open()


async def test_a_streamed_answer_ends_in_a_file(stage: Stage) -> None:
    receipts = await stage.deliver(streamed(stage))

    answers = [message for message in stage.messages if not message.files]
    assert receipts[-1] == Delivered(GENERAL, tuple(message.ts for message in answers))
    assert len(answers) == 5
    assert files(stage) == [("answer-turn-1.md", LONG.strip())]
    assert notes(stage) == [NOTE]
    assert answers[-1].blocks[-1]["type"] == "actions"
    stage.assert_left_nothing_open()


async def test_where_slack_takes_no_file_it_is_all_in_messages(stage: Stage) -> None:
    stage.slack.faults.refuse("files.getUploadURLExternal", "missing_scope")

    await stage.deliver(streamed(stage))

    assert len(stage.messages) > 9
    assert "".join("".join(stage.texts).split()) == "".join(LONG.split())
    assert notes(stage) == []
    stage.assert_left_nothing_open()


async def test_stopped_it_holds_what_was_written(stage: Stage) -> None:
    async def pieces() -> AsyncIterator[Piece]:
        yield TextPiece(LONG[:60_000])
        await stage.clock.pass_time(0.2)
        await stage.begun(5)
        stage.stop.set()
        await asyncio.Event().wait()

    receipts = await stage.deliver(pieces())

    [(_, content)] = files(stage)
    assert LONG.startswith(content[:59_000])
    assert notes(stage) == [f"Stopped. {NOTE}"]
    assert isinstance(receipts[-1], Stopped)
    stage.assert_left_nothing_open()


async def test_another_attempt_takes_the_files_place(stage: Stage) -> None:
    await stage.deliver(whole(LONG))
    standing = await stage.try_again()
    assert len(standing.files) == 1

    await stage.deliver(whole("A short answer."))

    assert files(stage) == []
    assert [text for text in stage.texts if text] == ["A short answer."]


async def test_an_answer_of_a_few_messages_is_no_file(stage: Stage) -> None:
    async def pieces() -> AsyncIterator[Piece]:
        yield EndPiece(LONG[:50_000], NO_CONTROLS)

    await stage.deliver(pieces())

    assert files(stage) == []
    assert len(stage.messages) == 5


async def test_when_the_model_fails_what_it_wrote_is_in_the_file(stage: Stage) -> None:
    async def pieces() -> AsyncIterator[Piece]:
        yield TextPiece(LONG[:60_000])
        await stage.clock.pass_time(0.2)
        await stage.begun(5)
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        await stage.deliver(pieces())

    [(_, content)] = files(stage)
    assert content == LONG[:60_000].strip()
    stage.assert_left_nothing_open()
