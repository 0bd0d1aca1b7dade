"""The text of shared files, passage by passage, and the threads they were shared in."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    delete,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import NoResultFound
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import Caveat, Document, Passage, ThreadKey
from bot.store.database import Database
from bot.store.full_text import find_passages, write_lexemes
from bot.store.leftovers import delete_content, delete_unwanted, hold_documents
from bot.store.tables import contents, documents, part_notes, passages, thread_documents

_T = TypeVar("_T")

_SLICE: Final = 8
"""Passages written in one transaction: others' writes wait some ten milliseconds for it."""

_LIST: Final = 500
"""Values asked for in one statement; databases have a limit, SQLite's the lowest (SQLite docs,
"Limits": 999 before 3.32)."""

_DOCUMENTS: Final[Select[Any]] = (
    select(
        documents.c.file_id,
        documents.c.name,
        documents.c.permalink,
        contents.c.digest,
        contents.c.kind,
        contents.c.unit,
        contents.c.total_pages,
        contents.c.read_pages,
        contents.c.tokens,
        contents.c.notes,
    )
    .join(
        contents,
        and_(contents.c.team == documents.c.team, contents.c.digest == documents.c.digest),
    )
    .where(contents.c.whole)
)


_PASSAGES: Final[Select[Any]] = select(
    passages.c.content,
    passages.c.page,
    passages.c.piece,
    passages.c.tokens,
    passages.c.label,
    passages.c.text,
).order_by(passages.c.page, passages.c.piece)


@dataclass(frozen=True, slots=True)
class Posting:
    """A passage that has a term."""

    term: str
    digest: str
    page: int
    piece: int


class DocumentStore:
    """Keeps each content once for its workspace, however many files have it."""

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def find(self, team: str, file_id: str) -> list[Document]:
        """Return what was read of a shared file: its own document, then those inside of it."""
        query = _DOCUMENTS.where(documents.c.team == team, documents.c.source == file_id)
        async with self._database.read() as tx:
            found = [_to_document(row) for row in await tx.execute(query)]
        return sorted(found, key=lambda one: [int(part) for part in one.file_id.split("/")[1:]])

    async def find_content(self, team: str, digest: str) -> bool:
        """Say whether a content is there, so that a file that has it need not be read."""
        async with self._database.read() as tx:
            return bool(await _find_contents(tx, team, [digest]))

    async def save(
        self, team: str, document: Document, passages: Sequence[tuple[Passage, str]]
    ) -> None:
        """Write a document down, and its content if it is not there.

        Nobody finds a content before it is there as a whole. Of two that are written at once, the
        one that is whole first stays; what was not written to its end goes with the expired.

        Args:
            team: Whose.
            document: If its content is there, only `file_id`, `name` and `digest` are used.
            passages: Each with its terms, separated by spaces; nothing if the content is there.

        Raises:
            NoResultFound: there are no passages, and no content either; or the team was forgotten
                meanwhile.
        """
        if await self._point(team, document):
            return
        if not passages:
            raise NoResultFound("the content is not there any more")
        content = await self._begin(team, document)
        for slice_ in _cut(passages, _SLICE):
            await self._add(team, content, slice_)
        await self._finish(team, document, content)

    async def attach(self, thread: ThreadKey, file_ids: Sequence[str]) -> None:
        """Remember that stored files were shared in the thread, after those that were before."""
        last = select(func.max(thread_documents.c.position)).where(*_in_thread(thread))
        stored = and_(documents.c.team == thread.team, documents.c.file_id.in_(file_ids))
        again = update(documents).where(stored).values(recorded_at=self._now())
        link = self._database.insert(thread_documents).on_conflict_do_nothing()
        async with self._database.write() as tx:
            await hold_documents(self._database, tx, thread.team)
            found = set((await tx.execute(again.returning(documents.c.file_id))).scalars())
            position = (await tx.execute(last)).scalar()
            first = 0 if position is None else position + 1
            links = [
                {
                    "team": thread.team,
                    "channel": thread.channel,
                    "thread_ts": thread.thread_ts,
                    "file_id": file_id,
                    "position": position,
                }
                for position, file_id in enumerate(file_ids, first)
                if file_id in found
            ]
            if links:
                await tx.execute(link, links)

    async def of_thread(self, thread: ThreadKey) -> list[Document]:
        """Return the thread's documents, in the order they were shared."""
        query = (
            _DOCUMENTS.join(
                thread_documents,
                and_(
                    thread_documents.c.team == documents.c.team,
                    thread_documents.c.file_id == documents.c.file_id,
                ),
            )
            .where(*_in_thread(thread))
            .order_by(thread_documents.c.position)
        )
        async with self._database.read() as tx:
            return [_to_document(row) for row in await tx.execute(query)]

    async def forget_file(self, team: str, file_id: str) -> None:
        """Delete what was read of a file, in whatever threads it was shared."""
        of_file = and_(documents.c.team == team, documents.c.source == file_id)
        async with self._database.write() as tx:
            await hold_documents(self._database, tx, team)
            await tx.execute(
                delete(thread_documents).where(
                    thread_documents.c.team == team,
                    thread_documents.c.file_id.in_(select(documents.c.file_id).where(of_file)),
                )
            )
            gone = delete(documents).where(of_file).returning(documents.c.digest)
            digests = (await tx.execute(gone)).scalars().all()
        await delete_unwanted(self._database, team, digests)

    async def load(
        self, team: str, digest: str, pages: Collection[int] | None = None
    ) -> list[Passage]:
        """Return the passages of these pages, or of all, in order."""
        async with self._database.read() as tx:
            content = (await _find_contents(tx, team, [digest])).get(digest)
            query = _PASSAGES.where(passages.c.team == team, passages.c.content == content)
            if pages is None:
                return [_to_passage(row) for row in await tx.execute(query)]
            return [
                _to_passage(row)
                for some in _cut(sorted(set(pages)), _LIST)
                for row in await tx.execute(query.where(passages.c.page.in_(some)))
            ]

    async def load_passages(
        self, team: str, keys: Sequence[tuple[str, int, int]]
    ) -> dict[tuple[str, int, int], Passage]:
        """Return the passages of these digests, pages and pieces, as far as they are there."""
        place = tuple_(passages.c.content, passages.c.page, passages.c.piece)
        query = _PASSAGES.where(passages.c.team == team)
        found = {}
        async with self._database.read() as tx:
            numbers = await _find_contents(tx, team, {digest for digest, _, _ in keys})
            digests = {content: digest for digest, content in numbers.items()}
            places = [
                (numbers[digest], page, piece) for digest, page, piece in keys if digest in numbers
            ]
            for some in _cut(places, _LIST // 5):
                # SQLite finds triples in no index, but single values.
                near = (
                    passages.c.content.in_({content for content, _, _ in some}),
                    passages.c.page.in_({page for _, page, _ in some}),
                )
                for row in await tx.execute(query.where(*near, place.in_(some))):
                    found[digests[row.content], row.page, row.piece] = _to_passage(row)
        return found

    async def find_postings(
        self, team: str, digests: Sequence[str], terms: Sequence[str]
    ) -> list[Posting]:
        """Return which passages of these contents have which of the terms, in no order.

        Args:
            team: Whose.
            digests: The contents to search.
            terms: At most 32, as they were given to `save`.
        """
        async with self._database.read() as tx:
            numbers = await _find_contents(tx, team, digests)
            found = await find_passages(tx, list(numbers.values()), list(dict.fromkeys(terms)))
            places = select(
                passages.c.id, passages.c.content, passages.c.page, passages.c.piece
            ).where(passages.c.team == team, passages.c.content.in_(numbers.values()))
            rows = (await tx.execute(places)).all() if found else ()
        # In a thread: frequent words make a hundred thousand of them.
        return await asyncio.to_thread(_make_postings, numbers, found, rows)

    async def find_notes(self, team: str, digest: str, keys: Collection[str]) -> dict[str, str]:
        """Return those of the notes on a content that are there, by their keys."""
        query = select(part_notes.c.key, part_notes.c.notes).where(
            part_notes.c.team == team, part_notes.c.digest == digest
        )
        async with self._database.read() as tx:
            return {
                row.key: row.notes
                for some in _cut(list(keys), _LIST)
                for row in await tx.execute(query.where(part_notes.c.key.in_(some)))
            }

    async def keep_notes(self, team: str, digest: str, key: str, notes: str) -> None:
        """Keep notes on a part of a content for as long as that is there.

        Args:
            team: Whose.
            digest: The content's; without it there is nothing to keep.
            key: What the notes are found by, at most 64 characters; earlier ones are replaced.
            notes: The model's words.
        """
        statement = self._database.insert(part_notes).values(
            team=team, digest=digest, key=key, notes=notes, recorded_at=self._now()
        )
        statement = statement.on_conflict_do_update(
            index_elements=["team", "digest", "key"],
            set_={
                "notes": statement.excluded.notes,
                "recorded_at": statement.excluded.recorded_at,
            },
        )
        async with self._database.write() as tx:
            await hold_documents(self._database, tx, team)
            if await _find_contents(tx, team, [digest]):
                await tx.execute(statement)

    async def _point(self, team: str, document: Document) -> bool:
        """Write the document down if its content is there; returns whether it is."""
        async with self._database.write() as tx:
            await hold_documents(self._database, tx, team)
            is_there = bool(await _find_contents(tx, team, [document.digest]))
            if is_there:
                await self._write(tx, team, document)
        return is_there

    async def _begin(self, team: str, document: Document) -> int:
        """Write the content down, without passages; returns its number."""
        statement = insert(contents).values(
            team=team,
            digest=document.digest,
            kind=document.kind,
            unit=document.unit,
            total_pages=document.total_pages,
            read_pages=document.read_pages,
            tokens=document.tokens,
            notes=[_write_caveat(note) for note in document.notes],
            whole=False,
            recorded_at=self._now(),
        )
        async with self._database.write() as tx:
            content: int = (await tx.execute(statement.returning(contents.c.id))).scalar_one()
            return content

    async def _add(self, team: str, content: int, some: Sequence[tuple[Passage, str]]) -> None:
        rows = [
            {
                "team": team,
                "content": content,
                "page": passage.page,
                "piece": passage.piece,
                "tokens": passage.tokens,
                "label": passage.label,
                "text": passage.text,
                "terms": write_lexemes(content, terms),
            }
            for passage, terms in some
        ]
        async with self._database.write() as tx:
            await self._touch(tx, team, content, recorded_at=self._now())
            await tx.execute(insert(passages), rows)

    async def _finish(self, team: str, document: Document, content: int) -> None:
        """Let the content be found, unless another process was first."""
        async with self._database.write() as tx:
            await hold_documents(self._database, tx, team)
            is_late = bool(await _find_contents(tx, team, [document.digest]))
            if not is_late:
                await self._touch(tx, team, content, whole=True)
            await self._write(tx, team, document)
        if is_late:
            await delete_content(self._database, team, content)

    async def _touch(self, tx: AsyncConnection, team: str, content: int, **values: Any) -> None:
        """Change a content that we are writing, and find out whether it is still there."""
        of_content = (contents.c.team == team, contents.c.id == content)
        changed = update(contents).where(*of_content).values(**values).returning(contents.c.id)
        (await tx.execute(changed)).scalar_one()

    async def _write(self, tx: AsyncConnection, team: str, document: Document) -> None:
        row = {
            "team": team,
            "file_id": document.file_id,
            "source": document.file_id.partition("/")[0],
            "digest": document.digest,
            "name": document.name,
            "permalink": document.permalink,
            "recorded_at": self._now(),
        }
        statement = self._database.insert(documents).values(row)
        statement = statement.on_conflict_do_update(index_elements=["team", "file_id"], set_=row)
        await tx.execute(statement)


async def _find_contents(
    tx: AsyncConnection, team: str, digests: Collection[str]
) -> dict[str, int]:
    """Return the numbers of those contents that are there as a whole, by digest."""
    query = select(contents.c.digest, contents.c.id).where(
        contents.c.team == team, contents.c.whole
    )
    return {
        row.digest: row.id
        for some in _cut(list(digests), _LIST)
        for row in await tx.execute(query.where(contents.c.digest.in_(some)))
    }


def _make_postings(
    numbers: Mapping[str, int],
    found: Mapping[str, Collection[int]],
    rows: Iterable[tuple[int, int, int, int]],
) -> list[Posting]:
    digests = {content: digest for digest, content in numbers.items()}
    places = {id_: (digests[content], page, piece) for id_, content, page, piece in rows}
    return [
        Posting(term, *places[id_]) for term, ids in found.items() for id_ in ids if id_ in places
    ]


def _to_document(row: Row[Any]) -> Document:
    return Document(
        file_id=row.file_id,
        name=row.name,
        permalink=row.permalink,
        kind=row.kind,
        unit=row.unit,
        total_pages=row.total_pages,
        read_pages=row.read_pages,
        tokens=row.tokens,
        digest=row.digest,
        notes=tuple(map(_read_caveat, row.notes)),
    )


def _write_caveat(caveat: Caveat) -> list[Any]:
    return [caveat.flaw, list(caveat.pages), caveat.text, caveat.count, caveat.total]


def _read_caveat(written: str | list[Any]) -> Caveat:
    if isinstance(written, str):
        # In a database from before they had fields, they are sentences.
        return Caveat("noted", text=written)
    flaw, pages, text, count, total = written
    return Caveat(flaw, tuple(pages), text, count, total)


def _to_passage(row: Row[Any]) -> Passage:
    return Passage(row.page, row.text, row.label, row.piece, row.tokens)


def _cut(values: Sequence[_T], length: int) -> Iterator[Sequence[_T]]:
    for start in range(0, len(values), length):
        yield values[start : start + length]


def _in_thread(thread: ThreadKey) -> tuple[ColumnElement[bool], ...]:
    return (
        thread_documents.c.team == thread.team,
        thread_documents.c.channel == thread.channel,
        thread_documents.c.thread_ts == thread.thread_ts,
    )
