"""Deletes what is older than the operator, or a workspace's admins, want to keep."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Delete, Table, delete, exists, true

from bot.store.database import Database
from bot.store.leftovers import delete_leftovers
from bot.store.tables import (
    documents,
    feedback,
    messages,
    thread_documents,
    threads,
    traces,
    turns,
    usage,
    viewing,
)

DAY: Final = 86_400.0

_MONTHS: Final = 13
"""How many months of usage are kept, the one under way included: the same month a year ago is."""


async def delete_expired(
    database: Database, *, days: int, now: float, shorter: Mapping[str, int] | None = None
) -> int:
    """Delete messages, traces, feedback, documents, closed turns and old counts of usage.

    What people chose stays, and so does whom we have greeted.

    Args:
        database: Where.
        days: How long all of it is kept.
        now: Seconds since 1970.
        shorter: The days of teams that want it kept for less; more than `days` changes nothing.

    Returns:
        How many rows went.
    """
    steps = list(_delete_older(now - days * DAY))
    for team, fewer in (shorter or {}).items():
        if fewer < days:
            steps += _delete_older(now - fewer * DAY, team)
    link_left = exists().where(
        documents.c.team == thread_documents.c.team,
        documents.c.file_id == thread_documents.c.file_id,
    )
    steps += [
        delete(thread_documents).where(~link_left),
        delete(usage).where(usage.c.month < _first_month(now)),
    ]
    gone = 0
    for step in steps:
        # One short transaction each: an answer waiting to be written down does not wait for all.
        async with database.write() as tx:
            # Two processes that delete the same rows in different orders would block each other.
            await database.serialize(tx, "retention")
            gone += (await tx.execute(step)).rowcount
    return gone + await delete_leftovers(database, now=now)


def _delete_older(limit: float, team: str | None = None) -> Iterator[Delete]:
    """Make the statements that delete what is older, of one team or of all."""
    message_left = exists().where(
        messages.c.team == threads.c.team,
        messages.c.channel == threads.c.channel,
        messages.c.thread_ts == threads.c.thread_ts,
    )

    def older(table: Table, moment: ColumnElement[Any], *more: ColumnElement[bool]) -> Delete:
        of_team = true() if team is None else table.c.team == team
        return delete(table).where(of_team, moment < limit, *more)

    yield older(messages, messages.c.recorded_at)
    yield older(traces, traces.c.recorded_at)
    yield older(feedback, feedback.c.given_at)
    yield older(documents, documents.c.recorded_at)
    yield older(viewing, viewing.c.changed_at)
    # A thread that is remembered has been read; reading it again would bring back the expired.
    yield older(threads, threads.c.read_at, ~message_left)
    yield older(turns, turns.c.closed_at, turns.c.state == "closed")


def _first_month(now: float) -> str:
    """Name the oldest month whose usage is kept."""
    today = datetime.fromtimestamp(now, UTC)
    year, month = divmod(today.year * 12 + today.month - _MONTHS, 12)
    return f"{year:04}-{month + 1:02}"
