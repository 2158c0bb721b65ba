"""One check a profile of the slot searches: what the profile says and no other check of the answer tells.

The profile is that of what was asked (INT_R01 or INT_R04); the guide's version is the newest. A place another check has
already spoken of is left to it: one fault, one blame (docs/decisions/0012-profile-checker.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from recette.checks import (
    booking,
    bundle,
    communities,
    community_details,
    elements,
    entries,
    exchange,
    links,
    people,
    places,
    slot_content,
    slots,
)
from recette.checks.answer import Answer
from recette.checks.json_document import Node
from recette.checks.judging import content_check
from recette.model import Check, Problem
from recette.profiles import facts as guide
from recette.profiles.checker import KEPT, Checker, errors
from recette.profiles.use_cases import UseCase
from sas_kernel.text import Text

OTHERS: Final[tuple[Check, ...]] = (
    exchange.SEARCHSET,
    *bundle.FULL,
    *entries.FULL,
    *elements.SAVED,
    *links.FULL,
    *slots.FULL,
    *slot_content.FULL,
    *booking.FULL,
    *people.FULL,
    *places.PLACE,
)
"""The checks of an answer's content, which speak first."""

OF_CPTS: Final[tuple[Check, ...]] = (*OTHERS, *communities.FULL, *community_details.FULL)
"""The same, of an answer to INT_R04."""

_CONTAINED: Final = re.compile(r"\.contained\[\d+\]")
_SLICE: Final = re.compile(r":[A-Za-z0-9\-]+")


@cache
def newest() -> Checker:
    """The checker of the newest version of the guide, made once."""
    return Checker(guide.load(), kept=KEPT)


def _looked_at(answer: Answer, kind: str) -> Iterator[Node]:
    """The resources whose check tells of this type: a contained place is judged with the role that contains it."""
    if kind == "Bundle":
        if answer.bundle is not None:
            yield answer.bundle
        return
    for node in answer.of("PractitionerRole" if kind == "Location" else kind):
        if not _CONTAINED.search(node.path):
            yield node


def _concerns(kind: str, path: str, root: str) -> bool:
    below = path[len(root) :]
    if kind == "Bundle":  # a slice of entries lacks one only where an entry is wrong, of which its own check tells
        return ".resource" not in below and not below.startswith(".entry:")
    return bool(_CONTAINED.match(below)) is (kind == "Location")


def related(path: str, spoken: set[str]) -> bool:
    """Whether somebody has spoken of this place (its slice left aside), of what holds it or of what it holds."""
    path = _SLICE.sub("", path)
    return any(path == other or _within(path, other) or _within(other, path) for other in spoken)


def _within(inner: str, outer: str) -> bool:
    return inner.startswith(outer) and inner[len(outer)] in ".["


def _judge(answer: Answer, kind: str) -> Iterator[Problem | None]:
    checker = newest()
    case, others = (UseCase.CPTS, OF_CPTS) if answer.of_cpts else (UseCase.PRACTITIONERS, OTHERS)
    spoken: set[str] | None = None
    for node in _looked_at(answer, kind):
        root = node.value["resourceType"]
        profile = checker.facts.use_cases[case][root]
        told: list[Problem] = []
        for issue in errors(checker.check(node.value, profile)):
            path = node.path + issue.path[len(root) :]
            if not _concerns(kind, path, node.path):
                continue
            if spoken is None:
                spoken = {problem.path for check in others for problem in check.judge(answer).problems if problem.path}
            if not related(path, spoken):
                told.append(Problem(issue.message, path, issue.expected, issue.actual))
        yield from told or (None,)


def _profile(kind: str, requirement: str) -> Check:
    return content_check(
        f"profile.{kind.lower()}",
        requirement,
        Text(
            f"Chaque {kind} est conforme à son profil" if kind != "Bundle" else "Le Bundle est conforme à son profil",
            f"Each {kind} conforms to its profile" if kind != "Bundle" else "The Bundle conforms to its profile",
        ),
        lambda answer: _judge(answer, kind),
    )


PROFILES: Final[tuple[Check, ...]] = (
    _profile("Bundle", "SLOT-192"),
    _profile("Slot", "SLOT-193"),
    _profile("Schedule", "SLOT-194"),
    _profile("Practitioner", "SLOT-195"),
    _profile("PractitionerRole", "SLOT-196"),
    _profile("Location", "SLOT-197"),
)
"""Checked of an answer that holds slots, after everything else."""

CPTS_PROFILES: Final[tuple[Check, ...]] = (
    *PROFILES,
    _profile("HealthcareService", "CPTS-050"),
    _profile("Organization", "CPTS-051"),
)
"""The same, of an answer to INT_R04."""
