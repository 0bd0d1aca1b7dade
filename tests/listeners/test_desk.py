"""Commands, shortcuts and the dialog: answered at once, or written down before the ack."""

from collections.abc import AsyncIterator

import pytest

from bot.conversation.messages import ThreadKey, UserMessage
from bot.demo.residents import CLARA, EMILE, LUCIA, YUKI
from bot.demo.workspace import ALICE, ALICE_DM, BOB, GENERAL, RANDOM, TEAM_ID
from bot.ledger import Entry
from bot.slack.commands import Ask, read_ask
from bot.store.database import Database
from bot.store.usage import Used, month_of
from tests.desk_bench import DeskBench, desk_bench, seen

ON_IT = "I'm on it: the answer comes in our direct messages."


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[DeskBench]:
    async with desk_bench(database) as bench:
        yield bench


async def asked(desk: DeskBench) -> list[Ask]:
    return [read_ask(turn.payload) for turn in await desk.claim()]


async def whispered(desk: DeskBench, user: str, channel: str, text: str) -> str:
    [message] = await desk.command(user, channel, text)
    return seen(message)


@pytest.mark.parametrize("text", ["", "help", "hilfe", "nonsense", "what?!", "ask"])
async def test_whoever_needs_help_gets_it(desk: DeskBench, text: str) -> None:
    told = await whispered(desk, BOB, GENERAL, text)

    for verb in ("ask", "summarize", "forget", "settings", "usage", "quiet"):
        assert f"`/aloud {verb}" in told
    assert await asked(desk) == []


@pytest.mark.parametrize("user", [CLARA, EMILE, LUCIA, YUKI])
@pytest.mark.parametrize("text", ["help", "usage", "quiet", "forget", "summarize this"])
async def test_every_language_is_spoken(desk: DeskBench, user: str, text: str) -> None:
    assert await whispered(desk, user, GENERAL, text)


async def test_a_question_is_written_down_before_it_is_acked(desk: DeskBench) -> None:
    assert await whispered(desk, BOB, GENERAL, "ask why is the sky blue") == ON_IT

    assert await asked(desk) == [
        Ask("answer", TEAM_ID, BOB, TEAM_ID, GENERAL, GENERAL, "why is the sky blue")
    ]


async def test_a_question_needs_no_word_before_it(desk: DeskBench) -> None:
    assert await whispered(desk, BOB, GENERAL, "why is the sky blue?") == ON_IT

    [ask] = await asked(desk)
    assert ask.text == "why is the sky blue?"


async def test_in_our_direct_messages_the_answer_is_seen_without_a_word(desk: DeskBench) -> None:
    assert await whispered(desk, ALICE, ALICE_DM, "ask why?") == ON_IT  # nobody spoke there yet
    thread = ThreadKey(TEAM_ID, ALICE_DM, "1.0")
    await desk.ledger.accept(Entry("k", "message", thread, "1.0", thread.lane, {}))

    assert await desk.command(ALICE, ALICE_DM, "ask why not?") == []
    assert len(await asked(desk)) == 1  # those of one person are answered one by one


async def test_a_command_that_is_delivered_twice_is_taken_once(desk: DeskBench) -> None:
    desk.slack.faults.duplicates = 1

    await desk.command(BOB, GENERAL, "ask why?")
    await desk.slack.delivered()

    assert await desk.run() == 1
    assert await desk.run() == 0


@pytest.mark.parametrize(
    ("text", "channel", "since"),
    [
        ("summarize", GENERAL, ""),
        ("summarize since yesterday", GENERAL, "since yesterday"),
        ("summarize #random since monday", RANDOM, "since monday"),
        ("zusammenfassen seit gestern #random", RANDOM, "seit gestern"),
    ],
)
async def test_a_channel_is_summed_up(desk: DeskBench, text: str, channel: str, since: str) -> None:
    assert await whispered(desk, BOB, GENERAL, text) == ON_IT

    assert await asked(desk) == [Ask("channel", TEAM_ID, BOB, TEAM_ID, channel, GENERAL, since)]


async def test_in_a_direct_message_the_channel_must_be_named(desk: DeskBench) -> None:
    told = await whispered(desk, ALICE, ALICE_DM, "summarize since yesterday")

    assert told == "Which channel? Name it, such as: `/aloud summarize #general`"
    assert await asked(desk) == []


async def test_a_time_still_to_come_is_told_at_once(desk: DeskBench) -> None:
    told = await whispered(desk, ALICE, GENERAL, "summarize since tomorrow")

    assert told.startswith("That time hasn't come yet.")
    assert await asked(desk) == []


async def test_usage_is_told_against_the_budget(desk: DeskBench) -> None:
    month = month_of(desk.slack.workspace.clock())
    await desk.usage.add(TEAM_ID, BOB, month, Used(2, 300, 400))
    await desk.usage.add(TEAM_ID, ALICE, month, Used(1, 1_000, 1_000))
    await desk.usage.add(TEAM_ID, BOB, "2020-01", Used(9, 9, 9))

    told = await whispered(desk, BOB, GENERAL, "usage")

    assert "You: 2 answers, 700 of 1,000 tokens" in told
    assert "This workspace: 3 answers, 2,700 of 100,000 tokens" in told


async def test_quiet_leaves_the_threads_of_the_channel(desk: DeskBench) -> None:
    thread = ThreadKey(TEAM_ID, GENERAL, "1.0")
    await desk.history.mark_read(thread)

    told = await whispered(desk, BOB, GENERAL, "quiet")

    assert told == "I have left the threads of this channel. Mention me to have me back in one."
    assert await desk.history.leave_channel(TEAM_ID, GENERAL) == 0


async def test_quiet_changes_nothing_in_a_direct_message(desk: DeskBench) -> None:
    await desk.history.mark_read(ThreadKey(TEAM_ID, ALICE_DM, "1.0"))

    assert "Here I answer whatever you write." in await whispered(desk, ALICE, ALICE_DM, "quiet")
    assert await desk.history.leave_channel(TEAM_ID, ALICE_DM) == 1


async def test_settings_are_opened_without_a_word(desk: DeskBench) -> None:
    assert await desk.command(BOB, GENERAL, "settings") == []

    assert desk.settings == [(BOB, GENERAL)]


async def test_settings_that_did_not_open_are_apologized_for(desk: DeskBench) -> None:
    desk.settings_fail = True

    told = await whispered(desk, BOB, GENERAL, "settings")

    assert told == "The dialog didn't open. Please try once more."


async def forget(desk: DeskBench, user: str, channel: str) -> str:
    """Ask to forget, confirm it, and return what is told then."""
    [question] = await desk.command(user, channel, "forget")
    await desk.slack.press(user, channel, question.ts, "forget_here")
    assert await desk.run() == 1
    return seen(desk.slack.ephemerals(channel, user)[-1])


async def test_nothing_is_forgotten_before_it_is_confirmed(desk: DeskBench) -> None:
    [question] = await desk.command(BOB, GENERAL, "forget everything")

    [button] = question.blocks[-1]["elements"]
    assert button["confirm"]["style"] == "danger"
    assert "that you started" in button["confirm"]["text"]["text"]
    assert await asked(desk) == []


async def test_in_a_channel_the_persons_own_threads_are_forgotten(desk: DeskBench) -> None:
    own, others = ThreadKey(TEAM_ID, GENERAL, "1.0"), ThreadKey(TEAM_ID, GENERAL, "2.0")
    await desk.history.record(own, [UserMessage("1.0", BOB, "Bob", "A secret.")])
    await desk.history.record(others, [UserMessage("2.0", ALICE, "Alice", "Mine.")])

    assert await forget(desk, BOB, GENERAL) == "Forgotten: 1 message and 0 files."

    assert await desk.history.load(own, before="9", limit=9) == []
    assert len(await desk.history.load(others, before="9", limit=9)) == 1


async def test_in_a_direct_message_all_of_it_is_forgotten(desk: DeskBench) -> None:
    for ts in ("1.0", "2.0"):
        thread = ThreadKey(TEAM_ID, ALICE_DM, ts)
        await desk.history.record(thread, [UserMessage(ts, ALICE, "Alice", "A secret.")])

    assert await forget(desk, ALICE, ALICE_DM) == "Forgotten: 2 messages and 0 files."
    assert await forget(desk, ALICE, ALICE_DM) == "There was nothing to forget."


@pytest.mark.parametrize(
    ("shortcut", "wish"), [("summarize_thread", "thread"), ("summarize_files", "files")]
)
async def test_a_shortcut_is_written_down(desk: DeskBench, shortcut: str, wish: str) -> None:
    root = await desk.slack.post(ALICE, GENERAL, "The plan")
    reply = await desk.slack.post(ALICE, GENERAL, "More of it", root)

    await desk.slack.shortcut(BOB, GENERAL, reply, shortcut)

    [ask] = await asked(desk)
    assert (ask.wish, ask.person, ask.channel) == (wish, BOB, GENERAL)
    assert (ask.ts, ask.thread_ts, ask.author) == (reply, root, ALICE)


async def test_the_dialog_asks_for_a_question(desk: DeskBench) -> None:
    ts = await desk.slack.post(ALICE, GENERAL, "We launch on 5 May.")

    await desk.slack.shortcut(BOB, GENERAL, ts, "ask_about")
    await desk.slack.submit(BOB, {"question": {"question": "Is <that> sure?"}})

    assert desk.slack.modal(BOB) is None
    assert await asked(desk) == [
        Ask(
            wish="answer",
            team=TEAM_ID,
            person=BOB,
            person_team=TEAM_ID,
            channel=GENERAL,
            asked_in=GENERAL,
            text="Is &lt;that&gt; sure?",
            ts=ts,
            thread_ts=ts,
            author=ALICE,
            excerpt="We launch on 5 May.",
        )
    ]


async def test_the_answer_can_be_wanted_in_the_thread(desk: DeskBench) -> None:
    ts = await desk.slack.post(ALICE, GENERAL, "We launch on 5 May.")

    await desk.slack.shortcut(BOB, GENERAL, ts, "ask_about")
    where = {"question": {"question": "Sure?"}, "place": {"place": "in_thread"}}
    await desk.slack.submit(BOB, where)

    [ask] = await asked(desk)
    assert ask.in_thread


async def test_an_empty_question_is_pointed_at(desk: DeskBench) -> None:
    ts = await desk.slack.post(ALICE, GENERAL, "We launch on 5 May.")
    await desk.slack.shortcut(BOB, GENERAL, ts, "ask_about")

    ack = await desk.slack.submit(BOB, {"question": {"question": "  \n "}})

    assert ack.payload == {
        "response_action": "errors",
        "errors": {"question": "Please write your question."},
    }
    assert await asked(desk) == []


@pytest.mark.parametrize("user", [BOB, CLARA, EMILE, LUCIA, YUKI])
async def test_the_dialog_opens_in_every_language(desk: DeskBench, user: str) -> None:
    ts = await desk.slack.post(ALICE, GENERAL, '"\n' * 1_500)

    await desk.slack.shortcut(user, GENERAL, ts, "ask_about")

    view = desk.slack.modal(user)
    assert view is not None
    assert len(view["private_metadata"]) <= 3_000


async def test_a_dialog_that_did_not_open_is_apologized_for(desk: DeskBench) -> None:
    ts = await desk.slack.post(ALICE, GENERAL, "We launch on 5 May.")
    desk.slack.faults.refuse("views.open", "expired_trigger_id")

    await desk.slack.shortcut(BOB, GENERAL, ts, "ask_about")

    assert await desk.run() == 1
    [told] = desk.slack.ephemerals(GENERAL, BOB)
    assert told.text == "The dialog didn't open. Please try once more."


async def test_a_dialog_that_takes_too_long_does_not_keep_slack_waiting(
    database: Database,
) -> None:
    async with desk_bench(database, patience=0.05) as desk:
        ts = await desk.slack.post(ALICE, GENERAL, "We launch on 5 May.")
        gate = desk.slack.faults.hold("views.open")

        await desk.slack.shortcut(BOB, GENERAL, ts, "ask_about")
        gate.release()

        assert [ask.wish for ask in await asked(desk)] == ["dialog"]
