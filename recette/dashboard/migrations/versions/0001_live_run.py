"""Runs that are going on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "live_run",
        sa.Column("project", sa.String(120), primary_key=True),
        sa.Column("session", sa.String(36), primary_key=True),
        sa.Column("started_at", sa.String(27), nullable=False),
        sa.Column("seen_at", sa.String(27), nullable=False),
        sa.Column("finished_at", sa.String(27), nullable=False),
        sa.Column("progress", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("live_run")
