"""Running text by its headings."""

import pytest

from bot.documents.readers.pages import Limits, Reading
from bot.documents.readers.sections import GROUP_CHARACTERS, read_sections

LIMITS = Limits(characters=3_000_000, pages=1_000, rows=100_000)


def read(text: str) -> Reading:
    return read_sections(text, LIMITS)


def outline(text: str) -> list[tuple[str, str]]:
    return [(passage.label, passage.text) for passage in read(text).passages]


def test_every_heading_begins_a_section() -> None:
    reading = read("Before.\n\n# One\nFirst.\r\n\r\n## Two ##\nSecond.")
    assert (reading.unit, reading.read_pages, reading.total_pages) == ("section", 3, 3)
    assert [(passage.label, passage.text) for passage in reading.passages] == [
        ("", "Before."),
        ("One", "# One\nFirst."),
        ("Two", "## Two ##\nSecond."),
    ]


def test_heading_without_text_of_its_own_goes_to_the_next() -> None:
    assert outline("# Part\n\n## Scope\nText.\n# End\nText.\n# Last") == [
        ("Scope", "# Part\n\n## Scope\nText."),
        ("End", "# End\nText."),
        ("Last", "# Last"),
    ]


@pytest.mark.parametrize(
    ("title", "label"),
    [
        ("**1.** The `code` of _law_", "1. The code of law"),
        ("[A link](https://x.example) ![pic](y.png)", "A link pic"),
        (r"2\. Less \* more", "2. Less * more"),
        ("snake_case", "snake_case"),
        ("C# and F#", "C# and F#"),
    ],
)
def test_label_is_the_heading_without_markup(title: str, label: str) -> None:
    assert outline(f"# {title}\na\n# Other\nb")[0][0] == label


def test_underlined_headings_count_too() -> None:
    assert outline("One\n===\na\n\nTwo\n---\nb\n\n=====\nThree\n=====\nc") == [
        ("One", "One\n===\na"),
        ("Two", "Two\n---\nb"),
        ("Three", "=====\nThree\n=====\nc"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "No heading at all.",
        "# Only one\ntext",
        "```\n# one\n# two\n```\n~~~~\n# three\n~~~\n# four",
        "#one\n#two\n####### three\n#",
        "two lines\nof text\n---\nthen more\nof it\n===\nend",
        "| a |\n---\nx\n\n- item\n\n---\n\nb",
        "---\ntitle: x\n---\ntext",
        f"# {'x' * 300}\na\n# {'y' * 300}\nb",
    ],
)
def test_text_without_headings_is_read_in_parts(text: str) -> None:
    assert read(text).unit == "part"


def test_many_tiny_sections_are_grouped() -> None:
    reading = read("".join(f"## v1.{at}\n- Fixed {at}.\n\n" for at in range(400)))
    assert reading.passages[0].label == "v1.0"
    assert "## v1.1\n" in reading.passages[0].text
    assert reading.total_pages == reading.read_pages < 20
    assert all(len(passage.text) <= GROUP_CHARACTERS for passage in reading.passages)


def test_more_sections_than_pages_are_grouped_so_that_all_are_read() -> None:
    text = "".join(f"# Section {at}\n{'word ' * 60}\n" for at in range(300))
    reading = read_sections(text, Limits(1_000_000, 100, 1))
    assert reading.read_pages == reading.total_pages <= 100
    assert "# Section 299\n" in reading.passages[-1].text


def test_few_short_sections_stay_apart() -> None:
    assert len(outline("".join(f"# {at}\nshort\n" for at in range(8)))) == 8
