"""What the commands share: the language, the options they have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recette import settings
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
DEFAULT_OUT = Path("recette-out")
