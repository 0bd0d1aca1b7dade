"""An answer reaches Slack whole, once, in few calls, whatever happens on the way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from bot.demo.workspace import ALICE, GENERAL, TEAM_ID
from bot.errors import DeliveryDelayed, DeliveryRefused, ModelInterrupted
from bot.slack import limits
from bot.slack.reply import Delivered, EndPiece, Piece, Started, StatusPiece, TextPiece
from tests.slack.stage import BUTTON, NO_CONTROLS, STOPPED, STREAM_METHODS, Stage


def written(pieces: list[str]) -> EndPiece:
    return EndPiece("".join(pieces), BUTTON)


async def test_an_answer_that_is_complete_at_once_is_one_plain_post(stage: Stage) -> None:
    async def pieces() -> AsyncIterator[Piece]:
        yield TextPiece("**Yes**")
        yield TextPiece(", <!here>.")
        yield EndPiece("**Yes**, <!here>.", BUTTON)

    receipts = await stage.deliver(pieces())

    (message,) = stage.messages
    assert receipts == [Started(GENERAL, message.ts), Delivered(GENERAL, (message.ts,))]
    assert stage.methods() == ["chat.postMessage"]
    assert stage.texts == ["**Yes**, <\u200b!here>."]
    assert message.blocks[-1]["elements"][0]["action_id"] == "show_reasoning"


async def test_a_long_answer_that_is_complete_at_once_is_several_posts(stage: Stage) -> None:
    answer = "A sentence of the answer. " * 1000

    async def pieces() -> AsyncIterator[Piece]:
        yield EndPiece(answer, BUTTON)

    receipts = await stage.deliver(pieces())

    assert stage.methods() == ["chat.postMessage"] * 3
    assert " ".join(stage.texts).split() == answer.split()
    stamps = [message.ts for message in stage.messages]
    assert receipts == [*(Started(GENERAL, ts) for ts in stamps), Delivered(GENERAL, tuple(stamps))]
    assert [len(message.blocks) for message in stage.messages] == [1, 1, 2]


async def test_a_short_answer_takes_three_calls(stage: Stage) -> None:
    async def pieces() -> AsyncIterator[Piece]:
        yield StatusPiece("is thinking…")
        await stage.answered("assistant.threads.setStatus")
        yield TextPiece("It is ")
        await stage.clock.pass_time(0.2)
        await stage.answered("chat.startStream")
        yield TextPiece("forty-two.")
        yield EndPiece("It is forty-two.", BUTTON)

    receipts = await stage.deliver(pieces())

    assert stage.methods() == ["assistant.threads.setStatus", "chat.startStream", "chat.stopStream"]
    assert stage.texts == ["It is forty-two."]
    (message,) = stage.messages
    assert message.blocks[-1]["elements"][0]["action_id"] == "show_reasoning"
    assert message.metadata == {
        "event_type": "aloud_turn",
        "event_payload": {"turn": "turn-1", "part": 1},
    }
    assert receipts == [Started(GENERAL, message.ts), Delivered(GENERAL, (message.ts,))]
    stage.assert_left_nothing_open()


async def test_a_long_answer_takes_one_append_a_second(stage: Stage) -> None:
    words = [f"word{number} " for number in range(40)]

    async def pieces() -> AsyncIterator[Piece]:
        yield TextPiece(words[0])
        await stage.clock.pass_time(0.2)
        await stage.answered("chat.startStream")
        for second in range(3):
            for word in words[1 + second * 10 : 11 + second * 10]:
                yield TextPiece(word)
            await stage.clock.pass_time(limits.APPEND_SECONDS)
            await stage.answered("chat.appendStream", second + 1)
        for word in words[31:]:
            yield TextPiece(word)
        yield written(words)

    await stage.deliver(pieces())

    assert stage.methods() == [
        "chat.startStream",
        *["chat.appendStream"] * 3,
        "chat.stopStream",
    ]
    assert stage.texts == ["".join(words).strip()]


async def test_appends_slow_down_when_many_streams_share_their_limit(stage: Stage) -> None:
    for _ in range(10):
        stage.capabilities.note_stream(TEAM_ID, 1)

    assert stage.capabilities.append_seconds(TEAM_ID) == 6.0
    assert stage.capabilities.append_seconds("T0OTHER001") == limits.APPEND_SECONDS


async def test_streams_carry_who_asked_and_only_chunks(stage: Stage) -> None:
    async def pieces() -> AsyncIterator[Piece]:
        yield TextPiece("a ")
        await stage.clock.pass_time(0.2)
        await stage.answered("chat.startStream")
        yield TextPiece("b ")
        await stage.clock.pass_time(limits.APPEND_SECONDS)
        await stage.answered("chat.appendStream")
        yield EndPiece("a b c", NO_CONTROLS)

    await stage.deliver(pieces())

    start = stage.slack.calls_of("chat.startStream")[0].arguments
    assert start == {
        "channel": GENERAL,
        "thread_ts": stage.root,
        "recipient_user_id": ALICE,
        "recipient_team_id": TEAM_ID,
        "chunks": [{"type": "markdown_text", "text": "a "}],
    }
    streamed = [call for call in stage.slack.calls if call.method in STREAM_METHODS]
    assert all("markdown_text" not in call.arguments for call in streamed)
    assert stage.texts == ["a b c"]


async def test_words_are_shown_whole_unless_they_are_slow(stage: Stage) -> None:
    async def pieces() -> AsyncIterator[Piece]:
        yield TextPiece("Forty-two is the ans")
        await stage.clock.pass_time(0.2)
        await stage.answered("chat.startStream")
        assert stage.texts == ["Forty-two is the "]
        await stage.clock.pass_time(limits.APPEND_SECONDS)
        await stage.answered("chat.appendStream")
        assert stage.texts == ["Forty-two is the ans"]
        yield EndPiece("Forty-two is the answer", NO_CONTROLS)

    await stage.deliver(pieces())

    assert stage.texts == ["Forty-two is the answer"]


async def test_a_token_split_between_two_pieces_pings_nobody(stage: Stage) -> None:
    async def pieces() -> AsyncIterator[Piece]:
        yield TextPiece("Look, <!chan")
        await stage.clock.pass_time(0.2)
        await stage.answered("chat.startStream")
        yield TextPiece("nel> and @he")
        await stage.clock.pass_time(limits.APPEND_SECONDS)
        await stage.answered("chat.appendStream")
        yield TextPiece("re")
        yield EndPiece("Look, <!channel> and @here", NO_CONTROLS)

    await stage.deliver(pieces())

    assert stage.texts == ["Look, <\u200b!channel> and @\u200bhere"]
    assert stage.slack.calls_of("chat.startStream")[0].arguments["chunks"][0]["text"] == "Look, "


async def test_what_the_whole_answer_has_beyond_its_pieces_is_shown(stage: Stage) -> None:
    async def pieces() -> AsyncIterator[Piece]:
        yield TextPiece("\n One ")
        await stage.clock.pass_time(0.2)
        await stage.answered("chat.startStream")
        yield EndPiece("One two three", NO_CONTROLS)

    await stage.deliver(pieces())

    assert " ".join(stage.texts[0].split()) == "One two three"


async def test_the_receipt_comes_before_anything_more_is_sent(stage: Stage) -> None:
    async def pieces() -> AsyncIterator[Piece]:
        yield EndPiece("A sentence of the answer. " * 1000, NO_CONTROLS)

    async with aclosing(
        stage.reply.deliver(pieces(), stop=stage.stop, stopped=STOPPED)
    ) as receipts:
        async for receipt in receipts:
            if isinstance(receipt, Started):
                assert stage.messages[-1].ts == receipt.ts
                assert stage.methods().count("chat.postMessage") == len(stage.messages)


class TestRollOver:
    async def test_a_stream_ends_before_its_size_limit_at_a_good_border(self, stage: Stage) -> None:
        paragraph = "A sentence of a paragraph that is long. " * 30 + "\n\n"
        answer = paragraph * 12

        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece(paragraph)
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.startStream")
            for number in range(2, 13):
                yield TextPiece(paragraph)
                await stage.shown(number * (len(paragraph) - 5))
            yield EndPiece(answer, BUTTON)

        receipts = await stage.deliver(pieces())

        assert len(stage.messages) == 3
        assert all(text.startswith("A sentence") for text in stage.texts)
        assert all(text.rstrip().endswith("long.") for text in stage.texts)
        assert " ".join(stage.texts).split() == answer.split()
        assert all(len(text.encode()) <= limits.STREAM_BYTES for text in stage.texts)
        assert [len(message.blocks) for message in stage.messages] == [1, 1, 2]
        assert receipts[-1] == Delivered(GENERAL, tuple(m.ts for m in stage.messages))
        assert not any(call.error for call in stage.slack.calls)
        stage.assert_left_nothing_open()

    async def test_a_fence_is_closed_and_opened_again(self, stage: Stage) -> None:
        lines = [f"    line {number} = 'some code of this length'\n" for number in range(400)]
        answer = "```python\n" + "".join(lines) + "```"

        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("```python\n" + "".join(lines[:100]))
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.startStream")
            yield TextPiece("".join(lines[100:]))
            yield TextPiece("```")
            yield EndPiece(answer, NO_CONTROLS)

        await stage.deliver(pieces())

        assert len(stage.texts) == 2
        assert all(text.startswith("```python\n    line") for text in stage.texts)
        assert all(text.endswith("length'\n```") for text in stage.texts)
        shown = [text.removeprefix("```python\n").removesuffix("```") for text in stage.texts]
        assert "".join(shown) == "".join(lines)

    async def test_a_stream_ends_before_its_time_limit(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One. ")
            await stage.clock.pass_time(0.2)
            await stage.begun()
            stage.clock.skip(250)
            yield TextPiece("Two.\n\nThree. ")
            await stage.begun(2)
            yield EndPiece("One. Two.\n\nThree. Four.", NO_CONTROLS)

        await stage.deliver(pieces())

        assert stage.texts == ["One. Two.", "Three. Four."]
        assert not any(call.error for call in stage.slack.calls)

    async def test_a_stream_is_ended_in_time_even_when_nothing_comes(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One. ")
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.startStream")
            await stage.clock.pass_time(limits.STREAM_SECONDS)
            await stage.answered("chat.stopStream")
            stage.clock.skip(100)
            yield TextPiece("Two.")
            await stage.answered("chat.startStream", 2)
            yield EndPiece("One. Two.", BUTTON)

        await stage.deliver(pieces())

        assert stage.texts == ["One. ", "Two."]
        assert not any(call.error for call in stage.slack.calls)

    async def test_controls_come_under_a_message_that_was_ended_already(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One. ")
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.startStream")
            await stage.clock.pass_time(limits.STREAM_SECONDS)
            await stage.answered("chat.stopStream")
            end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
            yield EndPiece("One.", BUTTON)
            await end

        receipts = await stage.deliver(pieces())

        (message,) = stage.messages
        assert [block["type"] for block in message.blocks] == ["markdown", "actions"]
        assert receipts[-1] == Delivered(GENERAL, (message.ts,))

    async def test_a_stream_that_slack_calls_full_goes_on_in_another(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.startStream")
            stage.slack.faults.refuse("chat.appendStream", "msg_too_long")
            yield TextPiece("two ")
            await stage.clock.pass_time(limits.APPEND_SECONDS)
            await stage.answered("chat.startStream", 2)
            yield EndPiece("One two three", BUTTON)

        await stage.deliver(pieces())

        assert stage.texts == ["One ", "two three"]
        assert [len(message.blocks) for message in stage.messages] == [1, 2]
        stage.assert_left_nothing_open()

    async def test_a_stream_that_is_full_at_its_end_goes_on_in_a_post(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.startStream")
            stage.slack.faults.refuse("chat.stopStream", "msg_too_long")
            yield EndPiece("One two", BUTTON)

        await stage.deliver(pieces())

        assert stage.texts == ["One ", "two"]
        assert stage.messages[1].blocks[-1]["type"] == "actions"
        stage.assert_left_nothing_open()


class TestBrokenStreams:
    async def test_a_stream_that_slack_dropped_is_brought_up_to_date(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.startStream")
            stage.drop_stream()
            yield TextPiece("two ")
            await stage.clock.pass_time(limits.APPEND_SECONDS)
            await stage.answered("chat.update")
            yield TextPiece("three ")
            end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
            yield EndPiece("One two three four", BUTTON)
            await end

        receipts = await stage.deliver(pieces())

        (message,) = stage.messages
        assert stage.texts == ["One two three four"]
        assert [block["type"] for block in message.blocks] == ["markdown", "actions"]
        assert receipts == [Started(GENERAL, message.ts), Delivered(GENERAL, (message.ts,))]
        assert stage.methods() == [
            "chat.startStream",
            "chat.appendStream",
            "chat.update",
            "chat.update",
        ]

    @pytest.mark.parametrize("code", ["message_not_in_streaming_state", "internal_error"])
    async def test_a_stream_that_cannot_be_stopped_is_updated(
        self, stage: Stage, code: str
    ) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.startStream")
            if code == "message_not_in_streaming_state":
                stage.drop_stream()
            else:
                stage.slack.faults.refuse("chat.stopStream", code, times=3)
            yield EndPiece("One two", BUTTON)

        await stage.deliver(pieces())

        assert stage.texts == ["One two"]
        assert stage.messages[0].blocks[-1]["type"] == "actions"
        stage.assert_left_nothing_open()

    async def test_a_stop_whose_answer_got_lost_shows_the_text_once(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.startStream")
            stage.slack.faults.cut("chat.stopStream")
            yield EndPiece("One two", BUTTON)

        await stage.deliver(pieces())

        assert stage.texts == ["One two"]
        assert len(stage.messages[0].blocks) == 2

    async def test_an_append_whose_answer_got_lost_shows_the_text_once(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.startStream")
            stage.slack.faults.cut("chat.appendStream")
            yield TextPiece("two ")
            await stage.clock.pass_time(limits.APPEND_SECONDS)
            await stage.answered("chat.update")
            end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
            yield EndPiece("One two three", NO_CONTROLS)
            await end

        await stage.deliver(pieces())

        assert stage.texts == ["One two three"]
        stage.assert_left_nothing_open()

    async def test_a_start_whose_answer_got_lost_is_found_and_kept(self, stage: Stage) -> None:
        stage.slack.faults.cut("chat.startStream")

        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.clock.pass_time(limits.APPEND_SECONDS)
            await stage.answered("chat.update")
            end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
            yield EndPiece("One two", BUTTON)
            await end

        receipts = await stage.deliver(pieces())

        (message,) = stage.messages
        assert stage.texts == ["One two"]
        assert receipts == [Started(GENERAL, message.ts), Delivered(GENERAL, (message.ts,))]
        stage.assert_left_nothing_open()

    async def test_a_start_that_never_arrived_becomes_a_post(self, stage: Stage) -> None:
        stage.slack.faults.break_down("chat.startStream")

        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.clock.pass_time(limits.APPEND_SECONDS)
            await stage.answered("chat.postMessage")
            end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
            yield EndPiece("One two", NO_CONTROLS)
            await end

        await stage.deliver(pieces())

        assert stage.texts == ["One two"]

    async def test_an_append_that_is_rate_limited_is_made_up_for_later(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.startStream")
            stage.slack.faults.rate_limit("chat.appendStream", retry_after=5)
            yield TextPiece("two ")
            await stage.clock.pass_time(limits.APPEND_SECONDS)
            await stage.answered("chat.appendStream")
            yield TextPiece("three ")
            await stage.clock.pass_time(5.0)
            stage.slack.faults.clear("chat.appendStream")
            yield EndPiece("One two three four", NO_CONTROLS)

        await stage.deliver(pieces())

        assert stage.texts == ["One two three four"]

    async def test_a_message_that_cannot_be_changed_goes_on_in_another(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.startStream")
            stage.drop_stream()
            stage.slack.faults.refuse("chat.update", "edit_window_closed", times=None)
            yield TextPiece("two ")
            await stage.clock.pass_time(limits.APPEND_SECONDS)
            await stage.answered("chat.startStream", 2)
            yield EndPiece("One two three", BUTTON)

        await stage.deliver(pieces())

        assert stage.texts == ["One ", "two three"]

    async def test_a_stop_whose_blocks_are_refused_becomes_an_update(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.startStream")
            stage.slack.faults.refuse("chat.stopStream", "invalid_blocks")
            yield EndPiece("One two", BUTTON)

        await stage.deliver(pieces())

        assert stage.texts == ["One two"]
        assert stage.messages[0].blocks[-1]["type"] == "actions"
        stage.assert_left_nothing_open()


class TestWithoutStreaming:
    async def test_it_posts_and_then_updates_at_a_slow_pace(self, stage: Stage) -> None:
        stage.slack.faults.streaming = "feature_disabled"

        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.postMessage")
            yield TextPiece("two ")
            await stage.clock.pass_time(limits.UPDATE_SECONDS)
            await stage.answered("chat.update")
            end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
            yield EndPiece("One two three", BUTTON)
            await end

        await stage.deliver(pieces())

        assert stage.methods() == [
            "chat.startStream",
            "chat.postMessage",
            "chat.update",
            "chat.update",
        ]
        assert stage.texts == ["One two three"]
        updates = [call.at for call in stage.slack.calls_of("chat.update")]
        assert updates[1] - updates[0] >= limits.UPDATE_SECONDS

    @pytest.mark.parametrize(
        ("code", "remembered"),
        [("missing_scope", True), ("channel_type_not_supported", True), ("user_not_found", False)],
    )
    async def test_the_refusal_is_remembered_for_an_hour(
        self, stage: Stage, code: str, remembered: bool
    ) -> None:
        stage.slack.faults.streaming = code

        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One")
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.postMessage")
            end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
            yield EndPiece("One", NO_CONTROLS)
            await end

        await stage.deliver(pieces())

        assert stage.buttons == [[]]
        assert stage.capabilities.allow("streaming", stage.place) is not remembered
        stage.clock.skip(3_601)
        assert stage.capabilities.allow("streaming", stage.place)

    async def test_a_busy_start_becomes_a_post_and_is_not_remembered(self, stage: Stage) -> None:
        stage.slack.faults.rate_limit("chat.startStream", retry_after=30)

        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.postMessage")
            end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
            yield EndPiece("One two", NO_CONTROLS)
            await end

        await stage.deliver(pieces())

        assert stage.texts == ["One two"]
        assert stage.capabilities.allow("streaming", stage.place)

    async def test_an_update_that_has_to_wait_fails_nothing(self, stage: Stage) -> None:
        stage.slack.faults.streaming = "feature_disabled"

        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.postMessage")
            stage.slack.faults.rate_limit("chat.update", retry_after=20)
            yield TextPiece("two ")
            await stage.clock.pass_time(limits.UPDATE_SECONDS)
            await stage.answered("chat.update")
            end = asyncio.create_task(stage.clock.pass_time(20))
            yield EndPiece("One two three", NO_CONTROLS)
            await end

        await stage.deliver(pieces())

        assert stage.texts == ["One two three"]

    async def test_a_place_that_takes_nothing_is_a_refusal(self, stage: Stage) -> None:
        stage.slack.workspace.change_channel(GENERAL, archived=True)

        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await asyncio.Event().wait()

        with pytest.raises(DeliveryRefused) as refused:
            await stage.deliver(pieces())
        assert refused.value.code == "is_archived"


class TestLeaving:
    async def test_when_the_model_fails_what_it_wrote_stays(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.startStream")
            yield TextPiece("two <!he")
            raise ModelInterrupted("the stream ended")

        with pytest.raises(ModelInterrupted):
            await stage.deliver(pieces())

        assert stage.texts == ["One two <!he"]
        stage.assert_left_nothing_open()

    async def test_when_the_model_fails_before_anything_is_shown_nothing_is(
        self, stage: Stage
    ) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            yield StatusPiece("is thinking…")
            await stage.answered("assistant.threads.setStatus")
            yield TextPiece("One ")
            raise ModelInterrupted("the stream ended")

        with pytest.raises(ModelInterrupted):
            await stage.deliver(pieces())

        assert stage.messages == []
        stage.assert_left_nothing_open()

    async def test_pieces_without_an_end_are_an_error(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")

        with pytest.raises(EOFError):
            await stage.deliver(pieces())

    async def test_when_cancelled_the_stream_is_closed_and_the_pieces_too(
        self, stage: Stage
    ) -> None:
        closed = asyncio.Event()

        async def pieces() -> AsyncIterator[Piece]:
            try:
                yield TextPiece("One ")
                await stage.clock.pass_time(0.2)
                await stage.answered("chat.startStream")
                yield TextPiece("two")
                await asyncio.Event().wait()
            finally:
                closed.set()

        task = asyncio.create_task(stage.deliver(pieces()))
        await stage.answered("chat.startStream")
        await asyncio.sleep(0)
        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task
        assert closed.is_set()
        assert stage.texts[0] in {"One ", "One two"}
        stage.assert_left_nothing_open()

    @pytest.mark.parametrize("method", ["chat.startStream", "chat.appendStream"])
    async def test_when_cancelled_in_a_call_its_outcome_is_known_first(
        self, stage: Stage, method: str
    ) -> None:
        gate = stage.slack.faults.hold(method)

        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.startStream")
            yield TextPiece("two ")
            await stage.clock.pass_time(limits.APPEND_SECONDS)
            await asyncio.Event().wait()

        task = asyncio.create_task(stage.deliver(pieces()))
        await gate.reached.wait()
        task.cancel()
        gate.release()

        with pytest.raises(asyncio.CancelledError):
            await task
        assert stage.texts == ["One " if method == "chat.startStream" else "One two "]
        stage.assert_left_nothing_open()

    async def test_when_closed_between_receipts_nothing_is_left_open(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await asyncio.Event().wait()

        async with aclosing(
            stage.reply.deliver(pieces(), stop=stage.stop, stopped=STOPPED)
        ) as receipts:
            async for receipt in receipts:
                assert isinstance(receipt, Started)
                break

        assert stage.texts == ["One "]
        stage.assert_left_nothing_open()

    async def test_when_slack_is_gone_the_error_is_told(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.startStream")
            for method in ("chat.stopStream", "chat.update"):
                stage.slack.faults.break_down(method, times=None)
            yield EndPiece("One two", NO_CONTROLS)

        with pytest.raises(DeliveryDelayed):
            await stage.deliver(pieces())
        assert stage.capabilities.append_seconds(TEAM_ID) == limits.APPEND_SECONDS

    async def test_what_slack_may_have_taken_is_not_sent_once_more(self, stage: Stage) -> None:
        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.startStream")
            stage.slack.faults.refuse("chat.stopStream", "msg_too_long")
            stage.slack.faults.cut("chat.postMessage")
            stage.slack.faults.withheld_scopes.add("channels:history")
            yield EndPiece("One two", NO_CONTROLS)

        with pytest.raises(DeliveryDelayed):
            await stage.deliver(pieces())

        assert stage.texts == ["One ", "two"]
        stage.assert_left_nothing_open()

    async def test_another_bots_stream_is_not_taken_for_ours(self, stage: Stage) -> None:
        stage.slack.faults.cut("chat.startStream")
        stage.slack.faults.refuse("chat.stopStream", "message_not_owned_by_app")

        async def pieces() -> AsyncIterator[Piece]:
            yield TextPiece("One ")
            await stage.clock.pass_time(0.2)
            await stage.clock.pass_time(limits.APPEND_SECONDS)
            await stage.answered("chat.postMessage")
            end = asyncio.create_task(stage.clock.pass_time(limits.UPDATE_SECONDS))
            yield EndPiece("One", NO_CONTROLS)
            await end

        receipts = await stage.deliver(pieces())

        assert receipts[-1] == Delivered(GENERAL, (stage.messages[1].ts,))


class TestStatus:
    async def test_it_is_shown_changed_and_refreshed_before_it_expires(self, stage: Stage) -> None:
        stage.reply.show_status("is reading…")
        await stage.answered("assistant.threads.setStatus")
        stage.reply.show_status("is thinking…")
        await stage.clock.pass_time(2.0)
        await stage.answered("assistant.threads.setStatus", 2)
        await stage.clock.pass_time(2.0)
        await stage.clock.pass_time(98.0)
        await stage.answered("assistant.threads.setStatus", 3)

        calls = stage.slack.calls_of("assistant.threads.setStatus")
        assert [call.arguments["status"] for call in calls] == [
            "is reading…",
            "is thinking…",
            "is thinking…",
        ]
        assert calls[2].at - calls[1].at < limits.STATUS_SECONDS
        await stage.reply.clear_status()
        stage.assert_left_nothing_open()

    async def test_it_is_cleared_once(self, stage: Stage) -> None:
        stage.reply.show_status("is thinking…")
        await stage.answered("assistant.threads.setStatus")

        await stage.reply.clear_status()
        await stage.reply.clear_status()

        assert stage.methods() == ["assistant.threads.setStatus"] * 2

    async def test_a_status_that_may_arrive_after_the_answer_is_cleared(self, stage: Stage) -> None:
        gate = stage.slack.faults.hold("assistant.threads.setStatus")

        async def pieces() -> AsyncIterator[Piece]:
            yield StatusPiece("is thinking…")
            await gate.reached.wait()
            yield EndPiece("Yes.", NO_CONTROLS)

        delivering = asyncio.create_task(stage.deliver(pieces()))
        await stage.answered("chat.postMessage")
        gate.release()
        await delivering

        shown = [
            call.arguments["status"] for call in stage.slack.calls_of("assistant.threads.setStatus")
        ]
        assert shown == ["is thinking…", ""]
        assert stage.slack.workspace.status_of((GENERAL, stage.root)) == ""

    async def test_a_status_that_never_comes_back_holds_nothing_up_for_long(
        self, stage: Stage
    ) -> None:
        gate = stage.slack.faults.hold("assistant.threads.setStatus")

        async def pieces() -> AsyncIterator[Piece]:
            yield StatusPiece("is thinking…")
            await gate.reached.wait()
            yield EndPiece("Yes.", NO_CONTROLS)

        await stage.deliver(pieces())
        gate.release()

        assert stage.slack.calls[-1].arguments["status"] == ""

    async def test_a_refused_status_fails_nothing_and_is_remembered(self, stage: Stage) -> None:
        stage.slack.faults.refuse("assistant.threads.setStatus", "feature_disabled", times=None)
        stage.reply.show_status("is thinking…")
        async with asyncio.timeout(3):
            while stage.capabilities.allow("status", stage.place):  # noqa: ASYNC110  # no event tells
                await asyncio.sleep(0)
        await stage.reply.clear_status()

        another = stage.new_reply()
        another.show_status("is thinking…")
        await another.clear_status()

        assert len(stage.slack.calls) == 1

    async def test_a_status_out_of_luck_is_tried_again(self, stage: Stage) -> None:
        stage.slack.faults.break_down("assistant.threads.setStatus", times=3)
        stage.reply.show_status("is thinking…")
        await stage.answered("assistant.threads.setStatus", 3)
        await stage.clock.pass_time(2.0)
        await stage.clock.pass_time(98.0)
        await stage.answered("assistant.threads.setStatus", 4)

        assert stage.slack.workspace.status_of((GENERAL, stage.root)) == "is thinking…"
        await stage.reply.clear_status()


async def test_an_error_is_posted_with_its_reference(stage: Stage) -> None:
    stage.reply.show_status("is thinking…")
    await stage.answered("assistant.threads.setStatus")

    ts = await stage.reply.post_error("I can't reach the model.", "ab12cd", "turn-1")
    await stage.reply.clear_status()

    (message,) = stage.messages
    assert message.ts == ts
    assert message.metadata is not None
    assert message.metadata["event_type"] == "aloud_notice"
    assert message.blocks[-1]["elements"][0]["action_id"] == "retry"
    stage.assert_left_nothing_open()


@pytest.mark.parametrize("size", [1, 7, 50])
async def test_any_answer_arrives_whole_in_any_pieces(stage: Stage, size: int) -> None:
    answer = (
        "# Title\n\nSome text with `code` and a [link](https://example.com).\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n```py\nprint('hi')\n```\n\n- one\n- two\n"
    ) * 60

    async def pieces() -> AsyncIterator[Piece]:
        yield TextPiece(answer[:size])
        if size > 1:
            await stage.clock.pass_time(0.2)
            await stage.answered("chat.startStream")
        for at in range(size, len(answer), size):
            yield TextPiece(answer[at : at + size])
            if at % 700 < size:
                stage.clock.skip(1.0)
                await asyncio.sleep(0)
        yield EndPiece(answer, BUTTON)

    await stage.deliver(pieces())

    shown = "".join("".join(stage.texts).split())
    for line in set(answer.split("\n")) - {""}:
        assert shown.count("".join(line.split())) >= 60 or line.startswith(("```", "|"))
    assert not any(call.error for call in stage.slack.calls)
