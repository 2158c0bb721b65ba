"""Invented territories: people, places and what they offer, as patterns that follow the clock.

A data set never names a date. It says "every day from 08:00 to 12:00, one slot every 20 minutes", so that it is as
fresh in ten years as today; `slots` turns the patterns into instants for a given `now`. Pure but for `load`, which
reads a file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from sas_kernel import contracts
from sas_kernel.clock import PARIS
from sas_kernel.errors import ContractError, InvalidValueError
from sas_kernel.identifiers import (
    PractitionerIdKind,
    StructureIds,
    international_phone,
    is_national_practitioner_id,
    national_practitioner_id,
)
from sas_kernel.text import Text

FIRST_DAY: Final = -1
LAST_DAY: Final = 6

SLOT_TYPES: Final = frozenset({"PUBLIC", "PRO", "SNP", "CPTS"})
SITE_SLOT_TYPES: Final = frozenset({"PUBLIC", "SNP"})
CONSULTATION_TYPES: Final = frozenset({"AMB", "VR", "HH"})
APPOINTMENT_TYPES: Final = frozenset({"ROUTINE", "WALKIN"})
STATUSES: Final = frozenset({"free", "busy", "busy-unavailable"})
REGULATOR_KINDS: Final = frozenset({"IDNPS", "INTRN"})


class InvalidDatasetError(ContractError):
    """The file of a data set is missing, malformed, or contradicts itself."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A daily pattern: one slot every `every` from `first` until `last` (not included; midnight is the end of the day).

    The tuples of tuples are cycles: the n-th slot of the day takes the n-th element, and starts over at the end.
    """

    first: time
    last: time
    every: timedelta
    duration: timedelta
    slot_types: tuple[tuple[str, ...], ...]
    consultation_types: tuple[tuple[str, ...], ...]
    appointment_types: tuple[str, ...] = ("ROUTINE",)
    reasons: tuple[tuple[str, ...], ...] = ((),)
    specialties: tuple[tuple[str | None, str | None], ...] = ()
    status: str = "free"
    own_patients_only: bool = False
    communities: tuple[tuple[str, ...], ...] = ()  # a cycle of keys; none: every CPTS of whoever offers


@dataclass(frozen=True, slots=True)
class Place:
    """A practitioner's place; two practitioners who share the walls have two values with the same `key`.

    `booking_path` is what the booking URL of the place adds to the page of its agenda; it holds a query.
    """

    key: str
    name: str
    line: str
    city: str
    postal_code: str
    phone: str
    structure: StructureIds
    offers: tuple[Offer, ...]
    booking_path: str = "?vue=semaine"


@dataclass(frozen=True, slots=True)
class DatasetPractitioner:
    """A practitioner as an editor may hold him: `stored_id` is with or without its national prefix."""

    key: str
    kind: PractitionerIdKind
    stored_id: str
    family: str
    given: str
    prefix: str | None
    specialty_code: str | None
    specialty_label: str
    opposed: bool
    places: tuple[Place, ...]
    communities: tuple[str, ...] = ()  # keys of the CPTS he is a member of

    @property
    def national_id(self) -> str:
        return national_practitioner_id(self.stored_id, self.kind)


@dataclass(frozen=True, slots=True)
class DatasetCommunity:
    """A CPTS (communauté professionnelle territoriale de santé); `finess` without national prefix."""

    key: str
    name: str
    finess: str
    phone: str

    @property
    def national_id(self) -> str:
        return "1" + self.finess


@dataclass(frozen=True, slots=True)
class DatasetSite:
    """A fixed place where a SOS Médecins association consults."""

    key: str
    name: str
    line: str
    city: str
    postal_code: str
    phone: str
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class DatasetAssociation:
    """A SOS Médecins association; `siret` without national prefix. Who sees the patient is not known beforehand."""

    key: str
    name: str
    siret: str
    phone: str
    sites: tuple[DatasetSite, ...]

    @property
    def national_id(self) -> str:
        return "3" + self.siret


@dataclass(frozen=True, slots=True)
class DatasetRegulator:
    """A regulator as the platform knows him; his e-mail is his login there. `kind` is a type code, IDNPS or INTRN."""

    kind: str
    value: str
    family: str
    given: str
    prefix: str | None
    email: str
    password: str
    territory: str
    active: bool


@dataclass(frozen=True, slots=True)
class DatasetStaff:
    """Somebody of the practices, as the editor knows him: he logs in on the editor's own page."""

    login: str
    password: str
    name: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """`test_data` holds, under the keys of a target file, national ids of people or associations: one or several."""

    name: str
    title: Text
    territory: str
    practitioners: tuple[DatasetPractitioner, ...]
    test_data: Mapping[str, str | tuple[str, ...]]
    regulators: tuple[DatasetRegulator, ...] = ()
    staff: tuple[DatasetStaff, ...] = ()
    communities: tuple[DatasetCommunity, ...] = ()
    associations: tuple[DatasetAssociation, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetSlot:
    """`communities`: keys of the CPTS that a slot of type CPTS is shown to."""

    practitioner: DatasetPractitioner
    place: Place
    start: datetime
    end: datetime
    slot_types: tuple[str, ...]
    consultation_types: tuple[str, ...]
    appointment_type: str
    reasons: tuple[str, ...]
    specialties: tuple[tuple[str | None, str | None], ...]
    status: str
    own_patients_only: bool
    communities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetSiteSlot:
    start: datetime
    end: datetime
    slot_types: tuple[str, ...]
    consultation_types: tuple[str, ...]
    appointment_type: str
    status: str


# --- expansion -------------------------------------------------------------------------------------------------------


def slots(dataset: Dataset, now: datetime) -> Iterator[DatasetSlot]:
    """Every slot from yesterday to six days ahead, whatever its status, for the day it is in Europe/Paris at `now`."""
    today = now.astimezone(PARIS).date()
    for practitioner in dataset.practitioners:
        yield from slots_of(practitioner, today + timedelta(days=FIRST_DAY), today + timedelta(days=LAST_DAY))


def slots_of(practitioner: DatasetPractitioner, first: date, last: date) -> Iterator[DatasetSlot]:
    """A practitioner's slots of the days `first` to `last`, both included, place by place and offer by offer."""
    for place in practitioner.places:
        for offer in place.offers:
            day = first
            while day <= last:
                yield from _slots_of_day(practitioner, place, offer, day)
                day += timedelta(days=1)


def _slots_of_day(practitioner: DatasetPractitioner, place: Place, offer: Offer, day: date) -> Iterator[DatasetSlot]:
    for index, start in _starts(offer, day):
        slot_types = offer.slot_types[index % len(offer.slot_types)]
        communities: tuple[str, ...] = ()
        if "CPTS" in slot_types:
            cycle = offer.communities or (practitioner.communities,)
            communities = cycle[index % len(cycle)]
        yield DatasetSlot(
            practitioner,
            place,
            start,
            start + offer.duration,
            slot_types,
            offer.consultation_types[index % len(offer.consultation_types)],
            offer.appointment_types[index % len(offer.appointment_types)],
            offer.reasons[index % len(offer.reasons)],
            offer.specialties or ((practitioner.specialty_code, practitioner.specialty_label),),
            offer.status,
            offer.own_patients_only,
            communities,
        )


def site_slots(site: DatasetSite, first: date, last: date) -> Iterator[DatasetSiteSlot]:
    """A site's slots of the days `first` to `last`, both included, offer by offer."""
    for offer in site.offers:
        for days in range((last - first).days + 1):
            for index, start in _starts(offer, first + timedelta(days=days)):
                yield DatasetSiteSlot(
                    start,
                    start + offer.duration,
                    offer.slot_types[index % len(offer.slot_types)],
                    offer.consultation_types[index % len(offer.consultation_types)],
                    offer.appointment_types[index % len(offer.appointment_types)],
                    offer.status,
                )


def _starts(offer: Offer, day: date) -> Iterator[tuple[int, datetime]]:
    # Steps are made in UTC: a night that changes the clock gives 23 or 25 hours, and no instant twice.
    start = _instant(day, offer.first)
    end = _instant(day, offer.last) if offer.last > offer.first else _instant(day + timedelta(days=1), time())
    index = 0
    while start < end:
        yield index, start
        index += 1
        start += offer.every


def _instant(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=PARIS).astimezone(UTC)


# --- the file --------------------------------------------------------------------------------------------------------

_KEY: Final = re.compile(r"[a-z][a-z0-9_]*")


def load(name_or_path: str) -> Dataset:
    """The data set of that name in `contracts/datasets`, or the one in that file; raises `InvalidDatasetError`."""
    named = bool(_KEY.fullmatch(name_or_path))
    path = contracts.directory() / "datasets" / f"{name_or_path}.toml" if named else Path(name_or_path)
    try:
        return _dataset(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise InvalidDatasetError(
            Text(
                "Jeu de données « {name} » introuvable ou illisible ({path}) : donnez « demo » "
                "ou le chemin d’un fichier TOML.",
                "Data set '{name}' not found or not readable ({path}): give 'demo' or the path of a TOML file.",
            ).format(name=name_or_path, path=path)
        ) from error
    except InvalidValueError as error:
        raise InvalidDatasetError(_in_file(path).format(why=error.text)) from error
    except KeyError as error:
        why = Text("la clé {key} manque", "the key {key} is missing").format(key=error)
        raise InvalidDatasetError(_in_file(path).format(why=why)) from error
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidDatasetError(_in_file(path).format(why=str(error))) from error


def _in_file(path: Path) -> Text:
    where = str(path).replace("{", "{{").replace("}", "}}")
    return Text(f"Jeu de données {where} : {{why}}", f"Data set {where}: {{why}}")


def _dataset(table: dict[str, Any]) -> Dataset:
    head = table["dataset"]
    offers = {key: _offer(key, row) for key, row in table["offers"].items()}
    places = {row["key"]: _place(row) for row in table["places"]}
    communities = _communities(table)
    members = _members(table)
    for member in members.keys() - {row["key"] for row in table["practitioners"]}:
        raise _refused("communities", "members", f"keys of practitioners, not {member}")
    practitioners = tuple(_practitioner(row, places, offers, members) for row in table["practitioners"])
    associations = _associations(table, offers)
    _refuse_duplicates("places.key", (row["key"] for row in table["places"]))
    _refuse_duplicates("practitioners.key", (p.key for p in practitioners))
    _refuse_duplicates("practitioners.id", (p.national_id for p in practitioners))
    _refuse_duplicates("communities.members", (f"{m} ({c})" for m, joined in members.items() for c in joined))
    people = {p.key: p.national_id for p in practitioners}
    known = people | {a.key: a.national_id for a in associations if a.key not in people}
    return Dataset(
        name=head["name"],
        title=Text(head["title_fr"], head["title_en"]),
        territory=head["territory"],
        practitioners=practitioners,
        test_data={key: _test_value(key, value, known) for key, value in table.get("test_data", {}).items()},
        regulators=_regulators(table),
        staff=_staff(table),
        communities=communities,
        associations=associations,
    )


def _communities(table: dict[str, Any]) -> tuple[DatasetCommunity, ...]:
    rows = table.get("communities", [])
    for row in rows:
        international_phone(row["phone"])
        if not re.fullmatch(r"[0-9]{9}", row["finess"]):
            raise _refused(f"communities.{row['key']}", "finess", "[0-9]{9}")
    communities = tuple(DatasetCommunity(row["key"], row["name"], row["finess"], row["phone"]) for row in rows)
    _refuse_duplicates("communities.key", (c.key for c in communities))
    _refuse_duplicates("communities.finess", (c.finess for c in communities))
    return communities


def _members(table: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """The keys of the CPTS that each practitioner, by key, is a member of."""
    members: dict[str, tuple[str, ...]] = {}
    for row in table.get("communities", []):
        for member in row["members"]:
            members[member] = (*members.get(member, ()), row["key"])
    return members


def _associations(table: dict[str, Any], offers: dict[str, Offer]) -> tuple[DatasetAssociation, ...]:
    associations = tuple(
        DatasetAssociation(
            key=row["key"],
            name=row["name"],
            siret=row["siret"],
            phone=row["phone"],
            sites=tuple(_site(site, offers) for site in row["sites"]),
        )
        for row in table.get("associations", [])
    )
    for association in associations:
        international_phone(association.phone)
        if not re.fullmatch(r"[0-9]{14}", association.siret):
            raise _refused(f"associations.{association.key}", "siret", "[0-9]{14}")
    _refuse_duplicates("associations.key", (a.key for a in associations))
    _refuse_duplicates("associations.siret", (a.siret for a in associations))
    _refuse_duplicates("associations.sites.key", (site.key for a in associations for site in a.sites))
    return associations


def _site(row: dict[str, Any], offers: dict[str, Offer]) -> DatasetSite:
    where = f"associations.sites.{row['key']}"
    international_phone(row["phone"])
    if not re.fullmatch(r"[0-9]{5}", row["postal_code"]):
        raise _refused(where, "postal_code", "[0-9]{5}")
    try:
        own = tuple(offers[name] for name in row["offers"])
    except KeyError as error:
        raise _refused(where, "offers", f"known offers, not {error}") from error
    for offer in own:
        # The guide knows no other slot type of an association (FAQ SOS 3), and no reason or specialty of its slots.
        if not {kind for kinds in offer.slot_types for kind in kinds} <= SITE_SLOT_TYPES:
            raise _refused(where, "offers.slot_types", ", ".join(sorted(SITE_SLOT_TYPES)))
    return DatasetSite(row["key"], row["name"], row["line"], row["city"], row["postal_code"], row["phone"], own)


def _offer(key: str, row: dict[str, Any]) -> Offer:
    offer = Offer(
        first=row["from"],
        last=row["to"],
        every=timedelta(minutes=row["every"]),
        duration=timedelta(minutes=row.get("duration", row["every"])),
        slot_types=_cycle(row, "slot_types", [[]]),
        consultation_types=_cycle(row, "consultation_types", [["AMB"]]),
        appointment_types=tuple(row.get("appointment_types", ["ROUTINE"])),
        reasons=_cycle(row, "reasons", [[]]),
        specialties=tuple((s.get("code"), s.get("label")) for s in row.get("specialties", [])),
        status=row.get("status", "free"),
        own_patients_only=row.get("own_patients_only", False),
        communities=_cycle(row, "communities", []) if "communities" in row else (),
    )
    if offer.every <= timedelta() or offer.duration <= timedelta():
        raise _refused(f"offers.{key}", "every, duration", "> 0")
    for name, values, allowed in (
        ("slot_types", {t for types in offer.slot_types for t in types}, SLOT_TYPES),
        ("consultation_types", {t for types in offer.consultation_types for t in types}, CONSULTATION_TYPES),
        ("appointment_types", set(offer.appointment_types), APPOINTMENT_TYPES),
        ("status", {offer.status}, STATUSES),
    ):
        if not values <= allowed:
            raise _refused(f"offers.{key}", name, ", ".join(sorted(allowed)))
    return offer


def _cycle(row: dict[str, Any], key: str, default: list[list[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(values) for values in row.get(key, default)) or ((),)


def _place(row: dict[str, Any]) -> Place:
    if not re.fullmatch(r"[0-9]{5}", row["postal_code"]):
        raise _refused(f"places.{row['key']}", "postal_code", "[0-9]{5}")
    international_phone(row["phone"])
    structure = {name: row[name] for name in ("finess", "siret", "rpps_rang", "adeli_rang") if name in row}
    return Place(
        key=row["key"],
        name=row["name"],
        line=row["line"],
        city=row["city"],
        postal_code=row["postal_code"],
        phone=row["phone"],
        structure=StructureIds(**structure),
        offers=(),
    )


def _practitioner(
    row: dict[str, Any], places: dict[str, Place], offers: dict[str, Offer], members: Mapping[str, tuple[str, ...]]
) -> DatasetPractitioner:
    try:
        own_places = tuple(
            replace(places[item["place"]], offers=tuple(offers[name] for name in item["offers"]))
            for item in row["places"]
        )
    except KeyError as error:
        raise _refused(
            f"practitioners.{row['key']}", "places", f"a known place and known offers, not {error}"
        ) from error
    practitioner = DatasetPractitioner(
        key=row["key"],
        kind=PractitionerIdKind(row.get("kind", "RPPS")),
        stored_id=row["id"],
        family=row["family"],
        given=row["given"],
        prefix=row.get("prefix"),
        specialty_code=row.get("specialty_code"),
        specialty_label=row["specialty"],
        opposed=row.get("opposed", False),
        places=own_places,
        communities=members.get(row["key"], ()),
    )
    shared = {key for p in own_places for offer in p.offers for keys in offer.communities for key in keys}
    if not shared <= set(practitioner.communities):
        raise _refused(f"practitioners.{row['key']}", "offers.communities", "only CPTS he is a member of")
    national_practitioner_id(practitioner.stored_id, practitioner.kind)
    return practitioner


def _regulators(table: dict[str, Any]) -> tuple[DatasetRegulator, ...]:
    rows = table.get("regulators", [])
    regulators = tuple(
        DatasetRegulator(
            kind=row["kind"],
            value=row["value"],
            family=row["family"],
            given=row["given"],
            prefix=row.get("prefix"),
            email=row["email"],
            password=row["password"],
            territory=row["territory"],
            active=row.get("active", True),
        )
        for row in rows
    )
    for regulator in regulators:
        if regulator.kind not in REGULATOR_KINDS:
            raise _refused(f"regulators.{regulator.email}", "kind", ", ".join(sorted(REGULATOR_KINDS)))
    _refuse_duplicates("regulators.value", (r.value for r in regulators))
    _refuse_duplicates("regulators.email", (r.email.casefold() for r in regulators))
    return regulators


def _staff(table: dict[str, Any]) -> tuple[DatasetStaff, ...]:
    staff = tuple(DatasetStaff(row["login"], row["password"], row["name"]) for row in table.get("staff", []))
    _refuse_duplicates("staff.login", (s.login.casefold() for s in staff))
    return staff


def _test_value(key: str, value: str | list[str], known: dict[str, str]) -> str | tuple[str, ...]:
    """A value is the key of a practitioner or association, or a national id that need not belong to anybody."""
    if isinstance(value, list):
        return tuple(str(_test_value(key, item, known)) for item in value)
    national = known.get(value, value)
    if not (is_national_practitioner_id(national) or re.fullmatch(r"3[0-9]{14}", national)):
        raise _refused("test_data", key, "the key of a practitioner or association, or a national id")
    return national


def _refuse_duplicates(name: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise InvalidValueError(
                Text("{name} : « {value} » figure deux fois", "{name}: '{value}' is there twice").format(
                    name=name, value=value
                )
            )
        seen.add(value)


def _refused(where: str, name: str, expected: str) -> InvalidValueError:
    return InvalidValueError(
        Text("{where}.{name} : attendu {expected}", "{where}.{name}: expected {expected}").format(
            where=where, name=name, expected=expected
        )
    )


# --- the national territory ------------------------------------------------------------------------------------------

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
