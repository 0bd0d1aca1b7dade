"""Whether the full-text index agrees with the passages."""

from sqlalchemy import text

from bot.store.database import Database


async def check_index(database: Database) -> None:
    """Fail if SQLite's index is not that of the passages; PostgreSQL keeps its own in order."""
    if database.is_shared:
        return
    async with database.write() as tx:
        # 1: compared to the passages, too (SQLite docs, "FTS5", 6.5).
        check = "INSERT INTO passage_terms (passage_terms, rank) VALUES ('integrity-check', 1)"
        await tx.execute(text(check))
