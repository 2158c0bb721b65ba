"""Regulators' accounts and what editors were told of them. No account is ever deleted, and no id is given twice.

Instants are whole milliseconds since the epoch. Names are in the singular, like the register's: the agenda may live in
the same database.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

regulator = sa.Table(
    "regulator",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("value", sa.String(64), nullable=False),
    sa.Column("key", sa.String(64), nullable=False),  # the value with the case of a UUID left out
    sa.Column("family", sa.Text, nullable=False),
    sa.Column("given", sa.Text, nullable=False),
    sa.Column("prefix", sa.Text),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("email_key", sa.Text, nullable=False),  # the address with the case left out
    sa.Column("territory", sa.Text, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("password_hash", sa.Text),
    sa.UniqueConstraint("kind", "key", name="uq_regulator_kind_key"),
    sa.UniqueConstraint("email_key", name="uq_regulator_email_key"),
)

former_identifier = sa.Table(
    "regulator_former_identifier",
    metadata,
    sa.Column("kind", sa.String(8), primary_key=True),
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("regulator_id", _id, sa.ForeignKey("regulator.id"), nullable=False, index=True),
)

# Rows are only added. `before` and `after` are the account as JSON, without its password.
change = sa.Table(
    "regulator_change",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("regulator_id", _id, sa.ForeignKey("regulator.id"), nullable=False, index=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("before", sa.Text),
    sa.Column("after", sa.Text, nullable=False),
)

# An editor is named by its id only: those of the configuration have no row.
provision = sa.Table(
    "regulator_provision",
    metadata,
    sa.Column("regulator_id", _id, sa.ForeignKey("regulator.id"), primary_key=True),
    sa.Column("editor_id", sa.String(64), primary_key=True),
    sa.Column("known_kind", sa.String(8)),
    sa.Column("known_value", sa.String(64)),
    sa.Column("doubt_kind", sa.String(8)),
    sa.Column("doubt_value", sa.String(64)),
    sa.Column("told", sa.String(64)),
    sa.Column("told_at", sa.BigInteger),
    sa.Column("told_active", sa.Boolean, nullable=False),
    sa.Column("parked", sa.String(64)),
    sa.Column("due", sa.BigInteger),
    sa.Column("forced", sa.Integer, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("queued", sa.Text),
    sa.Column("queued_due", sa.BigInteger),
    sa.Column("lease", sa.String(32)),  # who is sending
    sa.Column("lease_until", sa.BigInteger),
    sa.Index("ix_regulator_provision_editor_id_due", "editor_id", "due"),
)

# What every worker asks each second. Hardly a row has an instant to be sent at, so both are small.
due_provisions = sa.Index(
    "ix_regulator_provision_due",
    provision.c.due,
    postgresql_where=provision.c.due.isnot(None),
    sqlite_where=provision.c.due.isnot(None),
)
queued_provisions = sa.Index(
    "ix_regulator_provision_queued_due",
    provision.c.queued_due,
    postgresql_where=provision.c.queued_due.isnot(None),
    sqlite_where=provision.c.queued_due.isnot(None),
)

attempt = sa.Table(
    "regulator_attempt",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("regulator_id", _id, sa.ForeignKey("regulator.id"), nullable=False),
    sa.Column("editor_id", sa.String(64), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("operation", sa.String(16), nullable=False),
    sa.Column("method", sa.String(8), nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("duration", sa.Integer),
    sa.Column("status", sa.Integer),
    sa.Column("location", sa.Text),
    sa.Column("detail", sa.Text),
    sa.Index("ix_regulator_attempt_regulator_id_editor_id", "regulator_id", "editor_id"),
)
