"""One thing wrong at a time, told where it is and by which rule; nothing told of what is right."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from recette.checks import conformance
from recette.engine import requirements
from recette.model import Level
from recette.profiles import facts
from recette.profiles.checker import Checker, errors
from recette.profiles.model import Weight
from recette.profiles.use_cases import UseCase, check, use_case_of
from tests.recette.profiles.resources import Json, appointment, regulator

Look = Callable[[Any, UseCase], set[tuple[str, str]]]


def test_right_resources_are_right(found: Look) -> None:
    assert found(appointment(), UseCase.APPOINTMENTS) == set()
    assert found(regulator(), UseCase.REGULATORS) == set()


def test_what_is_kept_is_kept_by_content_and_only_so_much_of_it() -> None:
    plain = Checker(facts.load())
    keeping = Checker(plain.facts, kept=2)
    url = plain.facts.use_cases[UseCase.APPOINTMENTS]["Appointment"]
    changing = appointment()
    for status in ("booked", "taken", 1, True, 1.0, None, "booked"):
        changing["status"] = status
        assert keeping.check(changing, url) == plain.check(changing, url)
        keeping.check(changing, url).clear()
        assert keeping.check(changing, url) == plain.check(changing, url)
        assert len(keeping._known) <= 2

    deep: Json = {}
    for _ in range(900):
        deep = {"resourceType": "Appointment", "contained": [deep]}
    assert keeping.check(deep, url) == plain.check(deep, url)
    for _ in range(1200):
        deep = {"contained": [deep]}
    assert keeping.check(deep, url) == plain.check(deep, url)


OPERATOR = "Appointment.extension[0].valueReference"
WRONG_APPOINTMENTS: list[tuple[str, Callable[[Json], object], str, str]] = [
    ("no status", lambda a: a.pop("status"), "Appointment.status", "min"),
    ("a status of its own", lambda a: a.update(status="taken"), "Appointment.status", "binding"),
    ("no identifier", lambda a: a.pop("identifier"), "Appointment.identifier", "min"),
    ("two identifiers", lambda a: a["identifier"].append(a["identifier"][0]), "Appointment.identifier", "max"),
    ("one identifier, no array", lambda a: a.update(identifier=a["identifier"][0]), "Appointment.identifier", "json"),
    ("an empty array", lambda a: a.update(slot=[]), "Appointment.slot", "json"),
    ("an array of one status", lambda a: a.update(status=["booked"]), "Appointment.status", "json"),
    ("no offset", lambda a: a.update(start="2031-03-11T09:00:00"), "Appointment.start", "format"),
    ("no such day", lambda a: a.update(start="2031-02-30T09:00:00Z"), "Appointment.start", "format"),
    ("a number for an instant", lambda a: a.update(start=1), "Appointment.start", "format"),
    ("a null", lambda a: a.update(start=None), "Appointment.start", "ele-1"),
    ("an unknown element", lambda a: a.update(patient="x"), "Appointment.patient", "unknown"),
    ("an unknown element below", lambda a: a["participant"][0].update(x=1), "Appointment.participant[0].x", "unknown"),
    ("an empty object", lambda a: a["participant"].append({}), "Appointment.participant[1]", "ele-1"),
    ("start without end", lambda a: a.pop("end"), "Appointment", "app-2"),
    (
        "a reason with noshow",
        lambda a: a.update(status="noshow", cancelationReason={"text": "x"}),
        "Appointment",
        "app-4",
    ),
    ("nobody in a participant", lambda a: a["participant"][0].pop("actor"), "Appointment.participant[0]", "app-1"),
    ("no operator", lambda a: a.pop("extension"), "Appointment.extension", "min"),
    (
        "another extension in the operator's place",
        lambda a: a["extension"][0].update(url="https://x.example.org"),
        "Appointment.extension:appointmentOperator",
        "min",
    ),
    (
        "two operators",
        lambda a: a["extension"].append(a["extension"][0]),
        "Appointment.extension:appointmentOperator",
        "max",
    ),
    (
        "an operator without identifier",
        lambda a: a["extension"][0].update(valueReference={"display": "x"}),
        f"{OPERATOR}.identifier",
        "min",
    ),
    (
        "an operator by name",
        lambda a: a["extension"][0].update(valueString=a["extension"][0].pop("valueReference") and "x"),
        "Appointment.extension[0].valueString",
        "type",
    ),
    (
        "an operator of another list",
        lambda a: a["extension"][0]["valueReference"]["identifier"]["type"]["coding"][0].update(system="http://x"),
        f"{OPERATOR}.identifier.type.coding[0].system",
        "pattern",
    ),
    (
        "a doctor of another kind",
        lambda a: a["participant"][0]["actor"]["identifier"]["type"]["coding"][0].update(code="INTRN"),
        "Appointment.participant[0].actor.identifier.type.coding[0]",
        "pattern",
    ),
    (
        "a reference that leads nowhere inside",
        lambda a: a.update(slot=[{"reference": "#creneau"}]),
        "Appointment.slot[0]",
        "ref-1",
    ),
    (
        "a reference to a wrong type",
        lambda a: a.update(slot=[{"reference": "Patient/1"}]),
        "Appointment.slot[0].reference",
        "target",
    ),
    (
        "an extension that is empty",
        lambda a: a.update(extension=[*a["extension"], {"url": "http://x"}]),
        "Appointment.extension[1]",
        "ext-1",
    ),
    (
        "two values of a choice",
        lambda a: a.update(extension=[*a["extension"], {"url": "http://x", "valueString": "x", "valueInteger": 1}]),
        "Appointment.extension[1].value",
        "choice",
    ),
    (
        "a contained stranger",
        lambda a: a.update(contained=[{"resourceType": "Agenda"}]),
        "Appointment.contained[0].resourceType",
        "resourceType",
    ),
    (
        "a contained resource nobody refers to",
        lambda a: a.update(contained=[{"resourceType": "Patient", "id": "p", "active": True}]),
        "Appointment",
        "dom-3",
    ),
    (
        "a script in the narrative",
        lambda a: a.update(text={"status": "generated", "div": "<div><script>x</script></div>"}),
        "Appointment.text.div",
        "txt-1",
    ),
]


@pytest.mark.parametrize(
    ("bend", "path", "rule"), [w[1:] for w in WRONG_APPOINTMENTS], ids=[w[0] for w in WRONG_APPOINTMENTS]
)
def test_what_is_wrong_is_told_where_it_is(found: Look, bend: Callable[[Json], object], path: str, rule: str) -> None:
    wrong = appointment()
    bend(wrong)
    assert (path, rule) in found(wrong, UseCase.APPOINTMENTS)


def test_versions_differ_where_the_guide_does(checker: Checker, found: Look) -> None:
    waiting = appointment()
    waiting["participant"][0]["status"] = "needs-action"
    told = found(waiting, UseCase.APPOINTMENTS)
    assert (told == set()) is ("1.2.0" in checker.facts.name)


def test_what_is_not_verified_is_said(checker: Checker) -> None:
    seen = appointment()
    seen["extension"].append({"url": "https://x.example.org/r", "valueRange": {"low": {"value": 1}}})
    seen["extension"].append({"url": "https://x.example.org/e", "valueString": "x"})
    issues = check(checker, seen, UseCase.APPOINTMENTS)
    assert issues is not None
    assert {i.rule for i in issues if i.weight is Weight.UNVERIFIED} == {"rng-2", "extension"}
    assert not list(errors(issues))


def _examples(reference: Path, version: str) -> Iterator[tuple[str, Any]]:
    name = {"1.1.0": "1.1.0", "1.2.0": "1.2.0-ci"}[version]
    with tarfile.open(reference / "data" / "ig" / f"ans.fhir.fr.sas-{name}.tgz") as archive:
        for member in archive:
            if "/example/" in member.name and member.name.endswith(".json"):
                stream = archive.extractfile(member)
                assert stream is not None
                yield member.name.rpartition("/")[2], json.load(stream)


WRONG_EXAMPLES = {
    ("1.1.0", "Practitioner-ExamplePractitionerRegul1.json"): (
        "a person's national id (IDNPS) under the OID of structures",
        {("Practitioner.identifier[0].system", "identifier-pair")},
    )
}
"""The official examples that are wrong, and why: the guide's own text contradicts them."""


@pytest.mark.parametrize("named", [False, True], ids=["chosen", "named"])
@pytest.mark.parametrize("version", facts.VERSIONS)
def test_no_official_example_is_blamed_but_the_wrong_one(version: str, named: bool, reference: Path) -> None:
    checker = Checker(facts.load(version))
    known = requirements.load()
    count = 0
    for name, example in _examples(reference, version):
        content = json.dumps(example).encode()
        judged = conformance.judge(content, checker, known)
        if named:
            judged = conformance.judge(content, checker, known, judged.profile)
        blamed = {(told.path, told.rule) for told in judged.told if told.level is Level.SHALL}
        assert blamed == WRONG_EXAMPLES.get((version, name), ("", set()))[1], name
        count += 1
    assert count >= 41


@pytest.mark.parametrize("anything", [None, 1, "x", [], {}, {"resourceType": []}, {"resourceType": "Slot"}])
def test_anything_can_be_asked(checker: Checker, anything: Any) -> None:
    assert list(errors(checker.check(anything, "http://sas.fr/fhir/StructureDefinition/FrSlotAgregateur")))
    case = use_case_of(checker, anything)
    assert case is None or check(checker, anything, case)


def test_an_unknown_profile_is_not_guessed(checker: Checker) -> None:
    with pytest.raises(KeyError):
        checker.check(appointment(), "https://x.example.org/StructureDefinition/Unknown")
