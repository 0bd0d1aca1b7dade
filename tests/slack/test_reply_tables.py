"""A table that was streamed ends up as Slack's own."""

import asyncio
from collections.abc import AsyncIterator

from bot.slack import limits
from bot.slack.reply import EndPiece, Piece, TextPiece
from tests.slack.stage import BUTTON, NO_CONTROLS, Stage

BEFORE = "The numbers:\n\n"
TABLE = "| a | b |\n|---|---|\n| 1 | 2 |\n"
AFTER = "\nThat is all."


async def stream(stage: Stage) -> None:
    async def pieces() -> AsyncIterator[Piece]:
        yield TextPiece(BEFORE)
        await stage.clock.pass_time(0.2)
        await stage.answered("chat.startStream")
        yield TextPiece(TABLE)
        yield EndPiece(BEFORE + TABLE + AFTER, BUTTON)

    await stage.deliver(pieces())


def kinds(stage: Stage) -> list[str]:
    (message,) = stage.messages
    return [block["type"] for block in message.blocks]


async def test_it_is_laid_out_when_the_stream_is_over(stage: Stage) -> None:
    await stream(stage)

    assert kinds(stage) == ["markdown", "table", "markdown", "actions"]
    assert stage.events == [("aloud_turn", 1)]
    assert stage.methods().count("chat.update") == 1
    assert stage.messages[0].text == "The numbers:\na: 1; b: 2\nThat is all."
    stage.assert_left_nothing_open()


async def test_refused_it_stays_as_it_was_streamed(stage: Stage) -> None:
    stage.slack.faults.refuse("chat.update", "invalid_blocks")

    await stream(stage)

    assert kinds(stage) == ["markdown", "actions"]
    assert stage.texts == [BEFORE + TABLE + AFTER]
    assert stage.methods().count("chat.update") == 1
    assert stage.receipts[-1].channel
    stage.assert_left_nothing_open()


async def test_an_answer_that_is_posted_whole_takes_no_second_call(stage: Stage) -> None:
    async def pieces() -> AsyncIterator[Piece]:
        yield EndPiece(BEFORE + TABLE + AFTER, BUTTON)

    await stage.deliver(pieces())

    assert kinds(stage) == ["markdown", "table", "markdown", "actions"]
    assert stage.methods() == ["chat.postMessage"]


async def test_where_slack_knows_no_tables_it_is_posted_as_markdown(stage: Stage) -> None:
    stage.slack.faults.refuse("chat.postMessage", "only_one_table_allowed")

    async def pieces() -> AsyncIterator[Piece]:
        yield EndPiece(BEFORE + TABLE + AFTER, BUTTON)

    await stage.deliver(pieces())

    assert kinds(stage) == ["markdown", "actions"]
    assert "| 1 | 2 |" in stage.texts[0]
    assert stage.methods() == ["chat.postMessage", "chat.postMessage"]


async def test_where_nothing_is_streamed_it_is_laid_out_at_the_end(stage: Stage) -> None:
    stage.slack.faults.refuse("chat.startStream", "unknown_method")

    async def pieces() -> AsyncIterator[Piece]:
        yield TextPiece(BEFORE + TABLE)
        await stage.clock.pass_time(0.2)
        await stage.answered("chat.postMessage")
        assert kinds(stage) == ["markdown", "actions"]
        end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
        yield EndPiece(BEFORE + TABLE + AFTER, BUTTON)
        await end

    await stage.deliver(pieces())

    assert kinds(stage) == ["markdown", "table", "markdown", "actions"]
    stage.assert_left_nothing_open()


async def test_where_all_of_it_is_shown_it_is_still_laid_out(stage: Stage) -> None:
    await stage.deliver(whole("An earlier answer."))
    await stage.try_again(*[message.ts for message in stage.messages])

    async def pieces() -> AsyncIterator[Piece]:
        yield TextPiece(BEFORE + TABLE)
        await stage.clock.pass_time(limits.UPDATE_SECONDS)
        await stage.answered("chat.update")
        assert kinds(stage)[0] == "markdown"
        assert "table" not in kinds(stage)
        end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
        yield EndPiece(BEFORE + TABLE, NO_CONTROLS)
        await end

    await stage.deliver(pieces())

    assert kinds(stage) == ["markdown", "table"]
    stage.assert_left_nothing_open()


async def whole(text: str) -> AsyncIterator[Piece]:
    yield EndPiece(text, NO_CONTROLS)
