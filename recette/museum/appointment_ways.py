"""How a fault of an editor who tells of appointments is said: small functions over messages and requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from recette.museum.appointment_partner import Json, Moment, Sending, Ways

CATEGORY = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/sas-categorie-orientation"
CATEGORY_CODES = "https://interop.esante.gouv.fr/ig/fhir/sas/CodeSystem/categorie-orientation-sas-codesystem"

Bend = Callable[[Json, Moment], None]


@dataclass(frozen=True, slots=True)
class AppointmentFault:
    """One thing an editor gets wrong. The fields are those of `recette.museum.bending.Fault`."""

    name: str
    requirement: str
    text: str
    ways: Ways
    check: str = ""
    also: tuple[str, ...] = ()

    @property
    def requirements(self) -> set[str]:
        return {self.requirement, *self.also}


# --- how a fault is said ---------------------------------------------------------------------------------------------


def bending(bend: Bend) -> Ways:
    return Ways(bend=bend)


def setting(key: str, value: object) -> Ways:
    return bending(lambda document, _: document.__setitem__(key, value))


def without(key: str) -> Ways:
    return bending(lambda document, _: document.pop(key, None))


def silent_on(kind: str) -> Ways:
    return Ways(announces=lambda what, _: what != kind)


def on(kind: str, bend: Bend) -> Ways:
    """Bend the messages of one change only."""
    return bending(lambda document, moment: bend(document, moment) if moment.kind == kind else None)


def sending(change: Callable[[Sending, Moment], Sending]) -> Ways:
    return Ways(send_as=change)


def updating(change: Callable[[Sending, Moment], Sending]) -> Ways:
    """Change the updates only."""
    return sending(lambda request, moment: change(request, moment) if request.method == "PUT" else request)


def operator_of(document: Json) -> Json:
    identifier: Json = document["extension"][0]["valueReference"]["identifier"]
    return identifier


def actor_of(document: Json) -> Json:
    actor: Json = document["participant"][0]["actor"]
    return actor


def identifier_of(document: Json) -> Json:
    identifier: Json = document["identifier"][0]
    return identifier


def shifted(text: str, by: timedelta) -> str:
    return (datetime.fromisoformat(text) + by).isoformat()


def with_header(name: str, value: str) -> Ways:
    def change(request: Sending, _moment: Moment) -> Sending:
        kept = tuple(pair for pair in request.headers if pair[0] != name)
        return replace(request, headers=(*kept, (name, value)))

    return sending(change)


def more_extensions(document: Json, code: str, *, at: int) -> None:
    concept = {"coding": [{"system": CATEGORY_CODES, "code": code}]}
    document["extension"].insert(at, {"url": CATEGORY, "valueCodeableConcept": concept})
