"""A process's hold on a turn."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from bot.errors import LeaseLost

_MARGIN: Final = 0.2
"""The last part of a lease that is not used, since what was sent may still be on its way."""


def boot_seconds() -> float:
    """Seconds since the machine booted; unlike the monotonic clock it runs on through suspends."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Lease:
    """How long a turn is surely ours, and whether a person wants it to stop.

    The database says who has a turn, by its own clock; this is the same promise by ours, counted
    from before the database was asked, so it always ends first.

    Attributes:
        stop: Set when a person has pressed Stop.

    Args:
        seconds: How long the database keeps a turn for us.
        begun_at: When we asked, by `clock`.
        clock: Seconds, only ever rising, also while the machine sleeps.
    """

    def __init__(
        self, seconds: float, begun_at: float, clock: Callable[[], float] = boot_seconds
    ) -> None:
        self.stop = asyncio.Event()
        self._seconds = seconds
        self._clock = clock
        self._until = 0.0
        self.extend(begun_at)

    def extend(self, begun_at: float) -> None:
        """Count anew from `begun_at`, when a renewal that succeeded was asked for."""
        self._until = begun_at + self._seconds * (1 - _MARGIN)

    def end(self) -> None:
        """Let it be over now: the database has said that the turn is not ours any more."""
        self._until = 0.0

    @property
    def is_over(self) -> bool:
        """Whether another process may have the turn by now."""
        return self._clock() >= self._until

    def check(self) -> None:
        """Stand before every effect that others see; raises LeaseLost."""
        if self.is_over:
            raise LeaseLost("the lease was not renewed in time")
