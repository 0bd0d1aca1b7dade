"""CSV and its relatives: which character separates, then rows as those of a spreadsheet."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

from . import plain
from .encoding import detect
from .kinds import Kind
from .pages import Limits, Pages, ReadCaveat, Reading
from .rows import BATCH_ROWS, Batch, Stopwatch, read_table

_SEPARATORS = "\t;|,"
"""Of those that fit alike, the first is meant: a comma also stands in numbers and text."""

_SAMPLE_LINES = 100
_SAMPLE_CHARACTERS = 1_000_000
_BATCH_CHARACTERS = 2_000_000
_CONSISTENT_SHARE = 0.7

# Excel's own way to name the separator, on a line of its own.
_NAMED_SEPARATOR = re.compile(r"\ufeff?sep=(.)\r?\n", re.IGNORECASE)


def read(data: bytes, kind: Kind, limits: Limits) -> Reading:
    """Read a table as one sheet; what is no table is read as plain text.

    The file is decoded as it is read, so that memory hardly grows with it.
    """
    text = io.TextIOWrapper(io.BytesIO(data), detect(data), "replace", newline="")
    sample = _read_sample(text)
    named = _NAMED_SEPARATOR.match(sample)
    separator = named[1] if named else find_separator(sample)
    if not separator:
        return plain.read(data, kind, limits)
    text.seek(0)
    if named:
        text.readline()
    source = _Source(text, separator)
    pages = Pages(limits)
    table = read_table(
        source.read_batches(), Stopwatch(),
        rows=limits.rows, room=pages.room, decimal_comma=separator == ";",
    )  # fmt: skip
    pages.add_pieces(table.pieces, "Table")
    notes = table.list_gaps()
    if source.broke:
        # A quotation in it has no end.
        notes.append(ReadCaveat("rows_broken", count=source.rows))
    return pages.close("sheet", 1, notes)


def find_separator(sample: str) -> str:
    """Return the character that cuts most of the first lines into equally many cells.

    "" if there is none, or only one line: then it is no table.
    """
    shares = {separator: _measure(sample, separator) for separator in _SEPARATORS}
    best = max(shares.values())
    if best < _CONSISTENT_SHARE:
        return ""
    return next(separator for separator in shares if shares[separator] >= best - 0.05)


def _read_sample(text: io.TextIOWrapper) -> str:
    lines: list[str] = []
    left = _SAMPLE_CHARACTERS
    while left and len(lines) < _SAMPLE_LINES and (line := text.readline(left)):
        lines.append(line)
        left -= len(line)
    return "".join(lines)


def _measure(sample: str, separator: str) -> float:
    """Return the share of lines that have the commonest number of cells, if that is over one."""
    widths: Counter[int] = Counter()
    # What comes after a quotation without end tells nothing.
    with suppress(csv.Error):
        for row in csv.reader(io.StringIO(sample, newline=""), delimiter=separator):
            widths[len(row)] += any(row)
    if widths.total() < 2:
        return 0.0
    width, count = widths.most_common(1)[0]
    return count / widths.total() if width > 1 else 0.0


class _Source:
    """Rows of a text in batches, limited by their length as well as their number."""

    def __init__(self, text: io.TextIOWrapper, separator: str) -> None:
        self._text = text
        self._separator = separator
        self._characters = 0
        self.rows = 0
        self.broke = False
        """Whether reading ended at a quotation that goes on and on."""

    def read_batches(self) -> Iterator[Batch]:
        batch: list[list[str]] = []
        rows = csv.reader(self._count_lines(), delimiter=self._separator)
        while True:
            try:
                row = next(rows, None)
            except csv.Error:
                # A field over csv.field_size_limit(), 128 KiB.
                self.broke = True
                row = None
            if row is None:
                break
            batch.append(row)
            if len(batch) >= BATCH_ROWS or self._characters >= _BATCH_CHARACTERS:
                yield batch
                self.rows += len(batch)
                self._characters = 0
                batch = []
        self.rows += len(batch)
        if batch:
            yield batch

    def _count_lines(self) -> Iterator[str]:
        for line in self._text:
            self._characters += len(line)
            yield line
