"""Telling what a file is: by its content first, since names and reported types often lie."""

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .pages import Unreadable

Reader = Literal[
    "pdf", "flow", "slides", "sheets", "markup", "mail", "plain", "archive", "tables", "picture"
]


@dataclass(frozen=True, slots=True)
class Kind:
    """A format.

    Attributes:
        reader: The module that reads it.
        word: What people call it.
        format: The name a library asks for, where it does.
    """

    reader: Reader
    word: str
    format: str = ""


PDF = Kind("pdf", "PDF")
HTML = Kind("markup", "web page")
MAIL = Kind("mail", "e-mail")
RTF = Kind("flow", "RTF document", "rtf")
DOC = Kind("flow", "Word document", "doc")
DOCX = Kind("flow", "Word document", "docx")
ODT = Kind("flow", "text document", "odt")
EPUB = Kind("flow", "e-book", "epub")
PPT = Kind("flow", "presentation", "ppt")
PPTX = Kind("slides", "presentation", "pptx")
ODP = Kind("slides", "presentation", "odp")
XLSX = Kind("sheets", "spreadsheet", "xlsx")
ODS = Kind("sheets", "spreadsheet", "ods")
ARCHIVE = Kind("archive", "archive")
TABLE = Kind("tables", "table")
PICTURE = Kind("picture", "image")

_TEXT_WORDS = {
    **dict.fromkeys(("md", "markdown", "mdown", "rst", "adoc"), "Markdown document"),
    **dict.fromkeys(("json", "jsonl", "ndjson", "geojson"), "JSON file"),
    **dict.fromkeys(("log", "out", "err"), "log file"),
    **dict.fromkeys((
        "bash", "c", "cc", "clj", "cpp", "cs", "css", "dart", "diff", "ex", "f90", "go", "graphql",
        "groovy", "h", "hpp", "hs", "ini", "ipynb", "java", "jl", "js", "jsx", "kt", "lua", "m",
        "ml", "patch", "php", "pl", "properties", "proto", "ps1", "py", "r", "rb", "rs", "sass",
        "scala", "scss", "sh", "sol", "sql", "svelte", "swift", "tex", "tf", "toml", "ts", "tsx",
        "vb", "vue", "xml", "xsd", "yaml", "yml", "zig",
    ), "source file"),
}  # fmt: skip
_TABLE_EXTENSIONS = frozenset({"csv", "tsv", "tab", "psv"})
_TABLE_TYPES = frozenset({"text/csv", "text/tab-separated-values"})
_BINARY_EXTENSIONS = frozenset({
    "pdf", "doc", "docx", "docm", "dot", "dotx", "ppt", "pps", "pptx", "pptm", "ppsx",
    "xls", "xlsx", "xlsm", "xlsb", "ods", "odt", "odp", "epub",
})  # fmt: skip

_PICTURES = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")
_DRAWINGS = (b"8BPS", b"\x00\x00\x01\x00")
_RECORDINGS = (b"ID3", b"OggS", b"fLaC", b"\x1aE\xdf\xa3", b"FLV\x01", b"#!AMR", b"MThd")
_OTHERS = (
    b"\x1f\x8b",  # gzip
    b"BZh",
    b"\xfd7zXZ",
    b"7z\xbc\xaf",
    b"Rar!",
    b"\x28\xb5\x2f\xfd",  # zstd
    b"\x7fELF",
    b"MZ",
    b"\xca\xfe\xba\xbe",  # Java class or Mach-O
    b"SQLite format 3",
    b"PAR1",
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_RIFF_RECORDINGS = (b"WAVE", b"AVI ")
_PICTURE_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif")

_HTML = re.compile(
    rb"(?:<\?xml[^>]*>|<!--.*?-->|\s)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)
_MAIL_FIRST = re.compile(
    rb"(?:received|return-path|delivered-to|message-id|mime-version|from|to|date|subject"
    rb"|x-[\w-]+|arc-[\w-]+|dkim-signature|authentication-results|thread-topic): ",
    re.IGNORECASE,
)
_MAIL_FIELD = re.compile(
    rb"^(from|date|subject|message-id|mime-version): ", re.IGNORECASE | re.MULTILINE
)

# What Office files, applications, drawings and Apple's documents hold: nobody thinks of them as
# archives.
_PACKAGE_PARTS = frozenset({
    "[content_types].xml", "androidmanifest.xml", "index/document.iwa", "mimetype",
    "ppt/presentation.xml", "word/document.xml", "xl/workbook.xml",
})  # fmt: skip
_PACKAGE_FOLDER = "meta-inf/"

ZIP_ERRORS = (
    EOFError, NotImplementedError, OSError, ValueError,
    lzma.LZMAError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What zipfile raises over a broken file, or one with a compression that it does not know."""

ZIP_DECLARED_BYTES = 512 * 1024 * 1024
"""Packages that say they unpack to more than this are not opened at all."""


def recognise(data: bytes, ending: str, media_type: str) -> Kind:
    """Tell the kind of a file; `ending` is the `extension` of its name.

    Raises:
        Unreadable: It is nothing we read (`image`, `recording`, `outlook`, `unsupported`), needs a
            password, is `damaged`, or declares itself too big (`too_complex`).
    """
    head = data[:4096]
    start = head.lstrip(b"\xef\xbb\xbf\t\r\n \x00")
    if b"%PDF-" in head[:1024]:
        return PDF
    if start.startswith(rb"{\rtf"):
        return RTF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _recognise_package(data)
    if head.startswith(_OLE):
        return _recognise_compound(data, ending)
    if _is_picture(head):
        return PICTURE
    _refuse_foreign(head)
    return _recognise_text(data, ending, media_type)


def extension(name: str) -> str:
    """Return the name's extension in lower case, without its dot."""
    _, dot, end = name.rpartition(".")
    return end.strip().lower() if dot else ""


def _recognise_package(data: bytes) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            entries = package.infolist()
            # Some writers use Windows separators, against the specification.
            parts = {entry.filename.replace("\\", "/"): entry for entry in entries}
            kind = _name_package(package, parts)
            if kind is ARCHIVE:
                # What it holds is looked at one by one.
                return kind
            if sum(entry.file_size for entry in entries) > ZIP_DECLARED_BYTES:
                raise Unreadable("too_complex", "zip declares too many bytes")
            if any(entry.flag_bits & 0x1 for entry in entries):
                raise Unreadable("password", "zip entries")
            # OpenDocument encrypts its parts, not the package (ODF 1.3 part 2, 3.4.1).
            manifest = "META-INF/manifest.xml"
            if manifest in parts and b"encryption-data" in package.read(manifest):
                raise Unreadable("password", "OpenDocument")
    except ZIP_ERRORS as error:
        raise Unreadable("damaged", "zip directory") from error
    if kind is None:
        raise Unreadable("unsupported", "zip")
    return kind


def _name_package(package: zipfile.ZipFile, parts: Mapping[str, zipfile.ZipInfo]) -> Kind | None:
    """Tell the kind by the parts; None if it is none that we read."""
    mimetype = parts.get("mimetype")
    if mimetype and not mimetype.flag_bits & 0x1:
        with package.open(mimetype) as part:
            declared = part.read(100)
        for suffix, kind in (
            (b"opendocument.text", ODT),
            (b"opendocument.presentation", ODP),
            (b"opendocument.spreadsheet", ODS),
            (b"epub+zip", EPUB),
        ):
            if suffix in declared:
                return kind
    names = {name.lower() for name in parts}
    if not names & _PACKAGE_PARTS and not any(name.startswith(_PACKAGE_FOLDER) for name in names):
        return ARCHIVE
    for folder, kind in (("word/", DOCX), ("ppt/", PPTX), ("xl/", XLSX)):
        if any(name.startswith(folder) for name in names):
            return kind
    return None


def _recognise_compound(data: bytes, ending: str) -> Kind:
    """Tell the kind of an OLE compound file by the streams it names, in UTF-16LE."""

    def holds(stream: str) -> bool:
        return stream.encode("utf-16-le") in data

    if holds("EncryptedPackage"):  # [MS-OFFCRYPTO] 2.3.4.4
        raise Unreadable("password", "Office package")
    if holds("__properties_version1.0"):  # [MS-OXMSG] 2.4
        raise Unreadable("outlook")
    # A document may embed a spreadsheet, hardly the other way round.
    for stream, kind in (
        ("PowerPoint Document", PPT),
        ("WordDocument", DOC),
        # anydoc takes both generations of Excel under one name.
        ("Workbook", XLSX),
        ("Book", XLSX),
    ):
        if holds(stream):
            return kind
    code = "damaged" if ending in _BINARY_EXTENSIONS else "unsupported"
    raise Unreadable(code, "compound file")


def _is_picture(head: bytes) -> bool:
    """Recognise the formats of pictures in which there may be text."""
    if head.startswith(b"RIFF"):
        return head[8:12] == b"WEBP"
    # "BM" also begins ordinary words; a real one holds a zero byte at once.
    return head.startswith(_PICTURES) and b"\x00" in head[:512]


def _refuse_foreign(head: bytes) -> None:
    """Refuse content with the signature of something that holds no text."""
    if head.startswith(b"RIFF") and head[8:12] in _RIFF_RECORDINGS:
        raise Unreadable("recording")
    if head[4:8] == b"ftyp":
        raise Unreadable("image" if head[8:12] in _PICTURE_BRANDS else "recording")
    binary = b"\x00" in head[:512]
    if head.startswith(_DRAWINGS) and binary:
        raise Unreadable("image")
    if head.startswith(_RECORDINGS) or (head[:1] == b"\xff" and head[1:2] in b"\xfb\xf3\xf2\xf1"):
        raise Unreadable("recording")
    # "MZ" also begins ordinary words.
    if head.startswith(_OTHERS) and (binary or head[:2] != b"MZ"):
        raise Unreadable("unsupported", "binary")


def _recognise_text(data: bytes, ending: str, media_type: str) -> Kind:
    if is_binary(data):
        family = media_type.partition("/")[0]
        if ending in _BINARY_EXTENSIONS:
            raise Unreadable("damaged", "content is not what the name says")
        if family == "image":
            raise Unreadable("image")
        if family in {"audio", "video"}:
            raise Unreadable("recording")
        raise Unreadable("unsupported", "binary")
    head = data[:4096].lstrip(b"\xef\xbb\xbf\t\r\n ")
    if ending in {"html", "htm", "xhtml"} or media_type == "text/html" or _HTML.match(head):
        return HTML
    if ending in {"eml", "mht", "mhtml"} or media_type == "message/rfc822" or _is_mail(head):
        return MAIL
    if ending in _TABLE_EXTENSIONS or media_type in _TABLE_TYPES:
        return TABLE
    word = _TEXT_WORDS.get(ending, "text file")
    return Kind("plain", word, "markdown" if word == "Markdown document" else "")


def _is_mail(head: bytes) -> bool:
    if not _MAIL_FIRST.match(head):
        return False
    fields = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0]
    return len({field.lower() for field in _MAIL_FIELD.findall(fields)}) >= 2


def is_binary(data: bytes) -> bool:
    """Tell whether bytes can't be text in any encoding; UTF-16 and UTF-32 are text."""
    sample = data[:65536]
    if sample.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")):
        return False
    if b"\x00" in sample:
        return wide_encoding(sample) is None
    return _is_garbled(sample)


def wide_encoding(sample: bytes) -> str | None:
    """Recognise UTF-16 without a byte order mark by where its zero bytes stand."""
    pairs = len(sample) // 2
    even, odd = sample[0::2], sample[1::2]
    for zeros, others, encoding in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zeros.count(0) > 0.4 * pairs and others.count(0) < 0.05 * pairs:
            return None if _is_garbled(others) else encoding
    return None


def _is_garbled(sample: bytes) -> bool:
    """Tell whether over one in a hundred is a control character that no text has."""
    controls = sample.translate(None, bytes(range(7, 14)) + b"\x1b" + bytes(range(32, 256)))
    return len(controls) * 100 > len(sample)
