"""What the buttons under our messages do."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final

import structlog

from bot.conversation.preferences import Defaults
from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused, OutsidersNotAnswered
from bot.language import Language, mark
from bot.lease import Lease
from bot.ledger import OFFERED, Ledger, Outcome, Turn
from bot.slack.capabilities import ReplyPlace
from bot.slack.controls import (
    HIDE_REASONING,
    READ_REST,
    REGENERATE,
    REGENERATE_AS,
    RETRY,
    SHOW_REASONING,
)
from bot.slack.directory import Person
from bot.slack.events import Press, Said, from_json
from bot.slack.reasoning import (
    TraceRef,
    attach_trace,
    find_trace,
    parse_ref,
    post_trace,
    remove_trace,
    toggle_button,
    whisper_trace,
    write_ref,
)
from bot.slack.render import SUMMARIZE_FILES, OutgoingMessage
from bot.slack.trace_view import TRACE_FILE, Reasoning
from bot.slack.workspaces import Workspace, Workspaces
from bot.store.preferences import PreferenceStore
from bot.store.traces import Trace, Traces

log = structlog.get_logger(__name__)

_NOT_HERE: Final = mark(
    "I can't show that here: this button belongs to another answer, or is too old."
)
_TURNED_OFF: Final = mark("Showing the reasoning is turned off here.")
_ASKER_ONLY: Final = mark("Only the person who asked may see this reasoning.")
_NOT_TAKEN: Final = mark(
    "Slack didn't let me post the reasoning here. Please ask whoever runs me to check."
)
_NO_FILE: Final = mark("Slack didn't let me attach a file here. Please ask whoever runs me.")
_ATTACHED: Final = mark("This reasoning is attached to the thread already.")
_NOTHING_TO_RETRY: Final = mark(
    "I can't try that again: it is too old, or belongs to another thread."
)
_BROKEN: Final[tuple[Outcome, ...]] = ("failed", "dead")
_ENDED: Final[tuple[Outcome, ...]] = ("answered", "stopped", "refused", *_BROKEN)
_ANEW: Final = frozenset({REGENERATE, REGENERATE_AS, READ_REST})
_SOON_SECONDS: Final = 1.0
_DELAYED_SECONDS: Final = 2.0
_PATIENCE_SECONDS: Final = 60.0
"""How long a person waits for what a press should do."""

_WRITTEN_SECONDS: Final = 5.0
"""How long after a trace was posted it may take until that is written down."""


@dataclass(frozen=True, slots=True)
class _Pressed:
    """A press at work: its turn, where it was, and who pressed."""

    turn: Turn
    press: Press
    workspace: Workspace
    person: Person

    @property
    def language(self) -> Language:
        """What our own words to the person are in."""
        return self.person.language


class Presses:
    """Answers pressed buttons, each where it was pressed and nowhere else.

    Args:
        ledger: Where turns are found again.
        traces: Where reasoning is kept.
        preferences: Where it is said who may see the reasoning behind answers, and who is answered.
        defaults: What holds for whoever chose nothing.
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
        preferences: PreferenceStore,
        defaults: Defaults,
        workspaces: Workspaces,
        reveal: bool,
        privately: bool,
        together: Callable[[], AbstractAsyncContextManager[object]],
    ) -> None:
        self._ledger = ledger
        self._traces = traces
        self._preferences = preferences
        self._defaults = defaults
        self._workspaces = workspaces
        self._reveal = reveal
        self._privately = privately
        self._together = together

    async def answer(self, turn: Turn, lease: Lease) -> None:
        """Do what the button says; a press that Slack's weather delays is tried again."""
        press = from_json(Press, turn.payload)
        workspace = (await self._workspaces.find(press.thread.team)).fenced(lease.check)
        person = await workspace.directory.find_person(press.user)
        pressed = _Pressed(turn, press, workspace, person)
        try:
            match press.action:
                case action if action in {SHOW_REASONING, HIDE_REASONING}:
                    await self._toggle_reasoning(pressed)
                case action if action == TRACE_FILE:
                    await self._attach_file(pressed)
                case action if action in _ANEW or action in {RETRY, SUMMARIZE_FILES}:
                    await self._answer_again(pressed)
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
            await self._refuse(pressed, _NOT_TAKEN)

    async def _toggle_reasoning(self, pressed: _Pressed) -> None:
        turn, press = pressed.turn, pressed.press
        if not self._reveal:
            await self._refuse(pressed, _TURNED_OFF)
            return
        answered = await self._find_target(press)
        if answered is not None and not answered.closed and turn.age < _PATIENCE_SECONDS:
            # The button shows a moment before the trace is written down; or there is another answer
            # to come, with another trace.
            await self._ledger.put_back(turn, delay=_SOON_SECONDS)
            return
        trace = await self._traces.find(press.thread.team, press.turn_id)
        if answered is None or trace is None or not _belongs(press, trace):
            await self._refuse(pressed, _NOT_HERE)
            return
        said = from_json(Said, answered.payload)
        if press.action == HIDE_REASONING:
            await self._hide(pressed, trace, said)
        elif await self._keeps_to_themselves(said):
            if press.user == said.author:
                await self._whisper(pressed, trace)
            else:
                await self._refuse(pressed, _ASKER_ONLY)
        elif self._privately:
            await self._whisper(pressed, trace)
        else:
            await self._show(pressed, trace, answered, said)

    async def _keeps_to_themselves(self, said: Said) -> bool:
        """Whether the person who asked wants to see the reasoning alone, where others would too."""
        if said.is_private:
            return False
        chosen = await self._preferences.find(
            said.thread.team, person=said.author, channel=said.thread.channel
        )
        return chosen.person.privacy == "me"

    async def _show(self, pressed: _Pressed, trace: Trace, answered: Turn, said: Said) -> None:
        turn, press, workspace = pressed.turn, pressed.press, pressed.workspace
        if not trace.shown:
            place = _place(press, trace)
            if turn.resumed:
                # An earlier attempt may have posted what it had no time to write down.
                half_shown = await find_trace(workspace.calls, place, trace.turn_id)
                await remove_trace(workspace.calls, place.channel, half_shown)
            refs = await post_trace(
                workspace.calls,
                workspace.capabilities,
                place,
                await self._read(pressed, trace),
                language=pressed.language,
            )
            now = await self._find_target(press)
            if now is None or (now.attempt, now.closed) != (answered.attempt, answered.closed):
                # There is another answer by now, or will be, and the button will be its own.
                await remove_trace(workspace.calls, place.channel, refs)
                await self._close(turn, "answered", "outdated")
                return
            written = [write_ref(ref) for ref in refs]
            await self._traces.mark_shown(trace.thread.team, trace.turn_id, written)
        await self._swap_button(pressed, said, shown=True)
        await self._close(turn, "answered", "already_shown" if trace.shown else "shown")

    async def _hide(self, pressed: _Pressed, trace: Trace, said: Said) -> None:
        refs = [parse_ref(one) for one in trace.shown]
        await remove_trace(pressed.workspace.calls, trace.thread.channel, refs)
        await self._traces.mark_shown(trace.thread.team, trace.turn_id, [])
        await self._swap_button(pressed, said, shown=False)
        await self._close(pressed.turn, "answered", "hidden")

    async def _whisper(self, pressed: _Pressed, trace: Trace) -> None:
        await whisper_trace(
            pressed.workspace.calls,
            pressed.workspace.capabilities,
            _place(pressed.press, trace),
            await self._read(pressed, trace),
            language=pressed.language,
        )
        await self._close(pressed.turn, "answered", "whispered")

    async def _attach_file(self, pressed: _Pressed) -> None:
        """Attach a trace that is shown to its thread as a file too; to hide it takes both away."""
        turn, press = pressed.turn, pressed.press
        trace = await self._traces.find(press.thread.team, press.turn_id)
        if not self._reveal:
            await self._refuse(pressed, _TURNED_OFF)
        elif trace is None or trace.thread != press.thread:
            await self._refuse(pressed, _NOT_HERE)
        elif write_ref(TraceRef("message", press.message_ts)) not in trace.shown:
            if turn.age < _WRITTEN_SECONDS:
                await self._ledger.put_back(turn, delay=_SOON_SECONDS)
            else:
                await self._refuse(pressed, _NOT_HERE)
        elif any(parse_ref(one).kind == "file" for one in trace.shown):
            await self._refuse(pressed, _ATTACHED)
        else:
            await self._attach(pressed, trace)

    async def _attach(self, pressed: _Pressed, trace: Trace) -> None:
        calls, place = pressed.workspace.calls, _place(pressed.press, trace)
        refs: list[TraceRef] = []
        if pressed.turn.resumed:
            # As when it is shown.
            standing = await find_trace(calls, place, trace.turn_id)
            refs = [ref for ref in standing if ref.kind == "file"]
        try:
            if not refs:
                reasoning = await self._read(pressed, trace)
                refs = [await attach_trace(calls, place, reasoning, language=pressed.language)]
        except DeliveryRefused as error:
            log.warning("trace_file_refused", code=error.code)
            await self._refuse(pressed, _NO_FILE)
            return
        for ref in refs:
            written = write_ref(ref)
            if not await self._traces.add_shown(trace.thread.team, trace.turn_id, written):
                await remove_trace(calls, place.channel, [ref])
        await self._close(pressed.turn, "answered", "attached")

    async def _answer_again(self, pressed: _Pressed) -> None:
        turn, press = pressed.turn, pressed.press
        target = await self._find_target(press)
        if target is None:
            await self._refuse(pressed, _NOTHING_TO_RETRY)
            return
        if pressed.person.is_stranger and not await self._answers_outsiders(press):
            await self._refuse(pressed, OutsidersNotAnswered.plain)
            return
        async with self._together():
            if press.action == SUMMARIZE_FILES:
                summary = {"call": "summary"}
                reopened = await self._ledger.reopen(
                    target, summary, outcomes=["answered"], reason=OFFERED
                )
            else:
                # An answer that another try failed to replace still has its Regenerate.
                outcomes = _ENDED if press.action in _ANEW else _BROKEN
                change = _change(press, target)
                reopened = await self._ledger.reopen(target, change, outcomes=outcomes)
            if reopened or not target.closed or press.action not in _ANEW:
                await self._close(turn, "answered", "reopened" if reopened else "already_at_work")
                return
        await self._refuse(pressed, _NOTHING_TO_RETRY)

    async def _answers_outsiders(self, press: Press) -> bool:
        thread = press.thread
        chosen = await self._preferences.find(
            thread.team, person=press.user, channel=thread.channel
        )
        return chosen.resolve(self._defaults, channel=thread.channel).outsiders

    async def _swap_button(self, pressed: _Pressed, said: Said, *, shown: bool) -> None:
        press, workspace = pressed.press, pressed.workspace
        # Everybody reads the button, and the others beside it speak to the person who asked.
        asker = await workspace.directory.find_person(said.author)
        await toggle_button(
            workspace.calls,
            channel=press.thread.channel,
            ts=press.message_ts,
            text=press.text,
            blocks=press.blocks,
            shown=shown,
            language=asker.language,
        )

    async def _read(self, pressed: _Pressed, trace: Trace) -> Reasoning:
        """Put together what there is to show; raises DeliveryError."""
        found = await pressed.workspace.calls.call(
            "chat.getPermalink", channel=trace.thread.channel, message_ts=trace.answer_ts
        )
        return Reasoning(
            turn_id=trace.turn_id,
            text=trace.reasoning,
            answer_permalink=str(found["permalink"]),
            seconds=trace.seconds,
            tokens=trace.completion_tokens,
            model=trace.model,
            parts=trace.parts,
        )

    async def _find_target(self, press: Press) -> Turn | None:
        """Return the turn whose button was pressed, if it is one of this thread's messages."""
        target = await self._ledger.find(press.thread.team, press.turn_id)
        if target is None or target.kind != "message" or target.thread != press.thread:
            return None
        return target

    async def _refuse(self, pressed: _Pressed, told: str) -> None:
        press = pressed.press
        try:
            await pressed.workspace.calls.whisper(
                OutgoingMessage(pressed.language.say(told), []),
                channel=press.thread.channel,
                user=press.user,
                thread_ts=press.thread.thread_ts,
            )
        except DeliveryError as error:
            log.warning("refusal_not_told", code=error.code)
        await self._close(pressed.turn, "refused", "press")

    async def _close(self, turn: Turn, outcome: Outcome, reason: str) -> None:
        await self._ledger.close(turn, outcome, reason)
        log.info("press_closed", outcome=outcome, reason=reason)


def _belongs(press: Press, trace: Trace) -> bool:
    """Whether the pressed message is the one that the trace's button was put under."""
    return (press.thread.channel, press.message_ts) == (trace.thread.channel, trace.answer_ts)


def _place(press: Press, trace: Trace) -> ReplyPlace:
    return ReplyPlace(
        team=trace.thread.team,
        channel=trace.thread.channel,
        thread_ts=trace.thread.thread_ts,
        recipient_user=press.user,
        recipient_team=trace.thread.team,
        after_ts=trace.answer_ts,
    )


def _change(press: Press, target: Turn) -> dict[str, Any]:
    """What is another way when the turn is answered anew; a retry is after the same as before."""
    match press.action:
        case action if action == READ_REST:
            return {"allowance": from_json(Said, target.payload).allowance + 1}
        case action if action in {REGENERATE, REGENERATE_AS}:
            return {"style": press.style}
        case _:
            return {}
