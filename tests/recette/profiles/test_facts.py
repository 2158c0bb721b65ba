"""The facts: what comes with the tool, and what a package adds."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from recette.profiles import extract, facts, invariants
from recette.profiles.checker import Checker
from recette.profiles.model import FactsError, Weight
from recette.profiles.use_cases import UseCase
from sas_kernel import contracts
from sas_kernel.errors import ContractError

NAMED = "http://x.example.org/StructureDefinition/Named"


def definition(**changes: Any) -> dict[str, Any]:
    rule = {"key": "FINESS-invariant", "severity": "error", "expression": "name.exists()"}
    elements = [
        {"id": "Practitioner", "path": "Practitioner", "max": "*", "constraint": [rule]},
        {
            "id": "Practitioner.active",
            "path": "Practitioner.active",
            "type": [{"code": "boolean"}],
            "fixedBoolean": True,
        },
    ]
    whole = {"resourceType": "StructureDefinition", "url": NAMED, "type": "Practitioner", "kind": "resource"}
    return {**whole, "snapshot": {"element": elements}, **changes}


def package(folder: Path, *resources: Any) -> Path:
    path = folder / "guide.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for number, resource in enumerate(resources):
            file = folder / f"{number}.json"
            file.write_text(json.dumps(resource), encoding="utf-8")
            archive.add(file, f"package/{number}.json")
    return path


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_every_profile_of_every_use_case_is_there(version: str) -> None:
    known = facts.load(version)
    assert set(known.use_cases) == set(UseCase)
    for profiles in known.use_cases.values():
        for kind, url in profiles.items():
            assert known.definitions[url].type == kind
            assert known.definitions[url].is_profile


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_every_invariant_of_the_guide_is_written_out(version: str) -> None:
    """And those of the types its messages are made of."""
    known = facts.load(version)
    profiles = {url for case in known.use_cases.values() for url in case.values()}
    keys = {key for url in profiles for element in known.definitions[url].elements for key in element.constraints}
    assert keys - invariants.STRUCTURAL - set(invariants.INVARIANTS) == set()


def test_versions_have_names_and_hashes_of_their_own() -> None:
    newest, older = (facts.load(version) for version in facts.VERSIONS)
    assert (newest.name, older.name) == ("ans.fhir.fr.sas 1.2.0", "ans.fhir.fr.sas 1.1.0")
    assert newest.hash != older.hash
    with pytest.raises(FactsError):
        facts.load("9.9.9")


def test_our_own_files_that_cannot_be_read_are_our_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contracts, "directory", lambda: tmp_path)
    with pytest.raises(ContractError):
        facts.load.__wrapped__("1.1.0")


def test_a_package_adds_its_profiles_and_changes_the_hash(tmp_path: Path) -> None:
    known = facts.load()
    both = facts.with_package(known, package(tmp_path, definition()))
    assert both.hash != known.hash
    assert both.name == f"{known.name} + guide.tgz"
    found = Checker(both).check({"resourceType": "Practitioner", "active": False}, NAMED)
    assert {(issue.path, issue.rule, issue.weight) for issue in found} == {
        ("Practitioner.active", "fixed", Weight.ERROR),
        # The package gives this key another meaning than the one written out: nobody has verified it.
        ("Practitioner", "FINESS-invariant", Weight.UNVERIFIED),
    }


def test_a_profile_under_the_address_of_fhir_is_no_type(tmp_path: Path) -> None:
    own = "http://hl7.org/fhir/StructureDefinition/own-practitioner"
    checker = Checker(facts.with_package(facts.load(), package(tmp_path, definition(url=own))))
    profile = "http://hl7.org/fhir/StructureDefinition/Practitioner"
    assert checker.check({"resourceType": "Practitioner", "active": False}, profile) == []


@pytest.mark.parametrize(
    "resources",
    [
        (),
        ({"resourceType": "Patient"},),
        (definition(snapshot=None),),
        (definition(snapshot={"element": [{}]}),),
        (definition(snapshot={"element": 3}),),
        ([1, 2],),
    ],
)
def test_a_package_that_is_none_is_refused(tmp_path: Path, resources: tuple[Any, ...]) -> None:
    with pytest.raises(FactsError):
        facts.with_package(facts.load(), package(tmp_path, *resources))


def test_a_file_that_is_no_package_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.tgz").write_bytes(b"\x1f\x8bnot at all")
    with pytest.raises(FactsError):
        facts.with_package(facts.load(), tmp_path / "x.tgz")


def test_the_facts_are_those_of_the_packages(reference: Path, tmp_path: Path) -> None:
    """The documented command gives what stands in the repository, byte for byte."""
    for version, name in (("1.1.0", "1.1.0"), ("1.2.0", "1.2.0-ci")):
        out = tmp_path / f"{version}.json"
        extract.main(["--out", str(out), str(reference / "data" / "ig" / f"ans.fhir.fr.sas-{name}.tgz")])
        assert out.read_bytes() == (contracts.directory() / "fhir" / f"sas-{version}.json").read_bytes()
