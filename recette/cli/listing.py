"""`list`: scenarios, their checks and requirements, and the tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from recette.cli.options import (
    SETTINGS,
    ExcludeOption,
    FlowOption,
    LangOption,
    RequirementOption,
    ScenarioOption,
    SeverityOption,
    TagOption,
    said,
    selection,
)
from sas_kernel.text import Lang

if TYPE_CHECKING:
    from recette.model import Scenario

app = typer.Typer()


@app.command("list", help=said("Liste les scénarios et leurs exigences.", "List the scenarios and their requirements."))
def list_scenarios(
    flow: FlowOption = None,
    scenario: ScenarioOption = None,
    requirement: RequirementOption = None,
    tag: TagOption = None,
    severity: SeverityOption = None,
    exclude: ExcludeOption = None,
    tags: Annotated[bool, typer.Option("--tags", help=said("Les étiquettes.", "The tags."))] = False,
    format_: Annotated[str, typer.Option("--format", help="table, json")] = "table",
    lang: LangOption = SETTINGS.lang,
) -> None:
    import json

    from recette import catalogue
    from recette.engine import requirements
    from recette.engine.selection import judged_by, select

    if format_ not in {"table", "json"}:
        raise typer.BadParameter(said("attendu : table ou json", "expected table or json"), param_hint="--format")
    known = requirements.load()
    wanted = selection(flow, scenario, requirement, tag, severity, exclude)
    scenarios = select(catalogue.scenarios((), None), known, wanted).scenarios
    if tags:
        _list_tags(scenarios, format_, lang)
        return
    if format_ == "json":
        rows = [
            {
                "id": each.id,
                "flow": each.flow.value,
                "actor": each.actor.value,
                "title": each.title.to(lang),
                "tags": list(each.tags),
                "needs": list(each.needs),
                "checks": [
                    {
                        "id": check.id,
                        "title": check.title.to(lang),
                        "requirement": check.requirement,
                        "level": known[check.requirement].level.value,
                        "severity": known[check.requirement].severity.value,
                        "source": known[check.requirement].source,
                    }
                    for check in each.checks
                ],
            }
            for each in scenarios
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for each in scenarios:
        typer.echo(f"{each.id}  {each.title.to(lang)}  [{', '.join(each.tags)}]")
        for check in each.checks:
            row = known[check.requirement]
            typer.echo(f"    {row.id:<10} {row.level.value:<6} {row.severity.value:<8} {check.title.to(lang)}")
    typer.echo(
        said("{s} scénarios, {c} contrôles, {r} exigences.", "{s} scenarios, {c} checks, {r} requirements.").format(
            s=len(scenarios), c=sum(len(each.checks) for each in scenarios), r=len(judged_by(scenarios))
        )
    )


def _list_tags(scenarios: Sequence[Scenario], format_: str, lang: Lang) -> None:
    import json

    from recette.catalogue.tags import TAGS

    rows = [(tag, text.to(lang), [each.id for each in scenarios if tag in each.tags]) for tag, text in TAGS.items()]
    used = [row for row in rows if row[2]]
    if format_ == "json":
        typer.echo(
            json.dumps(
                [{"tag": tag.value, "text": text, "scenarios": ids} for tag, text, ids in used],
                ensure_ascii=False,
                indent=2,
            )
        )
        return
    for tag, text, ids in used:
        typer.echo(f"{tag.value:<14} {len(ids):>3}  {text}")
