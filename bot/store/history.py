"""What was said in each thread."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Row,
    bindparam,
    delete,
    exists,
    func,
    literal,
    select,
    union_all,
    update,
)

from bot.conversation.messages import (
    AssistantMessage,
    Message,
    Participation,
    SharedFile,
    ThreadKey,
    UserMessage,
)
from bot.store.database import Database
from bot.store.leftovers import delete_unwanted, hold_documents, unlink_files
from bot.store.tables import messages, threads

_LAST_MESSAGES: Final = 30
_NEVER: Final = 0.0
"""`read_at` of a thread that we left without having read it."""


class SqlHistory:
    """The `History` port over SQL; its cost does not grow with the thread's length."""

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def load(self, thread: ThreadKey, *, before: str, limit: int) -> list[Message]:
        """Return the newest `limit` messages that go before the one of `ts` `before`, in order."""
        query = (
            select(messages)
            .where(*_in_thread(thread), messages.c.place < before)
            .order_by(messages.c.place.desc(), messages.c.ts.desc())
            .limit(limit)
        )
        async with self._database.read() as tx:
            rows = (await tx.execute(query)).all()
        return [_to_message(row) for row in reversed(rows)]

    async def record(
        self, thread: ThreadKey, said: Sequence[Message], *, anew: bool = True
    ) -> None:
        """Write messages down; one that is there (same `ts`) is replaced only if `anew`."""
        if not said:
            return
        statement = self._database.insert(messages)
        if anew:
            statement = statement.on_conflict_do_update(
                index_elements=["team", "channel", "ts"],
                set_={"text": statement.excluded.text, "files": statement.excluded.files},
            )
        else:
            statement = statement.on_conflict_do_nothing()
        now = self._now()
        # In one order everywhere, or two processes that write the same rows block each other.
        rows = [_to_row(thread, message, now) for message in sorted(said, key=lambda one: one.ts)]
        async with self._database.write() as tx:
            await tx.execute(statement, rows)

    async def revise(self, thread: ThreadKey, ts: str, text: str) -> None:
        """Replace the text of a message, if it was recorded."""
        async with self._database.write() as tx:
            await tx.execute(
                update(messages).where(*_in_thread(thread), messages.c.ts == ts).values(text=text)
            )

    async def forget(self, thread: ThreadKey, ts: str) -> None:
        """Delete one message, and let go of the documents that came with it.

        Those that stay with another of the thread's messages stay. What no other thread has of the
        rest is deleted, too.
        """
        this = (
            messages.c.team == thread.team,
            messages.c.channel == thread.channel,
            messages.c.ts == ts,
        )
        async with self._database.write() as tx:
            files = (await tx.execute(select(messages.c.files).where(*this))).scalar() or []
            if files:
                # Before the message, as `Memory` locks them, or the two could wait for each other.
                await hold_documents(self._database, tx, thread.team)
            await tx.execute(delete(messages).where(*this))
            gone = {file["id"] for file in files}
            if gone:
                others = select(messages.c.files).where(*_in_thread(thread))
                for left in (await tx.execute(others)).scalars():
                    gone -= {file["id"] for file in left}
            digests = await unlink_files(self._database, tx, thread, list(gone)) if gone else []
        await delete_unwanted(self._database, thread.team, digests)

    async def survey(self, thread: ThreadKey, *, before: str) -> Participation:
        """Say who took part before the message of `ts` `before`, as far as we know."""
        where = {
            "team": thread.team,
            "channel": thread.channel,
            "thread_ts": thread.thread_ts,
            "before": before,
        }
        async with self._database.read() as tx:
            rows = [tuple(row) for row in await tx.execute(_SURVEY, where)]
        people = {who for what, who in rows if what == "user" and who[:1] != "B"}
        found = {what for what, _ in rows}
        return Participation(
            frozenset(people),
            answered="assistant" in found,
            read="read" in found,
            left="left" in found,
        )

    async def mark_read(self, thread: ThreadKey) -> None:
        """Remember that the thread's earlier messages need not be read again."""
        now = self._now()
        statement = self._database.insert(threads).on_conflict_do_update(
            index_elements=["team", "channel", "thread_ts"],
            set_={"read_at": now},
            where=threads.c.read_at == _NEVER,
        )
        async with self._database.write() as tx:
            await tx.execute(statement, {**asdict(thread), "read_at": now})

    async def leave(self, thread: ThreadKey) -> None:
        """Remember that we were asked to leave the thread."""
        now = self._now()
        statement = self._database.insert(threads).on_conflict_do_update(
            index_elements=["team", "channel", "thread_ts"], set_={"left_at": now}
        )
        async with self._database.write() as tx:
            await tx.execute(statement, {**asdict(thread), "read_at": _NEVER, "left_at": now})

    async def leave_channel(self, team: str, channel: str) -> int:
        """Leave every thread that we know of a channel; return how many we had not left yet."""
        statement = (
            update(threads)
            .where(
                threads.c.team == team,
                threads.c.channel == channel,
                threads.c.left_at.is_(None),
            )
            .values(left_at=self._now())
        )
        async with self._database.write() as tx:
            return (await tx.execute(statement)).rowcount

    async def rejoin(self, thread: ThreadKey) -> None:
        """Remember that we were called back into the thread."""
        statement = (
            update(threads)
            .where(*(threads.c[name] == value for name, value in asdict(thread).items()))
            .values(left_at=None)
        )
        async with self._database.write() as tx:
            await tx.execute(statement)

    async def has_talk(self, team: str, channel: str) -> bool:
        """Whether we remember anything that was said in a channel."""
        here = (messages.c.team == team, messages.c.channel == channel)
        async with self._database.read() as tx:
            return (await tx.execute(select(literal(1)).where(*here).limit(1))).first() is not None

    async def find_last_sharing(
        self, team: str, channel: str, *, since: float
    ) -> UserMessage | None:
        """Return the newest message with files among the last of a channel's, from `since` on.

        Only people's last messages are looked at, in order of time.
        """
        query = (
            select(messages)
            .where(
                messages.c.team == team,
                messages.c.channel == channel,
                messages.c.ts >= f"{since:.6f}",
                messages.c.role == "user",
            )
            .order_by(messages.c.ts.desc())
            .limit(_LAST_MESSAGES)
        )
        async with self._database.read() as tx:
            said = [_to_message(row) for row in await tx.execute(query)]
        return next((one for one in said if isinstance(one, UserMessage) and one.files), None)


def _build_survey() -> CompoundSelect[Any]:
    """Build the query that tells who took part, once: that takes longer than to run it.

    From one author to the next it goes through the index, since a thread has few people and may
    have very many messages.
    """
    names = ("team", "channel", "thread_ts")
    where: dict[str, BindParameter[str]] = {name: bindparam(name) for name in names}
    before = messages.c.place < bindparam("before")
    in_thread = [messages.c[name] == value for name, value in where.items()]
    by_people = (*in_thread, messages.c.role == "user")
    this = [threads.c[name] == value for name, value in where.items()]
    read = select(literal("read"), literal("")).where(*this, threads.c.read_at != _NEVER)
    left = select(literal("left"), literal("")).where(*this, threads.c.left_at.is_not(None))
    answered = select(literal("assistant"), literal("")).where(
        exists().where(*in_thread, messages.c.role == "assistant", before)
    )
    first = select(func.min(messages.c.author).label("author")).where(*by_people)
    author = first.cte("authors", recursive=True)
    following = select(func.min(messages.c.author)).where(
        *by_people, messages.c.author > author.c.author
    )
    author = author.union_all(
        select(following.scalar_subquery()).where(author.c.author.is_not(None))
    )
    wrote = exists().where(*by_people, messages.c.author == author.c.author, before)
    people = select(literal("user"), author.c.author).where(author.c.author.is_not(None), wrote)
    return union_all(read, left, answered, people)


_SURVEY: Final = _build_survey()


def _in_thread(thread: ThreadKey) -> tuple[ColumnElement[bool], ...]:
    return (
        messages.c.team == thread.team,
        messages.c.channel == thread.channel,
        messages.c.thread_ts == thread.thread_ts,
    )


def _to_row(thread: ThreadKey, message: Message, now: float) -> dict[str, Any]:
    row: dict[str, Any] = {
        "team": thread.team,
        "channel": thread.channel,
        "thread_ts": thread.thread_ts,
        "ts": message.ts,
        "place": message.ts,
        "role": message.role,
        "author": "",
        "author_name": "",
        "text": message.text,
        "files": [],
        "recorded_at": now,
    }
    if isinstance(message, UserMessage):
        files = [{"id": file.id, "name": file.name} for file in message.files]
        row |= {"author": message.author, "author_name": message.author_name, "files": files}
    elif message.question_ts:
        row["place"] = message.question_ts
    return row


def _to_message(row: Row[Any]) -> Message:
    if row.role == "assistant":
        question_ts = row.place if row.place != row.ts else ""
        return AssistantMessage(row.ts, row.text, question_ts)
    files = tuple(SharedFile(file["id"], file["name"]) for file in row.files)
    return UserMessage(row.ts, row.author, row.author_name, row.text, files)
