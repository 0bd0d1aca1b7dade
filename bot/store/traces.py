"""Reasoning traces, each tied to the one message that may reveal it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update

from bot.conversation.messages import ThreadKey
from bot.store.database import Database
from bot.store.tables import traces


@dataclass(frozen=True, slots=True)
class Trace:
    """The reasoning behind one answer.

    Attributes:
        turn_id: The turn that it belongs to.
        thread: Where the answer stands.
        answer_ts: The answer's message with the button.
        reasoning: The model's own words.
        shown: What was posted to show it, as opaque references; empty while it is hidden.
        seconds: How long the model took, from the first call to the end of the answer.
        prompt_tokens: What all calls for the answer read, as the server counted; 0 if it did not.
        completion_tokens: What they wrote, reasoning and answer.
        model: The model that answered, "" if not known.
        parts: For a long document, the label of each part that was read and what was noted of it.
    """

    turn_id: str
    thread: ThreadKey
    answer_ts: str
    reasoning: str
    shown: tuple[str, ...] = ()
    seconds: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    model: str = ""
    parts: tuple[tuple[str, str], ...] = ()


class Traces:
    """Keeps one trace for each turn."""

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def save(self, trace: Trace) -> None:
        """Write a trace down, replacing the turn's earlier one."""
        row = {
            "turn_id": trace.turn_id,
            "team": trace.thread.team,
            "channel": trace.thread.channel,
            "thread_ts": trace.thread.thread_ts,
            "answer_ts": trace.answer_ts,
            "reasoning": trace.reasoning,
            "shown": list(trace.shown),
            "seconds": trace.seconds,
            "prompt_tokens": trace.prompt_tokens,
            "completion_tokens": trace.completion_tokens,
            "model": trace.model,
            "parts": [list(part) for part in trace.parts],
            "recorded_at": self._now(),
        }
        statement = self._database.insert(traces).values(row)
        statement = statement.on_conflict_do_update(index_elements=["turn_id"], set_=row)
        async with self._database.write() as tx:
            await tx.execute(statement)

    async def find(self, team: str, turn_id: str) -> Trace | None:
        """Return the team's trace of a turn."""
        query = select(traces).where(traces.c.turn_id == turn_id, traces.c.team == team)
        async with self._database.read() as tx:
            row = (await tx.execute(query)).first()
        if row is None:
            return None
        thread = ThreadKey(row.team, row.channel, row.thread_ts)
        return Trace(
            turn_id=row.turn_id,
            thread=thread,
            answer_ts=row.answer_ts,
            reasoning=row.reasoning,
            shown=tuple(row.shown),
            seconds=row.seconds,
            prompt_tokens=row.prompt_tokens,
            completion_tokens=row.completion_tokens,
            model=row.model,
            parts=tuple((label, noted) for label, noted in row.parts),
        )

    async def mark_shown(self, team: str, turn_id: str, refs: Sequence[str]) -> None:
        """Remember what shows the trace; nothing means that it is hidden."""
        async with self._database.write() as tx:
            await tx.execute(
                update(traces)
                .where(traces.c.turn_id == turn_id, traces.c.team == team)
                .values(shown=list(refs))
            )

    async def add_shown(self, team: str, turn_id: str, ref: str) -> bool:
        """Remember one thing more that shows the trace; False if it was hidden meanwhile."""
        this = (traces.c.turn_id == turn_id, traces.c.team == team)
        async with self._database.write() as tx:
            query = select(traces.c.shown).where(*this).with_for_update()
            shown = (await tx.execute(query)).scalar()
            if not shown:
                return False
            refs = list(dict.fromkeys([*shown, ref]))
            await tx.execute(update(traces).where(*this).values(shown=refs))
        return True

    async def forget(self, team: str, turn_id: str) -> None:
        """Delete the trace of a turn."""
        async with self._database.write() as tx:
            await tx.execute(
                delete(traces).where(traces.c.turn_id == turn_id, traces.c.team == team)
            )

    async def forget_answer(self, thread: ThreadKey, answer_ts: str) -> None:
        """Delete the trace behind the answer at `answer_ts`."""
        async with self._database.write() as tx:
            await tx.execute(
                delete(traces).where(
                    traces.c.team == thread.team,
                    traces.c.channel == thread.channel,
                    traces.c.answer_ts == answer_ts,
                )
            )
