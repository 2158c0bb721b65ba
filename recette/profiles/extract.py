"""Takes the facts out of FHIR packages: structure and codes, none of their prose.

    python -m recette.profiles.extract --out contracts/fhir/r4.json --types TYPES… PACKAGE-OR-JSON…

What stays of an element: its id, cardinalities, types, fixed and pattern values, binding, slicing, slice name, content
reference, keys of its invariants and maximal length. Of a value set: the codes of its expansion, where its definition
lets them be enumerated here; what it does not is left out, and the checker then says "not verified".
"""

from __future__ import annotations

import argparse
import json
import sys
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from recette.profiles.model import FactsError
from sas_kernel.text import Text

Json = dict[str, Any]

_FHIR_TYPE: Final = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
_MOST_MEMBER: Final = 64 * 1024 * 1024
_MOST_CODES: Final = 5000
"""A longer list is no fact to carry: its bindings are told as not verified."""


def facts_of(resources: Sequence[Json], types: Iterable[str] | None = None) -> Json:
    """The facts of these resources; of the StructureDefinitions, those of `types` and profiles on them (None: all)."""
    wanted = None if types is None else set(types)
    definitions: Json = {}
    invariants: Json = {}
    for item in resources:
        if item["resourceType"] != "StructureDefinition" or "snapshot" not in item or item.get("kind") == "logical":
            continue
        if wanted is not None and item["type"] not in wanted:
            continue
        definitions[item["url"]] = {
            "version": str(item.get("version", "")),
            "type": item["type"],
            "kind": item["kind"],
            "base": item.get("baseDefinition", ""),
            "elements": [_element(element, invariants) for element in item["snapshot"]["element"]],
        }
    systems = {r["url"]: r for r in resources if r["resourceType"] == "CodeSystem" and "url" in r}
    sets = {r["url"]: r for r in resources if r["resourceType"] == "ValueSet" and "url" in r}
    value_sets: Json = {}
    for url in sets:
        codes = _expansion(url, sets, systems, set())
        if codes is not None and sum(map(len, codes.values())) <= _MOST_CODES:
            value_sets[url] = {system: sorted(found) for system, found in sorted(codes.items())}
    code_systems = {
        url: sorted(_codes(item.get("concept", [])))
        for url, item in systems.items()
        if item.get("content") == "complete" and len(_codes(item.get("concept", []))) <= _MOST_CODES
    }
    return {
        "definitions": definitions,
        "invariants": invariants,
        "value_sets": value_sets,
        "code_systems": code_systems,
    }


def _element(element: Json, invariants: Json) -> Json:
    fact: Json = {"id": element.get("id", element["path"])}
    if element.get("min", 0):
        fact["min"] = element["min"]
    upper = element.get("max", "1")
    if upper != "1":
        fact["max"] = -1 if upper == "*" else int(upper)
    if element.get("base", {}).get("max", upper) not in {"0", "1"}:
        fact["list"] = True
    types = [_type(item) for item in element.get("type", ())]
    if types:
        fact["types"] = types
    _values(fact, element)
    if "slicing" in element:
        slicing = element["slicing"]
        discriminators = [[d["type"], d["path"]] for d in slicing.get("discriminator", ())]
        fact["slicing"] = [discriminators, slicing["rules"], bool(slicing.get("ordered"))]
    if "sliceName" in element:
        fact["slice"] = element["sliceName"]
    if "contentReference" in element:
        fact["ref"] = element["contentReference"].partition("#")[2]
    rules = _constraints(element, invariants)
    if rules:
        fact["rules"] = rules
    if "maxLength" in element:
        fact["length"] = element["maxLength"]
    return fact


def _values(fact: Json, element: Json) -> None:
    """What fixes the values of an element."""
    for key, value in element.items():
        if key.startswith("fixed"):
            fact["fixed"] = [value]
        elif key.startswith("pattern"):
            fact["pattern"] = [value]
    binding = element.get("binding", {})
    if binding.get("strength") in {"required", "extensible"} and binding.get("valueSet"):
        fact["binding"] = [binding["strength"], binding["valueSet"].partition("|")[0]]


def _constraints(element: Json, invariants: Json) -> list[str]:
    """The keys of its invariants; what each says goes to `invariants`."""
    rules = []
    for constraint in element.get("constraint", ()):
        if constraint["severity"] == "error":
            rules.append(constraint["key"])
            invariants[constraint["key"]] = [constraint["severity"], constraint.get("expression", "")]
    return rules


def _type(item: Json) -> str | list[Any]:
    code: str = item["code"]
    if code.startswith("http://hl7.org/fhirpath/"):
        # The real type of an id or a url stands in an extension; `System.String` alone says nothing of its form.
        named = (e.get("valueUrl") or e.get("valueUri") for e in item.get("extension", ()) if e["url"] == _FHIR_TYPE)
        code = next((name for name in named if name), "string")
    whole = [code, item.get("profile", []), item.get("targetProfile", []), item.get("aggregation", [])]
    while len(whole) > 1 and not whole[-1]:
        whole.pop()
    return code if len(whole) == 1 else whole


# --- codes -----------------------------------------------------------------------------------------------------------


def _codes(concepts: Iterable[Json]) -> set[str]:
    found: set[str] = set()
    for concept in concepts:
        found.add(concept["code"])
        found |= _codes(concept.get("concept", ()))
    return found


def _expansion(
    url: str, sets: Mapping[str, Json], systems: Mapping[str, Json], above: set[str]
) -> dict[str, set[str]] | None:
    """The codes of a value set by system; None where this cannot be told from what is at hand."""
    item = sets.get(url.partition("|")[0])
    if item is None or item["url"] in above:
        return None
    compose = item.get("compose")
    if compose is None:
        return None
    codes: dict[str, set[str]] = {}
    for include in compose.get("include", ()):
        part = _included(include, sets, systems, above | {item["url"]})
        if part is None:
            return None
        for system, found in part.items():
            codes.setdefault(system, set()).update(found)
    for exclude in compose.get("exclude", ()):
        part = _included(exclude, sets, systems, above | {item["url"]})
        if part is None:
            return None
        for system, found in part.items():
            codes.get(system, set()).difference_update(found)
    return codes


def _included(
    include: Json, sets: Mapping[str, Json], systems: Mapping[str, Json], above: set[str]
) -> dict[str, set[str]] | None:
    found: dict[str, set[str]] | None = None
    system = include.get("system")
    if system is not None:
        if "concept" in include:
            found = {system: {concept["code"] for concept in include["concept"]}}
        else:
            source = systems.get(system)
            if source is None or source.get("content") != "complete":
                return None
            chosen = _codes(source.get("concept", ()))
            for condition in include.get("filter", ()):
                kept = _filtered(source, condition)
                if kept is None:
                    return None
                chosen &= kept
            found = {system: chosen}
    for reference in include.get("valueSet", ()):
        other = _expansion(reference, sets, systems, above)
        if other is None:
            return None
        found = other if found is None else {s: c & other.get(s, set()) for s, c in found.items()}
    return found


def _filtered(source: Json, condition: Json) -> set[str] | None:
    operation, value = condition["op"], condition["value"]
    if condition["property"] != "concept" or operation not in {"is-a", "descendent-of", "is-not-a"}:
        return None
    below = _below(source.get("concept", ()), value)
    if below is None:
        return None
    if operation == "is-not-a":
        return _codes(source.get("concept", ())) - below - {value}
    return below | {value} if operation == "is-a" else below


def _below(concepts: Iterable[Json], code: str) -> set[str] | None:
    concepts = list(concepts)
    parents = {
        c["code"]: {p["valueCode"] for p in c.get("property", ()) if p.get("code") == "subsumedBy"} for c in concepts
    }
    for concept in concepts:
        if concept["code"] == code:
            found = _codes(concept.get("concept", ()))
            while grown := {c for c, above in parents.items() if above & (found | {code})} - found:
                found |= grown
            return found
        inside = _below(concept.get("concept", ()), code)
        if inside is not None:
            return inside
    return None


# --- packages -------------------------------------------------------------------------------------------------------


def read_package(path: Path) -> Iterator[Json]:
    """The resources of a FHIR package, or of a JSON file (a resource, or a Bundle of them). Raises `FactsError`."""
    try:
        if path.suffix == ".json":
            yield from _unbundled(json.loads(path.read_bytes()))
            return
        with tarfile.open(path, "r:*") as archive:
            for member in archive:
                if member.isfile() and member.name.endswith(".json") and "/example/" not in member.name:
                    if member.size > _MOST_MEMBER:
                        raise ValueError(member.name)
                    stream = archive.extractfile(member)
                    if stream is not None:
                        yield from _unbundled(json.load(stream))
    except (OSError, ValueError, tarfile.TarError, EOFError) as error:
        raise FactsError(
            Text(
                "Le paquet « {p} » n’est pas lisible ({e}) : donnez le .tgz d’un guide FHIR.",
                "The package '{p}' cannot be read ({e}): give the .tgz of a FHIR guide.",
            ).format(p=path, e=error)
        ) from error


def _unbundled(document: object) -> Iterator[Json]:
    if isinstance(document, dict) and document.get("resourceType") == "Bundle":
        for entry in document.get("entry", []):
            yield from _unbundled(entry.get("resource"))
    elif isinstance(document, dict) and isinstance(document.get("resourceType"), str):
        yield document


# --- the command -----------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m recette.profiles.extract", description=__doc__)
    parser.add_argument("sources", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--types", nargs="*", help="keep the definitions of these types only")
    parser.add_argument("--value-sets", nargs="*", type=Path, default=(), help="keep what these files of facts bind")
    options = parser.parse_args(arguments)
    resources = [item for source in options.sources for item in read_package(source)]
    facts = facts_of(resources, options.types)
    facts["resource_types"] = sorted(
        item["type"]
        for item in resources
        if item["resourceType"] == "StructureDefinition"
        and item.get("kind") == "resource"
        and item.get("derivation", "specialization") == "specialization"
        and not item.get("abstract")
    )
    if options.value_sets:
        facts = _codes_only(facts, [json.loads(path.read_text(encoding="utf-8")) for path in options.value_sets])
    text = "{\n" + ",\n".join(_lines(key, value) for key, value in facts.items() if value) + "\n}\n"
    options.out.write_text(text, encoding="utf-8")
    return 0


def _codes_only(facts: Json, users: Sequence[Json]) -> Json:
    """The value sets that these facts bind, and the systems whose codes stand in them."""
    bound = {
        element["binding"][1]
        for user in users
        for definition in user.get("definitions", {}).values()
        for element in definition["elements"]
        if "binding" in element
    }
    value_sets = {url: codes for url, codes in facts["value_sets"].items() if url in bound}
    systems = {system for codes in value_sets.values() for system in codes}
    for user in users:
        systems |= {system for codes in user.get("value_sets", {}).values() for system in codes}
        for definition in user.get("definitions", {}).values():
            for element in definition["elements"]:
                systems |= {found for kept in ("fixed", "pattern") for found in _urls(element.get(kept))}
    return {
        "value_sets": value_sets,
        "code_systems": {url: codes for url, codes in facts["code_systems"].items() if url in systems},
    }


def _urls(value: object) -> set[str]:
    if isinstance(value, str):
        return {value} if value.startswith(("http", "urn:")) else set()
    if isinstance(value, dict):
        value = list(value.values())
    return {url for item in value for url in _urls(item)} if isinstance(value, list) else set()


def _lines(key: str, value: object) -> str:
    """One definition or list a line, so that a change of the guide is a change of a few lines."""
    if not isinstance(value, dict):
        return f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
    inner = ",\n".join(
        f"{json.dumps(name)}: {json.dumps(item, ensure_ascii=False, separators=(',', ':'))}"
        for name, item in sorted(value.items())
    )
    return f"{json.dumps(key)}: {{\n{inner}\n}}"


if __name__ == "__main__":
    sys.exit(main())
