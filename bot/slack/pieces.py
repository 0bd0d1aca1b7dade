"""What a reply is given to show, and what it tells of what stands in Slack."""

from dataclasses import dataclass

from bot.language import Language
from bot.slack.controls import AnswerControls


@dataclass(frozen=True, slots=True)
class StatusPiece:
    """What we do right now, in a few plain words; shown until there is text."""

    text: str


@dataclass(frozen=True, slots=True)
class ProgressPiece:
    """How far long work has come before there is text; shown in a message, or in the status.

    Attributes:
        name: What is read, such as a file's name.
        done: How many of its parts are read.
        total: How many parts there are.
    """

    name: str
    done: int
    total: int

    def tell(self, language: Language) -> str:
        """Say in a message what we do right now."""
        if self.done >= self.total:
            return language.say("Summing up {name}…", name=self.name)
        return language.say(
            "Reading {name}: {done} of {total} parts done…",
            name=self.name,
            done=self.done,
            total=self.total,
        )

    def tell_status(self, language: Language) -> str:
        """Say it in a status, where our name stands before it."""
        if self.done >= self.total:
            return language.say("is summing up {name}…", name=self.name)
        return language.say(
            "is reading {name}: {done} of {total} parts done…",
            name=self.name,
            done=self.done,
            total=self.total,
        )


@dataclass(frozen=True, slots=True)
class TextPiece:
    """The next piece of the answer, as the model wrote it."""

    markdown: str


@dataclass(frozen=True, slots=True)
class EndPiece:
    """The last piece: the whole answer.

    It begins with all the `TextPiece`s joined, surrounding white space aside; what follows after
    them is still shown.
    """

    markdown: str
    controls: AnswerControls


Piece = StatusPiece | ProgressPiece | TextPiece | EndPiece


@dataclass(frozen=True, slots=True)
class Started:
    """A message of the answer stands in Slack; more of it may follow."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """The whole answer stands in Slack, in these messages, oldest first."""

    channel: str
    message_ts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stopped:
    """The person wanted no more of it; what was written by then stands in these messages.

    `markdown` is that text as the model wrote it, "" if a note stands for an answer not begun.
    """

    channel: str
    message_ts: tuple[str, ...]
    markdown: str


Receipt = Started | Delivered | Stopped
