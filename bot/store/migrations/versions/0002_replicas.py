"""What several processes on one database need to know of a turn."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for column in (
        sa.Column("begun_at", sa.Float, comment="When it was last claimed"),
        sa.Column(
            "lease_until", sa.Float, comment="How long the runner has it, by the database's clock"
        ),
        sa.Column(
            "asked", sa.String(16), comment="stop or restart: what is wanted of a running turn"
        ),
        sa.Column("answer", sa.JSON, comment="The finished answer, until it is delivered whole"),
        sa.Column("joined_to", sa.String(32), comment="The turn that answers this one too"),
        sa.Column("heard_at", sa.Float, comment="When the person was last told that it waits"),
        sa.Column(
            "busy",
            sa.Boolean,
            nullable=False,
            server_default=sa.false(),
            comment="It would wait too long: only says so",
        ),
    ):
        op.add_column("turns", column)
    op.create_index(
        "turns_joined",
        "turns",
        ["joined_to"],
        sqlite_where=sa.text("joined_to IS NOT NULL"),
        postgresql_where=sa.text("joined_to IS NOT NULL"),
    )
    op.create_index(
        "messages_people",
        "messages",
        ["team", "channel", "thread_ts", "role", "author", "place"],
    )
    op.create_index("traces_answer", "traces", ["team", "channel", "answer_ts"])
    if op.get_bind().dialect.name == "postgresql":
        # On SQLite an integer key has 64 bits already, and there are no comments.
        op.alter_column("turns", "sequence", type_=sa.BigInteger)
        op.execute("ALTER SEQUENCE turns_sequence_seq AS bigint")
        op.alter_column("turns", "state", comment="queued, running, joined or closed")
