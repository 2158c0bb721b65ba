"""What the commands about projects share: where they are kept, of whom and when they speak."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from recette.cli.clocks import ClockOption, instant, present
from recette.cli.options import SETTINGS, said
from recette.journal.model import Party

if TYPE_CHECKING:
    from recette.journal.repository import Journal
    from recette.register.moves import Move

__all__ = [
    "AtOption",
    "ClockOption",
    "Layout",
    "LayoutOption",
    "PartyOption",
    "ProjectArgument",
    "RegisterOption",
    "WhoOption",
    "WhyOption",
    "database_url",
    "instant",
    "move",
    "name_of",
    "present",
    "with_journal",
]

_T = TypeVar("_T")


class Layout(StrEnum):
    """For people, or for machines."""

    CONSOLE = "console"
    JSON = "json"


ProjectArgument = Annotated[
    str, typer.Argument(metavar="PROJECT", help=said("Projet (éditeur, interface, environnement).", "Project."))
]
RegisterOption = Annotated[
    str,
    typer.Option(
        "--database-url",
        help=said(
            "Base du registre (défaut : .recette/register.sqlite).",
            "The register’s database (default: .recette/register.sqlite).",
        ),
    ),
]
AtOption = Annotated[
    str,
    typer.Option(
        "--at",
        metavar="INSTANT",
        help=said(
            "Quand cela s’est passé (ISO 8601, heure de Paris sans décalage) ; défaut : maintenant.",
            "When it happened (ISO 8601, Paris time without offset); default: now.",
        ),
    ),
]
WhoOption = Annotated[
    str, typer.Option("--who", help=said("Qui le fait (défaut : RECETTE_WHO).", "Who does it (default: RECETTE_WHO)."))
]
PartyOption = Annotated[
    Party,
    typer.Option("--for", metavar="ans|editor", help=said("Pour quelle partie.", "For which party.")),
]
LayoutOption = Annotated[Layout, typer.Option("--format", help=said("Présentation.", "Layout."))]
WhyOption = Annotated[str, typer.Option("--why", help=said("Pourquoi, en toutes lettres.", "Why, in words."))]


def with_journal(url: str, work: Callable[[Journal], Awaitable[_T]]) -> _T:
    """Open the journal, do the work, close it."""
    import asyncio

    from recette.journal.repository import opened

    async def whole() -> _T:
        async with opened(database_url(url)) as journal:
            return await work(journal)

    return asyncio.run(whole())


def database_url(url: str) -> str:
    """The option, else the environment’s, else a file in the folder where the command runs."""
    return url or SETTINGS.database_url or f"sqlite:///{Path('.recette').resolve() / 'register.sqlite'}"


def name_of(who: str) -> str:
    """Who writes: named by the option or the environment; nobody writes without a name."""
    named = who or SETTINGS.who
    if not named.strip():
        raise typer.BadParameter(
            said("dites qui écrit (ou définissez RECETTE_WHO)", "say who writes (or set RECETTE_WHO)"),
            param_hint="--who",
        )
    return named


def move(who: str, party: Party, why: str, at: str, clock: str) -> tuple[Move, datetime]:
    """Who does something, when, for whom and why; and the present instant, read once."""
    from recette.register.moves import Move

    if party is Party.TOOL:
        raise typer.BadParameter(
            said(
                "« tool » est ce qu’inscrivent les exécutions et l’horloge ; possibles : ans, editor",
                "'tool' is what runs and the clock write; possible: ans, editor",
            ),
            param_hint="--for",
        )
    now = present(clock)
    return Move(instant(at) if at else now, name_of(who), party, why), now
