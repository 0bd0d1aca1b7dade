"""The worker is limited, killed in time, and never in the event loop's way."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.conversation.messages import Caveat
from bot.documents.extraction import (
    RECOGNITION_SECONDS,
    WORKER,
    Extract,
    ExtractionLimits,
    Extractor,
)
from bot.documents.failures import (
    DamagedFile,
    EmptyFile,
    ReaderCrashed,
    ReaderMissing,
    ScannedPages,
    TooComplex,
)
from bot.errors import DocumentError
from tests.documents.extracting import as_file

PRELUDE = f"""
import json, os, signal, sys, time
sys.path.insert(0, {str(WORKER.parent)!r})
import worker

def frame(value):
    body = json.dumps(value).encode()
    os.write(1, len(body).to_bytes(4, "big") + body)

"""
HEADER = (
    '{"kind": "k", "unit": "page", "read_pages": 1, "total_pages": 1, "notes": [], "pictures": 0, '
    '"left_out": 0, "passages": 1, "members": []}'
)
NO_PAGE = HEADER.replace('"passages": 1', '"passages": 0')


def noting(*note: object) -> str:
    """What a worker does that notes something else than what it may."""
    return f"header = {NO_PAGE}; header['notes'] = [{list(note)!r}]; frame(header)"


WriteWorker = Callable[[str], Path]


async def extract(extractor: Extractor, data: bytes = b"x" * 1_000_000) -> Extract:
    with as_file(data) as file:
        return await extractor.extract(file, "a.txt")


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
    reading = asyncio.create_task(extract(extractor))
    pid = await wait_for_worker(meeting)
    assert is_alive(pid)
    with pytest.raises(TooComplex):
        await reading
    assert not is_alive(pid)


async def test_cancelling_kills_the_worker(write_worker: WriteWorker, meeting: Path) -> None:
    extractor = Extractor(worker=write_worker(hang(meeting)))
    reading = asyncio.create_task(extract(extractor, b"x"))
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
        (f"frame({NO_PAGE.replace('page', 'furlong', 1)})", ReaderCrashed),
        (f"frame({NO_PAGE.replace('[]}', '[7]}')})", ReaderCrashed),
        (f"frame({NO_PAGE.replace('[]}', '[[0, 0]] * 21}')})", ReaderCrashed),
        (
            f"frame({NO_PAGE.replace('[]}', '[[0, 0]]}')})\nos.write(1, b'\\x7f' * 65536)",
            ReaderCrashed,
        ),
        ("while True: os.write(1, b'\\x7f' * 65536)", ReaderCrashed),
        ("while True: frame(' ' * 60000)", ReaderCrashed),
        (noting("noted", [], "Anything.", 0, 0), ReaderCrashed),
        (noting("{0.__class__}", [], "", 0, 0), ReaderCrashed),
        (noting("cut", ["one"], "", 0, 0), ReaderCrashed),
    ],
)
async def test_worker_that_dies_or_talks_nonsense_is_a_failure(
    write_worker: WriteWorker, body: str, failure: type[DocumentError]
) -> None:
    extractor = Extractor(worker=write_worker(body))
    with pytest.raises(failure):
        await extract(extractor)


async def test_worker_that_cannot_start_is_a_failure() -> None:
    with pytest.raises(ReaderMissing):
        await extract(Extractor(worker=Path("/no/such/worker.py")))


async def test_memory_is_limited() -> None:
    extractor = Extractor(ExtractionLimits(memory_bytes=200_000_000))
    with pytest.raises(TooComplex):
        await extract(extractor, b"word " * 30_000_000)


async def test_worker_sees_no_environment_and_opens_nothing(
    write_worker: WriteWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET", "xoxb-secret")
    script = write_worker(f"""
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
header = json.loads({NO_PAGE!r})
header["kind"] = " ".join(seen)
frame(header)
""")
    assert (await extract(Extractor(worker=script))).kind == ""


@pytest.mark.parametrize(
    "act",
    [
        "socket.socket()",
        "socket.getaddrinfo('localhost', 80)",
        "subprocess.run(['true'])",
        "os.system('true')",
        "os.execv('/bin/true', ['true'])",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "os.fork()",
        "os.kill(1, 0)",
        "ctypes.CDLL('libc.so.6')",
        "open('/dev/null', 'w')",
        "open('/dev/null', 'ab')",
        "os.open('/dev/null', os.O_RDWR)",
    ],
)
async def test_python_reader_reaches_nothing_outside(write_worker: WriteWorker, act: str) -> None:
    script = write_worker(f"""
import ctypes, socket, subprocess
worker._bar()
try:
    {act}
except PermissionError as error:
    header = {NO_PAGE}
    header["kind"] = open("/etc/passwd").read()[:0] + str(error.errno)
    frame(header)
""")
    assert (await extract(Extractor(worker=script))).kind == "None"


async def test_bar_is_up_before_a_file_is_read(tmp_path: Path, write_worker: WriteWorker) -> None:
    script = write_worker(f"""
import importlib, shutil
readers = {str(tmp_path / "readers")!r}
shutil.copytree({str(WORKER.parent / "readers")!r}, readers)
open(readers + "/plain.py", "w").write("def read(*_): import socket; socket.socket()")
worker.__file__ = {str(tmp_path / "worker.py")!r}
worker.main()
""")
    with pytest.raises(DamagedFile, match="PermissionError"):
        await extract(Extractor(worker=script))


async def test_event_loop_runs_on_while_a_big_file_is_read() -> None:
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - before)

    watching = asyncio.create_task(watch())
    found = await extract(Extractor(), b"word " * 10_000_000)
    watching.cancel()
    assert found.total_pages > found.read_pages == 1_000
    # Parsing the three million characters in one go alone would take longer.
    assert longest < 0.5


async def test_file_is_known_by_its_content_and_by_how_it_is_read() -> None:
    with as_file(b"one") as one, as_file(b"two") as two:
        known = await Extractor().identify(one, "a.txt")
        assert len(known) == 64
        assert await Extractor().identify(one, "b.TXT", "text/plain") == known
        others = {
            await Extractor().identify(two, "a.txt"),
            await Extractor().identify(one, "a.md"),
            await Extractor().identify(one, "a.txt", "text/html"),
            await Extractor(ExtractionLimits(pages=7)).identify(one, "a.txt"),
        }
        assert len(others | {known}) == 5


async def test_empty_file_is_a_failure_of_its_own() -> None:
    with pytest.raises(EmptyFile):
        await extract(Extractor(), b"")


def recognising(first: str, second: str) -> str:
    """A worker that is run once without and once with text recognition."""
    return f"""
task = json.loads(sys.argv[1])
found = {NO_PAGE}
if task["ocr_pages"]:
    found["notes"] = [["recognised", [task["ocr_pages"]], "", task["cpu_seconds"], 0]]
    {second}
else:
    found["pictures"] = 7
    {first}
frame(found)
"""


@pytest.mark.parametrize(
    ("first", "second", "result"),
    [
        ("pass", "pass",
         (Caveat("recognised", (3,), count=20 + 3 * RECOGNITION_SECONDS),)),
        ("found = {'failure': 'scan', 'pictures': 2}", "pass",
         (Caveat("recognised", (2,), count=20 + 2 * RECOGNITION_SECONDS),)),
        ("found = {'failure': 'scan'}", "pass", ScannedPages),
        ("found['notes'] = [['cut', [1], '', 0, 0]]", "os.abort()",
         (Caveat("cut", (1,)), Caveat("recognition_failed"))),
        ("found = {'failure': 'scan', 'pictures': 2}", "os.abort()", TooComplex),
    ],
)  # fmt: skip
async def test_pages_without_text_are_tried_again_with_more_time(
    write_worker: WriteWorker, first: str, second: str, result: tuple[Caveat] | type[DocumentError]
) -> None:
    script = write_worker(recognising(first, second))
    extractor = Extractor(ExtractionLimits(ocr_pages=3), worker=script)
    if isinstance(result, tuple):
        assert (await extract(extractor)).notes == result
    else:
        with pytest.raises(result):
            await extract(extractor)


async def test_text_recognition_keeps_no_other_file_waiting(
    write_worker: WriteWorker, meeting: Path
) -> None:
    second = hang(meeting).strip().replace("\n", "\n    ")
    script = write_worker(recognising("pass", second))
    extractor = Extractor(concurrency=1, worker=script)
    recognising_it = asyncio.create_task(extract(extractor, b"x"))
    await wait_for_worker(meeting)
    script.write_text(PRELUDE + f"frame({NO_PAGE})")
    assert (await extract(extractor, b"x")).notes == ()
    recognising_it.cancel()
    await asyncio.gather(recognising_it, return_exceptions=True)


async def test_text_recognition_can_be_off(write_worker: WriteWorker) -> None:
    script = write_worker(recognising("pass", "pass"))
    extractor = Extractor(ExtractionLimits(ocr_pages=0), worker=script)
    assert (await extract(extractor)).notes == ()


async def test_only_so_many_workers_run_at_a_time(write_worker: WriteWorker, meeting: Path) -> None:
    extractor = Extractor(concurrency=1, worker=write_worker(hang(meeting)))
    first = asyncio.create_task(extract(extractor, b"x"))
    second = asyncio.create_task(extract(extractor, b"x"))
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
