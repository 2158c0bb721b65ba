"""Checks of messages about appointments: what they forgive, what they find, and that nothing breaks them."""

from __future__ import annotations

import copy
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recette.checks.appointment import ChangeKind, Course, Courses, Done, Mail, Message, Offered, Patient, Step, Told
from recette.checks.appointment_content import CONTENT
from recette.checks.appointment_delivery import ANNOUNCED, DISTINCT, FINAL, ONCE, ONE_SYSTEM, ORDERED, STABLE
from recette.checks.appointment_form import CREATION, FORM, UPDATE
from recette.checks.appointment_people import PEOPLE
from recette.checks.appointment_privacy import LEAKS, PRIVACY, found, words_of
from recette.checks.appointment_retries import (
    AFTER_OUTAGE,
    NO_SECOND_POST,
    REFUSED_FOR_GOOD,
    RETRY_AFTER,
    SAME_IDENTIFIER,
    SPACED,
    Recovery,
)
from recette.checks.regulators import Account
from recette.model import Exchange, Judgement, Request, Response, Timings
from recette.museum.appointment_faults import WRITINGS
from sas_kernel.identifiers import PRACTITIONER_SYSTEM
from tests.recette.checks.test_offline import NONSENSE, spots

NOW = datetime(2031, 3, 10, 17, 42, 10, tzinfo=UTC)
START = datetime(2031, 3, 11, 8, tzinfo=UTC)
DOCTOR = "810123400017"
SLOT = Offered("cr-1", START, START + timedelta(minutes=20), DOCTOR, "https://agenda.example.org/?x")
REGULATOR = Account(PRACTITIONER_SYSTEM, "IDNPS", "3990000058/00417AB", "BELLANGER", "Ysée", "y@example.org")
PATIENT = Patient("KORMÉVAL", "Zélie", date(1961, 3, 17), "01 99 00 12 34", "Douleur brakalé", "brakalé")


def named(value: str) -> dict[str, Any]:
    coding = {"system": "http://interopsante.org/fhir/CodeSystem/fr-v2-0203", "code": "IDNPS"}
    return {"type": {"coding": [coding]}, "system": PRACTITIONER_SYSTEM, "value": value}


DOCUMENT: dict[str, Any] = {
    "resourceType": "Appointment",
    "meta": {"profile": ["http://sas.fr/fhir/StructureDefinition/FrAppointmentSAS"]},
    "extension": [
        {
            "url": "http://interopsante.org/fhir/StructureDefinition/FrAppointmentOperator",
            "valueReference": {"identifier": named(REGULATOR.value)},
        }
    ],
    "identifier": [{"system": "https://agenda.example.org/ns/rdv", "value": "9a4f0d52"}],
    "status": "booked",
    "start": "2031-03-11T09:00:00+01:00",
    "end": "2031-03-11T09:20:00+01:00",
    "created": "2031-03-10T17:42:10Z",
    "participant": [{"actor": {"identifier": named(DOCTOR)}, "status": "accepted"}],
}


def message(
    document: object = None, method: str = "POST", target: str = "/fhir/Appointment", at: float = 0.0, status: int = 201
) -> Message:
    body = document if isinstance(document, bytes) else json.dumps(DOCUMENT if document is None else document).encode()
    headers = (("Content-Type", "application/fhir+json"),)
    request = Request(method, f"http://127.0.0.1:8079{target}", target, headers, body)
    return Message(Exchange("r1", NOW + timedelta(seconds=at), request, Timings(0.0, 0.0), Response(status, (), b"")))


def done(kind: ChangeKind = ChangeKind.BOOKING, *, sure: bool = True) -> Done:
    return Done(kind, (SLOT,), NOW, sure)


def changed(**elements: object) -> dict[str, Any]:
    return {**copy.deepcopy(DOCUMENT), **elements}


def judgements(told: Message) -> list[tuple[str, Judgement]]:
    """Every check of this flow, with this message in every place of its evidence."""
    right = message()
    known = Told(told, done(), REGULATOR, NOW)
    found_ = [(check.id, check.judge(known)) for check in (*CONTENT, *PEOPLE, *PRIVACY)]
    found_ += [(check.id, check.judge(Mail((told, right), (PATIENT,)))) for check in (*FORM, LEAKS)]
    for step in (Step(done(), (told, right)), Step(done(ChangeKind.MOVE), (right, told))):
        course = Course((step, Step(done(ChangeKind.CANCELLATION), (told,))))
        found_ += [(check.id, check.judge(step)) for check in (CREATION, UPDATE, *ANNOUNCED.values())]
        found_ += [(check.id, check.judge(course)) for check in (ONCE, STABLE, ORDERED, FINAL)]
        found_ += [(check.id, check.judge(Courses((course, course)))) for check in (DISTINCT, ONE_SYSTEM)]
    for recovery in (Recovery(told, (right,), 0.5, 2.0), Recovery(right, (told, told), 0.5)):
        checks = (AFTER_OUTAGE, NO_SECOND_POST, SAME_IDENTIFIER, SPACED, RETRY_AFTER, REFUSED_FOR_GOOD)
        found_ += [(check.id, check.judge(recovery)) for check in checks]
    return found_


def test_a_right_message_is_right_in_everything() -> None:
    for check in (*CONTENT, *PEOPLE, *PRIVACY):
        judgement = check.judge(Told(message(), done(), REGULATOR, NOW))
        assert judgement.examined > 0, check.id
        assert not judgement.problems, (check.id, judgement.problems)


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_a_message_full_of_nonsense_is_survived(data: st.DataObject) -> None:
    document: Any = copy.deepcopy(DOCUMENT)
    for _ in range(data.draw(st.integers(1, 5))):
        places = list(spots(document))
        if places:
            holder, key = data.draw(st.sampled_from(places))
            holder[key] = copy.deepcopy(data.draw(NONSENSE))
    for _, judgement in judgements(message(document)):
        assert judgement.examined >= 0


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=60), st.sampled_from(["POST", "PUT", "PATCH"]), st.text(max_size=12))
def test_any_body_at_any_address_is_survived_and_only_said_to_be_no_json(body: bytes, method: str, query: str) -> None:
    told = message(body, method, f"/fhir/Appointment?{query}")
    content = {check.id for check in (*CONTENT, *PEOPLE, *PRIVACY)}
    for check, judgement in judgements(told):
        if check in content and told.unusable is not None:
            assert judgement.examined == 0
            assert judgement.reason is not None


# --- the patient -----------------------------------------------------------------------------------------------------

WORDS = {
    "family": PATIENT.family,
    "given": PATIENT.given,
    "birth_date": PATIENT.birth_date.isoformat(),
    "phone": PATIENT.phone,
    "reason": PATIENT.reason,
}


@pytest.mark.parametrize("name", WRITINGS)
def test_a_word_of_the_patient_is_found_in_every_writing(name: str) -> None:
    told = message(changed(specialty=[{"coding": [{"display": f"-{WRITINGS[name](WORDS)}-"}]}]))
    judgement = LEAKS.judge(Mail((told,), (PATIENT,)))
    assert judgement.problems, WRITINGS[name](WORDS)
    assert judgement.problems[0].path == "Appointment.specialty[0].coding[0].display"


def test_a_word_is_found_in_a_body_that_is_no_json_and_in_another_encoding() -> None:
    for body in (b"<p>Z\xc3\xa9lie</p>", "<p>Zélie</p>".encode("latin-1"), b'{"a": "Z\\u00e9lie'):
        judgement = LEAKS.judge(Mail((message(body),), (PATIENT,)))
        assert [problem.actual for problem in judgement.problems] == ["given"]


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_no_text_breaks_the_search_for_words(text: str) -> None:
    assert set(found(words_of(PATIENT), text)) <= set(words_of(PATIENT))


def test_a_message_without_the_patient_is_clean() -> None:
    assert LEAKS.judge(Mail((message(), message()), (PATIENT, PATIENT))) == Judgement(2)


# --- what came when --------------------------------------------------------------------------------------------------


def test_silence_proves_something_only_of_what_was_seen_done() -> None:
    check = ANNOUNCED[ChangeKind.CANCELLATION]
    assert check.judge(Step(done(ChangeKind.CANCELLATION), ())).problems
    unsure = check.judge(Step(done(ChangeKind.CANCELLATION, sure=False), ()))
    assert (unsure.examined, unsure.problems) == (0, ())
    assert unsure.reason is not None


@pytest.mark.parametrize(("gap", "right"), [(0.39, False), (0.4, True), (60.0, True)])
def test_attempts_are_spaced(gap: float, right: bool) -> None:
    failed, again = message(status=503), message(method="PUT", at=gap)
    assert (SPACED.judge(Recovery(failed, (again,), 0.4)) == Judgement(1)) is right


def test_a_later_change_is_no_second_attempt() -> None:
    failed, cancelled = message(status=503), message(changed(status="cancelled"), "PUT", at=0.01)
    recovery = Recovery(failed, (cancelled,), 0.4)
    assert SPACED.judge(recovery).examined == 0
    assert SAME_IDENTIFIER.judge(recovery).examined == 0
    assert not AFTER_OUTAGE.judge(recovery).problems


def test_the_last_state_alone_is_enough_after_an_outage() -> None:
    cancelled = message(changed(status="cancelled"), "PUT")
    course = Course((Step(done(), (message(status=503),)), Step(done(ChangeKind.CANCELLATION), (cancelled,))))
    assert ORDERED.judge(course) == Judgement(1)
    assert FINAL.judge(course) == Judgement(1)


def test_a_message_that_failed_and_came_again_is_one() -> None:
    course = Course((Step(done(), (message(status=503), message(method="PUT", at=1.0))),))
    assert ONCE.judge(course) == Judgement(1)
    twice = Course((Step(done(), (message(), message(method="PUT", at=1.0))),))
    assert len(ONCE.judge(twice).problems) == 1


@pytest.mark.parametrize(("times", "right"), [((1.5,), False), ((2.0,), True), ((1.96, 3.0), True), ((), None)])
def test_retry_after_is_kept_or_not(times: tuple[float, ...], right: bool | None) -> None:
    recovery = Recovery(message(status=429), tuple(message(method="PUT", at=at) for at in times), 0.4, 2.0)
    judgement = RETRY_AFTER.judge(recovery)
    assert (judgement.examined == 1 and not judgement.problems) is (right is True)
    assert judgement.examined == (0 if right is None else 1)
