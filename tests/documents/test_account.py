"""What people are told of how documents were read."""

# ruff: noqa: RUF001  # page ranges have a dash

import pytest

from bot.conversation.messages import Caveat, Document, PageUnit
from bot.documents.account import (
    list_pages,
    tell_caveat,
    tell_changed,
    tell_noted,
    tell_read,
    tell_sampled,
    tell_searched,
)
from bot.documents.comparison import Extent
from bot.language import ENGLISH, find_language

LISTED = 'Sheet "{Q3}" was read row by row only up to row 9;'


def make(
    read: int, total: int = 0, unit: PageUnit = "page", notes: tuple[Caveat, ...] = ()
) -> Document:
    return Document("F1", "q3.pdf", "PDF", unit, total or read, read, 100, "digest", notes)


def test_it_tells_which_pages_were_read() -> None:
    cut = make(12, 20)
    assert tell_read(make(12), range(1, 13), ENGLISH) == "q3.pdf: Read pages 1–12 of 12."
    assert tell_read(make(2_000), [3], ENGLISH) == "q3.pdf: Read page 3 of 2,000."
    assert tell_read(make(12), [], ENGLISH) == "q3.pdf: None of its 12 pages fit."
    assert tell_read(make(1, unit="sheet"), [], ENGLISH) == "q3.pdf: It did not fit."
    assert tell_read(cut, [3, 4, 9], ENGLISH) == (
        "q3.pdf: Read pages 3–4 and 9 of 20; the rest is over my limits."
    )


@pytest.mark.parametrize(
    ("pages", "parts", "left", "told"),
    [
        ([1], 1, set(), "Read page 1 of 9."),
        ([1, 2, 3], 2, {4}, "Read pages 1–3 of 9, in 2 parts; the rest can be read, too."),
        ([1, 2], 2, {2, 3},
         "Read pages 1–2 of 9, in 2 parts, the last not to its end; the rest can be read, too."),
        ([1], 1, {1}, "Read page 1 of 9, not to its end; the rest can be read, too."),
    ],
)  # fmt: skip
def test_it_tells_how_far_notes_go(pages: list[int], parts: int, left: set[int], told: str) -> None:
    assert tell_noted(make(9), pages, parts, left, ENGLISH) == f"q3.pdf: {told}"


def test_what_can_still_be_read_ends_at_the_limit() -> None:
    assert tell_noted(make(9, 12), [1], 1, {2}, ENGLISH) == (
        "q3.pdf: Read page 1 of 12; all of pages 1–9 can be read, too; the rest is over my limits."
    )


def test_it_tells_what_was_searched_and_what_was_read_of_it() -> None:
    def told(document: Document, *pages: int, fits: bool = True) -> str:
        return tell_searched(document, pages, fits, ENGLISH).removeprefix("q3.pdf: ")

    whole, cut, single = make(12), make(12, 20), make(1, unit="sheet")
    assert told(whole, 3, 4, 9) == "Searched all 12 pages and read pages 3–4 and 9 for this."
    assert told(cut, 3) == (
        "Searched pages 1–12 of 20 and read page 3 for this; the rest is over my limits."
    )
    assert told(single, 1) == "Searched its only sheet for this."
    assert told(whole, fits=False) == "Searched all 12 pages and found nothing on this."
    assert told(whole) == "Searched all 12 pages; there was no room to read what may be on this."


def test_it_tells_that_sheets_were_sampled() -> None:
    said = "q3.pdf: Computed columns and totals over the rows, and read a sample of them."
    assert tell_sampled(make(1, unit="sheet"), [1], ENGLISH) == said
    assert tell_sampled(make(2, unit="sheet"), [1, 2], ENGLISH) == said.replace(
        "totals", "totals of sheets 1–2"
    )


@pytest.mark.parametrize(
    ("extent", "left_out", "told"),
    [
        ("none", 0, "a.md and b.md say the same, word for word."),
        ("layout", 0, "a.md and b.md hold the same words; only the layout differs."),
        ("some", 0, "a.md was compared with b.md."),
        ("some", 1, "a.md was compared with b.md. 1 more change is not listed."),
        ("most", 0, "a.md was compared with b.md; hardly anything is the same."),
        ("some", 1_200, "a.md was compared with b.md. 1,200 more changes are not listed."),
    ],
)  # fmt: skip
def test_it_tells_how_versions_differ(extent: Extent, left_out: int, told: str) -> None:
    new, old = (Document("F", name, "text", "part", 1, 1, 1, name) for name in ("a.md", "b.md"))
    assert tell_changed(new, old, extent, left_out, ENGLISH) == told


@pytest.mark.parametrize(
    ("caveat", "unit", "told"),
    [
        (Caveat("damaged", (6,)), "page", "Page 6 is damaged."),
        (Caveat("damaged", (6, 7)), "slide", "Slides 6–7 are damaged."),
        (Caveat("blank", (2, 3, 5)), "page", "Pages 2–3 and 5 have no readable text."),
        (Caveat("blank", tuple(range(1, 41, 2))), "page", "20 pages have no readable text."),
        (Caveat("cut", (2,)), "section", "Section 2 was read only in part."),
        (Caveat("recognised"), "page",
         "The text was read by text recognition; check figures against the original."),
        (Caveat("recognised", (1, 2)), "page",
         "Pages 1–2 were read by text recognition; check figures against the original."),
        (Caveat("recognition_ended", count=50), "page",
         "Text recognition reads at most 50 pages of a file."),
        (Caveat("recognition_failed"), "page", "Text recognition failed on its scanned pages."),
        (Caveat("rows_cut", count=1_000), "sheet",
         "The table was read only up to its row 1,000."),
        (Caveat("rows_listed", text="{Q3}", count=9, total=1_200), "sheet",
         f"{LISTED} its figures are computed over all 1,200 rows."),
        (Caveat("rows_profiled", text="{Q3}", count=9, total=10), "sheet",
         f"{LISTED} its figures are computed over the first 10 rows."),
        (Caveat("rows_broken", count=61), "sheet",
         "The table breaks off after row 61: a quotation has no end."),
        (Caveat("noted", text="Sheet {2} is damaged."), "sheet", "Sheet {2} is damaged."),
    ],
)  # fmt: skip
def test_every_caveat_has_its_sentence(caveat: Caveat, unit: PageUnit, told: str) -> None:
    assert tell_caveat(caveat, unit, ENGLISH) == told
    assert tell_read(make(1, unit=unit, notes=(caveat,)), [1], ENGLISH).endswith(f" of 1. {told}")


def test_scattered_pages_are_counted_not_listed() -> None:
    assert list_pages("page", range(1, 100, 3), ENGLISH) == "33 pages between 1 and 97"


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ("de", "Seiten 3–4 und 9 von 1.200 gelesen. Seite 2 hat keinen lesbaren Text."),
        ("fr", "lecture\u00a0: pages 3–4 et 9 sur 1\u202f200. Page 2\u00a0: aucun texte lisible."),
        ("es", "leído: páginas 3–4 y 9 de 1.200. Página 2: sin texto legible."),
        ("ja", "9 ページを読みました。2 ページには読み取れるテキストがありません。"),
    ],
)  # fmt: skip
def test_it_is_told_in_the_language_of_its_reader(tag: str, told: str) -> None:
    document = make(1_200, notes=(Caveat("blank", (2,)),))
    assert tell_read(document, [3, 4, 9], find_language(tag)).endswith(told)
