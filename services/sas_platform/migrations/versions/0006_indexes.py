"""Indexes of what is asked each second, of sessions that are over, and of an appointment's messages in order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("due", "queued_due"):
        there = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            f"ix_regulator_provision_{column}",
            "regulator_provision",
            [column],
            postgresql_where=there,
            sqlite_where=there,
        )
    op.create_index("ix_sign_on_session_opened", "sign_on_session", ["opened"])
    op.create_index("ix_appointment_report_appointment_id_id", "appointment_report", ["appointment_id", "id"])
    op.drop_index("ix_appointment_report_appointment_id", "appointment_report")


def downgrade() -> None:
    op.create_index("ix_appointment_report_appointment_id", "appointment_report", ["appointment_id"])
    op.drop_index("ix_appointment_report_appointment_id_id", "appointment_report")
    op.drop_index("ix_sign_on_session_opened", "sign_on_session")
    for column in ("queued_due", "due"):
        op.drop_index(f"ix_regulator_provision_{column}", "regulator_provision")
