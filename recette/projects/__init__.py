"""A project: one editor, one interface, one environment, and the phases of the agreement it goes through."""
