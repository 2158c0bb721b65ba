"""What the commands share: the language, the options they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from recette import settings
from recette.model import Selection, Severity
from sas_kernel.flows import Flow
from sas_kernel.text import Lang

SETTINGS = settings.read()


def said(fr: str, en: str) -> str:
    """The sentence in the language of the command line."""
    return en if SETTINGS.lang is Lang.EN else fr


LangOption = Annotated[Lang, typer.Option("--lang", help=said("Langue des rapports.", "Language of the reports."))]
OutOption = Annotated[Path, typer.Option("--out", help=said("Dossier des rapports.", "Folder of the reports."))]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        help=said(
            "sqlite:///fichier ou postgresql://… (défaut : SQLite).",
            "sqlite:///file or postgresql://… (default: SQLite).",
        ),
    ),
]
FaultOption = Annotated[
    list[str] | None,
    typer.Option(
        "--fault",
        metavar="FILE|NAME",
        help=said(
            "Panne volontaire : un fichier, ou un nom de « faults list » (répétable).",
            "Fault on purpose: a file, or a name of 'faults list' (repeatable).",
        ),
    ),
]
DEFAULT_OUT = Path("recette-out")

FlowOption = Annotated[
    list[Flow] | None, typer.Option("--flow", help=said("Flux à jouer (répétable).", "Flow to play (repeatable)."))
]
ScenarioOption = Annotated[
    list[str] | None,
    typer.Option(
        "--scenario",
        metavar="ID|GLOB",
        help=said(
            "Scénario, par exemple « slot_search.* » (répétable).", "Scenario, e.g. 'slot_search.*' (repeatable)."
        ),
    ),
]
RequirementOption = Annotated[
    list[str] | None,
    typer.Option(
        "--requirement",
        metavar="ID|GLOB",
        help=said("Exigence : ses contrôles seulement (répétable).", "Requirement: its checks only (repeatable)."),
    ),
]
TagOption = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        metavar="TAG",
        help=said("Étiquette, voir list --tags (répétable).", "Tag, see list --tags (repeatable)."),
    ),
]
SeverityOption = Annotated[
    str | None,
    typer.Option(
        "--severity",
        help=said(
            "Exigences de cette gravité au moins : blocking, major ou minor.",
            "Requirements of this severity at least: blocking, major or minor.",
        ),
    ),
]
ExcludeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="ID|GLOB",
        help=said(
            "Sans ce scénario ou cette exigence (répétable).", "Without this scenario or requirement (repeatable)."
        ),
    ),
]
DeviationsOption = Annotated[
    Path | None,
    typer.Option(
        "--deviations",
        metavar="FILE.toml",
        help=said("Déviations connues, avec leur terme.", "Known deviations, with their end."),
    ),
]
DryRunOption = Annotated[
    bool,
    typer.Option(
        "--dry-run", help=said("Dit ce qui serait joué, sans rien envoyer.", "Tell what would be played, send nothing.")
    ),
]
BrowserOption = Annotated[
    bool,
    typer.Option(
        "--browser",
        help=said(
            "Montre dans un vrai Chromium les pages construites par script (extra « browser »).",
            "Show pages built by script in a real Chromium (extra 'browser').",
        ),
    ),
]
BrowserPathOption = Annotated[
    str,
    typer.Option("--browser-path", help=said("Ce Chromium ; vaut --browser.", "This Chromium; implies --browser.")),
]
FORMATS = ("console", "json", "junit", "html", "md", "har", "sarif", "xlsx")
FormatOption = Annotated[str, typer.Option("--format", help=said("Parmi ", "Among ") + ",".join(FORMATS))]
KeepEvidenceOption = Annotated[
    bool,
    typer.Option(
        "--keep-evidence",
        help=said(
            "Garde aussi un échange par exigence tenue ou à examiner.",
            "Keep an exchange of each requirement held or to be reviewed too.",
        ),
    ),
]
TellRunOption = Annotated[
    bool,
    typer.Option(
        "--tell-run",
        help=said(
            "Chaque requête dit son exécution (X-Recette-Run) : pour suivre nos propres services dans leurs journaux, "
            "car un éditeur distingue alors l’outil de la plateforme.",
            "Every request says which run it is of (X-Recette-Run): to follow our own services in their logs, since an "
            "editor can then tell the tool from the platform.",
        ),
    ),
]
FAIL_ON_HELP = said("Refuse à partir de : blocking, major ou minor.", "Refuse from: blocking, major or minor on.")


def formats_of(value: str) -> tuple[str, ...]:
    """The formats of `--format`, each once."""
    names = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise typer.BadParameter(
            said("format inconnu {u} ; possibles : {k}", "unknown format {u}; possible: {k}").format(
                u=", ".join(unknown) or "''", k=", ".join(FORMATS)
            ),
            param_hint="--format",
        )
    return names


def severity_of(value: str, option: str) -> Severity:
    try:
        return Severity(value.upper())
    except ValueError:
        raise typer.BadParameter(
            said("attendu : blocking, major ou minor", "expected blocking, major or minor"), param_hint=option
        ) from None


def selection(
    flows: Sequence[Flow] | None,
    scenarios: Sequence[str] | None,
    requirements: Sequence[str] | None,
    tags: Sequence[str] | None,
    severity: str | None,
    exclude: Sequence[str] | None,
) -> Selection:
    """What the options ask for, in the order of the commands' parameters."""
    return Selection(
        flows=tuple(flows or ()),
        scenarios=tuple(scenarios or ()),
        requirements=tuple(requirements or ()),
        tags=tuple(tags or ()),
        severity=None if severity is None else severity_of(severity, "--severity"),
        exclude=tuple(exclude or ()),
    )
