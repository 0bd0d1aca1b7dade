"""Slack did it and its answer got lost, or Slack has no time for us: still one of everything."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.demo.workspace import GENERAL
from bot.errors import DeliveryDelayed
from bot.slack import limits
from bot.slack.reasoning import TraceRef, find_trace, post_trace, remove_trace
from bot.slack.reply import Delivered, EndPiece, Piece, TextPiece
from bot.slack.trace_view import Reasoning
from tests.slack.stage import BUTTON, Stage

LONG_TRACE = Reasoning(
    "turn-1", "A thought of some length.\n" * 3000, "https://acme.slack.com/archives/C1/p1"
)
DELIVERIES = [
    "chat.postMessage", "chat.startStream", "chat.appendStream", "chat.stopStream", "chat.update",
    "chat.delete", "conversations.replies", "assistant.threads.setStatus",
]  # fmt: skip


async def whole(markdown: str) -> AsyncIterator[Piece]:
    yield EndPiece(markdown, BUTTON)


async def grow(stage: Stage) -> AsyncIterator[Piece]:
    """Write an answer in three steps, with time to show each."""
    for word in ("One ", "two "):
        yield TextPiece(word)
        await stage.shown(len(word))
    yield EndPiece("One two three", BUTTON)


async def deliver_in_time(stage: Stage, pieces: AsyncIterator[Piece]) -> None:
    """Deliver on a clock that never stands still."""
    delivery = asyncio.create_task(stage.deliver(pieces))
    while not delivery.done():
        if stage.clock.wakes_someone(limits.UPDATE_SECONDS):
            await stage.clock.pass_time(limits.UPDATE_SECONDS)
        await asyncio.sleep(0.001)
    await delivery


def assert_one_answer(stage: Stage) -> None:
    (message,) = stage.messages
    assert stage.texts == ["One two three"]
    assert stage.buttons == [["show_reasoning"]]
    assert stage.events == [("aloud_turn", 1)]
    assert stage.receipts[-1] == Delivered(GENERAL, (message.ts,))
    stage.assert_left_nothing_open()


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("method", DELIVERIES)
@pytest.mark.parametrize("fault", ["cut", "429", "500"])
async def test_an_answer_stands_once(
    stage: Stage, method: str, fault: str, streaming: bool
) -> None:
    stage.slack.faults.streaming = "" if streaming else "feature_disabled"
    match fault:
        case "cut":
            stage.slack.faults.cut(method)
        case "429":
            stage.slack.faults.rate_limit(method, retry_after=2, times=3)
        case _:
            stage.slack.faults.break_down(method, times=2)
    stage.reply.show_status("is thinking…")

    await deliver_in_time(stage, grow(stage))

    assert_one_answer(stage)


@pytest.mark.parametrize("method", DELIVERIES)
@pytest.mark.parametrize("fault", ["cut", "429", "500"])
async def test_an_answer_in_the_place_of_others_stands_once(
    stage: Stage, method: str, fault: str
) -> None:
    await stage.deliver(whole("A sentence of the answer. " * 1000))
    match fault:
        case "cut":
            stage.slack.faults.cut(method)
        case "429":
            stage.slack.faults.rate_limit(method, retry_after=2, times=3)
        case _:
            stage.slack.faults.break_down(method, times=2)
    await stage.try_again()

    await deliver_in_time(stage, grow(stage))

    assert_one_answer(stage)


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update", "chat.delete"])
async def test_an_error_stands_once(stage: Stage, method: str) -> None:
    for _ in range(2):
        await stage.new_reply().post_error("An error.", "ab12cd", "turn-1")
    assert len(stage.messages) == 2
    stage.slack.faults.cut(method)
    await stage.try_again()

    await stage.reply.post_error("A new error.", "ab12cd", "turn-1")

    assert [message.text for message in stage.messages] == ["A new error."]


UPLOAD = ["files.getUploadURLExternal", "files.completeUploadExternal"]


@pytest.mark.parametrize("method", [*UPLOAD, "files.info", "chat.postMessage"])
@pytest.mark.parametrize("fault", ["cut", "429", "500"])
async def test_a_trace_is_attached_once(stage: Stage, method: str, fault: str) -> None:
    match fault:
        case "cut":
            stage.slack.faults.cut(method)
        case "429":
            stage.slack.faults.rate_limit(method, retry_after=2, times=5)
        case _:
            stage.slack.faults.break_down(method, times=2)

    refs = await post_trace(stage.calls, stage.capabilities, stage.place, LONG_TRACE)

    announced, shared = stage.messages
    assert refs == [TraceRef("message", announced.ts), TraceRef("file", shared.files[0])]
    assert stage.slack.workspace.contents[shared.files[0]].decode() == LONG_TRACE.text


async def test_a_share_nobody_can_look_for_is_found_by_the_next_attempt(stage: Stage) -> None:
    stage.slack.faults.cut("files.completeUploadExternal")
    stage.slack.faults.withheld_scopes.add("files:read")
    stage.slack.faults.break_down("chat.delete", times=None)
    with pytest.raises(DeliveryDelayed):
        await post_trace(stage.calls, stage.capabilities, stage.place, LONG_TRACE)
    stage.slack.faults.withheld_scopes.clear()
    stage.slack.faults.clear("chat.delete")

    found = await find_trace(stage.calls, stage.place, "turn-1")

    assert [ref.kind for ref in found] == ["message", "file"]
    await remove_trace(stage.calls, GENERAL, found)
    assert stage.messages == []


@pytest.mark.parametrize("method", ["chat.delete", "files.delete", "files.info"])
async def test_a_trace_is_removed_whatever_gets_lost(stage: Stage, method: str) -> None:
    refs = await post_trace(stage.calls, stage.capabilities, stage.place, LONG_TRACE)
    stage.slack.faults.cut(method)

    await remove_trace(stage.calls, GENERAL, refs)

    assert stage.messages == []
    assert stage.slack.workspace.files[refs[1].id].mode == "tombstone"
