"""The register as a table that people share (art. 6). Pure.

Each column is told by its key. Some may be filled in, each by the party whose word it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from recette.agreement.model import Agreement
from recette.journal.model import Party
from recette.model import Severity
from recette.register import dues
from recette.register.model import Anomaly, Matter, Register
from recette.register.words import STATUS, left
from sas_kernel.clock import PARIS
from sas_kernel.text import Lang, Text


class Key(StrEnum):
    """The columns, in their order."""

    ID = "id"
    SEVERITY = "severity"
    STATUS = "status"
    TITLE = "title"
    LEFT = "left"
    ANS = "ans"
    EDITOR = "editor"
    NOTIFIED = "notified"
    ACKNOWLEDGE_BY = "acknowledge_by"
    ACKNOWLEDGED = "acknowledged"
    CORRECT_BY = "correct_by"
    PAUSED = "paused"
    WORKAROUND = "workaround"
    WORKAROUND_VALIDATED = "workaround_validated"
    PLAN = "plan"
    PLAN_DUE = "plan_due"
    PLAN_VALIDATED = "plan_validated"
    DELIVERED = "delivered"
    VERSION = "version"
    VERIFIED = "verified"
    COMMENT = "comment"
    REQUIREMENT = "requirement"
    PROPOSED = "proposed"
    PATH = "path"
    SOURCE = "source"
    PHASE = "phase"
    OPENED = "opened"
    LAST_SEEN = "last_seen"
    OCCURRENCES = "occurrences"
    IDENTITY = "identity"


HEADINGS: Mapping[Key, Text] = {
    Key.ID: Text("N°", "No."),
    Key.SEVERITY: Text("Gravité retenue", "Severity held"),
    Key.STATUS: Text("État", "Status"),
    Key.TITLE: Text("Anomalie", "Anomaly"),
    Key.LEFT: Text("Délai à l’export", "Time left at export"),
    Key.ANS: Text("Gravité dite par l’ANS", "Severity says the ANS"),
    Key.EDITOR: Text("Gravité dite par l’éditeur", "Severity says the editor"),
    Key.NOTIFIED: Text("Notifiée le", "Notified"),
    Key.ACKNOWLEDGE_BY: Text("À prendre en compte avant le", "To be acknowledged by"),
    Key.ACKNOWLEDGED: Text("Prise en compte le", "Acknowledged"),
    Key.CORRECT_BY: Text("À corriger avant le", "To be corrected by"),
    Key.PAUSED: Text("Délai suspendu", "Deadline paused"),
    Key.WORKAROUND: Text("Contournement", "Workaround"),
    Key.WORKAROUND_VALIDATED: Text("Contournement validé le", "Workaround validated"),
    Key.PLAN: Text("Plan de remédiation", "Remediation plan"),
    Key.PLAN_DUE: Text("Échéance du plan", "Plan due"),
    Key.PLAN_VALIDATED: Text("Plan validé par", "Plan validated by"),
    Key.DELIVERED: Text("Correction livrée le", "Correction delivered"),
    Key.VERSION: Text("Version livrée", "Version delivered"),
    Key.VERIFIED: Text("Correction vérifiée le", "Correction verified"),
    Key.COMMENT: Text("Commentaire", "Comment"),
    Key.REQUIREMENT: Text("Exigence", "Requirement"),
    Key.PROPOSED: Text("Gravité proposée", "Severity proposed"),
    Key.PATH: Text("Endroit", "Place"),
    Key.SOURCE: Text("Source", "Source"),
    Key.PHASE: Text("Phase", "Phase"),
    Key.OPENED: Text("Ouverte le", "Opened"),
    Key.LAST_SEEN: Text("Vue en dernier le", "Last seen"),
    Key.OCCURRENCES: Text("Occurrences", "Occurrences"),
    Key.IDENTITY: Text("Identité du constat", "Identity of the finding"),
}
_BOTH = (Party.ANS, Party.EDITOR)
FILLED_BY: Mapping[Key, tuple[Party, ...]] = {
    Key.ANS: (Party.ANS,),
    Key.EDITOR: (Party.EDITOR,),
    Key.ACKNOWLEDGED: (Party.EDITOR,),
    Key.WORKAROUND: (Party.EDITOR,),
    Key.PLAN: (Party.EDITOR,),
    Key.PLAN_DUE: (Party.EDITOR,),
    Key.DELIVERED: (Party.EDITOR,),
    Key.VERSION: (Party.EDITOR,),
    Key.COMMENT: _BOTH,
}
"""The columns that may be filled in, and by whom."""

SEVERITIES: Mapping[Severity, Text] = {
    Severity.BLOCKING: Text("Bloquante", "Blocking"),
    Severity.MAJOR: Text("Majeure", "Major"),
    Severity.MINOR: Text("Mineure", "Minor"),
}
INSTANTS = frozenset(
    {
        Key.NOTIFIED,
        Key.ACKNOWLEDGE_BY,
        Key.ACKNOWLEDGED,
        Key.CORRECT_BY,
        Key.WORKAROUND_VALIDATED,
        Key.DELIVERED,
        Key.VERIFIED,
        Key.OPENED,
        Key.LAST_SEEN,
    }
)
_TYPED_INSTANTS = ("%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %Hh%M", "%d/%m/%Y")

Value = str | int | datetime | date | None
Row = Mapping[Key, Value]


@dataclass(frozen=True, slots=True)
class Cell:
    """What somebody left in a cell. `formula` where it is computed, which nobody can take for anyone’s word."""

    address: str
    value: object
    formula: bool = False


def row(register: Register, anomaly: Anomaly, agreement: Agreement, now: datetime, lang: Lang) -> dict[Key, Value]:
    """What each column shows of an anomaly of a register at an instant."""
    found = dues.dues_in(register, anomaly, agreement, now)
    by = {due.matter: due.date.due_at for due in found}
    nearest, plan, workaround = dues.next_due(anomaly, found), anomaly.plan, anomaly.workaround
    pause = next((due.paused for due in found if due.paused is not None), None)
    indicative = Text(" (indicatif, art. 6)", " (indicative, art. 6)")
    return {
        Key.ID: anomaly.id,
        Key.SEVERITY: SEVERITIES[anomaly.severity].to(lang),
        Key.STATUS: STATUS[anomaly.status].to(lang),
        Key.TITLE: anomaly.title.to(lang),
        Key.LEFT: (left(nearest.left).to(lang) + (indicative.to(lang) if nearest.indicative else ""))
        if nearest
        else None,
        Key.ANS: _severity(anomaly.said.get(Party.ANS), lang),
        Key.EDITOR: _severity(anomaly.said.get(Party.EDITOR), lang),
        Key.NOTIFIED: anomaly.notified_at,
        Key.ACKNOWLEDGE_BY: by.get(Matter.ACKNOWLEDGEMENT),
        Key.ACKNOWLEDGED: anomaly.acknowledged_at,
        Key.CORRECT_BY: by.get(Matter.CORRECTION),
        Key.PAUSED: pause.why if pause else None,
        Key.WORKAROUND: workaround.proposed.text if workaround else None,
        Key.WORKAROUND_VALIDATED: workaround.validated.at if workaround and workaround.validated else None,
        Key.PLAN: plan.proposed.text if plan else None,
        Key.PLAN_DUE: plan.due_on if plan else None,
        Key.PLAN_VALIDATED: ", ".join(sorted(said.who for said in plan.validated.values())) if plan else None,
        Key.DELIVERED: anomaly.delivered_at,
        Key.VERSION: anomaly.delivered_as or None,
        Key.VERIFIED: anomaly.verified_at,
        Key.COMMENT: None,
        Key.REQUIREMENT: anomaly.requirement,
        Key.PROPOSED: SEVERITIES[anomaly.proposed].to(lang),
        Key.PATH: anomaly.path,
        Key.SOURCE: anomaly.source,
        Key.PHASE: anomaly.phase,
        Key.OPENED: anomaly.opened_at,
        Key.LAST_SEEN: anomaly.last_seen_at,
        Key.OCCURRENCES: anomaly.occurrences,
        Key.IDENTITY: anomaly.identity,
    }


def _severity(severity: Severity | None, lang: Lang) -> str | None:
    return None if severity is None else SEVERITIES[severity].to(lang)


def plain(value: object, key: Key) -> Value:
    """A value as it compares: the wall clock of Paris to the second, days, trimmed text, nothing for an empty one."""
    if isinstance(value, datetime):
        local = _wall_clock(value)
        return local.date() if key is Key.PLAN_DUE else local
    if isinstance(value, date):
        return datetime.combine(value, time()) if key in INSTANTS else value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and key is Key.OCCURRENCES:
        return value
    text = "" if value is None else str(value).replace("\r\n", "\n").replace("\r", "\n").strip()
    return text or None


def _wall_clock(at: datetime) -> datetime:
    if at.tzinfo is not None:
        return at.astimezone(PARIS).replace(tzinfo=None, microsecond=0)
    # A spreadsheet keeps instants as fractions of days: a millisecond may be lost on the way.
    return (at + timedelta(milliseconds=500)).replace(microsecond=0)


def typed(value: object, key: Key, lang: Lang) -> Value:
    """What somebody meant by a cell; `ValueError` where nobody can tell."""
    shown = plain(value, key)
    if key in INSTANTS and isinstance(shown, str):
        return _typed_instant(shown)
    if key is Key.PLAN_DUE and isinstance(shown, str):
        return _typed_instant(shown).date()
    if key in INSTANTS or key is Key.PLAN_DUE:
        if isinstance(shown, date) or shown is None:
            return shown
        raise ValueError(shown)
    if key in {Key.ANS, Key.EDITOR} and isinstance(shown, str):
        return SEVERITIES[severity_of(shown)].to(lang)
    return shown


def _typed_instant(shown: str) -> datetime:
    try:
        read = datetime.fromisoformat(shown)
    except ValueError:
        pass
    else:
        return read.astimezone(PARIS).replace(tzinfo=None) if read.tzinfo else read
    for form in _TYPED_INSTANTS:
        try:
            return datetime.strptime(shown, form)  # noqa: DTZ007  it is the wall clock of Paris
        except ValueError:
            continue
    raise ValueError(shown)


def severity_of(shown: str) -> Severity:
    """The severity that a word in either language means; `ValueError` for another."""
    word = shown.strip().casefold()
    for severity, text in SEVERITIES.items():
        if word in {severity.value.casefold(), text.fr.casefold(), text.en.casefold()}:
            return severity
    raise ValueError(shown)
