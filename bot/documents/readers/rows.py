"""A table as passages: first its profile, then its rows, below their headings."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from .cells import Cell, show_cell
from .pages import PASSAGE_CHARACTERS, ReadCaveat
from .profile import MIN_ROWS, PROFILE_CHARACTERS, Layout, Profile, find_layout

BATCH_ROWS = 4_000
"""Columns are counted in batches: far faster than row by row, and a sample to learn from."""

PROFILE_ROWS = 1_000_000
"""The longest sheet that Excel and LibreOffice know has 1,048,576 rows."""

PROFILE_SECONDS = 12.0
"""Of processor time for one file: enough for about a million rows of ten columns."""

_HEADING_CHARACTERS = 1_000

Batch = Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was read.

    Attributes:
        pieces: The profile, if there is one, and the rows.
        listed: How many rows, from the first on, are in the pieces.
        counted: How many rows the profile covers, 0 if there is none.
        whole: Whether there are no more rows than those counted or listed.
    """

    pieces: tuple[str, ...]
    listed: int
    counted: int
    whole: bool

    def list_gaps(self, sheet: str = "") -> list[ReadCaveat]:
        """Tell which rows were left out of the sheet, if any were."""
        if self.counted > self.listed:
            flaw = "rows_listed" if self.whole else "rows_profiled"
            return [ReadCaveat(flaw, text=sheet, count=self.listed, total=self.counted)]
        return [] if self.whole else [ReadCaveat("rows_cut", text=sheet, count=self.listed)]


class Stopwatch:
    """Tells when a file has had its share of the processor."""

    def __init__(
        self, seconds: float = PROFILE_SECONDS, clock: Callable[[], float] = time.process_time
    ) -> None:
        self._clock = clock
        self._end = clock() + seconds

    @property
    def is_over(self) -> bool:
        return self._clock() >= self._end


def read_table(
    batches: Iterator[Batch],
    stopwatch: Stopwatch,
    *,
    rows: int,
    room: int,
    units: Sequence[str] = (),
    decimal_comma: bool = False,
) -> Table:
    """Profile and list a table; it is listed as far as the limits go, and profiled further.

    Args:
        batches: Its rows; the first batch is the sample from which its layout is learned.
        stopwatch: No more batches are asked for when it is over.
        rows: How many rows are listed at most.
        room: How many characters they may take.
        units: For each column, the unit in which its cells are formatted.
        decimal_comma: Whether numbers have a comma where nothing else tells.
    """
    sample = next(batches, [])
    layout = find_layout(sample)
    profile = None
    if layout:
        room = max(room - PROFILE_CHARACTERS, room // 2)
        start = layout.start
        profile = Profile(layout, sample[start:], units=units, decimal_comma=decimal_comma)
    listing = _Listing(layout, rows, room, units)
    seen = 0
    whole = True
    for batch in chain([sample], batches):
        listing.add(batch)
        if profile and layout:
            above = max(0, layout.start - seen)
            profile.add(batch[above:], seen + above + 1)
        seen += len(batch)
        if seen >= PROFILE_ROWS or stopwatch.is_over or not (profile or listing.has_room):
            whole = next(batches, None) is None
            break
    pieces = listing.close()
    whole = whole and (profile is not None or listing.rows == seen)
    if not profile or profile.rows < MIN_ROWS:
        return Table(pieces, listing.rows, 0, whole)
    return Table((profile.describe(whole=whole), *pieces), listing.rows, seen, whole)


class _Listing:
    """Rows as lines of ` | `-separated cells, in pieces that each begin with the headings."""

    def __init__(self, layout: Layout | None, rows: int, room: int, units: Sequence[str]) -> None:
        self._most_rows = rows
        self._room = room
        self._units = units
        self._heading = ""
        if layout and layout.header is not None:
            self._heading = _write_line(layout.header, ())[:_HEADING_CHARACTERS]
        self._pieces: list[str] = []
        self._lines: list[str] = []
        self._length = 0
        self.rows = 0
        """How many rows were looked at."""

    @property
    def has_room(self) -> bool:
        return self.rows < self._most_rows and self._room > 0

    def add(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Add rows as far as there is room; empty ones are left out."""
        for row in rows:
            if not self.has_room:
                return
            self.rows += 1
            line = _write_line(row, self._units)
            if not line:
                continue
            if self._length + len(line) > PASSAGE_CHARACTERS and self._lines:
                self._finish_piece()
                if self._heading and line != self._heading:
                    self._lines.append(self._heading)
                    self._length = len(self._heading) + 1
            self._lines.append(line)
            self._length += len(line) + 1
            self._room -= len(line) + 1

    def close(self) -> tuple[str, ...]:
        """Return the pieces."""
        if self._lines:
            self._finish_piece()
        return tuple(self._pieces)

    def _finish_piece(self) -> None:
        self._pieces.append("\n".join(self._lines))
        self._room -= len(self._heading) + 1
        self._lines = []
        self._length = 0


def _write_line(row: Sequence[Cell], units: Sequence[str]) -> str:
    shown = [show_cell(cell, units[at] if at < len(units) else "") for at, cell in enumerate(row)]
    return " | ".join(shown).rstrip(" |")
