"""The SOS search from the outside: the request as it comes, the answer as it leaves."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from agenda_editor.agendas.model import (
    AppointmentType,
    ConsultationType,
    SlotDetails,
    SlotStatus,
    SlotType,
)
from agenda_editor.associations.model import (
    InvalidAssociationError,
    InvalidSiteSlotError,
)
from sas_kernel import datasets
from tests.agenda_editor.conftest import NOW, SIRET, Agenda, Starter, opened, resources, slot, starts

ID = "3" + SIRET
STRUCTURES = "urn:oid:1.2.250.1.71.4.2.2"
START, STATUS = "_has:Slot:schedule:start", "_has:Slot:schedule:status"
IDENTIFIER = "actor:Location.organization.identifier"
INCLUDES = "_revinclude=Slot:schedule&_include=Schedule:actor:Location&_include:iterate=Location:organization"
GE, LE = f"{START}=ge2031-03-10T08:00:00.000%2B01:00", f"{START}=le2031-03-13T08:00:00.000%2B01:00"
WHO = f"{IDENTIFIER}={STRUCTURES}%7C{ID}"
FREE = f"{STATUS}=free"
PROFILES = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/sas-sos-"
DEMO = datasets.load("demo")


async def _search(agenda: Agenda, query: str = f"{INCLUDES}&{GE}&{LE}&{FREE}&{WHO}") -> dict[str, Any]:
    answer = await agenda.get("/fhir/Schedule?" + query)
    assert answer.status == 200, answer.body
    bundle: dict[str, Any] = json.loads(answer.body)
    return bundle


async def test_the_answer_has_the_form_of_the_reference_element_by_element(agenda: Agenda) -> None:
    """Profiles B.12 to B.16, examples J.4 to J.7."""
    kinds = (ConsultationType.AMB, ConsultationType.VR, ConsultationType.HH)
    start = int(NOW.timestamp() * 1000) + 3_600_000
    offered = SlotDetails(start, start + 900_000, (SlotType.PUBLIC, SlotType.SNP), kinds, reasons=("Fièvre",))
    (site,) = await opened(agenda, [offered])
    bundle = await _search(agenda)
    assert bundle.keys() == {"resourceType", "id", "meta", "type", "total", "link", "entry"}
    assert bundle["meta"] == {"profile": [PROFILES + "bundle-aggregator"]}
    assert (bundle["type"], bundle["total"]) == ("searchset", 1)
    query = f"{INCLUDES}&{GE}&{LE}&{FREE}&{WHO}"
    assert bundle["link"] == [{"relation": "self", "url": f"http://agenda.test/fhir/Schedule?{query}"}]
    modes = [(e["resource"]["resourceType"], e["search"]["mode"]) for e in bundle["entry"]]
    assert modes == [("Slot", "include"), ("Schedule", "match"), ("Location", "include"), ("Organization", "include")]
    for entry in bundle["entry"]:
        resource = entry["resource"]
        assert entry["fullUrl"] == f"http://agenda.test/fhir/{resource['resourceType']}/{resource['id']}"
    found, schedule, location, organization = (entry["resource"] for entry in bundle["entry"])
    types = "https://mos.esante.gouv.fr/NOS/TRE_R314-TypeCreneau/FHIR/TRE-R314-TypeCreneau"
    act = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    local = "http://interopsante.org/fhir/CodeSystem/fr-location-identifier-type"
    assert found == {
        "resourceType": "Slot",
        "id": "cr-1",
        "meta": {
            "profile": [PROFILES + "slot-aggregator"],
            "security": [{"system": types, "code": "PUBLIC"}, {"system": types, "code": "SNP"}],
        },
        "serviceType": [{"coding": [{"system": act, "code": code}]} for code in ("AMB", "VR", "HH")],
        "appointmentType": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0276", "code": "ROUTINE"}]},
        "schedule": {"reference": f"Schedule/ags-{site.id}"},
        "status": "free",
        "start": "2031-03-10T09:00:00.000+01:00",
        "end": "2031-03-10T09:15:00.000+01:00",
        "comment": f"https://agenda.example.org/sos/pfg-{site.id}?vue=semaine&creneau=cr-1",
    }
    assert schedule == {
        "resourceType": "Schedule",
        "id": f"ags-{site.id}",
        "meta": {"profile": [PROFILES + "schedule-aggregator"]},
        "actor": [{"reference": f"Location/pfg-{site.id}"}],
    }
    assert location == {
        "resourceType": "Location",
        "id": f"pfg-{site.id}",
        "meta": {"profile": [PROFILES + "location-aggregator"]},
        "identifier": [
            {
                "type": {"coding": [{"system": local, "code": "INTRN"}]},
                "system": "https://agenda.example.org/ns/lieu",
                "value": f"pfg-{site.id}",
            }
        ],
        "name": "Point de consultation Nord",
        "telecom": [{"system": "phone", "value": "+33199000032"}],
        "address": {"line": ["7 quai de l’Écluse"], "city": "Villefictive", "postalCode": "99200"},
        "managingOrganization": {"reference": f"Organization/asso-{site.association.id}"},
    }
    assert organization == {
        "resourceType": "Organization",
        "id": f"asso-{site.association.id}",
        "meta": {"profile": [PROFILES + "organization-aggregator"]},
        "identifier": [
            {"type": {"coding": [{"system": local, "code": "IDNST"}]}, "system": STRUCTURES, "value": ID},
        ],
        "name": "SOS Médecins Villefictive",
        "telecom": [{"system": "phone", "value": "+33199000031"}],
    }


async def test_total_counts_slots_and_each_slot_stands_at_its_own_site(agenda: Agenda) -> None:
    north, south = await opened(agenda, [slot(1), slot(3)], [slot(2)])
    bundle = await _search(agenda)
    assert bundle["total"] == 3
    slots = resources(bundle, "Slot")
    assert [s["schedule"]["reference"] for s in slots] == [f"Schedule/ags-{s.id}" for s in (north, south, north)]
    actors = {s["id"]: s["actor"][0]["reference"] for s in resources(bundle, "Schedule")}
    assert actors == {f"ags-{s.id}": f"Location/pfg-{s.id}" for s in (north, south)}
    assert len(resources(bundle, "Location")) == 2
    (organization,) = resources(bundle, "Organization")
    managed = {place["managingOrganization"]["reference"] for place in resources(bundle, "Location")}
    assert managed == {f"Organization/{organization['id']}"}
    assert "telecom" not in resources(bundle, "Location")[1]
    assert len({entry["fullUrl"] for entry in bundle["entry"]}) == len(bundle["entry"])


async def test_only_free_slots_of_the_window_leave_and_sites_without_any_stay_out(agenda: Agenda) -> None:
    both = (SlotType.PUBLIC, SlotType.SNP)
    await opened(
        agenda,
        [
            slot(-1, types=both),
            slot(0, types=both),
            slot(72, types=[SlotType.SNP], appointment_type=AppointmentType.WALKIN),
            slot(72.01, types=both),
            slot(2, types=both, status=SlotStatus.BUSY),
            slot(3, types=both, status=SlotStatus.ABSENCE),
            slot(4, types=[]),
        ],
        [slot(100)],
    )
    bundle = await _search(agenda)
    assert starts(bundle) == ["2031-03-10T08:00:00.000+01:00", "2031-03-13T08:00:00.000+01:00"]
    kinds = [s["appointmentType"]["coding"][0]["code"] for s in resources(bundle, "Slot")]
    assert kinds == ["ROUTINE", "WALKIN"]
    assert len(resources(bundle, "Schedule")) == len(resources(bundle, "Location")) == 1
    agenda.clock.advance(timedelta(milliseconds=1))
    assert (await _search(agenda))["total"] == 1


async def test_only_the_associations_asked_for_are_answered(agenda: Agenda) -> None:
    await opened(agenda, [slot(1)])
    await opened(agenda, [slot(1)], [slot(2)], siret="99000000000314", phone=None)
    await agenda.open("810123400017", slot(1))
    one = await _search(agenda)
    assert [o["identifier"][0]["value"] for o in resources(one, "Organization")] == [ID]
    both = await _search(agenda, f"{GE}&{LE}&{FREE}&{WHO},{STRUCTURES}%7C399000000000314,{STRUCTURES}|399000000000322")
    assert (both["total"], len(resources(both, "Organization"))) == (3, 2)
    assert "telecom" not in resources(both, "Organization")[1]
    assert "Practitioner" not in {e["resource"]["resourceType"] for e in both["entry"]}


@pytest.mark.parametrize("who", [f"{STRUCTURES}%7C399999999999999", f"{STRUCTURES}%7C{SIRET}", f"urn:oid:1.2%7C{ID}"])
async def test_nothing_found_is_an_empty_bundle_without_entry(agenda: Agenda, who: str) -> None:
    await opened(agenda, [slot(1)])
    bundle = await _search(agenda, f"{GE}&{LE}&{FREE}&{IDENTIFIER}={who}")
    assert bundle["total"] == 0
    assert "entry" not in bundle
    assert bundle["meta"]["profile"] == [PROFILES + "bundle-aggregator"]


@pytest.mark.parametrize(
    "query",
    [
        f"{GE}&{LE}&{FREE}&{WHO}",
        f"{WHO}&{FREE}&{LE}&{GE}",
        f"{INCLUDES.replace('Location:organization', 'Location:Organization')}&{GE}&{LE}&{FREE}&{WHO}",
        f"{GE.replace('%2B', '+')}&{LE.replace('%2B', '%20')}&{FREE}&{WHO.replace('%7C', '|')}",
        f"{START}=ge2031-03-10T08:00:00&{START}=le2031-03-12&{FREE}&{WHO}",
        f"{quote(START)}=ge2031&{quote(START)}=le2031&{quote(STATUS)}=free&{quote(IDENTIFIER)}={quote(STRUCTURES)}|{ID}",
        f"{GE}&{LE}&{FREE}&{IDENTIFIER}={STRUCTURES}|1,%20{STRUCTURES}|{ID}%20,",
        f"{GE}&{LE}&{FREE}&{WHO}&_count=1&foo=bar&_format=application/json%2Bfhir",
        f"{GE}&{LE}&{STATUS}=http://hl7.org/fhir/slotstatus|free&{WHO}",
    ],
)
async def test_every_spelling_seen_in_the_field_finds_the_slot(lone_agenda: Agenda, query: str) -> None:
    await opened(lone_agenda, [slot(1)], [slot(2)])
    for path in ("/fhir/Schedule", "/fhir/Schedule/"):
        answer = await lone_agenda.get(f"{path}?{query}")
        assert answer.status == 200, answer.body
        assert json.loads(answer.body)["total"] == 2


@pytest.mark.parametrize(
    ("query", "code", "named"),
    [
        (f"{LE}&{FREE}&{WHO}", "required", START),
        (f"{GE}&{FREE}&{WHO}", "required", START),
        (f"{GE}&{LE}&{WHO}", "required", STATUS),
        (f"{GE}&{LE}&{FREE}", "required", IDENTIFIER),
        (f"{GE}&{LE}&{FREE}&{WHO}&{WHO}", "invalid", IDENTIFIER),
        (f"{GE}&{LE}&{FREE}&{IDENTIFIER}={ID}", "invalid", IDENTIFIER),
        (f"{GE}&{LE}&{FREE}&{IDENTIFIER}={STRUCTURES}2.27C{ID}", "invalid", IDENTIFIER),
        (f"{START}=gt2031&{LE}&{FREE}&{WHO}", "invalid", START),
        (f"{START}=ge2031,le2032&{FREE}&{WHO}", "invalid", START),
        (f"{GE}&{LE}&{FREE}&{WHO}&{START}:missing=true", "not-supported", START + ":missing"),
        (
            f"{GE}&{LE}&{FREE}&{IDENTIFIER}={','.join(f'{STRUCTURES}|3{n:014d}' for n in range(26))}",
            "too-costly",
            "25",
        ),
    ],
)
async def test_a_search_that_cannot_be_executed_says_what_to_correct(
    lone_agenda: Agenda, query: str, code: str, named: str
) -> None:
    answer = await lone_agenda.get("/fhir/Schedule?" + query)
    assert answer.status == 400, answer.body
    (issue,) = json.loads(answer.body)["issue"]
    assert issue["code"] == code
    assert named in issue["diagnostics"]
    assert named in issue["details"]["text"]


async def test_25_associations_are_welcome(lone_agenda: Agenda) -> None:
    await opened(lone_agenda, [slot(1)])
    others = "".join(f",{STRUCTURES}%7C3{n:014d}" for n in range(24))
    assert (await _search(lone_agenda, f"{GE}&{LE}&{FREE}&{WHO}{others}"))["total"] == 1


async def test_strictness_other_methods_and_other_types_are_as_for_slots(lone_agenda: Agenda) -> None:
    target = f"/fhir/Schedule?{GE}&{LE}&{FREE}&{WHO}&foo=bar"
    assert (await lone_agenda.get(target, headers=[("prefer", "handling=strict")])).status == 400
    assert (await lone_agenda.get(target, headers=[("accept", "application/xml")])).status == 406
    for method, path in (("POST", "/fhir/Schedule/_search"), ("POST", "/fhir/Schedule"), ("DELETE", "/fhir/Schedule")):
        assert (await lone_agenda.get(path, method=method)).status == 405
    assert (await lone_agenda.get("/fhir/Schedule/ags-1")).status == 404


@pytest.mark.parametrize("status", ["busy", "FREE"])
async def test_another_status_than_free_finds_nothing(lone_agenda: Agenda, status: str) -> None:
    await opened(lone_agenda, [slot(1)])
    assert (await _search(lone_agenda, f"{GE}&{LE}&{STATUS}={status}&{WHO}"))["total"] == 0


async def test_fragments_rendered_for_another_address_are_rendered_again(start: Starter, database_url: str) -> None:
    await opened(await start(database_url), [slot(1)])
    bundle = await _search(await start(database_url, public_url="https://autre.example.org"))
    assert resources(bundle, "Slot")[0]["comment"].startswith("https://autre.example.org/sos/pfg-")
    assert resources(bundle, "Location")[0]["identifier"][0]["system"] == "https://autre.example.org/ns/lieu"


async def test_what_no_answer_could_tell_is_refused_when_it_is_written(lone_agenda: Agenda) -> None:
    with pytest.raises(InvalidAssociationError):
        await opened(lone_agenda, [slot(1)], siret="990")
    for kind in (SlotType.PRO, SlotType.CPTS):
        with pytest.raises(InvalidSiteSlotError):
            await opened(lone_agenda, [slot(1, types=[SlotType.PUBLIC, kind])])
    assert (await _search(lone_agenda))["total"] == 0


async def test_the_demonstration_territory_has_two_associations_and_gets_its_days(
    start: Starter, database_url: str
) -> None:
    demo = await start(database_url, dataset="demo")
    asked = ",".join(f"{STRUCTURES}%7C{number}" for number in DEMO.test_data["sos_associations"])
    bundle = await _search(demo, f"{GE}&{LE}&{FREE}&{IDENTIFIER}={asked}")
    assert [len(resources(bundle, kind)) for kind in ("Organization", "Location", "Schedule")] == [2, 3, 3]
    expected = sorted(
        s.start.timestamp()
        for association in DEMO.associations
        for site in association.sites
        for s in datasets.site_slots(site, NOW.date(), NOW.date() + timedelta(days=3))
        if s.status == "free" and NOW <= s.start <= NOW + timedelta(hours=72)
    )
    assert bundle["total"] == len(expected)
    codes = {c["code"] for s in resources(bundle, "Slot") for c in s["meta"]["security"]}
    assert codes == {"PUBLIC", "SNP"}
