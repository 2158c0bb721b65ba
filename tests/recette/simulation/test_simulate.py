"""`recette simulate`, as a user types it: the chronicle, its dates, and the same journal each time."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from recette import cli
from recette.model import ExitCode

HEAD = """
[simulation]
starts = 2026-10-01T09:00:00
ends = {ends}
[project]
id = "essai"
editor = "Éditeur d’essai"
environment = "recette"
use_case = "availability"
choices = {{ watch_interval = "600" }}
[project.contacts]
ans = {{ name = "Camille Orfelin" }}
editor = {{ name = "Dominique Essai" }}
"""
TO_RECETTE = """
[[event]]
at = 2026-10-01T09:00:00
do = "open"
phase = "cadrage"
[[event]]
at = 2026-10-01T09:00:00
do = "milestone"
name = "signature"
[[event]]
at = 2026-10-01T09:00:00
do = "close"
phase = "cadrage"
outcome = "validated"
[[event]]
at = 2026-10-01T09:00:00
do = "open"
phase = "developpement"
[[event]]
at = 2026-10-01T09:00:00
do = "milestone"
name = "delivery"
for = "editor"
[[event]]
at = 2026-10-01T09:00:00
do = "close"
phase = "developpement"
outcome = "validated"
[[event]]
at = 2026-10-01T09:00:00
do = "open"
phase = "recette"
"""
TO_VSR = """
[[event]]
at = 2026-10-01T10:00:00
do = "run"
[[event]]
at = 2026-10-01T11:00:00
do = "close"
phase = "recette"
outcome = "validated"
[[event]]
at = 2026-10-01T11:00:00
do = "open"
phase = "mise-en-service"
[[event]]
at = 2026-10-01T12:00:00
do = "show"
what = "connectivity"
[[event]]
at = 2026-10-01T12:00:00
do = "show"
what = "exchanges"
[[event]]
at = 2026-10-01T13:00:00
do = "close"
phase = "mise-en-service"
outcome = "validated"
[[event]]
at = 2026-10-01T13:00:00
do = "open"
phase = "vsr"
"""


@dataclass(frozen=True)
class Told:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[tuple[str, str]]:
        return [(line["at"], line["text"]["fr"]) for line in self.json["lines"]]

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Simulate = Callable[..., Told]


@pytest.fixture
def simulate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Simulate:
    monkeypatch.chdir(tmp_path)

    def ask(*parts: str, ends: str = "2026-12-01T12:00:00", options: tuple[str, ...] = ()) -> Told:
        (tmp_path / "story.toml").write_text(HEAD.format(ends=ends) + "".join(parts), encoding="utf-8")
        monkeypatch.setattr("sys.argv", ["recette", "simulate", "story.toml", "--format", "json", *options])
        code = 0
        try:
            cli.main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        told = capsys.readouterr()
        return Told(code, told.out, told.err)

    return ask


def test_time_passes_and_says_what_it_brings(simulate: Simulate) -> None:
    """A run opens an anomaly; what is due is told when it is, what is missed one microsecond after."""
    told = simulate(
        TO_RECETTE,
        """
[[event]]
at = 2026-10-30T10:00:00
do = "run"
faults = ["total-wrong"]
[[event]]
at = 2026-10-30T18:30:00
do = "notify"
anomalies = "total-wrong"
""",
    )
    assert told.code == ExitCode.ACCEPTED, told.err
    # Friday 30 October 2026, 18:30, is after support has closed: received on Monday 2 November, Sunday 1 being All
    # Saints'; one working day later is Tuesday 3, 18:00. Uncorrected: 14 working days of that Tuesday. 4-6 (3), 9-10
    # (5), not Wednesday 11, 12-13 (7), 16-20 (12), 23-24 (14): Tuesday 24 November, 18:00.
    missed = [(at, text) for at, text in told.lines if "dépassée" in text]
    assert [at for at, _ in missed] == ["2026-11-03T18:00:00.000001+01:00", "2026-11-24T18:00:00.000001+01:00"]
    assert all("A-0001" in text and "indicatif" in text for _, text in missed)
    # The recette counts from the delivery, Thursday 1 October: two months are Tuesday 1 December, end of day.
    assert not any("dépassé son terme" in text for _, text in told.lines)
    later = simulate(TO_RECETTE, ends="2026-12-02T12:00:00")
    assert ("2026-12-01T23:59:59.000001+01:00", "La phase « recette » a dépassé son terme.") in later.lines


def test_an_outage_in_service_opens_an_anomaly_and_the_next_round_shows_its_correction(simulate: Simulate) -> None:
    told = simulate(
        """
[[service.outage]]
from = 2026-10-20T08:10:00
to = 2026-10-20T09:40:00
""",
        TO_RECETTE,
        TO_VSR,
        """
[[event]]
at = 2026-10-20T09:00:00
do = "notify"
anomalies = "watch.answers"
[[event]]
at = 2026-10-20T10:00:00
do = "acknowledge"
anomalies = "watch.answers"
[[event]]
at = 2026-10-23T10:00:00
do = "deliver"
anomalies = "watch.answers"
""",
        ends="2026-10-24T12:00:00",
    )
    assert told.code == ExitCode.ACCEPTED, told.err
    rights = [(at, text) for at, text in told.lines if "Droit" in text]
    # Acknowledged on Tuesday 20 October: 2 working days are Wednesday 21 and Thursday 22, 18:00. Delivered on Friday.
    assert [(at[:16], text.split(" :")[0]) for at, text in rights] == [
        ("2026-10-22T18:00", "Droit ouvert"),
        ("2026-10-23T10:00", "Droit éteint"),
    ]
    watched = [line for line in told.json["lines"] if "surveillance" in line["text"]["fr"]]
    assert [line["at"] for line in watched] == ["2026-10-20T08:10:00+02:00", "2026-10-23T10:10:00+02:00"]
    assert "corrigée" in watched[-1]["details"][0]["fr"]
    # 23 days less 1 hour, in winter time nobody yet: from the 1st, 13:00, to the 24th, 12:00, a sample each 10 minutes.
    assert told.json["journal"]["samples"] == (23 * 24 - 1) * 6


def test_the_same_story_makes_the_same_journal_and_another_seed_does_not_change_what_people_did(
    simulate: Simulate,
) -> None:
    first, again = (simulate(TO_RECETTE, TO_VSR, ends="2026-10-08T12:00:00") for _ in range(2))
    assert first.json["journal"] == again.json["journal"]
    assert [Path(each).name for each in first.json["certificates"]] == [
        f"essai-PV-{kind}-2026-0001.fr.{ending}" for kind in ("R", "MES") for ending in ("html", "pdf", "json")
    ]
    for path in first.json["certificates"]:
        assert Path(path).stat().st_size > 1_000
    # It stands in the middle of its VSR: what its certificate would say is a refusal.
    assert "Procès-verbal proposé pour « vsr » : Vérification de service régulier refusée." in first.lines[-1][1]


def test_it_stops_at_a_phase_or_an_instant(simulate: Simulate) -> None:
    told = simulate(TO_RECETTE, TO_VSR, options=("--until", "recette"))
    assert ("2026-10-01T11:00:00+02:00", "Procès-verbal PV-R-2026-0001 : Recette validée.") in told.lines
    assert not any("mise-en-service" in text for _, text in told.lines)
    told = simulate(TO_RECETTE, TO_VSR, options=("--until", "2026-10-01T10:30"))
    assert any("Exécution" in text for _, text in told.lines)
    assert not any("recette, validée" in text for _, text in told.lines)
    wrong = simulate(TO_RECETTE, options=("--until", "recete"))
    assert wrong.code == ExitCode.USAGE


def test_an_event_that_turns_out_otherwise_is_told_with_what_is_missing(simulate: Simulate) -> None:
    close = """
[[event]]
at = 2026-10-02T09:00:00
do = "close"
phase = "recette"
outcome = "validated"
"""
    refused = simulate(TO_RECETTE, close)
    assert refused.code == ExitCode.REFUSED
    assert "event[8]" in refused.err
    assert "Aucune exécution entière du cahier de tests" in refused.err
    assert 'expect = "refused"' in refused.err
    meant = simulate(TO_RECETTE, close + 'expect = "refused"\n')
    assert meant.code == ExitCode.ACCEPTED
    (line,) = [line for line in meant.json["lines"] if line["mark"] == "×"]
    assert "Aucune exécution entière" in line["details"][0]["fr"]
    accepted = simulate(TO_RECETTE + 'expect = "refused"\n')
    assert accepted.code == ExitCode.REFUSED
    assert "accepté" in accepted.err


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ('do = "run"\nfaults = ["no-such-fault"]', "no-such-fault"),
        ('do = "notify"\nanomalies = "all"', "Aucune anomalie ouverte"),
    ],
)
def test_what_nobody_knows_is_named(simulate: Simulate, event: str, said: str) -> None:
    told = simulate(TO_RECETTE, f"[[event]]\nat = 2026-10-02T09:00:00\n{event}\n")
    assert told.code == ExitCode.REFUSED
    assert said in told.err
