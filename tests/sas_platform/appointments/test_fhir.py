"""What a message may say: every rule by its code and its element, every way around it, everything mangled."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sas_kernel.identifiers import PRACTITIONER_SYSTEM, REGULATOR_SYSTEM, STRUCTURE_SYSTEM
from sas_platform.appointments import fhir
from sas_platform.appointments.model import Category, InvalidAppointmentError, Report, Status
from tests.sas_platform.appointments.conftest import (
    CATEGORIES,
    DOCTOR,
    OPERATOR,
    ORIENTATION,
    SAS,
    SOS,
    TYPES,
    booking,
    changed,
    identifier_of,
    without,
)

WORDS = "Zéphyrine Quatrebarbes"
_OPERATOR = "Appointment.extension[0].valueReference"
_ACTOR = "Appointment.participant[0].actor"


def read(resource: Any) -> Report:
    return fhir.report_of(json.dumps(resource).encode())


def refusal(resource: Any) -> tuple[int, set[tuple[str, str | None]]]:
    """Status, and `(code, element)` of every issue; no sentence repeats what was sent of a patient."""
    with pytest.raises(InvalidAppointmentError) as refused:
        read(resource)
    outcome = fhir.outcome_of(refused.value)
    assert outcome is not None
    assert not any(word in outcome.to_json().decode() for word in WORDS.split())
    return outcome.status, {(issue.code.value, issue.expression) for issue in outcome.issues}


# --- what is understood ----------------------------------------------------------------------------------------------


def test_a_message_says_what_is_kept_of_it() -> None:
    report = read(booking())
    assert (report.identifier.system, report.identifier.value) == (
        booking()["identifier"][0]["system"],
        booking()["identifier"][0]["value"],
    )
    assert report.content.start == datetime(2031, 3, 11, 8, tzinfo=UTC)
    assert report.content.practitioner == DOCTOR


@pytest.mark.parametrize(
    ("system", "code", "category"),
    [
        (CATEGORIES, "001", Category.PS),
        (CATEGORIES, "002", Category.PDM),
        (CATEGORIES, "003", Category.SOS),
        ("https://mos.esante.gouv.fr/NOS/TRE_R66-CategorieEtablissement/FHIR/x", "604", Category.CPTS),
        ("https://mos.esante.gouv.fr/NOS/TRE_R66-CategorieEtablissement", "603", Category.MSP),
        ("https://mos.esante.gouv.fr/NOS/TRE_R66-CategorieEtablissement", "124", Category.CDS),
    ],
)
def test_every_category_is_known(system: str, code: str, category: Category) -> None:
    sent = booking()
    sent["extension"].append(
        {"url": ORIENTATION, "valueCodeableConcept": {"coding": [{"system": system, "code": code}]}}
    )
    assert read(sent).content.category is category


@pytest.mark.parametrize(
    "element",
    [
        {"meta": {"profile": [SAS + "|1.2.0"], "source": "urn:oid:1.2.3", "lastUpdated": "2031-03-10T08:00:00Z"}},
        {"slot": [{"reference": "Slot/cr-1"}]},
        {"priority": 5, "minutesDuration": 20, "language": "fr"},
        {"serviceType": [{"coding": [{"system": "urn:x", "code": "AMB", "display": "ambulatory"}]}]},
        {"requestedPeriod": [{"start": "2031-03-11"}]},
        {"cancelationReason": {"coding": [{"code": "pat"}]}, "status": "cancelled"},
        {"comment": "", "contained": [], "text": {}},  # FHIR has no empty element: this says nothing
        {"created": "2031-03-10"},
        {"start": "2031-03-11T09:00:00.123456789+01:00"},
        {"start": "2031-03-11T08:00:00Z"},
        {"_start": {"id": "a1", "extension": [{"url": "urn:x", "valueBoolean": True}]}},
    ],
)
def test_what_the_profiles_admit_is_accepted(element: dict[str, Any]) -> None:
    assert read(booking(**element)).content.end == datetime(2031, 3, 11, 8, 20, tzinfo=UTC)


def test_a_doctor_may_be_unknown_or_known_by_adeli() -> None:
    nobody = {"type": [{"coding": [{"code": "ADM"}]}], "status": "needs-action"}
    assert read(booking("pending", participant=[nobody])).content.practitioner is None
    adeli = {"actor": {"identifier": identifier_of("IDNPS", PRACTITIONER_SYSTEM, "0751234567")}, "status": "accepted"}
    assert read(booking(participant=[nobody | {"status": "accepted"}, adeli])).content.practitioner == "0751234567"


# --- what is refused -------------------------------------------------------------------------------------------------

Change = Callable[[dict[str, Any]], dict[str, Any]]


def at(*path: str | int, value: Any) -> Change:
    return lambda resource: changed(resource, value, *path)


def less(*path: str | int) -> Change:
    return lambda resource: without(resource, *path)


OPERATOR_AT = ("extension", 0, "valueReference")
ACTOR_AT = ("participant", 0, "actor")


@pytest.mark.parametrize(
    ("change", "code", "element"),
    [
        (less("meta"), "required", "Appointment.meta"),
        (at("meta", value={"source": "urn:x"}), "required", "Appointment.meta.profile"),
        (
            at("meta", "profile", value=["http://interopsante.org/fhir/StructureDefinition/FrAppointmentSAS"]),
            "value",
            "Appointment.meta.profile",
        ),
        (at("meta", "profile", value=[SAS, SOS]), "value", "Appointment.meta.profile"),
        (less("extension"), "required", "Appointment.extension"),
        (at("extension", 0, "url", value="urn:x"), "business-rule", "Appointment.extension"),
        (
            at("extension", value=[{"url": "urn:x", "valueBoolean": True}, *booking()["extension"]]),
            "business-rule",
            "Appointment.extension",
        ),
        (at("extension", value=2 * booking()["extension"]), "business-rule", "Appointment.extension"),
        (
            at("extension", 0, value={"url": OPERATOR, "valueBoolean": True}),
            "required",
            "Appointment.extension[0].valueReference",
        ),
        (at(*OPERATOR_AT, value={"reference": "Practitioner/1"}), "required", f"{_OPERATOR}.identifier"),
        (less(*OPERATOR_AT, "identifier", "value"), "required", f"{_OPERATOR}.identifier.value"),
        (less(*OPERATOR_AT, "identifier", "type"), "required", f"{_OPERATOR}.identifier.type"),
        (
            at(*OPERATOR_AT, "identifier", "type", "coding", 0, "code", value="RPPS"),
            "value",
            f"{_OPERATOR}.identifier.type.coding",
        ),
        (
            at(*OPERATOR_AT, "identifier", "type", "coding", 0, "system", value="urn:x"),
            "value",
            f"{_OPERATOR}.identifier.type.coding",
        ),
        (
            at(*OPERATOR_AT, "identifier", "type", "coding", value=2 * [{"system": TYPES, "code": "IDNPS"}]),
            "value",
            f"{_OPERATOR}.identifier.type.coding",
        ),
        (at(*OPERATOR_AT, "identifier", "system", value=REGULATOR_SYSTEM), "value", f"{_OPERATOR}.identifier.system"),
        (at(*OPERATOR_AT, "identifier", "system", value="urn:x"), "value", f"{_OPERATOR}.identifier.system"),
        (at(*OPERATOR_AT, "identifier", "value", value="3" * 65), "value", f"{_OPERATOR}.identifier.value"),
        (at(*OPERATOR_AT, "identifier", "value", value="3\x00"), "value", f"{_OPERATOR}.identifier.value"),
        (less("identifier"), "required", "Appointment.identifier"),
        (at("identifier", value=2 * booking()["identifier"]), "business-rule", "Appointment.identifier"),
        (less("identifier", 0, "system"), "required", "Appointment.identifier[0].system"),
        (less("identifier", 0, "value"), "required", "Appointment.identifier[0].value"),
        (at("identifier", 0, "value", value=""), "required", "Appointment.identifier[0].value"),
        (at("identifier", 0, "value", value="x" * 256), "value", "Appointment.identifier[0].value"),
        (at("identifier", 0, "value", value=" x"), "value", "Appointment.identifier[0].value"),
        (at("identifier", 0, "value", value="a\x00b"), "value", "Appointment.identifier[0].value"),
        (at("identifier", 0, "system", value="agenda"), "value", "Appointment.identifier[0].system"),
        (at("identifier", 0, "system", value="1.2.250.1"), "value", "Appointment.identifier[0].system"),
        (less("status"), "required", "Appointment.status"),
        (at("status", value="no-show"), "value", "Appointment.status"),
        (at("status", value="BOOKED"), "value", "Appointment.status"),
        (at("status", value="proposed"), "value", "Appointment.status"),
        (less("start"), "required", "Appointment.start"),
        (less("end"), "required", "Appointment.end"),
        (at("start", value="2031-03-11T09:00:00"), "value", "Appointment.start"),
        (at("start", value="2031-03-11"), "value", "Appointment.start"),
        (at("start", value="2031-03-11T25:00:00Z"), "value", "Appointment.start"),
        (at("start", value="0001-01-01T00:00:00+14:00"), "value", "Appointment.start"),
        (at("start", value="lundi"), "value", "Appointment.start"),
        (at("end", value="2031-03-11T09:00:00+01:00"), "business-rule", "Appointment.end"),
        (at("end", value="2031-03-11T08:59:00+02:00"), "business-rule", "Appointment.end"),
        (at("created", value="hier"), "value", "Appointment.created"),
        (at("created", value="2031-03-10T07:59:30"), "value", "Appointment.created"),
        (less("participant"), "required", "Appointment.participant"),
        (at("participant", value=[]), "required", "Appointment.participant"),
        (at("participant", 0, value={"status": "accepted"}), "business-rule", "Appointment.participant[0]"),
        (less("participant", 0, "status"), "required", "Appointment.participant[0].status"),
        (at("participant", 0, "status", value="declined"), "value", "Appointment.participant[0].status"),
        (at("participant", 0, "status", value="needs-action"), "business-rule", "Appointment.status"),
        (at(*ACTOR_AT, "identifier", "value", value="10123400017"), "value", f"{_ACTOR}.identifier.value"),
        (at(*ACTOR_AT, "identifier", "value", value="81012340001"), "value", f"{_ACTOR}.identifier.value"),
        (at(*ACTOR_AT, "identifier", "system", value=REGULATOR_SYSTEM), "value", f"{_ACTOR}.identifier.system"),
        (
            at(*ACTOR_AT, "identifier", value=identifier_of("INTRN", REGULATOR_SYSTEM, "x")),
            "value",
            f"{_ACTOR}.identifier.type.coding",
        ),
        (less(*ACTOR_AT, "identifier", "type"), "required", f"{_ACTOR}.identifier.type"),
        (
            at("cancelationReason", value={"coding": [{"code": "pat"}]}),
            "business-rule",
            "Appointment.cancelationReason",
        ),
        (at("implicitRules", value="urn:x"), "not-supported", "Appointment.implicitRules"),
        (
            at("modifierExtension", value=[{"url": "urn:x", "valueBoolean": True}]),
            "not-supported",
            "Appointment.modifierExtension[0]",
        ),
        (
            at("extension", value=[*booking()["extension"], {"url": ORIENTATION, "valueCodeableConcept": {"id": "x"}}]),
            "value",
            "Appointment.extension[1].valueCodeableConcept",
        ),
    ],
)
def test_each_rule_is_told_by_its_element(change: Change, code: str, element: str) -> None:
    status, found = refusal(change(booking()))
    assert status == 422
    assert (code, element) in found
    assert len(found) <= 2


def test_a_reason_of_cancelation_goes_with_no_other_status() -> None:
    for status in set(Status) - {Status.CANCELLED}:
        sent = booking(status, cancelationReason={"coding": [{"code": "pat"}]})
        assert refusal(sent) == (422, {("business-rule", "Appointment.cancelationReason")})


def test_a_sos_appointment_has_one_extension_and_any_actor() -> None:
    other = {"url": ORIENTATION, "valueCodeableConcept": {"coding": [{"system": CATEGORIES, "code": "003"}]}}
    sent = booking(meta={"profile": [SOS]})
    sent["extension"].append(other)
    assert refusal(sent) == (422, {("business-rule", "Appointment.extension")})
    place = {"actor": {"identifier": {"system": "urn:x", "value": "place"}}, "status": "accepted"}
    assert read(booking(meta={"profile": [SOS]}, participant=[place])).content.practitioner is None


def test_a_sos_appointment_says_its_category_and_may_name_its_association() -> None:
    content = read(booking(meta={"profile": [SOS]})).content
    assert (content.category, content.structure, content.practitioner) == (Category.SOS, None, DOCTOR)
    siret = "399000000000029"

    def named(value: object, profile: str) -> str | None:
        actor = {"identifier": {"system": STRUCTURE_SYSTEM, "value": value}}
        waiting = [{"actor": actor, "status": "needs-action"}]
        return read(booking("pending", meta={"profile": [profile]}, participant=waiting)).content.structure

    assert named(siret, SOS) == siret
    assert named("SOS Médecins, 7 quai de l’Écluse", SOS) is None
    with pytest.raises(InvalidAppointmentError):  # a practitioner's appointment is with a practitioner
        named(siret, SAS)


@pytest.mark.reference
@pytest.mark.parametrize("package", ["1.1.0", "1.2.0-ci"])
def test_the_official_examples_are_understood(package: str, reference: Path) -> None:
    understood = {}
    with tarfile.open(reference / "data" / "ig" / f"ans.fhir.fr.sas-{package}.tgz") as archive:
        for name in archive.getnames():
            if "/example/Appointment-" in name:
                file = archive.extractfile(name)
                assert file is not None
                sent = json.load(file)
                sent.pop("text", None)  # the package's own rendering, which no editor sends
                understood[sent["id"]] = read(sent)
    assert understood["1"].content.practitioner == "810100050075"
    assert understood["2"].content.status is Status.CANCELLED
    assert len(understood) == (3 if package == "1.2.0-ci" else 2)
    if package == "1.2.0-ci":
        sos = understood["12345678"].content
        assert (sos.status, sos.category, sos.practitioner) == (Status.PENDING, Category.SOS, None)


@pytest.mark.parametrize(
    ("change", "element"),
    [
        (at("meta", value=[]), None),
        (at("meta", value="x"), "Appointment.meta"),
        (at("status", value=1), "Appointment.status"),
        (at("status", value=None), "Appointment.status"),
        (at("start", value=1_900_000_000), "Appointment.start"),
        (at("participant", value={"status": "accepted"}), "Appointment.participant"),
        (at("participant", 0, value="x"), "Appointment.participant[0]"),
        (at("participant", 0, "actor", "identifier", value=["x"]), f"{_ACTOR}.identifier"),
        (at("minutesDuration", value=True), "Appointment.minutesDuration"),
        (at("minutesDuration", value=1.5), "Appointment.minutesDuration"),
        (at("subject", value={"reference": "x"}), "Appointment"),
        (at("note", value=[{"text": WORDS}]), "Appointment"),
        (at("participant", 0, WORDS, value=1), "Appointment.participant[0]"),
        (at("extension", 0, "valueNothing", value=1), "Appointment.extension[0]"),
        (at("_status", value="x"), "Appointment.status"),
        (at("_participant", value=[{}]), "Appointment"),
    ],
)
def test_another_shape_than_the_type_s_is_malformed(change: Change, element: str | None) -> None:
    status, found = refusal(change(booking()))
    if element is None:  # an empty array is as if it were not there
        assert status == 422
    else:
        assert (status, found) == (400, {("structure", element)})


def test_everything_that_is_wrong_is_told_at_once() -> None:
    sent = booking("nonsense", end="never", comment=WORDS)
    assert refusal(sent) == (
        422,
        {("value", "Appointment.status"), ("value", "Appointment.end"), ("business-rule", "Appointment.comment")},
    )
    assert refusal({"resourceType": "Appointment"})[1] == {
        ("required", f"Appointment.{name}")
        for name in ("meta", "identifier", "extension", "status", "participant", "start", "end")
    }


# --- patients --------------------------------------------------------------------------------------------------------

TELLING: list[tuple[dict[str, Any], str]] = [
    ({"comment": WORDS}, "comment"),
    ({"description": WORDS}, "description"),
    ({"patientInstruction": WORDS}, "patientInstruction"),
    ({"text": {"status": "generated", "div": f"<div>{WORDS}</div>"}}, "text"),
    ({"contained": [{"resourceType": "Patient", "name": [{"text": WORDS}]}]}, "contained[0]"),
    ({"reasonCode": [{"text": WORDS}]}, "reasonCode[0].text"),
    ({"reasonCode": [{"coding": [{"code": WORDS}]}]}, "reasonCode[0]"),
    ({"cancelationReason": {"text": WORDS}, "status": "cancelled"}, "cancelationReason.text"),
    ({"supportingInformation": [{"reference": WORDS}]}, "supportingInformation[0]"),
    ({"basedOn": [{"reference": WORDS}]}, "basedOn[0]"),
    ({"reasonReference": [{"reference": WORDS}]}, "reasonReference[0]"),
    ({"slot": [{"display": WORDS}]}, "slot[0].display"),
    ({"slot": [{"reference": f"Patient/{WORDS}"}]}, "slot[0].reference"),
    ({"serviceType": [{"text": WORDS}]}, "serviceType[0].text"),
    ({"_status": {"extension": [{"url": "urn:x", "valueString": WORDS}]}}, "status.extension[0].valueString"),
]

INS = "urn:oid:1.2.250.1.213.1.4.8"
PARTICIPANTS: list[tuple[dict[str, Any], str]] = [
    ({"actor": {"reference": f"Patient/{WORDS}"}}, "actor.reference"),
    ({"actor": {"reference": f"https://agenda.example.org/fhir/Patient/{WORDS}"}}, "actor.reference"),
    ({"actor": {"reference": f"patient?name={WORDS}"}}, "actor.reference"),
    ({"actor": {"reference": f"RelatedPerson/{WORDS}"}}, "actor.reference"),
    ({"actor": {"type": "Patient"}}, "actor.type"),
    ({"actor": {"type": "http://hl7.org/fhir/StructureDefinition/Patient"}}, "actor.type"),
    ({"actor": {"display": WORDS}}, "actor.display"),
    ({"type": [{"coding": [{"code": "SBJ"}]}]}, "type[0].coding[0].code"),
    ({"type": [{"text": WORDS}]}, "type[0].text"),
    ({"actor": {"identifier": identifier_of("INS-NIR", INS, WORDS)}}, "actor.identifier.system"),
]

EXTENSIONS: list[tuple[dict[str, Any], str]] = [
    ({"valueString": WORDS}, "valueString"),
    ({"valueMarkdown": WORDS}, "valueMarkdown"),
    ({"valueBase64Binary": WORDS}, "valueBase64Binary"),
    ({"valueAnnotation": {"text": WORDS}}, "valueAnnotation"),
    ({"valueHumanName": {"text": WORDS}}, "valueHumanName"),
    ({"valueAddress": {"text": WORDS}}, "valueAddress"),
    ({"valueContactPoint": {"value": WORDS}}, "valueContactPoint"),
    ({"valueAttachment": {"title": WORDS}}, "valueAttachment"),
    ({"valueDate": "1951-02-03"}, "valueDate"),
    ({"valueCodeableConcept": {"text": WORDS}}, "valueCodeableConcept.text"),
    ({"valueReference": {"display": WORDS}}, "valueReference.display"),
    ({"valueReference": {"reference": f"Patient/{WORDS}"}}, "valueReference.reference"),
    ({"extension": [{"url": "urn:y", "valueString": WORDS}]}, "extension[0].valueString"),
]


def with_participant(participant: dict[str, Any], profile: str) -> dict[str, Any]:
    sent = booking(meta={"profile": [profile]})
    sent["participant"].append({"status": "accepted", **participant})
    return sent


def with_extension(extension: dict[str, Any]) -> dict[str, Any]:
    sent = booking()
    sent["extension"].append({"url": "urn:x", **extension})
    return sent


def disclosing() -> Iterator[dict[str, Any]]:
    """Every message here that tells of a patient, whatever way."""
    yield from (booking(**elements) for elements, _ in TELLING)
    yield from (with_participant(participant, profile) for participant, _ in PARTICIPANTS for profile in (SAS, SOS))
    yield from (with_extension(extension) for extension, _ in EXTENSIONS)
    yield booking() | {WORDS: 1}
    yield booking(note=[{"text": WORDS}])
    yield changed(booking(), WORDS, "identifier", 0, "system")
    yield changed(booking(), WORDS, "status")
    yield changed(booking(), WORDS, *OPERATOR_AT, "identifier", "value")
    yield changed(booking(), WORDS, *ACTOR_AT, "identifier", "value")


@pytest.mark.parametrize(("elements", "element"), TELLING)
def test_what_tells_of_a_patient_is_refused_by_its_name(elements: dict[str, Any], element: str) -> None:
    status, found = refusal(booking(**elements))
    assert status == 422
    assert ("business-rule", f"Appointment.{element}") in found


@pytest.mark.parametrize("profile", [SAS, SOS])
@pytest.mark.parametrize(("participant", "element"), PARTICIPANTS)
def test_a_patient_is_no_participant(participant: dict[str, Any], element: str, profile: str) -> None:
    status, found = refusal(with_participant(participant, profile))
    assert status == 422
    assert ("business-rule", f"Appointment.participant[1].{element}") in found


@pytest.mark.parametrize(("extension", "element"), EXTENSIONS)
def test_an_extension_is_no_way_around(extension: dict[str, Any], element: str) -> None:
    assert refusal(with_extension(extension)) == (422, {("business-rule", f"Appointment.extension[1].{element}")})


# --- everything else -------------------------------------------------------------------------------------------------


def nodes(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from nodes(child, (*path, key))


RICH = booking(
    "cancelled",
    id="rdv-1",
    slot=[{"reference": "Slot/cr-1"}],
    serviceType=[{"coding": [{"system": "urn:x", "code": "AMB"}]}],
    cancelationReason={"coding": [{"code": "pat"}]},
    minutesDuration=20,
)
NONSENSE: tuple[Any, ...] = (
    None,
    "",
    0,
    -1,
    1.5,
    True,
    [],
    {},
    [None],
    [[]],
    {"": ""},
    WORDS,
    "\x00",
    "é" * 300,
    [WORDS],
    {WORDS: WORDS},
)


def test_a_mangled_message_is_read_or_refused_and_never_repeated() -> None:
    read(RICH)
    for path in nodes(RICH):
        for mangled in (*(changed(RICH, value, *path) for value in NONSENSE), without(RICH, *path)):
            try:
                report = read(mangled)
            except InvalidAppointmentError as error:
                outcome = fhir.outcome_of(error)
                assert outcome is not None
                assert outcome.status in {400, 422}
                assert not any(word in outcome.to_json().decode() for word in WORDS.split()), path
            else:
                # An identifier is the editor's word, and a regulator's must be known: no other text is kept.
                assert not any(word in repr(report.content) for word in WORDS.split()), path


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(nodes(RICH), key=repr)), JSON_VALUES)
def test_anything_anywhere_is_read_or_refused(path: tuple[str | int, ...], value: Any) -> None:
    with suppress(InvalidAppointmentError):
        read(changed(RICH, value, *path))


@given(st.binary(max_size=60))
def test_any_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(InvalidAppointmentError):
        fhir.report_of(body)


def test_depth_has_a_bound() -> None:
    extension: dict[str, Any] = {"url": "urn:x", "valueBoolean": True}
    for _ in range(60):
        extension = {"url": "urn:x", "extension": [extension]}
    sent = booking()
    sent["extension"].append(extension)
    status, found = refusal(sent)
    assert status == 400
    assert {code for code, _ in found} == {"structure"}


@pytest.mark.parametrize(
    "sent",
    [
        booking(participant=[{}] * 20_000),
        booking(participant=[1] * 20_000),
        booking(participant=[{}] * 100),
        booking(participant=[{"type": [{"text": "x"}] * 20}] * 100),
        booking() | {f"x{n}": 1 for n in range(5_000)},
    ],
)
def test_a_refusal_is_not_much_larger_than_what_it_refuses(sent: dict[str, Any]) -> None:
    with pytest.raises(InvalidAppointmentError) as refused:
        read(sent)
    outcome = fhir.outcome_of(refused.value)
    assert outcome is not None
    assert len(outcome.to_json()) < 64 * 1024
