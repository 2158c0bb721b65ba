"""Alembic runs the revisions on the connection and in the transaction that `sas_kit.database.migrate` hands over."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=None,
    version_table=context.config.attributes["version_table"],
    transactional_ddl=False,  # the caller's transaction holds them all
    render_as_batch=True,
)
context.run_migrations()
