"""An index of what the platform accepted, by when it did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_appointment_messages_accepted",
        "appointment_messages",
        ["last_attempt_at", "id"],
        postgresql_where=sa.text("state = 'accepted'"),
        sqlite_where=sa.text("state = 'accepted'"),
    )


def downgrade() -> None:
    op.drop_index("ix_appointment_messages_accepted", "appointment_messages")
