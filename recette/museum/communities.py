"""Editors who are wrong about the CPTS to which their slots are shown (INT_R04)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from recette.museum.bending import Apply, Fault, Json, drop, entry, linked, on_bundle, on_reply, outcome, put, resources
from recette.museum.wire import Agenda, Asked, Reply

_INCLUDE = "&_include=Slot:service-type-reference"
_BARE_SYSTEM = "https://mos.esante.gouv.fr/NOS/TRE_R66-CategorieEtablissement"


def _asks_for_cpts(asked: Asked) -> bool:
    return "service-type-reference" in asked.target


def _only(apply: Apply) -> Apply:
    """Only where the CPTS are asked for: INT_R01 is answered as it ought to be."""

    async def limited(asked: Asked, reference: Agenda) -> Reply:
        return await (apply(asked, reference) if _asks_for_cpts(asked) else reference(asked))

    return limited


def _on_cpts(bend: Callable[[Json], None], *, empty: bool = False) -> Apply:
    return _only(on_bundle(bend, empty=empty))


def _each(name: str, bend: Callable[[Json], None]) -> Apply:
    def all_of_them(document: Json) -> None:
        for resource in resources(document, name):
            bend(resource)

    return _on_cpts(all_of_them)


def _named(slot: Json) -> list[Json]:
    """The serviceTypes by which a slot names its CPTS."""
    return [concept for concept in slot["serviceType"] if "extension" in concept]


def _each_naming(bend: Callable[[Json], None]) -> Apply:
    """Change every serviceType that names a CPTS."""

    def all_of_them(document: Json) -> None:
        for slot in resources(document, "Slot"):
            for concept in _named(slot):
                bend(concept)

    return _on_cpts(all_of_them)


def _claims(name: str, canonical: str) -> Apply:
    return _each(name, lambda resource: resource["meta"].update(profile=[canonical]))


def _typed_otherwise(slot: Json) -> None:
    """Shown to a CPTS, and said to be of another type."""
    for coding in slot["meta"]["security"]:
        if coding["code"] == "CPTS":
            coding["code"] = "SNP"


def _said_by_everybody(document: Json) -> None:
    """Every slot names the CPTS, those that it does not see too."""
    naming = [concept for slot in resources(document, "Slot") for concept in _named(slot)]
    for slot in resources(document, "Slot"):
        if not _named(slot):
            slot["serviceType"].append(copy.deepcopy(naming[0]))


def _unnamed(document: Json) -> None:
    """One slot of a CPTS forgets to name it."""
    slot = next(slot for slot in resources(document, "Slot") if len(_named(slot)) == 1)
    slot["serviceType"] = [concept for concept in slot["serviceType"] if "extension" not in concept]


def _on_consultation(slot: Json) -> None:
    """The extension stands with the consultation type as well."""
    for concept in _named(slot)[:1]:
        slot["serviceType"][0]["extension"] = copy.deepcopy(concept["extension"])


def _twice(slot: Json) -> None:
    slot["serviceType"] += copy.deepcopy(_named(slot)[:1])


def _first_only(slot: Json) -> None:
    """A slot that two CPTS see names the first one."""
    for concept in _named(slot)[1:]:
        slot["serviceType"].remove(concept)


def _without(kind: str) -> Apply:
    def lost(document: Json) -> None:
        gone = resources(document, kind)[-1]
        document["entry"] = [item for item in document["entry"] if item["resource"] is not gone]

    return _on_cpts(lost)


def _elsewhere(service: Json) -> None:
    service["providedBy"]["reference"] = "Organization/nowhere"


def _service_again(document: Json) -> None:
    """One service more for the same CPTS, which some slots name instead."""
    for service in resources(document, "HealthcareService")[:1]:
        again = copy.deepcopy(service)
        again["id"] += "-bis"
        document["entry"].append(entry(again))
        naming = [concept for slot in resources(document, "Slot") for concept in _named(slot)]
        mine = [c for c in naming if c["extension"][0]["valueReference"]["reference"].endswith(f"/{service['id']}")]
        mine[0]["extension"][0]["valueReference"]["reference"] += "-bis"


def _stranger(document: Json) -> None:
    """A CPTS of the neighbourhood comes along; nobody's slot names it."""
    service = copy.deepcopy(resources(document, "HealthcareService")[0])
    organization = copy.deepcopy(resources(document, "Organization")[0])
    service["id"], organization["id"] = "hs-voisine", "cpts-voisine"
    service["providedBy"]["reference"] = "Organization/cpts-voisine"
    organization["identifier"][0]["value"] = "1990000999"
    document["entry"] += [entry(service), entry(organization)]


def _neighbour_named(document: Json) -> None:
    """The doctor of one CPTS is said to belong to a second one, which a slot names."""
    if len(resources(document, "Organization")) == 1:
        _stranger(document)
        slot = next(slot for slot in resources(document, "Slot") if _named(slot))
        _named(slot)[0]["extension"][0]["valueReference"]["reference"] = "HealthcareService/hs-voisine"


def _identifier(bend: Callable[[Json], None]) -> Apply:
    return _each("Organization", lambda organization: bend(organization["identifier"][0]))


def _second_identifier(organization: Json) -> None:
    organization["identifier"].append(copy.deepcopy(organization["identifier"][0]))


def _of_another_type(identifier: Json) -> None:
    for coding in identifier["type"]["coding"]:
        coding["code"] = "FINEG"


def _same_organization(document: Json) -> None:
    """Two CPTS under one FINESS."""
    values = [organization["identifier"][0] for organization in resources(document, "Organization")]
    for identifier in values[1:]:
        identifier["value"] = values[0]["value"]


def _not_asked(asked: Asked, reply: Reply) -> bool:
    return not asked.is_search or _asks_for_cpts(asked) or reply.status != 200


async def _unasked(asked: Asked, reference: Agenda) -> Reply:
    """A member of a CPTS is always answered in the manner of INT_R04."""
    reply = await reference(asked)
    if _not_asked(asked, reply):
        return reply
    asked_more = Asked(asked.method, asked.target.replace("&start", f"{_INCLUDE}&start", 1), asked.headers)
    more = await reference(asked_more)
    return linked(asked, more) if b"HealthcareService/" in more.body else reply


async def _ignored(asked: Asked, reference: Agenda) -> Reply:
    """Answers INT_R04 as if it were INT_R01."""
    bare = Asked(asked.method, asked.target.replace(_INCLUDE, ""), asked.headers)
    return linked(asked, await reference(bare))


async def _in_one_order(asked: Asked, reference: Agenda) -> Reply:
    """Looks for the include of CPTS in one place only, and finds nothing where it stands elsewhere."""
    if _asks_for_cpts(asked) and "Schedule:actor" not in asked.target.partition(_INCLUDE)[0]:
        return await _ignored(asked, reference)
    return await reference(asked)


async def _of_the_first(asked: Asked, reference: Agenda) -> Reply:
    """Asked for several, gives the slots of the first one."""
    if not _asks_for_cpts(asked) or "," not in asked.target:
        return await reference(asked)
    head, _, tail = asked.target.partition(",")
    first = Asked(asked.method, head + tail[tail.index("&") :], asked.headers)
    return linked(asked, await reference(first))


def _cpts_alone(document: Json) -> None:
    """Leaves out the slots that no CPTS sees."""
    document["entry"] = [
        item for item in document["entry"] if item["resource"]["resourceType"] != "Slot" or _named(item["resource"])
    ]
    document["total"] = len(resources(document, "Slot"))


def _reference(to: str) -> Callable[[Json], None]:
    def bend(concept: Json) -> None:
        concept["extension"][0]["valueReference"] = {"reference": to}

    return bend


def _coded(**changes: Any) -> Apply:
    return _each_naming(lambda concept: concept["coding"][0].update(changes))


FAULTS: tuple[Fault, ...] = (
    Fault("cpts-ignored", "CPTS-001", "the include of CPTS is not understood", _only(_ignored), also=("SLOT-100",)),
    Fault(
        "cpts-bundle-as-usual",
        "CPTS-002",
        "the Bundle claims the profile of INT_R01",
        _on_cpts(lambda b: b["meta"].update(profile=["http://sas.fr/fhir/StructureDefinition/BundleAgregateur"])),
    ),
    Fault(
        "cpts-slots-as-usual",
        "CPTS-003",
        "slots of CPTS claim the profile of INT_R01",
        _claims("Slot", "http://sas.fr/fhir/StructureDefinition/FrSlotAgregateur"),
    ),
    Fault(
        "cpts-of-base-fhir",
        "CPTS-004",
        "the CPTS claims base FHIR",
        _claims("Organization", "http://hl7.org/fhir/StructureDefinition/Organization"),
    ),
    Fault("cpts-unclaimed", "CPTS-004", "a service without profile", _each("HealthcareService", drop("meta"))),
    Fault("cpts-unnamed", "CPTS-010", "a slot of type CPTS names none", _on_cpts(_unnamed)),
    Fault("cpts-untyped", "CPTS-011", "slots of CPTS are said to be SNP", _each("Slot", _typed_otherwise)),
    Fault("cpts-everywhere", "CPTS-011", "public slots name a CPTS", _on_cpts(_said_by_everybody)),
    Fault("cpts-other-system", "CPTS-012", "604 of TRE_R66 without /FHIR/", _coded(system=_BARE_SYSTEM)),
    Fault("cpts-other-code", "CPTS-012", "603 for 604", _coded(code="603")),
    Fault("cpts-unreferred", "CPTS-013", "604 without its extension", _each_naming(drop("extension"))),
    Fault(
        "cpts-straight-to-organization",
        "CPTS-013",
        "604 names the Organization",
        _each_naming(_reference("Organization/cpts-1")),
    ),
    Fault("cpts-on-consultation", "CPTS-014", "the extension beside AMB", _each("Slot", _on_consultation)),
    Fault("cpts-named-twice", "CPTS-015", "the same CPTS twice in a slot", _each("Slot", _twice)),
    Fault("cpts-service-lost", "CPTS-016", "a named service is left out", _without("HealthcareService")),
    Fault("cpts-organization-lost", "CPTS-017", "the organizations are left out", _without("Organization")),
    Fault("cpts-provided-by-nobody", "CPTS-017", "services of nobody", _each("HealthcareService", _elsewhere)),
    Fault("cpts-two-services", "CPTS-018", "two services for a CPTS", _on_cpts(_service_again)),
    Fault("cpts-neighbour", "CPTS-019", "a CPTS that no slot names", _on_cpts(_stranger)),
    Fault("cpts-two-identifiers", "CPTS-020", "two identifiers", _each("Organization", _second_identifier)),
    Fault(
        "cpts-other-national-system", "CPTS-020", "a system of its own", _identifier(put("system", "http://finess.fr"))
    ),
    Fault(
        "cpts-bare-finess", "CPTS-021", "FINESS without its 1", _identifier(lambda i: i.update(value=i["value"][1:]))
    ),
    Fault(
        "cpts-finej",
        "CPTS-022",
        "FINEG for IDNST",
        _identifier(_of_another_type),
    ),
    Fault("cpts-nameless", "CPTS-023", "a CPTS without name", _each("Organization", drop("name"))),
    Fault("cpts-phoneless", "CPTS-024", "a CPTS without phone", _each("Organization", drop("telecom"))),
    Fault(
        "cpts-phone-as-stored",
        "CPTS-025",
        "01 99…",
        _each("Organization", lambda o: o["telecom"][0].update(value="01 99 00 00 41")),
    ),
    Fault("cpts-one-too-many", "CPTS-030", "a second CPTS for who has one", _on_cpts(_neighbour_named)),
    Fault("cpts-one-finess", "CPTS-031", "two CPTS of one FINESS", _on_cpts(_same_organization)),
    Fault("cpts-first-only", "CPTS-032", "a shared slot names one CPTS", _each("Slot", _first_only)),
    Fault("cpts-alone", "CPTS-040", "only the slots of CPTS", _on_cpts(_cpts_alone), also=("SLOT-125",)),
    Fault("cpts-unasked", "CPTS-041", "CPTS nobody asked for", _unasked),
    Fault("cpts-one-order", "CPTS-042", "one order of includes is understood", _in_one_order),
    Fault("cpts-of-the-first", "CPTS-043", "several asked, the first served", _of_the_first),
    Fault("cpts-service-numbered", "CPTS-050", "a name that is a number", _each("HealthcareService", put("name", 7))),
    Fault("cpts-alias", "CPTS-051", "an alias that is no list", _each("Organization", put("alias", "Les Rives"))),
    Fault(
        "cpts-unknown-refused",
        "SLOT-167",
        "nobody known, 404",
        _only(on_reply(lambda asked, reply: reply if b'"entry"' in reply.body else outcome(404, "not-found"))),
    ),
)
