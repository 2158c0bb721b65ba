from __future__ import annotations

import asyncio
import csv
import gzip
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from recette import playing
from recette.catalogue.slot_search.conversation import Query
from recette.engine.runner import BARE
from recette.load import running, verdict
from recette.load.judging import exchange_of
from recette.load.recording import KeptAnswer
from recette.load.statistics import intervals
from recette.model import ExitCode, Target
from recette.model.load import JourneyFigures, JourneysReport, Known, LoadReport, Sample, Step, StepFigures
from recette.reports import comparison, json_report, load_console, load_json, load_metrics, load_page, load_samples
from recette.reports.load_files import write_load
from sas_kernel.clock import ManualClock
from sas_kernel.text import Lang, Text
from sas_kernel.time_window import Window
from tests.recette.load.made import LIMITS, NOMINAL, PROFILES, STARTED, judged, outcome, recording, sample, samples

TARGET = Target("http://agenda.example.org/fhir", name="<b>Agenda</b>")


def reported(*made: Sample, **changes: Any) -> LoadReport:
    found = recording(made, **changes)
    query = Query.of(("810123400017",), Window(STARTED, STARTED))
    queries = {each.number: query for each in made}
    slowest = max(made, key=lambda each: each.latency, default=None)
    kept = {}
    if slowest is not None:
        answer = None if slowest.failure else KeptAnswer(slowest.number, 200, (), b"{}")
        exchange = exchange_of(slowest, query, TARGET.base_url, found, answer)
        kept[exchange.id] = exchange
    whole = outcome(found, judged(kept=kept))
    plan = replace(playing.plan_for(TARGET, ()), extent=verdict.extent(NOMINAL, 30, 20, 170))
    run = asyncio.run(verdict.conclude(whole, plan, clock=ManualClock(STARTED), run_id="r1", masks=BARE))
    return running.report_of(run, whole, queries, TARGET, Known(25, 20), BARE)


@pytest.fixture(scope="module")
def slow() -> LoadReport:
    late = replace(sample(200, due=60.0), done=67.2, status=0, failure="timeout", first_byte=None)
    return reported(*samples([1.2 + number % 7 / 10 for number in range(180)]), sample(190, status=503), late)


@pytest.fixture(scope="module")
def nothing() -> LoadReport:
    return reported()


@pytest.fixture(scope="module")
def journeys(slow: LoadReport) -> LoadReport:
    """With bookings beside the searches: one went well, one got no page to book on."""
    kind = next(kind for kind in PROFILES.by_name["journey"].journeys if kind.name == "bookings")
    steps = (
        Step(1, "bookings", "sign_on", 3.0, 3.0, 3.25, exchange="j1.2"),
        Step(1, "bookings", "push", 3.5, 3.5, 4.0, exchange="r1"),
        Step(1, "bookings", "journey", 2.5, 2.6, 4.0),
        Step(2, "bookings", "sign_on", 9.0, 9.0, 9.5, "http_503", "j2.2"),
        Step(2, "bookings", "journey", 8.5, 8.5, 9.5, "http_503"),
    )
    by_step: dict[str, list[Step]] = {}
    for step in steps:
        by_step.setdefault(step.step, []).append(step)
    figures = tuple(
        StepFigures(
            "bookings",
            name,
            len(group),
            sum(bool(each.failure) for each in group),
            intervals([each.latency for each in group if not each.failure], LIMITS, 1),
        )
        for name, group in by_step.items()
    )
    left_out = (("sos", Text("La cible ne déclare pas SOS.", "The target declares no SOS.")),)
    counted = (JourneyFigures(kind, 1.5, 2, 2, 1),)
    return replace(slow, journeys=JourneysReport(counted, figures, steps, left_out, 3, slow.client))


def test_samples_come_back_as_they_were_written(slow: LoadReport) -> None:
    content = load_samples.render(slow.recording.samples)
    assert content == load_samples.render(slow.recording.samples)
    again = load_samples.parse(content)
    assert [(s.number, s.status, s.failure) for s in again] == [
        (s.number, s.status, s.failure) for s in slow.recording.samples
    ]
    assert max(abs(a.latency - b.latency) for a, b in zip(again, slow.recording.samples, strict=True)) < 2e-6


@given(st.text(max_size=50), st.floats(0, 1e4))
def test_no_sample_is_lost_whatever_its_detail(detail: str, due: float) -> None:
    kept = load_samples.parse(load_samples.render([replace(sample(1, due=due), failure="protocol", detail=detail)] * 3))
    assert len(kept) == 3


def test_the_document_says_what_was_measured(slow: LoadReport) -> None:
    document = json.loads(load_json.dumps(slow))
    assert document["schema_version"] == "1.1"
    assert document["exit_code"] == ExitCode.SERVICE_LEVEL_BROKEN
    assert document["searches"]["measured"] == 182
    assert (document["searches"]["known_practitioners"], document["searches"]["searched_for_alone_before"]) == (25, 20)
    assert document["latency"]["max"]["value"] == pytest.approx(7.2)
    assert document["errors"] == {"http_503": 1, "timeout": 1}
    assert sum(bucket["count"] for bucket in document["timeline"]) == 182
    assert document["slowest"][0]["url"].startswith("http://agenda.example.org/fhir/Slot?_include=")


def test_k6_reads_its_own_summary(slow: LoadReport) -> None:
    """As GitLab's widget and k6's `--summary-export` have it: trends in ms, rates with passes and fails, thresholds
    that are true where they are crossed."""
    summary = json.loads(load_metrics.to_k6(slow))
    metrics = summary["metrics"]
    for name in ("http_req_duration", "http_req_waiting", "http_req_duration{practitioners:1}"):
        assert {"avg", "min", "med", "max", "p(90)", "p(95)"} <= set(metrics[name])
        assert all(isinstance(value, float) for key, value in metrics[name].items() if key != "thresholds")
    assert metrics["http_req_duration"]["max"] == pytest.approx(7200)
    assert metrics["http_req_duration"]["thresholds"] == {"max<7000": True}
    assert metrics["http_req_duration{practitioners:1}"]["thresholds"] == {"p(95)<1000": True}
    assert metrics["http_reqs"]["count"] == 182
    assert metrics["http_req_failed"] == {"passes": 2, "fails": 180, "value": 2 / 182}
    assert set(summary["root_group"]) == {"name", "path", "id", "groups", "checks"}
    for check in summary["root_group"]["checks"].values():
        assert set(check) == {"name", "path", "id", "passes", "fails"}


def test_a_level_nothing_is_said_of_is_no_threshold() -> None:
    few = json.loads(load_metrics.to_k6(reported(*samples([0.1] * 5))))
    assert "thresholds" not in few["metrics"]["http_req_duration{practitioners:1}"]


_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABELS = r'\{[a-zA-Z_]\w*="[^"\\\n]*"(?:,[a-zA-Z_]\w*="[^"\\\n]*")*\}'
_SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}


@pytest.mark.parametrize("which", ["slow", "nothing"])
def test_openmetrics_text_is_well_formed(which: str, request: pytest.FixtureRequest) -> None:
    """By the rules of the OpenMetrics 1.0 text format: metadata before its samples, families not interleaved, suffixes
    by type, units that end the name, cumulative buckets up to +Inf, and `# EOF` last."""
    text = load_metrics.to_openmetrics(request.getfixturevalue(which))
    assert text.endswith("# EOF\n")
    family, kind, seen, buckets = "", "", set(), []
    for line in text.splitlines()[:-1]:
        if line.startswith("# TYPE "):
            _, _, family, kind = line.split(" ")
            assert family not in seen
            seen.add(family)
        elif line.startswith("# UNIT "):
            _, _, name, unit = line.split(" ")
            assert name == family
            assert name.endswith(f"_{unit}")
        elif line.startswith("# HELP "):
            assert line.split(" ")[2] == family
        else:
            found = re.fullmatch(rf"({_NAME})({_LABELS})? (-?\d+(?:\.\d+)?)", line)
            assert found, line
            assert found[1] in {family + suffix for suffix in _SUFFIXES[kind]}
            if found[1].endswith("_bucket"):
                buckets.append(float(found[3]))
    assert buckets == sorted(buckets)
    assert f"_count {buckets[-1]:g}\n" in text


@pytest.mark.parametrize("lang", Lang)
@pytest.mark.parametrize("which", ["slow", "nothing", "journeys"])
def test_the_page_stands_alone_and_escapes_what_it_shows(
    which: str, lang: Lang, request: pytest.FixtureRequest
) -> None:
    text = load_page.render(request.getfixturevalue(which), lang)
    page = BeautifulSoup(text, "lxml")
    assert page.html is not None
    assert page.html["lang"] == lang.value
    assert not page.find_all(["script", "link", "img", "iframe"])
    assert "<b>Agenda</b>" not in text
    assert all(svg.get("role") == "img" or svg.get("aria-hidden") == "true" for svg in page.find_all("svg"))
    ids = [str(tag["id"]) for tag in page.find_all(id=True)]
    assert len(ids) == len(set(ids))
    inside = {str(a["href"])[1:] for a in page.find_all("a", href=True) if str(a["href"]).startswith("#")}
    assert inside <= set(ids)


def test_the_page_shows_time_errors_and_the_slowest_with_its_evidence(slow: LoadReport) -> None:
    page = BeautifulSoup(load_page.render(slow, Lang.EN), "lxml")
    text = page.get_text(" ")
    assert "Response times over the load" in text
    assert "HTTP 503" in text
    assert "too late" in text
    assert len(page.find_all("polyline")) >= 3
    slowest = page.find("section", attrs={"aria-labelledby": "slowest"})
    assert slowest is not None
    assert "GET /Slot?_include=" in slowest.get_text()


def test_the_console_says_figures_and_findings(slow: LoadReport) -> None:
    for lang, word in ((Lang.FR, "Débit"), (Lang.EN, "Throughput")):
        text = load_console.to_console(slow, lang)
        assert word in text
        assert "load.one_practitioner" in text


def test_two_loads_are_compared_like_two_runs(slow: LoadReport) -> None:
    after = reported(*samples([0.1] * 180))
    compared = comparison.compare(
        json_report.loads(json_report.dumps(slow.run)), json_report.loads(json_report.dumps(after.run))
    )
    assert {finding.check for finding in compared.fixed} >= {"load.one_practitioner", "load.in_time"}


def test_every_format_is_written_with_the_samples(slow: LoadReport, tmp_path: Path) -> None:
    written = write_load(slow, ("json", "junit", "html", "k6", "openmetrics"), tmp_path, Lang.FR)
    assert {path.name for path in written} == {
        "samples.csv.gz",
        "load.json",
        "run.json",
        "junit.xml",
        "load.html",
        "report.html",
        "k6-summary.json",
        "metrics.txt",
    }
    assert 'name="load.nominal"' in (tmp_path / "junit.xml").read_text(encoding="utf-8")


def test_journeys_are_told_with_their_volume_and_what_went_wrong(journeys: LoadReport) -> None:
    document = json.loads(load_json.dumps(journeys))["journeys"]
    (kind,) = document["kinds"]
    assert (kind["expected_by_volume"], kind["made"], kind["stuck"]) == (1.5, 2, 1)
    (signed_on,) = [step for step in document["steps"] if step["step"] == "sign_on"]
    assert (signed_on["count"], signed_on["failed"]) == (2, 1)
    assert signed_on["latency"]["max"]["value"] == pytest.approx(0.25)  # how long a failure took says nothing
    assert document["stray_messages"] == 3
    for lang, words in (
        (
            Lang.FR,
            ("rendez-vous : 2 (au volume annoncé : 1,5), 1 sans aboutir", "message reçu × 1", "ne déclare pas SOS"),
        ),
        (Lang.EN, ("bookings: 2 (by volume: 1.5), 1 of them stuck", "message received × 1", "declares no SOS")),
    ):
        text = load_console.to_console(journeys, lang)
        page = BeautifulSoup(load_page.render(journeys, lang), "lxml").get_text(" ")
        assert all(word in text for word in words)
        assert words[2] in page
    assert document["left_out"][0]["name"] == "sos"


def test_every_step_is_written(journeys: LoadReport, slow: LoadReport, tmp_path: Path) -> None:
    assert tmp_path / "journeys.csv.gz" in write_load(journeys, (), tmp_path, Lang.FR)
    rows = list(csv.DictReader(io.StringIO(gzip.decompress((tmp_path / "journeys.csv.gz").read_bytes()).decode())))
    assert [(row["kind"], row["step"], row["failure"]) for row in rows][3] == ("bookings", "sign_on", "http_503")
    assert float(rows[2]["done"]) - float(rows[2]["due"]) == pytest.approx(1.5)
    assert [path.name for path in write_load(slow, (), tmp_path / "other", Lang.FR)] == ["samples.csv.gz"]
