"""Files spoiled at random, in ways that reach deep into the parsers."""

import io
import random
import zipfile
import zlib
from collections.abc import Callable

from tests.documents import samples

_EDGES = (b"\x00", b"\xff", b"\x7f\xff\xff\xff", b"\xff" * 8, b"-1", b"99999999999", b"<", b"&#0;")


def spoil(data: bytes, dice: random.Random) -> bytes:
    """Change a file a little; packages mostly inside of their parts, where checksums stay right."""
    if data.startswith(b"PK\x03\x04") and dice.random() < 0.8:
        try:
            return _spoil_part(data, dice)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, OSError, RuntimeError):
            # It is spoilt so far that zipfile doesn't read it; then it is spoilt as any file.
            pass
    for _ in range(dice.choice((1, 1, 3, 20))):
        data = dice.choice(_WAYS)(data, dice)
    return data


def _spoil_part(package: bytes, dice: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(package)) as opened:
        parts: dict[str, str | bytes] = {name: opened.read(name) for name in opened.namelist()}
    name = dice.choice(sorted(parts))
    part = parts.pop(name)
    assert isinstance(part, bytes)
    if dice.random() < 0.9:
        for _ in range(dice.choice((1, 1, 3, 20))):
            part = dice.choice(_WAYS)(part, dice)
        parts[name] = part
    return samples.make_zip(parts)


def _flip(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + bytes([dice.randrange(256)]) + data[at + 1 :]


def _insert(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + dice.choice(_EDGES) + data[at:]


def _overwrite(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    edge = dice.choice(_EDGES)
    return data[:at] + edge + data[at + len(edge) :]


def _cut(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data) + 1)]


def _remove(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + data[at + dice.randrange(200) :]


def _repeat(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + data[at : at + dice.randrange(200)] * dice.choice((2, 50)) + data[at:]


_WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip, _flip, _flip, _insert, _overwrite, _cut, _remove, _repeat,
)  # fmt: skip
