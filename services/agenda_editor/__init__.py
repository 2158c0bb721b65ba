"""The reference agenda: an editor's booking software, seen from the outside as the guide wants it."""

__version__ = "0.1.0"
