"""Files of every format, made here; each holds the texts it is asked to hold."""

import datetime as dt
import hashlib
import io
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage

import docx
import openpyxl  # type: ignore[import-untyped]  # it ships no types
import pptx
from odf import (  # type: ignore[import-untyped]  # as above
    draw,
    opendocument,
    style,
    table,
    text,
)

Cell = str | float | bool | dt.datetime | None


def make_docx(paragraphs: Sequence[str]) -> bytes:
    document = docx.Document()
    document.add_heading("The heading", level=1)
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    grid = document.add_table(rows=1, cols=2)
    grid.cell(0, 0).text, grid.cell(0, 1).text = "left cell", "right cell"
    return _saved(document)


def make_pptx(slides: Sequence[tuple[str, str, str]]) -> bytes:
    """Each slide has a title, a body and speaker notes."""
    deck = pptx.Presentation()
    for title, body, notes in slides:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = body
        slide.notes_slide.notes_text_frame.text = notes
    return _saved(deck)


def make_xlsx(sheets: Mapping[str, Sequence[Sequence[Cell]]]) -> bytes:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return _saved(workbook)


def make_odt(paragraphs: Sequence[str]) -> bytes:
    document = opendocument.OpenDocumentText()
    for paragraph in paragraphs:
        document.text.addElement(text.P(text=paragraph))
    return _saved(document)


def make_ods(name: str, rows: Sequence[Sequence[str]]) -> bytes:
    document = opendocument.OpenDocumentSpreadsheet()
    sheet = table.Table(name=name)
    for row in rows:
        line = table.TableRow()
        for value in row:
            cell = table.TableCell(valuetype="string")
            cell.addElement(text.P(text=value))
            line.addElement(cell)
        sheet.addElement(line)
    document.spreadsheet.addElement(sheet)
    return _saved(document)


def make_odp(slides: Sequence[str]) -> bytes:
    document = opendocument.OpenDocumentPresentation()
    layout = style.PageLayout(name="layout")
    document.automaticstyles.addElement(layout)
    master = style.MasterPage(name="master", pagelayoutname=layout)
    document.masterstyles.addElement(master)
    for body in slides:
        page = draw.Page(masterpagename=master)
        frame = draw.Frame(width="10cm", height="5cm", x="1cm", y="1cm")
        box = draw.TextBox()
        box.addElement(text.P(text=body))
        frame.addElement(box)
        page.addElement(frame)
        document.presentation.addElement(page)
    return _saved(document)


def make_epub(chapters: Sequence[str]) -> bytes:
    items = "".join(
        f'<item id="c{at}" href="c{at}.xhtml" media-type="application/xhtml+xml"/>'
        for at in range(len(chapters))
    )
    spine = "".join(f'<itemref idref="c{at}"/>' for at in range(len(chapters)))
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": (
            '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
            '<rootfiles><rootfile full-path="book.opf" '
            'media-type="application/oebps-package+xml"/></rootfiles></container>'
        ),
        "book.opf": (
            '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i">'
            '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A book</dc:title>'
            '<dc:identifier id="i">1</dc:identifier><dc:language>en</dc:language></metadata>'
            f"<manifest>{items}</manifest><spine>{spine}</spine></package>"
        ),
    }
    for at, chapter in enumerate(chapters):
        parts[f"c{at}.xhtml"] = (
            '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>c</title></head>'
            f"<body><h1>Chapter {at + 1}</h1><p>{chapter}</p></body></html>"
        )
    return make_zip(parts)


def make_rtf(paragraphs: Sequence[str]) -> bytes:
    body = r"\par ".join(
        "".join(
            character if character.isascii() else rf"\u{ord(character)}?" for character in paragraph
        )
        for paragraph in paragraphs
    )
    return (r"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\f0 " + body + r"\par}").encode("ascii")


def make_mail(subject: str, body: str, attachment: str = "") -> bytes:
    message = EmailMessage()
    message["From"] = "Ann <ann@example.com>"
    message["To"] = "team@example.com"
    message["Date"] = "Mon, 02 Nov 2026 10:00:00 +0000"
    message["Subject"] = subject
    message.set_content(body)
    message.add_alternative(f"<p>{body} as HTML</p>", subtype="html")
    if attachment:
        message.add_attachment(b"1,2", maintype="text", subtype="csv", filename=attachment)
    return bytes(message)


def make_zip(parts: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, part in parts.items():
            # OpenDocument and EPUB want their media type readable without unpacking.
            package.writestr(name, part, zipfile.ZIP_STORED if name == "mimetype" else None)
    return buffer.getvalue()


def change_part(package: bytes, name: str, change: Callable[[str], str]) -> bytes:
    """Rewrite the text of one part of a package."""
    parts = _unzip(package)
    return make_zip({**parts, name: change(parts[name].decode())})


def rename_part(package: bytes, name: str, new_name: str) -> bytes:
    """Move a part, and everything that points to it."""
    old, new = (posixpath.basename(path).encode() for path in (name, new_name))
    return make_zip({
        entry.replace(old.decode(), new.decode()): part.replace(old, new)
        if entry.endswith((".rels", "[Content_Types].xml")) else part
        for entry, part in _unzip(package).items()
    })  # fmt: skip


def _unzip(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def make_encrypted_office() -> bytes:
    """An OLE compound file as Office writes it around an encrypted package."""
    directory = "EncryptionInfo".encode("utf-16-le") + bytes(64)
    directory += "EncryptedPackage".encode("utf-16-le") + bytes(64)
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + directory + bytes(4096)


def declare_size(package: bytes, size: int) -> bytes:
    """Make every entry of a zip claim that it unpacks to `size` bytes."""
    data = bytearray(package)
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.find(signature)
        while at != -1:
            struct.pack_into("<I", data, at + offset, size)
            at = data.find(signature, at + 4)
    return bytes(data)


def make_pdf(pages: Sequence[str | None], password: str | None = None) -> bytes:
    """One page for each text; None is a scanned page: a picture and no text.

    With a password (which may be empty) it is encrypted with RC4, 40 bits, as in PDF 1.1.
    """
    key = _pdf_key(password) if password is not None else b""
    kids = " ".join(f"{4 + 2 * at} 0 R" for at in range(len(pages)))
    picture = 4 + 2 * len(pages)
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        picture: _pdf_stream(
            picture, b"\x80" * 64, key,
            "/Type /XObject /Subtype /Image /Width 8 /Height 8 /BitsPerComponent 8 "
            "/ColorSpace /DeviceGray",
        ),
    }  # fmt: skip
    for at, page in enumerate(pages):
        number = 4 + 2 * at
        objects[number] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {number + 1} 0 R "
            f"/Resources << /Font << /F1 3 0 R >> /XObject << /Im {picture} 0 R >> >> >>"
        ).encode()
        drawing = b"q 500 0 0 700 50 50 cm /Im Do Q" if page is None else _pdf_text(page)
        objects[number + 1] = _pdf_stream(number + 1, drawing, key)
    return _pdf_file(objects, password)


def make_pdf_bomb(size: int) -> bytes:
    """A page whose content unpacks to `size` bytes of text operators."""
    packer = zlib.compressobj(1)
    piece = b"BT (boom) Tj ET\n" * 65536
    packed = b"".join(packer.compress(piece) for _ in range(size // len(piece))) + packer.flush()
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R >>",
        4: _pdf_stream(4, packed, b"", "/Filter /FlateDecode"),
    }
    return _pdf_file(objects)


def _pdf_text(page: str) -> bytes:
    lines = "".join(f"({line}) Tj 0 -14 Td " for line in page.split("\n"))
    return f"BT /F1 12 Tf 72 720 Td {lines}ET".encode("cp1252")


def _pdf_stream(number: int, content: bytes, key: bytes, entries: str = "") -> bytes:
    if key:
        # PDF 32000-1, 7.6.2: each object has a key of its own.
        own = hashlib.md5(key + struct.pack("<I", number)[:3] + b"\0\0").digest()[:10]  # noqa: S324  # the format's
        content = _rc4(own, content)
    return f"<< /Length {len(content)} {entries} >>\nstream\n".encode() + content + b"\nendstream"


def _pdf_file(objects: Mapping[int, bytes], password: str | None = None) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    offsets = {}
    for number, content in sorted(objects.items()):
        offsets[number] = len(out)
        out += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    for number in sorted(objects):
        out += f"{offsets[number]:010} 00000 n \n".encode()
    encryption = ""
    if password is not None:
        user = _rc4(_pdf_key(password), _PDF_PADDING).hex()
        encryption = (
            f"/Encrypt << /Filter /Standard /V 1 /R 2 /O <{_PDF_OWNER.hex()}> /U <{user}> /P -4 >>"
        )
    out += (
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /ID [<{_PDF_ID.hex()}> "
        f"<{_PDF_ID.hex()}>] {encryption} >>\nstartxref\n{start}\n%%EOF\n"
    ).encode()
    return bytes(out)


_PDF_PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
_PDF_OWNER = bytes(range(32))
_PDF_ID = bytes(range(16))


def _pdf_key(password: str) -> bytes:
    """PDF 32000-1, 7.6.3.3, algorithm 2."""
    padded = (password.encode() + _PDF_PADDING)[:32]
    return hashlib.md5(padded + _PDF_OWNER + struct.pack("<i", -4) + _PDF_ID).digest()[:5]  # noqa: S324  # the format's


def _rc4(key: bytes, data: bytes) -> bytes:
    state = list(range(256))
    other = 0
    for at in range(256):
        other = (other + state[at] + key[at % len(key)]) % 256
        state[at], state[other] = state[other], state[at]
    out = bytearray()
    at = other = 0
    for byte in data:
        at = (at + 1) % 256
        other = (other + state[at]) % 256
        state[at], state[other] = state[other], state[at]
        out.append(byte ^ state[(state[at] + state[other]) % 256])
    return bytes(out)


def _saved(document: object) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)  # type: ignore[attr-defined]  # each library's own kind of document
    return buffer.getvalue()
