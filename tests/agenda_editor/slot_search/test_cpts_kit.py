"""The assertions of the ANS kit's CPTS mode, by its own requests, on the people of the demonstration territory.

What its two CPTS groups count is asserted in `test_cpts`; here the rest. The kit selects resources by equality with one
profile, and sends dates without offset, its includes in an order of its own. Source: sas_test_kit 0.3.0.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from sas_kernel import datasets
from sas_kernel.clock import PARIS
from tests.agenda_editor.conftest import Agenda, Starter

DEMO = datasets.load("demo").test_data
KEYS = ("practitioner_one_cpts", "practitioner_two_cpts")
CPTS = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/sas-cpts-"
SAS = "http://sas.fr/fhir/StructureDefinition/"
PROFILES = {
    "Slot": f"{CPTS}slot-aggregator",
    "HealthcareService": f"{CPTS}healthcareservice-aggregator",
    "Organization": f"{CPTS}organization-aggregator",
    "Schedule": f"{SAS}FrScheduleAgregateur",
    "Practitioner": f"{SAS}FrPractitionerAgregateur",
    "PractitionerRole": f"{SAS}FrPractitionerRoleExerciceAgregateur",
}
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}[+-]\d{2}:\d{2}")
EXTENSION = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Slot.serviceType"
CODE_604 = (
    "https://mos.esante.gouv.fr/NOS/TRE_R66-CategorieEtablissement/FHIR/TRE-R66-CategorieEtablissement",
    "604",
)


class Answered(NamedTuple):
    """What the kit's search for one person gave: the query it sent, the last day it asked for."""

    bundle: dict[str, Any]
    query: str
    last_day: str

    def of(self, kind: str) -> list[dict[str, Any]]:
        found = [entry["resource"] for entry in self.bundle["entry"]]
        return [each for each in found if each["meta"]["profile"] == [PROFILES[kind]]]


def _query(start: str, end: str, *ids: str) -> str:
    tokens = ",".join(f"urn:oid:1.2.250.1.71.4.2.1%7C{id}" for id in ids)
    return (
        "_include=Slot:schedule&_include=Slot:service-type-reference&_include:iterate=Schedule:actor"
        "&_include:iterate=HealthcareService:organization"
        f"&schedule.actor:Practitioner.identifier={tokens}&start=ge{start}&start=le{end}&status=free"
    )


async def _answered(agenda: Agenda, key: str) -> Answered:
    now = agenda.clock.now().astimezone(PARIS)
    last = (now + timedelta(days=2)).date().isoformat()
    query = _query(f"{now:%Y-%m-%dT%H:%M:%S}.000", f"{last}T23:59:59.000", str(DEMO[key]))
    return Answered(await agenda.search(query=query), query, last)


async def test_both_people_satisfy_what_the_kit_asks_of_any_answer(start: Starter, sqlite_url: str) -> None:
    agenda = await start(sqlite_url, dataset="demo")
    for key in KEYS:
        answered = await _answered(agenda, key)
        bundle, slots = answered.bundle, answered.of("Slot")
        assert bundle["meta"]["profile"] == [f"{CPTS}bundle-aggregator"]
        assert bundle["total"] == len(slots) > 0
        assert len(bundle["entry"]) == sum(len(answered.of(kind)) for kind in PROFILES), "none that the kit cannot see"
        _dates_hold(answered, agenda.clock.now())
        _people_hold(answered, str(DEMO[key]))
        (link,) = bundle["link"]
        assert sorted(parse_qsl(urlsplit(link["url"]).query)) == sorted(parse_qsl(answered.query))
        assert urlsplit(link["url"]).query == answered.query
        for slot in slots:
            assert slot["status"] == "free"
            assert slot["comment"].strip()
            assert {c["code"] for c in slot["appointmentType"]["coding"]} <= {"ROUTINE", "WALKIN"}
        _communities_hold(answered)
        with_offset = await agenda.search(query=answered.query.replace(".000", ".000%2B01:00"))
        assert with_offset["entry"] == bundle["entry"], "the kit's dates have no offset: they are Paris time"


def _dates_hold(answered: Answered, now: datetime) -> None:
    for slot in answered.of("Slot"):
        assert INSTANT.fullmatch(slot["start"])
        assert INSTANT.fullmatch(slot["end"])
        assert now <= datetime.fromisoformat(slot["start"]) < datetime.fromisoformat(slot["end"])
        assert slot["start"][:10] <= answered.last_day


def _people_hold(answered: Answered, rpps: str) -> None:
    (practitioner,) = answered.of("Practitioner")
    assert practitioner["identifier"][0]["value"] == rpps
    assert re.fullmatch(r"8[0-9]{11}", rpps)
    assert practitioner["name"][0]["family"]
    assert practitioner["name"][0]["given"][0]
    roles = {f"PractitionerRole/{role['id']}": role for role in answered.of("PractitionerRole")}
    for role in roles.values():
        assert role["practitioner"]["reference"] == f"Practitioner/{practitioner['id']}"
        (place,) = role["contained"]
        assert [location["reference"] for location in role["location"]] == [f"#{place['id']}"]
        assert place["address"]["line"]
        assert place["address"]["city"]
        assert re.fullmatch(r"[0-9]{5}", place["address"]["postalCode"])
        assert re.fullmatch(r"\+(33|262|590|596|594)\d{9}", role["telecom"][0]["value"])
        assert re.fullmatch(r"1[0-9]{9}|[34][0-9]{14}", role["organization"]["identifier"]["value"])
    for schedule in answered.of("Schedule"):
        actors = [actor["reference"] for actor in schedule["actor"]]
        assert [a for a in actors if a.startswith("Practitioner/")] == [f"Practitioner/{practitioner['id']}"]
        assert len([a for a in actors if a in roles]) == 1


def _communities_hold(answered: Answered) -> None:
    services = {f"HealthcareService/{each['id']}" for each in answered.of("HealthcareService")}
    organizations = {f"Organization/{each['id']}": each for each in answered.of("Organization")}
    assert len(services) == len(organizations) > 0
    provided = {service["providedBy"]["reference"] for service in answered.of("HealthcareService")}
    assert provided == organizations.keys()
    for organization in organizations.values():
        assert re.fullmatch(r"1[0-9]{9}", organization["identifier"][0]["value"])
        assert organization["name"].strip()
        assert organization["telecom"][0]["value"].strip()
    named = [concept for slot in answered.of("Slot") for concept in slot["serviceType"] if "extension" in concept]
    assert {(c["system"], c["code"]) for concept in named for c in concept["coding"]} == {CODE_604}
    assert {extension["url"] for concept in named for extension in concept["extension"]} == {EXTENSION}
    assert {e["valueReference"]["reference"] for concept in named for e in concept["extension"]} == services


async def test_the_past_search_of_two_unknown_people_is_answered_with_nothing(lone_agenda: Agenda) -> None:
    """What the kit sends to try certificates."""
    start, end = (f"2024-06-{day}T16:20:00.000%2B02:00" for day in (12, 15))
    bundle = await lone_agenda.search(query=_query(start, end, "810002909371", "810001288385"))
    assert bundle["total"] == 0
    assert "entry" not in bundle
