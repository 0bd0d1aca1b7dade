import asyncio
import time

import pytest
from sqlalchemy import insert, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.clock import database_now
from bot.store.database import Database, open_database
from bot.store.tables import threads

ROW = {"team": "T1", "channel": "C1", "thread_ts": "1.0", "read_at": 1.0}


async def rows_of(database: Database) -> list[str]:
    async with database.read() as tx:
        return list((await tx.execute(select(threads.c.thread_ts))).scalars())


async def test_what_was_written_is_there_after_a_restart(database_url: str) -> None:
    async with open_database(database_url) as database, database.write() as tx:
        await tx.execute(insert(threads), ROW)

    async with open_database(database_url) as database:
        assert await rows_of(database) == ["1.0"]


async def test_a_failed_block_leaves_nothing_behind(database: Database) -> None:
    async def fail_after_writing() -> None:
        async with database.write() as tx:
            await tx.execute(insert(threads), ROW)
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        await fail_after_writing()

    assert await rows_of(database) == []


async def test_a_cancelled_block_leaves_nothing_behind_and_holds_up_nobody(
    database: Database,
) -> None:
    written, never = asyncio.Event(), asyncio.Event()

    async def wait_after_writing() -> None:
        async with database.write() as tx:
            await tx.execute(insert(threads), ROW)
            written.set()
            await never.wait()

    task = asyncio.create_task(wait_after_writing())
    await written.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.write() as tx:
        await tx.execute(insert(threads), {**ROW, "thread_ts": "2.0"})

    assert await rows_of(database) == ["2.0"]


async def test_readers_see_what_was_there_before_and_do_not_wait(database: Database) -> None:
    async with database.write() as tx:
        await tx.execute(insert(threads), ROW)
        assert await rows_of(database) == []


async def test_a_reader_sees_what_is_durable(database: Database) -> None:
    async with database.read() as tx:
        assert (await tx.execute(select(threads))).all() == []
        async with database.write() as writing:
            await writing.execute(insert(threads), ROW)
            assert (await tx.execute(select(threads))).all() == []
        assert len((await tx.execute(select(threads))).all()) == 1


async def test_the_check_writes_and_leaves_nothing(database: Database) -> None:
    await database.check()

    async with database.read() as tx:
        assert not await tx.run_sync(lambda connection: inspect(connection).has_table("probe"))


async def test_an_error_does_not_tell_what_people_wrote(database: Database) -> None:
    async def write_nothing_for_what_is_needed() -> None:
        async with database.write() as tx:
            await tx.execute(text("INSERT INTO threads (team, channel) VALUES ('secret', 'C')"))

    with pytest.raises(SQLAlchemyError) as caught:
        await write_nothing_for_what_is_needed()

    told: BaseException | None = caught.value
    while told is not None:
        assert "(secret, C" not in str(told)
        told = told.__cause__


async def test_its_clock_is_in_seconds_since_1970_and_goes_on_in_a_transaction(
    database: Database,
) -> None:
    async def read_clock(tx: AsyncConnection) -> float:
        return float((await tx.execute(select(database_now))).scalar_one())

    async with database.write() as tx:
        first = await read_clock(tx)
        while (second := await read_clock(tx)) == first:
            pass

    assert second > first
    # Both clocks are this machine's; SQLite's has milliseconds.
    assert abs(second - time.time()) < 10


async def test_one_at_a_time_holds_what_is_serialized(database: Database) -> None:
    inside = 0
    most = 0

    async def hold() -> None:
        nonlocal inside, most
        async with database.write() as tx:
            await database.serialize(tx, "the claim")
            inside += 1
            most = max(most, inside)
            await tx.execute(select(database_now))
            inside -= 1

    await asyncio.gather(*(hold() for _ in range(10)))

    assert most == 1


async def test_watchers_hear_after_the_commit_and_never_of_what_was_taken_back(
    database: Database,
) -> None:
    heard: list[str] = []
    database.watch(heard.append)

    async def fail_after_notifying() -> None:
        async with database.write() as tx:
            await database.notify(tx, "taken back")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_after_notifying()
    async with database.write() as tx:
        await database.notify(tx, "first")
        await database.notify(tx, "second")
        assert heard == []

    assert heard == ["first", "second"]


async def test_a_watcher_that_fails_hides_nothing_from_the_others(database: Database) -> None:
    heard: list[str] = []

    def fail(_: str) -> None:
        raise RuntimeError

    database.watch(fail)
    database.watch(heard.append)
    async with database.write() as tx:
        await database.notify(tx, "m")

    assert heard == ["m"]


@pytest.mark.parametrize("url", ["sqlite:///", "sqlite:/x", "mysql://host/x", "aloud.db", ""])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="DATABASE_URL must look like"):
        open_database(url)


async def test_a_block_within_a_block_is_part_of_it(database: Database) -> None:
    async def write(thread_ts: str) -> None:
        async with database.write() as tx:
            await tx.execute(insert(threads), {**ROW, "thread_ts": thread_ts})

    async def write_two_and_fail() -> None:
        async with database.write():
            await write("1.0")
            await write("2.0")
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        await write_two_and_fail()
    assert await rows_of(database) == []

    async with database.write():
        await write("3.0")
        # Another task's block is its own, though it was begun within this one.
        other = asyncio.create_task(write("4.0"))
        await asyncio.sleep(0)
        assert "3.0" not in await rows_of(database)
    await other
    assert sorted(await rows_of(database)) == ["3.0", "4.0"]
