"""Whatever a document is made of, the prompt's frames hold it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.budget import estimate_tokens
from bot.conversation.messages import (
    Document,
    PageUnit,
    Passage,
    Prompt,
    PromptMessage,
)
from bot.conversation.names import clean_name, name_inside
from bot.documents.comparison import compare, render
from bot.documents.excerpt import (
    Excerpt,
    prefix,
    quote,
    quote_conversation,
    quote_notes,
    quote_part,
)
from bot.documents.readers.pages import clean
from bot.model.wire import encode
from tests.injection.attacks import CONTROL_WORDS, FORGERIES, NAMES
from tests.injection.inspecting import LINE_ENDS, inspect, inspect_prompt, is_mark

BOUNDARY = "7f3a90bc"

_pieces = st.one_of(
    st.sampled_from([*CONTROL_WORDS, *FORGERIES, *NAMES]),
    st.sampled_from(
        ["<", "</", "|", "| ", "[", "]", '"', "[p. ", "/", "think", "<SPECIAL_", "11>"]
    ),
    st.sampled_from([*LINE_ENDS, "\r\n", "\x00", "\u200b", "\u202e", "\ud800"]),
    st.text(max_size=10),
)
hostile = st.lists(_pieces, max_size=8).map("".join)
units: st.SearchStrategy[PageUnit] = st.sampled_from(["page", "slide", "sheet", "section", "part"])


@st.composite
def excerpts(draw: st.DrawFn) -> Excerpt:
    """A document as it is kept: only its name has been cleaned."""
    document = Document(
        "F1", clean_name(draw(hostile)), "PDF", draw(units), 9, 9, 0, "digest"
    )  # fmt: skip
    passages = st.builds(
        Passage, st.integers(1, 9), hostile, hostile, st.integers(0, 2), st.integers(0, 9)
    )
    return Excerpt(document, tuple(draw(st.lists(passages, max_size=4))))


def encoded(text: str) -> list[dict[str, str]]:
    """A prompt as it goes over the wire."""
    messages = (PromptMessage("system", "Rules."), PromptMessage("user", f"{text}\n\nWhat is it?"))
    body = json.dumps(encode(Prompt(messages, reasoning=False, answer_tokens=9), "model"))
    read: list[dict[str, str]] = json.loads(body)["messages"]
    return read


@given(st.lists(excerpts(), min_size=1, max_size=3), st.booleans())
def test_documents_are_held(quoted: list[Excerpt], named: bool) -> None:
    text = quote(quoted, boundary=BOUNDARY, named=named)
    assert inspect(text).spoken == [""] * (len(quoted) - 1)
    assert inspect_prompt(encoded(text)).spoken[1:] == [*[""] * len(quoted), "What is it?"]


@given(excerpts(), hostile)
def test_parts_are_held(excerpt: Excerpt, lead: str) -> None:
    text = quote_part(excerpt.document, lead, excerpt.passages, boundary=BOUNDARY, named=True)
    assert inspect(text).spoken == []
    assert inspect_prompt(encoded(text)).spoken[1:] == ["", "What is it?"]


@given(excerpts(), hostile)
def test_notes_and_conversations_are_held(excerpt: Excerpt, text: str) -> None:
    for quoted in (
        quote_notes(excerpt.document, text, boundary=BOUNDARY),
        quote_conversation(text, text, boundary=BOUNDARY),
    ):
        assert inspect(quoted).spoken == inspect(quoted).marks == []
        assert inspect_prompt(encoded(quoted)).spoken[1:] == ["", "What is it?"]


@given(excerpts(), excerpts())
def test_changes_are_held(old: Excerpt, new: Excerpt) -> None:
    text, _ = render(
        compare(old.passages, new.passages), 500, estimate_tokens,
        unit=new.document.unit, old_name=f"{old.document.name} (earlier)",
        new_name=new.document.name,
    )  # fmt: skip
    assert all(line.startswith("| ") or is_mark(line) for line in text.splitlines())


@given(hostile)
def test_every_line_has_its_bar_even_once_it_is_sanitized(text: str) -> None:
    [_, asked] = encoded(prefix(text))
    quoted, _, _ = asked["content"].rpartition("\n\nWhat is it?")
    assert all(line.startswith("|") for line in quoted.splitlines())


@given(hostile)
def test_text_that_was_read_ends_its_lines_in_one_way(text: str) -> None:
    assert not {*LINE_ENDS} - {"\n"} & {*clean(text)} - {"\n"}


@given(hostile, hostile)
def test_no_name_leaves_its_line_or_its_mark(name: str, container: str) -> None:
    for shown in (clean_name(name), name_inside(name, container)):
        assert shown.isprintable()
        assert is_mark(f"[{shown}, p. 3]")
