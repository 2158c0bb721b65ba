"""A load for the widgets of others: the end-of-test summary of k6, and OpenMetrics text (GitLab reads both)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from recette.checks.load import IN_TIME, ONE_PRACTITIONER
from recette.model import Verdict, percentile
from recette.model.load import LoadReport, Sample

_TRENDS = (("min", 0.0), ("med", 50.0), ("p(90)", 90.0), ("p(95)", 95.0), ("p(99)", 99.0), ("max", 100.0))
_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 7.0)
"""Seconds, the two levels (1 and 7) among them."""


def to_k6(report: LoadReport) -> str:
    """What `k6 run --summary-export` writes: trends in milliseconds, `thresholds` true where they are crossed."""
    timed = [sample for sample in report.measured if sample.status == 200 or sample.failure == "timeout"]
    wrong = sum(count for _, count in report.errors)
    total, seconds = len(report.measured), max(report.measured_seconds, 1e-9)
    size = sum(sample.size for sample in report.measured)
    judged = {check.check: check for check in report.run.checks}
    duration = _trend([sample.latency for sample in timed])
    single = _trend([sample.latency for sample in timed if sample.practitioners == 1])
    metrics: dict[str, Any] = {
        "http_reqs": {"count": total, "rate": total / seconds},
        "http_req_duration": duration | _thresholds(judged, IN_TIME.id, "max<7000"),
        "http_req_duration{practitioners:1}": single | _thresholds(judged, ONE_PRACTITIONER.id, "p(95)<1000"),
        "http_req_waiting": _trend([_waiting(sample) for sample in timed if sample.first_byte is not None]),
        "http_req_failed": {"passes": wrong, "fails": total - wrong, "value": wrong / total if total else 0.0},
        "data_received": {"count": size, "rate": size / seconds},
        "checks": {
            "passes": total - wrong,
            "fails": wrong,
            "value": (total - wrong) / total if total else 0.0,
        },
    }
    checks = {
        check.check: {
            "name": check.title.en,
            "path": f"::{check.title.en}",
            "id": check.check,
            "passes": max(0, check.examined - len(check.findings)),
            "fails": sum(finding.occurrences for finding in check.findings),
        }
        for check in report.run.checks
        if check.verdict in {Verdict.PASS, Verdict.WARN, Verdict.FAIL}
    }
    root = {"name": "", "path": "", "id": report.run.id, "groups": {}, "checks": checks}
    return json.dumps({"metrics": metrics, "root_group": root}, indent=2) + "\n"


def _waiting(sample: Sample) -> float:
    return (sample.first_byte or sample.done) - sample.sent


def _thresholds(judged: dict[str, Any], check: str, name: str) -> dict[str, Any]:
    """A level that nothing could be said of is left out: the format knows neither refusal nor doubt."""
    found = judged.get(check)
    if found is None or found.verdict not in {Verdict.PASS, Verdict.FAIL}:
        return {}
    return {"thresholds": {name: found.verdict is Verdict.FAIL}}


def _trend(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {"avg": 0.0} | {name: 0.0 for name, _ in _TRENDS}
    ranked = sorted(values)
    trend = {name: (percentile(ranked, percent) or 0.0) * 1000 for name, percent in _TRENDS}
    return {"avg": sum(ranked) / len(ranked) * 1000} | trend


def to_openmetrics(report: LoadReport) -> str:
    """OpenMetrics 1.0 text: a histogram of latencies around the levels, their quantiles, errors, the verdict."""
    timed = [sample.latency for sample in report.measured if sample.status == 200 or sample.failure == "timeout"]
    lines = [
        "# TYPE sas_load_search_seconds histogram",
        "# UNIT sas_load_search_seconds seconds",
        "# HELP sas_load_search_seconds Time from the moment a slot search was due to its whole answer.",
    ]
    lines += [f'sas_load_search_seconds_bucket{{le="{le}"}} {sum(v <= le for v in timed)}' for le in _BUCKETS]
    lines += [
        f'sas_load_search_seconds_bucket{{le="+Inf"}} {len(timed)}',
        f"sas_load_search_seconds_count {len(timed)}",
        f"sas_load_search_seconds_sum {sum(timed):.6f}",
        "# TYPE sas_load_search_quantile_seconds gauge",
        "# UNIT sas_load_search_quantile_seconds seconds",
        "# HELP sas_load_search_quantile_seconds Exact percentiles (nearest rank), and bounds of their confidence.",
    ]
    for each in report.latency:
        quantile = f'quantile="{each.percent / 100:g}"'
        for bound, value in (("value", each.value), ("low", each.low), ("high", each.high)):
            lines.append(f'sas_load_search_quantile_seconds{{{quantile},bound="{bound}"}} {value:.6f}')
    lines += [
        "# TYPE sas_load_searches counter",
        "# HELP sas_load_searches Measured searches by what became of them.",
        f'sas_load_searches_total{{outcome="ok"}} {len(report.measured) - sum(n for _, n in report.errors)}',
        *(f'sas_load_searches_total{{outcome="{kind}"}} {count}' for kind, count in report.errors),
        "# TYPE sas_load_throughput gauge",
        "# HELP sas_load_throughput Whole answers a second.",
        f"sas_load_throughput {report.throughput:.6f}",
        "# TYPE sas_load_client_cpu_ratio gauge",
        "# UNIT sas_load_client_cpu_ratio ratio",
        "# HELP sas_load_client_cpu_ratio Share of one core the generator took.",
        f"sas_load_client_cpu_ratio {report.client.cpu:.6f}",
        "# TYPE sas_load_exit_code gauge",
        "# HELP sas_load_exit_code Exit code of the load: 0 accepted, 1 refused, 3 inconclusive, 4 level broken.",
        f"sas_load_exit_code {int(report.run.exit_code)}",
        "# EOF",
    ]
    return "\n".join(lines) + "\n"
