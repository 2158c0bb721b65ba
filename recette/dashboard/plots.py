"""How a service did, as places of bars and marks: widths in percent, heights in pixels. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from recette.dashboard import words
from recette.dashboard.model import Day, Service
from recette.reports import words as report_words
from sas_kernel.contracts import ServiceLevel
from sas_kernel.text import Lang, Text

HEIGHT, TOP, BASE = 132, 14, 104
"""The height of a plot, and between which heights its bars stand."""
_STATISTICS = {"max": Text("Maximum", "Maximum"), "p95": Text("95e centile", "95th percentile")}
_MOST_LABELS = 5


@dataclass(frozen=True, slots=True)
class Column:
    """A day. `kind` is `good`, `bad`, or `none` where nothing was watched or measured."""

    x: float
    width: float
    y: float
    height: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Plot:
    """`columns` over `labels` of days; `scale` are heights with what they stand for, `promise` the promised one."""

    title: str
    summary: str
    columns: tuple[Column, ...]
    labels: tuple[Mark, ...]
    scale: tuple[Mark, ...]
    promise: Mark | None


def downtime(service: Service, lang: Lang) -> Plot:
    """Minutes of each day in which the service was down outside planned maintenance."""
    days = service.days
    most = max((day.down for day in days), default=timedelta())
    top = _nice(max(most.total_seconds() / 60, 10))
    columns = []
    for place, day in enumerate(days):
        minutes = day.down.total_seconds() / 60
        kind = "bad" if day.down else "good" if day.watched else "none"
        said = words.day(day.day, lang) + Text(" : ", ": ").to(lang)
        if not day.watched:
            said += Text("non surveillé", "not watched").to(lang)
        elif day.down:
            said += Text("indisponible {t}", "down for {t}").format(t=words.lasting(day.down, lang)).to(lang)
        else:
            said += Text("disponible", "available").to(lang)
        columns.append(_column(place, len(days), minutes / top, kind, said))
    bad = sum(1 for day in days if day.down)
    summary = Text(
        "Jours avec une indisponibilité : {bad} sur {all} ; la plus longue : {most}.",
        "Days with an interruption: {bad} of {all}; the longest: {most}.",
    ).format(bad=bad, all=len(days), most=words.lasting(most, lang))
    return Plot(
        title=Text("Indisponibilité par jour, en minutes", "Downtime by day, in minutes").to(lang),
        summary=summary.to(lang),
        columns=tuple(columns),
        labels=_labels(days, lang),
        scale=(Mark(TOP, f"{top:g}"), Mark(BASE, "0")),
        promise=None,
    )


def response(service: Service, level: ServiceLevel, lang: Lang) -> Plot | None:
    """The promised statistic of each day against its promise; None where it was never measured in seconds."""
    days = service.days
    measured = [day.measured[level.id] for day in days if level.id in day.measured]
    if not measured or level.unit != "s":
        return None
    top = max(*measured, level.value) * 1.15
    columns = []
    for place, day in enumerate(days):
        value = day.measured.get(level.id)
        said = words.day(day.day, lang) + Text(" : ", ": ").to(lang)
        if value is None:
            columns.append(_column(place, len(days), 0.0, "none", said + Text("non mesuré", "not measured").to(lang)))
            continue
        said += report_words.seconds(value, lang)
        columns.append(_column(place, len(days), value / top, "bad" if value >= level.value else "good", said))
    over = sum(1 for value in measured if value >= level.value)
    promised = report_words.promised(level.value, level.unit, lang)
    summary = Text(
        "{s} par jour. Jours au-delà de {p} : {over} sur {all} ; le pire : {worst}.",
        "{s} by day. Days beyond {p}: {over} of {all}; worst: {worst}.",
    ).format(
        s=_STATISTICS.get(level.statistic, Text(level.statistic, level.statistic)),
        over=over,
        all=len(measured),
        p=promised,
        worst=report_words.seconds(max(measured), lang),
    )
    return Plot(
        title=level.text.to(lang),
        summary=summary.to(lang),
        columns=tuple(columns),
        labels=_labels(days, lang),
        scale=(Mark(BASE, "0"),),
        promise=Mark(round(BASE - (BASE - TOP) * level.value / top, 1), promised),
    )


def _column(place: int, number: int, part: float, kind: str, title: str) -> Column:
    step = 100 / number
    height = 3.0 if kind == "good" and part == 0 else max(round((BASE - TOP) * min(part, 1), 1), 2.0)
    if kind == "none":
        height = 6.0
    return Column(round(place * step, 3), round(step * 0.8, 3), round(BASE - height, 1), height, kind, title)


def _labels(days: Sequence[Day], lang: Lang) -> tuple[Mark, ...]:
    step = max(1, -(-len(days) // _MOST_LABELS))
    pattern = "%d/%m" if lang is Lang.FR else "%m-%d"
    return tuple(
        Mark(round(place * 100 / len(days), 3), day.day.strftime(pattern))
        for place, day in enumerate(days)
        if place % step == 0
    )


def _nice(value: float) -> float:
    """The next of 10, 20, 30, 50, 100, … minutes."""
    return next(step * 10.0**power for power in range(1, 7) for step in (1, 2, 3, 5) if step * 10.0**power >= value)
