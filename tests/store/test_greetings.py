from bot.store.database import Database
from bot.store.greetings import Greetings


async def test_a_welcome_is_remembered_for_its_place_and_team(database: Database) -> None:
    greetings = Greetings(database, lambda: 100.0)
    assert not await greetings.has_greeted("T1", "U1")

    await greetings.note("T1", "U1")
    await greetings.note("T1", "U1")

    assert await greetings.has_greeted("T1", "U1")
    assert not await greetings.has_greeted("T1", "C1")
    assert not await greetings.has_greeted("T2", "U1")
