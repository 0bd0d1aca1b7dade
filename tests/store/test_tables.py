"""What people and their files may bring comes back from both databases."""

from typing import Any

import pytest
from sqlalchemy import insert, select

from bot.conversation.messages import Caveat, Document, Passage, ThreadKey, UserMessage
from bot.store.database import Database
from bot.store.documents import DocumentStore
from bot.store.full_text import LEXEMES
from bot.store.history import SqlHistory
from bot.store.tables import AnyText, metadata, turns

THREAD = ThreadKey("T1", "C1", "1.0")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("plain", "plain"),
        ("a\0b", "ab"),
        ("half \ud83d of a pair", "half \ufffd of a pair"),
        ("\udc00", "\ufffd"),
        ("whole \U0001f600", "whole \U0001f600"),
        ("x" * 300, "x" * 300),
    ],
)
async def test_any_text_can_be_kept_and_both_databases_agree(
    database: Database, written: str, read: str
) -> None:
    history = SqlHistory(database)
    await history.record(THREAD, [UserMessage("1.1", "U1", written, written)])
    store = DocumentStore(database)
    passage = Passage(1, written, written)
    caveat = Caveat("rows_cut", text=written)
    document = Document("F1", written, written, "page", 1, 1, 0, "d", (caveat,))
    await store.save("T1", document, [(passage, written)])
    await store.keep_notes("T1", "d", "k", written)

    [message] = await history.load(THREAD, before="9", limit=9)
    [document] = await store.find("T1", "F1")

    assert isinstance(message, UserMessage)
    assert (message.text, message.author_name) == (read, read[:255])
    assert (document.name, document.kind) == (read, read[:64])
    assert await store.load("T1", "d") == [Passage(1, read, read)]
    assert await store.find_notes("T1", "d", ["k"]) == {"k": read}
    assert document.notes == (caveat,)


@pytest.mark.parametrize(
    "payload", [{"text": "a\0b"}, {"text": "half \ud83d"}, {"text": "\U0001f600", "n": 2**60}]
)
async def test_json_comes_back_as_it_was(database: Database, payload: dict[str, Any]) -> None:
    row = {
        "id": "t",
        "dedupe_key": "k",
        "kind": "message",
        "team": "T1",
        "channel": "C1",
        "thread_ts": "1",
        "ts": "1",
        "lane": "l",
        "payload": payload,
        "state": "queued",
        "available_at": 0.0,
        "accepted_at": 0.0,
        "posted": [],
        "answer": payload,
    }
    async with database.write() as tx:
        await tx.execute(insert(turns), row)
        await tx.execute(insert(turns), {**row, "id": "u", "dedupe_key": "l", "answer": None})

    async with database.read() as tx:
        found = (await tx.execute(select(turns.c.payload, turns.c.answer))).all()
        without = (await tx.execute(select(turns.c.id).where(turns.c.answer.is_(None)))).scalars()
        assert without.all() == ["u"]
    assert sorted(found, key=lambda one: one.answer is None) == [
        (payload, payload),
        (payload, None),
    ]


def test_whatever_is_longer_than_an_id_may_hold_any_text() -> None:
    """Texts of Slack's own and ours (ids, keys, tokens) are all that may be plain."""
    plain = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.c
        if not isinstance(column.type, AnyText)
        and column.type is not LEXEMES
        and getattr(column.type, "length", 0) not in {0, 16, 32, 64}
    }

    assert plain == {"turns.dedupe_key", "turns.lane", "installations.bot_token"}
