import asyncio
from datetime import UTC, datetime

from bot.store.database import Database
from bot.store.usage import UsageStore, Used, month_of


def test_months_are_those_of_utc() -> None:
    assert month_of(datetime(2026, 11, 30, 23, 59, tzinfo=UTC).timestamp()) == "2026-11"
    assert month_of(datetime(2026, 12, 1, tzinfo=UTC).timestamp()) == "2026-12"


async def test_it_adds_up_for_each_person_and_for_the_workspace(database: Database) -> None:
    store = UsageStore(database)
    await store.add("T1", "U1", "2026-11", Used(1, 100, 20))
    await store.add("T1", "U1", "2026-11", Used(1, 50, 10))
    await store.add("T1", "U2", "2026-11", Used(1, 5, 5))
    await store.add("T1", "U1", "2026-10", Used(9, 9, 9))
    await store.add("T2", "U1", "2026-11", Used(7, 7, 7))

    assert await store.of_person("T1", "U1", "2026-11") == Used(2, 150, 30)
    assert await store.of_team("T1", "2026-11") == Used(3, 155, 35)
    assert (await store.of_team("T1", "2026-11")).tokens == 190
    assert await store.of_person("T1", "U3", "2026-11") == Used()


async def test_nothing_is_lost_when_answers_end_at_the_same_moment(database: Database) -> None:
    store = UsageStore(database)

    await asyncio.gather(*(store.add("T1", "U1", "2026-11", Used(1, 2, 3)) for _ in range(20)))

    assert await store.of_team("T1", "2026-11") == Used(20, 40, 60)
