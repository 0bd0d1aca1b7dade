"""Pages, and the passages that long ones are cut into."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.documents.readers.pages import (
    LABEL_CHARACTERS,
    MAX_PASSAGE_CHARACTERS,
    Limits,
    Pages,
    ReadCaveat,
    Reading,
    Unreadable,
    clean,
)

LIMITS = Limits(characters=3_000_000, pages=1_000, rows=100_000)


def collect(*texts: str, limits: Limits = LIMITS, heading: str = "") -> Reading:
    pages = Pages(limits)
    for text in texts:
        pages.add(text, heading=heading)
    return pages.close("page", len(texts))


def places(reading: Reading) -> list[tuple[int, int]]:
    return [(passage.page, passage.piece) for passage in reading.passages]


def test_page_is_cut_at_the_ends_of_lines() -> None:
    lines = [f"line {at} {'x' * 90}" for at in range(100)]
    reading = collect("short", "\n".join(lines))
    assert places(reading) == [(1, 0), (2, 0), (2, 1), (2, 2)]
    assert reading.read_pages == 2
    pieces = [passage.text for passage in reading.passages[1:]]
    assert "\n".join(pieces).split("\n") == lines


def test_page_without_lines_is_cut_all_the_same() -> None:
    text = "x" * 10_000
    pieces = [passage.text for passage in collect(text).passages]
    assert "".join(pieces) == text
    assert max(map(len, pieces)) <= MAX_PASSAGE_CHARACTERS


def test_heading_stands_above_every_later_piece() -> None:
    rows = ["Name | Amount", *(f"name {at} | {at}" for at in range(1_000))]
    first, *later = [passage.text for passage in collect("\n".join(rows), heading=rows[0]).passages]
    assert first.startswith("Name | Amount\nname 0 |")
    assert later
    assert all(text.startswith("Name | Amount\nname ") for text in later)
    assert sum(text.count("\n") for text in later) + first.count("\n") == 1_000


@given(
    st.lists(st.text(alphabet="ab \n\u200b", max_size=40).map(lambda text: text * 300), max_size=4),
    st.text(alphabet="h\n", max_size=3_000),
    st.integers(1, 20_000),
    st.integers(1, 5),
)
def test_passages_keep_their_promises(
    texts: list[str], heading: str, characters: int, page_limit: int
) -> None:
    pages = Pages(Limits(characters, page_limit, 1))
    for text in texts:
        if pages.full:
            break
        pages.add(text, heading=heading)
    if not pages.has_text:
        with pytest.raises(Unreadable):
            pages.close("page", len(texts))
        return
    reading = pages.close("page", len(texts))
    assert reading.read_pages == pages.count <= page_limit
    assert {page for page, _ in places(reading)} == set(range(1, reading.read_pages + 1))
    for before, after in zip(places(reading), places(reading)[1:], strict=False):
        assert after in {(before[0], before[1] + 1), (before[0] + 1, 0)}
    assert sum(len(passage.text) for passage in reading.passages) <= characters
    assert all(len(passage.text) <= MAX_PASSAGE_CHARACTERS for passage in reading.passages)
    if characters == 20_000 and not heading.strip():
        kept = "".join(passage.text for passage in reading.passages)
        assert "".join(kept.split()) in "".join("".join(map(clean, texts)).split())


def test_pieces_given_are_asked_for_only_until_the_limit() -> None:
    asked = []

    def endless() -> object:
        at = 0
        while True:
            asked.append(at)
            yield f"piece {at} " * 10
            at += 1

    pages = Pages(Limits(1_000, 10, 10))
    pages.add_pieces(endless(), "Sheet 1")  # type: ignore[arg-type]  # an object that can be iterated
    reading = pages.close("sheet", 1)
    assert len(asked) < 20
    assert reading.notes == (ReadCaveat("cut", (1,)),)
    assert reading.passages[0].text == ("piece 0 " * 10).rstrip()
    assert {passage.label for passage in reading.passages} == {"Sheet 1"}


def test_labels_are_unique_short_and_clean() -> None:
    pages = Pages(LIMITS)
    long = "x" * 100
    for label in ("Intro", "INTRO\u200b", " In\ntro", "Intro (2)", "Intro", "", "", long, long):
        pages.add("text", label)
    labels = [passage.label for passage in pages.close("section", 9).passages]
    assert labels == [
        "Intro", "INTRO (2)", "In tro", "Intro (2) (2)", "Intro (3)", "", "",
        "x" * LABEL_CHARACTERS, "x" * (LABEL_CHARACTERS - 4) + " (2)",
    ]  # fmt: skip


def test_pages_without_text_are_noted() -> None:
    pages = Pages(LIMITS)
    for text in ("a", "", " \n", "b", ""):
        pages.add(text)
    pages.skip()
    assert pages.close("page", 6).notes == (
        ReadCaveat("damaged", (6,)),
        ReadCaveat("blank", (2, 3, 5)),
    )
