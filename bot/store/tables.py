"""The schema. Every row carries its team, and every query asks for it."""

import re
from typing import Any, Final

from sqlalchemy import (
    DDL,
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    event,
    false,
    text,
)
from sqlalchemy.types import TypeEngine
from typing_extensions import override

from bot.store.full_text import FTS5_DDL, LEXEMES

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class AnyText(TypeDecorator[str]):
    """Text from outside, made such that every database takes it.

    PostgreSQL has no NUL in text and only whole characters in UTF-8 (PostgreSQL docs, "Character
    Types"), so NUL goes and half a surrogate pair becomes U+FFFD, on SQLite as well.

    Args:
        length: What is longer is cut, since PostgreSQL refuses it; None for no limit.
    """

    impl = Text
    cache_ok = True

    def __init__(self, length: int | None = None) -> None:
        super().__init__()
        self.length = length

    @override
    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return Text() if self.length is None else String(self.length)

    @override
    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return _SURROGATE.sub("\ufffd", value.replace("\0", ""))[: self.length]


metadata = MetaData()

turns = Table(
    "turns",
    metadata,
    Column(
        "sequence",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        comment="The order of acceptance",
    ),
    Column("id", String(32), nullable=False, unique=True),
    Column("dedupe_key", String(255), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("team", String(32), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("thread_ts", String(32), nullable=False),
    Column("ts", String(32), nullable=False),
    Column("lane", String(255), nullable=False, comment="One turn of a lane runs at a time"),
    Column("payload", JSON, nullable=False),
    Column("state", String(16), nullable=False, comment="queued, running, joined or closed"),
    Column("claims", Integer, nullable=False, default=0, comment="How often it was begun"),
    Column("failures", Integer, nullable=False, default=0, comment="Claims that ended badly"),
    Column("delayed_since", Float, comment="When Slack first did not take its reply"),
    Column("available_at", Float, nullable=False, comment="Seconds since 1970"),
    Column("accepted_at", Float, nullable=False),
    Column("closed_at", Float),
    Column("outcome", String(16)),
    Column("reason", AnyText(255)),
    Column("posted", JSON, nullable=False, comment="The ts of what was posted for it, in order"),
    Column("begun_at", Float, comment="When it was last claimed"),
    Column("lease_until", Float, comment="How long the runner has it, by the database's clock"),
    Column("asked", String(16), comment="stop or restart: what is wanted of a running turn"),
    Column(
        "answer",
        JSON(none_as_null=True),
        comment="The finished answer, until it is delivered whole",
    ),
    Column("joined_to", String(32), comment="The turn that answers this one too"),
    Column("heard_at", Float, comment="When the person was last told that it waits"),
    Column(
        "busy",
        Boolean,
        nullable=False,
        default=False,
        server_default=false(),
        comment="It would wait too long: only says so",
    ),
)
Index(
    "turns_live",
    turns.c.lane,
    turns.c.ts,
    turns.c.sequence,
    sqlite_where=turns.c.state != "closed",
    postgresql_where=turns.c.state != "closed",
)
Index(
    "turns_one_running",
    turns.c.lane,
    unique=True,
    sqlite_where=turns.c.state == "running",
    postgresql_where=turns.c.state == "running",
)
Index("turns_thread", turns.c.team, turns.c.channel, turns.c.thread_ts)
Index("turns_closed", turns.c.closed_at)
Index(
    "turns_joined",
    turns.c.joined_to,
    sqlite_where=turns.c.joined_to.is_not(None),
    postgresql_where=turns.c.joined_to.is_not(None),
)

threads = Table(
    "threads",
    metadata,
    Column("team", String(32)),
    Column("channel", String(32)),
    Column("thread_ts", String(32)),
    Column("read_at", Float, nullable=False, comment="When its earlier messages were read"),
    Column("left_at", Float, comment="When we were asked to leave; null where we are taking part"),
    PrimaryKeyConstraint("team", "channel", "thread_ts"),
)

messages = Table(
    "messages",
    metadata,
    Column("team", String(32)),
    Column("channel", String(32)),
    Column("ts", String(32)),
    Column("thread_ts", String(32), nullable=False),
    Column("place", String(32), nullable=False, comment="Its ts; an answer's is its question's"),
    Column("role", String(16), nullable=False),
    Column("author", String(32), nullable=False, server_default=text("''")),
    Column("author_name", AnyText(255), nullable=False, server_default=text("''")),
    Column("text", AnyText, nullable=False),
    Column("files", JSON, nullable=False),
    Column("recorded_at", Float, nullable=False),
    PrimaryKeyConstraint("team", "channel", "ts"),
)
Index(
    "messages_thread",
    messages.c.team,
    messages.c.channel,
    messages.c.thread_ts,
    messages.c.place,
    messages.c.ts,
)
Index(
    "messages_people",
    messages.c.team,
    messages.c.channel,
    messages.c.thread_ts,
    messages.c.role,
    messages.c.author,
    messages.c.place,
)
Index("messages_recorded", messages.c.recorded_at)
Index("messages_author", messages.c.team, messages.c.author, messages.c.recorded_at)

traces = Table(
    "traces",
    metadata,
    Column("turn_id", String(32), primary_key=True),
    Column("team", String(32), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("thread_ts", String(32), nullable=False),
    Column("answer_ts", String(32), nullable=False, comment="The message that bears the button"),
    Column("reasoning", AnyText, nullable=False),
    Column("shown", JSON, nullable=False, comment="What was posted to show it; [] when hidden"),
    Column("seconds", Float, nullable=False, server_default=text("0")),
    Column("prompt_tokens", Integer, nullable=False, server_default=text("0")),
    Column("completion_tokens", Integer, nullable=False, server_default=text("0")),
    Column("model", AnyText(255), nullable=False, server_default=text("''")),
    Column("parts", JSON, nullable=False, server_default=text("'[]'")),
    Column("recorded_at", Float, nullable=False),
)
Index("traces_recorded", traces.c.recorded_at)
Index("traces_answer", traces.c.team, traces.c.channel, traces.c.answer_ts)

contents = Table(
    "contents",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("team", String(32), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("kind", AnyText(64), nullable=False),
    Column("unit", AnyText(16), nullable=False),
    Column("total_pages", Integer, nullable=False),
    Column("read_pages", Integer, nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("notes", JSON, nullable=False),
    Column("whole", Boolean, nullable=False, comment="All passages are there; else it is not used"),
    Column("recorded_at", Float, nullable=False, comment="When it was last added to"),
    # The number of a content that is gone is not given to another, whom its writer might meet.
    sqlite_autoincrement=True,
)
Index(
    "contents_whole",
    contents.c.team,
    contents.c.digest,
    unique=True,
    sqlite_where=text("whole = 1"),  # as queries put it, or SQLite does not use it
    postgresql_where=contents.c.whole,
)

passages = Table(
    "passages",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("team", String(32), nullable=False),
    Column("content", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    Column("page", Integer, nullable=False),
    Column("piece", Integer, nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("label", AnyText, nullable=False),
    Column("text", AnyText, nullable=False),
    Column("terms", LEXEMES, nullable=False),
)
Index(
    "passages_content",
    passages.c.team,
    passages.c.content,
    passages.c.page,
    passages.c.piece,
    unique=True,
)
Index(
    "passages_terms",
    passages.c.terms,
    postgresql_using="gin",
    # What is pending in the index would be gone through at every search.
    postgresql_with={"fastupdate": "off"},
).ddl_if("postgresql")
for statement in FTS5_DDL:
    ddl = DDL(statement)  # type: ignore[no-untyped-call]  # SQLAlchemy left its context untyped
    event.listen(passages, "after_create", ddl.execute_if("sqlite"))

documents = Table(
    "documents",
    metadata,
    Column("team", String(32)),
    Column("file_id", String(64)),
    Column("source", String(32), nullable=False, comment="The file that was shared; it holds this"),
    Column("digest", String(64), nullable=False, comment="Names its content"),
    Column("name", AnyText, nullable=False),
    Column("permalink", AnyText, nullable=False, server_default=text("''")),
    Column("recorded_at", Float, nullable=False, comment="When it was last shared"),
    PrimaryKeyConstraint("team", "file_id"),
)
Index("documents_source", documents.c.team, documents.c.source)
Index("documents_digest", documents.c.team, documents.c.digest)
Index("documents_recorded", documents.c.recorded_at)

thread_documents = Table(
    "thread_documents",
    metadata,
    Column("team", String(32)),
    Column("channel", String(32)),
    Column("thread_ts", String(32)),
    Column("file_id", String(64)),
    Column("position", Integer, nullable=False, comment="Order of sharing"),
    PrimaryKeyConstraint("team", "channel", "thread_ts", "file_id"),
)
Index("thread_documents_file", thread_documents.c.team, thread_documents.c.file_id)

part_notes = Table(
    "part_notes",
    metadata,
    Column("team", String(32)),
    Column("digest", String(64)),
    Column("key", String(64)),
    Column("notes", AnyText, nullable=False),
    Column("recorded_at", Float, nullable=False),
    PrimaryKeyConstraint("team", "digest", "key"),
)

preferences = Table(
    "preferences",
    metadata,
    Column("team", String(32)),
    Column("kind", String(16), comment="person, channel or workspace"),
    Column("subject", String(32), comment="Whose: a user's, a channel's or the team's id"),
    Column("chosen", JSON, nullable=False),
    Column("changed_at", Float, nullable=False),
    PrimaryKeyConstraint("team", "kind", "subject"),
)

usage = Table(
    "usage",
    metadata,
    Column("team", String(32)),
    Column("person", String(32)),
    Column("month", String(16), comment="2026-11, in UTC"),
    Column("answers", Integer, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    PrimaryKeyConstraint("team", "month", "person"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("team", String(32)),
    Column("turn_id", String(32)),
    Column("person", String(32)),
    Column("verdict", String(16), nullable=False, comment="good or bad"),
    Column("reason", AnyText, nullable=False),
    Column("channel", String(32), nullable=False),
    Column("thread_ts", String(32), nullable=False),
    Column("answer_ts", String(32), nullable=False),
    Column("given_at", Float, nullable=False),
    PrimaryKeyConstraint("team", "turn_id", "person"),
)
Index("feedback_given", feedback.c.given_at)

greetings = Table(
    "greetings",
    metadata,
    Column("team", String(32)),
    Column("place", String(32), comment="The channel or the person that was welcomed"),
    Column("greeted_at", Float, nullable=False),
    PrimaryKeyConstraint("team", "place"),
)

viewing = Table(
    "viewing",
    metadata,
    Column("team", String(32)),
    Column("person", String(32)),
    Column("channel", String(32), nullable=False, comment="What they look at beside our DM"),
    Column("changed_at", Float, nullable=False),
    PrimaryKeyConstraint("team", "person"),
)

installations = Table(
    "installations",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("name", AnyText, nullable=False, comment="The workspace's"),
    Column("bot_user_id", String(32), nullable=False),
    Column("bot_id", String(32), nullable=False),
    Column("bot_token", Text, nullable=False),
    Column("installed_at", Float, nullable=False),
)

install_states = Table(
    "install_states",
    metadata,
    Column("state", String(64), primary_key=True),
    Column("expires_at", Float, nullable=False),
    comment="Installations under way; of no team yet",
)
