"""Regulators' accounts, what editors were told of them, and each attempt to tell."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "regulator",
        sa.Column("id", _id, primary_key=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("value", sa.String(64), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("family", sa.Text, nullable=False),
        sa.Column("given", sa.Text, nullable=False),
        sa.Column("prefix", sa.Text),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("email_key", sa.Text, nullable=False),
        sa.Column("territory", sa.Text, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.UniqueConstraint("kind", "key", name="uq_regulator_kind_key"),
        sa.UniqueConstraint("email_key", name="uq_regulator_email_key"),
    )
    op.create_table(
        "regulator_former_identifier",
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("regulator_id", _id, sa.ForeignKey("regulator.id"), nullable=False),
    )
    op.create_index("ix_regulator_former_identifier_regulator_id", "regulator_former_identifier", ["regulator_id"])
    op.create_table(
        "regulator_change",
        sa.Column("id", _id, primary_key=True),
        sa.Column("regulator_id", _id, sa.ForeignKey("regulator.id"), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text, nullable=False),
    )
    op.create_index("ix_regulator_change_regulator_id", "regulator_change", ["regulator_id"])
    op.create_table(
        "regulator_provision",
        sa.Column("regulator_id", _id, sa.ForeignKey("regulator.id"), primary_key=True),
        sa.Column("editor_id", sa.String(64), primary_key=True),
        sa.Column("known_kind", sa.String(8)),
        sa.Column("known_value", sa.String(64)),
        sa.Column("doubt_kind", sa.String(8)),
        sa.Column("doubt_value", sa.String(64)),
        sa.Column("told", sa.String(64)),
        sa.Column("told_at", sa.BigInteger),
        sa.Column("told_active", sa.Boolean, nullable=False),
        sa.Column("parked", sa.String(64)),
        sa.Column("due", sa.BigInteger),
        sa.Column("forced", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("queued", sa.Text),
        sa.Column("queued_due", sa.BigInteger),
        sa.Column("lease", sa.String(32)),
        sa.Column("lease_until", sa.BigInteger),
    )
    op.create_index("ix_regulator_provision_editor_id_due", "regulator_provision", ["editor_id", "due"])
    op.create_table(
        "regulator_attempt",
        sa.Column("id", _id, primary_key=True),
        sa.Column("regulator_id", _id, sa.ForeignKey("regulator.id"), nullable=False),
        sa.Column("editor_id", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("operation", sa.String(16), nullable=False),
        sa.Column("method", sa.String(8), nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("duration", sa.Integer),
        sa.Column("status", sa.Integer),
        sa.Column("location", sa.Text),
        sa.Column("detail", sa.Text),
    )
    op.create_index("ix_regulator_attempt_regulator_id_editor_id", "regulator_attempt", ["regulator_id", "editor_id"])


def downgrade() -> None:
    for table in (
        "regulator_attempt",
        "regulator_provision",
        "regulator_change",
        "regulator_former_identifier",
        "regulator",
    ):
        op.drop_table(table)
