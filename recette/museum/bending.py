"""How a fault bends the reference agenda: small functions over requests, replies and Bundles."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from recette.museum.wire import Agenda, Asked, Reply, demo_target

Json = dict[str, Any]
DATA = demo_target().test_data
Apply = Callable[[Asked, Agenda], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing an editor gets wrong.

    `requirement` is the one this breaks (`also`: others that the same fault cannot but break); `check` names the check
    that sees it when the requirement has several.
    """

    name: str
    requirement: str
    text: str
    apply: Apply
    check: str = ""
    also: tuple[str, ...] = ()

    @property
    def requirements(self) -> set[str]:
        return {self.requirement, *self.also}


def faulty(fault: Fault, reference: Agenda) -> Agenda:
    """The reference agenda with one fault."""

    async def agenda(asked: Asked) -> Reply:
        return await fault.apply(asked, reference)

    return agenda


def on_reply(bend: Callable[[Asked, Reply], Reply]) -> Apply:
    async def apply(asked: Asked, reference: Agenda) -> Reply:
        return bend(asked, await reference(asked))

    return apply


def on_request(bend: Callable[[Asked], Asked | Reply]) -> Apply:
    """Change what the agenda understands, or answer in its place."""

    async def apply(asked: Asked, reference: Agenda) -> Reply:
        bent = bend(asked)
        return bent if isinstance(bent, Reply) else linked(asked, await reference(bent))

    return apply


def linked(asked: Asked, reply: Reply) -> Reply:
    """The reply with the request as it came in its link: a misreading does not show there."""
    if not asked.is_search or reply.status != 200:
        return reply
    document = reply.json
    document["link"] = [{"relation": "self", "url": "http://127.0.0.1:8081" + asked.target}]
    return reply.with_json(document)


def on_bundle(bend: Callable[[Json], None], *, empty: bool = False) -> Apply:
    """Change every Bundle that holds slots, or (`empty`) every one that holds none."""

    def bent(asked: Asked, reply: Reply) -> Reply:
        if not asked.is_search or reply.status != 200:
            return reply
        document = reply.json
        if bool(document.get("entry")) is empty:
            return reply
        bend(document)
        return reply.with_json(document)

    return on_reply(bent)


def each(name: str, bend: Callable[[Json], None]) -> Apply:
    """Change every resource of one type; `Location` means the contained ones."""

    def all_of_them(document: Json) -> None:
        for resource in resources(document, name):
            bend(resource)

    return on_bundle(all_of_them)


def one(name: str, bend: Callable[[Json], None]) -> Apply:
    """Change the last resource of one type."""

    def last(document: Json) -> None:
        bend(resources(document, name)[-1])

    return on_bundle(last)


def put(key: str, value: Any) -> Callable[[Json], None]:
    def bend(node: Json) -> None:
        node[key] = value

    return bend


def drop(key: str) -> Callable[[Json], None]:
    def bend(node: Json) -> None:
        del node[key]

    return bend


def resources(document: Json, name: str) -> list[Json]:
    if name == "Location":
        return [place for role in resources(document, "PractitionerRole") for place in role["contained"]]
    return [e["resource"] for e in document["entry"] if e["resource"]["resourceType"] == name]


def entry(resource: Json) -> Json:
    """An entry for one more resource, in the manner of the reference."""
    name = resource["resourceType"]
    return {
        "fullUrl": f"http://127.0.0.1:8081/fhir/{name}/{resource['id']}",
        "resource": resource,
        "search": {"mode": "match" if name == "Slot" else "include"},
    }


def add_slot(document: Json, **changes: Any) -> Json | None:
    """One more slot for the doctor who has one place, made after the last one; the total follows."""
    mine = of_doctor(document, "practitioner_one_place", "Schedule")
    slots = [s for s in resources(document, "Slot") if s["schedule"]["reference"].split("/")[1] in ids(mine)]
    if not slots:
        return None
    slot = copy.deepcopy(slots[-1])
    slot["id"] += "-x"
    slot.update(changes)
    document["entry"].insert(0, entry(slot))
    document["total"] += 1
    return slot


def ids(nodes: list[Json]) -> list[str]:
    return [node["id"] for node in nodes]


def of_doctor(document: Json, key: str, name: str) -> list[Json]:
    """The schedules or roles of one practitioner of the test data."""
    mine = [p["id"] for p in resources(document, "Practitioner") if p["identifier"][0]["value"] == DATA[key]]
    if name == "Schedule":
        return [
            schedule
            for schedule in resources(document, "Schedule")
            if any(actor["reference"].removeprefix("Practitioner/") in mine for actor in schedule["actor"])
        ]
    return [
        role
        for role in resources(document, "PractitionerRole")
        if role["practitioner"]["reference"].removeprefix("Practitioner/") in mine
    ]


def outcome(status: int, code: str = "invalid") -> Reply:
    document = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code}]}
    return Reply(status, (("content-type", "application/fhir+json"),), b"").with_json(document)


def html(status: int) -> Reply:
    return Reply(status, (("content-type", "text/html"),), b"<html><h1>Oups</h1></html>")
