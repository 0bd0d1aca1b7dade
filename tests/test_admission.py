"""Who is answered together with others, and what becomes of those who are turned away."""

import asyncio
from dataclasses import replace
from pathlib import Path

from bot.demo.residents import OUTSIDER, PARTNERS
from bot.demo.server import StandIn
from tests.chatting import ALICE, BOB, BOT, GENERAL, Chat, chatting, say, shown
from tests.model.server import Reply, chunk, stream


def held(answer: str) -> Reply:
    return replace(say(answer, pieces=2), pause_at=0)


def texts(chat: Chat, channel: str, ts: str) -> list[str]:
    return [shown(one) for one in chat.replies(channel, ts)]


async def test_who_is_not_answered_shares_no_answer_either(tmp_path: Path) -> None:
    first = held("One.")
    async with chatting(tmp_path, [first, say("Two.")], ALOUD_OUTSIDERS="false") as chat:
        ts = await chat.slack.post(BOB, PARTNERS, f"<@{BOT}> one?")
        await chat.model.asked()
        await chat.slack.post(BOB, PARTNERS, f"<@{BOT}> two?", ts)
        await chat.slack.post(OUTSIDER, PARTNERS, f"<@{BOT}> tell me the secret", ts)
        await chat.slack.delivered()
        first.go_on.set()
        await chat.settled()

        assert texts(chat, PARTNERS, ts) == ["One.", "Two."]
        assert "secret" not in str(chat.prompts())
        [told] = chat.slack.calls_of("chat.postEphemeral")
        assert told.arguments["user"] == OUTSIDER


async def test_who_keeps_the_reasoning_to_themselves_shares_no_answer(tmp_path: Path) -> None:
    first = held("One.")
    async with chatting(tmp_path, [first, say("Two."), say("Three.")]) as chat:
        await chat.choose_at_home(BOB, "home_person_privacy", "me")
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> one?")
        await chat.model.asked()
        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> two?", ts)
        await chat.slack.post(BOB, GENERAL, f"<@{BOT}> three?", ts)
        await chat.slack.delivered()
        first.go_on.set()
        await chat.settled()
        assert texts(chat, GENERAL, ts) == ["One.", "Two.", "Three."]


async def test_thanks_get_a_wave_alone_though_it_was_interrupted(tmp_path: Path) -> None:
    async with StandIn() as slack:
        async with chatting(tmp_path, [say("One.")], slack=slack) as chat:
            ts = await slack.post(ALICE, GENERAL, f"<@{BOT}> one?")
            await chat.settled()
            gate = slack.faults.hold("reactions.add")
            await slack.post(ALICE, GENERAL, "thank you!", ts)
            await slack.delivered()
            await slack.wait_for(lambda: "reactions.add" in [one.method for one in slack.calls])
        gate.release()
        async with chatting(tmp_path, [say("You're welcome.")], slack=slack) as chat:
            await chat.settled()
            assert texts(chat, GENERAL, ts) == ["One."]
            assert chat.model.requests == []


async def test_who_is_turned_away_is_told_when_slack_takes_it(tmp_path: Path) -> None:
    async with chatting(tmp_path, ALOUD_PERSON_TOKENS="1", ALOUD_OUTSIDERS="false") as chat:
        chat.slack.faults.rate_limit("chat.postEphemeral", retry_after=60)
        await chat.slack.post(OUTSIDER, PARTNERS, f"<@{BOT}> why?")
        await chat.slack.delivered()
        async with asyncio.timeout(10):
            while not await chat.count("turns WHERE delayed_since IS NOT NULL"):  # noqa: ASYNC110  # nobody is told from outside
                await asyncio.sleep(0.02)
        assert await chat.count("turns WHERE failures > 0") == 0


async def test_the_last_of_several_people_is_answered_as_they_chose(tmp_path: Path) -> None:
    first = held("One.")
    async with chatting(tmp_path, [first, say("Zwei und drei.")]) as chat:
        await chat.choose_at_home(BOB, "home_person_language", "de")
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> one?")
        await chat.model.asked()
        await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> two?", ts)
        await chat.slack.post(BOB, GENERAL, f"<@{BOT}> drei?", ts)
        await chat.slack.delivered()
        first.go_on.set()
        await chat.settled()
        assert texts(chat, GENERAL, ts) == ["One.", "Zwei und drei."]
        assert "German" in chat.prompts()[1][0]["content"]


async def test_where_slack_does_not_tell_who_is_a_stranger_the_event_does(tmp_path: Path) -> None:
    async with chatting(tmp_path, ALOUD_OUTSIDERS="false") as chat:
        chat.slack.faults.refuse("users.info", "user_not_visible", times=None)
        await chat.slack.post(OUTSIDER, PARTNERS, f"<@{BOT}> why?")
        await chat.settled()
        assert chat.model.requests == []
        await chat.slack.post(BOB, PARTNERS, f"<@{BOT}> why?")
        await chat.settled()
        assert len(chat.model.requests) == 1


async def test_a_question_keeps_its_place_while_its_answer_stands(tmp_path: Path) -> None:
    usage = {"prompt_tokens": 900, "completion_tokens": 100}
    reply = stream(chunk("Because."), {**chunk(finish="stop"), "usage": usage})
    async with chatting(tmp_path, [reply], ALOUD_PERSON_TOKENS="1000") as chat:
        ts = await chat.slack.post(ALICE, GENERAL, "We ship on Friday.")
        await chat.slack.shortcut(BOB, GENERAL, ts, "ask_about")
        values = {"question": {"question": "why?"}, "place": {"place": "in_thread"}}
        await chat.slack.submit(BOB, values)
        await chat.settled()
        [anchor, answer] = chat.replies(GENERAL, ts)
        await chat.slack.press(BOB, GENERAL, answer.ts, "regenerate")
        await chat.settled()
        assert len(chat.slack.calls_of("chat.postEphemeral")) == 1
        assert [one.ts for one in chat.replies(GENERAL, ts)] == [anchor.ts, answer.ts]


async def test_an_answer_that_was_stopped_costs_what_was_read_and_written(tmp_path: Path) -> None:
    async with chatting(tmp_path, [held("One. Two. Three. Four.")]) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> one?")
        await chat.model.asked()
        await chat.slack.stop(ALICE, GENERAL, ts)
        await chat.settled()

        assert await chat.count("usage WHERE answers = 0 AND prompt_tokens > 100") == 1


async def test_what_a_server_does_not_count_is_estimated(tmp_path: Path) -> None:
    uncounted = stream(chunk("Four words of answer."), chunk(finish="stop"))
    async with chatting(tmp_path, [uncounted]) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> one?")
        await chat.answers(GENERAL, ts)
        await chat.settled()

        assert await chat.count("usage WHERE prompt_tokens > 100 AND completion_tokens > 0") == 1
