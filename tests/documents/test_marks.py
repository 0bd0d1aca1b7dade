"""Marks are written in one way and read in many."""

# ruff: noqa: RUF001  # the dashes, brackets and quotes that models write are what is tested

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.messages import PageUnit
from bot.documents.marks import (
    BRACKETS,
    MarkedDocument,
    Marks,
    Place,
    Span,
    find_marks,
    write_mark,
)

REPORT = MarkedDocument("q3.pdf", "page", dict.fromkeys(range(1, 13), ""))
BUDGET = MarkedDocument("a, b.xlsx", "sheet", {1: "Q3", 2: "Q4 [draft]", 3: "Total (2)"})
TERMS = MarkedDocument(
    "terms v2.docx",
    "section",
    {1: "", 2: "1. Scope", 3: "3.2 Fees and Taxes", 4: "Fees", 5: "Fees (2)"},
)
TALK = MarkedDocument("talk.pptx", "slide", dict.fromkeys(range(1, 9), "Some title"))

ONE = Marks([REPORT])
SEVERAL = Marks([REPORT, BUDGET, TERMS, TALK])


def read(text: str, known: Marks = ONE) -> list[list[tuple[int, int]]]:
    """Read the marks of a text as runs of pages, one list per citation."""
    return [
        [(span.first, span.last) for span in citation.spans]
        for mark in find_marks(text, known)
        for citation in mark.citations
    ]


def respell(text: str, known: Marks = SEVERAL) -> list[str]:
    return [
        known.write(span)
        for mark in find_marks(text, known)
        for citation in mark.citations
        for span in citation.spans
    ]


@pytest.mark.parametrize(
    ("unit", "page", "label", "mark"),
    [
        ("page", 3, "", "[p. 3]"),
        ("page", 3, "iii", "[p. 3]"),
        ("slide", 3, "Agenda", "[slide 3]"),
        ("part", 3, "", "[part 3]"),
        ("sheet", 2, "Q3", '[sheet "Q3"]'),
        ("section", 2, "Scope", '[section "Scope"]'),
        ("section", 1, "", "[section 1]"),
        ("section", 2, 'A "b" [c]\n*d*', "[section \"A 'b' (c) ∗d∗\"]"),
        ("sheet", 2, "x" * 90, f'[sheet "{"x" * 47}…{"x" * 12}"]'),
    ],
)
def test_a_mark_has_one_spelling(unit: PageUnit, page: int, label: str, mark: str) -> None:
    assert write_mark(unit, page, label) == mark


def test_a_mark_names_its_document_and_says_that_a_page_goes_on() -> None:
    assert write_mark("page", 3, document="q3.pdf", continued=True) == "[q3.pdf, p. 3, continued]"
    assert write_mark("sheet", 1, "Q3", document="<a>.xlsx") == '[‹a›.xlsx, sheet "Q3"]'


@pytest.mark.parametrize(
    "text",
    [
        "[p. 3]", "[p.3]", "[P. 3]", "[p 3]", "[p3]", "[pg. 3]", "[page 3]", "[Page 3]",
        "[p. 3, continued]", "[page 3 (continued)]", "[p. 3?]", "[page: 3]", "[see p. 3]",
        "[p. 3 of 12]", "[p. 3/12]", "[p. 3, table 2]", "[page 3, line 14]", "(p. 3)", "(page 3)",
        "(see page 3)", "【p. 3】", "（p. 3）", "［p. 3］", "[S. 3]", "[Seite 3]", "(siehe S. 3)",
        "[pág. 3]", "[página 3]", "[pagina 3]", "[стр. 3]", "[3ページ]", "（第3頁）", "[第3页]",
        "[3쪽]", "[q3.pdf, p. 3]", "[q3.pdf p. 3]", "[q3.pdf: page 3]", '["q3.pdf", p. 3]',
        "[Q3.PDF, p. 3]", "[q3, p. 3]", "[p. 3, q3.pdf]", "[p. 3 of q3.pdf]", "[slide 3]",
    ],
)  # fmt: skip
def test_one_page_is_read_however_it_is_written(text: str) -> None:
    assert read(f"It is so {text}.") == [[(3, 3)]]


@pytest.mark.parametrize(
    ("text", "pages"),
    [
        ("[pp. 3-5]", [[(3, 5)]]),
        ("[p. 3–5]", [[(3, 5)]]),
        ("[pages 3 to 5]", [[(3, 5)]]),
        ("[S. 3 bis 5]", [[(3, 5)]]),
        ("[第3-5页]", [[(3, 5)]]),
        ("[p. 3 - p. 5]", [[(3, 5)]]),
        ("[p. 3, 5]", [[(3, 3)], [(5, 5)]]),
        ("[p. 3; p. 7]", [[(3, 3)], [(7, 7)]]),
        ("[pages 3 and 5]", [[(3, 3)], [(5, 5)]]),
        ("[p. 3, p. 5, 7–9]", [[(3, 3)], [(5, 5)], [(7, 9)]]),
        ("[p. 3; q3.pdf, p. 4]", [[(3, 3)], [(4, 4)]]),
        ("[p. 3][p. 5]", [[(3, 3)], [(5, 5)]]),
    ],
)
def test_several_pages_are_read(text: str, pages: list[list[tuple[int, int]]]) -> None:
    assert read(text) == pages


@pytest.mark.parametrize(
    "text", ["[p. 900]", "[p. 0]", "(page 13)", "[p. 5-3]", "[p. 11-13]", "[other.pdf, p. 3]"]
)
def test_a_page_that_was_not_given_is_a_mark_that_means_nothing(text: str) -> None:
    assert read(text) == [[]]


@pytest.mark.parametrize(
    "text",
    [
        "[1]", "[^1]", "[x]", "[ ]", "[RFC 2119]", "[3]", "(2023)", "[text](https://a.example/p.3)",
        "[p. 3](https://a.example)", "[S3]", "[P3]", "[Smith 2004, p. 45]", "[Section 4.2]",
        "[part 3]", "[Q3]", "(see above)", "(for example)", "[p. 3", "[p.\n3]", "[]", "p. 3",
        "[page three]", "[p. 123456]", "[sheet]", "(3 pages)", "[3 pages]", "[page 3 says]",
    ],
)  # fmt: skip
def test_other_brackets_are_no_marks(text: str) -> None:
    assert find_marks(text, ONE) == []


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ('[sheet "Q3"]', ['[a, b.xlsx, sheet "Q3"]']),
        ("[sheet Q3]", ['[a, b.xlsx, sheet "Q3"]']),
        ("[Blatt „q3“]", ['[a, b.xlsx, sheet "Q3"]']),
        ("[sheet “Q4 [draft]”]", ['[a, b.xlsx, sheet "Q4 (draft)"]']),
        ('[a, b.xlsx, sheet "Q4 (draft)", continued]', ['[a, b.xlsx, sheet "Q4 (draft)"]']),
        ("[sheet 2]", ['[a, b.xlsx, sheet "Q4 (draft)"]']),
        (
            '[sheets "Q3" and "Total (2)"]',
            ['[a, b.xlsx, sheet "Q3"]', '[a, b.xlsx, sheet "Total (2)"]'],
        ),
        ("(section “1. Scope”)", ['[terms v2.docx, section "1. Scope"]']),
        ("[Abschnitt Scope]", ['[terms v2.docx, section "1. Scope"]']),
        ("[section 3.2]", ['[terms v2.docx, section "3.2 Fees and Taxes"]']),
        ("[section 1]", ["[terms v2.docx, section 1]"]),
        ('[section "Fees"]', ['[terms v2.docx, section "Fees"]']),
        ('[section "Fees (2)"]', ['[terms v2.docx, section "Fees (2)"]']),
        ('[terms.docx, section "Scope"]', ['[terms v2.docx, section "1. Scope"]']),
        ("[Folie 7]", ["[talk.pptx, slide 7]"]),
        ("[slides 3-4; q3.pdf, p. 12]", ["[talk.pptx, slide 3–4]", "[q3.pdf, p. 12]"]),
        ("[p. 12]", ["[q3.pdf, p. 12]"]),
        ("[talk.pptx, p. 2]", ["[talk.pptx, slide 2]"]),
    ],
)
def test_labels_and_documents_are_found(text: str, marks: list[str]) -> None:
    assert respell(text) == marks


@pytest.mark.parametrize("text", ['[sheet "Q9"]', '[section "Nothing like it"]', "[slide 9]"])
def test_a_quoted_label_that_was_not_given_means_nothing(text: str) -> None:
    assert read(text, SEVERAL) == [[]]


@pytest.mark.parametrize("text", ["[Section 12(b)]", "[section of the law]", "[tab stops]"])
def test_words_after_a_unit_are_a_label_only_if_there_is_such_a_page(text: str) -> None:
    assert find_marks(text, SEVERAL) == []


def test_a_page_without_its_document_may_be_of_each() -> None:
    known = Marks([REPORT, MarkedDocument("q4.pdf", "page", {3: ""})])
    [mark] = find_marks("[p. 3]", known)
    assert mark.citations[0].spans == (Span("q3.pdf", 3, 3), Span("q4.pdf", 3, 3))
    assert known.write(mark.citations[0].spans[1]) == "[q4.pdf, p. 3]"
    assert known.write(mark.citations[0].spans[1], named=False) == "[p. 3]"


def test_a_document_whose_name_begins_like_another_is_told_apart() -> None:
    known = Marks(
        [
            MarkedDocument("plan.pdf", "page", {3: ""}),
            MarkedDocument("plan (2).pdf", "page", {3: ""}),
        ]
    )
    assert respell("[plan.pdf, p. 3] [plan (2).pdf, p. 3]", known) == [
        "[plan.pdf, p. 3]",
        "[plan (2).pdf, p. 3]",
    ]


def test_a_document_named_like_a_unit_does_no_harm() -> None:
    known = Marks([MarkedDocument("page.pdf", "page", {3: ""})])
    assert respell("[page 3] [page.pdf, page 3]", known) == ["[p. 3]", "[p. 3]"]


def test_a_span_lists_its_places() -> None:
    assert Span("q3.pdf", 3, 4).places == (Place("q3.pdf", 3), Place("q3.pdf", 4))


def test_a_page_that_was_not_given_cannot_be_written() -> None:
    with pytest.raises(KeyError):
        ONE.write(Span("q3.pdf", 900, 900))


@pytest.mark.parametrize("document", [REPORT, BUDGET, TERMS, TALK])
def test_every_mark_that_a_prompt_shows_is_read_as_what_it_was_written_for(
    document: MarkedDocument,
) -> None:
    for known, name in ((Marks([document]), ""), (SEVERAL, document.name)):
        for page, label in document.labels.items():
            for continued in (False, True):
                mark = write_mark(document.unit, page, label, document=name, continued=continued)
                [found] = find_marks(mark, known)
                assert found.citations[0].spans == (Span(document.name, page, page),)


hostile = st.text(min_size=1, max_size=80).filter(lambda text: any(map(str.isalnum, text)))


@given(hostile, st.sampled_from(["sheet", "section"]))
def test_a_mark_with_a_hostile_label_is_read_back(label: str, unit: PageUnit) -> None:
    known = Marks([MarkedDocument("x.docx", unit, {1: label})])
    mark = write_mark(unit, 1, label)
    [found] = find_marks(mark, known)
    assert (found.start, found.end) == (0, len(mark))
    assert found.citations[0].spans == (Span("x.docx", 1, 1),)


@given(hostile)
def test_a_mark_with_a_hostile_name_is_read_back(name: str) -> None:
    known = Marks([MarkedDocument(name, "page", {3: ""}), MarkedDocument("y.pdf", "page", {3: ""})])
    [found] = find_marks(write_mark("page", 3, document=name), known)
    assert Span(name, 3, 3) in found.citations[0].spans


@given(st.text(alphabet='[](【】)p. 3-5,;"Qsheetioncu?\n第页', max_size=60))
def test_anything_can_be_read(text: str) -> None:
    for known in (ONE, SEVERAL, Marks([])):
        marks = find_marks(text, known)
        assert all(text[mark.start] in BRACKETS for mark in marks)
        assert all(left.end <= right.start for left, right in pairwise(marks))
