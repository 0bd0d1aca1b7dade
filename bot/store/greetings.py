"""Whom and which channels we have welcomed: everybody is, once ever."""

import time
from collections.abc import Callable

from sqlalchemy import select

from bot.store.database import Database
from bot.store.tables import greetings


class Greetings:
    """Remembers welcomes; `place` is a person's or a channel's id."""

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def has_greeted(self, team: str, place: str) -> bool:
        """Say whether the person or channel was welcomed."""
        query = select(greetings.c.place).where(
            greetings.c.team == team, greetings.c.place == place
        )
        async with self._database.read() as tx:
            return (await tx.execute(query)).first() is not None

    async def note(self, team: str, place: str) -> None:
        """Remember that the person or channel was welcomed; the first time counts."""
        statement = self._database.insert(greetings).on_conflict_do_nothing()
        row = {"team": team, "place": place, "greeted_at": self._now()}
        async with self._database.write() as tx:
            await tx.execute(statement, row)
