"""What an answer to the SOS search holds: one check a requirement, over what the profiles and the prose already say.

The rules stand in `recette.profiles`; here each thing they tell is given to the one requirement it breaks, by the place
it is told of. What no requirement claims is left to the requirement of the profile. Source: IG SAS 1.2.0, SOS profiles.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

from recette.checks.answer import Answer
from recette.checks.profile_conformance import related
from recette.model import Check, Exchange, Judgement, Problem
from recette.profiles import facts as guide
from recette.profiles import prose, use_cases
from recette.profiles.checker import KEPT, Checker
from recette.profiles.model import Issue, Weight
from recette.profiles.use_cases import UseCase
from sas_kernel.text import Text

KINDS: Final = ("Bundle", "Slot", "Schedule", "Location", "Organization")
_ANY: Final = ""

_SLICE: Final = re.compile(r":[A-Za-z0-9\-]+")
_INDEX: Final = re.compile(r"\[\d+\]")
_RESOURCE: Final = re.compile(r"Bundle\.entry\[(\d+)\]\.resource")


@cache
def _checker() -> Checker:
    return Checker(guide.load(), kept=KEPT)


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a requirement speaks of: these rules (any, when none is named) at places of this form (any, when empty).

    A place is that of an element without positions and slices, named by its resource (`Location.address.city`).
    `kind`: the resources that are examined; `advice`: what the prose only advises counts as well.
    """

    id: str
    requirement: str
    kind: str
    title: Text
    place: str = ""
    rules: tuple[str, ...] = ()
    advice: bool = False

    def takes(self, issue: Issue, place: str) -> bool:
        return (
            (self.advice or issue.weight is Weight.ERROR)
            and (not self.rules or issue.rule in self.rules)
            and (not self.place or re.fullmatch(self.place, place) is not None)
        )


_BUNDLE: Final = (
    _Claim(
        "sos.profiles",
        "SOS-050",
        _ANY,
        Text("Chaque ressource déclare son profil SOS", "Each resource claims its SOS profile"),
        rules=("meta.profile",),
    ),
    _Claim(
        "sos.schedule.one_a_site",
        "SOS-010",
        "Schedule",
        Text("Un agenda par point de consultation, et un seul", "One schedule a place of consultation, and only one"),
        rules=("one-schedule",),
    ),
    _Claim(
        "sos.entry.once",
        "SOS-013",
        _ANY,
        Text("Chaque ressource figure une seule fois dans la réponse", "Each resource stands once in the answer"),
        rules=("unique",),
    ),
    _Claim(
        "sos.entry.kinds",
        "SOS-014",
        _ANY,
        Text("Seulement créneaux, agendas, points et associations", "Only slots, schedules, places and associations"),
        rules=("kind",),
    ),
    _Claim(
        "sos.entry.full_url",
        "SOS-016",
        _ANY,
        Text("Chaque entrée de la réponse a son fullUrl", "Each entry of the answer has its fullUrl"),
        r"Bundle\.entry\.fullUrl",
    ),
    _Claim(
        "sos.entry.search_mode",
        "SOS-026",
        _ANY,
        Text("search.mode : include pour ce qui accompagne", "search.mode: include for what comes along"),
        r"Bundle\.entry\.search\.mode",
        advice=True,
    ),
    _Claim(
        "sos.bundle.total",
        "SOS-015",
        "Bundle",
        Text("Le total compte les créneaux, pas les agendas", "The total counts the slots, not the schedules"),
        r"Bundle\.total",
    ),
    _Claim(
        "sos.bundle.link",
        "SOS-017",
        "Bundle",
        Text("Un lien self, et aucun autre", "One link self, and no other"),
        r"Bundle\.link.*",
    ),
    _Claim(
        "sos.bundle.searchset",
        "SOS-001",
        "Bundle",
        Text("Le Bundle est de type searchset", "The Bundle is a searchset"),
        r"Bundle\.type",
    ),
)
_SLOT: Final = (
    _Claim(
        "sos.slot.free",
        "SOS-005",
        "Slot",
        Text("Tous les créneaux SOS sont libres", "All SOS slots are free"),
        r"Slot\.status",
    ),
    _Claim(
        "sos.slot.instants",
        "SOS-020",
        "Slot",
        Text("Début et fin : millisecondes, décalage, dans l’ordre", "Start and end: milliseconds, offset, in order"),
        r"Slot\.(start|end)",
    ),
    _Claim(
        "sos.slot.schedule",
        "SOS-011",
        "Slot",
        Text("Chaque créneau est dans un agenda de la réponse", "Each slot is in a schedule of the answer"),
        r"Slot\.schedule.*",
    ),
    _Claim(
        "sos.slot.types",
        "SOS-021",
        "Slot",
        Text("Types de créneau : PUBLIC et SNP, rien d’autre", "Slot types: PUBLIC and SNP, nothing else"),
        r"Slot\.meta\.security.*",
    ),
    _Claim(
        "sos.slot.consultation",
        "SOS-022",
        "Slot",
        Text("Types de consultation : AMB, VR et HH, rien d’autre", "Consultation types: AMB, VR and HH, nothing else"),
        r"Slot\.serviceType.*",
    ),
    _Claim(
        "sos.slot.appointment_type",
        "SOS-023",
        "Slot",
        Text("Avec rendez-vous (ROUTINE) ou sans (WALKIN)", "With appointment (ROUTINE) or without (WALKIN)"),
        r"Slot\.appointmentType.*",
    ),
    _Claim(
        "sos.slot.comment",
        "SOS-024",
        "Slot",
        Text("Une adresse de réservation si le rendez-vous est requis", "A booking address where one has to book"),
        r"Slot\.comment",
    ),
)
_SITE: Final = (
    _Claim(
        "sos.schedule.actor",
        "SOS-030",
        "Schedule",
        Text("L’agenda est celui d’un point de la réponse", "The schedule is that of a place of the answer"),
        r"Schedule\.actor.*",
    ),
    _Claim(
        "sos.location.managed",
        "SOS-031",
        "Location",
        Text("Le point dépend d’une association de la réponse", "The place belongs to an association of the answer"),
        r"Location\.managingOrganization.*",
    ),
    _Claim(
        "sos.location.name",
        "SOS-032",
        "Location",
        Text("Le point de consultation a un nom", "The place of consultation has a name"),
        r"Location\.name",
    ),
    _Claim(
        "sos.location.address",
        "SOS-033",
        "Location",
        Text("Une ligne, une ville, un code postal de cinq chiffres", "One line, a city, a postal code of five digits"),
        r"Location\.address.*",
    ),
    _Claim(
        "sos.location.identifier_type",
        "SOS-035",
        "Location",
        Text("L’identifiant du point est de type INTRN", "The place's identifier is of type INTRN"),
        r"Location\.identifier\.(type|system|value)",
        ("pattern", "identifier-pair", "structure-id"),
    ),
    _Claim(
        "sos.location.identifier",
        "SOS-034",
        "Location",
        Text("L’identifiant du point a type, système et valeur", "The place's identifier has type, system and value"),
        r"Location\.identifier.*",
    ),
    _Claim(
        "sos.phone",
        "SOS-036",
        "Location",
        Text("Le téléphone est sous sa forme internationale", "The phone is in its international form"),
        r"(Location|Organization)\.telecom.*",
    ),
    _Claim(
        "sos.location.hours",
        "SOS-037",
        "Location",
        Text("Les horaires, s’il y en a, sont codés", "Opening hours, where there are any, are coded"),
        r"Location\.hoursOfOperation.*",
    ),
    _Claim(
        "sos.association.siret",
        "SOS-003",
        "Organization",
        Text("Le SIRET précédé de 3, dans son système", "The SIRET after a 3, in its system"),
        r"Organization\.identifier(\.system|\.value)?",
        ("SIRET-invariant", "pattern", "identifier-pair", "system"),
    ),
    _Claim(
        "sos.association.identifier",
        "SOS-040",
        "Organization",
        Text("L’association a un identifiant, de type IDNST", "The association has one identifier, of type IDNST"),
        r"Organization\.identifier.*",
    ),
    _Claim(
        "sos.association.name",
        "SOS-041",
        "Organization",
        Text("L’association est nommée", "The association is named"),
        r"Organization\.name",
        advice=True,
    ),
)
_PROFILES: Final = tuple(
    _Claim(
        f"sos.profile.{kind.lower()}",
        f"SOS-{number:03d}",
        kind,
        Text(f"Rien d’autre dans {kind} ne contredit son profil", f"Nothing else in {kind} contradicts its profile"),
        rf"{kind}(\..*)?",
    )
    for number, kind in enumerate(KINDS, start=51)
)
_CLAIMS: Final = (*_BUNDLE, *_SLOT, *_SITE, *_PROFILES)
"""In the order in which they are asked: the first that takes an issue keeps it."""


@dataclass(frozen=True)
class Sites:
    """An answer to the SOS search, with what the profiles and the prose tell of it, by the check that says so."""

    answer: Answer

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return self.answer.exchanges

    @cached_property
    def told(self) -> dict[str, dict[str, Problem]]:
        """Problems by check and path: what is told twice of one place is told once."""
        found: dict[str, dict[str, Problem]] = {claim.id: {} for claim in _CLAIMS}
        for issue in _issues(self.answer):
            place = _place(self.answer, issue.path)
            claim = next((claim for claim in _CLAIMS if claim.takes(issue, place)), None)
            if claim is not None:
                problem = Problem(issue.message, _SLICE.sub("", issue.path), issue.expected, issue.actual)
                found[claim.id].setdefault(problem.path, problem)
        rest = {claim.id for claim in _PROFILES}
        spoken = {path for id, problems in found.items() if id not in rest for path in problems}
        for id in rest:
            found[id] = {path: problem for path, problem in found[id].items() if not related(path, spoken)}
        return found


def _issues(answer: Answer) -> list[Issue]:
    """All there is to say. That a slice is empty follows from what is wrong with the entries: they say it."""
    checker, bundle = _checker(), answer.root.value
    issues = use_cases.check(checker, bundle, UseCase.SOS) or []
    issues += prose.check(bundle, UseCase.SOS, checker.facts.use_cases[UseCase.SOS])
    return [
        issue
        for issue in issues
        if issue.weight is not Weight.UNVERIFIED
        and not (issue.rule == "min" and _SLICE.sub("", issue.path) == "Bundle.entry")
    ]


def _place(answer: Answer, path: str) -> str:
    path = _SLICE.sub("", path)
    inside = _RESOURCE.match(path)
    if inside is not None:
        resource = answer.root["entry"].elements[int(inside[1])]["resource"]
        path = f"{resource['resourceType'].string or '?'}{path[inside.end() :]}"
    return _INDEX.sub("", path)


def _check(claim: _Claim) -> Check:
    def judge(sites: Sites) -> Judgement:
        answer = sites.answer
        if answer.unusable is not None:
            return Judgement(0, reason=answer.unusable)
        seen = answer.entries if claim.kind == _ANY else answer.of(claim.kind)
        problems = tuple(sites.told[claim.id].values())
        return Judgement(1 if claim.kind == "Bundle" else max(len(seen), len(problems)), problems)

    return Check(claim.id, claim.requirement, claim.title, judge)


CONTENT: Final[tuple[Check, ...]] = tuple(_check(claim) for claim in _CLAIMS)
"""Of an answer that holds slots (evidence: `Sites`)."""
