"""The text of shared files, page by page, and the threads they were shared in."""

import time
from collections.abc import Callable, Sequence
from itertools import groupby

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import Document, Page, ThreadKey
from bot.store.database import Database
from bot.store.tables import documents, pages, thread_documents


class DocumentStore:
    """Keeps each file's text once for its workspace."""

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def find(self, team: str, file_id: str) -> Document | None:
        """Return the text of a file, if it was read before."""
        async with self._database.read() as tx:
            found = await _load(tx, team, [file_id])
        return found[0] if found else None

    async def save(self, team: str, document: Document) -> None:
        """Write a document down for its team."""
        row = {
            "team": team,
            "file_id": document.file_id,
            "name": document.name,
            "kind": document.kind,
            "unit": document.unit,
            "total_pages": document.total_pages,
            "notes": list(document.notes),
            "recorded_at": self._now(),
        }
        texts = [
            {
                "team": team,
                "file_id": document.file_id,
                "number": page.number,
                "label": page.label,
                "text": page.text,
            }
            for page in document.pages
        ]
        statement = self._database.insert(documents).on_conflict_do_nothing()
        async with self._database.write() as tx:
            found = await tx.execute(statement.returning(documents.c.file_id), row)
            # One reading's pages alone: two processes may have read to different limits.
            if found.first() is not None and texts:
                await tx.execute(self._database.insert(pages).on_conflict_do_nothing(), texts)

    async def attach(self, thread: ThreadKey, file_id: str) -> None:
        """Remember that a stored file was shared in the thread, after those that were before."""
        last = select(func.max(thread_documents.c.position)).where(*_in_thread(thread))
        position = func.coalesce(last.scalar_subquery(), -1) + 1
        statement = self._database.insert(thread_documents).values(
            team=thread.team,
            channel=thread.channel,
            thread_ts=thread.thread_ts,
            file_id=file_id,
            position=position,
        )
        async with self._database.write() as tx:
            await self._database.serialize(tx, f"documents of {thread}")
            await tx.execute(statement.on_conflict_do_nothing())

    async def of_thread(self, thread: ThreadKey) -> list[Document]:
        """Return the thread's documents, in the order they were shared."""
        query = (
            select(thread_documents.c.file_id)
            .where(*_in_thread(thread))
            .order_by(thread_documents.c.position)
        )
        async with self._database.read() as tx:
            file_ids = list((await tx.execute(query)).scalars())
            return await _load(tx, thread.team, file_ids) if file_ids else []


async def _load(tx: AsyncConnection, team: str, file_ids: Sequence[str]) -> list[Document]:
    query = (
        select(documents, pages.c.number, pages.c.label, pages.c.text)
        .outerjoin(
            pages, and_(pages.c.team == documents.c.team, pages.c.file_id == documents.c.file_id)
        )
        .where(documents.c.team == team, documents.c.file_id.in_(file_ids))
        .order_by(documents.c.file_id, pages.c.number)
    )
    found: dict[str, Document] = {}
    for file_id, group in groupby(await tx.execute(query), key=lambda row: row.file_id):
        rows = list(group)
        first = rows[0]
        found[file_id] = Document(
            file_id=file_id,
            name=first.name,
            kind=first.kind,
            unit=first.unit,
            pages=tuple(
                Page(row.number, row.text, row.label) for row in rows if row.number is not None
            ),
            total_pages=first.total_pages,
            notes=tuple(first.notes),
        )
    return [found[file_id] for file_id in file_ids if file_id in found]


def _in_thread(thread: ThreadKey) -> tuple[ColumnElement[bool], ...]:
    return (
        thread_documents.c.team == thread.team,
        thread_documents.c.channel == thread.channel,
        thread_documents.c.thread_ts == thread.thread_ts,
    )
