"""Turns: what is written down of an event, and what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Row

from bot.conversation.messages import ThreadKey

Kind = Literal["message", "edit", "press", "ask", "home", "visit"]
"""What an event is.

A message; its edit; a button under one of ours; something asked for by a command, a shortcut or a
dialog; something chosen on the Home tab; a person or we ourselves came somewhere.
"""

Outcome = Literal["answered", "stopped", "failed", "dead", "silent", "refused"]
"""How a turn ended.

It was answered; a person stopped it; an error message stands in its place; it broke so often that
it was given up, which its error message says; nothing was to be said, for the reason that is
logged; Slack refused whatever was said.
"""

Asked = Literal["stop", "restart"]
"""What is asked of a running turn: to end with what there is, or to begin anew."""


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
    """An entry and what has become of it.

    Attributes:
        id: Names the turn in logs, message metadata and button values.
        attempt: Which claim of it this is, counted from 1; 0 if there was none.
        failures: How often it was begun and neither closed nor put back.
        delayed: For how many seconds Slack had not taken its reply when it was read, or None.
        posted: The `ts` of messages that an earlier attempt is known to have posted.
        answer: The finished answer that an earlier attempt had no time to deliver, as JSON.
        asked: What a person wants of it while it runs.
        heard: Whether the person was told that it waits.
        busy: It would wait too long, and only gets to say so.
        joined_to: The turn that answers this one too, or "".
        outcome: How it ended, or None as long as it has not.
        accepted_at: Seconds since 1970.
        age: Seconds from its acceptance until it was read, both by the database's clock.
    """

    id: str
    kind: Kind
    thread: ThreadKey
    ts: str
    lane: str
    payload: Mapping[str, Any]
    attempt: int
    failures: int
    delayed: float | None
    posted: tuple[str, ...]
    answer: Mapping[str, Any] | None
    asked: Asked | None
    heard: bool
    busy: bool
    joined_to: str
    outcome: Outcome | None
    accepted_at: float
    age: float

    @property
    def resumed(self) -> bool:
        """Whether it was begun before, so that something of it may stand in Slack."""
        return self.attempt > 1

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self.outcome is not None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that has been waiting to be claimed.

    Attributes:
        turn: The message's turn; its age is how long it has waited.
        thread_is_busy: Whether it waits for what was written before it in its own thread.
        ahead: How many messages of its workspace wait since before it.
        pace: How many messages of its workspace came to their end in a second while it waited.
    """

    turn: Turn
    thread_is_busy: bool
    ahead: int
    pace: float


def to_turn(row: Row[Any]) -> Turn:
    """Read a row of the table, and the database's clock as `now`."""
    return Turn(
        id=row.id,
        kind=row.kind,
        thread=ThreadKey(row.team, row.channel, row.thread_ts),
        ts=row.ts,
        lane=row.lane,
        payload=row.payload,
        attempt=row.claims,
        failures=row.failures,
        delayed=None if row.delayed_since is None else row.now - row.delayed_since,
        posted=tuple(row.posted),
        answer=row.answer,
        asked=row.asked,
        heard=row.heard_at is not None,
        busy=row.busy,
        joined_to=row.joined_to or "",
        outcome=row.outcome,
        accepted_at=row.accepted_at,
        age=row.now - row.accepted_at,
    )
