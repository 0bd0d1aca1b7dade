"""What each person looks at beside our direct messages."""

from sqlalchemy import select

from bot.store.database import Database
from bot.store.tables import viewing


class Viewing:
    """Remembers for each person the channel that they looked at last."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, team: str, person: str, channel: str, at: float) -> None:
        """Write down what a person looks at; Slack keeps no order, so the latest `at` wins.

        Args:
            team: The workspace.
            person: Who.
            channel: The channel, "" for none.
            at: Since when, in seconds since 1970.
        """
        row = {"team": team, "person": person, "channel": channel, "changed_at": at}
        statement = self._database.insert(viewing).values(row)
        statement = statement.on_conflict_do_update(
            index_elements=["team", "person"],
            set_={"channel": channel, "changed_at": at},
            where=viewing.c.changed_at < at,
        )
        async with self._database.write() as tx:
            await tx.execute(statement)

    async def find(self, team: str, person: str, *, since: float) -> str:
        """Return the channel that a person looks at, "" if none was told since then."""
        query = select(viewing.c.channel).where(
            viewing.c.team == team, viewing.c.person == person, viewing.c.changed_at >= since
        )
        async with self._database.read() as tx:
            found: str | None = (await tx.execute(query)).scalar()
        return found or ""
