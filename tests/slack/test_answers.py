# ruff: noqa: RUF001  # signs that look like letters are what formulas are about
"""What leaves us for each thing that Markdown can be."""

import re
from typing import Any

import pytest

from bot.demo.validation import find_problems
from bot.slack.render import AnswerControls, OutgoingMessage, render_answer, render_plainly
from tests.slack.gallery import SAMPLES

CONTROLS = AnswerControls("turn-1", reasoning="hidden", regenerate=True)
LIVE = re.compile(
    r"<(?:[@#][A-Z][A-Z0-9]{2}|!subteam\^|!date\^|!(?:channel|here|everyone)\b)"
    r"|(?<!\w)@(?:channel|here|everyone)\b"
)


def render(name: str) -> OutgoingMessage:
    (message,) = render_answer(SAMPLES[name], AnswerControls("turn-1"))
    return message


def show(name: str) -> str:
    """The Markdown of an answer that has nothing else."""
    (block,) = render(name).blocks
    return str(block["text"])


def strings_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in strings_in(one)]
    if isinstance(value, list):
        return [text for one in value for text in strings_in(one)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("name", SAMPLES)
def test_slack_takes_it_and_its_simpler_forms(name: str) -> None:
    for message in render_answer(SAMPLES[name], CONTROLS):
        assert find_problems(message.blocks) == []
        assert 0 < len(message.text) <= 4_000
        for form in render_plainly(message):
            assert find_problems(form.blocks) == []
            assert form.text


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_in_it_pings_anybody(name: str) -> None:
    for message in render_answer(SAMPLES[name], CONTROLS):
        for form in [message, *render_plainly(message)]:
            shown = strings_in(form.blocks)
            assert not [text for text in [form.text, *shown] if LIVE.search(text)]
            kinds = {"user", "usergroup", "broadcast", "channel"}
            assert not kinds & set(shown)


@pytest.mark.parametrize("name", ["paragraphs", "headings", "lists", "quotes", "code", "emoji"])
def test_what_slack_shows_by_itself_goes_through_as_it_is(name: str) -> None:
    assert show(name) == SAMPLES[name]


def test_images_are_links() -> None:
    assert show("links") == SAMPLES["links"].replace("![", "[")


def test_a_table_is_a_table_block_between_markdown_blocks() -> None:
    message = render("table")

    assert [block["type"] for block in message.blocks] == ["markdown", "table", "markdown"]
    assert message.text.startswith(
        "The quarter in numbers:\nRegion: EMEA; Revenue: 1,204.50; Change: +12 %; "
        "Note: see the report\nRegion: APAC"
    )


def test_formulas_are_text() -> None:
    assert show("math") == (
        "The roots of ax² + bx + c = 0 are\n\n"
        "\u2003x₁,₂ = (−b ± √(b² − 4ac))/(2a)\n\n"
        "where a ≠ 0. The sum is \n\n\u2003∑ᵢ₌₁ⁿ i = n(n+1)/2\n\nand\n\n"
        "\u2003A = (1, 2; 3, 4), \u2003 det A = −2\n\n"
        "For α ≤ β and all x ∈ ℝⁿ: e^(iπ) + 1 = 0.\n\n"
        "\u2003f(x) = (x+1)²  \n\u2003= x² + 2x + 1"
    )


def test_money_is_money() -> None:
    assert show("money") == SAMPLES["money"]


def test_html_is_markdown() -> None:
    assert show("HTML") == (
        "H₂O and E = mc²,  \npress `Ctrl`+`C`; **bold**, *soft* and `x`\u00a0— 5 &lt; 6 &amp; so"
        " on."
    )


def test_footnotes_are_raised_numbers_or_names() -> None:
    assert show("footnotes") == (
        "Water boils at 100 °C¹, less on a mountain.[^high]\n\n"
        "¹ At sea level.\n[^high] About 1 °C for 300 m."
    )


def test_the_links_of_a_table_are_honest() -> None:
    message = render("hostile")

    (table,) = (block for block in message.blocks if block["type"] == "table")
    (link,) = table["rows"][1][1]["elements"][0]["elements"]
    assert link["text"] == "https://bank.example (evil.example)"


def test_a_table_is_not_torn_from_its_header() -> None:
    rows = "".join(f"| {number} | {'word ' * 20}|\n" for number in range(150))
    messages = render_answer(f"| # | text |\n|---|---|\n{rows}", CONTROLS)

    assert len(messages) == 2
    for message in messages:
        (table, *_) = message.blocks
        assert table["type"] == "table" or table["text"].startswith("| # | text |\n|---|---|\n")
        assert find_problems(message.blocks) == []


def test_a_refused_table_is_markdown_and_all_else_stays() -> None:
    (message,) = render_answer(SAMPLES["table"], CONTROLS)

    written, *_ = render_plainly(message)

    assert [block["type"] for block in written.blocks] == ["markdown", "actions"]
    assert "| **EMEA** | 1,204.50 |" in written.blocks[0]["text"]
    assert "first line second line" in written.blocks[0]["text"]
    assert written.text == message.text
