"""CPTS with the slots shown to them, and SOS Médecins associations with their sites and slots."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_counters = sa.table("counters", sa.column("name", sa.String), sa.column("next", sa.BigInteger))


def upgrade() -> None:
    op.bulk_insert(_counters, [{"name": "community", "next": 1}, {"name": "association", "next": 1}])
    op.create_table(
        "communities",
        sa.Column("id", _id, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("finess", sa.String(9), nullable=False),
        sa.Column("phone", sa.Text),
        sa.Column("source", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_communities"),
        sa.UniqueConstraint("finess", name="uq_communities_finess"),
    )
    op.create_index("ix_communities_source", "communities", ["source"])
    # A constant default: neither database rewrites millions of rows for it.
    op.add_column("slots", sa.Column("communities", sa.Text, nullable=False, server_default=""))
    op.add_column("slots", sa.Column("cpts_fragment", sa.LargeBinary))
    op.create_index(
        "ix_slots_shared",
        "slots",
        ["schedule_id", "start"],
        postgresql_where=sa.text("cpts_fragment IS NOT NULL"),
        sqlite_where=sa.text("cpts_fragment IS NOT NULL"),
    )
    op.create_table(
        "associations",
        sa.Column("id", _id, autoincrement=False, nullable=False),
        sa.Column("national_id", sa.String(15), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("phone", sa.Text),
        sa.Column("source", sa.String(64)),
        sa.Column("stamp", sa.String(64), nullable=False),
        sa.Column("fragment", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_associations"),
        sa.UniqueConstraint("national_id", name="uq_associations_national_id"),
    )
    op.create_index("ix_associations_source", "associations", ["source"])
    op.create_table(
        "sites",
        sa.Column("id", _id, autoincrement=False, nullable=False),
        sa.Column("association_id", _id, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("city", sa.Text, nullable=False),
        sa.Column("postal_code", sa.String(5), nullable=False),
        sa.Column("phone", sa.Text),
        sa.Column("fragment", sa.LargeBinary, nullable=False),
        sa.Column("location_fragment", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sites"),
        sa.ForeignKeyConstraint(["association_id"], ["associations.id"], name="fk_sites_association_id"),
    )
    op.create_index("ix_sites_association_id", "sites", ["association_id"])
    op.create_table(
        "site_slots",
        sa.Column("id", _id, autoincrement=False, nullable=False),
        sa.Column("site_id", _id, nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("end", sa.BigInteger, nullable=False),
        sa.Column("slot_types", sa.Text, nullable=False),
        sa.Column("consultation_types", sa.Text, nullable=False),
        sa.Column("appointment_type", sa.String(8), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("fragment", sa.LargeBinary),
        sa.PrimaryKeyConstraint("id", name="pk_site_slots"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="fk_site_slots_site_id"),
    )
    op.create_index("ix_site_slots_site_id_start", "site_slots", ["site_id", "start"])
    op.add_column("appointments", sa.Column("association_national_id", sa.String(15)))


def downgrade() -> None:
    op.drop_column("appointments", "association_national_id")
    for table in ("site_slots", "sites", "associations"):
        op.drop_table(table)
    op.drop_index("ix_slots_shared", "slots")
    op.drop_column("slots", "cpts_fragment")
    op.drop_column("slots", "communities")
    op.drop_table("communities")
    op.execute(_counters.delete().where(_counters.c.name.in_(["community", "association"])))
