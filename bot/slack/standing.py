"""What earlier attempts at a turn left in its thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from bot.errors import DeliveryRefused
from bot.slack.answer_file import name_answer_file
from bot.slack.calls import SlackCalls, metadata
from bot.slack.capabilities import ReplyPlace
from bot.slack.render import ANSWER_EVENT, NOTICE_EVENT

log = structlog.get_logger(__name__)


_PATIENCE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Standing:
    """A turn's messages that stand in Slack, by their `ts`, oldest first.

    Attributes:
        answers: Its answer, or parts of one.
        notices: Errors, offers and placeholders.
        files: The ids of files that hold its answer.
    """

    answers: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


NOTHING: Final = Standing()


async def find_standing(
    calls: SlackCalls, place: ReplyPlace, turn_id: str, posted: Sequence[str]
) -> Standing:
    """Find what stands of a turn in its thread, and stop the streams that were left open.

    Args:
        calls: The workspace's Web API.
        place: Where the turn's reply goes.
        turn_id: The turn.
        posted: The `ts` of its answer's messages as far as they were written down. The thread
            itself shows what was posted in the moment before it could be, and what is gone since;
            if it may not be read, this is what counts.

    Raises:
        DeliveryDelayed: Slack can't be reached.
    """
    try:
        replies = await calls.read_replies(
            place.channel, place.thread_ts, place.after_ts or place.thread_ts
        )
    except DeliveryRefused as error:
        log.info("thread_not_readable", code=error.code)
        return Standing(tuple(sorted(posted)), ())
    answers: list[str] = []
    notices: list[str] = []
    files: list[str] = []
    for reply in replies:
        ts = str(reply["ts"])
        files += _find_files(reply, turn_id)
        event_type = _find_event_type(reply, turn_id)
        is_open = reply.get("streaming_state") == "in_progress"
        if is_open and not await take_stream(calls, place, ts, turn_id, len(answers) + 1):
            continue
        if event_type == NOTICE_EVENT:
            notices.append(ts)
        elif is_open or event_type == ANSWER_EVENT or ts in posted:
            answers.append(ts)
    if answers or notices or files:
        log.info("standing_found", turn=turn_id, answers=len(answers), notices=len(notices))
    return Standing(tuple(answers), tuple(notices), tuple(files))


async def remove_messages(calls: SlackCalls, place: ReplyPlace, stamps: Sequence[str]) -> None:
    """Delete messages of ours; what is gone or may not be deleted is left as it is.

    Raises:
        DeliveryDelayed: Slack can't be reached.
    """
    for ts in stamps:
        try:
            await calls.call("chat.delete", channel=place.channel, ts=ts)
        except DeliveryRefused as error:
            log.info("message_not_removed", code=error.code)


def _find_files(reply: Mapping[str, Any], turn_id: str) -> list[str]:
    """Return the ids of the message's files that hold this turn's answer."""
    name = name_answer_file(turn_id)
    return [str(file["id"]) for file in reply.get("files") or () if file.get("name") == name]


def _find_event_type(reply: Mapping[str, Any], turn_id: str) -> str:
    """Return the event type of a message of this turn, "" for any other."""
    about = reply.get("metadata") or {}
    payload = about.get("event_payload") or {}
    return str(about.get("event_type") or "") if payload.get("turn") == turn_id else ""


async def take_stream(
    calls: SlackCalls,
    place: ReplyPlace,
    ts: str,
    turn_id: str,
    number: int,
    *,
    patience: float = _PATIENCE_SECONDS,
) -> bool:
    """Stop the open stream at `ts` and make it this part of the turn; False if it is not ours.

    chat.startStream takes no metadata, but turns of a thread run one after another: an open stream
    that is ours is this turn's, and Slack refuses to touch one that is not ours. From here on its
    metadata says so. Raises DeliveryDelayed.
    """
    try:
        await calls.call(
            "chat.stopStream",
            patience=patience,
            channel=place.channel,
            ts=ts,
            metadata=metadata(turn_id, number),
        )
    except DeliveryRefused as error:
        return error.code == "message_not_in_streaming_state"
    return True
