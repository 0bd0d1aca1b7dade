"""What the buttons under our messages do."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

import structlog

from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused
from bot.lease import Lease
from bot.ledger import OFFERED, Ledger, Outcome, Turn
from bot.slack.capabilities import ReplyPlace
from bot.slack.events import Press, Said, from_json
from bot.slack.reasoning import (
    find_trace,
    parse_ref,
    post_trace,
    remove_trace,
    toggle_button,
    write_ref,
)
from bot.slack.render import (
    HIDE_REASONING,
    READ_REST,
    REGENERATE,
    RETRY,
    SHOW_REASONING,
    SUMMARIZE_FILES,
    OutgoingMessage,
    render_trace_messages,
)
from bot.slack.workspaces import Workspace, Workspaces
from bot.store.traces import Trace, Traces

log = structlog.get_logger(__name__)

_NOT_HERE = "I can't show that here: this button belongs to another answer, or is too old."
_TURNED_OFF = "Showing the reasoning is turned off here."
_NOT_TAKEN = "Slack didn't let me post the reasoning here. Please ask whoever runs me to check."
_NOTHING_TO_RETRY = "I can't try that again: it is too old, or belongs to another thread."
_BROKEN: Final[tuple[Outcome, ...]] = ("failed", "dead")
_ENDED: Final[tuple[Outcome, ...]] = ("answered", "stopped", *_BROKEN)
_ANEW: Final = frozenset({REGENERATE, READ_REST})
_SOON_SECONDS = 1.0
_DELAYED_SECONDS = 2.0
_PATIENCE_SECONDS = 60.0
"""How long a person waits for what a press should do."""


class Presses:
    """Answers pressed buttons, each where it was pressed and nowhere else.

    Args:
        ledger: Where turns are found again.
        traces: Where reasoning is kept.
        workspaces: The installations.
        reveal: Whether traces may be shown.
        privately: Show a trace to the person who pressed alone.
        together: What is written within it becomes durable together.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        traces: Traces,
        workspaces: Workspaces,
        reveal: bool,
        privately: bool,
        together: Callable[[], AbstractAsyncContextManager[object]],
    ) -> None:
        self._ledger = ledger
        self._traces = traces
        self._workspaces = workspaces
        self._reveal = reveal
        self._privately = privately
        self._together = together

    async def answer(self, turn: Turn, lease: Lease) -> None:
        """Do what the button says; a press that Slack's weather delays is tried again."""
        press = from_json(Press, turn.payload)
        workspace = (await self._workspaces.find(press.thread.team)).fenced(lease.check)
        try:
            match press.action:
                case action if action in {SHOW_REASONING, HIDE_REASONING}:
                    await self._toggle_reasoning(turn, press, workspace)
                case action if action in {READ_REST, REGENERATE, RETRY, SUMMARIZE_FILES}:
                    await self._answer_again(turn, press, workspace)
                case _:
                    await self._close(turn, "silent", "unknown_button")
        except DeliveryDelayed as error:
            if turn.age > _PATIENCE_SECONDS:
                await self._close(turn, "refused", error.code)
            else:
                delay = error.retry_after or _DELAYED_SECONDS
                await self._ledger.put_back(turn, delay=delay, delivery=True)
        except DeliveryRefused as error:
            log.warning("press_refused", code=error.code, detail=str(error))
            await self._refuse(turn, press, workspace, _NOT_TAKEN)

    async def _toggle_reasoning(self, turn: Turn, press: Press, workspace: Workspace) -> None:
        if not self._reveal:
            await self._refuse(turn, press, workspace, _TURNED_OFF)
            return
        answered = await self._find_target(press)
        if answered is not None and not answered.closed and turn.age < _PATIENCE_SECONDS:
            # The button shows a moment before the trace is written down; or there is another answer
            # to come, with another trace.
            await self._ledger.put_back(turn, delay=_SOON_SECONDS)
            return
        trace = await self._traces.find(press.thread.team, press.turn_id)
        if answered is None or trace is None or not _belongs(press, trace):
            await self._refuse(turn, press, workspace, _NOT_HERE)
        elif press.action == HIDE_REASONING:
            await self._hide(turn, press, workspace, trace)
        elif self._privately:
            await self._whisper(turn, press, workspace, trace)
        else:
            await self._show(turn, press, workspace, trace, answered)

    async def _show(
        self, turn: Turn, press: Press, workspace: Workspace, trace: Trace, answered: Turn
    ) -> None:
        if not trace.shown:
            place = ReplyPlace(
                team=trace.thread.team,
                channel=trace.thread.channel,
                thread_ts=trace.thread.thread_ts,
                recipient_user=press.user,
                recipient_team=trace.thread.team,
                after_ts=trace.answer_ts,
            )
            if turn.resumed:
                # An earlier attempt may have posted what it had no time to write down.
                half_shown = await find_trace(workspace.calls, place, trace.turn_id)
                await remove_trace(workspace.calls, place.channel, half_shown)
            permalink = await self._find_permalink(workspace, trace)
            refs = await post_trace(
                workspace.calls, place, trace.turn_id, trace.reasoning, permalink
            )
            now = await self._find_target(press)
            if now is None or (now.attempt, now.closed) != (answered.attempt, answered.closed):
                # There is another answer by now, or will be, and the button will be its own.
                await remove_trace(workspace.calls, place.channel, refs)
                await self._close(turn, "answered", "outdated")
                return
            written = [write_ref(ref) for ref in refs]
            await self._traces.mark_shown(trace.thread.team, trace.turn_id, written)
        await self._swap_button(press, workspace, shown=True)
        await self._close(turn, "answered", "already_shown" if trace.shown else "shown")

    async def _hide(self, turn: Turn, press: Press, workspace: Workspace, trace: Trace) -> None:
        await remove_trace(
            workspace.calls, trace.thread.channel, [parse_ref(one) for one in trace.shown]
        )
        await self._traces.mark_shown(trace.thread.team, trace.turn_id, [])
        await self._swap_button(press, workspace, shown=False)
        await self._close(turn, "answered", "hidden")

    async def _whisper(self, turn: Turn, press: Press, workspace: Workspace, trace: Trace) -> None:
        permalink = await self._find_permalink(workspace, trace)
        for message in render_trace_messages(trace.reasoning, permalink):
            await workspace.calls.whisper(
                message,
                channel=press.thread.channel,
                user=press.user,
                thread_ts=press.thread.thread_ts,
            )
        await self._close(turn, "answered", "whispered")

    async def _answer_again(self, turn: Turn, press: Press, workspace: Workspace) -> None:
        target = await self._find_target(press)
        if target is None:
            await self._refuse(turn, press, workspace, _NOTHING_TO_RETRY)
            return
        async with self._together():
            if press.action == SUMMARIZE_FILES:
                summary = {"call": "summary"}
                reopened = await self._ledger.reopen(
                    target, summary, outcomes=["answered"], reason=OFFERED
                )
            elif press.action == READ_REST:
                more = {"allowance": from_json(Said, target.payload).allowance + 1}
                reopened = await self._ledger.reopen(target, more, outcomes=_ENDED)
            else:
                # An answer that another try failed to replace still has its Regenerate.
                outcomes = _ENDED if press.action == REGENERATE else _BROKEN
                reopened = await self._ledger.reopen(target, outcomes=outcomes)
            if reopened or not target.closed or press.action not in _ANEW:
                await self._close(turn, "answered", "reopened" if reopened else "already_at_work")
                return
        await self._refuse(turn, press, workspace, _NOTHING_TO_RETRY)

    async def _swap_button(self, press: Press, workspace: Workspace, *, shown: bool) -> None:
        await toggle_button(
            workspace.calls,
            channel=press.thread.channel,
            ts=press.message_ts,
            text=press.text,
            blocks=press.blocks,
            shown=shown,
        )

    async def _find_permalink(self, workspace: Workspace, trace: Trace) -> str:
        found = await workspace.calls.call(
            "chat.getPermalink", channel=trace.thread.channel, message_ts=trace.answer_ts
        )
        return str(found["permalink"])

    async def _find_target(self, press: Press) -> Turn | None:
        """Return the turn whose button was pressed, if it is one of this thread's messages."""
        target = await self._ledger.find(press.thread.team, press.turn_id)
        if target is None or target.kind != "message" or target.thread != press.thread:
            return None
        return target

    async def _refuse(self, turn: Turn, press: Press, workspace: Workspace, told: str) -> None:
        try:
            await workspace.calls.whisper(
                OutgoingMessage(told, []),
                channel=press.thread.channel,
                user=press.user,
                thread_ts=press.thread.thread_ts,
            )
        except DeliveryError as error:
            log.warning("refusal_not_told", code=error.code)
        await self._close(turn, "refused", "press")

    async def _close(self, turn: Turn, outcome: Outcome, reason: str) -> None:
        await self._ledger.close(turn, outcome, reason)
        log.info("press_closed", outcome=outcome, reason=reason)


def _belongs(press: Press, trace: Trace) -> bool:
    """Whether the pressed message is the one that the trace's button was put under."""
    return (press.thread.channel, press.message_ts) == (trace.thread.channel, trace.answer_ts)
