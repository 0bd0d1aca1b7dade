"""Emoji under people's messages: the shortest answer there is."""

from typing import Final, Literal

import structlog

from bot.errors import DeliveryError
from bot.slack.calls import SlackCalls

log = structlog.get_logger(__name__)

_PATIENCE_SECONDS: Final = 5.0


async def react(calls: SlackCalls, *, channel: str, ts: str, emoji: Literal["wave", "+1"]) -> bool:
    """Put an emoji under a message; tell whether it stands there. Never fails."""
    try:
        await calls.call(
            "reactions.add", patience=_PATIENCE_SECONDS, channel=channel, timestamp=ts, name=emoji
        )
    except DeliveryError as error:
        log.info("reaction_not_added", code=error.code)
        return error.code == "already_reacted"
    return True
