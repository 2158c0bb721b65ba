"""Saved answers: the official ones pass, each single fault is named by its path, nonsense is survived."""

from __future__ import annotations

import copy
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recette.checks.offline import CHECKS, UnknownDocumentError, judge_document

BUNDLE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "slot_search" / "bundle.json").read_text(encoding="utf-8")
)
SLOT, SCHEDULE, PRACTITIONER, ROLE = 0, 6, 9, 11


def seen(document: Any) -> set[tuple[str, str]]:
    """The requirements broken, each with the path where."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return {
        (check.requirement, problem.path) for check, judgement in judge_document(body) for problem in judgement.problems
    }


def resource(bundle: dict[str, Any], position: int) -> dict[str, Any]:
    found: dict[str, Any] = bundle["entry"][position]["resource"]
    return found


def place(bundle: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = resource(bundle, ROLE)["contained"][0]
    return found


def test_a_right_bundle_passes() -> None:
    judged = judge_document(json.dumps(BUNDLE).encode())
    assert seen(BUNDLE) == set()
    assert len(judged) > 50
    assert all(judgement.examined for _, judgement in judged)


@pytest.mark.parametrize("position", [SLOT, SCHEDULE, PRACTITIONER, ROLE])
def test_each_of_its_resources_passes_alone(position: int) -> None:
    assert seen(resource(BUNDLE, position)) == set()


def test_a_place_passes_alone() -> None:
    assert seen(place(BUNDLE)) == set()


def _renamed_place(bundle: dict[str, Any]) -> None:
    place(bundle)["id"] = "l_1"
    resource(bundle, ROLE)["location"][0]["reference"] = "#l_1"


def _absolute(bundle: dict[str, Any]) -> None:
    schedule = resource(bundle, SLOT)["schedule"]
    schedule["reference"] = "http://127.0.0.1:8081/fhir/" + schedule["reference"]


MUTATIONS: dict[str, tuple[Callable[[dict[str, Any]], Any], str, str]] = {
    "type": (lambda b: b.update(type="collection"), "SLOT-005", "Bundle.type"),
    "no total": (lambda b: b.pop("total"), "SLOT-050", "Bundle.total"),
    "wrong total": (lambda b: b.update(total=14), "SLOT-051", "Bundle.total"),
    "total in text": (lambda b: b.update(total="6"), "SLOT-070", "Bundle.total"),
    "negative total": (lambda b: b.update(total=-1, entry=b["entry"]), "SLOT-070", "Bundle.total"),
    "no link": (lambda b: b.pop("link"), "SLOT-054", "Bundle.link"),
    "next link": (lambda b: b["link"].append({"relation": "next", "url": "http://x/y"}), "SLOT-057", "Bundle.link[1]"),
    "fullUrl": (lambda b: b["entry"][0].update(fullUrl="Slot/1"), "SLOT-058", "Bundle.entry[0].fullUrl"),
    "mode": (lambda b: b["entry"][0]["search"].update(mode="include"), "SLOT-059", "Bundle.entry[0].search.mode"),
    "twice": (lambda b: b["entry"].append(b["entry"][PRACTITIONER]), "SLOT-061", "Bundle.entry[14].resource"),
    "null": (lambda b: resource(b, SLOT).update(comment=None), "SLOT-071", "Bundle.entry[0].resource.comment"),
    "empty array": (lambda b: resource(b, SLOT).update(specialty=[]), "SLOT-071", "Bundle.entry[0].resource.specialty"),
    "empty object": (lambda b: resource(b, ROLE).update(period={}), "SLOT-071", "Bundle.entry[11].resource.period"),
    "id": (_renamed_place, "SLOT-072", "Bundle.entry[11].resource.contained[0].id"),
    "profile version": (lambda b: place(b)["meta"]["profile"].insert(0, place(b)["meta"]["profile"].pop() + "|1.1.0"),
                        "SLOT-074", "Bundle.entry[11].resource.contained[0].meta.profile[0]"),
    "two profiles": (lambda b: resource(b, SLOT)["meta"]["profile"].append("http://x"),
                     "SLOT-073", "Bundle.entry[0].resource.meta.profile"),
    "gender": (lambda b: resource(b, PRACTITIONER).update(gender="F"), "SLOT-075", "Bundle.entry[9].resource.gender"),
    "day": (lambda b: place(b).update(hoursOfOperation=[{"daysOfWeek": ["MON"]}]), "SLOT-075",
            "Bundle.entry[11].resource.contained[0].hoursOfOperation[0].daysOfWeek[0]"),
    "telecom system": (lambda b: resource(b, ROLE)["telecom"][0].pop("system"), "SLOT-076",
                       "Bundle.entry[11].resource.telecom[0].system"),
    "absolute": (_absolute, "SLOT-080", "Bundle.entry[0].resource.schedule.reference"),
    "dangling": (lambda b: resource(b, SLOT)["schedule"].update(reference="Schedule/no"), "SLOT-081",
                 "Bundle.entry[0].resource.schedule.reference"),
    "actor": (lambda b: resource(b, SCHEDULE)["actor"].pop(), "SLOT-083", "Bundle.entry[6].resource.actor"),
    "location": (lambda b: resource(b, ROLE)["location"][0].update(reference="#no"), "SLOT-086",
                 "Bundle.entry[11].resource.location[0].reference"),
    "no start": (lambda b: resource(b, SLOT).pop("start"), "SLOT-101", "Bundle.entry[0].resource.start"),
    "busy": (lambda b: resource(b, SLOT).update(status="busy"), "SLOT-102", "Bundle.entry[0].resource.status"),
    "seconds": (lambda b: resource(b, SLOT).update(start="2031-03-10T11:30:00+01:00"), "SLOT-103",
                "Bundle.entry[0].resource.start"),
    "impossible": (lambda b: resource(b, SLOT).update(start="2031-02-30T11:30:00.000+01:00"), "SLOT-103",
                   "Bundle.entry[0].resource.start"),
    "number": (lambda b: resource(b, SLOT).update(start=20310310), "SLOT-070", "Bundle.entry[0].resource.start"),
    "backwards": (lambda b: resource(b, SLOT).update(end="2031-03-10T11:00:00.000+01:00"), "SLOT-104",
                  "Bundle.entry[0].resource.end"),
    "private": (lambda b: resource(b, SLOT)["meta"]["security"][0].update(code="PRIVE"), "SLOT-107",
                "Bundle.entry[0].resource.meta.security[0].code"),
    "not typed": (lambda b: resource(b, SLOT)["meta"].pop("security"), "SLOT-108",
                  "Bundle.entry[0].resource.meta.security"),
    "consultation": (lambda b: resource(b, SLOT)["serviceType"][0]["coding"][0].update(code="IMP"), "SLOT-110",
                     "Bundle.entry[0].resource.serviceType[0].coding[0]"),
    "appointment": (lambda b: resource(b, SLOT)["appointmentType"]["coding"][0].update(code="FOLLOWUP"), "SLOT-116",
                    "Bundle.entry[0].resource.appointmentType.coding"),
    "blank address": (lambda b: resource(b, SLOT).update(comment=" "), "SLOT-117",
                      "Bundle.entry[0].resource.comment"),
    "no address": (lambda b: resource(b, SLOT).pop("comment"), "SLOT-117", "Bundle.entry[0].resource.comment"),
    "address": (lambda b: resource(b, SLOT).update(comment="agenda.example.org"), "SLOT-119",
                "Bundle.entry[0].resource.comment"),
    "system": (lambda b: resource(b, PRACTITIONER)["identifier"][0].update(system="urn:oid:1.2"), "SLOT-131",
               "Bundle.entry[9].resource.identifier[0]"),
    "prefix": (lambda b: resource(b, PRACTITIONER)["identifier"][0].update(value="10123400017"), "SLOT-132",
               "Bundle.entry[9].resource.identifier[0].value"),
    "structure": (lambda b: resource(b, ROLE)["organization"]["identifier"].update(value="990000017"), "SLOT-141",
                  "Bundle.entry[11].resource.organization.identifier.value"),
    "phone": (lambda b: resource(b, ROLE)["telecom"][0].update(value="0199000012"), "SLOT-145",
              "Bundle.entry[11].resource.telecom[0].value"),
    "postal code": (lambda b: place(b)["address"].update(postalCode="9910"), "SLOT-152",
                    "Bundle.entry[11].resource.contained[0].address.postalCode"),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTATIONS)
def test_one_fault_is_one_finding_at_its_path(name: str) -> None:
    bend, requirement, path = MUTATIONS[name]
    document = copy.deepcopy(BUNDLE)
    bend(document)
    assert seen(document) == {(requirement, path)}


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"Bundle"', b"\xff"])
def test_a_body_that_is_no_json_object_is_one_finding(body: bytes) -> None:
    assert seen(body) == {("SLOT-004", "body")}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"resourceType": "Appointment"},
        {"resourceType": 12},
        {"resourceType": ["Bundle"]},
        {
            "resourceType": "Slot",
            "meta": {
                "profile": ["https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/sas-cpts-slot-aggregator"]
            },
        },
    ],
)
def test_a_document_of_another_kind_is_told_apart_from_a_wrong_one(document: dict[str, Any]) -> None:
    with pytest.raises(UnknownDocumentError):
        judge_document(json.dumps(document).encode())


NONSENSE: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 1.5, "", " ", "x", [], {}, [[]], [None], {"a": {}}, "free", ["x"], [12]]
)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_nonsense_anywhere_is_survived(data: st.DataObject) -> None:
    document = copy.deepcopy(BUNDLE)
    for _ in range(data.draw(st.integers(1, 4))):
        places = list(spots(document))
        if places:
            holder, key = data.draw(st.sampled_from(places))
            holder[key] = copy.deepcopy(data.draw(NONSENSE))
    document["resourceType"] = "Bundle"
    for check, judgement in judge_document(json.dumps(document).encode()):
        assert judgement.examined >= len(judgement.problems) or check.id == "body.json"


def spots(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a document: its holder and the key or position there."""
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        yield node, key
        yield from spots(node[key])


def _examples(reference: Path) -> Iterator[tuple[str, bytes]]:
    for package in sorted((reference / "data" / "ig").glob("*.tgz")):
        with tarfile.open(package) as archive:
            for member in archive.getmembers():
                content = archive.extractfile(member) if "/example/" in member.name else None
                if content is not None and member.name.endswith(".json"):
                    yield f"{package.name}:{member.name}", content.read()


@pytest.mark.reference
def test_the_official_examples_of_this_flow_pass(reference: Path) -> None:
    judged: dict[str, set[tuple[str, str]]] = {}
    for name, body in _examples(reference):
        try:
            judged[name] = seen(body)
        except UnknownDocumentError:
            continue
    kinds = {name.rsplit("/", 1)[1].partition("-")[0] for name in judged}
    assert kinds == set(CHECKS) - {"Location"}  # the places of this flow stand inside the roles
    assert len(judged) >= 30
    assert not {name: problems for name, problems in judged.items() if problems}


@pytest.mark.reference
def test_the_official_examples_of_other_flows_are_told_apart(reference: Path) -> None:
    others = {
        name: body
        for name, body in _examples(reference)
        if any(word in name for word in ("SOS", "CPTS", "Regul", "Appointment-", "Location-", "Organization-"))
    }
    assert len(others) > 20
    for body in others.values():
        with pytest.raises(UnknownDocumentError):
            judge_document(body)
