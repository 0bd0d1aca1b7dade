from bot.conversation.budget import estimate_tokens
from bot.conversation.shapes import SHAPES
from bot.conversation.summary_prompts import (
    NOTES_SYSTEM,
    request_comparison,
    request_merge,
    request_notes,
    request_summary,
)

CONTRACT = {"lease.pdf": SHAPES["contract"]}


def summary(instruction: str = "", *, from_notes: bool = False, changes: bool = False) -> str:
    return request_summary(CONTRACT, instruction, from_notes=from_notes, changes=changes)


def test_notes_are_asked_for_with_mark_and_quote() -> None:
    text = request_notes("", number=3, of=7, mark='[sheet "Q3"]')

    assert "part 3 of 7" in text
    assert '- statement [sheet "Q3"] "up to twelve words' in text
    assert "language of the document" in text
    assert "asked for this" not in text


def test_notes_for_a_wish_end_with_it() -> None:
    text = request_notes("the risks {really}", number=1, of=2, mark="[p. 1]")

    assert "asked for this:\nthe risks {really}\n" in text
    assert text.startswith(request_notes("", number=1, of=2, mark="[p. 1]"))


def test_merging_keeps_the_form() -> None:
    assert '- statement [mark] "words copied exactly"' in request_merge("")
    assert "asked for this:\nthe risks\n" in request_merge("the risks")


def test_a_summary_has_what_its_kind_has() -> None:
    text = summary()

    assert "In a contract look for:\n- The parties" in text
    assert "language of the conversation" in text
    assert "notes" not in text
    assert "earlier version" not in text


def test_the_persons_words_stand_last_and_are_told_from_the_material() -> None:
    text = summary("in three bullets, for a {lawyer}")

    assert text.endswith("\nin three bullets, for a {lawyer}")
    assert "come from that person, not from a document" in text
    assert "language of the conversation" not in text


def test_notes_and_changes_are_explained_when_they_are_there() -> None:
    assert "notes on all parts are quoted" in summary(from_notes=True)
    assert "Begin with what changed" in summary(changes=True)


def test_several_documents_are_summarized_apart_and_together() -> None:
    shapes = {
        "a.pdf": SHAPES["contract"],
        "b.pdf": SHAPES["minutes"],
        "c.pdf": SHAPES["contract"],
    }

    text = request_summary(shapes, "", from_notes=False, changes=False)

    assert "each of the 3 documents under its name" in text
    assert "In “a.pdf”, “c.pdf” (a contract) look for:" in text
    assert "In “b.pdf” (minutes) look for:" in text
    assert text.count("The parties and what the contract is about.") == 1
    assert "what they say together" in text


def test_a_comparison_tells_old_from_new() -> None:
    text = request_comparison("Was hat sich beim Preis geändert?")

    assert 'lines with "-" are the old words' in text
    assert text.endswith("Was hat sich beim Preis geändert?")
    assert "language of the conversation" in request_comparison("")


def test_pasted_words_are_cut() -> None:
    pasted = "word " * 10_000

    assert estimate_tokens(summary(pasted)) < 1_200
    assert estimate_tokens(request_notes(pasted, number=1, of=2, mark="[p. 1]")) < 1_200
    assert summary(pasted).endswith("…")


def test_what_is_asked_costs_little() -> None:
    assert estimate_tokens(NOTES_SYSTEM) < 150
    assert estimate_tokens(request_notes("", number=1, of=2, mark="[p. 1]")) < 250
    assert all(
        estimate_tokens(request_summary({"a": shape}, "", from_notes=True, changes=True)) < 500
        for shape in SHAPES.values()
    )


def test_every_kind_has_a_short_outline() -> None:
    assert all(3 <= len(shape.outline) <= 6 for shape in SHAPES.values())
