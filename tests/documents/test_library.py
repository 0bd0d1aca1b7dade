"""The library: one result per file, each file read once."""

# ruff: noqa: RUF001  # lookalikes are what is tested

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from email.message import EmailMessage
from typing import BinaryIO

import pytest
from blockbuster import blockbuster_ctx
from structlog.testing import capture_logs
from typing_extensions import override

from bot.conversation.budget import estimate_tokens
from bot.conversation.messages import Document, Passage, SharedFile, ThreadKey, UnreadFile
from bot.conversation.ports import Documents
from bot.documents.extraction import Extract, ExtractionLimits, Extractor
from bot.documents.library import CONCURRENCY, Library
from bot.errors import DocumentError
from bot.language import ENGLISH
from tests.documents import samples

THREAD = ThreadKey("T1", "C1", "1.000100")
OTHER_THREAD = ThreadKey("T1", "C2", "2.000200")
OTHER_TEAM = ThreadKey("T2", "C1", "1.000100")


@dataclass(frozen=True)
class Posting:
    term: str
    digest: str
    page: int
    piece: int


class Shelf:
    """An in-memory store."""

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str], Document] = {}
        self.contents: dict[tuple[str, str], list[tuple[Passage, str]]] = {}
        self.threads: defaultdict[ThreadKey, list[str]] = defaultdict(list)
        self.notes: dict[tuple[str, str, str], str] = {}
        self.saved: list[str] = []

    async def find(self, team: str, file_id: str) -> list[Document]:
        return [
            document
            for (owner, known), document in sorted(self.documents.items())
            if owner == team and known.partition("/")[0] == file_id
        ]

    async def find_content(self, team: str, digest: str) -> bool:
        return (team, digest) in self.contents

    async def save(
        self, team: str, document: Document, passages: Sequence[tuple[Passage, str]]
    ) -> None:
        self.saved.append(document.file_id)
        if (team, document.digest) in self.contents:
            like = next(
                known
                for (owner, _), known in self.documents.items()
                if owner == team and known.digest == document.digest
            )
            document = replace(like, file_id=document.file_id, name=document.name)
        else:
            assert passages
            self.contents[team, document.digest] = list(passages)
        self.documents[team, document.file_id] = document

    async def forget_file(self, team: str, file_id: str) -> None:
        for key in [*self.documents]:
            if key[0] == team and key[1].partition("/")[0] == file_id:
                del self.documents[key]

    async def attach(self, thread: ThreadKey, file_ids: Sequence[str]) -> None:
        known = self.threads[thread]
        known += [file_id for file_id in file_ids if file_id not in known]

    async def of_thread(self, thread: ThreadKey) -> list[Document]:
        return [self.documents[thread.team, file_id] for file_id in self.threads[thread]]

    async def load(
        self, team: str, digest: str, pages: Collection[int] | None = None
    ) -> list[Passage]:
        kept = self.contents[team, digest]
        return [passage for passage, _ in kept if pages is None or passage.page in pages]

    async def find_postings(
        self, team: str, digests: Sequence[str], terms: Sequence[str]
    ) -> list[Posting]:
        return [
            Posting(term, digest, passage.page, passage.piece)
            for digest in digests
            for passage, kept in self.contents[team, digest]
            for term in terms
            if term in kept.split()
        ]

    async def load_passages(
        self, team: str, keys: Sequence[tuple[str, int, int]]
    ) -> dict[tuple[str, int, int], Passage]:
        return {
            (digest, passage.page, passage.piece): passage
            for digest in {key[0] for key in keys}
            for passage, _ in self.contents[team, digest]
            if (digest, passage.page, passage.piece) in keys
        }

    async def find_notes(self, team: str, digest: str, keys: Collection[str]) -> dict[str, str]:
        return {
            key: self.notes[team, digest, key] for key in keys if (team, digest, key) in self.notes
        }

    async def keep_notes(self, team: str, digest: str, key: str, notes: str) -> None:
        self.notes[team, digest, key] = notes


class Source:
    """Serves files by their id; an exception among them is raised."""

    def __init__(self, files: Mapping[str, bytes | Exception]) -> None:
        self.files = dict(files)
        self.fetched: list[tuple[str, str]] = []
        self.deleted: set[tuple[str, str]] = set()
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = 0
        self.arrivals: asyncio.Queue[str] = asyncio.Queue()

    async def resolve(self, team: str, file: SharedFile) -> SharedFile:
        return replace(file, name=file.name or f"{file.id}.txt")

    async def check_kept(self, team: str, file: SharedFile) -> None:
        if (team, file.id) in self.deleted:
            raise DocumentError(file.name)

    async def fetch(self, team: str, file: SharedFile, sink: BinaryIO) -> None:
        self.fetched.append((team, file.id))
        self.waiting += 1
        self.arrivals.put_nowait(file.id)
        await self.gate.wait()
        self.waiting -= 1
        data = self.files[file.id]
        if isinstance(data, Exception):
            raise data
        await asyncio.to_thread(sink.write, data)


class CountingExtractor(Extractor):
    """Remembers what it was given to read."""

    def __init__(self) -> None:
        super().__init__(ExtractionLimits(ocr_pages=0))
        self.names: list[str] = []

    @override
    async def extract(self, source: BinaryIO, name: str, media_type: str = "") -> Extract:
        self.names.append(name)
        return await super().extract(source, name, media_type)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def extractor() -> CountingExtractor:
    return CountingExtractor()


def build(source: Source, shelf: Shelf, extractor: Extractor | None = None) -> Library:
    library = Library(source, extractor or Extractor(), shelf)
    port: Documents = library
    assert port is library
    return library


def file(file_id: str, name: str = "") -> SharedFile:
    return SharedFile(file_id, name, url="https://files.slack.com/x")


def read_text(shelf: Shelf, result: Document | UnreadFile, team: str = "T1") -> str:
    assert isinstance(result, Document)
    return shelf.contents[team, result.digest][0][0].text


def reasons(results: Sequence[Document | UnreadFile]) -> list[str]:
    return [ENGLISH.put(one.reason) for one in results if isinstance(one, UnreadFile)]


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
    assert read_text(shelf, results[1]) == "two"
    assert [document.file_id for document in await shelf.of_thread(THREAD)] == ["F2", "F4"]


async def test_file_is_fetched_once_for_its_team(shelf: Shelf) -> None:
    source = Source({"F1": b"text"})
    library = build(source, shelf)
    both = await asyncio.gather(
        library.read(THREAD, [file("F1"), file("F1")]), library.read(OTHER_THREAD, [file("F1")])
    )
    assert {read_text(shelf, result) for results in both for result in results} == {"text"}
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
    assert "images like ‹!channel› {name}{0}.png." in ENGLISH.put(result.reason)
    assert [entry["event"] for entry in logs] == ["file_unread"]
    assert "channel" not in str(logs)


async def test_unknown_failure_is_logged_and_becomes_a_general_sentence(shelf: Shelf) -> None:
    source = Source({"F1": RuntimeError("xoxb-secret detail"), "F2": b"fine"})
    with capture_logs() as logs:
        results = await build(source, shelf).read(THREAD, [file("F1", "a.txt"), file("F2")])
    assert isinstance(results[0], UnreadFile)
    assert "something went wrong on my side" in ENGLISH.put(results[0].reason)
    assert "secret" not in str(results[0].reason)
    assert read_text(shelf, results[1]) == "fine"
    assert "file_failed" in [entry["event"] for entry in logs]


async def test_failed_file_is_tried_again_next_time(shelf: Shelf) -> None:
    source = Source({"F1": RuntimeError()})
    library = build(source, shelf)
    [first] = await library.read(THREAD, [file("F1")])
    source.files["F1"] = b"text"
    [second] = await library.read(THREAD, [file("F1")])
    assert isinstance(first, UnreadFile)
    assert read_text(shelf, second) == "text"


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
    assert read_text(shelf, result) == "text"


async def test_passages_come_with_what_they_cost_quoted(shelf: Shelf) -> None:
    library = build(Source({"F1": b"one\ntwo"}), shelf)
    [document] = await library.read(THREAD, [file("F1")])
    assert isinstance(document, Document)
    cost = estimate_tokens("| one\n| two")
    assert await library.load("T1", document) == [Passage(1, "one\ntwo", "", 0, cost)]
    assert document.tokens == cost
    assert await library.load("T1", document, {2}) == []


async def test_same_content_is_not_read_again(shelf: Shelf, extractor: CountingExtractor) -> None:
    source = Source({"F1": b"text", "F2": b"text", "F3": b"text"})
    library = build(source, shelf, extractor)
    [first] = await library.read(THREAD, [file("F1", "a.txt")])
    [second] = await library.read(OTHER_THREAD, [file("F2", "b.TXT")])
    assert extractor.names == ["a.txt"]
    assert isinstance(first, Document)
    assert second == replace(first, file_id="F2", name="b.TXT")
    await library.read(THREAD, [file("F3", "c.md")])
    await library.read(OTHER_TEAM, [file("F1", "a.txt")])
    assert extractor.names == ["a.txt", "c.md", "a.txt"]


ARCHIVE = samples.make_zip({
    "folder/a.txt": "first", "b.txt": "second", ".hidden": "x", "__MACOSX/._a.txt": "x",
    "../../c.txt": "third",
})  # fmt: skip


async def test_files_in_an_archive_are_documents_of_their_own(
    shelf: Shelf, extractor: CountingExtractor
) -> None:
    library = build(Source({"F1": ARCHIVE, "F2": b"other"}), shelf, extractor)
    results = await library.read(THREAD, [file("F1", "all.zip"), file("F2")])
    assert [(result.file_id, result.name) for result in results] == [
        ("F1/1", "a.txt (in all.zip)"),
        ("F1/2", "b.txt (in all.zip)"),
        ("F1/3", "c.txt (in all.zip)"),
        ("F2", "F2.txt"),
    ]
    assert [read_text(shelf, result) for result in results] == ["first", "second", "third", "other"]
    assert await library.of_thread(THREAD) == results
    fetched = len(extractor.names)
    assert await library.read(OTHER_THREAD, [file("F1", "all.zip")]) == results[:3]
    assert len(extractor.names) == fetched


def mail(*attachments: tuple[str, bytes] | EmailMessage, body: str = "see below") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Subject"] = "a@b.example", "s"
    message.set_content(body)
    for attachment in attachments:
        if isinstance(attachment, EmailMessage):
            message.add_attachment(attachment)
        else:
            name, data = attachment
            message.add_attachment(
                data, maintype="application", subtype="octet-stream", filename=name
            )
    return message


async def test_mail_comes_before_what_is_attached(shelf: Shelf) -> None:
    inner = mail(("deep.txt", b"deep"), body="inner")
    data = bytes(mail(("q3.txt", b"q3"), inner))
    results = await build(Source({"F1": data}), shelf).read(THREAD, [file("F1", "m.eml")])
    assert [(result.file_id, result.name) for result in results] == [
        ("F1", "m.eml"),
        ("F1/1", "q3.txt (in m.eml)"),
        ("F1/2", "message.eml (in m.eml)"),
        ("F1/3", "deep.txt (in message.eml)"),
    ]
    assert "see below\n\nAttachments: q3.txt, message.eml" in read_text(shelf, results[0])
    assert read_text(shelf, results[3]) == "deep"


async def test_same_mail_again_brings_its_attachments_again(shelf: Shelf) -> None:
    data = bytes(mail(("q3.txt", b"q3")))
    library = build(Source({"F1": data, "F2": data}), shelf)
    first = await library.read(THREAD, [file("F1", "m.eml")])
    second = await library.read(THREAD, [file("F2", "m.eml")])
    assert [replace(one, file_id=one.file_id.replace("F1", "F2")) for one in first] == second


async def test_pictures_in_a_mails_text_and_signatures_are_no_files(shelf: Shelf) -> None:
    message = mail(("real.txt", b"real"))
    message.add_attachment(
        b"\x89PNG\r\n\x1a\n\0", maintype="image", subtype="png", filename="logo.png",
        disposition="inline", cid="<1@x>",
    )  # fmt: skip
    message.add_attachment(
        b"s", maintype="application", subtype="pkcs7-signature", filename="smime.p7s"
    )
    results = await build(Source({"F1": bytes(message)}), shelf).read(THREAD, [file("F1")])
    assert [result.name for result in results] == ["F1.txt", "real.txt (in F1.txt)"]


async def test_what_is_unread_inside_is_told_by_its_reasons(shelf: Shelf) -> None:
    parts: dict[str, str | bytes] = {
        "logo.png": b"\x89PNG\r\n\x1a\n\0",
        "empty.txt": b"",
        "<!channel>.mp3": b"ID3\x04\0\0",
        "torn.pdf": b"%PDF-1.7",
        "good.txt": "good",
    }
    source = Source({"F1": samples.make_zip(parts), "F2": bytes(mail(("torn.pdf", b"%PDF-1.7")))})
    library = build(source, shelf)
    good, *unread = await library.read(THREAD, [file("F1", "x.zip")])
    assert good.name == "good.txt (in x.zip)"
    assert {one.file_id for one in unread} == {"F1"}
    assert reasons(unread) == [
        "Not read in x.zip: torn.pdf (damaged).",
        "Not read in x.zip: ‹!channel›.mp3 (recording).",
        "Please share what you need of x.zip on its own.",
    ]
    body, *unread = await library.read(THREAD, [file("F2", "m.eml")])
    assert body.name == "m.eml"
    assert {one.file_id for one in unread} == {"F2"}
    assert reasons(unread)[0] == "Not read in m.eml: torn.pdf (damaged)."


async def test_archive_without_documents_has_its_own_sentence(shelf: Shelf) -> None:
    picture = b"\x89PNG\r\n\x1a\n\0"
    source = Source({
        "F1": samples.make_zip({"a.png": picture}),
        "F2": samples.make_zip({}),
        "F3": samples.make_zip({"a.pdf": b"%PDF-1.7", "a.png": picture}),
    })  # fmt: skip
    results = await build(source, shelf).read(
        THREAD, [file(one, f"{one}.zip") for one in ("F1", "F2", "F3")]
    )
    told = reasons(results)
    assert "found no document in it" in told[0]
    assert told[1] == told[0].replace("F1", "F2")
    assert told[2] == "Not read in F3.zip: a.pdf (damaged)."


async def test_only_so_many_files_are_taken_out_however_they_are_nested(shelf: Shelf) -> None:
    inner = samples.make_zip({f"{at}.txt": f"text {at}" for at in range(30)})
    outer = samples.make_zip({
        **{f"0{at}.jpg": b"\xff\xd8\xff\0" for at in range(5)}, "in.zip": inner,
    })  # fmt: skip
    results = await build(Source({"F1": outer}), shelf).read(THREAD, [file("F1", "x.zip")])
    assert len(results) == 19 + 2
    assert reasons(results) == [
        "I left out 16 more files in x.zip, since I look at 20 at most.",
        "Please share what you need of x.zip on its own.",
    ]


async def test_archives_are_opened_only_so_deep(shelf: Shelf) -> None:
    data = b"bottom"
    for depth in range(4):
        data = samples.make_zip({f"{depth}.{'zip' if depth else 'txt'}": data, "t.txt": f"{depth}"})
    results = await build(Source({"F1": data}), shelf).read(THREAD, [file("F1", "x.zip")])
    assert [result.name for result in results[:2]] == ["t.txt (in 3.zip)", "t.txt (in x.zip)"]
    assert reasons(results)[0] == "Not read in x.zip: 2.zip (too deep inside of other files)."


async def test_nothing_blocks_the_loop(shelf: Shelf) -> None:
    data = samples.make_zip({"a.txt": "text " * 500_000, "m.eml": bytes(mail(("b.txt", b"b")))})
    source = Source({"F1": b"", "F2": data})
    library = build(source, shelf)
    with blockbuster_ctx("bot"):
        results = await library.read(THREAD, [file("F1"), file("F2", "x.zip")])
        documents = [one for one in results if isinstance(one, Document)]
        assert await library.search("T1", documents, "text?", limit=3)
    assert len(documents) == 3


@pytest.mark.parametrize("name", ["x.zip", "m.eml"])
async def test_archive_half_kept_is_read_again(shelf: Shelf, name: str) -> None:
    data = {"x.zip": ARCHIVE, "m.eml": bytes(mail(("a", b"A"), ("b", b"B"), ("c", b"C")))}[name]
    whole = await build(Source({"F1": data}), shelf).read(THREAD, [file("F1", name)])
    assert shelf.saved[-1] == "F1/1"
    for kept in range(len(shelf.saved)):
        torn = Shelf()
        for file_id in shelf.saved[:kept]:
            document = shelf.documents["T1", file_id]
            await torn.save("T1", document, shelf.contents["T1", document.digest])
        source = Source({"F1": data})
        assert await build(source, torn).read(THREAD, [file("F1", name)]) == whole
        assert source.fetched


async def test_archive_that_takes_too_long_is_read_no_further(shelf: Shelf) -> None:
    times = iter([0.0, 1.0, 179.0])
    library = Library(Source({"F1": ARCHIVE}), Extractor(), shelf, clock=lambda: next(times, 181.0))
    first, second, *told = await library.read(THREAD, [file("F1", "x.zip")])

    assert isinstance(first, Document)
    assert isinstance(second, Document)
    assert "1 more file in x.zip" in reasons(told)[0]


async def test_a_file_deleted_while_it_was_read_is_forgotten(shelf: Shelf) -> None:
    source = Source({"F1": ARCHIVE})
    source.deleted.add(("T1", "F1"))
    [told] = await build(source, shelf).read(THREAD, [file("F1", "x.zip")])

    assert isinstance(told, UnreadFile)
    assert shelf.documents == {}
    assert not shelf.threads[THREAD]


async def test_what_is_not_the_threads_is_read_without_attaching_it(shelf: Shelf) -> None:
    library = build(Source({"F1": b"text"}), shelf)
    [document] = await library.read(THREAD, [file("F1")], attach=False)

    assert isinstance(document, Document)
    assert await library.of_thread(THREAD) == []


async def test_trouble_of_the_store_passes_through(shelf: Shelf) -> None:
    class Broken(Shelf):
        @override
        async def save(self, *_: object) -> None:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await build(Source({"F1": b"text"}), Broken()).read(THREAD, [file("F1")])


async def test_search_finds_the_rarest_words(shelf: Shelf) -> None:
    pages = [f"The budget of the year, chapter {at}." for at in range(1, 31)]
    pages[6] += " A giraffe."
    pages[11] += " Giraffes, giraffes!"
    source = Source({"F1": samples.make_pdf(pages), "F2": b"Nothing of it."})
    library = build(source, shelf)
    documents = [
        one
        for one in await library.read(THREAD, [file("F1", "a.pdf"), file("F2")])
        if isinstance(one, Document)
    ]
    found = await library.search("T1", documents, "What does the budget say of giraffes?", limit=3)
    assert [(one.document.name, one.passage.page) for one in found][:2] == [
        ("a.pdf", 12),
        ("a.pdf", 7),
    ]
    assert found[1].score > found[2].score
    assert await library.search("T1", documents, "What is it?", limit=5) == []
    assert await library.search("T1", [], "giraffes", limit=5) == []


async def test_notes_are_kept_with_the_content(shelf: Shelf) -> None:
    library = build(Source({"F1": b"text", "F2": b"text"}), shelf)
    first, second = [
        one
        for one in await library.read(THREAD, [file("F1"), file("F2")])
        if isinstance(one, Document)
    ]
    await library.keep_notes("T1", first, "k", "some notes")
    assert await library.find_notes("T1", second, ["k", "other"]) == {"k": "some notes"}
    assert await library.find_notes("T2", second, ["k"]) == {}
