"""Both services together, as processes: data, agenda, platform, verdict."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from recette.drivers import services as processes
from sas_kernel import datasets

DEMO = datasets.load("demo")


def recette(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "recette", *arguments],
        cwd=cwd,
        env={**os.environ, "CI": "1"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def search(home: str, practitioners: list[str]) -> dict[str, object]:
    request = urllib.request.Request(
        f"{home}/api/slots/search",
        data=json.dumps({"practitioners": practitioners}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        found: dict[str, object] = json.load(answer)
    return found


def test_the_demonstration_does_the_main_job_and_says_so(tmp_path: Path) -> None:
    done = recette("demo", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Accepté" in done.stdout
    assert "slot_search.one_practitioner" in done.stdout
    for flow in ("regulators", "sso", "appointments"):
        assert f"{flow}." in done.stdout
        assert f"{flow}.platform." in done.stdout
    assert done.stdout.count("Accepté") == 2
    shown = re.search(r"(\d+) créneaux dans (\d+) lieux", done.stdout)
    assert shown is not None
    assert int(shown[1]) > 100
    assert int(shown[2]) > 30
    for report in (tmp_path / "out" / "report.html", tmp_path / "out" / "platform" / "report.html"):
        assert report.stat().st_size > 10_000


def test_the_whole_catalogue_holds_on_each_database_and_the_platform_shows_what_the_agenda_has(
    database_url: str, tmp_path: Path
) -> None:
    with processes.Services() as services:
        agenda, base = processes.agenda(
            services,
            port=processes.free_port(),
            database_url=database_url,
            dataset="demo",
            workers=2,
            settings=processes.PUBLIC_PASSWORDS,
        )
        platform, home = processes.platform(
            services,
            port=processes.free_port(),
            database_url=database_url,
            dataset="demo",
            editors=[("reference", base), ("closed", f"http://127.0.0.1:{processes.free_port()}/fhir")],
            settings=processes.PUBLIC_PASSWORDS,
        )
        agenda.wait_until_ready()
        platform.wait_until_ready()
        target = recette("dataset", "describe", "demo", "--base-url", base, cwd=tmp_path).stdout
        (tmp_path / "target.toml").write_text(target, encoding="utf-8")
        judged = recette("run", "target.toml", "--flow", "slot_search", "--flow", "regulators", cwd=tmp_path)
        assert judged.returncode == 0, judged.stdout + judged.stderr

        opposed = next(p.national_id for p in DEMO.practitioners if p.opposed)
        one, two = (str(DEMO.test_data[f"practitioner_{n}"]) for n in ("one_place", "two_places"))
        found = search(home, [one, two, opposed])
        availabilities = found["availabilities"]
        assert isinstance(availabilities, list)
        people = [availability["practitioner"]["national_id"] for availability in availabilities]
        assert sorted(people) == sorted([one, two, two])
        editors = found["editors"]
        assert isinstance(editors, list)
        statuses = {editor["name"]: editor["status"] for editor in editors}
        assert statuses == {"reference": "answered", "closed": "unreachable"}


def test_up_prints_where_things_are_and_stops_cleanly_on_sigterm(tmp_path: Path) -> None:
    ports = processes.free_port(), processes.free_port()
    running = subprocess.Popen(
        [sys.executable, "-m", "recette", "up", "--agenda-port", str(ports[0]), "--platform-port", str(ports[1])],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert running.stdout is not None
    lines = [running.stdout.readline() for _ in range(3)]
    assert f"http://127.0.0.1:{ports[0]}/fhir" in lines[0]
    assert f"http://127.0.0.1:{ports[1]}/" in lines[1]
    found = search(f"http://127.0.0.1:{ports[1]}", [str(DEMO.test_data["practitioner_one_place"])])
    assert found["availabilities"]
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=30)
    assert running.returncode == 0
    for port in ports:
        with pytest.raises(OSError, match="refused"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=2)


def test_a_port_that_is_taken_is_said_to_be(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = recette("up", "agenda", "--agenda-port", port, cwd=tmp_path)
    assert done.returncode == 6
    assert "Address already in use" in done.stderr
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_national_data_set_answers_a_search(database_url: str, tmp_path: Path) -> None:
    made = recette(
        "dataset", "generate", "--practitioners", "30", "--seed", "1", "--database-url", database_url, cwd=tmp_path
    )
    assert made.returncode == 0, made.stdout + made.stderr
    somebody = [practitioner.national_id for practitioner in datasets.national(30, 1)][:25]
    with processes.Services() as services:
        agenda, base = processes.agenda(
            services,
            port=processes.free_port(),
            database_url=database_url,
            dataset="national",
            settings=processes.PUBLIC_PASSWORDS,
        )
        platform, home = processes.platform(
            services,
            port=processes.free_port(),
            database_url=database_url,
            dataset="national",
            editors=[("reference", base)],
            settings=processes.PUBLIC_PASSWORDS,
        )
        agenda.wait_until_ready()
        platform.wait_until_ready()
        found = search(home, somebody)
    availabilities = found["availabilities"]
    assert isinstance(availabilities, list)
    assert len({availability["practitioner"]["national_id"] for availability in availabilities}) == 25
