"""What the ledger promises, whatever happens in whatever order, on both databases."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Sequence,
)
from contextlib import AsyncExitStack
from dataclasses import dataclass, fields, replace
from functools import partial
from itertools import takewhile
from typing import Any, Final, TypeVar, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, event, insert, select, text

from bot.conversation.messages import ThreadKey
from bot.errors import LeaseLost
from bot.ledger import Asked, Entry, Kind, Ledger, Outcome, Turn
from bot.store.database import Database, open_database
from bot.store.sqlite import SqliteDatabase
from bot.store.tables import turns
from tests.test_ledger import LEASE, Clock, build

_T = TypeVar("_T")

_TOLD: Final = {"answered", "stopped", "failed", "dead"}
_GONE: Final = {"text": "", "files": [], "call": "deleted"}
_SKEW: Final = 5.0
_TICK: Final = 2.0**-10
"""The clock moves on before each call, by what a float can add without an error."""

_EVENTS: Final = 120
"""How many there are in a rush."""


@dataclass(slots=True)
class _Row:
    """A turn as it is in the database, or as it ought to be."""

    id: str
    dedupe_key: str
    kind: Kind
    team: str
    lane: str
    ts: str
    payload: dict[str, Any]
    accepted_at: float
    available_at: float
    posted: list[str]
    state: str = "queued"
    claims: int = 0
    failures: int = 0
    lease_until: float | None = None
    begun_at: float | None = None
    asked: Asked | None = None
    busy: bool = False
    joined_to: str | None = None
    outcome: Outcome | None = None
    answer: dict[str, Any] | None = None
    delayed_since: float | None = None
    heard_at: float | None = None

    @property
    def gone(self) -> bool:
        return self.payload.get("call") == "deleted"

    @property
    def takes_a_place(self) -> bool:
        return self.kind == "message" and not self.busy


_COLUMNS: Final = [turns.c[field.name] for field in fields(_Row)]


@dataclass(frozen=True, slots=True)
class _Cluster:
    """Processes with one database and one clock."""

    clock: Clock
    databases: list[Database]
    ledgers: list[Ledger]

    async def clear(self) -> None:
        async with self.databases[0].write() as tx:
            await tx.execute(delete(turns))

    async def read(self) -> list[_Row]:
        query = select(*_COLUMNS).order_by(turns.c.sequence)
        async with self.databases[0].read() as tx:
            rows = [_Row(*row) for row in await tx.execute(query)]
        for row in rows:
            if row.state != "running":
                row.lease_until = None
        return rows


@pytest.fixture
async def cluster(database_url: str) -> AsyncIterator[_Cluster]:
    """Three processes, which on SQLite share one database object: it can be open only once."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(open_database(database_url))
        databases = [first] * 3
        if first.is_shared:
            others = [open_database(database_url) for _ in range(2)]
            databases = [first, *[await stack.enter_async_context(other) for other in others]]
        if isinstance(first, SqliteDatabase):
            await _write_without_sync(first)
        clock = Clock()
        ledgers = [build(one, clock, f"p{n}-") for n, one in enumerate(databases)]
        yield _Cluster(clock, databases, ledgers)


async def _write_without_sync(database: SqliteDatabase) -> None:
    """Save the time that surviving a power loss costs."""
    async with database._writing.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        await raw.execute("PRAGMA synchronous=OFF")


class _Play:
    """Steps of several processes, in any order, beside the rows as they ought to be.

    A step that has nothing to act on does nothing.

    A turn that was claimed stays in the hands of whoever claimed it: it may be acted on at any
    later time, in vain if it has become somebody else's, or never again, as by a process that died.
    """

    def __init__(self, cluster: _Cluster) -> None:
        self._cluster = cluster
        self._clock = cluster.clock
        self._rows: dict[str, _Row] = {}
        self._held: list[Turn] = []
        self._ended: list[Turn] = []

    async def accept(self, process: int, entry: Entry) -> None:
        is_new = await self._do(self._cluster.ledgers[process].accept(entry))
        row = self._find(entry.key)
        if row is None:
            assert is_new
            await self._note_new(entry)
            return
        if entry.complete and row.state == "queued" and row.payload.get("incomplete"):
            row.payload = dict(entry.payload)
        revived = entry.revives and row.outcome == "silent" and not row.gone
        assert is_new is revived
        if revived:
            self._open_again(row, entry.payload)

    async def redeliver(self, process: int, which: int, **changes: Any) -> None:
        if row := self._pick_message(which):
            thread = ThreadKey(row.team, "C1", row.lane)
            entry = Entry(row.dedupe_key, row.kind, thread, row.ts, row.lane, {})
            await self.accept(process, replace(entry, **changes))

    async def _note_new(self, entry: Entry) -> None:
        named = select(turns.c.id).where(turns.c.dedupe_key == entry.key)
        async with self._cluster.databases[0].read() as tx:
            turn_id = (await tx.execute(named)).scalar_one()
        self._rows[turn_id] = _Row(
            id=turn_id,
            dedupe_key=entry.key,
            kind=entry.kind,
            team=entry.thread.team,
            lane=entry.lane,
            ts=entry.ts,
            payload={**entry.payload, **({} if entry.complete else {"incomplete": True})},
            accepted_at=self._clock.now,
            available_at=self._clock.now,
            posted=[],
        )

    async def claim(self, process: int, limit: int, team_limit: int, others: int) -> list[Turn]:
        ledger = self._cluster.ledgers[process]
        claimed = await self._do(ledger.claim(limit, team_limit=team_limit, others=others))
        ready = sorted(self._find_ready(), key=lambda row: row.accepted_at)
        messages = self._share_places([row for row in ready if row.takes_a_place], team_limit)
        quick = [row for row in ready if not row.takes_a_place]
        chosen = {row.id: row for row in messages[:limit] + quick[:others]}
        assert {turn.id for turn in claimed} == set(chosen)
        for turn in claimed:
            row = chosen[turn.id]
            row.state = "running"
            row.claims += 1
            row.failures += 1
            row.begun_at = self._clock.now
            row.lease_until = self._clock.now + LEASE
            if row.asked == "restart":
                # The answer may be to the old text.
                row.asked = row.answer = None
            self._compare(turn, row)
        self._held[:0] = claimed
        return claimed

    def _compare(self, turn: Turn, row: _Row) -> None:
        assert (turn.attempt, turn.failures) == (row.claims, row.failures)
        assert (turn.payload, turn.posted) == (row.payload, tuple(row.posted))
        assert (turn.asked, turn.answer) == (row.asked, row.answer)
        assert (turn.heard, turn.busy) == (row.heard_at is not None, row.busy)
        assert turn.age == self._clock.now - row.accepted_at
        since = row.delayed_since
        assert turn.delayed == (None if since is None else self._clock.now - since)

    def _find_ready(self) -> Iterable[_Row]:
        """Yield what heads its lane and is due, or was left by a process that was lost."""
        for lane in {row.lane for row in self._rows.values()}:
            of_lane = [row for row in self._rows.values() if row.lane == lane]
            running = [row for row in of_lane if row.state == "running"]
            # Those of one `ts` stay in the order in which they were accepted.
            queued = sorted(
                _in_state(of_lane, "queued"),
                key=lambda row: (row.delayed_since is None, row.ts),
            )
            if running:
                yield from (row for row in running if not self._is_live(row))
            else:
                yield from (row for row in queued[:1] if row.available_at <= self._clock.now)

    def _share_places(self, ready: Sequence[_Row], team_limit: int) -> list[_Row]:
        """Put messages in order: for the team with the least at work first, then by age."""
        live = [row for row in self._rows.values() if self._is_live(row)]
        at_work = Counter(row.team for row in live if row.takes_a_place)
        ranked = []
        for row in ready:
            at_work[row.team] += 1
            if at_work[row.team] <= team_limit:
                ranked.append((at_work[row.team], row.accepted_at, row))
        return [row for *_, row in sorted(ranked, key=lambda one: one[:2])]

    def _is_live(self, row: _Row) -> bool:
        return row.lease_until is not None and row.lease_until >= self._clock.now

    async def renew(self, process: int, most: int) -> None:
        held = self._held[:most]
        renewed = await self._do(self._cluster.ledgers[process].renew(held))
        ours = [self._rows[turn.id] for turn in held if self._is_ours(turn)]
        assert renewed == {row.id: row.asked for row in ours}
        for row in ours:
            row.lease_until = self._clock.now + LEASE

    async def close(
        self, process: int, which: int, outcome: Outcome, posted: list[str] | None
    ) -> None:
        if turn := await self._pick_held(process, which):
            self._let_go(turn)
            await self._close(process, turn, outcome, posted)

    async def _close(
        self, process: int, turn: Turn, outcome: Outcome, posted: list[str] | None = None
    ) -> None:
        row = self._rows[turn.id]
        alone = not self._find_joined(row)
        call = self._cluster.ledgers[process].close(turn, outcome, posted=posted, alone=alone)
        if self._is_ours(turn):
            assert await self._do(call) == self._end(row, outcome, posted)
        elif (row.state, row.claims) == ("closed", turn.attempt):
            assert await self._do(call) == 0
        else:
            await self._do_in_vain(call)

    def _end(self, row: _Row, outcome: Outcome, posted: list[str] | None) -> int:
        """Close a running turn; return how many turns that were."""
        if posted is not None:
            row.posted = posted
        if row.kind != "message":
            row.payload = {}
        if row.asked == "restart":
            row.failures -= 1
            self._queue(row)
            return 0
        joined = _in_state(self._find_joined(row), "joined")
        if outcome == "silent":
            for one in joined:
                one.joined_to = None
                self._queue(one)
            joined = []
        for one in (row, *joined):
            one.state, one.outcome = "closed", outcome
            one.answer = one.lease_until = None
        return 1 + len(joined)

    async def put_back(self, process: int, which: int, delay: float, delivery: bool) -> None:
        turn = await self._pick_held(process, which)
        if turn is None:
            return
        self._let_go(turn)
        call = self._cluster.ledgers[process].put_back(turn, delay=delay, delivery=delivery)
        assert await self._do(call) is self._is_ours(turn)
        if self._is_ours(turn):
            row = self._rows[turn.id]
            self._queue(row, delay)
            row.failures -= 1
            if delivery and row.delayed_since is None:
                row.delayed_since = self._clock.now

    async def note_failure(self, process: int, which: int, delay: float) -> None:
        turn = await self._pick_held(process, which)
        if turn is None:
            return
        self._let_go(turn)
        await self._do(self._cluster.ledgers[process].note_failure(turn, delay=delay))
        if self._is_ours(turn):
            self._queue(self._rows[turn.id], delay)

    def _queue(self, row: _Row, delay: float = 0) -> None:
        row.state, row.lease_until = "queued", None
        row.available_at = self._clock.now + delay

    async def act_late(self, process: int, which: int, outcome: Outcome) -> None:
        """Go on with a turn that the same hands have closed or put back."""
        if not self._ended:
            return
        turn = _pick(self._ended, which)
        ledger = self._cluster.ledgers[process]
        await self._close(process, turn, outcome)
        assert not await self._do(ledger.put_back(turn, delivery=True))
        await self._do(ledger.note_failure(turn, delay=1))
        await self._do_in_vain(ledger.note_posted(turn, ["9.9"]))
        await self._do_in_vain(ledger.keep_answer(turn, {"markdown": "late"}))
        await self._do_in_vain(ledger.join(turn, [turn]))

    async def keep(self, process: int, which: int, words: str) -> None:
        """Write down what was posted, and the answer."""
        turn, ledger = await self._pick_held(process, which), self._cluster.ledgers[process]
        if turn is None:
            return
        posted, answer = [words], {"markdown": words}
        if self._is_ours(turn):
            await self._do(ledger.note_posted(turn, posted))
            await self._do(ledger.keep_answer(turn, answer))
            row = self._rows[turn.id]
            row.posted, row.answer, row.failures = posted, answer, 1
        else:
            await self._do_in_vain(ledger.note_posted(turn, posted))
            await self._do_in_vain(ledger.keep_answer(turn, answer))

    async def join(self, process: int, which: int, most: int, meanwhile: "_Step | None") -> None:
        """Answer what waits too, as it was found before the meanwhile."""
        turn, ledger = await self._pick_held(process, which), self._cluster.ledgers[process]
        if turn is None:
            return
        waiting = await self._do(ledger.find_waiting(turn))
        assert [one.id for one in waiting] == self._find_behind(turn)
        others = waiting[:most]
        if meanwhile is not None:
            await meanwhile(self)
        call = ledger.join(turn, others)
        if others and not self._is_ours(turn):
            await self._do_in_vain(call)
            return
        joined = await self._do(call)
        for row in _in_state((self._rows[other.id] for other in others), "queued"):
            row.state, row.joined_to = "joined", turn.id
        ought = self._find_joined(self._rows[turn.id])
        assert [(one.id, one.payload) for one in joined] == [(row.id, row.payload) for row in ought]

    def _find_behind(self, turn: Turn) -> list[str]:
        of_lane = [row for row in self._rows.values() if row.lane == turn.lane]
        behind = [row for row in _in_state(of_lane, "queued") if row.ts > turn.ts]
        messages = [row for row in behind if row.kind == "message"]
        in_order = sorted(messages, key=lambda row: row.ts)
        # One that was begun may have something of its own in Slack, and others joined to it.
        next_ones = takewhile(lambda row: not (row.claims or row.asked or row.busy), in_order)
        return [row.id for row in next_ones]

    async def reopen(self, process: int, which: int, outcomes: list[Outcome], call: str) -> None:
        """Press Retry or Regenerate."""
        closed = [turn for turn in self._ended if self._rows[turn.id].state == "closed"]
        if not self._ended:
            return
        turn = _pick(closed or self._ended, which)
        change = {"call": call}
        ledger = self._cluster.ledgers[process]
        reopened = await self._do(ledger.reopen(turn, change, outcomes=outcomes))
        row = self._rows[turn.id]
        assert reopened is (row.outcome in outcomes and not row.gone)
        if reopened:
            self._open_again(row, change)

    async def revise(self, process: int, which: int, words: str) -> None:
        if row := self._pick_message(which):
            change = {"text": words}
            revised = await self._do(self._cluster.ledgers[process].revise(row.dedupe_key, change))
            assert revised is self._revise(row, change)

    def _revise(self, row: _Row, change: dict[str, Any]) -> bool:
        owner = self._find_owner(row)
        if owner.state == "closed":
            return False
        if not row.gone and row.payload != row.payload | change:
            row.payload = {**row.payload, **change}
            row.payload.pop("incomplete", None)
            row.answer = owner.answer = None
            if owner.state == "running":
                owner.asked = "restart"
        return True

    async def withdraw(self, process: int, which: int) -> None:
        if row := self._pick_message(which):
            await self._do(self._cluster.ledgers[process].withdraw(row.dedupe_key))
            if not self._revise(row, _GONE):
                row.payload = {**row.payload, **_GONE}

    async def reopen_edited(self, process: int, which: int, words: str) -> None:
        row = self._pick_message(which)
        if row is None:
            return
        call = self._cluster.ledgers[process].reopen_edited(row.dedupe_key, words)
        reopened = await self._do(call)
        if row.state != "closed" or row.payload["text"] == words or row.gone:
            assert not reopened
            return
        owner = self._find_owner(row)
        assert reopened is (owner.outcome in _TOLD and not owner.gone)
        if owner is not row or reopened:
            row.payload["text"] = words
        if reopened:
            self._open_again(owner, {})

    async def stop(
        self, process: int, place: tuple[str, str], posted: list[str], ago: float
    ) -> None:
        """Stop what was at work in the thread some time ago."""
        team, lane = place
        asked_at = self._clock.now - ago
        ledger, thread = self._cluster.ledgers[process], ThreadKey(team, "C1", lane)
        stopped = await self._do(ledger.stop_thread(thread, posted=posted, asked_at=asked_at))
        ought = self._find_meant(lane, set(posted), asked_at)
        assert stopped is bool(ought)
        for row in ought:
            row.asked = "stop"

    def _find_meant(self, lane: str, posted: set[str], asked_at: float) -> list[_Row]:
        messages = [row for row in self._rows.values() if (row.lane, row.kind) == (lane, "message")]
        for row in _in_state(messages, "running"):
            if row.begun_at is not None and row.begun_at <= asked_at + _SKEW:
                is_another = posted and row.posted and posted.isdisjoint(row.posted)
                return [] if is_another else [row]
        waiting = [row for row in _in_state(messages, "queued") if row.heard_at is not None]
        return [row for row in waiting if row.accepted_at <= asked_at + _SKEW]

    async def stop_this(self, process: int, which: int) -> None:
        turn = await self._pick_held(process, which)
        if turn is None:
            return
        row = self._rows[turn.id]
        stopped = await self._do(self._cluster.ledgers[process].stop(turn.thread, turn.id))
        assert stopped is (row.kind == "message" and row.state in {"queued", "running"})
        if stopped:
            row.asked = "stop"

    async def take_waiting(self, process: int, limit: int) -> None:
        """Tell those who wait for more than 2 seconds, and every 100 seconds again."""
        call = self._cluster.ledgers[process].take_waiting(
            longer_than=2, told_before=100, limit=limit
        )
        waiting = await self._do(call)
        ought = sorted(
            (row for row in self._rows.values() if self._is_to_hear(row)),
            key=lambda row: (row.heard_at is not None, row.accepted_at),
        )[:limit]
        for row in ought:
            row.heard_at = self._clock.now
        assert [one.turn.id for one in waiting] == [
            row.id for row in sorted(ought, key=lambda row: row.accepted_at)
        ]
        for one in waiting:
            row = self._rows[one.turn.id]
            self._compare(one.turn, row)
            assert one.thread_is_busy is self._is_behind(row)
            assert one.ahead == self._count_ahead(row)

    def _is_to_hear(self, row: _Row) -> bool:
        never_failed = row.failures == 0 and row.delayed_since is None and not row.busy
        return (
            (row.kind, row.state) == ("message", "queued")
            and never_failed
            and self._clock.now - row.accepted_at > 2
            and (row.heard_at is None or row.heard_at < self._clock.now - 100)
        )

    def _is_behind(self, row: _Row) -> bool:
        others = [one for one in self._rows.values() if one.lane == row.lane and one is not row]
        return any(
            one.state == "running" or (one.state != "closed" and one.ts < row.ts) for one in others
        )

    def _count_ahead(self, row: _Row) -> int:
        of_team = [
            one for one in self._rows.values() if (one.team, one.kind) == (row.team, "message")
        ]
        return sum(one.accepted_at < row.accepted_at for one in _in_state(of_team, "queued"))

    async def give_up_waiting(self, process: int, which: int) -> None:
        row = self._pick_message(which)
        if row is None:
            return
        ledger = self._cluster.ledgers[process]
        turn = await self._do(ledger.find(row.team, row.id))
        assert turn is not None
        await self._do(ledger.give_up_waiting(turn))
        if row.state == "queued":
            row.busy = True

    async def pass_time(self, seconds: float) -> None:
        self._clock.now += seconds

    async def check(self) -> None:
        rows = await self._cluster.read()
        assert rows == list(self._rows.values())
        lanes = [row.lane for row in _in_state(rows, "running")]
        assert len(lanes) == len(set(lanes))
        to_end = {row.id for row in rows if row.state in {"queued", "running"}}
        assert {row.joined_to for row in _in_state(rows, "joined")} <= to_end
        assert not any(row.payload["text"] for row in rows if row.gone)

    async def drain(self) -> None:
        """Have a process that has never heard of any of it bring everything to its end."""
        while any(row.state != "closed" for row in self._rows.values()):
            self._clock.now += 100
            claimed = await self.claim(0, 9, 9, 9)
            assert claimed
            for turn in claimed:
                await self._close(0, turn, "answered")
        await self.check()

    async def _do(self, call: Awaitable[_T]) -> _T:
        self._clock.now += _TICK
        return await call

    async def _do_in_vain(self, call: Awaitable[object]) -> None:
        with pytest.raises(LeaseLost):
            await self._do(call)

    async def _pick_held(self, process: int, which: int) -> Turn | None:
        """Pick a turn that somebody has or has lost; claim some if nobody ever had one."""
        if not self._held:
            await self.claim(process, 3, 2, 2)
        return _pick(self._held, which) if self._held else None

    def _let_go(self, turn: Turn) -> None:
        self._held.remove(turn)
        self._ended.insert(0, turn)

    def _pick_message(self, which: int) -> _Row | None:
        messages = [row for row in self._rows.values() if row.kind == "message"]
        return _pick(messages, which) if messages else None

    def _is_ours(self, turn: Turn) -> bool:
        row = self._rows[turn.id]
        return (row.state, row.claims) == ("running", turn.attempt)

    def _find(self, key: str) -> _Row | None:
        return next((row for row in self._rows.values() if row.dedupe_key == key), None)

    def _find_owner(self, row: _Row) -> _Row:
        return row if row.joined_to is None else self._rows[row.joined_to]

    def _find_joined(self, owner: _Row) -> list[_Row]:
        joined = [row for row in self._rows.values() if row.joined_to == owner.id]
        return sorted(joined, key=lambda row: row.ts)

    def _open_again(self, row: _Row, change: Any) -> None:
        row.state, row.outcome, row.joined_to = "queued", None, None
        row.failures, row.busy = 0, False
        row.asked = row.answer = row.delayed_since = row.heard_at = None
        row.accepted_at = row.available_at = self._clock.now
        row.payload = {**row.payload, **change}


_Step = Callable[[_Play], Awaitable[None]]


def _pick(some: Sequence[_T], which: int) -> _T:
    return some[which % len(some)]


def _in_state(rows: Iterable[_Row], state: str) -> list[_Row]:
    return [row for row in rows if row.state == state]


_PROCESSES: Final = st.integers(0, 2)
_PLACES: Final = st.sampled_from([("T1", "a"), ("T1", "b"), ("T2", "c")])
_TS: Final = st.integers(1, 5).map(lambda n: f"{n}.000000")
_WORDS: Final = st.sampled_from(["x", "y", "z"])
_DELAYS: Final = st.sampled_from([0, 0, 20])
_WHICH: Final = st.integers(0, 3)
_ANY: Final = st.integers(0, 9)
_OUTCOMES: Final = st.sampled_from([*get_args(Outcome), "silent", "answered"])


@st.composite
def _entries(draw: st.DrawFn) -> Entry:
    kind: Kind = draw(st.sampled_from(["message", "message", "message", "edit", "press"]))
    (team, lane), ts = draw(_PLACES), draw(_TS)
    return Entry(
        key=f"{kind} {lane} {ts}",
        kind=kind,
        thread=ThreadKey(team, "C1", lane),
        ts=ts,
        lane=lane,
        payload={"text": draw(_WORDS)},
        complete=draw(st.booleans()),
        revives=draw(st.booleans()),
    )


def _step(does: Callable[..., Awaitable[Any]], **arguments: Any) -> st.SearchStrategy[_Step]:
    return st.builds(partial, st.just(does), **arguments)


_CLAIMS: Final = _step(
    _Play.claim,
    process=_PROCESSES,
    limit=st.sampled_from([3, 1, 1, 0]),
    team_limit=st.sampled_from([2, 1]),
    others=st.sampled_from([2, 1, 0]),
)
_INTERRUPTIONS: Final = st.one_of(
    _step(_Play.pass_time, seconds=st.sampled_from([1.0, 10.0, LEASE + 1])),
    _step(_Play.revise, process=_PROCESSES, which=_ANY, words=_WORDS),
    _step(_Play.withdraw, process=_PROCESSES, which=_ANY),
    _step(
        _Play.put_back,
        process=_PROCESSES,
        which=_WHICH,
        delay=_DELAYS,
        delivery=st.booleans(),
    ),
)
_POSTED: Final = _WORDS.map(lambda words: [words])
_CLOSES: Final = _step(
    _Play.close,
    process=_PROCESSES,
    which=_WHICH,
    outcome=_OUTCOMES,
    posted=st.none() | _POSTED,
)
_STEPS: Final = st.one_of(
    _CLAIMS,
    _CLAIMS,
    _CLAIMS,
    _step(_Play.accept, process=_PROCESSES, entry=_entries()),
    _step(_Play.accept, process=_PROCESSES, entry=_entries()),
    _step(
        _Play.redeliver,
        process=_PROCESSES,
        which=_ANY,
        payload=_WORDS.map(lambda words: {"text": words}),
        complete=st.booleans(),
        revives=st.sampled_from([True, True, False]),
    ),
    _INTERRUPTIONS,
    _INTERRUPTIONS,
    _step(_Play.renew, process=_PROCESSES, most=_WHICH),
    _CLOSES,
    _CLOSES,
    _step(_Play.note_failure, process=_PROCESSES, which=_WHICH, delay=_DELAYS),
    _step(_Play.act_late, process=_PROCESSES, which=_WHICH, outcome=_OUTCOMES),
    _step(_Play.keep, process=_PROCESSES, which=_WHICH, words=_WORDS),
    _step(
        _Play.join,
        process=_PROCESSES,
        which=_WHICH,
        most=st.sampled_from([3, 2, 1]),
        meanwhile=st.none() | _CLAIMS | _INTERRUPTIONS,
    ),
    _step(
        _Play.reopen,
        process=_PROCESSES,
        which=_WHICH,
        outcomes=st.lists(_OUTCOMES, min_size=3, unique=True),
        call=_WORDS,
    ),
    _step(_Play.reopen_edited, process=_PROCESSES, which=_ANY, words=_WORDS),
    _step(
        _Play.stop,
        process=_PROCESSES,
        place=_PLACES,
        posted=st.just([]) | _POSTED,
        ago=st.sampled_from([0.0, _SKEW, LEASE]),
    ),
    _step(_Play.stop_this, process=_PROCESSES, which=_WHICH),
    _step(_Play.take_waiting, process=_PROCESSES, limit=st.sampled_from([9, 1])),
    _step(_Play.give_up_waiting, process=_PROCESSES, which=_ANY),
)


# Hypothesis takes up to five minutes to find the shortest example of a failure.
@pytest.mark.timeout(400)
@settings(
    max_examples=16,
    # One database serves all examples: each begins by emptying it.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    first=st.lists(_entries(), min_size=3, max_size=9),
    steps=st.lists(_STEPS, min_size=20, max_size=60),
)
async def test_after_every_step_every_turn_is_as_it_ought_to_be(
    cluster: _Cluster, first: list[Entry], steps: list[_Step]
) -> None:
    await cluster.clear()
    play = _Play(cluster)
    for entry in first:
        await play.accept(0, entry)
    for step in steps:
        await step(play)
        await play.check()
    await play.drain()


@dataclass(slots=True)
class _Hold:
    """A claim as its process sees it, which only errs on the side of having lost it."""

    until: float
    ended: bool = False


class _Rush:
    """Processes that all work at once, are cut off at any await, and lose their leases.

    Every claim is checked when it is made: whoever had the lane must have ended, or must know by
    its own count that its lease is over.
    """

    def __init__(self, cluster: _Cluster, seed: int) -> None:
        self._cluster = cluster
        self._clock = cluster.clock
        self._random = random.Random(seed)  # noqa: S311  # dice, no secret
        self._holds: dict[str, _Hold] = {}
        self._opened: Counter[str] = Counter()
        self._closed: Counter[str] = Counter()
        self._attempts: set[tuple[str, int]] = set()
        self._events = 0
        self._is_over = False

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            workers = [
                group.create_task(self._work(ledger)) for ledger in self._cluster.ledgers * 2
            ]
            async with asyncio.TaskGroup() as world:
                for ledger in self._cluster.ledgers * 2:
                    world.create_task(self._happen(ledger))
            self._is_over = True
            await asyncio.wait(workers)

    async def check(self) -> None:
        """Have what is left brought to its end, and look at how everything ended."""
        ledger = self._cluster.ledgers[0]
        self._clock.now += 100
        while claimed := await ledger.claim(9, team_limit=9):
            self._attempts |= {(turn.id, turn.attempt) for turn in claimed}
            for turn in claimed:
                await ledger.close(turn, "answered")
            self._clock.now += 100
        rows = await self._cluster.read()
        assert len(rows) == _EVENTS
        assert {row.state for row in rows} == {"closed"}
        assert all(self._closed[row.id] <= 1 + self._opened[row.id] for row in rows)
        assert not any(row.payload["text"] for row in rows if row.gone)

    async def _happen(self, ledger: Ledger) -> None:
        """Deliver events, some more than once, and have people and time interfere."""
        while self._events < _EVENTS:
            self._events += 1
            entry = self._make_entry(self._events)
            while await self._cut(ledger.accept(entry)) is None:
                pass
            await self._interfere(ledger, self._random.randint(1, self._events))

    async def _interfere(self, ledger: Ledger, n: int) -> None:
        entry = self._make_entry(n)
        match self._random.randrange(9):
            case 0:
                await ledger.accept(entry)
            case 1 | 2 | 3:
                await self._cut(ledger.revise(entry.key, {"text": str(self._random.random())}))
            case 4:
                await self._cut(ledger.withdraw(entry.key))
            case 5:
                await self._cut(ledger.stop_thread(entry.thread, asked_at=self._clock.now))
            case 6:
                turn = await ledger.find_message(entry.thread.team, entry.key)
                if turn is not None and await ledger.reopen(turn, outcomes=["answered"]):
                    self._opened[turn.id] += 1
            case 7:
                await self._cut(ledger.take_waiting(longer_than=2, told_before=100, limit=9))
            case _:
                self._clock.now += LEASE / 4

    async def _work(self, ledger: Ledger) -> None:
        while not self._is_over:
            begun_at = self._clock.now
            claimed = await self._cut(ledger.claim(2, team_limit=4))
            await asyncio.gather(
                *(self._handle(ledger, turn, self._begin(turn, begun_at)) for turn in claimed or ())
            )

    def _begin(self, turn: Turn, begun_at: float) -> _Hold:
        assert (turn.id, turn.attempt) not in self._attempts
        self._attempts.add((turn.id, turn.attempt))
        hold = _Hold(begun_at + LEASE)
        if hold.until >= self._clock.now:
            before = self._holds.get(turn.lane)
            assert before is None or before.ended or before.until < self._clock.now
            self._holds[turn.lane] = hold
        return hold

    async def _handle(self, ledger: Ledger, turn: Turn, hold: _Hold) -> None:
        """Do what a turn does, until it is ended, lost or cut off."""
        try:
            await self._cut(ledger.join(turn, await ledger.find_waiting(turn)))
            await self._cut(ledger.note_posted(turn, [turn.ts]))
            begun_at = self._clock.now
            if await self._cut(ledger.renew([turn])):
                hold.until = begun_at + LEASE
            fate = self._random.randrange(8)
            if fate == 0:
                return
            hold.ended = True
            if fate == 1:
                await self._cut(ledger.put_back(turn))
            elif fate == 2:
                await self._cut(ledger.note_failure(turn, delay=0))
            elif await self._cut(ledger.close(turn, "answered")):
                self._closed[turn.id] += 1
        except LeaseLost:
            hold.ended = True

    async def _cut(self, call: Coroutine[Any, Any, _T]) -> _T | None:
        """Run a call, or cut it off somewhere on its way; None if it was."""
        if self._random.random() > 0.1:
            return await call
        try:
            async with asyncio.timeout(self._random.uniform(0, 0.01)):
                return await call
        except TimeoutError:
            return None

    def _make_entry(self, n: int) -> Entry:
        team, lane = f"T{n % 2}", f"lane {n % 6}"
        payload = {"text": str(n)}
        thread = ThreadKey(team, "C1", lane)
        return Entry(str(n), "message", thread, f"{n:04}.000000", lane, payload, complete=False)


async def test_processes_that_work_at_once_never_have_the_same_lane(cluster: _Cluster) -> None:
    rush = _Rush(cluster, seed=1)
    await rush.run()
    await rush.check()


async def test_whoever_looks_for_work_looks_at_live_turns_alone(cluster: _Cluster) -> None:
    """Its cost must not grow with the turns that are closed."""
    [database, *_], [ledger, *_] = cluster.databases, cluster.ledgers
    async with database.write() as tx:
        await tx.execute(insert(turns), [_make_values(n) for n in range(20_500)])
        await tx.execute(text("ANALYZE turns"))
    looks: list[tuple[str, Any]] = []

    def keep(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if statement.startswith(("WITH live", "SELECT")) and "FROM turns" in statement:
            looks.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", keep)
    try:
        claimed = await ledger.claim(9, team_limit=9)
        assert len(claimed) == 9
        await ledger.find_waiting(claimed[0])
        await ledger.next_in()
        await ledger.take_waiting(longer_than=1e9, told_before=1, limit=9)
    finally:
        event.remove(Engine, "before_cursor_execute", keep)
    explain = _explain_on_postgresql if database.is_shared else _explain_on_sqlite
    assert len(looks) == 4
    for look in looks:
        used = set(await explain(database, *look))
        assert "turns_live" in used, look[0]
        # Of what is to be claimed, the rows may be looked up by their ids.
        assert used <= {"turns_live", "turns_id_key", "sqlite_autoindex_turns_1"}, look[0]


def _make_values(n: int) -> dict[str, Any]:
    is_live = n % 41 == 0
    return {
        "id": f"turn{n}",
        "dedupe_key": f"key{n}",
        "kind": "message",
        "team": f"T{n % 7}",
        "channel": "C1",
        "thread_ts": f"{n // 3}",
        "ts": f"{n:06}.000000",
        "lane": f"lane{n // 3}",
        "payload": {"text": "words " * 20},
        "posted": [],
        "state": "queued" if is_live else "closed",
        "outcome": None if is_live else "answered",
        "closed_at": None if is_live else 900.0,
        "available_at": 0.0,
        "accepted_at": n / 100,
    }


async def _explain_on_sqlite(database: Database, statement: str, parameters: Any) -> list[str]:
    """Return the indexes by which the statement goes through turns, and "turns" for no index."""
    async with database.read() as tx:
        plan = await tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        steps = [row.detail for row in plan]
    looks = [re.match(r"(?:SCAN|SEARCH) (turns)\b(?:.* INDEX (\w+))?", step) for step in steps]
    return [look[2] or look[1] for look in looks if look]


async def _explain_on_postgresql(database: Database, statement: str, parameters: Any) -> list[str]:
    async with database.read() as tx:
        plan = await tx.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
        return list(_find_looks(plan.scalar_one()))


def _find_looks(plan: Any) -> Iterator[str]:
    match plan:
        case {"Node Type": "Seq Scan", "Relation Name": str(table)}:
            yield table
        case {"Index Name": str(index)}:
            yield index
        case _:
            pass
    for part in plan.values() if isinstance(plan, dict) else plan:
        if isinstance(part, dict | list):
            yield from _find_looks(part)
