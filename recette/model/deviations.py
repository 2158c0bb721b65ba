"""Known deviations: what an editor and the owner of a run agreed to live with for a while, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Deviation:
    """An entry of the file of known deviations.

    It names what is known to be broken by `requirement` or `check` (one of them at least), narrowed to one finding by
    its identity. `expires` is the last day, in Paris, on which it counts.
    """

    owner: str
    reason: str
    expires: date
    requirement: str = ""
    check: str = ""
    finding: str = ""
    ticket: str = ""

    @property
    def subject(self) -> str:
        """What it speaks of: `SLOT-012 / slot.milliseconds / 3f1c9c1e…`."""
        return " / ".join(part for part in (self.requirement, self.check, self.finding) if part)


class DeviationState(StrEnum):
    """What a run says of an entry: it was needed, it is over, nothing shows it any more, or nobody could tell."""

    USED = "used"
    EXPIRED = "expired"
    UNUSED = "unused"
    UNDECIDED = "undecided"

    @property
    def fails(self) -> bool:
        return self in (DeviationState.EXPIRED, DeviationState.UNUSED)


@dataclass(frozen=True, slots=True)
class DeviationResult:
    """An entry after a run. `findings` are the identities it was matched with, also when it has expired."""

    deviation: Deviation
    state: DeviationState
    findings: tuple[str, ...] = ()
