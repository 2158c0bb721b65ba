"""What of a run is played again, and against which target. Pure."""

from __future__ import annotations

from dataclasses import replace

from recette.model import Level, RunReport, Selection, SelectionError, Target, TargetError, Verdict
from sas_kernel.text import Text


def scenarios(report: RunReport, *, failed: bool, skipped: bool) -> tuple[str, ...]:
    """The ids of the scenarios to play again, in their order; neither `failed` nor `skipped`: all of them.

    `failed` are those that ended in FAIL or ERROR; `skipped` those that could not be played, or in which a mandatory
    check could not be made.
    """
    wanted = tuple(
        each.scenario
        for each in report.scenarios
        if not (failed or skipped)
        or (failed and each.verdict in {Verdict.FAIL, Verdict.ERROR})
        or (
            skipped
            and (
                each.verdict is Verdict.SKIP
                or any(check.verdict is Verdict.SKIP and check.level is Level.SHALL for check in each.checks)
            )
        )
    )
    if not wanted:
        raise SelectionError(
            Text(
                "Rien à rejouer : aucun scénario de cette exécution n’est dans ce cas. Sans --failed ni --skipped, "
                "elle est rejouée en entier.",
                "Nothing to play again: no scenario of that run is in this case. Without --failed and --skipped it is "
                "played again as a whole.",
            )
        )
    return wanted


def selection(report: RunReport, wanted: tuple[str, ...]) -> Selection:
    """These scenarios, with the checks that the first run was narrowed to."""
    before = report.extent.selection if report.extent is not None else Selection()
    return replace(before, scenarios=wanted, tags=())


def target(report: RunReport) -> Target:
    """The target of the run when its report says it all; `TargetError` when secrets were kept out of it."""
    shown = report.target
    unsure = report.withheld is None and any((shown.sso, shown.appointments, shown.platform))
    if report.withheld or unsure:
        raise TargetError(
            Text(
                "Un rapport ne garde aucun secret, et cette cible en a ({k}) : donnez son fichier par --target.",
                "A report keeps no secret, and this target has some ({k}): give its file with --target.",
            ).format(k=", ".join(report.withheld or ("?",)))
        )
    return shown
