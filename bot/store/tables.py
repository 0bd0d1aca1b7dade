"""The schema. Every row carries its team, and every query asks for it."""

from sqlalchemy import (
    JSON,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData()

turns = Table(
    "turns",
    metadata,
    Column("sequence", Integer, primary_key=True, comment="The order of acceptance"),
    Column("id", String(32), nullable=False, unique=True),
    Column("dedupe_key", String(255), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("team", String(32), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("thread_ts", String(32), nullable=False),
    Column("ts", String(32), nullable=False),
    Column("lane", String(255), nullable=False, comment="One turn of a lane runs at a time"),
    Column("payload", JSON, nullable=False),
    Column("state", String(16), nullable=False, comment="queued, running or closed"),
    Column("claims", Integer, nullable=False, default=0, comment="How often it was begun"),
    Column("failures", Integer, nullable=False, default=0, comment="Claims that ended badly"),
    Column("delayed_since", Float, comment="When Slack first did not take its reply"),
    Column("available_at", Float, nullable=False, comment="Seconds since 1970"),
    Column("accepted_at", Float, nullable=False),
    Column("closed_at", Float),
    Column("outcome", String(16)),
    Column("reason", String(255)),
    Column("posted", JSON, nullable=False, comment="The ts of what was posted for it, in order"),
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

threads = Table(
    "threads",
    metadata,
    Column("team", String(32)),
    Column("channel", String(32)),
    Column("thread_ts", String(32)),
    Column("read_at", Float, nullable=False, comment="When its earlier messages were read"),
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
    Column("author_name", String(255), nullable=False, server_default=text("''")),
    Column("text", Text, nullable=False),
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
Index("messages_recorded", messages.c.recorded_at)

traces = Table(
    "traces",
    metadata,
    Column("turn_id", String(32), primary_key=True),
    Column("team", String(32), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("thread_ts", String(32), nullable=False),
    Column("answer_ts", String(32), nullable=False, comment="The message that bears the button"),
    Column("reasoning", Text, nullable=False),
    Column("shown", JSON, nullable=False, comment="What was posted to show it; [] when hidden"),
    Column("recorded_at", Float, nullable=False),
)
Index("traces_recorded", traces.c.recorded_at)

documents = Table(
    "documents",
    metadata,
    Column("team", String(32)),
    Column("file_id", String(32)),
    Column("name", Text, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("unit", String(16), nullable=False),
    Column("total_pages", Integer, nullable=False),
    Column("notes", JSON, nullable=False),
    Column("recorded_at", Float, nullable=False),
    PrimaryKeyConstraint("team", "file_id"),
)
Index("documents_recorded", documents.c.recorded_at)

pages = Table(
    "pages",
    metadata,
    Column("team", String(32)),
    Column("file_id", String(32)),
    Column("number", Integer),
    Column("label", Text, nullable=False),
    Column("text", Text, nullable=False),
    PrimaryKeyConstraint("team", "file_id", "number"),
)

thread_documents = Table(
    "thread_documents",
    metadata,
    Column("team", String(32)),
    Column("channel", String(32)),
    Column("thread_ts", String(32)),
    Column("file_id", String(32)),
    Column("position", Integer, nullable=False, comment="Order of sharing"),
    PrimaryKeyConstraint("team", "channel", "thread_ts", "file_id"),
)

installations = Table(
    "installations",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("name", Text, nullable=False, comment="The workspace's"),
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
