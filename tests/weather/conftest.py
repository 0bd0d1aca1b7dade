"""Fixtures for bad weather."""

import pytest

from tests.weather.log import Log


@pytest.fixture
async def log() -> Log:
    """What the bot logs in this test."""
    taken = Log()
    taken.listen()
    return taken
