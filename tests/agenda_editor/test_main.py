"""The command line: what `recette up` starts as a process."""

from __future__ import annotations

import asyncio
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agenda_editor.__main__ import main
from agenda_editor.agendas.service import AgendaService
from sas_kernel import datasets
from sas_kit.database import Database


def _count(url: str, source: str) -> int:
    async def counted() -> int:
        database = Database(url)
        agendas = AgendaService(database, public_url="https://agenda.example.org", fragment_index_bytes=0)
        try:
            return await agendas.count_practitioners(source)
        finally:
            await database.close()

    return asyncio.run(counted())


@contextmanager
def _serving(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "agenda_editor", "serve", "--port", str(port), *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(f"http://127.0.0.1:{port}/health/ready", process)
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.kill()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.05)  # another process is starting: only the wire tells when it is there
    pytest.fail(f"not ready: exit code {process.poll()}")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_answers_under_its_own_address_and_stops_cleanly(sqlite_url: str, workers: str) -> None:
    options = ["--database-url", sqlite_url, "--dataset", "demo", "--workers", workers]
    with _serving(*options) as (base, process):
        query = (
            "start=ge2020&start=le2090&status=free"
            "&schedule.actor:Practitioner.identifier=urn:oid:1.2.250.1.71.4.2.1%7C810123400017"
        )
        with urllib.request.urlopen(f"{base}/fhir/Slot?{query}", timeout=10) as answer:
            bundle = json.load(answer)
        assert bundle["total"] > 0
        assert bundle["entry"][0]["resource"]["comment"].startswith(f"{base}/agenda/ag-")
        with urllib.request.urlopen(bundle["entry"][0]["resource"]["comment"], timeout=10) as page:
            assert page.headers["content-type"].startswith("text/html")
        kept = http.client.HTTPConnection(base.removeprefix("http://"), timeout=10)
        for told in (False, True):  # what is sent over a kept connection once it was told to stop is answered still
            if told:
                process.send_signal(signal.SIGTERM)
            kept.request("GET", "/fhir/metadata")
            with kept.getresponse() as answer:
                assert json.load(answer)["resourceType"] == "CapabilityStatement"
        kept.close()
        assert process.wait(15) == 0


def test_load_puts_the_data_set_in_and_may_be_repeated(sqlite_url: str) -> None:
    for _ in range(2):
        assert main(["load", "--dataset", "demo", "--database-url", sqlite_url]) == 0
        assert _count(sqlite_url, "demo") == len(datasets.load("demo").practitioners)


def test_who_breaks_a_generation_off_is_told_what_to_do(
    sqlite_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(datasets, "national", stopped)

    assert main(["generate", "--practitioners", "12", "--database-url", sqlite_url]) == 130
    assert "Run the same command again" in capsys.readouterr().err
    monkeypatch.undo()
    assert main(["serve", "--dataset", "national", "--database-url", sqlite_url]) == 1
    assert "not all of it" in capsys.readouterr().err


def test_generate_fills_the_database_and_tells_how_much(sqlite_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--practitioners", "12", "--days", "3", "--slots-per-day", "5", "--database-url", sqlite_url]
    assert main(["generate", *options]) == 0
    assert "12 practitioners, 360 slots" in capsys.readouterr().err
    assert _count(sqlite_url, "national") == 12


def test_the_description_of_the_api_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["openapi"]) == 0
    paths = json.loads(capsys.readouterr().out)["paths"]
    fhir = {"/fhir/Slot", "/fhir/Schedule", "/fhir/Practitioner", "/fhir/metadata"}
    assert fhir | {"/health/live", "/health/ready"} == set(paths)
    assert set(paths["/fhir/Practitioner"]) == {"post", "put"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["serve", "--dataset", "nowhere"], "nowhere"),
        (["serve", "--dataset", "national"], "agenda_editor generate"),
        (["load", "--dataset", "/nowhere.toml"], "/nowhere.toml"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    sqlite_url: str, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main([*arguments, "--database-url", sqlite_url]) == 1
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("reached", [("--host", "0.0.0.0"), ("--public-url", "https://agenda.example.org")])
def test_a_test_clock_is_refused_where_others_could_be_served(
    reached: tuple[str, str], sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = ["--clock", str(tmp_path / "clock"), "--database-url", sqlite_url]
    assert main(["serve", *clock, *reached]) == 1
    assert "this machine only" in capsys.readouterr().err


def test_a_clock_that_says_no_time_is_told_before_anything_is_served(
    sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "clock").write_text("demain", encoding="ascii")
    assert main(["serve", "--clock", str(tmp_path / "clock"), "--database-url", sqlite_url]) == 1
    assert "demain" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["sqlite:////nowhere/at/all.sqlite", "mysql://x/y", "not a url"])
def test_a_database_that_cannot_be_used_is_told_in_a_sentence(capsys: pytest.CaptureFixture[str], url: str) -> None:
    assert main(["load", "--dataset", "demo", "--database-url", url]) == 1
    assert "--database-url" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["ftp://platform.example.org", "http:///fhir", "platform"])
def test_an_address_of_the_platform_that_is_none_is_a_matter_of_usage(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["serve", "--platform-url", address])
    assert refused.value.code == 2
    assert "--platform-url" in capsys.readouterr().err


def test_an_unknown_command_is_a_matter_of_usage() -> None:
    with pytest.raises(SystemExit) as refused:
        main(["dance"])
    assert refused.value.code == 2


def test_a_database_file_is_made_where_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite"
    assert main(["generate", "--practitioners", "0", "--database-url", f"sqlite:///{path}"]) == 0
    assert path.is_file()


@pytest.mark.parametrize(
    ("name", "value"), [("DATABASE_POOL", "abc"), ("LOG_FORMAT", "xml"), ("FAULTS", "no-json"), ("MAX_WAIT", "nan")]
)
def test_a_setting_of_the_environment_that_cannot_be_is_told_in_a_sentence(
    name: str, value: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"SAS_AGENDA_{name}", value)
    assert main(["serve"]) == 2
    assert f"SAS_AGENDA_{name}" in capsys.readouterr().err


def test_an_option_that_cannot_be_is_told_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--max-at-work", "0"]) == 2
    assert "--max-at-work" in capsys.readouterr().err
