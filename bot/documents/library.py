"""The `Documents` port: every shared file fetched, read and stored once."""

import asyncio
from collections.abc import Sequence
from typing import Protocol
from weakref import WeakValueDictionary

import structlog

from bot.conversation.messages import Document, SharedFile, ThreadKey, UnreadFile
from bot.documents.extraction import Extractor
from bot.documents.failures import FileFailed
from bot.documents.names import clean_name
from bot.errors import DocumentError

log = structlog.get_logger(__name__)

CONCURRENCY = 4
"""Files in memory at a time."""


class Fetcher(Protocol):
    """Gets files from where they were shared."""

    async def resolve(self, team: str, file: SharedFile) -> SharedFile:
        """Complete a file of which only the id is known. Raises `DocumentError`."""
        ...

    async def fetch(self, team: str, file: SharedFile) -> bytes:
        """Return a file's bytes. Raises `DocumentError`."""
        ...


class Store(Protocol):
    """Keeps documents by the team and id of their file."""

    async def find(self, team: str, file_id: str) -> Document | None:
        """Return the document of a file that was read before, in whatever thread."""
        ...

    async def save(self, team: str, document: Document) -> None:
        """Keep a document for its team."""
        ...

    async def attach(self, thread: ThreadKey, file_id: str) -> None:
        """Attach a kept document to a thread, behind those that it has."""
        ...

    async def of_thread(self, thread: ThreadKey) -> list[Document]:
        """Return the documents attached to the thread, in the order they were shared."""
        ...


class Library:
    """Reads shared files, several at a time and each only once."""

    def __init__(self, fetcher: Fetcher, extractor: Extractor, store: Store) -> None:
        self._fetcher = fetcher
        self._extractor = extractor
        self._store = store
        self._slots = asyncio.Semaphore(CONCURRENCY)
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def read(
        self, thread: ThreadKey, files: Sequence[SharedFile]
    ) -> list[Document | UnreadFile]:
        """Fetch and extract the files, or find them stored; one result per file, in order.

        Never raises for a file: what goes wrong becomes its `UnreadFile`. What the store raises
        passes through.
        """
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._try_read(thread.team, file)) for file in files]
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures
        results = [task.result() for task in tasks]
        # Read side by side, they end in any order; the thread has them as they were shared.
        for result in results:
            if isinstance(result, Document):
                await self._store.attach(thread, result.file_id)
        return results

    async def of_thread(self, thread: ThreadKey) -> list[Document]:
        """Return the thread's documents, in the order they were shared."""
        return await self._store.of_thread(thread)

    async def _try_read(self, team: str, file: SharedFile) -> Document | UnreadFile:
        try:
            return await self._read(team, file)
        except DocumentError as error:
            log.warning("file_unread", team=team, file=file.id, error=str(error))
            return _explain(file, error)

    async def _read(self, team: str, file: SharedFile) -> Document:
        # The second to ask for the same file waits, and then finds it stored.
        lock = self._locks.setdefault((team, file.id), asyncio.Lock())
        async with lock:
            stored = await self._store.find(team, file.id)
            if stored is not None:
                return stored
            async with self._slots:
                document = await self._try_extract(team, file)
            await self._store.save(team, document)
            return document

    async def _try_extract(self, team: str, file: SharedFile) -> Document:
        try:
            return await self._extract(team, file)
        except DocumentError:
            raise
        except Exception as error:
            log.exception("file_failed", team=team, file=file.id)
            raise FileFailed(file.name) from error

    async def _extract(self, team: str, file: SharedFile) -> Document:
        file = await self._fetcher.resolve(team, file)
        data = await self._fetcher.fetch(team, file)
        extract = await self._extractor.extract(data, file.name, file.media_type)
        log.info("file_read", team=team, file=file.id, bytes=len(data), pages=extract.total_pages)
        return Document(
            file_id=file.id,
            name=clean_name(file.name),
            kind=extract.kind,
            unit=extract.unit,
            pages=extract.pages,
            total_pages=extract.total_pages,
            notes=extract.notes,
        )


def _explain(file: SharedFile, error: DocumentError) -> UnreadFile:
    """Put a name into the failure's sentence that is safe to show."""
    name = clean_name(error.name or file.name)
    return UnreadFile(file.id, name, error.sentence.format(name=name))
