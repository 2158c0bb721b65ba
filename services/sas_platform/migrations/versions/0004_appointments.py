"""Appointments that editors report, and every message about them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "reported_appointment",
        sa.Column("id", _id, primary_key=True),
        sa.Column("system", sa.String(255), nullable=False),
        sa.Column("value", sa.String(255), nullable=False),
        sa.Column("regulator_id", _id, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("end", sa.BigInteger, nullable=False),
        sa.Column("created", sa.BigInteger),
        sa.Column("practitioner", sa.String(64)),
        sa.Column("category", sa.String(8)),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("change", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("system", "value", name="uq_reported_appointment_system_value"),
    )
    op.create_index("ix_reported_appointment_regulator_id_change", "reported_appointment", ["regulator_id", "change"])
    op.create_table(
        "appointment_report",
        sa.Column("id", _id, primary_key=True),
        sa.Column("appointment_id", _id, sa.ForeignKey("reported_appointment.id"), nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("method", sa.String(8), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("end", sa.BigInteger, nullable=False),
        sa.Column("created", sa.BigInteger),
        sa.Column("practitioner", sa.String(64)),
        sa.Column("category", sa.String(8)),
        sa.Column("changes", sa.String(80), nullable=False),
        sa.Column("oddity", sa.String(16)),
        sa.Column("status_before", sa.String(16)),
        sa.Column("start_before", sa.BigInteger),
    )
    op.create_index("ix_appointment_report_appointment_id", "appointment_report", ["appointment_id"])


def downgrade() -> None:
    op.drop_table("appointment_report")
    op.drop_table("reported_appointment")
