"""The ledger: which turns exist, in what order, and how each ended.

An event is accepted (written down once, however often it is delivered) before it is acknowledged;
claimed when it is the oldest of its lane and nothing else of the lane is running; closed with
exactly one outcome. What a dead process left running is put back in the queue at start.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Row, and_, exists, func, literal, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from bot.conversation.messages import ThreadKey
from bot.store.database import Database
from bot.store.tables import turns

Kind = Literal["message", "edit", "press"]
Outcome = Literal["answered", "stopped", "failed", "silent", "refused"]


@dataclass(frozen=True, slots=True)
class Entry:
    """An event to write down.

    Attributes:
        key: What the event is known by in all its deliveries.
        kind: Who handles it.
        thread: Where it happened.
        ts: Its place in the order of its lane.
        lane: Turns of one lane run one after another.
        payload: What the turn needs, as JSON.
        complete: False for a copy that a fuller delivery of the same event may replace.
    """

    key: str
    kind: Kind
    thread: ThreadKey
    ts: str
    lane: str
    payload: Mapping[str, Any]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Turn:
    """An entry that is ours to work on.

    Attributes:
        id: Names the turn in logs, message metadata and button values.
        attempts: How often it was claimed, this time included.
        posted: The `ts` of messages that an earlier attempt is known to have posted.
        closed: Whether it has ended.
        accepted_at: Seconds since 1970.
    """

    id: str
    kind: Kind
    thread: ThreadKey
    ts: str
    payload: Mapping[str, Any]
    attempts: int
    posted: tuple[str, ...]
    closed: bool
    accepted_at: float


class Ledger:
    """Turns in the database."""

    def __init__(
        self,
        database: Database,
        *,
        new_id: Callable[[], str],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._new_id = new_id
        self._now = now

    async def accept(self, entry: Entry) -> bool:
        """Write an event down; True if it is new.

        A delivery of a known event adds nothing, unless it is the complete copy of one that is
        still waiting: then the turn will see that.
        """
        now = self._now()
        statement = (
            insert(turns)
            .values(
                id=self._new_id(),
                dedupe_key=entry.key,
                kind=entry.kind,
                team=entry.thread.team,
                channel=entry.thread.channel,
                thread_ts=entry.thread.thread_ts,
                ts=entry.ts,
                lane=entry.lane,
                payload=dict(entry.payload),
                state="queued",
                available_at=now,
                accepted_at=now,
                posted=[],
            )
            .on_conflict_do_nothing(index_elements=["dedupe_key"])
            .returning(turns.c.id)
        )
        async with self._database.write() as tx:
            is_new = (await tx.execute(statement)).first() is not None
            if not is_new and entry.complete:
                await tx.execute(
                    update(turns)
                    .where(turns.c.dedupe_key == entry.key, turns.c.state == "queued")
                    .values(payload=dict(entry.payload))
                )
        return is_new

    async def find(self, team: str, turn_id: str) -> Turn | None:
        """Return one of the team's turns, whatever its state."""
        query = select(turns).where(turns.c.id == turn_id, turns.c.team == team)
        async with self._database.read() as tx:
            row = (await tx.execute(query)).first()
        return None if row is None else _to_turn(row)

    async def knows(self, thread: ThreadKey) -> bool:
        """Whether anything of the thread was ever accepted."""
        query = (
            select(literal(1))
            .where(
                turns.c.team == thread.team,
                turns.c.channel == thread.channel,
                turns.c.thread_ts == thread.thread_ts,
            )
            .limit(1)
        )
        async with self._database.read() as tx:
            return (await tx.execute(query)).first() is not None

    async def claim(self, limit: int, *, team_limit: int) -> list[Turn]:
        """Take up to `limit` turns, oldest first: one of each lane, `team_limit` of each team.

        What is running already counts towards both lanes and teams.
        """
        # Literal, not bound: SQLite uses a partial index only where it sees the index's own term.
        closed = literal("closed", literal_execute=True)
        running = literal("running", literal_execute=True)
        other = turns.alias("other")
        goes_first = exists().where(
            other.c.lane == turns.c.lane,
            other.c.state != closed,
            or_(
                other.c.state == "running",
                other.c.ts < turns.c.ts,
                and_(other.c.ts == turns.c.ts, other.c.sequence < turns.c.sequence),
            ),
        )
        place_in_team = func.row_number().over(
            partition_by=turns.c.team, order_by=turns.c.accepted_at
        )
        ready = (
            select(turns.c.id, turns.c.team, turns.c.accepted_at, place_in_team.label("place"))
            .where(
                turns.c.state != closed,
                turns.c.state == "queued",
                turns.c.available_at <= self._now(),
                ~goes_first,
            )
            .subquery()
        )
        at_work = (
            select(func.count())
            .where(other.c.state == running, other.c.team == ready.c.team)
            .scalar_subquery()
        )
        chosen = (
            select(ready.c.id)
            .where(ready.c.place <= team_limit - at_work)
            .order_by(ready.c.accepted_at)
            .limit(limit)
        )
        async with self._database.write() as tx:
            rows = await tx.execute(
                update(turns)
                .where(turns.c.id.in_(chosen))
                .values(state="running", attempts=turns.c.attempts + 1)
                .returning(turns)
            )
            return sorted((_to_turn(row) for row in rows), key=lambda turn: turn.accepted_at)

    async def next_at(self) -> float | None:
        """When the next turn that was put off becomes available, in seconds since 1970."""
        closed = literal("closed", literal_execute=True)
        query = select(func.min(turns.c.available_at)).where(
            turns.c.state != closed,
            turns.c.state == "queued",
            turns.c.available_at > self._now(),
        )
        async with self._database.read() as tx:
            at: float | None = (await tx.execute(query)).scalar()
            return at

    async def note_posted(self, turn: Turn, posted: Sequence[str]) -> None:
        """Remember what the turn has posted so far, so that a later attempt can clean up."""
        async with self._database.write() as tx:
            await tx.execute(update(turns).where(turns.c.id == turn.id).values(posted=list(posted)))

    async def close(self, turn: Turn, outcome: Outcome, reason: str = "") -> None:
        """End a turn."""
        async with self._database.write() as tx:
            await tx.execute(
                update(turns)
                .where(turns.c.id == turn.id)
                .values(
                    state="closed",
                    outcome=outcome,
                    reason=reason[:255],
                    closed_at=self._now(),
                )
            )

    async def put_back(self, turn: Turn, *, delay: float = 0) -> None:
        """Queue a running turn again, to be claimed after `delay` seconds."""
        async with self._database.write() as tx:
            await tx.execute(
                update(turns)
                .where(turns.c.id == turn.id, turns.c.state == "running")
                .values(state="queued", available_at=self._now() + delay)
            )

    async def reopen(self, turn: Turn, payload: Mapping[str, Any]) -> bool:
        """Queue a closed turn once more; False if it is queued or running already.

        It counts as a further attempt, so what the earlier ones posted is cleared away.
        """
        async with self._database.write() as tx:
            result = await tx.execute(
                update(turns)
                .where(turns.c.id == turn.id, turns.c.state == "closed")
                .values(
                    state="queued",
                    outcome=None,
                    reason=None,
                    closed_at=None,
                    attempts=1,
                    accepted_at=self._now(),
                    available_at=self._now(),
                    payload=dict(payload),
                )
            )
            return result.rowcount > 0

    async def revise(self, key: str, change: Mapping[str, Any]) -> None:
        """Change the payload of a turn that is still waiting."""
        async with self._database.write() as tx:
            where = (turns.c.dedupe_key == key, turns.c.state == "queued")
            payload = (await tx.execute(select(turns.c.payload).where(*where))).scalar()
            if payload is not None:
                await tx.execute(update(turns).where(*where).values(payload={**payload, **change}))

    async def withdraw(self, key: str, reason: str) -> None:
        """Close a turn that is still waiting, in silence."""
        async with self._database.write() as tx:
            await tx.execute(
                update(turns)
                .where(turns.c.dedupe_key == key, turns.c.state == "queued")
                .values(state="closed", outcome="silent", reason=reason, closed_at=self._now())
            )

    async def recover(self) -> int:
        """Queue again what a dead process left running; returns how many."""
        async with self._database.write() as tx:
            result = await tx.execute(
                update(turns)
                .where(turns.c.state == "running")
                .values(state="queued", available_at=self._now())
            )
            return result.rowcount


def _to_turn(row: Row[Any]) -> Turn:
    return Turn(
        id=row.id,
        kind=row.kind,
        thread=ThreadKey(row.team, row.channel, row.thread_ts),
        ts=row.ts,
        payload=row.payload,
        attempts=row.attempts,
        posted=tuple(row.posted),
        closed=row.state == "closed",
        accepted_at=row.accepted_at,
    )
