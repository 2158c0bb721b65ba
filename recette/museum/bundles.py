"""Editors whose Bundles are wrong: totals, links, entries, emptiness, profiles, references."""

from __future__ import annotations

import copy
from typing import Any

from recette.museum.bending import Fault, Json, drop, each, entry, on_bundle, on_reply, one, put, resources
from recette.museum.wire import Asked, Reply


def _paged(document: Json) -> None:
    document["link"].append({"relation": "next", "url": document["link"][0]["url"] + "&page=2"})


def _link(old: str, new: str) -> Any:
    def bend(document: Json) -> None:
        document["link"][0]["url"] = document["link"][0]["url"].replace(old, new)

    return bend


def _each_entry(bend: Any) -> Any:
    def all_entries(document: Json) -> None:
        for item in document["entry"]:
            bend(item)

    return on_bundle(all_entries)


def _duplicated(document: Json) -> None:
    document["entry"].append(entry(copy.deepcopy(resources(document, "Practitioner")[0])))


def _place_as_entry(document: Json) -> None:
    place = copy.deepcopy(resources(document, "Location")[0])
    document["entry"].append(entry(place))


def _stranger_kind(document: Json) -> None:
    patient = {"resourceType": "Patient", "id": "p1", "meta": {"profile": ["http://example.org/patient"]}}
    document["entry"].append(entry(patient))


def _both_keys(asked: Asked, reply: Reply) -> Reply:
    if not asked.is_search or b'"total":' not in reply.body:
        return reply
    return Reply(reply.status, reply.headers, reply.body.replace(b'"total":', b'"type":"searchset","total":', 1))


def _dangling(name: str, key: str) -> Any:
    def bend(node: Json) -> None:
        target = node[key] if isinstance(node[key], dict) else next(r for r in node[key] if name in r["reference"])
        target["reference"] = f"{name.strip('/')}/nowhere"

    return bend


def _absolute(document: Json) -> None:
    for slot in resources(document, "Slot"):
        slot["schedule"]["reference"] = "http://127.0.0.1:8081/fhir/" + slot["schedule"]["reference"]


def _three_actors(document: Json) -> None:
    schedule = resources(document, "Schedule")[0]
    schedule["actor"].append(dict(schedule["actor"][0]))


def _agenda_split(document: Json) -> None:
    """Asked for two doctors, a second schedule names the first one's place."""
    if len(resources(document, "Practitioner")) == 2:
        second = copy.deepcopy(resources(document, "Schedule")[0])
        second["id"] += "-bis"
        document["entry"].append(entry(second))


def _strange_role(document: Json) -> None:
    """The role says it is someone else's: a second practitioner of the answer."""
    people = [p["id"] for p in resources(document, "Practitioner")]
    if len(people) > 1:
        role = resources(document, "PractitionerRole")[0]
        mine = role["practitioner"]["reference"].split("/")[1]
        role["practitioner"]["reference"] = "Practitioner/" + next(id for id in people if id != mine)


def _second_place(role: Json) -> None:
    place = copy.deepcopy(role["contained"][0])
    place["id"] += "-bis"
    role["contained"].append(place)


def _underscored(document: Json) -> None:
    for slot in resources(document, "Slot"):
        slot["id"] = "cr_" + slot["id"]
    for item in document["entry"]:
        item["fullUrl"] = item["fullUrl"].rpartition("/")[0] + "/" + item["resource"]["id"]


_BY_IDENTIFIER = {"identifier": {"value": "12"}}

FAULTS: tuple[Fault, ...] = (
    Fault("total-missing", "SLOT-050", "no total", on_bundle(drop("total"))),
    Fault("total-wrong", "SLOT-051", "one too many", on_bundle(lambda b: b.update(total=b["total"] + 1))),
    Fault("total-of-entries", "SLOT-051", "counts entries", on_bundle(lambda b: b.update(total=len(b["entry"])))),
    Fault("total-not-zero", "SLOT-052", "total 1, no slot", on_bundle(put("total", 1), empty=True)),
    Fault("empty-entry", "SLOT-053", "entry: [] when nothing", on_bundle(put("entry", []), empty=True)),
    Fault("no-self-link", "SLOT-054", "no link at all", on_bundle(drop("link"))),
    Fault("relative-self-link", "SLOT-054", "link without host", on_bundle(_link("http://127.0.0.1:8081", ""))),
    Fault("link-lost-parameter", "SLOT-055", "status lost in the link", on_bundle(_link("&status=free", ""))),
    Fault("link-rewritten", "SLOT-056", "link encodes colons", on_bundle(_link("urn:oid", "urn%3Aoid"))),
    Fault("paged", "SLOT-057", "a next link", on_bundle(_paged)),
    Fault("no-full-url", "SLOT-058", "no fullUrl", _each_entry(drop("fullUrl"))),
    Fault(
        "relative-full-url",
        "SLOT-058",
        "fullUrl is Type/id",
        _each_entry(lambda e: e.update(fullUrl="/".join(e["fullUrl"].split("/")[-2:]))),
    ),
    Fault("all-match", "SLOT-059", "every entry is a match", _each_entry(put("search", {"mode": "match"}))),
    Fault("no-search-mode", "SLOT-060", "no search.mode", _each_entry(drop("search"))),
    Fault("duplicated-resource", "SLOT-061", "a practitioner twice", on_bundle(_duplicated)),
    Fault("place-as-entry", "SLOT-062", "Location among the entries", on_bundle(_place_as_entry)),
    Fault("patient-leaked", "SLOT-063", "a Patient in the answer", on_bundle(_stranger_kind)),
    Fault("repeated-key", "SLOT-004", "a key twice in one object", on_reply(_both_keys)),
    Fault(
        "wrong-form",
        "SLOT-070",
        "an array where an object stands",
        each("Slot", lambda s: s.update(appointmentType=[s["appointmentType"]])),
    ),
    Fault("total-as-text", "SLOT-070", "total as a string", on_bundle(lambda b: b.update(total=str(b["total"])))),
    Fault("empty-array", "SLOT-071", "specialty: []", each("Schedule", put("specialty", []))),
    Fault("null-element", "SLOT-071", "null", each("PractitionerRole", put("active", None))),
    Fault("empty-string", "SLOT-071", "an empty name", each("Location", put("description", " "))),
    Fault("bad-id", "SLOT-072", "an underscore in ids", on_bundle(_underscored)),
    Fault(
        "double-profile",
        "SLOT-073",
        "two profiles",
        each("Slot", lambda s: s["meta"]["profile"].append("http://example.org/other")),
    ),
    Fault("no-profile", "SLOT-073", "no profile on the place", each("Location", drop("meta"))),
    Fault(
        "versioned-profile",
        "SLOT-074",
        "canonical with a version",
        each("Practitioner", lambda p: p["meta"].update(profile=[p["meta"]["profile"][0] + "|1.1.0"])),
    ),
    Fault("bad-gender", "SLOT-075", "gender in French", each("Practitioner", put("gender", "homme"))),
    Fault(
        "phone-without-system",
        "SLOT-076",
        "contact point without system",
        each("PractitionerRole", lambda r: r["telecom"][0].pop("system")),
    ),
    Fault("absolute-reference", "SLOT-080", "absolute references", on_bundle(_absolute)),
    Fault("dangling-schedule", "SLOT-081", "a slot of no schedule", one("Slot", _dangling("Schedule", "schedule"))),
    Fault("logical-schedule", "SLOT-081", "a schedule by identifier", each("Slot", put("schedule", _BY_IDENTIFIER))),
    Fault(
        "logical-place",
        "SLOT-086",
        "a place by identifier",
        each("PractitionerRole", put("location", [_BY_IDENTIFIER])),
    ),
    Fault(
        "dangling-role", "SLOT-082", "a schedule of no role", one("Schedule", _dangling("PractitionerRole/", "actor"))
    ),
    Fault("three-actors", "SLOT-083", "a practitioner twice among actors", on_bundle(_three_actors)),
    Fault("two-schedules-a-role", "SLOT-084", "two agendas for a place", on_bundle(_agenda_split)),
    Fault(
        "dangling-practitioner",
        "SLOT-085",
        "a role of nobody",
        one("PractitionerRole", _dangling("Practitioner", "practitioner")),
    ),
    Fault(
        "place-by-name",
        "SLOT-086",
        "the role names another place",
        each("PractitionerRole", lambda r: r["location"][0].update(reference="#somewhere")),
    ),
    Fault("role-of-another", "SLOT-087", "the role is another doctor's", on_bundle(_strange_role)),
    Fault("two-contained-places", "SLOT-088", "two contained places", each("PractitionerRole", _second_place)),
    Fault(
        "schedule-service-type",
        "SLOT-089",
        "Schedule.serviceType",
        each("Schedule", put("serviceType", [{"text": "Consultation"}])),
    ),
)
