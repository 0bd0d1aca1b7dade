"""The last stage of a turn: what is written down of it, so that it stays said once."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.conversation.messages import AssistantMessage, Usage
from bot.conversation.ports import History
from bot.errors import DeliveryRefused
from bot.ledger import Ledger, Outcome, Turn
from bot.slack.events import Said
from bot.slack.reasoning import parse_ref, remove_trace
from bot.slack.reply import Delivered, Stopped
from bot.slack.workspaces import Workspace
from bot.store.traces import Trace, Traces
from bot.store.usage import UsageStore, Used, month_of
from bot.telemetry import Metrics
from bot.thinking import Answer

log = structlog.get_logger(__name__)

_DATABASE_RETRY_SECONDS: Final = 1.0
_NOTHING: Final = Used()


@dataclass(frozen=True, slots=True)
class Kept:
    """What is to be written down of an answer that stands in Slack.

    Attributes:
        posted: The `ts` of its messages; None where what stood there before still stands.
        message: What it says, None if it says nothing new.
        trace: How the model came to it.
        used: What it cost.
        by: Whom it cost that.
    """

    posted: Sequence[str] | None = None
    message: AssistantMessage | None = None
    trace: Trace | None = None
    used: Used = _NOTHING
    by: str = ""


class Closer:
    """Ends turns.

    Args:
        ledger: Where outcomes go.
        history: Where answers go.
        traces: Where reasoning goes, and no further.
        usage: Where it is counted what answers cost.
        reveal: Whether traces may be shown, so that they are kept.
        metrics: Counts outcomes.
        together: What is written within it becomes durable together.
        now: Seconds since 1970.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        history: History,
        traces: Traces,
        usage: UsageStore,
        reveal: bool,
        metrics: Metrics,
        together: Callable[[], AbstractAsyncContextManager[object]],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._history = history
        self._traces = traces
        self._usage = usage
        self._reveal = reveal
        self._metrics = metrics
        self._together = together
        self._now = now

    async def close(
        self,
        turn: Turn,
        outcome: Outcome,
        reason: str = "",
        posted: Sequence[str] | None = None,
        *,
        alone: bool = False,
    ) -> bool:
        """End a turn, as `Ledger.close` does; tell whether it has ended by this."""
        closed = await self._ledger.close(turn, outcome, reason, posted=posted, alone=alone)
        self._metrics.closed.labels(outcome).inc(closed)
        log.info(
            "turn_closed",
            outcome=outcome,
            reason=reason or None,
            seconds=round(self._now() - turn.accepted_at, 3),
        )
        return closed > 0

    async def close_answered(
        self,
        turn: Turn,
        workspace: Workspace,
        said: Sequence[Said],
        answer: Answer | None,
        receipt: Delivered | Stopped,
        *,
        alone: bool,
        spent: Usage,
    ) -> Outcome:
        """Write down what stands in Slack now, in the place of what stood there before.

        `spent` is what that took, also if it was stopped.
        """
        message, trace, markdown = None, None, ""
        outcome: Outcome = "stopped"
        if isinstance(receipt, Stopped):
            markdown = receipt.markdown
        elif answer is not None:
            outcome, markdown = "answered", answer.markdown
            if (answer.reasoning or answer.parts) and self._reveal:
                trace = _trace(turn, receipt.message_ts[-1], answer)
        if markdown:
            message = AssistantMessage(receipt.message_ts[0], markdown, said[-1].ts)
            if turn.resumed:
                await self._hide_earlier(turn, workspace)
        used = Used(int(answer is not None), spent.prompt, spent.completion)
        posted = receipt.message_ts if message else None
        kept = Kept(posted, message, trace, used, said[-1].author)
        await self.keep(turn, kept, outcome, alone=alone)
        return outcome

    async def keep(
        self, turn: Turn, kept: Kept, outcome: Outcome, reason: str = "", *, alone: bool = False
    ) -> None:
        """Write down what was said, that it was, and what it cost.

        The answer stands in Slack: whatever happens now, nothing more must be said about it, so
        this keeps at it while the database is away. The answer takes the place of the one that the
        turn had before, and so does its trace.
        """
        while True:
            try:
                async with self._together():
                    if kept.message is not None:
                        await self._replace(turn, kept.message, kept.trace)
                    ended = await self.close(turn, outcome, reason, kept.posted, alone=alone)
                    if ended and kept.used != _NOTHING:
                        month = month_of(self._now())
                        await self._usage.add(turn.thread.team, kept.by, month, kept.used)
            except SQLAlchemyError:
                log.exception("answer_not_written_down")
                await asyncio.sleep(_DATABASE_RETRY_SECONDS)
            else:
                return

    async def _replace(self, turn: Turn, message: AssistantMessage, trace: Trace | None) -> None:
        for ts in turn.posted:
            if ts != message.ts:
                await self._history.forget(turn.thread, ts)
        await self._history.record(turn.thread, [message])
        if trace is not None:
            await self._traces.save(trace)
        elif turn.resumed:
            await self._traces.forget(turn.thread.team, turn.id)

    async def _hide_earlier(self, turn: Turn, workspace: Workspace) -> None:
        """Take away what shows the reasoning behind the answer that the turn had before."""
        earlier = await self._traces.find(turn.thread.team, turn.id)
        if earlier is None:
            return
        try:
            await remove_trace(
                workspace.calls, turn.thread.channel, [parse_ref(ref) for ref in earlier.shown]
            )
        except DeliveryRefused as error:
            log.warning("earlier_reasoning_not_removed", code=error.code)


def _trace(turn: Turn, answer_ts: str, answer: Answer) -> Trace:
    return Trace(
        turn.id,
        turn.thread,
        answer_ts,
        answer.reasoning,
        seconds=answer.seconds,
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        model=answer.model,
        parts=tuple((label, noted) for label, noted in answer.parts),
    )
