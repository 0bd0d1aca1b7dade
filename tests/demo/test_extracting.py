"""Answers without a model: prompts taken apart, sentences found, flags obeyed."""

import pytest

from bot.demo.extracting import Role, answer, find_sources, read_prompt, wants_reasoning

QUOTED = """\
<document boundary=7f3a name="Q3 report.pdf" kind="PDF">
[p. 1]
| # Quarterly report
|
| Revenue grew by 12 % to 4.2 million euros. Revenue in the north
| grew most.
[p. 2]
| Hiring was paused in July. Nobody left.
[p. 2, continued]
| The next review is on 12 October 2026.
</document boundary=7f3a>

The quoted material ends here; what follows is the conversation again.

Read pages 1-2 of 2.

"""


def ask(text: str, *earlier: tuple[Role, str]) -> str:
    messages: list[tuple[Role, str]] = [("system", "You are Aloud."), *earlier, ("user", text)]
    return answer(read_prompt(messages)).answer


def test_a_document_is_found_with_its_name_pages_and_sentences() -> None:
    [source], rest = find_sources(QUOTED + "What about hiring?")
    assert source.name == "Q3 report.pdf"
    assert source.marks == ("[p. 1]", "[p. 2]")
    assert [sentence.text for sentence in source.sentences] == [
        "Quarterly report",
        "Revenue grew by 12 % to 4.2 million euros.",
        "Revenue in the north grew most.",
        "Hiring was paused in July.",
        "Nobody left.",
        "The next review is on 12 October 2026.",
    ]
    assert "boundary" not in rest
    assert rest.endswith("What about hiring?")


@pytest.mark.parametrize(
    "block",
    [
        "The file “a.pdf”:\n<<<7f3a\n| [p. 1]\n| Tea at four.\n7f3a>>>\n",
        'name="a.pdf"\n| [p. 1] Tea at four.\n',
        "=== a.pdf 7f3a ===\n[p. 1]\n\n| Tea at four.\n=== 7f3a ===\n",
    ],
)
def test_other_frames_are_understood_too(block: str) -> None:
    [source], _ = find_sources(block + "\nSummarize it.")
    assert source.name == "a.pdf"
    assert [(s.text, s.mark) for s in source.sentences] == [("Tea at four.", "[p. 1]")]


def test_headings_and_list_lines_of_a_pdf_are_sentences_of_their_own() -> None:
    lines = [
        "| Annual report",
        "| The company did well in a year that was hard for",
        "| most others of its size.",
        "| 1. First point",
        "| • Second point",
    ]
    [source], _ = find_sources("\n".join(lines))
    assert [sentence.text for sentence in source.sentences] == [
        "Annual report",
        "The company did well in a year that was hard for most others of its size.",
        "1. First point",
        "Second point",
    ]


def test_a_question_is_answered_with_the_sentence_and_its_page() -> None:
    text = ask(QUOTED + "What about hiring?")
    assert "> Hiring was paused in July. [p. 2]" in text
    assert "no language model" in text


def test_a_later_question_finds_the_document_of_an_earlier_message() -> None:
    text = ask("When is the next review?", ("user", QUOTED + "Summarize it."), ("assistant", "ok"))
    assert "12 October 2026. [p. 2]" in text


def test_a_summary_gives_telling_sentences_in_order_with_pages() -> None:
    text = ask(QUOTED + "Summarize the document for the team:\n1. One sentence\n2. Points")
    assert text.startswith("**Q3 report.pdf** begins: Quarterly report [p. 1]")
    assert text.index("Revenue grew") < text.index("The next review")


def test_a_numbered_heading_does_not_become_a_list_in_the_list() -> None:
    text = ask('name="a.txt"\n| Minutes\n| 2. Budget of the garden\n\nWhat about the garden?')
    assert "> 2\\. Budget of the garden" in text


def test_several_documents_are_told_apart() -> None:
    second = QUOTED.replace("Q3 report.pdf", "Q4 plan.docx").replace("paused", "resumed")
    text = ask(f"{QUOTED}{second}What about hiring?")
    assert "Q3 report.pdf" in text
    assert "resumed in July. [p. 2] — Q4 plan.docx" in text


def test_what_is_not_there_is_said_to_be_not_there() -> None:
    assert "I find none of these words" in ask(QUOTED + "Who won the cup?")


def test_earlier_messages_are_found_again() -> None:
    text = ask("What did Bob say about pizza?", ("user", "Bob: pizza at noon"), ("assistant", "ok"))
    assert "> Bob: pizza at noon" in text


@pytest.mark.parametrize("text", ["Hello!", "What can you do?", "hi", "?"])
def test_it_says_what_it_is(text: str) -> None:
    assert "without a language model" in ask(text)


def test_it_admits_that_it_cannot_answer() -> None:
    assert ask("Why is the sky blue?").startswith("I can't answer that")


def test_the_trace_tells_what_was_looked_at() -> None:
    trace = answer(read_prompt([("user", QUOTED + "What about hiring?\n(shared “a.pdf”)")])).trace
    assert "What about hiring?" in trace
    assert "hiring" in trace
    assert "1 of 6 sentences" in trace
    assert "shared" not in trace


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


def test_flags_are_no_part_of_the_question() -> None:
    assert read_prompt([("user", "Why? /no_think")]).text == "Why?"


@pytest.mark.parametrize("text", ["", "| ", "[p. 1]", "| [p. 1]", "|x", "\n\n"])
def test_odd_prompts_get_an_answer(text: str) -> None:
    assert ask(text)
