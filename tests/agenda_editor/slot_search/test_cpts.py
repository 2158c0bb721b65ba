"""INT_R04 from the outside: the same search, answered with CPTS slots and the profiles of CPTS."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from agenda_editor.agendas.model import SlotDetails, SlotStatus, SlotType
from agenda_editor.communities.model import Community, CommunityDetails, InvalidCommunityError
from agenda_editor.communities.service import CommunityService, add_communities
from sas_kernel import datasets
from tests.agenda_editor.conftest import Agenda, Starter, resources, slot, starts

RPPS = "810123400017"
CPTS_INCLUDES = "&_include=Slot:service-type-reference&_include:iterate=HealthcareService:organization"
RIVES = CommunityDetails("CPTS des Deux Rives", "990000033", "01 99 00 00 21")
SONGE = CommunityDetails("CPTS du Pays de Songe", "990000041")
PROFILES = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/sas-cpts-"
DEMO = datasets.load("demo")


async def _communities(agenda: Agenda, *details: CommunityDetails) -> list[Community]:
    async with agenda.service.editing() as edit:
        first = await edit.repository.take_ids("community", len(details))
        return await add_communities(edit.connection, details, first)


async def _search(agenda: Agenda, *national_ids: str, includes: str = CPTS_INCLUDES) -> dict[str, Any]:
    return await agenda.search(query=agenda.query(*national_ids) + includes)


def _shared(hours: float, communities: Sequence[Community], *types: SlotType, **details: Any) -> SlotDetails:
    return slot(hours, types=types or [SlotType.CPTS], communities=tuple(c.id for c in communities), **details)


def _references(resource: dict[str, Any]) -> list[str]:
    return [e["valueReference"]["reference"] for t in resource["serviceType"] for e in t.get("extension", [])]


async def test_the_answer_has_the_form_of_the_reference_element_by_element(agenda: Agenda) -> None:
    """Profiles B.7 to B.11, examples J.5 and J.6."""
    rives, songe = await _communities(agenda, RIVES, SONGE)
    schedule = await agenda.open(RPPS, _shared(1, [rives, songe], *SlotType, reasons=("Douleur récente",)))
    bundle = await _search(agenda, RPPS)
    assert bundle["meta"] == {"profile": [PROFILES + "bundle-aggregator"]}
    assert (bundle["type"], bundle["total"]) == ("searchset", 1)
    assert [link["relation"] for link in bundle["link"]] == ["self"]
    kinds = [e["resource"]["resourceType"] for e in bundle["entry"]]
    assert kinds == [
        "Slot",
        "Schedule",
        "Practitioner",
        "PractitionerRole",
        *["HealthcareService"] * 2,
        *["Organization"] * 2,
    ]
    for entry in bundle["entry"]:
        resource = entry["resource"]
        assert entry["fullUrl"] == f"http://agenda.test/fhir/{resource['resourceType']}/{resource['id']}"
        assert entry["search"] == {"mode": "match" if resource["resourceType"] == "Slot" else "include"}
    (found,) = resources(bundle, "Slot")
    system = "https://mos.esante.gouv.fr/NOS/TRE_R314-TypeCreneau/FHIR/TRE-R314-TypeCreneau"
    shown = {
        "resourceType": "Slot",
        "id": "cr-1",
        "meta": {
            "profile": [PROFILES + "slot-aggregator"],
            "security": [{"system": system, "code": code} for code in ("PUBLIC", "PRO", "SNP", "CPTS")],
        },
        "serviceType": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}]},
            {"text": "Douleur récente"},
            *(
                {
                    "extension": [
                        {
                            "url": "http://hl7.org/fhir/5.0/StructureDefinition/extension-Slot.serviceType",
                            "valueReference": {"reference": f"HealthcareService/hs-{c.id}"},
                        }
                    ],
                    "coding": [
                        {
                            "system": "https://mos.esante.gouv.fr/NOS/TRE_R66-CategorieEtablissement/FHIR/"
                            "TRE-R66-CategorieEtablissement",
                            "code": "604",
                        }
                    ],
                }
                for c in (rives, songe)
            ),
        ],
        "appointmentType": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0276", "code": "ROUTINE"}]},
        "schedule": {"reference": f"Schedule/ag-{schedule.id}"},
        "status": "free",
        "start": "2031-03-10T09:00:00.000+01:00",
        "end": "2031-03-10T09:20:00.000+01:00",
        "comment": f"https://agenda.example.org/agenda/ag-{schedule.id}?vue=semaine&creneau=cr-1",
    }
    assert found == shown
    assert resources(bundle, "HealthcareService")[0] == {
        "resourceType": "HealthcareService",
        "id": f"hs-{rives.id}",
        "meta": {"profile": [PROFILES + "healthcareservice-aggregator"]},
        "active": True,
        "providedBy": {"reference": f"Organization/cpts-{rives.id}"},
        "name": "Soins non programmés",
    }
    with_phone, without = resources(bundle, "Organization")
    assert with_phone == {
        "resourceType": "Organization",
        "id": f"cpts-{rives.id}",
        "meta": {"profile": [PROFILES + "organization-aggregator"]},
        "identifier": [
            {
                "type": {
                    "coding": [
                        {"system": "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203", "code": "IDNST"},
                        {
                            "system": "http://interopsante.org/fhir/CodeSystem/fr-location-identifier-type",
                            "code": "IDNST",
                        },
                    ]
                },
                "system": "urn:oid:1.2.250.1.71.4.2.2",
                "value": "1990000033",
            }
        ],
        "name": "CPTS des Deux Rives",
        "telecom": [{"system": "phone", "value": "+33199000021"}],
    }
    assert without["identifier"][0]["value"] == "1990000041"
    assert "telecom" not in without


async def test_int_r01_does_not_change_because_somebody_joined_a_cpts(agenda: Agenda) -> None:
    (rives,) = await _communities(agenda, RIVES)
    both = [SlotType.PUBLIC, SlotType.CPTS]
    await agenda.open(RPPS, slot(1), slot(2, types=both), slot(3, types=[SlotType.CPTS]))
    await agenda.open("810123400025", slot(1), _shared(2, [rives], *both), _shared(3, [rives]))
    for includes in ("", "&_include:iterate=HealthcareService:organization"):
        alone, joined = [await _search(agenda, who, includes=includes) for who in (RPPS, "810123400025")]
        for bundle in (alone, joined):
            assert bundle["meta"]["profile"] == ["http://sas.fr/fhir/StructureDefinition/BundleAgregateur"]
            assert {s["meta"]["profile"][0] for s in resources(bundle, "Slot")} == {
                "http://sas.fr/fhir/StructureDefinition/FrSlotAgregateur"
            }
            assert not resources(bundle, "Organization")

        def seen(bundle: dict[str, Any]) -> list[tuple[str, str, str]]:
            found = resources(bundle, "Slot")
            return [(s["start"], json.dumps(s["meta"]), json.dumps(s["serviceType"])) for s in found]

        assert seen(alone) == seen(joined)
        assert len(starts(joined)) == 2


async def test_each_slot_says_its_own_cpts_and_the_others_say_none(agenda: Agenda) -> None:
    rives, songe = await _communities(agenda, RIVES, SONGE)
    await agenda.open(
        RPPS,
        slot(1, types=[SlotType.SNP]),
        _shared(2, [rives]),
        _shared(3, [songe, rives]),
        _shared(4, [rives], SlotType.PUBLIC),  # open to everybody, not to the CPTS
        slot(5, types=[SlotType.CPTS]),  # of nobody known
    )
    bundle = await _search(agenda, RPPS)
    slots = resources(bundle, "Slot")
    hs = [f"HealthcareService/hs-{c.id}" for c in (rives, songe)]
    assert [_references(s) for s in slots] == [[], [hs[0]], [hs[1], hs[0]], []]
    assert [[c["code"] for c in s["meta"]["security"]] for s in slots] == [["SNP"], ["CPTS"], ["CPTS"], ["PUBLIC"]]
    assert {s["meta"]["profile"][0] for s in slots} == {PROFILES + "slot-aggregator"}
    assert bundle["total"] == 4


async def test_only_the_cpts_of_shown_slots_are_there_and_once(agenda: Agenda) -> None:
    rives, _songe = await _communities(agenda, RIVES, SONGE)
    await agenda.open(RPPS, _shared(1, [rives]), _shared(2, [rives]), _shared(100, [_songe]))
    await agenda.open("810123400025", _shared(1, [rives]))
    bundle = await _search(agenda, RPPS, "810123400025")
    assert [o["identifier"][0]["value"] for o in resources(bundle, "Organization")] == ["1990000033"]
    assert len(resources(bundle, "HealthcareService")) == 1
    assert bundle["total"] == 3


async def test_what_is_past_private_or_taken_is_shown_to_no_cpts_either(agenda: Agenda) -> None:
    (rives,) = await _communities(agenda, RIVES)
    await agenda.open(
        RPPS,
        _shared(-1, [rives]),
        _shared(1, [rives], own_patients_only=True),
        _shared(2, [rives], status=SlotStatus.BUSY),
    )
    bundle = await _search(agenda, RPPS)
    assert bundle["total"] == 0
    assert "entry" not in bundle
    assert bundle["meta"]["profile"] == [PROFILES + "bundle-aggregator"]


async def test_both_answers_follow_what_is_booked_and_released(agenda: Agenda) -> None:
    """Each is kept in memory by itself."""
    (rives,) = await _communities(agenda, RIVES)
    await agenda.open(RPPS, _shared(1, [rives], SlotType.PUBLIC, SlotType.CPTS), _shared(2, [rives]))
    assert [(await _search(agenda, RPPS, includes=i))["total"] for i in ("", CPTS_INCLUDES)] == [1, 2]
    for number in (1, 2):
        async with agenda.service.editing() as edit:
            await edit.mark_busy(number)
    assert [(await _search(agenda, RPPS, includes=i))["total"] for i in ("", CPTS_INCLUDES)] == [0, 0]
    async with agenda.service.editing() as edit:
        await edit.release(2)
    assert [(await _search(agenda, RPPS, includes=i))["total"] for i in ("", CPTS_INCLUDES)] == [0, 1]


async def test_fragments_rendered_for_another_address_are_rendered_again(start: Starter, database_url: str) -> None:
    first = await start(database_url)
    (rives,) = await _communities(first, RIVES)
    await first.open(RPPS, _shared(1, [rives]))
    moved = await start(database_url, public_url="https://autre.example.org")
    (found,) = resources(await _search(moved, RPPS), "Slot")
    assert found["comment"].startswith("https://autre.example.org/agenda/")
    assert _references(found) == [f"HealthcareService/hs-{rives.id}"]


async def test_a_data_set_put_in_afresh_between_two_reads_leaves_no_reference_to_nobody(
    agenda: Agenda, monkeypatch: pytest.MonkeyPatch
) -> None:
    (rives,) = await _communities(agenda, RIVES)
    await agenda.open(RPPS, _shared(1, [rives]))
    named = CommunityService.named
    replaced: list[int] = []

    async def replacing(service: CommunityService, ids: Collection[int]) -> list[Community]:
        if not replaced:
            async with agenda.service.editing() as edit:
                first = await edit.repository.take_ids("community", 1)
                (again,) = await add_communities(edit.connection, [SONGE], first)
                await edit.remove(1)
                await edit.add_slots(1, [_shared(1, [again])])
                await edit.connection.execute(sa.text(f"DELETE FROM communities WHERE id = {rives.id}"))
            replaced.append(again.id)
        return await named(service, ids)

    monkeypatch.setattr(CommunityService, "named", replacing)
    bundle = await _search(agenda, RPPS)
    (found,) = resources(bundle, "Slot")
    assert _references(found) == [f"HealthcareService/hs-{replaced[0]}"]
    assert [s["id"] for s in resources(bundle, "HealthcareService")] == [f"hs-{replaced[0]}"]


async def test_without_an_index_in_memory_the_answer_is_the_same(start: Starter, sqlite_url: str) -> None:
    agenda = await start(sqlite_url)
    (rives,) = await _communities(agenda, RIVES)
    await agenda.open(RPPS, slot(1), _shared(2, [rives]))
    plain = await start(sqlite_url, fragment_index_bytes=0)
    one, other = await _search(agenda, RPPS), await _search(plain, RPPS)
    assert one["entry"] == other["entry"]


@pytest.mark.parametrize(
    "include",
    [
        "_include=Slot:service-type-reference",
        "_include=Slot%3Aservice-type-reference",
        "_include=Slot:service-type-reference:HealthcareService",
        "_include:iterate=Slot:service-type-reference",
    ],
)
async def test_every_spelling_of_the_include_is_understood(lone_agenda: Agenda, include: str) -> None:
    assert (await _search(lone_agenda, RPPS, includes="&" + include))["meta"]["profile"][0].startswith(PROFILES)


async def test_a_cpts_without_its_finess_number_is_refused(lone_agenda: Agenda) -> None:
    with pytest.raises(InvalidCommunityError):
        await _communities(lone_agenda, replace(RIVES, finess="2A9000033"))


# --- the demonstration territory: what the acceptance kit asks for in CPTS mode -------------------------------------


async def test_the_person_with_one_cpts_satisfies_the_kit(start: Starter, database_url: str) -> None:
    demo = await start(database_url, dataset="demo")
    bundle = await _search(demo, str(DEMO.test_data["practitioner_one_cpts"]))
    counts = [len(resources(bundle, kind)) for kind in ("Practitioner", "PractitionerRole", "Schedule")]
    assert counts == [1, 1, 1]
    (service,) = resources(bundle, "HealthcareService")
    (organization,) = resources(bundle, "Organization")
    assert service["providedBy"]["reference"] == f"Organization/{organization['id']}"
    slots = resources(bundle, "Slot")
    assert {c["code"] for s in slots for c in s["meta"]["security"]} == {"PUBLIC", "PRO", "SNP", "CPTS"}
    codes = {c["code"] for s in slots for t in s["serviceType"] for c in t.get("coding", [])}
    assert codes == {"AMB", "VR", "HH", "604"}
    assert {r for s in slots for r in _references(s)} == {f"HealthcareService/{service['id']}"}
    assert organization["name"]
    assert organization["telecom"][0]["value"].startswith("+33")


async def test_the_person_with_two_cpts_satisfies_the_kit_and_days_are_added(start: Starter, sqlite_url: str) -> None:
    demo = await start(sqlite_url, dataset="demo")
    bundle = await _search(demo, str(DEMO.test_data["practitioner_two_cpts"]))
    counts = [len(resources(bundle, kind)) for kind in ("Practitioner", "PractitionerRole", "Schedule")]
    assert counts == [1, 2, 2]
    services = {f"HealthcareService/{s['id']}": s for s in resources(bundle, "HealthcareService")}
    organizations = {f"Organization/{o['id']}" for o in resources(bundle, "Organization")}
    assert len(services) == len(organizations) == 2
    assert {s["providedBy"]["reference"] for s in services.values()} == organizations
    slots = resources(bundle, "Slot")
    assert {c["code"] for s in slots for c in s["meta"]["security"]} == {"CPTS"}
    assert {r for s in slots for r in _references(s)} == set(services)
    assert max(len(set(_references(s))) for s in slots) == 2
