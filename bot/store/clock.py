"""The one clock that all processes share."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _DatabaseNow(FunctionElement[float]):
    type = Float()
    inherit_cache = True


@compiles(_DatabaseNow, "sqlite")
def _on_sqlite(_element: _DatabaseNow, _compiler: SQLCompiler, **_: Any) -> str:
    # unixepoch('subsec') says it shorter, but only from SQLite 3.42 on.
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(_DatabaseNow, "postgresql")
def _on_postgresql(_element: _DatabaseNow, _compiler: SQLCompiler, **_: Any) -> str:
    # now() stands still within a transaction.
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS DOUBLE PRECISION)"


database_now: Final[ColumnElement[float]] = _DatabaseNow()
"""Seconds since 1970 by the database's clock, to the millisecond."""
