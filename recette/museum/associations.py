"""Editors who answer the SOS search wrongly, one fault each."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from recette.museum.bending import DATA, Apply, Fault, Json, drop, outcome, put
from recette.museum.wire import Agenda, Asked, Reply

_SCHEDULES = "/fhir/Schedule?"
_WHO = "actor:Location.organization.identifier="


def _is_search(asked: Asked) -> bool:
    return asked.target.startswith(_SCHEDULES)


def _who(asked: Asked) -> str:
    return next(part for part in asked.target.partition("?")[2].split("&") if part.startswith(_WHO))


def _of(document: Json, name: str) -> list[Json]:
    return [e["resource"] for e in document.get("entry", ()) if e["resource"]["resourceType"] == name]


def on_answer(bend: Callable[[Json], None], *, empty: bool = False, several: bool = False) -> Apply:
    """Change every SOS answer that holds slots, or (`empty`) that holds none; `several`: of several associations."""

    async def apply(asked: Asked, reference: Agenda) -> Reply:
        reply = await reference(asked)
        if not _is_search(asked) or reply.status != 200 or (several and "," not in _who(asked)):
            return reply
        document = reply.json
        if bool(document.get("entry")) is empty:
            return reply
        bend(document)
        return reply.with_json(document)

    return apply


def on_query(bend: Callable[[str], str | Reply]) -> Apply:
    """Understand another query than the one that came, or answer in its place; the link stays that of the request."""

    async def apply(asked: Asked, reference: Agenda) -> Reply:
        if not _is_search(asked):
            return await reference(asked)
        target = bend(asked.target)
        if isinstance(target, Reply):
            return target
        reply = await reference(replace(asked, target=target))
        document = reply.json
        if reply.status == 200:
            document["link"] = [{"relation": "self", "url": "http://127.0.0.1:8081" + asked.target}]
        return reply.with_json(document)

    return apply


def each(name: str, bend: Callable[[Json], None]) -> Apply:
    def all_of_them(document: Json) -> None:
        for resource in _of(document, name):
            bend(resource)

    return on_answer(all_of_them)


def _with_slot(**changes: Any) -> Apply:
    """One slot more, made after the last one."""

    def bend(document: Json) -> None:
        entry = copy.deepcopy(next(e for e in reversed(document["entry"]) if e["resource"]["resourceType"] == "Slot"))
        slot = entry["resource"]
        slot["id"] += "-x"
        slot["comment"] += "-x"
        entry["fullUrl"] += "-x"
        slot.update(changes)
        document["entry"].append(entry)
        document["total"] += 1

    return on_answer(bend)


async def _whole_schedules(asked: Asked, reference: Agenda) -> Reply:
    """Plain FHIR: a Schedule with one slot that matches, and all slots it has."""
    reply = await reference(asked)
    if not _is_search(asked) or not reply.json.get("entry"):
        return reply
    wide = re.sub(r"start=ge[^&]*", "start=ge2031-03-10T08:00:00", asked.target)
    wide = re.sub(r"start=le[^&]*", "start=le2031-03-13T08:00:00", wide)
    mine = {schedule["id"] for schedule in _of(reply.json, "Schedule")}
    document = (await reference(replace(asked, target=wide))).json
    document["entry"] = [e for e in document["entry"] if _schedule(e["resource"]) in {None, *mine}]
    places = {a["reference"] for s in _of(document, "Schedule") for a in s["actor"]}
    document["entry"] = [
        e
        for e in document["entry"]
        if e["resource"]["resourceType"] != "Location" or f"Location/{e['resource']['id']}" in places
    ]
    document["total"] = len(_of(document, "Slot"))
    document["link"] = reply.json["link"]
    return reply.with_json(document)


def _schedule(resource: Json) -> str | None:
    if resource["resourceType"] == "Schedule":
        return str(resource["id"])
    return str(resource["schedule"]["reference"]).split("/")[1] if resource["resourceType"] == "Slot" else None


def _twice_a_site(document: Json) -> None:
    """A second Schedule of the last site, with its last slot in it."""
    entry = copy.deepcopy(next(e for e in reversed(document["entry"]) if e["resource"]["resourceType"] == "Schedule"))
    before, entry["resource"]["id"] = entry["resource"]["id"], entry["resource"]["id"] + "-b"
    entry["fullUrl"] += "-b"
    slots = [s for s in _of(document, "Slot") if s["schedule"]["reference"].endswith(f"/{before}")]
    slots[-1]["schedule"]["reference"] += "-b"
    document["entry"].append(entry)


def _elsewhere(document: Json) -> None:
    """Every slot at the first site."""
    first = _of(document, "Schedule")[0]["id"]
    for slot in _of(document, "Slot"):
        slot["schedule"]["reference"] = f"Schedule/{first}"


def _twice(document: Json) -> None:
    document["entry"].append(copy.deepcopy(document["entry"][-1]))


def _with_a_doctor(document: Json) -> None:
    doctor = {"resourceType": "Practitioner", "id": "ps-1"}
    document["entry"].append({"fullUrl": "http://127.0.0.1:8081/fhir/Practitioner/ps-1", "resource": doctor})


def _without_urls(document: Json) -> None:
    for entry in document["entry"]:
        del entry["fullUrl"]


def _all_matched(document: Json) -> None:
    for entry in document["entry"]:
        entry["search"] = {"mode": "match"}


def _counting_schedules(document: Json) -> None:
    document["total"] = len(_of(document, "Schedule"))


def _knows_one(query: str) -> str:
    return query.replace(_SECOND, "399000000000999")


def _forgets_a_slot(document: Json) -> None:
    last = next(e for e in reversed(document["entry"]) if e["resource"]["resourceType"] == "Slot")
    document["entry"].remove(last)
    document["total"] -= 1


def _forgetting(when: Callable[[str], bool]) -> Apply:
    """A slot is left out of the answers to some searches."""

    async def apply(asked: Asked, reference: Agenda) -> Reply:
        bend = on_answer(_forgets_a_slot) if _is_search(asked) and when(_who(asked)) else on_answer(lambda _: None)
        return await bend(asked, reference)

    return apply


def _least(most: int) -> Callable[[str], str | Reply]:
    def bend(query: str) -> str | Reply:
        return outcome(400, "too-costly") if query.count(",") >= most else query

    return bend


def _strict_includes(query: str) -> str | Reply:
    return outcome(400, "not-supported") if "Location:Organization" in query else query


def _later(query: str) -> str:
    """The lower bound does not belong to the window."""

    def bend(match: re.Match[str]) -> str:
        start = datetime.fromisoformat(match[1].replace("%2B", "+")) + timedelta(milliseconds=1)
        return "start=ge" + start.isoformat(timespec="milliseconds").replace("+", "%2B")

    return re.sub(r"start=ge([^&]*)", bend, query)


_STRANGER = "3000000000"
_FIRST, _SECOND = tuple(DATA["sos_associations"])


def _knows_them_all(query: str) -> str | Reply:
    return outcome(404, "not-found") if _STRANGER in query and "," not in query else query


def _without_system(association: Json) -> None:
    association["identifier"][0]["system"] = "urn:oid:1.2.250.1.71.4.2.1"


def _unprefixed(association: Json) -> None:
    association["identifier"][0]["value"] = association["identifier"][0]["value"][1:]


def _typed(code: str) -> Callable[[Json], None]:
    return lambda node: node["identifier"][0]["type"]["coding"][0].update(code=code)


def _late_by(document: Json) -> None:
    """A stranger of an association comes along."""
    extra = copy.deepcopy(next(e for e in document["entry"] if e["resource"]["resourceType"] == "Organization"))
    extra["resource"]["id"] += "-x"
    extra["fullUrl"] += "-x"
    extra["resource"]["identifier"][0]["value"] = "399000000000999"
    document["entry"].append(extra)


def _fault(name: str, requirement: int, text: str, apply: Apply, check: str = "", also: tuple[int, ...] = ()) -> Fault:
    return Fault(f"sos-{name}", f"SOS-{requirement:03d}", text, apply, check, tuple(f"SOS-{n:03d}" for n in also))


def _own_page_only(slot: Json) -> None:
    slot["comment"] = slot["comment"].partition("&")[0]


FAULTS: tuple[Fault, ...] = (
    _fault(
        "collection",
        1,
        "a collection in place of a searchset",
        on_answer(put("type", "collection")),
        "sos.bundle.searchset",
    ),
    _fault(
        "no-such-search",
        1,
        "404 to a search of schedules",
        on_query(lambda _: outcome(404, "not-found")),
        "sos.answered",
    ),
    _fault("knows-one", 2, "knows nothing of the second association", on_query(_knows_one)),
    _fault(
        "forgets-together",
        8,
        "forgets a slot when two associations are asked",
        _forgetting(lambda who: _FIRST in who and _SECOND in who),
    ),
    _fault(
        "forgets-beside-strangers",
        44,
        "forgets a slot beside an association it does not know",
        _forgetting(lambda who: _STRANGER in who and who.count(",") == 1),
    ),
    _fault("no-siret", 3, "the SIRET as the register has it, unprefixed", each("Organization", _unprefixed)),
    _fault("person-system", 3, "the SIRET under the system of people", each("Organization", _without_system)),
    _fault("neighbour", 4, "an association nobody asked for comes along", on_answer(_late_by)),
    _fault("busy", 5, "slots that are taken", each("Slot", put("status", "busy"))),
    _fault("whole-schedules", 6, "every slot of a schedule that has one in the window", _whole_schedules),
    _fault("lower-bound", 7, "the lower bound is left out", on_query(_later)),
    _fault("ten-at-most", 9, "refuses more than ten associations", on_query(_least(10))),
    _fault("two-schedules", 10, "two schedules of one site", on_answer(_twice_a_site)),
    _fault(
        "no-schedule",
        11,
        "slots whose schedule does not come",
        each("Slot", put("schedule", {"reference": "Schedule/x"})),
    ),
    _fault(
        "first-site",
        12,
        "all slots at the first site when several associations are asked",
        on_answer(_elsewhere, several=True),
    ),
    _fault("repeated", 13, "the last resource comes twice", on_answer(_twice)),
    _fault("doctor", 14, "a practitioner comes along", on_answer(_with_a_doctor)),
    _fault("total-of-schedules", 15, "the total counts schedules", on_answer(_counting_schedules)),
    _fault(
        "no-full-url",
        16,
        "entries without fullUrl",
        on_answer(_without_urls),
    ),
    _fault(
        "next-page",
        17,
        "a link to a next page",
        on_answer(
            lambda d: d["link"].append({"relation": "next", "url": "http://127.0.0.1:8081/fhir/Schedule?page=2"})
        ),
    ),
    _fault("small-letters", 18, "refuses Location:Organization", on_query(_strict_includes)),
    _fault(
        "own-link",
        19,
        "the link self says other parameters",
        on_answer(lambda d: d["link"][0].update(url=d["link"][0]["url"] + "&_count=50")),
    ),
    _fault(
        "instants",
        20,
        "instants without milliseconds",
        each("Slot", lambda s: s.update(start=s["start"].replace(".000", ""))),
    ),
    _fault("pro", 21, "slots of type PRO", each("Slot", lambda s: s["meta"]["security"][0].update(code="PRO"))),
    _fault(
        "emergency",
        22,
        "consultations of type EMER",
        each("Slot", lambda s: s["serviceType"][0]["coding"][0].update(code="EMER")),
    ),
    _fault(
        "follow-up",
        23,
        "a mode of appointment of its own",
        each("Slot", lambda s: s["appointmentType"]["coding"][0].update(code="FOLLOWUP")),
    ),
    _fault("no-address", 24, "no address to book at", each("Slot", drop("comment"))),
    _fault("site-address", 25, "one address a site", each("Slot", _own_page_only)),
    _fault(
        "all-match",
        26,
        "search.mode match everywhere",
        on_answer(_all_matched),
    ),
    _fault(
        "two-actors",
        30,
        "a schedule of two places",
        each("Schedule", lambda s: s["actor"].append({"display": "réserve"})),
    ),
    _fault(
        "nobody-manages",
        31,
        "places without their association",
        each("Location", put("managingOrganization", {"reference": "Organization/x"})),
    ),
    _fault("nameless-place", 32, "places without a name", each("Location", drop("name"))),
    _fault(
        "two-lines", 33, "addresses of two lines", each("Location", lambda p: p["address"]["line"].append("Bâtiment B"))
    ),
    _fault(
        "postal-code",
        33,
        "postal codes of six digits",
        each("Location", lambda p: p["address"].update(postalCode="991000")),
    ),
    _fault(
        "untyped-place",
        34,
        "places' identifiers without a type",
        each("Location", lambda p: p["identifier"][0].pop("type")),
    ),
    _fault("national-place", 35, "places' identifiers called national", each("Location", _typed("IDNST"))),
    _fault(
        "local-phone",
        36,
        "phones as people dial them",
        each("Location", put("telecom", [{"system": "phone", "value": "01 99 00 00 52"}])),
    ),
    _fault(
        "french-days",
        37,
        "opening hours in French",
        each("Location", put("hoursOfOperation", [{"daysOfWeek": ["lundi"]}])),
    ),
    _fault("juridical", 40, "associations typed as juridical entities", each("Organization", _typed("FINEJ"))),
    _fault("nameless", 41, "associations without a name", each("Organization", drop("name"))),
    _fault("unknown-refused", 42, "404 to an unknown association", on_query(_knows_them_all)),
    _fault("empty-entry", 43, "an empty array of entries", on_answer(put("entry", []), empty=True)),
    _fault("unprofiled", 50, "slots that claim no profile", each("Slot", lambda s: s["meta"].pop("profile"))),
    _fault("timestamp", 51, "dates its SOS Bundles in words", on_answer(put("timestamp", "hier"))),
    _fault("slot-use", 52, "an identifier with a use of its own", each("Slot", put("identifier", [{"use": "mien"}]))),
    _fault("horizon", 53, "a horizon that is no date", each("Schedule", put("planningHorizon", {"start": "demain"}))),
    _fault("position", 54, "a position without latitude", each("Location", put("position", {"longitude": 2.1}))),
    _fault("active", 55, "active, in words", each("Organization", put("active", "oui"))),
)
