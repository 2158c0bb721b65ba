"""Which searches an editor answers, and which SOS Médecins associations use it; where an appointment is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("editor", sa.Column("searches", sa.String(60), nullable=False, server_default="practitioners"))
    op.add_column("editor", sa.Column("associations", sa.Text, nullable=False, server_default=""))
    op.add_column("reported_appointment", sa.Column("structure", sa.String(64)))
    op.add_column("appointment_report", sa.Column("structure", sa.String(64)))


def downgrade() -> None:
    op.drop_column("appointment_report", "structure")
    op.drop_column("reported_appointment", "structure")
    op.drop_column("editor", "associations")
    op.drop_column("editor", "searches")
