"""Tells the trace from the answer in content that carries both, separated by think tags."""

from enum import Enum, auto

from bot.conversation.messages import AnswerChunk, ReasoningChunk

OPENER = "<think>"
CLOSER = "</think>"


class _Stage(Enum):
    OPENING = auto()
    HOLDING = auto()
    THINKING = auto()
    ANSWERING = auto()


class ThinkFilter:
    """Splits streamed content at the first `</think>`, wherever the stream cuts the tags.

    The tags are several tokens of nemotron-nano-9b-v2, so a server without a reasoning parser
    always sends them in pieces. Its template has opened the block in the prompt already, so the
    closer mostly comes alone (llama.cpp#15673). An opener counts only before any other text,
    tags after the first closer are part of the answer, and an empty block vanishes.

    Args:
        hold: Whether text without an opener may turn out to be a trace; it is then kept back
            until a closer or the end decides. Set it when the model was asked to think.
    """

    def __init__(self, *, hold: bool) -> None:
        self._hold = hold
        self._stage = _Stage.OPENING
        self._pending = ""
        self._searched = 0
        self._answered = False

    @property
    def unclosed(self) -> bool:
        """Whether text that is, or may be, a trace still waits for its `</think>`."""
        return self._stage in {_Stage.HOLDING, _Stage.THINKING}

    def feed(self, text: str) -> list[ReasoningChunk | AnswerChunk]:
        """Take the next piece of content and return what is decided by now."""
        self._pending += text
        chunks: list[ReasoningChunk | AnswerChunk] = []
        if self._stage is _Stage.OPENING:
            self._open()
        if self._stage in {_Stage.HOLDING, _Stage.THINKING}:
            chunks += self._think()
        if self._stage is _Stage.ANSWERING:
            chunks += self._answer()
        return chunks

    def stop_holding(self) -> list[ReasoningChunk | AnswerChunk]:
        """Learn that the trace comes by another way, so that untagged text is the answer."""
        self._hold = False
        if self._stage is _Stage.HOLDING:
            self._stage = _Stage.ANSWERING
        return self.feed("")

    def close(self) -> list[ReasoningChunk | AnswerChunk]:
        """Return what the end of the content leaves: of an unclosed block, more of the trace."""
        rest, self._pending = self._pending, ""
        if self.unclosed:
            return [ReasoningChunk(rest)] if rest else []
        return [AnswerChunk(rest)] if rest.strip() else []

    def _open(self) -> None:
        text = self._pending.lstrip()
        if text.startswith(OPENER):
            self._pending = text.removeprefix(OPENER)
            self._stage = _Stage.THINKING
        elif text.startswith(CLOSER):
            self._pending = text.removeprefix(CLOSER)
            self._stage = _Stage.ANSWERING
        elif not (OPENER.startswith(text) or CLOSER.startswith(text)):
            self._stage = _Stage.HOLDING if self._hold else _Stage.ANSWERING

    def _think(self) -> list[ReasoningChunk]:
        trace, closer, rest = self._partition()
        if closer:
            self._pending = rest
            self._stage = _Stage.ANSWERING
        elif self._stage is _Stage.THINKING:
            kept = _count_tag_start(trace)
            trace, self._pending = trace[: len(trace) - kept], trace[len(trace) - kept :]
            self._searched = 0
        else:
            return []
        return [ReasoningChunk(trace)] if trace else []

    def _partition(self) -> tuple[str, str, str]:
        """Part the pending text at the first closer, looking only where it can be new."""
        at = self._pending.find(CLOSER, max(0, self._searched - len(CLOSER) + 1))
        self._searched = len(self._pending)
        if at < 0:
            return self._pending, "", ""
        return self._pending[:at], CLOSER, self._pending[at + len(CLOSER) :]

    def _answer(self) -> list[AnswerChunk]:
        text, self._pending = self._pending, ""
        if not self._answered:
            text = text.lstrip()
            self._answered = bool(text)
        return [AnswerChunk(text)] if text else []


def _count_tag_start(text: str) -> int:
    """Count the characters at the end of `text` that may be the first ones of a closer."""
    for size in range(min(len(CLOSER) - 1, len(text)), 0, -1):
        if text.endswith(CLOSER[:size]):
            return size
    return 0
