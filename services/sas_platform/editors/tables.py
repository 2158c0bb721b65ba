"""The one table of the platform. No slot has a place here (agreement ANS-CONV-001, article 9.2)."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

editor = sa.Table(
    "editor",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("base_url", sa.String(500), nullable=False),
    sa.Column("environment", sa.String(20), nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("flows", sa.String(200), nullable=False),  # codes separated by blanks: never searched, always read whole
    sa.Column("tls_ca_file", sa.String(500)),
    sa.Column("tls_certificate_file", sa.String(500)),
    sa.Column("tls_key_file", sa.String(500)),
    sa.Column("searches", sa.String(60), nullable=False),  # as the flows
    sa.Column("associations", sa.Text, nullable=False),  # as the flows
)
