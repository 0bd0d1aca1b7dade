from collections.abc import AsyncGenerator

import httpx
import pytest

from bot.model.client import build_http
from tests.model.server import ModelServer


@pytest.fixture
async def server() -> AsyncGenerator[ModelServer, None]:
    async with ModelServer().serve() as running:
        yield running


@pytest.fixture
async def http() -> AsyncGenerator[httpx.AsyncClient, None]:
    async with build_http() as client:
        yield client
