"""Checks of the entries of a Bundle: their URL, their search mode, their kinds. Source: IG SAS 1.2.0."""

from __future__ import annotations

from collections.abc import Iterator

from recette.checks import facts
from recette.checks.answer import Answer, kind
from recette.checks.bundle import is_absolute
from recette.checks.json_document import Node
from recette.checks.judging import content_check, shown
from recette.model import Check, Problem
from sas_kernel.text import Text


def _full_url(answer: Answer) -> Iterator[Problem | None]:
    for entry in answer.entries:
        resource = entry["resource"]
        name, id = kind(resource), resource["id"].string
        if name is None or id is None:
            continue
        url = entry["fullUrl"]
        if url.present and url.string is None:
            continue
        right = url.string is not None and is_absolute(url.string) and url.string.endswith(f"/{name}/{id}")
        yield (
            None
            if right
            else Problem(
                Text(
                    "fullUrl est l’URL absolue de la ressource, qui finit par {end}.",
                    "fullUrl is the resource's absolute URL, ending in {end}.",
                ).format(end=f"/{name}/{id}"),
                path=url.path,
                expected=f"http(s)://…/{name}/{id}",
                actual=shown(url.value) if url.present else None,
            )
        )


FULL_URL = content_check(
    "bundle.entry.full_url",
    "SLOT-058",
    Text("Chaque entrée a son fullUrl absolu", "Each entry has its absolute fullUrl"),
    _full_url,
)


def _search_mode(answer: Answer) -> Iterator[Problem | None]:
    for entry in answer.entries:
        mode, name = entry["search"]["mode"], kind(entry["resource"])
        if mode.string is None or name is None:
            continue
        expected = {"Slot": "match", "OperationOutcome": "outcome"}.get(name, "include")
        yield (
            None
            if mode.string == expected
            else Problem(
                Text(
                    "search.mode distingue les créneaux (match) de ce qui les accompagne (include).",
                    "search.mode tells the slots (match) from what comes with them (include).",
                ),
                path=mode.path,
                expected=expected,
                actual=shown(mode.string),
            )
        )


SEARCH_MODE = content_check(
    "bundle.entry.search_mode",
    "SLOT-059",
    Text("search.mode : match pour Slot, include pour le reste", "search.mode: match for Slot, include for the rest"),
    _search_mode,
)


def _search_mode_present(answer: Answer) -> Iterator[Problem | None]:
    for entry in answer.entries:
        mode = entry["search"]["mode"]
        yield (
            None
            if mode.present
            else Problem(
                Text("L’entrée n’a pas de search.mode.", "The entry has no search.mode."),
                path=mode.path,
                expected="match | include",
            )
        )


SEARCH_MODE_PRESENT = content_check(
    "bundle.entry.search_mode_present",
    "SLOT-060",
    Text("Chaque entrée dit son search.mode", "Each entry says its search.mode"),
    _search_mode_present,
)


def _once(answer: Answer) -> Iterator[Problem | None]:
    first: dict[tuple[str, str], Node] = {}
    for entry in answer.entries:
        node = entry["resource"]
        name, id = kind(node), node["id"].string
        if name is None or id is None:
            continue
        known = first.setdefault((name, id), node)
        yield (
            None
            if known is node
            else Problem(
                Text(
                    "{key} figure déjà en {where} : chaque ressource vient une seule fois.",
                    "{key} already stands at {where}: each resource comes once.",
                ).format(key=f"{name}/{id}", where=known.path),
                path=node.path,
                expected=f"{name}/{id} × 1",
                actual=f"{name}/{id} × 2",
            )
        )


EACH_ONCE = content_check(
    "bundle.entry.once",
    "SLOT-061",
    Text("Chaque ressource figure une seule fois", "Each resource stands once"),
    _once,
)


def _no_location_entry(answer: Answer) -> Iterator[Problem | None]:
    for entry in answer.entries:
        yield (
            None
            if kind(entry["resource"]) != "Location"
            else Problem(
                Text(
                    "Le lieu est contenu dans le PractitionerRole, jamais une entrée du Bundle.",
                    "The place is contained in the PractitionerRole, never an entry of the Bundle.",
                ),
                path=entry["resource"].path,
                expected="PractitionerRole.contained",
                actual="Bundle.entry",
            )
        )


NO_LOCATION_ENTRY = content_check(
    "bundle.entry.no_location",
    "SLOT-062",
    Text("Aucun lieu n’est une entrée du Bundle", "No place is an entry of the Bundle"),
    _no_location_entry,
)

_EXPECTED = frozenset(facts.PROFILES) - {"Bundle"} | {"OperationOutcome"}
_EXPECTED_OF_CPTS = _EXPECTED | (frozenset(facts.CPTS_PROFILES) - {"Bundle"})


def _kinds(answer: Answer) -> Iterator[Problem | None]:
    expected = _EXPECTED_OF_CPTS if answer.of_cpts else _EXPECTED
    for entry in answer.entries:
        resource = entry["resource"]
        if not isinstance(resource.value, dict) and resource.present:
            continue
        name = resource["resourceType"]
        yield (
            None
            if name.string in expected
            else Problem(
                Text(
                    "Une recherche de créneaux ne rend que des Slot, Schedule, Practitioner et PractitionerRole, et "
                    "pour les CPTS des HealthcareService et Organization.",
                    "A slot search returns only Slot, Schedule, Practitioner and PractitionerRole, and for CPTS "
                    "HealthcareService and Organization.",
                ),
                path=name.path,
                expected=" | ".join(sorted(expected - {"Location", "OperationOutcome"})),
                actual=shown(name.value) if name.present else None,
            )
        )


ONLY_EXPECTED_KINDS = content_check(
    "bundle.entry.kinds",
    "SLOT-063",
    Text("Aucune ressource d’un autre type", "No resource of another type"),
    _kinds,
)

SAVED: tuple[Check, ...] = (FULL_URL, SEARCH_MODE, EACH_ONCE, NO_LOCATION_ENTRY, ONLY_EXPECTED_KINDS)
"""What can be checked of the entries of a Bundle on its own."""

FULL: tuple[Check, ...] = (*SAVED, SEARCH_MODE_PRESENT)
"""What is checked of the entries of an answer that holds slots."""
