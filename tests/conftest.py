"""Fixtures that every folder uses."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from bot.store.database import Database, open_database
from tests.postgres import PostgresServer, postgres_server

# A loaded machine is no failure of the code, and CI shall fail for a change, not for the dice.
settings.register_profile(
    "steady",
    deadline=None,
    derandomize="CI" in os.environ,  # noqa: TID251  # tells CI from a developer's machine
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the developer's own tokens, proxies or `.env`."""
    for name in list(os.environ):  # noqa: TID251  # clearing it is the point
        if name.upper().startswith(("SLACK_", "MODEL_", "ALOUD_", "DATABASE_URL", "HTTP_PROXY")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _reset_logging() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server for all tests of this worker."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def _postgres_url(postgres: PostgresServer) -> str:
    return asyncio.run(postgres.create_database())


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without rows, on SQLite and on PostgreSQL in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'aloud.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    url: str = request.getfixturevalue("_postgres_url")
    asyncio.run(server.empty_database(url))
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database without rows, open, on SQLite and on PostgreSQL in turn."""
    async with open_database(database_url) as opened:
        yield opened
