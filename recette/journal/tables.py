"""Entries, and the documents they name by their SHA-256. Rows are only added: triggers refuse everything else.

Instants are text in UTC (`recette.journal.model.instant`), so that what is hashed is what is stored.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

entry = sa.Table(
    "journal_entry",
    metadata,
    sa.Column("project", sa.String(120), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("subject", sa.String(120), nullable=False),
    sa.Column("at", sa.String(27), nullable=False),
    sa.Column("recorded_at", sa.String(27), nullable=False),
    sa.Column("who", sa.String(200), nullable=False),
    sa.Column("party", sa.String(10), nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)

document = sa.Table(
    "journal_document",
    metadata,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("media_type", sa.String(80), nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("recorded_at", sa.String(27), nullable=False),
)
