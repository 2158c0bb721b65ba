"""What people may do to an anomaly, and what has to come first. Each returns the entry to write, or says why not. Pure.

Who may: the ANS notifies and validates workarounds; the editor acknowledges, proposes workarounds and plans, delivers;
both qualify, validate plans and agree on pauses and withdrawals (ANS-CONV-001, art. 6 and 8.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from recette.agreement.anomalies import frozen_at
from recette.journal.model import Draft, Kind, Party
from recette.model import Severity
from recette.register import runs
from recette.register.model import Anomaly, RegisterError, Status
from sas_kernel.clock import PARIS
from sas_kernel.text import Text


@dataclass(frozen=True, slots=True)
class Move:
    """Who does something to an anomaly, when, on whose behalf and why."""

    at: datetime
    who: str
    party: Party
    why: str = ""


def notify(anomaly: Anomaly, move: Move) -> Draft:
    _only(move, Party.ANS)
    _require(anomaly, anomaly.notified_at is None, _TOLD)
    _require(anomaly, anomaly.acknowledged_at is None, _ACKNOWLEDGED)
    return _draft(Kind.ANOMALY_NOTIFIED, anomaly, move, {})


def acknowledge(anomaly: Anomaly, move: Move) -> Draft:
    """An editor that found it itself need not wait to be notified."""
    _only(move, Party.EDITOR)
    _require(anomaly, anomaly.acknowledged_at is None, _ACKNOWLEDGED)
    return _draft(Kind.ANOMALY_ACKNOWLEDGED, anomaly, move, {}, since=anomaly.notified_at)


def qualify(anomaly: Anomaly, move: Move, severity: Severity) -> Draft:
    """One party’s view; it holds once the other’s is the same."""
    _only(move, Party.ANS, Party.EDITOR)
    return _draft(Kind.ANOMALY_QUALIFIED, anomaly, move, {"severity": severity.value})


def propose_workaround(anomaly: Anomaly, move: Move) -> Draft:
    _only(move, Party.EDITOR)
    _worded(move)
    return _draft(Kind.WORKAROUND_PROPOSED, anomaly, move, {})


def validate_workaround(anomaly: Anomaly, move: Move) -> Draft:
    _only(move, Party.ANS)
    workaround = anomaly.workaround
    _require(anomaly, workaround is not None, _NO_WORKAROUND)
    _require(anomaly, workaround is not None and workaround.validated is None, _WORKAROUND_VALIDATED)
    return _draft(Kind.WORKAROUND_VALIDATED, anomaly, move, {}, since=workaround.proposed.at if workaround else None)


def propose_plan(anomaly: Anomaly, move: Move, due_on: date) -> Draft:
    _only(move, Party.EDITOR)
    _worded(move)
    _require(anomaly, due_on >= move.at.astimezone(PARIS).date(), _PLAN_PAST)
    return _draft(Kind.PLAN_PROPOSED, anomaly, move, {"due_on": due_on.isoformat()})


def validate_plan(anomaly: Anomaly, move: Move) -> Draft:
    _only(move, Party.ANS, Party.EDITOR)
    plan = anomaly.plan
    _require(anomaly, plan is not None, _NO_PLAN)
    _require(anomaly, plan is not None and move.party not in plan.validated, _PLAN_VALIDATED)
    return _draft(Kind.PLAN_VALIDATED, anomaly, move, {}, since=plan.proposed.at if plan else None)


def pause(anomaly: Anomaly, move: Move, agreed_with: str) -> Draft:
    """`agreed_with` is who agreed for the other party: a pause needs both."""
    _only(move, Party.ANS, Party.EDITOR)
    _worded(move)
    if not agreed_with.strip():
        raise RegisterError(
            Text(
                "Une suspension de délai est convenue par les deux parties : nommez qui l’accepte pour l’autre.",
                "A pause is agreed by both parties: name who agrees for the other.",
            )
        )
    _require(anomaly, frozen_at(anomaly.pauses) is None, _PAUSED)
    return _draft(Kind.CLOCK_PAUSED, anomaly, move, {"agreed_with": agreed_with})


def resume(anomaly: Anomaly, move: Move) -> Draft:
    _only(move, Party.ANS, Party.EDITOR)
    pause = frozen_at(anomaly.pauses)
    _require(anomaly, pause is not None, _NOT_PAUSED)
    return _draft(Kind.CLOCK_RESUMED, anomaly, move, {}, since=pause.start if pause else None)


def deliver(anomaly: Anomaly, move: Move, version: str = "") -> Draft:
    """A run that began after the delivery and saw it again has refuted it already: then it cannot be told any more."""
    _only(move, Party.EDITOR)
    _require(anomaly, anomaly.status is not Status.DELIVERED, _DELIVERED)
    refuted = anomaly.seen_from is not None and move.at <= anomaly.seen_from
    if anomaly.is_open and refuted and move.at >= anomaly.since:
        raise RegisterError(
            Text(
                "{id} a encore été vue par une exécution commencée le {seen} : une correction livrée le {at} n’a pas "
                "tenu.",
                "{id} was seen again by a run that began at {seen}: a correction delivered at {at} did not hold.",
            ).format(id=anomaly.id, seen=_shown(anomaly.seen_from), at=_shown(move.at))
        )
    return _draft(Kind.CORRECTION_DELIVERED, anomaly, move, {"version": version})


def withdraw(anomaly: Anomaly, move: Move, agreed_with: str) -> Draft:
    """Both parties agree that it is no anomaly."""
    _only(move, Party.ANS, Party.EDITOR)
    _worded(move)
    if not agreed_with.strip():
        raise RegisterError(
            Text(
                "Les deux parties écartent une anomalie : nommez qui l’accepte pour l’autre.",
                "Both parties withdraw an anomaly: name who agrees for the other.",
            )
        )
    return _draft(Kind.ANOMALY_WITHDRAWN, anomaly, move, {"agreed_with": agreed_with})


def note(anomaly: Anomaly, move: Move) -> Draft:
    """Something worth keeping, of a closed anomaly too."""
    _worded(move)
    _named(move)
    return Draft(Kind.NOTE, anomaly.id, move.at, move.who, move.party, move.why, {})


_TOLD = Text("a déjà été notifiée", "has been notified already")
_ACKNOWLEDGED = Text("a déjà été prise en compte", "has been acknowledged already")
_NO_WORKAROUND = Text("n’a pas de contournement à valider", "has no workaround to validate")
_NO_PLAN = Text("n’a pas de plan de remédiation à valider", "has no remediation plan to validate")
_WORKAROUND_VALIDATED = Text("a déjà son contournement validé", "has its workaround validated already")
_PLAN_VALIDATED = Text("a déjà son plan validé par cette partie", "has its plan validated by this party already")
_PLAN_PAST = Text("ne peut pas avoir un plan échu avant d’être proposé", "cannot have a plan due before it is proposed")
_PAUSED = Text("a déjà son délai suspendu", "has its deadline paused already")
_NOT_PAUSED = Text("n’a pas de délai suspendu", "has no paused deadline")
_DELIVERED = Text("attend déjà la vérification d’une correction", "waits for a correction to be verified already")
_CLOSED = Text("est close", "is closed")
_UNWRITABLE = Text("ne peut pas porter ce texte : il est illisible ou trop long", "cannot bear this text: too long")
_LONGEST = 200
"""The longest name of a person or version, in characters."""


def _draft(
    kind: Kind, anomaly: Anomaly, move: Move, payload: dict[str, Any], *, since: datetime | None = None
) -> Draft:
    _named(move)
    _require(anomaly, anomaly.is_open, _CLOSED)
    _require(anomaly, all(map(_is_writable, payload.values())), _UNWRITABLE)
    earliest = max(since or anomaly.since, anomaly.since)
    if move.at < earliest:
        raise RegisterError(
            Text(
                "{id} : le {at} est antérieur à ce qui le précède (le {since}).",
                "{id}: {at} is earlier than what comes before it ({since}).",
            ).format(id=anomaly.id, at=_shown(move.at), since=_shown(earliest))
        )
    return Draft(kind, anomaly.id, move.at, move.who, move.party, move.why, payload)


def _shown(at: datetime | None) -> str:
    return at.astimezone(PARIS).isoformat(sep=" ", timespec="seconds") if at is not None else "—"


def _is_writable(value: object) -> bool:
    return not isinstance(value, str) or (len(value) <= _LONGEST and value == runs.writable(value))


def _named(move: Move) -> None:
    if not move.who.strip():
        raise RegisterError(Text("Personne n’écrit sans nom : --who.", "Nobody writes without a name: --who."))


def _require(anomaly: Anomaly, holds: bool, otherwise: Text) -> None:
    if not holds:
        raise RegisterError(Text("{id} {why}.", "{id} {why}.").format(id=anomaly.id, why=otherwise))


def _only(move: Move, *parties: Party) -> None:
    if move.party not in parties:
        raise RegisterError(
            Text(
                "« {party} » ne peut pas le faire : c’est à {who}.", "'{party}' cannot do this: it is up to {who}."
            ).format(party=move.party.value, who=", ".join(party.value for party in parties))
        )


def _worded(move: Move) -> None:
    if not move.why.strip():
        raise RegisterError(Text("Il manque les mots : --why.", "Words are missing: --why."))
