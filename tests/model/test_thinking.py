from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.messages import AnswerChunk, ReasoningChunk
from bot.model.thinking import ThinkFilter


def split(pieces: Sequence[str], *, hold: bool) -> tuple[str, str]:
    """Return trace and answer."""
    thinking = ThinkFilter(hold=hold)
    chunks = [chunk for piece in pieces for chunk in thinking.feed(piece)]
    chunks += thinking.close()
    assert all(chunk.text for chunk in chunks)
    return (
        "".join(chunk.text for chunk in chunks if isinstance(chunk, ReasoningChunk)),
        "".join(chunk.text for chunk in chunks if isinstance(chunk, AnswerChunk)),
    )


_CASES = [
    pytest.param("trace</think>\n\nanswer", True, ("trace", "answer"), id="orphan closer"),
    pytest.param("<think>trace</think>answer", True, ("trace", "answer"), id="with opener"),
    pytest.param("\n <think>trace</think>answer", False, ("trace", "answer"), id="not asked for"),
    pytest.param("<think></think>answer", True, ("", "answer"), id="empty block"),
    pytest.param("<think>\n\n</think>\n\nanswer", False, ("\n\n", "answer"), id="blank block"),
    pytest.param("</think>\n\nanswer", True, ("", "answer"), id="closer first"),
    pytest.param("</think>\n\nanswer", False, ("", "answer"), id="closer first, off"),
    pytest.param("a</think>b</think>c", True, ("a", "b</think>c"), id="first closer counts"),
    pytest.param("a <think>b", False, ("", "a <think>b"), id="opener inside is text"),
    pytest.param("use </think> here", False, ("", "use </think> here"), id="closer inside, off"),
    pytest.param("plain <b> text", True, ("plain <b> text", ""), id="never closed, held"),
    pytest.param("plain <b> text", False, ("", "plain <b> text"), id="plain, off"),
    pytest.param("<think>half</thi", True, ("half</thi", ""), id="never closed, opened"),
    pytest.param("<thi", False, ("", "<thi"), id="half an opener is all"),
    pytest.param("a</th</think>b", True, ("a</th", "b"), id="false start"),
    pytest.param(" \n ", True, ("", ""), id="white space only"),
    pytest.param("", False, ("", ""), id="nothing"),
]


@pytest.mark.parametrize(("text", "hold", "parts"), _CASES)
def test_split_at_every_offset(text: str, hold: bool, parts: tuple[str, str]) -> None:
    assert split([text], hold=hold) == parts
    assert split([*text], hold=hold) == parts
    for cut in range(len(text) + 1):
        assert split([text[:cut], text[cut:]], hold=hold) == parts


_tags = st.sampled_from(
    ["<think>", "</think>", "<", "</", "think>", "</think", "\n", " ", "a", "é"]
)


@given(st.lists(_tags), st.lists(st.integers(0, 60)), st.booleans())
def test_the_parts_do_not_depend_on_the_cuts(tags: list[str], cuts: list[int], hold: bool) -> None:
    text = "".join(tags)
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[start:end] for start, end in pairwise(edges)]
    assert split(pieces, hold=hold) == split([text], hold=hold)


def test_text_flows_as_soon_as_it_is_certain() -> None:
    thinking = ThinkFilter(hold=True)
    assert thinking.feed("<think>one </thi") == [ReasoningChunk("one ")]
    assert thinking.feed("s</think>\n\nans") == [ReasoningChunk("</this"), AnswerChunk("ans")]
    assert thinking.feed("wer </th") == [AnswerChunk("wer </th")]


def test_untagged_text_is_held_when_it_may_be_a_trace() -> None:
    thinking = ThinkFilter(hold=True)
    assert thinking.feed("is this") == []
    assert thinking.unclosed
    assert thinking.feed(" a trace?</think>yes") == [
        ReasoningChunk("is this a trace?"),
        AnswerChunk("yes"),
    ]
    assert not thinking.unclosed


def test_held_text_is_the_answer_once_the_trace_comes_elsewhere() -> None:
    thinking = ThinkFilter(hold=True)
    assert thinking.feed("held") == []
    assert thinking.stop_holding() == [AnswerChunk("held")]
    assert thinking.feed(" on") == [AnswerChunk(" on")]
