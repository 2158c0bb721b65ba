"""Which profile a resource has to conform to: by what it is used for, not by what it claims.

A bundle of the guide slices its entries by profile and leaves the slicing open, so that an entry that is wrong leaves
its slice in silence as soon as another one is right. Each entry is therefore held against its own profile too.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    kind = _kind(resource)
    claimed = set(_claims(resource))
    claims = [case for case in UseCase if checker.facts.use_cases[case].get(kind) in claimed]
    if kind != "Bundle":
        if claims:
            return claims[0]
        if kind == "Practitioner" and _mapping(resource.get("meta")).get("source") == _REGULATOR_SOURCE:
            return UseCase.REGULATORS
        return next((case for case in UseCase if kind in checker.facts.use_cases[case]), None)
    if claims:
        return claims[0]
    kinds = {_kind(entry.get("resource")) for entry in _entries(resource)}
    if kinds & {"HealthcareService"} or any(_is_of_cpts(entry.get("resource")) for entry in _entries(resource)):
        return UseCase.CPTS
    if kinds & {"Location", "Organization"}:
        return UseCase.SOS
    return UseCase.PRACTITIONERS


def profile_of(checker: Checker, resource: Any, case: UseCase) -> str | None:
    """The canonical a resource of this use case has to conform to; None when its type has no part in it."""
    return checker.facts.use_cases[case].get(_kind(resource))


def check(checker: Checker, resource: Any, case: UseCase) -> list[Issue] | None:
    """The issues of a resource and, in a bundle, of each entry against its own profile; None: no profile fits.

    An empty searchset is not held against the entries that CPTS and SOS bundles want: the guide's own questions and
    answers ask for it.
    """
    profile = profile_of(checker, resource, case)
    if profile is None:
        return None
    issues = checker.check(resource, profile)
    if _kind(resource) == "Bundle":
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
        kind = _kind(resource)
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


def _kind(resource: Any) -> str:
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    return kind if isinstance(kind, str) else ""


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _claims(resource: Any) -> list[str]:
    claimed = _mapping(_mapping(resource).get("meta")).get("profile")
    return [url.partition("|")[0] for url in claimed if isinstance(url, str)] if isinstance(claimed, list) else []


def _entries(bundle: Any) -> Iterator[dict[str, Any]]:
    entries = bundle.get("entry")
    return (entry for entry in (entries if isinstance(entries, list) else []) if isinstance(entry, dict))


def _is_of_cpts(resource: Any) -> bool:
    return _kind(resource) in {"Slot", "Organization"} and any("-cpts-" in url for url in _claims(resource))
