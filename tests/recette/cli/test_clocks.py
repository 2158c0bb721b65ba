"""`--clock` and RECETTE_CLOCK: which time it is for a command."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer

from recette import cli
from recette.cli import clocks
from recette.settings import Settings

NIGHT = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_an_instant_stands_for_the_present_and_without_offset_it_is_paris_time() -> None:
    # 25 October 2026, 00:30 in Paris: still summer time (+02:00), the clocks go back at 03:00.
    assert clocks.present("2026-10-25T00:30") == datetime(2026, 10, 24, 22, 30, tzinfo=UTC)
    assert clocks.present("2026-10-25T00:30:00+00:00") == NIGHT


@pytest.mark.parametrize(
    ("written", "by"),
    [
        ("+90m", timedelta(minutes=90)),
        ("-2d", timedelta(days=-2)),
        ("+45s", timedelta(seconds=45)),
        ("+3h", timedelta(hours=3)),
        ("+8w", timedelta(weeks=8)),
    ],
)
def test_an_offset_is_counted_from_the_machines_clock(written: str, by: timedelta) -> None:
    before = datetime.now(UTC) + by
    assert before <= clocks.present(written) <= datetime.now(UTC) + by


def test_the_services_clock_file_is_asked_each_time(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    file.write_text("2031-03-10T08:00:00+00:00\n", encoding="ascii")
    clock = clocks.running(f"@{file}")
    assert clock.now() == datetime(2031, 3, 10, 8, tzinfo=UTC)
    file.write_text("2031-03-10T09:00:00+00:00\n", encoding="ascii")
    assert clock.now() == clocks.present(f"@{file}") == datetime(2031, 3, 10, 9, tzinfo=UTC)


def test_a_run_goes_on_from_the_instant_it_was_given() -> None:
    clock = clocks.running("2026-10-25T00:30:00+00:00")
    first = clock.now()
    assert NIGHT <= first <= clock.now() < NIGHT + timedelta(minutes=5)


def test_the_environment_speaks_where_the_option_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "SETTINGS", Settings(clock="2026-10-25T00:30:00+00:00"))
    assert clocks.present("") == NIGHT
    assert clocks.present("2026-12-25T12:00:00+01:00") == datetime(2026, 12, 25, 11, tzinfo=UTC)


@pytest.mark.parametrize("written", ["tomorrow", "+90", "+1y", "@/nowhere/clock"])
def test_what_is_no_clock_is_a_usage_error_that_names_the_option(written: str) -> None:
    with pytest.raises(typer.BadParameter) as refused:
        clocks.present(written)
    assert refused.value.param_hint == "--clock"


def test_an_unreadable_environment_is_named_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "SETTINGS", Settings(clock="tomorrow"))
    with pytest.raises(typer.BadParameter) as refused:
        clocks.running("")
    assert refused.value.param_hint == "RECETTE_CLOCK"


TIMELESS = {
    *(f"certificate {each}" for each in ("sign", "verify", "list", "export")),
    *(f"project {each}" for each in ("list", "show", "history", "verify")),
}
"""What they say is the same whenever they are asked."""


def test_every_command_about_a_project_takes_a_clock_but_those_that_read_no_time() -> None:
    found: dict[str, bool] = {}

    def walk(command: Any, path: str) -> None:
        for name, each in getattr(command, "commands", {}).items():
            walk(each, f"{path} {name}".strip())
        if not hasattr(command, "commands"):
            found[path] = any("--clock" in option.opts for option in command.params)

    walk(typer.main.get_command(cli.app), "")
    about = {
        "project",
        "phase",
        "anomaly",
        "mail",
        "certificate",
        "run",
        "rerun",
        "record",
        "monitor",
        "service-report",
    }
    without = {path for path, takes in found.items() if path.split()[0] in about and not takes}
    assert without == TIMELESS
    assert about <= {path.split()[0] for path in found}


@pytest.mark.parametrize("written", ["0001-01-01T00:00", "9999-12-31T23:59:59-12:00"])
def test_an_instant_that_another_zone_cannot_tell_is_refused(written: str) -> None:
    with pytest.raises(typer.BadParameter):
        clocks.instant(written)
