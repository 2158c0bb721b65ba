"""Which profile a resource has to conform to: by what it is used for, not by what it claims.

A bundle of the guide slices its entries by profile and leaves the slicing open, so that an entry that is wrong leaves
its slice in silence as soon as another one is right. Each entry is therefore held against its own profile too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from recette.profiles.checker import Checker
from recette.profiles.model import Issue, Weight


class UseCase(StrEnum):
    """What a message is for. The codes of the flows: INT_R01, INT_R04, SOS, INT_R02, INT_R03."""

    PRACTITIONERS = "practitioners"
    CPTS = "cpts"
    SOS = "sos"
    REGULATORS = "regulators"
    APPOINTMENTS = "appointments"
    SOS_APPOINTMENTS = "sos_appointments"


_REGULATOR_SOURCE = "urn:oid:1.2.250.1.213.3.6"


def use_case_of(checker: Checker, resource: Any) -> UseCase | None:
    """The use case a resource is most likely of; None for a type that no flow knows."""
    kind = kind_of(resource)
    claims = _claimed_cases(checker, resource)
    if claims:
        return claims[0]
    if kind == "Bundle":
        return _case_of_entries(checker, resource)
    told = _TELLING.get(kind)
    if told is not None:
        return told(resource)
    return next((case for case in UseCase if kind in checker.facts.use_cases[case]), None)


def _claimed_cases(checker: Checker, resource: Any) -> list[UseCase]:
    claimed = _claims(resource)
    return [case for case in UseCase if checker.facts.use_cases[case].get(kind_of(resource)) in claimed]


def _case_of_entries(checker: Checker, bundle: Any) -> UseCase:
    """What most entries say, by the profiles that only one kind of search has, then by their types."""
    votes: Counter[UseCase] = Counter()
    for entry in _entries(bundle):
        cases = _claimed_cases(checker, entry.get("resource"))
        if len(cases) == 1 and cases[0] in _SEARCHES:
            votes[cases[0]] += 1
    kinds = {kind_of(entry.get("resource")) for entry in _entries(bundle)}
    if "HealthcareService" in kinds or votes[UseCase.CPTS] > votes[UseCase.SOS]:
        return UseCase.CPTS
    return UseCase.SOS if votes[UseCase.SOS] or kinds & {"Location", "Organization"} else UseCase.PRACTITIONERS


_SEARCHES = (UseCase.PRACTITIONERS, UseCase.CPTS, UseCase.SOS)


def _of_practitioner(resource: Any) -> UseCase:
    told = json.dumps([mapping(resource).get(key) for key in ("meta", "identifier", "telecom")], default=str)
    regulated = _REGULATOR_SOURCE in told or '"INTRN"' in told or '"email"' in told
    return UseCase.REGULATORS if regulated else UseCase.PRACTITIONERS


def _of_slot(resource: Any) -> UseCase:
    told = json.dumps(mapping(resource).get("serviceType"), default=str)
    return UseCase.CPTS if '"604"' in told or "extension-Slot.serviceType" in told else UseCase.PRACTITIONERS


def _of_schedule(resource: Any) -> UseCase:
    actors = [mapping(actor).get("reference") for actor in listed(resource, "actor")]
    return UseCase.SOS if any(str(actor).startswith("Location/") for actor in actors) else UseCase.PRACTITIONERS


def _of_organization(resource: Any) -> UseCase:
    values = [mapping(item).get("value") for item in listed(resource, "identifier")]
    return UseCase.SOS if any(str(value).startswith("3") for value in values) else UseCase.CPTS


def _of_location(resource: Any) -> UseCase:
    return UseCase.SOS if "managingOrganization" in mapping(resource) else UseCase.PRACTITIONERS


_TELLING: Mapping[str, Callable[[Any], UseCase]] = {
    "Practitioner": _of_practitioner,
    "Slot": _of_slot,
    "Schedule": _of_schedule,
    "Organization": _of_organization,
    "Location": _of_location,
}
"""What tells the use case of a resource that claims no profile we know."""


def profile_of(checker: Checker, resource: Any, case: UseCase) -> str | None:
    """The canonical a resource of this use case has to conform to; None when its type has no part in it."""
    return checker.facts.use_cases[case].get(kind_of(resource))


def check(checker: Checker, resource: Any, case: UseCase) -> list[Issue] | None:
    """The issues of a resource and, in a bundle, of each entry against its own profile; None: no profile fits.

    An empty searchset is not held against the entries that CPTS and SOS bundles want: the guide's own questions and
    answers ask for it.
    """
    profile = profile_of(checker, resource, case)
    if profile is None:
        return None
    issues = checker.check(resource, profile)
    if kind_of(resource) == "Bundle":
        entries = list(_entries(resource))
        if not entries and resource.get("total") == 0:
            issues = [issue for issue in issues if not (issue.rule == "min" and issue.path.startswith("Bundle.entry"))]
        for position, entry in enumerate(resource["entry"] if entries else []):
            issues += _entry_issues(checker, entry, f"Bundle.entry[{position}].resource", case)
    return _once(issues)


def _entry_issues(checker: Checker, entry: Any, path: str, case: UseCase) -> Iterator[Issue]:
    resource = entry.get("resource") if isinstance(entry, dict) else None
    profile = profile_of(checker, resource, case)
    if profile is not None:
        kind = kind_of(resource)
        for issue in checker.check(resource, profile):
            yield replace(issue, path=path + issue.path[len(kind) :])


def _once(issues: list[Issue]) -> list[Issue]:
    """The same thing seen through a slice and through the entry's own profile is one thing; so is what is not known."""
    seen: dict[tuple[str, ...], Issue] = {}
    for issue in issues:
        if issue.weight is Weight.UNVERIFIED:
            key: tuple[str, ...] = (issue.weight, issue.rule, str(issue.expected))
        else:
            key = (issue.path, issue.rule, str(issue.expected))
        seen.setdefault(key, issue)
    return list(seen.values())


def kind_of(resource: Any) -> str:
    """The `resourceType`; empty where there is none."""
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    return kind if isinstance(kind, str) else ""


def mapping(value: Any) -> dict[str, Any]:
    """An object; empty for anything else that stands there."""
    return value if isinstance(value, dict) else {}


def listed(value: Any, key: str) -> list[Any]:
    """The array under a key; empty for anything else that stands there."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def _claims(resource: Any) -> list[str]:
    claimed = mapping(mapping(resource).get("meta")).get("profile")
    return [url.partition("|")[0] for url in claimed if isinstance(url, str)] if isinstance(claimed, list) else []


def _entries(bundle: Any) -> Iterator[dict[str, Any]]:
    entries = bundle.get("entry")
    return (entry for entry in (entries if isinstance(entries, list) else []) if isinstance(entry, dict))
