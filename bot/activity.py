"""What a turn is at right now, in a few words for the status line. Pure."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from bot.conversation.gist import Gist
from bot.language import Language

_GIST_SECONDS: Final = 3.0
"""How often it is said anew what the model is reasoning about."""


def name_files(names: Sequence[str], language: Language) -> str:
    """Name one file, or say how many there are."""
    if len(names) == 1:
        return names[0]
    return language.say_count("{count} file", "{count} files", len(names))


def say_thinking(language: Language) -> str:
    """Say that the model is at it."""
    return language.say("is thinking…")


def say_reading(names: Sequence[str], language: Language) -> str:
    """Say that files are read."""
    return language.say("is reading {files}…", files=name_files(names, language))


class ThinkingLine:
    """Follows the model's reasoning, and says now and then what it is about.

    Args:
        language: What it is said in; the gist itself has the trace's own language.
        tells: Whether those who see the status may know what the trace is about.
        clock: Seconds, only ever rising.
    """

    def __init__(
        self, language: Language, *, tells: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._language = language
        self._tells = tells
        self._clock = clock
        self._gist = Gist()
        self._told_at: float | None = None

    def feed(self, reasoning: str) -> str | None:
        """Take in the next piece of the trace; return what the status shall be, if it changes."""
        about = self._gist.feed(reasoning) if self._tells else None
        if self._told_at is None:
            self._told_at = self._clock()
            return say_thinking(self._language)
        if about is None or self._clock() < self._told_at + _GIST_SECONDS:
            return None
        self._told_at = self._clock()
        return self._language.say("is thinking: {gist}", gist=about)
