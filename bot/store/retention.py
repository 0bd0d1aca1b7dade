"""Deletes what is older than the operator wants to keep."""

from typing import Final

from sqlalchemy import and_, delete, exists

from bot.store.database import Database
from bot.store.leftovers import delete_leftovers
from bot.store.tables import documents, messages, thread_documents, threads, traces, turns

DAY: Final = 86_400.0


async def delete_expired(database: Database, *, days: int, now: float) -> int:
    """Delete messages, traces, documents and closed turns; returns how many rows went."""
    limit = now - days * DAY
    link_left = exists().where(
        documents.c.team == thread_documents.c.team,
        documents.c.file_id == thread_documents.c.file_id,
    )
    message_left = exists().where(
        messages.c.team == threads.c.team,
        messages.c.channel == threads.c.channel,
        messages.c.thread_ts == threads.c.thread_ts,
    )
    steps = (
        delete(messages).where(messages.c.recorded_at < limit),
        delete(traces).where(traces.c.recorded_at < limit),
        delete(documents).where(documents.c.recorded_at < limit),
        delete(thread_documents).where(~link_left),
        # A thread that is remembered has been read; reading it again would bring back the expired.
        delete(threads).where(threads.c.read_at < limit, ~message_left),
        delete(turns).where(and_(turns.c.state == "closed", turns.c.closed_at < limit)),
    )
    gone = 0
    for step in steps:
        # One short transaction each: an answer waiting to be written down does not wait for all.
        async with database.write() as tx:
            # Two processes that delete the same rows in different orders would block each other.
            await database.serialize(tx, "retention")
            gone += (await tx.execute(step)).rowcount
    return gone + await delete_leftovers(database, now=now)
