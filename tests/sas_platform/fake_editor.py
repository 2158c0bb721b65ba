"""Editors for the platform's tests: a small FHIR server of our own, and every way in which one may misbehave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from sas_kernel.clock import PARIS

THEO, MAELLE, LISANDRE = "810123400017", "810123400025", "810123400033"

type_act = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


def slot(slot_id: str, start: datetime | str, schedule: str = "s1", **changes: Any) -> dict[str, Any]:
    """A FHIR Slot as the guide shows it; `changes` replace or add elements (None takes one out)."""
    begins = start if isinstance(start, str) else wire(start)
    ends = wire(start + timedelta(minutes=20)) if isinstance(start, datetime) else begins
    resource: dict[str, Any] = {
        "resourceType": "Slot",
        "id": slot_id,
        "meta": {
            "profile": ["http://sas.fr/fhir/StructureDefinition/FrSlotAgregateur"],
            "security": [{"system": "https://example.org/TypeCreneau", "code": "PUBLIC"}],
        },
        "serviceType": [{"coding": [{"system": type_act, "code": "AMB"}]}, {"text": "Douleur récente"}],
        "specialty": [{"text": "Médecine du sport"}],
        "appointmentType": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0276", "code": "ROUTINE"}]},
        "schedule": {"reference": f"Schedule/{schedule}"},
        "status": "free",
        "start": begins,
        "end": ends,
        "comment": f"https://agenda.example.org/{schedule}?vue=semaine",
    }
    resource.update(changes)
    return {key: value for key, value in resource.items() if value is not None}


def agenda(
    schedule: str = "s1",
    national_id: str = THEO,
    *,
    family: str = "VASSELIN",
    given: str = "Théo",
    structure: str | None = "1990000017",
    line: str = "4 allée des Peupliers",
    city: str = "Villefictive",
    phone: str = "+33199000012",
) -> list[dict[str, Any]]:
    """A Schedule with its Practitioner and its PractitionerRole, whose Location is contained."""
    role: dict[str, Any] = {
        "resourceType": "PractitionerRole",
        "id": f"role-{schedule}",
        "practitioner": {"reference": f"Practitioner/ps-{national_id}"},
        "location": [{"reference": "#place"}],
        "telecom": [{"system": "phone", "value": phone}],
        "contained": [
            {
                "resourceType": "Location",
                "id": "place",
                "name": f"Cabinet {schedule}",
                "address": {"line": [line], "city": city, "postalCode": "99100"},
            }
        ],
    }
    if structure:
        role["organization"] = {"identifier": {"system": "urn:oid:1.2.250.1.71.4.2.2", "value": structure}}
    return [
        {
            "resourceType": "Schedule",
            "id": schedule,
            "actor": [
                {"reference": f"Practitioner/ps-{national_id}"},
                {"reference": f"PractitionerRole/role-{schedule}"},
            ],
        },
        {
            "resourceType": "Practitioner",
            "id": f"ps-{national_id}",
            "identifier": [{"system": "urn:oid:1.2.250.1.71.4.2.1", "value": national_id}],
            "name": [{"family": family, "given": [given], "prefix": ["DR"]}],
        },
        role,
    ]


ASSOCIATION = "399000000000029"


def site(
    schedule: str = "g1",
    siret: str = ASSOCIATION,
    *,
    name: str = "Point Nord",
    association: str = "SOS Médecins Villefictive",
) -> list[dict[str, Any]]:
    """A Schedule of SOS Médecins with its Location and its Organization."""
    return [
        {"resourceType": "Schedule", "id": schedule, "actor": [{"reference": f"Location/pfg-{schedule}"}]},
        {
            "resourceType": "Location",
            "id": f"pfg-{schedule}",
            "identifier": [{"system": "https://agenda.example.org/ns/lieu", "value": schedule}],
            "name": name,
            "telecom": [{"system": "phone", "value": "+33199000032"}],
            "address": {"line": ["7 quai de l’Écluse"], "city": "Villefictive", "postalCode": "99200"},
            "managingOrganization": {"reference": f"Organization/asso-{siret}"},
        },
        {
            "resourceType": "Organization",
            "id": f"asso-{siret}",
            "identifier": [{"system": "urn:oid:1.2.250.1.71.4.2.2", "value": siret}],
            "name": association,
            "telecom": [{"system": "phone", "value": "+33199000031"}],
        },
    ]


def cpts_slot(slot_id: str, start: datetime, *services: str, **changes: Any) -> dict[str, Any]:
    """A Slot that CPTS show, by their HealthcareServices."""
    resource = slot(slot_id, start, **changes)
    category = "https://mos.esante.gouv.fr/NOS/TRE_R66-CategorieEtablissement/FHIR/TRE-R66-CategorieEtablissement"
    extension = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Slot.serviceType"
    resource["meta"]["security"].append({"system": "https://example.org/TypeCreneau", "code": "CPTS"})
    resource["serviceType"] += [
        {
            "extension": [{"url": extension, "valueReference": {"reference": f"HealthcareService/{service}"}}],
            "coding": [{"system": category, "code": "604"}],
        }
        for service in services or ("hs-1",)
    ]
    return resource


def cpts(service: str = "hs-1", name: str = "CPTS des Deux Rives", finess: str = "1990000033") -> list[dict[str, Any]]:
    """A HealthcareService with the CPTS that provides it."""
    return [
        {"resourceType": "HealthcareService", "id": service, "providedBy": {"reference": f"Organization/of-{service}"}},
        {
            "resourceType": "Organization",
            "id": f"of-{service}",
            "identifier": [{"system": "urn:oid:1.2.250.1.71.4.2.2", "value": finess}],
            "name": name,
            "telecom": [{"system": "phone", "value": "+33199000021"}],
        },
    ]


def bundle(*resources: dict[str, Any], **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": sum(resource.get("resourceType") == "Slot" for resource in resources),
        "entry": [{"resource": resource} for resource in resources],
    }
    found.update(changes)
    return {key: value for key, value in found.items() if value is not None}


def wire(instant: datetime) -> str:
    return instant.astimezone(PARIS).isoformat(timespec="milliseconds")


def outcome(text: str, code: str = "transient") -> dict[str, Any]:
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "diagnostics": text}],
    }


# --- behaviours ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """A request as it came: nothing of the target is decoded."""

    target: str
    headers: dict[str, str]

    @property
    def practitioners(self) -> list[str]:
        listed = self.target.partition("identifier=")[2].partition("&")[0]
        return [token.rpartition("|")[2] for token in unquote(listed).split(",")]

    @property
    def search(self) -> str:
        """Which of the three searches it is; empty for what is none, such as a regulator's account."""
        if "/Schedule?" in self.target:
            return "sos"
        if "/Slot?" not in self.target:
            return ""
        return "cpts" if "service-type-reference" in self.target else "practitioners"


Behaviour = Callable[[Call, asyncio.StreamWriter], Awaitable[None]]


def http(body: bytes, status: str = "200 OK", *headers: str, media_type: str = "application/fhir+json") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {media_type}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def answers(content: object, status: str = "200 OK", *, after: float = 0.0) -> Behaviour:
    """A well-behaved answer, `after` seconds."""

    async def behave(_call: Call, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(after)
        writer.write(http(json.dumps(content).encode(), status))

    return behave


def knows(resources: Iterable[dict[str, Any]], *, after: float = 0.0) -> Behaviour:
    """Gives the slots of the practitioners that are asked, as a real editor does."""
    known = list(resources)
    schedules = {
        resource["id"]: resource["actor"][0]["reference"].removeprefix("Practitioner/ps-")
        for resource in known
        if resource["resourceType"] == "Schedule"
    }

    async def behave(call: Call, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(after)
        asked = set(call.practitioners)
        given = [
            resource
            for resource in known
            if resource["resourceType"] != "Slot"
            or schedules.get(resource["schedule"]["reference"].removeprefix("Schedule/")) in asked
        ]
        found = any(resource["resourceType"] == "Slot" for resource in given)
        writer.write(http(json.dumps(bundle(*given) if found else bundle(entry=None)).encode()))

    return behave


def by_search(**behaviours: Behaviour) -> Behaviour:
    """One behaviour for each search, by its name; any other is unknown to this editor."""
    unknown = answers(outcome("recherche inconnue", "not-supported"), "400 Bad Request")

    async def behave(call: Call, writer: asyncio.StreamWriter) -> None:
        await behaviours.get(call.search, unknown)(call, writer)

    return behave


def sends(raw: bytes, *, close: bool = True) -> Behaviour:
    async def behave(_call: Call, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        if close:
            writer.close()

    return behave


async def hangs(_call: Call, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def drips(_call: Call, writer: asyncio.StreamWriter) -> None:
    """A byte now and then: always alive, never done."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


async def never_ends(_call: Call, writer: asyncio.StreamWriter) -> None:
    """A body without end and without announced length."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"4000\r\n" + b" " * 0x4000 + b"\r\n")
        await writer.drain()


async def resets(_call: Call, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


@dataclass
class FakeEditor:
    port: int
    calls: list[Call] = field(default_factory=list)
    disconnected: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/fhir"


@asynccontextmanager
async def fake_editor(behaviour: Behaviour) -> AsyncIterator[FakeEditor]:
    """An editor on a port of its own, until the context is left. `disconnected` is set when a caller goes away."""
    conversations: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        conversations.add(task)
        acting: asyncio.Task[None] | None = None
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                request, *lines = head.rstrip().split("\r\n")
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
                call = Call(request.split(" ")[1], headers)
                editor.calls.append(call)
                acting = asyncio.ensure_future(_act(behaviour, call, writer))
                gone = asyncio.ensure_future(reader.read(1)) if behaviour in {hangs, drips} else None
                if gone is None:
                    await acting
                    continue
                await asyncio.wait({acting, gone}, return_when=asyncio.FIRST_COMPLETED)
                editor.disconnected.set()
                gone.cancel()
                return
        except (asyncio.IncompleteReadError, ConnectionError):
            editor.disconnected.set()
        except asyncio.CancelledError:
            pass
        finally:
            if acting is not None:
                acting.cancel()
            writer.close()
            conversations.discard(task)

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    editor = FakeEditor(server.sockets[0].getsockname()[1])
    try:
        yield editor
    finally:
        server.close()
        for conversation in list(conversations):
            conversation.cancel()
        if conversations:
            await asyncio.wait(conversations)
        await asyncio.sleep(0)


async def _act(behaviour: Behaviour, call: Call, writer: asyncio.StreamWriter) -> None:
    try:
        await behaviour(call, writer)
        await writer.drain()
    except (ConnectionError, RuntimeError):
        pass  # the platform has gone, as it should from an editor like this one
