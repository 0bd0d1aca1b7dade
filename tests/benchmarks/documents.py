"""Manuals read, kept, searched and summarized, beside what a one-shot bot makes of them.

The one-shot bot turns a file into one long text with markitdown and sends what the context holds.
"""

import asyncio
import json
import math
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from bot.conversation.messages import Document, SharedFile, ThreadKey
from bot.demo.server import StandIn
from bot.documents.extraction import WORKER, Extractor
from bot.documents.library import Library
from bot.store.database import open_database
from bot.store.documents import DocumentStore
from tests.benchmarks import one_shot
from tests.benchmarks.bots import READY, add_people, read_memory
from tests.benchmarks.databases import KINDS, empty_database
from tests.benchmarks.figures import Figure, describe_times
from tests.benchmarks.manuals import ask_about, make_manual
from tests.benchmarks.probed import read_delays
from tests.benchmarks.reading import CALL_SECONDS, Call, Reader, serving_reader
from tests.chatting import BOT
from tests.running import Process, running, settings_of

_SIZES = (10, 100, 1_000)
_PROMISED = 500
"""Pages for which the delay of the event loop has a target."""

_ONE_SHOT_SIZES = (10, 1_000)
"""What fits a prompt, and what doesn't, which takes it two minutes."""

_PARALLEL, _ALL_PARALLEL = 4, 100
_RUNS = 3
_QUESTIONS = 10
_PATIENCE_SECONDS = 120.0
_LOOK_SECONDS = 0.005
_NAME = "manual.pdf"
_MODEL_SHARE = f"the model's {CALL_SECONDS * 1_000:.0f} ms included"

_ENVIRONMENT = Path(tempfile.gettempdir()) / "aloud-benchmark-markitdown"
_MARKITDOWN = "markitdown[pdf]>=0.1.8,<0.2"


async def measure() -> list[Figure]:
    """Measure the steps alone, then the whole program."""
    one_shots = await _run_one_shots()
    figures = [await _measure_worker(pages, one_shots.get(pages)) for pages in _SIZES]
    for kind in KINDS:
        figures += await _measure_library(kind)
    for pages in (*_SIZES[:-1], _PROMISED, _SIZES[-1]):
        figures += await _measure_summary(pages, one_shots.get(pages))
    figures += await _measure_all_parallel()
    for kind in KINDS:
        figures += await _measure_questions(kind)
    return figures


async def _measure_worker(pages: int, naive: "_OneShot | None") -> Figure:
    """From the worker's start to its last passage, nobody else being there."""
    times, peaks = [], []
    with _open_manual(pages) as file:
        for _ in range(_RUNS):
            peak = asyncio.create_task(_watch_worker())
            begun = time.perf_counter()
            extract = await Extractor().extract(file, _NAME)
            times.append(time.perf_counter() - begun)
            peak.cancel()
            peaks.append(await peak)
            assert extract.read_pages == pages
    return Figure(
        f"{pages:,} pages read in the worker, its peak memory",
        _describe_reading(pages, statistics.median(times), max(peaks)),
        naive=_describe_reading(pages, naive.seconds, naive.megabytes) if naive else "",
    )


async def _measure_library(kind: str) -> list[Figure]:
    """Fetching costs nothing here; what is left is reading, weighing and keeping."""
    pages = _SIZES[-1]
    thread = ThreadKey("T1", "C1", "1.0")
    async with empty_database(kind) as url, open_database(url) as database:
        library = Library(_Shelf(make_manual(pages)), Extractor(), DocumentStore(database))
        begun = time.perf_counter()
        [document] = await library.read(thread, [SharedFile("F1", _NAME)])
        seconds = time.perf_counter() - begun
        assert isinstance(document, Document)
        times, found_first = [], 0
        for page in _spread(pages):
            begun = time.perf_counter()
            found = await library.search(thread.team, [document], ask_about(page), limit=40)
            times.append(time.perf_counter() - begun)
            found_first += found[0].passage.page == page
    what = f"{kind}: {pages:,} pages"
    return [
        Figure(f"{what} read and kept", f"{seconds:.1f} s, {pages / seconds:,.0f} pages/s"),
        Figure(
            f"{what} searched for a fact, p50 / p99",
            f"{describe_times(times)}, first of all {found_first} of {len(times)} times",
        ),
    ]


async def _measure_summary(pages: int, naive: "_OneShot | None") -> list[Figure]:
    async with _Bench.open("SQLite", pages) as bench:
        before = read_memory(bench.bot)
        shared = await bench.share()
        after = read_memory(bench.bot)
        peak = _read_peak(bench.bot.process.pid)
        facts = _count(call.facts for call in bench.model.calls)
        cited = _count(call.cited for call in bench.model.calls)
    what = f"{pages:,} pages"
    figures = [
        Figure(
            f"{what}: shared to the model's first call",
            f"{shared.read_seconds:.2f} s",
            naive=f"{naive.seconds:.2f} s" if naive else "",
        ),
        *shared.describe(what, _PARALLEL),
        Figure(
            f"{what}: facts that reached the model, with the right page",
            f"{facts / pages:.0%}, {cited / pages:.0%}",
            naive=f"{len(naive.call.facts) / pages:.0%}, {len(naive.call.cited) / pages:.0%}"
            if naive
            else "",
        ),
    ]
    if pages >= _PROMISED:
        delay = f"{what}: delay of the event loop while it is"
        target = "p99 < 50 ms" if pages == _PROMISED else ""
        figures += [
            Figure(f"{delay} read, p50 / p99 / max", shared.reading_delays, target),
            Figure(f"{delay} summed up, p50 / p99 / max", shared.summing_delays, target),
            Figure(f"{what}: memory before / peak / after", f"{before} / {peak} / {after} MB"),
        ]
    return figures


async def _measure_all_parallel() -> list[Figure]:
    pages = _SIZES[-1]
    async with _Bench.open("SQLite", pages, _ALL_PARALLEL) as bench:
        shared = await bench.share()
    return shared.describe(f"{pages:,} pages", _ALL_PARALLEL)


async def _measure_questions(kind: str) -> list[Figure]:
    """The document comes with the first question, which is not measured."""
    pages = _SIZES[-1]
    async with _Bench.open(kind, pages) as bench:
        ts = await bench.ask(1, None)
        await read_delays(bench.bot)
        times, right, tokens = [], 0, []
        for page in _spread(pages):
            begun = time.monotonic()
            await bench.ask(page, ts)
            times.append(time.monotonic() - begun)
            right += page in bench.model.calls[-1].cited
            tokens.append(bench.model.calls[-1].tokens)
        delays = await read_delays(bench.bot)
    what = f"{kind}: a question on {pages:,} pages"
    return [
        Figure(
            f"{what}, p50 / p99, {_MODEL_SHARE}",
            describe_times(times),
        ),
        Figure(
            f"{what}: right page in the prompt, its tokens",
            f"{right} of {len(times)}, {statistics.median(tokens):,.0f}",
        ),
        Figure(f"{what}: delay of the event loop, p50 / p99 / max", delays),
    ]


@dataclass(frozen=True, slots=True)
class _Shared:
    """How the summary of a shared file came about.

    Attributes:
        read_seconds: From the message with the file to the first call of the model.
        noted_seconds: From there to the last call, which writes the summary.
        told_seconds: From there to the summary in Slack.
        calls: How many there were of each kind.
        reading_delays: Of the event loop, before the first call.
        summing_delays: After it.
    """

    read_seconds: float
    noted_seconds: float
    told_seconds: float
    calls: Counter[str]
    reading_delays: str
    summing_delays: str

    def describe(self, what: str, parallel: int) -> list[Figure]:
        """Set the time for notes and merges beside that of a bot that takes no time itself."""
        told = ", ".join(f"{count} {kind}" for kind, count in self.calls.items())
        rounds = sum(math.ceil(count / parallel) for count in self.calls.values()) - 1
        target = "≤ 1.3 times" if rounds else ""
        if rounds:
            ideal = rounds * CALL_SECONDS
            times = f"{self.noted_seconds / ideal:.2f} times"
            told += f"; {self.noted_seconds:.1f} of {ideal:.1f} s, {times}"
        what = f"{what}, {parallel} calls at a time"
        return [
            Figure(f"{what}: notes and merges against the ideal", told, target),
            Figure(
                f"{what}: the last call to its answer in Slack, {_MODEL_SHARE}",
                f"{self.told_seconds:.1f} s",
            ),
        ]


@dataclass
class _Bench:
    """The program as a process, a person who writes to it, and a manual."""

    slack: StandIn
    model: Reader
    bot: Process
    place: tuple[str, str]
    manual: bytes

    @classmethod
    @asynccontextmanager
    async def open(
        cls, kind: str, pages: int, parallel: int = _PARALLEL
    ) -> AsyncIterator["_Bench"]:
        """Run all of it until the block ends."""
        async with empty_database(kind) as url, StandIn() as slack, serving_reader() as model:
            # One call is always left to those who only ask something.
            more = {"DATABASE_URL": url, "ALOUD_MODEL_CALLS": str(parallel + 1)}
            with tempfile.TemporaryDirectory() as folder:
                settings = settings_of(slack, model, Path(folder), **more)
                async with running("run", settings, module="tests.benchmarks.probed") as bot:
                    await bot.logged(READY)
                    [place] = add_people(slack, 1)
                    yield cls(slack, model, bot, place, make_manual(pages))

    async def share(self) -> _Shared:
        """Share the manual and wait for its summary."""
        await read_delays(self.bot)
        begun = time.monotonic()
        ts = await self._post("", None, shares=True)
        await self.model.called()
        reading_delays = await read_delays(self.bot)
        await self._answered(ts)
        ended = time.monotonic()
        first, last = self.model.calls[0].at, self.model.calls[-1].at
        return _Shared(
            read_seconds=first - begun,
            noted_seconds=last - first,
            told_seconds=ended - last,
            calls=Counter(call.kind for call in self.model.calls),
            reading_delays=reading_delays,
            summing_delays=await read_delays(self.bot),
        )

    async def ask(self, page: int, thread_ts: str | None) -> str:
        """Ask for a page's fact and wait for the answer; without a thread, share the manual."""
        ts = await self._post(ask_about(page), thread_ts, shares=thread_ts is None)
        await self._answered(thread_ts or ts, ts)
        return ts

    async def _post(self, words: str, thread_ts: str | None, *, shares: bool) -> str:
        user, channel = self.place
        files = [(_NAME, self.manual, "application/pdf")] if shares else []
        return await self.slack.post(user, channel, words, thread_ts, files=files)

    async def _answered(self, thread_ts: str, ts: str = "") -> None:
        place = (self.place[1], thread_ts)

        def is_answered() -> bool:
            said = self.slack.workspace.replies(place, after=ts or thread_ts)
            # Until there is an answer, a message may tell how far the reading has come.
            return any(
                one.user == BOT and one.streaming != "in_progress" and "litres" in str(one)
                for one in said
            )

        await self.slack.wait_for(is_answered, timeout=_PATIENCE_SECONDS)


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Where a file only needs to be taken from."""

    data: bytes

    async def resolve(self, team: str, file: SharedFile) -> SharedFile:
        del team
        return file

    async def check_kept(self, team: str, file: SharedFile) -> None:
        pass

    async def fetch(self, team: str, file: SharedFile, sink: BinaryIO) -> None:
        del team, file
        await asyncio.to_thread(sink.write, self.data)


@dataclass(frozen=True, slots=True)
class _OneShot:
    """What a one-shot bot came to: seconds until it had the text, peak memory, its only call."""

    seconds: float
    megabytes: int
    call: Call


async def _run_one_shots() -> dict[int, _OneShot]:
    """Run it once for each size, or not at all where markitdown can't be installed."""
    python = _ENVIRONMENT / "bin" / "python"
    if not await _install_markitdown(python):
        print("markitdown can't be installed: it is left out", file=sys.stderr)  # noqa: T201  # not a figure
        return {}
    found = {}
    for pages in _ONE_SHOT_SIZES:
        async with serving_reader() as model:
            with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
                await asyncio.to_thread(file.write, make_manual(pages))
                await asyncio.to_thread(file.flush)
                words = (one_shot.__file__, file.name, model.url, "Summarize the document.")
                told = await _run(python, *words)
            await model.called()
        seconds, megabytes = json.loads(told)
        found[pages] = _OneShot(seconds, megabytes, model.calls[0])
    return found


async def _install_markitdown(python: Path) -> bool:
    """Install it in an environment of its own, which stays for the next time."""
    marker = _ENVIRONMENT / "installed"
    try:
        if not marker.exists():
            await _run(Path(sys.executable), "-m", "venv", "--clear", str(_ENVIRONMENT))
            await _run(python, "-m", "pip", "install", "-qq", _MARKITDOWN)
            marker.touch()
    except RuntimeError:
        return False
    return True


async def _run(program: Path, *words: str) -> bytes:
    """Run a program and return what it prints; raises RuntimeError if it fails."""
    process = await asyncio.create_subprocess_exec(program, *words, stdout=asyncio.subprocess.PIPE)
    told, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{program} exited with {process.returncode}")
    return told


@contextmanager
def _open_manual(pages: int) -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as opened:
        file = cast("BinaryIO", opened)
        file.write(make_manual(pages))
        file.flush()
        yield file


async def _watch_worker() -> int:
    """Return the peak memory of the worker that runs, in MB, when cancelled."""
    peak, pid = 0, None
    try:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            pid = pid or _find_worker()
            if pid is not None:
                peak = max(peak, _read_peak(pid))
    except (asyncio.CancelledError, OSError, LookupError):
        # It may have ended already, and has no memory then.
        return peak


def _find_worker() -> int | None:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            parent = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1]
        except OSError:
            continue
        if os.fsencode(WORKER) in words and int(parent) == os.getpid():
            return int(folder.name)
    return None


def _read_peak(pid: int) -> int:
    """Return the most memory a process has had resident, in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def _describe_reading(pages: int, seconds: float, megabytes: int) -> str:
    return f"{seconds:.2f} s, {pages / seconds:,.0f} pages/s, {megabytes} MB"


def _count(pages: Iterable[frozenset[int]]) -> int:
    return len(frozenset().union(*pages))


def _spread(pages: int) -> Iterator[int]:
    """Yield pages from everywhere in a document."""
    return (pages * (2 * n + 1) // (2 * _QUESTIONS) for n in range(_QUESTIONS))
