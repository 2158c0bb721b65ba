"""A country of invented practitioners, made from a number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Final

from sas_kernel.datasets.model import (
    DatasetPractitioner,
    Offer,
    Place,
)
from sas_kernel.identifiers import (
    PractitionerIdKind,
    StructureIds,
)

_SYLLABLES: Final = ("bel", "cour", "dra", "fon", "gui", "lor", "mar", "nau", "per", "quin", "ros", "sau", "ver", "vil")
_ENDINGS: Final = ("ard", "eau", "elin", "ier", "ot", "oux", "andre", "inet")
_GIVEN: Final = ("Adèle", "Bastien", "Clarisse", "Dorian", "Élodie", "Fabrice", "Garance", "Hugo", "Inès", "Joris")
_STREETS: Final = ("rue du Lavoir", "allée des Peupliers", "place de la Halle", "chemin des Sources", "quai des Brumes")
_SPECIALTIES: Final = (
    ("SM54", "Médecine générale"),
    ("SM54", "Médecine générale"),
    ("SM54", "Médecine générale"),
    ("SM40", "Pédiatrie"),
)


def national(practitioners: int, seed: int, *, slots_per_day: int = 7) -> Iterator[DatasetPractitioner]:
    """A country's worth of invented practitioners with two places each, the same ones for the same arguments.

    `slots_per_day`: free slots offered a day at each place. Two practitioners out of three share a place.
    """
    random = Random(seed)  # noqa: S311  invented people, not secrets
    minutes = max(1, 600 // slots_per_day)
    for number in range(practitioners):
        code, label = random.choice(_SPECIALTIES)
        offer = _national_offer(random, minutes, slots_per_day)
        yield DatasetPractitioner(
            key=f"n{number}",
            kind=PractitionerIdKind.RPPS,
            stored_id=f"10{seed % 100:02d}{number:07d}"[:11],
            family=(random.choice(_SYLLABLES) + random.choice(_SYLLABLES) + random.choice(_ENDINGS)).upper(),
            given=random.choice(_GIVEN),
            prefix="DR",
            specialty_code=code,
            specialty_label=label,
            opposed=False,
            places=(_national_place(number * 2 // 3, (offer,)), _national_place(practitioners + number, (offer,))),
        )


def _national_offer(random: Random, minutes: int, slots_per_day: int) -> Offer:
    first = datetime(2000, 1, 1, 8, random.randrange(0, min(minutes, 60)))  # noqa: DTZ001  only its time is used
    return Offer(
        first=first.time(),
        last=(first + timedelta(minutes=minutes) * slots_per_day).time(),
        every=timedelta(minutes=minutes),
        duration=timedelta(minutes=min(minutes, 20)),
        slot_types=(("PUBLIC", "PRO", "SNP"), ("PRO", "SNP"), ("SNP",)),
        consultation_types=(("AMB",), ("AMB", "VR")),
        reasons=(("Consultation de médecine générale",), ("Douleur récente", "Renouvellement")),
    )


def _national_place(number: int, offers: tuple[Offer, ...]) -> Place:
    town = number % 900
    return Place(
        key=f"lieu{number}",
        name=f"Cabinet {number}",
        line=f"{number % 97 + 1} {_STREETS[number % len(_STREETS)]}",
        city=f"Villefictive-{town:03d}",
        postal_code=f"99{town:03d}",
        phone=f"01 99 {number // 10000 % 100:02d} {number // 100 % 100:02d} {number % 100:02d}",
        structure=StructureIds(finess=f"99{number % 10**7:07d}"),
        offers=offers,
    )
