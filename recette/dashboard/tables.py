"""What runs that are going on say of themselves. Rows are replaced and purged: the journal keeps what a run found."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

live_run = sa.Table(
    "live_run",
    metadata,
    sa.Column("project", sa.String(120), primary_key=True),
    sa.Column("session", sa.String(36), primary_key=True),
    sa.Column("started_at", sa.String(27), nullable=False),
    sa.Column("seen_at", sa.String(27), nullable=False),
    sa.Column("finished_at", sa.String(27), nullable=False),
    sa.Column("progress", sa.Text, nullable=False),
)
"""`finished_at` is empty while it goes on. `progress` is JSON (`recette.dashboard.model.Progress`)."""
