"""Runs turns: claims them from the ledger, holds on to them, limits and drains."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from structlog.contextvars import bound_contextvars

from bot.errors import LeaseLost
from bot.lease import Lease, boot_seconds
from bot.ledger import ASKED, LATER, QUICK, Ledger, Turn
from bot.telemetry import Metrics

log = structlog.get_logger(__name__)

_MOST_FAILURES: Final = 5
_RETRY_SECONDS: Final = 2.0
_DATABASE_RETRY_SECONDS: Final = 1.0
_LATE_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 5.0
"""How often to look for work that nobody told us of, such as what a dead process left."""

_RENEWALS: Final = 3
"""How often a lease is renewed in its time."""


@dataclass(slots=True)
class _Running:
    turn: Turn
    lease: Lease
    cancelled: bool = False


class Runner:
    """One loop that claims and renews, and one task for each turn at work.

    Args:
        ledger: Where turns come from.
        work: Brings a turn to its end.
        abandon: Ends a turn that keeps breaking; it must not repeat what breaks.
        metrics: Counts what is at work.
        turns: Messages at work at the same time.
        workspace_turns: The same, for one workspace, in all processes.
        clock: Seconds, only ever rising, also while the machine sleeps.
    """

    def __init__(
        self,
        ledger: Ledger,
        work: Callable[[Turn, Lease], Awaitable[None]],
        abandon: Callable[[Turn, Lease], Awaitable[None]],
        metrics: Metrics,
        *,
        turns: int,
        workspace_turns: int,
        clock: Callable[[], float] = boot_seconds,
    ) -> None:
        self._ledger = ledger
        self._work = work
        self._abandon = abandon
        self._metrics = metrics
        self._turns = turns
        self._workspace_turns = workspace_turns
        self._clock = clock
        self._renewal_seconds = ledger.lease_seconds / _RENEWALS
        self._running: dict[asyncio.Task[None], _Running] = {}
        self._wake = asyncio.Event()
        self._ticking = asyncio.Lock()
        self._renew_at = 0.0
        self._is_asked = False
        self._is_put_off = True
        self._quick_waits = True
        self._stopping = False
        self._ended = False

    def hear(self, message: str) -> None:
        """Take a notification of the database's; "" says that some may have been missed."""
        if message in {QUICK, ""}:
            self._quick_waits = True
        if message in {ASKED, ""}:
            self._is_asked = True
        if message in {LATER, ""}:
            self._is_put_off = True
        self._wake.set()

    async def run(self) -> None:
        """Claim and run turns until `drain` is called and what was running has ended."""
        while not self._ended:
            self._wake.clear()
            try:
                async with self._ticking:
                    pause = await self._tick()
            except SQLAlchemyError:
                log.exception("claim_failed")
                self._quick_waits = True
                pause = _DATABASE_RETRY_SECONDS
            self._cancel_overdue()
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                self._quick_waits = True

    async def drain(self, grace: float) -> None:
        """Claim no more; let running turns finish for `grace` seconds, then hand back the rest."""
        self._stopping = True
        async with self._ticking:
            tasks = set(self._running)
        if tasks:
            log.info("draining", turns=len(tasks), seconds=grace)
            _, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            if late:
                # What does not even stop is left to the lease's end, or to the next start.
                await asyncio.wait(late, timeout=_LATE_SECONDS)
        self._ended = True
        self._wake.set()

    async def _tick(self) -> float:
        """Renew what is due, start what may start; return the seconds until there is more to do."""
        if self._running and (self._is_asked or self._clock() >= self._renew_at):
            begun_at = self._clock()
            self._is_asked = False
            await self._renew(begun_at)
            self._renew_at = begun_at + self._renewal_seconds
        pauses = [_POLL_SECONDS]
        if not self._stopping:
            await self._claim()
            if self._is_put_off:
                next_in = await self._ledger.next_in()
                self._is_put_off = next_in is not None
                pauses += [] if next_in is None else [next_in]
        if self._running:
            pauses.append(self._renew_at - self._clock())
        return max(0.0, min(pauses))

    async def _renew(self, begun_at: float) -> None:
        held = list(self._running.items())
        asked = await self._ledger.renew([running.turn for _, running in held])
        for task, running in held:
            if running.turn.id not in asked:
                self._cancel(task, running, "turn_lost")
                continue
            running.lease.extend(begun_at)
            match asked[running.turn.id]:
                case "stop":
                    running.lease.stop.set()
                case "restart":
                    self._cancel(task, running, "turn_restarted")
                case None:
                    pass

    async def _claim(self) -> None:
        messages = sum(one.turn.kind == "message" for one in self._running.values())
        free = max(0, self._turns - messages)
        # In a flood the places are full, and asking again for every event would only keep the
        # events from being written down.
        if not (free or self._quick_waits):
            return
        self._quick_waits = False
        begun_at = self._clock()
        for turn in await self._ledger.claim(free, team_limit=self._workspace_turns):
            lease = Lease(self._ledger.lease_seconds, begun_at, self._clock)
            if turn.asked == "stop":
                lease.stop.set()
            if not self._running:
                self._renew_at = begun_at + self._renewal_seconds
            task = asyncio.create_task(self._run(turn, lease), name=f"turn-{turn.id}")
            self._running[task] = _Running(turn, lease)
            task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._quick_waits = True
        self._wake.set()

    def _cancel_overdue(self) -> None:
        """End what could not be renewed in time; it must not be seen to do anything more anyway."""
        for task, running in self._running.items():
            if running.lease.is_over:
                self._cancel(task, running, "lease_over")

    def _cancel(self, task: asyncio.Task[None], running: _Running, why: str) -> None:
        """Cancel a task once, so that it can hand its turn back in peace."""
        if not (running.cancelled or task.done()):
            log.info(why, turn=running.turn.id)
            running.cancelled = True
            task.cancel()

    async def _run(self, turn: Turn, lease: Lease) -> None:
        # Every line that is logged from here on says whose turn it is.
        with bound_contextvars(turn=turn.id), self._metrics.running.track_inprogress():
            try:
                if turn.failures > _MOST_FAILURES:
                    log.error("turn_keeps_breaking", failures=turn.failures)
                    await self._abandon(turn, lease)
                else:
                    await self._work(turn, lease)
            except asyncio.CancelledError:
                await self._hand_back(turn)
                raise
            except LeaseLost as error:
                log.warning("turn_left_to_another", detail=str(error))
            except Exception:
                log.exception("turn_broke", failures=turn.failures)
                await self._queue_again(turn)

    async def _hand_back(self, turn: Turn) -> None:
        try:
            if await self._ledger.put_back(turn):
                log.info("turn_handed_back")
        except SQLAlchemyError:
            log.warning("turn_not_handed_back", exc_info=True)

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
