"""Time that passes only when a test says so."""

import asyncio


class HurriedClock:
    """Every sleep is over at once, and so much later it then is."""

    def __init__(self) -> None:
        self.now = 0.0
        self.naps: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += max(0.0, seconds)
        await asyncio.sleep(0)


class ManualClock:
    """Sleepers wake when the test lets time pass."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: dict[asyncio.Event, float] = {}
        self._fell_asleep = asyncio.Event()

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        awake = asyncio.Event()
        self._sleepers[awake] = self.now + seconds
        self._fell_asleep.set()
        try:
            await awake.wait()
        finally:
            self._sleepers.pop(awake, None)

    async def pass_time(self, seconds: float) -> None:
        """Wait until somebody sleeps who will be awake in `seconds`, then let them pass."""
        while not self.wakes_someone(seconds):
            self._fell_asleep.clear()
            await self._fell_asleep.wait()
        self.skip(seconds + 0.001)

    def wakes_someone(self, seconds: float) -> bool:
        """Tell whether somebody sleeps who will be awake in `seconds`."""
        return any(due <= self.now + seconds + 0.001 for due in self._sleepers.values())

    def skip(self, seconds: float) -> None:
        """Let time pass at once."""
        self.now += seconds
        for awake in [awake for awake, due in self._sleepers.items() if due <= self.now]:
            del self._sleepers[awake]
            awake.set()
