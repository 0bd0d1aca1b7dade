"""Numbers are the same however they are written."""

import unicodedata

import pytest

from bot.documents.figures import follows_from, read_figures, read_numbers, stands_in


def fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def stands(claim: str, page: str) -> bool:
    """Tell whether all numbers of a claim stand on a page; there must be one."""
    figures = read_figures(fold(claim))
    assert figures
    return all(stands_in(figure, [read_numbers(fold(page))]) for figure in figures)


@pytest.mark.parametrize(
    ("claim", "page"),
    [
        ("1,234.50", "1.234,50"),
        ("1234.5", "1 234,50"),
        ("1'234.5", "1,234.5"),
        ("1,234", "1.234"),
        ("12,34,567", "1234567"),
        ("1\u202f234\u202f567", "1,234,567"),
        ("$4.3 million", "4,300,000"),
        ("4,300,000", "4.3 Mio."),
        ("4,3 Mio. €", "4300 (in thousands)"),
        ("1.2 billion", "1,234.5 (in millions)"),
        ("5k users", "5,012 users"),
        ("12.3億円", "1,234,567,890円"),
        ("3万人", "30,000人"),
        ("15.5 %", "0.155"),
        ("16 %", "15.5 %"),
        ("15 %", "15.5 %"),
        ("5 %", "five percent"),
        ("about 50 people", "48 people"),
        ("1,200 people", "1,234 people"),
        ("over 300", "345"),
        ("thirty-five is 35", "thirty-five"),
        ("25 Tage", "fünfundzwanzig Tage"),
        ("14.03.2023", "March 14th, 2023"),
        ("2023-03-14", "14 March 2023"),
        ("24.12.", "24. Dezember"),
        ("2023", "FY23"),
        ("2023", "2022/23"),
        ("2024年", "令和6年"),
        ("2019年", "令和元年"),
        ("25kg", "25 kg"),
        ("120人", "約120人"),
        ("٢٥", "25"),
    ],
)
def test_they_stand_there(claim: str, page: str) -> None:
    assert stands(claim, page)


@pytest.mark.parametrize(
    ("claim", "page"),
    [
        ("1,234.50", "1,243.50"),
        ("47 million", "42 million"),
        ("2024", "2023"),
        ("2020", "2021"),
        ("30 days", "45 days"),
        ("50 people", "48 people"),
        ("500 euros", "550 euros"),
        ("15.5 %", "15.9 %"),
        ("5 %", "3 %"),
        ("9.9 million", "4.9 million, 5.3 million"),
        ("1,234.56", "1,234.5"),
        ("17.03.2023", "14 March 2023"),
    ],
)
def test_they_do_not_stand_there(claim: str, page: str) -> None:
    assert not stands(claim, page)


@pytest.mark.parametrize(
    "claim",
    [
        "3 points",
        "Q3",
        "COVID-19",
        "ISO27001",
        "the 21st century",
        "at 14:30",
        "the 1990s",
        "#129",
        "",
    ],
)
def test_names_ordinals_times_and_small_counts_are_no_figures(claim: str) -> None:
    assert read_figures(fold(claim)) == []


@pytest.mark.parametrize(
    ("claim", "operands", "follows"),
    [
        ("150", [60, 90], True),
        ("0.4 million", [5.3, 4.9], True),
        ("400 thousand", [5_300_000, 4_900_000], True),
        ("70 %", [42, 60], True),
        ("12 %", [4_100, 4_592], True),
        ("160", [60, 90], False),
        ("70", [42, 60], False),
        ("150", [150], False),
    ],
)
def test_sums_and_ratios_of_two_follow(claim: str, operands: list[float], follows: bool) -> None:
    [figure] = read_figures(claim)
    assert follows_from(figure, operands) == follows


@pytest.mark.parametrize(
    "text", ["9" * 400, "1," * 400 + "1", "1 000" * 50, "0", "0 %", "00.00.0000"]
)
def test_absurd_numbers_can_be_read(text: str) -> None:
    numbers = read_numbers(text)
    assert all(stands_in(figure, [numbers]) for figure in read_figures(text))
