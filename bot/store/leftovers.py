"""Documents that no thread has any more, and contents that no document has: how they go."""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import ThreadKey
from bot.store.database import Database
from bot.store.tables import contents, documents, part_notes, passages, thread_documents

_ABANDONED_SECONDS: Final = 3_600.0
"""A content that was not added to for so long, and is not whole, nobody is writing any more."""

_SLICE: Final = 40
"""Passages that go in one transaction, so that others' writes wait for milliseconds only."""

_IS_SHARED: Final = exists().where(
    thread_documents.c.team == documents.c.team, thread_documents.c.file_id == documents.c.file_id
)
_IS_UNWANTED: Final = and_(
    contents.c.whole,
    ~exists().where(documents.c.team == contents.c.team, documents.c.digest == contents.c.digest),
)
_IS_READ: Final = exists().where(
    contents.c.whole, contents.c.team == part_notes.c.team, contents.c.digest == part_notes.c.digest
)


async def hold_documents(database: Database, tx: AsyncConnection, team: str) -> None:
    """Have nobody else change which documents and contents the team has until `tx` ends."""
    await database.serialize(tx, f"documents of {team}")


async def unlink_files(
    database: Database, tx: AsyncConnection, thread: ThreadKey, files: Sequence[str]
) -> list[str]:
    """Take files out of a thread; their documents go when no other thread has them.

    Returns:
        The digests of the documents that went: for `delete_unwanted`, in a transaction of its own.
    """
    await hold_documents(database, tx, thread.team)
    of_files = and_(documents.c.team == thread.team, documents.c.source.in_(files))
    await tx.execute(
        delete(thread_documents).where(
            thread_documents.c.team == thread.team,
            thread_documents.c.channel == thread.channel,
            thread_documents.c.thread_ts == thread.thread_ts,
            thread_documents.c.file_id.in_(select(documents.c.file_id).where(of_files)),
        )
    )
    gone = delete(documents).where(of_files, ~_IS_SHARED).returning(documents.c.digest)
    return list((await tx.execute(gone)).scalars())


async def delete_unwanted(database: Database, team: str, digests: Collection[str]) -> int:
    """Delete those of the contents that no document has any more; returns how many rows went."""
    if not digests:
        return 0
    of_digests = and_(contents.c.team == team, contents.c.digest.in_(digests))
    return await _delete_contents(database, and_(of_digests, _IS_UNWANTED))


async def delete_leftovers(database: Database, *, now: float) -> int:
    """Delete all contents that no document has, or that were not written to their end.

    Args:
        database: Where.
        now: Seconds since 1970.

    Returns:
        How many rows went.
    """
    is_abandoned = and_(~contents.c.whole, contents.c.recorded_at < now - _ABANDONED_SECONDS)
    return await _delete_contents(database, or_(_IS_UNWANTED, is_abandoned))


async def _delete_contents(database: Database, which: ColumnElement[bool]) -> int:
    """Delete contents: nobody finds one from its first transaction on; its passages follow."""
    query = select(contents.c.id, contents.c.team, contents.c.digest).where(which)
    async with database.read() as tx:
        found = (await tx.execute(query)).all()
    gone = 0
    for content, team, digest in found:
        of_content = (part_notes.c.team == team, part_notes.c.digest == digest)
        async with database.write() as tx:
            await hold_documents(database, tx, team)
            # Meanwhile a document may have got it, or another process may have deleted it.
            hide = update(contents).where(contents.c.id == content, which).values(whole=False)
            if not (await tx.execute(hide)).rowcount:
                continue
            gone += (await tx.execute(delete(part_notes).where(*of_content, ~_IS_READ))).rowcount
        gone += await delete_content(database, team, content)
    return gone


async def delete_content(database: Database, team: str, content: int) -> int:
    """Delete a content that nobody uses; returns how many rows went."""
    own = and_(passages.c.team == team, passages.c.content == content)
    gone = await delete_passages(database, own)
    async with database.write() as tx:
        # First, so that whoever is still writing it adds no more.
        row = contents.c.team == team, contents.c.id == content
        gone += (await tx.execute(delete(contents).where(*row))).rowcount
        gone += (await tx.execute(delete(passages).where(own))).rowcount
    return gone


async def delete_passages(database: Database, which: ColumnElement[bool]) -> int:
    """Delete passages slice by slice; returns how many went."""
    some = select(passages.c.id).where(which).order_by(passages.c.id).limit(_SLICE)
    gone = 0
    while True:
        async with database.write() as tx:
            count = (await tx.execute(delete(passages).where(passages.c.id.in_(some)))).rowcount
        gone += count
        if count < _SLICE:
            return gone
