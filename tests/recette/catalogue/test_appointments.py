"""What scenarios of appointments are made of: addresses, people, patients, and our own endpoint as a platform."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from recette.catalogue.appointments.bookers import StuckError, local, people, with_origin
from recette.catalogue.appointments.patients import invented
from recette.catalogue.appointments.platform import Platform, in_turn, once, refusing, throttling, unavailable
from recette.model import Dropped, Exchange, Request, Response, SignOnTarget, Stage, Timings
from recette.museum.appointment_identities import IDENTITIES
from recette.museum.appointment_partner import ISSUER

NOW = datetime(2031, 3, 10, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("comment", "there"),
    [
        ("https://a.example/agenda", "https://a.example/agenda?origin=sas"),
        ("https://a.example/agenda?x=1", "https://a.example/agenda?x=1&origin=sas"),
        ("https://a.example/agenda?x=1#cr-3", "https://a.example/agenda?x=1&origin=sas#cr-3"),
        ("https://a.example/#/agenda", "https://a.example/?origin=sas#/agenda"),
    ],
)
def test_the_origin_is_added_where_a_browser_sends_it(comment: str, there: str) -> None:
    assert with_origin(comment, "sas") == there


def test_instants_are_told_in_the_time_of_the_place() -> None:
    assert local(datetime(2031, 7, 14, 6, 5, tzinfo=UTC)).fr == "du 14/07/2031 à 08:05"


def test_no_two_patients_are_alike_and_each_has_what_an_accent_changes() -> None:
    patients = [invented() for _ in range(50)]
    assert len({patient.family for patient in patients}) > 40
    assert all(patient.token in patient.reason and "é" in patient.token for patient in patients)
    assert all(patient.birth_date.year < 2000 and len(patient.family) >= 8 for patient in patients)


# --- people ----------------------------------------------------------------------------------------------------------


class _Provider:
    def __init__(self, status: int, body: bytes) -> None:
        self._response = Response(status, (), body)

    async def fetch(self, url: str, *, headers: Sequence[tuple[str, str]] = ()) -> Exchange:
        assert url == f"{ISSUER}/test-identities"
        return Exchange("x1", NOW, Request("GET", url, url, tuple(headers)), Timings(0.0, 0.0), self._response)


def provider(status: int, document: object) -> Stage:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return cast(Stage, _Provider(status, body))


async def test_only_those_who_ought_to_be_let_in_book_and_the_named_one_first() -> None:
    stage = provider(200, {"identities": IDENTITIES})
    found = await people(stage, SignOnTarget(ISSUER))
    assert [(person.login, person.technical) for person in found] == [
        ("ysee@samu.example.org", False),
        ("mael@samu.example.org", True),
    ]
    assert found[0].account.code == "IDNPS"
    named = await people(stage, SignOnTarget(ISSUER, login="mael@samu.example.org"))
    assert named[0].login == "mael@samu.example.org"
    assert "Regulation" not in repr(found)


@pytest.mark.parametrize(
    ("status", "document"),
    [(404, {}), (200, b"<html>"), (200, []), (200, {"identities": [{}]}), (200, {"identities": 7}), (200, {})],
)
async def test_a_provider_without_test_identities_is_said(status: int, document: object) -> None:
    with pytest.raises(StuckError, match="test identities"):
        await people(provider(status, document), SignOnTarget(ISSUER))


# --- our own endpoint ------------------------------------------------------------------------------------------------

TOKEN = "urn:oid:1.2%7Crdv-1"
DOCUMENT: dict[str, Any] = {"resourceType": "Appointment", "identifier": [{"system": "urn:oid:1.2", "value": "rdv-1"}]}


def platform() -> Platform:
    return Platform("http://127.0.0.1:8079/fhir", "/fhir", lambda: NOW)


def asked(method: str, target: str = "/fhir/Appointment", document: object = None, number: int = 1) -> Request:
    given = document or {**DOCUMENT, "identifier": [{"system": "urn:oid:1.2", "value": f"rdv-{number}"}]}
    body = given if isinstance(given, bytes) else json.dumps(given).encode()
    return Request(method, "http://127.0.0.1:8079" + target, target, (), body)


def status(answer: Response | Dropped) -> int:
    return 0 if isinstance(answer, Dropped) else answer.status


def test_it_creates_finds_again_and_creates_by_update() -> None:
    at = platform()
    created = at(asked("POST"))
    assert isinstance(created, Response)
    assert status(created) == 201
    for name in ("identifier", "Identifier"):
        found = at(asked("PUT", f"/fhir/Appointment?{name}={TOKEN}"))
        assert isinstance(found, Response)
        assert (found.status, found.header("Location")) == (200, created.header("Location"))
    assert status(at(asked("PUT", "/fhir/Appointment?identifier=urn:oid:1.2|rdv-2", number=2))) == 201


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (asked("PUT"), 400),
        (asked("PUT", "/fhir/Appointment?status=booked"), 400),
        (asked("PUT", "/fhir/Appointment?identifier="), 400),
        (asked("POST", document=b"{"), 400),
        (asked("POST", document={"resourceType": "Patient"}), 400),
        (asked("PUT", "/fhir/Appointment/7"), 404),
        (asked("POST", "/fhir/Slot"), 404),
        (asked("DELETE", f"/fhir/Appointment?identifier={TOKEN}"), 405),
        (asked("GET"), 405),
    ],
)
def test_it_refuses_as_the_guide_says(request_: Request, expected: int) -> None:
    answer = platform()(request_)
    assert isinstance(answer, Response)
    assert answer.status == expected
    assert json.loads(answer.body)["resourceType"] == "OperationOutcome"


def test_what_it_read_before_the_connection_was_cut_it_knows() -> None:
    at = platform()
    at.mood = once(Dropped)
    assert status(at(asked("POST"))) == 0
    assert status(at(asked("PUT", f"/fhir/Appointment?identifier={TOKEN}"))) == 200


def test_each_appointment_meets_its_own_trouble_however_it_is_sent() -> None:
    at = platform()
    at.mood = in_turn(refusing, throttling(2), once(Dropped))
    one = {**DOCUMENT, "start": "2031-03-11T09:00:00Z"}
    two = {**DOCUMENT, "start": "2031-03-11T10:00:00Z"}  # the same identifier, wrongly
    put = f"/fhir/Appointment?identifier={TOKEN}"
    answers = [at(asked("POST", document=one)), at(asked("PUT", put, one)), at(asked("POST", document=two))]
    answers += [at(asked("POST", number=3)), at(asked("POST", number=4)), at(asked("PUT", put, two))]
    answers += [at(asked("POST", number=3))]
    assert [status(answer) for answer in answers] == [422, 422, 429, 0, 201, 201, 201]
    assert isinstance(answers[2], Response)
    assert answers[2].header("Retry-After") == "2"


def test_an_earlier_scenario_s_messages_are_answered_as_ever() -> None:
    at = platform()
    at.earlier = frozenset({("urn:oid:1.2", "rdv-1")})
    at.mood = unavailable
    assert status(at(asked("PUT", f"/fhir/Appointment?identifier={TOKEN}"))) == 201
    assert status(at(asked("POST", number=2))) == 503
