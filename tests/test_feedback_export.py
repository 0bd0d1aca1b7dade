"""`aloud feedback`: JSON lines, beside a bot that goes on."""

import json
from datetime import date
from pathlib import Path

import pytest

from bot.conversation.messages import ThreadKey
from bot.errors import StartError
from bot.feedback_export import export_feedback
from bot.store.database import Database, open_database
from bot.store.feedback import Feedback, FeedbackStore

GOOD = Feedback("turn1", ThreadKey("T1", "C1", "100.1"), "101.1", "U1", "good", "Schön kurz.")
NOON = 1_793_448_000.0  # 2026-10-31T12:00Z


async def test_each_verdict_is_a_line_though_the_bot_has_the_database_open(
    database: Database, database_url: str
) -> None:
    await FeedbackStore(database, lambda: NOON).give(GOOD)
    lines: list[str] = []

    await export_feedback(open_database(database_url), lines.append)

    [line] = lines
    assert "Schön" in line
    assert json.loads(line) == {
        "given_at": "2026-10-31T12:00:00+00:00",
        "team": "T1",
        "channel": "C1",
        "thread_ts": "100.1",
        "answer_ts": "101.1",
        "turn": "turn1",
        "person": "U1",
        "verdict": "good",
        "reason": "Schön kurz.",
        "question": "",
        "answer": "",
        "model": "",
        "seconds": 0.0,
    }


@pytest.mark.parametrize(("since", "lines"), [(date(2026, 10, 31), 1), (date(2026, 11, 1), 0)])
async def test_it_begins_with_the_day_that_is_asked_for(
    tmp_path: Path, since: date, lines: int
) -> None:
    url = f"sqlite:///{tmp_path / 'aloud.db'}"
    async with open_database(url) as database:
        await FeedbackStore(database, lambda: NOON).give(GOOD)
    said: list[str] = []

    await export_feedback(open_database(url), said.append, since=since)

    assert len(said) == lines


async def test_a_database_that_has_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"DATABASE_URL: .*new\.db can't be read"):
        await export_feedback(open_database(f"sqlite:///{tmp_path / 'new.db'}"))
