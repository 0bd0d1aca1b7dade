"""A conversation is read whole for those who may see it, against Slack's stand-in."""

from collections.abc import Sequence

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.catch_up import CatchUp
from bot.conversation.transcript import Transcript
from bot.demo.methods.chat import permalink
from bot.demo.residents import DESIGN, GUEST, LEADS
from bot.demo.server import StandIn
from bot.demo.workspace import (
    ALICE,
    ALICE_DM,
    BOB,
    BOT_ID,
    BOT_USER_ID,
    GENERAL,
    RANDOM,
    TEAM_ID,
    Message,
)
from bot.language import ENGLISH, LANGUAGES, Told, find_language
from bot.slack.anchors import ANCHOR_EVENT
from bot.slack.calls import SlackCalls, metadata
from bot.slack.capabilities import Capabilities
from bot.slack.directory import Directory
from bot.slack.events import BotIdentity
from bot.slack.render import ANSWER_EVENT, TRACE_EVENT
from bot.slack.transcripts import read_transcript
from bot.slack.viewer import Viewer
from bot.slack.workspaces import Workspace
from tests.slack.clock import ManualClock

PLAN = ("plan.txt", b"We launch in May.", "text/plain")


@pytest.fixture
def workspace(client: AsyncWebClient, calls: SlackCalls) -> Workspace:
    bot = BotIdentity(TEAM_ID, BOT_USER_ID, BOT_ID)
    return Workspace(bot, client, calls, Directory(calls, bot.user_id), Capabilities())


async def read(
    workspace: Workspace, catch_up: CatchUp, *, person: str = ALICE, time_zone: str = ""
) -> Transcript | Told:
    viewer = Viewer(workspace, person, ALICE_DM)
    return await read_transcript(workspace, viewer, catch_up, time_zone=time_zone)


async def transcribe(workspace: Workspace, catch_up: CatchUp) -> Transcript:
    transcript = await read(workspace, catch_up)
    assert isinstance(transcript, Transcript)
    return transcript


async def told(workspace: Workspace, catch_up: CatchUp, *, person: str = ALICE) -> str:
    found = await read(workspace, catch_up, person=person)
    assert isinstance(found, Told)
    assert all(find_language(tag).put(found) for tag in LANGUAGES)
    return ENGLISH.put(found)


def lines(transcript: Transcript) -> list[str]:
    return [
        f"{'  ' if one.is_reply else ''}{one.author}: {one.text}" for one in transcript.utterances
    ]


def remarks(transcript: Transcript) -> list[str]:
    return [ENGLISH.put(one) for one in transcript.remarks]


async def answer(slack: StandIn, event_type: str, text: str, thread_ts: str) -> str:
    """Post a message of ours in #general, as what its metadata says."""
    ts = slack.workspace.next_ts(GENERAL)
    about = metadata("turn-1", 1, event_type)
    ours = Message(
        GENERAL, ts, BOT_USER_ID, text, thread_ts=thread_ts, bot_id=BOT_ID, metadata=about
    )
    slack.workspace.post(ours)
    return ts


async def test_a_channel_is_read_with_its_threads_by_name(
    slack: StandIn, workspace: Workspace
) -> None:
    first = await slack.post(ALICE, GENERAL, f"When do we launch, <@{BOB}>?")
    await slack.post(BOB, GENERAL, "In May.", first)
    await slack.post(BOB, GENERAL, "See the plan", files=[PLAN])

    transcript = await transcribe(workspace, CatchUp(GENERAL))

    assert transcript.name == "#general"
    assert lines(transcript) == [
        "Alice: When do we launch, @Bob?",
        "  Bob: In May.",
        "Bob: See the plan\n(shared “plan.txt”)",
    ]
    assert transcript.remarks == ()


async def test_each_message_has_the_link_that_slack_gives(
    slack: StandIn, workspace: Workspace
) -> None:
    root = await slack.post(ALICE, GENERAL, "When?")
    reply = await slack.post(BOB, GENERAL, "In May.", root)

    transcript = await transcribe(workspace, CatchUp(GENERAL))

    channel = slack.workspace.channels[GENERAL]
    assert [one.permalink for one in transcript.utterances] == [
        permalink(slack.workspace, channel, slack.workspace.messages[(GENERAL, ts)])
        for ts in (root, reply)
    ]
    assert len(slack.calls_of("chat.getPermalink")) == 1


async def test_without_slacks_help_links_lead_there_all_the_same(
    slack: StandIn, workspace: Workspace
) -> None:
    ts = await slack.post(ALICE, GENERAL, "When?")
    slack.faults.refuse("chat.getPermalink", "fatal")

    [message] = (await transcribe(workspace, CatchUp(GENERAL))).utterances

    assert message.permalink == f"https://slack.com/archives/{GENERAL}/p{ts.replace('.', '')}"


async def test_only_the_time_that_was_missed_is_read(
    slack: StandIn, workspace: Workspace, clock: ManualClock
) -> None:
    old = await slack.post(ALICE, GENERAL, "An old thread")
    await slack.post(BOB, GENERAL, "Its old reply", old)
    await slack.post(ALICE, GENERAL, "An old message")
    clock.skip(1_000)
    since = slack.workspace.clock() - 500
    await slack.post(ALICE, GENERAL, "A new message")
    await slack.post(BOB, GENERAL, "A new reply", old)

    transcript = await transcribe(workspace, CatchUp(GENERAL, since=since))

    # The root of a thread that went on tells what it is about.
    assert lines(transcript) == [
        "Alice: An old thread",
        "  Bob: A new reply",
        "Alice: A new message",
    ]
    assert transcript.since == since


async def test_what_came_after_is_left_out(
    slack: StandIn, workspace: Workspace, clock: ManualClock
) -> None:
    root = await slack.post(ALICE, GENERAL, "Before")
    until = slack.workspace.clock() + 500
    clock.skip(1_000)
    await slack.post(ALICE, GENERAL, "After")
    await slack.post(ALICE, GENERAL, "After, too", root)

    transcript = await transcribe(workspace, CatchUp(GENERAL, until=until))

    assert lines(transcript) == ["Alice: Before"]


async def test_our_answers_count_and_our_traces_do_not(
    slack: StandIn, workspace: Workspace
) -> None:
    root = await slack.post(ALICE, GENERAL, "When?")
    await answer(slack, ANCHOR_EVENT, "Bob asked: when?", root)
    await answer(slack, ANSWER_EVENT, "In May.", root)
    await answer(slack, TRACE_EVENT, "I think it is May.", root)

    transcript = await transcribe(workspace, CatchUp(GENERAL))

    assert lines(transcript) == ["Alice: When?", "  Aloud: In May."]


async def test_who_came_and_went_is_left_out(slack: StandIn, workspace: Workspace) -> None:
    ts = slack.workspace.next_ts(GENERAL)
    slack.workspace.post(Message(GENERAL, ts, BOB, "has joined", subtype="channel_join"))
    await slack.post(ALICE, GENERAL, "Hello")

    assert lines(await transcribe(workspace, CatchUp(GENERAL))) == ["Alice: Hello"]


async def test_a_reply_that_the_channel_saw_too_is_read_once(
    slack: StandIn, workspace: Workspace
) -> None:
    root = await slack.post(ALICE, GENERAL, "When?")
    await slack.post(BOB, GENERAL, "In May.", root, broadcast=True)

    assert lines(await transcribe(workspace, CatchUp(GENERAL))) == [
        "Alice: When?",
        "  Bob: In May.",
    ]


async def test_a_thread_is_read_whole(slack: StandIn, workspace: Workspace) -> None:
    root = await slack.post(ALICE, GENERAL, "When?")
    for number in range(250):
        await slack.post(BOB, GENERAL, f"Reply {number}", root)
    await slack.post(ALICE, GENERAL, "Something else")

    transcript = await transcribe(workspace, CatchUp(GENERAL, root))

    assert len(transcript.utterances) == 251
    assert lines(transcript)[-1] == "  Bob: Reply 249"
    assert remarks(transcript) == []


async def test_the_newest_thousand_messages_are_read(slack: StandIn, workspace: Workspace) -> None:
    for number in range(1_001):
        await slack.post(ALICE, GENERAL, f"Message {number}")

    transcript = await transcribe(workspace, CatchUp(GENERAL))

    assert lines(transcript)[0] == "Alice: Message 1"
    assert len(transcript.utterances) == 1_000
    assert remarks(transcript) == ["Slack let me read only the newest 1,000 messages."]


async def test_the_busiest_threads_are_read(slack: StandIn, workspace: Workspace) -> None:
    for number in range(22):
        root = await slack.post(ALICE, GENERAL, f"Thread {number}")
        for _ in range(1 if number < 2 else 2):
            await slack.post(BOB, GENERAL, "Reply", root)

    transcript = await transcribe(workspace, CatchUp(GENERAL))

    assert len(transcript.utterances) == 22 + 2 * 20
    assert not transcript.utterances[1].is_reply
    assert remarks(transcript) == ["Of the threads, I read the 20 busiest."]


@pytest.mark.parametrize(
    ("channel", "person"),
    [(LEADS, BOB), (DESIGN, ALICE), (RANDOM, GUEST), ("C0NOWHERE1", ALICE)],
)
async def test_nobody_reads_more_through_us_than_in_slack(
    slack: StandIn, workspace: Workspace, channel: str, person: str
) -> None:
    """A private channel without the person; one without us; a guest; one that there isn't."""
    if channel in slack.workspace.channels:
        await slack.post(ALICE, channel, "A secret")

    sentence = await told(workspace, CatchUp(channel), person=person)

    assert sentence.startswith("I can't read that conversation for you.")
    assert "invite me" in sentence


async def test_who_is_in_a_private_channel_may_have_it_read(
    slack: StandIn, workspace: Workspace
) -> None:
    await slack.post(ALICE, LEADS, "A secret")

    assert lines(await transcribe(workspace, CatchUp(LEADS))) == ["Alice: A secret"]


async def test_a_thread_of_our_direct_messages_can_be_read(
    slack: StandIn, workspace: Workspace
) -> None:
    root = await slack.post(ALICE, ALICE_DM, "Hello")

    transcript = await transcribe(workspace, CatchUp(ALICE_DM, root))

    assert (transcript.name, lines(transcript)) == ("", ["Alice: Hello"])


async def test_a_thread_that_is_gone_cannot_be_read(slack: StandIn, workspace: Workspace) -> None:
    assert "I can't read that conversation" in await told(workspace, CatchUp(GENERAL, "1.000001"))


async def test_slack_out_of_reach_is_told(slack: StandIn, workspace: Workspace) -> None:
    await slack.post(ALICE, GENERAL, "Hello")
    slack.faults.rate_limit("conversations.history", retry_after=60)

    assert await told(workspace, CatchUp(GENERAL)) == (
        "Slack doesn't let me read the messages just now. Please ask again in a minute."
    )


async def test_what_slack_lets_us_read_is_better_than_nothing(
    slack: StandIn, workspace: Workspace
) -> None:
    """As apps outside of the marketplace have it: 15 messages, then nothing for a minute."""
    for number in range(20):
        await slack.post(ALICE, GENERAL, f"Message {number}")
    slack.faults.page_limit = 15
    limit_after(slack, ["conversations.history"])

    transcript = await transcribe(workspace, CatchUp(GENERAL))

    assert lines(transcript)[0] == "Alice: Message 5"
    assert remarks(transcript) == ["Slack let me read only the newest 15 messages."]


async def test_threads_that_slack_withholds_are_told(slack: StandIn, workspace: Workspace) -> None:
    for _ in range(3):
        root = await slack.post(ALICE, GENERAL, "When?")
        await slack.post(BOB, GENERAL, "In May.", root)
    limit_after(slack, ["conversations.replies"])

    transcript = await transcribe(workspace, CatchUp(GENERAL))

    assert sum(one.is_reply for one in transcript.utterances) == 1
    assert len(transcript.utterances) == 4
    assert remarks(transcript) == ["Slack didn't let me read all of the threads."]


def limit_after(slack: StandIn, methods: Sequence[str]) -> None:
    """Let one call of each method pass, and none after it for a minute."""
    for method in methods:
        slack.faults.delay(method, 0.0)
        slack.faults.rate_limit(method, retry_after=60, times=None)


async def test_times_are_those_of_the_person(slack: StandIn, workspace: Workspace) -> None:
    await slack.post(ALICE, GENERAL, "Hello")

    transcript = await read(workspace, CatchUp(GENERAL), time_zone="Asia/Tokyo")

    assert isinstance(transcript, Transcript)
    assert str(transcript.zone) == "Asia/Tokyo"


async def test_where_nothing_was_said_there_is_nothing_to_sum_up(
    slack: StandIn, workspace: Workspace
) -> None:
    assert await told(workspace, CatchUp(GENERAL, since=1.0)) == "There are no messages to read."


async def test_what_is_private_is_not_told_to_others(workspace: Workspace) -> None:
    viewer = Viewer(workspace, ALICE, GENERAL)
    found = await read_transcript(workspace, viewer, CatchUp(LEADS, since=1.0))
    assert isinstance(found, Told)
    assert ENGLISH.put(found).startswith("That conversation is private")
    assert all(find_language(tag).put(found) for tag in LANGUAGES)
    public = await read_transcript(workspace, viewer, CatchUp(RANDOM, since=1.0))
    assert ENGLISH.put(public) == "There are no messages to read."  # type: ignore[arg-type]  # told
