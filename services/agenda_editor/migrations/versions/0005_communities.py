"""CPTS and what slots show them."""

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
    op.bulk_insert(_counters, [{"name": "community", "next": 1}])
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


def downgrade() -> None:
    op.drop_index("ix_slots_shared", "slots")
    op.drop_column("slots", "cpts_fragment")
    op.drop_column("slots", "communities")
    op.drop_table("communities")
    op.execute(_counters.delete().where(_counters.c.name == "community"))
