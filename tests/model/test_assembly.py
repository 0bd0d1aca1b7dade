import pytest

from bot.conversation.messages import (
    AnswerChunk,
    Chunk,
    Completion,
    ReasoningChunk,
    Usage,
)
from bot.errors import ModelBlank, ModelInterrupted, ModelRefused
from bot.model.assembly import Assembly
from bot.model.wire import Delta


def assemble(*deltas: Delta, reasoning: bool = True) -> list[Chunk]:
    assembly = Assembly(model="m", reasoning=reasoning)
    chunks = [chunk for delta in deltas for chunk in assembly.add(delta)]
    return chunks + assembly.finish()


def complete(*deltas: Delta, reasoning: bool = True) -> Completion:
    last = assemble(*deltas, reasoning=reasoning)[-1]
    assert isinstance(last, Completion)
    return last


STOP = Delta(finish="stop")
LENGTH = Delta(finish="length")


def test_trace_and_answer_come_as_chunks_and_then_whole_and_stripped() -> None:
    assert assemble(
        Delta(reasoning="Hm, "),
        Delta(reasoning="so.\n"),
        Delta(content="\n\nHel"),
        Delta(content="lo.\n"),
        STOP,
        Delta(usage=Usage(prompt=14, completion=84)),
    ) == [
        ReasoningChunk("Hm, "),
        ReasoningChunk("so.\n"),
        AnswerChunk("Hel"),
        AnswerChunk("lo.\n"),
        Completion("Hello.", "Hm, so.", False, "m", Usage(prompt=14, completion=84)),
    ]


def test_an_answer_cut_at_the_limit_is_marked() -> None:
    assert complete(Delta(reasoning="Hm."), Delta(content="Hel"), LENGTH).truncated


def test_a_trace_that_ate_all_the_room_is_no_answer() -> None:
    with pytest.raises(ModelBlank):
        assemble(Delta(reasoning="Hm, so"), LENGTH)
    with pytest.raises(ModelBlank):
        assemble(Delta(content="Hm, so"), LENGTH)
    with pytest.raises(ModelBlank):
        assemble(Delta(content="<think>Hm, so"), LENGTH)
    with pytest.raises(ModelBlank):
        assemble(Delta(reasoning="Hm, so"), LENGTH, reasoning=False)


def test_an_answer_in_the_reasoning_field_is_moved_when_no_trace_was_asked_for() -> None:
    chunks = assemble(Delta(reasoning="Hel"), Delta(reasoning="lo."), STOP, reasoning=False)
    assert chunks[-2:] == [AnswerChunk("Hello."), Completion("Hello.", "", False, "m")]


def test_a_trace_that_was_asked_for_is_never_moved() -> None:
    with pytest.raises(ModelBlank):
        assemble(Delta(reasoning="Hm."), STOP)
    with pytest.raises(ModelBlank):
        assemble(Delta(reasoning="Hm."), Delta(content="<think>Hm."), STOP)


def test_a_tagged_trace_that_was_closed_is_never_moved() -> None:
    with pytest.raises(ModelBlank):
        assemble(Delta(content="Hm.</think>\n\n"), STOP)
    with pytest.raises(ModelBlank):
        assemble(Delta(content="<think>Hm.</think>"), STOP, reasoning=False)


def test_text_that_never_closes_its_block_is_the_answer() -> None:
    assert assemble(Delta(content="Hel"), Delta(content="lo."), STOP) == [
        AnswerChunk("Hello."),
        Completion("Hello.", "", False, "m"),
    ]
    assert complete(Delta(content="<think>Hello."), STOP).answer == "Hello."


def test_a_tagged_copy_of_the_reasoning_field_is_dropped() -> None:
    chunks = assemble(
        Delta(reasoning="Hm.", content="<think>Hm."), Delta(content="</think>Yes."), STOP
    )
    assert chunks[:-1] == [ReasoningChunk("Hm."), AnswerChunk("Yes.")]
    assert complete(Delta(reasoning="Hm.", content="<think>Hm.</think>Yes."), STOP).reasoning == (
        "Hm."
    )


@pytest.mark.parametrize("reasoning", [True, False])
def test_nothing_at_all_is_blank(reasoning: bool) -> None:
    for blank in ("", " \n ", "</think>\n\n", "<think>\n\n</think>\n"):
        with pytest.raises(ModelBlank):
            assemble(Delta(content=blank), STOP, reasoning=reasoning)


def test_without_a_finish_reason_nothing_is_complete() -> None:
    with pytest.raises(ModelInterrupted):
        assemble(Delta(reasoning="Hm."), Delta(content="Hello."))
    with pytest.raises(ModelInterrupted):
        assemble()


def test_a_refusal_is_told_from_an_answer() -> None:
    with pytest.raises(ModelRefused):
        assemble(Delta(refusal="I can't help with that."), STOP)
    with pytest.raises(ModelRefused):
        assemble(Delta(content="Some"), Delta(finish="refused"), reasoning=False)
