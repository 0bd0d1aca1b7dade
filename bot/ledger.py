"""The ledger: which turns exist, in what order, and how each ended.

An event is accepted (written down once, however often it is delivered) before it is acknowledged;
claimed when it is the oldest of its lane and nothing else of the lane is running; closed with
exactly one outcome. What a dead process left running is put back in the queue at start.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Row, bindparam, func, literal, or_, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.sql.dml import ReturningUpdate

from bot.conversation.messages import ThreadKey
from bot.store.database import Database
from bot.store.tables import turns

Kind = Literal["message", "edit", "press"]
Outcome = Literal["answered", "stopped", "failed", "silent", "refused"]

OFFERED: Final = "offered"
"""The reason of a turn that was answered with an offer, which may still be accepted."""


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
        revives: Whether it takes up again a turn of the same key that ended in silence.
    """

    key: str
    kind: Kind
    thread: ThreadKey
    ts: str
    lane: str
    payload: Mapping[str, Any]
    complete: bool = True
    revives: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """An entry that is ours to work on.

    Attributes:
        id: Names the turn in logs, message metadata and button values.
        resumed: Whether it was begun before, so that something of it may stand in Slack.
        failures: How often it was begun and neither closed nor put back.
        delayed_since: When Slack first did not take its reply, in seconds since 1970, or None.
        posted: The `ts` of messages that an earlier attempt is known to have posted.
        closed: Whether it has ended.
        accepted_at: Seconds since 1970.
    """

    id: str
    kind: Kind
    thread: ThreadKey
    ts: str
    payload: Mapping[str, Any]
    resumed: bool
    failures: int
    delayed_since: float | None
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
            if not is_new and entry.revives:
                revived = await tx.execute(
                    update(turns)
                    .where(
                        turns.c.dedupe_key == entry.key,
                        turns.c.state == "closed",
                        turns.c.outcome == "silent",
                    )
                    .values(**_reopened(entry.payload, now))
                )
                is_new = revived.rowcount > 0
        return is_new

    async def find(self, team: str, turn_id: str) -> Turn | None:
        """Return one of the team's turns, whatever its state."""
        query = select(turns).where(turns.c.id == turn_id, turns.c.team == team)
        async with self._database.read() as tx:
            row = (await tx.execute(query)).first()
        return None if row is None else _to_turn(row)

    async def knows(self, thread: ThreadKey) -> bool:
        """Whether anything of the thread was ever accepted."""
        return await self._has_turn(thread)

    async def took_part(self, thread: ThreadKey) -> bool:
        """Whether we have said anything in the thread: an answer, a note or an error."""
        return await self._has_turn(
            thread,
            turns.c.kind == "message",
            turns.c.outcome.in_(("answered", "stopped", "failed")),
        )

    async def _has_turn(self, thread: ThreadKey, *which: ColumnElement[bool]) -> bool:
        query = select(literal(1)).where(
            turns.c.team == thread.team,
            turns.c.channel == thread.channel,
            turns.c.thread_ts == thread.thread_ts,
            *which,
        )
        async with self._database.read() as tx:
            return (await tx.execute(query.limit(1))).first() is not None

    async def claim(self, limit: int, *, team_limit: int, others: int = 8) -> list[Turn]:
        """Take turns, oldest first and at most one of each lane.

        Messages: up to `limit`, and no more than `team_limit` of a team at work. What is no
        message is quick and has somebody waiting in front of a button: up to `others`, whatever
        else is at work.
        """
        async with self._database.write() as tx:
            rows = await tx.execute(
                _CLAIM,
                {
                    "now": self._now(),
                    "limit": limit,
                    "team_limit": team_limit,
                    "others": others,
                },
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

    async def put_back(self, turn: Turn, *, delay: float = 0, delivery: bool = False) -> None:
        """Queue a running turn again, to be claimed after `delay` seconds; it did not fail.

        `delivery` says that Slack did not take its reply.
        """
        since = turns.c.delayed_since
        await self._queue_again(
            turn,
            delay,
            failures=turns.c.failures - 1,
            delayed_since=func.coalesce(since, self._now()) if delivery else since,
        )

    async def note_failure(self, turn: Turn, *, delay: float) -> None:
        """Queue a turn again that broke, to be claimed after `delay` seconds."""
        await self._queue_again(turn, delay)

    async def _queue_again(self, turn: Turn, delay: float, **changes: Any) -> None:
        async with self._database.write() as tx:
            await tx.execute(
                update(turns)
                .where(turns.c.id == turn.id, turns.c.state == "running")
                .values(state="queued", available_at=self._now() + delay, **changes)
            )

    async def reopen(
        self, turn: Turn, payload: Mapping[str, Any], *, outcome: Outcome, reason: str | None = None
    ) -> bool:
        """Queue a turn once more that ended with `outcome` (and `reason`); False if it did not.

        It counts as begun before, so what it posted then is cleared away.
        """
        query = update(turns).where(
            turns.c.id == turn.id, turns.c.state == "closed", turns.c.outcome == outcome
        )
        if reason is not None:
            query = query.where(turns.c.reason == reason)
        async with self._database.write() as tx:
            result = await tx.execute(query.values(**_reopened(payload, self._now())))
            return result.rowcount > 0

    async def revise(self, key: str, change: Mapping[str, Any]) -> None:
        """Change the payload of a turn that is still waiting."""
        async with self._database.write() as tx:
            where = (turns.c.dedupe_key == key, turns.c.state == "queued")
            payload = (await tx.execute(select(turns.c.payload).where(*where))).scalar()
            if payload is not None:
                await tx.execute(update(turns).where(*where).values(payload={**payload, **change}))

    async def withdraw(self, key: str, reason: str) -> None:
        """Close a turn that is still waiting, in silence; forget what it was about in any case."""
        this = turns.c.dedupe_key == key
        async with self._database.write() as tx:
            payload = (await tx.execute(select(turns.c.payload).where(this))).scalar()
            if payload is None:
                return
            await tx.execute(
                update(turns).where(this).values(payload={**payload, "text": "", "files": []})
            )
            await tx.execute(
                update(turns)
                .where(this, turns.c.state == "queued")
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


def _reopened(payload: Mapping[str, Any], now: float) -> dict[str, Any]:
    return {
        "state": "queued",
        "outcome": None,
        "reason": None,
        "closed_at": None,
        "claims": 1,
        "failures": 0,
        "delayed_since": None,
        "accepted_at": now,
        "available_at": now,
        "payload": dict(payload),
    }


def _build_claim() -> ReturningUpdate[Any]:
    """Build the one statement that claims.

    It looks at live turns alone, once, through their partial index: its cost does not grow with
    the turns that are closed. The terms of that index are literal, not bound: SQLite uses a
    partial index only where it sees its own term.
    """
    closed = literal("closed", literal_execute=True)
    live = (
        select(
            turns.c.id,
            turns.c.kind,
            turns.c.team,
            turns.c.lane,
            turns.c.state,
            turns.c.available_at,
            turns.c.accepted_at,
            func.row_number()
            .over(
                partition_by=turns.c.lane,
                order_by=[turns.c.state.desc(), turns.c.ts, turns.c.sequence],
            )
            .label("place_in_lane"),
        )
        .where(turns.c.state != closed)
        .cte("live")
    )
    at_work = (
        select(live.c.team, func.count().label("running"))
        .where(live.c.state == "running", live.c.kind == "message")
        .group_by(live.c.team)
        .cte("at_work")
    )
    # "running" sorts after "queued", so a running turn heads its lane and nothing else is ready.
    ready = (
        select(
            live.c.id,
            live.c.kind,
            live.c.accepted_at,
            func.coalesce(at_work.c.running, 0).label("running"),
            func.row_number()
            .over(partition_by=[live.c.team, live.c.kind], order_by=live.c.accepted_at)
            .label("place_in_team"),
        )
        .outerjoin(at_work, at_work.c.team == live.c.team)
        .where(
            live.c.place_in_lane == 1,
            live.c.state == "queued",
            live.c.available_at <= bindparam("now"),
        )
        .cte("ready")
    )
    messages = (
        select(ready.c.id)
        .where(
            ready.c.kind == "message",
            ready.c.place_in_team <= bindparam("team_limit") - ready.c.running,
        )
        .order_by(ready.c.accepted_at)
        .limit(bindparam("limit"))
    )
    others = (
        select(ready.c.id)
        .where(ready.c.kind != "message")
        .order_by(ready.c.accepted_at)
        .limit(bindparam("others"))
    )
    return (
        update(turns)
        .where(or_(turns.c.id.in_(messages), turns.c.id.in_(others)))
        .values(state="running", claims=turns.c.claims + 1, failures=turns.c.failures + 1)
        .returning(turns)
    )


_CLAIM = _build_claim()


def _to_turn(row: Row[Any]) -> Turn:
    return Turn(
        id=row.id,
        kind=row.kind,
        thread=ThreadKey(row.team, row.channel, row.thread_ts),
        ts=row.ts,
        payload=row.payload,
        resumed=row.claims > 1,
        failures=row.failures,
        delayed_since=row.delayed_since,
        posted=tuple(row.posted),
        closed=row.state == "closed",
        accepted_at=row.accepted_at,
    )
