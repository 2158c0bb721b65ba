"""Reads the facts of `contracts/fhir`, or those of a package somebody gives, and puts the two together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from recette.profiles import extract
from recette.profiles.model import Definition, ElementFact, Facts, FactsError, SlicingFact, TypeFact
from sas_kernel import contracts
from sas_kernel.errors import ContractError
from sas_kernel.text import Text

VERSIONS: Final = ("1.2.0", "1.1.0")
"""The versions of the guide whose facts come with the tool, the one judged by default first."""

Json = dict[str, Any]


@lru_cache(maxsize=4)
def load(version: str = VERSIONS[0]) -> Facts:
    """FHIR R4 4.0.1, the French code lists, and one version of the SAS guide.

    Raises `FactsError` for a version that is not here, `ContractError` when our own files cannot be read.
    """
    if version not in VERSIONS:
        raise FactsError(
            Text(
                "Version {v} du guide inconnue : donnez {k}, ou un paquet avec --ig.",
                "Version {v} of the guide is unknown: give {k}, or a package with --ig.",
            ).format(v=version, k=" / ".join(VERSIONS))
        )
    folder = contracts.directory() / "fhir"
    names = ("r4.json", "terminology.json", "french.json", f"sas-{version}.json")
    try:
        return assemble(f"ans.fhir.fr.sas {version}", [(folder / name).read_bytes() for name in names])
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise ContractError(
            Text(
                "Les faits des profils ne sont pas lisibles dans {f} : {e}.",
                "The facts of the profiles in {f} cannot be read: {e}.",
            ).format(f=folder, e=error)
        ) from error


def with_package(facts: Facts, path: Path) -> Facts:
    """The facts with the definitions and codes of an IG package (`.tgz`) in their place or beside them."""
    try:
        found = _parts(extract.facts_of(list(extract.read_package(path))))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise FactsError(
            Text(
                "Le paquet « {p} » n’est pas celui d’un guide FHIR : {e}.",
                "The package '{p}' is not that of a FHIR guide: {e}.",
            ).format(p=path, e=repr(error)[:200])
        ) from error
    if not found.definitions:
        raise FactsError(
            Text(
                "« {p} » ne contient aucune StructureDefinition avec snapshot : donnez le paquet .tgz d’un guide FHIR.",
                "'{p}' holds no StructureDefinition with a snapshot: give the .tgz package of a FHIR guide.",
            ).format(p=path)
        )
    of_fhir = {key for d in facts.definitions.values() if not d.is_profile for e in d.elements for key in e.constraints}
    return replace(
        facts,
        name=f"{facts.name} + {path.name}",
        foreign_invariants=frozenset(
            key
            for key, (_, expression) in found.invariants.items()
            if key not in of_fhir and facts.invariants.get(key, ("", ""))[1] != expression
        ),
        definitions={**facts.definitions, **found.definitions},
        value_sets={**facts.value_sets, **found.value_sets},
        code_systems={**facts.code_systems, **found.code_systems},
        invariants={**facts.invariants, **found.invariants},
        hash=hashlib.sha256(facts.hash.encode() + path.read_bytes()).hexdigest()[:16],
    )


def assemble(name: str, contents: Iterable[bytes]) -> Facts:
    """Facts from the files of `contracts/fhir`; a later one takes the place of an earlier one."""
    digest = hashlib.sha256()
    merged: Json = {}
    for content in contents:
        digest.update(content)
        for key, value in json.loads(content).items():
            if isinstance(value, dict):
                merged.setdefault(key, {}).update(value)
            elif isinstance(value, list):
                merged.setdefault(key, []).extend(value)
    return replace(_parts(merged), name=name, hash=digest.hexdigest()[:16])


def _parts(document: Json) -> Facts:
    return Facts(
        name="",
        definitions={url: _definition(url, item) for url, item in document.get("definitions", {}).items()},
        value_sets={
            url: frozenset((system, code) for system, codes in groups.items() for code in codes)
            for url, groups in document.get("value_sets", {}).items()
        },
        code_systems={url: frozenset(codes) for url, codes in document.get("code_systems", {}).items()},
        invariants={key: (item[0], item[1]) for key, item in document.get("invariants", {}).items()},
        resource_types=frozenset(document.get("resource_types", ())),
        use_cases=document.get("use_cases", {}),
    )


def _definition(url: str, item: Json) -> Definition:
    return Definition(
        url,
        item["version"],
        item["type"],
        item["kind"],
        item["base"],
        tuple(_element(element) for element in item["elements"]),
    )


def _element(item: Mapping[str, Any]) -> ElementFact:
    slicing = item.get("slicing")
    return ElementFact(
        id=item["id"],
        lower=item.get("min", 0),
        upper=item.get("max", 1) if item.get("max", 1) >= 0 else None,
        repeats=item.get("list", False),
        types=tuple(
            TypeFact(t[0], *(tuple(part) for part in t[1:])) if isinstance(t, list) else TypeFact(t)
            for t in item.get("types", ())
        ),
        fixed=tuple(item.get("fixed", ())),
        pattern=tuple(item.get("pattern", ())),
        binding=tuple(item["binding"]) if "binding" in item else None,
        slicing=None
        if slicing is None
        else SlicingFact(tuple((kind, path) for kind, path in slicing[0]), slicing[1], slicing[2]),
        slice=item.get("slice"),
        reference=item.get("ref"),
        constraints=tuple(item.get("rules", ())),
        max_length=item.get("length"),
    )
