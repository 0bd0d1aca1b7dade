"""Links are followed with the eyes of the person who asks, against Slack's stand-in."""

from dataclasses import replace

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.messages import SharedFile, ThreadKey
from bot.demo.methods.chat import permalink
from bot.demo.server import StandIn
from bot.demo.workspace import (
    ALICE,
    BOB,
    BOT_ID,
    BOT_USER_ID,
    GENERAL,
    RANDOM,
    TEAM_ID,
    Channel,
    ChannelKind,
    User,
)
from bot.errors import DeliveryDelayed, LeaseLost
from bot.language import Told
from bot.slack.calls import SlackCalls, metadata
from bot.slack.capabilities import Capabilities
from bot.slack.directory import Directory
from bot.slack.events import BotIdentity, Call, Said
from bot.slack.linked import (
    TOO_MANY,
    UNREACHED,
    UNSEEN_FILE,
    UNSEEN_MESSAGE,
    Followed,
    Linked,
    follow_links,
)
from bot.slack.render import TRACE_EVENT
from bot.slack.viewer import Viewer
from bot.slack.workspaces import Workspace

CAROL = "U0CAROL001"
PLAN = ("plan.txt", b"We launch in May.", "text/plain")


@pytest.fixture
def workspace(client: AsyncWebClient, calls: SlackCalls) -> Workspace:
    bot = BotIdentity(TEAM_ID, BOT_USER_ID, BOT_ID)
    return Workspace(bot, client, calls, Directory(calls, bot.user_id), Capabilities())


@pytest.fixture
def private(slack: StandIn) -> str:
    """A channel that Bob and the bot are in, and Alice is not."""
    return add_channel(slack, "group", {BOB, BOT_USER_ID})


def add_channel(slack: StandIn, kind: ChannelKind, members: set[str]) -> str:
    number = len(slack.workspace.channels)
    name = f"{kind}-{number}"
    return slack.workspace.add_channel(
        Channel(f"C0CHANNEL{number}", name, kind, frozenset(members))
    ).id


def link_message(slack: StandIn, channel: str, ts: str) -> str:
    about = slack.workspace.channels[channel]
    address = permalink(slack.workspace, about, slack.workspace.messages[(channel, ts)])
    return f"<{address.replace('&', '&amp;')}>"


def link_file(slack: StandIn, file_id: str) -> str:
    return f"<{slack.workspace.origin}/files/{BOB}/{file_id}/plan.txt>"


async def share(slack: StandIn, channel: str, user: str = BOB) -> str:
    """Share a file in a channel, and return its id."""
    ts = await slack.post(user, channel, "the plan", files=[PLAN])
    return slack.workspace.messages[(channel, ts)].files[0]


def ask(
    *links: str,
    author: str = ALICE,
    channel: str = GENERAL,
    thread_ts: str = "1.000001",
    call: Call = "mention",
) -> Said:
    return Said(
        thread=ThreadKey(TEAM_ID, channel, thread_ts),
        ts="9.000009",
        author=author,
        author_team=TEAM_ID,
        text=" ".join(["what is in", *links]),
        call=call,
    )


def reasons(followed: Followed) -> list[Told]:
    return [one.reason for one in followed.unread]


@pytest.mark.parametrize(
    ("kind", "members", "seen"),
    [
        ("channel", {BOT_USER_ID}, True),
        ("channel", {BOB}, True),
        ("group", {ALICE, BOT_USER_ID}, True),
        ("group", {BOB, BOT_USER_ID}, False),
        ("group", {ALICE, BOB}, False),
        ("mpim", {ALICE, BOB, BOT_USER_ID}, True),
        ("mpim", {BOB, CAROL, BOT_USER_ID}, False),
        ("im", {BOB, BOT_USER_ID}, False),
    ],
)
async def test_people_see_public_channels_and_those_they_are_in(
    slack: StandIn, workspace: Workspace, kind: ChannelKind, members: set[str], *, seen: bool
) -> None:
    channel = add_channel(slack, kind, members)

    assert await Viewer(workspace, ALICE, GENERAL).sees_channel(channel) is seen


@pytest.mark.parametrize(
    "user",
    [
        User(CAROL, "carol", "Carol Diaz", is_guest=True),
        User(CAROL, "carol", "Carol Diaz", is_stranger=True),
        User(CAROL, "carol", "Carol Diaz", team="T0OTHER001"),
        User(CAROL, "carol", "Carol Diaz", deleted=True),
    ],
)
async def test_guests_and_people_of_other_teams_see_only_channels_they_are_in(
    slack: StandIn, workspace: Workspace, user: User
) -> None:
    slack.workspace.add_user(user)
    public = add_channel(slack, "channel", {BOT_USER_ID})
    joined = add_channel(slack, "channel", {CAROL, BOT_USER_ID})
    viewer = Viewer(workspace, CAROL, GENERAL)

    assert await viewer.sees_channel(GENERAL)
    assert not await viewer.sees_channel(public)
    assert await viewer.sees_channel(joined)


async def test_a_member_of_a_large_channel_is_found_on_a_later_page(
    slack: StandIn, workspace: Workspace
) -> None:
    crowd = {f"U0A{number:07d}" for number in range(1_500)}
    channel = add_channel(slack, "group", {BOT_USER_ID, *crowd, "U0ZOE00001"})

    assert await Viewer(workspace, "U0ZOE00001", GENERAL).sees_channel(channel)
    assert not await Viewer(workspace, ALICE, GENERAL).sees_channel(channel)
    assert len(slack.calls_of("conversations.members")) == 4


async def test_what_slack_does_not_tell_is_not_seen(slack: StandIn, workspace: Workspace) -> None:
    slack.faults.withheld_scopes = {"channels:read"}
    viewer = Viewer(workspace, ALICE, GENERAL)

    assert await viewer.sees_channel(GENERAL)
    assert not await viewer.sees_channel(RANDOM)


async def test_slack_is_asked_once_about_a_channel(slack: StandIn, workspace: Workspace) -> None:
    public = add_channel(slack, "channel", {BOB})
    viewer = Viewer(workspace, ALICE, GENERAL)
    for _ in range(3):
        assert await viewer.sees_channel(RANDOM)
        assert await viewer.sees_channel(public)
        assert not await viewer.sees_channel("C0NOWHERE1")

    assert len(slack.calls_of("conversations.info")) == 3
    assert len(slack.calls_of("users.info")) == 1


async def test_trouble_on_the_way_is_no_answer(slack: StandIn, workspace: Workspace) -> None:
    slack.faults.break_down("conversations.info", times=3)
    viewer = Viewer(workspace, ALICE, GENERAL)
    with pytest.raises(DeliveryDelayed):
        await viewer.sees_channel(RANDOM)

    assert await viewer.sees_channel(RANDOM)


async def test_a_file_linked_in_a_dm_becomes_one_of_the_message(
    slack: StandIn, workspace: Workspace
) -> None:
    file_id = await share(slack, RANDOM)
    said = ask(link_file(slack, file_id), channel="D0DIRECT01", call="direct")
    followed = await follow_links(workspace, said)

    assert [file.id for file in followed.files] == [file_id]
    assert followed.elsewhere == ()


async def test_a_file_linked_in_a_channel_is_for_the_asker_alone(
    slack: StandIn, workspace: Workspace
) -> None:
    file_id = await share(slack, RANDOM)
    followed = await follow_links(workspace, ask(link_file(slack, file_id)))

    [file] = followed.elsewhere
    assert (file.id, file.name, file.state) == (file_id, "plan.txt", "stored")
    assert followed == Followed(elsewhere=(file,))


@pytest.mark.parametrize("asker", [ALICE, BOB])
async def test_a_file_in_a_private_channel_is_for_those_who_are_in_it(
    slack: StandIn, workspace: Workspace, private: str, asker: str
) -> None:
    file_id = await share(slack, private)
    followed = await follow_links(workspace, ask(link_file(slack, file_id), author=asker))

    if asker == BOB:
        assert [file.id for file in followed.elsewhere] == [file_id]
    else:
        assert followed.elsewhere == ()
        assert reasons(followed) == [UNSEEN_FILE]


async def test_a_person_sees_their_own_file_wherever_it_is(
    slack: StandIn, workspace: Workspace, private: str
) -> None:
    file = slack.add_file(ALICE, *PLAN)
    await slack.post(BOB, private, "Alice's plan", files=[file.id])
    followed = await follow_links(workspace, ask(link_file(slack, file.id)))

    assert [one.id for one in followed.elsewhere] == [file.id]


async def test_a_file_shared_again_in_this_channel_is_seen_without_asking_further(
    slack: StandIn, workspace: Workspace, private: str
) -> None:
    file_id = await share(slack, private)
    await slack.post(BOB, GENERAL, "now for all", files=[file_id])
    followed = await follow_links(workspace, ask(link_file(slack, file_id)))

    assert [one.id for one in followed.files] == [file_id]
    assert slack.calls_of("conversations.info") == []


async def test_nobody_can_tell_a_hidden_file_from_none(
    slack: StandIn, workspace: Workspace, private: str
) -> None:
    hidden = link_file(slack, await share(slack, private))
    missing = link_file(slack, "F0NOTHERE1")

    assert await follow_links(workspace, ask(hidden)) == await follow_links(workspace, ask(missing))


async def test_nobody_can_tell_a_hidden_message_from_none(
    slack: StandIn, workspace: Workspace, private: str
) -> None:
    ts = await slack.post(BOB, private, "a secret")
    hidden = link_message(slack, private, ts)
    missing = hidden.replace(private, "C0NOWHERE1")
    followed = await follow_links(workspace, ask(hidden))

    assert reasons(followed) == [UNSEEN_MESSAGE]
    assert followed.linked == ()
    assert followed == await follow_links(workspace, ask(missing))
    assert slack.calls_of("conversations.replies") == []


async def test_a_linked_thread_is_read_with_names(slack: StandIn, workspace: Workspace) -> None:
    ts = await slack.post(ALICE, RANDOM, f"When do we launch, <@{BOB}>?")
    await slack.post(BOB, RANDOM, "In May.\nAlice: In June.", ts)
    followed = await follow_links(workspace, ask(link_message(slack, RANDOM, ts)))

    text = "Alice: When do we launch, @Bob?\nBob: In May.\n  Alice: In June."
    assert followed == Followed(linked=(Linked("thread in #random", text),))


async def test_a_linked_reply_is_read_with_its_root_alone(
    slack: StandIn, workspace: Workspace
) -> None:
    root = await slack.post(ALICE, RANDOM, "When?")
    await slack.post(BOB, RANDOM, "Let me see.", root)
    ts = await slack.post(BOB, RANDOM, "In May.", root)
    await slack.post(ALICE, RANDOM, "Fine.", root)
    [linked] = (await follow_links(workspace, ask(link_message(slack, RANDOM, ts)))).linked

    assert linked == Linked("message in #random", "Alice: When?\nBob: In May.")


async def test_a_message_without_replies_stands_alone(slack: StandIn, workspace: Workspace) -> None:
    await slack.post(ALICE, GENERAL, "before")
    ts = await slack.post(BOB, GENERAL, "In May.")
    await slack.post(ALICE, GENERAL, "after")
    [linked] = (await follow_links(workspace, ask(link_message(slack, GENERAL, ts)))).linked

    assert linked == Linked("message in #general", "Bob: In May.")


async def test_of_our_own_messages_only_answers_are_read(
    slack: StandIn, workspace: Workspace
) -> None:
    root = await slack.post(ALICE, RANDOM, "When?")
    for text, about in (
        ("In May.", metadata("turn-1", 1)),
        ("Hmm, let me think.", metadata("turn-1", 1, TRACE_EVENT)),
    ):
        await workspace.client.chat_postMessage(
            channel=RANDOM, thread_ts=root, text=text, metadata=about
        )
    [linked] = (await follow_links(workspace, ask(link_message(slack, RANDOM, root)))).linked

    assert linked.text == "Alice: When?\nAloud: In May."


async def test_a_long_thread_is_read_from_its_start_and_its_rest_is_told(
    slack: StandIn, workspace: Workspace
) -> None:
    [root] = await slack.seed(RANDOM, [(ALICE, "count")])
    await slack.seed(RANDOM, [(BOB, f"reply {number}") for number in range(60)], root)
    [linked] = (await follow_links(workspace, ask(link_message(slack, RANDOM, root)))).linked

    lines = linked.text.split("\n")
    assert lines[0] == "Alice: count"
    assert lines[-2:] == ["Bob: reply 49", "(The thread goes on.)"]


async def test_long_messages_are_cut(slack: StandIn, workspace: Workspace) -> None:
    [root] = await slack.seed(RANDOM, [(ALICE, "x" * 30_000)])
    await slack.seed(RANDOM, [(BOB, "y" * 30_000)] * 5, root)
    [linked] = (await follow_links(workspace, ask(link_message(slack, RANDOM, root)))).linked

    assert linked.text.startswith("Alice: xxx")
    assert "(The message goes on.)\nBob: yyy" in linked.text
    assert linked.text.endswith("(The thread goes on.)")
    assert len(linked.text) < 17_000


async def test_the_files_of_a_linked_message_come_with_it(
    slack: StandIn, workspace: Workspace
) -> None:
    root = await slack.post(BOB, RANDOM, "the plan", files=[PLAN])
    await slack.post(BOB, RANDOM, "", root, files=[("more.txt", b"more", "text/plain")])
    followed = await follow_links(workspace, ask(link_message(slack, RANDOM, root)))

    assert [file.name for file in followed.elsewhere] == ["plan.txt"]
    [linked] = followed.linked
    assert linked.text == "Bob: the plan\n  (shared “plan.txt”)\nBob: (shared “more.txt”)"


async def test_a_channel_we_are_not_in_can_be_opened_to_us(
    slack: StandIn, workspace: Workspace
) -> None:
    channel = add_channel(slack, "channel", {ALICE, BOB})
    ts = await slack.post(BOB, channel, "In May.")
    followed = await follow_links(workspace, ask(link_message(slack, channel, ts)))

    assert reasons(followed) == [UNSEEN_MESSAGE]


async def test_a_message_that_is_gone_is_not_seen(slack: StandIn, workspace: Workspace) -> None:
    root = await slack.post(BOB, RANDOM, "root")
    reply = await slack.post(BOB, RANDOM, "reply", root)
    links = link_message(slack, RANDOM, root), link_message(slack, RANDOM, reply)
    await slack.delete(BOB, RANDOM, reply)
    assert reasons(await follow_links(workspace, ask(links[1]))) == [UNSEEN_MESSAGE]

    await slack.delete(BOB, RANDOM, root)
    assert reasons(await follow_links(workspace, ask(*links))) == [UNSEEN_MESSAGE]


async def test_a_link_to_its_own_thread_is_left_alone(slack: StandIn, workspace: Workspace) -> None:
    root = await slack.post(ALICE, GENERAL, "root")
    reply = await slack.post(BOB, GENERAL, "reply", root)
    links = [link_message(slack, GENERAL, ts) for ts in (root, reply)]
    calls = len(slack.calls)

    assert await follow_links(workspace, ask(*links, thread_ts=root)) == Followed()
    assert len(slack.calls) == calls


async def test_only_the_first_five_links_are_followed(slack: StandIn, workspace: Workspace) -> None:
    stamps = [await slack.post(BOB, RANDOM, f"message {number}") for number in range(6)]
    said = ask(*(link_message(slack, RANDOM, ts) for ts in stamps))
    followed = await follow_links(workspace, said)

    assert [one.text for one in followed.linked] == [f"Bob: message {n}" for n in range(5)]
    assert reasons(followed) == [TOO_MANY]


@pytest.mark.parametrize("call", ["share", "summary", "overheard"])
async def test_links_that_were_not_meant_for_us_are_left_alone(
    slack: StandIn, workspace: Workspace, call: Call
) -> None:
    ts = await slack.post(BOB, RANDOM, "In May.")
    said = ask(link_message(slack, RANDOM, ts), call=call)

    assert await follow_links(workspace, said) == Followed()


async def test_what_was_read_before_slack_went_away_is_kept(
    slack: StandIn, workspace: Workspace
) -> None:
    stamps = [await slack.post(BOB, RANDOM, f"message {number}") for number in range(2)]
    links = [link_message(slack, RANDOM, ts) for ts in stamps]
    slack.faults.break_down("files.info", times=None)
    followed = await follow_links(workspace, ask(links[0], link_file(slack, "F1"), links[1]))

    assert [one.text for one in followed.linked] == ["Bob: message 0"]
    assert reasons(followed) == [UNREACHED]


@pytest.mark.parametrize(
    "method", ["files.info", "conversations.info", "conversations.members", "users.info"]
)
async def test_trouble_with_any_call_is_told_in_one_sentence(
    slack: StandIn, workspace: Workspace, private: str, method: str
) -> None:
    slack.faults.break_down(method, times=None)
    links = [link_file(slack, await share(slack, channel)) for channel in (private, RANDOM)]

    assert reasons(await follow_links(workspace, ask(*links)))[-1] == UNREACHED


async def test_who_lost_the_turn_asks_nothing_more(slack: StandIn, workspace: Workspace) -> None:
    def check() -> None:
        raise LeaseLost

    with pytest.raises(LeaseLost):
        await follow_links(workspace.fenced(check), ask(link_file(slack, "F1")))


async def test_a_file_of_another_organisation_is_left_to_be_resolved(
    slack: StandIn, workspace: Workspace
) -> None:
    file = slack.add_file(BOB, *PLAN, mode="external", url="https://drive.example/plan")
    await slack.post(BOB, RANDOM, "plan", files=[file.id])
    followed = await follow_links(workspace, ask(link_file(slack, file.id)))

    [found] = followed.elsewhere
    assert replace(found, permalink="") == (
        SharedFile(file.id, "plan.txt", "text/plain", 17, "https://drive.example/plan", "external")
    )


async def test_links_in_what_others_wrote_are_not_opened_with_the_askers_rights(
    slack: StandIn, workspace: Workspace
) -> None:
    secret = add_channel(slack, "group", {ALICE, BOT_USER_ID})
    link = link_file(slack, await share(slack, secret))
    forwarded = f"Mallory: see {link}"
    said = replace(ask(), text=f"what is this?\n\n{forwarded}", forwarded=forwarded)

    assert await follow_links(workspace, said) == Followed()
    assert (await follow_links(workspace, ask(link))).elsewhere
