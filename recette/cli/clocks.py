"""Which time it is for a command: `--clock`, else RECETTE_CLOCK, else the machine’s."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recette.cli.options import SETTINGS, said

if TYPE_CHECKING:
    from sas_kernel.clock import Clock

ClockOption = Annotated[
    str,
    typer.Option(
        "--clock",
        metavar="INSTANT|OFFSET|@FILE",
        help=said(
            "L’instant présent : un instant ISO 8601, un décalage (+90m, -2d) ou l’horloge des services (@FICHIER) ; "
            "défaut : RECETTE_CLOCK.",
            "The present: an ISO 8601 instant, an offset (+90m, -2d), or the services’ clock (@FILE); default: "
            "RECETTE_CLOCK.",
        ),
    ),
]

ClockFileOption = Annotated[
    Path | None,
    typer.Option(
        "--clock",
        metavar="FILE",
        help=said(
            "Suit l’horloge d’essai de ce fichier, celle que lit --clock @FILE ailleurs.",
            "Follow the test clock in this file, which --clock @FILE reads elsewhere.",
        ),
    ),
]

_OFFSET = re.compile(r"(?P<sign>[+-])(?P<amount>[0-9]{1,9})(?P<unit>[smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def present(clock: str) -> datetime:
    """The present instant, read once. An instant stands still; an offset and a file tell what they tell now."""
    written, option = _written(clock)
    if not written or _moves(written):
        return _moving(written, option).now()
    return instant(written, option)


def running(clock: str) -> Clock:
    """A clock for what lasts: a run, a watch. From an instant it goes on as the machine’s does."""
    from sas_kernel.clock import OffsetClock, SystemClock

    written, option = _written(clock)
    if not written or _moves(written):
        return _moving(written, option)
    return OffsetClock(instant(written, option) - SystemClock().now())


def instant(written: str, option: str = "--at") -> datetime:
    """An ISO 8601 instant; without an offset, the wall time of Paris."""
    from sas_kernel.clock import PARIS

    try:
        read = datetime.fromisoformat(written)
        read = read if read.tzinfo is not None else read.replace(tzinfo=PARIS)
        read.astimezone(UTC)  # an instant of the first or the last day of the calendar may have none in another zone
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            said(
                "attendu : un instant ISO 8601, par exemple 2026-05-22T10:00:00+02:00",
                "expected an ISO 8601 instant, for example 2026-05-22T10:00:00+02:00",
            ),
            param_hint=option,
        ) from None
    return read


def _written(clock: str) -> tuple[str, str]:
    """What was written, and where, for messages."""
    return (clock, "--clock") if clock else (SETTINGS.clock, "RECETTE_CLOCK")


def _moves(written: str) -> bool:
    return written.startswith("@") or _OFFSET.fullmatch(written) is not None


def _moving(written: str, option: str) -> Clock:
    from sas_kernel.clock import FileClock, OffsetClock, SystemClock

    if not written:
        return SystemClock()
    offset = _OFFSET.fullmatch(written)
    if offset is not None:
        by = timedelta(**{_UNITS[offset["unit"]]: int(offset["amount"])})
        return OffsetClock(by if offset["sign"] == "+" else -by)
    path = Path(written[1:])
    if not path.is_file():
        raise typer.BadParameter(
            said("aucun fichier d’horloge « {p} »", "no clock file '{p}'").format(p=path), param_hint=option
        )
    return FileClock(path)
