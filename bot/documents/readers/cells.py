"""What the cells of a table mean: text that is a number, a date, or a yes, by its column's habit.

"1.234" is a thousand and more where commas mark decimals, and little over one elsewhere; "3/4/2025"
is a day in March or in April. One cell can't tell, its column mostly can.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Cell = int | float | str | bool | dt.date | dt.time | dt.timedelta | None
"""A cell as it was read; "" and None are empty."""

Value = int | Decimal | bool | dt.date | str | None
"""A cell that was understood; None is empty, text is what is nothing else."""

DateOrder = Literal["ymd", "dmy", "mdy"]

TEXT_CHARACTERS = 200
"""Longer text in a cell is cut here before cells are compared and counted."""

_FITTING_SHARE = 0.8
"""A column has a habit when at least so many of its texts follow it; the others are remarks."""

_MOST_DIGITS = 15
"""Spreadsheets keep no more; what is longer is a name made of digits."""

_PLAIN = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
_CURRENCIES = r"€|\$|£|¥|₹|₽|zł|kr|CHF|EUR|USD|GBP|JPY|CNY|CAD|AUD|SEK|NOK|DKK|PLN|CZK|INR|BRL|R\$"
_NUMBER = re.compile(
    rf"(?P<open>\()?(?P<sign>[-+\u2212])?\s?(?P<before>{_CURRENCIES})?\s?(?P<inner>[-\u2212])?"
    r"(?P<digits>\d(?:[\d.,'\u2019 \u00a0\u202f]*\d)?(?:[eE][-+]?\d{1,2})?|[.,]\d+)"
    rf"\s?(?P<after>%|{_CURRENCIES})?(?P<trailing>-)?(?P<close>\))?",
    re.ASCII,
)
_WITH_POINT = re.compile(
    r"(?:\d+|\d{1,3}(?:,\d{2,3})*,\d{3})?(?:\.\d+)?(?:[eE][-+]?\d{1,2})?", re.ASCII
)
_WITH_COMMA = re.compile(r"(?:\d+|\d{1,3}(?:\.\d{3})+)?(?:,\d+)?(?:[eE][-+]?\d{1,2})?", re.ASCII)
_SPACED = re.compile(r"\d{1,3}(?:[ '\u2019\u00a0\u202f]\d{3})+(?:[.,]\d+)?", re.ASCII)
_SPACES = re.compile("[ '\u2019\u00a0\u202f]")
_CODE = re.compile(r"0\d+|\+\d{7,}", re.ASCII)

_DATE = re.compile(
    r"(\d{1,4})([-./])(\d{1,2})\2(\d{1,4})\.?"
    r"(?:[T ]\s?(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s?([AaPp][Mm])?(?:Z|\s?[-+]\d\d:?\d\d)?)?",
    re.ASCII,
)
_YES = frozenset(
    {"yes", "true", "ja", "wahr", "oui", "vrai", "si", "sí", "sì", "sim", "はい", "是"}
)
_NO = frozenset({"no", "false", "nein", "falsch", "non", "faux", "não", "falso", "いいえ", "否"})

_IDENTIFIER = re.compile(
    r"(?:.*[\s_.\-/(])?(?:ids?|codes?|zip|plz|post(?:al)?code|phone|telephone|tel|telefon|mobile|fax|sku"
    r"|ean|gtin|isbn|issn|iban|nr|no|number|num|key|index|row|pos|date|datum)[\s.:)]*"
    r"|(?:id|plz|zip|phone|tel)[\s_.\-].*|.*(?:nummer|nr\.?)|#|№",
    re.IGNORECASE,
)
_CAMEL_IDENTIFIER = re.compile(r".*[a-z](?:Id|ID|Nr|No|Code)")
_YEAR = re.compile(
    r"(?:.*[\s_.\-])?(?:years?|fy|jahr|ann[ée]e|año|anno|ano|år|rok)|.*jahr|年|年度", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Habit:
    """How a column writes its values.

    Attributes:
        kind: What its text means; `name` is a number that nobody adds up: a code, an id, a year.
        unit: `%` or a currency, "" if none is written.
        decimal_comma: Whether a comma marks decimals.
        date_order: In which order dates are written.
    """

    kind: Literal["text", "number", "date", "answer", "name"] = "text"
    unit: str = ""
    decimal_comma: bool = False
    date_order: DateOrder = "ymd"


def learn_habits(
    names: Sequence[str],
    columns: Sequence[Sequence[Cell]],
    *,
    units: Sequence[str] = (),
    decimal_comma: bool = False,
) -> list[Habit]:
    """Tell each column's habit from a sample of its cells.

    Args:
        names: The columns' headings.
        columns: The sample, by column.
        units: For each column, the unit in which its cells are formatted; may be shorter.
        decimal_comma: What to assume where a column's own cells fit both, and the other columns'.
    """
    texts = [
        [cell.strip() for cell in column if isinstance(cell, str) and cell and not cell.isspace()]
        for column in columns
    ]
    comma = sum(_count_fits(column, comma=True) for column in texts)
    point = sum(_count_fits(column, comma=False) for column in texts)
    usual = decimal_comma if comma == point else comma > point
    return [
        _learn(name, column, text, units[at] if at < len(units) else "", usual=usual)
        for at, (name, column, text) in enumerate(zip(names, columns, texts, strict=True))
    ]


def read_cell(cell: Cell, habit: Habit) -> Value:
    """Understand a cell the way its column is written; text that doesn't fit stays text."""
    if isinstance(cell, str):
        return _read_text(cell.strip(), habit)
    if cell is None or isinstance(cell, bool):
        return cell
    if isinstance(cell, int | float):
        number = to_number(cell)
        if habit.kind == "name" or number is None:
            return show_cell(cell)
        return number * 100 if habit.unit == "%" else number
    if isinstance(cell, dt.date):
        # Times with zones can't be compared to those without.
        return cell.replace(tzinfo=None) if isinstance(cell, dt.datetime) else cell
    return show_cell(cell)


def to_number(cell: float) -> int | Decimal | None:
    """Return the number as a person sees it, 0.3 for 0.30000000000000004; None if it is none."""
    if isinstance(cell, int):
        return cell
    if cell != cell or cell in {float("inf"), float("-inf")}:  # noqa: PLR0124  # only NaN isn't itself
        return None
    if cell.is_integer() and abs(cell) < 1e15:
        return int(cell)
    # Excel itself keeps 15 significant digits.
    return Decimal(f"{cell:.{_MOST_DIGITS}g}")


def show_number(number: float | Decimal) -> str:
    """Write a number as a person would type it, with at most 15 significant digits."""
    if isinstance(number, int) and abs(number) < 10**21:
        return str(number)
    number = Decimal(number)
    if number and not -7 < number.adjusted() < 21:
        return f"{number:.{_MOST_DIGITS}g}".lower()
    text = f"{number:f}"
    if len(text) > _MOST_DIGITS + 2:
        places = max(0, _MOST_DIGITS - 1 - number.adjusted())
        text = f"{number:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def show_cell(cell: Cell, unit: str = "") -> str:
    """Show a cell on one line, free of the bars that separate cells; dates as ISO 8601.

    Args:
        cell: The cell.
        unit: `%` if numbers of this column are shown as percentages.
    """
    if isinstance(cell, str):
        return " ".join(cell.replace("|", "/").split()) if cell else ""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        number = to_number(cell)
        if number is None:
            return str(cell)
        return f"{show_number(number * 100)}%" if unit == "%" else show_number(number)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ", "seconds")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    seconds = round(cell.total_seconds())
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def looks_like_text(cell: Cell) -> bool:
    """Tell whether a cell could stand in a header row: words, neither number nor date."""
    if not isinstance(cell, str):
        return False
    text = cell.strip()
    return bool(text) and not _NUMBER.fullmatch(text) and not _DATE.fullmatch(text)


def _learn(name: str, column: Sequence[Cell], texts: list[str], unit: str, *, usual: bool) -> Habit:
    identifier = _IDENTIFIER.fullmatch(name) or _CAMEL_IDENTIFIER.fullmatch(name)
    if any(map(_CODE.fullmatch, texts)):
        return Habit("name")
    comma = _count_fits(texts, comma=True)
    point = _count_fits(texts, comma=False)
    decimal_comma = usual if comma == point else comma > point
    written = _find_unit(texts)
    number = Habit("number", unit or written, decimal_comma)
    if texts and _fits(texts, lambda text: _read_number(text, number) is not None):
        habit = number
    elif texts and (order := _find_date_order(texts)):
        habit = Habit("date", date_order=order)
    elif texts and _fits(texts, lambda text: text.casefold() in _YES | _NO):
        habit = Habit("answer")
    elif texts:
        habit = Habit("text", unit)
    else:
        habit = number
    if habit.kind != "number" or unit or written:
        return habit
    if identifier or (_YEAR.fullmatch(name) and _are_years(column, texts)):
        return Habit("name")
    return habit


def _fits(texts: list[str], test: Callable[[str], bool]) -> bool:
    return sum(map(test, texts)) >= _FITTING_SHARE * len(texts)


def _are_years(column: Iterable[Cell], texts: Iterable[str]) -> bool:
    numbers = [cell for cell in column if isinstance(cell, int | float)]
    numbers += [int(text) for text in texts if text.isdecimal() and len(text) == 4]
    return all(1000 <= number <= 2999 for number in numbers)


def _count_fits(texts: Iterable[str], *, comma: bool) -> int:
    matches = (_NUMBER.fullmatch(text) for text in texts)
    return sum(_unify(match["digits"], comma=comma) is not None for match in matches if match)


def _find_unit(texts: Iterable[str]) -> str:
    units = Counter(
        match["before"] or match["after"] or "" for match in map(_NUMBER.fullmatch, texts) if match
    )
    return max(units, key=lambda unit: (units[unit], unit), default="")


def _read_text(text: str, habit: Habit) -> Value:
    if not text:
        return None
    value: Value = None
    if habit.kind == "number":
        value = _read_number(text, habit)
    elif habit.kind == "date":
        value = _read_date(text, habit.date_order)
    elif habit.kind == "answer" and text.casefold() in _YES | _NO:
        value = text.casefold() in _YES
    return text[:TEXT_CHARACTERS] if value is None else value


def _read_number(text: str, habit: Habit) -> int | Decimal | None:
    """Read "1.234,50 €", "(1,200)", "12 %", "1 200-"; None if it isn't a number of this habit."""
    if not habit.decimal_comma and habit.unit != "%" and _PLAIN.fullmatch(text):
        return _to_exact(text) if len(text) <= _MOST_DIGITS else None
    match = _NUMBER.fullmatch(text)
    if not match or bool(match["open"]) != bool(match["close"]):
        return None
    unit = match["before"] or match["after"] or ""
    # Without its sign, 0.3 in a column of percentages may be 30 % as well.
    if unit != habit.unit and (unit or habit.unit == "%"):
        return None
    plain = _unify(match["digits"], comma=habit.decimal_comma)
    if plain is None or len(plain) > _MOST_DIGITS + 1:
        return None
    negative = {"-", "\u2212"} & {match["sign"], match["inner"], match["trailing"]}
    number = _to_exact(plain)
    return -number if negative or match["open"] else number


def _unify(digits: str, *, comma: bool) -> str | None:
    """Drop the separators of thousands and make a point of a comma; None if they don't fit."""
    if _SPACED.fullmatch(digits):
        digits = _SPACES.sub("", digits)
    if not (_WITH_COMMA if comma else _WITH_POINT).fullmatch(digits):
        return None
    return digits.replace(".", "").replace(",", ".") if comma else digits.replace(",", "")


def _to_exact(plain: str) -> int | Decimal:
    return int(plain) if plain.lstrip("-").isdecimal() else Decimal(plain)


def _find_date_order(texts: list[str]) -> DateOrder | None:
    """Return the only order in which all dates exist; None if there are none, or two orders."""
    orders: tuple[DateOrder, ...] = ("ymd", "dmy", "mdy")
    fits = {order: sum(_read_date(text, order) is not None for text in texts) for order in orders}
    best = max(fits.values())
    if best < _FITTING_SHARE * len(texts):
        return None
    found = [order for order in orders if fits[order] == best]
    # Points are written between day, month and year only in this order.
    if found == ["dmy", "mdy"] and all("/" not in text for text in texts):
        return "dmy"
    return found[0] if len(found) == 1 else None


def _read_date(text: str, order: DateOrder) -> dt.date | None:
    match = _DATE.fullmatch(text)
    if not match:
        return None
    numbers = match[1], match[3], match[4]
    year, month, day = (numbers[order.index(part)] for part in ("y", "m", "d"))
    if len(year) == 3 or len(month) > 2 or len(day) > 2 or (order == "ymd" and len(year) < 4):
        return None
    century = 0 if len(year) == 4 else 1900 if int(year) >= 70 else 2000
    try:
        date = dt.date(century + int(year), int(month), int(day))
        if match[5] is None:
            return date
        hour = int(match[5])
        if match[8]:
            hour = hour % 12 + (12 if match[8].lower() == "pm" else 0)
        time = dt.time(hour, int(match[6]), int(match[7] or 0))
    except ValueError:
        return None
    return dt.datetime.combine(date, time)
