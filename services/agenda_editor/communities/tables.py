"""The table of CPTS. Slots name theirs by number; nothing refers to it, so that a data set can be put in afresh."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

communities = sa.Table(
    "communities",
    metadata,
    # Never given twice: a slot may still name one that is gone.
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("finess", sa.String(9), nullable=False, unique=True),
    sa.Column("phone", sa.Text),
    sa.Column("source", sa.String(64), index=True),
)
