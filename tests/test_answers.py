"""People write, the whole bot answers: over the real wire, in a local workspace."""

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import aiosqlite
import pytest
import structlog
from structlog.typing import EventDict

from bot.demo.server import StandIn
from bot.telemetry import configure_logging
from tests.chatting import ALICE, BOB, BOT, DIRECT, GENERAL, chatting, say, shown
from tests.model.server import failure


async def test_a_mention_is_answered_in_its_thread_with_few_calls(tmp_path: Path) -> None:
    async with chatting(tmp_path, [say("It is **42**.", "Let me think.")]) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> what is the answer?")
        [answer] = await chat.answers(GENERAL, ts)

        assert answer.blocks[0]["text"] == "It is **42**."
        assert chat.slack.messages(GENERAL)[-1].ts == ts
        made = [call.method for call in chat.slack.calls if call.at >= float(ts)]
        assert made.count("chat.postMessage") == 1
        assert len([one for one in made if one != "users.info"]) <= 3
        question = chat.prompts()[0][-1]["content"]
        assert question.startswith("what is the answer?")
        assert BOT not in question


@pytest.mark.parametrize("order", ["mention_first", "message_first"])
@pytest.mark.parametrize("suppressed", ["", "app_mention", "message"])
async def test_one_post_is_answered_once_whichever_events_come(
    tmp_path: Path, order: Literal["message_first", "mention_first"], suppressed: str
) -> None:
    async with chatting(tmp_path) as chat:
        chat.slack.faults.order = order
        chat.slack.faults.suppress = {suppressed}
        chat.slack.faults.duplicates = 2
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> hello")
        await chat.answers(GENERAL, ts)
        await chat.slack.delivered()
        second = await chat.slack.post(ALICE, DIRECT, "and hello here")
        if suppressed != "message":
            await chat.answers(DIRECT, second)

        assert len(chat.replies(GENERAL, ts)) == 1
        assert len(chat.model.requests) == (1 if suppressed == "message" else 2)


async def test_a_direct_message_starts_a_thread_and_follow_ups_remember_it(tmp_path: Path) -> None:
    replies = [say("Hello Alice!"), say("You said hi.")]
    async with chatting(tmp_path, replies) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "hi there")
        await chat.answers(DIRECT, ts)
        await chat.slack.post(ALICE, DIRECT, "what did I say?", ts)
        answers = await chat.answers(DIRECT, ts, 2)

        assert [one.thread_ts for one in answers] == [ts, ts]
        told = [(one["role"], one["content"]) for one in chat.prompts()[1][1:]]
        assert told[0] == ("user", "hi there")
        assert told[1] == ("assistant", "Hello Alice!")
        assert told[2][1].startswith("what did I say?")


async def test_memory_survives_a_restart(tmp_path: Path) -> None:
    async with StandIn() as slack:
        async with chatting(tmp_path, [say("Noted.")], slack=slack) as chat:
            ts = await slack.post(ALICE, DIRECT, "the code word is marmalade")
            await chat.answers(DIRECT, ts)
        async with chatting(tmp_path, [say("Marmalade.")], slack=slack) as chat:
            await slack.post(ALICE, DIRECT, "what is the code word?", ts)
            await chat.answers(DIRECT, ts, 2)

            assert "marmalade" in chat.prompts()[0][1]["content"]
            assert slack.calls_of("conversations.replies") == []


async def test_a_message_from_while_the_bot_was_away_is_answered_after_its_start(
    tmp_path: Path,
) -> None:
    async with StandIn(retry_delays=(0.2, 0.2, 0.2), ack_timeout=0.2) as slack:
        async with chatting(tmp_path, slack=slack):
            pass
        ts = await slack.post(ALICE, DIRECT, "anybody there?")
        async with chatting(tmp_path, slack=slack) as chat:
            assert len(await chat.answers(DIRECT, ts)) == 1


async def test_called_into_a_thread_it_has_read_what_was_said_there(tmp_path: Path) -> None:
    async with chatting(tmp_path, [say("Bob is right."), say("Sure.")]) as chat:
        chat.slack.faults.page_limit = 2
        [root] = await chat.slack.seed(GENERAL, [(ALICE, "the build is red again")])
        await chat.slack.seed(
            GENERAL,
            [(BOB, "it is the cache"), (ALICE, "no, the tests"), ("U0OTHERBOT", "BUILD 12 FAILED")],
            root,
        )
        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> who is right, <@{BOB}>?", root)
        await chat.answers(GENERAL, root)

        told = chat.prompts()[0][-1]["content"]
        for said in ("Alice: the build is red again", "Bob: it is the cache", "BUILD 12 FAILED"):
            assert said in told
        assert "Alice: who is right, @Bob?" in told
        assert BOT not in told
        pages = len(chat.slack.calls_of("conversations.replies"))

        await chat.slack.post(BOB, GENERAL, f"<@{BOT}> really?", root)
        await chat.answers(GENERAL, root, 2)
        assert len(chat.slack.calls_of("conversations.replies")) == pages


async def test_the_reasoning_never_goes_back_to_the_model(tmp_path: Path) -> None:
    replies = [say("One.", "a secret train of thought"), say("Two.")]
    async with chatting(tmp_path, replies) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "count")
        [first] = await chat.answers(DIRECT, ts)
        await chat.slack.press(ALICE, DIRECT, first.ts, "show_reasoning")
        await chat.answers(DIRECT, ts, 2)
        await chat.slack.post(ALICE, DIRECT, "go on", ts)
        await chat.answers(DIRECT, ts, 3)

        assert "train of thought" not in str(chat.prompts()[1])


async def test_a_thread_read_from_slack_holds_answers_but_no_traces(tmp_path: Path) -> None:
    async with StandIn() as slack:
        replies = [say("One.", "a secret train of thought")]
        async with chatting(tmp_path / "a", replies, slack=slack) as chat:
            ts = await slack.post(ALICE, DIRECT, "count")
            [first] = await chat.answers(DIRECT, ts)
            await slack.press(ALICE, DIRECT, first.ts, "show_reasoning")
            await chat.answers(DIRECT, ts, 2)
        async with chatting(tmp_path / "b", [say("Two.")], slack=slack) as chat:
            await slack.post(ALICE, DIRECT, "go on", ts)
            await chat.answers(DIRECT, ts, 3)

            [prompt] = chat.prompts()
            assert [one["content"] for one in prompt[1:3]] == ["count", "One."]
            assert "train of thought" not in str(prompt)


async def test_follow_ups_need_no_mention_until_others_join(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> hello")
        await chat.answers(GENERAL, ts)
        await chat.slack.post(ALICE, GENERAL, "and more?", ts)
        await chat.answers(GENERAL, ts, 2)

        await chat.slack.post(BOB, GENERAL, "let me answer that", ts)
        await chat.slack.post(ALICE, GENERAL, "thanks Bob", ts)
        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> what did Bob say?", ts)
        await chat.answers(GENERAL, ts, 3)

        assert len(chat.model.requests) == 3
        assert "Bob: let me answer that" in chat.prompts()[2][-1]["content"]


async def test_it_stays_out_of_what_is_none_of_its_business(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        await chat.slack.post(ALICE, GENERAL, "just talking")
        [root] = await chat.slack.seed(GENERAL, [(ALICE, "a thread of ours")])
        await chat.slack.post(BOB, GENERAL, "a reply", root)
        await chat.slack.post("U0OTHERBOT", GENERAL, f"<@{BOT}> incident 7 opened")
        ts = await chat.slack.post(ALICE, DIRECT, "now you")
        await chat.answers(DIRECT, ts)
        await chat.slack.delivered()

        assert len(chat.model.requests) == 1
        assert [one for one in chat.slack.messages(GENERAL) if one.user == BOT] == []


async def test_messages_of_a_thread_are_answered_in_the_order_written(tmp_path: Path) -> None:
    async with chatting(tmp_path, [say(f"answer {n}") for n in range(4)]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "question 0")
        for n in range(1, 8):
            await chat.slack.post(ALICE, DIRECT, f"question {n}", ts)
        await chat.slack.delivered()
        await chat.settled()

        asked = [prompt[-1]["content"] for prompt in chat.prompts()]
        numbers = [int(n) for text in asked for n in re.findall(r"question (\d)", text)]
        assert numbers == list(range(8))
        answers = [shown(one) for one in chat.replies(DIRECT, ts)]
        assert answers == [f"answer {n}" for n in range(len(asked))]


async def test_threads_are_answered_side_by_side(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        gate = chat.slack.faults.hold("chat.postMessage")
        slow = await chat.slack.post(ALICE, DIRECT, "first")
        await gate.reached.wait()
        quick = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> second")
        await chat.answers(GENERAL, quick)
        assert chat.replies(DIRECT, slow) == []
        gate.release()
        await chat.answers(DIRECT, slow)


async def test_think_and_no_think_steer_one_turn(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "/no_think quick one")
        await chat.answers(DIRECT, ts)
        await chat.slack.post(ALICE, DIRECT, "a hard one", ts)
        await chat.answers(DIRECT, ts, 2)

        quick, hard = (request.body for request in chat.model.requests)
        assert quick["messages"][-1]["content"] == "quick one\n\n/no_think"
        assert quick["temperature"] == 0
        assert hard["messages"][-1]["content"] == "a hard one\n\n/think"
        assert hard["temperature"] == 0.6


async def test_a_deleted_message_is_forgotten_and_an_edited_one_is_brought_up_to_date(
    tmp_path: Path,
) -> None:
    async with chatting(tmp_path) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "my secret is Rosebud")
        await chat.answers(DIRECT, ts)
        second = await chat.slack.post(ALICE, DIRECT, "I like read", ts)
        await chat.answers(DIRECT, ts, 2)
        await chat.slack.edit(ALICE, DIRECT, second, "I like red")
        await chat.slack.delete(ALICE, DIRECT, ts)
        await chat.slack.post(ALICE, DIRECT, "what do you know?", ts)
        await chat.answers(DIRECT, ts, 3)

        told = str(chat.prompts()[2])
        assert "Rosebud" not in told
        assert "I like red" in told


async def test_an_edit_that_fires_the_mention_again_is_answered_in_place_and_once(
    tmp_path: Path,
) -> None:
    async with chatting(tmp_path, [say("Hello."), say("Hello again.")]) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> hello")
        await chat.answers(GENERAL, ts)
        await chat.settled()
        await chat.slack.edit(ALICE, GENERAL, ts, f"<@{BOT}> hello again")
        await chat.slack.wait_for(
            lambda: [shown(one) for one in chat.replies(GENERAL, ts)] == ["Hello again."]
        )
        await chat.settled()
        other = await chat.slack.post(ALICE, DIRECT, "hi")
        await chat.answers(DIRECT, other)

        assert len(chat.replies(GENERAL, ts)) == 1
        assert len(chat.model.requests) == 3


PARAGRAPHS = [f"Paragraph {n}: " + "many words in a row. " * 20 for n in range(60)]


def paragraphs_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


async def test_a_long_answer_streams_and_ends_with_the_button(tmp_path: Path) -> None:
    slow = replace(say("\n\n".join(PARAGRAPHS), "I planned it.", pieces=300), pause_at=20)
    async with chatting(tmp_path, [slow]) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> tell me everything")
        await chat.slack.wait_for(lambda: chat.slack.calls_of("chat.startStream"))
        [begun] = chat.replies(GENERAL, ts)
        assert begun.streaming == "in_progress"
        assert shown(begun).startswith("Paragraph 0: many words")
        slow.go_on.set()
        answers = await chat.answers(GENERAL, ts, 3)

        told = [line for one in answers for line in paragraphs_of(shown(one))]
        assert told == [one.strip() for one in PARAGRAPHS]
        below = [[block["type"] for block in one.blocks][-2:] for one in answers][-1]
        assert below == ["actions", "context_actions"]
        assert all("actions" not in str(one.blocks) for one in answers[:-1])
        await chat.slack.press(ALICE, GENERAL, answers[-1].ts, "show_reasoning")
        assert len(await chat.answers(GENERAL, ts, len(answers) + 1)) == len(answers) + 1


async def test_an_answer_that_breaks_off_stays_and_the_error_says_so(tmp_path: Path) -> None:
    cut = replace(say("\n\n".join(PARAGRAPHS), "I plan.", pieces=300), pause_at=20)
    cut = replace(cut, blocks=cut.blocks[:25], ending="cut")
    async with chatting(tmp_path, [cut, say("All of it.")]) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> tell me everything")
        await chat.slack.wait_for(lambda: chat.slack.calls_of("chat.startStream"))
        cut.go_on.set()
        partial, error = await chat.answers(GENERAL, ts, 2)
        assert shown(partial).startswith("Paragraph 0: many words")
        assert "broke off" in error.text

        await chat.slack.press(BOB, GENERAL, error.ts, "retry")
        await chat.slack.wait_for(
            lambda: [shown(one) for one in chat.replies(GENERAL, ts)] == ["All of it."]
        )


async def test_what_the_model_writes_pings_nobody(tmp_path: Path) -> None:
    async with chatting(tmp_path, [say(f"<!channel> @here <@{BOB}> done")]) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> shout")
        [answer] = await chat.answers(GENERAL, ts)

        shown = str(answer.blocks) + answer.text
        assert "<!channel>" not in shown
        assert f"<@{BOB}>" not in shown
        assert "@here" not in shown


async def test_an_empty_mention_gets_a_friendly_hint_without_the_model(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}>")
        [hint] = await chat.answers(GENERAL, ts)

        assert "Ask me anything" in hint.text
        assert chat.model.requests == []


async def test_an_error_is_one_plain_sentence_with_a_reference_and_retry_answers(
    tmp_path: Path,
) -> None:
    broken = failure(400, {"error": {"message": "secret internals of the server"}})
    out_of_order = failure(500, {"error": {"message": "secret internals of the server"}})
    replies = [broken, *[out_of_order] * 3, say("Better now.")]
    async with chatting(tmp_path, replies) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "hello")
        [refused] = await chat.answers(DIRECT, ts)
        assert "Retry" not in str(refused.blocks)

        ts = await chat.slack.post(ALICE, DIRECT, "hello again")
        [failed] = await chat.answers(DIRECT, ts)
        assert "Reference" in str(failed.blocks)
        for message in (refused, failed):
            assert "internals" not in str(message)

        await chat.slack.press(ALICE, DIRECT, failed.ts, "retry")
        await chat.slack.wait_for(
            lambda: [one.text for one in chat.replies(DIRECT, ts)] == ["Better now."]
        )


async def test_slack_is_waited_for(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        chat.slack.faults.rate_limit("chat.postMessage", retry_after=1, times=2)
        chat.slack.faults.rate_limit("assistant.threads.setStatus", retry_after=1)
        ts = await chat.slack.post(ALICE, DIRECT, "hello")

        assert len(await chat.answers(DIRECT, ts)) == 1


async def test_an_answer_whose_receipt_got_lost_is_not_posted_twice(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        chat.slack.faults.cut("chat.postMessage")
        ts = await chat.slack.post(ALICE, DIRECT, "hello")
        await chat.answers(DIRECT, ts)
        await chat.slack.post(ALICE, DIRECT, "and again", ts)
        await chat.answers(DIRECT, ts, 2)

        assert len(chat.replies(DIRECT, ts)) == 2


@pytest.mark.parametrize("code", ["feature_disabled", "missing_scope", "unknown_method"])
async def test_a_workspace_without_streaming_gets_the_whole_answer(
    tmp_path: Path, code: str
) -> None:
    text = "\n\n".join(f"Paragraph {n}: " + "some words. " * 30 for n in range(20))
    async with chatting(tmp_path, [say(text, pieces=40)]) as chat:
        chat.slack.faults.streaming = code
        chat.slack.faults.agent_features = False
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> tell me")
        await chat.slack.wait_for(
            lambda: "Paragraph 19" in str([one.blocks for one in chat.replies(GENERAL, ts)])
        )


async def test_what_cannot_be_written_down_is_not_acked_and_comes_again(tmp_path: Path) -> None:
    async with (
        StandIn(retry_delays=(0.3, 0.3, 0.3), ack_timeout=0.3) as slack,
        chatting(tmp_path, slack=slack) as chat,
    ):
        async with aiosqlite.connect(tmp_path / "aloud.db", isolation_level=None) as other:
            await other.execute("BEGIN IMMEDIATE")
            ts = await slack.post(ALICE, DIRECT, "hello")
            await slack.wait_for(lambda: slack.deliveries.records[-1].attempts > 1)
            assert chat.replies(DIRECT, ts) == []
            await other.execute("ROLLBACK")
        await chat.answers(DIRECT, ts)
        await slack.delivered()
        await slack.post(ALICE, DIRECT, "and again", ts)
        await chat.answers(DIRECT, ts, 2)

        assert len(chat.replies(DIRECT, ts)) == 2


async def test_the_reference_under_an_error_is_in_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with chatting(tmp_path, [failure(500, {})]) as chat:
        configure_logging("info", "json")
        ts = await chat.slack.post(ALICE, DIRECT, "hello")
        [failed] = await chat.answers(DIRECT, ts)

    reference = str(failed.blocks).split("Reference `")[1].split("`")[0]
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    events = [line["event"] for line in lines if line.get("turn") == reference]
    assert "turn_failed" in events
    assert "turn_closed" in events


async def test_a_second_retry_leaves_the_good_answer_alone(tmp_path: Path) -> None:
    replies = [*[failure(500, {})] * 3, say("Good answer"), say("Second answer")]
    async with chatting(tmp_path, replies) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "hello")
        [failed] = await chat.answers(DIRECT, ts)
        gate = chat.slack.faults.hold("chat.update")
        await chat.slack.press(ALICE, DIRECT, failed.ts, "retry")
        await gate.reached.wait()
        late = chat.slack.press(ALICE, DIRECT, failed.ts, "retry")
        await late
        gate.release()
        await chat.slack.wait_for(
            lambda: [shown(one) for one in chat.replies(DIRECT, ts)] == ["Good answer"]
        )
        other = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> and?")
        await chat.answers(GENERAL, other)

        assert [shown(one) for one in chat.replies(DIRECT, ts)] == ["Good answer"]


async def test_after_a_hint_or_an_error_the_person_need_not_mention_it_again(
    tmp_path: Path,
) -> None:
    async with chatting(tmp_path, [*[failure(500, {})] * 3, say("Fine.")]) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}>")
        await chat.answers(GENERAL, ts)
        await chat.slack.post(ALICE, GENERAL, "how are you?", ts)
        await chat.answers(GENERAL, ts, 2)
        await chat.slack.post(ALICE, GENERAL, "and now?", ts)
        assert shown((await chat.answers(GENERAL, ts, 3))[2]) == "Fine."


async def test_what_other_bots_say_in_its_threads_is_remembered(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> watch the builds")
        await chat.answers(GENERAL, ts)
        await chat.slack.post("U0OTHERBOT", GENERAL, "BUILD 13 FAILED", ts)
        await chat.slack.post(ALICE, GENERAL, "which build failed?", ts)
        await chat.answers(GENERAL, ts, 2)

        assert "BUILD 13 FAILED" in chat.prompts()[1][-1]["content"]
        assert len(chat.model.requests) == 2


async def test_an_edit_that_adds_the_mention_is_answered(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> hello")
        await chat.answers(GENERAL, ts)
        await chat.slack.post(BOB, GENERAL, "hi all", ts)
        passed_over = await chat.slack.post(BOB, GENERAL, "what is up?", ts)
        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> are you there?", ts)
        await chat.answers(GENERAL, ts, 2)
        await chat.slack.edit(BOB, GENERAL, passed_over, f"<@{BOT}> what is up?")

        assert len(await chat.answers(GENERAL, ts, 3)) == 3


async def test_a_hiccup_of_slack_does_not_make_people_nameless_for_long(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        chat.slack.faults.break_down("users.info", times=6)
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> who is <@{BOB}>?")
        await chat.answers(GENERAL, ts)
        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> and <@{BOB}>?", ts)
        await chat.answers(GENERAL, ts, 2)

        assert "@Bob" in chat.prompts()[1][-1]["content"]


async def test_while_the_database_is_away_after_an_answer_nothing_more_is_said(
    tmp_path: Path,
) -> None:
    missed = asyncio.Event()

    def notice(_: Any, __: str, event: EventDict) -> EventDict:
        if event["event"] == "answer_not_written_down":
            missed.set()
        return event

    structlog.configure(processors=[notice, structlog.dev.ConsoleRenderer()])
    async with (
        chatting(tmp_path, [say("Hello!", "Hm."), say("I said hello.")]) as chat,
        aiosqlite.connect(tmp_path / "aloud.db", isolation_level=None) as other,
    ):
        gate = chat.slack.faults.hold("chat.postMessage")
        ts = await chat.slack.post(ALICE, DIRECT, "hi")
        await gate.reached.wait()
        await other.execute("ALTER TABLE traces RENAME TO away")
        gate.release()
        await missed.wait()
        await other.execute("ALTER TABLE away RENAME TO traces")
        await chat.slack.post(ALICE, DIRECT, "what did you say?", ts)
        answers = await chat.answers(DIRECT, ts, 2)

        assert [shown(one) for one in answers] == ["Hello!", "I said hello."]
        assert [one["content"] for one in chat.prompts()[1][1:3]] == ["hi", "Hello!"]


async def test_a_reply_that_overtakes_the_first_message_of_a_dm_waits_for_it(
    tmp_path: Path,
) -> None:
    async with chatting(tmp_path, [say("One and two.")]) as chat:
        [root] = await chat.slack.seed(DIRECT, [(ALICE, "what is one?")])
        await chat.slack.post(ALICE, DIRECT, "and two?", root)
        async with asyncio.timeout(15):
            while not await chat.count("turns WHERE claims > 0"):  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.01)
        await chat.slack.deliver(
            {
                "type": "message",
                "channel_type": "im",
                "channel": DIRECT,
                "user": ALICE,
                "text": "what is one?",
                "ts": root,
            }
        )
        await chat.settled()

        # Each of the two is answered once, the first one first, perhaps both together.
        asked = [prompt[-1]["content"] for prompt in chat.prompts()]
        assert ["what is one?" in question for question in asked][:2] == [True, False][: len(asked)]
        assert "and two?" in asked[-1]


async def test_a_mention_that_overtakes_the_first_message_of_its_thread_waits_for_it(
    tmp_path: Path,
) -> None:
    async with chatting(tmp_path, [say("One and two.")]) as chat:
        [root] = await chat.slack.seed(GENERAL, [(ALICE, f"<@{BOT}> what is one?")])
        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> and two?", root)
        async with asyncio.timeout(15):
            while not await chat.count("turns WHERE claims > 0"):  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.01)
        await chat.slack.deliver(
            {
                "type": "message",
                "channel_type": "channel",
                "channel": GENERAL,
                "user": ALICE,
                "text": f"<@{BOT}> what is one?",
                "ts": root,
            }
        )
        await chat.settled()

        # Each of the two is answered once, the first one first, perhaps both together.
        asked = [prompt[-1]["content"] for prompt in chat.prompts()]
        assert ["what is one?" in question for question in asked][:2] == [True, False][: len(asked)]
        assert "and two?" in asked[-1]
