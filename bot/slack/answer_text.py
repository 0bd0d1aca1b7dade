"""The text of an answer while it is written: what there is to show, message by message. Pure."""

from bot.slack import limits
from bot.slack.defuse import StreamDefuser
from bot.slack.markdown import Cut, end_at, end_of_words, roll_over, utf8_size
from bot.slack.readable import Readable


class AnswerText:
    """Takes in what the model writes, and cuts what may be shown into messages.

    Attributes:
        written: All that was taken in, as the model wrote it.
        shown: All that the current message has to show by now: readable, and defused.
        repeated: How many characters at its start repeat the message before.
    """

    def __init__(self) -> None:
        self.written = ""
        self.shown = ""
        self.repeated = 0
        self._goes_on = False
        self._readable = Readable()
        self._defuser = StreamDefuser()

    @property
    def is_new(self) -> bool:
        """Whether there is anything to show that the message before did not."""
        return bool(self.shown[self.repeated :].strip())

    def take(self, markdown: str) -> None:
        """Take in the next piece."""
        self.written += markdown
        self._append(self._defuser.feed(self._readable.feed(markdown)))

    def complete(self, whole: str) -> bool:
        """Take in what the whole answer has beyond its pieces; False if it is another one.

        White space around it doesn't count.
        """
        answer, written = whole.lstrip(), self.written.lstrip()
        if not answer.startswith(written):
            written = written.rstrip()
        belongs = answer.startswith(written)
        if belongs:
            self.take(answer.removeprefix(written))
        self.finish()
        return belongs

    def finish(self) -> None:
        """Show what was held back: no more is coming."""
        rest = self._defuser.feed(self._readable.flush())
        self._append(rest + self._defuser.flush())
        self.shown = self.shown.rstrip()

    def drop(self) -> None:
        """Show nothing more of it."""
        self.shown = ""

    def go_on(self, cut: Cut) -> None:
        """Let the next message show what follows the cut."""
        self.shown, self.repeated = cut.tail, cut.repeated
        self._goes_on = True

    def roll_over(self, *, shown: int, soon: bool) -> Cut | None:
        """Decide whether the current message ends here; see `markdown.roll_over`."""
        return roll_over(self.shown, shown=shown, limit=limits.STREAM_BYTES, soon=soon)

    def end_at(self, at: int) -> Cut:
        """Cut it here, however bad a border that is."""
        return end_at(self.shown, at, limit=limits.STREAM_BYTES)

    def end_of_words(self) -> int:
        """Return where its last whole word ends."""
        return end_of_words(self.shown)

    @property
    def size(self) -> int:
        """Its bytes, which is what Slack counts in a stream."""
        return utf8_size(self.shown)

    def _append(self, safe: str) -> None:
        if not self.shown:
            safe = safe.lstrip("\n") if self._goes_on else safe.lstrip()
        self.shown += safe
