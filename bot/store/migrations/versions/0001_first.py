"""The tables before there were migrations."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "turns",
        sa.Column("sequence", sa.Integer, primary_key=True, comment="The order of acceptance"),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("dedupe_key", sa.String(255), nullable=False, unique=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("thread_ts", sa.String(32), nullable=False),
        sa.Column("ts", sa.String(32), nullable=False),
        sa.Column(
            "lane", sa.String(255), nullable=False, comment="One turn of a lane runs at a time"
        ),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("state", sa.String(16), nullable=False, comment="queued, running or closed"),
        sa.Column("claims", sa.Integer, nullable=False, comment="How often it was begun"),
        sa.Column("failures", sa.Integer, nullable=False, comment="Claims that ended badly"),
        sa.Column("delayed_since", sa.Float, comment="When Slack first did not take its reply"),
        sa.Column("available_at", sa.Float, nullable=False, comment="Seconds since 1970"),
        sa.Column("accepted_at", sa.Float, nullable=False),
        sa.Column("closed_at", sa.Float),
        sa.Column("outcome", sa.String(16)),
        sa.Column("reason", sa.String(255)),
        sa.Column(
            "posted", sa.JSON, nullable=False, comment="The ts of what was posted for it, in order"
        ),
    )
    op.create_index(
        "turns_live",
        "turns",
        ["lane", "ts", "sequence"],
        sqlite_where=sa.text("state != 'closed'"),
        postgresql_where=sa.text("state != 'closed'"),
    )
    op.create_index(
        "turns_one_running",
        "turns",
        ["lane"],
        unique=True,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index("turns_thread", "turns", ["team", "channel", "thread_ts"])
    op.create_index("turns_closed", "turns", ["closed_at"])

    op.create_table(
        "threads",
        sa.Column("team", sa.String(32)),
        sa.Column("channel", sa.String(32)),
        sa.Column("thread_ts", sa.String(32)),
        sa.Column(
            "read_at", sa.Float, nullable=False, comment="When its earlier messages were read"
        ),
        sa.PrimaryKeyConstraint("team", "channel", "thread_ts"),
    )

    op.create_table(
        "messages",
        sa.Column("team", sa.String(32)),
        sa.Column("channel", sa.String(32)),
        sa.Column("ts", sa.String(32)),
        sa.Column("thread_ts", sa.String(32), nullable=False),
        sa.Column(
            "place",
            sa.String(32),
            nullable=False,
            comment="Its ts; an answer's is its question's",
        ),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("author", sa.String(32), nullable=False, server_default=sa.text("''")),
        sa.Column("author_name", sa.String(255), nullable=False, server_default=sa.text("''")),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("recorded_at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("team", "channel", "ts"),
    )
    op.create_index("messages_thread", "messages", ["team", "channel", "thread_ts", "place", "ts"])
    op.create_index("messages_recorded", "messages", ["recorded_at"])

    op.create_table(
        "traces",
        sa.Column("turn_id", sa.String(32), primary_key=True),
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("thread_ts", sa.String(32), nullable=False),
        sa.Column(
            "answer_ts",
            sa.String(32),
            nullable=False,
            comment="The message that bears the button",
        ),
        sa.Column("reasoning", sa.Text, nullable=False),
        sa.Column(
            "shown",
            sa.JSON,
            nullable=False,
            comment="What was posted to show it; [] when hidden",
        ),
        sa.Column("recorded_at", sa.Float, nullable=False),
    )
    op.create_index("traces_recorded", "traces", ["recorded_at"])

    op.create_table(
        "documents",
        sa.Column("team", sa.String(32)),
        sa.Column("file_id", sa.String(32)),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("total_pages", sa.Integer, nullable=False),
        sa.Column("notes", sa.JSON, nullable=False),
        sa.Column("recorded_at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("team", "file_id"),
    )
    op.create_index("documents_recorded", "documents", ["recorded_at"])

    op.create_table(
        "pages",
        sa.Column("team", sa.String(32)),
        sa.Column("file_id", sa.String(32)),
        sa.Column("number", sa.Integer),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("team", "file_id", "number"),
    )

    op.create_table(
        "thread_documents",
        sa.Column("team", sa.String(32)),
        sa.Column("channel", sa.String(32)),
        sa.Column("thread_ts", sa.String(32)),
        sa.Column("file_id", sa.String(32)),
        sa.Column("position", sa.Integer, nullable=False, comment="Order of sharing"),
        sa.PrimaryKeyConstraint("team", "channel", "thread_ts", "file_id"),
    )

    op.create_table(
        "installations",
        sa.Column("team", sa.String(32), primary_key=True),
        sa.Column("name", sa.Text, nullable=False, comment="The workspace's"),
        sa.Column("bot_user_id", sa.String(32), nullable=False),
        sa.Column("bot_id", sa.String(32), nullable=False),
        sa.Column("bot_token", sa.Text, nullable=False),
        sa.Column("installed_at", sa.Float, nullable=False),
    )

    op.create_table(
        "install_states",
        sa.Column("state", sa.String(64), primary_key=True),
        sa.Column("expires_at", sa.Float, nullable=False),
        comment="Installations under way; of no team yet",
    )
