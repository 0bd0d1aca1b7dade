"""Files inside of files: taken out within limits, and nothing of their paths believed."""

import io
import zipfile
from email.message import EmailMessage

import pytest

from bot.documents.failures import DamagedFile, NeedsPassword, NothingInside, UnsupportedKind
from bot.documents.readers import archive
from bot.documents.readers.kinds import ARCHIVE
from bot.documents.readers.pages import MEMBERS, Limits
from tests.documents import samples
from tests.documents.extracting import unpack

MEGABYTE = 1024 * 1024


def set_flags(package: bytes, flags: int, names: set[str] | None = None) -> bytes:
    """Set flags of a zip's entries, of all or of those named."""
    data = bytearray(package)
    for signature, at_flags, at_name in ((b"PK\x03\x04", 6, 30), (b"PK\x01\x02", 8, 46)):
        at = data.find(signature)
        while at != -1:
            name = data[at + at_name :].split(b"PK")[0]
            if names is None or any(name.startswith(one.encode()) for one in names):
                data[at + at_flags] |= flags
            at = data.find(signature, at + 4)
    return bytes(data)


async def test_only_the_names_of_files_are_kept() -> None:
    found, members = await unpack(
        samples.make_zip({
            "../../etc/passwd": "a", "C:\\dir\\b.txt": "b", "/c.txt": "c", "dir/": "",
            "__MACOSX/._c.txt": "x", ".git/config": "d", "dir/.DS_Store": "x", "Thumbs.db": "x",
        }),
        "a.zip",
    )  # fmt: skip
    assert (found.kind, found.passages, found.left_out) == ("archive", (), 0)
    assert members == {"passwd": b"a", "b.txt": b"b", "c.txt": b"c", "config": b"d"}


async def test_likely_documents_are_taken_out_first() -> None:
    parts = {f"{at}.jpg": b"j" for at in range(10)} | {f"{at}.txt": b"t" for at in range(15)}
    found, members = await unpack(samples.make_zip(parts), "a.zip")
    assert len(members) == MEMBERS
    assert list(members)[:15] == [f"{at}.txt" for at in range(15)]
    assert found.left_out == 5


async def test_names_are_read_as_the_writer_meant_them() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("Größe.txt", "a")
        package.writestr("xxxxxx.txt", "b")
        package.writestr("yy.txt", "c")
    # As macOS writes UTF-8, and as DOS wrote what it had: neither with the flag for UTF-8.
    data = buffer.getvalue().replace(b"xxxxxx", "東京".encode()).replace(b"yy", b"\x81a")
    _, members = await unpack(data, "a.zip")
    assert members == {"Größe.txt": b"a", "東京.txt": b"b", "üa.txt": b"c"}


async def test_encrypted_files_need_a_password() -> None:
    data = samples.make_zip({"a.txt": "a", "b.txt": "b"})
    with pytest.raises(NeedsPassword):
        await unpack(set_flags(data, 1), "a.zip")
    _, members = await unpack(set_flags(data, 1, {"a.txt"}), "a.zip")
    assert members == {"a.txt": "NeedsPassword", "b.txt": b"b"}


async def test_bombs_are_left_inside() -> None:
    data = samples.make_zip({"bomb.txt": bytes(50 * MEGABYTE), "b.txt": "b"})
    _, members = await unpack(data, "a.zip")
    assert members == {"bomb.txt": "TooComplex", "b.txt": b"b"}


def test_files_are_taken_out_until_there_is_no_room() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as package:
        for at in range(5):
            package.writestr(f"{at}.bin", bytes(60 * MEGABYTE))
    reading = archive.read(buffer.getvalue(), ARCHIVE, Limits(1, 1, 1))
    assert [member.failure for member in reading.members] == ["", "", "", *["too_complex"] * 2]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
async def test_file_that_unpacks_to_more_than_it_declares_is_damaged(method: int) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as package:
        package.writestr("lie.txt", bytes(150 * MEGABYTE))
    data = samples.declare_size(buffer.getvalue(), 1000)
    _, members = await unpack(data, "a.zip")
    assert members["lie.txt"] in {"DamagedFile", "TooComplex"}


async def test_broken_file_does_not_spoil_the_others() -> None:
    parts: dict[str, str | bytes] = {"a.txt": "first " * 9, "b.txt": "second"}
    data = samples.make_zip(parts)
    at = data.index(b"a.txt") + 8
    _, members = await unpack(data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :], "a.zip")
    assert members == {"a.txt": "DamagedFile", "b.txt": b"second"}


@pytest.mark.parametrize(
    ("data", "failure"),
    [
        (samples.make_zip({}), NothingInside),
        (samples.make_zip({"dir/": "", ".hidden": "x"}), NothingInside),
        (samples.make_zip({"META-INF/MANIFEST.MF": "", "a.class": "x"}), UnsupportedKind),
        (samples.make_zip({"Index/Document.iwa": "x"}), UnsupportedKind),
        (samples.make_zip({"a.txt": "a"})[:-30], DamagedFile),
    ],
    ids=lambda value: "zip" if isinstance(value, bytes) else None,  # they hold the time of day
)
async def test_archive_that_is_none(data: bytes, failure: type[Exception]) -> None:
    with pytest.raises(failure):
        await unpack(data, "a.zip")


async def test_folder_called_like_a_part_of_office_is_only_a_folder() -> None:
    found, members = await unpack(samples.make_zip({"word/a.txt": "a", "xl/b.txt": "b"}), "a.zip")
    assert found.kind == "archive"
    assert set(members) == {"a.txt", "b.txt"}


async def test_attachments_of_every_kind_are_taken_out() -> None:
    inner = EmailMessage()
    inner["Subject"] = "inner"
    inner.set_content("inner text")
    inner.add_attachment(b"deep", maintype="application", subtype="pdf", filename="deep.pdf")
    message = EmailMessage()
    message["From"] = "a@b.example"
    message.set_content("outer text")
    message.add_attachment(b"\x00\xff", maintype="application", subtype="pdf", filename="../ü.pdf")
    message.add_attachment("some text", filename="note.txt")
    message.add_attachment(b"no name", maintype="application", subtype="octet-stream")
    message.add_attachment(inner)
    found, members = await unpack(bytes(message), "a.eml")
    text = found.passages[0].text
    assert "outer text" in text
    assert text.endswith("Attachments: ../ü.pdf, note.txt, unnamed, message.eml")
    assert members["../ü.pdf"] == b"\x00\xff"
    assert members["note.txt"] == b"some text\n"
    assert members["unnamed"] == b"no name"
    attached = members["message.eml"]
    assert isinstance(attached, bytes)
    assert b"inner text" in attached
    assert list((await unpack(attached, "message.eml"))[1]) == ["deep.pdf"]


async def test_broken_attachment_is_a_failure_of_its_own() -> None:
    data = (
        b"From: a@b\nSubject: s\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n"
        b"--x\n\nbody\n--x\nContent-Type: message/rfc822\n"
        b"Content-Transfer-Encoding: base64\n\n!!!!\n"
        b"--x\nContent-Type: text/plain; name*0*=utf-8''%ff%zz; name=b\n\nfine\n--x--\n"
    )
    found, _ = await unpack(data, "a.eml")
    assert "body" in found.passages[0].text


async def test_mail_with_many_attachments_gives_the_first_ones() -> None:
    message = EmailMessage()
    message["From"] = "a@b.example"
    for at in range(25):
        message.add_attachment(b"x", maintype="text", subtype="plain", filename=f"{at}.txt")
    found, members = await unpack(bytes(message), "a.eml")
    assert list(members) == [f"{at}.txt" for at in range(MEMBERS)]
    assert found.left_out == 5
