"""A walk through Markdown that arrives in pieces, with its code left as it is. Pure."""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Final

FENCE_MARKS: Final = re.compile(r"([ \t>]{0,200})(`{3,}|~{3,})")
"""The start of a line that opens or closes a code fence: what stands before it, and its marks."""

_MAYBE_FENCE_MARKS: Final = re.compile(r"[ \t>]{0,200}(?:`{0,2}|~{0,2})\Z")
_FENCE_LINE_REACH: Final = 200
_CODE_SPAN_REACH: Final = 300
_LINE_REACH: Final = 500
_BACKTICKS: Final = re.compile("`+")
_BLANK_LINE: Final = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True, slots=True)
class Step:
    """The next stretch of text that is decided: where it ends and what stands there instead."""

    end: int
    shown: str


class ProseFilter(ABC):
    """Changes prose that arrives in pieces; fenced code stays as it is.

    The joined output is the same however the text is cut: what can't be decided yet is held back.

    Args:
        before: What stands before the text, in the same line; "" where a line begins.
    """

    def __init__(self, before: str = "") -> None:
        self._line = before
        self._held = ""
        self._fence = ""

    def feed(self, piece: str) -> str:
        """Take the next piece and return what is decided by now."""
        return self._release(self._held + piece, final=False)

    def flush(self) -> str:
        """Return what was held back; nothing follows."""
        return self._release(self._held, final=True)

    @abstractmethod
    def _step_over_prose(self, text: str, at: int, *, final: bool) -> Step | None:
        """Decide the next stretch from `at`, or return None when that takes more text."""

    def _release(self, text: str, *, final: bool) -> str:
        shown: list[str] = []
        at = 0
        while at < len(text):
            step = self._step(text, at, final=final)
            if step is None:
                break
            shown.append(step.shown)
            self._pass(text[at : step.end])
            at = step.end
        self._held = text[at:]
        return "".join(shown)

    def _pass(self, stretch: str) -> None:
        """Note what was passed: `_line` is the end of the line so far."""
        newline = stretch.rfind("\n")
        line = stretch[newline + 1 :] if newline >= 0 else self._line + stretch
        self._line = line[-_LINE_REACH:]

    def _step(self, text: str, at: int, *, final: bool) -> Step | None:
        if not self._line:
            if not final and _MAYBE_FENCE_MARKS.match(text, at):
                return None
            if marks := FENCE_MARKS.match(text, at):
                return self._step_over_fence_line(text, at, marks, final=final)
        if self._fence:
            return keep(text, at, _line_end(text, at))
        return self._step_over_prose(text, at, final=final)

    def _step_over_fence_line(
        self, text: str, at: int, marks: re.Match[str], *, final: bool
    ) -> Step | None:
        line_end = _line_end(text, marks.end())
        whole = text[line_end - 1] == "\n" or final or line_end - marks.end() > _FENCE_LINE_REACH
        if not whole:
            return None
        rest = text[marks.end() : min(line_end, marks.end() + _FENCE_LINE_REACH)]
        run = marks[2]
        if not self._fence:
            if run[0] in rest:  # no fence: code in a line, as in "```x``` is code"
                if marks[1] or run[0] == "~":
                    return keep(text, at, marks.end(1) if marks[1] else marks.end())
                return step_over_code(text, at, final=final)
            self._fence = run
        elif run.startswith(self._fence) and not rest.strip():
            self._fence = ""
        return keep(text, at, marks.end() + len(rest))


def keep(text: str, start: int, end: int) -> Step:
    """Leave a stretch as it is."""
    end = min(end, len(text))
    return Step(end, text[start:end])


def step_over_code(text: str, at: int, *, final: bool) -> Step | None:
    """Keep a code span whole; a run of backticks that nothing closes is plain text."""
    runs = _BACKTICKS.finditer(text, at)
    opener = next(runs)
    reach = opener.end() + _CODE_SPAN_REACH
    blank = _BLANK_LINE.search(text, opener.end(), reach)
    border = blank.start() if blank else min(len(text), reach)
    for closer in runs:
        if closer.end() > border:
            break
        if closer.end() == len(text) and not final:
            return None
        if len(closer[0]) == len(opener[0]):
            return keep(text, at, closer.end())
    if border == len(text) < reach and not final:
        return None
    return keep(text, at, opener.end())


def _line_end(text: str, at: int) -> int:
    """Return the offset behind the line's newline, or the end of the text."""
    return text.find("\n", at) + 1 or len(text)
