"""Turns in the database: accepted, claimed, renewed, closed.

An event is accepted (written down once, however often it is delivered) before it is acknowledged;
claimed when it is the oldest of its lane and nothing else of the lane is at work; closed with
exactly one outcome.

```
            claim                       close
  queued ─────────▶ running ─────────────────▶ closed
    │ ▲                │                         │
    │ └────────────────┘ put back, failed,       │
    │ ▲                  lease run out           │
    │ └──────────────────────────────────────────┘ reopen
    └──▶ joined ──▶ closed, with the turn that answers it too; queued, if that falls silent
```

Whoever claims a turn has it for the time of a lease, by the database's clock, and renews it. What
is written for a running turn is written only while it is still this claim's: a process that was
frozen past its lease can't undo what its successor did.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    case,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import ThreadKey
from bot.errors import LeaseLost
from bot.ledger.claim import build_claim
from bot.ledger.turn import Asked, Entry, Outcome, Turn, Waiting, to_turn
from bot.store.clock import database_now
from bot.store.database import Database
from bot.store.tables import turns

OFFERED: Final = "offered"
"""The reason of a turn that was answered with an offer, which may still be accepted."""

WORK: Final = "work"
"""Notified when a message may have become ready to be claimed."""

LATER: Final = "later"
"""Notified when a turn was put off."""

QUICK: Final = "quick"
"""Notified when a turn that waits for no place may have become ready to be claimed."""

ASKED: Final = "asked"
"""Notified when something is asked of a running turn."""

_INCOMPLETE: Final = "incomplete"
_MOST_JOINED: Final = 20
_PACE_SECONDS: Final = 120.0
_SKEW_SECONDS: Final = 5.0
"""By how much Slack's clock and the database's may differ."""

_DELETED: Final = "deleted"
"""What the payload's `call` says of a message that is gone."""

_IS_LIVE: Final = turns.c.state != literal("closed", literal_execute=True)
"""The term of the partial index of live turns; SQLite uses that only where it sees the term."""

_IS_QUEUED: Final = (_IS_LIVE, turns.c.state == "queued")
_IN_ORDER: Final = (turns.c.ts, turns.c.sequence)
_TOLD: Final = ("answered", "stopped", "failed", "dead")


class Ledger:
    """Turns in the database.

    Args:
        database: Where.
        new_id: Makes ids that no other process makes.
        lease_seconds: How long a claim holds without being renewed.
        now: The database's clock, in seconds since 1970.
    """

    def __init__(
        self,
        database: Database,
        *,
        new_id: Callable[[], str],
        lease_seconds: float = 15.0,
        now: ColumnElement[float] = database_now,
    ) -> None:
        self.lease_seconds = lease_seconds
        self._database = database
        self._new_id = new_id
        self._now = now
        self._claim = build_claim(now)
        self._select_turns = select(turns, now.label("now"))

    async def accept(self, entry: Entry) -> bool:
        """Write an event down; True if it is new.

        A delivery of a known event adds nothing, unless it is the complete copy of an incomplete
        one that is still waiting: then the turn will see that.
        """
        payload = {**entry.payload, **({} if entry.complete else {_INCOMPLETE: True})}
        statement = (
            self._database.insert(turns)
            .values(
                id=self._new_id(),
                dedupe_key=entry.key,
                kind=entry.kind,
                team=entry.thread.team,
                channel=entry.thread.channel,
                thread_ts=entry.thread.thread_ts,
                ts=entry.ts,
                lane=entry.lane,
                payload=payload,
                state="queued",
                available_at=self._now,
                accepted_at=self._now,
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
                    .where(
                        turns.c.dedupe_key == entry.key,
                        turns.c.state == "queued",
                        turns.c.payload[_INCOMPLETE].as_boolean(),
                    )
                    .values(payload=payload)
                )
            if not is_new and entry.revives:
                silent = (turns.c.dedupe_key == entry.key, turns.c.outcome == "silent")
                is_new = await self._reopen(tx, silent, entry.payload)
            if is_new:
                await self._database.notify(tx, WORK if entry.kind == "message" else QUICK)
        return is_new

    async def find(self, team: str, turn_id: str) -> Turn | None:
        """Return one of the team's turns, whatever its state."""
        return await self._find(turns.c.id == turn_id, turns.c.team == team)

    async def find_message(self, team: str, key: str) -> Turn | None:
        """Return the turn of one of the team's messages, or the one that answers it too."""
        this = turns.alias()
        owner = func.coalesce(this.c.joined_to, this.c.id)
        wanted = select(owner).where(this.c.dedupe_key == key, this.c.team == team)
        return await self._find(turns.c.id == wanted.scalar_subquery())

    async def _find(self, *which: ColumnElement[bool]) -> Turn | None:
        async with self._database.read() as tx:
            row = (await tx.execute(self._select_turns.where(*which))).first()
        return None if row is None else to_turn(row)

    async def knows(self, thread: ThreadKey) -> bool:
        """Whether anything of the thread was ever accepted."""
        return await self._has_turn(thread)

    async def took_part(self, thread: ThreadKey) -> bool:
        """Whether we have said anything in the thread: an answer, a note or an error."""
        return await self._has_turn(thread, turns.c.kind == "message", turns.c.outcome.in_(_TOLD))

    async def has_later(self, turn: Turn) -> bool:
        """Whether a later message of the thread was answered, or is going to be."""
        return await self._has_turn(
            turn.thread,
            turns.c.kind == "message",
            turns.c.ts > turn.ts,
            or_(turns.c.outcome.is_(None), turns.c.outcome != "silent"),
            or_(turns.c.joined_to.is_(None), turns.c.joined_to != turn.id),
        )

    async def has_been_overtaken(self, turn: Turn) -> bool:
        """Whether a later message of the thread has its outcome already."""
        return await self._has_turn(
            turn.thread,
            turns.c.kind == "message",
            turns.c.ts > turn.ts,
            turns.c.outcome != "silent",
        )

    async def has_earlier_waiting(self, turn: Turn) -> bool:
        """Whether a message of the turn's lane waits that was written before it.

        So it is if it was accepted a moment after this one was claimed.
        """
        query = select(literal(1)).where(
            *_IS_QUEUED,
            turns.c.lane == turn.lane,
            turns.c.kind == "message",
            turns.c.ts < turn.ts,
        )
        async with self._database.read() as tx:
            return (await tx.execute(query.limit(1))).first() is not None

    async def _has_turn(self, thread: ThreadKey, *which: ColumnElement[bool]) -> bool:
        query = select(literal(1)).where(*_in_thread(thread), *which)
        async with self._database.read() as tx:
            return (await tx.execute(query.limit(1))).first() is not None

    async def claim(self, limit: int, *, team_limit: int, others: int = 8) -> list[Turn]:
        """Take turns, at most one of each lane, for the time of a lease.

        Messages: up to `limit`, and no more than `team_limit` of a team at work in all processes.
        What is no message is quick and has somebody waiting in front of a button: up to `others`,
        whatever else is at work.
        """
        parameters = {
            "limit": limit,
            "team_limit": team_limit,
            "others": others,
            "lease": self.lease_seconds,
        }
        async with self._database.write() as tx:
            await self._database.serialize(tx, "claim")
            rows = await tx.execute(self._claim, parameters)
            return sorted((to_turn(row) for row in rows), key=lambda turn: turn.accepted_at)

    async def renew(self, held: Sequence[Turn]) -> dict[str, Asked | None]:
        """Hold on to turns for another lease.

        Returns what is asked of each, by id; one that is missing has gone to another process.
        """
        claims = [(turn.id, turn.attempt) for turn in held]
        statement = (
            update(turns)
            .where(tuple_(turns.c.id, turns.c.claims).in_(claims), turns.c.state == "running")
            .values(lease_until=self._now + self.lease_seconds)
            .returning(turns.c.id, turns.c.asked)
        )
        async with self._database.write() as tx:
            return {row.id: row.asked for row in await tx.execute(statement)}

    async def next_in(self) -> float | None:
        """Return the seconds until the next turn that was put off may be claimed."""
        query = select(func.min(turns.c.available_at) - self._now).where(
            *_IS_QUEUED, turns.c.available_at > self._now
        )
        async with self._database.read() as tx:
            seconds: float | None = (await tx.execute(query)).scalar()
            return seconds

    async def note_posted(self, turn: Turn, posted: Sequence[str]) -> None:
        """Remember what the turn has posted so far; raises LeaseLost."""
        async with self._database.write() as tx:
            await self._change(tx, turn, posted=list(posted))

    async def keep_answer(self, turn: Turn, answer: Mapping[str, Any]) -> None:
        """Remember the finished answer before the rest of it is shown; raises LeaseLost.

        The hardest part is done: failures are counted anew.
        """
        async with self._database.write() as tx:
            await self._change(tx, turn, answer=dict(answer), failures=1)

    async def find_waiting(self, turn: Turn) -> list[Turn]:
        """Return the next messages of the turn's lane that wait behind it, in order.

        Up to the first that was begun before, for it may stand in Slack or answer others too; that
        is to stop; or that only hears that we are busy.
        """
        query = self._select_turns.where(
            *_IS_QUEUED,
            turns.c.lane == turn.lane,
            turns.c.kind == "message",
            turns.c.ts > turn.ts,
        )
        async with self._database.read() as tx:
            rows = await tx.execute(query.order_by(*_IN_ORDER).limit(_MOST_JOINED))
            waiting = [to_turn(row) for row in rows]
        return list(takewhile(lambda one: not (one.attempt or one.asked or one.busy), waiting))

    async def join(self, turn: Turn, others: Sequence[Turn]) -> list[Turn]:
        """Let the turn answer these waiting ones too; return all that it answers, in order.

        Raises LeaseLost.
        """
        if others:
            async with self._database.write() as tx:
                await self._change(tx, turn, asked=turns.c.asked)
                await tx.execute(
                    update(turns)
                    .where(
                        turns.c.id.in_([other.id for other in others]), turns.c.state == "queued"
                    )
                    .values(state="joined", joined_to=turn.id)
                )
        query = self._select_turns.where(turns.c.joined_to == turn.id).order_by(*_IN_ORDER)
        async with self._database.read() as tx:
            return [to_turn(row) for row in await tx.execute(query)]

    async def close(
        self,
        turn: Turn,
        outcome: Outcome,
        reason: str = "",
        *,
        posted: Sequence[str] | None = None,
        alone: bool = False,
    ) -> int:
        """End a turn and what was joined to it; return how many that were.

        None, and the turn is queued again, if it was asked to begin anew meanwhile. None as well if
        it was closed before, as by a commit whose answer got lost. What was joined to a turn that
        ends in silence is on its own again.

        Args:
            turn: A running turn.
            outcome: How it ended.
            reason: For the log.
            posted: What of it stands in Slack, if that has changed.
            alone: Nothing was ever joined to it, so that there is no need to look.

        Raises:
            LeaseLost: It is not ours any more.
        """
        async with self._database.write() as tx:
            joined = turns.c.joined_to == turn.id, turns.c.state == "joined"
            if not alone:
                # Before their owner, as `revise` locks them, or the two could wait for each other.
                await tx.execute(select(turns.c.id).where(*joined).with_for_update())
            changes: dict[str, Any] = {} if posted is None else {"posted": list(posted)}
            if turn.kind != "message":
                # It was written down for as long as it took; a press has the whole answer in it.
                changes["payload"] = {}
            ended = {
                "state": "closed",
                "outcome": outcome,
                "closed_at": self._now,
                "answer": null(),
            }
            result = await tx.execute(
                update(turns)
                .where(*_is_ours(turn), turns.c.asked.is_distinct_from("restart"))
                .values(reason=reason[:255], **changes, **ended)
            )
            if not result.rowcount:
                changes.pop("payload", None)
                again = {"failures": turns.c.failures - 1, **changes}
                if not await self._queue_again(turn, 0, **again):
                    await self._expect_closed(tx, turn)
                return 0
            if alone:
                return 1
            if outcome == "silent":
                freed = await tx.execute(
                    update(turns).where(*joined).values(joined_to=None, **self._queued())
                )
                if freed.rowcount:
                    await self._database.notify(tx, WORK)
                return 1
            ended["reason"] = f"with {turn.id}"
            return 1 + (await tx.execute(update(turns).where(*joined).values(**ended))).rowcount

    def _queued(self, delay: float = 0) -> dict[str, Any]:
        return {"state": "queued", "available_at": self._now + delay, "lease_until": None}

    async def _expect_closed(self, tx: AsyncConnection, turn: Turn) -> None:
        """Raise LeaseLost unless this attempt has closed the turn already."""
        query = select(literal(1)).where(
            turns.c.id == turn.id, turns.c.claims == turn.attempt, turns.c.state == "closed"
        )
        if (await tx.execute(query)).first() is None:
            raise LeaseLost(f"attempt {turn.attempt} is not the last one")

    async def put_back(self, turn: Turn, *, delay: float = 0, delivery: bool = False) -> bool:
        """Queue a running turn again, to be claimed after `delay` seconds; it did not fail.

        `delivery` says that Slack did not take its reply. False if it is no longer ours.
        """
        since = turns.c.delayed_since
        return await self._queue_again(
            turn,
            delay,
            failures=turns.c.failures - 1,
            delayed_since=func.coalesce(since, self._now) if delivery else since,
        )

    async def note_failure(self, turn: Turn, *, delay: float) -> None:
        """Queue a turn again that broke, to be claimed after `delay` seconds."""
        await self._queue_again(turn, delay)

    async def _queue_again(self, turn: Turn, delay: float, **changes: Any) -> bool:
        async with self._database.write() as tx:
            result = await tx.execute(
                update(turns).where(*_is_ours(turn)).values(**self._queued(delay), **changes)
            )
            at_once = WORK if turn.kind == "message" else QUICK
            await self._database.notify(tx, LATER if delay else at_once)
            return result.rowcount > 0

    async def reopen(
        self,
        turn: Turn,
        change: Mapping[str, Any] | None = None,
        *,
        outcomes: Sequence[Outcome],
        reason: str | None = None,
    ) -> bool:
        """Queue a turn once more that ended in one of `outcomes` (for `reason`); False if not.

        It counts as begun before: its new answer takes the place of what it posted then. `change`
        goes into its payload.
        """
        which = [turns.c.id == turn.id, turns.c.outcome.in_(outcomes)]
        if reason is not None:
            which.append(turns.c.reason == reason)
        async with self._database.write() as tx:
            return await self._reopen(tx, which, change or {})

    async def _reopen(
        self, tx: AsyncConnection, which: Sequence[ColumnElement[bool]], change: Mapping[str, Any]
    ) -> bool:
        closed = (*which, turns.c.state == "closed")
        query = select(turns.c.payload, turns.c.kind).where(*closed).with_for_update()
        row = (await tx.execute(query)).first()
        if row is None or row.payload.get("call") == _DELETED:
            return False
        await tx.execute(
            update(turns)
            .where(*closed)
            .values(
                **self._queued(),
                outcome=None,
                reason=None,
                closed_at=None,
                failures=0,
                delayed_since=None,
                asked=None,
                answer=null(),
                busy=False,
                heard_at=None,
                accepted_at=self._now,
                joined_to=None,
                payload={**row.payload, **change},
            )
        )
        await self._database.notify(tx, WORK if row.kind == "message" else QUICK)
        return True

    async def stop(self, thread: ThreadKey, turn_id: str) -> bool:
        """Ask a turn of the thread to stop; False if it has ended, or is none of the thread's."""
        return await self._stop(
            thread, turns.c.id == turn_id, turns.c.state.in_(("running", "queued"))
        )

    async def stop_thread(
        self, thread: ThreadKey, *, posted: Sequence[str] = (), asked_at: float
    ) -> bool:
        """Ask what is at work in the thread to stop; False if there is nothing.

        What was begun or written after it was asked for is something else, and goes on.

        Args:
            thread: Where.
            posted: The messages that were being written; they tell which turn is meant.
            asked_at: When it was asked for, in seconds since 1970.
        """
        latest = asked_at + _SKEW_SECONDS
        running = (turns.c.state == "running", turns.c.begun_at <= latest)
        query = select(turns.c.id, turns.c.posted).where(
            *_in_thread(thread), turns.c.kind == "message", *running
        )
        async with self._database.read() as tx:
            row = (await tx.execute(query)).first()
        if row is None:
            # Whoever was told that they wait can stop that too.
            waits = (turns.c.state == "queued", turns.c.heard_at.is_not(None))
            return await self._stop(thread, *waits, turns.c.accepted_at <= latest)
        if posted and row.posted and not set(posted) & set(row.posted):
            return False
        return await self._stop(thread, turns.c.id == row.id, turns.c.state == "running")

    async def _stop(self, thread: ThreadKey, *which: ColumnElement[bool]) -> bool:
        async with self._database.write() as tx:
            result = await tx.execute(
                update(turns)
                .where(*_in_thread(thread), turns.c.kind == "message", *which)
                .values(asked="stop")
            )
            if result.rowcount:
                await self._database.notify(tx, ASKED)
            return result.rowcount > 0

    async def revise(self, key: str, change: Mapping[str, Any]) -> bool:
        """Change the payload of a message that has not ended; False if it has, or is not known.

        A turn that is running, for this message or for one joined to it, begins anew. A message
        that was deleted stays as it is.
        """
        this = turns.c.dedupe_key == key
        async with self._database.write() as tx:
            row = (await tx.execute(select(turns).where(this).with_for_update())).first()
            if row is None:
                return False
            owner = turns.c.id == (row.joined_to or row.id)
            query = select(turns.c.state).where(owner).with_for_update()
            if (await tx.execute(query)).scalar_one() == "closed":
                return False
            if change.items() <= row.payload.items() or row.payload.get("call") == _DELETED:
                return True
            payload = {**row.payload, **change}
            # What has been changed since is not to be replaced by a late copy of the original.
            payload.pop(_INCOMPLETE, None)
            await tx.execute(update(turns).where(this).values(payload=payload, answer=null()))
            await tx.execute(
                update(turns)
                .where(owner)
                .values(
                    answer=null(),
                    asked=case((turns.c.state == "running", "restart"), else_=turns.c.asked),
                )
            )
            await self._database.notify(tx, ASKED)
            return True

    async def reopen_edited(self, key: str, text: str) -> bool:
        """Queue the turn of a message once more if it was answered with another text than this.

        The message may be one that was joined to it. False if there is nothing to do: it has the
        text already, or never had an answer.
        """
        this = turns.c.dedupe_key == key
        async with self._database.write() as tx:
            query = select(turns).where(this, turns.c.state == "closed").with_for_update()
            row = (await tx.execute(query)).first()
            if row is None or row.payload.get("text") == text:
                return False
            if row.payload.get("call") == _DELETED:
                return False
            changed = {"text": text}
            if row.joined_to is not None:
                await tx.execute(
                    update(turns).where(this).values(payload={**row.payload, **changed})
                )
                changed = {}
            owner = (turns.c.id == (row.joined_to or row.id), turns.c.outcome.in_(_TOLD))
            return await self._reopen(tx, owner, changed)

    async def withdraw(self, key: str) -> None:
        """Forget what a message was about; if it has not been answered, it will not be."""
        gone = {"text": "", "files": [], "call": _DELETED}
        if await self.revise(key, gone):
            return
        this = turns.c.dedupe_key == key
        async with self._database.write() as tx:
            query = select(turns.c.payload).where(this).with_for_update()
            payload = (await tx.execute(query)).scalar()
            if payload is not None:
                await tx.execute(update(turns).where(this).values(payload={**payload, **gone}))

    async def take_waiting(
        self, *, longer_than: float, told_before: float, limit: int
    ) -> list[Waiting]:
        """Take up messages that have waited for `longer_than` seconds, oldest first.

        Each is taken once, and again when `told_before` seconds have passed since; in a flood,
        those that were never taken go first. What waits for Slack or for its next try is not among
        them.
        """
        seconds = self._now - turns.c.accepted_at
        is_due = (
            *_IS_QUEUED,
            or_(turns.c.heard_at.is_(None), turns.c.heard_at < self._now - told_before),
        )
        which = (
            select(turns.c.id)
            .where(
                *is_due,
                turns.c.kind == "message",
                turns.c.failures == 0,
                turns.c.delayed_since.is_(None),
                ~turns.c.busy,
                seconds > longer_than,
            )
            # In a flood, those who have heard nothing yet come before those who have.
            .order_by(turns.c.heard_at.is_not(None), turns.c.accepted_at)
            .limit(limit)
        )
        async with self._database.read() as tx:
            ids = (await tx.execute(which)).scalars().all()
        if not ids:
            return []
        statement = (
            update(turns)
            .where(turns.c.id.in_(ids), *is_due)
            .values(heard_at=self._now)
            .returning(turns, self._now.label("now"))
        )
        async with self._database.write() as tx:
            rows = sorted(await tx.execute(statement), key=lambda row: row.accepted_at)
        return [await self._survey_queue(to_turn(row)) for row in rows]

    async def _survey_queue(self, turn: Turn) -> Waiting:
        of_team = (turns.c.team == turn.thread.team, turns.c.kind == "message")
        seconds = min(turn.age, _PACE_SECONDS)
        before_it = select(literal(1)).where(
            _IS_LIVE,
            turns.c.lane == turn.lane,
            turns.c.id != turn.id,
            or_(turns.c.state == "running", turns.c.ts < turn.ts),
        )
        ahead = select(func.count()).where(
            *_IS_QUEUED, *of_team, turns.c.accepted_at < turn.accepted_at
        )
        done = select(func.count()).where(
            turns.c.closed_at > self._now - seconds,
            *of_team,
            turns.c.outcome.in_(("answered", "stopped")),
        )
        async with self._database.read() as tx:
            return Waiting(
                turn=turn,
                thread_is_busy=(await tx.execute(before_it)).first() is not None,
                ahead=(await tx.execute(ahead)).scalar_one(),
                pace=(await tx.execute(done)).scalar_one() / seconds,
            )

    async def give_up_waiting(self, turn: Turn) -> None:
        """Let a message that would wait too long only hear so."""
        async with self._database.write() as tx:
            await tx.execute(
                update(turns)
                .where(turns.c.id == turn.id, turns.c.state == "queued")
                .values(busy=True)
            )
            await self._database.notify(tx, QUICK)

    async def recover(self) -> int:
        """Queue again what is running; returns how many.

        For a database that is ours alone: what runs in it as we start was a dead process's.
        """
        async with self._database.write() as tx:
            result = await tx.execute(
                update(turns).where(turns.c.state == "running").values(**self._queued())
            )
            return result.rowcount

    async def _change(self, tx: AsyncConnection, turn: Turn, **values: Any) -> None:
        """Change a running turn, if it is still this claim's; raises LeaseLost."""
        result = await tx.execute(update(turns).where(*_is_ours(turn)).values(**values))
        if not result.rowcount:
            raise LeaseLost(f"attempt {turn.attempt} is not the last one")


def _is_ours(turn: Turn) -> tuple[ColumnElement[bool], ...]:
    return turns.c.id == turn.id, turns.c.claims == turn.attempt, turns.c.state == "running"


def _in_thread(thread: ThreadKey) -> tuple[ColumnElement[bool], ...]:
    return (
        turns.c.team == thread.team,
        turns.c.channel == thread.channel,
        turns.c.thread_ts == thread.thread_ts,
    )
