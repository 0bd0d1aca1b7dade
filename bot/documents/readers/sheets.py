"""Workbooks, sheet by sheet, with calamine: a profile, then rows of ` | `-separated cells.

What calamine can't open is left to anydoc, which forgives more and says better what is wrong. It
isn't the first choice because it aborts on some big workbooks.
"""

import io
from collections.abc import Iterator
from itertools import islice

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
)

from .flow import convert
from .formats import read_units
from .kinds import Kind
from .pages import Limits, Pages, ReadCaveat, Reading, Unreadable, read_parts
from .profile import PROFILE_CHARACTERS
from .rows import BATCH_ROWS, Batch, Stopwatch, read_table


def read(data: bytes, kind: Kind, limits: Limits) -> Reading:
    """Read one page per sheet, labelled with its name; empty rows are left out.

    Raises:
        Unreadable: `password`, or as `flow.convert`.
    """
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
            return _read_workbook(workbook, read_units(data), limits)
    except PasswordError as error:
        raise Unreadable("password", "calamine") from error
    except CalamineError:
        return read_parts(convert(data, kind.format), limits)


def _read_workbook(
    workbook: CalamineWorkbook, units: dict[str, tuple[str, ...]], limits: Limits
) -> Reading:
    names = [
        sheet.name for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet
    ]
    pages = Pages(limits)
    notes: list[ReadCaveat] = []
    rows_left = limits.rows
    stopwatch = Stopwatch()
    for position, name in enumerate(names, 1):
        if pages.full:
            break
        # A long sheet leaves room for what the others are about.
        reserved = (len(names) - position) * PROFILE_CHARACTERS
        table = read_table(
            _read_batches(workbook, name), stopwatch,
            rows=rows_left, room=max(pages.room - reserved, pages.room // 2),
            units=units.get(name, ()),
        )  # fmt: skip
        rows_left -= table.listed
        notes += table.list_gaps(name)
        pages.add_pieces(table.pieces, name)
    return pages.close("sheet", len(names), notes)


def _read_batches(workbook: CalamineWorkbook, name: str) -> Iterator[Batch]:
    rows = workbook.get_sheet_by_name(name).iter_rows()
    while batch := list(islice(rows, BATCH_ROWS)):
        yield batch
