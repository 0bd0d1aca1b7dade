"""The library: one result per file, each file read once."""

# ruff: noqa: RUF001  # lookalikes are what is tested

import asyncio
from collections import defaultdict
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.conversation.messages import Document, SharedFile, ThreadKey, UnreadFile
from bot.conversation.ports import Documents
from bot.documents.extraction import Extractor
from bot.documents.library import CONCURRENCY, Library
from bot.errors import DocumentError

THREAD = ThreadKey("T1", "C1", "1.000100")
OTHER_THREAD = ThreadKey("T1", "C2", "2.000200")
OTHER_TEAM = ThreadKey("T2", "C1", "1.000100")


class Shelf:
    """An in-memory store."""

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str], Document] = {}
        self.threads: defaultdict[ThreadKey, list[str]] = defaultdict(list)

    async def find(self, team: str, file_id: str) -> Document | None:
        return self.documents.get((team, file_id))

    async def save(self, team: str, document: Document) -> None:
        self.documents[team, document.file_id] = document

    async def attach(self, thread: ThreadKey, file_id: str) -> None:
        if file_id not in self.threads[thread]:
            self.threads[thread].append(file_id)

    async def of_thread(self, thread: ThreadKey) -> list[Document]:
        return [self.documents[thread.team, file_id] for file_id in self.threads[thread]]


class Source:
    """Serves files by their id; an exception among them is raised."""

    def __init__(self, files: dict[str, bytes | Exception]) -> None:
        self.files = files
        self.fetched: list[tuple[str, str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = 0
        self.arrivals: asyncio.Queue[str] = asyncio.Queue()

    async def resolve(self, team: str, file: SharedFile) -> SharedFile:
        return replace(file, name=file.name or f"{file.id}.txt")

    async def fetch(self, team: str, file: SharedFile) -> bytes:
        self.fetched.append((team, file.id))
        self.waiting += 1
        self.arrivals.put_nowait(file.id)
        await self.gate.wait()
        self.waiting -= 1
        data = self.files[file.id]
        if isinstance(data, Exception):
            raise data
        return data


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def build(source: Source, shelf: Shelf) -> Library:
    library = Library(source, Extractor(), shelf)
    port: Documents = library
    assert port is library
    return library


def file(file_id: str, name: str = "") -> SharedFile:
    return SharedFile(file_id, name, url="https://files.slack.com/x")


def read_text(result: Document | UnreadFile) -> str:
    assert isinstance(result, Document)
    return result.pages[0].text


async def test_results_come_in_the_order_of_the_files(shelf: Shelf) -> None:
    source = Source({
        "F1": b"%PDF-broken",
        "F2": b"two",
        "F3": DocumentError("three.doc"),
        "F4": b"<html>four",
    })  # fmt: skip
    files = [file("F1", "a.pdf"), file("F2"), file("F3", "three.doc"), file("F4", "d")]
    results = await build(source, shelf).read(THREAD, files)
    assert [type(result) for result in results] == [UnreadFile, Document, UnreadFile, Document]
    assert [result.file_id for result in results] == ["F1", "F2", "F3", "F4"]
    assert [result.name for result in results] == ["a.pdf", "F2.txt", "three.doc", "d"]
    assert read_text(results[1]) == "two"
    assert [document.file_id for document in await shelf.of_thread(THREAD)] == ["F2", "F4"]


async def test_file_is_fetched_once_for_its_team(shelf: Shelf) -> None:
    source = Source({"F1": b"text"})
    library = build(source, shelf)
    both = await asyncio.gather(
        library.read(THREAD, [file("F1"), file("F1")]), library.read(OTHER_THREAD, [file("F1")])
    )
    assert {read_text(result) for results in both for result in results} == {"text"}
    assert source.fetched == [("T1", "F1")]
    assert await library.of_thread(OTHER_THREAD) == await library.of_thread(THREAD)
    await library.read(OTHER_TEAM, [file("F1")])
    assert source.fetched == [("T1", "F1"), ("T2", "F1")]


async def test_files_are_fetched_side_by_side_but_only_a_few(shelf: Shelf) -> None:
    ids = [f"F{number}" for number in range(CONCURRENCY + 3)]
    source = Source(dict.fromkeys(ids, b"text"))
    source.gate.clear()
    reading = asyncio.create_task(build(source, shelf).read(THREAD, list(map(file, ids))))
    for _ in range(CONCURRENCY):
        await source.arrivals.get()
    for _ in range(50):
        await asyncio.sleep(0)
    assert source.waiting == CONCURRENCY
    source.gate.set()
    assert len(await reading) == len(ids)


async def test_known_failure_says_what_is_wrong_with_a_safe_name(shelf: Shelf) -> None:
    name = "<!channel>\n{name}{0}.png"
    source = Source({"F1": b"\x89PNG\r\n\x1a\n\0\0"})
    with capture_logs() as logs:
        [result] = await build(source, shelf).read(THREAD, [file("F1", name)])
    assert isinstance(result, UnreadFile)
    assert result.name == "‹!channel› {name}{0}.png"
    assert "images like ‹!channel› {name}{0}.png." in result.reason
    assert [entry["event"] for entry in logs] == ["file_unread"]
    assert "channel" not in str(logs)


async def test_unknown_failure_is_logged_and_becomes_a_general_sentence(shelf: Shelf) -> None:
    source = Source({"F1": RuntimeError("xoxb-secret detail"), "F2": b"fine"})
    with capture_logs() as logs:
        results = await build(source, shelf).read(THREAD, [file("F1", "a.txt"), file("F2")])
    assert isinstance(results[0], UnreadFile)
    assert "something went wrong on my side" in results[0].reason
    assert "secret" not in results[0].reason
    assert read_text(results[1]) == "fine"
    assert "file_failed" in [entry["event"] for entry in logs]


async def test_failed_file_is_tried_again_next_time(shelf: Shelf) -> None:
    source = Source({"F1": RuntimeError()})
    library = build(source, shelf)
    [first] = await library.read(THREAD, [file("F1")])
    source.files["F1"] = b"text"
    [second] = await library.read(THREAD, [file("F1")])
    assert isinstance(first, UnreadFile)
    assert read_text(second) == "text"


async def test_cancelling_leaves_the_file_free_for_the_next(shelf: Shelf) -> None:
    source = Source({"F1": b"text"})
    library = build(source, shelf)
    source.gate.clear()
    reading = asyncio.create_task(library.read(THREAD, [file("F1")]))
    await source.arrivals.get()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    source.gate.set()
    [result] = await library.read(THREAD, [file("F1")])
    assert read_text(result) == "text"
