"""Answers as models write them, one for each thing that Markdown can be."""

from typing import Final

_LONG: Final = "\n\n".join(
    f"## Part {number}\n\n"
    + "A sentence of some length that says little. " * 24
    + "\n\n- first point\n- second point\n  - with a point of its own\n"
    for number in range(1, 14)
)

SAMPLES: Final[dict[str, str]] = {
    "paragraphs": (
        "The build failed because **two** tests time out. It is *probably* the network, "
        "~~not the disk~~, as `curl` shows.\n\nTry again in an hour."
    ),
    "headings": (
        "# Title\n\nText.\n\n## Section\n\nText.\n\n### Subsection\n\nText.\n\n---\n\nThe end."
    ),
    "lists": (
        "What to do:\n\n1. Open the file\n   - on Linux with `less`\n   - on macOS with *Preview*\n"
        "     - or any editor\n2. Look for **ERROR**\n3. Tell us\n\n"
        "Open points:\n\n- [x] logs read\n- [ ] cause found\n- [ ] fixed"
    ),
    "quotes": (
        "They wrote:\n\n> The answer is **no**.\n>\n> > It was *yes* yesterday.\n\nSo it is no."
    ),
    "code": (
        "Call it like this:\n\n```python\nasync def greet(name: str) -> str:\n"
        '    """Greet somebody."""\n    return f"Hello, {name}! It costs $5 | $6."\n```\n\n'
        "or in a shell:\n\n```sh\nexport PATH=$PATH:$HOME/bin\necho $(date) | tee log.txt\n```\n\n"
        "and inline: `git log --oneline | head`."
    ),
    "links": (
        "See [the docs](https://docs.example.com/start?x=1&y=2), <https://example.com>, "
        "https://example.org/a_b_c and ![a cat](https://example.com/cat.png)."
    ),
    "table": (
        "The quarter in numbers:\n\n"
        "| Region | Revenue | Change | Note |\n"
        "|:-------|--------:|:------:|------|\n"
        "| **EMEA** | 1,204.50 | +12 % | see [the report](https://example.com/q3) |\n"
        "| APAC | 987.10 | -3 % | `a | b` and *more* |\n"
        "| 日本 | 45.00 | | first line<br>second line |\n\n"
        "EMEA grew most."
    ),
    "two tables": (
        "Before:\n\n| Name | Size |\n|---|---:|\n| a.txt | 10 |\n| b.txt | 20 |\n\n"
        "After:\n\n| Name | Size |\n|---|---:|\n| a.txt | 11 |\n| c.txt | 30 |\n\nThat is all."
    ),
    "ragged table": (
        "Name | Age | City\n--- | --- | ---\nAda | 36\nAlan | 41 | London | retired\n| | | |\n"
    ),
    "large table": (
        "| # | Square | Cube |\n|--:|--:|--:|\n"
        + "\n".join(f"| {n} | {n * n} | {n * n * n} |" for n in range(1, 130))
        + "\n\nAnd so on."
    ),
    "math": (
        "The roots of $ax^2 + bx + c = 0$ are\n\n"
        "$$x_{1,2} = \\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a}$$\n\n"
        "where \\(a \\neq 0\\). The sum is \\[\\sum_{i=1}^{n} i = \\frac{n(n+1)}{2}\\] and\n\n"
        "$$A = \\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}, \\quad "
        "\\det A = -2$$\n\n"
        "For $\\alpha \\le \\beta$ and all $x \\in \\mathbb{R}^n$: $e^{i\\pi} + 1 = 0$.\n\n"
        "\\begin{align*}\nf(x) &= (x+1)^2 \\\\\n&= x^2 + 2x + 1\n\\end{align*}"
    ),
    "money": (
        "It costs $5 and $10 more for shipping, so US$ 15; in all 3$ to 4$ a day. "
        "Set `$PATH`, or $HOME and $USER, and run $(date)."
    ),
    "emoji": "Done :tada: and :white_check_mark: — or in Unicode: 🎉 ✅ 👩‍👩‍👧 🇯🇵",
    "HTML": (
        "H<sub>2</sub>O and E = mc<sup>2</sup>,<br>press <kbd>Ctrl</kbd>+<kbd>C</kbd>; "
        "<b>bold</b>, <i>soft</i> and <code>x</code>&nbsp;&mdash; 5 &lt; 6 &amp; so on."
    ),
    "footnotes": (
        "Water boils at 100 °C[^1], less on a mountain.[^high]\n\n"
        "[^1]: At sea level.\n[^high]: About 1 °C for 300 m."
    ),
    "hostile": (
        "<!channel> <!here|x> <@U0ALICE001> <!subteam^S1|@ops> @everyone\n\n"
        "[https://bank.example](https://evil.example/?d=1) ![x](https://evil.example/p.png)\n\n"
        "| <!channel> | @here |\n|---|---|\n"
        "| <@U0ALICE001> | [https://bank.example](https://evil.example) |\n\n"
        "$\\text{<!channel>}$ and $<!here>^2$ and `<@U0ALICE001>`"
    ),
    "long": _LONG,
    "long code": "```python\n" + "value = compute(value)  # again\n" * 500 + "```\n\nThat is all.",
}
