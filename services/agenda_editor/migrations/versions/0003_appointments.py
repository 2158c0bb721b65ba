"""Appointments, their patients, what happened to them, and the outbox towards the platform."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "appointments",
        sa.Column("id", _id, nullable=False),
        sa.Column("key", sa.String(36), nullable=False),
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
        sa.Column("messages", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_appointments"),
        sa.UniqueConstraint("key", name="uq_appointments_key"),
    )
    op.create_index("ix_appointments_regulator_id_id", "appointments", ["regulator_id", "id"])
    op.create_index("ix_appointments_schedule_id_start", "appointments", ["schedule_id", "start"])
    op.create_index("ix_appointments_start", "appointments", ["start"])
    op.create_index(
        "ix_appointments_held_slot",
        "appointments",
        ["slot_id"],
        unique=True,
        postgresql_where=sa.text("status != 'cancelled'"),
        sqlite_where=sa.text("status != 'cancelled'"),
    )
    op.create_table(
        "patients",
        sa.Column("appointment_id", _id, nullable=False, autoincrement=False),
        sa.Column("family", sa.Text, nullable=False),
        sa.Column("given", sa.Text, nullable=False),
        sa.Column("birth_date", sa.Date),
        sa.Column("phone", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("appointment_id", name="pk_patients"),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointments.id"], name="fk_patients_appointment_id"),
    )
    op.create_table(
        "appointment_changes",
        sa.Column("id", _id, nullable=False),
        sa.Column("appointment_id", _id, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("change", sa.String(10), nullable=False),
        sa.Column("status_before", sa.String(10)),
        sa.Column("status_after", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_appointment_changes"),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointments.id"], name="fk_appointment_changes_appointment_id"),
    )
    op.create_index("ix_appointment_changes_appointment_id", "appointment_changes", ["appointment_id"])
    op.create_table(
        "appointment_messages",
        sa.Column("id", _id, nullable=False),
        sa.Column("appointment_id", _id, nullable=False),
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
        sa.PrimaryKeyConstraint("id", name="pk_appointment_messages"),
        sa.UniqueConstraint("appointment_id", "sequence", name="uq_appointment_messages_appointment_id_sequence"),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointments.id"], name="fk_appointment_messages_appointment_id"),
    )
    op.create_index("ix_appointment_messages_state_id", "appointment_messages", ["state", "id"])
    pending = sa.text("state = 'pending'")
    op.create_index(
        "ix_appointment_messages_due",
        "appointment_messages",
        ["next_attempt_at", "id"],
        postgresql_where=pending,
        sqlite_where=pending,
    )
    op.create_index(
        "ix_appointment_messages_unsettled",
        "appointment_messages",
        ["appointment_id", "sequence"],
        postgresql_where=pending,
        sqlite_where=pending,
    )


def downgrade() -> None:
    op.drop_table("appointment_messages")
    op.drop_table("appointment_changes")
    op.drop_table("patients")
    op.drop_table("appointments")
