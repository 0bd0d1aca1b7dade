"""Long work shows how far it has come: in one message, which the answer then takes over."""

import asyncio
from collections.abc import AsyncIterator

from bot.demo.workspace import GENERAL
from bot.slack import limits
from bot.slack.reply import (
    Delivered,
    EndPiece,
    Piece,
    ProgressPiece,
    Started,
    StatusPiece,
    TextPiece,
)
from tests.slack.stage import BUTTON, NO_CONTROLS, Stage


async def test_progress_is_one_message_that_is_brought_up_to_date_in_time(stage: Stage) -> None:
    async def pieces() -> AsyncIterator[Piece]:
        yield ProgressPiece("manual.pdf", 0, 12)
        await _let_time_pass(stage, "chat.postMessage")
        assert stage.texts == ["_Reading manual.pdf: 0 of 12 parts done…_"]
        assert stage.buttons == [["stop_answer"]]
        for done in range(1, 5):
            yield ProgressPiece("manual.pdf", done, 12)
        await _let_time_pass(stage, "chat.update")
        assert stage.texts == ["_Reading manual.pdf: 4 of 12 parts done…_"]
        yield ProgressPiece("manual.pdf", 12, 12)
        await _let_time_pass(stage, "chat.update", 2)
        assert stage.texts == ["_Summing up manual.pdf…_"]
        yield TextPiece("It is a manual.")
        end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
        yield EndPiece("It is a manual.", BUTTON)
        await end

    receipts = await stage.deliver(pieces())

    (message,) = stage.messages
    assert receipts == [Started(GENERAL, message.ts), Delivered(GENERAL, (message.ts,))]
    assert stage.texts == ["It is a manual."]
    assert stage.events == [("aloud_turn", 1)]
    stage.assert_left_nothing_open()


async def test_a_status_that_comes_behind_the_message_is_taken_away(stage: Stage) -> None:
    gate = stage.slack.faults.hold("assistant.threads.setStatus")

    async def pieces() -> AsyncIterator[Piece]:
        yield StatusPiece("is reading manual.pdf…")
        await gate.reached.wait()
        yield ProgressPiece("manual.pdf", 0, 12)
        await _let_time_pass(stage, "chat.postMessage")
        gate.release()
        await _let_time_pass(stage, "assistant.threads.setStatus", 2)
        assert stage.slack.workspace.status_of((GENERAL, stage.root)) == ""
        end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
        yield EndPiece("It is a manual.", BUTTON)
        await end

    await stage.deliver(pieces())

    assert stage.texts == ["It is a manual."]
    stage.assert_left_nothing_open()


async def test_slack_that_takes_no_update_does_not_end_the_reading(stage: Stage) -> None:
    async def pieces() -> AsyncIterator[Piece]:
        yield ProgressPiece("manual.pdf", 0, 2)
        await _let_time_pass(stage, "chat.postMessage")
        stage.slack.faults.break_down("chat.update", times=None)
        yield ProgressPiece("manual.pdf", 1, 2)
        await _let_time_pass(stage, "chat.update", 2)
        stage.slack.faults.clear("chat.update")
        end = asyncio.create_task(stage.clock.pass_time(2 * limits.UPDATE_SECONDS))
        yield EndPiece("It is a manual.", NO_CONTROLS)
        await end

    await stage.deliver(pieces())

    assert stage.texts == ["It is a manual."]
    stage.assert_left_nothing_open()


async def test_a_stop_while_it_reads_leaves_a_note_in_the_place(stage: Stage) -> None:
    async def pieces() -> AsyncIterator[Piece]:
        yield ProgressPiece("manual.pdf", 0, 2)
        await _let_time_pass(stage, "chat.postMessage")
        stage.stop.set()
        await asyncio.Event().wait()

    end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
    await stage.deliver(pieces())
    await end

    (message,) = stage.messages
    assert message.text == "Stopped."
    assert stage.buttons == [["regenerate"]]
    stage.assert_left_nothing_open()


async def test_where_an_answer_stands_already_progress_is_in_the_status(stage: Stage) -> None:
    await stage.deliver(_whole("An earlier answer."))
    await stage.try_again(*[message.ts for message in stage.messages])

    async def pieces() -> AsyncIterator[Piece]:
        yield ProgressPiece("manual.pdf", 0, 2)
        await stage.answered("assistant.threads.setStatus")
        assert stage.texts == ["An earlier answer."]
        end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
        yield EndPiece("A new answer.", NO_CONTROLS)
        await end

    await stage.deliver(pieces())

    assert stage.texts == ["A new answer."]
    [status, *_] = stage.slack.calls_of("assistant.threads.setStatus")
    assert status.arguments["status"] == "is reading manual.pdf: 0 of 2 parts done…"


async def _whole(text: str) -> AsyncIterator[Piece]:
    yield EndPiece(text, NO_CONTROLS)


async def _let_time_pass(stage: Stage, method: str, times: int = 1) -> None:
    """Let time pass until Slack has answered that many calls of a method."""
    while sum(call.error is not None for call in stage.slack.calls_of(method)) < times:
        stage.clock.skip(0.05)
        await asyncio.sleep(0)
