"""What is computed over a table, and what its cells are taken for."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.documents.readers.cells import (
    Cell,
    Habit,
    Value,
    learn_habits,
    read_cell,
    show_cell,
    show_number,
)
from bot.documents.readers.profile import (
    PROFILE_CHARACTERS,
    Layout,
    Profile,
    find_layout,
    name_total,
)

Rows = Sequence[Sequence[Cell]]


def describe(rows: Rows, *, units: Sequence[str] = (), batch: int = 1000) -> str:
    layout = find_layout(rows)
    assert layout is not None
    data = rows[layout.start :]
    profile = Profile(layout, data, units=units)
    for start in range(0, len(data), batch):
        profile.add(data[start : start + batch], layout.start + start + 1)
    return profile.describe()


def number_rows(names: Sequence[Cell], numbers: Sequence[Cell]) -> list[list[Cell]]:
    """A table of two columns, as long as the numbers go."""
    return [["Name", "Amount"], *([name, n] for name, n in zip(names, numbers, strict=False))]


def lines_of(rows: Rows, *, units: Sequence[str] = ()) -> dict[str, str]:
    """What is said of each column."""
    listed = describe(rows, units=units).partition("Columns:\n")[2].partition("\n\n")[0]
    pairs = (line.removeprefix("- ").partition(": ") for line in listed.split("\n"))
    return {name: said for name, _, said in pairs}


def learn(*cells: Cell, name: str = "x") -> Habit:
    return learn_habits([name], [cells])[0]


def read_all(*cells: Cell, name: str = "x") -> list[Value]:
    habit = learn(*cells, name=name)
    return [read_cell(cell, habit) for cell in cells]


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1,234.50", "12", "-3.5"], ["1234.50", 12, "-3.5"]),
        (["1.234,50 €", "12,00 €", "-3,10 €"], ["1234.50", "12.00", "-3.10"]),
        (["1.234.567", "12"], [1234567, 12]),
        (["(1,200)", "300", "1,000-", "\u22125"], [-1200, 300, -1000, -5]),
        (["$1,000.25", "-$ 20", "$-3"], ["1000.25", -20, -3]),
        (["1 234,5", "7\u00a0000,5"], ["1234.5", "7000.5"]),
        (["1'234.50", "12"], ["1234.50", 12]),
        (["12,34,567.5", "5"], ["1234567.5", 5]),
        (["12 %", "3.5%"], [12, "3.5"]),
        (["1e3", "2.5E-2"], ["1E+3", "0.025"]),
    ],
)
def test_numbers_are_read_by_the_habit_of_their_column(
    cells: list[str], values: list[int | str]
) -> None:
    assert read_all(*cells) == [Decimal(value) for value in values]


def test_a_column_that_fits_both_habits_follows_the_others() -> None:
    german = learn_habits(["a", "b"], [["1.234", "5.678"], ["0,5", "0,25"]])
    assert read_cell("1.234", german[0]) == 1234
    english = learn_habits(["a", "b"], [["1.234", "5.678"], ["0.5", "0.25"]])
    assert read_cell("1.234", english[0]) == Decimal("1.234")
    semicolons = learn_habits(["a"], [["1,234"]], decimal_comma=True)
    assert read_cell("1,234", semicolons[0]) == Decimal("1.234")


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("PLZ", ["01067", "80331"]),
        ("x", ["007", "123"]),
        ("Phone", ["030 1234567", "+49 170 1234567"]),
        ("x", ["+491701234567", "+441701234567"]),
        ("Order No.", ["17", "18"]),
        ("customerId", [17, 18.0]),
        ("Kundennummer", ["4711", "4712"]),
        ("Year", ["2024", 2025]),
        ("EAN", ["4006381333931"]),
        ("x", ["12345678901234567890"]),
        ("mixed currencies", ["$1", "€2"]),
    ],
)
def test_codes_ids_and_years_are_no_numbers(name: str, cells: list[Cell]) -> None:
    assert all(isinstance(value, str) for value in read_all(*cells, name=name))


def test_what_only_sounds_like_a_code_is_a_number() -> None:
    assert read_all("17", "18", name="No. of items") == [17, 18]
    assert read_all("17", "18", name="Years of service") == [17, 18]
    assert read_all("$17", "$18", name="Amount per account no.") == [17, 18]


@pytest.mark.parametrize(
    ("cells", "date"),
    [
        (["2025-03-04", "2025-12-31"], dt.date(2025, 3, 4)),
        (["2025/3/4"], dt.date(2025, 3, 4)),
        (["4.3.2025", "31.12.2025"], dt.date(2025, 3, 4)),
        (["04.03.25"], dt.date(2025, 3, 4)),
        (["4/3/2025", "31/12/2025"], dt.date(2025, 3, 4)),
        (["3/4/2025", "12/31/2025"], dt.date(2025, 3, 4)),
        (["2025-03-04T10:20:30.5Z"], dt.datetime(2025, 3, 4, 10, 20, 30)),  # noqa: DTZ001  # cells know no zones
        (["3/4/2025 2:05 PM", "3/31/2025 12:00 AM"], dt.datetime(2025, 3, 4, 14, 5)),  # noqa: DTZ001  # as above
    ],
)
def test_dates_are_read_in_the_only_order_that_fits_all(cells: list[str], date: dt.date) -> None:
    assert read_all(*cells)[0] == date


def test_dates_that_could_be_in_two_orders_stay_text() -> None:
    assert read_all("3/4/2025", "5/6/2025") == ["3/4/2025", "5/6/2025"]
    assert read_all("31.2.2025") == ["31.2.2025"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (3.0, "3"),
        (0.1 + 0.2, "0.3"),
        (1e22, "1e+22"),
        (4e-6, "0.000004"),
        (4e-9, "4e-9"),
        (float("nan"), "nan"),
        (True, "TRUE"),
        ("a|b\n c", "a/b c"),
        (None, ""),
        (dt.datetime(2026, 9, 30, 14, 5), "2026-09-30 14:05:00"),  # noqa: DTZ001  # cells know no zones
        (dt.timedelta(hours=26, minutes=30), "26:30:00"),
    ],
)
def test_cells_are_shown_as_a_person_would_type_them(cell: Cell, text: str) -> None:
    assert show_cell(cell) == text


def test_percentages_are_shown_as_formatted() -> None:
    assert show_cell(0.155, "%") == "15.5%"
    assert show_cell("0.155", "%") == "0.155"


def test_the_profile_tells_types_ranges_and_totals() -> None:
    last: list[Cell] = [dt.date(2025, 1, 9), "South", 1.0, True, "10 %", None]
    said = lines_of([
        ["Day", "Region", "Amount", "Paid", "Rate", "Note"],
        [dt.date(2025, 1, 5), "North", 10.5, True, "12 %", None],
        [dt.date(2025, 1, 3), "South", 2, False, "8 %", "late"],
        [dt.date(2025, 2, 1), "North", 7.25, True, "10 %", None],
        [dt.date(2025, 1, 9), "North", "n/a", True, "10 %", None],
        *[last] * 8,
    ])  # fmt: skip
    assert said == {
        "Day": "date, 2025-01-03 to 2025-02-01",
        "Region": "text, 2 different: South 9, North 3",
        "Amount": "number, min 1, max 10.5, mean 2.5227273, sum 27.75; 1 not a number, e.g. n/a",
        "Paid": "yes/no, 11 yes, 1 no",
        "Rate (%)": "percent, min 8%, max 12%, mean 10%",
        "Note": "text, late; 11 empty",
    }


def test_totals_by_category_add_up() -> None:
    profile = describe([
        ["Region", "Paid", "Amount", "Pieces"],
        ["North", "yes", "1,000.10", "1"],
        ["South", "no", "0.20", "2"],
        ["North", "yes", "0.20", "3"],
        ["", "no", "5.00", "4"],
        ["South", "no", "0.30", "5"],
        ["North", "yes", "0.40", "6"],
    ])  # fmt: skip
    assert profile.endswith(
        "Totals by Region:\n"
        "| Region | rows | sum of Amount | sum of Pieces |\n"
        "|---|---|---|---|\n"
        "| North | 3 | 1000.7 | 10 |\n"
        "| South | 2 | 0.5 | 7 |\n"
        "| (empty) | 1 | 5 | 4 |\n"
        "\n"
        "Totals by Paid:\n"
        "| Paid | rows | sum of Amount | sum of Pieces |\n"
        "|---|---|---|---|\n"
        "| yes | 3 | 1000.7 | 10 |\n"
        "| no | 3 | 5.5 | 11 |"
    )


def test_a_text_column_of_many_values_has_no_totals() -> None:
    rows = number_rows([f"n{at % 13}" for at in range(100)], range(100))
    assert "Totals by" not in describe(rows)


def test_a_category_that_gets_too_many_values_later_has_no_totals() -> None:
    rows = number_rows(["a" if at % 2 else "b" for at in range(9)], range(9))
    layout = find_layout(rows)
    assert layout is not None
    profile = Profile(layout, rows[1:])
    profile.add(rows[1:], 2)
    assert "Totals by Name" in profile.describe()
    profile.add([[f"n{at}", 1] for at in range(20)], 11)
    assert "Totals by" not in profile.describe()


def test_rows_of_totals_are_named_and_not_counted_in() -> None:
    profile = describe([
        ["Region", "Amount"],
        ["North", 10],
        ["South", 20],
        ["Zwischensumme", 30],
        ["East", 5],
        ["Total:", 35],
    ])  # fmt: skip
    assert "Table of 3 rows" in profile
    assert 'Not counted, because they are totals: row 4 "Zwischensumme", row 6 "Total:".' in profile
    assert "sum 35" in profile


@pytest.mark.parametrize(
    "text",
    ["Total", "TOTAL", "Grand total", "Subtotal", "Total 2025", "Total EUR", "Total revenue",
     "North Total", "Summe", "Summe Aktiva", "Gesamt", "Gesamtsumme", "合計", "Итого"],
)  # fmt: skip
def test_totals_are_known_by_their_words(text: str) -> None:
    assert name_total([None, 3, text, 4]) == text


@pytest.mark.parametrize(
    "text", ["TotalEnergies", "Total SA", "Totally", "Summer", "subtotals of", ""]
)
def test_names_that_begin_like_a_total_are_ordinary_rows(text: str) -> None:
    assert not name_total([text, 4])


@pytest.mark.parametrize(
    ("rows", "names", "start"),
    [
        ([["a", "b"], [1, 2], [3, 4], [5, 6]], ("a", "b"), 1),
        ([[1, 2], [3, 4], [5, 6]], ("column A", "column B"), 0),
        ([["Anna", 1], ["Bert", 2], ["Carl", 3]], ("column A", "column B"), 0),
        ([["a", 2023, "2024"], ["x", 1, 2], ["y", 3, 4], ["z", 5, 6]], ("a", "2023", "2024"), 1),
        ([["Sales"], [], ["a", "b"], [1, 2], [3, 4], [5, 6]], ("a", "b"), 3),
        ([["a", "b"], ["x", "y"], ["a", "y"], ["z", "w"]], ("column A", "column B"), 0),
        ([["a", "b"], ["x", 1], ["a", "b"], ["z", 2], ["y", 3]], ("a", "b"), 1),
        ([["a", None, "c"], [1, 2, 3], [4, 5, 6], [7, 8, 9]], ("a", "column B", "c"), 1),
        ([[None, "a", "b"], [None, 1, 2], [None, 3, 4], [None, 5, 6]], ("a", "b"), 1),
    ],
)  # fmt: skip
def test_headings_are_found_where_there_are_any(
    rows: list[list[Cell]], names: tuple[str, ...], start: int
) -> None:
    layout = find_layout(rows)
    assert layout is not None
    assert (layout.names, layout.start) == (names, start)


def test_what_stands_above_the_table_is_told() -> None:
    profile = describe([["Sales 2025", None], [], ["a", "b"], [1, 2], [3, 4], [5, 6]])
    assert profile.startswith("Above the table: Sales 2025\nTable of 3 rows, 2 columns.")


@pytest.mark.parametrize(
    "rows",
    [[], [[]], [["a", "b"], [1, 2], [3, 4]], [["some"], ["lines"], ["of"], ["text"]]],
)
def test_what_is_no_table_of_some_length_has_no_layout(rows: list[list[Cell]]) -> None:
    assert find_layout(rows) is None


def test_a_repeated_header_row_is_no_data() -> None:
    rows: list[list[Cell]] = [["a", "b"], [1, 2], ["a", "b"], [3, 4], [5, 6]]
    assert lines_of(rows)["a"] == "integer, min 1, max 5, mean 3, sum 9"


def test_true_is_not_the_number_one() -> None:
    said = lines_of([["a", "b"], [1, True], [True, 0], [1.0, False], [0, True], [False, 1]])
    assert said["a"] == (
        "mixed: 3 cells integer, min 0, max 1, mean 0.66666667, sum 2; 2 cells yes/no, 1 yes, 1 no"
    )


def test_units_of_formatted_columns_are_told() -> None:
    rows: list[list[Cell]] = [["Share", "Price"], [0.155, 3], [0.2, 4.5], [0.1, 5]]
    said = lines_of(rows, units=("%", "€"))
    assert said["Share (%)"] == "percent, min 10%, max 20%, mean 15.166667%"
    assert said["Price (€)"] == "number, min 3, max 5, mean 4.1666667, sum 12.5"


def test_a_wide_table_is_described_as_far_as_there_is_room() -> None:
    rows: list[list[Cell]] = [[f"a rather long heading {at}" for at in range(300)]]
    rows += [[at * 1000 + row for at in range(300)] for row in range(5)]
    profile = describe(rows)
    assert "300 columns" in profile
    assert "- a rather long heading 20: integer" in profile
    assert profile.split("\n")[-1].endswith("more columns")
    assert len(profile) <= PROFILE_CHARACTERS


def test_many_different_texts_cost_little_memory() -> None:
    layout = Layout(0, ("a",), (0,))
    profile = Profile(layout, [["x1"]])
    for start in range(0, 40_000, 1000):
        profile.add([[f"x{at}"] for at in range(start, start + 1000)], start + 1)
    assert "text, over 10000 different, e.g. x0, x1, x2" in profile.describe()


NAMES = [f"n{at}" for at in range(50)]
money = st.decimals(-(10**9), 10**9, places=2)


@given(st.lists(money, min_size=3, max_size=50))
def test_sums_of_text_are_exact(numbers: list[Decimal]) -> None:
    said = lines_of(number_rows(NAMES, [f"{number:,}" for number in numbers]))
    assert Fraction(said["Amount"].rpartition("sum ")[2]) == sum(map(Fraction, numbers))


@given(st.lists(money, min_size=3, max_size=50))
def test_sums_of_floats_are_those_of_the_numbers_people_see(numbers: list[Decimal]) -> None:
    said = lines_of(number_rows(NAMES, [float(number) for number in numbers]))
    assert Fraction(said["Amount"].rpartition("sum ")[2]) == sum(map(Fraction, numbers))


cells = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(), st.text(max_size=30),
    st.dates(), st.datetimes(), st.times(), st.timedeltas(),
    st.sampled_from(["Total", "12 %", "1.234,5", "x|y", "=1+1", "€ 3", "2025-01-01", "|", "\n"]),
)  # fmt: skip


@given(st.lists(st.lists(cells, max_size=50), max_size=30), st.integers(1, 10))
def test_any_rows_are_described_within_the_limit(rows: list[list[Cell]], batch: int) -> None:
    if find_layout(rows) is not None:
        assert len(describe(rows, batch=batch)) <= PROFILE_CHARACTERS


@given(st.lists(st.lists(cells, min_size=2, max_size=5), min_size=3, max_size=30))
def test_batches_make_no_difference(rows: list[list[Cell]]) -> None:
    if find_layout(rows) is not None:
        assert describe(rows, batch=3) == describe(rows, batch=1000)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_shown_numbers_are_those_with_15_digits(number: float) -> None:
    assert float(show_number(Decimal(f"{number:.15g}"))) == float(f"{number:.15g}")
