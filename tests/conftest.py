"""Fixtures that every folder uses."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from bot.store.database import Database


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


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database(tmp_path / "aloud.db") as opened:
        yield opened
