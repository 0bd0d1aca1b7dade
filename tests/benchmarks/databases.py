"""Empty databases of both kinds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.postgres import postgres_server

KINDS = ("SQLite", "PostgreSQL")


@asynccontextmanager
async def empty_database(kind: str) -> AsyncIterator[str]:
    """Provide a database until the block ends; return its URL."""
    if kind == "SQLite":
        with TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'aloud.db'}"
        return
    with postgres_server() as server:
        yield await server.create_database()
