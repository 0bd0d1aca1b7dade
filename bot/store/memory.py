"""What is remembered of threads and documents, and how a person has it forgotten."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, Text, cast, delete, literal, select, union, update

from bot.conversation.messages import ThreadKey
from bot.store.database import Database
from bot.store.leftovers import delete_unwanted, hold_documents, unlink_files
from bot.store.tables import (
    documents,
    feedback,
    messages,
    thread_documents,
    threads,
    traces,
    turns,
)

_KEPT = ("thread", "ts", "author", "author_team")
"""What stays of a message's turn, beside that it was deleted: nothing that anybody wrote."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much went."""

    messages: int = 0
    documents: int = 0

    def __add__(self, other: "Forgotten") -> "Forgotten":
        return Forgotten(self.messages + other.messages, self.documents + other.documents)


class Memory:
    """Forgets what people want forgotten; what stands in Slack stays there.

    Turns stay, without what they were about, so that no late delivery is answered again. One that
    is at work is left to come to its end.
    """

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def knows_channel(self, team: str, channel: str) -> bool:
        """Tell whether we were ever written to in a channel or direct message."""
        query = select(literal(1)).where(
            turns.c.team == team, turns.c.channel == channel, turns.c.kind == "message"
        )
        async with self._database.read() as tx:
            return (await tx.execute(query.limit(1))).first() is not None

    async def forget_channel(self, team: str, channel: str) -> Forgotten:
        """Forget all threads of a channel or direct message; doing it twice does no harm."""
        places = union(
            *(
                select(table.c.thread_ts).where(table.c.team == team, table.c.channel == channel)
                for table in (messages, threads, thread_documents, traces)
            ),
            select(turns.c.thread_ts).where(
                turns.c.team == team, turns.c.channel == channel, turns.c.kind == "message"
            ),
        )
        async with self._database.read() as tx:
            found = list((await tx.execute(places)).scalars())
        return await self._forget_threads(team, channel, found)

    async def forget_own_threads(self, team: str, channel: str, person: str) -> Forgotten:
        """Forget the threads of a channel that a person began, whoever wrote in them since."""
        roots = select(messages.c.thread_ts).where(
            messages.c.team == team,
            messages.c.channel == channel,
            messages.c.author == person,
            messages.c.role == "user",
            messages.c.ts == messages.c.thread_ts,
        )
        async with self._database.read() as tx:
            found = list((await tx.execute(roots)).scalars())
        return await self._forget_threads(team, channel, found)

    async def forget_thread(self, thread: ThreadKey) -> Forgotten:
        """Forget a thread: its messages, traces, verdicts, and documents that no other one has.

        That it was read is remembered, or its next message would bring all of it back from Slack.
        """
        async with self._database.write() as tx:
            attached = select(documents.c.source).where(
                documents.c.team == thread.team,
                documents.c.file_id.in_(
                    select(thread_documents.c.file_id).where(*_is_of(thread, thread_documents))
                ),
            )
            sources = list((await tx.execute(attached.distinct())).scalars())
            digests = await unlink_files(self._database, tx, thread, sources) if sources else []
            gone = await tx.execute(delete(messages).where(*_is_of(thread, messages)))
            row = {
                "team": thread.team,
                "channel": thread.channel,
                "thread_ts": thread.thread_ts,
                "read_at": self._now(),
            }
            read = self._database.insert(threads).values(row)
            await tx.execute(
                read.on_conflict_do_update(
                    index_elements=["team", "channel", "thread_ts"],
                    set_={"read_at": read.excluded.read_at},
                )
            )
            for table in (traces, feedback):
                await tx.execute(delete(table).where(*_is_of(thread, table)))
            ended = (
                select(turns.c.id, turns.c.payload)
                .where(*_is_of(thread, turns), turns.c.kind == "message", turns.c.state == "closed")
                .order_by(turns.c.id)
                .with_for_update()
            )
            for turn, payload in (await tx.execute(ended)).all():
                kept = {name: payload[name] for name in _KEPT if name in payload}
                blank = {**kept, "text": "", "call": "deleted"}
                await tx.execute(update(turns).where(turns.c.id == turn).values(payload=blank))
        await delete_unwanted(self._database, thread.team, digests)
        return Forgotten(gone.rowcount, len(sources))

    async def forget_document(self, team: str, person: str, file_id: str) -> bool:
        """Forget a file that a person shared, in all threads where they did.

        Where others shared it, it stays. False if the person never did, as far as we remember.

        Args:
            team: The workspace.
            person: Who wants it forgotten.
            file_id: The file, or what was inside of it: then all of the file goes.
        """
        source = file_id.partition("/")[0]
        query = select(
            messages.c.channel, messages.c.ts, messages.c.thread_ts, messages.c.files
        ).where(
            messages.c.team == team,
            messages.c.author == person,
            # Its id may stand in a name as well, so what is found is looked at again.
            cast(messages.c.files, Text).contains(source, autoescape=True),
        )
        digests: list[str] = []
        async with self._database.write() as tx:
            await hold_documents(self._database, tx, team)
            rows = (await tx.execute(query)).all()
            shared = [row for row in rows if any(file["id"] == source for file in row.files)]
            for row in shared:
                # Or it would be read again as one that nobody has asked about yet.
                others = [file for file in row.files if file["id"] != source]
                await tx.execute(
                    update(messages)
                    .where(
                        messages.c.team == team,
                        messages.c.channel == row.channel,
                        messages.c.ts == row.ts,
                    )
                    .values(files=others)
                )
                thread = ThreadKey(team, row.channel, row.thread_ts)
                digests += await unlink_files(self._database, tx, thread, [source])
        await delete_unwanted(self._database, team, digests)
        return bool(shared)

    async def _forget_threads(self, team: str, channel: str, found: Sequence[str]) -> Forgotten:
        """Forget them one by one, so that others' writes don't wait for all."""
        gone = Forgotten()
        for thread_ts in found:
            gone += await self.forget_thread(ThreadKey(team, channel, thread_ts))
        return gone


def _is_of(thread: ThreadKey, table: Table) -> tuple[ColumnElement[bool], ...]:
    return (
        table.c.team == thread.team,
        table.c.channel == thread.channel,
        table.c.thread_ts == thread.thread_ts,
    )
