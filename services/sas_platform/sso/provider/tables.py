"""Codes and tokens that were given. Instants are whole milliseconds since the epoch, secrets are hashed."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

code = sa.Table(
    "sign_on_code",
    metadata,
    sa.Column("code_hash", sa.String(64), primary_key=True),
    sa.Column("session_id", sa.String(36), nullable=False),
    sa.Column("client_id", sa.String(64), nullable=False),
    sa.Column("redirect_uri", sa.Text, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("nonce", sa.Text),
    sa.Column("acr", sa.Text, nullable=False),
    sa.Column("challenge", sa.String(128), nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False, index=True),
    sa.Column("used", sa.BigInteger),
)

token = sa.Table(
    "sign_on_token",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("family", sa.String(64), nullable=False, index=True),
    sa.Column("session_id", sa.String(36), nullable=False),
    sa.Column("client_id", sa.String(64), nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("nonce", sa.Text),
    sa.Column("acr", sa.Text, nullable=False),
    sa.Column("refresh_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("issued", sa.BigInteger, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False),
    sa.Column("refresh_expires", sa.BigInteger, nullable=False, index=True),
    sa.Column("refreshed", sa.BigInteger),
    sa.Column("revoked", sa.BigInteger),
)
