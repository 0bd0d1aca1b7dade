"""Blocks that share a commit: nobody's writes are lost, promised too early or mixed up."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, insert, text
from sqlalchemy.exc import IntegrityError, OperationalError

from bot.store.sqlite import SqliteDatabase
from bot.store.tables import threads

SLOW = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) "
    "SELECT count(*) FROM n"
)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    async with SqliteDatabase(tmp_path / "aloud.db") as opened:
        yield opened


@pytest.fixture
def commits(database: SqliteDatabase) -> list[int]:
    """One item for each commit from now on."""
    seen: list[int] = []
    event.listen(database._writing.sync_engine, "commit", lambda _: seen.append(1))
    return seen


def row(name: str) -> dict[str, Any]:
    return {"team": "T", "channel": "C", "thread_ts": name, "read_at": 0.0}


def on_disk(path: Path) -> set[str]:
    """What a connection of another process sees."""
    connection = sqlite3.connect(path)
    try:
        return {name for (name,) in connection.execute("SELECT thread_ts FROM threads")}
    finally:
        connection.close()


async def add(database: SqliteDatabase, name: str) -> None:
    async with database.write() as tx:
        await tx.execute(insert(threads), row(name))


async def test_those_who_wait_share_a_commit_and_return_when_it_is_durable(
    database: SqliteDatabase, tmp_path: Path, commits: list[int]
) -> None:
    async def add_and_look(name: str) -> bool:
        await add(database, name)
        return name in on_disk(tmp_path / "aloud.db")

    was_durable = await asyncio.gather(*(add_and_look(str(n)) for n in range(30)))

    assert was_durable == [True] * 30
    assert len(commits) < 15


async def test_one_by_one_each_has_its_own(
    database: SqliteDatabase, tmp_path: Path, commits: list[int]
) -> None:
    for name in ("a", "b", "c"):
        await add(database, name)
        assert name in on_disk(tmp_path / "aloud.db")

    assert len(commits) == 3


async def test_a_block_that_fails_takes_back_its_own_writes_alone(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    async def add_and_fail(name: str) -> None:
        async with database.write() as tx:
            await tx.execute(insert(threads), row(name))
            raise RuntimeError(name)

    results = await asyncio.gather(
        *(add_and_fail(f"bad{n}") if n % 3 == 0 else add(database, f"good{n}") for n in range(12)),
        return_exceptions=True,
    )

    assert [str(one) for one in results if one] == ["bad0", "bad3", "bad6", "bad9"]
    assert on_disk(tmp_path / "aloud.db") == {f"good{n}" for n in range(12) if n % 3}


async def test_a_statement_that_fails_is_for_its_block_to_handle(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    await add(database, "twice")

    async def add_twice() -> None:
        async with database.write() as tx:
            await tx.execute(insert(threads), row("with it"))
            with pytest.raises(IntegrityError):
                await tx.execute(insert(threads), row("twice"))

    await asyncio.gather(add(database, "before"), add_twice(), add(database, "after"))

    assert on_disk(tmp_path / "aloud.db") == {"twice", "before", "with it", "after"}


async def test_a_commit_that_fails_fails_all_that_share_it(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    """A deferred foreign key is what SQLite looks at as late as the commit."""
    async with database.write() as tx:
        await tx.execute(text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
        await tx.execute(
            text(
                "CREATE TABLE child (id REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)",
            )
        )
    async with database._writing.connect() as connection:
        raw = await connection.get_raw_connection()
        assert raw.driver_connection is not None
        await raw.driver_connection.execute("PRAGMA foreign_keys = ON")
    heard: list[str] = []
    database.watch(heard.append)

    async def break_the_commit() -> None:
        async with database.write() as tx:
            await database.notify(tx, "never")
            await tx.execute(text("INSERT INTO child VALUES (7)"))

    results = await asyncio.gather(
        add(database, "before"), break_the_commit(), add(database, "after"), return_exceptions=True
    )
    await add(database, "later")

    assert [type(one) for one in results] == [IntegrityError] * 3
    assert on_disk(tmp_path / "aloud.db") == {"later"}
    assert heard == []


async def test_on_a_full_disk_all_that_was_promised_is_there(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    async with database.write() as tx:
        pages = (await tx.execute(text("PRAGMA page_count"))).scalar_one()
        await tx.execute(text(f"PRAGMA max_page_count = {pages + 8}"))

    names = [f"{n:02}{'x' * 2_000}" for n in range(30)]
    results = await asyncio.gather(*(add(database, one) for one in names), return_exceptions=True)

    done = {name for name, result in zip(names, results, strict=True) if result is None}
    assert on_disk(tmp_path / "aloud.db") == done
    assert {type(one) for one in results} - {type(None)} == {OperationalError}


async def test_a_transaction_that_cannot_begin_fails_its_block_and_the_next_try_may_do(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    async with database.write() as tx:
        await tx.execute(text("PRAGMA busy_timeout = 0"))
    holder = sqlite3.connect(tmp_path / "aloud.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    results = await asyncio.gather(add(database, "a"), add(database, "b"), return_exceptions=True)
    holder.close()
    await add(database, "c")

    assert [type(one) for one in results] == [OperationalError] * 2
    assert on_disk(tmp_path / "aloud.db") == {"c"}


async def test_a_cancelled_statement_loses_nothing_of_those_who_share_the_transaction(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    begun = asyncio.Event()

    async def begin_slowly() -> None:
        async with database.write() as tx:
            await tx.execute(insert(threads), row("cancelled"))
            begun.set()
            await tx.execute(SLOW)

    before = asyncio.create_task(add(database, "before"))
    slow = asyncio.create_task(begin_slowly())
    after = asyncio.create_task(add(database, "after"))
    await begun.wait()
    slow.cancel()
    results = await asyncio.gather(before, slow, after, return_exceptions=True)

    assert [type(one) for one in results] == [type(None), asyncio.CancelledError, type(None)]
    assert on_disk(tmp_path / "aloud.db") == {"before", "after"}


async def test_who_is_cancelled_in_the_line_leaves_it(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    async with database.write() as tx:
        await tx.execute(insert(threads), row("first"))
        second = asyncio.create_task(add(database, "second"))
        third = asyncio.create_task(add(database, "third"))
        await asyncio.sleep(0)
        second.cancel()
    await asyncio.wait([second, third])

    assert second.cancelled()
    assert on_disk(tmp_path / "aloud.db") == {"first", "third"}


async def test_when_all_who_waited_are_cancelled_the_rest_is_committed(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    others: list[asyncio.Task[None]] = []
    async with database.write() as tx:
        await tx.execute(insert(threads), row("first"))
        others += [asyncio.create_task(add(database, str(n))) for n in range(3)]
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(lambda: [one.cancel() for one in others])

    assert "first" in on_disk(tmp_path / "aloud.db")
    await asyncio.wait(others)


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of one block; times are in steps of the event loop.

    Attributes:
        rows: How many it writes.
        fails: Whether it raises at its end.
        begins: When it gets in line.
        cancelled: When it is cancelled, if ever.
    """

    rows: int
    fails: bool
    begins: int
    cancelled: int | None


PLANS = st.lists(
    st.builds(
        Plan,
        rows=st.integers(1, 3),
        fails=st.booleans(),
        begins=st.integers(0, 30),
        cancelled=st.none() | st.integers(0, 400),
    ),
    min_size=1,
    max_size=12,
)


def names_of(number: int, plan: Plan) -> set[str]:
    return {f"{number}.{n}" for n in range(plan.rows)}


async def pass_steps(steps: int) -> None:
    for _ in range(steps):
        await asyncio.sleep(0)


async def carry_out(database: SqliteDatabase, number: int, plan: Plan) -> None:
    await pass_steps(plan.begins)
    async with database.write() as tx:
        for name in names_of(number, plan):
            await tx.execute(insert(threads), row(name))
        if plan.fails:
            raise RuntimeError


async def cancel_at(task: asyncio.Task[None], steps: int) -> None:
    await pass_steps(steps)
    task.cancel()


async def carry_out_all(path: Path, plans: list[Plan]) -> list[BaseException | None]:
    async with SqliteDatabase(path) as database, asyncio.TaskGroup() as others:
        tasks = [
            asyncio.create_task(carry_out(database, number, plan))
            for number, plan in enumerate(plans)
        ]
        for task, plan in zip(tasks, plans, strict=True):
            if plan.cancelled is not None:
                others.create_task(cancel_at(task, plan.cancelled))
        results = await asyncio.gather(*tasks, return_exceptions=True)
        await add(database, "last")
    return results


@settings(max_examples=30)
@given(PLANS)
def test_whatever_is_cancelled_each_block_is_there_whole_or_not_at_all(
    tmp_path_factory: pytest.TempPathFactory, plans: list[Plan]
) -> None:
    path = tmp_path_factory.mktemp("writer") / "aloud.db"

    results = asyncio.run(carry_out_all(path, plans))

    found = on_disk(path)
    assert "last" in found
    for number, (result, plan) in enumerate(zip(results, plans, strict=True)):
        mine = names_of(number, plan)
        match result:
            case None:
                assert mine <= found
            case RuntimeError():
                assert not mine & found
            case _:
                assert isinstance(result, asyncio.CancelledError)
                assert mine <= found or not mine & found
