"""Agendas that are odd and right: no source forbids what they do, so nothing may be held against them."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from recette import catalogue
from recette.engine import requirements, runner
from recette.model import ExitCode, RunReport
from recette.museum.bending import Apply, Json, each, on_bundle, on_reply, on_request, outcome
from recette.museum.bending import Fault as Oddity
from recette.museum.bending import faulty as odd
from recette.museum.wire import Agenda, Asked, Reply, demo_target
from sas_kernel.clock import PARIS, ManualClock
from sas_kernel.contracts import service_levels
from sas_kernel.flows import Flow
from tests.faulty.wire import Reference, WireDriver, reference_agenda

CLOCK = ManualClock(datetime(2031, 3, 10, 8, 0, tzinfo=PARIS))
LEVELS = {key: replace(level, minimum_samples=min(level.minimum_samples, 3)) for key, level in service_levels().items()}
_answers = itertools.count(1)

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _renamed(document: Json) -> None:
    """Other ids at each answer, coherent within it."""
    mark = f"-{next(_answers)}"
    text = json.dumps(document, ensure_ascii=False)
    text = re.sub(r'"(Slot|Schedule|Practitioner|PractitionerRole)/([^"]+)"', rf'"\1/\2{mark}"', text)
    text = re.sub(r'(/fhir/(?:Slot|Schedule|Practitioner|PractitionerRole)/[^"?]+)"', rf'\1{mark}"', text)
    text = re.sub(
        r'("resourceType": "(?:Slot|Schedule|Practitioner|PractitionerRole)", "id": "[^"]+)"', rf'\1{mark}"', text
    )
    document.clear()
    document.update(json.loads(text))


def _in_utc(slot: Json) -> None:
    for key in ("start", "end"):
        slot[key] = datetime.fromisoformat(slot[key]).astimezone(UTC).isoformat(timespec="milliseconds")


def _reversed(document: Json) -> None:
    document["entry"].reverse()


def _narrated(resource: Json) -> None:
    resource["text"] = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Créneau</div>'}
    resource["language"] = "fr"
    resource["meta"].update({"versionId": "3", "lastUpdated": "2031-03-10T07:00:00.000+01:00"})
    resource["extension"] = [{"url": "https://agenda.example.org/fhir/couleur", "valueString": "bleu"}]


def _stamped(document: Json) -> None:
    document["timestamp"] = "2031-03-10T08:00:00.000+01:00"
    document["identifier"] = {"system": "https://agenda.example.org/reponses", "value": "1"}


def _without_search_mode(document: Json) -> None:
    for entry in document["entry"]:
        entry["search"] = dict(reversed(list({**entry["search"], "score": 1}.items())))


def _pretty(asked: Asked, reply: Reply) -> Reply:
    return replace(reply, body=json.dumps(json.loads(reply.body), ensure_ascii=True, indent=4).encode())


def _other_media_type(asked: Asked, reply: Reply) -> Reply:
    return reply.with_header("Content-Type", "Application/FHIR+JSON;charset=UTF-8")


def _served_beyond_25(asked: Asked) -> Asked | Reply:
    """More than 25 identifiers are served: the first 25 here."""
    if asked.is_search and asked.decoded.count("1.2.250.1.71.4.2.1|") > 25:
        head, _, _ = asked.target.partition("schedule.actor")
        ids = re.findall(r"urn:oid:1\.2\.250\.1\.71\.4\.2\.1(?:%7C|\|)\w+", asked.target)[:25]
        return replace(asked, target=f"{head}schedule.actor:Practitioner.identifier={','.join(ids)}&status=free")
    return asked


def _no_metadata(asked: Asked) -> Asked | Reply:
    return outcome(404, "not-found") if asked.target.startswith("/fhir/metadata") else asked


def _quiet(document: Json) -> None:
    """Reasons are optional."""
    for entry in document["entry"]:
        resource: dict[str, Any] = entry["resource"]
        if resource["resourceType"] == "Slot":
            resource["serviceType"] = [c for c in resource["serviceType"] if "coding" in c]


ODDITIES: tuple[tuple[str, Apply], ...] = (
    ("other ids at each answer", on_bundle(_renamed)),
    ("instants written in UTC with a numeric offset", each("Slot", _in_utc)),
    ("entries in another order", on_bundle(_reversed)),
    ("narratives, versions and extensions on slots", each("Slot", _narrated)),
    ("narratives, versions and extensions on practitioners", each("Practitioner", _narrated)),
    ("a timestamp and an identifier on the Bundle", on_bundle(_stamped)),
    ("a score beside the search mode", on_bundle(_without_search_mode)),
    ("JSON over many lines, everything beyond ASCII escaped", on_reply(_pretty)),
    ("a media type in capitals", on_reply(_other_media_type)),
    ("lists over 25 served", on_request(_served_beyond_25)),
    ("slots without a reason", on_bundle(_quiet)),
)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sober(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Reference]:
    async with reference_agenda(tmp_path_factory.mktemp("sober"), CLOCK) as agenda:
        yield agenda


async def judged(agenda: Agenda) -> RunReport:
    plan = runner.Plan(
        demo_target(), catalogue.scenarios((Flow.SLOT_SEARCH,)), requirements.load(), LEVELS, "rules", "0"
    )
    return await runner.run(plan, WireDriver(agenda, CLOCK), clock=CLOCK, run_id="run")


@pytest.mark.parametrize(("name", "apply"), ODDITIES, ids=[name for name, _ in ODDITIES])
async def test_what_is_odd_and_right_is_not_blamed(name: str, apply: Apply, sober: Reference) -> None:
    report = await judged(odd(Oddity(name, "", name, apply), sober))
    assert not report.findings, [(f.check, f.scenario, f.path, f.message.en, f.actual) for f in report.findings]
    assert report.exit_code is ExitCode.ACCEPTED, report.explanation.en


async def test_an_agenda_without_metadata_is_advised_not_refused(sober: Reference) -> None:
    report = await judged(odd(Oddity("quiet", "", "quiet", on_request(_no_metadata)), sober))
    assert report.exit_code is ExitCode.ACCEPTED
    assert {finding.requirement for finding in report.findings} == {"SLOT-010"}


async def test_every_oddity_changes_something() -> None:
    bends: list[Callable[[Json], None]] = [_renamed, _reversed, _stamped, _without_search_mode]
    for bend in bends:
        document: Json = {
            "resourceType": "Bundle",
            "entry": [
                {
                    "fullUrl": f"http://a/fhir/Slot/{n}",
                    "resource": {"resourceType": "Slot", "id": n},
                    "search": {"mode": "match"},
                }
                for n in ("s1", "s2")
            ],
        }
        before = json.dumps(document)
        bend(document)
        assert json.dumps(document) != before
