"""From the entries of a journal to the anomalies they tell. Pure, total over what `recording` and `moves` write.

Payloads, by kind: `anomaly.opened` identity, requirement, check, title {fr, en}, path, source, severity, phase, and
what `anomaly.seen` and `anomaly.reopened` say: run, started_at (the run’s), occurrences, scenarios; `anomaly.qualified`
severity; `anomaly.plan_proposed` due_on; `anomaly.paused` and `anomaly.withdrawn` agreed_with; `anomaly.delivered`
version; `anomaly.verified` run. The words are in `why`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from recette.agreement.anomalies import Pause, frozen_at
from recette.journal.model import GENESIS, Draft, Entry, Kind, chained
from recette.model import Severity
from recette.register.model import Anomaly, Plan, Register, RegisterError, Statement, Status, Workaround
from sas_kernel.text import Text

_GO_LIVE = "mise-en-service"
"""The phase from whose opening on the service is in operation (art. 7)."""


def told(project: str, entries: Iterable[Entry]) -> Register:
    """The register after these entries, which are those of one project from its first on."""
    anomalies: dict[str, Anomaly] = {}
    last, in_service_since = 0, None
    for entry in entries:
        last = entry.number
        if entry.kind is Kind.ANOMALY_OPENED:
            anomalies[entry.subject] = _opened(entry)
        elif entry.kind is Kind.PHASE_OPENED and entry.subject == _GO_LIVE:
            in_service_since = entry.at
        elif (change := _CHANGES.get(entry.kind)) is not None and entry.subject in anomalies:
            anomalies[entry.subject] = replace(change(anomalies[entry.subject], entry), changed_at=entry.at)
    return Register(project, anomalies, last, in_service_since)


def after(anomaly: Anomaly, draft: Draft) -> Anomaly:
    """What an anomaly would be once this were written: what a further move of the same decision rests on."""
    change = _CHANGES[draft.kind]
    return replace(change(anomaly, chained("", 1, GENESIS, draft, draft.at)), changed_at=draft.at)


def _opened(entry: Entry) -> Anomaly:
    said = entry.payload
    return Anomaly(
        id=entry.subject,
        identity=said["identity"],
        requirement=said["requirement"],
        check=said["check"],
        title=Text(said["title"]["fr"], said["title"]["en"]),
        path=said["path"],
        source=said["source"],
        proposed=Severity(said["severity"]),
        phase=said["phase"],
        opened_at=entry.at,
        changed_at=entry.at,
        occurrences=said["occurrences"],
        runs=(said["run"],) if said["run"] else (),
        last_seen_at=entry.at,
        scenarios=tuple(said.get("scenarios", ())),
        seen_from=_started(entry),
    )


def _started(entry: Entry) -> datetime:
    return datetime.fromisoformat(entry.payload["started_at"]) if "started_at" in entry.payload else entry.at


def _seen(anomaly: Anomaly, entry: Entry) -> Anomaly:
    run = entry.payload["run"]
    return replace(
        anomaly,
        occurrences=anomaly.occurrences + entry.payload["occurrences"],
        runs=anomaly.runs if run in anomaly.runs else (*anomaly.runs, run),
        last_seen_at=max(anomaly.last_seen_at or entry.at, entry.at),
        scenarios=tuple(dict.fromkeys((*anomaly.scenarios, *entry.payload.get("scenarios", ())))),
        seen_from=max(anomaly.seen_from or _started(entry), _started(entry)),
    )


def _reopened(anomaly: Anomaly, entry: Entry) -> Anomaly:
    """A correction that did not hold never counted; one that was verified and broke again starts a clock of its own."""
    seen = _seen(anomaly, entry)
    open_again = replace(
        seen, delivered_at=None, delivered_as="", verified_at=None, verified_by="", reopened=seen.reopened + 1
    )
    if anomaly.status is Status.DELIVERED:
        return replace(open_again, status=_before_delivery(anomaly))
    return replace(
        open_again, status=Status.OPEN, notified_at=None, acknowledged_at=None, pauses=(), restarted_at=entry.at
    )


def _before_delivery(anomaly: Anomaly) -> Status:
    if anomaly.acknowledged_at is not None:
        return Status.ACKNOWLEDGED
    return Status.NOTIFIED if anomaly.notified_at is not None else Status.OPEN


def _notified(anomaly: Anomaly, entry: Entry) -> Anomaly:
    return replace(anomaly, notified_at=entry.at, status=Status.NOTIFIED)


def _acknowledged(anomaly: Anomaly, entry: Entry) -> Anomaly:
    told_of = anomaly.status in {Status.OPEN, Status.NOTIFIED}
    return replace(anomaly, acknowledged_at=entry.at, status=Status.ACKNOWLEDGED if told_of else anomaly.status)


def _qualified(anomaly: Anomaly, entry: Entry) -> Anomaly:
    return replace(anomaly, said={**anomaly.said, entry.party: Severity(entry.payload["severity"])})


def _workaround_proposed(anomaly: Anomaly, entry: Entry) -> Anomaly:
    return replace(anomaly, workaround=Workaround(_statement(entry)))


def _workaround_validated(anomaly: Anomaly, entry: Entry) -> Anomaly:
    if anomaly.workaround is None:
        raise _out_of_place(entry)
    return replace(anomaly, workaround=replace(anomaly.workaround, validated=_statement(entry)))


def _plan_proposed(anomaly: Anomaly, entry: Entry) -> Anomaly:
    return replace(anomaly, plan=Plan(_statement(entry), date.fromisoformat(entry.payload["due_on"])))


def _plan_validated(anomaly: Anomaly, entry: Entry) -> Anomaly:
    if anomaly.plan is None:
        raise _out_of_place(entry)
    validated = {**anomaly.plan.validated, entry.party: _statement(entry)}
    return replace(anomaly, plan=replace(anomaly.plan, validated=validated))


def _paused(anomaly: Anomaly, entry: Entry) -> Anomaly:
    return replace(anomaly, pauses=(*anomaly.pauses, Pause(entry.at, None, entry.why)))


def _resumed(anomaly: Anomaly, entry: Entry) -> Anomaly:
    if frozen_at(anomaly.pauses[-1:]) is None:
        raise _out_of_place(entry)
    *before, last = anomaly.pauses
    return replace(anomaly, pauses=(*before, replace(last, end=entry.at)))


def _delivered(anomaly: Anomaly, entry: Entry) -> Anomaly:
    return replace(
        anomaly, status=Status.DELIVERED, delivered_at=entry.at, delivered_as=entry.payload.get("version", "")
    )


def _verified(anomaly: Anomaly, entry: Entry) -> Anomaly:
    return replace(
        anomaly,
        status=Status.CORRECTED,
        delivered_at=anomaly.delivered_at or entry.at,
        verified_at=entry.at,
        verified_by=entry.payload["run"],
    )


def _withdrawn(anomaly: Anomaly, entry: Entry) -> Anomaly:
    return replace(anomaly, status=Status.WITHDRAWN)


def _noted(anomaly: Anomaly, entry: Entry) -> Anomaly:
    return replace(anomaly, notes=(*anomaly.notes, _statement(entry)))


def _out_of_place(entry: Entry) -> RegisterError:
    """No move and no run writes it there: it came from elsewhere."""
    return RegisterError(
        Text(
            "L’entrée {n} ({kind}, {id}) ne peut pas suivre celles qui la précèdent.",
            "Entry {n} ({kind}, {id}) cannot follow those before it.",
        ).format(n=entry.number, kind=entry.kind.value, id=entry.subject)
    )


def _statement(entry: Entry) -> Statement:
    return Statement(entry.why, entry.at, entry.who, entry.party)


_CHANGES: Mapping[Kind, Callable[[Anomaly, Entry], Anomaly]] = {
    Kind.ANOMALY_SEEN: _seen,
    Kind.ANOMALY_REOPENED: _reopened,
    Kind.ANOMALY_NOTIFIED: _notified,
    Kind.ANOMALY_ACKNOWLEDGED: _acknowledged,
    Kind.ANOMALY_QUALIFIED: _qualified,
    Kind.WORKAROUND_PROPOSED: _workaround_proposed,
    Kind.WORKAROUND_VALIDATED: _workaround_validated,
    Kind.PLAN_PROPOSED: _plan_proposed,
    Kind.PLAN_VALIDATED: _plan_validated,
    Kind.CLOCK_PAUSED: _paused,
    Kind.CLOCK_RESUMED: _resumed,
    Kind.CORRECTION_DELIVERED: _delivered,
    Kind.CORRECTION_VERIFIED: _verified,
    Kind.ANOMALY_WITHDRAWN: _withdrawn,
    Kind.NOTE: _noted,
}
