"""The acceptance harness: plays the catalogue against a real endpoint and says what holds, with evidence."""

__version__ = "0.1.0"
