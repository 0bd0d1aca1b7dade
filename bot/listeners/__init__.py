"""What Slack calls. Bolt's types stop here; each listener parses, hands over and returns.

The app runs its listeners before it answers (`process_before_response`), so an acknowledgement
says that the event is in the database. A listener that fails is not acknowledged: Slack sends the
event again.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.response import BoltResponse

from bot.listeners.intake import Intake, IntakeClosed

log = structlog.get_logger(__name__)

_MESSAGE_EVENTS: Final = ("app_mention", "message")
_STOP_EVENT: Final = "agent_session_stopped"
_FILE_EVENT: Final = "file_deleted"
_UNINSTALL_EVENTS: Final = ("app_uninstalled", "tokens_revoked")

EVENTS: Final = (*_MESSAGE_EVENTS, _STOP_EVENT, _FILE_EVENT, *_UNINSTALL_EVENTS)
"""The event types that are used; the manifest subscribes to these and no others."""


def register(app: AsyncApp, intake: Intake) -> None:
    """Every listener, on one page."""

    async def receive_event(body: dict[str, Any]) -> None:
        await intake.receive_event(body)

    async def receive_stop(body: dict[str, Any]) -> None:
        await intake.receive_stop(body)

    async def receive_file_deletion(body: dict[str, Any]) -> None:
        await intake.receive_file_deletion(body)

    async def receive_uninstall(body: dict[str, Any]) -> None:
        await intake.receive_uninstall(body)

    async def receive_press(ack: AsyncAck, body: dict[str, Any]) -> None:
        await intake.receive_press(body)
        await ack()

    async def ignore_event(event: Mapping[str, Any]) -> None:
        # Without a listener Bolt answers 404 and Slack delivers the event three more times.
        log.debug("event_unused", type=event.get("type"))

    for event in _MESSAGE_EVENTS:
        app.event(event)(receive_event)
    app.event(_STOP_EVENT)(receive_stop)
    app.event(_FILE_EVENT)(receive_file_deletion)
    for event in _UNINSTALL_EVENTS:
        app.event(event)(receive_uninstall)
    app.event(re.compile(".+"))(ignore_event)
    app.action(re.compile(".+"))(receive_press)
    app.middleware(_acknowledge_rate_limit_notice)
    app.error(_report)


async def _acknowledge_rate_limit_notice(
    body: Mapping[str, Any],
    next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002  # Bolt passes it by this name
) -> BoltResponse:
    """No listener can match `app_rate_limited`: it has no inner event (Slack docs, Events API)."""
    if body.get("type") == "app_rate_limited":
        log.warning("events_rate_limited", team=body.get("team_id"))
        return BoltResponse(status=200)
    return await next()


async def _report(error: Exception) -> None:
    """Log what a listener died of; without an ack, Slack delivers the event again."""
    if isinstance(error, IntakeClosed):
        log.info("event_left_to_the_next_start")
    else:
        log.error("event_not_accepted", exc_info=error)
