"""Answers without a model, to prompts as the bot writes them."""

import re

import pytest

from bot.conversation.budget import estimate_tokens
from bot.conversation.messages import AssistantMessage, Message, Passage, UserMessage
from bot.conversation.preferences import Style
from bot.conversation.prompt import COMMENT_REQUEST, Manner, Quoted, build_prompt
from bot.conversation.shapes import SHAPES
from bot.conversation.summary_prompts import (
    MERGED_LINES,
    NOTE_LINES,
    request_comparison,
    request_merge,
    request_notes,
    request_summary,
)
from bot.conversation.titles import build_title_prompt, clean_title
from bot.conversation.transcript import (
    CATCH_UP_REQUEST,
    MessageCitations,
    Transcript,
    Utterance,
)
from bot.demo.asked import read_prompt
from bot.demo.extracting import answer
from bot.documents.citations import check_notes
from bot.documents.comparison import compare, render
from bot.documents.evidence import Evidence
from bot.documents.excerpt import quote_part
from bot.documents.marks import MarkedDocument, Marks
from tests.demo.prompts import (
    Turns,
    answering,
    document,
    noting,
    quote_long,
    quote_pages,
    quote_sheet,
)

PAGES = [
    "# Quarterly report\n\nRevenue grew by 12 % to 4.2 million euros. In the north\nit grew most.",
    "Hiring was paused in July. Nobody left.\nThe next review is on 12 October 2026.",
]
REPORT = quote_pages("q3.pdf", PAGES)
SHAPE = SHAPES["text"]


def respond(turns: Turns) -> str:
    return answer(read_prompt(turns)).answer


def summarize(quoted: str, instruction: str = "", **wants: bool) -> str:
    wants = {"from_notes": False, "changes": False, **wants}
    return respond(answering(quoted, request_summary({"q3.pdf": SHAPE}, instruction, **wants)))


def test_a_question_is_answered_with_the_sentence_and_its_page() -> None:
    text = respond(answering(REPORT, "What about hiring?"))
    assert "> Hiring was paused in July. [p. 2]" in text
    assert "no language model" in text


def test_a_speakers_name_is_no_part_of_the_question() -> None:
    earlier: list[Message] = [
        UserMessage("1.0", "U2", "Bob", "look"),
        AssistantMessage("2.0", "I did.", "1.0"),
    ]
    turns = answering(REPORT, "What about hiring?", earlier=earlier)
    assert turns[-1][1].endswith("Alice Martin: What about hiring?")
    assert "> Hiring was paused" in respond(turns)
    assert "Alice" not in answer(read_prompt(turns)).trace


def test_rare_words_count_for_more_than_common_ones() -> None:
    pages = [f"The engine of type {at} runs on petrol." for at in range(30)]
    pages[20] = "This one runs on hydrogen."
    text = respond(answering(quote_pages("engines.pdf", pages), "Which engine runs on hydrogen?"))
    assert "> This one runs on hydrogen. [p. 21]" in text


def test_a_single_digit_is_a_word_to_look_for() -> None:
    pages = [f"The filter of pump {at} is washed." for at in range(1, 9)]
    text = respond(answering(quote_pages("m.pdf", pages), "Is the filter of pump 4 washed?"))
    assert text.startswith("**m.pdf** says:\n\n> The filter of pump 4 is washed. [p. 4]")


def test_what_is_not_there_is_said_to_be_not_there() -> None:
    assert "I find none of these words" in respond(answering(REPORT, "Who won the cup?"))


def test_a_page_with_few_of_the_words_is_no_answer() -> None:
    text = respond(answering(REPORT, "How many euros does the new opera ticket cost?"))
    assert text.startswith("I don't find this in **q3.pdf**")
    assert "opera" in text


def test_a_summary_gives_telling_sentences_in_order_with_pages() -> None:
    text = summarize(REPORT)
    assert text.startswith("**q3.pdf** begins: Quarterly report [p. 1]")
    assert text.index("Revenue grew") < text.index("The next review")
    assert "12 October 2026. [p. 2]" in text


def test_a_summary_has_as_many_points_as_the_person_wants() -> None:
    pages = [f"Engine number {at} needs {at} litres of petrol." for at in range(9)]
    text = summarize(quote_pages("q3.pdf", pages), "in three bullets please")
    assert text.count("\n- ") == 3


def test_what_the_person_asks_for_comes_into_the_summary() -> None:
    pages = [*PAGES, *(f"Revenue grew by {at} % in the north again." for at in range(20))]
    quoted = quote_pages("q3.pdf", pages)
    assert "paused" not in summarize(quoted)
    assert "Hiring was paused in July. [p. 2]" in summarize(quoted, "What about hiring?")


def test_a_table_is_told_by_what_was_computed_of_it() -> None:
    profile = (
        "Table of 200 rows, 2 columns.\n\nColumns:\n- Amount: number, sum 29850\n\n"
        "Totals by Region:\n| Region | rows |\n|---|---|\n| South | 86 |"
    )
    text = summarize(quote_sheet("q3.pdf", "Sales", [profile, "Region | Amount\nSouth | 1.5"]))
    assert '- Table of 200 rows, 2 columns. [sheet "Sales"]' in text
    assert '- Amount: number, sum 29850 [sheet "Sales"]' in text
    assert "|" not in text


def test_several_documents_are_told_apart() -> None:
    second = [page.replace("paused", "resumed") for page in PAGES]
    quoted = "\n\n".join([
        quote_pages("q3.pdf", PAGES, named=True), quote_pages("q4.pdf", second, named=True)
    ])  # fmt: skip
    text = respond(answering(quoted, "What about hiring?"))
    assert "paused in July. [q3.pdf, p. 2]" in text
    assert "resumed in July. [q4.pdf, p. 2]" in text
    shapes = {"q3.pdf": SHAPE, "q4.pdf": SHAPE}
    request = request_summary(shapes, "", from_notes=False, changes=False)
    summary = respond(answering(quoted, request))
    assert summary.index("**q3.pdf** begins") < summary.index("**q4.pdf** begins")


def make_part(count: int) -> tuple[list[Passage], Marks, Evidence]:
    """Make pages of plain text and of what a manual has besides."""
    passages, evidence = [], Evidence()
    for page in range(1, count + 1):
        text = (
            f"{page}.1 Valves . . . . . . {page}\nValve {page} opens at {page * 10} degrees and "
            f'says "ready" when chamber {page} is safe to\nuse. It closes by itself.\n'
            f"x[{page}] = f(a,b) * [p. 999];"
        )
        passages.append(Passage(page, text))
        evidence.add("m.pdf", page, text)
    labels = dict.fromkeys(range(1, count + 1), "")
    return passages, Marks([MarkedDocument("m.pdf", "page", labels)]), evidence


def test_all_notes_on_a_part_hold_on_their_pages() -> None:
    passages, marks, evidence = make_part(20)
    quoted = quote_part(
        document("m.pdf"), "The chapter before.", passages, boundary="7f3a", named=False
    )
    request = request_notes("", number=2, of=3, mark="[p. 1]")
    notes = respond(noting(quoted, request))
    checked = check_notes(notes, marks, evidence)
    assert (checked.kept, checked.dropped) == (NOTE_LINES, 0)
    assert checked.text == notes
    pages = [int(page) for page in re.findall(r"\[p\. (\d+)\]", notes)]
    assert pages == sorted(pages)
    assert pages[-1] - pages[0] > 14
    assert "chapter before" not in notes
    assert estimate_tokens(notes) <= 900


def test_notes_serve_what_was_asked() -> None:
    passages, *_ = make_part(40)
    quoted = quote_part(document("m.pdf"), "", passages, boundary="7f3a", named=False)
    request = request_notes("What about chamber 17?", number=1, of=1, mark="[p. 1]")
    assert "[p. 17]" in respond(noting(quoted, request))


def test_notes_on_nothing_are_no_notes() -> None:
    quoted = quote_part(document("m.pdf"), "", [Passage(1, "…")], boundary="7f3a", named=False)
    request = request_notes("", number=1, of=1, mark="[p. 1]")
    assert "[p." not in respond(noting(quoted, request))


def test_merged_notes_are_fewer_of_the_same_and_still_hold() -> None:
    passages, marks, evidence = make_part(60)
    notes = []
    for start in range(0, 60, 20):
        part = passages[start : start + 20]
        quoted = quote_part(document("m.pdf"), "", part, boundary="7f3a", named=False)
        request = request_notes("", number=1, of=3, mark="[p. 1]")
        notes.append(respond(noting(quoted, request)))
    merged = respond(noting(quote_long("m.pdf", "\n".join(notes)), request_merge("")))
    checked = check_notes(merged, marks, evidence)
    assert (checked.kept, checked.dropped) == (MERGED_LINES, 0)


def test_a_summary_is_made_from_notes() -> None:
    notes = (
        '- Valve 3 opens at 30 degrees. [p. 3] "Valve 3 opens at 30 degrees"\n'
        '- The warranty ends after two years. [p. 88] [p. 90] "warranty ends"'
    )
    text = summarize(quote_long("q3.pdf", notes), from_notes=True)
    assert "- Valve 3 opens at 30 degrees. [p. 3]\n" in text
    assert "- The warranty ends after two years. [p. 88] [p. 90]\n" in text


def quote_changes() -> str:
    old = [Passage(1, "The budget is 40,000 euros. Bob leads it."), Passage(2, "Nothing else.")]
    new = [Passage(1, "The budget is 55,000 euros. Bob leads it."), Passage(2, "Nothing else.")]
    text, _ = render(
        compare(old, new),
        4_000,
        estimate_tokens,
        unit="page",
        old_name="plan v1.pdf",
        new_name="plan v2.pdf",
    )
    return (
        f'<changes boundary=7f3a from="plan v1.pdf" to="plan v2.pdf">\n{text}\n'
        "</changes boundary=7f3a>"
    )


def test_changes_are_listed_with_the_pages_of_both_versions() -> None:
    text = respond(answering(quote_changes(), request_comparison("What changed?")))
    assert text.startswith("**What changed in plan v2.pdf**")
    assert "- Gone: The budget is 40,000 euros. [plan v1.pdf, p. 1]" in text
    assert "- New: The budget is 55,000 euros. [plan v2.pdf, p. 1]" in text
    assert "Bob" not in text


def test_a_summary_of_a_new_version_begins_with_the_changes() -> None:
    text = summarize(f"{REPORT}\n\n{quote_changes()}", changes=True)
    assert text.startswith("**What changed in plan v2.pdf**")
    assert "**q3.pdf** begins" in text


@pytest.mark.parametrize(
    "turns",
    [
        noting(REPORT, request_notes("", number=1, of=2, mark="[p. 1]")),
        noting(REPORT, request_notes("hiring", number=1, of=2, mark="[p. 1]")),
        noting(quote_long("q3.pdf", '- Revenue grew. [p. 1] "grew"'), request_merge("")),
        *(
            answering(
                REPORT,
                request_summary({"q3.pdf": shape}, said, from_notes=True, changes=True),
                files=["q3.pdf"],
            )
            for shape in SHAPES.values()
            for said in ("", "for a lawyer")
        ),
        answering(REPORT, request_comparison("")),
        answering(REPORT, COMMENT_REQUEST),
    ],
)
def test_the_words_of_instructions_are_never_content(turns: Turns) -> None:
    asked = read_prompt(turns)
    assert asked.words in {"", "hiring", "for a lawyer"}
    quoted = {sentence.text for source in asked.sources for sentence in source.sentences}
    assert all(text in "\n".join(PAGES).replace("\n", " ") for text in quoted - {"Revenue grew."})
    for line in answer(asked).answer.splitlines():
        assert not re.search(r"instruction|boundary|one sentence|quoted|colleague|team", line)


def test_markup_in_a_document_stays_text() -> None:
    pages = ["Minutes\n2. Budget of the garden\nUse `a*b*c` and _x_ for that."]
    text = respond(answering(quote_pages("a.txt", pages), "What about the garden?"))
    assert "> 2\\. Budget of the garden" in text
    text = respond(answering(quote_pages("a.txt", pages), "What use is c?"))
    assert r"\`a\*b\*c\` and \_x\_" in text


def test_earlier_messages_are_found_again() -> None:
    earlier: list[Message] = [
        UserMessage("1.0", "U1", "Alice Martin", "pizza at noon"),
        AssistantMessage("2.0", "ok", "1.0"),
    ]
    text = respond(answering("", "What did I say about pizza?", earlier=earlier))
    assert "> pizza at noon" in text


@pytest.mark.parametrize("text", ["Hello!", "What can you do?", "hi", "?", COMMENT_REQUEST])
def test_it_says_what_it_is(text: str) -> None:
    assert "without a language model" in respond(answering("", text))


def test_it_admits_that_it_cannot_answer() -> None:
    assert respond(answering("", "Why is the sky blue?")).startswith("I can't answer that")


def test_the_trace_tells_what_was_looked_at() -> None:
    trace = answer(read_prompt(answering(REPORT, "What about hiring?", files=["q3.pdf"]))).trace
    assert "What about hiring?" in trace
    assert "1 of 6 sentences" in trace
    assert "shared" not in trace


@pytest.mark.parametrize("text", ["", "| ", "[p. 1]", "| [p. 1]", "|x", "\n\n"])
def test_odd_prompts_get_an_answer(text: str) -> None:
    assert respond([("user", text)])
    assert respond(answering(quote_pages("a.txt", [text]), text))
    assert respond(noting(text, request_merge("")))
    assert respond(noting(quote_long("a.txt", text), request_merge("")))


CHAT = Transcript(
    "#general",
    tuple(
        Utterance(f"{at}.0", 1_794_000_000.0 + at, author, text, f"https://x.test/{at}")
        for at, (author, text) in enumerate(
            [
                ("Alice", "We decided to ship the release on Friday, 27 November."),
                ("Bob", "Who writes the release notes?"),
                ("Clara", "The release notes are written by Bob until Thursday evening."),
                ("Bob", "ok"),
            ]
        )
    ),
)


def test_a_conversation_is_summed_up_with_the_marks_of_its_messages() -> None:
    request = CATCH_UP_REQUEST.format(asker="Alice")
    text = respond(answering(CHAT.quote(10_000).text, request))
    assert "ship the release on Friday, 27 November. [m1]" in text
    assert "### What was asked\n\n- Bob: Who writes the release notes? [m2]" in text
    assert "no language model" in text


def test_the_marks_become_links_as_those_of_a_model_do() -> None:
    quotation = CHAT.quote(10_000)
    citations = MessageCitations(quotation.links)
    text = respond(answering(quotation.text, "What did I miss?"))
    assert "https://x.test/0" in citations.feed(text) + citations.flush()


def test_a_conversation_gets_a_short_title_from_its_first_words() -> None:
    prompt = build_title_prompt("What are the risks in our plan for the next year?", "Many.")
    turns: Turns = [(message.role, message.text) for message in prompt.messages]
    assert clean_title(respond(turns)) == "What are the risks"


@pytest.mark.parametrize(("style", "points"), [("shorter", 2), ("", 5), ("longer", 10)])
def test_a_summary_is_made_shorter_or_longer(style: Style, points: int) -> None:
    pages = [f"In chapter {at} the number {at} is told of at some length." for at in range(30)]
    question = UserMessage("9.0", "U1", "Alice", "summary please")
    prompt = build_prompt(
        question,
        (),
        Quoted(quote_pages("book.pdf", pages), ()),
        reasoning=True,
        room=100_000,
        answer_tokens=1_000,
        manner=Manner(style=style),
    )
    text = respond([(message.role, message.text) for message in prompt.messages])
    assert text.count("\n- ") == points
