"""Practitioners, places, schedules, slots, and how they were rendered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    counters = op.create_table(
        "counters",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("next", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    op.bulk_insert(counters, [{"name": n, "next": 1} for n in ("practitioner", "place", "schedule", "slot")])
    renderings = op.create_table(
        "renderings",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("stamp", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_renderings"),
    )
    op.bulk_insert(renderings, [{"id": 1, "stamp": ""}])
    op.create_table(
        "practitioners",
        sa.Column("id", _id, autoincrement=False, nullable=False),
        sa.Column("national_id", sa.String(12), nullable=False),
        sa.Column("stored_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("family", sa.Text, nullable=False),
        sa.Column("given", sa.Text, nullable=False),
        sa.Column("prefix", sa.Text),
        sa.Column("specialty_code", sa.String(16)),
        sa.Column("specialty_label", sa.Text),
        sa.Column("opposed", sa.Boolean, nullable=False),
        sa.Column("source", sa.String(64)),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("fragment", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_practitioners"),
        sa.UniqueConstraint("national_id", name="uq_practitioners_national_id"),
    )
    op.create_index("ix_practitioners_source", "practitioners", ["source"])
    op.create_table(
        "places",
        sa.Column("id", _id, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("city", sa.Text, nullable=False),
        sa.Column("postal_code", sa.String(5), nullable=False),
        sa.Column("phone", sa.Text),
        sa.Column("finess", sa.String(16)),
        sa.Column("siret", sa.String(16)),
        sa.Column("rpps_rang", sa.String(16)),
        sa.Column("adeli_rang", sa.String(16)),
        sa.Column("source", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_places"),
    )
    op.create_index("ix_places_source", "places", ["source"])
    op.create_table(
        "schedules",
        sa.Column("id", _id, autoincrement=False, nullable=False),
        sa.Column("practitioner_id", _id, nullable=False),
        sa.Column("place_id", _id, nullable=False),
        sa.Column("booking_query", sa.Text, nullable=False),
        sa.Column("fragment", sa.LargeBinary, nullable=False),
        sa.Column("role_fragment", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_schedules"),
        sa.ForeignKeyConstraint(["practitioner_id"], ["practitioners.id"], name="fk_schedules_practitioner_id"),
        sa.ForeignKeyConstraint(["place_id"], ["places.id"], name="fk_schedules_place_id"),
        sa.UniqueConstraint("practitioner_id", "place_id", name="uq_schedules_practitioner_id_place_id"),
    )
    op.create_index("ix_schedules_place_id", "schedules", ["place_id"])
    op.create_table(
        "slots",
        sa.Column("id", _id, autoincrement=False, nullable=False),
        sa.Column("schedule_id", _id, nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("end", sa.BigInteger, nullable=False),
        sa.Column("slot_types", sa.Text, nullable=False),
        sa.Column("consultation_types", sa.Text, nullable=False),
        sa.Column("appointment_type", sa.String(8), nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("specialties", sa.Text, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("own_patients_only", sa.Boolean, nullable=False),
        sa.Column("fragment", sa.LargeBinary),
        sa.PrimaryKeyConstraint("id", name="pk_slots"),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedules.id"], name="fk_slots_schedule_id"),
    )
    op.create_index("ix_slots_schedule_id_start", "slots", ["schedule_id", "start"])
    op.create_index(
        "ix_slots_published",
        "slots",
        ["schedule_id", "start"],
        postgresql_where=sa.text("fragment IS NOT NULL"),
        sqlite_where=sa.text("fragment IS NOT NULL"),
    )
    op.create_table(
        "provisions",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("filled_to", sa.Date),
        sa.PrimaryKeyConstraint("name", name="pk_provisions"),
    )


def downgrade() -> None:
    for table in ("provisions", "slots", "schedules", "places", "practitioners", "renderings", "counters"):
        op.drop_table(table)
