"""The threads that a person wrote in lately, and the documents that the person shared there."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import ThreadKey
from bot.conversation.recent import Recent, RecentDocument, RecentThread
from bot.store.database import Database
from bot.store.tables import documents, messages

_LOOKED_AT: Final = 300
"""So many of a person's newest messages are looked at, however many there are."""

_MOST_FILES: Final = 100
_WORDS_CHARS: Final = 300

_Said = Row[Any, Any, Any, Any]


class RecentStore:
    """Looks up what a person did lately; nothing of any other team is ever among it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, team: str, person: str, *, limit: int = 5) -> Recent:
        """Return at most `limit` threads and as many documents, newest first."""
        async with self._database.read() as tx:
            said = await _find_messages(tx, team, person)
            newest = {(row.channel, row.thread_ts): row for row in reversed(said)}
            latest = sorted(newest.values(), key=lambda row: row.ts, reverse=True)[:limit]
            threads = tuple([await _open_thread(tx, team, person, row) for row in latest])
            return Recent(threads, await _find_documents(tx, team, said, limit))

    async def took_part(self, thread: ThreadKey, person: str) -> bool:
        """Say whether the person wrote in the thread, as far as it is remembered."""
        wrote = exists().where(*_by_person(thread, person))
        async with self._database.read() as tx:
            return bool((await tx.execute(select(wrote))).scalar())


async def _find_messages(tx: AsyncConnection, team: str, person: str) -> list[_Said]:
    """Return the person's newest messages, newest first."""
    query = (
        select(messages.c.channel, messages.c.thread_ts, messages.c.ts, messages.c.files)
        .where(messages.c.team == team, messages.c.author == person)
        .order_by(messages.c.recorded_at.desc())
        .limit(_LOOKED_AT)
    )
    rows = (await tx.execute(query)).all()
    # What was written before we were called is recorded later than it was said.
    return sorted(rows, key=lambda row: row.ts, reverse=True)


async def _open_thread(tx: AsyncConnection, team: str, person: str, latest: _Said) -> RecentThread:
    thread = ThreadKey(team, latest.channel, latest.thread_ts)
    query = (
        select(messages.c.text, messages.c.files)
        .where(*_by_person(thread, person))
        .order_by(messages.c.place)
        .limit(1)
    )
    first = (await tx.execute(query)).first()
    words = "" if first is None else first.text.strip() or _name_files(first.files)
    return RecentThread(thread, words[:_WORDS_CHARS], latest.ts)


async def _find_documents(
    tx: AsyncConnection, team: str, said: Sequence[_Said], limit: int
) -> tuple[RecentDocument, ...]:
    shared = [(file, row) for row in said for file in row.files][:_MOST_FILES]
    query = select(documents.c.source, documents.c.permalink).where(
        documents.c.team == team, documents.c.source.in_({file["id"] for file, _ in shared})
    )
    permalinks = {row.source: row.permalink for row in await tx.execute(query)} if shared else {}
    found: dict[str, RecentDocument] = {}
    for file, row in shared:
        file_id = file["id"]
        if file_id in permalinks and file_id not in found:
            thread = ThreadKey(team, row.channel, row.thread_ts)
            found[file_id] = RecentDocument(
                file_id, file["name"], thread, row.ts, permalinks[file_id]
            )
    return tuple(found.values())[:limit]


def _name_files(files: Sequence[dict[str, str]]) -> str:
    return ", ".join(file["name"] for file in files)


def _by_person(thread: ThreadKey, person: str) -> tuple[ColumnElement[bool], ...]:
    return (
        messages.c.team == thread.team,
        messages.c.channel == thread.channel,
        messages.c.thread_ts == thread.thread_ts,
        messages.c.role == "user",
        messages.c.author == person,
    )
