"""Verdicts, levels, severities, and the requirement they are said of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sas_kernel.flows import Flow
from sas_kernel.text import Text


class Verdict(StrEnum):
    """What can be said of a check, a scenario or a run, from the best to the worst.

    `OMIT` does not apply, `SKIP` lacked what it needed, `REVIEW` waits for a person, `FAIL` the target is wrong,
    `ERROR` we could not judge. `PASS` means that something was examined and held.
    """

    OMIT = "OMIT"
    PASS = "PASS"
    WARN = "WARN"
    SKIP = "SKIP"
    REVIEW = "REVIEW"
    FAIL = "FAIL"
    ERROR = "ERROR"


GRAVITY = {verdict: rank for rank, verdict in enumerate(Verdict)}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of a whole from those of its parts; a whole without parts is `SKIP`: nothing ran is never a pass."""
    return max(verdicts, key=GRAVITY.__getitem__, default=Verdict.SKIP)


class Level(StrEnum):
    SHALL = "SHALL"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Severity(StrEnum):
    """The three classes of anomalies of the agreement (ANS-CONV-001, art. 6)."""

    BLOCKING = "BLOCKING"
    MAJOR = "MAJOR"
    MINOR = "MINOR"

    @property
    def rank(self) -> int:
        """3 for blocking, 1 for minor."""
        return {"BLOCKING": 3, "MAJOR": 2, "MINOR": 1}[self.value]


class Actor(StrEnum):
    """Who has to meet a requirement."""

    EDITOR = "editor"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One atomic requirement, a row of `contracts/requirements.csv`.

    `untested_reason` is set exactly when `scenarios` is empty.
    """

    id: str
    flow: Flow
    actor: Actor
    level: Level
    severity: Severity
    text: Text
    source: str
    scenarios: tuple[str, ...] = ()
    untested_reason: Text | None = None
