from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Float, Integer, Table, insert, select

from bot.conversation.messages import Document, Passage
from bot.store.database import Database
from bot.store.documents import DocumentStore
from bot.store.forgetting import forget_team
from bot.store.tables import installations, metadata
from tests.store.full_text import check_index

WITH_TEAM = [table for table in metadata.sorted_tables if "team" in table.c]


def make_row(table: Table, team: str, number: int) -> dict[str, Any]:
    """A row of the team with something in every column."""
    values: dict[str, Any] = {}
    for column in table.c:
        match column.type:
            case Float() | Integer():
                values[column.name] = number
            case Boolean():
                values[column.name] = False
            case JSON():
                values[column.name] = []
            case _:
                values[column.name] = f"{team}-{column.name}"
    return {**values, "team": team}


@pytest.fixture
async def two_teams(database: Database) -> Database:
    async with database.write() as tx:
        for table in WITH_TEAM:
            rows = [make_row(table, "T1", 100), make_row(table, "T2", 200)]
            await tx.execute(insert(table), rows)
    return database


async def teams_left(database: Database) -> dict[str, list[str]]:
    async with database.read() as tx:
        return {
            table.name: list((await tx.execute(select(table.c.team))).scalars())
            for table in WITH_TEAM
        }


def test_only_the_installations_under_way_are_of_no_team() -> None:
    assert {table.name for table in metadata.sorted_tables if "team" not in table.c} == {
        "install_states"
    }


async def test_everything_of_the_team_goes_and_nothing_of_another(two_teams: Database) -> None:
    gone = await forget_team(two_teams, "T1", asked_at=100)

    assert gone == len(WITH_TEAM)
    assert await teams_left(two_teams) == {table.name: ["T2"] for table in WITH_TEAM}
    await check_index(two_teams)


async def test_a_team_goes_however_much_there_is_of_it(database: Database) -> None:
    store = DocumentStore(database)
    document = Document("F1", "n", "PDF", "page", 1, 1, 1, "d1")
    many = [(Passage(number, "words"), "words") for number in range(130)]
    for team in ("T1", "T2"):
        await store.save(team, document, many)
        await store.keep_notes(team, "d1", "k", "notes")

    # A document, its content, its notes.
    assert await forget_team(database, "T1", asked_at=0) == 130 + 3

    assert await store.find("T1", "F1") == []
    assert await store.find_postings("T1", ["d1"], ["words"]) == []
    assert len(await store.find_postings("T2", ["d1"], ["words"])) == 130
    await check_index(database)


async def test_a_team_that_was_never_installed_is_forgotten_too(two_teams: Database) -> None:
    async with two_teams.write() as tx:
        await tx.execute(installations.delete())

    assert await forget_team(two_teams, "T1", asked_at=0) == len(WITH_TEAM) - 1


@pytest.mark.parametrize("asked_at", [99, 99.9])
async def test_a_team_that_installed_again_since_is_left_alone(
    two_teams: Database, asked_at: float
) -> None:
    assert await forget_team(two_teams, "T1", asked_at=asked_at) is None
    assert await teams_left(two_teams) == {table.name: ["T1", "T2"] for table in WITH_TEAM}
