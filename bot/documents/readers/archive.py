"""Zip archives: the files inside, taken out within limits."""

import io
import posixpath
import zipfile
from collections.abc import Iterable, Iterator

from .kinds import ZIP_ERRORS, Kind, extension
from .pages import MEMBER_BYTES, MEMBERS, Limits, Reading, ReadMember, Unreadable

_BOMB_BYTES = 10 * 1024 * 1024
_BOMB_RATIO = 200
_CLUTTER = frozenset({"thumbs.db", "desktop.ini"})
_PICTURES_AND_RECORDINGS = frozenset({
    "aac", "avi", "bmp", "flac", "gif", "heic", "ico", "jpeg", "jpg", "m4a", "mkv", "mov", "mp3",
    "mp4", "ogg", "png", "svg", "tif", "tiff", "wav", "webm", "webp",
})  # fmt: skip


def read(data: bytes, _kind: Kind, _limits: Limits) -> Reading:
    """Take out the files; nothing is written anywhere, and of their paths only the name is kept.

    Raises:
        Unreadable: `password`, when every file is encrypted; `nothing_inside`; `damaged`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            entries = _list(package)
            members = tuple(_unpack(package, entries[:MEMBERS]))
    except ZIP_ERRORS as error:
        raise Unreadable("damaged", "zip directory") from error
    if not members:
        raise Unreadable("nothing_inside")
    if all(member.failure == "password" for member in members):
        raise Unreadable("password", "zip entries")
    left_out = len(entries) - len(members)
    return Reading("part", (), 0, 0, members=members, left_out=left_out)


def _list(package: zipfile.ZipFile) -> list[tuple[zipfile.ZipInfo, str]]:
    """Return the entries that are no clutter, with their names; likely documents come first."""
    entries = [(entry, name) for entry in package.infolist() if (name := _name(entry))]
    return sorted(entries, key=lambda found: extension(found[1]) in _PICTURES_AND_RECORDINGS)


def _name(entry: zipfile.ZipInfo) -> str:
    """Return the file's own name, "" for a folder, a hidden file, or what a computer left there."""
    path = entry.filename
    if not entry.flag_bits & 0x800:
        # Some writers don't say that their names are UTF-8.
        try:
            path = path.encode("cp437").decode()
        except UnicodeError:
            path = entry.filename
    path = path.replace("\\", "/")
    name = posixpath.basename(path)
    if path.startswith("__MACOSX/") or name.startswith(".") or name.lower() in _CLUTTER:
        return ""
    return name


def _unpack(
    package: zipfile.ZipFile, entries: Iterable[tuple[zipfile.ZipInfo, str]]
) -> Iterator[ReadMember]:
    room = MEMBER_BYTES
    for entry, name in entries:
        bomb = entry.file_size > max(_BOMB_BYTES, _BOMB_RATIO * entry.compress_size)
        if entry.flag_bits & 0x1:
            yield ReadMember(name, failure="password")
        elif bomb or entry.file_size > room:
            yield ReadMember(name, failure="too_complex")
        else:
            member = _take_out(package, entry, name)
            room -= len(member.data)
            yield member


def _take_out(package: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> ReadMember:
    try:
        with package.open(entry) as member:
            # It gives no more than was declared, and one more byte makes it look at the checksum.
            return ReadMember(name, member.read(entry.file_size + 1))
    except NotImplementedError:  # as zipfile says that it lacks a compression
        return ReadMember(name, failure="unsupported")
    except MemoryError:
        return ReadMember(name, failure="too_complex")
    except ZIP_ERRORS:
        return ReadMember(name, failure="damaged")
