"""Every bad file ends in a text or in the failure that says what is wrong with it."""

import random
from collections.abc import Callable

import pytest

from bot.documents.extraction import Extract, ExtractionLimits
from bot.documents.failures import (
    BY_CODE,
    DamagedFile,
    EmptyFile,
    ImageFile,
    NeedsPassword,
    NoText,
    NothingInside,
    OutlookMessage,
    ReaderCrashed,
    RecordingFile,
    TooComplex,
    UnsupportedKind,
)
from bot.errors import DocumentError
from tests.documents import samples
from tests.documents.extracting import unpack

MEGABYTE = 1024 * 1024
EXTENSIONS = (
    "pdf", "docx", "doc", "pptx", "ppt", "xlsx", "xls", "ods", "odt", "odp", "rtf", "epub", "html",
    "eml", "md", "txt", "csv", "json", "py", "msg", "zip", "bin",
)  # fmt: skip
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


async def outcome(
    data: bytes, name: str, media_type: str = "", limits: ExtractionLimits | None = None
) -> Extract | DocumentError:
    """Anything but a text or a failure of our own makes the test fail."""
    try:
        extract, _ = await unpack(data, name, media_type, limits)
    except DocumentError as failure:
        if type(failure) not in {*BY_CODE.values(), EmptyFile, ReaderCrashed}:
            raise
        return failure
    return extract


@pytest.mark.parametrize(
    ("data", "name", "media_type", "failure"),
    [
        (b"", "a.docx", "", EmptyFile),
        (b" \r\n\t\n", "a.txt", "", NoText),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a.pdf", "", ImageFile),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a.jpg", "", ImageFile),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a.webp", "", ImageFile),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "a.heic", "", ImageFile),
        (b"\0\1\2\3" * 50, "a.x", "image/x-raw", ImageFile),
        (b"ID3\x04\0\0", "a.mp3", "", RecordingFile),
        (b"\xff\xfb\x90\0\0\0", "a.mp3", "", RecordingFile),
        (b"\0\0\0\x18ftypmp42\0\0\0\0", "a.mp4", "", RecordingFile),
        (b"RIFF\0\0\0\0WAVEfmt ", "a.wav", "", RecordingFile),
        (b"\0\1\2\3" * 50, "a.x", "video/x-new", RecordingFile),
        (b"\x1f\x8b\x08\0\0\0", "a.tar.gz", "", UnsupportedKind),
        (b"7z\xbc\xaf\x27\x1c", "a.7z", "", UnsupportedKind),
        (b"MZ\x90\0\3\0\0\0", "a.exe", "", UnsupportedKind),
        (samples.make_zip({}), "a.zip", "", NothingInside),
        (
            samples.make_zip({"META-INF/MANIFEST.MF": "", "a.class": b"\xca\xfe\xba\xbe"}),
            "a.jar",
            "",
            UnsupportedKind,
        ),
        (OLE + bytes(600), "a.vsd", "", UnsupportedKind),
        (OLE + bytes(600), "a.doc", "", DamagedFile),
        (OLE + "__properties_version1.0".encode("utf-16-le"), "a.msg", "", OutlookMessage),
        (b"\0\1\2\3" * 50, "a.docx", "", DamagedFile),
        (b"%PDF-1.7\nnothing more", "a.pdf", "", DamagedFile),
        (b"PK\x03\x04 and no more", "a.docx", "", DamagedFile),
        (samples.make_docx(["x"])[:-200], "a.docx", "", DamagedFile),
        (samples.make_xlsx({"S": [["x"]]})[:2000], "a.xlsx", "", DamagedFile),
        (samples.make_pdf(["x"], password="secret"), "a.pdf", "", NeedsPassword),
        (samples.make_encrypted_office(), "a.xlsx", "", NeedsPassword),
        (samples.make_odt([]), "a.odt", "", NoText),
    ],
    ids=lambda value: "file" if isinstance(value, bytes) else None,  # some hold the time of day
)
async def test_each_kind_of_bad_file_has_its_own_failure(
    data: bytes, name: str, media_type: str, failure: type[DocumentError]
) -> None:
    assert type(await outcome(data, name, media_type)) is failure


async def test_encrypted_opendocument_needs_a_password() -> None:
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/>'
        "</manifest:file-entry></manifest:manifest>"
    )
    for kind in ("text", "spreadsheet", "presentation"):
        data = samples.make_zip({
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "META-INF/manifest.xml": manifest,
            "content.xml": b"\x00\x01\x02\x03",
        })  # fmt: skip
        assert type(await outcome(data, "a.odt")) is NeedsPassword


async def test_encrypted_zip_entries_need_a_password() -> None:
    data = bytearray(samples.make_docx(["x"]))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        while at != -1:
            data[at + offset] |= 1
            at = data.find(signature, at + 4)
    assert type(await outcome(bytes(data), "a.docx")) is NeedsPassword


async def test_package_that_declares_too_much_is_not_opened() -> None:
    for data in (samples.make_docx(["x"]), samples.make_xlsx({"S": [["x"]]})):
        bomb = samples.declare_size(data, 400_000_000)
        assert type(await outcome(bomb, "a.docx")) is TooComplex


def entity_bomb(root: str) -> str:
    entities = "".join(
        f'<!ENTITY e{at} "{"&e" + str(at - 1) + ";"}{("&e" + str(at - 1) + ";") * 9}">'
        for at in range(1, 12)
    )
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "lol">{entities}]>{root}'


DOCX = samples.make_docx(["MARK"])
XLSX = samples.make_xlsx({"S": [["MARK"]]})
PPTX = samples.make_pptx([("MARK", "b", "n")])
ODS = samples.make_ods("S", [["MARK"]])


def without_prolog(xml: str) -> str:
    return xml.partition("?>")[2] if xml.startswith("<?xml") else xml


BOMBS: dict[str, Callable[[], tuple[bytes, str]]] = {
    "entities in docx": lambda: (
        samples.change_part(
            DOCX, "word/document.xml",
            lambda xml: entity_bomb(without_prolog(xml).replace("MARK", "&e11;")),
        ), "a.docx",
    ),
    "entities in xlsx": lambda: (
        samples.change_part(
            XLSX, "xl/worksheets/sheet1.xml",
            lambda xml: entity_bomb(without_prolog(xml).replace("MARK", "&e11;")),
        ), "a.xlsx",
    ),
    "entities in pptx": lambda: (
        samples.change_part(
            PPTX, "ppt/presentation.xml", lambda xml: entity_bomb(without_prolog(xml))
        ), "a.pptx",
    ),
    "deep xml in docx": lambda: (
        samples.change_part(
            DOCX, "word/document.xml",
            lambda xml: xml.replace("MARK", "MARK</w:t>" + "<w:r>" * 200_000 + "<w:t>"),
        ), "a.docx",
    ),
    "deep xml in pptx": lambda: (
        samples.change_part(
            PPTX, "ppt/presentation.xml", lambda xml: xml.replace("<p:sldIdLst>", "<a>" * 300_000)
        ), "a.pptx",
    ),
    "repeats in ods": lambda: (
        samples.change_part(
            ODS, "content.xml",
            lambda xml: xml.replace(
                "<table:table-cell ",
                '<table:table-cell table:number-columns-repeated="16384" ',
            ).replace(
                "<table:table-row>",
                '<table:table-row table:number-rows-repeated="1048576">',
            ),
        ), "a.ods",
    ),
    "far cell in xlsx": lambda: (
        samples.change_part(
            XLSX, "xl/worksheets/sheet1.xml",
            lambda xml: xml.replace(
                "</sheetData>",
                '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>',
            ),
        ), "a.xlsx",
    ),
    "lying zip": lambda: (
        samples.declare_size(
            samples.change_part(DOCX, "word/document.xml", lambda xml: xml + " " * 50_000_000),
            1000,
        ), "a.docx",
    ),
    "long part in docx": lambda: (
        samples.change_part(
            DOCX, "word/document.xml",
            lambda xml: xml.replace("MARK", "many words " * 2 * MEGABYTE),
        ), "a.docx",
    ),
    "pdf bomb": lambda: (samples.make_pdf_bomb(400 * MEGABYTE), "a.pdf"),
    "deep groups in rtf": lambda: (rb"{\rtf1 " + b"{" * 1_000_000 + b"x", "a.rtf"),
    "deep html": lambda: (b"<html>" + b"<div>" * 500_000 + b"text", "a.html"),
    "wide html": lambda: (
        b"<html><table><tr><td colspan=1000000000 rowspan=1000000000>text</table>", "a.html"
    ),
    "broken html": lambda: (b"<html>text" + b"<!" * 200_000 + b"<a " * 200_000, "a.html"),
    "deep mail": lambda: (
        b"From: a@b\nSubject: s\nMIME-Version: 1.0\n"
        + b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (at, at)
            for at in range(2000)
        ), "a.eml",
    ),
    "endless header": lambda: (
        b"From: a@b\nSubject: s\nTo: " + b"(" * 200_000 + b"a@b, " * 200_000 + b"\n\nbody", "a.eml"
    ),
    "deep json": lambda: (b"[" * 5_000_000, "a.json"),
    "one line": lambda: (b"word " * (50 * MEGABYTE // 5), "a.csv"),
}  # fmt: skip


TOO_COMPLEX = {
    "broken html", "deep mail", "deep xml in docx", "deep xml in pptx", "far cell in xlsx",
    "pdf bomb", "repeats in ods",
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
async def test_bomb_is_contained(bomb: str) -> None:
    data, name = BOMBS[bomb]()
    limits = ExtractionLimits(memory_bytes=768 * MEGABYTE, cpu_seconds=3, seconds=20)
    result = await outcome(data, name, limits=limits)
    assert type(result) is (TooComplex if bomb in TOO_COMPLEX else Extract)


@pytest.mark.parametrize("extension", EXTENSIONS)
async def test_random_bytes_under_any_name_are_refused(extension: str) -> None:
    dice = random.Random(extension)  # noqa: S311  # the same bytes in every run
    for size in (300, 20_000):
        result = await outcome(dice.randbytes(size), f"a.{extension}")
        assert isinstance(result, DamagedFile | UnsupportedKind)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (DOCX, "a.docx"),
        (XLSX, "a.xlsx"),
        (PPTX, "a.pptx"),
        (ODS, "a.ods"),
        (samples.make_pdf(["some text"]), "a.pdf"),
        (samples.make_rtf(["some text"]), "a.rtf"),
        (samples.make_mail("s", "b", "a.csv"), "a.eml"),
        (samples.make_epub(["some text"]), "a.epub"),
    ],
    ids=lambda value: "file" if isinstance(value, bytes) else None,  # some hold the time of day
)
async def test_torn_and_scrambled_files_are_contained(data: bytes, name: str) -> None:
    dice = random.Random(name)  # noqa: S311  # as above
    scrambled = bytearray(data)
    for _ in range(len(data) // 100):
        scrambled[dice.randrange(len(data))] = dice.randrange(256)
    for broken in (data[: len(data) // 2], data[: len(data) // 10], bytes(scrambled)):
        await outcome(broken, name)
