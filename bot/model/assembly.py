"""Puts deltas together to a completion, and tells an answer from everything that is none."""

from collections.abc import Sequence

from bot.conversation.messages import AnswerChunk, Chunk, Completion, ReasoningChunk, Usage
from bot.errors import ModelBlank, ModelInterrupted, ModelRefused
from bot.model.thinking import ThinkFilter
from bot.model.wire import Delta, Finish


class Assembly:
    """Turns the deltas of one reply into chunks and, at its end, the completion.

    Args:
        model: The model's name, for the completion.
        reasoning: Whether the model was asked to write a trace.
    """

    def __init__(self, *, model: str, reasoning: bool) -> None:
        self._model = model
        self._reasoning = reasoning
        self._filter = ThinkFilter(hold=reasoning)
        self._field_trace: list[str] = []
        self._tagged_trace: list[str] = []
        self._answer: list[str] = []
        self._refused = False
        self._finish: Finish | None = None
        self._usage = Usage()

    @property
    def finished(self) -> bool:
        """Whether the server has said that the answer is complete."""
        return self._finish is not None

    def add(self, delta: Delta) -> list[Chunk]:
        """Take the next delta and return the chunks it makes certain."""
        self._finish = delta.finish or self._finish
        self._usage = delta.usage or self._usage
        self._refused = self._refused or bool(delta.refusal)
        chunks: list[Chunk] = []
        if delta.reasoning:
            self._field_trace.append(delta.reasoning)
            chunks += self._keep(self._filter.stop_holding())
            chunks.append(ReasoningChunk(delta.reasoning))
        if delta.content:
            chunks += self._keep(self._filter.feed(delta.content))
        return chunks

    def finish(self) -> list[Chunk]:
        """Return the last chunks, the completion behind them.

        Raises:
            ModelInterrupted: No finish reason came. Servers drop streams in silence: Ollama after
                a late error, vLLM with nothing but `[DONE]` (vllm#40986), proxies at will.
            ModelRefused: The server's filter stopped the answer, or the model declined.
            ModelBlank: There is no answer. With finish reason `length` the trace has used up all
                the room (nebius/api#211).
        """
        if self._finish is None:
            raise ModelInterrupted("the stream ended without a finish reason")
        chunks = [
            chunk for chunk in self._keep(self._filter.close()) if isinstance(chunk, AnswerChunk)
        ]
        answer, trace = _join(self._answer), _join(self._field_trace or self._tagged_trace)
        if self._finish == "refused" or (self._refused and not answer):
            raise ModelRefused(f"the model declined, finish reason {self._finish}")
        if not answer and self._is_answer_in_trace():
            answer, trace = trace, ""
            chunks = [AnswerChunk(answer)]
        if not answer:
            raise ModelBlank(f"no answer, finish reason {self._finish}, trace of {len(trace)}")
        return [
            *chunks,
            Completion(
                answer=answer,
                reasoning=trace,
                truncated=self._finish == "length",
                model=self._model,
                usage=self._usage,
            ),
        ]

    def _is_answer_in_trace(self) -> bool:
        """Tell whether what looks like a trace must be the answer, since there is no other text.

        With `/no_think`, reasoning parsers that wait for a `</think>` put the whole answer into
        the reasoning field (llama.cpp#20325, vllm#40424). Inline, a block that was never closed
        is the answer of a model that forgot the tag. Cut off at the limit it is always a trace.
        """
        if self._finish != "stop":
            return False
        if self._field_trace:
            return not self._reasoning
        return self._filter.unclosed

    def _keep(self, chunks: Sequence[ReasoningChunk | AnswerChunk]) -> list[Chunk]:
        """Remember the chunks; a tagged copy of what the reasoning field said is not shown."""
        shown: list[Chunk] = []
        for chunk in chunks:
            if isinstance(chunk, AnswerChunk):
                self._answer.append(chunk.text)
                shown.append(chunk)
            else:
                self._tagged_trace.append(chunk.text)
                if not self._field_trace:
                    shown.append(chunk)
        return shown


def _join(texts: Sequence[str]) -> str:
    return "".join(texts).strip()
