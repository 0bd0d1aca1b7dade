"""A turn's reasoning on request: posted in its thread, taken away again, its button swapped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import structlog

from bot.errors import DeliveryError, DeliveryRefused
from bot.slack import limits
from bot.slack.calls import BLOCK_FAULTS, SlackCalls
from bot.slack.capabilities import ReplyPlace
from bot.slack.markdown import shorten, split
from bot.slack.render import (
    TRACE_EVENT,
    Block,
    OutgoingMessage,
    TraceFile,
    name_trace_file,
    render_trace,
    render_trace_messages,
    swap_reasoning_button,
)

log = structlog.get_logger(__name__)

_GONE: Final = frozenset({"message_not_found", "file_not_found", "file_deleted"})
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
    place: ReplyPlace,
    turn_id: str,
    reasoning: str,
    answer_permalink: str,
) -> list[TraceRef]:
    """Post a turn's trace in its thread and return what has to be removed to hide it.

    A long trace is attached as a text file; where Slack takes no files it is posted in messages
    after all. Raises DeliveryError; what was posted until then is removed again.
    """
    posted: list[TraceRef] = []
    try:
        rendered = render_trace(reasoning, answer_permalink, turn_id)
        if isinstance(rendered, TraceFile):
            try:
                return await _attach(calls, place, turn_id, rendered, posted)
            except DeliveryRefused as error:
                log.warning("trace_file_refused", code=error.code)
            await remove_trace(calls, place.channel, posted)
            posted.clear()
            rendered = render_trace_messages(reasoning, answer_permalink)
        for message in rendered:
            posted.append(await _post(calls, place, turn_id, message, len(posted) + 1))
    except DeliveryError:
        await _remove_quietly(calls, place.channel, posted)
        raise
    return posted


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


async def toggle_button(
    calls: SlackCalls,
    *,
    channel: str,
    ts: str,
    text: str,
    blocks: Sequence[Mapping[str, Any]],
    shown: bool,
) -> bool:
    """Swap an answer's button; `shown` tells whether its trace is shown from now on.

    Args:
        calls: The workspace's Web API.
        channel: Where the answer is.
        ts: The answer's message.
        text: The message's text as the press brought it: escaped mrkdwn.
        blocks: The message's blocks as the press brought them.
        shown: Whether the trace is shown from now on.

    Returns False when Slack does not let the message change; the answer then stays as it was. Not
    everything that Slack returns can be sent again, so the text stands in for refused blocks.

    Raises:
        DeliveryDelayed: Slack can't be reached.
    """
    swapped = swap_reasoning_button(blocks, shown=shown)
    below = [block for block in swapped if block.get("type") in _BELOW]
    plain = [_section(piece) for piece in split(text, limits.SECTION_CHARS)] + below
    # A streamed message's text may be missing from its blocks, and would be lost with an update.
    forms = [plain] if len(below) == len(swapped) else [swapped, plain]
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


async def _attach(
    calls: SlackCalls, place: ReplyPlace, turn_id: str, file: TraceFile, posted: list[TraceRef]
) -> list[TraceRef]:
    """Post the announcement, then the file; `posted` tells how far it came."""
    posted.append(await _post(calls, place, turn_id, file.intro, 1))
    file_id = await calls.upload(
        file.filename,
        file.content,
        channel=place.channel,
        thread_ts=place.thread_ts,
        title="Reasoning",
    )
    posted.append(TraceRef("file", file_id))
    return posted


async def _post(
    calls: SlackCalls, place: ReplyPlace, turn_id: str, message: OutgoingMessage, part: int
) -> TraceRef:
    ts = await calls.post(
        message,
        channel=place.channel,
        thread_ts=place.thread_ts,
        turn_id=turn_id,
        part=part,
        event_type=TRACE_EVENT,
        after_ts=place.after_ts or place.thread_ts,
    )
    return TraceRef("message", ts)


async def _remove_quietly(calls: SlackCalls, channel: str, refs: Sequence[TraceRef]) -> None:
    try:
        await remove_trace(calls, channel, refs)
    except DeliveryError as error:
        log.warning("trace_left_behind", code=error.code)


def _section(mrkdwn: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": mrkdwn}}
