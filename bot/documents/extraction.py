"""Turns a file into passages, in a worker process that is limited and can be killed."""

import asyncio
import hashlib
import json
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Final, cast, get_args

import structlog

from bot.conversation.messages import Caveat, Flaw, PageUnit
from bot.conversation.names import clean_name
from bot.documents.failures import (
    BY_CODE,
    EmptyFile,
    ReaderCrashed,
    ReaderMissing,
    TooComplex,
)
from bot.documents.readers.kinds import extension
from bot.documents.readers.pages import MEMBER_BYTES, MEMBERS
from bot.errors import DocumentError

log = structlog.get_logger(__name__)

WORKER = Path(__file__).with_name("worker.py")

READER_VERSION: Final = 1
"""To be raised when the readers make something else of the same file."""

RECOGNITION_SECONDS: Final = 8
"""Time that text recognition has for a page, beside that for the file itself."""

_CHUNK_BYTES = 1024 * 1024
_SPARE_BYTES = 1024 * 1024
_EXTENSION_CHARACTERS = 20

_UNITS: dict[str, PageUnit] = {unit: unit for unit in get_args(PageUnit)}
_FLAWS: dict[str, Flaw] = {flaw: flaw for flaw in get_args(Flaw) if flaw != "noted"}

# SIGABRT is what Rust's and PDFium's allocators end in when memory runs out.
_LIMIT_SIGNALS = {signal.SIGABRT, signal.SIGKILL, signal.SIGTRAP, signal.SIGXCPU}

# Where a reported type says more than the content: plain text and unknown bytes.
_TELLING_TYPES = (
    "text/html", "text/csv", "text/tab-separated-values", "message/rfc822", "image/", "audio/",
    "video/",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExtractionLimits:
    """What reading one file may cost, and how much of it is kept.

    Attributes:
        seconds: Wall-clock time, from the start of the worker to its whole result.
        cpu_seconds: Processor time of the worker.
        memory_bytes: Address space of the worker; Python and the parsers take about 200 MB of it.
        characters: Text kept of one file, over all its pages.
        pages: Pages kept of one file.
        rows: Rows read of one workbook, over all its sheets.
        ocr_pages: Pages without text that text recognition reads, where it is installed; both time
            limits grow by `RECOGNITION_SECONDS` for each of them.
        ocr_languages: Tesseract's names of the languages, joined by `+`; "" for all installed.
    """

    seconds: float = 30.0
    cpu_seconds: int = 20
    memory_bytes: int = 1024 * 1024 * 1024
    characters: int = 3_000_000
    pages: int = 1_000
    rows: int = 100_000
    ocr_pages: int = 50
    ocr_languages: str = ""


@dataclass(frozen=True, slots=True)
class ExtractedPassage:
    """A page, or a piece of one, as in `Passage`; `terms` are what it is found by, spaced."""

    page: int
    piece: int
    label: str
    text: str
    terms: str


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside of the file; `failure` says why it couldn't be taken out, if so.

    Attributes:
        name: Hostile text, never a path.
        file: Its bytes, in a temporary file that belongs to the extract.
        failure: None if all is well.
    """

    name: str
    file: BinaryIO
    failure: DocumentError | None = None


@dataclass(frozen=True, slots=True)
class Extract:
    """A file's text; the fields mean what they mean in `Document`.

    Attributes:
        kind: As in `Document`, and so on.
        members: The files inside; an archive has nothing else.
        left_out: How many more files are inside.
    """

    kind: str
    unit: PageUnit
    read_pages: int
    total_pages: int
    passages: tuple[ExtractedPassage, ...]
    notes: tuple[Caveat, ...] = ()
    members: tuple[Member, ...] = ()
    left_out: int = 0

    def close(self) -> None:
        """Delete the members' files."""
        for member in self.members:
            member.file.close()


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What one run of the worker came to, and how many pages text recognition could still try."""

    result: Extract | DocumentError
    pictures: int


class Extractor:
    """Reads files, each in a fresh process, a few at a time.

    A fresh `python -I` costs some 60 ms more than a warm worker, and in return nothing that one
    file does can reach the next.
    """

    def __init__(
        self,
        limits: ExtractionLimits | None = None,
        *,
        concurrency: int = 2,
        worker: Path = WORKER,
    ) -> None:
        self._limits = limits or ExtractionLimits()
        self._slots = asyncio.Semaphore(concurrency)
        # Of its own: a scan takes minutes, and nothing else waits for it.
        self._recognition_slot = asyncio.Semaphore(1)
        self._worker = worker

    async def identify(self, source: BinaryIO, name: str, media_type: str = "") -> str:
        """Return the digest of a file: 64 letters, the same when there is the same to be read.

        It covers the content, what decides how it is read, and the limits on how much of it.
        """
        limits = self._limits
        rules = [
            READER_VERSION, limits.characters, limits.pages, limits.rows, limits.ocr_pages,
            limits.ocr_languages, _extension(name), _telling_type(media_type),
        ]  # fmt: skip

        def digest() -> str:
            found = hashlib.sha256(json.dumps(rules).encode())
            source.seek(0)
            while chunk := source.read(_CHUNK_BYTES):
                found.update(chunk)
            return found.hexdigest()

        return await asyncio.to_thread(digest)

    async def extract(self, source: BinaryIO, name: str, media_type: str = "") -> Extract:
        """Read the text of a file, which is open and has a descriptor.

        What the file is, is told by its content first, then by the extension of `name` and by
        `media_type`. On cancel, the worker is killed. The extract is to be closed.

        Raises:
            DocumentError: One of `failures`, with `name`.
        """
        if not await asyncio.to_thread(source.seek, 0, 2):
            raise EmptyFile(name)
        async with self._slots:
            attempt = first = await self._attempt(source, name, media_type)
        if pages := min(first.pictures, self._limits.ocr_pages):
            async with self._recognition_slot:
                attempt = await self._attempt(source, name, media_type, pages)
        if isinstance(attempt.result, Extract):
            return attempt.result
        if isinstance(first.result, Extract):
            log.warning("recognition_failed", error=str(attempt.result))
            failed = Caveat("recognition_failed")
            return replace(first.result, notes=(*first.result.notes, failed))
        raise attempt.result

    async def check(self) -> None:
        """Read a tiny text, to see that the worker is alive.

        Raises:
            DocumentError: It is not.
        """
        with tempfile.TemporaryFile() as file:
            await asyncio.to_thread(file.write, b"The worker is alive.\n")
            await asyncio.to_thread(file.flush)
            await self.extract(cast("BinaryIO", file), "check.txt")

    async def _attempt(
        self, source: BinaryIO, name: str, media_type: str, ocr_pages: int = 0
    ) -> _Attempt:
        """Run the worker, at first without text recognition, which takes so much longer."""
        extra = RECOGNITION_SECONDS * ocr_pages
        seconds = self._limits.seconds + extra
        limits = asdict(self._limits) | {
            "cpu_seconds": self._limits.cpu_seconds + extra,
            "ocr_pages": ocr_pages,
        }
        del limits["seconds"]
        task = {"extension": _extension(name), "media_type": _telling_type(media_type), **limits}
        try:
            async with asyncio.timeout(seconds):
                return await self._run(source, name, json.dumps(task))
        except TimeoutError:
            return _Attempt(TooComplex(name, f"over {seconds} s"), 0)
        except DocumentError as error:
            return _Attempt(error, 0)

    async def _run(self, source: BinaryIO, name: str, task: str) -> _Attempt:
        await asyncio.to_thread(source.seek, 0)
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-B", self._worker, task,
                stdin=source, stdout=PIPE, stderr=DEVNULL,
                cwd="/", env={}, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise ReaderMissing(name, f"worker not started: {error}") from error
        try:
            # Four bytes are the longest character; the terms take up to three times the text.
            allowance = 16 * self._limits.characters + 1024 * self._limits.pages + _SPARE_BYTES
            return await _receive(process, allowance, name)
        except (asyncio.IncompleteReadError, LookupError, TypeError, ValueError) as error:
            raise await _explain(process, name) from error
        finally:
            if process.returncode is None:
                process.kill()
            # Also reads the pipes to their end, which closes them.
            await process.communicate()


def _extension(name: str) -> str:
    return extension(name)[:_EXTENSION_CHARACTERS]


def _telling_type(media_type: str) -> str:
    return media_type[:100] if media_type.startswith(_TELLING_TYPES) else ""


async def _receive(process: Process, allowance: int, name: str) -> _Attempt:
    """Read the result frame by frame: no single step takes long, whatever the file's size.

    Raises:
        LookupError, TypeError, ValueError: It is no proper answer, or over the allowance.
        asyncio.IncompleteReadError: The worker ended too early.
    """
    frames = _Frames(process, allowance)
    header = await frames.next()
    if "failure" in header:
        await process.wait()
        detail = str(header.get("detail", ""))[:200]
        return _Attempt(_failure(header["failure"])(name, detail), int(header.get("pictures", 0)))
    extract = Extract(
        str(header["kind"]),
        _UNITS[header["unit"]],
        int(header["read_pages"]),
        int(header["total_pages"]),
        await _receive_passages(frames, int(header["passages"])),
        tuple(map(_read_caveat, header["notes"])),
        await _receive_members(frames, header["members"]),
        int(header["left_out"]),
    )
    await process.wait()
    return _Attempt(extract, int(header["pictures"]))


def _read_caveat(raw: Sequence[Any]) -> Caveat:
    """Read a note; of its words none are the worker's but a sheet's name."""
    flaw, pages, text, count, total = raw
    numbers = tuple(int(page) for page in pages)
    return Caveat(_FLAWS[flaw], numbers, clean_name(str(text), ""), int(count), int(total))


async def _receive_passages(frames: "_Frames", count: int) -> tuple[ExtractedPassage, ...]:
    passages = []
    for _ in range(count):
        page, piece, label, text, terms = await frames.next()
        passages.append(ExtractedPassage(int(page), int(piece), str(label), str(text), str(terms)))
    return tuple(passages)


async def _receive_members(frames: "_Frames", listed: Sequence[Any]) -> tuple[Member, ...]:
    if len(listed) > MEMBERS:
        raise ValueError("too many members")
    frames.allow(MEMBER_BYTES)
    members = []
    with ExitStack() as files:
        for name, code in listed:
            file = cast("BinaryIO", files.enter_context(tempfile.TemporaryFile()))
            failure = _failure(code)(str(name)) if code else None
            if failure is None:
                await frames.copy_next(file)
            members.append(Member(str(name), file, failure))
        # All is well: they stay open.
        files.pop_all()
    return tuple(members)


def _failure(code: str) -> type[DocumentError]:
    return BY_CODE.get(code, ReaderCrashed)


class _Frames:
    """The worker's answer; the parser may have been taken over by the file."""

    def __init__(self, process: Process, allowance: int) -> None:
        assert process.stdout is not None  # noqa: S101  # PIPE was asked for
        self._stdout = process.stdout
        self._allowance = allowance

    def allow(self, size: int) -> None:
        """Let so many bytes more come."""
        self._allowance += size

    async def next(self) -> Any:
        """Return the next frame as a JSON value."""
        return json.loads(await self._stdout.readexactly(await self._next_size()))

    async def copy_next(self, sink: BinaryIO) -> None:
        """Write the next frame's bytes into a file, never holding them all."""
        left = await self._next_size()
        while left:
            chunk = await self._stdout.readexactly(min(left, _CHUNK_BYTES))
            left -= len(chunk)
            await asyncio.to_thread(sink.write, chunk)
        await asyncio.to_thread(sink.flush)

    async def _next_size(self) -> int:
        size = int.from_bytes(await self._stdout.readexactly(4))
        self._allowance -= size
        if self._allowance < 0:
            raise ValueError("the worker's answer is too long")
        return size


async def _explain(process: Process, name: str) -> Exception:
    """Tell from how the worker ended why there is no proper answer."""
    if process.stdout is not None and not process.stdout.at_eof():
        return ReaderCrashed(name, "improper answer")
    code = await process.wait()
    if -code in _LIMIT_SIGNALS:
        return TooComplex(name, f"killed by signal {-code}")
    if code <= 0:
        return ReaderCrashed(name, f"exit code {code}")
    return ReaderMissing(name, f"worker exited with {code}")
