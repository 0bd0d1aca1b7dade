import pytest

from bot.errors import LeaseLost
from bot.lease import Lease, boot_seconds


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


def test_it_ends_before_the_databases_own() -> None:
    clock = Clock()
    lease = Lease(10, clock(), clock)

    clock.now += 7.9
    lease.check()
    clock.now += 0.1
    assert lease.is_over
    with pytest.raises(LeaseLost):
        lease.check()


def test_a_renewal_counts_from_when_it_was_asked_for() -> None:
    clock = Clock()
    lease = Lease(10, clock(), clock)

    clock.now += 6
    lease.extend(clock.now - 2)
    clock.now += 5.9
    lease.check()
    clock.now += 0.1
    assert lease.is_over


def test_the_clock_rises() -> None:
    assert 0 < boot_seconds() <= boot_seconds()
