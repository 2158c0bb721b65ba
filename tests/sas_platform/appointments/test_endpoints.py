"""INT_R03 from the outside: the message as it comes, the answer as it leaves, what is kept."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from sas_kernel.identifiers import REGULATOR_SYSTEM
from sas_platform.app import create_app
from sas_platform.appointments.model import Category, Change, Method, Oddity, Status
from sas_platform.appointments.service import AppointmentService
from sas_platform.settings import Settings
from tests.sas_platform.appointments.conftest import (
    CARD,
    CATEGORIES,
    DOCTOR,
    EDITOR,
    JSON,
    KEY,
    ORIENTATION,
    TECHNICAL,
    Reception,
    booking,
    changed,
    identifier_of,
    issues,
    location,
    without,
)
from tests.sas_platform.appointments.test_fhir import WORDS, disclosing
from tests.sas_platform.conftest import NOW

PATH = "/fhir/Appointment"


# --- what is accepted ------------------------------------------------------------------------------------------------


async def test_a_booking_is_kept_with_what_the_platform_needs_and_nothing_else(reception: Reception) -> None:
    sent = booking(id="chosen-by-you", slot=[{"reference": "Slot/cr-secret"}], minutesDuration=20)
    sent["extension"].append(
        {"url": ORIENTATION, "valueCodeableConcept": {"coding": [{"system": CATEGORIES, "code": "001"}]}}
    )
    where = location(await reception.post(sent), 201)
    assert "chosen" not in where
    (history,) = await reception.kept()
    kept = history.appointment
    assert (kept.identifier.system, kept.identifier.value) == (EDITOR, KEY)
    assert kept.content.status is Status.BOOKED
    assert kept.content.start.isoformat() == "2031-03-11T09:00:00+01:00"
    assert kept.content.end - kept.content.start == timedelta(minutes=20)
    assert kept.content.created is not None
    assert kept.content.created.isoformat() == "2031-03-10T07:59:30+01:00"
    assert (kept.content.practitioner, kept.content.category) == (DOCTOR, Category.PS)
    assert kept.received_at == NOW
    everything = await reception.everything()
    assert "cr-secret" not in everything
    assert "chosen-by-you" not in everything


async def test_the_life_of_an_appointment_is_kept_as_it_came(reception: Reception) -> None:
    where = location(await reception.post(booking()), 201)
    moved = booking(start="2031-03-11T10:00:00+01:00", end="2031-03-11T10:20:00+01:00")
    for sent in (moved, moved, booking("cancelled", **{k: moved[k] for k in ("start", "end")})):
        reception.clock.advance(timedelta(minutes=1))
        assert location(await reception.put(sent), 200) == where
    (history,) = await reception.kept()
    assert history.appointment.content.status is Status.CANCELLED
    assert [message.changes for message in history.messages] == [
        {Change.CREATED},
        {Change.TIME},
        frozenset(),
        {Change.STATUS},
    ]
    assert [message.method for message in history.messages] == [Method.POST, Method.PUT, Method.PUT, Method.PUT]
    assert [message.received_at - NOW for message in history.messages] == [timedelta(minutes=n) for n in range(4)]
    assert history.messages[1].before == (Status.BOOKED, history.messages[0].content.start)
    assert [message.oddity for message in history.messages] == [None] * 4


async def test_an_update_of_an_unknown_appointment_creates_it(reception: Reception) -> None:
    where = location(await reception.put(booking()), 201)
    assert location(await reception.put(booking()), 200) == where
    assert location(await reception.post(booking()), 200) == where
    assert len(await reception.kept()) == 1


async def test_what_arrives_in_another_order_is_kept_and_pointed_out(reception: Reception) -> None:
    await reception.put(booking("cancelled"))
    await reception.put(booking("booked"))
    await reception.put(booking("fulfilled"))
    await reception.put(booking("pending"))
    (history,) = await reception.kept()
    assert history.appointment.content.status is Status.PENDING
    assert [m.oddity for m in history.messages] == [Oddity.NO_BOOKING, Oddity.REVIVED, None, Oddity.OUT_OF_TURN]


async def test_a_creation_that_comes_again_changes_nothing(reception: Reception) -> None:
    where = location(await reception.post(booking()), 201)
    assert location(await reception.post(booking()), 200) == where
    await reception.put(booking("cancelled"))
    assert location(await reception.post(booking()), 200) == where  # late, and still only a repetition
    (history,) = await reception.kept()
    assert history.appointment.content.status is Status.CANCELLED
    assert history.messages[-1].content.status is Status.CANCELLED
    assert history.messages[-1].changes == frozenset()


async def test_another_creation_under_a_known_identifier_is_refused(reception: Reception) -> None:
    await reception.post(booking())
    other = booking(start="2031-03-11T08:00:00+01:00")
    assert issues(await reception.post(other), 422) == {("duplicate", "Appointment.identifier[0].value")}
    (history,) = await reception.kept()
    assert len(history.messages) == 1


async def test_identical_messages_at_the_same_time_make_one_appointment(reception: Reception) -> None:
    sent = [reception.post(booking()) if n % 2 else reception.put(booking()) for n in range(12)]
    answers = await asyncio.gather(*sent)
    assert sorted(answer.status for answer in answers) == [200] * 11 + [201]
    assert len({answer.header("location") for answer in answers}) == 1
    (history,) = await reception.kept()
    assert len(history.messages) == 12
    assert [bool(message.changes) for message in history.messages] == [True] + [False] * 11


async def test_two_editors_may_use_the_same_value(reception: Reception) -> None:
    first = location(await reception.post(booking()), 201)
    other = changed(booking(), "urn:oid:1.2.3", "identifier", 0, "system")
    assert location(await reception.send("PUT", f"{PATH}?identifier={KEY}", other), 201) != first
    assert location(await reception.send("PUT", f"{PATH}?identifier={KEY}", booking("cancelled")), 200) == first
    statuses = {h.appointment.identifier.system: h.appointment.content.status for h in await reception.kept()}
    assert statuses == {EDITOR: Status.CANCELLED, "urn:oid:1.2.3": Status.BOOKED}


async def test_an_update_that_leaves_out_the_time_of_booking_does_not_erase_it(lone_reception: Reception) -> None:
    await lone_reception.post(booking())
    await lone_reception.put(without(booking(), "created"))
    (history,) = await lone_reception.kept()
    assert history.appointment.content.created is not None
    assert history.messages[-1].changes == frozenset()


async def test_the_doctor_may_come_later(lone_reception: Reception) -> None:
    nobody = {"type": [{"coding": [{"code": "ADM"}]}], "status": "needs-action"}
    await lone_reception.post(booking("pending", participant=[nobody]))
    await lone_reception.put(booking("booked"))
    (history,) = await lone_reception.kept()
    assert [m.content.practitioner for m in history.messages] == [None, DOCTOR]
    assert history.messages[1].changes == {Change.STATUS, Change.PRACTITIONER}
    assert history.messages[1].oddity is None


async def test_the_examples_of_the_reference_are_accepted(lone_reception: Reception, reference: Path) -> None:
    folder = reference / "reference" / "examples"
    for example in ("appointment-sas.min", "appointment-sas.max", "appointment-sos.min", "appointment-sos.max"):
        sent = json.loads((folder / f"{example}.json").read_bytes())
        sent["identifier"][0]["value"] = example  # two of them share an identifier and not the regulator
        location(await lone_reception.put(sent, example), 201)
    kept = [each.appointment for regulator in (CARD, TECHNICAL) for each in await lone_reception.kept(regulator)]
    assert {each.identifier.value: each.content.status.value for each in kept} == {
        "appointment-sas.min": "booked",
        "appointment-sas.max": "cancelled",
        "appointment-sos.min": "pending",
        "appointment-sos.max": "booked",
    }


async def test_every_spelling_of_the_condition_finds_the_appointment(lone_reception: Reception) -> None:
    where = location(await lone_reception.post(booking()), 201)
    for query in (
        f"identifier={EDITOR}|{KEY}",
        f"identifier={quote(EDITOR, safe='')}%7C{KEY}",
        f"Identifier={EDITOR}%7c{KEY}&_format=json",
        f"_format=application/fhir%2Bjson&identifier=%20{EDITOR}|%20{KEY}",
        f"identifier={KEY}&_pretty=true",
    ):
        for path in (PATH, PATH + "/"):
            answer = await lone_reception.send("PUT", f"{path}?{query}", booking("cancelled"))
            assert location(answer, 200) == where


async def test_an_identifier_with_a_bar_and_a_comma_can_be_named(lone_reception: Reception) -> None:
    key = "a|b,c\\d"
    target = f"{PATH}?identifier={EDITOR}|" + quote("a\\|b\\,c\\\\d")
    where = location(await lone_reception.send("PUT", target, booking(key=key)), 201)
    assert location(await lone_reception.send("PUT", target, booking("cancelled", key=key)), 200) == where


async def test_every_spelling_of_json_is_understood(lone_reception: Reception) -> None:
    for key, headers in {
        "1": [("content-type", "application/json"), ("accept", "application/json+fhir")],
        "2": [("content-type", "application/fhir+json; charset=utf-8"), ("accept", "application/fhir+json")],
        "3": [("content-type", "Application/JSON+FHIR;charset=UTF-8"), ("accept", "*/*")],
        "4": [],
    }.items():
        location(await lone_reception.send("POST", PATH, booking(key=key), headers), 201)


# --- who booked ------------------------------------------------------------------------------------------------------

OPERATOR_VALUE = "Appointment.extension[0].valueReference.identifier.value"


def of_operator(system: str, value: str) -> dict[str, Any]:
    code = "INTRN" if system == REGULATOR_SYSTEM else "IDNPS"
    identifier = identifier_of(code, system, value)
    return changed(booking(), identifier, "extension", 0, "valueReference", "identifier")


async def test_a_regulator_is_known_by_his_technical_id(lone_reception: Reception) -> None:
    location(await lone_reception.post(of_operator(REGULATOR_SYSTEM, TECHNICAL.upper())), 201)
    assert len(await lone_reception.kept(TECHNICAL)) == 1
    assert await lone_reception.kept(CARD) == ()


async def test_an_unknown_regulator_is_refused(lone_reception: Reception) -> None:
    refused = await lone_reception.post(of_operator("urn:oid:1.2.250.1.71.4.2.1", "3990000058/UNKNOWN"))
    assert issues(refused, 422) == {("business-rule", OPERATOR_VALUE)}
    assert b"UNKNOWN" not in refused.body


async def test_a_deactivated_regulator_books_no_more_but_what_he_booked_goes_on(reception: Reception) -> None:
    await reception.post(booking())
    await reception.app.state.platform.regulators.set_active(reception.regulators[CARD], False, NOW)
    refused = await reception.post(booking(key="another"))
    assert issues(refused, 422) == {("business-rule", OPERATOR_VALUE)}
    location(await reception.put(booking("fulfilled")), 200)


async def test_who_booked_does_not_change(reception: Reception) -> None:
    await reception.post(booking())
    other = of_operator(REGULATOR_SYSTEM, TECHNICAL)
    assert issues(await reception.put(other), 422) == {("business-rule", OPERATOR_VALUE)}
    assert issues(await reception.post(other), 422) == {("duplicate", "Appointment.identifier[0].value")}
    assert len((await reception.kept())[0].messages) == 1


# --- what is refused -------------------------------------------------------------------------------------------------


async def test_what_is_not_json_is_refused_before_anything_is_written(lone_reception: Reception) -> None:
    target, send = f"{PATH}?identifier={KEY}", lone_reception.send
    xml, wants_xml = [("content-type", "application/fhir+xml")], [JSON, ("accept", "application/fhir+xml")]
    for method in ("POST", "PUT"):
        assert issues(await send(method, target, booking(), xml), 415) == {("not-supported", None)}
        assert issues(await send(method, target, booking(), wants_xml), 406) == {("not-supported", None)}
        issues(await send(method, target + "&_format=xml", booking()), 406)
        for unreadable in (b'{"resourceType"', b"\xff", b"[" * 60_000, b'"\\ud800"', b"[]", b""):
            assert issues(await send(method, target, unreadable), 400) == {("structure", "Appointment")}
        assert issues(await send(method, target, {"resourceType": "Slot"}), 400) == {
            ("invalid", "Appointment.resourceType")
        }
    assert await lone_reception.kept() == ()


async def test_a_body_has_a_limit(lone_reception: Reception) -> None:
    large = booking(language="x" * 65_536)
    assert issues(await lone_reception.post(large), 413) == {("too-long", None)}
    announced = [JSON, ("content-length", "65537")]
    assert issues(await lone_reception.send("POST", PATH, b"", announced), 413) == {("too-long", None)}


async def test_a_condition_that_means_no_single_appointment_is_refused(lone_reception: Reception) -> None:
    for query, code in (
        ("", "required"),
        ("?", "required"),
        ("?identifier=", "required"),
        ("?identifier=%20", "required"),
        (f"?identifier={EDITOR}|", "invalid"),
        (f"?identifier=|{KEY}", "invalid"),
        (f"?identifier={EDITOR}|{KEY}|x", "invalid"),
        (f"?identifier={EDITOR}|{KEY},{EDITOR}|other", "invalid"),
        (f"?identifier={KEY}&identifier={KEY}", "invalid"),
        (f"?identifier={KEY}&Identifier={KEY}", "invalid"),
        (f"?identifier={KEY}&status=booked", "not-supported"),
        (f"?identifier:exact={KEY}", "not-supported"),
        (f"?identifier={KEY}&_id=rdv-1", "not-supported"),
        ("?identifier=%ff", "invalid"),
    ):
        refused = await lone_reception.send("PUT", PATH + query, booking())
        assert issues(refused, 400) == {(code, None)}, query
        assert KEY.encode() not in refused.body
    assert await lone_reception.kept() == ()


async def test_a_body_that_is_another_appointment_than_its_condition_is_refused(lone_reception: Reception) -> None:
    for asked in ("other", f"urn:oid:1.2.3|{KEY}", f"{EDITOR}|{KEY.upper()}"):
        refused = await lone_reception.send("PUT", f"{PATH}?identifier={asked}", booking())
        assert issues(refused, 422) == {("business-rule", "Appointment.identifier[0]")}
    assert await lone_reception.kept() == ()


async def test_what_is_not_offered_is_an_outcome(lone_reception: Reception) -> None:
    await lone_reception.post(booking())
    for method, path, status, allow in (
        ("GET", PATH, 405, "POST, PUT"),
        ("DELETE", PATH, 405, "POST, PUT"),
        ("GET", f"{PATH}?identifier={KEY}", 405, "POST, PUT"),
        ("GET", f"{PATH}/rdv-1", 405, ""),
        ("PUT", f"{PATH}/rdv-1", 405, ""),
        ("POST", f"{PATH}/_search", 405, ""),
        ("POST", "/fhir/metadata", 405, "GET"),
        ("GET", "/fhir/Slot", 404, None),
        ("GET", "/fhir", 404, None),
    ):
        answer = await lone_reception.send(method, path, booking() if method in {"POST", "PUT"} else b"")
        assert {code for code, _ in issues(answer, status)} == {"not-supported" if status == 405 else "not-found"}
        assert answer.header("allow") == allow
        assert KEY.encode() not in answer.body


def test_a_fault_of_ours_is_an_outcome_without_details(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("what happened")

    monkeypatch.setattr(AppointmentService, "create", broken)
    app = create_app(Settings(database_url=sqlite_url, dataset=None, password_rounds=1, password_memory=8))
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.post(PATH, json=booking())
    assert answer.status_code == 500
    (issue,) = answer.json()["issue"]
    assert (issue["severity"], issue["code"]) == ("fatal", "exception")
    assert "what happened" not in answer.text


async def test_a_database_that_does_not_answer_is_said_to_be_passing(lone_reception: Reception) -> None:
    database = lone_reception.app.state.platform.database
    async with database.transaction() as connection:
        await connection.exec_driver_sql("ALTER TABLE reported_appointment RENAME TO gone")
    answer = await lone_reception.post(booking())
    assert issues(answer, 503) == {("transient", None)}
    assert answer.header("retry-after") == "5"


async def test_elsewhere_errors_stay_problems(lone_reception: Reception) -> None:
    answer = await lone_reception.send("GET", "/fhirst")
    assert answer.status == 404
    assert answer.header("content-type") == "application/problem+json"


async def test_it_says_what_it_offers(lone_reception: Reception) -> None:
    answer = await lone_reception.send("GET", "/fhir/metadata", headers=[("accept", "application/fhir+json")])
    assert answer.status == 200
    statement = json.loads(answer.body)
    assert statement["resourceType"] == "CapabilityStatement"
    assert statement["implementation"]["url"] == "http://platform.test/fhir"
    (resource,) = statement["rest"][0]["resource"]
    assert (resource["type"], resource["conditionalUpdate"], resource["updateCreate"]) == ("Appointment", True, True)
    assert {i["code"] for i in resource["interaction"]} == {"create", "update"}
    issues(await lone_reception.send("GET", "/fhir/metadata?_format=xml"), 406)


async def test_nothing_of_a_patient_reaches_the_database_or_an_answer(lone_reception: Reception) -> None:
    for sent in disclosing():
        for refused in (await lone_reception.post(sent), await lone_reception.put(sent)):
            assert refused.status in {400, 422}, sent
            assert not any(word in refused.body.decode() for word in WORDS.split()), sent
    everything = await lone_reception.everything()
    assert "BELLANGER" in everything  # it is the right database
    assert not any(word in everything for word in WORDS.split())
    assert await lone_reception.kept() == ()
