"""A load as JSON (`load.json`). Its shape is written down in docs/load.md; within a major version, changes only add."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from recette.model.load import Interval, JourneysReport, LoadReport, Slow
from recette.reports.json_report import text_of

SCHEMA_VERSION = "1.1"


def to_document(report: LoadReport) -> dict[str, Any]:
    """Times in seconds. The samples themselves are in samples.csv.gz, the verdict's findings in run.json."""
    recording, client, run = report.recording, report.client, report.run
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": run.id,
        "tool_version": run.tool_version,
        "target": {"base_url": run.target.base_url, "name": run.target.name},
        "verdict": run.verdict.value,
        "exit_code": int(run.exit_code),
        "explanation": {"fr": run.explanation.fr, "en": run.explanation.en},
        "profile": {
            "name": report.profile.name,
            "rate_per_second": report.profile.rate,
            "duration": report.profile.duration,
            "warm_up": report.profile.warm_up,
            "shape": [list(step) for step in report.profile.shape],
            "source": report.profile.source,
            "seed": report.seed,
        },
        "started_at": recording.started_at.isoformat(),
        "workers": recording.workers,
        "aborted": recording.aborted,
        "searches": {
            "planned": recording.planned,
            "made": len(recording.samples),
            "measured": len(report.measured),
            "judged": report.judged,
            "judged_by_all_checks": report.judged_deeply,
            "known_practitioners": report.known.practitioners,
            "searched_for_alone_before": report.known.looked_for,
        },
        "throughput_per_second": report.throughput,
        "latency": {"mean": report.mean, **_percentiles(report.latency)},
        "latency_one_practitioner": _percentiles(report.one_practitioner),
        "errors": dict(report.errors),
        "timeline": [
            {
                "start": bucket.start,
                "seconds": bucket.seconds,
                "count": bucket.count,
                "errors": bucket.errors,
                "p50": bucket.p50,
                "p95": bucket.p95,
                "max": bucket.max,
            }
            for bucket in report.timeline
        ],
        "slowest": [_slow(each) for each in report.slowest],
        "client": {
            "due_lag_p99": client.due_lag,
            "loop_lag_p90": client.loop_lag,
            "cpu": client.cpu,
            "most_in_flight": client.most_in_flight,
            "saturated": [{"fr": text.fr, "en": text.en} for text in client.saturated],
        },
        "journeys": None if report.journeys is None else _journeys(report.journeys),
    }


def _journeys(journeys: JourneysReport) -> dict[str, Any]:
    """What went on beside the searches; each step is in journeys.csv.gz."""
    return {
        "kinds": [
            {
                "name": each.kind.name,
                "source": each.kind.source,
                "expected_by_volume": each.expected,
                "fewest": each.kind.fewest,
                "most": each.kind.most,
                "planned": each.planned,
                "made": each.made,
                "stuck": each.stuck,
            }
            for each in journeys.kinds
        ],
        "steps": [
            {
                "kind": each.kind,
                "step": each.step,
                "count": each.count,
                "failed": each.failed,
                "latency": _percentiles(each.latency),
            }
            for each in journeys.steps
        ],
        "left_out": [{"name": name, "reason": {"fr": text.fr, "en": text.en}} for name, text in journeys.left_out],
        "stray_messages": journeys.strays,
        "client": {
            "due_lag_p99": journeys.client.due_lag,
            "loop_lag_p90": journeys.client.loop_lag,
            "cpu": journeys.client.cpu,
            "saturated": [{"fr": text.fr, "en": text.en} for text in journeys.client.saturated],
        },
    }


def dumps(report: LoadReport) -> str:
    return text_of(to_document(report))


def name_of(percent: float) -> str:
    """`p95`, `max`."""
    return "max" if percent == 100.0 else f"p{percent:g}"


def _percentiles(intervals: Sequence[Interval]) -> dict[str, Any]:
    return {name_of(each.percent): {"value": each.value, "low": each.low, "high": each.high} for each in intervals}


def _slow(slow: Slow) -> dict[str, Any]:
    sample = slow.sample
    return {
        "number": sample.number,
        "due": sample.due,
        "latency": sample.latency,
        "sent_late_by": sample.lag,
        "status": sample.status,
        "failure": sample.failure,
        "practitioners": sample.practitioners,
        "size": sample.size,
        "url": slow.url,
    }
