"""Workbooks, sheet by sheet, with calamine: values as rows of ` | `-separated cells.

What calamine can't open is left to anydoc, which forgives more and says better what is wrong. It
isn't the first choice because it aborts on some big workbooks.
"""

import datetime as dt
import io

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetMetadata,
    SheetTypeEnum,
)

from .flow import convert
from .kinds import Kind
from .pages import Limits, Pages, Reading, Unreadable, read_parts

Cell = int | float | str | bool | dt.date | dt.time | dt.timedelta


def read(data: bytes, kind: Kind, limits: Limits) -> Reading:
    """Read one page per sheet, labelled with its name; empty rows are left out.

    Raises:
        Unreadable: `password`, or as `flow.convert`.
    """
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
            return _read_workbook(workbook, limits)
    except PasswordError as error:
        raise Unreadable("password", "calamine") from error
    except CalamineError:
        return read_parts(convert(data, kind.format), limits)


def _read_workbook(workbook: CalamineWorkbook, limits: Limits) -> Reading:
    sheets = [sheet for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    pages = Pages(limits)
    notes = []
    rows_left = limits.rows
    for sheet in sheets:
        if pages.full or rows_left <= 0:
            break
        text, rows, whole = _read_sheet(workbook, sheet, rows_left, pages.room)
        if not whole:
            notes.append(f'Sheet "{sheet.name}" was read only up to its row {rows:,}.')
        rows_left -= rows
        pages.add(text, sheet.name)
    return pages.close("sheet", len(sheets), notes)


def _read_sheet(
    workbook: CalamineWorkbook, sheet: SheetMetadata, rows_left: int, room: int
) -> tuple[str, int, bool]:
    """Return the sheet's text, how many rows were looked at, and whether that was all."""
    lines: list[str] = []
    rows = length = 0
    for row in workbook.get_sheet_by_name(sheet.name).iter_rows():
        if rows >= rows_left or length >= room:
            return "\n".join(lines)[:room], rows, False
        rows += 1
        line = " | ".join(map(_show, row)).rstrip(" |")
        if line:
            lines.append(line)
            length += len(line) + 1
    return "\n".join(lines)[:room], rows, length <= room


def _show(cell: Cell) -> str:
    """Show a value as a person would type it: 3 for 3.0, 0.3 for 0.30000000000000004, ISO dates."""
    if isinstance(cell, str):
        return " ".join(cell.replace("|", "/").split()) if cell else ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        # Excel itself keeps 15 significant digits.
        return f"{cell:.15g}" if abs(cell) < 1e15 else f"{cell:.0f}"
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ", "seconds")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    seconds = round(cell.total_seconds())
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
