"""The tables of sign-on. Secrets that browsers hold are kept hashed; passwords as argon2 says."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("cookie_hash", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("account", sa.String(64), nullable=False),
    sa.Column("regulator_role", sa.Boolean, nullable=False),
    sa.Column("opened_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("seen_at", sa.BigInteger, nullable=False),
    sa.Column("id_token", sa.Text),
)

pending_logins = sa.Table(
    "pending_logins",
    metadata,
    sa.Column("state_hash", sa.String(64), primary_key=True),
    sa.Column("browser_hash", sa.String(64), nullable=False),
    sa.Column("nonce", sa.String(64), nullable=False),
    sa.Column("verifier", sa.String(128), nullable=False),
    sa.Column("destination", sa.Text, nullable=False),
    sa.Column("origin", sa.String(64)),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
)

staff = sa.Table(
    "staff",
    metadata,
    sa.Column("login", sa.String(64), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text, nullable=False),
)

login_attempts = sa.Table(
    "login_attempts",
    metadata,
    sa.Column("login_hash", sa.String(64), primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("last_at", sa.BigInteger, nullable=False, index=True),
)

# Rows are only added.
terms_acceptances = sa.Table(
    "terms_acceptances",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("account", sa.String(64), nullable=False),
    sa.Column("version", sa.String(32), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("kind", "account", "version"),
)
