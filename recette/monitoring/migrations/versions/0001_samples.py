"""Samples, to which rows are only added."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLE = "monitoring_sample"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("project", sa.String(120), primary_key=True),
        sa.Column("at", sa.String(27), primary_key=True),
        sa.Column("probe", sa.String(80), primary_key=True),
        sa.Column("ok", sa.Boolean, nullable=False),
        sa.Column("seconds", sa.Float, nullable=True),
        sa.Column("detail", sa.Text, nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {TABLE}_no_{action.lower()} BEFORE {action} ON {TABLE} "
                "BEGIN SELECT RAISE(ABORT, 'samples are only added to'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION samples_are_only_added_to() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'samples are only added to'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {TABLE}_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE} "
        "FOR EACH STATEMENT EXECUTE FUNCTION samples_are_only_added_to()"
    )


def downgrade() -> None:
    op.drop_table(TABLE)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION samples_are_only_added_to()")
