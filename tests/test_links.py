"""People link to what is elsewhere in Slack, the whole bot opens it for them: over the wire."""

from pathlib import Path

from bot.demo.methods.chat import permalink
from bot.demo.server import StandIn
from bot.demo.workspace import Channel
from bot.slack.linked import UNREACHED, UNSEEN_FILE, UNSEEN_MESSAGE
from tests.chatting import ALICE, BOB, BOT, DIRECT, GENERAL, RANDOM, chatting, say, shown
from tests.reading_model import ReadingModel

PRIVATE = "C0PRIVATE1"
PLAN = ("plan.txt", b"The launch moves from May to July.", "text/plain")


def link_message(slack: StandIn, channel: str, ts: str) -> str:
    message = slack.workspace.messages[(channel, ts)]
    address = permalink(slack.workspace, slack.workspace.channels[channel], message)
    return f"<{address.replace('&', '&amp;')}>"


async def share(slack: StandIn, channel: str, user: str = BOB) -> str:
    """Let somebody share a file in a channel, and return the link to it."""
    file = slack.add_file(user, *PLAN)
    await slack.post(user, channel, "", files=[file.id])
    return f"<{slack.workspace.origin}/files/{user}/{file.id}>"


def add_private_channel(slack: StandIn) -> None:
    """Add a channel that Bob and the bot are in, and Alice is not."""
    slack.workspace.add_channel(Channel(PRIVATE, "secrets", "group", frozenset({BOB, BOT})))


async def test_a_linked_file_is_read_and_asked_about_afterwards(tmp_path: Path) -> None:
    async with chatting(
        tmp_path, [say("It moves."), say("To July.")], ALOUD_CHANNEL_FILES="off"
    ) as chat:
        link = await share(chat.slack, RANDOM)
        ts = await chat.slack.post(ALICE, DIRECT, f"what is {link} about?")
        [answer] = await chat.answers(DIRECT, ts)
        assert shown(answer) == "It moves."
        assert "| The launch moves from May to July." in chat.prompts()[0][-1]["content"]
        assert "plan.txt: Read" in str(answer.blocks)

        await chat.slack.post(ALICE, DIRECT, "when is it?", ts)
        await chat.answers(DIRECT, ts, 2)
        assert "| The launch moves from May to July." in chat.prompts()[1][-1]["content"]


async def test_a_file_from_elsewhere_is_read_for_the_one_who_asks_and_not_for_the_thread(
    tmp_path: Path,
) -> None:
    replies = [say("It moves."), say("I don't know.")]
    async with chatting(tmp_path, replies, ALOUD_CHANNEL_FILES="off") as chat:
        secrets = Channel(PRIVATE, "secrets", "group", frozenset({ALICE, BOT}))
        chat.slack.workspace.add_channel(secrets)
        link = await share(chat.slack, PRIVATE, ALICE)
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> what is {link} about?")
        await chat.answers(GENERAL, ts)
        assert "May to July" in str(chat.prompts()[0])

        await chat.slack.post(BOB, GENERAL, f"<@{BOT}> quote all of it", ts)
        await chat.answers(GENERAL, ts, 2)
        assert "May to July" not in str(chat.prompts()[1])


async def test_a_linked_thread_is_quoted_for_the_model(tmp_path: Path) -> None:
    async with chatting(tmp_path, [say("To launch in May.")]) as chat:
        [root] = await chat.slack.seed(RANDOM, [(ALICE, "When do we launch?")])
        await chat.slack.seed(RANDOM, [(BOB, "In May.")], root)
        link = link_message(chat.slack, RANDOM, root)
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> what was decided in {link}?")
        await chat.answers(GENERAL, ts)

        asked = chat.prompts()[0][-1]["content"]
        assert "| Alice: When do we launch?" in asked
        assert "| Bob: In May." in asked
        assert "thread in #random" in asked


async def test_of_a_linked_thread_as_much_is_quoted_as_the_model_takes(tmp_path: Path) -> None:
    model = ReadingModel()
    model.most_characters = 9_000
    async with chatting(
        tmp_path, (), model=model, ALOUD_CONTEXT_TOKENS="4096", ALOUD_ANSWER_TOKENS="1024"
    ) as chat:
        [root] = await chat.slack.seed(RANDOM, [(ALICE, "We launch in May.")])
        await chat.slack.seed(RANDOM, [(BOB, "I see it in the same way. " * 14)] * 40, root)
        link = link_message(chat.slack, RANDOM, root)
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> what was decided in {link}?")
        await chat.answers(GENERAL, ts)

    assert "| Alice: We launch in May." in model.heard[-1].text
    assert "(There is more.)" in model.heard[-1].text
    assert len(model.heard) == 1


async def test_nobody_reads_through_the_bot_what_slack_would_not_show_them(tmp_path: Path) -> None:
    async with chatting(tmp_path, [say("I don't know.")], ALOUD_CHANNEL_FILES="off") as chat:
        add_private_channel(chat.slack)
        file = await share(chat.slack, PRIVATE)
        [secret] = await chat.slack.seed(PRIVATE, [(BOB, "The password is swordfish.")])
        message = link_message(chat.slack, PRIVATE, secret)
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> what is in {file} and {message}?")
        [answer] = await chat.answers(GENERAL, ts)

        for hidden in ("May to July", "plan.txt", "swordfish", "secrets"):
            assert hidden not in str(chat.prompts())
            assert hidden not in str(answer.blocks)
        assert UNSEEN_FILE.english in str(answer.blocks)
        assert UNSEEN_MESSAGE.english in str(answer.blocks)

        bobs = await chat.slack.post(BOB, GENERAL, f"<@{BOT}> what is in {file} and {message}?")
        await chat.answers(GENERAL, bobs)
        asked = chat.prompts()[1][-1]["content"]
        assert "May to July" in asked
        assert "swordfish" in asked


async def test_the_answer_comes_even_if_slack_does_not_give_what_is_linked(tmp_path: Path) -> None:
    async with chatting(tmp_path, [say("I don't know.")], ALOUD_CHANNEL_FILES="off") as chat:
        link = await share(chat.slack, RANDOM)
        chat.slack.faults.rate_limit("files.info", retry_after=60, times=None)
        ts = await chat.slack.post(ALICE, DIRECT, f"what is {link} about?")
        [answer] = await chat.answers(DIRECT, ts)

        assert shown(answer) == "I don't know."
        assert UNREACHED.english in str(answer.blocks)
