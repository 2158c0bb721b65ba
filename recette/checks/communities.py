"""Checks of what INT_R04 adds to a search: the CPTS to which slots are shown, their services, their organizations.

What the guide's prose says of one resource or of the whole answer is judged by its rules (`recette.profiles.prose`),
one requirement a rule. Source: IG SAS 1.2.0, recherche de créneaux CPTS and its profiles, and the ANS test kit 0.3.0.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache

from recette.checks import facts
from recette.checks.answer import Answer, codes, reference, slot_types
from recette.checks.json_document import Node
from recette.checks.judging import content_check, shown
from recette.model import Check, Problem
from recette.profiles import facts as guide
from recette.profiles import prose
from recette.profiles.model import Issue
from recette.profiles.prose_resources import SERVICE_TYPE, of_resource
from recette.profiles.use_cases import UseCase
from sas_kernel.text import Text


@cache
def _profiles() -> dict[str, str]:
    return dict(guide.load().use_cases[UseCase.CPTS])


def services_of(slot: Node) -> tuple[str, ...]:
    """The ids of the HealthcareServices a slot names, in order."""
    found = (
        reference(extension["valueReference"])
        for concept in slot["serviceType"].elements
        for extension in concept["extension"].elements
        if extension["url"].string == SERVICE_TYPE
    )
    return tuple(each.id for each in found if each is not None and each.type == "HealthcareService")


def names_a_cpts(slot: Node) -> bool:
    """Whether a slot carries anything of a CPTS: its code, or its extension."""
    return bool(services_of(slot)) or any(
        code == facts.CPTS_CATEGORY
        for concept in slot["serviceType"].elements
        for _, code in codes(concept, facts.ESTABLISHMENT_SYSTEM)
    )


def is_shown_to_a_cpts(slot: Node) -> bool:
    return "CPTS" in slot_types(slot) or names_a_cpts(slot)


def _told_of(answer: Answer) -> bool:
    """Whether the answer is one of INT_R04 at all; that it is not is told once, by `SOME`."""
    return bool(answer.of("HealthcareService")) or any(map(is_shown_to_a_cpts, answer.of("Slot")))


def _some(answer: Answer) -> Iterator[Problem | None]:
    if answer.of("Slot"):
        yield (
            None
            if _told_of(answer)
            else Problem(
                Text(
                    "La recherche demande les CPTS, la réponse n’en dit aucune (_include=Slot:service-type-reference).",
                    "The search asks for the CPTS, the answer tells of none (_include=Slot:service-type-reference).",
                ),
                path="Bundle.entry.resource.ofType(HealthcareService)",
                expected="≥ 1 HealthcareService",
                actual="0",
            )
        )


SOME = content_check(
    "cpts.some",
    "CPTS-001",
    Text("La recherche rend les CPTS demandées", "The search returns the CPTS asked for"),
    _some,
)


def _claim(node: Node, *allowed: str) -> Problem | None:
    """The problem of one claimed profile that is another; how many are claimed is judged elsewhere."""
    claimed = node["meta"]["profile"]
    found = [profile.string for profile in claimed.elements]
    return (
        None
        if len(found) == 1 and found[0] in allowed
        else Problem(
            Text(
                "meta.profile est l’URL canonique du profil de cette ressource dans INT_R04.",
                "meta.profile is the canonical URL of this resource's profile in INT_R04.",
            ),
            path=claimed.path,
            expected=allowed[0],
            actual=shown(claimed.value) if claimed.present else None,
        )
    )


def _one_claim(node: Node) -> bool:
    return len(node["meta"]["profile"].elements) == 1


def _bundle_claim(answer: Answer) -> Iterator[Problem | None]:
    if answer.bundle is not None and _told_of(answer) and _one_claim(answer.bundle):
        yield _claim(answer.bundle, facts.CPTS_PROFILES["Bundle"])


BUNDLE_CLAIM = content_check(
    "cpts.profile.bundle",
    "CPTS-002",
    Text("Le Bundle se dit de INT_R04", "The Bundle claims its INT_R04 profile"),
    _bundle_claim,
)


def _slot_claims(answer: Answer) -> Iterator[Problem | None]:
    for slot in answer.of("Slot") if _told_of(answer) else ():
        if _one_claim(slot):
            usual = () if is_shown_to_a_cpts(slot) else (facts.PROFILES["Slot"],)
            yield _claim(slot, facts.CPTS_PROFILES["Slot"], *usual)


SLOT_CLAIMS = content_check(
    "cpts.profile.slot",
    "CPTS-003",
    Text("Chaque créneau de CPTS se dit de INT_R04", "Each slot of a CPTS claims its INT_R04 profile"),
    _slot_claims,
)


def _other_claims(answer: Answer) -> Iterator[Problem | None]:
    for kind in ("HealthcareService", "Organization"):
        for node in answer.of(kind):
            yield _claim(node, facts.CPTS_PROFILES[kind])


OTHER_CLAIMS = content_check(
    "cpts.profile.others",
    "CPTS-004",
    Text("Service et organisation disent leur profil", "Service and organization claim their profiles"),
    _other_claims,
)


def _of_slots(rule: str, requirement: str, title: Text, concerned: Callable[[Node], bool]) -> Check:
    """A rule of the prose about one slot, judged on the slots concerned."""

    def look(answer: Answer) -> Iterator[Problem | None]:
        for slot in filter(concerned, answer.of("Slot")):
            issues = of_resource(slot.value, "Slot", UseCase.CPTS, _profiles())
            yield from _problems(issues, {rule}, slot.path, "Slot") or [None]

    return content_check(f"cpts.slot.{rule}", requirement, title, look)


def _problems(issues: Iterable[Issue], rules: Collection[str], path: str, root: str) -> list[Problem | None]:
    return [
        Problem(issue.message, path + issue.path[len(root) :], issue.expected, issue.actual)
        for issue in issues
        if issue.rule in rules
    ]


NAMED = _of_slots(
    "cpts-slot",
    "CPTS-010",
    Text("Un créneau de type CPTS désigne sa CPTS", "A slot of type CPTS names its CPTS"),
    lambda slot: "CPTS" in slot_types(slot),
)
TYPED = _of_slots(
    "cpts-type",
    "CPTS-011",
    Text("Seul un créneau de type CPTS désigne une CPTS", "Only a slot of type CPTS names a CPTS"),
    lambda slot: slot["meta"]["security"].present,
)
CODED = _of_slots(
    "604",
    "CPTS-012",
    Text("La CPTS se dit par le code 604 de TRE_R66", "The CPTS is told by code 604 of TRE_R66"),
    is_shown_to_a_cpts,
)
REFERRED = _of_slots(
    "604-reference",
    "CPTS-013",
    Text("Le code 604 désigne un HealthcareService", "Code 604 names one HealthcareService"),
    is_shown_to_a_cpts,
)
NOWHERE_ELSE = _of_slots(
    "604-elsewhere",
    "CPTS-014",
    Text("L’extension n’accompagne que le code 604", "The extension stands with code 604 only"),
    lambda slot: slot["serviceType"].present,
)
NAMED_ONCE = _of_slots(
    "cpts-once",
    "CPTS-015",
    Text("Un créneau désigne chaque CPTS une fois", "A slot names each CPTS once"),
    is_shown_to_a_cpts,
)


def _of_bundle(id: str, requirement: str, title: Text, rule: str, under: str, kind: str) -> Check:
    """A rule of the prose about the whole answer, where it speaks of a path that holds `under`."""

    def look(answer: Answer) -> Iterator[Problem | None]:
        if answer.bundle is None or not answer.of(kind):
            return
        issues = prose.check(answer.bundle.value, UseCase.CPTS, _profiles())
        spoken = (issue for issue in issues if under in issue.path)
        yield from _problems(spoken, {rule}, "Bundle", "Bundle") or [None]

    return content_check(id, requirement, title, look)


SERVICE_PRESENT = _of_bundle(
    "cpts.references.slot_service",
    "CPTS-016",
    Text("Le service que désigne un créneau est dans la réponse", "The service a slot names is in the answer"),
    "resolves",
    ".serviceType[",
    "HealthcareService",
)
PROVIDER_PRESENT = _of_bundle(
    "cpts.references.service_organization",
    "CPTS-017",
    Text("La CPTS de chaque service est dans la réponse", "The CPTS of each service is in the answer"),
    "resolves",
    ".providedBy",
    "HealthcareService",
)


def _one_service(answer: Answer) -> Iterator[Problem | None]:
    """Where a link between them is broken, its own check says so: what it would have led to is not missing."""
    if answer.bundle is None or not answer.of("Organization"):
        return
    issues = list(prose.check(answer.bundle.value, UseCase.CPTS, _profiles()))
    lost = {i.path for i in issues if i.rule == "resolves" and (".serviceType[" in i.path or ".providedBy" in i.path)}
    spoken = (i for i in issues if i.path not in lost and (not lost or ".providedBy" in i.path))
    yield from _problems(spoken, {"one-service"}, "Bundle", "Bundle") or [None]


ONE_SERVICE = content_check(
    "cpts.one_service",
    "CPTS-018",
    Text("Un service par organisation de CPTS", "One service a CPTS organization"),
    _one_service,
)


def _asked_for(answer: Answer) -> Iterator[Problem | None]:
    named = {id for slot in answer.of("Slot") for id in services_of(slot)}
    for service in answer.of("HealthcareService") if named else ():
        yield (
            None
            if service["id"].string in named
            else Problem(
                Text("Aucun créneau de la réponse ne désigne cette CPTS.", "No slot of the answer names this CPTS."),
                path=service.path,
                expected=" | ".join(sorted(named)),
                actual=shown(service["id"].string or ""),
            )
        )


ASKED_FOR = content_check(
    "cpts.service.named",
    "CPTS-019",
    Text("Seulement les CPTS des créneaux rendus", "Only the CPTS of the slots returned"),
    _asked_for,
)

FULL: tuple[Check, ...] = (
    SOME,
    BUNDLE_CLAIM,
    SLOT_CLAIMS,
    OTHER_CLAIMS,
    NAMED,
    TYPED,
    CODED,
    REFERRED,
    NOWHERE_ELSE,
    NAMED_ONCE,
    SERVICE_PRESENT,
    PROVIDER_PRESENT,
    ONE_SERVICE,
    ASKED_FOR,
)
"""What is checked of the CPTS of an answer that holds slots of theirs."""
