"""Calls, cards, suggestions, what rules said, and what became of the cards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False, comment="Unix time in milliseconds"),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("hook", sa.String(64), nullable=False),
        sa.Column("client", sa.String(200)),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("content", sa.String(64), nullable=False, comment="version of the content"),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("milliseconds", sa.Float, nullable=False),
        sa.Column("callbacks", sa.SmallInteger, nullable=False),
        sa.Column(
            "unread", sa.String(400), nullable=False, comment="key:state, with blanks between"
        ),
    )
    op.create_index("ix_calls_at", "calls", ["at"])
    op.create_table(
        "cards",
        sa.Column("uuid", sa.String(36), primary_key=True),
        sa.Column("call", sa.String(36), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("indicator", sa.String(16), nullable=False),
        sa.Column("subject", sa.LargeBinary(32), comment="keyed hash of patient and user"),
        sa.Column("encounter", sa.LargeBinary(32), comment="keyed hash"),
        sa.Column("orders", sa.LargeBinary(32), comment="keyed hash of the orders it is about"),
        sa.Column("basis", sa.LargeBinary, comment="keyed hash of the values that end its quiet"),
    )
    for name in ("call", "at"):
        op.create_index(f"ix_cards_{name}", "cards", [name])
    op.create_index("ix_cards_subject_at", "cards", ["subject", "at"])
    op.create_table(
        "suggestions",
        sa.Column("uuid", sa.String(36), primary_key=True),
        sa.Column("card", sa.String(36), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    for name in ("card", "at"):
        op.create_index(f"ix_suggestions_{name}", "suggestions", [name])
    op.create_table(
        "evaluations",
        sa.Column("call", sa.String(36), primary_key=True),
        sa.Column("rule", sa.String(64), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("truth", sa.String(8), nullable=False, comment="true, unknown, error"),
        sa.Column("shown", sa.String(8), nullable=False, comment="card, line, held, silent, no"),
        sa.Column("card", sa.String(36), comment="the card that shows it"),
    )
    op.create_index("ix_evaluations_at", "evaluations", ["at"])
    op.create_table(
        "missing",
        sa.Column("call", sa.String(36), primary_key=True),
        sa.Column("rule", sa.String(64), primary_key=True),
        sa.Column("input", sa.String(64), primary_key=True, comment="id of a concept"),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_missing_at", "missing", ["at"])
    op.create_table(
        "outcomes",
        sa.Column(
            "digest",
            sa.LargeBinary(32),
            primary_key=True,
            comment="of the entry: sent again, one row",
        ),
        sa.Column("card", sa.String(36), nullable=False),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("client", sa.String(200)),
        sa.Column("outcome", sa.String(16), nullable=False, comment="accepted, overridden"),
        sa.Column("at", sa.BigInteger, nullable=False, comment="outcomeTimestamp"),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.Column("reason_system", sa.String(200)),
        sa.Column("reason_code", sa.String(64), comment="one of ours, or `unlisted`"),
        sa.Column(
            "commented", sa.Boolean, nullable=False, comment="a comment came; it is not kept"
        ),
    )
    for name in ("card", "at"):
        op.create_index(f"ix_outcomes_{name}", "outcomes", [name])
    op.create_table(
        "accepted",
        sa.Column("outcome", sa.LargeBinary(32), primary_key=True),
        sa.Column("suggestion", sa.String(36), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_accepted_at", "accepted", ["at"])
