"""Writes the reports of a load into a folder, its raw samples always among them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from recette.model.load import LoadReport
from recette.reports import html, json_report, junit, load_json, load_metrics, load_page, load_samples
from recette.reports.files import write_whole
from sas_kernel.text import Lang


def write_load(report: LoadReport, formats: Iterable[str], folder: Path, lang: Lang) -> list[Path]:
    """Write each format (`json`, `junit`, `html`, `k6`, `openmetrics`) and the samples; raises `ReportWriteError`."""
    contents: dict[str, bytes] = {"samples.csv.gz": load_samples.render(report.recording.samples)}
    if report.journeys is not None:
        contents["journeys.csv.gz"] = load_samples.render_steps(report.journeys.samples)
    for name in formats:
        if name == "json":
            contents["load.json"] = load_json.dumps(report).encode()
            contents["run.json"] = json_report.dumps(report.run).encode()
        elif name == "junit":
            contents["junit.xml"] = junit.render(report.run, lang).encode()
        elif name == "html":
            contents["load.html"] = load_page.render(report, lang).encode()
            contents["report.html"] = html.render(report.run, lang).encode()
        elif name == "k6":
            contents["k6-summary.json"] = load_metrics.to_k6(report).encode()
        elif name == "openmetrics":
            contents["metrics.txt"] = load_metrics.to_openmetrics(report).encode()
        else:
            raise KeyError(name)
    return [write_whole(folder / name, content) for name, content in contents.items()]
