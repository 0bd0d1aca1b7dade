from pathlib import Path

import pytest
from sqlalchemy import select, text

from bot.errors import DatabaseInUse, StartError
from bot.store.sqlite import SqliteDatabase
from bot.store.tables import threads


def modes_of(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


async def test_commits_survive_power_loss(tmp_path: Path) -> None:
    async with SqliteDatabase(tmp_path / "a.db") as database, database.write() as tx:
        assert (await tx.execute(text("PRAGMA synchronous"))).scalar() == 2
        assert (await tx.execute(text("PRAGMA journal_mode"))).scalar() == "wal"


async def test_nobody_else_on_the_machine_may_read_it(tmp_path: Path) -> None:
    async with SqliteDatabase(tmp_path / "a.db") as database:
        await database.check()
        async with database.read() as tx:
            await tx.execute(select(threads))

        assert set(modes_of(tmp_path).values()) == {0o600}


async def test_a_second_process_is_refused_with_a_sentence(tmp_path: Path) -> None:
    async with SqliteDatabase(tmp_path / "a.db"):
        with pytest.raises(DatabaseInUse, match="in use by another Aloud"):
            await SqliteDatabase(tmp_path / "a.db").open()


async def test_a_file_that_is_no_database_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("just some notes, more than a hundred bytes " * 5)

    with pytest.raises(StartError, match="can't be used as a SQLite database"):
        await SqliteDatabase(tmp_path / "notes.db").open()

    assert (tmp_path / "notes.db").read_text().startswith("just some notes")


async def test_a_folder_that_cannot_be_made_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StartError, match="can't be written"):
        await SqliteDatabase(tmp_path / "file" / "aloud.db").open()


async def test_a_refused_file_can_be_opened_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("just some notes, more than a hundred bytes " * 5)
    with pytest.raises(StartError):
        await SqliteDatabase(tmp_path / "a.db").open()

    (tmp_path / "a.db").unlink()
    async with SqliteDatabase(tmp_path / "a.db") as database:
        await database.check()
