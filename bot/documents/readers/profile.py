"""What a table says as a whole, computed over all of its rows while they pass by.

The model would miscount a long table, and can't see all of one that is longer than its context; so
counts, ranges, totals and their breakdown are computed here, exactly, and given to it as text.
"""

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from itertools import islice, zip_longest
from statistics import median

from .cells import (
    Cell,
    Habit,
    Value,
    learn_habits,
    looks_like_text,
    read_cell,
    show_cell,
    show_number,
)

PROFILE_CHARACTERS = 3_500

MIN_ROWS = 3
"""A table with fewer rows is its own best profile."""

_COLUMNS = 40
_HEADER_ROWS = 15
_NAME_CHARACTERS = 40
_VALUE_CHARACTERS = 40
_TITLE_CHARACTERS = 200
_DISTINCT = 10_000
_CATEGORIES = 4
_CATEGORY_VALUES = 12
_MEASURES = 6
_NAMED_TOTALS = 5
_MAIN_SHARE = 0.9
_YEARS = range(1900, 2101)

_EXACT = Context(prec=100)
_MEAN = Context(prec=8)

# As a whole cell, perhaps with a period or a currency behind. Beside that, spreadsheets' own
# subtotals are named like "North Total", and statements have lines such as "Total costs".
_TOTAL = re.compile(
    r"(?:(?:grand|sub)[ -]?|overall )?(?:totals?|sum)"
    r"(?:[ :]*(?:\d{4}|q[1-4]|eur|usd|gbp|[€$£]))?[:.]?"
    r"|(?-i:.{0,60}[A-Z].{0,60} Total|(?:Total|TOTAL) [a-z].{0,60})"
    r"|(?:zwischen|gesamt|end)?summe\b.{0,60}|gesamt|gesamtergebnis|ergebnis|insgesamt"
    r"|total g[ée]n[ée]ral|totale(?: generale)?|sous-total|totaux|suma|subtotaal|totaal"
    r"|итого|всего|合計|小計|総計|合计|总计|小计|합계|총계",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a sheet has its table.

    Attributes:
        start: How many rows stand above its first row of data.
        names: What the columns are called, in their headings or by letters.
        columns: The places of these columns in a row, counted from 0.
        header: The row with the headings, None if there is none.
        title: What is written above the table.
        omitted: How many columns there are beyond those named.
    """

    start: int
    names: tuple[str, ...]
    columns: tuple[int, ...]
    header: Sequence[Cell] | None = None
    title: str = ""
    omitted: int = 0


def find_layout(rows: Sequence[Sequence[Cell]]) -> Layout | None:
    """Find the table in a sheet's first rows; None if they hold fewer than `MIN_ROWS` of one."""
    filled = [sum(map(_is_filled, row)) for row in rows]
    width = median([count for count in filled if count] or [0])
    # Forms and lists of words have no columns to speak of.
    if width < 2:
        return None
    first = next(at for at, count in enumerate(filled) if count >= max(2, 0.6 * width))
    header = rows[first] if first < _HEADER_ROWS and _is_header(rows, first) else None
    start = first + (header is not None)
    if sum(map(bool, filled[start:])) < MIN_ROWS:
        return None
    used = [
        at for at, column in enumerate(zip_longest(*rows[first:])) if any(map(_is_filled, column))
    ]
    shown = used[:_COLUMNS]
    title = " / ".join(
        " ".join(filter(None, map(show_cell, row))) for row in rows[:first] if any(row)
    )
    return Layout(
        start,
        tuple(_name_columns(header or (), shown)),
        tuple(shown),
        header,
        title[:_TITLE_CHARACTERS],
        len(used) - len(shown),
    )


class Profile:
    """Counts, ranges, totals and breakdowns; their memory doesn't grow with the rows."""

    def __init__(
        self,
        layout: Layout,
        sample: Sequence[Sequence[Cell]],
        *,
        units: Sequence[str] = (),
        decimal_comma: bool = False,
    ) -> None:
        """Learn from a sample what the columns hold; its rows are still to be added.

        Args:
            layout: Where the table is.
            sample: Its first rows of data.
            units: The units in which cells are formatted, by their places in a row.
            decimal_comma: What to assume where no number tells.
        """
        self._layout = layout
        cells = _to_columns([row for row in sample if not name_total(row)], layout)
        habits = learn_habits(
            layout.names,
            cells,
            units=[units[at] if at < len(units) else "" for at in layout.columns],
            decimal_comma=decimal_comma,
        )
        self._columns = [
            _Column(name, habit) for name, habit in zip(layout.names, habits, strict=True)
        ]
        self._measures = [at for at, column in enumerate(self._columns) if column.is_measure]
        self._measures = self._measures[:_MEASURES]
        headings = [self._columns[at].heading for at in self._measures]
        self._breakdowns = [
            _Breakdown(at, self._columns[at].name, headings)
            for at in _find_categories(self._columns, cells)
        ]
        self.rows = 0
        """How many rows of data were counted in."""
        self._totals: list[str] = []
        self._more_totals = 0

    def add(self, rows: Sequence[Sequence[Cell]], first_row: int) -> None:
        """Count rows in.

        Args:
            rows: Rows of the table; empty ones don't count.
            first_row: The number that the first of them has in its sheet.
        """
        data = []
        for number, row in enumerate(rows, first_row):
            if not any(map(_is_filled, row)) or row == self._layout.header:
                continue
            total = name_total(row)
            if not total:
                data.append(row)
            elif len(self._totals) < _NAMED_TOTALS:
                self._totals.append(f'row {number} "{total[:_NAME_CHARACTERS]}"')
            else:
                self._more_totals += 1
        if not data:
            return
        self.rows += len(data)
        cells = _to_columns(data, self._layout)
        with localcontext(_EXACT):
            values = [column.add(own) for column, own in zip(self._columns, cells, strict=True)]
            amounts = [
                list(map(_keep_numbers(values[at]).__getitem__, cells[at])) for at in self._measures
            ]
            for breakdown in self._breakdowns:
                names = {
                    cell: _show_category(value) for cell, value in values[breakdown.at].items()
                }
                breakdown.add([names[cell] for cell in cells[breakdown.at]], amounts)

    def describe(self, *, whole: bool = True) -> str:
        """Write the profile as Markdown, in at most `PROFILE_CHARACTERS`.

        Args:
            whole: Whether all rows of the table were added.
        """
        opening = self._describe_extent(whole=whole)
        breakdowns = [
            text for breakdown in self._breakdowns if (text := breakdown.describe(self.rows))
        ]
        room = PROFILE_CHARACTERS - len(opening)
        # The columns come first; what they leave is for the breakdowns.
        lines = self._describe_columns(room - min(1_200, sum(map(len, breakdowns))))
        parts = [opening, "\n".join(lines)]
        for text in breakdowns:
            if sum(map(len, parts)) + 2 * len(parts) + len(text) <= PROFILE_CHARACTERS:
                parts.append(text)
        return "\n\n".join(parts)

    def _describe_extent(self, *, whole: bool) -> str:
        count = len(self._columns) + self._layout.omitted
        lines = []
        if self._layout.title:
            lines.append(f"Above the table: {self._layout.title}")
        extent = "" if whole else "more than "
        lines.append(f"Table of {extent}{self.rows} rows, {count} columns.")
        if whole:
            lines.append("All figures are computed over all of its rows.")
        else:
            lines.append(f"All figures are computed over its first {self.rows} rows.")
        if self._totals:
            more = f", and {self._more_totals} more" if self._more_totals else ""
            lines.append(f"Not counted, because they are totals: {', '.join(self._totals)}{more}.")
        return "\n".join(lines)

    def _describe_columns(self, room: int) -> list[str]:
        """Write a line for each column; if that is too long with less detail, or for fewer."""
        with localcontext(_EXACT):
            lines = ["Columns:"]
            for values in (_CATEGORY_VALUES, 3, 1):
                lines[1:] = [column.describe(values) for column in self._columns]
                if sum(map(len, lines)) + len(lines) <= room:
                    break
        left = room
        kept = []
        for line in lines:
            left -= len(line) + 1
            if left < 40:
                break
            kept.append(line)
        more = len(lines) - len(kept) + self._layout.omitted
        return [*kept, f"- and {more} more columns"] if more else kept


def name_total(row: Iterable[Cell]) -> str:
    """Return what a row of totals calls itself in its first text, "" if it is an ordinary row."""
    for cell in row:
        if isinstance(cell, str) and cell and not cell.isspace():
            text = cell.strip()
            return text if len(text) <= 130 and _TOTAL.fullmatch(text) else ""
    return ""


class _Column:
    """What is known of one column."""

    def __init__(self, name: str, habit: Habit) -> None:
        self.name = name
        self.habit = habit
        self._empty = 0
        self._numbers = self._dates = self._answers = self._texts = self._yes = 0
        self._sum: int | Decimal = 0
        self._fractions = self._times = False
        self._least: int | Decimal | None = None
        self._most: int | Decimal | None = None
        self._first: dt.datetime | None = None
        self._last: dt.datetime | None = None
        self._distinct: Counter[str] = Counter()
        self._many = False

    @property
    def is_measure(self) -> bool:
        """Whether its values can be added up."""
        return self.habit.kind == "number" and self.habit.unit != "%"

    @property
    def heading(self) -> str:
        return f"{self.name} ({self.habit.unit})" if self.habit.unit else self.name

    def add(self, cells: Sequence[Cell]) -> dict[Cell, Value]:
        """Count cells in, and return the value of each that is different from the others."""
        values: dict[Cell, Value] = {}
        for cell, times in Counter(cells).items():
            values[cell] = value = read_cell(cell, self.habit)
            if value is None:
                self._empty += times
            elif isinstance(value, bool):
                self._answers += times
                self._yes += times * value
            elif isinstance(value, int | Decimal):
                self._add_number(value, times)
            elif isinstance(value, dt.date):
                self._add_date(value, times)
            else:
                self._add_text(value, times)
        return values

    def _add_number(self, number: int | Decimal, times: int) -> None:
        self._numbers += times
        self._sum += number * times
        self._fractions = self._fractions or isinstance(number, Decimal)
        if self._least is None or number < self._least:
            self._least = number
        if self._most is None or number > self._most:
            self._most = number

    def _add_date(self, date: dt.date, times: int) -> None:
        self._dates += times
        if isinstance(date, dt.datetime):
            moment = date
            self._times = self._times or date.time() != dt.time()
        else:
            moment = dt.datetime.combine(date, dt.time())
        self._first = min(self._first or moment, moment)
        self._last = max(self._last or moment, moment)

    def _add_text(self, text: str, times: int) -> None:
        self._texts += times
        if text in self._distinct or len(self._distinct) < _DISTINCT:
            self._distinct[text] += times
        else:
            self._many = True

    def describe(self, values: int) -> str:
        """Write one line, naming at most so many of the values."""
        counts = {
            "number": self._numbers,
            "date": self._dates,
            "answer": self._answers,
            "text": self._texts,
        }
        filled = sum(counts.values())
        if not filled:
            return f"- {self.heading}: empty"
        main = max(counts, key=lambda kind: counts[kind])
        kinds = [kind for kind, count in counts.items() if count]
        if counts[main] >= _MAIN_SHARE * filled:
            words = [self._show(main, values)]
            words += [self._show_stray(kind, main, counts[kind]) for kind in kinds if kind != main]
        else:
            words = [f"{counts[kind]} cells {self._show(kind, values)}" for kind in kinds]
            words[0] = f"mixed: {words[0]}"
        if self._empty:
            words.append(f"{self._empty} empty")
        return f"- {self.heading}: {'; '.join(words)}"

    def _show_stray(self, kind: str, main: str, count: int) -> str:
        example = f", e.g. {_clip(next(iter(self._distinct)))}" if kind == "text" else ""
        return f"{count} not {_AS_TYPE[main]}{example}"

    def _show(self, kind: str, values: int) -> str:
        if kind == "number":
            return self._show_numbers()
        if kind == "date":
            return self._show_dates()
        if kind == "answer":
            return f"yes/no, {self._yes} yes, {self._answers - self._yes} no"
        return self._show_texts(values)

    def _show_numbers(self) -> str:
        assert self._least is not None  # noqa: S101  # there are numbers
        assert self._most is not None  # noqa: S101  # as above
        sign = "%" if self.habit.unit == "%" else ""
        mean = _MEAN.divide(Decimal(self._sum), Decimal(self._numbers))
        words = [
            "percent" if sign else "number" if self._fractions else "integer",
            f"min {show_number(self._least)}{sign}",
            f"max {show_number(self._most)}{sign}",
            f"mean {show_number(mean)}{sign}",
        ]
        # Nobody adds up percentages.
        if not sign:
            words.append(f"sum {show_number(self._sum)}")
        return ", ".join(words)

    def _show_dates(self) -> str:
        assert self._first is not None  # noqa: S101  # there are dates
        assert self._last is not None  # noqa: S101  # as above
        if self._times:
            first, last = (moment.isoformat(" ", "minutes") for moment in (self._first, self._last))
            return f"date and time, {first} to {last}"
        return f"date, {self._first.date()} to {self._last.date()}"

    def _show_texts(self, values: int) -> str:
        examples = ", ".join(map(_clip, islice(self._distinct, min(values, 3))))
        different = len(self._distinct)
        if self._many:
            return f"text, over {_DISTINCT} different, e.g. {examples}"
        if self._texts == 1:
            return f"text, {examples}"
        if different == 1:
            return f"text, always {examples}"
        if different == self._texts:
            return f"text, all different, e.g. {examples}"
        limit = values if different <= values else min(values, 5)
        common = self._distinct.most_common(limit)
        top = ", ".join(f"{_clip(text)} {count}" for text, count in common)
        return f"text, {different} different: {'most frequent ' if different > limit else ''}{top}"


_AS_TYPE = {"number": "a number", "date": "a date", "answer": "yes or no", "text": "text"}


class _Breakdown:
    """The sums of some columns for each value of another; dropped when it has too many."""

    def __init__(self, at: int, name: str, headings: Sequence[str]) -> None:
        self.at = at
        self._name = name
        self._headings = headings
        self._rows: Counter[str] = Counter()
        self._sums: list[defaultdict[str, int | Decimal]] = [defaultdict(int) for _ in headings]
        self._dropped = False

    def add(self, keys: Sequence[str], amounts: Sequence[Sequence[int | Decimal]]) -> None:
        """Count in a batch: for each row its category, for each column to sum its numbers."""
        if self._dropped:
            return
        self._rows.update(keys)
        if len(self._rows) > _CATEGORY_VALUES + 1:
            self._dropped = True
            return
        for sums, numbers in zip(self._sums, amounts, strict=True):
            for key, number in zip(keys, numbers, strict=True):
                sums[key] += number

    def describe(self, rows: int) -> str:
        """Write a small table; "" if there is nothing to tell."""
        if self._dropped or not 2 <= len(self._rows) <= rows / 2:
            return ""
        lines = [
            f"Totals by {self._name}:",
            _write_row([self._name, "rows", *(f"sum of {heading}" for heading in self._headings)]),
            "|" + "---|" * (2 + len(self._headings)),
        ]
        for key, count in self._rows.items():
            sums = [show_number(sums[key]) for sums in self._sums]
            lines.append(_write_row([_clip(key), str(count), *sums]))
        return "\n".join(lines)


def _find_categories(columns: Sequence[_Column], sample: Sequence[Sequence[Cell]]) -> list[int]:
    found = []
    for at, (column, cells) in enumerate(zip(columns, sample, strict=True)):
        if column.habit.kind not in {"text", "name", "answer"}:
            continue
        names = {_show_category(read_cell(cell, column.habit)) for cell in set(cells)}
        if 2 <= len(names) <= min(_CATEGORY_VALUES, len(cells) / 2):
            found.append(at)
    return found[:_CATEGORIES]


def _keep_numbers(values: Mapping[Cell, Value]) -> dict[Cell, int | Decimal]:
    return {
        cell: value if isinstance(value, int | Decimal) else 0 for cell, value in values.items()
    }


def _is_header(rows: Sequence[Sequence[Cell]], at: int) -> bool:
    """Tell whether a row names the columns: distinct words that don't come again below them."""
    header = rows[at]
    cells = [(place, cell) for place, cell in enumerate(header) if _is_filled(cell)]
    words = [show_cell(cell) for _, cell in cells if looks_like_text(cell)]
    years = [place for place, cell in cells if _is_year(cell)]
    if not words or len(words) + len(years) < len(cells) or len(set(words)) < len(words):
        return False
    below = [row for row in rows[at + 1 :] if row != header]
    if (
        years
        and below
        and all(place < len(below[0]) and _is_year(below[0][place]) for place in years)
    ):
        return False
    return not any(
        place < len(row) and cell == row[place] for place, cell in cells for row in below
    )


def _name_columns(header: Sequence[Cell], columns: Iterable[int]) -> list[str]:
    names: list[str] = []
    for at in columns:
        letter = _name_by_letter(at)
        name = show_cell(header[at])[:_NAME_CHARACTERS] if at < len(header) else ""
        names.append(f"{name} ({letter})" if name in names else name or f"column {letter}")
    return names


def _name_by_letter(at: int) -> str:
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _to_columns(rows: Sequence[Sequence[Cell]], layout: Layout) -> list[Sequence[Cell]]:
    columns = list(zip_longest(*rows))
    nothing: tuple[Cell, ...] = (None,) * len(rows)
    return [_spell_answers(columns[at]) if at < len(columns) else nothing for at in layout.columns]


def _spell_answers(cells: Sequence[Cell]) -> Sequence[Cell]:
    """Write out TRUE and FALSE, which otherwise count as the numbers 1 and 0."""
    if bool not in set(map(type, cells)):
        return cells
    return [show_cell(cell) if isinstance(cell, bool) else cell for cell in cells]


def _is_filled(cell: Cell) -> bool:
    return cell is not None and cell != "" and not (isinstance(cell, str) and cell.isspace())


def _is_year(cell: Cell) -> bool:
    if isinstance(cell, str):
        return len(cell) == 4 and cell.isdecimal() and int(cell) in _YEARS
    return not isinstance(cell, bool) and isinstance(cell, int | float) and cell in _YEARS


def _show_category(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (
        "(empty)" if value is None else show_cell(value) if isinstance(value, str) else str(value)
    )


def _clip(text: str) -> str:
    text = show_cell(text)
    return text if len(text) <= _VALUE_CHARACTERS else text[: _VALUE_CHARACTERS - 1] + "…"


def _write_row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
