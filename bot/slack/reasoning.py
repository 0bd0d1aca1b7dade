"""A turn's reasoning on request: posted in its thread, taken away again, its button swapped."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeVar

import structlog

from bot.errors import DeliveryError, DeliveryRefused
from bot.language import ENGLISH, Language
from bot.slack import limits
from bot.slack.blocks import build_section, put_plainly
from bot.slack.calls import BLOCK_FAULTS, SlackCalls
from bot.slack.capabilities import Capabilities, ReplyPlace
from bot.slack.controls import swap_reasoning_button
from bot.slack.markdown import shorten, split
from bot.slack.render import TRACE_EVENT, OutgoingMessage
from bot.slack.trace_view import (
    Reasoning,
    TraceFile,
    name_trace_file,
    render_trace,
    render_trace_messages,
    write_trace,
)

_T = TypeVar("_T")

log = structlog.get_logger(__name__)

_GONE: Final = frozenset({"message_not_found", "file_not_found", "file_deleted"})
_CUT_REACH: Final = 100
"""By how much a text that was cut may be shorter than the limit, since no word is torn."""

_BELOW: Final = frozenset({"actions", "context", "context_actions"})


@dataclass(frozen=True, slots=True)
class TraceRef:
    """One thing that shows a trace in Slack: `id` is a message's `ts` or a file's id."""

    kind: Literal["message", "file"]
    id: str


def write_ref(ref: TraceRef) -> str:
    """Write a reference down as one word."""
    return f"{ref.kind}:{ref.id}"


def parse_ref(written: str) -> TraceRef:
    """Read what `write_ref` wrote."""
    kind, _, ref = written.partition(":")
    return TraceRef("message" if kind == "message" else "file", ref)


async def post_trace(
    calls: SlackCalls,
    capabilities: Capabilities,
    place: ReplyPlace,
    reasoning: Reasoning,
    *,
    language: Language = ENGLISH,
) -> list[TraceRef]:
    """Post a turn's trace in its thread and return what has to be removed to hide it.

    A long trace is attached as a text file; where Slack takes no files it is posted in messages
    after all. Raises DeliveryError; what was posted until then is removed again.
    """
    shelf = _Shelf(calls, capabilities, place, reasoning.turn_id)
    posted: list[TraceRef] = []
    try:
        # A long one takes a while; other turns go on meanwhile.
        rendered = await asyncio.to_thread(render_trace, reasoning, language=language)
        if isinstance(rendered, TraceFile):
            try:
                posted.append(await shelf.post(rendered.intro, 1))
                posted.append(await attach_trace(calls, place, reasoning, language=language))
            except DeliveryRefused as error:
                log.warning("trace_file_refused", code=error.code)
            else:
                return posted
            await remove_trace(calls, place.channel, posted)
            posted.clear()
            rendered = await asyncio.to_thread(render_trace_messages, reasoning, language=language)
        for message in rendered:
            posted.append(await shelf.post(message, len(posted) + 1))
    except DeliveryError:
        await _remove_quietly(calls, place.channel, posted)
        raise
    return posted


async def attach_trace(
    calls: SlackCalls, place: ReplyPlace, reasoning: Reasoning, *, language: Language = ENGLISH
) -> TraceRef:
    """Attach a turn's trace to its thread as a text file; raises DeliveryError."""
    file_id = await calls.upload(
        name_trace_file(reasoning.turn_id),
        write_trace(reasoning),
        channel=place.channel,
        thread_ts=place.thread_ts,
        title=language.say("Reasoning"),
    )
    return TraceRef("file", file_id)


async def whisper_trace(
    calls: SlackCalls,
    capabilities: Capabilities,
    place: ReplyPlace,
    reasoning: Reasoning,
    *,
    language: Language = ENGLISH,
) -> None:
    """Show a turn's trace, in messages, to `place.recipient_user` alone; raises DeliveryError."""
    shelf = _Shelf(calls, capabilities, place, reasoning.turn_id)
    for message in await asyncio.to_thread(render_trace_messages, reasoning, language=language):
        await shelf.whisper(message)


async def find_trace(calls: SlackCalls, place: ReplyPlace, turn_id: str) -> list[TraceRef]:
    """Find what shows a turn's trace in its thread, oldest first: all of it, or a beginning.

    A shared file carries no metadata; it is known by its name, and by who shared it: whoever
    posted the announcement. Raises DeliveryError.
    """
    replies = await calls.read_replies(
        place.channel, place.thread_ts, place.after_ts or place.thread_ts
    )
    found: list[TraceRef] = []
    posters: set[str] = set()
    filename = name_trace_file(turn_id)
    for reply in replies:
        about = reply.get("metadata") or {}
        payload = about.get("event_payload") or {}
        if about.get("event_type") == TRACE_EVENT and payload.get("turn") == turn_id:
            found.append(TraceRef("message", str(reply["ts"])))
            posters.add(str(reply.get("user")))
        elif reply.get("user") in posters:
            files = [file for file in reply.get("files") or () if file.get("name") == filename]
            found += [TraceRef("file", str(file["id"])) for file in files]
    return found


async def remove_trace(calls: SlackCalls, channel: str, refs: Sequence[TraceRef]) -> None:
    """Remove what `post_trace` returned; what is gone already counts as removed.

    Raises DeliveryError.
    """
    for ref in refs:
        if ref.kind == "message":
            await _remove(calls, "chat.delete", channel=channel, ts=ref.id)
            continue
        # Without its file a message stays and says that a file was deleted.
        for ts in await _find_shares(calls, channel, ref.id):
            await _remove(calls, "chat.delete", channel=channel, ts=ts)
        await _remove(calls, "files.delete", file=ref.id)


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Where the messages of one trace go, folded up if the workspace knows how."""

    calls: SlackCalls
    capabilities: Capabilities
    place: ReplyPlace
    turn_id: str

    async def post(self, message: OutgoingMessage, part: int) -> TraceRef:
        """Post a message of the trace once; raises DeliveryError."""

        async def send(form: OutgoingMessage) -> str:
            return await self.calls.post(
                form,
                channel=self.place.channel,
                thread_ts=self.place.thread_ts,
                turn_id=self.turn_id,
                part=part,
                event_type=TRACE_EVENT,
                after_ts=self.place.after_ts or self.place.thread_ts,
                simplify=False,
            )

        return TraceRef("message", await self._send(message, send))

    async def whisper(self, message: OutgoingMessage) -> None:
        """Show a message to the person alone; raises DeliveryError."""

        async def send(form: OutgoingMessage) -> None:
            await self.calls.whisper(
                form,
                channel=self.place.channel,
                user=self.place.recipient_user,
                thread_ts=self.place.thread_ts,
            )

        await self._send(message, send)

    async def _send(
        self, message: OutgoingMessage, send: Callable[[OutgoingMessage], Awaitable[_T]]
    ) -> _T:
        refusal = ""
        if self.capabilities.allow("container", self.place):
            try:
                return await send(message)
            except DeliveryRefused as error:
                if error.code not in BLOCK_FAULTS:
                    raise
                refusal = error.code
        sent = await send(replace(message, blocks=put_plainly(message.blocks)))
        if refusal:
            # What it refused was the container: without it, Slack took the message.
            log.info("container_refused", code=refusal)
            self.capabilities.note_unknown("container", self.place)
        return sent


async def toggle_button(
    calls: SlackCalls,
    *,
    channel: str,
    ts: str,
    text: str,
    blocks: Sequence[Mapping[str, Any]],
    shown: bool,
    language: Language = ENGLISH,
) -> bool:
    """Swap an answer's button; `shown` tells whether its trace is shown from now on.

    Args:
        calls: The workspace's Web API.
        channel: Where the answer is.
        ts: The answer's message.
        text: The message's text as the press brought it: escaped mrkdwn.
        blocks: The message's blocks as the press brought them.
        shown: Whether the trace is shown from now on.
        language: What the button says it in.

    Returns False when Slack does not let the message change; the answer then stays as it was. Not
    everything that Slack returns can be sent again, so the text stands in for refused blocks if it
    is whole.

    Raises:
        DeliveryDelayed: Slack can't be reached.
    """
    swapped = swap_reasoning_button(blocks, shown=shown, language=language)
    below = [block for block in swapped if block.get("type") in _BELOW]
    plain = [build_section(piece) for piece in split(text, limits.SECTION_CHARS)] + below
    # A streamed message's text may be missing from its blocks, and would be lost with an update.
    forms = [] if len(below) == len(swapped) else [swapped]
    if not _is_cut(text):
        forms += [plain, *([bare] if (bare := put_plainly(plain)) != plain else [])]
    for form in forms:
        try:
            await calls.call(
                "chat.update",
                channel=channel,
                ts=ts,
                text=shorten(text, limits.TEXT_CHARS),
                blocks=form,
            )
        except DeliveryRefused as error:
            log.info("button_not_swapped", code=error.code)
            if error.code not in BLOCK_FAULTS:
                return False
        else:
            return True
    return False


def _is_cut(text: str) -> bool:
    """Whether a message's text is too short for the answer, as `plain_text` marks it."""
    return text.endswith("…") and len(text) > limits.TEXT_CHARS - _CUT_REACH


async def _remove(calls: SlackCalls, method: str, **arguments: Any) -> None:
    try:
        await calls.call(method, **arguments)
    except DeliveryRefused as error:
        if error.code not in _GONE:
            raise


async def _find_shares(calls: SlackCalls, channel: str, file_id: str) -> list[str]:
    """Return the `ts` of the channel's messages that show a file (Slack docs, files.info)."""
    try:
        file = (await calls.call("files.info", file=file_id))["file"]
    except DeliveryRefused as error:
        log.info("file_not_found", code=error.code)
        return []
    shares = file.get("shares") or {}
    places = [*shares.get("public", {}).items(), *shares.get("private", {}).items()]
    return [share["ts"] for place, found in places if place == channel for share in found]


async def _remove_quietly(calls: SlackCalls, channel: str, refs: Sequence[TraceRef]) -> None:
    try:
        await remove_trace(calls, channel, refs)
    except DeliveryError as error:
        log.warning("trace_left_behind", code=error.code)
