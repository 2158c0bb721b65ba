"""Reading an answer: whatever the bytes are, offered slots or a reason, never anything else."""

from __future__ import annotations

import json
import re
import tarfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sas_platform.slot_search import fhir
from sas_platform.slot_search.model import Agenda, Answer, InvalidAnswerError
from tests.sas_platform.fake_editor import ASSOCIATION, THEO, agenda, bundle, cpts, cpts_slot, outcome, site, slot

SOON = datetime(2031, 3, 10, 9, tzinfo=UTC)


def read(*resources: Any, **changes: Any) -> Answer:
    return fhir.to_slots(json.dumps(bundle(*resources, **changes)).encode())


def agenda_of(*resources: Any) -> Agenda:
    return read(slot("a", SOON), *resources).agendas["Schedule/s1"]


def test_a_slot_is_followed_to_its_practitioner_and_place() -> None:
    found = agenda_of(*agenda(phone="01 99 00 00 12"))
    assert found.practitioner is not None
    assert found.place is not None
    assert (found.practitioner.national_id, found.practitioner.family) == (THEO, "VASSELIN")
    assert (found.place.name, found.place.postal_code, found.place.phone) == ("Cabinet s1", "99100", "+33199000012")
    assert found.place.structure_id == "1990000017"


def test_the_order_of_entries_does_not_matter() -> None:
    assert read(*agenda(), slot("a", SOON)).agendas == read(slot("a", SOON), *agenda()).agendas


def test_absolute_references_are_followed_too() -> None:
    schedule, practitioner, role = agenda()
    schedule["actor"] = [
        {"reference": f"https://agenda.example.org/fhir/{each['reference']}/_history/2"} for each in schedule["actor"]
    ]
    found = agenda_of(schedule, practitioner, role)
    assert found.practitioner is not None
    assert found.place is not None


@pytest.mark.parametrize("missing", ["Schedule", "Practitioner", "PractitionerRole"])
def test_a_dangling_reference_leaves_who_or_where_unknown(missing: str) -> None:
    found = agenda_of(*(resource for resource in agenda() if resource["resourceType"] != missing))
    if missing == "PractitionerRole":
        assert found.practitioner is not None
        assert found.place is None
    else:
        assert found.practitioner is None


def test_a_role_of_somebody_else_gives_no_place() -> None:
    schedule, practitioner, role = agenda()
    role["practitioner"] = {"reference": "Practitioner/somebody-else"}
    found = agenda_of(schedule, practitioner, role)
    assert found.practitioner is not None
    assert found.place is None


def test_two_roles_or_two_practitioners_on_one_schedule_decide_nothing() -> None:
    schedule, practitioner, role = agenda()
    schedule["actor"].append({"reference": "PractitionerRole/other"})
    assert agenda_of(schedule, practitioner, role).place is None
    schedule["actor"][2] = {"reference": "Practitioner/other"}
    assert agenda_of(schedule, practitioner, role).practitioner is None


@pytest.mark.parametrize(
    "change",
    [
        {"location": []},
        {"location": [{"reference": "#elsewhere"}]},
        {"contained": []},
        {"contained": ["#place"]},
        {"contained": [{"resourceType": "Location", "id": "place"}]},
        {"contained": [{"resourceType": "Organization", "id": "place", "address": {"city": "X"}}]},
    ],
)
def test_a_location_that_is_not_there_is_no_place(change: dict[str, Any]) -> None:
    schedule, practitioner, role = agenda()
    role.update(change)
    assert agenda_of(schedule, practitioner, role).place is None


def test_two_spellings_of_an_address_are_one_place_and_two_addresses_are_two() -> None:
    keys = [
        found.place.key
        for line in ("4 allée des Peupliers", "4, ALLEE  DES PEUPLIERS", "5 allée des Peupliers")
        if (found := agenda_of(*agenda(line=line))).place is not None
    ]
    assert keys[0] == keys[1] != keys[2]


def test_two_agendas_have_each_their_own_practitioner() -> None:
    found = read(slot("a", SOON), slot("b", SOON, schedule="s2"), *agenda(), *_of_ines())
    names = {reference: each.practitioner and each.practitioner.given for reference, each in found.agendas.items()}
    assert names["Schedule/s1"] not in (None, "Inès")
    assert names["Schedule/s2"] == "Inès"


def _of_ines() -> list[dict[str, Any]]:
    person = {
        "resourceType": "Practitioner",
        "id": "ines",
        "identifier": [{"system": "urn:oid:1.2.250.1.71.4.2.1", "value": "810123400009"}],
        "name": [{"family": "DOE", "given": ["Inès"]}],
    }
    return [{"resourceType": "Schedule", "id": "s2", "actor": [{"reference": "Practitioner/ines"}]}, person]


def test_a_malformed_entry_costs_itself_only() -> None:
    found = read(
        slot("a", SOON),
        slot("b", "2031-02-30T10:00:00.000+01:00"),
        {"resourceType": "Slot", "id": 4},
        {"resourceType": ["Slot"]},
        slot("c", SOON, schedule="s1"),
        {"resourceType": "Slot", "id": "no-start", "status": "free"},
        *agenda(),
    )
    assert [each.id for each in found.slots] == ["a", "c"]
    assert found.unreadable == 4


def test_each_slot_keeps_its_own_start() -> None:
    texts = [f"2031-03-10T{time}" for time in ("10:00:00.000+01:00", "09:00:00Z", "09:00:00", "10:30:00+01:00")]
    slots = [slot(str(n), text) for n, text in enumerate([*texts, "", *texts, "tomorrow", *texts])]
    found = read(*slots, *agenda())
    assert found.unreadable == 2
    assert [each.start for each in found.slots] == texts * 3
    assert found.starts == [SOON, SOON, SOON.replace(tzinfo=None), SOON + timedelta(minutes=30)] * 3
    assert [at.tzinfo for at in found.starts] == [UTC, UTC, None, UTC] * 3
    assert [json.loads(bytes(each))["id"] for each in found.resources] == [each.id for each in found.slots]


def test_a_start_that_is_none_costs_a_resource_of_another_kind_as_well() -> None:
    found = read({"resourceType": "Appointment", "id": "a", "start": "tomorrow"}, slot("a", SOON), *agenda())
    assert (found.unreadable, len(found.slots)) == (1, 1)


def test_nulls_are_read_as_absent() -> None:
    _, practitioner, role = agenda()
    practitioner["name"][0]["prefix"] = [None]
    role["organization"] = {"identifier": {"system": "urn:oid:1.2.250.1.71.4.2.2", "value": None}}
    role["contained"][0]["name"] = None
    found = read({**slot("a", SOON), "comment": None, "serviceType": None}, agenda()[0], practitioner, role)
    assert found.unreadable == 0
    assert found.agendas["Schedule/s1"].place is not None
    assert fhir.details(found.resources[0]).consultation_types == ()
    assert read({"resourceType": "Slot", "id": None, "start": None}).unreadable == 1


def test_unknown_kinds_and_entries_without_resource_are_passed_over() -> None:
    body = bundle(slot("a", SOON), {"resourceType": "HealthcareService", "id": "x", "name": {"odd": 1}})
    body["entry"] += [{"fullUrl": "https://agenda.example.org/fhir/Slot/z"}]
    found = fhir.to_slots(json.dumps(body).encode())
    assert len(found.slots) == 1


def test_an_answer_without_entry_is_empty() -> None:
    assert read(entry=None).slots == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"42",
        b"[]",
        b"{}",
        b"<html></html>",
        b'{"resourceType":"Bundle"',
        b'{"resourceType":"Bundle"}',
        b'{"resourceType":"Bundle","type":"batch"}',
        b'{"resourceType":"Bundle","type":"searchset","entry":{}}',
        b'{"resourceType":"Bundle","type":"searchset","entry":[1]}',
        b'{"resourceType":"OperationOutcome","issue":[]}',
        b'{"resourceType":"Bundle","type":"searchset","x":"\xff"}',
        b"[" * 1_000_000,
        b'{"resourceType":"Bundle","type":"searchset","x":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"resourceType":"Bundle","type":"searchset","entry":[' + b"{}," * 600_000 + b"{}]}",
        b'{"resourceType":"Bundle","type":"searchset","entry":[' + b"{}," * 30_000 + b"{}]}",
    ],
)
def test_what_is_not_a_searchset_is_refused_with_a_sentence(body: bytes) -> None:
    with pytest.raises(InvalidAnswerError) as refused:
        fhir.to_slots(body)
    assert refused.value.text.fr
    assert refused.value.text.en


@given(st.binary(max_size=300))
def test_any_bytes_are_an_answer_or_refused(body: bytes) -> None:
    with suppress(InvalidAnswerError):
        assert fhir.to_slots(body).slots == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_STRUCTURES = ("Location", "Organization", "HealthcareService")
_KNOWN = [slot("a", SOON), *agenda(), *site(), *cpts(), outcome("x")]
ELEMENTS = sorted({key for resource in _KNOWN for key in resource})


@given(
    st.lists(
        st.builds(
            lambda kind, some: {"resourceType": kind, **some},
            st.sampled_from(
                ["Slot", "Schedule", "Practitioner", "PractitionerRole", "OperationOutcome", "{x}", *_STRUCTURES]
            ),
            st.dictionaries(st.sampled_from(ELEMENTS), JSON, max_size=6),
        ),
        max_size=6,
    ),
    st.data(),
)
def test_any_resources_are_read_or_counted(resources: list[dict[str, Any]], data: st.DataObject) -> None:
    base = [cpts_slot("a", SOON), *agenda(), *cpts(), slot("b", SOON, "g1"), *site()]
    for resource in base:
        if data.draw(st.booleans()):
            resource[data.draw(st.sampled_from(ELEMENTS))] = data.draw(JSON)
    body = json.dumps(bundle(*base, *resources)).encode()
    try:
        found = fhir.to_slots(body)
    except InvalidAnswerError:
        return
    for raw in found.resources:
        fhir.details(raw)
    assert all(each.schedule.reference in found.agendas for each in found.slots)


def test_the_details_of_a_slot_are_its_codes_and_texts() -> None:
    raw = read(slot("a", SOON), *agenda()).resources[0]
    said = fhir.details(raw)
    assert said.end == SOON + timedelta(minutes=20)
    assert (said.consultation_types, said.slot_types, said.booking) == (("AMB",), ("PUBLIC",), "ROUTINE")
    assert (said.reasons, said.specialties) == (("Douleur récente",), ("Médecine du sport",))


def test_details_that_have_not_the_form_of_fhir_are_none_at_all() -> None:
    assert fhir.details(msgspec.Raw(b'{"serviceType":"AMB"}')).consultation_types == ()


def test_a_consultation_type_of_another_system_is_not_one() -> None:
    cpts = [{"coding": [{"system": "https://example.org/TRE-R66", "code": "604"}]}]
    raw = read(slot("a", SOON, serviceType=cpts), *agenda()).resources[0]
    assert fhir.details(raw).consultation_types == ()


def test_an_operation_outcome_is_told_in_one_short_line() -> None:
    assert fhir.issue_text(json.dumps(outcome("un\ttexte\r\nsur deux lignes")).encode()) == "un texte sur deux lignes"
    long = fhir.issue_text(json.dumps(outcome("x" * 5000)).encode())
    assert long is not None
    assert len(long) == fhir.MAX_ISSUE
    assert fhir.issue_text(b'{"resourceType":"OperationOutcome","issue":[{"code":"throttled"}]}') == "throttled"
    assert fhir.issue_text(b'{"resourceType":"OperationOutcome"}') is None
    assert fhir.issue_text(b"<html>") is None


# --- CPTS and SOS ----------------------------------------------------------------------------------------------------


def test_a_slot_names_the_cpts_that_show_it() -> None:
    found = read(
        cpts_slot("a", SOON, "hs-1", "hs-2", "hs-1"),
        slot("b", SOON),
        *agenda(),
        *cpts(),
        *cpts("hs-2", "CPTS du Pays Fictif", "1990000041"),
    )
    assert [(each.structure_id, each.name, each.phone) for each in found.cpts["a"]] == [
        ("1990000033", "CPTS des Deux Rives", "+33199000021"),
        ("1990000041", "CPTS du Pays Fictif", "+33199000021"),
    ]
    assert set(found.cpts) == {"a"}
    assert found.agendas["Schedule/s1"].practitioner is not None


@pytest.mark.parametrize("missing", ["HealthcareService", "Organization"])
def test_a_broken_link_to_a_cpts_costs_its_name_only(missing: str) -> None:
    resources = [each for each in cpts() if each["resourceType"] != missing]
    found = read(cpts_slot("a", SOON), *agenda(), *resources)
    assert found.cpts == {}
    assert [each.id for each in found.slots] == ["a"]
    assert found.unreadable == 0


def test_a_cpts_may_be_only_identified() -> None:
    service, _ = cpts()
    service["providedBy"] = {"identifier": {"system": "urn:oid:1.2.250.1.71.4.2.2", "value": "1990000033"}}
    (found,) = read(cpts_slot("a", SOON), *agenda(), service).cpts["a"]
    assert (found.structure_id, found.name) == ("1990000033", "")


def test_a_slot_of_sos_medecins_is_followed_to_its_site_and_association() -> None:
    found = read(slot("a", SOON, "g1"), *site(), slot("b", SOON, "g2"), *site("g2", name="Point Sud")).agendas
    north, south = found["Schedule/g1"], found["Schedule/g2"]
    assert north.association is not None
    assert (north.association.national_id, north.association.name) == (ASSOCIATION, "SOS Médecins Villefictive")
    assert north.place is not None
    assert (north.place.name, north.place.phone, north.place.city) == ("Point Nord", "+33199000032", "Villefictive")
    assert south.place is not None
    assert north.place.key != south.place.key  # at one address, and yet two
    assert north.practitioner is None


@pytest.mark.parametrize("missing", ["Schedule", "Location", "Organization"])
def test_a_dangling_reference_leaves_the_site_or_its_association_unknown(missing: str) -> None:
    resources = [each for each in site() if each["resourceType"] != missing]
    found = read(slot("a", SOON, "g1"), *resources).agendas["Schedule/g1"]
    assert found.association is None
    assert (found.place is None) is (missing != "Organization")


def test_a_schedule_of_two_sites_is_no_sites() -> None:
    schedule, location, organization = site()
    schedule["actor"].append({"reference": "Location/other"})
    found = read(slot("a", SOON, "g1"), schedule, location, organization).agendas["Schedule/g1"]
    assert found.place is None


def test_a_site_without_address_is_no_place() -> None:
    schedule, location, organization = site()
    del location["address"]
    assert read(slot("a", SOON, "g1"), schedule, location, organization).agendas["Schedule/g1"].place is None


@pytest.mark.reference
@pytest.mark.parametrize("name", ["bundle-ps.min", "bundle-ps.max", "bundle-ps.empty"])
def test_the_reference_bundles_are_read_whole(name: str, reference: Path) -> None:
    body = (reference / "reference" / "examples" / f"{name}.json").read_bytes()
    found = fhir.to_slots(body)
    assert len(found.slots) == json.loads(body)["total"]
    assert found.unreadable == 0
    assert all(a.practitioner is not None and a.place is not None for a in found.agendas.values())


@pytest.mark.reference
@pytest.mark.parametrize("name", ["cpts.min", "cpts.max", "sos.min", "sos.max", "sos.empty"])
def test_the_reference_bundles_of_cpts_and_sos_are_read_whole(name: str, reference: Path) -> None:
    _read_whole(json.loads((reference / "reference" / "examples" / f"bundle-{name}.json").read_bytes()))


@pytest.mark.reference
@pytest.mark.parametrize("package", ["1.1.0", "1.2.0-ci"])
def test_every_bundle_of_the_official_packages_is_read_whole(package: str, reference: Path) -> None:
    with tarfile.open(reference / "data" / "ig" / f"ans.fhir.fr.sas-{package}.tgz") as archive:
        names = [name for name in archive.getnames() if re.search(r"/example/Bundle-.*\.json$", name)]
        bundles = []
        for name in names:
            file = archive.extractfile(name)
            assert file is not None
            bundles.append(json.load(file))
    read_whole = [_read_whole(each) for each in bundles if each["type"] == "searchset"]
    assert len(read_whole) >= 3
    assert sum(read_whole) >= 9  # each of them with its slots


def _read_whole(sent: dict[str, Any]) -> int:
    """Everything an official example says of whose, where and by whom arrives; the number of its slots."""
    found = fhir.to_slots(json.dumps(sent).encode())
    resources = [entry["resource"] for entry in sent.get("entry", [])]
    by_kind = {kind: [r for r in resources if r["resourceType"] == kind] for kind in (*_STRUCTURES, "Slot")}
    assert found.unreadable == 0
    assert len(found.slots) == len(by_kind["Slot"]) == sent["total"]
    assert all(each.place is not None for each in found.agendas.values())
    sites = [each for each in found.agendas.values() if each.association is not None]
    if by_kind["Location"]:
        assert len(sites) == len(found.agendas) == len(by_kind["Location"])
        assert {each.place.name for each in sites if each.place} == {each["name"] for each in by_kind["Location"]}
        assert {each.association.name for each in sites if each.association} == {
            each["name"] for each in by_kind["Organization"]
        }
    else:
        assert all(each.practitioner is not None for each in found.agendas.values())
        shown = {(each.name, each.structure_id) for cpts in found.cpts.values() for each in cpts}
        assert shown == {(each["name"], each["identifier"][0]["value"]) for each in by_kind["Organization"]}
    return len(found.slots)
