"""Everything that stands on a certificate (procès-verbal): its pages and its JSON twin show this and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from recette.journal.model import Party
from recette.model import Severity, Verdict
from recette.monitoring.model import Standing
from recette.projects.model import Missing, Outcome, PhaseId, Shown
from recette.register.model import Status
from sas_kernel.errors import SasError
from sas_kernel.flows import Flow
from sas_kernel.text import Text

PREFIXES: Mapping[PhaseId, str] = {PhaseId.RECETTE: "R", PhaseId.MISE_EN_SERVICE: "MES", PhaseId.VSR: "VSR"}
"""The phases that end with a certificate, and what its number bears of them."""


class CertificateError(SasError):
    """A certificate that cannot be made, read or signed as asked: the text says why; nothing was written."""


class RequirementStanding(StrEnum):
    """What the runs of a phase and the register say of a requirement.

    `SET_ASIDE`: it failed, and both parties agreed that what failed is no anomaly.
    """

    VALIDATED = "validated"
    WITH_RESERVES = "with-reserves"
    SET_ASIDE = "set-aside"
    NOT_VALIDATED = "not-validated"
    NOT_JUDGED = "not-judged"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who signs for a party; an empty name leaves the line to be filled in by hand."""

    party: Party
    organisation: str
    name: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class RequirementLine:
    """A requirement; `flow` is None where the catalogue does not know it, `run` is the last that judged it."""

    id: str
    flow: Flow | None
    severity: Severity | None
    text: Text | None
    standing: RequirementStanding
    reason: Text | None
    anomalies: tuple[str, ...]
    run: str


@dataclass(frozen=True, slots=True)
class ScenarioLine:
    id: str
    verdict: Verdict
    validated: bool
    run: str


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run of the project; `in_phase` where it was made in this phase, by the rules in force at its end."""

    id: str
    started_at: datetime
    finished_at: datetime
    target: str
    base_url: str
    tool_version: str
    rule_set: str
    guide: str
    verdict: Verdict
    partial: bool
    in_phase: bool


@dataclass(frozen=True, slots=True)
class DueLine:
    """A deadline of an anomaly; `indicative` where the agreement sets none in that phase."""

    rule: str
    due_at: datetime
    met_at: datetime | None
    overdue: bool
    paused: bool
    indicative: bool


@dataclass(frozen=True, slots=True)
class AnomalyLine:
    """An anomaly as the register tells it; `agreed` where both parties qualified it the same."""

    id: str
    requirement: str
    title: Text
    path: str
    severity: Severity
    agreed: bool
    status: Status
    phase: str
    occurrences: int
    opened_at: datetime
    acknowledgement: DueLine | None
    correction: DueLine | None
    delivered_at: datetime | None
    delivered_as: str
    verified_at: datetime | None
    verified_by: str
    is_reserve: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said for a party."""

    text: str
    at: datetime
    who: str
    party: Party


@dataclass(frozen=True, slots=True)
class Reserve:
    """A réserve: how to live with the anomaly, how and until when it will be corrected.

    `due_on` is the day of the plan; without one, `due_at` is what article 8.2 asks.
    """

    anomaly: str
    severity: Severity
    title: Text
    workaround: Said | None
    workaround_validated: Said | None
    plan: Said | None
    plan_validated: tuple[Said, ...]
    due_on: date | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class EarlierReserve:
    """What became of a réserve of the recette by the time of the VSR’s certificate."""

    anomaly: str
    title: Text
    lifted: bool
    status: Status
    due_on: date | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Prolonging:
    """A blocking or major anomaly whose correction came after the two months, or has not come yet (art. 8.1)."""

    anomaly: str
    severity: Severity
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class PastRight:
    """A right that a party had during the phase, whether or not it was used; `until` is None where it still has it."""

    id: str
    text: Text
    article: str
    since: datetime
    until: datetime | None
    about: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Interruption:
    """Transmission of data stopped by the ANS; `until` is None while it is."""

    since: datetime
    until: datetime | None
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class Note:
    """A setting taken where the agreement is silent; `is_default` is false where the project changed it."""

    number: int
    key: str
    value: str
    reason: Text
    article: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A deadline that was applied, and the numbers of the notes that bear on it."""

    id: str
    text: Text
    article: str
    notes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ChainedRun:
    """A run in the hash chain: `sha256` of its run.json, and the entry of the journal that records it."""

    id: str
    sha256: str
    entry: int
    entry_hash: str


@dataclass(frozen=True, slots=True)
class Chain:
    """Where the certificate stands on the journal: `entries` up to the hash `head`, and each run among them."""

    project: str
    entries: int
    head: str
    runs: tuple[ChainedRun, ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A procès-verbal. `number` is empty on a draft, `decision` None where nobody has decided: then it proposes.

    `made_at` is when it was made, `judged_at` the instant at which the phase was judged: the same, or its closing.
    """

    kind: PhaseId
    number: str
    project: str
    tool_version: str
    made_at: datetime
    judged_at: datetime
    agreement: str
    agreement_title: Text
    agreement_reference: str
    time_zone: str
    editor: str
    interface: str
    environment: str
    flows: tuple[Flow, ...]
    product: str
    version: str
    signed_at: datetime | None
    delivered_at: datetime | None
    opened_at: datetime
    planned_end: datetime | None
    extended_to: date | None
    earliest_end: date | None
    decision: Outcome | None
    decided_by: str
    proposal: Outcome
    reasons: tuple[Text, ...]
    missing: tuple[Missing, ...]
    shown: tuple[Shown, ...]
    requirements: tuple[RequirementLine, ...]
    scenarios: tuple[ScenarioLine, ...]
    runs: tuple[RunLine, ...]
    anomalies: tuple[AnomalyLine, ...]
    reserves: tuple[Reserve, ...]
    earlier_reserves: tuple[EarlierReserve, ...]
    service: Standing | None
    prolonging: tuple[Prolonging, ...]
    rights: tuple[PastRight, ...]
    interruptions: tuple[Interruption, ...]
    rules: tuple[RuleLine, ...]
    notes: tuple[Note, ...]
    signatories: tuple[Signatory, ...]
    chain: Chain

    @property
    def is_draft(self) -> bool:
        return not self.number

    @property
    def outcome(self) -> Outcome:
        """What it says: the people’s decision, else the tool’s proposal."""
        return self.decision or self.proposal

    @property
    def differs(self) -> bool:
        """People decided otherwise than the tool proposes."""
        return self.decision is not None and self.decision is not self.proposal
