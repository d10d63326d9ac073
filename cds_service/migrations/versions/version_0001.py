"""Which tokens have been used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "used_tokens",
        sa.Column("token", sa.LargeBinary(32), primary_key=True, comment="digest of iss and jti"),
        sa.Column("until", sa.BigInteger, nullable=False, comment="Unix time of its expiry"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_used_tokens_until", "used_tokens", ["until"])
