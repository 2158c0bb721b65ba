"""Register of connected editors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "editor",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("base_url", sa.String(500), nullable=False),
        sa.Column("environment", sa.String(20), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("flows", sa.String(200), nullable=False),
        sa.Column("tls_ca_file", sa.String(500)),
        sa.Column("tls_certificate_file", sa.String(500)),
        sa.Column("tls_key_file", sa.String(500)),
    )


def downgrade() -> None:
    op.drop_table("editor")
