"""A person stops an answer: at once, with all that was written, whichever Stop they press."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from bot.demo.workspace import ALICE, GENERAL, TEAM_ID
from bot.errors import DeliveryDelayed, ModelInterrupted
from bot.slack import limits
from bot.slack.capabilities import Capabilities
from bot.slack.reply import Delivered, EndPiece, Piece, Started, StatusPiece, Stopped, TextPiece
from bot.slack.standing import Standing
from tests.slack.stage import BUTTON, NO_CONTROLS, Stage


class Writing:
    """A model at work: it writes what a test says, then goes on thinking until it is closed."""

    def __init__(self, *steps: Piece | Callable[[], Awaitable[object]]) -> None:
        self.closed = asyncio.Event()
        self._steps = steps

    async def pieces(self) -> AsyncIterator[Piece]:
        try:
            for step in self._steps:
                if callable(step):
                    await step()
                else:
                    yield step
            await asyncio.Event().wait()
        finally:
            self.closed.set()


def assert_stopped(stage: Stage, markdown: str) -> None:
    """The messages show just that text, are marked, and offer another try."""
    stamps = tuple(message.ts for message in stage.messages)
    assert stage.receipts[-1] == Stopped(GENERAL, stamps, markdown.strip())
    assert " ".join("".join(stage.texts).split()) == markdown.strip()
    context = [b for b in stage.messages[-1].blocks if b["type"] == "context"]
    assert context[0]["elements"][0]["text"] == "Stopped."
    assert stage.buttons[-1] == ["regenerate"]
    assert all(buttons == [] for buttons in stage.buttons[:-1])
    stage.assert_left_nothing_open()


def assert_stopped_before_it_began(stage: Stage) -> None:
    message = stage.messages[-1]
    assert stage.receipts[-1] == Stopped(GENERAL, (message.ts,), "")
    assert message.text == "Stopped."
    assert stage.buttons[-1] == ["regenerate"]
    assert stage.events[-1] == ("aloud_notice", 1)
    stage.assert_left_nothing_open()


async def press_stop(stage: Stage) -> None:
    stage.stop.set()


def streaming(stage: Stage) -> list[Piece | Callable[[], Awaitable[object]]]:
    """The steps that put a first word in a stream."""
    return [
        TextPiece("One "),
        lambda: stage.clock.pass_time(0.2),
        lambda: stage.answered("chat.startStream"),
    ]


class TestOurs:
    async def test_a_stream_shows_what_was_written_and_ends(self, stage: Stage) -> None:
        writing = Writing(*streaming(stage), TextPiece("two <!he"), lambda: press_stop(stage))

        await stage.deliver(writing.pieces())

        assert writing.closed.is_set()
        assert_stopped(stage, "One two <!he")
        assert stage.methods() == ["chat.startStream", "chat.stopStream"]

    async def test_before_any_text_a_note_says_so(self, stage: Stage) -> None:
        writing = Writing(
            StatusPiece("is thinking…"),
            lambda: stage.answered("assistant.threads.setStatus"),
            lambda: press_stop(stage),
        )

        await stage.deliver(writing.pieces())

        assert writing.closed.is_set()
        assert_stopped_before_it_began(stage)

    async def test_a_stop_that_came_first_asks_no_model(self, stage: Stage) -> None:
        stage.stop.set()

        await stage.deliver(Writing(TextPiece(" ")).pieces())

        assert_stopped_before_it_began(stage)

    async def test_words_that_were_not_shown_yet_are_shown(self, stage: Stage) -> None:
        writing = Writing(TextPiece("One "), TextPiece("two"), lambda: press_stop(stage))

        await stage.deliver(writing.pieces())

        assert_stopped(stage, "One two")
        assert stage.methods() == ["chat.postMessage"]

    @pytest.mark.parametrize("method", ["chat.startStream", "chat.appendStream"])
    async def test_the_model_is_let_go_while_slack_keeps_us_waiting(
        self, stage: Stage, method: str
    ) -> None:
        gate = stage.slack.faults.hold(method)
        writing = Writing(
            *streaming(stage),
            TextPiece("two "),
            lambda: stage.clock.pass_time(limits.APPEND_SECONDS),
        )

        delivery = asyncio.create_task(stage.deliver(writing.pieces()))
        await gate.reached.wait()
        stage.stop.set()
        await writing.closed.wait()
        assert not delivery.done()
        gate.release()
        await delivery

        assert_stopped(stage, "One" if method == "chat.startStream" else "One two")

    async def test_between_two_messages_the_controls_come_under_the_last(
        self, stage: Stage
    ) -> None:
        writing = Writing(
            *streaming(stage),
            lambda: stage.clock.pass_time(limits.STREAM_SECONDS),
            lambda: stage.answered("chat.stopStream"),
            lambda: press_stop(stage),
        )

        await stage.deliver(writing.pieces())

        assert_stopped(stage, "One")

    async def test_it_does_not_wait_for_the_next_update_to_be_due(self, stage: Stage) -> None:
        stage.slack.faults.streaming = "feature_disabled"
        writing = Writing(
            TextPiece("One "),
            lambda: stage.clock.pass_time(0.2),
            lambda: stage.answered("chat.postMessage"),
            TextPiece("two"),
            lambda: press_stop(stage),
        )

        await stage.deliver(writing.pieces())

        assert_stopped(stage, "One two")
        assert stage.clock.now < 1

    async def test_an_answer_that_is_complete_by_then_is_delivered(self, stage: Stage) -> None:
        gate = stage.slack.faults.hold("chat.stopStream")
        writing = Writing(*streaming(stage), EndPiece("One two", BUTTON))

        delivery = asyncio.create_task(stage.deliver(writing.pieces()))
        await gate.reached.wait()
        stage.stop.set()
        gate.release()
        receipts = await delivery

        assert receipts[-1] == Delivered(GENERAL, (stage.messages[0].ts,))
        assert stage.texts == ["One two"]
        assert stage.buttons == [["show_reasoning"]]

    async def test_an_error_that_comes_with_it_is_not_told(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One")
            stage.stop.set()
            raise ModelInterrupted("the stream ended")

        await stage.deliver(pieces())

        assert_stopped(stage, "One")

    async def test_a_long_text_is_shown_whole_in_several_messages(self, stage: Stage) -> None:
        text = "A sentence of the answer. " * 800
        writing = Writing(*streaming(stage), TextPiece(text), lambda: press_stop(stage))

        await stage.deliver(writing.pieces())

        assert len(stage.messages) == 3
        assert stage.receipts[-1] == Stopped(
            GENERAL, tuple(m.ts for m in stage.messages), f"One {text}".strip()
        )
        assert " ".join(stage.texts).split() == f"One {text}".split()
        assert stage.buttons == [[], [], ["regenerate"]]


class TestSlacks:
    async def test_the_next_append_tells_it_and_the_end_is_the_same(self, stage: Stage) -> None:
        writing = Writing(
            *streaming(stage),
            lambda: stage.slack.stop(ALICE, GENERAL, stage.root),
            TextPiece("two "),
            lambda: stage.clock.pass_time(limits.APPEND_SECONDS),
        )

        await stage.deliver(writing.pieces())

        assert writing.closed.is_set()
        assert_stopped(stage, "One two")

    async def test_pressed_while_the_answer_is_being_finished_it_loses(self, stage: Stage) -> None:
        stage.slack.faults.refuse("chat.stopStream", "stopped_by_user")

        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.startStream")
            end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
            yield EndPiece("One two", BUTTON)
            await end

        receipts = await stage.deliver(pieces())

        assert receipts[-1] == Delivered(GENERAL, (stage.messages[0].ts,))
        assert stage.texts == ["One two"]
        stage.assert_left_nothing_open()


class TestOverAnotherAnswer:
    async def deliver_old(self, stage: Stage) -> str:
        async def pieces() -> AsyncIterator[Piece]:
            yield EndPiece("Old", BUTTON)

        await stage.deliver(pieces())
        await stage.try_again()
        return stage.messages[0].ts

    async def test_before_it_is_touched_the_old_one_stays(self, stage: Stage) -> None:
        await self.deliver_old(stage)

        await stage.deliver(Writing(TextPiece("New"), lambda: press_stop(stage)).pieces())

        assert stage.texts == ["Old", ""]
        assert_stopped_before_it_began(stage)

    async def test_after_that_what_was_written_stands_in_its_place(self, stage: Stage) -> None:
        ts = await self.deliver_old(stage)
        writing = Writing(
            TextPiece("New "),
            lambda: stage.clock.pass_time(limits.UPDATE_SECONDS),
            stage.begun,
            lambda: press_stop(stage),
        )

        await stage.deliver(writing.pieces())

        assert_stopped(stage, "New")
        assert stage.messages[0].ts == ts


class TestButton:
    """Without the Agents feature Slack has no Stop, and neither has a stream."""

    @pytest.fixture
    def stage(self, stage: Stage) -> Stage:
        stage.slack.faults.agent_features = False
        stage.capabilities = Capabilities(stage.clock)
        stage.reply = stage.new_reply()
        return stage

    async def test_a_short_answer_takes_three_calls_and_a_question(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            yield StatusPiece("is thinking…")
            await stage.answered("assistant.threads.setStatus")
            yield TextPiece("It is ")
            await stage.clock.pass_time(0.2)
            await stage.begun()
            assert stage.buttons == [["stop_answer"]]
            stage.clock.skip(limits.UPDATE_SECONDS)
            yield EndPiece("It is forty-two.", BUTTON)

        receipts = await stage.deliver(pieces())

        assert stage.methods() == [
            "assistant.threads.setStatus",
            "agents.sessions.setStatus",
            "chat.postMessage",
            "chat.update",
        ]
        assert stage.texts == ["It is forty-two."]
        assert stage.buttons == [["show_reasoning"]]
        assert receipts[-1] == Delivered(GENERAL, (stage.messages[0].ts,))

    async def test_it_is_under_the_growing_message_with_the_turn_in_it(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.postMessage")
            yield TextPiece("two ")
            await stage.clock.pass_time(limits.UPDATE_SECONDS)
            await stage.answered("chat.update")
            (button,) = stage.messages[0].blocks[-1]["elements"]
            assert (button["action_id"], button["value"]) == ("stop_answer", "turn-1")
            end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
            yield EndPiece("One two", NO_CONTROLS)
            await end

        await stage.deliver(pieces())

        assert stage.texts == ["One two"]
        assert stage.buttons == [[]]

    async def test_it_goes_away_when_the_model_fails(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.postMessage")
            raise ModelInterrupted("the stream ended")

        with pytest.raises(ModelInterrupted):
            await stage.deliver(pieces())

        assert stage.buttons == [[]]

    async def test_a_message_that_stands_has_it_while_it_grows(self, stage: Stage) -> None:
        async def old() -> AsyncIterator[Piece]:
            yield EndPiece("Old", BUTTON)

        await stage.deliver(old())
        await stage.try_again()

        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("New ")
            await stage.clock.pass_time(limits.UPDATE_SECONDS)
            await stage.begun()
            assert stage.buttons == [["stop_answer"]]
            end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
            yield EndPiece("New", BUTTON)
            await end

        await stage.deliver(pieces())

        assert stage.buttons == [["show_reasoning"]]

    async def wait_in_vain(self, stage: Stage) -> None:
        await stage.clock.pass_time(3.0)
        await stage.answered("chat.postMessage")
        assert stage.texts == ["_Thinking…_"]
        assert stage.buttons == [["stop_answer"]]

    async def test_a_slow_model_gets_a_message_to_put_it_under(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            await self.wait_in_vain(stage)
            yield TextPiece("One ")
            await stage.clock.pass_time(limits.UPDATE_SECONDS)
            await stage.begun()
            assert stage.texts == ["One "]
            end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
            yield EndPiece("One two", BUTTON)
            await end

        receipts = await stage.deliver(pieces())

        (message,) = stage.messages
        assert receipts == [Started(GENERAL, message.ts), Delivered(GENERAL, (message.ts,))]
        assert stage.texts == ["One two"]
        assert stage.events == [("aloud_turn", 1)]
        updates = stage.slack.calls_of("chat.update")
        assert len(updates) == 2
        stage.assert_left_nothing_open()

    async def test_a_whole_answer_takes_that_messages_place_in_time(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            await self.wait_in_vain(stage)
            end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
            yield EndPiece("Yes.", BUTTON)
            await end

        await stage.deliver(pieces())

        assert stage.texts == ["Yes."]
        posted, updated = stage.slack.calls_of("chat.postMessage") + stage.slack.calls_of(
            "chat.update"
        )
        assert updated.at - posted.at >= limits.UPDATE_SECONDS

    async def test_stopped_under_that_message_it_says_so(self, stage: Stage) -> None:
        writing = Writing(lambda: self.wait_in_vain(stage), lambda: press_stop(stage))

        await stage.deliver(writing.pieces())

        assert len(stage.messages) == 1
        assert_stopped_before_it_began(stage)

    async def test_what_was_written_meanwhile_is_shown_at_once(self, stage: Stage) -> None:
        async def wait_for_its_place() -> None:
            while not stage.reply._text.is_new:  # noqa: ASYNC110  # no event tells
                await asyncio.sleep(0)
            stage.clock.skip(1.0)
            while not stage.clock.wakes_someone(limits.UPDATE_SECONDS):  # noqa: ASYNC110  # as above
                await asyncio.sleep(0)

        writing = Writing(
            lambda: self.wait_in_vain(stage),
            TextPiece("One "),
            wait_for_its_place,
            lambda: press_stop(stage),
        )

        await stage.deliver(writing.pieces())

        assert_stopped(stage, "One")
        assert stage.clock.now < 3.0 + limits.UPDATE_SECONDS

    async def test_an_error_that_gets_lost_is_not_taken_for_that_message(
        self, stage: Stage
    ) -> None:
        delivery = asyncio.create_task(stage.deliver(Writing().pieces()))
        await self.wait_in_vain(stage)
        delivery.cancel()
        await asyncio.wait({delivery})
        stage.slack.faults.refuse("chat.update", "edit_window_closed")
        stage.slack.faults.break_down("chat.postMessage")

        await stage.reply.post_error("An error.", "ab12cd", "turn-1")

        assert [message.text for message in stage.messages] == ["An error."]

    async def test_a_message_nobody_can_find_again_is_an_error(self, stage: Stage) -> None:
        stage.slack.faults.cut("chat.postMessage")
        stage.slack.faults.withheld_scopes.add("channels:history")
        delivery = asyncio.create_task(stage.deliver(Writing().pieces()))
        await stage.clock.pass_time(3.0)

        with pytest.raises(DeliveryDelayed):
            await delivery

    async def test_an_error_takes_that_messages_place(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            await self.wait_in_vain(stage)
            yield StatusPiece("is thinking…")
            raise ModelInterrupted("the stream ended")

        with pytest.raises(ModelInterrupted):
            await stage.deliver(pieces())
        await stage.reply.post_error("The model's answer broke off.", "ab12cd", "turn-1")

        assert len(stage.messages) == 1
        assert stage.buttons == [["retry"]]

    async def test_after_a_kill_the_answer_takes_that_messages_place(self, stage: Stage) -> None:
        delivery = asyncio.create_task(stage.deliver(Writing().pieces()))
        await self.wait_in_vain(stage)
        delivery.cancel()
        await asyncio.wait({delivery})

        standing = await stage.try_again()

        assert standing == Standing((), (stage.messages[0].ts,))

    async def test_no_such_message_is_posted_where_slack_has_a_stop(self, stage: Stage) -> None:
        stage.slack.faults.agent_features = True

        async def pieces() -> AsyncIterator[Piece]:
            await stage.clock.pass_time(3.0)
            await stage.answered("agents.sessions.setStatus")
            yield EndPiece("Yes.", NO_CONTROLS)

        await stage.deliver(pieces())

        assert stage.methods() == ["agents.sessions.setStatus", "chat.postMessage"]

    async def test_where_the_message_does_not_get_through_the_answer_still_does(
        self, stage: Stage
    ) -> None:
        stage.slack.faults.rate_limit("chat.postMessage", retry_after=30)

        async def pieces() -> AsyncIterator[Piece]:
            await stage.clock.pass_time(3.0)
            await stage.answered("chat.postMessage")
            yield EndPiece("Yes.", NO_CONTROLS)

        await stage.deliver(pieces())

        assert stage.texts == ["Yes."]

    async def test_where_streams_are_refused_there_is_a_button_too(self, stage: Stage) -> None:
        stage.slack.faults.agent_features = True
        stage.slack.faults.streaming = "feature_disabled"

        async def first() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.begun()
            assert stage.buttons == [["stop_answer"]]
            end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
            yield EndPiece("One", NO_CONTROLS)
            await end

        async def second() -> AsyncIterator[Piece]:
            await stage.clock.pass_time(3.0)
            await stage.answered("chat.postMessage", 2)
            assert stage.buttons == [[], ["stop_answer"]]
            end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
            yield EndPiece("Two", NO_CONTROLS)
            await end

        await stage.deliver(first())
        stage.reply = stage.new_reply()
        await stage.deliver(second())

        assert stage.texts == ["One", "Two"]
        assert stage.buttons == [[], []]

    @pytest.mark.parametrize(
        ("code", "streams"),
        [
            ("feature_disabled", False),
            ("unknown_method", False),
            ("not_agent_app", False),
            ("not_authorized", True),
            ("internal_error", True),
        ],
    )
    async def test_slack_is_asked_once_an_hour(
        self, stage: Stage, code: str, streams: bool
    ) -> None:
        stage.slack.faults.refuse("agents.sessions.setStatus", code, times=None)
        method = "chat.startStream" if streams else "chat.postMessage"

        async def answer(times: int) -> None:
            async def pieces() -> AsyncIterator[Piece]:
                yield TextPiece("One ")
                await stage.clock.pass_time(0.2)
                await stage.answered(method, times)
                end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
                yield EndPiece("One two", NO_CONTROLS)
                if streams:
                    end.cancel()
                await asyncio.wait({end})

            stage.reply = stage.new_reply()
            await stage.deliver(pieces())

        await answer(1)
        asked = len(stage.slack.calls_of("agents.sessions.setStatus"))
        await answer(2)
        assert len(stage.slack.calls_of("agents.sessions.setStatus")) == asked
        stage.clock.skip(3_601)
        await answer(3)

        assert len(stage.slack.calls_of("agents.sessions.setStatus")) == 2 * asked
        assert stage.capabilities.append_seconds(TEAM_ID) == limits.APPEND_SECONDS
