"""The tables of the store: see record.py for what they hold, and migrations/ for how they came.

No patient data: ids of ours, codes of ours, times of calls, keyed hashes.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
)

metadata = MetaData()
used_tokens = Table(
    "used_tokens",
    metadata,
    Column("token", LargeBinary(32), primary_key=True, comment="digest of iss and jti"),
    Column("until", BigInteger, nullable=False, index=True, comment="Unix time of its expiry"),
    sqlite_with_rowid=False,  # One tree instead of two: a digest is all the key there is.
)
calls = Table(
    "calls",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("at", BigInteger, nullable=False, index=True, comment="Unix time in milliseconds"),
    Column("service", String(64), nullable=False),
    Column("hook", String(64), nullable=False),
    Column("client", String(200)),
    Column("mode", String(16), nullable=False),
    Column("content", String(64), nullable=False, comment="version of the content"),
    Column("status", SmallInteger, nullable=False),
    Column("milliseconds", Float, nullable=False),
    Column("callbacks", SmallInteger, nullable=False),
    Column("unread", String(400), nullable=False, comment="key:state, with blanks between"),
)
cards = Table(
    "cards",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("call", String(36), nullable=False, index=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("rule", String(64), nullable=False),
    Column("version", String(32), nullable=False),
    Column("indicator", String(16), nullable=False),
    Column("subject", LargeBinary(32), comment="keyed hash of patient and user"),
    Column("encounter", LargeBinary(32), comment="keyed hash"),
    Column("orders", LargeBinary(32), comment="keyed hash of the orders it is about"),
    Column("basis", LargeBinary, comment="keyed hash of the values that end its quiet"),
    Index("ix_cards_subject_at", "subject", "at"),  # The newest cards of one are asked for.
)
suggestions = Table(
    "suggestions",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("card", String(36), nullable=False, index=True),
    Column("at", BigInteger, nullable=False, index=True),
)
evaluations = Table(
    "evaluations",
    metadata,
    Column("call", String(36), primary_key=True),
    Column("rule", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("version", String(32), nullable=False),
    Column("truth", String(8), nullable=False, comment="true, unknown, error"),
    Column("shown", String(8), nullable=False, comment="card, line, held, silent, no"),
    Column("card", String(36), comment="the card that shows it"),
)
missing = Table(
    "missing",
    metadata,
    Column("call", String(36), primary_key=True),
    Column("rule", String(64), primary_key=True),
    Column("input", String(64), primary_key=True, comment="id of a concept"),
    Column("at", BigInteger, nullable=False, index=True),
)
outcomes = Table(
    "outcomes",
    metadata,
    Column(
        "digest", LargeBinary(32), primary_key=True, comment="of the entry: sent again, one row"
    ),
    Column("card", String(36), nullable=False, index=True),
    Column("service", String(64), nullable=False),
    Column("client", String(200)),
    Column("outcome", String(16), nullable=False, comment="accepted, overridden"),
    Column("at", BigInteger, nullable=False, index=True, comment="outcomeTimestamp"),
    Column("received", BigInteger, nullable=False),
    Column("reason_system", String(200)),
    Column("reason_code", String(64), comment="one of ours, or `unlisted`"),
    Column("commented", Boolean, nullable=False, comment="a comment came; it is not kept"),
)
accepted = Table(
    "accepted",
    metadata,
    Column("outcome", LargeBinary(32), primary_key=True),
    Column("suggestion", String(36), primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
)
