"""Spoiled files end in a text or in one of our failures, in time; nothing else comes out."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.documents.extraction import Extract, ExtractionLimits
from bot.documents.failures import BY_CODE, EmptyFile, ReaderCrashed, ReaderMissing
from bot.documents.readers import archive, mail, markup, plain
from bot.documents.readers.kinds import ARCHIVE, HTML, MAIL, recognise
from bot.documents.readers.pages import Limits, Reading, Unreadable
from bot.documents.readers.sections import read_sections
from bot.errors import DocumentError
from tests.documents import samples
from tests.documents.extracting import unpack
from tests.documents.mutating import spoil

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus"
LARGEST = 200_000
TRIES = 5

FILES: dict[str, bytes] = {
    "a.docx": samples.make_docx(["Some text"] * 3),
    "a.xlsx": samples.make_xlsx({"S": [["a", 1.5, True], ["b", 2, None]], "T": [["c"]]}),
    "a.pptx": samples.make_pptx([("Title", "Body", "Notes")] * 2),
    "a.odt": samples.make_odt(["Some", "text"]),
    "a.ods": samples.make_ods("S", [["a", "b"], ["c", "d"]]),
    "a.odp": samples.make_odp(["one", "two"]),
    "a.epub": samples.make_epub(["One", "Two"]),
    "a.pdf": samples.make_pdf(["Some text", None, "more"]),
    "a.rtf": samples.make_rtf(["Some text", "Größe"]),
    "a.eml": samples.make_mail("s", "b", "a.csv"),
    "a.html": b"<html><h1>a</h1><table><tr><td hidden>b</table><pre>c</pre>",
    "a.csv": b"name,amount\n" + b"x,1.5\ny,2\n" * 20,
    "a.zip": samples.make_zip({"a.txt": "a", "b.pdf": samples.make_pdf(["x"])}),
    **{
        str(path.relative_to(CORPUS)): path.read_bytes()
        for path in sorted(CORPUS.glob("*/*"))
        if path.suffix in {".doc", ".ppt", ".xls", ".pdf", ".rtf", ".eml"}
        and 0 < path.stat().st_size < LARGEST
    },
}


async def outcome(data: bytes, name: str) -> Extract | DocumentError:
    try:
        extract, _ = await unpack(data, name, limits=ExtractionLimits(cpu_seconds=5, ocr_pages=0))
    except DocumentError as failure:
        return failure
    return extract


@pytest.mark.parametrize("name", FILES)
async def test_spoiled_file_is_contained(name: str) -> None:
    dice = random.Random(name)  # noqa: S311  # the same changes in every run
    for _ in range(TRIES):
        result = await outcome(spoil(FILES[name], dice), name)
        if isinstance(result, DocumentError):
            assert type(result) in {*BY_CODE.values(), EmptyFile, ReaderCrashed} - {ReaderMissing}


LIMITS = Limits(characters=10_000, pages=20, rows=100)
HTML_TEXT = st.lists(
    st.sampled_from([
        "<p>", "</p>", "<table>", "<tr>", "<td>", "</td>", "</table>", "<pre>", "</pre>", "<li>",
        "<div hidden>", "</div>", "<td style='font-size:0'>", "<b style='font-size:9px'>", "<svg>",
        "<h1>", "</h1>", "# a\n", "text ", "<!--", "-->", "<![CDATA[", "&#x110000;", "<", "</svg>",
    ])
).map("".join)  # fmt: skip
MARKDOWN = st.lists(
    st.sampled_from(["# a\n", "## b c\n", "text\n", "\n", "===\n", "---\n", "```\n", "# ", "x"])
).map("".join)
MAIL_LINES = st.lists(
    st.sampled_from([
        b"From: a@b\n", b"Subject: =?utf-8?q?=ff?=\n", b"MIME-Version: 1.0\n", b"\n", b"--x\n",
        b"Content-Type: multipart/mixed; boundary=x\n", b"Content-Type: message/rfc822\n", b"a\n",
        b"Content-Type: text/html; charset=\xff\n", b"Content-Transfer-Encoding: base64\n",
        b"--x--\n",
        b"Content-Disposition: attachment; filename*=utf-8''%ff\n", b"To: (((\n", b"\xff\x00",
        b"Content-Type: ;\n", b"Content-Disposition: \n", b"Content-Type: image/png\n",
        b"Content-ID: <a>\n", b"Content-Transfer-Encoding: uuencode\n",
    ])
).map(b"".join)  # fmt: skip


def attempt(read: Callable[[], Reading]) -> Reading | str:
    """Read, or return the code of why that is not possible."""
    try:
        return read()
    except Unreadable as error:
        return error.code


@given(st.binary(max_size=200) | MAIL_LINES)
def test_mail_of_any_kind_is_read(data: bytes) -> None:
    result = attempt(lambda: mail.read(data, MAIL, LIMITS))
    assert isinstance(result, Reading) or result in {"no_text", "too_complex"}


@given(HTML_TEXT)
def test_html_of_any_kind_is_read(html: str) -> None:
    result = attempt(lambda: markup.read(html.encode(), HTML, LIMITS))
    assert isinstance(result, Reading) or result == "no_text"


@given(MARKDOWN)
def test_markdown_of_any_kind_is_read_whole(text: str) -> None:
    result = attempt(lambda: read_sections(text, LIMITS))
    if isinstance(result, Reading):
        read = "".join(passage.text for passage in result.passages)
        assert "".join(read.split()) == "".join(text.split())
    else:
        assert not text.strip()


@given(st.binary(max_size=300), st.sampled_from(["", "pdf", "html", "eml", "csv", "md", "png"]))
def test_anything_is_recognised_or_refused(data: bytes, ending: str) -> None:
    def read() -> Reading:
        kind = recognise(data, ending, "")
        return plain.read(data, kind, LIMITS)

    result = attempt(read)
    assert isinstance(result, Reading) or result in BY_CODE


@given(st.integers(0, 2**32), st.integers(0, 30))
def test_archive_spoiled_anywhere_is_read_or_refused(seed: int, flips: int) -> None:
    dice = random.Random(seed)  # noqa: S311  # the same changes for the same seed
    data = bytearray(FILES["a.zip"])
    for _ in range(flips):
        data[dice.randrange(len(data))] = dice.randrange(256)

    def read() -> Reading:
        kind = recognise(bytes(data), "zip", "")
        if kind is ARCHIVE:
            return archive.read(bytes(data), kind, LIMITS)
        return plain.read(bytes(data), kind, LIMITS)

    result = attempt(read)
    assert isinstance(result, Reading) or result in BY_CODE
