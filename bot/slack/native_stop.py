"""Whether Slack shows a Stop of its own where we are at work; only asking tells."""

from typing import Final

import structlog

from bot.errors import DeliveryDelayed, DeliveryRefused
from bot.slack.calls import SlackCalls
from bot.slack.capabilities import Capabilities, ReplyPlace

log = structlog.get_logger(__name__)

_NO_AGENT_CODES: Final = frozenset({"feature_disabled", "not_agent_app", "unknown_method"})
_PATIENCE_SECONDS: Final = 1.0


async def has_native_stop(calls: SlackCalls, place: ReplyPlace, capabilities: Capabilities) -> bool:
    """Tell whether Slack's own Stop stands by a stream in this place; ask once an hour.

    Only apps with the Agents feature have it (Slack docs, agents.sessions.setStatus). `active` is
    the state that a stream's start ends and a reply leaves behind, so asking with it changes
    nothing that stays. Without a clear answer, Slack's Stop is taken to be there.
    """
    if capabilities.claim_probe("native_stop", place.team):
        try:
            await calls.call(
                "agents.sessions.setStatus",
                patience=_PATIENCE_SECONDS,
                channel_id=place.channel,
                thread_ts=place.thread_ts,
                status="active",
            )
        except DeliveryDelayed as error:
            log.info("native_stop_unknown", code=error.code)
        except DeliveryRefused as error:
            log.info("native_stop_refused", code=error.code)
            if error.code in _NO_AGENT_CODES:
                capabilities.note_refusal("native_stop", place, error.code)
    return capabilities.allow("native_stop", place)
