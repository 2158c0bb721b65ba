"""The tables of appointments, of their patients, of what happened to them, and of what the platform is told.

Nothing refers to the tables of agendas: a data set that is put in afresh empties those, and appointments stay.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

appointments = sa.Table(
    "appointments",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("key", sa.String(36), nullable=False, unique=True),
    sa.Column("regulator_id", sa.BigInteger, nullable=False),
    sa.Column("schedule_id", sa.BigInteger, nullable=False),
    sa.Column("slot_id", sa.BigInteger),
    sa.Column("practitioner_national_id", sa.String(12), nullable=False),
    sa.Column("practitioner_name", sa.Text, nullable=False),
    sa.Column("place_name", sa.Text, nullable=False),
    sa.Column("start", sa.BigInteger, nullable=False),
    sa.Column("end", sa.BigInteger, nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("changed_at", sa.BigInteger, nullable=False),
    sa.Column("association_national_id", sa.String(15)),  # of a SOS Médecins association, else absent
    sa.Column("messages", sa.Integer, nullable=False),  # how many the platform is told so far: numbers the next one
    sa.Index("ix_appointments_regulator_id_id", "regulator_id", "id"),
    sa.Index("ix_appointments_schedule_id_start", "schedule_id", "start"),
    sa.Index("ix_appointments_start", "start"),
)

# Behind the status of the slot itself: no slot has two appointments that are still meant.
held_slots = sa.Index(
    "ix_appointments_held_slot",
    appointments.c.slot_id,
    unique=True,
    postgresql_where=appointments.c.status != "cancelled",
    sqlite_where=appointments.c.status != "cancelled",
)

# Apart from all that is sent: no query of the outbox reads this table.
patients = sa.Table(
    "patients",
    metadata,
    sa.Column("appointment_id", _id, sa.ForeignKey("appointments.id"), primary_key=True, autoincrement=False),
    sa.Column("family", sa.Text, nullable=False),
    sa.Column("given", sa.Text, nullable=False),
    sa.Column("birth_date", sa.Date),
    sa.Column("phone", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)

# Rows are only added.
changes = sa.Table(
    "appointment_changes",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("appointment_id", _id, sa.ForeignKey("appointments.id"), nullable=False, index=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("change", sa.String(10), nullable=False),
    sa.Column("status_before", sa.String(10)),
    sa.Column("status_after", sa.String(10), nullable=False),
)

# The outbox. `attempts` grows when a worker takes the message, so that it also counts the one that died with it;
# `leased_until` keeps others away meanwhile. `outage`: the last attempt failed because nobody was there, not because of
# this message.
messages = sa.Table(
    "appointment_messages",
    metadata,
    sa.Column("id", _id, primary_key=True),
    sa.Column("appointment_id", _id, sa.ForeignKey("appointments.id"), nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("next_attempt_at", sa.BigInteger),
    sa.Column("leased_until", sa.BigInteger),
    sa.Column("last_attempt_at", sa.BigInteger),
    sa.Column("last_answer", sa.Text, nullable=False),
    sa.Column("outage", sa.Boolean, nullable=False),
    sa.UniqueConstraint("appointment_id", "sequence"),
    sa.Index("ix_appointment_messages_state_id", "state", "id"),
)

due_messages = sa.Index(
    "ix_appointment_messages_due",
    messages.c.next_attempt_at,
    messages.c.id,
    postgresql_where=messages.c.state == "pending",
    sqlite_where=messages.c.state == "pending",
)

# What the order of an appointment's messages is asked of.
unsettled_messages = sa.Index(
    "ix_appointment_messages_unsettled",
    messages.c.appointment_id,
    messages.c.sequence,
    postgresql_where=messages.c.state == "pending",
    sqlite_where=messages.c.state == "pending",
)

# What is forgotten some weeks after the platform accepted it.
accepted_messages = sa.Index(
    "ix_appointment_messages_accepted",
    messages.c.last_attempt_at,
    messages.c.id,
    postgresql_where=messages.c.state == "accepted",
    sqlite_where=messages.c.state == "accepted",
)
