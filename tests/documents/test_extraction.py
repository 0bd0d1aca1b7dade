"""The worker is limited, killed in time, and never in the event loop's way."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.documents.extraction import WORKER, ExtractionLimits, Extractor
from bot.documents.failures import ReaderCrashed, ReaderMissing, TooComplex
from bot.errors import DocumentError

PRELUDE = f"""
import json, os, signal, sys, time
sys.path.insert(0, {str(WORKER.parent)!r})
import worker

def frame(value):
    body = json.dumps(value).encode()
    os.write(1, len(body).to_bytes(4, "big") + body)

"""
HEADER = '{"kind": "k", "unit": "page", "total_pages": 1, "notes": [], "pages": 1}'
READ = "sys.stdin.buffer.read()\n"

WriteWorker = Callable[[str], Path]


@pytest.fixture
def write_worker(tmp_path: Path) -> WriteWorker:
    """Write a worker that behaves badly; it may use `frame` and the real `worker`."""

    def write(body: str) -> Path:
        script = tmp_path / "bad_worker.py"
        script.write_text(PRELUDE + body)
        return script

    return write


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def meeting(tmp_path: Path) -> Path:
    """A pipe through which a worker tells that it runs."""
    path = tmp_path / "meeting"
    os.mkfifo(path)
    return path


def hang(meeting: Path) -> str:
    return f"open({str(meeting)!r}, 'w').write(str(os.getpid()))\ntime.sleep(1000)\n"


async def wait_for_worker(meeting: Path) -> int:
    return int(await asyncio.to_thread(meeting.read_text))


async def test_hanging_worker_is_killed_at_the_time_limit(
    write_worker: WriteWorker, meeting: Path
) -> None:
    extractor = Extractor(ExtractionLimits(seconds=3.0), worker=write_worker(hang(meeting)))
    reading = asyncio.create_task(extractor.extract(b"x" * 1_000_000, "a.txt"))
    pid = await wait_for_worker(meeting)
    assert is_alive(pid)
    with pytest.raises(TooComplex):
        await reading
    assert not is_alive(pid)


async def test_cancelling_kills_the_worker(write_worker: WriteWorker, meeting: Path) -> None:
    extractor = Extractor(worker=write_worker(hang(meeting)))
    reading = asyncio.create_task(extractor.extract(b"x", "a.txt"))
    pid = await wait_for_worker(meeting)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert not is_alive(pid)


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        ("os.kill(os.getpid(), signal.SIGABRT)", TooComplex),
        ("os.kill(os.getpid(), signal.SIGKILL)", TooComplex),
        ("os.kill(os.getpid(), signal.SIGSEGV)", ReaderCrashed),
        ("worker._limit(1 << 30, 1)\nwhile True: pass", TooComplex),
        ("raise SystemExit(3)", ReaderMissing),
        ("import no_such_parser", ReaderMissing),
        ("raise SystemExit(0)", ReaderCrashed),
        ("os.write(1, b'\\0\\0\\0\\5hello')", ReaderCrashed),
        ("os.write(1, b'\\0\\0\\0\\0')", ReaderCrashed),
        ("frame(7)", ReaderCrashed),
        ("frame({})", ReaderCrashed),
        ("frame({'failure': 'no such code'})", ReaderCrashed),
        (f"frame({HEADER})", ReaderCrashed),
        (f"frame({HEADER})\nframe(['one', 2])", ReaderCrashed),
        (f"frame({HEADER.replace('page', 'furlong', 1)})\nframe([1, '', ''])", ReaderCrashed),
        (READ + "while True: os.write(1, b'\\x7f' * 65536)", ReaderCrashed),
        (READ + "while True: frame(' ' * 60000)", ReaderCrashed),
    ],
)
async def test_worker_that_dies_or_talks_nonsense_is_a_failure(
    write_worker: WriteWorker, body: str, failure: type[DocumentError]
) -> None:
    extractor = Extractor(worker=write_worker(body))
    with pytest.raises(failure):
        await extractor.extract(b"x" * 1_000_000, "a.txt")


async def test_worker_that_cannot_start_is_a_failure() -> None:
    with pytest.raises(ReaderMissing):
        await Extractor(worker=Path("/no/such/worker.py")).extract(b"x", "a.txt")


async def test_memory_is_limited() -> None:
    extractor = Extractor(ExtractionLimits(memory_bytes=200_000_000))
    with pytest.raises(TooComplex):
        await extractor.extract(b"word " * 30_000_000, "a.txt")


async def test_worker_sees_no_environment_and_opens_nothing(
    write_worker: WriteWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET", "xoxb-secret")
    script = write_worker("""
import socket
worker._limit(1 << 30, 20)
worker._seal()
seen = [key for key in os.environ if key != "LC_CTYPE"]
for act in (lambda: open("/etc/hostname"), socket.socket, lambda: os.listdir("/")):
    try:
        act()
        seen.append("opened")
    except OSError:
        pass
frame({"kind": "k", "unit": "page", "total_pages": 1, "notes": seen, "pages": 0})
""")
    assert (await Extractor(worker=script).extract(b"x", "a")).notes == ()


async def test_event_loop_runs_on_while_a_big_file_is_read() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    data = b"word " * 10_000_000
    counting = asyncio.create_task(count())
    extract = await Extractor().extract(data, "a.txt")
    counting.cancel()
    assert extract.total_pages > len(extract.pages) == 1_000
    # Handing over 50 MB takes some hundred turns alone; blocked once, there would be a handful.
    assert turns > 1_000


async def test_only_so_many_workers_run_at_a_time(write_worker: WriteWorker, meeting: Path) -> None:
    extractor = Extractor(concurrency=1, worker=write_worker(hang(meeting)))
    first = asyncio.create_task(extractor.extract(b"x", "a.txt"))
    second = asyncio.create_task(extractor.extract(b"x", "b.txt"))
    pid = await wait_for_worker(meeting)
    first.cancel()
    other_pid = await wait_for_worker(meeting)
    assert not is_alive(pid)
    second.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    assert not is_alive(other_pid)


async def test_check_says_whether_the_worker_is_alive(write_worker: WriteWorker) -> None:
    await Extractor().check()
    with pytest.raises(ReaderMissing):
        await Extractor(worker=write_worker("raise SystemExit(1)")).check()
