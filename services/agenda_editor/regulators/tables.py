"""The tables of regulators' accounts. No account is ever deleted, and no id is given twice."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

regulators = sa.Table(
    "regulators",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("value", sa.String(64), nullable=False),
    sa.Column("key", sa.String(64), nullable=False, index=True),  # the value with the case of a UUID left out
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("family", sa.Text, nullable=False),
    sa.Column("given", sa.Text, nullable=False),
    sa.Column("prefix", sa.Text),
    sa.Column("email", sa.Text, nullable=False),
)

active_identifiers = sa.Index(
    "ix_regulators_active_identifier",
    regulators.c.kind,
    regulators.c.key,
    unique=True,
    postgresql_where=regulators.c.active,
    sqlite_where=regulators.c.active,
)

# The identifiers accounts had, each until another account gets it: what arrives late under one finds its account.
former_identifiers = sa.Table(
    "regulator_former_identifiers",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(8), primary_key=True),
    sa.Column("value", sa.String(64), nullable=False),
    sa.Column("regulator_id", _id, sa.ForeignKey("regulators.id"), nullable=False),
)

# Rows are only added. `before` and `after` are the account as JSON.
changes = sa.Table(
    "regulator_changes",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("regulator_id", _id, sa.ForeignKey("regulators.id"), nullable=False, index=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("operation", sa.String(8), nullable=False),
    sa.Column("before", sa.Text),
    sa.Column("after", sa.Text, nullable=False),
)
