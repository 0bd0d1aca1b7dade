from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from bot.errors import StartError
from bot.store.database import Database
from bot.store.tables import threads

ROW = {"team": "T1", "channel": "C1", "thread_ts": "1.0", "read_at": 1.0}


def modes_of(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


async def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    async with Database(tmp_path / "a.db") as database, database.write() as tx:
        await tx.execute(insert(threads), ROW)

    async with Database(tmp_path / "a.db") as database, database.read() as tx:
        assert (await tx.execute(select(threads.c.team))).scalars().all() == ["T1"]


async def test_a_failed_block_leaves_nothing_behind(database: Database) -> None:
    async def fail_after_writing() -> None:
        async with database.write() as tx:
            await tx.execute(insert(threads), ROW)
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        await fail_after_writing()

    async with database.read() as tx:
        assert (await tx.execute(select(threads))).all() == []


async def test_commits_survive_power_loss_and_readers_do_not_block(database: Database) -> None:
    async with database.write() as tx:
        assert (await tx.execute(text("PRAGMA synchronous"))).scalar() == 2
        assert (await tx.execute(text("PRAGMA journal_mode"))).scalar() == "wal"
        async with database.read() as reader:
            assert (await reader.execute(select(threads))).all() == []


async def test_nobody_else_on_the_machine_may_read_it(database: Database, tmp_path: Path) -> None:
    await database.check()

    assert set(modes_of(tmp_path).values()) == {0o600}


async def test_a_second_process_is_refused_with_a_sentence(
    database: Database, tmp_path: Path
) -> None:
    with pytest.raises(StartError, match="in use by another Aloud"):
        await Database(tmp_path / "aloud.db").open()


async def test_a_file_that_is_no_database_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("just some notes, more than a hundred bytes " * 5)

    with pytest.raises(StartError, match="can't be used as a SQLite database"):
        await Database(tmp_path / "notes.db").open()

    assert (tmp_path / "notes.db").read_text().startswith("just some notes")


async def test_a_folder_that_cannot_be_made_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StartError, match="can't be written"):
        await Database(tmp_path / "file" / "aloud.db").open()


async def test_the_check_writes_and_leaves_nothing(database: Database) -> None:
    await database.check()

    async with database.read() as tx:
        tables = (await tx.execute(text("SELECT name FROM sqlite_master"))).scalars().all()
    assert "probe" not in tables
