"""What a reader has to know before he trusts a green: that a run was partial, and which deviations are lived with."""

from __future__ import annotations

from dataclasses import dataclass

from recette.model import (
    Deviation,
    DeviationResult,
    DeviationState,
    ExitCode,
    Extent,
    RunReport,
    Selection,
    Severity,
    Verdict,
)
from recette.reports import words
from sas_kernel.text import Lang, Text

TITLE = Text("Déviations connues", "Known deviations")
KNOWN = Text("Déviation connue", "Known deviation")
PARTIAL = Text("Exécution partielle", "Partial run")
STATES = {
    DeviationState.USED: Text("en cours", "in force"),
    DeviationState.EXPIRED: Text("expirée", "expired"),
    DeviationState.UNUSED: Text("inutile : plus rien ne la montre", "of no use: nothing shows it any more"),
    DeviationState.UNDECIDED: Text("non vérifiée dans cette exécution", "not verified in this run"),
}
HEAD = (
    Text("État", "State"),
    Text("Gravité", "Severity"),
    Text("Ce qui dévie", "What deviates"),
    Text("Responsable", "Owner"),
    Text("Raison", "Reason"),
    Text("Jusqu’au", "Until"),
    Text("Ticket", "Ticket"),
)
_OPTIONS_LIMIT = 400
_BLOCKING = Text("BLOQUANTE", "BLOCKING")


def tone(report: RunReport) -> Verdict:
    """The colour of the conclusion: green is for an acceptance of the whole without known deviations."""
    reserved = report.partial or _excused(report)
    return Verdict.WARN if report.exit_code is ExitCode.ACCEPTED and reserved else words.TONES[report.exit_code]


def _excused(report: RunReport) -> bool:
    return any(check.known and check.verdict is Verdict.FAIL for check in report.checks)


def exit_meaning(report: RunReport, lang: Lang) -> str:
    if report.partial and report.exit_code is ExitCode.ACCEPTED:
        return Text(
            "rien à redire dans ce qui a été choisi : ce n’est pas une acceptation",
            "nothing to say against what was selected: this is no acceptance",
        ).to(lang)
    if report.exit_code is ExitCode.ACCEPTED and _excused(report):
        return Text(
            "rien ne s’oppose à l’acceptation, hors des déviations connues",
            "nothing stands against acceptance but the known deviations",
        ).to(lang)
    if report.exit_code is ExitCode.REFUSED and not _refusing(report):
        return Text(
            "une déviation connue est expirée, ou plus rien ne la montre",
            "a known deviation has expired, or nothing shows it any more",
        ).to(lang)
    return words.EXIT_MEANINGS[report.exit_code].to(lang)


def _refusing(report: RunReport) -> bool:
    """Whether anything but the list of known deviations refuses."""
    return not any(each.state.fails for each in report.deviations) or any(
        check.verdict is Verdict.FAIL
        and not check.known
        and check.service_level is None
        and check.severity.rank >= report.fail_on.rank
        for check in report.checks
    )


def partial_sentence(extent: Extent, lang: Lang) -> str:
    """How much of the whole was played and by which options."""
    return (
        Text(
            "Exécution partielle : {s} scénario(s) sur {ss}, {r} exigence(s) sur {rr} ({o}). Seule une exécution "
            "complète peut valoir acceptation.",
            "Partial run: {s} of {ss} scenarios, {r} of {rr} requirements ({o}). Only a whole run can be an "
            "acceptance.",
        )
        .format(
            s=extent.scenarios,
            ss=extent.of_scenarios,
            r=extent.requirements,
            rr=extent.of_requirements,
            o=words.clipped(options(extent.selection), _OPTIONS_LIMIT),
        )
        .to(lang)
    )


def options(selection: Selection) -> str:
    """The selection as the options of the command line that ask for it."""
    severity = () if selection.severity is None else (selection.severity.value.lower(),)
    return " ".join(
        f"--{name} {value}"
        for name, values in (
            ("flow", tuple(flow.value for flow in selection.flows)),
            ("scenario", selection.scenarios),
            ("requirement", selection.requirements),
            ("tag", selection.tags),
            ("severity", severity),
            ("exclude", selection.exclude),
        )
        for value in values
    )


def excuse(deviation: Deviation, lang: Lang) -> str:
    """Who answers for a deviation, why, and until when."""
    ticket = f" [{deviation.ticket}]" if deviation.ticket else ""
    until = Text("jusqu’au", "until").to(lang)
    return f"{deviation.owner}, {until} {words.day(deviation.expires, lang)} : {deviation.reason}{ticket}"


@dataclass(frozen=True, slots=True)
class Reservation:
    """An entry of the list of known deviations as reports show it; `blocking` has to catch the eye."""

    state: DeviationState
    label: str
    severity: str
    blocking: bool
    deviation: Deviation
    until: str

    @property
    def cells(self) -> tuple[str, ...]:
        """In the order of `HEAD`."""
        each = self.deviation
        return (self.label, self.severity, each.subject, each.owner, each.reason, self.until, each.ticket)

    @property
    def line(self) -> str:
        severity = f"{self.severity} " if self.severity else ""
        each = self.deviation
        ticket = f" [{each.ticket}]" if each.ticket else ""
        return f"{self.label} | {severity}{each.subject} | {each.owner} | {self.until} | {each.reason}{ticket}"


def reservations(report: RunReport, lang: Lang) -> list[Reservation]:
    """The entries, those that fail the run first, then the gravest."""
    severities = {finding.identity: finding.severity for finding in report.findings}
    severities_of = {requirement.id: requirement.severity for requirement in report.requirements}

    def weight(result: DeviationResult) -> Severity | None:
        seen = [severities[identity] for identity in result.findings if identity in severities]
        return max(seen, key=lambda each: each.rank, default=severities_of.get(result.deviation.requirement))

    def entry(result: DeviationResult) -> Reservation:
        severity = weight(result)
        blocking = severity is Severity.BLOCKING
        label = "" if severity is None else (_BLOCKING if blocking else words.SEVERITIES[severity]).to(lang)
        until = words.day(result.deviation.expires, lang)
        return Reservation(result.state, STATES[result.state].to(lang), label, blocking, result.deviation, until)

    ordered = sorted(report.deviations, key=lambda r: (not r.state.fails, -(w.rank if (w := weight(r)) else 0)))
    return [entry(result) for result in ordered]
