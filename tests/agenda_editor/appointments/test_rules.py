from __future__ import annotations

from dataclasses import replace
from datetime import date
from email.utils import format_datetime
from itertools import pairwise
from typing import Any

import pytest

from agenda_editor.agendas.model import (
    AppointmentType,
    Place,
    Practitioner,
    Schedule,
    Slot,
    SlotDetails,
    SlotStatus,
    SlotType,
)
from agenda_editor.appointments import rules
from agenda_editor.appointments.model import (
    AppointmentStatus,
    ChangeKind,
    DeliveryState,
    InvalidPatientError,
    PatientDetails,
    TransitionError,
    Verdict,
)
from sas_fhir.instants import milliseconds, to_datetime
from tests.agenda_editor.appointments.conftest import HOUR, PATIENT, SECRETS
from tests.agenda_editor.conftest import NOW, PLACE, practitioner_details, slot

TODAY = NOW.date()
AT = milliseconds(NOW)
SCHEDULE = Schedule(1, Practitioner(1, practitioner_details("810123400017")), Place(1, PLACE), "?vue=semaine")
OPPOSED = replace(SCHEDULE, practitioner=Practitioner(1, practitioner_details("810123400017", opposed=True)))

BOOKED, FULFILLED, NO_SHOW, CANCELLED, PENDING = (
    AppointmentStatus(s) for s in ("booked", "fulfilled", "noshow", "cancelled", "pending")
)


@pytest.mark.parametrize(
    ("details", "offered"),
    [
        (slot(1), True),
        (slot(1, types=[SlotType.SNP]), True),
        (slot(1, types=[SlotType.PRO, SlotType.CPTS]), True),
        (slot(1, types=[SlotType.CPTS]), False),
        (slot(1, own_patients_only=True), False),
        (slot(1, status=SlotStatus.BUSY), False),
        (slot(1, status=SlotStatus.ABSENCE), False),
        (slot(1, appointment_type=AppointmentType.WALKIN), False),
        (slot(0), True),
        (slot(-0.1), False),
        (slot(72), True),
        (slot(72.1), False),
    ],
)
def test_a_regulator_may_book_what_a_search_shows_him(details: SlotDetails, offered: bool) -> None:
    assert rules.is_offered(Slot(1, 1, details), SCHEDULE, AT, 72 * HOUR) is offered
    assert not rules.is_offered(Slot(1, 1, details), OPPOSED, AT, 72 * HOUR)


def test_a_practitioner_is_named_as_people_read_it() -> None:
    assert rules.practitioner_name(SCHEDULE) == "Dr Théo VASSELIN"
    assert rules.national_id(SCHEDULE) == "810123400017"


_ALLOWED = {
    (BOOKED, ChangeKind.MOVE): BOOKED,
    (BOOKED, ChangeKind.CANCEL): CANCELLED,
    (PENDING, ChangeKind.CANCEL): CANCELLED,
    (PENDING, ChangeKind.ACCEPT): BOOKED,
    (PENDING, ChangeKind.REFUSE): CANCELLED,
    (BOOKED, ChangeKind.HONOUR): FULFILLED,
    (BOOKED, ChangeKind.MISS): NO_SHOW,
    (FULFILLED, ChangeKind.MISS): NO_SHOW,
    (NO_SHOW, ChangeKind.HONOUR): FULFILLED,
}


@pytest.mark.parametrize("kind", [k for k in ChangeKind if k is not ChangeKind.BOOK])
@pytest.mark.parametrize("status", list(AppointmentStatus))
def test_what_may_become_of_an_appointment(status: AppointmentStatus, kind: ChangeKind) -> None:
    if (status, kind) in _ALLOWED:
        assert rules.changed(status, kind) is _ALLOWED[status, kind]
    else:
        with pytest.raises(TransitionError, match=status.value):
            rules.changed(status, kind)


def test_a_patient_is_kept_in_one_form() -> None:
    typed = PatientDetails("  de  la Houssaye ", "Anne-\tLise", date(2031, 3, 10), "0033 (0)1.99.00.00.12", " a\r\nb ")
    assert rules.checked(typed, TODAY) == PatientDetails(
        "de la Houssaye", "Anne- Lise", date(2031, 3, 10), "+33199000012", "a\nb"
    )
    assert rules.checked(replace(PATIENT, birth_date=None, reason=""), TODAY).birth_date is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"family": " "}, "family"),
        ({"family": "x" * 101}, "family"),
        ({"family": "x\x00y"}, "family"),
        ({"given": ""}, "given"),
        ({"given": "\ud800"}, "given"),
        ({"phone": ""}, "phone"),
        ({"phone": "+1 202 555 0100"}, "phone"),
        ({"birth_date": date(2031, 3, 11)}, "birth_date"),
        ({"reason": "x" * 501}, "reason"),
        ({"reason": "x\x00"}, "reason"),
    ],
)
def test_what_is_to_be_corrected_is_named_without_being_repeated(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidPatientError) as refused:
        rules.checked(replace(PATIENT, **change), TODAY)
    assert set(refused.value.fields) == {field}
    said = " ".join([str(refused.value), *(t.fr + t.en for t in refused.value.fields.values())]).lower()
    assert not [secret for secret in (*SECRETS, "202", "xxx") if secret in said]


def test_everything_to_correct_is_told_at_once() -> None:
    with pytest.raises(InvalidPatientError) as refused:
        rules.checked(PatientDetails("", "", date(2999, 1, 1), "1", "x" * 501), TODAY)
    assert set(refused.value.fields) == {"family", "given", "birth_date", "phone", "reason"}


def test_the_longest_names_and_reasons_are_taken() -> None:
    longest = replace(PATIENT, family="x" * 100, given="y" * 100, reason="z" * 500)
    assert rules.checked(longest, TODAY).reason == "z" * 500


@pytest.mark.parametrize(
    ("status", "codes", "retry_after", "verdict"),
    [
        (200, [], None, Verdict(DeliveryState.ACCEPTED, "200")),
        (201, [], "5", Verdict(DeliveryState.ACCEPTED, "201")),
        (204, [], None, Verdict(DeliveryState.ACCEPTED, "204")),
        (400, ["structure"], None, Verdict(DeliveryState.REFUSED, "400 structure")),
        (422, ["business-rule", "value"], None, Verdict(DeliveryState.REFUSED, "422 business-rule value")),
        *((status, [], None, Verdict(DeliveryState.REFUSED, str(status))) for status in (301, 302, 401, 403, 404, 409)),
        (408, [], None, Verdict(DeliveryState.PENDING, "408")),
        (429, ["throttled"], "30", Verdict(DeliveryState.PENDING, "429 throttled", 30_000)),
        (429, [], None, Verdict(DeliveryState.PENDING, "429")),
        (500, ["exception"], None, Verdict(DeliveryState.PENDING, "500 exception")),
        (503, [], None, Verdict(DeliveryState.PENDING, "503", outage=True)),
        (503, [], "120", Verdict(DeliveryState.PENDING, "503", 120_000)),
    ],
)
def test_what_an_answer_means(status: int, codes: list[str], retry_after: str | None, verdict: Verdict) -> None:
    assert rules.judged(status, codes, retry_after, AT) == verdict


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("0", 0),
        (" 7 ", 7_000),
        ("99999999999999", 3_600_000),
        (format_datetime(to_datetime(AT + 90_000)), 90_000),
        (format_datetime(to_datetime(AT - 90_000)), 0),
        ("Fri, 31 Dec 2999 23:59:59 GMT", 3_600_000),
        ("Mon, 10 Mar 2031 07:00:30 -0000", 30_000),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("²", None),
    ],
)
def test_the_platform_may_say_when(header: str, wait: int | None) -> None:
    assert rules.judged(429, [], header, AT).wait == wait


def test_delays_double_up_to_five_minutes_and_never_coincide() -> None:
    waiting = rules.failed("timeout")
    assert waiting == Verdict(DeliveryState.PENDING, "timeout", outage=True)

    def delay(attempt: int, chance: float) -> int:
        at = rules.next_attempt(AT, attempt, waiting, chance)
        assert at is not None
        return at - AT

    longest = [delay(attempt, 1.0) for attempt in range(1, 12)]
    assert longest == [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000]
    assert all(delay(n, 0.0) == full // 2 for n, full in enumerate(longest, start=1))
    assert all(a < b for a, b in pairwise(delay(3, chance / 10) for chance in range(11)))
    assert delay(1_000_000, 1.0) == 300_000


def test_what_the_platform_asks_for_is_waited_and_what_is_settled_does_not_come_again() -> None:
    assert rules.next_attempt(AT, 1, Verdict(DeliveryState.PENDING, "429", 60_000), 0.5) == AT + 60_000
    assert rules.next_attempt(AT, 20, Verdict(DeliveryState.PENDING, "429", 1_000), 1.0) == AT + 300_000
    assert rules.next_attempt(AT, 1, Verdict(DeliveryState.ACCEPTED, "200"), 0.5) is None
    assert rules.next_attempt(AT, 1, Verdict(DeliveryState.REFUSED, "422"), 0.5) is None
