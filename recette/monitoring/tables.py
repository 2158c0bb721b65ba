"""Samples of the watch. Rows are only added: triggers refuse everything else. Instants are text in UTC, as elsewhere
in the register's database."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

sample = sa.Table(
    "monitoring_sample",
    metadata,
    sa.Column("project", sa.String(120), primary_key=True),
    sa.Column("at", sa.String(27), primary_key=True),
    sa.Column("probe", sa.String(80), primary_key=True),
    sa.Column("ok", sa.Boolean, nullable=False),
    sa.Column("seconds", sa.Float, nullable=True),
    sa.Column("detail", sa.Text, nullable=False),
)
"""Its primary key begins with project and instant: it is the index by which periods are read, and it makes adding the
same sample twice add nothing."""
