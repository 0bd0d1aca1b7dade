"""How an Excel workbook shows its numbers: which columns are percentages, and which are money.

calamine tells bare values, so that 15.5 % reads 0.155. The first rows of a sheet are enough to see
how a column is formatted, and reading them costs next to nothing. Parts and attributes are those
of ECMA-376, part 1, 18.2 (workbook), 18.3 (sheets) and 18.8 (styles).
"""

import io
import posixpath
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable
from xml.parsers import expat

_PART_BYTES = 4 * 1024 * 1024
_SHEET_BYTES = 256 * 1024
_SHEETS = 100

_BUILT_IN = {9: "%", 10: "%"}
_QUOTED = re.compile(r'"[^"]*"|\\.')
_CURRENCY_IN_BRACKETS = re.compile(r"\[\$([^\]\-]+)")
_CURRENCY = re.compile(r"[€£¥$]")
_BRACKETS = re.compile(r"\[[^\]]*\]")
_COLUMN = re.compile(r"[A-Z]{1,3}", re.ASCII)

Attributes = dict[str, str]


class _Refused(Exception):
    """The part declares entities, which no program that writes workbooks does."""


def read_units(workbook: bytes) -> dict[str, tuple[str, ...]]:
    """Return by sheet for each column `%`, a currency, or "" as its numbers are formatted.

    Columns whose numbers have several formats have none, nor has any of another kind of workbook
    than XLSX, or of one that is damaged: the values are read all the same.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(workbook)) as package:
            return _read_package(package)
    except (
        _Refused, expat.ExpatError, zipfile.BadZipFile, zlib.error,
        # zipfile raises these two over a compression that it lacks and over encryption.
        NotImplementedError, RuntimeError,
        EOFError, LookupError, OSError, ValueError,
    ):  # fmt: skip
        return {}


def _read_package(package: zipfile.ZipFile) -> dict[str, tuple[str, ...]]:
    styles = _read_styles(package)
    if not any(styles):
        return {}
    paths: dict[str, str] = {}
    sheets: dict[str, str] = {}

    def relate(name: str, attributes: Attributes) -> None:
        if name == "Relationship":
            target = attributes.get("Target", "")
            paths[attributes.get("Id", "")] = posixpath.normpath(posixpath.join("/xl", target))[1:]

    def list_sheet(name: str, attributes: Attributes) -> None:
        if name == "sheet":
            sheets[attributes.get("name", "")] = attributes.get("id", "")

    _parse(package, "xl/_rels/workbook.xml.rels", relate)
    _parse(package, "xl/workbook.xml", list_sheet)
    return {
        name: _read_sheet(package, paths[relation], styles)
        for name, relation in list(sheets.items())[:_SHEETS]
        if relation in paths
    }


def _read_styles(package: zipfile.ZipFile) -> list[str]:
    """Return the unit of each cell style."""
    codes = dict(_BUILT_IN)
    styles: list[str] = []
    inside = ""

    def start(name: str, attributes: Attributes) -> None:
        nonlocal inside
        if name in {"cellStyleXfs", "cellXfs"}:
            inside = name
        elif name == "numFmt":
            codes[int(attributes["numFmtId"])] = _find_unit(attributes["formatCode"])
        elif name == "xf" and inside == "cellXfs":
            styles.append(codes.get(int(attributes.get("numFmtId", "0")), ""))

    _parse(package, "xl/styles.xml", start)
    return styles


def _read_sheet(package: zipfile.ZipFile, path: str, styles: list[str]) -> tuple[str, ...]:
    units: defaultdict[int, set[str]] = defaultdict(set)

    def start(name: str, attributes: Attributes) -> None:
        letters = _COLUMN.match(attributes.get("r", ""))
        if name != "c" or attributes.get("t", "n") != "n" or not letters:
            return
        style = int(attributes.get("s", "0"))
        units[_count_column(letters[0])].add(styles[style] if style < len(styles) else "")

    _parse(package, path, start, most=_SHEET_BYTES)
    width = max(units, default=-1) + 1
    return tuple(units[at].pop() if len(units.get(at, ())) == 1 else "" for at in range(width))


def _count_column(letters: str) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def _find_unit(code: str) -> str:
    """Tell the unit that a format such as `0.0%` or `#,##0.00 [$€-407]` shows."""
    bracketed = _CURRENCY_IN_BRACKETS.search(code)
    if bracketed:
        return bracketed[1].strip()
    if "%" in _QUOTED.sub("", code):
        return "%"
    currency = _CURRENCY.search(_BRACKETS.sub("", code))
    return currency[0] if currency else ""


def _parse(
    package: zipfile.ZipFile,
    path: str,
    start: Callable[[str, Attributes], None],
    *,
    most: int = _PART_BYTES,
) -> None:
    """Call `start` with the local names of elements and attributes, for the first bytes alone."""

    def start_local(name: str, attributes: Attributes) -> None:
        start(
            name.rpartition(":")[2],
            {key.rpartition(":")[2]: value for key, value in attributes.items()},
        )

    def refuse(*_declaration: object) -> None:
        raise _Refused

    parser = expat.ParserCreate()
    parser.StartElementHandler = start_local
    parser.EntityDeclHandler = refuse
    with package.open(path) as part:
        parser.Parse(part.read(most), False)
