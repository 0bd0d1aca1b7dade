"""Which tables the database has, and how they become those of this release."""

from importlib.resources import as_file, files
from typing import Final

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    insert,
    select,
    text,
)
from sqlalchemy import inspect as inspect_tables

from bot.errors import StartError
from bot.store.database import State
from bot.store.tables import metadata

REVISIONS: Final = ("0001", "0002", "0003", "0004")
"""Every state of the tables that a release had, oldest first; one migration leads to each."""

_HEAD: Final = REVISIONS[-1]

_version: Final = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32)),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Where Alembic keeps the revision; as it makes the table itself."""


_NO_FTS5: Final = (
    "DATABASE_URL: the SQLite of this Python was built without full-text search (FTS5);"
    " use another Python, or PostgreSQL."
)
_FTS5: Final = text("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'")


class MadeByNewerRelease(Exception):
    """The tables are of a release that comes after this one."""

    def __init__(self) -> None:
        super().__init__("was changed by a newer release of Aloud; start that one.")


def inspect(connection: Connection) -> State:
    """Compare the tables to those of this release.

    Raises:
        MadeByNewerRelease: they are beyond it.
        StartError: this SQLite can't search text.
    """
    if connection.dialect.name == "sqlite" and connection.execute(_FTS5).first() is None:
        raise StartError([_NO_FTS5])
    revision = _find_revision(connection)
    if revision is None:
        return "empty"
    if revision not in REVISIONS:
        raise MadeByNewerRelease
    return "current" if revision == _HEAD else "old"


def upgrade(connection: Connection) -> None:
    """Bring the tables up to this release, within the transaction that the connection is in.

    Raises:
        MadeByNewerRelease: they are beyond it.
        StartError: this SQLite can't search text.
    """
    match inspect(connection):
        case "empty":
            metadata.create_all(connection)
            _version.create(connection)
            connection.execute(insert(_version).values(version_num=_HEAD))
        case "old":
            _migrate(connection)
        case "current":
            pass


def _migrate(connection: Connection) -> None:
    # Loading Alembic takes longer than the rest of a usual start, which has no need of it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    with as_file(files("bot.store") / "migrations") as folder:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        if not inspect_tables(connection).has_table(_version.name):
            command.stamp(config, REVISIONS[0])
        command.upgrade(config, _HEAD)


def _find_revision(connection: Connection) -> str | None:
    tables = inspect_tables(connection).get_table_names()
    if _version.name in tables:
        return connection.execute(select(_version.c.version_num)).scalar()
    # Tables without a number are those that were made before there were migrations.
    return REVISIONS[0] if "turns" in tables else None
