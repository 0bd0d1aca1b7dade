"""What prompts ask for: tasks, the person's words, flags."""

import pytest

from bot.conversation.shapes import SHAPES
from bot.conversation.summary_prompts import (
    request_comparison,
    request_merge,
    request_notes,
    request_summary,
)
from bot.demo.asked import Role, Task, read_prompt, wants_reasoning
from tests.demo.prompts import answering, noting, quote_long, quote_pages

PAGE = quote_pages("a.pdf", ["Tea at four."])
NOTES = quote_long("a.pdf", '- Tea at four. [p. 1] "Tea"')
SHAPE = SHAPES["text"]


@pytest.mark.parametrize("words", ["", "What about tea?", "for a lawyer,\n\nin German"])
@pytest.mark.parametrize(
    ("task", "lines"),
    [("notes", 12), ("merge", 24), ("summary", 0), ("comparison", 0)],
)
def test_every_task_is_recognized_and_the_persons_words_in_it(
    task: Task, lines: int, words: str
) -> None:
    turns = {
        "notes": noting(PAGE, request_notes(words, number=1, of=2, mark="[p. 1]")),
        "merge": noting(NOTES, request_merge(words)),
        "summary": answering(
            NOTES,
            request_summary({"a.pdf": SHAPE, "b.pdf": SHAPE}, words, from_notes=True, changes=True),
            files=["a.pdf", "b.pdf"],
        ),
        "comparison": answering(PAGE, request_comparison(words), files=["a.pdf"]),
    }[task]
    asked = read_prompt(turns)
    assert (asked.task, asked.words, asked.lines) == (task, words, lines)
    assert [source.name for source in asked.sources] == ["a.pdf"]


def test_what_stands_between_documents_and_question_is_no_question() -> None:
    asked = read_prompt(answering(PAGE, "When is tea?"))
    assert (asked.task, asked.words) == ("question", "When is tea?")


def test_flags_are_no_part_of_the_question() -> None:
    assert read_prompt([("user", "Why? /no_think")]).words == "Why?"


def test_without_documents_a_request_for_notes_is_a_question() -> None:
    asked = read_prompt([("user", "Merge them into at most 3 lines")])
    assert asked.task == "question"


@pytest.mark.parametrize(
    ("messages", "wanted"),
    [
        ([("system", "x"), ("user", "y")], True),
        ([("system", "x /no_think"), ("user", "y")], False),
        ([("system", "x /no_think"), ("user", "y /think")], True),
        ([("system", "x /think"), ("user", "y\n/no_think")], False),
        ([("system", "/no_think and /think"), ("user", "y")], True),
        ([("user", "/no_think"), ("assistant", "/think")], False),
    ],
)
def test_the_last_message_with_a_flag_decides(
    messages: list[tuple[Role, str]], wanted: bool
) -> None:
    assert wants_reasoning(messages) is wanted
