"""A CPTS as the agenda knows it; ids are the editor's own numbers."""

from __future__ import annotations

from dataclasses import dataclass

from sas_kernel.errors import SasError
from sas_kernel.text import Text


@dataclass(frozen=True, slots=True)
class CommunityDetails:
    """`finess` without national prefix, `phone` as somebody typed it."""

    name: str
    finess: str
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Community:
    id: int
    details: CommunityDetails


class InvalidCommunityError(SasError):
    """The profile of an answer has no room for a CPTS without its FINESS number."""

    def __init__(self, finess: str) -> None:
        super().__init__(
            Text(
                "« {finess} » n’est pas le numéro FINESS d’une CPTS : attendu 9 chiffres.",
                "'{finess}' is not the FINESS number of a CPTS: expected 9 digits.",
            ).format(finess=finess)
        )
