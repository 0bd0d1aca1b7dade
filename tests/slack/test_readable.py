# ruff: noqa: RUF001  # signs that look like letters are what this is about
"""Formulas, HTML and footnotes are readable in Slack; money, shells and code stay as they are."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.slack.readable import Readable, make_readable

UNTOUCHED = [
    "$5 and $10",
    "US$ 3, US$3 and 5$ or 6$",
    "$5-$10, $5/mo vs 10$.",
    "from $5 to 10$ more",
    "$10,000 (about €9,000) or $12,000",
    "price: $5 = $4 + $1",
    "\\$5 and \\$6",
    "$PATH:$HOME/x_y and $HOME$",
    "${A}/${B} $(pwd)/$USER echo $(date) costs 5$",
    "$US_DOLLARS and $CAN_DOLLARS$",
    "http://a.example/$x$ and https://a.example/?q=$x^2$",
    "`$x^2$` ``$y$`` and `\\(x\\)`",
    "```\n$x^2$ \\[y\\] <br> &nbsp; [^1]\n```",
    "~~~tex\n$$x$$\n~~~",
    "> ```\n> $x^2$\n> ```",
    "an open $x^2 and \\(x and \\[y and $$z",
    "\\[optional\\] and \\(not a formula at all\\)",
    "\\[1\\] Smith, \\[a-z\\], \\[x\\]",
    'Revenue was $1.2B (up 5%), not **$5** or ($5)($6), $1+$1=$2, "$5"-"$6", $3.50/share',
    "awk '{print $1, $2}', s/$/x/, $this->x = $that->y; $('a') and $('b'), A$5",
    "$x^2\n\ny$",
    "\\begin{foo} \\begin{verse}a\\end{verse} C:\\begin",
    "a < b, a <b and <div>, <b>, <sup></sup> and <sub> x",
    "5 &lt; 6 &amp;amp; &#42; R&D; &nosuchthing;",
    "[^high] [x] [^a b]",
    ":tada: 🎉 - [x] done\n---\n# x\n> y\n\n| a |\n|---|",
]


@pytest.mark.parametrize("text", UNTOUCHED)
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert make_readable(text) == text


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("If $x^2 = 4$, then $x$ is $\\pm 2$.", "If x² = 4, then x is ± 2."),
        ("\\(a \\ne 0\\) and $n$-th, ($f(x)$), $AB$", "a ≠ 0 and n-th, (f(x)), AB"),
        ("it is $5$, or $42\\%$", "it is 5, or 42%"),
        ("$x<y$\nand $(a+b)^2$", "x < y\nand (a+b)²"),
        ("**$x$** costs $3", "**x** costs $3"),
        ("$a$ and $b$ cost $3 each", "a and b cost $3 each"),
        ("| $$x$$ | $|y|$ |", "| x | ∣y∣ |"),
        ("- so $$x=1$$ it is", "- so x = 1 it is"),
        ("$> 5x$", "\u200b> 5x"),
        ("$\\frac{1}$", "$\\frac{1}$"),
    ],
)
def test_a_formula_in_a_line_stays_there(markdown: str, shown: str) -> None:
    assert make_readable(markdown) == shown


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("are\n\n$$x = 1$$\n\nso", "are\n\n\u2003x = 1\n\nso"),
        ("$$\nx = 1\n$$\nso", "\u2003x = 1\nso"),
        ("So \\[x = 1\\], then", "So \n\n\u2003x = 1,\n\nthen"),
        ("So $$x = 1$$.", "So \n\n\u2003x = 1."),
        (
            "\\begin{align}\na &= b \\\\\n&= c\n\\end{align}\n",
            "\u2003a = b  \n\u2003= c\n",
        ),
        ("1. item:\n   $$a \\\\ b = c$$", "1. item:\n   a; b = c"),
    ],
)
def test_a_formula_of_its_own_has_a_line_of_its_own(markdown: str, shown: str) -> None:
    assert make_readable(markdown) == shown


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("H<sub>2</sub>O, x<sup>2</sup>, 1<SUP>st</SUP>", "H₂O, x², 1ˢᵗ"),
        ("one<br>two<br/>three<BR />four", "one  \ntwo  \nthree  \nfour"),
        ("| one<br/>two |", "| one<br>two |"),
        (
            "<b>a</b> <strong> b </strong> <i>c</i> <del>d</del> <u>e</u>",
            "**a**  **b**  *c* ~~d~~ e",
        ),
        ("<kbd>Ctrl</kbd>+<code>x*y</code>", "`Ctrl`+`x*y`"),
        ("a&nbsp;b &mdash; &rarr; &eacute; &#8364; &#x20AC;", "a\u00a0b — → é € €"),
        ("100 °C[^1] and[^12].\n\n[^1]: At sea level.", "100 °C¹ and¹².\n\n¹ At sea level."),
        ("[^note]: https://example.com", "[^note] https://example.com"),
    ],
)
def test_html_and_footnotes_become_readable(markdown: str, shown: str) -> None:
    assert make_readable(markdown) == shown


PIECES = st.lists(
    st.sampled_from(
        [
            *"$x2 \n|`\\([])^_{}=<>&;:.,!~*>-#1",
            "$$",
            "\n\n",
            "\\(",
            "\\)",
            "\\[",
            "\\]",
            "```",
            "$x^2$",
            "$$y_1$$",
            "\\frac{a}{b}",
            "\\begin{align}",
            "\\end{align}",
            "<b>",
            "</b>",
            "<sup>",
            "</sup>",
            "<br>",
            "&nbsp;",
            "&lt",
            "[^1]",
            "[^1]: ",
            "costs $5",
            " and",
            "http://",
            "- ",
        ]
    ),
    max_size=40,
)


@given(PIECES, st.lists(st.integers(1, 7), min_size=1, max_size=20))
@settings(deadline=None, max_examples=400)
def test_it_does_not_matter_how_the_text_is_cut(pieces: list[str], sizes: list[int]) -> None:
    text = "".join(pieces)
    readable = Readable()
    shown, at, step = "", 0, 0
    while at < len(text):
        size = sizes[step % len(sizes)]
        shown += readable.feed(text[at : at + size])
        at, step = at + size, step + 1

    assert shown + readable.flush() == make_readable(text)


@given(st.text(max_size=300).filter(lambda text: not set(text) & set("$\\<&[`~")))
@settings(deadline=None)
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert make_readable(text) == text


def test_text_is_held_back_only_as_long_as_a_formula_may_be() -> None:
    readable = Readable()

    assert readable.feed("It costs $5 or so, $a ") == "It costs $5 or so, "
    assert readable.feed("x" * 400) == "$a " + "x" * 400
    assert readable.feed("$$" + "y" * 1_600) == "$$" + "y" * 1_600


@pytest.mark.parametrize(
    "text",
    [
        "$a" * 6_000,
        "$" * 12_000,
        "\\(" * 6_000,
        "\\[" * 6_000,
        "$$x" * 4_000,
        "$\\frac{a}{b}$ " * 800,
        "<b>" * 4_000,
        "<" * 12_000,
        "&a" * 6_000,
        "[^" * 6_000,
        "\\begin{align}" * 900,
        "$x^" + "{" * 11_000,
    ],
)
def test_a_hostile_answer_takes_no_long_time(text: str) -> None:
    began = time.process_time()

    readable = Readable()
    for at in range(0, len(text), 40):
        readable.feed(text[at : at + 40])
    readable.flush()

    assert time.process_time() - began < 4.0
