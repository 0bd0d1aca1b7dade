"""What earlier attempts left is found, and another reply takes its place."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from bot.demo.workspace import ALICE, GENERAL, OTHER_BOT_USER_ID, Message
from bot.errors import DeliveryDelayed, ModelInterrupted
from bot.slack import limits
from bot.slack.calls import metadata
from bot.slack.render import NOTICE_EVENT, OutgoingMessage, render_answer
from bot.slack.reply import Delivered, EndPiece, Piece, Started, TextPiece
from bot.slack.standing import Standing, find_standing
from tests.slack.stage import BUTTON, NO_CONTROLS, STREAM_METHODS, Stage

LONG = "A sentence of the answer. " * 1000


async def whole(markdown: str) -> AsyncIterator[Piece]:
    yield EndPiece(markdown, BUTTON)


async def post_answers(stage: Stage, texts: Sequence[str]) -> list[str]:
    """Post an answer of an earlier attempt, in as many messages."""
    return [
        await stage.calls.post(
            render_answer(text, BUTTON)[0],
            channel=GENERAL,
            thread_ts=stage.root,
            turn_id="turn-1",
            part=part,
        )
        for part, text in enumerate(texts, start=1)
    ]


async def post_notice(stage: Stage, text: str, turn_id: str = "turn-1") -> str:
    return await stage.calls.post(
        OutgoingMessage(text, []),
        channel=GENERAL,
        thread_ts=stage.root,
        turn_id=turn_id,
        part=1,
        event_type=NOTICE_EVENT,
    )


async def start_stream(stage: Stage) -> str:
    answer = await stage.calls.call(
        "chat.startStream",
        channel=GENERAL,
        thread_ts=stage.root,
        recipient_user_id=stage.place.recipient_user,
        recipient_team_id=stage.place.recipient_team,
        chunks=[{"type": "markdown_text", "text": "Half an ans"}],
    )
    return str(answer["ts"])


class TestFinding:
    async def find(self, stage: Stage, *posted: str) -> Standing:
        return await find_standing(stage.calls, stage.place, "turn-1", posted)

    async def test_it_is_known_by_its_metadata_and_by_what_was_written_down(
        self, stage: Stage
    ) -> None:
        notice = await post_notice(stage, "An error.")
        first, second = await post_answers(stage, ["One", "Two"])
        await post_notice(stage, "Another turn's.", turn_id="turn-2")
        plain = await stage.calls.call(
            "chat.postMessage", channel=GENERAL, thread_ts=stage.root, text="Not marked"
        )

        standing = await self.find(stage, first, plain["ts"])

        assert standing == Standing((first, second, plain["ts"]), (notice,))

    async def test_what_is_gone_does_not_count(self, stage: Stage) -> None:
        first, second = await post_answers(stage, ["One", "Two"])
        await stage.calls.call("chat.delete", channel=GENERAL, ts=first)

        assert await self.find(stage, first, second) == Standing((second,))

    async def test_where_the_thread_may_not_be_read_what_was_written_down_counts(
        self, stage: Stage
    ) -> None:
        first, second = await post_answers(stage, ["One", "Two"])
        stage.slack.faults.withheld_scopes.add("channels:history")

        assert await self.find(stage, second, first) == Standing((first, second))

    async def test_when_slack_is_away_it_is_not_guessed(self, stage: Stage) -> None:
        stage.slack.faults.break_down("conversations.replies", times=None)

        with pytest.raises(DeliveryDelayed):
            await self.find(stage)

    async def test_an_open_stream_is_ours_and_is_stopped(self, stage: Stage) -> None:
        ts = await start_stream(stage)

        assert await self.find(stage) == Standing((ts,))

        (message,) = stage.messages
        assert message.streaming == "completed"
        assert message.metadata == metadata("turn-1", 1)

    async def test_a_stream_that_slack_ended_meanwhile_is_ours_too(self, stage: Stage) -> None:
        ts = await start_stream(stage)
        stage.slack.faults.refuse("chat.stopStream", "message_not_in_streaming_state")

        assert await self.find(stage) == Standing((ts,))

    async def test_another_bots_open_stream_is_left_alone(self, stage: Stage) -> None:
        ts = stage.slack.workspace.next_ts(GENERAL)
        stage.slack.workspace.post(
            Message(GENERAL, ts, OTHER_BOT_USER_ID, "…", stage.root, streaming="in_progress")
        )

        assert await self.find(stage) == Standing()

    async def test_older_messages_of_the_thread_are_not_read(self, stage: Stage) -> None:
        await post_answers(stage, ["One"])
        question = await stage.slack.post(ALICE, GENERAL, "again", thread_ts=stage.root)

        later = replace(stage.place, after_ts=question)

        assert await find_standing(stage.calls, later, "turn-1", []) == Standing()


class TestAnswers:
    async def test_a_whole_answer_takes_the_place_of_the_one_that_stands(
        self, stage: Stage
    ) -> None:
        stamps = await post_answers(stage, ["Old one", "Old two", "Old three"])
        await stage.try_again(*stamps)

        receipts = await stage.deliver(whole("New"))

        assert stage.texts == ["New"]
        assert stage.buttons == [["show_reasoning"]]
        assert receipts == [Started(GENERAL, stamps[0]), Delivered(GENERAL, (stamps[0],))]
        updates = stage.slack.calls_of("chat.update")
        assert len(updates) == 1
        assert len(stage.slack.calls_of("chat.delete")) == 2

    async def test_a_longer_answer_goes_on_below(self, stage: Stage) -> None:
        (ts,) = await post_answers(stage, ["Old"])
        await stage.try_again()

        receipts = await stage.deliver(whole(LONG))

        assert " ".join(stage.texts).split() == LONG.split()
        assert len(stage.messages) == 3
        assert receipts[-1] == Delivered(GENERAL, tuple(m.ts for m in stage.messages))
        assert stage.messages[0].ts == ts
        assert stage.events == [("aloud_turn", part) for part in (1, 2, 3)]

    async def test_it_grows_by_updates_and_leaves_the_old_one_until_there_is_text(
        self, stage: Stage
    ) -> None:
        (ts,) = await post_answers(stage, ["Old"])
        await stage.try_again()
        stage.reply.show_status("is thinking…")
        await stage.answered("assistant.threads.setStatus")

        async def pieces() -> AsyncIterator[Piece]:
            assert stage.texts == ["Old"]
            await stage.clock.pass_time(2.0)  # the status's own pause
            yield TextPiece("One ")
            await stage.clock.pass_time(limits.UPDATE_SECONDS)
            await stage.begun()
            assert stage.texts == ["One "]
            yield TextPiece("two ")
            await stage.clock.pass_time(limits.UPDATE_SECONDS)
            await stage.answered("chat.update", 2)
            assert stage.buttons == [[]]
            end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
            yield EndPiece("One two three", BUTTON)
            await end

        receipts = await stage.deliver(pieces())

        assert stage.texts == ["One two three"]
        assert stage.buttons == [["show_reasoning"]]
        assert receipts == [Started(GENERAL, ts), Delivered(GENERAL, (ts,))]
        assert not set(stage.methods()) & set(STREAM_METHODS)
        stage.assert_left_nothing_open()

    async def test_a_model_that_fails_destroys_nothing(self, stage: Stage) -> None:
        await post_answers(stage, ["Old one", "Old two"])
        await stage.try_again()

        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("New ")
            raise ModelInterrupted("the stream ended")

        with pytest.raises(ModelInterrupted):
            await stage.deliver(pieces())

        assert stage.texts == ["Old one", "Old two"]
        assert stage.slack.calls_of("chat.update") == []

    async def test_after_a_failure_halfway_the_next_attempt_leaves_one_answer(
        self, stage: Stage
    ) -> None:
        await post_answers(stage, ["Old one", "Old two"])
        await stage.try_again()

        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("New ")
            await stage.clock.pass_time(limits.UPDATE_SECONDS)
            await stage.begun()
            raise ModelInterrupted("the stream ended")

        with pytest.raises(ModelInterrupted):
            await stage.deliver(pieces())
        await stage.reply.post_error("I can't reach the model.", "ab12cd", "turn-1")
        assert stage.texts == ["New ", "Old two", ""]

        await stage.try_again()
        await stage.deliver(whole("New at last"))

        assert stage.texts == ["New at last"]

    async def test_where_only_an_error_stands_the_answer_appears_there(self, stage: Stage) -> None:
        ts = await stage.reply.post_error("I can't reach the model.", "ab12cd", "turn-1")
        standing = await stage.try_again()

        receipts = await stage.deliver(whole("Yes."))

        assert standing == Standing((), (ts,))
        assert stage.texts == ["Yes."]
        assert stage.buttons == [["show_reasoning"]]
        assert stage.events == [("aloud_turn", 1)]
        assert receipts[-1] == Delivered(GENERAL, (ts,))

    async def test_the_same_answer_over_itself_changes_nothing(self, stage: Stage) -> None:
        await stage.deliver(whole(LONG))
        before = [(m.ts, m.text, stage.texts) for m in stage.messages]
        await stage.try_again()

        await stage.deliver(whole(LONG))

        assert [(m.ts, m.text, stage.texts) for m in stage.messages] == before
        assert len(stage.slack.calls_of("chat.postMessage")) == len(before)

    async def test_a_stream_that_a_dead_attempt_left_open_becomes_the_answer(
        self, stage: Stage
    ) -> None:
        ts = await start_stream(stage)
        await stage.try_again()

        await stage.deliver(whole("The answer."))

        assert stage.texts == ["The answer."]
        assert [message.ts for message in stage.messages] == [ts]

    @pytest.mark.parametrize(
        "code", ["message_not_found", "cant_update_message", "edit_window_closed"]
    )
    @pytest.mark.parametrize("at_once", [True, False])
    async def test_what_cannot_be_changed_is_replaced(
        self, stage: Stage, code: str, at_once: bool
    ) -> None:
        (old,) = await post_answers(stage, ["Old"])
        await stage.try_again()
        stage.slack.faults.refuse("chat.update", code)

        async def pieces() -> AsyncIterator[Piece]:
            if not at_once:
                yield TextPiece("New ")
                await stage.clock.pass_time(limits.UPDATE_SECONDS)
                await stage.begun()
            yield EndPiece("New one", NO_CONTROLS)

        receipts = await stage.deliver(pieces())

        (message,) = stage.messages
        assert message.ts != old
        assert stage.texts == ["New one"]
        assert receipts == [Started(GENERAL, message.ts), Delivered(GENERAL, (message.ts,))]

    async def test_the_old_one_is_not_taken_for_a_post_whose_answer_got_lost(
        self, stage: Stage
    ) -> None:
        (old,) = await post_answers(stage, ["Old"])
        await stage.try_again()
        stage.slack.faults.refuse("chat.update", "edit_window_closed")
        stage.slack.faults.break_down("chat.postMessage")

        await stage.deliver(whole("New"))

        assert stage.texts == ["New"]
        assert stage.messages[0].ts != old

    async def test_what_may_not_be_deleted_stays(self, stage: Stage) -> None:
        await post_answers(stage, ["Old one", "Old two"])
        await stage.try_again()
        stage.slack.faults.refuse("chat.delete", "cant_delete_message")

        receipts = await stage.deliver(whole("New"))

        assert stage.texts == ["New", "Old two"]
        assert isinstance(receipts[-1], Delivered)

    async def test_a_question_that_is_gone_takes_its_answer_along(self, stage: Stage) -> None:
        await post_answers(stage, ["One", "Two"])
        await post_notice(stage, "An error.")
        await stage.try_again()

        await stage.reply.remove_standing()

        assert stage.messages == []


class TestNotices:
    async def test_an_error_takes_the_place_of_errors_and_leaves_the_answer(
        self, stage: Stage
    ) -> None:
        await post_answers(stage, ["Old"])
        first = await post_notice(stage, "An error.")
        await post_notice(stage, "Another error.")
        await stage.try_again()

        ts = await stage.reply.post_error("A new error.", "ab12cd", "turn-1")

        assert ts == first
        assert [message.text for message in stage.messages] == ["Old", "A new error."]
        assert stage.buttons == [["show_reasoning"], ["retry"]]

    async def test_an_error_that_cannot_be_changed_is_posted_anew(self, stage: Stage) -> None:
        old = await post_notice(stage, "An error.")
        await stage.try_again()
        stage.slack.faults.refuse("chat.update", "edit_window_closed")

        ts = await stage.reply.post_error("A new error.", "ab12cd")

        assert ts != old
        assert [message.text for message in stage.messages] == ["A new error."]


class TestInheritedStatus:
    async def set_status(self, stage: Stage) -> None:
        await stage.calls.call(
            "assistant.threads.setStatus",
            channel_id=GENERAL,
            thread_ts=stage.root,
            status="is thinking…",
        )

    async def test_a_dead_attempts_status_is_cleared_by_the_next(self, stage: Stage) -> None:
        await self.set_status(stage)
        await stage.try_again()

        await stage.reply.clear_status()

        stage.assert_left_nothing_open()

    async def test_an_update_does_not_clear_it_by_itself(self, stage: Stage) -> None:
        await post_answers(stage, ["Old"])
        await self.set_status(stage)
        await stage.try_again()

        await stage.deliver(whole("New"))

        stage.assert_left_nothing_open()

    async def test_where_there_is_no_status_nothing_is_cleared(self, stage: Stage) -> None:
        stage.capabilities.note_refusal("status", stage.place, "feature_disabled")
        stage.reply = stage.new_reply(resumed=True)

        await stage.reply.clear_status()

        assert stage.slack.calls == []

    async def test_a_post_has_cleared_it(self, stage: Stage) -> None:
        await self.set_status(stage)
        await stage.try_again()

        await stage.deliver(whole("New"))

        assert len(stage.slack.calls_of("assistant.threads.setStatus")) == 1
        stage.assert_left_nothing_open()
