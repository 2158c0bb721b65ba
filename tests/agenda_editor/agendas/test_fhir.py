"""The mapping: against the examples of the reference, and rule by rule."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenda_editor.agendas import fhir
from agenda_editor.agendas.model import (
    AppointmentType,
    ConsultationType,
    Place,
    PlaceDetails,
    Practitioner,
    Schedule,
    Slot,
    SlotDetails,
    SlotStatus,
    SlotType,
    Specialty,
)
from sas_kernel.identifiers import StructureIds
from tests.agenda_editor.conftest import PLACE, PUBLIC_URL, practitioner_details, slot

PRACTITIONER = Practitioner(7, practitioner_details("10123400017"))


def _resource(fragment: bytes | None) -> dict[str, Any]:
    """The resource a fragment holds, by completing it to the entry it is cut from."""
    assert fragment is not None
    entry = json.loads(b'{"fullUrl":"base/' + fragment + b"}")
    resource: dict[str, Any] = entry["resource"]
    assert entry["fullUrl"] == f"base/{resource['resourceType']}/{resource['id']}"
    return resource


def _schedule(place: PlaceDetails = PLACE, practitioner: Practitioner = PRACTITIONER) -> Schedule:
    return Schedule(5, practitioner, Place(3, place), "?vue=semaine")


def _rendered(details: SlotDetails) -> dict[str, Any]:
    return _resource(fhir.slot_fragment(Slot(9, 5, details), fhir.booking_url(PUBLIC_URL, _schedule())))


def _paths(value: Any, at: str = "") -> Iterator[str]:
    """Every path of a resource, list positions left out."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _paths(item, f"{at}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from _paths(item, at)
    else:
        yield at


def _emptiness(value: Any, at: str = "") -> Iterator[str]:
    if value in ("", None, [], {}) or (isinstance(value, str) and not value.strip()):
        yield at
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _emptiness(item, f"{at}.{key}")


# --- against the reference -------------------------------------------------------------------------------------------


@pytest.mark.reference
@pytest.mark.parametrize(
    ("example", "not_sent"),
    [
        ("practitioner-agregateur.max", {".name.use"}),
        ("schedule-agregateur.max", {".specialty.coding.system", ".specialty.coding.code"}),
        (
            "practitionerrole-agregateur.max",
            {
                ".contained.telecom.system",
                ".contained.telecom.value",
                ".contained.hoursOfOperation.daysOfWeek",
                ".contained.hoursOfOperation.openingTime",
                ".contained.hoursOfOperation.closingTime",
            },
        ),
        ("slot-agregateur.max", set()),
    ],
)
def test_resources_have_the_shape_and_constants_of_the_reference(
    reference: Path, example: str, not_sent: set[str]
) -> None:
    wanted = json.loads((reference / "reference" / "examples" / f"{example}.json").read_text(encoding="utf-8"))
    full = slot(
        1,
        types=[SlotType.PUBLIC, SlotType.PRO, SlotType.SNP],
        reasons=("Douleur récente",),
        specialties=(Specialty("SM54", None), Specialty(None, "Médecine du sport")),
    )
    ours = {
        "Practitioner": _resource(fhir.practitioner_fragment(PRACTITIONER)),
        "Schedule": _resource(fhir.schedule_fragment(_schedule())),
        "PractitionerRole": _resource(fhir.role_fragment(_schedule(), PUBLIC_URL)),
        "Slot": _rendered(full),
    }[wanted["resourceType"]]
    assert set(_paths(ours)) == set(_paths(wanted)) - not_sent
    assert _constants(ours) <= _constants(wanted)


def _constants(value: Any) -> set[str]:
    """Canonicals and code systems, which must be the same to the letter."""
    return {found for found in re.findall(r'"((?:http|urn)[^"]+)"', json.dumps(value)) if "example.org" not in found}


# --- rule by rule ----------------------------------------------------------------------------------------------------

_TEXTS = st.text(max_size=12)
_SPECIALTIES = st.builds(Specialty, st.none() | st.just("SM54"), st.none() | _TEXTS)
_SLOTS = st.builds(
    SlotDetails,
    start=st.integers(0, 2 * 10**12),
    end=st.integers(2 * 10**12 + 1, 3 * 10**12),
    slot_types=st.lists(st.sampled_from(SlotType), unique=True).map(tuple),
    consultation_types=st.lists(st.sampled_from(ConsultationType), unique=True, min_size=1).map(tuple),
    appointment_type=st.sampled_from(AppointmentType),
    reasons=st.lists(_TEXTS, max_size=3).map(tuple),
    specialties=st.lists(_SPECIALTIES, max_size=3).map(tuple),
    status=st.sampled_from(SlotStatus),
    own_patients_only=st.booleans(),
)


@given(_SLOTS)
def test_whatever_a_slot_holds_it_leaves_whole_or_not_at_all(details: SlotDetails) -> None:
    fragment = fhir.slot_fragment(Slot(9, 5, details), "https://agenda.example.org/agenda/ag-5?vue=semaine")
    private = details.own_patients_only or details.status is not SlotStatus.FREE
    if private or not {SlotType.PUBLIC, SlotType.PRO, SlotType.SNP}.intersection(details.slot_types):
        assert fragment is None
        return
    resource = _resource(fragment)
    assert not list(_emptiness(resource))
    assert resource["status"] == "free"
    codes = {coding["code"] for coding in resource["meta"]["security"]}
    assert codes == {kind.value for kind in details.slot_types} - {"CPTS"}


def test_reasons_and_consultation_types_each_have_their_own_element() -> None:
    kinds = (ConsultationType.AMB, ConsultationType.HH)
    details = SlotDetails(0, 1, (SlotType.SNP,), kinds, reasons=("Fièvre", " "))
    assert _rendered(details)["serviceType"] == [
        {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}]},
        {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HH"}]},
        {"text": "Fièvre"},
    ]


def test_the_comment_is_the_absolute_page_of_the_agenda_opened_on_the_slot() -> None:
    assert _rendered(slot(1))["comment"] == "https://agenda.example.org/agenda/ag-5?vue=semaine&creneau=cr-9"


@pytest.mark.parametrize(
    ("structure", "sent"),
    [
        (StructureIds("990000017", "99000000000017", "10123400017001", "99123456701"), "1990000017"),
        (StructureIds(siret="99000000000017", rpps_rang="10123400017001"), "399000000000017"),
        (StructureIds("2A9900017", "99000000000017"), "399000000000017"),
        (StructureIds(rpps_rang="10123400017001", adeli_rang="99123456701"), "410123400017001"),
        (StructureIds(adeli_rang="99123456701"), "099123456701"),
        (StructureIds(), None),
    ],
)
def test_the_structure_id_is_the_first_of_finess_siret_rpps_rang_adeli_rang(
    structure: StructureIds, sent: str | None
) -> None:
    place = PlaceDetails(PLACE.name, PLACE.line, PLACE.city, PLACE.postal_code, PLACE.phone, structure)
    role = _resource(fhir.role_fragment(_schedule(place), PUBLIC_URL))
    if sent is None:
        assert "organization" not in role
    else:
        assert role["organization"]["identifier"]["value"] == sent
        assert role["organization"]["identifier"]["system"] == "urn:oid:1.2.250.1.71.4.2.2"


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("01 99 00 00 12", "+33199000012"),
        ("+33 (0)1.99.00.00.12", "+33199000012"),
        ("0033199000012", "+33199000012"),
        ("+262 262 99 00 27", "+262262990027"),
        (None, None),
        ("  ", None),
    ],
)
def test_the_phone_is_normalised_on_the_role_or_left_out(typed: str | None, sent: str | None) -> None:
    place = PlaceDetails(PLACE.name, PLACE.line, PLACE.city, PLACE.postal_code, typed, StructureIds())
    role = _resource(fhir.role_fragment(_schedule(place), PUBLIC_URL))
    assert role.get("telecom") == (None if sent is None else [{"system": "phone", "value": sent}])


def test_an_address_of_several_lines_is_one_line() -> None:
    place = PlaceDetails("", "Résidence\n4   allée des Peupliers ", "Villefictive", "99100", None, StructureIds())
    role = _resource(fhir.role_fragment(_schedule(place), PUBLIC_URL))
    assert role["contained"][0]["address"]["line"] == ["Résidence 4 allée des Peupliers"]
    assert not list(_emptiness(role))


def test_a_practitioner_without_civility_nor_given_name_has_nothing_empty() -> None:
    bare = Practitioner(1, practitioner_details("991234567", "ADELI", given=" ", prefix="", specialty=None))
    practitioner = _resource(fhir.practitioner_fragment(bare))
    assert practitioner["name"] == [{"family": "VASSELIN"}]
    role = _resource(fhir.role_fragment(_schedule(practitioner=bare), PUBLIC_URL))
    assert "specialty" not in role


def test_the_stamp_changes_with_the_public_url_and_only_then() -> None:
    assert fhir.rendering_stamp(PUBLIC_URL) == fhir.rendering_stamp(PUBLIC_URL)
    assert fhir.rendering_stamp(PUBLIC_URL) != fhir.rendering_stamp("https://autre.example.org")
