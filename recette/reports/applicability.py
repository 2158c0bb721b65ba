"""A statement of applicability as Markdown, and as JSON. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping

from recette.model.applicability import Applicability, Standing, Statement
from recette.reports import words
from recette.reports.markdown import code, escape, table
from sas_kernel.text import Lang, Text

STANDINGS: Mapping[Standing, Text] = {
    Standing.JUDGED: Text("Applicables et jugées", "Applicable and judged"),
    Standing.INCOMPLETE: Text("Applicables, à compléter pour être jugées", "Applicable, to be completed to be judged"),
    Standing.UNTESTED: Text("Applicables, sans scénario", "Applicable, without a scenario"),
    Standing.NOT_APPLICABLE: Text("Non applicables", "Not applicable"),
}
_TITLE = Text("Déclaration d’applicabilité", "Statement of applicability")
_HEAD = (
    Text("Exigence", "Requirement"),
    Text("Niveau", "Level"),
    Text("Gravité", "Severity"),
    Text("Énoncé", "Text"),
)
_BY = {
    Standing.JUDGED: Text("Scénarios", "Scenarios"),
    Standing.INCOMPLETE: Text("Ce qui manque", "What is lacking"),
    Standing.UNTESTED: Text("Pourquoi aucun", "Why none"),
    Standing.NOT_APPLICABLE: Text("Pourquoi", "Why"),
}


def to_markdown(statement: Statement, lang: Lang = Lang.FR) -> str:
    target = statement.target
    counted = Counter(row.standing for row in statement.rows)
    name = f"{escape(target.name)} — " if target.name else ""
    lines = [
        f"# {_TITLE.to(lang)}",
        "",
        name + code(target.base_url),
        "",
        f"recette {statement.tool_version} · {code(statement.rule_set)}",
        "",
        *table([STANDINGS[one].to(lang) for one in Standing], [[str(counted[one]) for one in Standing]]),
    ]
    for standing in Standing:
        rows = [row for row in statement.rows if row.standing is standing]
        if not rows:
            continue
        lines += [f"## {STANDINGS[standing].to(lang)}", ""]
        for flow in dict.fromkeys(row.requirement.flow for row in rows):
            lines += [f"### {words.FLOWS[flow].to(lang)}", ""]
            head = [text.to(lang) for text in (*_HEAD, _BY[standing])]
            lines += table(head, [_cells(row, lang) for row in rows if row.requirement.flow is flow])
    return "\n".join(lines).rstrip() + "\n"


def _cells(row: Applicability, lang: Lang) -> list[str]:
    one = row.requirement
    why = escape(row.reason.to(lang)) if row.reason is not None else " ".join(code(name) for name in row.scenarios)
    return [
        code(one.id, cell=True),
        words.LEVELS[one.level].to(lang),
        words.SEVERITIES[one.severity].to(lang),
        escape(one.text.to(lang)),
        why,
    ]


def to_json(statement: Statement) -> str:
    rows = [
        {
            "requirement": row.requirement.id,
            "flow": row.requirement.flow.value,
            "level": row.requirement.level.value,
            "severity": row.requirement.severity.value,
            "standing": row.standing.value,
            "scenarios": list(row.scenarios),
            "lacking": list(row.lacking),
            "reason": None if row.reason is None else {"fr": row.reason.fr, "en": row.reason.en},
        }
        for row in statement.rows
    ]
    target = statement.target
    document = {
        "target": {"base_url": target.base_url, "name": target.name, "actor": target.actor.value},
        "flows": [flow.value for flow in target.flows],
        "rule_set": statement.rule_set,
        "tool_version": statement.tool_version,
        "requirements": rows,
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
