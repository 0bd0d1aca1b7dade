import pytest

from bot.conversation.catch_up import find_catch_up
from bot.conversation.suggestions import (
    MOST_SUGGESTIONS,
    suggest_anything,
    suggest_catch_up,
    suggest_on_document,
)
from bot.language import ENGLISH, LANGUAGES, find_language


def test_questions_name_the_document_and_link_to_it() -> None:
    found = suggest_on_document("q3.pdf", ENGLISH, link="https://acme.slack.com/archives/D1/p1")

    assert found[1].title == "Risks in q3.pdf"
    assert all("q3.pdf" in one.title for one in found)
    assert all(one.message.endswith("? https://acme.slack.com/archives/D1/p1") for one in found)


def test_a_hostile_name_stays_short_and_harmless() -> None:
    name = "<!channel> [x](https://evil.example) " + "long " * 30 + "final.pdf"

    for one in suggest_on_document(name, ENGLISH):
        assert len(one.title) <= 75
        assert "<" not in one.message
        assert "](" not in one.message
        assert "nal.pdf" in one.title


@pytest.mark.parametrize("tag", LANGUAGES)
def test_suggestions_come_in_every_language(tag: str) -> None:
    language = find_language(tag)
    found = [
        *suggest_on_document("q3.pdf", language),
        suggest_catch_up(language),
        *suggest_anything(language),
    ]
    assert all(one.title and one.message for one in found)
    assert len({one.title for one in found}) == len(found)
    assert len(suggest_anything(language)) == MOST_SUGGESTIONS


@pytest.mark.parametrize("tag", LANGUAGES)
def test_the_suggested_catch_up_is_understood_as_one(tag: str) -> None:
    said = suggest_catch_up(find_language(tag)).message
    found = find_catch_up(said, here="C0GENERAL1", now=1_790_000_000.0, time_zone="UTC")
    assert found is not None
    assert found.channel == "C0GENERAL1"
