"""The file of a data set, read and refused where it contradicts itself."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sas_kernel import contracts
from sas_kernel.datasets.model import (
    APPOINTMENT_TYPES,
    CONSULTATION_TYPES,
    REGULATOR_KINDS,
    SITE_SLOT_TYPES,
    SLOT_TYPES,
    STATUSES,
    Dataset,
    DatasetAssociation,
    DatasetCommunity,
    DatasetPractitioner,
    DatasetRegulator,
    DatasetSite,
    DatasetStaff,
    InvalidDatasetError,
    Offer,
    Place,
)
from sas_kernel.errors import InvalidValueError
from sas_kernel.identifiers import (
    PractitionerIdKind,
    StructureIds,
    international_phone,
    is_national_practitioner_id,
    national_practitioner_id,
)
from sas_kernel.text import Text

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
