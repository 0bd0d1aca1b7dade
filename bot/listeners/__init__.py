"""What Slack calls. Bolt's types stop here; each listener parses, hands over and returns.

The app runs its listeners before it answers (`process_before_response`), so an acknowledgement
says that the event is in the database. A listener that fails is not acknowledged: Slack sends the
event again.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.response import BoltResponse

from bot.listeners.desk import Desk
from bot.listeners.feedback import FeedbackDesk
from bot.listeners.home import HomeDesk
from bot.listeners.intake import Intake, IntakeClosed
from bot.listeners.visits import VisitDesk
from bot.slack.commands import COMMAND
from bot.slack.controls import FEEDBACK
from bot.slack.feedback import FEEDBACK_REASON
from bot.slack.home_events import SETTINGS_DIALOGS
from bot.slack.whispers import FORGET_HERE

log = structlog.get_logger(__name__)

_MESSAGE_EVENTS: Final = ("app_mention", "message")
_STOP_EVENT: Final = "agent_session_stopped"
_FILE_EVENT: Final = "file_deleted"
_HOME_EVENT: Final = "app_home_opened"
_JOIN_EVENT: Final = "member_joined_channel"
_CONTEXT_EVENT: Final = "app_context_changed"
_UNINSTALL_EVENTS: Final = ("app_uninstalled", "tokens_revoked")
_ASSISTANT_START: Final = "assistant_thread_started"
_ASSISTANT_CONTEXT: Final = "assistant_thread_context_changed"

EVENTS: Final = (
    *_MESSAGE_EVENTS,
    _STOP_EVENT,
    _FILE_EVENT,
    _HOME_EVENT,
    _JOIN_EVENT,
    _CONTEXT_EVENT,
    *_UNINSTALL_EVENTS,
)
"""The event types that are used; the manifest subscribes to these and no others.

An app that still has Slack's older assistant view sends two more, which are understood as well.
"""


@dataclass(frozen=True, slots=True)
class Desks:
    """Who takes what: messages, presses and stops; commands; thumbs; the Home tab; visits."""

    intake: Intake
    commands: Desk
    feedback: FeedbackDesk
    home: HomeDesk
    visits: VisitDesk


def register(app: AsyncApp, desks: Desks) -> None:
    """Every listener, on one page."""
    intake, visits, routes = desks.intake, desks.visits, _Routes(desks)
    for event in _MESSAGE_EVENTS:
        app.event(event)(_listener(intake, routes.receive_message))
    for event, receive in {
        _STOP_EVENT: intake.receive_stop,
        _FILE_EVENT: intake.receive_file_deletion,
        _HOME_EVENT: routes.receive_home,
        _JOIN_EVENT: visits.receive_joined,
        _CONTEXT_EVENT: visits.receive_context,
        _ASSISTANT_START: visits.receive_thread_started,
        _ASSISTANT_CONTEXT: visits.receive_context,
        **dict.fromkeys(_UNINSTALL_EVENTS, intake.receive_uninstall),
    }.items():
        app.event(event)(_listener(intake, receive))
    app.event(re.compile(".+"))(_ignore_event)
    app.command(COMMAND)(_answering_listener(intake, desks.commands.receive_command))
    app.shortcut(re.compile(".+"))(_answering_listener(intake, desks.commands.receive_shortcut))
    app.view(re.compile(".+"))(_answering_listener(intake, routes.receive_dialog))
    app.action(re.compile(".+"))(_answering_listener(intake, routes.receive_press))
    app.middleware(_acknowledge_rate_limit_notice)
    app.error(_report)


class _Routes:
    """Leads to the right desk what Slack calls by one name."""

    def __init__(self, desks: Desks) -> None:
        self._desks = desks

    async def receive_message(self, body: Mapping[str, Any]) -> None:
        if "app_context" in body["event"]:
            await self._desks.visits.receive_context(body)
        await self._desks.intake.receive_event(body)

    async def receive_home(self, body: Mapping[str, Any]) -> None:
        await self._desks.home.receive_opened(body)
        await self._desks.visits.receive_opened(body)

    async def receive_dialog(self, body: Mapping[str, Any]) -> dict[str, Any] | None:
        match body["view"].get("callback_id"):
            case name if name in SETTINGS_DIALOGS:
                return await self._desks.home.receive_submission(body)
            case name if name == FEEDBACK_REASON:
                return await self._desks.feedback.receive_reason(body)
            case _:
                return await self._desks.commands.receive_submission(body)

    async def receive_press(self, body: Mapping[str, Any]) -> None:
        if (body.get("container") or {}).get("type") == "view":
            await self._desks.home.receive_action(body)
            return
        match body["actions"][0]["action_id"]:
            case name if name == FEEDBACK:
                await self._desks.feedback.receive_feedback(body)
            case name if name == FORGET_HERE:
                await self._desks.commands.receive_forget(body)
            case _:
                await self._desks.intake.receive_press(body)


async def _ignore_event(event: Mapping[str, Any]) -> None:
    # Without a listener Bolt answers 404 and Slack delivers the event three more times.
    log.debug("event_unused", type=event.get("type"))


def _listener(
    intake: Intake, receive: Callable[[Mapping[str, Any]], Awaitable[None]]
) -> Callable[..., Awaitable[None]]:
    """Make what Bolt calls for an event: it looks at the names of the arguments."""

    async def listen(body: dict[str, Any]) -> None:
        with intake.working():
            await receive(body)

    return listen


def _answering_listener(
    intake: Intake, receive: Callable[[Mapping[str, Any]], Awaitable[dict[str, Any] | None]]
) -> Callable[..., Awaitable[None]]:
    """Make what Bolt calls for what a person waits for; what `receive` returns goes to Slack."""

    async def listen(ack: AsyncAck, body: dict[str, Any]) -> None:
        with intake.working():
            answer = await receive(body)
        await (ack(answer) if answer else ack())

    return listen


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
