"""The tables of agendas. A row that may leave carries its rendered fragment beside its columns."""

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

# Ids are handed out before the rows are written, since a fragment tells its own id; they are never given twice.
counters = sa.Table(
    "counters",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("next", sa.BigInteger, nullable=False),
)

# One row: how the stored fragments were rendered.
renderings = sa.Table(
    "renderings",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("stamp", sa.String(64), nullable=False),
)

practitioners = sa.Table(
    "practitioners",
    metadata,
    sa.Column("id", _id, primary_key=True, autoincrement=False),
    sa.Column("national_id", sa.String(12), nullable=False, unique=True),
    sa.Column("stored_id", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("family", sa.Text, nullable=False),
    sa.Column("given", sa.Text, nullable=False),
    sa.Column("prefix", sa.Text),
    sa.Column("specialty_code", sa.String(16)),
    sa.Column("specialty_label", sa.Text),
    sa.Column("opposed", sa.Boolean, nullable=False),
    sa.Column("source", sa.String(64), index=True),
    # Grows in the same transaction as any write that touches his agendas: what a reader keeps is checked against it.
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("fragment", sa.LargeBinary, nullable=False),
)

places = sa.Table(
    "places",
    metadata,
    sa.Column("id", _id, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("city", sa.Text, nullable=False),
    sa.Column("postal_code", sa.String(5), nullable=False),
    sa.Column("phone", sa.Text),
    sa.Column("finess", sa.String(16)),
    sa.Column("siret", sa.String(16)),
    sa.Column("rpps_rang", sa.String(16)),
    sa.Column("adeli_rang", sa.String(16)),
    sa.Column("source", sa.String(64), index=True),
)

schedules = sa.Table(
    "schedules",
    metadata,
    sa.Column("id", _id, primary_key=True, autoincrement=False),
    sa.Column("practitioner_id", _id, sa.ForeignKey("practitioners.id"), nullable=False),
    sa.Column("place_id", _id, sa.ForeignKey("places.id"), nullable=False, index=True),
    sa.Column("booking_query", sa.Text, nullable=False),
    sa.Column("fragment", sa.LargeBinary, nullable=False),
    sa.Column("role_fragment", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("practitioner_id", "place_id"),
)

slots = sa.Table(
    "slots",
    metadata,
    sa.Column("id", _id, primary_key=True, autoincrement=False),
    sa.Column("schedule_id", _id, sa.ForeignKey("schedules.id"), nullable=False),
    sa.Column("start", sa.BigInteger, nullable=False),
    sa.Column("end", sa.BigInteger, nullable=False),
    sa.Column("slot_types", sa.Text, nullable=False),
    sa.Column("consultation_types", sa.Text, nullable=False),
    sa.Column("appointment_type", sa.String(8), nullable=False),
    sa.Column("reasons", sa.Text, nullable=False),
    sa.Column("specialties", sa.Text, nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("own_patients_only", sa.Boolean, nullable=False),
    sa.Column("fragment", sa.LargeBinary),  # absent when the slot must not leave
    sa.Column("communities", sa.Text, nullable=False),  # numbers of CPTS
    # As INT_R04 shows it, where that differs by more than the profile: see `fhir.with_cpts_profile`.
    sa.Column("cpts_fragment", sa.LargeBinary),
    sa.Index("ix_slots_schedule_id_start", "schedule_id", "start"),
)

shared_slots = sa.Index(
    "ix_slots_shared",
    slots.c.schedule_id,
    slots.c.start,
    postgresql_where=slots.c.cpts_fragment.isnot(None),
    sqlite_where=slots.c.cpts_fragment.isnot(None),
)

published_slots = sa.Index(
    "ix_slots_published",
    slots.c.schedule_id,
    slots.c.start,
    postgresql_where=slots.c.fragment.isnot(None),
    sqlite_where=slots.c.fragment.isnot(None),
)
