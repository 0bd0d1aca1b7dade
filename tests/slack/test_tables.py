"""Tables go out as Slack's own, lose no cell, and come back as Markdown."""

import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.demo.validation import find_problems
from bot.slack.defuse import defuse
from bot.slack.tables import (
    Table,
    describe_tables,
    divide,
    lay_out_tables,
    read_blocks,
    write_tables,
)

SMALL = "| a | b |\n|---|---|\n| 1 | 2 |"
LIVE = re.compile(
    r"<(?:[@#][A-Z][A-Z0-9]{2}|!subteam\^|!date\^|!(?:channel|here|everyone)\b)"
    r"|(?<!\w)@(?:channel|here|everyone)\b"
)


def rows_of(markdown: str) -> tuple[tuple[str, ...], ...]:
    (table,) = (part for part in divide(markdown) if isinstance(part, Table))
    return table.rows


def table_of(markdown: str) -> dict[str, Any]:
    (block,) = (block for block in lay_out_tables(markdown) if block["type"] == "table")
    return block


def cell_of(markdown: str) -> Any:
    """The block of one cell; what rich text holds of it."""
    cell = table_of(f"| head |\n|---|\n| {markdown} |")["rows"][1][0]
    if cell["type"] == "raw_text":
        return cell["text"]
    (section,) = cell["elements"]
    return section["elements"]


def text_of(cell: dict[str, Any]) -> str:
    if cell["type"] == "raw_text":
        return str(cell["text"])
    elements = cell["elements"][0]["elements"]
    return "".join(one.get("text") or f":{one['name']}:" for one in elements)


def test_a_table_stands_between_the_text_around_it() -> None:
    blocks = lay_out_tables(f"Before:\n\n{SMALL}\n\nAfter.")

    assert blocks == [
        {"type": "markdown", "text": "Before:"},
        {
            "type": "table",
            "column_settings": [{"align": "left", "is_wrapped": True}] * 2,
            "rows": [
                [{"type": "raw_text", "text": "a"}, {"type": "raw_text", "text": "b"}],
                [{"type": "raw_text", "text": "1"}, {"type": "raw_text", "text": "2"}],
            ],
        },
        {"type": "markdown", "text": "After."},
    ]
    assert find_problems(blocks) == []


def test_text_without_a_table_stays_as_it_is() -> None:
    for text in ("\nNo table.\n", "a | b", "---", "- | -", "x\n-|-\n", ""):
        assert lay_out_tables(text) == [{"type": "markdown", "text": text}]


@pytest.mark.parametrize(
    ("markdown", "rows"),
    [
        (SMALL, (("a", "b"), ("1", "2"))),
        ("a | b\n-- | --\n1 | 2", (("a", "b"), ("1", "2"))),
        ("|a|b|\r\n|-|-|\r\n|1|2|\r\n", (("a", "b"), ("1", "2"))),
        ("| a |\n|---|\n| 1 |", (("a",), ("1",))),
        ("| a | b |\n|---|---|\n| x \\| y | `p \\| q` |", (("a", "b"), ("x | y", "`p | q`"))),
        ("| a | b |\n|---|---|\n| `p | q` | 2 |", (("a", "b"), ("`p | q`", "2"))),
        ("| a | b |\n|---|---|\n| ` | ` |", (("a", "b"), ("`", "`"))),
        ("| a | b |\n|---|---|\n| 1 |\n| | 2 |", (("a", "b"), ("1", ""), ("", "2"))),
        ("| a |\n|---|\n| 1 | 2 | 3 |", (("a", "", ""), ("1", "2", "3"))),
        ("| 名前 | 値 |\n|:--|--:|\n| 東京 | 7 |", (("名前", "値"), ("東京", "7"))),
        (f"Text\n{SMALL}", (("a", "b"), ("1", "2"))),
        (f"{SMALL}\nNo row of it.", (("a", "b"), ("1", "2"))),
    ],
)
def test_rows_are_read_as_they_were_meant(markdown: str, rows: tuple[tuple[str, ...]]) -> None:
    assert rows_of(markdown) == rows
    assert find_problems(lay_out_tables(markdown)) == []


@pytest.mark.parametrize(
    "markdown",
    [
        f"```\n{SMALL}\n```",
        "> | a | b |\n> |---|---|\n> | 1 | 2 |",
        "- | a | b |\n  |---|---|\n  | 1 | 2 |",
        "    | a | b |\n    |---|---|",
    ],
)
def test_tables_in_code_lists_and_quotes_stay_markdown(markdown: str) -> None:
    assert lay_out_tables(markdown) == [{"type": "markdown", "text": markdown}]


def test_columns_are_aligned_as_they_were_written() -> None:
    table = table_of("| a | b | c | d |\n|:--|:-:|--:|---|\n| 1 | 2 | 3 | 4 |")

    aligns = [setting["align"] for setting in table["column_settings"]]
    assert aligns == ["left", "center", "right", "left"]


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("plain, 5 * 3", "plain, 5 * 3"),
        ("", " "),
        ("one<br>two<BR/>three", "one\ntwo\nthree"),
        ("snake_case &amp; \\*stars\\*", "snake_case & *stars*"),
        ("<b>x</b>", "<b>x</b>"),
        (
            "**b** and *i*",
            [
                {"type": "text", "text": "b", "style": {"bold": True}},
                {"type": "text", "text": " and "},
                {"type": "text", "text": "i", "style": {"italic": True}},
            ],
        ),
        ("***x***", [{"type": "text", "text": "x", "style": {"italic": True, "bold": True}}]),
        ("~~x~~", [{"type": "text", "text": "x", "style": {"strike": True}}]),
        ("`x*y*`", [{"type": "text", "text": "x*y*", "style": {"code": True}}]),
        (
            "see [the docs](https://example.com/a)",
            [
                {"type": "text", "text": "see "},
                {"type": "link", "url": "https://example.com/a", "text": "the docs"},
            ],
        ),
        (
            "https://example.com/a_b, x",
            [
                {
                    "type": "link",
                    "url": "https://example.com/a_b",
                    "text": "https://example.com/a_b",
                },
                {"type": "text", "text": ", x"},
            ],
        ),
        ("[here](other.md)", "here (other.md)"),
        ("[x](javascript:alert)", "[x](javascript:alert)"),
        (
            ":tada: at 10:30:45",
            [{"type": "emoji", "name": "tada"}, {"type": "text", "text": " at 10:30:45"}],
        ),
    ],
)
def test_a_cell_is_rich_only_where_it_has_to_be(markdown: str, shown: Any) -> None:
    assert cell_of(markdown) == shown


@pytest.mark.parametrize(
    "cell",
    [
        "<!channel>",
        "&lt;!here&gt;",
        "\\<@U0ALICE001>",
        "@&#104;ere",
        "@\\here",
        "**x** &#60;!subteam^S1>",
        "[&lt;!channel>](https://example.com)",
        "<!chan<br>nel>",
    ],
)
def test_a_cell_pings_nobody(cell: str) -> None:
    blocks = lay_out_tables(defuse(f"| head |\n|---|\n| {cell} |"))

    shown = text_of(blocks[0]["rows"][1][0])
    assert not LIVE.search(shown)
    for block in write_tables(blocks):
        assert not LIVE.search(block["text"])


def test_only_the_first_table_that_fits_is_one() -> None:
    large = "| n |\n|---|\n" + "| 1 |\n" * 120
    blocks = lay_out_tables(f"{large}\n{SMALL}\n\nThen:\n\n{SMALL}")

    assert [block["type"] for block in blocks] == ["markdown", "table", "markdown"]
    assert blocks[0]["text"].count("| 1 |") == 120
    assert blocks[2]["text"] == f"Then:\n\n{SMALL}"
    assert find_problems(blocks) == []


@pytest.mark.parametrize(
    ("table", "fits"),
    [
        ("|a|\n|-|\n" + "|1|\n" * 99, True),
        ("|a|\n|-|\n" + "|1|\n" * 100, False),
        ("|a" * 20 + "|\n" + "|-" * 20 + "|\n", True),
        ("|a" * 21 + "|\n" + "|-" * 21 + "|\n", False),
        ("|a|\n|-|\n|" + "x" * 9_990 + "|", True),
        ("|a|\n|-|\n|" + "x" * 10_000 + "|", False),
    ],
)
def test_what_exceeds_slacks_limits_stays_markdown(table: str, fits: bool) -> None:
    blocks = lay_out_tables(table)

    assert (blocks[0]["type"] == "table") is fits
    assert find_problems(blocks) == []


def test_line_breaks_are_spaces_where_cells_hold_no_lines() -> None:
    blocks = lay_out_tables(f"{SMALL}\n\n| a |\n|---|\n| one<br>two |")

    assert blocks[1]["text"] == "| a |\n|---|\n| one two |"


def test_blocks_are_read_back_as_markdown() -> None:
    markdown = (
        "Before:\n\n"
        "| a | b | c |\n| --- | :---: | ---: |\n"
        "| **x** ~~y~~ | [docs](https://example.com) https://example.org | `p \\| q` |\n"
        "| one<br>two |  | :tada: *i* |\n\n"
        "After."
    )

    assert read_blocks(lay_out_tables(markdown)) == markdown


def test_blocks_that_slack_changed_are_not_read() -> None:
    assert read_blocks([{"type": "rich_text"}, *lay_out_tables(SMALL)]) == ""
    assert read_blocks(
        [{"type": "table", "rows": [[None, {"type": "raw_text", "text": "x"}]]}]
    ) == ("|  | x |\n| --- | --- |")
    assert read_blocks([{"type": "table", "rows": []}, {"type": "actions"}]) == ""


def test_where_slack_has_no_tables_they_are_markdown_again() -> None:
    blocks = lay_out_tables(f"Before:\n\n{SMALL}\n\nAfter.")

    (block,) = write_tables(blocks)

    assert block["text"] == "Before:\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\nAfter."


def test_a_table_is_put_in_words() -> None:
    markdown = "Text\n\n| Name | Age | |\n|---|---|---|\n| Ada | 36 | x<br>y |\n| | 41 | |\n\nEnd"

    assert describe_tables(markdown) == "Text\n\nName: Ada; Age: 36; x y\nAge: 41\n\nEnd"
    assert describe_tables("| a | b |\n|---|---|\n") == "a; b\n"


CELLS = st.sampled_from(
    [
        "",
        "x",
        "1,5",
        "a b",
        "`c`",
        "`p \\| q`",
        "**b**",
        "[l](https://e.example)",
        "\\|",
        "日本",
        "🇯🇵",
    ]
)
TABLES = st.integers(1, 6).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=1, max_size=8), max_size=8).map(
        lambda rows: "\n".join(
            f"| {' | '.join(row)} |"
            for row in ([f"h{n}" for n in range(width)], ["---"] * width, *rows)
        )
    )
)


@given(TABLES)
@settings(deadline=None, max_examples=150)
def test_no_cell_is_ever_lost(markdown: str) -> None:
    blocks = lay_out_tables(markdown)

    shown = [text_of(cell).strip() for row in blocks[0]["rows"] for cell in row]
    for line in markdown.split("\n")[2:]:
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        plain = [re.sub(r"\[l\].*", "l", cell).replace("\\|", "|") for cell in cells]
        row = iter(shown)
        assert all(re.sub(r"[`*]", "", cell) in row for cell in plain)
    assert find_problems(blocks) == []
    again = read_blocks(blocks)
    assert read_blocks(lay_out_tables(again)) == again


@given(st.text(alphabet="|-:`\\ab \n<>@!*_[]()", max_size=300))
@settings(deadline=None, max_examples=300)
def test_whatever_looks_like_a_table_is_shown(text: str) -> None:
    markdown = f"| a | b |\n|---|---|\n{text}"

    parts = divide(markdown)

    joined = "".join(part.source if isinstance(part, Table) else part for part in parts)
    assert joined == markdown
    assert find_problems(lay_out_tables(markdown)) == []


@pytest.mark.parametrize(
    "row",
    [
        "[" * 5_000,
        "*a" * 4_000,
        "`" * 9_000,
        "".join("`" * n + " " for n in range(1, 130)),
        "<a" * 4_000,
    ],
)
def test_a_hostile_cell_takes_no_long_time(row: str) -> None:
    began = time.process_time()

    lay_out_tables(f"| a | b |\n|---|---|\n| {row} | x |")

    assert time.process_time() - began < 1.0
