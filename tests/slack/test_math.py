# ruff: noqa: RUF001  # signs that look like letters are what this is about
"""Formulas are text that everybody can read."""

import time
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.slack.math import read_formula


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        ("ax^2 + bx + c = 0", "ax² + bx + c = 0"),
        (
            r"x_{1,2} = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a}",
            "x₁,₂ = (−b ± √(b² − 4ac))/(2a)",
        ),
        (r"\sum_{i=1}^{n} i = \frac{n(n+1)}{2}", "∑ᵢ₌₁ⁿ i = n(n+1)/2"),
        (r"\alpha \le \beta, x \neq y", "α ≤ β, x ≠ y"),
        (r"e^{i\pi} + 1 = 0", "e^(iπ) + 1 = 0"),
        (r"x \in \mathbb{R}^n \to \text{if } x", "x ∈ ℝⁿ → if x"),
        (r"\int_0^1 x^2 \, dx = \frac13", "∫₀¹ x² dx = 1/3"),
        (r"\frac{a}{b} \cdot \frac{1}{N}\sum x", "a/b · 1/N ∑ x"),
        (r"P(A \mid B) = \frac{P(B|A)P(A)}{P(B)}", "P(A ∣ B) = P(B∣A)P(A)/P(B)"),
        (r"\sin\theta + \log_2 n + O(n \log n)", "sin θ + log₂ n + O(n log n)"),
        (r"\left( \frac{1}{2} \right)^2", "(1/2)²"),
        (r"\sqrt[3]{27} = 3, \sqrt[5]{x}, \sqrt{ab}", "∛27 = 3, ⁵√x, √(ab)"),
        (r"\binom{n}{k}, n!", "C(n, k), n!"),
        (r"A = \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", "A = (1, 2; 3, 4)"),
        (r"\begin{vmatrix} a & b \\ c & d \end{vmatrix}", "∣a, b; c, d∣"),
        (
            r"f = \begin{cases} x & x > 0 \\ -x & \text{else} \end{cases}",
            "f = {x, x > 0; −x, else}",
        ),
        (r"\hat{x}, \bar y, \vec{v}", "x̂, ȳ, v⃗"),
        (r"A^T A^{-1} x^* x' y'' 90^\circ", "Aᵀ A⁻¹ x∗ x′ y″ 90°"),
        (r"x_{\text{max}} + v_{terminal}", "xₘₐₓ + v_terminal"),
        (r"\mathrm{CO_2}, H_2O, 10^{-3}", "CO₂, H₂O, 10⁻³"),
        (r"50\% \times 3 = 50%", "50% × 3 = 50%"),
        (r"\{1, 2\} \subset S", "{1, 2} ⊂ S"),
        (r"x \not= y \quad \forall x", "x ≠ y \u2003 ∀ x"),
        (r"\boxed{42}, 1{,}000, \$5", "42, 1,000, $5"),
        (r"a*b | c ~ d", "a∗b ∣ c d"),
        (r"[0,1](x)", "[0,1] (x)"),
        (r"\operatorname{softmax}(z)", "softmax(z)"),
        (r"a \xyz b", "a xyz b"),
    ],
)
def test_it_reads_as_one_would_write_it(latex: str, text: str) -> None:
    assert read_formula(latex) == [normalize("NFC", text)]


def test_rows_are_lines() -> None:
    latex = r"\begin{align*} f(x) &= (x+1)^2 \\ &= x^2 + 2x + 1 \end{align*}"

    assert read_formula(latex) == ["f(x) = (x+1)²", "= x² + 2x + 1"]
    assert read_formula(r"a = b \\[2pt] c = d") == ["a = b", "c = d"]


@pytest.mark.parametrize(
    "latex", ["", "}", r"\frac{1}", "{" * 50, r"\frac" * 60, r"\,", "x" * 2_000]
)
def test_what_cannot_be_read_is_left_alone(latex: str) -> None:
    assert read_formula(latex) is None


PARTS = st.lists(
    st.sampled_from(
        [
            *"x1{}^_&+-=()[]|*`~<>' \n",
            "\\\\",
            "\\",
            "%",
            *(
                "\\" + name + " "
                for name in "frac sqrt sum alpha text left right hat mathbb not binom foo".split()  # noqa: SIM905  # readable
            ),
            "\\begin{pmatrix}",
            "\\end{pmatrix}",
            "\\begin{cases}",
            "\\end{cases}",
            "\\begin{array}{cc}",
            "\\end{array}",
            "\\begin{x}",
        ]
    ),
    max_size=60,
).map("".join)


@given(PARTS)
@settings(deadline=None, max_examples=300)
def test_whatever_it_is_the_result_is_no_markdown(latex: str) -> None:
    for line in read_formula(latex) or []:
        assert line == line.strip(" ")
        assert not set(line) & set("*|`~\\\n\x00")
        assert "](" not in line


@pytest.mark.parametrize(
    "latex",
    [
        "{" * 12 + "x" + "}" * 12,
        "x^" * 700,
        r"\sqrt" * 48,
        r"\frac{a}{" * 11 + "b" + "}" * 11,
        "(" * 1_400,
        r"\frac{(}{)}" * 120,
        "&" * 1_400,
        "\\\\" * 700,
        r"\begin{a}" * 12,
        r"\text{" * 200,
        r"\frac" * 290,
        r"\sqrt" * 290,
        r"x^\sqrt" * 200,
        r"\sqrt[" * 200,
        r"\begin{array}" * 12 + "{" * 12,
        "_" * 1_400,
        "[](" * 400,
    ],
)
def test_a_hostile_formula_takes_no_long_time(latex: str) -> None:
    began = time.process_time()

    read_formula(latex)

    assert time.process_time() - began < 0.5
