"""INT_R01 from the outside: the request as it comes, the answer as it leaves."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from agenda_editor.agendas.model import SlotStatus, SlotType
from agenda_editor.agendas.service import AgendaService
from agenda_editor.app import create_app
from agenda_editor.settings import Settings
from sas_kernel.clock import ManualClock
from sas_kit.http import HttpAnswer
from tests.agenda_editor.conftest import IDENTIFIER, NOW, SYSTEM, Agenda, resources, slot, starts

RPPS = "810123400017"
GE = "start=ge2031-03-10T08:00:00.000%2B01:00"
LE = "start=le2031-03-13T08:00:00.000%2B01:00"
WHO = f"{IDENTIFIER}={SYSTEM}%7C{RPPS}"


def _issue(answer: HttpAnswer, status: int, code: str) -> dict[str, Any]:
    """The one issue of an OperationOutcome that has this status and code, and says something in both languages."""
    assert answer.status == status, answer.body
    assert answer.header("content-type") == "application/fhir+json; charset=utf-8"
    outcome = json.loads(answer.body)
    assert outcome["resourceType"] == "OperationOutcome"
    (issue,) = outcome["issue"]
    assert issue["code"] == code
    assert issue["severity"] in {"error", "fatal"}
    assert issue["details"]["text"].strip()
    assert issue["diagnostics"].strip()
    found: dict[str, Any] = issue
    return found


# --- the answer ------------------------------------------------------------------------------------------------------


async def test_the_bundle_holds_each_slot_and_all_it_leans_on_once(agenda: Agenda) -> None:
    first = await agenda.open(RPPS, slot(2), slot(1))
    await agenda.open_more(first.practitioner, first.place.details, slot(1.5))
    bundle = await agenda.search(RPPS)
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert kinds == ["Slot"] * 3 + ["Schedule"] * 2 + ["Practitioner"] + ["PractitionerRole"] * 2
    assert bundle["total"] == 3
    assert starts(bundle) == sorted(starts(bundle))
    assert len({entry["fullUrl"] for entry in bundle["entry"]}) == len(bundle["entry"])
    for entry in bundle["entry"]:
        resource = entry["resource"]
        assert entry["fullUrl"] == f"http://agenda.test/fhir/{resource['resourceType']}/{resource['id']}"
        assert entry["search"]["mode"] == ("match" if resource["resourceType"] == "Slot" else "include")
        assert len(resource["meta"]["profile"]) == 1


async def test_references_are_relative_and_resolve_in_the_bundle(agenda: Agenda) -> None:
    schedule = await agenda.open(RPPS, slot(1))
    await agenda.open_more(schedule.practitioner, schedule.place.details, slot(2))
    bundle = await agenda.search(RPPS)
    present = {f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in bundle["entry"]}
    assert {s["schedule"]["reference"] for s in resources(bundle, "Slot")} <= present
    for held in resources(bundle, "Schedule"):
        practitioner, role = (actor["reference"] for actor in held["actor"])
        assert practitioner.startswith("Practitioner/")
        assert role.startswith("PractitionerRole/")
        assert {practitioner, role} <= present
    for role in resources(bundle, "PractitionerRole"):
        assert role["practitioner"]["reference"] in present
        assert role["location"] == [{"reference": "#" + role["contained"][0]["id"]}]


async def test_agendas_without_a_slot_in_the_window_are_left_out(lone_agenda: Agenda) -> None:
    schedule = await lone_agenda.open(RPPS, slot(1))
    await lone_agenda.open_more(schedule.practitioner, schedule.place.details, slot(100))
    bundle = await lone_agenda.search(RPPS)
    assert [s["id"] for s in resources(bundle, "Schedule")] == [f"ag-{schedule.id}"]
    assert len(resources(bundle, "PractitionerRole")) == 1


async def test_nothing_found_is_an_empty_bundle_without_entry(agenda: Agenda) -> None:
    await agenda.open(RPPS, slot(1, status=SlotStatus.BUSY))
    for who in (RPPS, "810123499998"):
        bundle = await agenda.search(who)
        assert bundle["total"] == 0
        assert "entry" not in bundle
        assert bundle["type"] == "searchset"


async def test_an_unknown_practitioner_among_known_ones_changes_nothing(lone_agenda: Agenda) -> None:
    await lone_agenda.open(RPPS, slot(1))
    assert (await lone_agenda.search("810123499998", RPPS, "0991234567"))["total"] == 1


@pytest.mark.parametrize("path", ["/fhir/Slot", "/fhir/Slot/"])
async def test_the_self_link_is_the_url_as_received(lone_agenda: Agenda, path: str) -> None:
    query = f'{GE.replace("%2B", "+")}&{LE}&{WHO.replace("%7C", "|")}&status=free&x="é&&y=%22'
    answer = await lone_agenda.get(f"{path}?{query}")
    assert answer.status == 200, answer.body
    assert json.loads(answer.body)["link"] == [{"relation": "self", "url": f"http://agenda.test{path}?{query}"}]


async def test_the_base_is_the_one_the_client_used(lone_agenda: Agenda) -> None:
    await lone_agenda.open(RPPS, slot(1))
    bundle = await lone_agenda.search(RPPS, headers=[("host", "fhir.editeur.example:8443")])
    assert bundle["entry"][0]["fullUrl"].startswith("http://fhir.editeur.example:8443/fhir/Slot/")
    assert bundle["link"][0]["url"].startswith("http://fhir.editeur.example:8443/fhir/Slot?")


async def test_the_answer_is_fhir_json(lone_agenda: Agenda) -> None:
    answer = await lone_agenda.get("/fhir/Slot?" + lone_agenda.query(RPPS))
    assert answer.header("content-type") == "application/fhir+json; charset=utf-8"


# --- which slots -----------------------------------------------------------------------------------------------------


async def test_both_bounds_belong_to_the_window_and_the_end_of_a_slot_may_lie_after_it(agenda: Agenda) -> None:
    await agenda.open(RPPS, slot(1), slot(3), slot(0.99), slot(3.01))
    begin, end = (f"{(NOW + timedelta(hours=h)).isoformat(timespec='milliseconds')}" for h in (1, 3))
    query = f"start=ge{begin}&start=le{end}&{WHO}&status=free"
    assert starts(await agenda.search(query=query)) == [begin, end]


async def test_what_is_past_or_private_or_not_free_never_leaves(agenda: Agenda) -> None:
    everything = tuple(SlotType)
    await agenda.open(
        RPPS,
        slot(-0.001),
        slot(-24),
        slot(1, own_patients_only=True, types=everything),
        slot(2, status=SlotStatus.BUSY, types=everything),
        slot(3, status=SlotStatus.ABSENCE, types=everything),
        slot(4, types=[SlotType.CPTS]),
        slot(5, types=[]),
        slot(6, types=[SlotType.CPTS, SlotType.SNP]),
    )
    query = f"start=ge2031-03-01&start=le2031-04&{WHO}&status=free"
    (only,) = resources(await agenda.search(query=query), "Slot")
    assert only["start"] == "2031-03-10T14:00:00.000+01:00"
    assert [c["code"] for c in only["meta"]["security"]] == ["SNP"]


async def test_a_slot_that_starts_now_is_still_given_and_a_moment_later_no_more(agenda: Agenda) -> None:
    await agenda.open(RPPS, slot(0))
    query = f"start=ge2031&start=le2031&{WHO}&status=free"
    assert (await agenda.search(query=query))["total"] == 1
    agenda.clock.advance(timedelta(microseconds=1))
    assert (await agenda.search(query=query))["total"] == 0


async def test_only_the_practitioners_asked_for_are_answered(agenda: Agenda) -> None:
    await agenda.open(RPPS, slot(1))
    await agenda.open("10123400025", slot(1))
    bundle = await agenda.search("810123400025")
    (practitioner,) = resources(bundle, "Practitioner")
    assert practitioner["identifier"][0]["value"] == "810123400025"
    assert bundle["total"] == 1


@pytest.mark.parametrize(
    ("stored", "kind", "national"),
    [
        ("10123400017", "RPPS", "810123400017"),
        ("810123400017", "RPPS", "810123400017"),
        ("991234567", "ADELI", "0991234567"),
        ("0991234567", "ADELI", "0991234567"),
    ],
)
async def test_an_id_stored_with_or_without_prefix_is_found_and_leaves_prefixed(
    lone_agenda: Agenda, stored: str, kind: str, national: str
) -> None:
    await lone_agenda.open(stored, slot(1), kind=kind)
    (practitioner,) = resources(await lone_agenda.search(national), "Practitioner")
    assert practitioner["identifier"][0]["value"] == national


async def test_who_opposes_transmission_vanishes_until_he_withdraws(agenda: Agenda) -> None:
    schedule = await agenda.open(RPPS, slot(1))
    assert (await agenda.search(RPPS))["total"] == 1
    async with agenda.service.editing() as edit:
        await edit.oppose(schedule.practitioner.id)
    assert "entry" not in await agenda.search(RPPS)
    async with agenda.service.editing() as edit:
        await edit.withdraw_opposition(schedule.practitioner.id)
    assert (await agenda.search(RPPS))["total"] == 1


@pytest.mark.parametrize(
    ("status", "total"),
    [
        ("free", 1),
        ("http://hl7.org/fhir/slotstatus|free", 1),
        ("busy,free", 1),
        ("busy", 0),
        ("FREE", 0),
        ("free&status=busy", 0),
    ],
)
async def test_another_status_than_free_finds_nothing(lone_agenda: Agenda, status: str, total: int) -> None:
    await lone_agenda.open(RPPS, slot(1))
    assert (await lone_agenda.search(query=lone_agenda.query(RPPS, status=status)))["total"] == total


async def test_a_wider_window_than_72_hours_is_served(agenda: Agenda) -> None:
    await agenda.open(RPPS, slot(1), slot(200))
    assert (await agenda.search(query=agenda.query(RPPS, hours=72)))["total"] == 1
    assert (await agenda.search(query=agenda.query(RPPS, hours=300)))["total"] == 2


# --- tolerances of the request ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        f"{GE}&{LE}&{WHO}&status=free",
        f"status=free&{WHO}&{LE}&{GE}",
        f"{GE.replace('%2B', '+')}&{LE.replace('%2B', ' ').replace(' ', '%20')}&{WHO}&status=free",
        f"{GE}&{LE}&{WHO.replace('%7C', '|')}&status=free",
        f"{quote('start')}=ge2031-03-10T08:00:00&start=le2031-03-12&{WHO}&status=free",
        f"{GE}&{LE}&{IDENTIFIER.replace(':', '%3A')}={quote(SYSTEM + '|' + RPPS, safe='')}&status=free",
        f"{GE}&{LE}&{IDENTIFIER}={SYSTEM}|1,%20{SYSTEM}|{RPPS}%20,&status=free",
        f"{GE}&{LE}&{WHO}&status=free&_count=1&_include=Slot:unknown&foo=bar&_include%3Aiterate=Schedule%3Aactor",
        f"{GE}&{LE}&{WHO}&status=free&_format=application/fhir+json",
        f"{GE}&{LE}&{WHO}&status=free&_format=application/fhir%2Bjson",
        f"{GE}&{LE}&{WHO}&status=free&_format=application/json%20fhir",
        f"{GE}&{LE}&{WHO}&status=free&_include=Slot:service-type-reference&_include:iterate=HealthcareService:organization",
    ],
)
async def test_every_spelling_seen_in_the_field_finds_the_slot(lone_agenda: Agenda, query: str) -> None:
    await lone_agenda.open(RPPS, slot(1), slot(2))
    assert (await lone_agenda.search(query=query))["total"] == 2


@pytest.mark.parametrize("accept", ["application/json+fhir", "application/fhir+json", "*/*", "application/json"])
async def test_both_spellings_of_the_media_type_are_accepted(lone_agenda: Agenda, accept: str) -> None:
    headers = [("accept", accept), ("content-type", "application/json")]
    assert (await lone_agenda.search(RPPS, headers=headers))["total"] == 0


async def test_an_empty_window_is_no_error(lone_agenda: Agenda) -> None:
    await lone_agenda.open(RPPS, slot(1))
    query = f"start=ge2031-03-12&start=le2031-03-11&{WHO}&status=free"
    assert (await lone_agenda.search(query=query))["total"] == 0


async def test_a_token_of_another_system_finds_nobody(lone_agenda: Agenda) -> None:
    await lone_agenda.open(RPPS, slot(1))
    query = f"{GE}&{LE}&{IDENTIFIER}=urn:oid:1.2.3%7C{RPPS}&status=free"
    assert (await lone_agenda.search(query=query))["total"] == 0


# --- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "code", "named"),
    [
        (f"{LE}&{WHO}&status=free", "required", "start"),
        (f"{GE}&{WHO}&status=free", "required", "start"),
        (f"{GE}&{LE}&status=free", "required", IDENTIFIER),
        (f"{GE}&{LE}&{IDENTIFIER}=&status=free", "required", IDENTIFIER),
        (f"{GE}&{LE}&{WHO}", "required", "status"),
        (f"{GE}&{LE}&{WHO}&status=", "required", "status"),
        ("", "required", IDENTIFIER),
        (f"start=ge2031-02-30&{LE}&{WHO}&status=free", "invalid", "start"),
        (f"start=gt2031-03-10&{LE}&{WHO}&status=free", "invalid", "start"),
        (f"{GE}&{GE}&{LE}&{WHO}&status=free", "invalid", "start"),
        (f"start=ge2031,le2032&{WHO}&status=free", "invalid", "start"),
        (f"{GE}&{LE}&{IDENTIFIER}={RPPS}&status=free", "invalid", IDENTIFIER),
        (f"{GE}&{LE}&{WHO}&{WHO}&status=free", "invalid", IDENTIFIER),
        (f"{GE}&{LE}&{WHO}&status=free&x=%ff", "invalid", "%ff"),
        (f"{GE}&{LE}&{WHO}&status=free&start:missing=true", "not-supported", "start:missing"),
        (
            f"{GE}&{LE}&{IDENTIFIER}={','.join(f'{SYSTEM}|8{n:011d}' for n in range(26))}&status=free",
            "too-costly",
            "25",
        ),
    ],
)
async def test_a_search_that_cannot_be_executed_says_what_to_correct(
    lone_agenda: Agenda, query: str, code: str, named: str
) -> None:
    issue = _issue(await lone_agenda.get("/fhir/Slot?" + query), 400, code)
    assert named in issue["diagnostics"]
    assert named in issue["details"]["text"]


async def test_25_identifiers_are_welcome(lone_agenda: Agenda) -> None:
    await lone_agenda.open(RPPS, slot(1))
    assert (await lone_agenda.search(RPPS, *(f"8{n:011d}" for n in range(24))))["total"] == 1


async def test_an_unknown_parameter_is_refused_only_when_strictness_is_asked_for(lone_agenda: Agenda) -> None:
    target = f"/fhir/Slot?{GE}&{LE}&{WHO}&status=free&foo=bar"
    assert (await lone_agenda.get(target, headers=[("prefer", "handling=lenient")])).status == 200
    answer = await lone_agenda.get(target, headers=[("prefer", "return=minimal, handling=strict")])
    assert "foo" in _issue(answer, 400, "not-supported")["diagnostics"]


@pytest.mark.parametrize("path", ["/fhir/Slot", "/fhir/metadata"])
async def test_nothing_but_json_is_spoken(lone_agenda: Agenda, path: str) -> None:
    target = f"{path}?{GE}&{LE}&{WHO}&status=free"
    _issue(await lone_agenda.get(target, headers=[("accept", "application/fhir+xml")]), 406, "not-supported")
    _issue(await lone_agenda.get(target + "&_format=xml"), 406, "not-supported")
    assert (await lone_agenda.get(target + "&_format=json", headers=[("accept", "text/html")])).status == 200


@pytest.mark.parametrize(
    ("method", "target"),
    [("POST", "/fhir/Slot"), ("POST", "/fhir/Slot/_search"), ("PUT", "/fhir/Slot"), ("DELETE", "/fhir/metadata")],
)
async def test_other_methods_are_refused(lone_agenda: Agenda, method: str, target: str) -> None:
    answer = await lone_agenda.get(target, method=method)
    assert method in _issue(answer, 405, "not-supported")["diagnostics"]
    assert answer.header("allow") is not None


async def test_head_is_refused(lone_agenda: Agenda) -> None:
    assert (await lone_agenda.get("/fhir/Slot", method="HEAD")).status == 405


@pytest.mark.parametrize("target", ["/fhir", "/fhir/", "/fhir/Patient", "/fhir/Slot/cr-1", "/fhir/Schedule/ag-1"])
async def test_what_is_not_offered_is_not_found(lone_agenda: Agenda, target: str) -> None:
    assert target in _issue(await lone_agenda.get(target), 404, "not-found")["diagnostics"]


async def test_elsewhere_an_error_is_a_problem(lone_agenda: Agenda) -> None:
    answer = await lone_agenda.get("/nowhere")
    assert answer.status == 404
    assert answer.header("content-type") == "application/problem+json"


async def test_a_database_that_is_down_is_a_passing_trouble(agenda: Agenda, monkeypatch: pytest.MonkeyPatch) -> None:
    await agenda.open(RPPS, slot(1))
    database = agenda.app.state.services.database
    await database.engine.dispose()

    def refused(*_: object, **__: object) -> None:
        raise ConnectionRefusedError("nobody listens")

    monkeypatch.setattr(database.engine.sync_engine.dialect, "connect", refused)
    answer = await agenda.get("/fhir/Slot?" + agenda.query(RPPS))
    _issue(answer, 503, "transient")
    assert answer.header("retry-after")
    assert (await agenda.get("/health/ready")).status == 503
    assert (await agenda.get("/health/live")).status == 200


def test_a_fault_of_ours_is_an_exception_and_shows_nothing_of_it(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(AgendaService, "published", broken)
    app = create_app(Settings(database_url=sqlite_url), clock=ManualClock(NOW))
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get(f"/fhir/Slot?{GE}&{LE}&{WHO}&status=free")
    assert answer.status_code == 500
    assert answer.json()["issue"][0]["code"] == "exception"
    assert answer.json()["issue"][0]["severity"] == "fatal"
    assert "secret" not in answer.text


# --- about itself ----------------------------------------------------------------------------------------------------


async def test_the_capability_statement_says_what_is_offered_and_no_more(lone_agenda: Agenda) -> None:
    answer = await lone_agenda.get("/fhir/metadata")
    assert answer.header("content-type") == "application/fhir+json; charset=utf-8"
    statement = json.loads(answer.body)
    assert statement["resourceType"] == "CapabilityStatement"
    assert {k: statement[k] for k in ("status", "kind", "fhirVersion")} == {
        "status": "active",
        "kind": "instance",
        "fhirVersion": "4.0.1",
    }
    assert {"date", "format", "software", "implementation"} <= set(statement)
    assert statement["implementation"]["url"] == "http://agenda.test/fhir"
    (rest,) = statement["rest"]
    assert rest["mode"] == "server"
    offered, sos, accounts = rest["resource"]
    assert (sos["type"], [i["code"] for i in sos["interaction"]]) == ("Schedule", ["search-type"])
    assert offered["type"] == "Slot"
    assert [i["code"] for i in offered["interaction"]] == ["search-type"]
    assert {p["name"]: p["type"] for p in offered["searchParam"]} == {
        "start": "date",
        "status": "token",
        "schedule": "reference",
        "service-type-reference": "reference",
    }
    assert offered["searchInclude"] == ["Slot:schedule", "Slot:service-type-reference"]
    assert accounts["type"] == "Practitioner"
    assert [i["code"] for i in accounts["interaction"]] == ["create", "update"]
    assert (accounts["conditionalUpdate"], accounts["updateCreate"]) == (True, False)
    assert [p["name"] for p in accounts["searchParam"]] == ["identifier"]


async def test_the_service_is_ready_and_documents_itself(agenda: Agenda) -> None:
    ready = await agenda.get("/health/ready")
    assert ready.status == 200
    assert json.loads(ready.body)["parts"] == {"database": True, "migrations": True, "accepting": True}
    document = json.loads((await agenda.get("/openapi.json")).body)
    parameters = {p["name"] for p in document["paths"]["/fhir/Slot"]["get"]["parameters"]}
    assert {"start", "status", IDENTIFIER} <= parameters
