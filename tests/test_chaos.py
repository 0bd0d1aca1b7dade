"""Killed again and again under load, the program loses nothing and says nothing twice."""

from pathlib import Path

import pytest

from tests.chaos.report import collect_evidence, draw_table
from tests.chaos.scenario import Scenario, on_postgresql, on_sqlite, play
from tests.postgres import PostgresServer

KILLS = 25

pytestmark = pytest.mark.timeout(400)


async def test_one_process_on_sqlite_survives_its_kills(tmp_path: Path) -> None:
    await survive(on_sqlite(tmp_path, KILLS), tmp_path)


async def test_two_replicas_on_postgresql_survive_each_others_kills(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    await survive(on_postgresql(await postgres.create_database(), KILLS), tmp_path)


async def survive(scenario: Scenario, folder: Path) -> None:
    result = await play(scenario, folder)

    assert result.is_right, f"{draw_table(result)}\n\n{collect_evidence(result)}"
    assert len(result.kills) == KILLS
    assert sum(one.accepted for thread in result.threads for one in thread.questions) > KILLS
