"""Preferences, usage, feedback, greetings, what people look at; more about each trace."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column(
        "threads",
        sa.Column(
            "left_at",
            sa.Float,
            comment="When we were asked to leave; null where we are taking part",
        ),
    )
    op.create_index("messages_author", "messages", ["team", "author", "recorded_at"])
    for name in ("prompt_tokens", "completion_tokens"):
        op.add_column(
            "traces", sa.Column(name, sa.Integer, nullable=False, server_default=sa.text("0"))
        )
    op.add_column(
        "traces", sa.Column("seconds", sa.Float, nullable=False, server_default=sa.text("0"))
    )
    op.add_column(
        "traces", sa.Column("model", sa.String(255), nullable=False, server_default=sa.text("''"))
    )
    op.add_column(
        "traces", sa.Column("parts", sa.JSON, nullable=False, server_default=sa.text("'[]'"))
    )
    op.add_column(
        "documents", sa.Column("permalink", sa.Text, nullable=False, server_default=sa.text("''"))
    )
    op.create_table(
        "preferences",
        sa.Column("team", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True, comment="person, channel or workspace"),
        sa.Column(
            "subject",
            sa.String(32),
            primary_key=True,
            comment="Whose: a user's, a channel's or the team's id",
        ),
        sa.Column("chosen", sa.JSON, nullable=False),
        sa.Column("changed_at", sa.Float, nullable=False),
    )
    op.create_table(
        "usage",
        sa.Column("team", sa.String(32), primary_key=True),
        sa.Column("month", sa.String(16), primary_key=True, comment="2026-11, in UTC"),
        sa.Column("person", sa.String(32), primary_key=True),
        sa.Column("answers", sa.Integer, nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger, nullable=False),
        sa.Column("completion_tokens", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "feedback",
        sa.Column("team", sa.String(32), primary_key=True),
        sa.Column("turn_id", sa.String(32), primary_key=True),
        sa.Column("person", sa.String(32), primary_key=True),
        sa.Column("verdict", sa.String(16), nullable=False, comment="good or bad"),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("thread_ts", sa.String(32), nullable=False),
        sa.Column("answer_ts", sa.String(32), nullable=False),
        sa.Column("given_at", sa.Float, nullable=False),
    )
    op.create_index("feedback_given", "feedback", ["given_at"])
    op.create_table(
        "greetings",
        sa.Column("team", sa.String(32), primary_key=True),
        sa.Column(
            "place",
            sa.String(32),
            primary_key=True,
            comment="The channel or the person that was welcomed",
        ),
        sa.Column("greeted_at", sa.Float, nullable=False),
    )
    op.create_table(
        "viewing",
        sa.Column("team", sa.String(32), primary_key=True),
        sa.Column("person", sa.String(32), primary_key=True),
        sa.Column(
            "channel", sa.String(32), nullable=False, comment="What they look at beside our DM"
        ),
        sa.Column("changed_at", sa.Float, nullable=False),
    )
