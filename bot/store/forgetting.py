"""Deletes everything of a workspace that no longer wants us."""

from math import floor

from sqlalchemy import delete, select

from bot.store.database import Database
from bot.store.leftovers import delete_passages, hold_documents
from bot.store.tables import installations, metadata, passages


async def forget_team(database: Database, team: str, *, asked_at: float) -> int | None:
    """Delete the team's installation and every row that carries the team.

    Args:
        database: Where.
        team: Whose.
        asked_at: When it was asked for, in whole seconds since 1970. Slack delivers an event for
            minutes until it is acknowledged (Slack docs, Events API), so a team may have installed
            us again meanwhile; that is left alone.

    Returns:
        How many rows went, None if the team has installed us again since.
    """
    of_team = installations.c.team == team
    # In one statement, so that an installation made at the same moment is not taken for the old.
    old = delete(installations).where(of_team, installations.c.installed_at < floor(asked_at) + 1)
    async with database.write() as tx:
        gone = (await tx.execute(old)).rowcount
        if (await tx.execute(select(installations.c.team).where(of_team))).first() is not None:
            return None
    for table in metadata.sorted_tables:
        if table is passages:
            # Their contents are gone by now, so that nobody writes more of them.
            gone += await delete_passages(database, passages.c.team == team)
        elif "team" in table.c and table is not installations:
            # One short transaction each, so that the other teams' answers don't wait for all.
            async with database.write() as tx:
                await hold_documents(database, tx, team)
                gone += (await tx.execute(delete(table).where(table.c.team == team))).rowcount
    return gone
