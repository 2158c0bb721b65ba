"""What shows that the catalogue tests what it says: partners that are wrong on purpose, and another tool's tests."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from recette.model.words import Actor, Requirement
from sas_kernel.flows import Flow
from sas_kernel.text import Text


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A partner with one fault, a row of `contracts/museum.csv`.

    `checks` are those that catch it; `also`: requirements that the same fault cannot but break.
    """

    name: str
    side: Actor
    flow: Flow
    requirement: str
    also: tuple[str, ...]
    checks: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Exemption:
    """A check without a wrong partner, and why: a row of `contracts/unshown_checks.csv`."""

    check: str
    reason: Text


class Relation(StrEnum):
    """How our verdict stands to that of another tool's test."""

    SAME = "same"
    STRICTER = "stricter"
    LOOSER = "looser"
    DIFFERENT = "different"
    NOT_COVERED = "not covered"


@dataclass(frozen=True, slots=True)
class Counterpart:
    """A test of the ANS kit and what judges the same here: a row of `contracts/crosswalk_ans_kit.csv`.

    `mode` is `ps`, `cpts` or `both`, the kit's option under which the test exists. `why` is set unless `SAME`.
    """

    id: str
    mode: str
    title: Text
    requirements: tuple[str, ...]
    relation: Relation
    why: Text | None


@dataclass(frozen=True, slots=True)
class CoverageLine:
    """A requirement, the scenarios and checks that judge it, the wrong partners by which those were seen to fail."""

    requirement: Requirement
    scenarios: tuple[str, ...]
    checks: tuple[str, ...]
    exhibits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hole:
    """One thing that is missing or contradicts another; `flow` is None where no flow can be told."""

    text: Text
    flow: Flow | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """What tests each requirement, the checks of which that is not shown and why, and what is missing.

    `shown` are the checks that a wrong partner was seen to fail.
    """

    lines: tuple[CoverageLine, ...]
    shown: frozenset[str]
    exemptions: tuple[Exemption, ...]
    holes: tuple[Hole, ...]

    def of(self, flows: Collection[Flow]) -> Coverage:
        """The part about these flows; no flow means all. A hole of no known flow belongs to every part."""
        if not flows:
            return self
        lines = tuple(line for line in self.lines if line.requirement.flow in flows)
        checks = {check for line in lines for check in line.checks}
        return Coverage(
            lines,
            self.shown,
            tuple(row for row in self.exemptions if row.check in checks),
            tuple(hole for hole in self.holes if hole.flow is None or hole.flow in flows),
        )


class CoverageLayout(StrEnum):
    """The forms in which a coverage is shown."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "md"
