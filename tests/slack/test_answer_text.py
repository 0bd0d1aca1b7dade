"""What an answer shows while it is written is what it shows when it comes at once."""

import pytest

from bot.slack.answer_text import AnswerText
from bot.slack.defuse import defuse
from bot.slack.readable import make_readable
from tests.slack.gallery import SAMPLES


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("size", [1, 7, 100])
def test_pieces_show_what_the_whole_shows(name: str, size: int) -> None:
    markdown = SAMPLES[name]
    text = AnswerText()
    for at in range(0, len(markdown), size):
        text.take(markdown[at : at + size])
    text.finish()

    assert text.written == markdown
    assert text.shown == defuse(make_readable(markdown)).strip()


def test_the_whole_brings_what_the_pieces_lack() -> None:
    text = AnswerText()
    text.take("\nIf $x")

    assert text.shown == "If "
    assert text.complete("If $x^2$ is <!here>.")
    assert text.shown == "If x² is <\u200b!here>."
    assert text.written == "\nIf $x^2$ is <!here>."


def test_another_answer_than_its_pieces_is_not_taken() -> None:
    text = AnswerText()
    text.take("One $")

    assert not text.complete("Two")
    assert text.shown == "One $"


def test_the_next_message_begins_behind_the_cut() -> None:
    text = AnswerText()
    text.take("| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n")
    text.go_on(text.end_at(text.shown.index("| 3")))

    assert text.shown == "| a | b |\n|---|---|\n| 3 | 4 |\n"
    assert text.is_new


def test_what_a_message_only_repeats_is_not_new() -> None:
    text = AnswerText()
    text.take("```py\nx = 1\n")
    text.go_on(text.end_at(len(text.shown)))

    assert text.shown == "```py\n"
    assert not text.is_new
