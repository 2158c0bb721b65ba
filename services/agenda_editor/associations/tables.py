"""The tables of associations. What may leave carries its rendered fragment beside its columns, as that of agendas."""

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

associations = sa.Table(
    "associations",
    metadata,
    sa.Column("id", _id, primary_key=True, autoincrement=False),
    sa.Column("national_id", sa.String(15), nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("phone", sa.Text),
    sa.Column("source", sa.String(64), index=True),
    sa.Column("stamp", sa.String(64), nullable=False),  # how its fragments and those of its sites were rendered
    sa.Column("fragment", sa.LargeBinary, nullable=False),
)

sites = sa.Table(
    "sites",
    metadata,
    sa.Column("id", _id, primary_key=True, autoincrement=False),
    sa.Column("association_id", _id, sa.ForeignKey("associations.id"), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("city", sa.Text, nullable=False),
    sa.Column("postal_code", sa.String(5), nullable=False),
    sa.Column("phone", sa.Text),
    sa.Column("fragment", sa.LargeBinary, nullable=False),
    sa.Column("location_fragment", sa.LargeBinary, nullable=False),
)

# Ids come from the counter of the practitioners' slots: a slot's name says which slot, never of which kind.
site_slots = sa.Table(
    "site_slots",
    metadata,
    sa.Column("id", _id, primary_key=True, autoincrement=False),
    sa.Column("site_id", _id, sa.ForeignKey("sites.id"), nullable=False),
    sa.Column("start", sa.BigInteger, nullable=False),
    sa.Column("end", sa.BigInteger, nullable=False),
    sa.Column("slot_types", sa.Text, nullable=False),
    sa.Column("consultation_types", sa.Text, nullable=False),
    sa.Column("appointment_type", sa.String(8), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("fragment", sa.LargeBinary),  # absent when the slot must not leave
    sa.Index("ix_site_slots_site_id_start", "site_id", "start"),
)
