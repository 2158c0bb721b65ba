"""Sessions of browsers and failed attempts. Instants are whole milliseconds since the epoch, secrets are hashed."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

session = sa.Table(
    "sign_on_session",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("cookie_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("regulator_id", sa.BigInteger, nullable=False),  # negative: a test identity, which is in no table
    sa.Column("csrf", sa.String(64), nullable=False),
    sa.Column("opened", sa.BigInteger, nullable=False, index=True),
    sa.Column("seen", sa.BigInteger, nullable=False),
    sa.Column("ended", sa.BigInteger),
)

failure = sa.Table(
    "sign_on_failure",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("login_hash", sa.String(64), nullable=False, index=True),
    sa.Column("address", sa.String(64), nullable=False, index=True),
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
)
