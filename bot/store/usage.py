"""What each person used in each month, in tokens."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from bot.store.database import Database
from bot.store.tables import usage


@dataclass(frozen=True, slots=True)
class Used:
    """What was used in one month."""

    answers: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def tokens(self) -> int:
        """All tokens, as budgets count them: reasoning is among the completion's."""
        return self.prompt_tokens + self.completion_tokens


def month_of(moment: float) -> str:
    """Return the month, such as "2026-11", of a time in seconds since 1970, in UTC."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m")


class UsageStore:
    """Counts what was used; one row for each person and month."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, team: str, person: str, month: str, used: Used) -> None:
        """Add to what the person used in the month."""
        statement = self._database.insert(usage).values(
            team=team,
            person=person,
            month=month,
            answers=used.answers,
            prompt_tokens=used.prompt_tokens,
            completion_tokens=used.completion_tokens,
        )
        statement = statement.on_conflict_do_update(
            index_elements=["team", "month", "person"],
            set_={
                name: usage.c[name] + statement.excluded[name]
                for name in ("answers", "prompt_tokens", "completion_tokens")
            },
        )
        async with self._database.write() as tx:
            await tx.execute(statement)

    async def of_person(self, team: str, person: str, month: str) -> Used:
        """Return what the person used in the month."""
        return await self._sum(team, month, person)

    async def of_team(self, team: str, month: str) -> Used:
        """Return what all people of the workspace used in the month."""
        return await self._sum(team, month)

    async def _sum(self, team: str, month: str, person: str | None = None) -> Used:
        sums = [
            func.coalesce(func.sum(usage.c[name]), 0)
            for name in ("answers", "prompt_tokens", "completion_tokens")
        ]
        query = select(*sums).where(usage.c.team == team, usage.c.month == month)
        if person is not None:
            query = query.where(usage.c.person == person)
        async with self._database.read() as tx:
            answers, prompt_tokens, completion_tokens = (await tx.execute(query)).one()
        return Used(int(answers), int(prompt_tokens), int(completion_tokens))
