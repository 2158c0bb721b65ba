"""Judges a saved document by everything we know of it: its profile, the guide's prose, and the checks of its flow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from recette.checks import exchange, offline
from recette.checks.answer import Answer
from recette.checks.json_document import Document
from recette.checks.judging import shown
from recette.checks.offline import UnknownDocumentError
from recette.model import Level, Requirement
from recette.profiles import prose, use_cases
from recette.profiles.checker import Checker
from recette.profiles.model import Issue, Layer, Weight
from recette.profiles.use_cases import UseCase
from sas_kernel.errors import SasError
from sas_kernel.text import Text


class UnknownProfileError(SasError):
    """No definition has this canonical: nothing can be said."""


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that is wrong (`SHALL`) or ought to be otherwise. `rule`: a requirement's id, or a rule of `source`."""

    level: Level
    weight: str
    rule: str
    source: str
    layer: str
    path: str
    message: Text
    expected: str | None
    actual: str | None


@dataclass(frozen=True, slots=True)
class Conformance:
    """`unverified` is what nobody looked at: it is neither for nor against the document."""

    kind: str
    profile: str | None
    use_case: UseCase | None
    checks: int
    told: tuple[Told, ...]
    unverified: tuple[Issue, ...] = ()

    @property
    def faults(self) -> int:
        return sum(each.level is Level.SHALL for each in self.told)

    @property
    def conforms(self) -> bool:
        return self.faults == 0


LEVELS: Final = {Weight.ERROR: Level.SHALL, Weight.WARNING: Level.SHOULD}
_BASE: Final = "http://hl7.org/fhir/StructureDefinition/"
_PLAIN: Final = ("OperationOutcome", "CapabilityStatement")
"""Types that the flows use as FHIR R4 has them."""


def judge(
    body: bytes, checker: Checker, requirements: Mapping[str, Requirement], profile: str | None = None
) -> Conformance:
    """What is to be said of a document, each fault once; `profile`: the canonical to hold it against.

    Without one it is held against the profile of its type in the exchange it is most likely of, and against the
    requirements of that exchange where they can be judged of a file. Raises `UnknownDocumentError` for JSON of a
    kind that no flow knows and `UnknownProfileError` for a canonical without a definition, or with another version's.
    """
    if profile is not None:
        _known(checker, profile)
    answer = Answer(None, saved=body)
    resource = answer.root.value
    if answer.document.fault is not None or not isinstance(resource, dict):
        judged = offline.judge_document(body)
        return Conformance("", profile, None, 1, tuple(_of_checks(judged, requirements)))
    kind = use_cases.kind_of(resource)
    case = use_cases.use_case_of(checker, resource) if profile is None else _case_of(checker, resource, profile)
    atomic, looked = _atomic(body, requirements, case) if profile is None else (None, 0)
    canonical = (profile or _fitting(checker, resource, case)).partition("|")[0]
    issues: list[Issue] | None = None
    if case is not None and use_cases.profile_of(checker, resource, case) == canonical:
        issues = use_cases.check(checker, resource, case) or []
        issues += prose.check(resource, case, checker.facts.use_cases[case])
    if issues is None:
        issues = checker.check(resource, canonical)
    if atomic is None:
        issues += _repeated(answer.document)
    return Conformance(
        kind,
        canonical,
        case,
        looked,
        tuple(_once(atomic or [], [issue for issue in issues if issue.weight is not Weight.UNVERIFIED])),
        tuple(issue for issue in issues if issue.weight is Weight.UNVERIFIED),
    )


def _known(checker: Checker, profile: str) -> None:
    canonical, _, version = profile.partition("|")
    definition = checker.facts.definitions.get(canonical)
    if definition is None:
        raise UnknownProfileError(
            Text(
                "Profil inconnu : « {p} ». Donnez un profil du guide, ou son paquet avec --ig.",
                "Unknown profile: '{p}'. Give a profile of the guide, or its package with --ig.",
            ).format(p=shown(profile))
        )
    if version and not definition.version.startswith(version):
        raise UnknownProfileError(
            Text(
                "Le profil « {p} » n’est connu qu’en version {v} : donnez celle-là, "
                "ou choisissez le guide avec --ig-version, ou son paquet avec --ig.",
                "The profile '{p}' is only known in version {v}: give that one, "
                "or choose the guide with --ig-version, or its package with --ig.",
            ).format(p=shown(profile), v=definition.version)
        )


def _fitting(checker: Checker, resource: Any, case: UseCase | None) -> str:
    kind = use_cases.kind_of(resource)
    profile = None if case is None else use_cases.profile_of(checker, resource, case)
    if profile is None and kind in _PLAIN:
        profile = f"{_BASE}{kind}"
    if profile is None:
        known = sorted({name for profiles in checker.facts.use_cases.values() for name in profiles} | set(_PLAIN))
        raise UnknownDocumentError(
            Text(
                "Type de document inconnu ({kind}). Connus : {known}.",
                "Unknown kind of document ({kind}). Known: {known}.",
            ).format(kind=shown(kind) if kind else "resourceType ∅", known=", ".join(known))
        )
    return profile


def _case_of(checker: Checker, resource: Any, profile: str) -> UseCase | None:
    """The use case of a canonical somebody named; one that several share is the resource's own, if it is of those."""
    kind, canonical = use_cases.kind_of(resource), profile.partition("|")[0]
    fitting = [case for case in UseCase if checker.facts.use_cases[case].get(kind) == canonical]
    likely = use_cases.use_case_of(checker, resource)
    return likely if likely in fitting else next(iter(fitting), None)


def _atomic(
    body: bytes, requirements: Mapping[str, Requirement], case: UseCase | None
) -> tuple[list[Told] | None, int]:
    """What the checks of the search of practitioners say; None where they know nothing of such a document."""
    if case is not UseCase.PRACTITIONERS:
        return None, 0
    try:
        judged = offline.judge_document(body)
    except UnknownDocumentError:
        return None, 0
    return list(_of_checks(judged, requirements)), len(judged)


def _of_checks(judged: Any, requirements: Mapping[str, Requirement]) -> Iterator[Told]:
    for check, judgement in judged:
        requirement = requirements[check.requirement]
        obliges = requirement.level is Level.SHALL
        for problem in judgement.problems:
            yield Told(
                requirement.level,
                requirement.severity.value if obliges else requirement.level.value,
                requirement.id,
                requirement.source,
                Layer.PROSE,
                problem.path,
                problem.message,
                problem.expected,
                problem.actual,
            )


def _repeated(document: Document) -> list[Issue]:
    message = exchange.JSON_BODY.title
    return [
        Issue(Weight.ERROR, Layer.BASE, path, "repeated", "RFC 8259, § 4", message, "1")
        for path in document.repeated_keys
    ]


_SLICE: Final = re.compile(r":[A-Za-z0-9\-]+")
_LAST: Final = re.compile(r"\[\d+\]$")


def place(path: str) -> str:
    """A path without slice names and last position: two words of the same element are the same place."""
    return _LAST.sub("", _SLICE.sub("", path))


def _once(atomic: list[Told], issues: list[Issue]) -> Iterator[Told]:
    """A requirement's words first; a profile's where no requirement speaks of that place; prose where neither does."""
    demanded = {place(issue.path) for issue in issues if issue.weight is Weight.ERROR}
    # What a profile or the prose demands is not said a second time as a wish of ours.
    kept = [told for told in atomic if told.level is Level.SHALL or place(told.path) not in demanded]
    yield from kept
    spoken = {place(told.path) for told in kept}
    for prose_too in (False, True):
        layered = [issue for issue in issues if (issue.layer is Layer.PROSE) is prose_too]
        fresh = [issue for issue in layered if place(issue.path) not in spoken]
        spoken |= {place(issue.path) for issue in fresh}
        for issue in fresh:
            yield Told(
                LEVELS[issue.weight],
                issue.weight.value,
                issue.rule,
                issue.source,
                issue.layer,
                issue.path,
                issue.message,
                issue.expected,
                issue.actual,
            )
