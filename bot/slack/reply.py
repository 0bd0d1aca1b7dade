"""Delivers one turn's answer while it is being written."""

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import structlog

from bot.errors import DeliveryDelayed, DeliveryError, LeaseLost
from bot.language import ENGLISH, Language
from bot.slack import limits
from bot.slack.answer_file import MOST_MESSAGES, AnswerFile
from bot.slack.answer_text import AnswerText
from bot.slack.calls import Clock, DeliveryUnconfirmed, SlackCalls, Sleep
from bot.slack.capabilities import Capabilities, ReplyPlace
from bot.slack.inbox import Inbox
from bot.slack.markdown import Cut
from bot.slack.notices import Notices
from bot.slack.part import Errand, Part, PartFull, StoppedByUser
from bot.slack.pieces import (
    Delivered,
    EndPiece,
    Piece,
    ProgressPiece,
    Receipt,
    Started,
    StatusPiece,
    Stopped,
    TextPiece,
)
from bot.slack.render import (
    AnswerControls,
    Block,
    OutgoingMessage,
    render_answer,
    render_controls,
    render_error,
    render_part,
    render_placeholder,
    render_stopped,
)
from bot.slack.standing import NOTHING, Standing, remove_messages
from bot.slack.status import StatusLine

__all__ = [
    "Delivered",
    "EndPiece",
    "Piece",
    "ProgressPiece",
    "Receipt",
    "Reply",
    "Started",
    "StatusPiece",
    "Stopped",
    "TextPiece",
]

log = structlog.get_logger(__name__)

_HOLD_SECONDS: Final = 0.2
"""How long the first text waits: an answer that is complete by then is one plain post."""

_PLACEHOLDER_SECONDS: Final = 3.0
"""How long a place that shows no Stop otherwise goes without a message to put one below."""

_PLACEHOLDER_PATIENCE: Final = 2.0
_PROGRESS_SECONDS: Final = 3.0
"""How often the progress in a message is brought up to date."""

_LEAVE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class _Ending:
    """How the answer ends: with these controls below it, whole or stopped."""

    controls: AnswerControls
    stopped: bool = False


class Reply:
    """The reply to one message: a status, then an answer or an error.

    Where earlier attempts left messages, it takes their place: the answer that of the answer, or of
    the first notice if there is no answer; a notice that of a notice. Until there is new text, what
    stands is left as it is. What is left over when the new answer is done is deleted.

    Args:
        calls: The workspace's Web API; LeaseLost passes through from a fenced one, and then the
            reply leaves everything as it is.
        place: Where the reply goes.
        turn_id: Marks its messages, so that they can be found again.
        capabilities: What Slack was seen to allow, shared by all replies.
        standing: What earlier attempts at this turn left there (see `find_standing`).
        resumed: Whether there was an earlier attempt, which may have left a status behind.
        language: What we say ourselves is said in.
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
        standing: Standing = NOTHING,
        resumed: bool = False,
        language: Language = ENGLISH,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        # What is new is newer than all that stands: nothing old is ever taken for a lost post.
        first = place.after_ts or place.thread_ts
        place = replace(place, after_ts=max([first, *standing.answers, *standing.notices]))
        inherited = resumed or standing != NOTHING
        self._calls = calls
        self._place = place
        self._turn_id = turn_id
        self._language = language
        self._clock = clock
        self._sleep = sleep
        self._status = StatusLine(calls, place, capabilities, sleep, inherited=inherited)
        self._errand = Errand(calls, place, turn_id, capabilities, language, clock, sleep)
        self._text = AnswerText()
        self._part: Part | None = None
        self._last: Part | None = None
        self._stamps: list[str] = []
        self._receipted = 0
        self._whole: deque[OutgoingMessage] = deque()
        self._file = AnswerFile(calls, place, turn_id, standing.files, language)
        self._whole_markdown = ""
        self._most_messages: float = MOST_MESSAGES
        # What stands is changed once, not twice, if the new answer is complete by the next time.
        self._hold_seconds = limits.UPDATE_SECONDS if standing != NOTHING else _HOLD_SECONDS
        self._hold_until = 0.0
        self._answers = standing.answers
        self._notices = Notices(calls, place, turn_id, standing.notices)
        self._places = deque(standing.answers or standing.notices[:1])
        self._place_free_at = 0.0
        self._placeholder_at: float | None = None
        self._placeholder_ts = ""
        self._progress = ""
        self._notice_ts = ""

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
        return await self.post_notice(
            render_error(plain, reference, retry, language=self._language)
        )

    async def post_notice(self, message: OutgoingMessage) -> str:
        """Post what is no answer of the model: an error, an offer, a note; return its `ts`.

        It takes the place of a notice that stands. Raises DeliveryError.
        """
        ts = await self._notices.replace(message, spared=self._stamps)
        if ts is None:
            ts = await self._notices.post(message)
            self._status.give_way()
        await self._notices.remove(spared=[*self._stamps, ts])
        self._notice_ts = ts
        return ts

    async def remove_standing(self) -> None:
        """Delete what earlier attempts left: there is nothing to be said any more.

        Raises:
            DeliveryDelayed: Slack can't be reached.
        """
        await remove_messages(self._calls, self._place, self._answers)
        await self._file.remove_standing()
        await self._notices.remove(spared=())

    async def deliver(
        self, pieces: AsyncIterator[Piece], *, stop: asyncio.Event, stopped: AnswerControls
    ) -> AsyncGenerator[Receipt, None]:
        """Show the answer as its pieces come and yield what has become true.

        Each `Started` comes before anything more is sent; at last comes `Delivered`, or `Stopped`.
        When `pieces` raises, or the delivery is cancelled or closed, what is shown stays, with all
        that was written by then if any of it was shown. No stream and no status is left open,
        however it ends. A reply delivers once.

        Args:
            pieces: The answer as it is written.
            stop: Set when the person wants no more. `pieces` is closed at once, and what is written
                by then is shown; or, if nothing is, a note that it was stopped. An answer that is
                complete by then is delivered all the same. Slack's own Stop does as much.
            stopped: What stands under an answer that was stopped.

        Raises:
            DeliveryError: Slack would not take it. What was `Started` stays, as far as it came.
            LeaseLost: The fence was closed; nothing more was sent.
            EOFError: `pieces` ended without an `EndPiece`.
            Exception: Whatever `pieces` raised.
        """
        inbox = Inbox(pieces, stop, self._sleep)
        if not self._places:
            self._placeholder_at = self._clock() + _PLACEHOLDER_SECONDS
        try:
            ending: _Ending | None = None
            while ending is None:
                ending = await self._read(inbox, stopped)
                more = True
                while more:
                    step = self._push() if ending is None else self._finish(ending)
                    try:
                        more = await _see_through(step)
                    except StoppedByUser:
                        ending = await self._end_early(inbox, stopped)
                    for started in self._new_receipts():
                        yield started
            yield self._sum_up(ending)
        except (DeliveryError, LeaseLost):
            self._text.drop()  # what Slack may have taken already must not be sent once more
            raise
        finally:
            await _see_through(self._leave(inbox))

    async def _read(self, inbox: Inbox[Piece], stopped: AnswerControls) -> _Ending | None:
        """Take in one piece, or nothing if it is time to send; tell how it ends if it does."""
        match await inbox.take(self._seconds_until_due()):
            case StatusPiece(text):
                self.show_status(text)
            case ProgressPiece() as progress:
                self._note_progress(progress)
            case TextPiece(markdown):
                self._take_text(markdown)
            case EndPiece() as end:
                self._take_end(end)
                return _Ending(end.controls)
            case None if inbox.stopped:
                return await self._end_early(inbox, stopped)
            case None:
                pass
        return None

    async def _end_early(self, inbox: Inbox[Piece], stopped: AnswerControls) -> _Ending:
        """Take what was written by now for the whole of it."""
        for piece in await inbox.close():
            if isinstance(piece, TextPiece):
                self._take_text(piece.markdown)
        self._text.finish()
        self._place_free_at = 0.0
        return _Ending(stopped, stopped=True)

    def _note_progress(self, progress: ProgressPiece) -> None:
        self._progress = progress.tell(self._language)
        if self._placeholder_ts:
            self._placeholder_at = self._placeholder_at or max(
                self._place_free_at, self._clock() + _PROGRESS_SECONDS
            )
        elif self._places:
            # What stands there stays until there is something new.
            self.show_status(progress.tell_status(self._language))
        elif self._placeholder_at is None:
            self._placeholder_at = self._clock()

    def _take_text(self, markdown: str) -> None:
        if not self._text.shown:
            self._hold_until = self._clock() + (0.0 if self._stamps else self._hold_seconds)
        self._text.take(markdown)

    def _take_end(self, end: EndPiece) -> None:
        """Take what the whole answer has beyond its pieces; all of it if nothing is shown yet."""
        if self._stamps:
            if not self._text.complete(end.markdown):
                log.warning("answer_differs_from_its_pieces", turn=self._turn_id)
            return
        self._text.drop()
        self._whole_markdown = end.markdown
        self._whole.extend(render_answer(end.markdown, end.controls, language=self._language))

    def _due_at(self) -> float | None:
        """Tell when something has to be sent, None as long as there is nothing to send."""
        part = self._part
        if part is None:
            if self._is_full():
                return None
            if self._text.is_new:
                return max(self._hold_until, self._place_free_at)
            return self._placeholder_at
        due = [part.due_at] if len(self._text.shown) > len(part.shown) else []
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
        if self._part is None and not self._text.is_new:
            await self._hold_place()
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

    def _is_full(self) -> bool:
        """Tell whether what is still to be shown belongs in a file."""
        return self._part is None and len(self._stamps) >= self._most_messages

    async def _hold_place(self) -> None:
        """Post something with a Stop below it, or bring it up to date.

        That is where streams can't be stopped or there are none, and where it takes long: then it
        shows the progress. The answer takes its place, or an error if it comes to that.
        """
        self._placeholder_at = None
        if not self._progress and await self._errand.may_stream():
            return
        message = render_placeholder(self._turn_id, self._progress, language=self._language)
        try:
            if self._placeholder_ts:
                await self._notices.replace(message, self._stamps, patience=_PLACEHOLDER_PATIENCE)
            else:
                self._placeholder_ts = await self._notices.post(
                    message, patience=_PLACEHOLDER_PATIENCE
                )
                self._places.append(self._placeholder_ts)
                self._status.give_way()
        except DeliveryDelayed as error:
            # A post that may have been taken has to be found again; an update comes again anyway.
            if isinstance(error, DeliveryUnconfirmed) and not self._placeholder_ts:
                raise
            log.info("placeholder_not_shown", code=error.code)
        self._place_free_at = self._clock() + limits.UPDATE_SECONDS

    def _find_cut(self) -> Cut | None:
        """Decide whether the current message ends here, for its size or its age."""
        age = self._part.age if self._part else 0.0
        soon = self._text.size > limits.STREAM_BORDER_BYTES or age >= limits.STREAM_BORDER_SECONDS
        cut = self._roll_over(soon=soon)
        if cut is None and age >= limits.STREAM_SECONDS:
            return self._text.end_at(max(self._text.end_of_words(), self._shown_length()))
        return cut

    def _roll_over(self, *, soon: bool) -> Cut | None:
        # A message that is not begun yet must not end with what it repeats of the last.
        least = self._shown_length() if self._part else self._text.repeated + 1
        return self._text.roll_over(shown=least, soon=soon)

    def _shown_length(self) -> int:
        return len(self._part.shown) if self._part else self._text.repeated

    async def _show_words(self) -> None:
        """Show what there is up to the last whole word; half a word only if nothing else is new."""
        at = self._text.end_of_words()
        text = self._text.shown
        if at > self._shown_length():
            text = text[:at]
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
        self._text.go_on(cut)
        self._part, self._last = None, part

    async def _move_on(self) -> None:
        """Leave the current message as it is; what it does not show is for another."""
        cut = self._text.end_at(self._shown_length())
        if self._part is not None:
            await self._part.leave()
        self._text.go_on(cut)
        self._part, self._last = None, self._part

    async def _finish(self, ending: _Ending) -> bool:
        """Take one step towards the whole answer; True when there is another to take."""
        # An answer that stands is worth more than the first words of another.
        if ending.stopped and not self._stamps and (self._answers or not self._text.is_new):
            await self.post_notice(render_stopped(self._turn_id, language=self._language))
            return False
        controls = await self._put_in_file(ending.controls)
        if self._whole:
            await self._put(self._whole.popleft())
            more = bool(self._whole)
        else:
            try:
                below = render_controls(controls, language=self._language)
                more = await self._wind_up(below, at_once=ending.stopped)
            except StoppedByUser:
                more = True  # the stream is gone, but not what is left to say
        if not more:
            left = [ts for ts in self._answers if ts not in self._stamps]
            await remove_messages(self._calls, self._place, left)
            await self._file.remove_standing()
            await self._notices.remove(spared=self._stamps)
        return more

    async def _put_in_file(self, controls: AnswerControls) -> AnswerControls:
        """Put an answer that takes too many messages in a file; return what stands below it then.

        If Slack won't have the file, it is all in messages.
        """
        if self._whole_markdown and len(self._whole) > self._most_messages:
            markdown = self._whole_markdown
        elif self._is_full() and self._text.is_new:
            markdown = self._text.written
        else:
            return controls
        self._most_messages = math.inf
        if not await self._file.share(markdown.strip()):
            return controls
        note = self._language.say("This is the beginning; the whole answer is in the file.")
        controls = replace(controls, note=" ".join(filter(None, (controls.note, note))))
        if self._whole:
            beginning = self._whole[0].blocks
            below = render_controls(controls, language=self._language)
            self._whole = deque([replace(self._whole[0], blocks=[*beginning, *below])])
        self._text.drop()
        return controls

    def _sum_up(self, ending: _Ending) -> Delivered | Stopped:
        stamps = tuple(self._stamps)
        if not ending.stopped:
            return Delivered(self._place.channel, stamps)
        if not stamps:
            return Stopped(self._place.channel, (self._notice_ts,), "")
        return Stopped(self._place.channel, stamps, self._text.written.strip())

    async def _wind_up(self, below: Sequence[Block], *, at_once: bool = False) -> bool:
        """Take one step towards showing all of the text; True when there is another to take."""
        cut = self._roll_over(soon=False)
        if cut is not None:
            await self._end_part(cut)
            return True
        if self._part is not None:
            try:
                await self._part.close(self._text.shown, below, at_once=at_once)
            except PartFull:
                await self._move_on()
                return True
            self._part = None
        elif self._text.is_new:
            await self._put(render_part(self._text.shown, below))
        elif below and self._last is not None:
            await self._put_below(self._last, below, at_once=at_once)
        self._text.drop()
        return False

    async def _put_below(self, part: Part, below: Sequence[Block], *, at_once: bool) -> None:
        """Put the controls under a message that is closed already, or else below it."""
        try:
            await part.close(part.shown, below, at_once=at_once)
        except PartFull:
            text = self._language.say("About the answer above")
            await self._put(OutgoingMessage(text, list(below)))

    async def _put(self, message: OutgoingMessage) -> None:
        part = self._new_part()
        await part.put(message)
        self._note_begun(part)

    def _new_part(self) -> Part:
        takes = self._places.popleft() if self._places else ""
        number = len(self._stamps) + 1
        return Part(self._errand, number, takes=takes, not_before=self._place_free_at)

    def _note_begun(self, part: Part) -> None:
        self._stamps.append(part.ts)
        self._placeholder_at = None
        if not part.in_place:  # an update takes no status away
            self._status.give_way()

    def _new_receipts(self) -> list[Started]:
        stamps = self._stamps[self._receipted :]
        self._receipted = len(self._stamps)
        return [Started(self._place.channel, ts) for ts in stamps]

    async def _leave(self, inbox: Inbox[Piece]) -> None:
        """Leave nothing open; if any of the answer was shown, show all that was written of it."""
        await inbox.close()
        with suppress(LeaseLost):
            await self._show_rest()
        if self._part is not None:
            with suppress(LeaseLost, TimeoutError):
                async with asyncio.timeout(_LEAVE_SECONDS):
                    await self._part.leave()
        await self._status.clear()

    async def _show_rest(self) -> None:
        if not (self._stamps and self._text.shown):
            return
        self._text.finish()
        try:
            async with asyncio.timeout(_LEAVE_SECONDS):
                await self._put_in_file(AnswerControls(self._turn_id))
                while await self._wind_up((), at_once=True):
                    pass
        except (DeliveryError, PartFull, StoppedByUser, TimeoutError) as error:
            log.warning("reply_left_behind", turn=self._turn_id, error=type(error).__name__)


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
