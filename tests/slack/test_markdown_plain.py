"""Notifications and screen readers get the answer without its markup."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.slack.markdown import escape, plain_text, shorten


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("# Title\n\nSome **bold**, *soft*, ~~old~~ `code`.", "Title\nSome bold, soft, old code."),
        ("See [the docs](https://example.com/a_b) ![cat](c.png)", "See the docs cat"),
        ("> quoted\n\n---\n\n```py\nx = a * b * c\n```\n", "quoted\nx = a * b * c"),
        ("| **a** | b |\n|---|---|\n| 1 | <2> |", "a: 1; b: &lt;2&gt;"),
        ("1 < 2 & snake_case_name", "1 &lt; 2 &amp; snake_case_name"),
        ("<!ch**an**nel> @here", "&lt;\u200b!channel&gt; @\u200bhere"),
    ],
)
def test_markup_is_left_out(markdown: str, plain: str) -> None:
    assert plain_text(markdown, 4000) == plain


def test_a_long_text_ends_in_an_ellipsis() -> None:
    assert plain_text("word " * 100, 20) == "word word word word…"
    assert plain_text("x" * 20, 20) == "x" * 20
    assert plain_text("**" * 50 + "x" * 100, 20).endswith("…")


@given(st.text(max_size=300), st.integers(10, 100))
@settings(deadline=None)
def test_it_never_exceeds_its_limit(text: str, limit: int) -> None:
    assert len(plain_text(text, limit)) <= limit


def test_an_entity_or_a_token_is_not_cut_in_two() -> None:
    assert shorten("a &amp;&amp; b", 10) == "a &amp;…"
    assert shorten("see <https://example.com|here> now", 20) == "see…"
    assert shorten("short", 20) == "short"


def test_escaping_touches_three_characters_only() -> None:
    assert escape("a & b < c > d \" '") == "a &amp; b &lt; c &gt; d \" '"


def test_an_address_in_code_stays_code() -> None:
    assert plain_text("see `https://evil.example/?d=1`", 100) == "see `https://evil.example/?d=1`"
    assert plain_text("run `pip install aloud`", 100) == "run pip install aloud"
    assert (
        plain_text("a`b ``https://evil.example/?d=1``", 100) == "a`b ``https://evil.example/?d=1``"
    )
    fenced = "~~~ sh\nls\ncurl https://evil.example/?d=1\n~~~\nend"
    assert plain_text(fenced, 100) == "ls\n`curl https://evil.example/?d=1`\nend"
