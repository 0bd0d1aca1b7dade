from sqlalchemy import update

from bot.conversation.preferences import (
    ChannelPreferences,
    PersonPreferences,
    Preferences,
    WorkspacePreferences,
)
from bot.store.database import Database
from bot.store.preferences import PreferenceStore
from bot.store.tables import preferences


async def test_whoever_chose_nothing_has_the_neutral_ones(database: Database) -> None:
    store = PreferenceStore(database)

    assert await store.find("T1", person="U1", channel="C1") == Preferences()


async def test_what_was_chosen_last_counts_for_those_it_is_of(database: Database) -> None:
    store = PreferenceStore(database)
    await store.choose("T1", "U1", PersonPreferences(think=True))
    await store.choose("T1", "U1", PersonPreferences(think=False, language="de", privacy="me"))
    await store.choose("T1", "C1", ChannelPreferences(follow_ups="mentions"))
    await store.choose("T1", "T1", WorkspacePreferences(channels=("C1", "C2"), model="big"))

    here = await store.find("T1", person="U1", channel="C1")
    elsewhere = await store.find("T1", person="U2", channel="C2")

    assert here.person == PersonPreferences(think=False, language="de", privacy="me")
    assert here.channel == ChannelPreferences(follow_ups="mentions")
    assert here.workspace == WorkspacePreferences(channels=("C1", "C2"), model="big")
    assert (elsewhere.person, elsewhere.channel) == (PersonPreferences(), ChannelPreferences())
    assert await store.find("T2", person="U1", channel="C1") == Preferences()
    assert await store.find_workspaces() == {"T1": here.workspace}


async def test_what_another_release_wrote_and_nobody_knows_here_is_neutral(
    database: Database,
) -> None:
    store = PreferenceStore(database)
    await store.choose("T1", "U1", PersonPreferences(length="long"))
    async with database.write() as tx:
        await tx.execute(update(preferences).values(chosen={"length": "endless"}))

    assert (await store.find("T1", person="U1", channel="C1")).person == PersonPreferences()
