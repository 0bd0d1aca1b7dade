from bot.store.database import Database
from bot.store.viewing import Viewing


async def test_the_channel_that_was_named_last_is_the_one_looked_at(database: Database) -> None:
    viewing = Viewing(database)
    assert await viewing.find("T1", "U1", since=0) == ""

    await viewing.note("T1", "U1", "C1", 100.0)
    await viewing.note("T1", "U1", "C2", 200.0)
    await viewing.note("T1", "U1", "C3", 150.0)

    assert await viewing.find("T1", "U1", since=200.0) == "C2"
    assert await viewing.find("T2", "U1", since=0) == ""
    assert await viewing.find("T1", "U2", since=0) == ""


async def test_looking_at_nothing_or_long_ago_is_looking_at_nothing(database: Database) -> None:
    viewing = Viewing(database)
    await viewing.note("T1", "U1", "C1", 100.0)
    assert await viewing.find("T1", "U1", since=100.5) == ""

    await viewing.note("T1", "U1", "", 200.0)
    await viewing.note("T1", "U1", "C1", 100.0)
    assert await viewing.find("T1", "U1", since=0) == ""
