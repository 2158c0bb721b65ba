"""Fills the agenda with an invented territory and keeps it as fresh as the clock."""
