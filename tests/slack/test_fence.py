"""Who has lost a turn does nothing more for it: no request leaves, and LeaseLost passes through."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.demo.server import StandIn
from bot.demo.workspace import ALICE, GENERAL
from bot.errors import LeaseLost, ModelInterrupted
from bot.slack import limits
from bot.slack.calls import SlackCalls
from bot.slack.reasoning import post_trace
from bot.slack.render import OutgoingMessage
from bot.slack.reply import EndPiece, Piece, TextPiece
from bot.slack.standing import find_standing
from bot.slack.trace_view import Reasoning
from tests.slack.clock import HurriedClock
from tests.slack.stage import BUTTON, NO_CONTROLS, Stage


class Fence:
    """Lets so many requests through; or all, until it is closed."""

    def __init__(self, open_for: int | None = None) -> None:
        self.left = open_for
        self.asked = 0

    def close(self) -> None:
        self.left = 0

    def __call__(self) -> None:
        self.asked += 1
        if self.left == 0:
            raise LeaseLost
        if self.left is not None:
            self.left -= 1


async def test_it_is_asked_before_every_request_and_every_repetition(
    slack: StandIn, calls: SlackCalls
) -> None:
    slack.faults.break_down("users.info", times=1)
    slack.faults.rate_limit("users.info")
    fence = Fence()

    await calls.fenced(fence).call("users.info", user=ALICE)

    assert fence.asked == len(slack.calls) == 3


async def test_after_a_pause_it_may_have_closed(slack: StandIn, calls: SlackCalls) -> None:
    slack.faults.rate_limit("users.info", retry_after=10)

    with pytest.raises(LeaseLost):
        await calls.fenced(Fence(open_for=1)).call("users.info", user=ALICE)

    assert len(slack.calls) == 1


async def test_a_post_whose_answer_got_lost_is_not_sent_again(
    slack: StandIn, calls: SlackCalls
) -> None:
    root = await slack.post(ALICE, GENERAL, "a question")
    slack.faults.break_down("chat.postMessage")

    with pytest.raises(LeaseLost):
        await calls.fenced(Fence(open_for=2)).post(
            OutgoingMessage("Hello", []), channel=GENERAL, thread_ts=root, turn_id="t", part=1
        )

    assert [call.method for call in slack.calls] == ["chat.postMessage", "conversations.replies"]


@pytest.mark.parametrize("steps", [0, 1, 2])
async def test_it_stands_before_each_step_of_an_upload(
    slack: StandIn, calls: SlackCalls, steps: int
) -> None:
    root = await slack.post(ALICE, GENERAL, "a question")

    with pytest.raises(LeaseLost):
        await calls.fenced(Fence(open_for=steps)).upload(
            "a.txt", "text", channel=GENERAL, thread_ts=root, title="A"
        )

    assert slack.messages(GENERAL, root)[1:] == []


async def test_limits_are_shared_on_both_sides(
    slack: StandIn, calls: SlackCalls, hurried: HurriedClock
) -> None:
    root = await slack.post(ALICE, GENERAL, "a question")
    fenced = calls.fenced(Fence())
    for part in range(1, limits.POST_BURST + 2):
        of = fenced if part % 2 else calls
        await of.post(
            OutgoingMessage("Hello", []), channel=GENERAL, thread_ts=root, turn_id="t", part=part
        )

    assert hurried.naps == [limits.POST_SECONDS]


async def test_the_original_is_not_fenced(slack: StandIn, calls: SlackCalls) -> None:
    calls.fenced(Fence(open_for=0))

    await calls.call("users.info", user=ALICE)


@pytest.mark.parametrize("requests", range(5))
async def test_a_delivery_ends_at_once_wherever_it_is(stage: Stage, requests: int) -> None:
    """Of a stream's start and append, two stops and an update, only so many are sent."""
    fence = Fence(open_for=requests)
    stage.reply = stage.new_reply(check=fence)

    async def pieces() -> AsyncIterator[Piece]:
        yield TextPiece("One ")
        await stage.clock.pass_time(0.2)
        await stage.begun()
        yield TextPiece("two ")
        await stage.clock.pass_time(limits.APPEND_SECONDS)
        await stage.answered("chat.appendStream")
        stage.slack.faults.refuse("chat.stopStream", "invalid_blocks")
        yield EndPiece("One two three", BUTTON)

    with pytest.raises(LeaseLost):
        await stage.deliver(pieces())

    assert len(stage.slack.calls) == requests
    assert fence.asked <= requests + 2  # for the request it refused, and an open stream's stop
    assert stage.capabilities.append_seconds(stage.place.team) == limits.APPEND_SECONDS


async def test_a_model_error_is_not_hidden_by_it(stage: Stage) -> None:
    fence = Fence()
    stage.reply = stage.new_reply(check=fence)

    async def pieces() -> AsyncIterator[Piece]:
        yield TextPiece("One ")
        await stage.clock.pass_time(0.2)
        await stage.begun()
        fence.close()
        yield TextPiece("two ")
        raise ModelInterrupted("the stream ended")

    with pytest.raises(ModelInterrupted):
        await stage.deliver(pieces())

    assert stage.methods() == ["chat.startStream"]
    assert stage.capabilities.append_seconds(stage.place.team) == limits.APPEND_SECONDS


async def test_a_cancelled_delivery_stays_cancelled(stage: Stage) -> None:
    fence = Fence()
    stage.reply = stage.new_reply(check=fence)

    async def pieces() -> AsyncIterator[Piece]:
        yield TextPiece("One ")
        await stage.clock.pass_time(0.2)
        await asyncio.Event().wait()

    delivery = asyncio.create_task(stage.deliver(pieces()))
    await stage.begun()
    fence.close()
    delivery.cancel()

    with pytest.raises(asyncio.CancelledError):
        await delivery
    assert stage.methods() == ["chat.startStream"]


async def test_a_stopped_delivery_says_nothing_any_more(stage: Stage) -> None:
    fence = Fence()
    stage.reply = stage.new_reply(check=fence)
    fence.close()
    stage.stop.set()

    async def pieces() -> AsyncIterator[Piece]:
        yield TextPiece("One ")

    with pytest.raises(LeaseLost):
        await stage.deliver(pieces())

    assert stage.slack.calls == []


async def test_a_status_is_neither_set_nor_cleared_nor_an_error(stage: Stage) -> None:
    fence = Fence()
    stage.reply = stage.new_reply(check=fence)
    stage.reply.show_status("is thinking…")
    await stage.answered("assistant.threads.setStatus")
    fence.close()

    stage.reply.show_status("is reading…")
    await stage.clock.pass_time(2.0)
    await stage.reply.clear_status()

    assert stage.methods() == ["assistant.threads.setStatus"]


async def test_an_error_message_is_not_posted(stage: Stage) -> None:
    stage.reply = stage.new_reply(check=Fence(open_for=0))

    with pytest.raises(LeaseLost):
        await stage.reply.post_error("An error.", "ab12cd")

    assert stage.slack.calls == []


async def test_what_stands_is_neither_stopped_nor_removed(stage: Stage) -> None:
    async def pieces() -> AsyncIterator[Piece]:
        yield EndPiece("Old", NO_CONTROLS)

    await stage.deliver(pieces())
    standing = await find_standing(stage.calls, stage.place, "turn-1", [])
    sent = len(stage.slack.calls)
    reply = stage.new_reply(standing, check=Fence(open_for=0))

    with pytest.raises(LeaseLost):
        await reply.remove_standing()
    with pytest.raises(LeaseLost):
        await find_standing(stage.calls.fenced(Fence(open_for=0)), stage.place, "turn-1", [])

    assert len(stage.slack.calls) == sent
    assert stage.texts == ["Old"]


async def test_a_trace_that_breaks_off_is_left_to_whoever_has_the_press(stage: Stage) -> None:
    long = "A thought of some length.\n" * 3000

    with pytest.raises(LeaseLost):
        await post_trace(
            stage.calls.fenced(Fence(open_for=2)),
            stage.capabilities,
            stage.place,
            Reasoning("turn-1", long, "https://x.example"),
        )

    assert stage.methods() == ["chat.postMessage", "files.getUploadURLExternal"]
