"""Checks of CPTS against what is known of the test data, and against INT_R01, the search that does not ask for them."""

from __future__ import annotations

from collections.abc import Iterator

from recette.checks import facts
from recette.checks.answer import Answer, reference
from recette.checks.communities import names_a_cpts, services_of
from recette.checks.comparison import only_missing
from recette.checks.judging import content_check, shown, tally
from recette.model import Check, Judgement, Problem
from sas_kernel.text import Text


def _cpts(answer: Answer) -> set[str]:
    """The CPTS of the slots, each once: by its national id, or by what is known of it where a link is broken."""
    named = {id for slot in answer.of("Slot") for id in services_of(slot)}
    every = named or {service["id"].string or service.path for service in answer.of("HealthcareService")}
    return {_provider(answer, service) for service in every}


def _provider(answer: Answer, service: str) -> str:
    found = answer.find("HealthcareService", service)
    provider = reference(found["providedBy"]) if found is not None else None
    organization = answer.find("Organization", provider.id) if provider is not None else None
    if organization is None:
        return service
    identifiers = organization["identifier"].elements
    return (identifiers[0]["value"].string if identifiers else None) or organization.path


def _count(answer: Answer, least: int, most: int | None) -> Iterator[Problem | None]:
    """How many CPTS are told; an answer that tells of none at all is `communities.SOME`'s."""
    found = len(_cpts(answer))
    if found:
        expected = str(least) if most is not None else f"≥ {least}"
        yield (
            None
            if least <= found <= (most or found)
            else Problem(
                Text(
                    "Attendu pour ce jeu de test : {e} CPTS ; la réponse en porte {n}.",
                    "Expected for this test data: {e} CPTS; the answer holds {n}.",
                ).format(e=expected, n=found),
                path="Bundle.entry.resource.ofType(Organization)",
                expected=expected,
                actual=str(found),
            )
        )


ONE_CPTS = content_check(
    "cpts.count.one",
    "CPTS-030",
    Text("Une CPTS : un service, une organisation", "One CPTS: one service, one organization"),
    lambda answer: _count(answer, 1, 1),
)
TWO_CPTS = content_check(
    "cpts.count.two",
    "CPTS-031",
    Text("Deux CPTS : deux services, deux organisations", "Two CPTS: two services, two organizations"),
    lambda answer: _count(answer, 2, None),
)


def _shared(answer: Answer) -> Iterator[Problem | None]:
    named = [set(services_of(slot)) for slot in answer.of("Slot")]
    if len(set().union(*named)) > 1:
        yield (
            None
            if any(len(services) > 1 for services in named)
            else Problem(
                Text(
                    "Aucun créneau n’est dit visible par deux CPTS, alors que le jeu de test en a un.",
                    "No slot is said to be shown to two CPTS, while the test data has one.",
                ),
                path="Bundle.entry.resource.ofType(Slot).serviceType",
                expected="2 × 604",
                actual="1 × 604",
            )
        )


SHARED = content_check(
    "cpts.slot.shared",
    "CPTS-032",
    Text("Un créneau visible par deux CPTS désigne les deux", "A slot shown to two CPTS names both"),
    _shared,
)

HOLDS_USUAL: Check = only_missing(
    "cpts.holds_usual",
    "CPTS-040",
    Text("Aucun créneau d’INT_R01 ne manque à INT_R04", "No slot of INT_R01 is missing from INT_R04"),
)


def _usual_form(answer: Answer) -> Judgement:
    """Evidence: the answer to the search without the include."""
    if not answer.usable:
        return Judgement(0, reason=answer.unusable)
    foreign = set(facts.CPTS_PROFILES.values())
    claimed = [node["meta"]["profile"] for node in (answer.root, *answer.of("Slot"))]
    wrong = [
        *(node for kind in ("HealthcareService", "Organization") for node in answer.of(kind)),
        *(profile for profile in claimed if foreign & {one.string for one in profile.elements}),
        *(slot["serviceType"] for slot in answer.of("Slot") if names_a_cpts(slot)),
    ]
    message = Text(
        "Rien des CPTS n’était demandé : ni leurs ressources, ni leurs profils, ni le code 604.",
        "Nothing of the CPTS was asked for: neither their resources, nor their profiles, nor code 604.",
    )
    return tally([Problem(message, wrong[0].path, "INT_R01", shown(wrong[0].value)) if wrong else None])


USUAL_FORM = Check(
    "cpts.usual_form",
    "CPTS-041",
    Text("Sans l’include, la réponse est celle d’INT_R01", "Without the include, the answer is that of INT_R01"),
    _usual_form,
)
