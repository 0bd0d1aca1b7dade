from slack_sdk.oauth.installation_store import Bot, Installation
from sqlalchemy import func, select

from bot.store.database import Database
from bot.store.installations import Installations, InstallStates
from bot.store.tables import install_states


def installed(team: str, token: str) -> Installation:
    return Installation(
        team_id=team,
        team_name="Acme",
        bot_token=token,
        bot_id="B1",
        bot_user_id="U1",
        user_id="U2",
        installed_at=5.0,
    )


async def find(store: Installations, team: str | None) -> Bot | None:
    return await store.async_find_bot(enterprise_id=None, team_id=team)


async def test_each_team_has_its_own_bot_and_the_last_installation_counts(
    database: Database,
) -> None:
    store = Installations(database)
    await store.async_save(installed("T1", "xoxb-old"))
    await store.async_save(installed("T2", "xoxb-two"))
    await store.async_save(installed("T1", "xoxb-new"))

    first, second = await find(store, "T1"), await find(store, "T2")

    assert first is not None
    assert (first.bot_token, first.bot_id, first.bot_user_id) == ("xoxb-new", "B1", "U1")
    assert first.installed_at == 5.0
    assert second is not None
    assert second.bot_token == "xoxb-two"
    assert await find(store, "T3") is None
    assert await find(store, None) is None
    assert await store.count() == 2


async def test_a_state_is_good_once(database: Database) -> None:
    states = InstallStates(database, seconds=600)
    state = await states.async_issue()

    assert await states.async_consume("another") is False
    assert await states.async_consume(state) is True
    assert await states.async_consume(state) is False


async def test_a_state_expires_and_is_cleared_away(database: Database) -> None:
    now = 0.0
    states = InstallStates(database, seconds=600, now=lambda: now)
    state = await states.async_issue()
    now = 600.0

    assert await states.async_consume(state) is False
    await states.async_issue()
    async with database.read() as tx:
        assert (await tx.execute(select(func.count()).select_from(install_states))).scalar() == 1
