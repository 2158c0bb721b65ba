"""The revisions of the database, in `versions`."""
