"""Editors who are wrong about people and places."""

from __future__ import annotations

import copy
import json
from typing import Any

from recette.museum.bending import (
    DATA,
    Apply,
    Fault,
    Json,
    drop,
    each,
    entry,
    of_doctor,
    on_bundle,
    on_reply,
    put,
    resources,
)
from recette.museum.wire import Agenda, Asked, Reply


def one_of(key: str) -> str:
    value = DATA[key]
    return value if isinstance(value, str) else value[0]


def _first(key: str, bend: Any) -> Any:
    def of_first(node: Json) -> None:
        bend(node[key][0])

    return of_first


def _structure(bend: Any) -> Apply:
    return each("PractitionerRole", lambda role: bend(role["organization"]["identifier"]))


def _phone_as_stored(role: Json) -> None:
    for telecom in role.get("telecom", []):
        telecom["value"] = "01 99 00 00 12"


def _stranger(document: Json) -> None:
    """Somebody else's slot, with everything it needs."""
    slot = copy.deepcopy(resources(document, "Slot")[-1])
    schedule = copy.deepcopy(resources(document, "Schedule")[-1])
    role = copy.deepcopy(resources(document, "PractitionerRole")[-1])
    practitioner = copy.deepcopy(resources(document, "Practitioner")[-1])
    for resource in (slot, schedule, role, practitioner):
        resource["id"] = "stranger"
    practitioner["identifier"][0]["value"] = "810999999999"
    slot["schedule"]["reference"] = "Schedule/stranger"
    schedule["actor"] = [{"reference": "Practitioner/stranger"}, {"reference": "PractitionerRole/stranger"}]
    role["practitioner"]["reference"] = "Practitioner/stranger"
    document["entry"] += [entry(resource) for resource in (slot, schedule, role, practitioner)]
    document["total"] += 1


def _asks_for(asked: Asked, key: str) -> bool:
    return asked.is_search and one_of(key) in asked.target


def _instead(key: str, other: str) -> Apply:
    """Whoever asks for one practitioner of the test data gets the slots of another, under the first one's name."""

    async def apply(asked: Asked, reference: Agenda) -> Reply:
        if not _asks_for(asked, key) or _several(asked):
            return await reference(asked)
        wanted, shown = one_of(key), one_of(other)
        bent = Asked(asked.method, asked.target.replace(wanted, shown), asked.headers)
        reply = await reference(bent)
        document = json.loads(reply.body.decode().replace(shown, wanted))
        return reply.with_json(_renamed(document)) if reply.status == 200 else reply

    return apply


def _renamed(document: Json) -> Json:
    """Other ids than the practitioner's own, so that two answers can be joined."""
    text = json.dumps(document)
    for item in document.get("entry", []):
        text = text.replace(f'"{item["resource"]["id"]}"', f'"{item["resource"]["id"]}-z"')
        text = text.replace(f'/{item["resource"]["id"]}"', f'/{item["resource"]["id"]}-z"')
    renamed: Json = json.loads(text)
    return renamed


def _joined(one: Json, other: Json) -> Json:
    joined = copy.deepcopy(one)
    joined["entry"] = [*one.get("entry", []), *other.get("entry", [])]
    joined["total"] = one["total"] + other["total"]
    return joined


def _opposed_returned(with_slots: bool) -> Apply:
    """The opposed practitioner appears: with slots when asked alone, as a person when asked with others."""

    async def apply(asked: Asked, reference: Agenda) -> Reply:
        reply = await reference(asked)
        opposed, known = one_of("practitioner_opposed"), one_of("practitioner_one_place")
        if not _asks_for(asked, "practitioner_opposed") or (known in asked.target) is with_slots:
            return reply
        usual = Asked(asked.method, asked.target.replace(opposed, known), asked.headers)
        shown = _renamed(json.loads((await reference(usual)).body.decode().replace(known, opposed)))
        if with_slots:
            shown["link"] = reply.json["link"]
            return reply.with_json(shown)
        mixed = reply.json
        mixed["entry"] += [entry(person) for person in resources(shown, "Practitioner")]
        return reply.with_json(mixed)

    return apply


def _several(asked: Asked) -> bool:
    return asked.target.count("%7C") > 1


def _doctors_mixed(asked: Asked, reply: Reply) -> Reply:
    """Asked for several, joins slots and doctors in the order they come."""
    if not asked.is_search or not _several(asked) or reply.status != 200:
        return reply
    document = reply.json
    people = {person["identifier"][0]["value"]: person for person in resources(document, "Practitioner")}
    first, second = (people.get(value) for value in DATA["practitioners_together"])
    if first is not None and second is not None:
        first["identifier"], second["identifier"] = second["identifier"], first["identifier"]
    return reply.with_json(document)


def _places_mixed(asked: Asked, reply: Reply) -> Reply:
    """Asked for several, swaps the two places of the doctor who has two."""
    if not asked.is_search or not _several(asked) or reply.status != 200:
        return reply
    document = reply.json
    roles = of_doctor(document, "practitioner_two_places", "PractitionerRole")
    if len(roles) == 2:
        first, second = roles
        for key in ("contained", "location"):
            first[key], second[key] = second[key], first[key]
    return reply.with_json(document)


def _one_role_for_two(document: Json) -> None:
    """Both places under one role and one schedule."""
    schedules = of_doctor(document, "practitioner_two_places", "Schedule")
    roles = of_doctor(document, "practitioner_two_places", "PractitionerRole")
    if len(schedules) == 2:
        _moved_to(document, schedules[1], schedules[0])
        gone = (schedules[1]["id"], roles[1]["id"])
        document["entry"] = [e for e in document["entry"] if e["resource"]["id"] not in gone]


def _moved_to(document: Json, old: Json, new: Json) -> None:
    """Every slot of one schedule goes to the other."""
    kept = f"Schedule/{new['id']}"
    address = next(s["comment"] for s in resources(document, "Slot") if s["schedule"]["reference"] == kept)
    for slot in resources(document, "Slot"):
        if slot["schedule"]["reference"] == f"Schedule/{old['id']}":
            slot["schedule"]["reference"] = kept
            slot["comment"] = address


def _same_places(document: Json) -> None:
    roles = of_doctor(document, "practitioner_two_places", "PractitionerRole")
    if len(roles) == 2:
        place = copy.deepcopy(roles[0]["contained"][0])
        place["id"] = roles[1]["contained"][0]["id"]
        roles[1]["contained"] = [place]


def _one_place_closed(asked: Asked, reply: Reply) -> Reply:
    """The second place of the doctor who has two comes without any slot."""
    if not _asks_for(asked, "practitioner_two_places") or reply.status != 200 or _several(asked):
        return reply
    document = reply.json
    closed = f"Schedule/{resources(document, 'Schedule')[-1]['id']}"
    document["entry"] = [e for e in document["entry"] if e["resource"].get("schedule", {}).get("reference") != closed]
    document["total"] = len(resources(document, "Slot"))
    return reply.with_json(document)


def _role_too_many(document: Json) -> None:
    """An old role of the doctor who has one place, which no schedule uses."""
    if len(resources(document, "Practitioner")) == 1 and len(resources(document, "PractitionerRole")) == 1:
        role = copy.deepcopy(resources(document, "PractitionerRole")[0])
        role["id"] += "-old"
        document["entry"].append(entry(role))


def _role_lost(asked: Asked, reply: Reply) -> Reply:
    """Asked for several doctors, the second one's role no longer says whose it is, and is dropped with its schedule."""
    wanted = DATA["practitioners_together"]
    if not asked.is_search or not all(one in asked.target for one in wanted) or reply.status != 200:
        return reply
    document = reply.json
    if len(resources(document, "Practitioner")) != 2:
        return reply
    lost = resources(document, "Practitioner")[-1]["id"]
    roles = {r["id"] for r in resources(document, "PractitionerRole") if r["practitioner"]["reference"].endswith(lost)}
    schedules = {
        s["id"] for s in resources(document, "Schedule") if any(a["reference"].endswith(lost) for a in s["actor"])
    }
    old, new = sorted(resources(document, "Schedule"), key=lambda s: s["id"] not in schedules)
    _moved_to(document, old, new)
    gone = {lost} | roles | schedules
    document["entry"] = [e for e in document["entry"] if e["resource"]["id"] not in gone]
    return reply.with_json(document)


FAULTS: tuple[Fault, ...] = (
    Fault("unidentified", "SLOT-130", "no identifier value", each("Practitioner", _first("identifier", drop("value")))),
    Fault(
        "identifier-of-other-system",
        "SLOT-131",
        "RPPS by URL",
        each("Practitioner", _first("identifier", put("system", "http://rpps.fr"))),
    ),
    Fault(
        "unprefixed",
        "SLOT-132",
        "RPPS without its 8",
        each("Practitioner", lambda p: p["identifier"][0].update(value=p["identifier"][0]["value"][1:])),
    ),
    Fault("stranger", "SLOT-133", "another practitioner's slot", on_bundle(_stranger)),
    Fault("nameless", "SLOT-134", "no given name", each("Practitioner", _first("name", drop("given")))),
    Fault("role-too-many", "SLOT-090", "two roles for one place", on_bundle(_role_too_many)),
    Fault("one-role-for-two", "SLOT-091", "one role for two places", on_bundle(_one_role_for_two)),
    Fault("role-lost", "SLOT-092", "a doctor lost among several", on_reply(_role_lost), also=("SLOT-160",)),
    Fault("same-places", "SLOT-093", "two places alike", on_bundle(_same_places)),
    Fault("closed-place", "SLOT-094", "a place without slots", on_reply(_one_place_closed)),
    Fault("no-structure", "SLOT-140", "no structure id", each("PractitionerRole", drop("organization"))),
    Fault(
        "unprefixed-structure", "SLOT-141", "FINESS without its 1", _structure(lambda i: i.update(value=i["value"][1:]))
    ),
    Fault(
        "structure-of-other-type",
        "SLOT-142",
        "FINEG for IDNST",
        _structure(lambda i: i["type"]["coding"][0].update(code="FINEG")),
    ),
    Fault("structure-of-no-type", "SLOT-143", "no type", _structure(drop("type"))),
    Fault("no-phone", "SLOT-144", "no phone", each("PractitionerRole", drop("telecom"))),
    Fault("phone-as-stored", "SLOT-145", "01 99…", each("PractitionerRole", _phone_as_stored)),
    Fault("place-without-identifier", "SLOT-150", "no place id", each("Location", drop("identifier"))),
    Fault(
        "two-address-lines",
        "SLOT-151",
        "two lines",
        each("Location", lambda p: p["address"]["line"].append("Bâtiment B")),
    ),
    Fault("no-city", "SLOT-151", "no city", each("Location", lambda p: p["address"].pop("city"))),
    Fault(
        "short-postal-code",
        "SLOT-152",
        "four digits",
        each("Location", lambda p: p["address"].update(postalCode="9910")),
    ),
    Fault("half-position", "SLOT-153", "latitude alone", each("Location", put("position", {"latitude": 45.1}))),
    Fault("doctors-mixed", "SLOT-160", "slots under the wrong doctor", on_reply(_doctors_mixed)),
    Fault("places-mixed", "SLOT-161", "slots at the wrong place", on_reply(_places_mixed)),
    Fault(
        "opposed-shown", "SLOT-164", "the opposed one appears", _opposed_returned(False), "practitioner.opposed_absent"
    ),
    Fault("opposed-slots", "SLOT-164", "slots of the opposed one", _opposed_returned(True), "opposed.withheld"),
    Fault(
        "own-patients-shown",
        "SLOT-107",
        "slots for own patients, said public",
        _instead("practitioner_private", "practitioner_one_place"),
        "private.withheld",
    ),
    Fault(
        "busy-shown-free",
        "SLOT-102",
        "busy slots, said free",
        _instead("practitioner_without_slots", "practitioner_one_place"),
        "no_slot.withheld",
    ),
)
