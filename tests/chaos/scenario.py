"""One run: the program under load, killed again and again, then left in peace and judged."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.demo.server import StandIn
from bot.demo.workspace import Change
from bot.store.tables import turns
from tests.chaos.judge import Finding, Transcript, judge
from tests.chaos.load import Load
from tests.chaos.model import Model
from tests.chaos.replicas import Kill, Reaper, Replica
from tests.chaos.speech import find_answered
from tests.chaos.weather import Weather
from tests.chatting import BOT, shown
from tests.running import settings_of

_ACK_SECONDS = 1.0
_RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0)
_LEASE_SECONDS = "3"
_QUIET_SECONDS = 90.0
_POLL_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Scenario:
    """What shall happen.

    Attributes:
        database_url: Where the replicas keep their memory; empty at the start.
        replicas: How many processes.
        kills: How often one of them is killed.
        seed: Chooses who asks what, and who dies when. What comes of it is up to the machine.
        per_second: Messages that people write.
        faults: Whether Slack has bad weather all the time.
    """

    database_url: str
    replicas: int
    kills: int
    seed: int = 1
    per_second: float = 3.0
    faults: bool = False


def on_sqlite(folder: Path, kills: int, *, seed: int = 1, faults: bool = False) -> Scenario:
    """One process, killed and started again.

    Fewer questions than two processes get: a process that is dead half of the time falls behind.
    """
    url = f"sqlite:///{folder / 'aloud.db'}"
    return Scenario(url, 1, kills, seed=seed, per_second=2.0, faults=faults)


def on_postgresql(url: str, kills: int, *, seed: int = 1, faults: bool = False) -> Scenario:
    """Two processes, of which one dies while the other goes on."""
    return Scenario(url, 2, kills, seed=seed, faults=faults)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a scenario.

    Attributes:
        threads: What stands in Slack at the end.
        kills: What was killed.
        takeovers: Seconds from a kill until a question that was being answered then was taken up
            again: asked of the model or shown.
        exits: The exit codes of processes that we did not kill.
        undone: Turns that were still open when waiting was given up.
        seconds: How long it took.
        logs: What each process of each replica logged.
    """

    threads: list[Transcript]
    kills: list[Kill]
    takeovers: list[float]
    exits: list[int]
    undone: int
    seconds: float
    logs: dict[str, str]

    @property
    def findings(self) -> list[tuple[Transcript, Finding]]:
        """All that is wrong, with its thread."""
        return [(thread, found) for thread in self.threads for found in judge(thread)]

    @property
    def faults(self) -> Counter[str]:
        return Counter(found.fault for _, found in self.findings)

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong: not with a thread, a turn or a process."""
        return not (self.findings or self.undone or any(self.exits))


async def play(scenario: Scenario, folder: Path) -> Result:
    """Run the scenario to its end."""
    chance = random.Random(scenario.seed)  # noqa: S311  # nobody's secret
    begun = time.monotonic()
    async with (
        StandIn(ack_timeout=_ACK_SECONDS, retry_delays=_RETRY_SECONDS) as slack,
        Model(random.Random(scenario.seed), slack.workspace.clock).serve() as model,  # noqa: S311  # nobody's secret
    ):
        signs = _Signs(slack, model)
        settings = settings_of(
            slack,
            model,
            folder,
            DATABASE_URL=scenario.database_url,
            ALOUD_MODEL_CALLS="8",
            ALOUD_WORKSPACE_TURNS="16",
            ALOUD_LEASE_SECONDS=_LEASE_SECONDS,
        )
        replicas = [Replica(f"replica-{n}", settings) for n in range(scenario.replicas)]
        load = Load(slack, chance, per_second=scenario.per_second)
        reaper = Reaper(slack, model, chance)
        weather = Weather(slack.faults, chance)
        async with asyncio.TaskGroup() as tasks:
            for replica in replicas:
                tasks.create_task(replica.run())
            for replica in replicas:
                await replica.ready()
            end = asyncio.Event()
            asking = tasks.create_task(load.run(end))
            raging = tasks.create_task(weather.rage(end)) if scenario.faults else None
            await reaper.kill(replicas, scenario.kills)
            end.set()
            await asking
            if raging:
                await raging
            for replica in replicas:
                await replica.ready()
            undone = await _wait_for_quiet(slack, scenario.database_url)
            for replica in replicas:
                replica.leave()
        return Result(
            threads=load.read(),
            kills=reaper.kills,
            takeovers=signs.find_takeovers(reaper.kills),
            exits=[code for replica in replicas for code in replica.exits],
            undone=undone,
            seconds=time.monotonic() - begun,
            logs={
                f"{replica.name}, life {number}": life.log
                for replica in replicas
                for number, life in enumerate(replica.lives, 1)
            },
        )


class _Signs:
    """Remembers when somebody was seen at work on a question."""

    def __init__(self, slack: StandIn, model: Model) -> None:
        self._model = model
        self._clock = slack.workspace.clock
        self._shown: list[tuple[float, tuple[int, ...]]] = []
        slack.workspace.watch(self._see)

    def find_takeovers(self, kills: Sequence[Kill]) -> list[float]:
        signs = [*self._shown, *((asked.at, asked.numbers) for asked in self._model.asked)]
        times = []
        for kill in kills:
            for number in kill.held:
                after = [
                    at - kill.at for at, numbers in signs if at > kill.at and number in numbers
                ]
                times += [min(after)] if after else []
        return sorted(times)

    def _see(self, change: Change) -> None:
        if change.after is not None and change.after.user == BOT:
            self._shown.append((self._clock(), find_answered(shown(change.after))))


async def _wait_for_quiet(slack: StandIn, database_url: str) -> int:
    """Wait until nothing is on its way or under way; return how many turns never ended."""
    scheme, rest = database_url.split("://", 1)
    driver = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}[scheme]
    engine = create_async_engine(f"{driver}://{rest}", poolclass=NullPool)
    query = select(func.count()).select_from(turns).where(turns.c.state != "closed")
    undone = 0
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(_QUIET_SECONDS):
                while True:
                    async with engine.connect() as connection:
                        undone = (await connection.execute(query)).scalar_one()
                    if not undone and not slack.deliveries.pending:
                        break
                    await asyncio.sleep(_POLL_SECONDS)
    finally:
        await engine.dispose()
    return undone + slack.deliveries.pending
