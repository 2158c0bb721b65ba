"""Sign-on: sessions, failed attempts, signing keys, codes and tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "sign_on_session",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("cookie_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("regulator_id", sa.BigInteger, nullable=False),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("opened", sa.BigInteger, nullable=False),
        sa.Column("seen", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.BigInteger),
    )
    op.create_table(
        "sign_on_failure",
        sa.Column("id", _id, primary_key=True),
        sa.Column("login_hash", sa.String(64), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    for name in ("login_hash", "address", "at"):
        op.create_index(f"ix_sign_on_failure_{name}", "sign_on_failure", [name])
    op.create_table(
        "sign_on_key",
        sa.Column("kid", sa.String(64), primary_key=True),
        sa.Column("pem", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("retired", sa.BigInteger),
    )
    op.create_table(
        "sign_on_code",
        sa.Column("code_hash", sa.String(64), primary_key=True),
        sa.Column("session_id", sa.String(36), nullable=False),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("redirect_uri", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("nonce", sa.Text),
        sa.Column("acr", sa.Text, nullable=False),
        sa.Column("challenge", sa.String(128), nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("used", sa.BigInteger),
    )
    op.create_index("ix_sign_on_code_expires", "sign_on_code", ["expires"])
    op.create_table(
        "sign_on_token",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("family", sa.String(64), nullable=False),
        sa.Column("session_id", sa.String(36), nullable=False),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("nonce", sa.Text),
        sa.Column("acr", sa.Text, nullable=False),
        sa.Column("refresh_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("issued", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("refresh_expires", sa.BigInteger, nullable=False),
        sa.Column("refreshed", sa.BigInteger),
        sa.Column("revoked", sa.BigInteger),
    )
    op.create_index("ix_sign_on_token_family", "sign_on_token", ["family"])
    op.create_index("ix_sign_on_token_refresh_expires", "sign_on_token", ["refresh_expires"])


def downgrade() -> None:
    for table in ("sign_on_token", "sign_on_code", "sign_on_key", "sign_on_failure", "sign_on_session"):
        op.drop_table(table)
