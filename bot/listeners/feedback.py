"""Thumbs under answers: written down before the ack, then thanked for or asked about."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import structlog

from bot.errors import DeliveryError, NotInstalled
from bot.ledger import Ledger
from bot.slack.feedback import Vote, parse_reason, parse_vote, render_reason_dialog
from bot.slack.render import OutgoingMessage
from bot.slack.workspaces import Workspace, Workspaces
from bot.store.feedback import Feedback, FeedbackStore

log = structlog.get_logger(__name__)

_PERSON_SECONDS: Final = 0.7
_REPLY_SECONDS: Final = 2.0
"""Together with what comes before it, well within the 3 seconds that Slack gives an interaction."""


class FeedbackDesk:
    """Takes what people think of answers.

    Args:
        workspaces: The installations; what is of any other team is dropped.
        ledger: Where the turns are whose answers are meant.
        feedback: Where verdicts are kept.
    """

    def __init__(self, workspaces: Workspaces, ledger: Ledger, feedback: FeedbackStore) -> None:
        self._workspaces = workspaces
        self._ledger = ledger
        self._feedback = feedback

    async def receive_feedback(self, body: Mapping[str, Any]) -> None:
        """Take a pressed thumb: keep the verdict, then say thanks, or ask why it is a bad one.

        A verdict is kept even if Slack takes neither the thanks nor the question.
        """
        vote = parse_vote(body)
        if vote is None:
            log.warning("feedback_unreadable")
            return
        if not await self._keep(vote):
            return
        try:
            workspace = await self._workspaces.find(vote.thread.team)
            async with asyncio.timeout(_REPLY_SECONDS):
                await _reply(workspace, vote)
        except (NotInstalled, DeliveryError, TimeoutError) as error:
            log.info("feedback_not_thanked_for", error=type(error).__name__)

    async def receive_reason(self, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """Take the submitted dialog; returns None, which closes it."""
        reason = parse_reason(body)
        if reason is None:
            log.warning("feedback_unreadable")
        elif reason.text:
            await self._keep(reason.vote, reason.text)
        return None

    async def _keep(self, vote: Vote, reason: str = "") -> bool:
        """Write a verdict down; False if it is about nothing that we answered in this thread."""
        turn = await self._ledger.find(vote.thread.team, vote.turn_id)
        if turn is None or turn.kind != "message" or turn.thread != vote.thread:
            log.warning("feedback_astray", turn=vote.turn_id)
            return False
        await self._feedback.give(
            Feedback(
                turn_id=vote.turn_id,
                thread=vote.thread,
                answer_ts=turn.posted[0] if turn.posted else vote.message_ts,
                person=vote.person,
                verdict=vote.verdict,
                reason=reason,
            )
        )
        log.info("feedback_given", turn=vote.turn_id, verdict=vote.verdict, reason=bool(reason))
        return True


async def _reply(workspace: Workspace, vote: Vote) -> None:
    """Open the dialog for a bad verdict, while its trigger is good; else say thanks."""
    person = await workspace.directory.find_person_within(vote.person, _PERSON_SECONDS)
    language = person.language
    if vote.verdict == "bad" and vote.trigger_id:
        try:
            await workspace.calls.call(
                "views.open",
                patience=0.0,
                trigger_id=vote.trigger_id,
                view=render_reason_dialog(vote, language=language),
            )
        except DeliveryError as error:
            log.info("feedback_not_asked_about", code=error.code)
        else:
            return
    await workspace.calls.whisper(
        OutgoingMessage(language.say("Thank you, I have noted that."), []),
        channel=vote.thread.channel,
        user=vote.person,
        thread_ts=vote.thread.thread_ts,
    )
