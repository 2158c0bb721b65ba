"""Alembic revisions of the platform's database (environment: `sas_kit.database`)."""
