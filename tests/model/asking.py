"""Prompts to ask with, and what came back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from bot.conversation.messages import (
    AnswerChunk,
    Chunk,
    Completion,
    Prompt,
    PromptMessage,
    ReasoningChunk,
)
from bot.errors import ModelError


def make_prompt(text: str = "Hello", *, reasoning: bool = True) -> Prompt:
    return Prompt(
        messages=(PromptMessage("system", "You are Aloud."), PromptMessage("user", text)),
        reasoning=reasoning,
        answer_tokens=4096,
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that a stream gave: its chunks, and the error that ended it."""

    chunks: tuple[Chunk, ...]
    error: ModelError | None

    @property
    def completion(self) -> Completion:
        assert self.error is None, self.error
        last = self.chunks[-1]
        assert isinstance(last, Completion)
        return last

    @property
    def answer(self) -> str:
        """What was shown as the answer, piece by piece."""
        return "".join(chunk.text for chunk in self.chunks if isinstance(chunk, AnswerChunk))

    @property
    def trace(self) -> str:
        """What was shown as the trace, piece by piece."""
        return "".join(chunk.text for chunk in self.chunks if isinstance(chunk, ReasoningChunk))


async def gather_outcome(chunks: AsyncIterator[Chunk]) -> Outcome:
    gathered = []
    try:
        async for chunk in chunks:
            gathered.append(chunk)  # noqa: PERF401  # what came before an error counts
    except ModelError as error:
        return Outcome(tuple(gathered), error)
    completions = [chunk for chunk in gathered if isinstance(chunk, Completion)]
    assert completions == gathered[-1:], "exactly one completion, at the end"
    outcome = Outcome(tuple(gathered), None)
    assert outcome.answer.strip() == outcome.completion.answer != ""
    return outcome
