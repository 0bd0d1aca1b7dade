"""One message of a reply, growing while the answer is written: streamed, or edited."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused
from bot.language import Language
from bot.slack import limits
from bot.slack.calls import Clock, DeliveryUnconfirmed, SlackCalls, Sleep, metadata
from bot.slack.capabilities import Capabilities, ReplyPlace
from bot.slack.native_stop import has_native_stop
from bot.slack.render import Block, OutgoingMessage, render_growing, render_part, render_stop
from bot.slack.standing import take_stream
from bot.slack.tables import holds_table

log = structlog.get_logger(__name__)

_START_PATIENCE: Final = 1.0
_GROW_PATIENCE: Final = 2.0
_STOP_PATIENCE: Final = 60.0
_LOOK_AFTER_SECONDS: Final = 1.0


class PartFull(Exception):
    """The message takes no more; what it does not show yet belongs in another."""


class StoppedByUser(Exception):
    """The person wants no more of it."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What every part of one reply needs."""

    calls: SlackCalls
    place: ReplyPlace
    turn_id: str
    capabilities: Capabilities
    language: Language
    clock: Clock
    sleep: Sleep

    async def may_stream(self) -> bool:
        """Tell whether to stream here: not where a stream could not be stopped."""
        return self.capabilities.allow("streaming", self.place) and await self.has_native_stop()

    async def has_native_stop(self) -> bool:
        """Tell whether Slack shows a Stop of its own while we are at work here."""
        return await has_native_stop(self.calls, self.place, self.capabilities)


class Part:
    """One message of a reply: a new one, or one that takes the place of another of ours.

    Its texts are Markdown that is already defused, and each begins with what is shown so far.
    While it grows by chat.update, a Stop button stands below it where Slack has none. Its table, if
    it has one, is laid out when it is complete.

    A stream ends for reasons of its own: Slack drops it after some five minutes
    (node-slack-sdk#2702), or an answer gets lost on the way and nobody knows what it shows. The
    message is then brought up to date, and kept so, with chat.update.

    Args:
        errand: What it is a part of.
        number: Counted from 1.
        takes: The `ts` of the message whose place it takes, "" for none.
        not_before: When that message may be changed, by the errand's clock.

    Attributes:
        ts: Slack's id of it, "" until it is begun.
        in_place: Whether it took the place of another message.
        shown: The text that Slack surely shows.
        streaming: Whether Slack takes appends.
    """

    def __init__(
        self, errand: Errand, number: int, *, takes: str = "", not_before: float = 0.0
    ) -> None:
        self.ts = ""
        self.in_place = False
        self.shown = ""
        self.streaming = False
        self._errand = errand
        self._number = number
        self._takes = takes
        self._stop_button: list[Block] = []
        self._below: list[Block] = []
        self._is_growing = False
        self._begun_at = 0.0
        self._pushed_at = 0.0
        self._not_before = not_before

    @property
    def age(self) -> float:
        """Seconds since the stream began; 0 for a message that has no end."""
        return self._errand.clock() - self._begun_at if self.streaming else 0.0

    @property
    def due_at(self) -> float:
        """When the next text may be pushed."""
        if self.streaming:
            spacing = self._errand.capabilities.append_seconds(self._errand.place.team)
        else:
            spacing = limits.UPDATE_SECONDS
        return max(self._pushed_at + spacing, self._not_before)

    async def begin(self, text: str) -> None:
        """Show the first text: in the place it takes, else streamed if that is allowed, or posted.

        Raises DeliveryError.
        """
        button = render_stop(self._errand.turn_id, language=self._errand.language)
        if self._takes:
            # The status stays beside it, and with it Slack's own Stop where there is one.
            self._stop_button = [] if await self._errand.has_native_stop() else button
            if await self._take_place(render_growing(text, self._stop_button)):
                self._note_shown(text, self._stop_button, growing=True)
                return
        self._stop_button = button
        if not (await self._errand.may_stream() and await self._start_stream(text)):
            await self.put(render_growing(text, self._stop_button))
            self._note_shown(text, self._stop_button, growing=True)

    async def post(self, text: str) -> None:
        """Show a text that is all the message will show but for what may come below it.

        Raises DeliveryError.
        """
        await self.put(render_part(text))
        self._note_shown(text)

    async def put(self, message: OutgoingMessage) -> None:
        """Show a whole message, in the place it takes or as a new one.

        Raises DeliveryError.
        """
        if await self._take_place(message):
            return
        place = self._errand.place
        self.ts = await self._errand.calls.post(
            message,
            channel=place.channel,
            thread_ts=place.thread_ts,
            turn_id=self._errand.turn_id,
            part=self._number,
            after_ts=place.after_ts or place.thread_ts,
        )

    async def grow(self, text: str) -> None:
        """Show more; when Slack is too busy just now, `shown` stays and `due_at` moves.

        Raises:
            PartFull: Part of it belongs in another message.
            StoppedByUser: No more is wanted.
            DeliveryError: Slack can't be reached, or refuses for good.
        """
        if self.streaming:
            try:
                await self._call("chat.appendStream", 0.0, chunks=_chunks(self._tail(text)))
            except DeliveryUnconfirmed as error:
                await self._break_off(error)
            except DeliveryDelayed as error:
                pause = error.retry_after or limits.APPEND_SECONDS
                self._not_before = self._errand.clock() + pause
                return
            except DeliveryRefused as error:
                await self._accept_refusal(error)
            else:
                self._note_shown(text)
                return
        try:
            await self._update(text, self._stop_button, growing=True, patience=_GROW_PATIENCE)
        except DeliveryDelayed as error:
            log.info("update_put_off", code=error.code)
            pause = error.retry_after or limits.UPDATE_SECONDS
            self._not_before = self._errand.clock() + pause

    async def close(self, text: str, below: Sequence[Block] = (), *, at_once: bool = False) -> None:
        """Show the last text and what stands below it.

        `at_once` is for leaving in a hurry: the pause between two updates is not kept.

        Raises as `grow` does.
        """
        if self.streaming:
            try:
                await self._stop_stream(text, below)
            except DeliveryUnconfirmed as error:
                await self._break_off(error)
            except DeliveryRefused as error:
                await self._accept_refusal(error)
            else:
                self._note_shown(text, below)
                await self._lay_out_table(text, below)
                return
        elif self._shows(text, below):
            return
        elif not at_once:
            await self._errand.sleep(max(0.0, self.due_at - self._errand.clock()))
        await self._update(text, below)

    async def leave(self) -> None:
        """Stop the stream, if there is one, whatever is shown."""
        if not self.streaming:
            return
        try:
            await self._call("chat.stopStream", _STOP_PATIENCE, metadata=self._metadata())
        except DeliveryError as error:
            log.info("stream_not_stopped", code=error.code, part=self._number)
        finally:
            self._end_stream()

    async def _take_place(self, message: OutgoingMessage) -> bool:
        """Put the message where another of ours stands; False if Slack won't have it."""
        if not self._takes:
            return False
        ts, self._takes = self._takes, ""
        await self._errand.sleep(max(0.0, self._not_before - self._errand.clock()))
        try:
            await self._errand.calls.update(
                message,
                channel=self._errand.place.channel,
                ts=ts,
                metadata=self._metadata(),
                patience=_STOP_PATIENCE,
            )
        except DeliveryRefused as error:
            log.info("place_not_taken", code=error.code, part=self._number)
            return False
        self.ts = ts
        self.in_place = True
        return True

    async def _start_stream(self, text: str) -> bool:
        place = self._errand.place
        begun_at = self._errand.clock()
        try:
            answer = await self._errand.calls.call(
                "chat.startStream",
                patience=_START_PATIENCE,
                channel=place.channel,
                thread_ts=place.thread_ts,
                recipient_user_id=place.recipient_user,
                recipient_team_id=place.recipient_team,
                chunks=_chunks(text),
            )
        except DeliveryUnconfirmed as error:
            return await self._adopt_stream(text, error)
        except DeliveryDelayed:
            return False
        except DeliveryRefused as error:
            log.info("streaming_refused", code=error.code)
            self._errand.capabilities.note_refusal("streaming", place, error.code)
            return False
        self.ts = str(answer["ts"])
        self.streaming = True
        self._begun_at = begun_at
        self._errand.capabilities.note_stream(place.team, 1)
        self._note_shown(text)
        return True

    async def _adopt_stream(self, text: str, error: DeliveryUnconfirmed) -> bool:
        """Look for the stream that a lost answer may have begun, and make it this message.

        chat.startStream takes no metadata; but turns of one thread run one after another, so a
        stream of ours that is open in it and newer than the question can only be this turn's.
        """
        place = self._errand.place
        await self._errand.sleep(_LOOK_AFTER_SECONDS)  # Slack may still be storing it
        try:
            replies = await self._errand.calls.read_replies(
                place.channel, place.thread_ts, place.after_ts or place.thread_ts
            )
        except DeliveryError as failure:
            raise error from failure
        for reply in replies:
            if reply.get("streaming_state") == "in_progress" and await self._take_over(reply["ts"]):
                log.info("stream_adopted", turn=self._errand.turn_id, part=self._number)
                await self._update(text, self._stop_button, growing=True)
                return True
        return False

    async def _take_over(self, ts: str) -> bool:
        """Stop the stream at `ts` and make it this message; False if it is not ours."""
        errand = self._errand
        taken = await take_stream(
            errand.calls,
            errand.place,
            ts,
            errand.turn_id,
            self._number,
            patience=_STOP_PATIENCE,
        )
        if taken:
            self.ts = ts
        return taken

    async def _stop_stream(self, text: str, below: Sequence[Block]) -> None:
        tail = self._tail(text)
        await self._call(
            "chat.stopStream",
            _STOP_PATIENCE,
            chunks=_chunks(tail) if tail else None,
            blocks=list(below) or None,
            metadata=self._metadata(),
        )
        self._end_stream()

    async def _lay_out_table(self, text: str, below: Sequence[Block]) -> None:
        """Show a streamed table as Slack's own; if that can't be, it stays as it is."""
        if not holds_table(text):
            return
        message = render_part(text, below)
        try:
            await self._call(
                "chat.update",
                _GROW_PATIENCE,
                text=message.text,
                blocks=message.blocks,
                metadata=self._metadata(),
            )
        except DeliveryError as error:
            log.info("table_not_laid_out", code=error.code, part=self._number)

    async def _accept_refusal(self, error: DeliveryRefused) -> None:
        """Find out what a refused append or stop means; returning means: update instead."""
        if error.code == "stopped_by_user":
            await self.leave()
            raise StoppedByUser from error
        if error.code == "msg_too_long":
            raise PartFull from error
        await self._break_off(error)

    async def _break_off(self, error: DeliveryError) -> None:
        """Go on without the stream; chat.update is refused while one is open."""
        log.info("stream_broke_off", code=error.code, part=self._number)
        if error.code == "message_not_in_streaming_state":
            self._end_stream()
        else:
            await self.leave()

    async def _update(
        self,
        text: str,
        below: Sequence[Block] = (),
        *,
        growing: bool = False,
        patience: float = _STOP_PATIENCE,
    ) -> None:
        render = render_growing if growing else render_part
        try:
            await self._errand.calls.update(
                render(text, below),
                channel=self._errand.place.channel,
                ts=self.ts,
                metadata=self._metadata(),
                patience=patience,
            )
        except DeliveryRefused as error:
            log.warning("update_refused", code=error.code, part=self._number)
            raise PartFull from error
        self._note_shown(text, below, growing=growing)

    async def _call(self, method: str, patience: float, **arguments: Any) -> None:
        await self._errand.calls.call(
            method,
            patience=patience,
            channel=self._errand.place.channel,
            ts=self.ts,
            **arguments,
        )

    def _shows(self, text: str, below: Sequence[Block]) -> bool:
        """Tell whether all of it is shown already, in its final form."""
        is_same = text.rstrip() == self.shown.rstrip() and list(below) == self._below
        return is_same and not (self._is_growing and holds_table(text))

    def _tail(self, text: str) -> str:
        return text[len(self.shown) :]

    def _note_shown(self, text: str, below: Sequence[Block] = (), *, growing: bool = False) -> None:
        self.shown = text
        self._is_growing = growing
        self._below = list(below)
        self._pushed_at = self._errand.clock()

    def _end_stream(self) -> None:
        if self.streaming:
            self.streaming = False
            self._errand.capabilities.note_stream(self._errand.place.team, -1)

    def _metadata(self) -> dict[str, Any]:
        return metadata(self._errand.turn_id, self._number)


def _chunks(text: str) -> list[dict[str, str]]:
    # Always chunks: a message streamed with both these and `markdown_text` is refused
    # (vercel/chat#886).
    return [{"type": "markdown_text", "text": text}]
