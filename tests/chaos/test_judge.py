"""The judge sees what is wrong; a check that can't fail would be none."""

from dataclasses import replace

import pytest

from bot.slack.render import ANSWER_EVENT, NOTICE_EVENT, TRACE_EVENT
from tests.chaos.judge import Posted, Press, Question, Transcript, judge
from tests.chaos.speech import find_answered, find_numbers, is_whole, phrase_answer, phrase_question


def answer(ts: str, *numbers: int, turn: str = "") -> Posted:
    mark = turn or f"t{numbers[0]}"
    return Posted(ts, phrase_answer(numbers), ANSWER_EVENT, mark, 1)


def notice(ts: str, turn: str) -> Posted:
    return Posted(ts, "That went wrong.", NOTICE_EVENT, turn, 1)


def trace(ts: str, turn: str) -> Posted:
    return Posted(ts, "I think.", TRACE_EVENT, turn, 1)


THREE = (Question(1, "1.0"), Question(2, "2.0"), Question(3, "3.0"))


def faults(*posted: Posted, questions: tuple[Question, ...] = THREE, **more: object) -> list[str]:
    thread = Transcript("C1", "1.0", questions, posted)
    return [found.fault for found in judge(replace(thread, **more))]  # type: ignore[arg-type]  # any field of it


@pytest.mark.parametrize(
    "posted",
    [
        (answer("1.5", 1), answer("2.5", 2), answer("3.5", 3)),
        (answer("1.5", 1), answer("3.5", 2, 3)),
        (answer("1.5", 1, 2, 3),),
        (answer("1.5", 1), notice("2.5", "t2"), answer("3.5", 3)),
        (answer("1.5", 1), notice("3.5", "t2")),
        (notice("1.5", "t1"), answer("3.5", 1, 2, 3, turn="t2")),
    ],
    ids=["each", "two together", "all", "one failed", "two failed", "failed, read again"],
)
def test_one_outcome_for_each_question_is_right(posted: tuple[Posted, ...]) -> None:
    assert faults(*posted) == []


def test_a_question_without_outcome_is_lost() -> None:
    assert faults(answer("1.5", 1), answer("3.5", 3)) == ["lost"]
    assert faults() == ["lost"] * 3


def test_an_error_before_a_question_is_not_its_outcome() -> None:
    assert faults(answer("1.5", 1), notice("2.5", "t2")) == ["lost"]


def test_a_question_that_was_never_acked_may_have_no_outcome() -> None:
    assert faults(questions=(Question(1, "1.0", accepted=False),)) == []


def test_two_answers_to_one_question_are_doubled() -> None:
    said = (answer("1.5", 1), answer("2.5", 2), answer("3.5", 2, 3, turn="t3"))
    assert faults(*said) == ["doubled"]


def test_two_messages_of_one_turn_are_doubled() -> None:
    said = (answer("1.5", 1), answer("2.5", 2), answer("2.6", 2), answer("3.5", 3))
    assert "doubled" in faults(*said)


def test_an_error_beside_an_answer_is_doubled() -> None:
    three = (answer("1.5", 1), answer("2.5", 2), answer("3.5", 3))
    assert faults(*three, notice("3.6", "t3")) == ["doubled"]
    assert faults(*three, notice("3.6", "t9")) == ["doubled"]


def test_answers_in_another_order_than_their_questions_are_out_of_order() -> None:
    assert faults(answer("1.5", 1), answer("2.5", 3), answer("3.5", 2)) == ["out of order"]


def test_an_answer_that_breaks_off_is_half_written() -> None:
    half = replace(answer("3.5", 3), text=phrase_answer([3])[:-6])
    assert faults(answer("1.5", 1), answer("2.5", 2), half) == ["half-written"]


def test_an_answer_that_says_something_twice_is_half_written() -> None:
    twice = replace(answer("3.5", 3), text=phrase_answer([3]) + "Done.")
    assert faults(answer("1.5", 1), answer("2.5", 2), twice) == ["half-written"]


def test_parts_of_a_long_answer_are_one_answer() -> None:
    text = phrase_answer([13])
    at = text.index("\n\n", 7_000)
    head = Posted("1.5", text[:at], ANSWER_EVENT, "t", 1)
    tail = Posted("1.6", text[at:], ANSWER_EVENT, "t", 2)
    asked = (Question(13, "1.0"),)
    assert faults(head, tail, questions=asked) == []
    assert faults(head, questions=asked) == ["half-written"]
    assert faults(head, tail, replace(tail, ts="1.7"), questions=asked) == [
        "doubled",
        "half-written",
    ]


def test_a_stream_that_nobody_stopped_is_left_open() -> None:
    stream = Posted("3.5", phrase_answer([3]), streaming=True)
    assert faults(answer("1.5", 1), answer("2.5", 2), stream) == ["left open", "lost"]


def test_a_status_that_stays_is_left_open() -> None:
    assert faults(answer("1.5", 1, 2, 3), status="is thinking…") == ["left open"]


def test_a_message_without_a_mark_and_an_answer_in_the_wrong_thread_are_astray() -> None:
    assert faults(answer("1.5", 1, 2, 3), Posted("4.0", "Hm.")) == ["astray"]
    assert faults(answer("1.5", 1, 2, 3), answer("4.0", 4)) == ["astray"]


def test_a_trace_is_shown_once_to_whom_asks() -> None:
    said = (answer("1.5", 1, 2, 3), trace("4.0", "t1"))
    assert faults(*said, presses=(Press("t1"),)) == []
    assert faults(*said, presses=(Press("t1", accepted=False),)) == []
    assert faults(*said) == ["astray"]
    assert faults(said[0], presses=(Press("t1"),)) == ["lost"]
    assert faults(said[0], presses=(Press("t1", accepted=False),)) == []
    assert faults(*said, trace("4.1", "t1"), presses=(Press("t1"),)) == ["doubled"]


def test_questions_and_answers_tell_their_numbers() -> None:
    asked = f"Alice: {phrase_question(7)}\n\nBob: {phrase_question(8)}"
    assert find_numbers(asked) == (7, 8)
    assert find_answered(phrase_answer([7, 8])) == (7, 8)
    assert find_numbers(phrase_answer([7, 8])) == ()
    assert is_whole(phrase_answer([7, 8]))
    assert is_whole(phrase_answer([13]))
    assert not is_whole("")
