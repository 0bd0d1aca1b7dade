"""`aloud feedback`: what people think of the answers, as JSON lines."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot.errors import StartError
from bot.store.database import Database
from bot.store.feedback import FeedbackRecord, FeedbackStore


async def export_feedback(
    database: Database, say: Callable[[str], None] = print, *, since: date | None = None
) -> None:
    """Say a line of JSON for each verdict, from the day `since` (in UTC) on, oldest first.

    The database is only read, so the bot may go on with it meanwhile; it is not to be open, and is
    not afterwards.

    Raises:
        StartError: The database can't be read, or has no feedback table yet.
    """
    begin = 0.0 if since is None else datetime.combine(since, time(), UTC).timestamp()
    try:
        async for record in FeedbackStore(database).export(begin):
            say(json.dumps(_to_json(record), ensure_ascii=False))
    except (SQLAlchemyError, OSError) as error:
        raise StartError(
            [f"DATABASE_URL: {database} can't be read; has this version of Aloud run with it?"]
        ) from error
    finally:
        await database.close()


def _to_json(record: FeedbackRecord) -> dict[str, Any]:
    given = record.feedback
    return {
        "given_at": datetime.fromtimestamp(record.given_at, UTC).isoformat(timespec="seconds"),
        "team": given.thread.team,
        "channel": given.thread.channel,
        "thread_ts": given.thread.thread_ts,
        "answer_ts": given.answer_ts,
        "turn": given.turn_id,
        "person": given.person,
        "verdict": given.verdict,
        "reason": given.reason,
        "question": record.question,
        "answer": record.answer,
        "model": record.model,
        "seconds": record.seconds,
    }
