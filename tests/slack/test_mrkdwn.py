"""Markdown in the blocks that know mrkdwn alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.mrkdwn import render_mrkdwn


def render(markdown: str) -> str:
    return "\n".join(render_mrkdwn(markdown, 3_000))


@pytest.mark.parametrize(
    ("markdown", "mrkdwn"),
    [
        ("First.\n\nThen.", "First.\n\nThen."),
        ("## The **first** idea ##", "*The first idea*"),
        ("**bold**, __bold__, ~~gone~~", "*bold*, *bold*, ~gone~"),
        ("*slanted*, _slanted_", "_slanted_, _slanted_"),
        ("**bold with `code` in it**", "*bold with `code` in it*"),
        ("- one\n  * two\n1. three", "• one\n  • two\n1. three"),
        ("3 * 4 * 5 = 60 and snake__case__name", "3 * 4 * 5 = 60 and snake__case__name"),
        ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
        ("> quoted <x>\n> > twice", "> quoted &lt;x&gt;\n> > twice"),
        ("see [the docs](https://x.example/?a&b)", "see the docs (https://x.example/?a&amp;b)"),
        ("[https://x.example](https://x.example)", "https://x.example"),
        ("`a*b*c` and ``x``", "`a*b*c` and `x`"),
        ("---", "———"),
        ("#hashtag", "#hashtag"),
    ],
)  # fmt: skip
def test_each_mark_becomes_slacks(markdown: str, mrkdwn: str) -> None:
    assert render(markdown) == mrkdwn


def test_code_is_kept_as_it_is_without_its_language() -> None:
    assert render("So:\n~~~python\n# **x** <y>\n- z\n~~~\nDone.") == (
        "So:\n```\n# **x** &lt;y&gt;\n- z\n```\nDone."
    )


def test_a_fence_that_nothing_closes_is_closed() -> None:
    assert render("So:\n```python\nx = 1") == "So:\n```\nx = 1\n```"


def test_code_that_shows_a_fence_does_not_end_there() -> None:
    assert render("````\n```\nx\n```\n````") == "```\n`\u200b``\nx\n`\u200b``\n```"


def test_a_table_is_code() -> None:
    assert render("Look:\n| a | b |\n|---|---|\n| 1 | *2* |\n\nDone.") == (
        "Look:\n```\n| a | b |\n|---|---|\n| 1 | *2* |\n```\n\nDone."
    )
    assert render("a|b\n-|-\n1|2").endswith("1|2\n```")


def test_pieces_of_code_are_fenced_each() -> None:
    pieces = render_mrkdwn("```\n" + "x = 1 # a line\n" * 400 + "```", 3_000)

    assert len(pieces) > 1
    assert all(piece.startswith("```\n") and piece.endswith("\n```") for piece in pieces)
    assert "".join(pieces).count("a line") == 400


@given(
    st.text(st.sampled_from("a|-#>*_`~<&\n ") | st.characters(codec="utf-8"), max_size=400),
    st.integers(1, 30),
)
def test_nothing_is_lost_and_every_piece_fits(text: str, times: int) -> None:
    markdown = f"{text}\nmark\n" * times

    pieces = render_mrkdwn(markdown, 1_000)

    assert all(len(piece) <= 1_000 for piece in pieces)
    assert "\n".join(pieces).count("mark") >= times


@given(st.lists(st.sampled_from(["|\n-|-\n\n", ">>>>>>>>\n", "a|b\n-|-\n"]), max_size=600))
def test_what_grows_most_still_fits(lines: list[str]) -> None:
    assert all(len(piece) <= 1_000 for piece in render_mrkdwn("".join(lines), 1_000))
