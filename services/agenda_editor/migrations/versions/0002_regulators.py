"""Accounts of regulators, the identifiers they had, and what happened to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "regulators",
        sa.Column("id", _id, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("value", sa.String(64), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("family", sa.Text, nullable=False),
        sa.Column("given", sa.Text, nullable=False),
        sa.Column("prefix", sa.Text),
        sa.Column("email", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_regulators"),
    )
    op.create_index("ix_regulators_key", "regulators", ["key"])
    op.create_index(
        "ix_regulators_active_identifier",
        "regulators",
        ["kind", "key"],
        unique=True,
        postgresql_where=sa.text("active"),
        sqlite_where=sa.text("active"),
    )
    op.create_table(
        "regulator_former_identifiers",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("value", sa.String(64), nullable=False),
        sa.Column("regulator_id", _id, nullable=False),
        sa.PrimaryKeyConstraint("key", "kind", name="pk_regulator_former_identifiers"),
        sa.ForeignKeyConstraint(
            ["regulator_id"], ["regulators.id"], name="fk_regulator_former_identifiers_regulator_id"
        ),
    )
    op.create_table(
        "regulator_changes",
        sa.Column("id", _id, nullable=False),
        sa.Column("regulator_id", _id, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("operation", sa.String(8), nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_regulator_changes"),
        sa.ForeignKeyConstraint(["regulator_id"], ["regulators.id"], name="fk_regulator_changes_regulator_id"),
    )
    op.create_index("ix_regulator_changes_regulator_id", "regulator_changes", ["regulator_id"])


def downgrade() -> None:
    op.drop_table("regulator_changes")
    op.drop_table("regulator_former_identifiers")
    op.drop_table("regulators")
