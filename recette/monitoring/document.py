"""The JSON twin of a service report: the same facts, for machines. Durations in seconds, instants in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from recette.monitoring.service_report import Day, Point, ServiceReport, Window
from recette.monitoring.timeline import Outage

SCHEMA_VERSION = "1.0"


def of(report: ServiceReport) -> dict[str, Any]:
    """The document; it says nothing that the page does not."""
    standing = report.standing
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "service-report",
        "tool_version": report.tool_version,
        "project": report.project,
        "editor": report.editor,
        "interface": report.interface,
        "environment": report.environment,
        "agreement": report.agreement,
        "generated_at": _instant(report.generated_at),
        "start": _instant(standing.start),
        "end": _instant(standing.end),
        "conforms": standing.conforms,
        "availability": {
            "measured": standing.availability,
            "promised": standing.promised_availability,
            "holds": standing.availability_holds,
            "watched": _seconds(standing.watched),
            "downtime": _seconds(standing.downtime),
            "maintenance": _seconds(standing.maintenance),
            "not_watched": _seconds(report.unwatched),
            "budget": _seconds(report.budget),
            "budget_left": _seconds(standing.budget_left),
            "samples": standing.samples,
            "interval": _seconds(report.promise.interval),
            "unavailable_from": report.promise.unavailable_from.value,
        },
        "levels": [
            {
                "level": level.level,
                "text": {"fr": level.text.fr, "en": level.text.en},
                "source": level.source,
                "promised": level.promised,
                "unit": level.unit,
                "measured": level.measured,
                "samples": level.samples,
                "holds": level.holds,
            }
            for level in standing.levels
        ],
        "days": [_day(day) for day in report.days],
        "response_times": [_point(point) for point in report.points],
        "outages": [_outage(outage) for outage in report.outages],
        "maintenance": [_window(window) for window in report.windows],
        "choices": [
            {
                "key": choice.key,
                "value": choice.value,
                "article": choice.article,
                "reason": {"fr": choice.reason.fr, "en": choice.reason.en},
                "default": choice.is_default,
            }
            for choice in report.choices
        ],
    }


def _day(day: Day) -> dict[str, Any]:
    return {
        "day": day.day.isoformat(),
        "length": _seconds(day.length),
        "availability": day.availability,
        "watched": _seconds(day.watched),
        "downtime": _seconds(day.downtime),
        "maintenance": _seconds(day.maintenance),
        "not_watched": _seconds(day.unwatched),
        "budget_left": _seconds(day.budget_left),
    }


def _point(point: Point) -> dict[str, Any]:
    return {
        "start": _instant(point.start),
        "end": _instant(point.end),
        "samples": point.samples,
        "p50": point.p50,
        "p95": point.p95,
        "max": point.max,
    }


def _outage(outage: Outage) -> dict[str, Any]:
    return {
        "start": _instant(outage.start),
        "end": _instant(outage.end),
        "counted": _seconds(outage.counted),
        "planned": _seconds(outage.planned),
        "probes": list(outage.probes),
        "causes": list(outage.causes),
        "samples": outage.samples,
    }


def _window(window: Window) -> dict[str, Any]:
    return {
        "start": _instant(window.start),
        "end": _instant(window.end),
        "announced_at": _instant(window.announced_at),
        "why": window.why,
        "excluded": window.counts,
    }


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _seconds(value: timedelta) -> float:
    return value.total_seconds()
