"""Runs turns: claims them from the ledger, keeps every task, limits and drains."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError
from structlog.contextvars import bound_contextvars

from bot.ledger import Kind, Ledger, Turn
from bot.telemetry import Metrics

log = structlog.get_logger(__name__)

_MOST_FAILURES = 5
_RETRY_SECONDS = 2.0
_DATABASE_RETRY_SECONDS = 1.0
_LATE_SECONDS = 5.0


class Runner:
    """One loop that claims, and one task for each turn at work.

    Args:
        ledger: Where turns come from.
        work: Brings a turn to its end.
        abandon: Ends a turn that keeps breaking; it must not repeat what breaks.
        metrics: Counts what is at work.
        turns: Messages at work at the same time.
        workspace_turns: The same, for one workspace.
        now: Seconds since 1970.
    """

    def __init__(
        self,
        ledger: Ledger,
        work: Callable[[Turn], Awaitable[None]],
        abandon: Callable[[Turn], Awaitable[None]],
        metrics: Metrics,
        *,
        turns: int,
        workspace_turns: int,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._work = work
        self._abandon = abandon
        self._metrics = metrics
        self._turns = turns
        self._workspace_turns = workspace_turns
        self._now = now
        self._tasks: dict[asyncio.Task[None], Turn] = {}
        self._wake = asyncio.Event()
        self._claiming = asyncio.Lock()
        self._others_waiting = True
        self._stopping = False

    def wake(self, kind: Kind = "message") -> None:
        """Look for work now; something of this kind was accepted or has become free."""
        self._others_waiting = self._others_waiting or kind != "message"
        self._wake.set()

    async def run(self) -> None:
        """Take up what a dead process left, then claim and run turns until `drain` is called."""
        recovered = await self._ledger.recover()
        if recovered:
            log.info("turns_recovered", count=recovered)
        while not self._stopping:
            self._wake.clear()
            try:
                pause = await self._claim()
            except SQLAlchemyError:
                log.exception("claim_failed")
                pause = _DATABASE_RETRY_SECONDS
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                self._others_waiting = True

    async def drain(self, grace: float) -> None:
        """Claim no more; let running turns finish for `grace` seconds, then hand back the rest."""
        self._stopping = True
        self.wake()
        async with self._claiming:
            tasks = set(self._tasks)
        if tasks:
            log.info("draining", turns=len(tasks), seconds=grace)
            _, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            if late:
                # What does not even stop is left to the next start.
                await asyncio.wait(late, timeout=_LATE_SECONDS)

    async def _claim(self) -> float | None:
        """Start what may start; return the seconds until a turn that was put off is due."""
        async with self._claiming:
            if self._stopping:
                return None
            messages = sum(turn.kind == "message" for turn in self._tasks.values())
            free = max(0, self._turns - messages)
            # In a flood the places are full, and asking again for every event would only keep the
            # events from being written down.
            if free or self._others_waiting:
                self._others_waiting = False
                for turn in await self._ledger.claim(free, team_limit=self._workspace_turns):
                    task = asyncio.create_task(self._run(turn), name=f"turn-{turn.id}")
                    self._tasks[task] = turn
                    task.add_done_callback(self._finish)
        next_at = await self._ledger.next_at()
        return None if next_at is None else max(0.0, next_at - self._now())

    def _finish(self, task: asyncio.Task[None]) -> None:
        self.wake(self._tasks.pop(task).kind)

    async def _run(self, turn: Turn) -> None:
        # Every line that is logged from here on says whose turn it is.
        with bound_contextvars(turn=turn.id), self._metrics.running.track_inprogress():
            try:
                if turn.failures > _MOST_FAILURES:
                    log.error("turn_keeps_breaking", failures=turn.failures)
                    await self._abandon(turn)
                else:
                    await self._work(turn)
            except asyncio.CancelledError:
                await self._ledger.put_back(turn)
                log.info("turn_handed_back")
                raise
            except Exception:
                log.exception("turn_broke", failures=turn.failures)
                await self._queue_again(turn)

    async def _queue_again(self, turn: Turn) -> None:
        """Keep at it while the database is away: a turn left running would block its thread."""
        while True:
            try:
                await self._ledger.note_failure(turn, delay=_RETRY_SECONDS * turn.failures)
            except SQLAlchemyError:
                log.warning("turn_not_queued_again", exc_info=True)
                await asyncio.sleep(_DATABASE_RETRY_SECONDS)
            else:
                return
