"""What the catalogue covers, as a table, as Markdown or as JSON; and the same of the ANS kit's tests. Pure.

`coverage` says it of a run; here nothing has been run.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from recette.model import Counterpart, Coverage, CoverageLayout, CoverageLine, Relation, Requirement
from recette.reports import markdown, words
from sas_kernel.text import Lang, Text

FORMAT = "recette-coverage-1"
_MOST_NAMES = 3


_HEAD = (
    Text("Exigence", "Requirement"),
    Text("Gravité", "Severity"),
    Text("Scénarios", "Scenarios"),
    Text("Contrôles", "Checks"),
    Text("Partenaires fautifs", "Faulty partners"),
)
_KIT_HEAD = (
    Text("Test du kit", "Kit test"),
    Text("Sujet", "Subject"),
    Text("Exigences", "Requirements"),
    Text("Jugement d’ici", "Verdict here"),
    Text("Pourquoi", "Why"),
)
_RELATIONS = {
    Relation.SAME: Text("le même", "same"),
    Relation.STRICTER: Text("plus strict", "stricter"),
    Relation.LOOSER: Text("moins strict", "looser"),
    Relation.DIFFERENT: Text("autre", "different"),
    Relation.NOT_COVERED: Text("non couvert", "not covered"),
}
_COUNTS = Text(
    "{all} exigences : {tested} jugées, {told} non jugées avec leur raison. {scenarios} scénarios. "
    "{checks} contrôles : {shown} vus échouer, sur {exhibits} partenaires fautifs ; excusés : {excused}.",
    "{all} requirements: {tested} judged, {told} not judged, with the reason. {scenarios} scenarios. {checks} checks: "
    "{shown} seen to fail, on {exhibits} faulty partners; excused: {excused}.",
)
_EXCUSED = Text("Contrôles excusés", "Excused checks")
_HOLES = Text("Il manque", "Missing")
_WHOLE = Text("La couverture n’a pas de trou.", "The coverage has no hole.")
_COLON = Text(" : ", ": ")


def render(coverage: Coverage, layout: CoverageLayout, lang: Lang) -> str:
    """Requirement by requirement: the scenarios, the checks, the partners they catch; then what is missing."""
    if layout is CoverageLayout.JSON:
        return _json({"requirements": list(map(_line, coverage.lines)), **_rest(coverage)})
    rows = [_cells(line, lang) for line in coverage.lines]
    return _page(_HEAD, rows, layout, lang, [counts(coverage).to(lang), *_after(coverage, lang)])


def render_kit(
    crosswalk: Sequence[Counterpart],
    requirements: Mapping[str, Requirement],
    coverage: Coverage,
    layout: CoverageLayout,
    lang: Lang,
) -> str:
    """Test by test of the ANS kit: what judges it here, and why otherwise where it does."""
    if layout is CoverageLayout.JSON:
        return _json({"kit": [_counterpart(row, requirements) for row in crosswalk], **_rest(coverage)})
    rows = [
        (
            row.id,
            row.title.to(lang),
            _few(row.requirements),
            _RELATIONS[row.relation].to(lang),
            row.why.to(lang) if row.why else "",
        )
        for row in crosswalk
    ]
    found = Counter(row.relation for row in crosswalk)
    colon = _COLON.to(lang)
    summary = " · ".join(f"{_RELATIONS[relation].to(lang)}{colon}{found[relation]}" for relation in Relation)
    return _page(_KIT_HEAD, rows, layout, lang, [f"{len(crosswalk)} tests — {summary}", *_after(coverage, lang)])


def counts(coverage: Coverage) -> Text:
    """How many of everything, in one sentence or two."""
    lines = coverage.lines
    checks = {check for line in lines for check in line.checks}
    excused = {row.check for row in coverage.exemptions} & checks
    return _COUNTS.format(
        all=len(lines),
        tested=sum(bool(line.scenarios) for line in lines),
        told=sum(not line.scenarios and line.requirement.untested_reason is not None for line in lines),
        scenarios=len({scenario for line in lines for scenario in line.scenarios}),
        checks=len(checks),
        shown=len(checks & coverage.shown),
        exhibits=len({name for line in lines for name in line.exhibits}),
        excused=len(excused),
    )


def _cells(line: CoverageLine, lang: Lang) -> tuple[str, ...]:
    row = line.requirement
    severity = words.SEVERITIES[row.severity].to(lang)
    if not line.scenarios:
        reason = row.untested_reason.to(lang) if row.untested_reason else "—"
        return (row.id, severity, reason, "", "")
    return (row.id, severity, _few(line.scenarios), _few(line.checks), _few(line.exhibits) or "—")


def _few(names: Sequence[str]) -> str:
    """The first of a list, and how many follow."""
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" (+{more})" if more > 0 else "")


def _after(coverage: Coverage, lang: Lang) -> list[str]:
    colon = _COLON.to(lang)
    said = []
    if coverage.exemptions:
        said.append(_EXCUSED.to(lang) + colon.rstrip())
        said += [f"- {row.check}{colon}{row.reason.to(lang)}" for row in coverage.exemptions]
    if not coverage.holes:
        return [*said, _WHOLE.to(lang)]
    return [*said, f"{_HOLES.to(lang)}{colon}{len(coverage.holes)}", *(f"- {h.text.to(lang)}" for h in coverage.holes)]


def _page(
    head: Sequence[Text], rows: Sequence[Sequence[str]], layout: CoverageLayout, lang: Lang, after: Sequence[str]
) -> str:
    titles = [title.to(lang) for title in head]
    if layout is CoverageLayout.MARKDOWN:
        escaped = [[markdown.escape(cell) for cell in row] for row in rows]
        said = [f"- {markdown.escape(line[2:])}" if line.startswith("- ") else markdown.escape(line) for line in after]
        return "\n".join([*markdown.table(titles, escaped), *_spaced(said)]) + "\n"
    widths = [max(map(len, column)) for column in zip(*[row[:2] for row in [titles, *rows]], strict=True)]
    lines = []
    for row in (titles, *rows):
        start = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        lines.append(f"{start}  {'  |  '.join(cell for cell in row[2:] if cell)}".rstrip())
    return "\n".join([*lines, "", *after]) + "\n"


def _spaced(lines: Iterable[str]) -> list[str]:
    """An empty line before and after each paragraph, none between the items of a list."""
    spaced: list[str] = []
    for line in lines:
        if spaced and not (line.startswith("- ") and spaced[-1].startswith("- ")):
            spaced.append("")
        spaced.append(line)
    return spaced


# --- JSON ------------------------------------------------------------------------------------------------------------


def _json(document: dict[str, Any]) -> str:
    return json.dumps({"format": FORMAT, **document}, ensure_ascii=False, indent=2) + "\n"


def _both(text: Text | None) -> dict[str, str] | None:
    return None if text is None else {"fr": text.fr, "en": text.en}


def _line(line: CoverageLine) -> dict[str, Any]:
    row = line.requirement
    return {
        "id": row.id,
        "flow": row.flow.value,
        "actor": row.actor.value,
        "level": row.level.value,
        "severity": row.severity.value,
        "scenarios": list(line.scenarios),
        "checks": list(line.checks),
        "faulty_partners": list(line.exhibits),
        "untested_reason": _both(row.untested_reason),
    }


def _counterpart(row: Counterpart, requirements: Mapping[str, Requirement]) -> dict[str, Any]:
    scenarios = (name for id in row.requirements if id in requirements for name in requirements[id].scenarios)
    return {
        "id": row.id,
        "mode": row.mode,
        "title": _both(row.title),
        "requirements": list(row.requirements),
        "scenarios": list(dict.fromkeys(scenarios)),
        "relation": row.relation.value,
        "why": _both(row.why),
    }


def _rest(coverage: Coverage) -> dict[str, Any]:
    return {
        "excused_checks": [{"check": row.check, "reason": _both(row.reason)} for row in coverage.exemptions],
        "holes": [_both(hole.text) for hole in coverage.holes],
    }
