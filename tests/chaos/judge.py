"""Judges a thread by what stands in it: one outcome for each question, whole, in order. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from bot.slack.render import ANSWER_EVENT, NOTICE_EVENT, TRACE_EVENT
from tests.chaos.speech import find_answered, is_whole

Fault = Literal["lost", "doubled", "out of order", "half-written", "left open", "astray"]


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asked; `accepted` says that Slack got its ack."""

    number: int
    ts: str
    accepted: bool = True


@dataclass(frozen=True, slots=True)
class Posted:
    """A message of the bot; `event`, `turn` and `part` are its metadata, "" and 0 without."""

    ts: str
    text: str
    event: str = ""
    turn: str = ""
    part: int = 0
    streaming: bool = False


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody wanted to see the reasoning of a turn; `accepted` as for a question."""

    turn: str
    accepted: bool = True


@dataclass(frozen=True, slots=True)
class Transcript:
    """A thread as it stands in Slack, everything in the order of its `ts`."""

    channel: str
    thread_ts: str
    questions: tuple[Question, ...]
    posted: tuple[Posted, ...]
    presses: tuple[Press, ...] = ()
    status: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be, in one sentence."""

    fault: Fault
    detail: str


@dataclass(frozen=True, slots=True)
class _Answer:
    turn: str
    text: str
    numbers: tuple[int, ...]


def judge(thread: Transcript) -> list[Finding]:
    """Return all that is wrong with a thread in which nothing is under way any more."""
    return [
        *_judge_messages(thread),
        *_judge_coverage(thread),
        *_judge_notices(thread),
        *_judge_order(thread),
        *_judge_traces(thread),
    ]


def find_unanswered(thread: Transcript) -> list[Question]:
    """Return the questions that no answer names."""
    answered = {number for answer in _read_answers(thread) for number in answer.numbers}
    return [question for question in thread.questions if question.number not in answered]


def _read_answers(thread: Transcript) -> list[_Answer]:
    """Put the parts of each answer together; oldest first."""
    parts: dict[str, list[Posted]] = defaultdict(list)
    for one in thread.posted:
        if one.event == ANSWER_EVENT:
            parts[one.turn].append(one)
    answers = []
    for turn, messages in parts.items():
        text = "\n\n".join(one.text for one in messages)
        answers.append(_Answer(turn, text, find_answered(text)))
    return answers


def _judge_messages(thread: Transcript) -> Iterator[Finding]:
    for one in thread.posted:
        if one.streaming:
            yield Finding("left open", f"the stream {one.ts} was never stopped")
        elif one.event not in {ANSWER_EVENT, NOTICE_EVENT, TRACE_EVENT}:
            yield Finding("astray", f"the message {one.ts} doesn't say whose it is")
    if thread.status:
        yield Finding("left open", f"the status still says {thread.status!r}")
    marks = Counter((one.event, one.turn, one.part) for one in thread.posted if one.event)
    for (event, turn, part), count in marks.items():
        if count > 1:
            yield Finding("doubled", f"{count} messages are part {part} of {event} {turn}")
    for answer in _read_answers(thread):
        if not is_whole(answer.text):
            yield Finding("half-written", f"the answer of turn {answer.turn}")


def _judge_coverage(thread: Transcript) -> Iterator[Finding]:
    counts = Counter(number for answer in _read_answers(thread) for number in answer.numbers)
    asked = {question.number for question in thread.questions}
    for number, count in counts.items():
        if number not in asked:
            yield Finding("astray", f"Q{number} was not asked in this thread")
        elif count > 1:
            yield Finding("doubled", f"Q{number} is answered {count} times")


def _judge_notices(thread: Transcript) -> Iterator[Finding]:
    """Match the questions without an answer with the error messages.

    An error message does not name its questions. It is taken for those before it that nothing else
    answers. One that finds none may still be right: what failed is no answer, so the model reads
    its question again with the next one, and an answer names both.
    """
    answers = _read_answers(thread)
    turns = {answer.turn for answer in answers}
    read_again = sum(len(answer.numbers) - 1 for answer in answers if answer.numbers)
    unanswered = find_unanswered(thread)
    for notice in thread.posted:
        if notice.event != NOTICE_EVENT:
            continue
        left = [question for question in unanswered if question.ts > notice.ts]
        if notice.turn in turns:
            yield Finding("doubled", f"turn {notice.turn} has an answer and an error message")
        elif len(left) < len(unanswered):
            unanswered = left
        elif read_again:
            read_again -= 1
        else:
            yield Finding("doubled", f"the error message {notice.ts} is for no question")
    for question in unanswered:
        if question.accepted:
            yield Finding("lost", f"Q{question.number} has no outcome")


def _judge_order(thread: Transcript) -> Iterator[Finding]:
    named = [number for answer in _read_answers(thread) for number in answer.numbers]
    for earlier, later in pairwise(named):
        if later < earlier:
            yield Finding("out of order", f"Q{later} is answered after Q{earlier}")


def _judge_traces(thread: Transcript) -> Iterator[Finding]:
    shown = {one.turn for one in thread.posted if one.event == TRACE_EVENT}
    for press in thread.presses:
        if press.accepted and press.turn not in shown:
            yield Finding("lost", f"the reasoning of turn {press.turn} was asked for")
    for turn in sorted(shown - {press.turn for press in thread.presses}):
        yield Finding("astray", f"nobody asked for the reasoning of turn {turn}")


def count_outcomes(threads: Sequence[Transcript]) -> tuple[int, int]:
    """Return how many answers and how many error messages stand in these threads."""
    answers = sum(len(_read_answers(thread)) for thread in threads)
    notices = sum(one.event == NOTICE_EVENT for thread in threads for one in thread.posted)
    return answers, notices
