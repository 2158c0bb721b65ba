"""A month, its days and its page, with figures counted by hand."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from recette.agreement import reading
from recette.monitoring import document, html, periods, plots, service_report, words
from recette.monitoring.model import MonitoringError, Sample
from recette.monitoring.service_report import About, ServiceReport
from recette.monitoring.standing import Promise
from sas_kernel.clock import PARIS
from sas_kernel.contracts import service_levels
from sas_kernel.text import Lang, Text

ONE = "slot_search.one_practitioner"
STEP = timedelta(minutes=10)
TITLES = {"exchange.status": Text("Statut 200", "Status 200"), ONE: Text("Un professionnel", "One practitioner")}


@dataclass(frozen=True)
class Interruption:
    start: datetime
    end: datetime
    announced_at: datetime
    why: str


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=PARIS).astimezone(UTC)


def october(*, down: tuple[tuple[str, str], ...] = (), seconds: float = 0.2) -> ServiceReport:
    """October 2026 watched every ten minutes, not at all on the 10th, in maintenance on the 13th from 2 to 5."""
    start, end = periods.month("2026-10", PARIS)
    spans = [(at(first), at(last)) for first, last in down]
    samples = []
    moment = start
    while moment < end:
        if moment.astimezone(PARIS).date() != date(2026, 10, 10):
            wrong = any(first <= moment < last for first, last in spans)
            detail = "exchange.status [HTTP 503]" if wrong else ""
            samples.append(Sample(ONE, moment, not wrong, None if wrong else seconds, detail))
        moment += STEP
    agreement = reading.load("sas-agenda")
    maintenance = [
        Interruption(at("2026-10-13T02:00"), at("2026-10-13T05:00"), at("2026-10-08T10:00"), "Mise à jour <b>"),
        Interruption(at("2026-10-20T02:00"), at("2026-10-20T03:00"), at("2026-10-20T02:30"), "Après coup"),
        Interruption(at("2026-12-01T02:00"), at("2026-12-01T03:00"), at("2026-11-01T02:30"), "Plus tard"),
    ]
    about = About(
        "soleil",
        "Éditions <Soleil>",
        "Disponibilités",
        "production",
        agreement.name,
        agreement.zone,
        tuple(agreement.choices[key] for key in ("availability", "watch_interval", "unavailable")),
    )
    return service_report.made(
        about,
        samples,
        start,
        end,
        maintenance=maintenance,
        promise=Promise(0.99, STEP),
        levels=service_levels(),
        now=end,
        tool_version="0",
    )


def test_months_and_days_are_those_of_paris_whatever_the_clocks_do() -> None:
    lengths = {}
    for month in ("2026-02", "2026-03", "2026-04", "2026-10", "2026-12", "2028-02"):
        start, end = periods.month(month, PARIS)
        lengths[month] = end - start
        days = list(periods.days(start, end, PARIS))
        assert days[0][1] == start
        assert days[-1][2] == end
        assert all(before[2] == after[1] for before, after in itertools.pairwise(days))
    hour = timedelta(hours=1)
    assert lengths == {
        "2026-02": timedelta(days=28),
        "2026-03": timedelta(days=31) - hour,
        "2026-04": timedelta(days=30),
        "2026-10": timedelta(days=31) + hour,
        "2026-12": timedelta(days=31),
        "2028-02": timedelta(days=29),
    }
    assert periods.month("2026-12", PARIS)[1] == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert periods.month_of(datetime(2026, 9, 30, 22, 30, tzinfo=UTC), PARIS) == "2026-10"


@pytest.mark.parametrize("written", ["2026-13", "2026-1", "octobre", "", "9999-12"])
def test_what_is_no_month_is_refused(written: str) -> None:
    with pytest.raises(MonitoringError, match="month"):
        periods.month(written, PARIS)


def test_a_month_of_745_hours_is_counted_to_the_minute() -> None:
    report = october(down=(("2026-10-06T09:00", "2026-10-06T11:30"), ("2026-10-25T02:20", "2026-10-25T03:40")))
    standing = report.standing
    # 745 h, less 23 h 50 of the 10th (the last sample of the 9th stands ten minutes into it), less 3 h of maintenance.
    assert report.length == timedelta(hours=745)
    assert standing.watched == timedelta(hours=745) - timedelta(hours=23, minutes=50) - timedelta(hours=3)
    assert report.unwatched == timedelta(hours=23, minutes=50)
    assert standing.maintenance == timedelta(hours=3)
    # 2 h 30, and from 02:20 summer time to 03:40 winter time: 2 h 20.
    assert standing.downtime == timedelta(hours=4, minutes=50)
    assert report.budget == (timedelta(hours=718, minutes=10)) / 100
    assert standing.budget_left == report.budget - timedelta(hours=4, minutes=50)
    assert standing.availability_holds is True
    days = {each.day.day: each for each in report.days}
    assert days[25].length == timedelta(hours=25)
    assert days[25].downtime == timedelta(hours=2, minutes=20)
    assert days[6].availability == 1 - 2.5 / 24
    assert days[10].availability == 1.0  # of its first ten minutes
    assert days[10].unwatched == timedelta(hours=23, minutes=50)
    assert days[13].watched == timedelta(hours=21)
    assert days[31].budget_left == standing.budget_left
    assert sum((each.downtime for each in report.days), timedelta()) == standing.downtime
    assert [each.counts for each in report.windows] == [True, False]
    assert [(each.start, each.counted) for each in report.outages] == [
        (at("2026-10-06T09:00"), timedelta(hours=2, minutes=30)),
        (datetime(2026, 10, 25, 0, 20, tzinfo=UTC), timedelta(hours=2, minutes=20)),
    ]


def test_the_page_says_what_its_twin_says_and_writes_nothing_unescaped() -> None:
    report = october(down=(("2026-10-06T09:00", "2026-10-06T21:30"),))
    fr, en = html.render(report, TITLES, Lang.FR), html.render(report, TITLES, Lang.EN)
    assert "Octobre 2026" in fr
    assert "Non conforme" in fr
    assert "October 2026" in en
    assert "HTTP 503 – non tenu : Statut 200" in fr.replace("\u00a0", " ")
    assert "<b>" not in re.sub(r"<b>[^<]*</b>", "", fr)
    assert "Éditions &lt;Soleil&gt;" in fr
    assert not re.search(r"(src|href)=\"(?!#)", fr)
    twin = document.of(report)
    assert twin["availability"]["downtime"] == 12.5 * 3600
    assert twin["availability"]["holds"] is False
    assert words.part(twin["availability"]["measured"], Lang.EN) in en
    assert len(twin["days"]) == 31
    assert twin["start"] == "2026-09-30T22:00:00Z"
    assert [row["excluded"] for row in twin["maintenance"]] == [True, False]


def test_the_plots_show_each_outage_and_the_levels_where_they_are() -> None:
    report = october(down=(("2026-10-06T12:00", "2026-10-06T18:00"), ("2026-10-18T22:00", "2026-10-18T22:10")))
    strip = plots.strip(report)
    down = [box for box in strip.boxes if box.kind == "down"]
    assert [(box.y, box.height) for box in down] == [
        (plots.STRIP_TOP + plots.STRIP_HEIGHT / 2, plots.STRIP_HEIGHT / 4),
        (pytest.approx(plots.STRIP_TOP + plots.STRIP_HEIGHT * 22 / 24, abs=0.1), pytest.approx(1.7, abs=0.1)),
    ]
    assert len([box for box in strip.boxes if box.kind == "planned"]) == 1
    assert all(box.x + box.width <= plots.WIDTH for box in strip.boxes)
    curves = plots.curves(report, Lang.FR)
    assert curves is not None
    timeout, second = curves.levels
    assert (timeout.text, second.text) == ("7 s", "1 s") or (timeout.text, second.text) == ("1 s", "7 s")
    assert len({line.y for line in curves.levels}) == 2
    assert len(curves.p50) == 2  # the day without samples cuts the line
    burn = plots.burn(report, Lang.FR)
    assert burn is not None
    assert not burn.overspent


def test_a_period_without_a_sample_or_a_budget_has_a_page_too() -> None:
    start, end = at("2026-10-01T00:00"), at("2026-10-02T12:00")
    about = About("p", "E", "I", "P", "sas-agenda", PARIS, ())
    empty = service_report.made(
        about,
        [],
        start,
        end,
        maintenance=(),
        promise=Promise(1.0, STEP),
        levels=service_levels(),
        now=end,
        tool_version="0",
    )
    assert empty.by_hour
    assert (plots.curves(empty, Lang.FR), plots.burn(empty, Lang.FR)) == (None, None)
    page = html.render(empty, {}, Lang.EN)
    assert "Nothing was watched" in page
    assert "Undecided" in page
    assert document.of(empty)["conforms"] is None
    overspent = october(down=(("2026-10-01T00:00", "2026-10-05T00:00"),))
    burn = plots.burn(overspent, Lang.EN)
    assert burn is not None
    assert burn.overspent
    assert "−" in html.render(replace(overspent, project="p"), TITLES, Lang.FR)


@pytest.mark.parametrize(
    ("value", "fr"),
    [(1.0, "100 %"), (0.999999, "99,999 %"), (0.99, "99 %"), (0.98765432, "98,765 %"), (0.0, "0 %"), (None, "–")],
)
def test_a_part_is_cut_and_never_shown_as_whole(value: float | None, fr: str) -> None:
    assert words.part(value, Lang.FR).replace("\u00a0", " ") == fr


def test_durations_and_moments_read_as_people_write_them() -> None:
    said = [
        words.duration(timedelta(seconds=s), Lang.FR).replace("\u00a0", " ") for s in (0, 59, 3600, -25920, 180_000)
    ]
    assert said == ["0 s", "59 s", "1 h", "−7 h 12 min", "2 j 2 h"]
    assert words.moment(datetime(2026, 10, 25, 0, 20, tzinfo=UTC), PARIS, Lang.FR) == "25/10/2026 02:20 (+0200)"
    assert words.moment(datetime(2026, 10, 25, 1, 20, tzinfo=UTC), PARIS, Lang.FR) == "25/10/2026 02:20 (+0100)"
    assert words.moment(datetime(2026, 7, 1, 1, 20, 5, tzinfo=UTC), PARIS, Lang.EN) == "2026-07-01 03:20:05"
