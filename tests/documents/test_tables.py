"""CSV and workbooks: a profile, then rows below their headings."""

import io
from collections.abc import Iterator, Sequence

import openpyxl  # type: ignore[import-untyped]  # it ships no types
import pytest

from bot.conversation.messages import Caveat
from bot.documents.extraction import Extract, ExtractionLimits
from bot.documents.readers import tables
from bot.documents.readers.pages import ReadCaveat
from bot.documents.readers.rows import Batch, Stopwatch, read_table
from tests.documents import samples
from tests.documents.extracting import extract, labels, texts

SALES = [
    ["Region", "Day", "Amount"],
    *(
        ["North" if at % 3 else "South", f"2025-01-{at % 28 + 1:02}", f"{at}.50"]
        for at in range(60)
    ),
]


def write(rows: Sequence[Sequence[str]], separator: str = ",") -> str:
    return "".join(separator.join(row) + "\n" for row in rows)


def number_rows(count: int) -> list[list[samples.Cell]]:
    rows: list[list[samples.Cell]] = [[f"i{at}", at] for at in range(count)]
    return [["Item", "Amount"], *rows]


def pieces_of(extracted: Extract, page: int = 1) -> list[str]:
    return [passage.text for passage in extracted.passages if passage.page == page]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
async def test_any_separator_is_found(separator: str) -> None:
    extracted = await extract(write(SALES, separator).encode(), "sales.csv")
    assert (extracted.kind, extracted.unit, extracted.total_pages) == ("table", "sheet", 1)
    profile, rows = pieces_of(extracted)
    assert "Table of 60 rows, 3 columns." in profile
    assert "- Amount: number, min 0.5, max 59.5, mean 30, sum 1800" in profile
    assert "| North | 40 | 1220 |" in profile
    assert rows.startswith("Region | Day | Amount\nSouth | 2025-01-01 | 0.50\n")


@pytest.mark.parametrize(
    ("sample", "separator"),
    [
        ("a;b\n1,5;2,5\n3,5;4,5\n", ";"),
        ("a,b\nx;y,1\nz,2\n", ","),
        ("name\tnote\nAnna\tred, green, blue\nBert\tnone\n", "\t"),
        ('a,b\n"x, y",1\n"z\nw",2\n', ","),
        ("Bank of Nowhere\n\na;b;c\n1;2;3\n4;5;6\n7;8;9\n1;1;1\n", ";"),
        ("just, a sentence\nand another one\nwithout\nany, columns, at all\n", ""),
        ("one line, no more\n", ""),
        ("", ""),
    ],
)
def test_the_separator_is_what_cuts_lines_alike(sample: str, separator: str) -> None:
    assert tables.find_separator(sample) == separator


async def test_a_separator_named_in_the_file_is_taken() -> None:
    extracted = await extract(b"sep=^\na^b\n1^2\n3^4\n5^6\n", "x.csv")
    assert "- b: integer, min 2, max 6, mean 4, sum 12" in pieces_of(extracted)[0]


async def test_a_german_export_is_understood() -> None:
    rows = ["Umsätze 2025", "", "Filiale;Datum;PLZ;Betrag"]
    rows += [
        f"{'Köln' if at % 2 else 'Ulm'};{at + 1:02}.02.2025;0{at}067;1.{at:03},50 €"
        for at in range(20)
    ]
    rows += ["Summe;;;20.200,00 €"]
    extracted = await extract("\r\n".join(rows).encode("cp1252"), "umsatz.csv")
    profile = pieces_of(extracted)[0]
    assert profile.startswith("Above the table: Umsätze 2025\nTable of 20 rows, 4 columns.")
    assert 'row 24 "Summe"' in profile
    assert "- Datum: date, 2025-02-01 to 2025-02-20" in profile
    assert "- PLZ: text, all different, e.g. 00067, 01067, 02067" in profile
    assert "- Betrag (€): number, min 1000.5, max 1019.5, mean 1010, sum 20200" in profile


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
async def test_encodings_are_recognised(encoding: str) -> None:
    text = "Straße;Größe\nHöhenweg;5\nÜberweg;7\nÄußerer Ring;9\n" * 3
    extracted = await extract(text.encode(encoding), "x.csv")
    assert "Höhenweg | 5" in texts(extracted)[0]
    assert texts(extracted)[0].count("\ufeff") == 0


async def test_line_ends_within_quotes_stay_in_their_cell() -> None:
    extracted = await extract(b'a,b\n"x\ny",1\nz,2\nw,3\n', "x.csv")
    assert "x y | 1\nz | 2" in pieces_of(extracted)[1]


async def test_what_is_no_table_is_read_as_text() -> None:
    extracted = await extract(b"Dear all,\nthis is a letter.\nYours, Ann, Bob, Carl\n", "x.csv")
    assert extracted.unit == "part"
    assert texts(extracted) == ["Dear all,\nthis is a letter.\nYours, Ann, Bob, Carl"]


async def test_a_table_in_a_text_file_stays_text() -> None:
    extracted = await extract(b"a,b\n1,2\n3,4\n5,6\n", "x.txt")
    assert (extracted.unit, texts(extracted)) == ("part", ["a,b\n1,2\n3,4\n5,6"])


async def test_every_piece_begins_with_the_headings() -> None:
    rows = [["Name", "Remark"], *([f"n{at}", "some words " * 10] for at in range(200))]
    extracted = await extract(write(rows).encode(), "x.csv")
    _, *pieces = pieces_of(extracted)
    assert len(pieces) > 5
    assert all(piece.startswith("Name | Remark\nn") for piece in pieces)
    assert all(len(piece) <= 3_000 for piece in pieces)
    assert sum(piece.count("some words") for piece in pieces) == 2_000


async def test_rows_beyond_the_limit_are_in_the_profile_and_told() -> None:
    rows = [["a", "b"], *([str(at), "1"] for at in range(9_999))]
    extracted = await extract(write(rows).encode(), "x.csv", limits=ExtractionLimits(rows=1_000))
    assert "- b: integer, min 1, max 1, mean 1, sum 9999" in pieces_of(extracted)[0]
    assert "998 | 1" in texts(extracted)[0]
    assert "999 | 1" not in texts(extracted)[0]
    assert extracted.notes == (Caveat("rows_listed", count=1_000, total=10_000),)


def test_the_profile_ends_when_its_time_is_over() -> None:
    times = iter([0.0, 1.0, 2.0, 3.0])
    stopwatch = Stopwatch(2.0, lambda: next(times))
    batches: list[Batch] = [[["a", "b"], [1, 2], [3, 4], [5, 6]], [[7, 8]], [[9, 0]]]
    table = read_table(iter(batches), stopwatch, rows=2, room=100_000)
    assert "Table of more than 4 rows" in table.pieces[0]
    assert "its first 4 rows" in table.pieces[0]
    assert table.list_gaps("It") == [ReadCaveat("rows_profiled", text="It", count=2, total=5)]


def test_a_sheet_without_a_table_is_read_only_as_far_as_it_is_listed() -> None:
    def batches() -> Iterator[Batch]:
        yield [["some"], ["words"]]
        yield [["more"], ["words"]]
        yield [["and"], ["more"]]
        pytest.fail("nobody needs these rows")

    table = read_table(batches(), Stopwatch(), rows=3, room=100_000)
    assert table.pieces == ("some\nwords\nmore",)
    assert table.list_gaps() == [ReadCaveat("rows_cut", count=3)]


async def test_a_quotation_without_end_costs_the_rest_and_is_told() -> None:
    text = write(SALES) + 'North,"2025\n' + "x" * 100 * 1024 + "\n" + "y" * 100 * 1024
    extracted = await extract(text.encode(), "x.csv")
    assert "Table of 60 rows" in pieces_of(extracted)[0]
    assert extracted.notes[-1] == Caveat("rows_broken", count=61)


async def test_a_long_table_is_never_wholly_in_memory_as_text() -> None:
    # As text it would take 160 MB, because of the emoji.
    data = write([["Größe 🎉", "Note"], *([str(at), "x" * 100_000] for at in range(400))]).encode()
    limits = ExtractionLimits(characters=100_000, memory_bytes=340_000_000)
    extracted = await extract(data, "x.csv", limits=limits)
    assert "- Größe 🎉: integer, min 0, max 399, mean 199.5, sum 79800" in pieces_of(extracted)[0]


async def test_one_enormous_line_is_read_as_text() -> None:
    extracted = await extract(b"a,b," * 12_000_000, "x.csv")
    assert extracted.unit == "part"


def make_formatted(formats: Sequence[str]) -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "Q3 & more"
    sheet.append(["Item", *(f"c{at}" for at in range(len(formats)))])
    for row in range(4):
        sheet.append([f"i{row}", *([0.155 + row] * len(formats))])
        for at, code in enumerate(formats):
            sheet.cell(row + 2, at + 2).number_format = code
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


async def test_percentages_and_currencies_are_read_as_formatted() -> None:
    formats = [
        "0.0%",
        "0%",
        '#,##0.00 "€"',
        "#,##0.00 [$€-407]",
        "[$CHF] 0.00",
        '"%" 0',
        "0.00",
        "[$-409]0.00",
    ]
    extracted = await extract(make_formatted(formats), "x.xlsx")
    profile, rows = pieces_of(extracted)
    headings = [line.partition(":")[0] for line in profile.split("\n") if line.startswith("- c")]
    assert headings == [
        "- c0 (%)", "- c1 (%)", "- c2 (€)", "- c3 (€)", "- c4 (CHF)", "- c5", "- c6", "- c7",
    ]  # fmt: skip
    assert "- c0 (%): percent, min 15.5%, max 315.5%, mean 165.5%" in profile
    assert "i0 | 15.5% | 15.5% | 0.155 | 0.155" in rows


async def test_columns_of_several_formats_are_read_as_they_are() -> None:
    data = make_formatted(["0%"])
    mixed = samples.change_part(
        data, "xl/worksheets/sheet1.xml", lambda text: text.replace('r="B3" s="1"', 'r="B3" s="0"')
    )
    assert "i0 | 0.155" in pieces_of(await extract(mixed, "x.xlsx"))[1]


async def test_styles_with_entities_are_left_alone() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    data = samples.change_part(
        make_formatted(["0%"]),
        "xl/workbook.xml",
        lambda text: text.replace("<workbook", f"{bomb}<workbook", 1),
    )
    assert "i0 | 0.155" in pieces_of(await extract(data, "x.xlsx"))[1]


async def test_each_sheet_has_its_own_profile_unless_it_is_tiny() -> None:
    data = samples.make_xlsx({
        "Sales": number_rows(10),
        "Note": [["Made by", "Ann"], ["on", "Monday"]],
        "Costs": number_rows(20),
    })  # fmt: skip
    extracted = await extract(data, "x.xlsx")
    assert labels(extracted) == ["Sales", "Note", "Costs"]
    assert "sum 45" in pieces_of(extracted, 1)[0]
    assert pieces_of(extracted, 2) == ["Made by | Ann\non | Monday"]
    assert "sum 190" in pieces_of(extracted, 3)[0]
    assert extracted.notes == ()


async def test_a_long_sheet_leaves_room_for_those_behind_it() -> None:
    data = samples.make_xlsx({
        "Long": [["a", "b"], *([["row", "x" * 90]] * 2_000)],
        "Short": [["a", "b"], ["x", 1], ["y", 2], ["z", 3]],
    })  # fmt: skip
    limits = ExtractionLimits(characters=30_000, rows=1_500)
    extracted = await extract(data, "x.xlsx", limits=limits)
    assert "- b: integer, min 1, max 3, mean 2, sum 6" in pieces_of(extracted, 2)[0]
    assert (extracted.notes[0].flaw, extracted.notes[0].text) == ("rows_listed", "Long")
    assert 0 < extracted.notes[0].count < extracted.notes[0].total == 2_001


async def test_opendocument_sheets_have_profiles_too() -> None:
    data = samples.make_ods("Plan", [["Task", "Hours"], ["a", "1"], ["b", "2"], ["c", "3"]])
    assert (
        "- Hours: integer, min 1, max 3, mean 2, sum 6"
        in pieces_of(await extract(data, "x.ods"))[0]
    )
