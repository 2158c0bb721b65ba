"""Appointments as editors told them last, and every message about them. Nothing of a patient has a column here.

Instants are whole milliseconds since the epoch. The names say that others made these appointments: the agenda, which
may live in the same database, has tables of its own.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

appointment = sa.Table(
    "reported_appointment",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("system", sa.String(255), nullable=False),
    sa.Column("value", sa.String(255), nullable=False),
    sa.Column("regulator_id", _id, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("start", sa.BigInteger, nullable=False),
    sa.Column("end", sa.BigInteger, nullable=False),
    sa.Column("created", sa.BigInteger),
    sa.Column("practitioner", sa.String(64)),
    sa.Column("category", sa.String(8)),
    sa.Column("structure", sa.String(64)),
    sa.Column("received_at", sa.BigInteger, nullable=False),
    sa.Column("changed_at", sa.BigInteger, nullable=False),
    sa.Column("change", sa.BigInteger, nullable=False),  # the message that changed it last
    sa.UniqueConstraint("system", "value", name="uq_reported_appointment_system_value"),
    sa.Index("ix_reported_appointment_regulator_id_change", "regulator_id", "change"),
)

# Rows are only added; their numbers grow in the order of commits.
message = sa.Table(
    "appointment_report",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("appointment_id", _id, sa.ForeignKey("reported_appointment.id"), nullable=False),
    sa.Column("received_at", sa.BigInteger, nullable=False),
    sa.Column("method", sa.String(8), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("start", sa.BigInteger, nullable=False),
    sa.Column("end", sa.BigInteger, nullable=False),
    sa.Column("created", sa.BigInteger),
    sa.Column("practitioner", sa.String(64)),
    sa.Column("category", sa.String(8)),
    sa.Column("structure", sa.String(64)),
    sa.Column("changes", sa.String(80), nullable=False),  # names separated by blanks: never searched, read whole
    sa.Column("oddity", sa.String(16)),
    sa.Column("status_before", sa.String(16)),
    sa.Column("start_before", sa.BigInteger),
    sa.Index("ix_appointment_report_appointment_id_id", "appointment_id", "id"),
)
