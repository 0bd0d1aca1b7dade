"""Thumbs under an answer, over the wire: kept at once, then thanked for or asked about."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.conversation.messages import ThreadKey
from bot.demo.validation import find_problems
from bot.demo.workspace import ALICE, BOB, RANDOM
from bot.language import LANGUAGES, find_language
from bot.listeners.feedback import FeedbackDesk
from bot.slack.feedback import Vote, parse_reason, parse_vote, render_reason_dialog
from bot.store.feedback import Feedback, FeedbackStore
from tests.pressing import CLARA, Answered, answered, listening

TURN = "turn1"


@dataclass
class Stage:
    """An answer in two messages, thumbs under the second, and a desk that hears of them."""

    answered: Answered
    store: FeedbackStore
    bodies: list[Mapping[str, Any]] = field(default_factory=list)

    async def vote(self, user: str, verdict: str, **forged: str) -> None:
        value = forged.pop("value", f"{verdict}:{TURN}")
        await self.answered.press(user, "feedback", value=value, **forged)

    async def found(self, user: str) -> Feedback | None:
        return await self.store.find(self.answered.thread.team, TURN, user)

    def dialog(self, user: str) -> dict[str, Any] | None:
        return self.answered.slack.workspace.views.get(f"modal:{user}")

    async def submit(self, user: str, text: str | None) -> None:
        element = {"type": "plain_text_input", "value": text}
        await self.answered.slack.submit(user, {"reason": {"reason": element}})

    def told(self, user: str) -> list[str]:
        return [message.text for message in self.answered.told(user)]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with answered(tmp_path, "A sentence. " * 1_500) as given:
        stage = Stage(given, FeedbackStore(given.database))
        desk = FeedbackDesk(given.workspaces, given.ledger, stage.store)

        async def receive_feedback(body: Mapping[str, Any]) -> None:
            stage.bodies.append(body)
            await desk.receive_feedback(body)

        async def receive_reason(body: Mapping[str, Any]) -> dict[str, Any] | None:
            stage.bodies.append(body)
            return await desk.receive_reason(body)

        async with listening(
            given, {"feedback": receive_feedback}, {"feedback_reason": receive_reason}
        ):
            yield stage


async def test_a_good_verdict_is_kept_for_the_answers_first_message_and_thanked_for(
    stage: Stage,
) -> None:
    await stage.vote(BOB, "good")

    thread = stage.answered.thread
    _, first, last = stage.answered.slack.messages(thread.channel, thread.thread_ts)
    assert last.ts == stage.answered.answer_ts
    assert await stage.found(BOB) == Feedback(TURN, thread, first.ts, BOB, "good")
    assert stage.told(BOB) == ["Thank you, I have noted that."]
    assert stage.dialog(BOB) is None
    assert stage.told(ALICE) == []


async def test_a_bad_verdict_is_kept_before_the_dialog_asks_why(stage: Stage) -> None:
    await stage.vote(ALICE, "bad")

    kept = await stage.found(ALICE)
    assert kept is not None
    assert (kept.verdict, kept.reason) == ("bad", "")
    dialog = stage.dialog(ALICE)
    assert dialog is not None
    assert dialog["callback_id"] == "feedback_reason"
    assert dialog["blocks"][0]["optional"] is True

    await stage.submit(ALICE, "  Too long.\n")

    explained = await stage.found(ALICE)
    assert explained is not None
    assert (explained.verdict, explained.reason) == ("bad", "Too long.")
    assert stage.told(ALICE) == []


async def test_an_empty_reason_changes_nothing(stage: Stage) -> None:
    await stage.vote(ALICE, "bad")
    await stage.submit(ALICE, "Too long.")
    await stage.vote(ALICE, "bad")
    await stage.submit(ALICE, None)

    kept = await stage.found(ALICE)
    assert kept is not None
    assert kept.reason == "Too long."


async def test_everybody_has_one_vote_and_the_last_one_counts(stage: Stage) -> None:
    await stage.vote(ALICE, "bad")
    await stage.vote(BOB, "bad")
    await stage.vote(BOB, "good")

    verdicts = [record.feedback async for record in stage.store.export()]
    assert [(one.person, one.verdict) for one in verdicts] == [(ALICE, "bad"), (BOB, "good")]


@pytest.mark.parametrize(
    "forged",
    [
        {"value": "bad:ffffffffffffffff"},
        {"value": "splendid:" + TURN},
        {"value": "bad"},
        {"as_team": "T0OTHER001"},
        {"as_channel": RANDOM},
    ],
)
async def test_a_verdict_on_nothing_that_was_answered_here_is_not_kept(
    stage: Stage, forged: dict[str, str]
) -> None:
    await stage.vote(ALICE, "bad", **forged)

    assert await stage.found(ALICE) is None
    assert stage.dialog(ALICE) is None


async def test_a_verdict_counts_though_its_dialog_does_not_open(stage: Stage) -> None:
    stage.answered.slack.faults.refuse("views.open", "expired_trigger_id")

    await stage.vote(ALICE, "bad")

    assert await stage.found(ALICE) is not None
    assert stage.told(ALICE) == ["Thank you, I have noted that."]


async def test_a_verdict_counts_though_nothing_can_be_said_to_it(stage: Stage) -> None:
    stage.answered.slack.faults.refuse("chat.postEphemeral", "user_not_in_channel")

    await stage.vote(ALICE, "good")

    assert await stage.found(ALICE) is not None


@pytest.mark.parametrize("method", ["views.open", "users.info"])
async def test_slack_has_its_ack_in_time_however_slow_it_is_itself(
    stage: Stage, method: str
) -> None:
    """One request alone may take 15 seconds; the ack waits for about 2 of them."""
    gate = stage.answered.slack.faults.hold(method, times=None)

    async with asyncio.timeout(10):
        await stage.vote(ALICE, "bad")

    gate.release()
    assert await stage.found(ALICE) is not None


async def test_the_person_is_asked_and_thanked_in_their_own_language(stage: Stage) -> None:
    await stage.vote(CLARA, "bad")
    await stage.vote(CLARA, "good")

    german = find_language("de")
    dialog = stage.dialog(CLARA)
    assert dialog is not None
    assert dialog["submit"]["text"] == german.say("Send")
    assert stage.told(CLARA) == [german.say("Thank you, I have noted that.")]


async def test_a_reason_in_the_name_of_another_is_not_taken(stage: Stage) -> None:
    await stage.vote(ALICE, "bad")
    await stage.submit(ALICE, "Mine.")
    body = stage.bodies[-1]

    assert parse_reason(body) is not None
    assert parse_reason({**body, "user": {**body["user"], "id": BOB}}) is None
    assert parse_reason({**body, "view": {**body["view"], "private_metadata": "?"}}) is None


async def test_a_thumb_that_tells_nothing_is_no_vote(stage: Stage) -> None:
    await stage.vote(ALICE, "good")
    [body] = stage.bodies
    [action] = body["actions"]

    assert parse_vote(body) is not None
    assert parse_vote({**body, "actions": [{**action, "value": None}]}) is None


@pytest.mark.parametrize("tag", LANGUAGES)
def test_the_dialog_is_valid_in_each_language(tag: str) -> None:
    thread = ThreadKey("T" * 11, "C" * 11, "1794268800.000100")
    vote = Vote(TURN, thread, "1794268801.000100", "U" * 11, "bad", "secret")

    dialog = render_reason_dialog(vote, language=find_language(tag))

    assert find_problems(dialog["blocks"], "view") == []
    assert all(len(dialog[name]["text"]) <= 24 for name in ("title", "submit", "close"))
    assert len(dialog["private_metadata"]) <= 3_000
    assert "secret" not in dialog["private_metadata"]
