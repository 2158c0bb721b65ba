"""Signing keys. Instants are whole milliseconds since the epoch."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

key = sa.Table(
    "sign_on_key",
    metadata,
    sa.Column("kid", sa.String(64), primary_key=True),
    sa.Column("pem", sa.Text, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("retired", sa.BigInteger),  # the one without signs
)
