"""Bytes to an extract, through the real worker."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import BinaryIO, cast

from bot.documents.extraction import Extract, ExtractionLimits, Extractor


@contextmanager
def as_file(data: bytes) -> Iterator[BinaryIO]:
    """A temporary file that holds the bytes."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        yield cast("BinaryIO", file)


async def extract(
    data: bytes, name: str, media_type: str = "", limits: ExtractionLimits | None = None
) -> Extract:
    """Read a file that has no others inside."""
    result, members = await unpack(data, name, media_type, limits)
    assert not members
    return result


async def unpack(
    data: bytes, name: str, media_type: str = "", limits: ExtractionLimits | None = None
) -> tuple[Extract, dict[str, bytes | str]]:
    """Read a file and, by their names, the bytes of those inside, or why they can't be had."""
    with as_file(data) as file:
        result = await Extractor(limits).extract(file, name, media_type)
    members: dict[str, bytes | str] = {}
    for member in result.members:
        member.file.seek(0)
        members[member.name] = type(member.failure).__name__ if member.failure else (
            member.file.read()
        )  # fmt: skip
    result.close()
    return result, members


def texts(extracted: Extract) -> list[str]:
    """The text of each page."""
    return [
        "\n".join(passage.text for passage in pieces)
        for _, pieces in groupby(extracted.passages, key=lambda passage: passage.page)
    ]


def labels(extracted: Extract) -> list[str]:
    """The label of each page."""
    return [passage.label for passage in extracted.passages if passage.piece == 0]
