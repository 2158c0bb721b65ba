"""What the guide says in words and no profile expresses, of any document it knows.

The search of practitioners has checks with requirements of their own (`recette.checks`); where those speak, these are
not asked, so that one fault is told once (`recette.checks.conformance`). Here the rules of a whole answer; those of one
resource stand in `prose_resources`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from recette.profiles.model import Issue
from recette.profiles.prose_resources import (
    URL,
    Json,
    claimed_profile,
    is_literal,
    of_resource,
    reference_places,
    split_reference,
    tell,
)
from recette.profiles.use_cases import UseCase, kind_of, listed, mapping


def check(resource: Any, case: UseCase, profiles: Mapping[str, str]) -> list[Issue]:
    """What the prose says of a resource of this use case; `profiles` are its canonicals by resource type."""
    if kind_of(resource) == "Bundle":
        return list(_bundle(resource, case, profiles))
    return list(of_resource(resource, kind_of(resource), case, profiles))


class _Entry(NamedTuple):
    path: str
    kind: str
    id: str
    resource: Json


def _bundle(bundle: Json, case: UseCase, profiles: Mapping[str, str]) -> Iterator[Issue]:
    yield from claimed_profile(bundle, "Bundle", profiles.get("Bundle"))
    entries: list[_Entry] = []
    for position, item in enumerate(listed(bundle, "entry")):
        path = f"Bundle.entry[{position}]"
        resource = mapping(mapping(item).get("resource"))
        kind, id = kind_of(resource), resource.get("id")
        entries.append(_Entry(f"{path}.resource", kind, id if isinstance(id, str) else "", resource))
        yield from _entry(mapping(item), entries[-1], path, case, profiles)
    slots = sum(entry.kind == "Slot" for entry in entries)
    total = bundle.get("total")
    if isinstance(total, int) and not isinstance(total, bool) and total != slots:
        yield tell("total", "Bundle.total", slots, total)
    if not any(
        mapping(link).get("relation") == "self" and URL.fullmatch(str(mapping(link).get("url")))
        for link in listed(bundle, "link")
    ):
        yield tell("link", "Bundle.link", "self")
    yield from _unique(entries)
    yield from _links(entries, case)
    for entry in entries:
        if entry.kind in profiles:
            for issue in of_resource(entry.resource, entry.kind, case, profiles):
                yield replace(issue, path=entry.path + issue.path[len(entry.kind) :])


def _entry(item: Json, entry: _Entry, path: str, case: UseCase, profiles: Mapping[str, str]) -> Iterator[Issue]:
    mode = mapping(item.get("search")).get("mode")
    if entry.kind == "OperationOutcome" and mode == "outcome":
        return
    if entry.kind not in profiles or (entry.kind == "Location" and case is not UseCase.SOS):
        yield tell("kind", entry.path, ", ".join(sorted(profiles)), entry.kind or None)
        return
    url = item.get("fullUrl")
    optional = url is None and case is UseCase.PRACTITIONERS  # only the two other bundles ask for it
    if not optional and not _is_url_of(url, entry):
        yield tell("fullUrl", f"{path}.fullUrl", f"…/{entry.kind}/{entry.id}", url)
    if isinstance(mode, str):
        searched = {"Slot"} if case is not UseCase.SOS else {"Slot", "Schedule"}
        allowed = {"match"} if entry.kind in searched else {"include"}
        if case is UseCase.SOS and entry.kind in searched:
            allowed = {"match", "include"}  # the guide's two examples differ: Schedule is searched, Slots are counted
        if mode not in allowed:
            yield tell("search.mode", f"{path}.search.mode", " | ".join(sorted(allowed)), mode)


def _is_url_of(url: Any, entry: _Entry) -> bool:
    return isinstance(url, str) and ":" in url and url.endswith(f"/{entry.kind}/{entry.id}")


def _unique(entries: list[_Entry]) -> Iterator[Issue]:
    seen: set[tuple[str, str]] = set()
    for entry in entries:
        if entry.id and (entry.kind, entry.id) in seen:
            yield tell("unique", f"{entry.path}.id", None, f"{entry.kind}/{entry.id}")
        seen.add((entry.kind, entry.id))


def _links(entries: list[_Entry], case: UseCase) -> Iterator[Issue]:
    at = {(entry.kind, entry.id): entry for entry in entries}
    holders: Counter[str] = Counter()
    for entry in entries:
        for place, value in reference_places(entry.resource, entry.kind):
            reference = mapping(value).get("reference")
            if isinstance(reference, str) and is_literal(reference) and split_reference(reference) not in at:
                yield tell("resolves", f"{entry.path}{place}.reference", "Type/id", reference)
        if entry.kind == "PractitionerRole" and "practitioner" not in entry.resource:
            yield tell("resolves", f"{entry.path}.practitioner", "Practitioner/id")
        if entry.kind == "Schedule":
            yield from _actors(entry, at, case, holders)
    yield from _people(entry for entry in entries if entry.kind == "Practitioner")
    if case is UseCase.CPTS:
        yield from _services(entries)


def _people(practitioners: Iterable[_Entry]) -> Iterator[Issue]:
    seen: set[str] = set()
    for entry in practitioners:
        for position, identifier in enumerate(listed(entry.resource, "identifier")):
            value = mapping(identifier).get("value")
            if isinstance(value, str) and value in seen:
                yield tell("one-practitioner", f"{entry.path}.identifier[{position}].value", None, value)
            elif isinstance(value, str):
                seen.add(value)


def _services(entries: list[_Entry]) -> Iterator[Issue]:
    """One service an organization, and one organization a service."""
    provided: Counter[str] = Counter()
    for entry in entries:
        if entry.kind == "HealthcareService":
            provider = str(mapping(entry.resource.get("providedBy")).get("reference"))
            provided[provider] += 1
            if provided[provider] > 1:
                yield tell("one-service", f"{entry.path}.providedBy.reference", None, provider)
    for entry in entries:
        if entry.kind == "Organization" and provided[f"Organization/{entry.id}"] == 0:
            yield tell("one-service", entry.path, f"HealthcareService → Organization/{entry.id}")


def _actors(
    entry: _Entry, at: Mapping[tuple[str, str], _Entry], case: UseCase, holders: Counter[str]
) -> Iterator[Issue]:
    found: dict[str, list[str]] = {}
    for actor in listed(entry.resource, "actor"):
        reference = mapping(actor).get("reference")
        if isinstance(reference, str):
            found.setdefault(split_reference(reference)[0], []).append(split_reference(reference)[1])
    wanted = {"Location": 1} if case is UseCase.SOS else {"Practitioner": 1, "PractitionerRole": 1}
    if {kind: len(ids) for kind, ids in found.items()} != wanted:
        yield tell("actors", f"{entry.path}.actor", ", ".join(wanted), ", ".join(sorted(found)))
    holder = "Location" if case is UseCase.SOS else "PractitionerRole"
    for id in found.get(holder, []):
        holders[id] += 1
        if holders[id] > 1:
            yield tell("one-schedule", f"{entry.path}.actor", None, f"{holder}/{id}")
    for id in found.get("PractitionerRole", []):
        role = at.get(("PractitionerRole", id))
        person = None if role is None else mapping(role.resource.get("practitioner")).get("reference")
        if (
            isinstance(person, str)
            and found.get("Practitioner")
            and split_reference(person)[1] not in found["Practitioner"]
        ):
            yield tell("same-practitioner", f"{entry.path}.actor", person, f"Practitioner/{found['Practitioner'][0]}")
