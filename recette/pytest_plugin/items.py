"""The catalogue as pytest items: one a check of a scenario, played once, and one for the verdict of the whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import pytest

from recette import catalogue, playing, settings
from recette.engine import requirements, verdicts
from recette.engine import target as targets
from recette.model import (
    Booking,
    CheckResult,
    Event,
    Exchange,
    ExitCode,
    Requirement,
    RunReport,
    Scenario,
    Severity,
    Target,
    Verdict,
    Waiting,
    worst,
)
from recette.pytest_plugin import telling
from sas_kernel.flows import Flow

GROUP = "recette_target"
"""One target is played by one xdist worker: its scenarios follow each other, and only one endpoint of ours listens."""


_Style = Literal["long", "short", "auto", "line", "no", "native", "value"]


class NotConformantError(Exception):
    """What a check found, as the text to print."""


def needs_a_person(target: Target, flows: Sequence[Flow]) -> bool:
    chosen = flows or target.flows
    asked = target.appointments is not None and target.appointments.booking is Booking.OPERATOR
    return asked and Flow.APPOINTMENTS in chosen


class TargetFile(pytest.File):
    """A target file, collected."""

    flows: tuple[Flow, ...] = ()
    fail_on: Severity = Severity.MINOR

    def collect(self) -> Iterator[pytest.Item]:
        self.target = targets.read(Path(self.path))
        self.reports: dict[str, RunReport] = {}
        self.known = requirements.load()
        self.unreachable: RunReport | None = None
        chosen = [
            scenario
            for scenario in catalogue.scenarios(self.flows or self.target.flows, self.target.actor)
            if scenario.checks
        ]
        for scenario in chosen:
            for check in scenario.checks:
                name = f"{scenario.id}[{check.id}]"
                yield CheckItem.from_parent(
                    self, name=name, scenario=scenario, check_id=check.id, requirement=self.known[check.requirement]
                )
        yield VerdictItem.from_parent(self, name="verdict")

    def play(self, scenario: Scenario) -> RunReport:
        """The report of this scenario alone; played the first time it is asked for, unless nothing answered before."""
        if scenario.id not in self.reports:
            report = self.unreachable or playing.play(
                playing.plan_for(self.target, (scenario,), fail_on=self.fail_on), listeners=(self._tell,)
            )
            self.reports[scenario.id] = report
            if report.exit_code is ExitCode.UNREACHABLE:
                self.unreachable = report
        return self.reports[scenario.id]

    def _tell(self, event: Event) -> None:
        """What somebody has to do now, on the terminal at once: captured output comes too late for a person."""
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if not isinstance(event, Waiting) or reporter is None:
            return
        capture = self.config.pluginmanager.get_plugin("capturemanager")
        if capture is not None:
            capture.suspend_global_capture(in_=False)
        reporter.write_line(f"{event.what.to(settings.read().lang)} ({event.seconds_left:.0f} s)")
        if capture is not None:
            capture.resume_global_capture()


class _RecetteItem(pytest.Item):
    def reportinfo(self) -> tuple[Path, int | None, str]:
        return Path(self.path), None, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: _Style | None = None) -> str:
        if isinstance(excinfo.value, NotConformantError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    @property
    def file(self) -> TargetFile:
        assert isinstance(self.parent, TargetFile)
        return self.parent


class CheckItem(_RecetteItem):
    def __init__(
        self, *, scenario: Scenario, check_id: str, requirement: Requirement, name: str, parent: TargetFile
    ) -> None:
        super().__init__(name, parent)
        self.scenario = scenario
        self.check_id = check_id
        self.user_properties += [
            ("requirement", requirement.id),
            ("severity", requirement.severity.value),
            ("source", requirement.source),
        ]

    def runtest(self) -> None:
        report = self.file.play(self.scenario)
        lang = settings.read().lang
        if report.exit_code is ExitCode.UNREACHABLE:
            raise NotConformantError(report.explanation.to(lang))
        results = [result for result in report.checks if result.check == self.check_id]
        found = worst(result.verdict for result in results)
        told = "\n\n".join(_told(results, report.exchanges, found))
        failing = found is Verdict.FAIL and any(
            result.severity.rank >= self.file.fail_on.rank for result in results if result.verdict is found
        )
        if failing or found is Verdict.ERROR:
            raise NotConformantError(told)
        if found in {Verdict.OMIT, Verdict.SKIP, Verdict.REVIEW}:
            reasons = {result.reason.to(lang) for result in results if result.verdict is found and result.reason}
            pytest.skip(f"{found.value} — {' '.join(sorted(reasons))}")
        if found is not Verdict.PASS:
            self.add_report_section("call", "recette", told)


def _told(results: Sequence[CheckResult], exchanges: Sequence[Exchange], verdict: Verdict) -> Iterator[str]:
    for result in results:
        if result.verdict is verdict:
            yield telling.of_check(result, exchanges, settings.read().lang)


class VerdictItem(_RecetteItem):
    """Skips are not passes: what could not be judged makes the whole inconclusive, as it does for `recette run`."""

    def runtest(self) -> None:
        if not self.file.reports:
            raise NotConformantError("recette: nothing was played / rien n’a été joué")
        unreachable = self.file.unreachable is not None and len(set(map(id, self.file.reports.values()))) == 1
        played = [scenario for report in self.file.reports.values() for scenario in report.scenarios]
        verdict, code, sentence = verdicts.conclude(
            played, self.file.known, fail_on=self.file.fail_on, unreachable=unreachable
        )
        if code is not ExitCode.ACCEPTED:
            lang = settings.read().lang
            raise NotConformantError(f"{verdict.value} ({int(code)}) : {sentence.to(lang)}")
