"""The `Documents` port: every shared file fetched, read and stored once, then searched."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, Final, Protocol, cast
from weakref import WeakValueDictionary

import structlog

from bot.conversation.budget import estimate_tokens
from bot.conversation.messages import (
    Document,
    Found,
    Passage,
    SharedFile,
    ThreadKey,
    UnreadFile,
)
from bot.conversation.names import clean_name, name_inside
from bot.documents.extraction import Extract, ExtractedPassage, Extractor, Member
from bot.documents.failures import (
    EmptyFile,
    FileFailed,
    ImageFile,
    NestedTooDeep,
    NothingInside,
    explain_inside,
)
from bot.documents.readers.pages import MEMBERS
from bot.documents.search import (
    Hit,
    asked_terms,
    choose_candidates,
    count_holders,
    rate,
)
from bot.errors import DocumentError

log = structlog.get_logger(__name__)

CONCURRENCY: Final = 12
"""Files on disk at a time, not counting those inside of them.

Scans wait here until their turn for text recognition comes; meanwhile others must get past them.
"""

MAX_DEPTH: Final = 2
"""How deep files inside of files are looked for: an attachment of a mail in an archive is at 2."""

_CONTAINER_SECONDS: Final = 180.0
"""After so long, what else is inside of a file is left unread."""

_CONTAINER_MARK: Final = "m"
_PASSAGE_TOKENS: Final = 600


class Fetcher(Protocol):
    """Gets files from where they were shared."""

    async def resolve(self, team: str, file: SharedFile) -> SharedFile:
        """Complete a file of which only the id is known. Raises `DocumentError`."""
        ...

    async def fetch(self, team: str, file: SharedFile, sink: BinaryIO) -> None:
        """Write a file's bytes into `sink`. Raises `DocumentError`."""
        ...

    async def check_kept(self, team: str, file: SharedFile) -> None:
        """Raise `DocumentError` if the file was deleted since it was fetched."""
        ...


class Store(Protocol):
    """Keeps what was read: each content once for a team, and the files that have it."""

    async def find(self, team: str, file_id: str) -> list[Document]:
        """Return a file's document and those of the files inside, in order; [] if never read."""
        ...

    async def find_content(self, team: str, digest: str) -> bool:
        """Tell whether a content is there."""
        ...

    async def save(
        self, team: str, document: Document, passages: Sequence[tuple[Passage, str]]
    ) -> None:
        """Keep a document, its passages each with their terms.

        Without passages it gets the content that is there under its digest, whatever else it says.
        """
        ...

    async def forget_file(self, team: str, file_id: str) -> None:
        """Delete what was read of a file."""
        ...

    async def attach(self, thread: ThreadKey, file_ids: Sequence[str]) -> None:
        """Attach kept documents to a thread, behind those that it has."""
        ...

    async def of_thread(self, thread: ThreadKey) -> list[Document]:
        """Return the documents attached to the thread, in the order they were shared."""
        ...

    async def load(self, team: str, digest: str, pages: Collection[int] | None) -> list[Passage]:
        """Return the passages of these pages, or of all, in order."""
        ...

    async def find_postings(
        self, team: str, digests: Sequence[str], terms: Sequence[str]
    ) -> Sequence[Hit]:
        """Return which passages of these contents have which of these terms."""
        ...

    async def load_passages(
        self, team: str, keys: Sequence[tuple[str, int, int]]
    ) -> Mapping[tuple[str, int, int], Passage]:
        """Return passages by (digest, page, piece)."""
        ...

    async def find_notes(self, team: str, digest: str, keys: Sequence[str]) -> Mapping[str, str]:
        """Return those of the notes on a content that are there."""
        ...

    async def keep_notes(self, team: str, digest: str, key: str, notes: str) -> None:
        """Keep notes on a content, for as long as the content."""
        ...


@dataclass(frozen=True, slots=True)
class _Source:
    """A file that is at hand, on its own or inside of another.

    Attributes:
        file: Its bytes.
        name: Hostile text.
        shown: The name fit to be shown, with that of the file around it.
        media_type: As in `SharedFile`.
        depth: 0 for a shared file, 1 for one inside of it, and so on.
    """

    file: BinaryIO
    name: str
    shown: str
    media_type: str = ""
    depth: int = 0


@dataclass(slots=True)
class _Harvest:
    """What became of a shared file and of those inside of it, so far.

    Attributes:
        team: Whose file it is.
        file_id: Of the shared file.
        permalink: Where people open it.
        documents: How many files inside have been read.
        opened: How many files inside have been looked at.
        left_out: How many have not.
        unread: For each that could not be read, its name and the reason.
        until: When no more of them is opened, by the library's clock.
        first: The first document inside, which is kept last: see `_is_whole`.
    """

    team: str
    file_id: str
    until: float
    permalink: str = ""
    documents: int = 0
    opened: int = 0
    left_out: int = 0
    unread: list[tuple[str, DocumentError]] = field(default_factory=list)
    first: tuple[Document, Sequence[tuple[Passage, str]]] | None = None


class Library:
    """Reads shared files, several at a time and each only once."""

    def __init__(
        self,
        fetcher: Fetcher,
        extractor: Extractor,
        store: Store,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._fetcher = fetcher
        self._extractor = extractor
        self._store = store
        self._slots = asyncio.Semaphore(CONCURRENCY)
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def read(
        self, thread: ThreadKey, files: Sequence[SharedFile], *, attach: bool = True
    ) -> list[Document | UnreadFile]:
        """Fetch and extract the files, or find them stored; in order.

        A file gives one result, and then one for each readable file inside of it; an archive gives
        only those. What could not be read inside comes last, a sentence for each reason.

        Never raises for a file: what goes wrong becomes its `UnreadFile`. What the store raises
        passes through.
        """
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._try_read(thread.team, file)) for file in files]
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures
        results = [result for task in tasks for result in task.result()]
        # Read side by side, they end in any order; the thread has them as they were shared.
        read = [result.file_id for result in results if isinstance(result, Document)]
        if read and attach:
            await self._store.attach(thread, list(dict.fromkeys(read)))
        return results

    async def of_thread(self, thread: ThreadKey) -> list[Document]:
        """Return the thread's documents, in the order they were shared."""
        return await self._store.of_thread(thread)

    async def load(
        self, team: str, document: Document, pages: Collection[int] | None = None
    ) -> list[Passage]:
        """Return the passages of these pages, or of all, in order."""
        return await self._store.load(team, document.digest, pages)

    async def search(
        self, team: str, documents: Sequence[Document], question: str, *, limit: int
    ) -> list[Found]:
        """Return the passages that hold the question's rarest words, best first."""
        of_digest = {document.digest: document for document in reversed(documents)}
        total = sum(
            max(document.read_pages, document.tokens // _PASSAGE_TOKENS)
            for document in of_digest.values()
        )
        terms = asked_terms(question)
        hits = await self._store.find_postings(team, list(of_digest), terms) if terms else []
        candidates = await asyncio.to_thread(choose_candidates, hits, total)
        passages = dict(await self._store.load_passages(team, candidates))
        holders = count_holders(hits)
        scores = await asyncio.to_thread(rate, question, list(passages.values()), holders, total)
        found = [
            Found(of_digest[digest], passage, score)
            for ((digest, _, _), passage), score in zip(passages.items(), scores, strict=True)
            if score > 0
        ]
        return sorted(found, key=lambda one: -one.score)[:limit]

    async def find_notes(
        self, team: str, document: Document, keys: Collection[str]
    ) -> dict[str, str]:
        """Return those of the notes made on a document that are there, by their keys."""
        return dict(await self._store.find_notes(team, document.digest, list(keys)))

    async def keep_notes(self, team: str, document: Document, key: str, notes: str) -> None:
        """Keep notes that the model made on a part of a document, for as long as the document."""
        await self._store.keep_notes(team, document.digest, key, notes)

    async def _try_read(self, team: str, file: SharedFile) -> Sequence[Document | UnreadFile]:
        try:
            return await self._read(team, file)
        except DocumentError as error:
            log.warning("file_unread", team=team, file=file.id, error=str(error))
            return [_explain(file, error)]

    async def _read(self, team: str, file: SharedFile) -> Sequence[Document | UnreadFile]:
        # The second to ask for the same file waits, and then finds it stored.
        lock = self._locks.setdefault((team, file.id), asyncio.Lock())
        async with lock:
            stored = await self._store.find(team, file.id)
            if _is_whole(file.id, stored):
                return stored
            async with self._slots:
                return await self._fetch_and_harvest(team, file)

    async def _fetch_and_harvest(
        self, team: str, file: SharedFile
    ) -> Sequence[Document | UnreadFile]:
        harvest = _Harvest(team, file.id, self._clock() + _CONTAINER_SECONDS)
        with tempfile.TemporaryFile() as opened:
            sink = cast("BinaryIO", opened)
            with _as_failure(team, file.id, file.name):
                file = await self._fetcher.resolve(team, file)
                harvest.permalink = file.permalink
                await self._fetcher.fetch(team, file, sink)
            shown = clean_name(file.name)
            await self._harvest(harvest, _Source(sink, file.name, shown, file.media_type))
        if harvest.first is not None:
            await self._store.save(team, *harvest.first)
        try:
            # Reading can take minutes, and a deletion finds only what is kept by then.
            await self._fetcher.check_kept(team, file)
        except DocumentError:
            await self._store.forget_file(team, file.id)
            raise
        documents = await self._store.find(team, file.id)
        log.info(
            "file_read", team=team, file=file.id, documents=len(documents),
            unread=len(harvest.unread), left_out=harvest.left_out,
        )  # fmt: skip
        return [*documents, *_tell_unread(harvest, shown, documents)]

    async def _harvest(self, harvest: _Harvest, source: _Source) -> None:
        """Read a file and those inside of it, and keep them one by one.

        Raises:
            DocumentError: The file itself can't be read.
        """
        with _as_failure(harvest.team, harvest.file_id, source.name):
            digest = await self._extractor.identify(source.file, source.name, source.media_type)
        if await self._store.find_content(harvest.team, digest):
            await self._keep(harvest, source, digest, None)
            return
        with _as_failure(harvest.team, harvest.file_id, source.name):
            extract = await self._extractor.extract(source.file, source.name, source.media_type)
        try:
            if extract.passages:
                holds_others = extract.members or extract.left_out
                own = _mark_container(digest) if holds_others else digest
                await self._keep(harvest, source, own, extract)
            elif source.depth == MAX_DEPTH:
                raise NestedTooDeep(source.name)
            for member in extract.members:
                await self._harvest_member(harvest, source, member)
            harvest.left_out += extract.left_out
        finally:
            await asyncio.to_thread(extract.close)

    async def _harvest_member(self, harvest: _Harvest, around: _Source, member: Member) -> None:
        if harvest.opened >= MEMBERS or self._clock() > harvest.until:
            harvest.left_out += 1
            return
        harvest.opened += 1
        shown = name_inside(member.name, around.name)
        source = _Source(member.file, member.name, shown, depth=around.depth + 1)
        try:
            if around.depth == MAX_DEPTH:
                raise NestedTooDeep(member.name)
            if member.failure is not None:
                raise member.failure
            await self._harvest(harvest, source)
        except DocumentError as error:
            log.info("member_unread", file=harvest.file_id, error=str(error))
            harvest.unread.append((clean_name(member.name), error))

    async def _keep(
        self, harvest: _Harvest, source: _Source, digest: str, extract: Extract | None
    ) -> None:
        """Keep a document; without an extract, its content is stored already."""
        file_id = harvest.file_id
        if source.depth:
            harvest.documents += 1
            file_id = f"{file_id}/{harvest.documents}"
        if extract is None:
            document = Document(
                file_id, source.shown, "", "part", 0, 0, 0, digest, permalink=harvest.permalink
            )
            passages: Sequence[tuple[Passage, str]] = ()
        else:
            passages = await asyncio.to_thread(_weigh, extract.passages)
            document = Document(
                file_id=file_id,
                name=source.shown,
                kind=extract.kind,
                unit=extract.unit,
                total_pages=extract.total_pages,
                read_pages=extract.read_pages,
                tokens=sum(passage.tokens for passage, _ in passages),
                digest=digest,
                notes=extract.notes,
                permalink=harvest.permalink,
            )
        if source.depth and harvest.first is None:
            harvest.first = document, passages
        else:
            await self._store.save(harvest.team, document, passages)


@contextmanager
def _as_failure(team: str, file_id: str, name: str) -> Iterator[None]:
    """Log what nobody expected, and make it a failure to read the file."""
    try:
        yield
    except DocumentError:
        raise
    except Exception as error:
        log.exception("file_failed", team=team, file=file_id)
        raise FileFailed(name) from error


def _is_whole(file_id: str, documents: Sequence[Document]) -> bool:
    """Tell whether a file was read to its end, with all that is inside of it.

    A crash may have come in between: the first of the files inside is kept last, and a document
    with files inside is marked as such.
    """
    digests = {document.file_id: document.digest for document in documents}
    own = digests.get(file_id)
    return f"{file_id}/1" in digests or (own is not None and not own.startswith(_CONTAINER_MARK))


def _mark_container(digest: str) -> str:
    """Return a digest under which nobody looks: the text alone isn't all there is to be read."""
    return _CONTAINER_MARK + digest[: -len(_CONTAINER_MARK)]


def _weigh(passages: Iterable[ExtractedPassage]) -> list[tuple[Passage, str]]:
    """Add what each passage costs when it is quoted in a prompt."""
    return [
        (
            Passage(
                page=passage.page,
                text=passage.text,
                label=passage.label,
                piece=passage.piece,
                tokens=estimate_tokens("| " + passage.text.replace("\n", "\n| ")),
            ),
            passage.terms,
        )
        for passage in passages
    ]


def _tell_unread(
    harvest: _Harvest, name: str, documents: Sequence[Document]
) -> Iterator[UnreadFile]:
    """Yield what is to be told of that which was not read inside, if that is worth a word."""
    # Logos, icons and empty files are in many mails and archives; nobody misses them.
    missed = [
        (inside, error)
        for inside, error in harvest.unread
        if not isinstance(error, ImageFile | EmptyFile)
    ]
    told = explain_inside(name, missed, harvest.left_out)
    if not told and not documents:
        told = [NothingInside(name).told(name)]
    for reason in told:
        yield UnreadFile(harvest.file_id, name, reason)


def _explain(file: SharedFile, error: DocumentError) -> UnreadFile:
    """Put a name into the failure's sentence that is safe to show."""
    name = clean_name(error.name or file.name)
    return UnreadFile(file.id, name, error.told(name))
