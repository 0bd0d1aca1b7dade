"""Delivers one turn's answer while it is being written."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import structlog

from bot.errors import DeliveryError
from bot.slack import limits
from bot.slack.calls import Clock, SlackCalls, Sleep
from bot.slack.capabilities import Capabilities, ReplyPlace
from bot.slack.defuse import StreamDefuser
from bot.slack.markdown import Cut, end_at, end_of_words, roll_over, utf8_size
from bot.slack.part import Errand, Part, PartFull, StoppedByUser
from bot.slack.render import (
    NOTICE_EVENT,
    AnswerControls,
    Block,
    OutgoingMessage,
    render_answer,
    render_controls,
    render_error,
    render_part,
)
from bot.slack.status import StatusLine, wait_for_either

log = structlog.get_logger(__name__)

_HOLD_SECONDS: Final = 0.2
"""How long the first text waits: an answer that is complete by then is one plain post."""

_LEAVE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class StatusPiece:
    """What we do right now, in a few plain words; shown until there is text."""

    text: str


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


Piece = StatusPiece | TextPiece | EndPiece


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
    """The person pressed Slack's Stop; what was shown by then stays, in these messages."""

    channel: str
    message_ts: tuple[str, ...]


Receipt = Started | Delivered | Stopped


class Reply:
    """The reply to one message: a status, then an answer or an error.

    Args:
        calls: The workspace's Web API.
        place: Where the reply goes.
        turn_id: Marks its messages, so that they can be found again.
        capabilities: What Slack was seen to allow, shared by all replies.
        clock: Seconds, only ever rising.
        sleep: Waits that many seconds.
    """

    def __init__(
        self,
        calls: SlackCalls,
        place: ReplyPlace,
        turn_id: str,
        *,
        capabilities: Capabilities,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._calls = calls
        self._place = place
        self._turn_id = turn_id
        self._clock = clock
        self._sleep = sleep
        self._status = StatusLine(calls, place, capabilities, sleep)
        self._errand = Errand(calls, place, turn_id, capabilities, clock, sleep)
        self._defuser = StreamDefuser()
        self._written = ""
        self._text = ""
        self._repeated = 0
        self._part: Part | None = None
        self._last: Part | None = None
        self._stamps: list[str] = []
        self._receipted = 0
        self._whole: deque[OutgoingMessage] = deque()
        self._hold_until = 0.0

    def show_status(self, text: str) -> None:
        """Show what we do right now; returns at once and never fails.

        It stays until there is text or `clear_status` is called.
        """
        if not self._stamps:
            self._status.show(text)

    async def clear_status(self) -> None:
        """Take the status away, if it may still be there; never fails."""
        await self._status.clear()

    async def post_error(self, plain: str, reference: str, retry: str | None = None) -> str:
        """Post an error message (see `render_error`) and return its `ts`.

        Raises DeliveryError.
        """
        return await self.post_notice(render_error(plain, reference, retry))

    async def post_notice(self, message: OutgoingMessage) -> str:
        """Post what is no answer of the model: an error, an offer, a note; return its `ts`.

        Raises DeliveryError.
        """
        ts = await self._calls.post(
            message,
            channel=self._place.channel,
            thread_ts=self._place.thread_ts,
            turn_id=self._turn_id,
            part=1,
            event_type=NOTICE_EVENT,
            after_ts=self._place.after_ts or self._place.thread_ts,
        )
        self._status.give_way()
        return ts

    async def deliver(self, pieces: AsyncIterator[Piece]) -> AsyncGenerator[Receipt, None]:
        """Show the answer as its pieces come and yield what has become true.

        Each `Started` comes before anything more is sent; at last comes `Delivered`, or `Stopped`.
        When `pieces` raises, or the delivery is cancelled or closed, what is shown stays, with all
        that was written by then if any of it was shown. No stream and no status is left open,
        however it ends. A reply delivers once.

        Raises:
            DeliveryError: Slack would not take it. What was `Started` stays, as far as it came.
            EOFError: `pieces` ended without an `EndPiece`.
            Exception: Whatever `pieces` raised.
        """
        inbox = _Inbox(pieces, self._sleep)
        try:
            end: EndPiece | None = None
            while end is None:
                end = await self._read(inbox)
                more = True
                while more:
                    more = await _see_through(self._push() if end is None else self._finish(end))
                    for started in self._new_receipts():
                        yield started
            yield Delivered(self._place.channel, tuple(self._stamps))
        except StoppedByUser:
            self._text, self._part = "", None
            yield Stopped(self._place.channel, tuple(self._stamps))
        except DeliveryError:
            self._text = ""  # what Slack may have taken already must not be sent once more
            raise
        finally:
            await _see_through(self._leave(inbox))

    async def _read(self, inbox: "_Inbox") -> EndPiece | None:
        """Take in one piece, or nothing if it is time to send; return the last one."""
        match await inbox.take(self._seconds_until_due()):
            case StatusPiece(text):
                self.show_status(text)
            case TextPiece(markdown):
                self._written += markdown
                self._append(self._defuser.feed(markdown))
            case EndPiece() as end:
                self._take_end(end)
                return end
            case None:
                pass
        return None

    def _take_end(self, end: EndPiece) -> None:
        """Take what the whole answer has beyond its pieces; all of it if nothing is shown yet."""
        if not self._stamps:
            self._whole.extend(render_answer(end.markdown, end.controls))
            self._text = ""
            return
        whole, written = end.markdown.lstrip(), self._written.lstrip()
        if not whole.startswith(written):
            written = written.rstrip()
        if not whole.startswith(written):
            log.warning("answer_differs_from_its_pieces", turn=self._turn_id)
            whole = written
        self._append(self._defuser.feed(whole.removeprefix(written)) + self._defuser.flush())
        self._text = self._text.rstrip()

    def _append(self, safe: str) -> None:
        if not self._text:
            safe = safe.lstrip("\n") if self._stamps else safe.lstrip()
            self._hold_until = self._clock() + (0.0 if self._stamps else _HOLD_SECONDS)
        self._text += safe

    def _due_at(self) -> float | None:
        """Tell when something has to be sent, None as long as there is nothing to send."""
        part = self._part
        if part is None:
            return self._hold_until if self._text[self._repeated :].strip() else None
        due = [part.due_at] if len(self._text) > len(part.shown) else []
        if part.streaming:
            due.append(self._clock() + limits.STREAM_SECONDS - part.age)
        return min(due, default=None)

    def _seconds_until_due(self) -> float | None:
        due = self._due_at()
        return None if due is None else max(0.0, due - self._clock())

    async def _push(self) -> bool:
        """Send what is due; True when there may be more to send at once."""
        if self._seconds_until_due() != 0:
            return False
        try:
            cut = self._find_cut()
            if cut is not None:
                await self._end_part(cut)
                return True
            await self._show_words()
        except PartFull:
            await self._move_on()
            return True
        return False

    def _find_cut(self) -> Cut | None:
        """Decide whether the current message ends here, for its size or its age."""
        age = self._part.age if self._part else 0.0
        soon = (
            utf8_size(self._text) > limits.STREAM_BORDER_BYTES
            or age >= limits.STREAM_BORDER_SECONDS
        )
        cut = self._roll_over(soon=soon)
        if cut is None and age >= limits.STREAM_SECONDS:
            at = max(end_of_words(self._text), self._shown_length())
            return end_at(self._text, at, limit=limits.STREAM_BYTES)
        return cut

    def _roll_over(self, *, soon: bool) -> Cut | None:
        # A message that is not begun yet must not end with what it repeats of the last.
        least = self._shown_length() if self._part else self._repeated + 1
        return roll_over(self._text, shown=least, limit=limits.STREAM_BYTES, soon=soon)

    def _shown_length(self) -> int:
        return len(self._part.shown) if self._part else self._repeated

    async def _show_words(self) -> None:
        """Show what there is up to the last whole word; half a word only if nothing else is new."""
        at = end_of_words(self._text)
        text = self._text[:at] if at > self._shown_length() else self._text
        if self._part is not None:
            await self._part.grow(text)
            return
        part = self._new_part()
        try:
            await part.begin(text)
        finally:
            if part.ts:
                self._note_begun(part)
                self._part = part

    async def _end_part(self, cut: Cut) -> None:
        """Let the current message end as `cut` says; what follows is for another."""
        part = self._part
        if part is None:
            part = self._new_part()
            await part.post(cut.head)
            self._note_begun(part)
        else:
            try:
                await part.close(cut.head)
            except PartFull:
                await self._move_on()
                return
        self._text, self._repeated = cut.tail, cut.repeated
        self._part, self._last = None, part

    async def _move_on(self) -> None:
        """Leave the current message as it is; what it does not show is for another."""
        cut = end_at(self._text, self._shown_length(), limit=limits.STREAM_BYTES)
        if self._part is not None:
            await self._part.leave()
        self._text, self._repeated = cut.tail, cut.repeated
        self._part, self._last = None, self._part

    async def _finish(self, end: EndPiece) -> bool:
        """Take one step towards the whole answer; True when there is another to take."""
        if self._whole:
            await self._post(self._whole.popleft())
            return bool(self._whole)
        return await self._wind_up(render_controls(end.controls))

    async def _wind_up(self, below: Sequence[Block], *, at_once: bool = False) -> bool:
        """Take one step towards showing all of the text; True when there is another to take."""
        cut = self._roll_over(soon=False)
        if cut is not None:
            await self._end_part(cut)
            return True
        if self._part is not None:
            try:
                await self._part.close(self._text, below, at_once=at_once)
            except PartFull:
                await self._move_on()
                return True
            self._part = None
        elif self._text[self._repeated :].strip():
            await self._post(render_part(self._text, below))
        elif below and self._last is not None:
            await self._put_below(self._last, below)
        self._text = ""
        return False

    async def _put_below(self, part: Part, below: Sequence[Block]) -> None:
        """Put the controls under a message that is closed already, or else below it."""
        try:
            await part.close(part.shown, below)
        except PartFull:
            await self._post(OutgoingMessage("About the answer above", list(below)))

    async def _post(self, message: OutgoingMessage) -> None:
        ts = await self._calls.post(
            message,
            channel=self._place.channel,
            thread_ts=self._place.thread_ts,
            turn_id=self._turn_id,
            part=len(self._stamps) + 1,
            after_ts=self._place.after_ts or self._place.thread_ts,
        )
        self._stamps.append(ts)
        self._status.give_way()

    def _new_part(self) -> Part:
        return Part(self._errand, len(self._stamps) + 1)

    def _note_begun(self, part: Part) -> None:
        self._stamps.append(part.ts)
        self._status.give_way()

    def _new_receipts(self) -> list[Started]:
        stamps = self._stamps[self._receipted :]
        self._receipted = len(self._stamps)
        return [Started(self._place.channel, ts) for ts in stamps]

    async def _leave(self, inbox: "_Inbox") -> None:
        """Leave nothing open; if any of the answer was shown, show all that was written of it."""
        await inbox.close()
        if self._stamps and self._text:
            self._append(self._defuser.flush())
            try:
                async with asyncio.timeout(_LEAVE_SECONDS):
                    while await self._wind_up((), at_once=True):
                        pass
            except (DeliveryError, PartFull, StoppedByUser, TimeoutError) as error:
                log.warning("reply_left_behind", turn=self._turn_id, error=type(error).__name__)
        if self._part is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LEAVE_SECONDS):
                    await self._part.leave()
        await self._status.clear()


class _Inbox:
    """Reads the pieces, so that waiting for one can be given up without losing it.

    One task reads them all: between two pieces their generator may hold a timeout open, and that
    belongs to the task which opened it.
    """

    def __init__(self, pieces: AsyncIterator[Piece], sleep: Sleep) -> None:
        self._sleep = sleep
        self._arrived: deque[Piece] = deque()
        self._news = asyncio.Event()
        self._reader = asyncio.create_task(self._read(pieces))

    async def take(self, seconds: float | None) -> Piece | None:
        """Return the next piece, or None when `seconds` are over.

        Raises what the pieces' generator raised, once all before it are taken.
        """
        if not self._arrived and not self._reader.done():
            self._news.clear()
            await wait_for_either(self._news, seconds, self._sleep)
        if self._arrived:
            return self._arrived.popleft()
        if self._reader.done():
            self._reader.result()
            raise EOFError("the pieces ended without an EndPiece")
        return None

    async def close(self) -> None:
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    async def _read(self, pieces: AsyncIterator[Piece]) -> None:
        try:
            async for piece in pieces:
                self._arrived.append(piece)
                self._news.set()
        finally:
            self._news.set()


T = TypeVar("T")


async def _see_through(step: Coroutine[Any, Any, T]) -> T:
    """Run a step; when cancelled, let the call on its way come back before going.

    Else nobody would know what Slack shows, and a stream just begun would stay open.
    """
    task = asyncio.create_task(step)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=_LEAVE_SECONDS)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
