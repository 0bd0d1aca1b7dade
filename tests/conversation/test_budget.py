import pytest

from bot.conversation.budget import estimate_tokens, prompt_room

# Token counts of these texts under Mistral's Tekken vocabulary, which the model's own counts match.
PROSE = (
    "The committee met on Tuesday to discuss the budget for the coming year and agreed that the "
    "proposal should be revised before it is sent to the members for a vote. "
)


def test_prose_costs_about_a_token_for_four_characters() -> None:
    estimate = estimate_tokens(PROSE * 20)

    assert len(PROSE * 20) / 5 < estimate < len(PROSE * 20) / 3


def test_every_digit_is_a_token() -> None:
    assert estimate_tokens("1234567890 " * 100) >= 1000


def test_cjk_costs_about_one_token_a_character() -> None:
    assert 1000 <= estimate_tokens("日本語の文書" * 200) <= 1800


def test_long_unbroken_runs_are_dearer_than_words() -> None:
    assert estimate_tokens("QUJD" * 1000) > estimate_tokens("word " * 800)


@pytest.mark.parametrize("text", ["", "a", "\n", "🙂"])
def test_it_is_at_least_one(text: str) -> None:
    assert estimate_tokens(text) >= 1


def test_room_leaves_a_margin_and_the_answer() -> None:
    assert prompt_room(100_000, 8_000) == 87_000
