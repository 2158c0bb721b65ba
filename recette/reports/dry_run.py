"""What a run would do, as plain lines or JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from recette.model import DeviationState, DryRun, Foreseen
from recette.reports import reservations, words
from sas_kernel.text import Lang, Text

_CHECK, _CHECKS = Text("contrôle", "check"), Text("contrôles", "checks")


def to_console(dry: DryRun, lang: Lang = Lang.FR) -> str:
    """The scenarios in their order; for each the checks, or the reason why it will not be played."""
    return "\n".join(map(words.plain, _lines(dry, lang)))


def _lines(dry: DryRun, lang: Lang) -> Iterable[str]:
    name = f"{dry.target.name} " if dry.target.name else ""
    yield f"recette : {name}{dry.target.base_url}"
    yield Text("À blanc : rien n’est envoyé.", "Dry run: nothing is sent.").to(lang)
    if dry.extent is not None:
        yield reservations.partial_sentence(dry.extent, lang)
    severities = {each.id: each for each in dry.requirements}
    for number, each in enumerate(dry.scenarios, start=1):
        scenario = each.scenario
        count = words.count(len(scenario.checks), _CHECK, _CHECKS, lang)
        position = f"[{number:>{len(str(len(dry.scenarios)))}}/{len(dry.scenarios)}]"
        yield f"{position} {each.verdict.value if each.verdict else '':<4} {_title(each, lang)} ({count})"
        if each.reason is not None:
            yield f"    {each.reason.to(lang)}"
            continue
        for check in scenario.checks:
            known = severities.get(check.requirement)
            weight = f"{known.level.value:<6} {known.severity.value:<8}" if known else ""
            yield f"    {check.requirement:<10} {weight} {check.title.to(lang)}"
    for entry in dry.deviations:
        until = words.day(entry.deviation.expires, lang)
        state = f" ({reservations.STATES[entry.state].to(lang)})" if entry.state is DeviationState.EXPIRED else ""
        yield f"{reservations.KNOWN.to(lang)} : {entry.deviation.subject}, {entry.deviation.owner}, {until}{state}"
    counts = Counter(each.verdict.value if each.verdict else "" for each in dry.scenarios)
    yield (
        Text(
            "{p} scénario(s) à jouer, {o} sans objet, {s} sans donnée de test ; {r} exigence(s).",
            "{p} scenarios to play, {o} not applicable, {s} without test data; {r} requirements.",
        )
        .format(p=counts[""], o=counts["OMIT"], s=counts["SKIP"], r=len(dry.requirements))
        .to(lang)
    )


def _title(each: Foreseen, lang: Lang) -> str:
    return f"{each.scenario.id}  {each.scenario.title.to(lang)}"


def to_json(dry: DryRun, lang: Lang = Lang.FR) -> str:
    """One document: the target's address, what was selected, the scenarios in order."""
    known = {each.id: each for each in dry.requirements}

    def scenario(each: Foreseen) -> dict[str, Any]:
        return {
            "id": each.scenario.id,
            "flow": each.scenario.flow.value,
            "title": each.scenario.title.to(lang),
            "tags": list(each.scenario.tags),
            "played": each.verdict is None,
            "verdict": each.verdict.value if each.verdict else None,
            "reason": each.reason.to(lang) if each.reason else None,
            "checks": [
                {
                    "id": check.id,
                    "title": check.title.to(lang),
                    "requirement": check.requirement,
                    "level": known[check.requirement].level.value if check.requirement in known else None,
                    "severity": known[check.requirement].severity.value if check.requirement in known else None,
                }
                for check in each.scenario.checks
            ],
        }

    document = {
        "target": dry.target.base_url,
        "actor": dry.target.actor.value,
        "partial": dry.extent is not None,
        "selection": reservations.options(dry.extent.selection) if dry.extent else "",
        "scenarios": [scenario(each) for each in dry.scenarios],
        "requirements": [each.id for each in dry.requirements],
        "deviations": [
            {
                "subject": each.deviation.subject,
                "owner": each.deviation.owner,
                "expires": each.deviation.expires.isoformat(),
                "expired": each.state is DeviationState.EXPIRED,
            }
            for each in dry.deviations
        ],
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2)
