"""A measured figure beside its target, and the table of them all. Pure."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    Attributes:
        what: What was measured.
        ours: What it came to.
        target: What we hold ourselves to, "" where nothing is set.
        naive: What a naive bot came to in the same run, "" where it was not asked.
    """

    what: str
    ours: str
    target: str = ""
    naive: str = ""


def describe_times(seconds: Sequence[float]) -> str:
    """Return the median and the 99th percentile in milliseconds."""
    if not seconds:
        return "none"
    ordered = sorted(seconds)
    slow = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"{statistics.median(ordered) * 1_000:.1f} / {slow * 1_000:.1f} ms"


def draw_table(figures: Sequence[Figure]) -> str:
    """Return the figures as aligned columns."""
    rows = [("", "ours", "target", "naive bot")]
    rows += [(one.what, one.ours, one.target, one.naive) for one in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
