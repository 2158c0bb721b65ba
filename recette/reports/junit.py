"""The report as JUnit XML, in the form the widgets of GitLab, Jenkins and GitHub read.

A suite is a scenario, a case is a check. FAIL is a failure whose type is the severity; ERROR an error; SKIP, OMIT and
REVIEW are skipped, with the reason, and so is what a known deviation excuses; WARN passes and says what it saw in
`system-out`. Checks are pure and take no time of their own: a scenario's duration is shared equally among its cases, so
that the sums the widgets show are right.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from recette.model import CheckResult, Exchange, ExitCode, Finding, RunReport, ScenarioResult, Verdict
from recette.reports import reservations, words
from recette.reports.curl import curl_line
from recette.reports.reservations import Reservation
from sas_kernel.text import Lang, Text

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_VALUE_LIMIT = 4_000
_SKIPPED = frozenset({Verdict.SKIP, Verdict.OMIT, Verdict.REVIEW})


def render(report: RunReport, lang: Lang = Lang.FR) -> str:
    """The whole document, as text to be written in UTF-8."""
    exchanges = {exchange.id: exchange for exchange in report.exchanges}
    suites = [_suite(scenario, exchanges, lang) for scenario in report.scenarios]
    stale = [entry for entry in reservations.reservations(report, lang) if entry.state.fails]
    if stale:
        suites.append(_deviation_suite(report, stale))
    blamed = any(suite.get(kind) != "0" for suite in suites for kind in ("failures", "errors"))
    if not suites or (report.exit_code is not ExitCode.ACCEPTED and not blamed):
        # A run that was not accepted must never look green, even when no case of it failed.
        suites.append(_verdict_suite(report, lang))
    root = _element("testsuites", name="recette", **_sums(suites), time=_time(_elapsed(report)))
    for suite in suites:
        suite.insert(0, _properties(report))
        root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(scenario: ScenarioResult, exchanges: dict[str, Exchange], lang: Lang) -> ET.Element:
    classname = _classname(scenario)
    if scenario.checks:
        share = scenario.duration / len(scenario.checks)
        cases = [_case(check, classname, share, exchanges, lang) for check in scenario.checks]
    else:
        cases = [_bare_case(scenario, classname, lang)]
    if scenario.verdict is Verdict.ERROR and not any(case.find("error") is not None for case in cases):
        cases.append(_broken_case(scenario, classname, lang))
    _number(cases)
    return _suite_of(scenario.scenario, cases, scenario.started_at, scenario.duration)


def _number(cases: Sequence[ET.Element]) -> None:
    """Number the cases of a check made on several answers: of cases with one name, GitLab keeps only the first."""
    seen: Counter[str] = Counter()
    for case in cases:
        name = case.attrib["name"]
        seen[name] += 1
        if seen[name] > 1:
            case.set("name", f"{name} ({seen[name]})")


def _suite_of(name: str, cases: Sequence[ET.Element], started_at: datetime, duration: float) -> ET.Element:
    suite = _element(
        "testsuite",
        name=name,
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors=str(sum(case.find("error") is not None for case in cases)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        # The usual readers know no offset here.
        timestamp=started_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        time=_time(duration),
    )
    suite.extend(cases)
    return suite


def _case(check: CheckResult, classname: str, share: float, exchanges: dict[str, Exchange], lang: Lang) -> ET.Element:
    case = _element("testcase", classname=classname, name=f"{check.check} – {check.title.to(lang)}", time=_time(share))
    reason = check.reason.to(lang) if check.reason else words.VERDICTS[check.verdict].to(lang)
    if check.verdict is Verdict.FAIL and check.known:
        excuses = dict.fromkeys(reservations.excuse(f.deviation, lang) for f in check.findings if f.deviation)
        message = f"{reservations.KNOWN.to(lang)} ({check.severity.value}) : {' ; '.join(excuses)}"
        _child(case, "skipped", type="KNOWN_DEVIATION", message=_clean(message))
        _child(case, "system-out").text = _clean(_account(check, exchanges, lang))
    elif check.verdict is Verdict.FAIL:
        message = check.findings[0].message.to(lang) if check.findings else reason
        failure = _child(case, "failure", type=check.severity.value, message=_clean(message))
        failure.text = _clean(_account(check, exchanges, lang))
    elif check.verdict is Verdict.ERROR:
        _child(case, "error", type="ERROR", message=_clean(reason)).text = _clean(reason)
    elif check.verdict in _SKIPPED:
        _child(case, "skipped", type=check.verdict.value, message=_clean(reason))
    elif check.verdict is Verdict.WARN:
        _child(case, "system-out").text = _clean(_account(check, exchanges, lang))
    return case


def _bare_case(scenario: ScenarioResult, classname: str, lang: Lang) -> ET.Element:
    """The case of a scenario none of whose checks has a result: the reader must still see it."""
    case = _element("testcase", classname=classname, name=scenario.title.to(lang), time=_time(scenario.duration))
    reason = (scenario.reason or words.VERDICTS[scenario.verdict]).to(lang)
    if scenario.verdict is not Verdict.ERROR:
        kind = "failure" if scenario.verdict is Verdict.FAIL else "skipped"
        _child(case, kind, type=scenario.verdict.value, message=_clean(reason))
    else:
        _child(case, "error", type="ERROR", message=_clean(reason)).text = _clean(reason)
    return case


def _broken_case(scenario: ScenarioResult, classname: str, lang: Lang) -> ET.Element:
    case = _element("testcase", classname=classname, name=scenario.title.to(lang), time=_time(0))
    reason = (scenario.reason or words.VERDICTS[Verdict.ERROR]).to(lang)
    _child(case, "error", type="ERROR", message=_clean(reason)).text = _clean(reason)
    return case


def _deviation_suite(report: RunReport, stale: Sequence[Reservation]) -> ET.Element:
    """A case for each entry of the list of known deviations that fails the run by itself."""
    cases = []
    for entry in stale:
        case = _element("testcase", classname="recette.deviations", name=entry.deviation.subject, time=_time(0))
        _child(case, "failure", type=entry.state.name, message=_clean(entry.line)).text = _clean(entry.line)
        cases.append(case)
    _number(cases)
    return _suite_of("recette.deviations", cases, report.started_at, 0)


def _verdict_suite(report: RunReport, lang: Lang) -> ET.Element:
    headline, sentence = words.conclusion(report, lang)
    case = _element("testcase", classname="recette.run", name="verdict", time=_time(0))
    kind = "failure" if report.exit_code in {ExitCode.REFUSED, ExitCode.SERVICE_LEVEL_BROKEN} else "error"
    if report.exit_code is not ExitCode.ACCEPTED:
        _child(case, kind, type=report.exit_code.name, message=_clean(f"{headline}. {sentence}"))
    return _suite_of("recette.run", [case], report.started_at, 0)


def _account(check: CheckResult, exchanges: dict[str, Exchange], lang: Lang) -> str:
    requirement = Text("Exigence", "Requirement").to(lang)
    weight = f"{words.LEVELS[check.level].to(lang)}, {words.SEVERITIES[check.severity].to(lang)}"
    lines = [f"{requirement} : {check.requirement} ({weight}) – {check.source}"]
    for finding in check.findings:
        lines += ["", *_finding_lines(finding, exchanges.get(finding.exchange or ""), lang)]
    return "\n".join(lines)


def _finding_lines(finding: Finding, exchange: Exchange | None, lang: Lang) -> Iterable[str]:
    yield finding.message.to(lang) + (f" (× {finding.occurrences})" if finding.occurrences > 1 else "")
    for label, value in (
        (Text("Endroit", "Place"), finding.path or None),
        (Text("Attendu", "Expected"), finding.expected),
        (Text("Obtenu", "Actual"), finding.actual),
    ):
        if value is not None:
            yield f"{label.to(lang)} : {words.clipped(value, _VALUE_LIMIT)}"
    if exchange is not None:
        answer = str(exchange.response.status) if exchange.response else ""
        failure = words.FAILURES[exchange.failure].to(lang) if exchange.failure else ""
        yield f"{exchange.request.method} {exchange.request.target} -> {answer or failure}"
        yield curl_line(exchange.request)
    yield f"{Text('Identité', 'Identity').to(lang)} : {finding.identity}"


def _properties(report: RunReport) -> ET.Element:
    element = ET.Element("properties")
    for name, value in (
        ("target", report.target.base_url),
        ("target.name", report.target.name),
        ("rule_set", report.rule_set),
        *([("guide", report.guide)] if report.guide else []),
        ("recette.version", report.tool_version),
        ("run", report.id),
        ("verdict", report.verdict.value),
        ("exit_code", str(int(report.exit_code))),
        ("fail_on", report.fail_on.value),
        *(
            [("partial", "true"), ("selection", reservations.options(report.extent.selection))]
            if report.extent is not None
            else []
        ),
    ):
        _child(element, "property", name=name, value=_clean(value))
    return element


def _classname(scenario: ScenarioResult) -> str:
    flow = scenario.flow.value
    return scenario.scenario if scenario.scenario.startswith(f"{flow}.") else f"{flow}.{scenario.scenario}"


def _sums(suites: Sequence[ET.Element]) -> dict[str, str]:
    return {key: str(sum(int(suite.get(key, "0")) for suite in suites)) for key in _COUNTS}


_COUNTS = ("tests", "failures", "errors", "skipped")


def _elapsed(report: RunReport) -> float:
    return max(0.0, (report.finished_at - report.started_at).total_seconds())


def _time(seconds: float) -> str:
    return f"{seconds:.3f}"


def _element(tag: str, **attributes: str) -> ET.Element:
    return ET.Element(tag, {name: _clean(value) for name, value in attributes.items()})


def _child(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, tag, {name: _clean(value) for name, value in attributes.items()})


def _clean(text: str) -> str:
    """Characters XML cannot hold, even escaped, become U+FFFD."""
    return _ILLEGAL.sub("\ufffd", text)
