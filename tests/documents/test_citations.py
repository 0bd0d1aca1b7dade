"""Citations are checked as the answer streams, and notes before they are merged."""

# ruff: noqa: RUF001  # the dashes, brackets and quotes that models write are what is tested

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.documents.citations import CitationFilter, check_notes
from bot.documents.evidence import Evidence
from bot.documents.links import LinkRule
from bot.documents.marks import MarkedDocument, Marks

NAME = "report.pdf"
PAGES = [
    "Annual report 2023 of Northwind Traders. Contents.",
    "Letter of the chair to all shareholders. Thank you for your trust.",
    "Revenue rose to 5.3 million euros in 2023, from 4.9 million in 2022.",
    "Costs were 4.1 million euros. Staff numbers grew to 120 people.",
    "Outlook: the market is difficult to predict.",
    "The board has five members; Helen Brunner is its chair.",
    "The headquarters moved from Basel to Zurich in March.",
    "Product recalls: none were necessary.",
    "The auditors Meridian of London found no objections.",
    "Annex. Glossary of terms.",
]
MARKS = Marks([MarkedDocument(NAME, "page", dict.fromkeys(range(1, 11), ""))])
EVIDENCE = Evidence()
for number, page in enumerate(PAGES, 1):
    EVIDENCE.add(NAME, number, page)
KNOWN = frozenset({"https://known.example/a"})


def make_filter(marks: Marks = MARKS, evidence: Evidence = EVIDENCE) -> CitationFilter:
    return CitationFilter(marks, evidence, LinkRule(KNOWN))


def run(text: str) -> str:
    checker = make_filter()
    return checker.feed(text) + checker.flush()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Revenue rose to 5.3 million (page 3).", "Revenue rose to 5.3 million [p. 3]."),
        ("Revenue rose to 9.7 million [p.3].", "Revenue rose to 9.7 million [p. 3?]."),
        (
            "Revenue rose to 5.3 million [Seite 900].",
            "Revenue rose to 5.3 million [page not found].",
        ),
        (
            "Revenue was 5.3 million [p. 3], and costs were 4.7 million [p. 4].",
            "Revenue was 5.3 million [p. 3], and costs were 4.7 million [p. 4?].",
        ),
        ("Costs were 4.1 million. [p. 4] Good.", "Costs were 4.1 million. [p. 4] Good."),
        ("Costs were 4.1 million (p. 4)(really)", "Costs were 4.1 million [p. 4] (really)"),
        ("Costs were 4.7 million. [p. 4] Good.", "Costs were 4.7 million. [p. 4?] Good."),
        (
            "Sales: 9.7 million. Costs: 4.1 million [p. 4].",
            "Sales: 9.7 million. Costs: 4.1 million [p. 4].",
        ),
        (
            "Revenue was 5.3 million and the headquarters moved to Zurich [p. 3][p. 7].",
            "Revenue was 5.3 million and the headquarters moved to Zurich [p. 3] [p. 7].",
        ),
        (
            "Revenue was 5.3 million and the headquarters moved to Zurich (p. 3) and (p. 7).",
            "Revenue was 5.3 million and the headquarters moved to Zurich [p. 3] and [p. 7].",
        ),
        ("Zurich is now the headquarters [pp. 6-7].", "Zurich is now the headquarters [p. 6–7]."),
        (
            "Zurich is now the headquarters [p. 6, 7].",
            "Zurich is now the headquarters [p. 6] [p. 7].",
        ),
        ("Zurich is it [p. 7; p. 99].", "Zurich is it [p. 7] [page not found]."),
        ("| Revenue | 5.3 million | [p. 3] |", "| Revenue | 5.3 million | [p. 3] |"),
        ("| Revenue | 9.7 million | [p. 3] |", "| Revenue | 9.7 million | [p. 3?] |"),
        ("| Costs [p. 4] | 9.7 million [p. 4] |", "| Costs [p. 4] | 9.7 million [p. 4?] |"),
        ("- **Costs**: 4.7 million [p. 4]\n", "- **Costs**: 4.7 million [p. 4?]\n"),
        ("14. Costs were 4.1 million [p. 4]", "14. Costs were 4.1 million [p. 4]"),
        # A mark that goes before what it stands for, and one with nothing around it.
        ("- 9.7 million\n- [p. 4] Costs", "- 9.7 million\n- [p. 4] Costs"),
        ("[p. 3] Sales: 9.7. [p. 4] Costs", "[p. 3] Sales: 9.7. [p. 4] Costs"),
        ("[p. 3?]", "[p. 3]"),
        # An address is no claim.
        ("Costs, https://known.example/a [p. 4]", "Costs, https://known.example/a [p. 4]"),
    ],
)
def test_a_citation_is_judged_by_what_it_stands_behind(text: str, shown: str) -> None:
    assert run(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "`9.7 million [p. 3]` and ``[p. 900] ` `` \\[p. 900\\]",
        "```\n9.7 million [page 3] https://evil.example\n```\n",
        "~~~python\nx[p. 900]\n~~~",
        "[1] [^2] [x] [RFC 2119] (2023) [note](https://known.example/a) [p. 3](https://known.example/a)",
        "- [ ] to do\n- [x] done",
        "a < b, 1 < 2 and <not a tag>! Really?",
    ],
)
def test_code_links_and_other_brackets_are_left_alone(text: str) -> None:
    assert run(text) == text


def test_marks_after_code_are_judged_again() -> None:
    assert run("```\n[p. 900]\n```\nx [p. 900]").endswith("x [page not found]")
    assert run("a `b [p. 900]").endswith("b [page not found]")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("See [here](https://evil.example/?d=1)!", "See here `https://evil.example/?d=1`!"),
        ("See https://evil.example/x.", "See `https://evil.example/x`."),
        ("![x](https://evil.example/x)", "x"),
        ("<https://evil.example/x>", "`https://evil.example/x`"),
        ("evil.example/x", "`evil.example/x`"),
        # Backticks and fences that only look as if they made code of a link.
        ("a ` [x](https://evil.example)", "a ` x ``https://evil.example``"),
        ("- `a\n- [x](https://evil.example) `", "- `a\n- x ``https://evil.example`` `"),
        ("|`|[x](https://evil.example)|`|", "|`|x ``https://evil.example``|`|"),
        ("`a|b` [x](https://evil.example) `c`", "`a|b` x ``https://evil.example`` `c`"),
        ("` `` https://evil.example", "` `` ```https://evil.example```"),
        ("`https://evil.example", "` ``https://evil.example``"),
        ("- a\n  ```\nhttps://evil.example/x\n", "- a\n  ```\n`https://evil.example/x`\n"),
        (
            "- a\n  ```\n```\n```\nhttps://evil.example/x\n",
            "- a\n  ```\n```\n```\n`https://evil.example/x`\n",
        ),
        (
            "[`](https://known.example/a) https://evil.example",
            "[`](https://known.example/a) ``https://evil.example``",
        ),
        ("`\n\nhttps://evil.example", "`\n\n`https://evil.example`"),
    ],
)
def test_a_link_that_was_not_in_the_prompt_is_made_inert(text: str, shown: str) -> None:
    assert run(text) == shown


def test_what_was_found_is_counted_and_said() -> None:
    checker = make_filter()
    assert checker.remark() is None
    checker.feed("Costs were 4.1 million [p. 4]. Sales were 9.7 million (page 3).\n")
    assert checker.confirmed == 1
    assert checker.doubtful == ("[p. 3]",)
    assert checker.remark() == (
        "I could not find one of the page references in the text; "
        "it is marked with a question mark."
    )
    checker.feed("Sales were 9.8 million [p. 3].\n")
    assert checker.remark() == (
        "I could not find 2 of the page references in the text; "
        "they are marked with a question mark."
    )
    checker.feed("There is more [p. 900]. ")
    assert checker.unknown == ("[p. 900]",)
    assert checker.remark() == (
        "I could not find 3 of the page references in the text; they are marked."
    )


def test_the_document_that_holds_the_claim_is_named() -> None:
    evidence = Evidence()
    for name, figure in (("q3.pdf", "1,250"), ("q4.pdf", "1,980")):
        evidence.add(name, 1, f"In this quarter {figure} units were sold.")
    marks = Marks([MarkedDocument(name, "page", {1: ""}) for name in ("q3.pdf", "q4.pdf")])
    checker = make_filter(marks, evidence)
    text = checker.feed("1,980 units [p. 1], then 7,777 [p. 1]. 1,250 [q4.pdf, p. 1]. [p. 1]\n")
    assert text == "1,980 units [q4.pdf, p. 1], then 7,777 [p. 1?]. 1,250 [q4.pdf, p. 1?]. [p. 1]\n"


def test_text_passes_at_once_but_for_what_may_become_a_mark_or_a_link() -> None:
    checker = make_filter()
    assert checker.feed("Costs were 4.1 ") == "Costs were 4.1 "
    assert checker.feed("million [p") == "million "
    assert checker.feed(". 4") == ""
    assert checker.feed("]") == ""
    assert checker.feed(". Sta") == "[p. 4]. "
    assert checker.feed("ff (about ") == "Staff "
    assert checker.feed("x" * 60) == "(about "
    assert checker.flush() == "x" * 60


def test_what_never_closes_is_let_go() -> None:
    for opener in ("[", "(", "`", "![", "[a](", "<https://"):
        checker = make_filter()
        shown = checker.feed(opener + "p. " * 1_000)
        assert len(shown) > 400, opener


@given(st.data())
def test_the_output_does_not_depend_on_the_pieces(data: st.DataObject) -> None:
    text = "".join(data.draw(st.lists(st.sampled_from(_FRAGMENTS), max_size=25)))
    pieces = []
    rest = text
    while rest:
        size = data.draw(st.integers(1, 12))
        pieces.append(rest[:size])
        rest = rest[size:]
    whole, parts = make_filter(), make_filter()
    shown = "".join([*map(parts.feed, pieces), parts.flush()])
    assert shown == whole.feed(text) + whole.flush()
    assert (parts.doubtful, parts.unknown, parts.confirmed) == (
        whole.doubtful,
        whole.unknown,
        whole.confirmed,
    )


_FRAGMENTS = [
    *"[]()`!<>\\|\n .,;:?*#-_/ap3・【】（）",
    "[p. 3]", "(page 900)", "[pp. 3-5]", " and ", "```", "~~~", "\n\n", "- ", "> ", "[x](", "![",
    "](", "https://", "https://evil.example/?d=1", "https://known.example/a", "www.evil",
    "evil.example/x", "mailto:", "<https", "Costs were 4.1 million", "Sales 9.7",
    ' "title")', "\n```\n", "\n  ```\n",
    "a" * 99, "x" * 130, "東京",
]  # fmt: skip


@given(st.lists(st.sampled_from(_FRAGMENTS[:-3]), max_size=20).map("".join))
def test_no_unknown_address_outside_of_code_is_left_a_link(text: str) -> None:
    checker = CitationFilter(MARKS, EVIDENCE, LinkRule(frozenset()))
    bare = text.replace("`", "").replace("~", "")
    shown = checker.feed(bare) + checker.flush()
    outside = re.sub(r"`[^`]*`", " ", shown)
    assert not re.search(r"\b(?:https?://|(?:evil|known)\.example/\S)", outside)


def check(notes: str) -> tuple[str, int, int]:
    checked = check_notes(notes, MARKS, EVIDENCE)
    return checked.text, checked.kept, checked.dropped


@pytest.mark.parametrize(
    ("note", "kept"),
    [
        (
            '- Revenue rose (page 3) "Revenue rose to 5.3 million euros"',
            '- Revenue rose [p. 3] "Revenue rose to 5.3 million euros"',
        ),
        # A page next to it will do.
        (
            '- Revenue rose [p. 4] "revenue rose to 5.3 million"',
            '- Revenue rose [p. 4] "revenue rose to 5.3 million"',
        ),
        # The quote says where the page is.
        (
            "- Staff grew to 120 [p. 8] “Staff numbers grew to 120 people”",
            "- Staff grew to 120 [p. 4] “Staff numbers grew to 120 people”",
        ),
        (
            '- Staff grew [p. 900] "Staff numbers grew to 120 people"',
            '- Staff grew [p. 4] "Staff numbers grew to 120 people"',
        ),
        # A quote that stands nowhere is passed over.
        (
            '- 120 people [p. 4] "the staff is now 120 strong"',
            '- 120 people [p. 4] "the staff is now 120 strong"',
        ),
        ("* Costs: 4.1 million [p. 4]", "* Costs: 4.1 million [p. 4]"),
        ("2) Costs: 4.1 million [p.4] [p. 900]", "2) Costs: 4.1 million [p. 4]"),
        (
            '- Staff grew to 120\n  [p. 4]\n  "grew to 120 people"',
            '- Staff grew to 120 [p. 4] "grew to 120 people"',
        ),
        ("The board has five members [p. 6].", "The board has five members [p. 6]."),
    ],
)
def test_a_note_that_its_page_holds_is_kept(note: str, kept: str) -> None:
    assert check(note) == (kept, 1, 0)


@pytest.mark.parametrize(
    "note",
    [
        "- Costs were 4.7 million [p. 4]",
        '- Costs were 4.7 million [p. 4] "Costs were 4.7 million"',
        '- Zebras graze upon Neptune. [p. 4] "zebras graze upon Neptune"',
        '- Costs were 4.7 million euros [p. 4] "were 4.7 million euros"',
        "- Costs were 4.1 million",
        "- Costs were 4.1 million [p. 900]",
        "- Helen Brunner is chair of the board [p. 9]",
        "- [p. 4]",
    ],
)
def test_a_note_that_no_page_holds_is_dropped(note: str) -> None:
    assert check(note) == ("", 0, 1)


def test_headings_stay_above_their_notes_and_chatter_goes() -> None:
    notes = """Okay, here are the notes on part 2:

# Report
## Money
- Costs were 4.1 million [p. 4]
## Weather
- It rained on 77 days [p. 4]
## People
- Helen Brunner is the chair [p. 6]

Let me know if you need anything else!"""
    assert check(notes) == (
        notes[notes.index("# Report") : notes.index("## Weather")]
        + notes[notes.index("## People") : notes.index("\n\nLet me")],
        2,
        1,
    )


def test_the_document_whose_page_is_quoted_is_named() -> None:
    evidence = Evidence()
    evidence.add("q3.pdf", 1, "In this quarter 1,250 units were sold.")
    evidence.add("q4.pdf", 1, "Sales came to 1,980 units in the quarter.")
    marks = Marks([MarkedDocument(name, "page", {1: ""}) for name in ("q3.pdf", "q4.pdf")])
    checked = check_notes('- Sales grew [p. 1] "came to 1,980 units"', marks, evidence)
    assert checked.text == '- Sales grew [q4.pdf, p. 1] "came to 1,980 units"'


@given(st.lists(st.sampled_from([*_FRAGMENTS, ' "', "“"]), max_size=20).map("".join))
def test_any_notes_can_be_checked(notes: str) -> None:
    check(notes)
