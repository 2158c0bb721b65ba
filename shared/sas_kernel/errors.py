"""What can go wrong in the vocabulary itself. Each error says in both languages what to correct."""

from __future__ import annotations

from sas_kernel.text import Text


class SasError(Exception):
    """Root of the errors that carry a sentence for people."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class InvalidValueError(SasError):
    """A value does not have the form its definition asks for."""


class ContractError(SasError):
    """A file of `contracts/` (or one that takes its place) is missing or malformed."""
