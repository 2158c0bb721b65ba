"""How durations, parts and days are said in a service report."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from zoneinfo import ZoneInfo

from recette.monitoring.service_report import ServiceReport
from sas_kernel.text import Lang, Text

_MONTHS = {
    Lang.FR: (
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
    Lang.EN: (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}
_MIDNIGHT = (0, 0, 0)


def duration(value: timedelta, lang: Lang) -> str:
    """`7 h 12 min`, `2 j 4 h`, `45 s`; the two largest units, cut, with its sign."""
    seconds = int(abs(value).total_seconds())
    sign = "−" if value < timedelta() else ""
    units = ((86_400, Text("j", "d")), (3600, Text("h", "h")), (60, Text("min", "min")), (1, Text("s", "s")))
    parts: list[str] = []
    for size, name in units:
        if seconds >= size or (size == 1 and not parts):
            parts.append(f"{seconds // size}\u00a0{name.to(lang)}")
            seconds %= size
        if len(parts) == 2 or (parts and not seconds):
            break
    return sign + " ".join(parts)


def part(value: float | None, lang: Lang, decimals: int = 3) -> str:
    """`99,312 %`, cut, never rounded up: what shows 100 % is 100 %."""
    if value is None:
        return "–"
    step = Decimal(1).scaleb(-decimals)
    cut = (Decimal(repr(value)) * 100).quantize(step, rounding=ROUND_FLOOR)
    written = f"{cut:f}".rstrip("0").rstrip(".") if "." in f"{cut:f}" else f"{cut:f}"
    return f"{written}%" if lang is Lang.EN else f"{written.replace('.', ',')}\u00a0%"


def day(value: date, lang: Lang) -> str:
    """`1er octobre 2026`."""
    number = "1er" if lang is Lang.FR and value.day == 1 else str(value.day)
    return f"{number} {_MONTHS[lang][value.month - 1]} {value.year}"


def moment(value: datetime, zone: ZoneInfo, lang: Lang) -> str:
    """`12/10/2026 14:03`, with seconds where there are any, and the offset in a night of a clock change."""
    local = value.astimezone(zone)
    date_part = f"{local:%d/%m/%Y}" if lang is Lang.FR else f"{local:%Y-%m-%d}"
    time_part = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    doubtful = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
    offset = f" ({local:%z})" if doubtful else ""
    return f"{date_part} {time_part}{offset}"


def period(report: ServiceReport, lang: Lang) -> str:
    """`Octobre 2026` for a whole month, else from when to when."""
    start = report.standing.start.astimezone(report.zone)
    end = report.standing.end.astimezone(report.zone)
    whole = (start.hour, start.minute, start.second) == _MIDNIGHT == (end.hour, end.minute, end.second)
    if whole and start.day == 1 == end.day and (end.year - start.year) * 12 + end.month - start.month == 1:
        name = _MONTHS[lang][start.month - 1]
        return f"{name[0].upper()}{name[1:]} {start.year}"
    said = Text("Du {a} au {b}", "From {a} to {b}")
    return said.to(lang).format(a=moment(start, report.zone, lang), b=moment(end, report.zone, lang))
