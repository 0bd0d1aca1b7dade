"""What was asked for by a command or shortcut stands in Slack once, and becomes a turn."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import update

from bot.conversation.catch_up import CatchUp
from bot.conversation.messages import ThreadKey, UserMessage
from bot.demo.residents import CLARA, DESIGN
from bot.demo.workspace import ALICE, BOB, BOB_DM, GENERAL, RANDOM, TEAM_ID
from bot.lease import Lease, boot_seconds
from bot.ledger import OFFERED, Entry, Outcome
from bot.slack.anchors import ANCHOR_EVENT
from bot.slack.commands import Ask, write_ask
from bot.slack.events import Said, to_json
from bot.slack.links import find_links
from bot.store.database import Database
from bot.store.history import SqlHistory
from bot.store.tables import turns
from tests.desk_bench import DeskBench, desk_bench, seen

PLAN = ("plan.txt", b"We launch in May.", "text/plain")


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[DeskBench]:
    async with desk_bench(database) as bench:
        yield bench


async def about(desk: DeskBench, ts: str, question: str, place: str = "privately") -> None:
    """Ask Bob's question about a message in #general with the dialog."""
    await desk.slack.shortcut(BOB, GENERAL, ts, "ask_about")
    values = {"question": {"question": question}, "place": {"place": place}}
    await desk.slack.submit(BOB, values)
    assert await desk.run() == 1


async def test_a_question_gets_an_anchor_and_a_turn_in_our_direct_messages(
    desk: DeskBench,
) -> None:
    await desk.command(BOB, GENERAL, "ask who is @alice & why?")

    assert await desk.run() == 1

    [anchor] = desk.ours(BOB_DM)
    assert seen(anchor) == "You asked:\n> who is @Alice & why?"
    assert await desk.questions() == [
        Said(
            thread=ThreadKey(TEAM_ID, BOB_DM, anchor.ts),
            ts=anchor.ts,
            author=BOB,
            author_team=TEAM_ID,
            text=f"who is <@{ALICE}|alice> &amp; why?",
            call="asked",
        )
    ]


async def test_an_anchor_calls_nobody(desk: DeskBench) -> None:
    await desk.command(BOB, GENERAL, "ask tell <!channel> and <@U0ALICE001> @here why?")

    await desk.run()

    [call] = desk.slack.calls_of("chat.postMessage")
    assert "<!channel" not in str(call.arguments)
    assert "<@U" not in str(call.arguments)
    assert " @here" not in str(call.arguments)
    assert (call.arguments["unfurl_links"], call.arguments["unfurl_media"]) == (False, False)


async def test_it_is_said_in_the_persons_language(desk: DeskBench) -> None:
    await desk.command(CLARA, GENERAL, "frag warum ist das so?")

    assert await desk.run() == 1

    [said] = await desk.questions()
    assert said.text == "warum ist das so?"


async def test_a_lost_answer_of_slacks_leaves_one_anchor(desk: DeskBench) -> None:
    await desk.command(BOB, GENERAL, "ask why?")
    desk.slack.faults.cut("chat.postMessage")

    [turn] = await desk.claim()
    await desk.do(turn)
    assert len(desk.ours(BOB_DM)) == 1
    assert await desk.questions() == []
    async with desk.database.write() as tx:
        await tx.execute(update(turns).values(available_at=0))
    assert await desk.run() == 1

    [anchor] = desk.ours(BOB_DM)
    assert [said.ts for said in await desk.questions()] == [anchor.ts]


async def test_after_a_crash_the_first_anchor_stays(desk: DeskBench) -> None:
    await desk.command(BOB, GENERAL, "ask why?")
    [turn] = await desk.claim()
    again = replace(turn, attempt=2)

    await desk.do(turn)
    [first] = desk.ours(BOB_DM)
    await desk.command(BOB, GENERAL, "ask why not?")
    [another] = await desk.claim()
    await desk.do(another)
    with pytest.raises(Exception, match="attempt 2 is not the last one"):
        await desk.do(again)

    stand = [message.ts for message in desk.ours(BOB_DM)]
    assert (stand[0], len(stand)) == (first.ts, 2)
    assert len(await desk.questions()) == 2


async def test_slacks_weather_is_waited_for(desk: DeskBench) -> None:
    await desk.command(BOB, GENERAL, "ask why?")
    desk.slack.faults.rate_limit("chat.postMessage", retry_after=100)

    assert await desk.run() == 1

    assert await desk.questions() == []
    assert await desk.ledger.next_in() is not None


async def test_who_waited_for_too_long_is_let_go(desk: DeskBench) -> None:
    await desk.command(BOB, GENERAL, "ask why?")
    desk.slack.faults.rate_limit("chat.postMessage", retry_after=100)

    [turn] = await desk.claim()
    await desk.do(replace(turn, age=4_000.0))

    ended = await desk.ledger.find(TEAM_ID, turn.id)
    assert ended is not None
    assert ended.outcome == "refused"


async def test_a_question_for_what_was_missed_is_one_for_a_catch_up(desk: DeskBench) -> None:
    await desk.command(BOB, GENERAL, "what did I miss since yesterday?")

    await desk.run()

    [said] = await desk.questions()
    assert said.catch_up is not None
    assert (said.catch_up.channel, said.catch_up.thread_ts) == (GENERAL, "")
    assert said.catch_up.since > 0


async def test_a_channel_is_summed_up_since_a_time(desk: DeskBench) -> None:
    await desk.command(BOB, GENERAL, "summarize #random since 2026-01-31 about the launch")

    await desk.run()

    [anchor] = desk.ours(BOB_DM)
    assert seen(anchor).startswith(f"Summary of <#{RANDOM}> since 31/01/2026")
    assert seen(anchor).endswith("> about the launch")
    [said] = await desk.questions()
    assert said.text == "about the launch"
    assert said.catch_up == CatchUp(RANDOM, since=1_769_817_600.0)


async def test_a_time_to_come_is_told_where_it_was_asked(desk: DeskBench) -> None:
    await desk.command(BOB, GENERAL, "summarize #random since tomorrow")

    await desk.run()

    told = desk.slack.ephemerals(GENERAL, BOB)[-1]
    assert told.text.startswith("That time hasn't come yet.")
    assert desk.ours(BOB_DM) == []


async def test_a_thread_is_summed_up_in_our_direct_messages(desk: DeskBench) -> None:
    root = await desk.slack.post(ALICE, GENERAL, "The plan")
    reply = await desk.slack.post(ALICE, GENERAL, "More of it", root)

    await desk.slack.shortcut(BOB, GENERAL, reply, "summarize_thread")
    await desk.run()

    [anchor] = desk.ours(BOB_DM)
    assert anchor.metadata is not None
    assert anchor.metadata["event_type"] == ANCHOR_EVENT
    assert seen(anchor).startswith("Summary of <")
    assert seen(anchor).endswith(f"|the thread> in <#{GENERAL}>")
    [said] = await desk.questions()
    assert (said.text, said.catch_up) == ("", CatchUp(GENERAL, root))
    assert desk.ours(GENERAL) == []


async def test_a_thread_of_our_direct_messages_is_summed_up(desk: DeskBench) -> None:
    root = await desk.slack.post(BOB, BOB_DM, "Hello")

    await desk.slack.shortcut(BOB, BOB_DM, root, "summarize_thread")
    await desk.run()

    [anchor] = desk.ours(BOB_DM)
    assert seen(anchor).startswith("Summary of <")
    assert seen(anchor).endswith("|the thread>")


async def test_a_private_question_links_the_message_it_is_about(desk: DeskBench) -> None:
    root = await desk.slack.post(ALICE, GENERAL, "The plan")
    reply = await desk.slack.post(ALICE, GENERAL, "We launch on 5 May.", root)

    await about(desk, reply, "Is that <sure>?")

    [anchor] = desk.ours(BOB_DM)
    assert "|this message>:\n> Is that <sure>?" in seen(anchor)
    [said] = await desk.questions()
    question, _, link = said.text.partition("\n")
    assert question == "Is that &lt;sure&gt;?"
    [found] = find_links(link, {desk.slack.workspace.origin})
    assert (found.channel, found.ts, found.root_ts) == (GENERAL, reply, root)  # type: ignore[union-attr]  # a message's


async def test_a_message_that_we_cannot_see_is_linked_all_the_same(desk: DeskBench) -> None:
    ts = await desk.slack.post(ALICE, DESIGN, "The plan")

    await desk.slack.shortcut(BOB, DESIGN, ts, "ask_about")
    desk.slack.faults.refuse("chat.getPermalink", "channel_not_found")
    await desk.slack.submit(BOB, {"question": {"question": "Sure?"}})
    await desk.run()

    [said] = await desk.questions()
    [found] = find_links(said.text)
    assert found.ts == ts  # type: ignore[union-attr]  # a message's


async def test_a_question_in_the_thread_names_who_asked(desk: DeskBench) -> None:
    root = await desk.slack.post(ALICE, GENERAL, "We launch on 5 May.")

    await about(desk, root, "Is that sure?", "in_thread")

    [anchor] = desk.ours(GENERAL, root)
    assert seen(anchor).startswith("*Bob* asked about <")
    assert seen(anchor).endswith("> Is that sure?")
    assert await desk.questions() == [
        Said(
            thread=ThreadKey(TEAM_ID, GENERAL, root),
            ts=anchor.ts,
            author=BOB,
            author_team=TEAM_ID,
            text=f"Is that sure?\n\n<@{ALICE}>: We launch on 5 May.",
            call="asked",
            forwarded=f"<@{ALICE}>: We launch on 5 May.",
        )
    ]


async def test_a_crash_leaves_one_anchor_in_the_thread(desk: DeskBench) -> None:
    root = await desk.slack.post(ALICE, GENERAL, "We launch on 5 May.")
    await desk.slack.shortcut(BOB, GENERAL, root, "ask_about")
    values = {"question": {"question": "Sure?"}, "place": {"place": "in_thread"}}
    await desk.slack.submit(BOB, values)
    [turn] = await desk.claim()
    await desk.do(turn)

    with pytest.raises(Exception, match="attempt 2 is not the last one"):
        await desk.do(replace(turn, attempt=2))

    assert len(desk.ours(GENERAL, root)) == 1
    assert len(await desk.questions()) == 1


async def test_where_we_are_not_the_answer_comes_privately(desk: DeskBench) -> None:
    ts = await desk.slack.post(ALICE, DESIGN, "The plan")

    await desk.slack.shortcut(BOB, DESIGN, ts, "ask_about")
    values = {"question": {"question": "Sure?"}, "place": {"place": "in_thread"}}
    await desk.slack.submit(BOB, values)
    await desk.run()

    [anchor] = desk.ours(BOB_DM)
    assert "I can't write in that thread, so I answer here." in seen(anchor)
    [said] = await desk.questions()
    assert said.thread.channel == BOB_DM


async def share(desk: DeskBench, channel: str = GENERAL) -> Said:
    ts = await desk.slack.post(ALICE, channel, "the plan", files=[PLAN])
    return Said(ThreadKey(TEAM_ID, channel, ts), ts, ALICE, TEAM_ID, "the plan", "share")


async def end(desk: DeskBench, said: Said, outcome: Outcome, reason: str = "") -> None:
    """Have the message's own turn end so."""
    entry = Entry(said.key, "message", said.thread, said.ts, said.thread.lane, to_json(said))
    await desk.ledger.accept(entry)
    [turn] = await desk.ledger.claim(9, team_limit=9)
    await desk.ledger.close(turn, outcome, reason)


async def test_the_files_of_a_message_are_summarized_as_its_own_turn(desk: DeskBench) -> None:
    said = await share(desk)

    await desk.slack.shortcut(BOB, GENERAL, said.ts, "summarize_files")
    await desk.run()

    [summary] = await desk.questions()
    assert [file.name for file in summary.files] == ["plan.txt"]
    assert replace(summary, files=()) == replace(said, call="summary")
    assert desk.ours(GENERAL, said.ts) == []


@pytest.mark.parametrize(
    ("outcome", "reason"), [("silent", "channel_files_off"), ("answered", OFFERED), ("failed", "")]
)
async def test_files_that_were_let_be_are_summarized_after_all(
    desk: DeskBench, outcome: Outcome, reason: str
) -> None:
    said = await share(desk)
    await end(desk, said, outcome, reason)

    await desk.slack.shortcut(BOB, GENERAL, said.ts, "summarize_files")
    await desk.run()

    [summary] = await desk.questions()
    assert (summary.call, summary.ts) == ("summary", said.ts)


async def test_files_that_are_about_to_be_let_be_are_summarized(desk: DeskBench) -> None:
    said = await share(desk)
    entry = Entry(said.key, "message", said.thread, said.ts, said.thread.lane, to_json(said))
    await desk.ledger.accept(entry)

    await desk.slack.shortcut(BOB, GENERAL, said.ts, "summarize_files")
    await desk.run()

    assert [one.call for one in await desk.questions()] == ["summary"]


async def test_who_asked_about_their_files_gets_that_answer(desk: DeskBench) -> None:
    said = replace(await share(desk), call="mention", text="Is it in May?")
    await end(desk, said, "failed")

    await desk.slack.shortcut(BOB, GENERAL, said.ts, "summarize_files")
    await desk.run()

    assert await desk.questions() == [said]


async def test_files_are_not_summarized_twice(desk: DeskBench) -> None:
    said = await share(desk)
    await end(desk, said, "answered")

    await desk.slack.shortcut(BOB, GENERAL, said.ts, "summarize_files")
    await desk.run()

    assert await desk.questions() == []
    [told] = desk.slack.ephemerals(GENERAL, BOB)
    assert told.text == "I have answered that message already: look into its thread."


async def test_a_message_without_files_says_so(desk: DeskBench) -> None:
    ts = await desk.slack.post(ALICE, GENERAL, "no plan")

    await desk.slack.shortcut(BOB, GENERAL, ts, "summarize_files")
    await desk.run()

    [told] = desk.slack.ephemerals(GENERAL, BOB)
    assert told.text == "There are no files in that message."


async def test_files_where_we_are_not_are_answered_with_what_to_do(desk: DeskBench) -> None:
    said = await share(desk, DESIGN)

    await desk.slack.shortcut(BOB, DESIGN, said.ts, "summarize_files")
    await desk.run()

    [told] = desk.ours(BOB_DM)
    assert "Please invite me to its channel with /invite" in told.text
    assert await desk.questions() == []


async def test_what_keeps_breaking_is_apologized_for(desk: DeskBench) -> None:
    await desk.command(BOB, GENERAL, "ask why?")
    [turn] = await desk.claim()

    await desk.asks.abandon(turn, Lease(15.0, boot_seconds()))

    told = desk.slack.ephemerals(GENERAL, BOB)[-1]
    assert told.text == "Something went wrong on my side. Please try again."
    ended = await desk.ledger.find(TEAM_ID, turn.id)
    assert ended is not None
    assert ended.outcome == "dead"


async def test_who_cannot_be_written_to_directly_is_not_asked_for_ever(desk: DeskBench) -> None:
    await desk.command(BOB, GENERAL, "ask why?")
    desk.slack.faults.refuse("chat.postMessage", "messages_tab_disabled", times=None)

    assert await desk.run() == 1

    assert await desk.run() == 0
    told = desk.slack.ephemerals(GENERAL, BOB)[-1]
    assert told.text.startswith("Slack doesn't let me write to you directly.")
    assert await desk.questions() == []


async def test_what_was_forgotten_is_said_though_slack_was_away(desk: DeskBench) -> None:
    thread = ThreadKey(TEAM_ID, BOB_DM, "1.0")
    secret = UserMessage("1.0", BOB, "Bob", "The launch is in May.")
    await SqlHistory(desk.database).record(thread, [secret])
    ask = Ask("forget", TEAM_ID, BOB, TEAM_ID, BOB_DM, BOB_DM)
    entry = Entry("forget:1", "ask", thread, "1.0", "ask:1", write_ask(ask))
    await desk.ledger.accept(entry)
    desk.slack.faults.break_down("chat.postEphemeral")

    assert await desk.run() == 1
    assert await SqlHistory(desk.database).load(thread, before="9", limit=9) == []
    async with desk.database.write() as tx:
        await tx.execute(update(turns).values(available_at=0))
    assert await desk.run() == 1

    [told] = desk.slack.ephemerals(BOB_DM, BOB)
    assert told.text == ":white_check_mark: Forgotten."
