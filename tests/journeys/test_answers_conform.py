"""What our two services put on the wire, held by the independent checker against the profiles of both versions."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from asgi_lifespan import LifespanManager

from agenda_editor.app import create_app
from agenda_editor.settings import Settings
from recette.profiles import facts
from recette.profiles.checker import Checker
from recette.profiles.model import Weight
from recette.profiles.use_cases import UseCase, check
from sas_kernel import datasets
from sas_kernel.identifiers import PRACTITIONER_SYSTEM, STRUCTURE_SYSTEM
from sas_kit.http import HttpClient, HttpLimits, asgi_transport, exchange, new_client

DATA = datasets.load("demo").test_data
CPTS = "&_include=Slot:service-type-reference&_include:iterate=HealthcareService:organization"


def _window(name: str) -> str:
    now = datetime.now(UTC)
    return "&".join(
        f"{name}={bound}{quote(instant.isoformat(timespec='milliseconds'))}"
        for bound, instant in (("ge", now), ("le", now + timedelta(hours=72)))
    )


def _practitioners(*keys: str) -> str:
    ids = [str(DATA[key]) for key in keys]
    tokens = ",".join(f"{PRACTITIONER_SYSTEM}%7C{number}" for number in ids)
    return (
        f"/fhir/Slot?_include=Slot:schedule&_include:iterate=Schedule:actor&{_window('start')}&status=free"
        f"&schedule.actor:Practitioner.identifier={tokens}"
    )


def _associations() -> str:
    tokens = ",".join(f"{STRUCTURE_SYSTEM}%7C{number}" for number in DATA["sos_associations"])
    return (
        f"/fhir/Schedule?{_window('_has:Slot:schedule:start')}&_has:Slot:schedule:status=free"
        f"&actor:Location.organization.identifier={tokens}&_revinclude=Slot:schedule"
        "&_include=Schedule:actor:Location&_include:iterate=Location:organization"
    )


@pytest.fixture
async def agenda(tmp_path: Path) -> AsyncIterator[HttpClient]:
    settings = Settings(
        database_url=f"sqlite:///{tmp_path / 'agenda.sqlite'}", public_url="https://agenda.example.org", dataset="demo"
    )
    app = create_app(settings)
    async with LifespanManager(app, startup_timeout=60), new_client(transport=asgi_transport(app)) as client:
        yield client


async def _asked(client: HttpClient, target: str) -> Any:
    limits = HttpLimits(2, 20, 32 * 1024 * 1024)
    answer = await exchange(client, "GET", "http://agenda.test", target=target, limits=limits)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


@pytest.mark.parametrize("version", facts.VERSIONS)
async def test_every_search_of_the_agenda_conforms(agenda: HttpClient, version: str) -> None:
    checker = Checker(facts.load(version))
    people = ("practitioner_one_place", "practitioner_two_places")
    members = ("practitioner_one_cpts", "practitioner_two_cpts")
    for target, case, kinds in (
        (_practitioners(*people), UseCase.PRACTITIONERS, {"PractitionerRole"}),
        (_practitioners(*members) + CPTS, UseCase.CPTS, {"HealthcareService", "Organization"}),
        (_associations(), UseCase.SOS, {"Location", "Organization"}),
    ):
        bundle = await _asked(agenda, target)
        found = {entry["resource"]["resourceType"] for entry in bundle["entry"]}
        assert found >= kinds | {"Slot", "Schedule"}, target
        issues = check(checker, bundle, case)
        assert issues is not None
        assert [(i.path, i.rule, i.expected, i.actual) for i in issues if i.weight is Weight.ERROR] == [], target
