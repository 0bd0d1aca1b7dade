"""Long answers are cut to Slack's sizes without breaking or losing anything."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.slack.markdown import Cut, Measure, end_at, end_of_words, roll_over, split, utf8_size

LINES = st.sampled_from(
    [
        "# Heading",
        "## Another one",
        "",
        "",
        "A sentence. And another one! A third? " * 4,
        "word " * 30,
        "- an item of a list",
        "1. a numbered item",
        "   nested text",
        "```python",
        "```",
        "~~~",
        "   ```sh",
        "> quoted",
        "> ```",
        "    return x  # code",
        "| a | b |",
        "|---|---|",
        "| 1 | 2 |",
        "漢字。" * 30,
        "e\u0301" * 50,
        "👩\u200d👩\u200d👧" * 20,
        "🇩🇪🇫🇷" * 20,
        "x" * 700,
        "[a link with words](https://example.com/path) `and some code`",
    ]
)
TEXTS = st.lists(LINES, max_size=40).map("\n".join)


def assert_nothing_lost(text: str, pieces: list[str]) -> None:
    """Check that the pieces hold the text in order, with nothing but repeated lines added."""
    joined = "\n".join(pieces)
    characters = iter(joined)
    assert all(character in characters for character in text if not character.isspace())
    lines = {line.strip() for line in text.split("\n")}
    fences = {line.lstrip(" \t>")[:3] for line in lines}
    added = len(re.sub(r"\s", "", joined)) - len(re.sub(r"\s", "", text))
    assert added == 0 or fences & {"```", "~~~"} or "|" in text


def is_open(piece: str) -> bool:
    """Tell whether a fence is left open at the piece's end."""
    fence = ""
    for line in piece.split("\n"):
        marks = re.match(r"[ \t>]*(`{3,}|~{3,})(.*)", line)
        if marks and not fence and marks[1][0] not in marks[2]:
            fence = marks[1]
        elif marks and fence and marks[1].startswith(fence) and not marks[2].strip():
            fence = ""
    return bool(fence)


@given(TEXTS, st.integers(200, 1500), st.sampled_from([len, utf8_size]))
@settings(max_examples=300, deadline=None)
def test_pieces_fit_and_lose_nothing(text: str, limit: int, measure: Measure) -> None:
    pieces = split(text, limit, measure)

    assert all(measure(piece) <= limit for piece in pieces)
    assert_nothing_lost(text, pieces)


@given(TEXTS, st.integers(200, 1500))
@settings(max_examples=300, deadline=None)
def test_only_the_last_piece_may_leave_a_fence_open(text: str, limit: int) -> None:
    assert not any(is_open(piece) for piece in split(text, limit)[:-1])


@given(st.text(max_size=2000), st.integers(200, 400))
@settings(deadline=None)
def test_any_text_fits_and_is_kept(text: str, limit: int) -> None:
    pieces = split(text, limit, utf8_size)

    assert all(utf8_size(piece) <= limit for piece in pieces)
    kept = iter("".join(pieces))
    assert all(character in kept for character in text if not character.isspace())


def test_a_short_text_is_one_piece_unchanged() -> None:
    assert split("  # Hi\n\nthere\n", 200) == ["  # Hi\n\nthere\n"]


def test_it_cuts_before_a_heading_rather_than_later() -> None:
    text = f"{'a ' * 65}\n\n## Next\n\n{'b ' * 30}\n\n{'c ' * 60}"

    first, second = split(text, 250)

    assert first == ("a " * 65).rstrip()
    assert second.startswith("## Next\n\nb b")


def test_a_heading_is_not_left_alone_at_the_end() -> None:
    text = f"{'a ' * 80}\n\n## Next\n\n{'b ' * 80}"

    assert [piece.split("\n")[0][:7] for piece in split(text, 200)] == ["a a a a", "## Next"]


def test_it_cuts_between_paragraphs_then_lines_then_sentences_then_words() -> None:
    paragraph = f"{'a ' * 60}\n\n{'b ' * 60}"
    lines = f"{'a ' * 60}\n{'b ' * 60}"
    sentences = f"{'a ' * 60}end. {'b ' * 60}"
    words = "abcd " * 60

    assert split(paragraph, 200)[1].startswith("b")
    assert split(lines, 200)[1].startswith("b")
    assert split(sentences, 200)[0].endswith("end.")
    assert split(words, 200)[0].split()[-1] == "abcd"


def test_a_fence_is_closed_and_opened_again_with_its_language() -> None:
    code = "".join(f"    line {number} of the code\n" for number in range(20))

    pieces = split(f"```python\n{code}```\nAnd so on.", 250)

    assert all(piece.startswith("```python\n    line") for piece in pieces)
    assert all(piece.endswith("code\n```") for piece in pieces[:-1])
    assert pieces[-1].endswith("```\nAnd so on.")
    assert "".join(piece.removeprefix("```python\n") for piece in pieces).count("line") == 20


def test_a_fence_that_fits_in_a_piece_is_not_cut() -> None:
    fence = "```\n" + "code\n" * 20 + "```"

    pieces = split(f"{'word ' * 25}\n\n{fence}\n\n{'word ' * 25}", 200)

    assert fence in pieces


def test_a_fence_in_a_list_or_quote_keeps_its_marks() -> None:
    code = "   x = 1\n" * 40
    quoted = "> x = 1\n" * 40

    assert split(f"1. do\n\n   ```py\n{code}   ```\n", 200)[1].startswith("```py\n   x = 1")
    assert split(f"> ```py\n{quoted}> ```\n", 200)[1].startswith("> ```py\n> x = 1")


def test_a_table_repeats_its_header() -> None:
    header = "| name | size |\n|:-----|-----:|\n"
    rows = "".join(f"| file {number} | {number} |\n" for number in range(40))

    pieces = split(header + rows, 300)

    assert len(pieces) == 3
    assert all(piece.startswith(header + "| file") for piece in pieces)
    assert "".join(piece.removeprefix(header).strip() + "\n" for piece in pieces) == rows


def test_a_link_and_a_code_span_count_as_one_word() -> None:
    link = "[a link of many words](https://example.com)"
    code = "`some code of words`"

    for unit in (link, code):
        pieces = split(f"{unit} " * 20, 200)
        assert all(piece.replace(unit, "").strip() == "" for piece in pieces)


def test_an_endless_line_is_cut_hard_in_good_time() -> None:
    pieces = split("x" * 100_000, 12_000)

    assert [len(piece) for piece in pieces] == [12_000] * 8 + [4_000]


@pytest.mark.parametrize(
    "character", ["e\u0301", "👩\u200d👩\u200d👧", "🇩🇪", "👍🏽", "\ud83d\ude00"]
)
@pytest.mark.parametrize("offset", range(4))
def test_a_hard_cut_spares_what_looks_like_one_character(character: str, offset: int) -> None:
    pieces = split("x" * offset + character * 300, 200)

    whole = [piece[offset:] if index == 0 else piece for index, piece in enumerate(pieces)]
    assert all(piece == character * (len(piece) // len(character)) for piece in whole)


def test_a_table_header_too_long_to_repeat_is_not_repeated() -> None:
    header = f"| {'h' * 150} | b |\n|---|---|\n"

    pieces = split(header + "| 1 | 2 |\n" * 40, 200)

    assert all(len(piece) <= 200 for piece in pieces)


def test_a_growing_text_goes_on_below_its_limit() -> None:
    assert roll_over("one\n\ntwo", shown=0, limit=1000, soon=False) is None


def test_a_growing_text_ends_at_the_next_paragraph_when_it_should_end_soon() -> None:
    text = "one\n\ntwo three"

    cut = roll_over(text, shown=2, limit=1000, soon=True)

    assert cut == Cut(at=5, head="one", tail="two three", repeated=0)
    assert roll_over(text, shown=6, limit=1000, soon=True) is None


def test_a_growing_text_is_not_cut_inside_a_fence_before_it_must() -> None:
    text = "```py\n" + "a = 1\n" * 20

    assert roll_over(text, shown=10, limit=1000, soon=True) is None


def test_a_growing_text_at_its_limit_closes_its_fence_and_opens_it_again() -> None:
    text = "```py\n" + "a = 1\n" * 60

    cut = roll_over(text, shown=90, limit=200, soon=False)

    assert cut is not None
    assert cut.at > 90
    assert cut.head.endswith("a = 1\n```")
    assert utf8_size(cut.head) <= 200
    assert cut.tail.startswith("```py\na = 1\n")
    assert cut.repeated == len("```py\n")


@given(TEXTS, st.data())
@settings(max_examples=300, deadline=None)
def test_a_growing_text_never_takes_back_what_is_shown(text: str, data: st.DataObject) -> None:
    limit = 400
    shown = data.draw(st.integers(1, 80))
    text = "x" * 80 + text

    cut = roll_over(text, shown=shown, limit=limit, soon=data.draw(st.booleans()))

    if cut is not None:
        assert cut.at >= shown
        assert utf8_size(cut.head) <= limit
        assert_nothing_lost(text, [cut.head, cut.tail])


def test_a_growing_text_can_be_ended_anywhere() -> None:
    cut = end_at("```py\na = 1", 11, limit=9000)

    assert cut == Cut(at=11, head="```py\na = 1\n```", tail="```py\n", repeated=6)


@pytest.mark.parametrize(
    ("text", "end"), [("one tw", 4), ("one two ", 8), ("one", 0), ("x" * 61, 61), ("a\nb", 2)]
)
def test_whole_words_end_at_the_last_blank(text: str, end: int) -> None:
    assert end_of_words(text) == end


@pytest.mark.parametrize("limit", range(200, 212))
def test_no_piece_has_an_empty_fence(limit: int) -> None:
    for lines in range(28, 40):
        pieces = split("```py\n" + "x = 1\n" * lines + "```\n\nAfter that.", limit)

        assert not any("```py\n```" in piece for piece in pieces)
