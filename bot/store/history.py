"""What was said in each thread."""

import time
from collections.abc import Callable, Sequence
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
from bot.store.leftovers import delete_unwanted, unlink_files
from bot.store.tables import messages, threads


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
            frozenset(people), answered="assistant" in found, read="thread" in found
        )

    async def mark_read(self, thread: ThreadKey) -> None:
        """Remember that the thread's earlier messages need not be read again."""
        statement = self._database.insert(threads).on_conflict_do_nothing()
        async with self._database.write() as tx:
            await tx.execute(
                statement,
                {
                    "team": thread.team,
                    "channel": thread.channel,
                    "thread_ts": thread.thread_ts,
                    "read_at": self._now(),
                },
            )


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
    read = select(literal("thread"), literal("")).where(
        *(threads.c[name] == value for name, value in where.items())
    )
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
    return union_all(read, answered, people)


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
