"""What people think of answers: one verdict for each person and answer."""

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Row, and_, select, tuple_

from bot.conversation.messages import ThreadKey
from bot.store.database import Database
from bot.store.tables import feedback, messages, traces, turns

Verdict = Literal["good", "bad"]

_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Feedback:
    """What one person thinks of one answer.

    Attributes:
        turn_id: The turn whose answer it is.
        thread: Where the answer stands.
        answer_ts: Its first message.
        person: Who says so.
        verdict: Good or bad.
        reason: In the person's words, "" if they gave none.
    """

    turn_id: str
    thread: ThreadKey
    answer_ts: str
    person: str
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FeedbackRecord:
    """Feedback, and what it is about as far as that is still kept.

    Attributes:
        feedback: Who thinks what of which answer.
        given_at: When they last said so, in seconds since 1970.
        question: What was asked, "" if it is not kept any more.
        answer: What was answered, "" if it is not kept or was written anew since.
        model: The model that answered, "" if not known; a trace tells it.
        seconds: How long it took, 0 if not known.
    """

    feedback: Feedback
    given_at: float
    question: str
    answer: str
    model: str
    seconds: float


class FeedbackStore:
    """Keeps the last verdict of each person on each answer."""

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def give(self, given: Feedback) -> None:
        """Write a verdict down in the place of the person's earlier one.

        A reason that they gave then is kept if they give none now.
        """
        row = {
            "team": given.thread.team,
            "turn_id": given.turn_id,
            "person": given.person,
            "verdict": given.verdict,
            "reason": given.reason,
            "channel": given.thread.channel,
            "thread_ts": given.thread.thread_ts,
            "answer_ts": given.answer_ts,
            "given_at": self._now(),
        }
        changed = {name: value for name, value in row.items() if name != "reason" or value}
        statement = self._database.insert(feedback).values(row)
        statement = statement.on_conflict_do_update(
            index_elements=["team", "turn_id", "person"], set_=changed
        )
        async with self._database.write() as tx:
            await tx.execute(statement)

    async def find(self, team: str, turn_id: str, person: str) -> Feedback | None:
        """Return what the person thinks of a turn's answer."""
        query = select(feedback).where(
            feedback.c.team == team, feedback.c.turn_id == turn_id, feedback.c.person == person
        )
        async with self._database.read() as tx:
            row = (await tx.execute(query)).first()
        return None if row is None else _to_feedback(row)

    async def export(self, since: float = 0.0) -> AsyncIterator[FeedbackRecord]:
        """Yield all feedback of all teams from `since` (seconds since 1970) on, oldest first."""
        order = (feedback.c.given_at, feedback.c.team, feedback.c.turn_id, feedback.c.person)
        behind = feedback.c.given_at >= since
        while True:
            # A page at a time, so that no connection is held while a slow reader reads.
            async with self._database.read() as tx:
                query = _JOINED.where(behind).order_by(*order).limit(_PAGE)
                rows = (await tx.execute(query)).all()
            for row in rows:
                yield _to_record(row)
            if len(rows) < _PAGE:
                return
            last = rows[-1]
            behind = tuple_(*order) > tuple_(last.given_at, last.team, last.turn_id, last.person)


_ANSWERS: Final = messages.alias("answers")
_QUESTIONS: Final = messages.alias("questions")
_JOINED: Final = (
    select(
        feedback,
        _QUESTIONS.c.text.label("question"),
        _ANSWERS.c.text.label("answer"),
        turns.c.accepted_at,
        traces.c.model,
        traces.c.seconds,
    )
    .outerjoin(
        _ANSWERS,
        and_(
            _ANSWERS.c.team == feedback.c.team,
            _ANSWERS.c.channel == feedback.c.channel,
            _ANSWERS.c.ts == feedback.c.answer_ts,
            _ANSWERS.c.role == "assistant",
        ),
    )
    .outerjoin(
        _QUESTIONS,
        and_(
            _QUESTIONS.c.team == _ANSWERS.c.team,
            _QUESTIONS.c.channel == _ANSWERS.c.channel,
            _QUESTIONS.c.ts == _ANSWERS.c.place,
            _QUESTIONS.c.role == "user",
        ),
    )
    .outerjoin(turns, and_(turns.c.team == feedback.c.team, turns.c.id == feedback.c.turn_id))
    .outerjoin(
        traces, and_(traces.c.team == feedback.c.team, traces.c.turn_id == feedback.c.turn_id)
    )
)


def _to_feedback(row: Row[Any]) -> Feedback:
    return Feedback(
        turn_id=row.turn_id,
        thread=ThreadKey(row.team, row.channel, row.thread_ts),
        answer_ts=row.answer_ts,
        person=row.person,
        verdict=row.verdict,
        reason=row.reason,
    )


def _to_record(row: Row[Any]) -> FeedbackRecord:
    # To be answered anew, a turn is accepted anew.
    is_same = row.accepted_at is None or row.accepted_at <= row.given_at
    return FeedbackRecord(
        feedback=_to_feedback(row),
        given_at=row.given_at,
        question=row.question or "",
        answer=(row.answer or "") if is_same else "",
        model=(row.model or "") if is_same else "",
        seconds=(row.seconds or 0.0) if is_same else 0.0,
    )
