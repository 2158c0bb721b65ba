"""National identifiers of people and structures, phone numbers, and how they are shown without being disclosed.

Source: SAS implementation guide, FAQ of the slot search (prefixes, order of the structure ids, phone format) and the
acceptance kit's expressions. Check digits are not verified: no source asks for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sas_kernel.errors import InvalidValueError
from sas_kernel.text import Text

PRACTITIONER_SYSTEM: Final = "urn:oid:1.2.250.1.71.4.2.1"
STRUCTURE_SYSTEM: Final = "urn:oid:1.2.250.1.71.4.2.2"
REGULATOR_SYSTEM: Final = "urn:oid:1.2.250.1.213.3.6"  # the technical id the platform gives a regulator

MAX_ID_LENGTH: Final = 64


class PractitionerIdKind(StrEnum):
    RPPS = "RPPS"
    ADELI = "ADELI"


_BARE_RPPS = re.compile(r"[0-9]{11}")
_PREFIXED_RPPS = re.compile(r"8[0-9]{11}")
_BARE_ADELI = re.compile(r"[0-9A-Z]{9}")
_PREFIXED_ADELI = re.compile(r"0[0-9A-Z]{9}")


def national_practitioner_id(stored: str, kind: PractitionerIdKind) -> str:
    """The prefixed national id (`8` + RPPS, `0` + ADELI) of an id stored with or without its prefix."""
    value = re.sub(r"\s", "", stored)
    if kind is PractitionerIdKind.RPPS:
        if _BARE_RPPS.fullmatch(value):
            return "8" + value
        if _PREFIXED_RPPS.fullmatch(value):
            return value
    else:
        if _BARE_ADELI.fullmatch(value):
            return "0" + value
        if _PREFIXED_ADELI.fullmatch(value):
            return value
    raise InvalidValueError(
        Text(
            "« {value} » n’est pas un identifiant {kind} : attendu 11 chiffres (RPPS) ou 9 caractères (ADELI), "
            "avec ou sans préfixe 8 ou 0.",
            "'{value}' is not a {kind} identifier: expected 11 digits (RPPS) or 9 characters (ADELI), "
            "with or without the prefix 8 or 0.",
        ).format(value=stored, kind=kind)
    )


def is_national_practitioner_id(value: str) -> bool:
    return bool(_PREFIXED_RPPS.fullmatch(value) or _PREFIXED_ADELI.fullmatch(value))


@dataclass(frozen=True, slots=True)
class StructureIds:
    """What an editor may know of a place's structure, each without its national prefix."""

    finess: str | None = None
    siret: str | None = None
    rpps_rang: str | None = None
    adeli_rang: str | None = None

    def national(self) -> str | None:
        """The one prefixed id to send: FINESS, else SIRET, else RPPS rang, else ADELI rang.

        A FINESS number that the profile's expression refuses (Corsica: 2A…, 2B…) yields to the next one.
        """
        if self.finess and re.fullmatch(r"[0-9]{9}", self.finess):
            return "1" + self.finess
        if self.siret and re.fullmatch(r"[0-9]{14}", self.siret):
            return "3" + self.siret
        if self.rpps_rang and re.fullmatch(r"[0-9]{14}", self.rpps_rang):
            return "4" + self.rpps_rang
        if self.adeli_rang and re.fullmatch(r"[0-9A-Z]{9,14}", self.adeli_rang):
            return "0" + self.adeli_rang
        return None


def national_siret(stored: str) -> str:
    """The prefixed id (`3` + SIRET) of a structure, from a SIRET with or without its prefix; blanks do not count."""
    value = re.sub(r"\s", "", stored)
    if re.fullmatch(r"[0-9]{14}", value):
        return "3" + value
    if re.fullmatch(r"3[0-9]{14}", value):
        return value
    raise InvalidValueError(
        Text(
            "« {value} » n’est pas un SIRET : attendu 14 chiffres, avec ou sans préfixe 3.",
            "'{value}' is not a SIRET: expected 14 digits, with or without the prefix 3.",
        ).format(value=masked(value[:40]))
    )


_OVERSEAS = ("262", "590", "594", "596")
_PHONE_FILLERS = re.compile(r"[\s.\-/]")
_FRENCH_PHONE = re.compile(rf"\+(?:33|{'|'.join(_OVERSEAS)})[0-9]{{9}}")


def international_phone(stored: str) -> str:
    """`+33199000012` from `01 99 00 00 12`, `0033 1 99…`, `+33 (0)1 99…`; overseas numbers keep their own prefix."""
    compact = _PHONE_FILLERS.sub("", stored).replace("(0)", "")
    if compact.startswith("00"):
        compact = "+" + compact[2:]
    elif compact.startswith("0"):
        compact = "+33" + compact[1:]
    if _FRENCH_PHONE.fullmatch(compact):
        return compact
    raise InvalidValueError(
        Text(
            "« {value} » n’est pas un numéro de téléphone français : attendu 10 chiffres ou +33 suivi de 9 chiffres.",
            "'{value}' is not a French phone number: expected 10 digits, or +33 followed by 9 digits.",
        ).format(value=stored)
    )


def masked(identifier: str) -> str:
    """Enough of an identifier to tell two apart in a log, not enough to name a person."""
    return identifier if len(identifier) <= 4 else f"{identifier[:2]}…{identifier[-2:]}"
