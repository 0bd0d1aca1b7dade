"""Turns a file's bytes into pages, in a worker process that is limited and can be killed."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

from bot.conversation.messages import Page, PageUnit
from bot.documents.failures import (
    BY_CODE,
    EmptyFile,
    ReaderCrashed,
    ReaderMissing,
    TooComplex,
)

WORKER = Path(__file__).with_name("worker.py")

_SLICE_BYTES = 256 * 1024
_SPARE_BYTES = 1024 * 1024

_UNITS: dict[str, PageUnit] = {unit: unit for unit in get_args(PageUnit)}

# SIGABRT is what Rust's and PDFium's allocators end in when memory runs out.
_LIMIT_SIGNALS = {signal.SIGABRT, signal.SIGKILL, signal.SIGTRAP, signal.SIGXCPU}


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
    """

    seconds: float = 30.0
    cpu_seconds: int = 20
    memory_bytes: int = 1024 * 1024 * 1024
    characters: int = 3_000_000
    pages: int = 1_000
    rows: int = 100_000


@dataclass(frozen=True, slots=True)
class Extract:
    """A file's text; the fields mean what they mean in `Document`."""

    kind: str
    unit: PageUnit
    pages: tuple[Page, ...]
    total_pages: int
    notes: tuple[str, ...] = ()


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
        self._worker = worker

    async def extract(self, data: bytes, name: str, media_type: str = "") -> Extract:
        """Read the text of a file.

        What the file is, is told by its content first, then by `name` and `media_type`. On cancel,
        the worker is killed.

        Raises:
            DocumentError: One of `failures`, with `name`.
        """
        if not data:
            raise EmptyFile(name)
        async with self._slots:
            try:
                async with asyncio.timeout(self._limits.seconds):
                    return await self._run(data, name, media_type)
            except TimeoutError as error:
                raise TooComplex(name, f"over {self._limits.seconds} s") from error

    async def check(self) -> None:
        """Read a tiny text, to see that the worker is alive.

        Raises:
            DocumentError: It is not.
        """
        await self.extract(b"The worker is alive.\n", "check.txt")

    async def _run(self, data: bytes, name: str, media_type: str) -> Extract:
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-B", self._worker,
                stdin=PIPE, stdout=PIPE, stderr=DEVNULL,
                cwd="/", env={}, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise ReaderMissing(name, f"worker not started: {error}") from error
        try:
            await _feed(process, self._task(name, media_type), data)
            # Four bytes are the longest character; in JSON, the likes of quotes take two.
            allowance = 4 * self._limits.characters + 1024 * self._limits.pages + _SPARE_BYTES
            return await _receive(process, allowance, name)
        except (asyncio.IncompleteReadError, LookupError, TypeError, ValueError) as error:
            raise await _explain(process, name) from error
        finally:
            if process.returncode is None:
                process.kill()
            # Also reads the pipes to their end, which closes them.
            await process.communicate()

    def _task(self, name: str, media_type: str) -> bytes:
        limits = asdict(self._limits)
        del limits["seconds"]
        return json.dumps({"name": name, "media_type": media_type, **limits}).encode()


async def _feed(process: Process, task: bytes, data: bytes) -> None:
    """Hand over the task in slices, so that the loop never copies a big file in one go."""
    stdin = process.stdin
    assert stdin is not None  # noqa: S101  # PIPE was asked for
    view = memoryview(data)
    try:
        stdin.write(len(task).to_bytes(4) + task)
        for start in range(0, len(view), _SLICE_BYTES):
            stdin.write(view[start : start + _SLICE_BYTES])
            await stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        # It died before it had read everything; its exit code tells why.
        return
    finally:
        stdin.close()


async def _receive(process: Process, allowance: int, name: str) -> Extract:
    """Read the result frame by frame: no single step takes long, whatever the file's size.

    Raises:
        DocumentError: The worker answered with a failure.
        LookupError, TypeError, ValueError: It is no proper answer, or over the allowance.
        asyncio.IncompleteReadError: The worker ended too early.
    """
    frames = _Frames(process, allowance)
    header = await frames.next()
    if "failure" in header:
        await process.wait()
        failure = BY_CODE.get(header["failure"], ReaderCrashed)
        raise failure(name, str(header.get("detail", ""))[:200])
    pages = []
    for _ in range(int(header["pages"])):
        number, text, label = await frames.next()
        pages.append(Page(int(number), str(text), str(label)))
    await process.wait()
    notes = tuple(str(note) for note in header["notes"])
    total = int(header["total_pages"])
    return Extract(str(header["kind"]), _UNITS[header["unit"]], tuple(pages), total, notes)


class _Frames:
    """The worker's answer, as JSON values; the parser may have been taken over by the file."""

    def __init__(self, process: Process, allowance: int) -> None:
        assert process.stdout is not None  # noqa: S101  # PIPE was asked for
        self._stdout = process.stdout
        self._allowance = allowance

    async def next(self) -> Any:
        size = int.from_bytes(await self._stdout.readexactly(4))
        self._allowance -= size
        if self._allowance < 0:
            raise ValueError("the worker's answer is too long")
        return json.loads(await self._stdout.readexactly(size))


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
