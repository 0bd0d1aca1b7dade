"""What an attempt that died halfway left in Slack."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog

from bot.errors import DeliveryRefused
from bot.slack.calls import SlackCalls
from bot.slack.capabilities import ReplyPlace
from bot.slack.render import ANSWER_EVENT, NOTICE_EVENT

log = structlog.get_logger(__name__)


async def remove_leftovers(
    calls: SlackCalls, place: ReplyPlace, turn_id: str, posted: Sequence[str]
) -> None:
    """Delete the turn's messages, so that the new attempt's answer stands alone.

    `posted` is what was written down; the thread itself shows what was posted in the moment before
    it could be. Raises DeliveryDelayed.
    """
    found = set(posted)
    with suppress(DeliveryRefused):
        replies = await calls.read_replies(place.channel, place.thread_ts, place.after_ts)
        found |= {reply["ts"] for reply in replies if _is_of_turn(reply, turn_id)}
    for ts in sorted(found):
        # An open stream can't be deleted; a message that is none refuses to be stopped.
        with suppress(DeliveryRefused):
            await calls.call("chat.stopStream", channel=place.channel, ts=ts)
        with suppress(DeliveryRefused):
            await calls.call("chat.delete", channel=place.channel, ts=ts)
    if found:
        log.info("leftovers_removed", turn=turn_id, messages=len(found))


def _is_of_turn(reply: Mapping[str, Any], turn_id: str) -> bool:
    # chat.startStream takes no metadata, but turns of a thread run one after another: an open
    # stream that is ours is this turn's, and Slack refuses to touch one that is not ours.
    if reply.get("streaming_state") == "in_progress":
        return True
    about = reply.get("metadata") or {}
    payload = about.get("event_payload") or {}
    return (
        about.get("event_type") in {ANSWER_EVENT, NOTICE_EVENT} and payload.get("turn") == turn_id
    )
