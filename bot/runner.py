"""Runs turns: claims them from the ledger, keeps every task, limits and drains."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.ledger import Ledger, Turn
from bot.telemetry import Metrics

log = structlog.get_logger(__name__)

_MOST_ATTEMPTS = 5
_RETRY_SECONDS = 2.0
_DATABASE_RETRY_SECONDS = 1.0


class Runner:
    """One loop that claims, and one task for each turn at work."""

    def __init__(
        self,
        ledger: Ledger,
        work: Callable[[Turn], Awaitable[None]],
        metrics: Metrics,
        *,
        turns: int,
        workspace_turns: int,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._work = work
        self._metrics = metrics
        self._turns = turns
        self._workspace_turns = workspace_turns
        self._now = now
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """Look for work now; something was accepted or has become free."""
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
                continue

    async def drain(self, grace: float) -> None:
        """Claim no more; let running turns finish for `grace` seconds, then hand back the rest."""
        self._stopping = True
        self.wake()
        if self._tasks:
            log.info("draining", turns=len(self._tasks), seconds=grace)
            _, late = await asyncio.wait(self._tasks, timeout=grace)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    async def _claim(self) -> float | None:
        """Start what may start; return the seconds until a turn that was put off is due."""
        free = self._turns - len(self._tasks)
        if free > 0:
            for turn in await self._ledger.claim(free, team_limit=self._workspace_turns):
                task = asyncio.create_task(self._run(turn), name=f"turn-{turn.id}")
                self._tasks.add(task)
                task.add_done_callback(self._finish)
        next_at = await self._ledger.next_at()
        return None if next_at is None else max(0.0, next_at - self._now())

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.wake()

    async def _run(self, turn: Turn) -> None:
        with self._metrics.running.track_inprogress():
            try:
                await self._work(turn)
            except asyncio.CancelledError:
                await self._ledger.put_back(turn)
                log.info("turn_handed_back", turn=turn.id)
                raise
            except Exception:
                log.exception("turn_broke", turn=turn.id, attempt=turn.attempts)
                await self._give_back(turn)

    async def _give_back(self, turn: Turn) -> None:
        try:
            if turn.attempts < _MOST_ATTEMPTS:
                await self._ledger.put_back(turn, delay=_RETRY_SECONDS * turn.attempts)
            else:
                await self._ledger.close(turn, "failed", "out_of_attempts")
        except SQLAlchemyError:
            # It stays marked as running until the next start takes it up again.
            log.exception("turn_stranded", turn=turn.id)
