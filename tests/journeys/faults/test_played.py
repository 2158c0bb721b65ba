"""Each kind of fault as it arrives over a socket, from the agenda as its own command serves it."""

from __future__ import annotations

import importlib
import json
import os
import socket
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from recette.drivers import services as processes
from recette.model import ExitCode
from sas_kernel import contracts
from tests.recette.cli.test_exit_codes import recette

FAULTS = """
[[fault]]
name = "slow-tenth"
interface = "slot_search"
every = 10
delay = 0.45
""" + "".join(
    f'[[fault]]\nname = "{name}"\nby_header = true\n{what}\n'
    for name, what in {
        "late": "delay = 0.3",
        "unavailable": "status = 503\nretry_after = 2",
        "reset-before": 'reset = "before"',
        "reset-unanswered": 'reset = "before"\nprocessed = true',
        "reset-head": 'reset = "head"',
        "reset-half": 'reset = "half"',
        "reset-after": 'reset = "after"',
        "cut-short": "truncate = 0.25",
        "dripping": "drip = 10000",
        "page": 'status = 200\ncontent_type = "text/html"\nbody = "<p>Maintenance"',
        "mistyped": 'content_type = "text/plain"',
        "old-letters": 'charset = "iso-8859-1"',
        "ahead": "clock = 3600",
    }.items()
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[processes.Service]:
    folder = tmp_path_factory.mktemp("played")
    file = folder / "faults.toml"
    file.write_text(FAULTS, encoding="utf-8")
    with processes.Services() as services:
        service, _ = processes.agenda(
            services,
            port=processes.free_port(),
            database_url=f"sqlite:///{folder / 'agenda.sqlite'}",
            dataset="demo",
            faults=[str(file)],
        )
        service.wait_until_ready()
        yield service


def port_of(service: processes.Service) -> int:
    return int(service.arguments[service.arguments.index("--port") + 1])


class Got:
    """What arrived on a connection, byte by byte, and how it ended."""

    def __init__(self, service: processes.Service, fault: str | None, path: str = "/fhir/metadata") -> None:
        begun, raw, self.is_reset = time.monotonic(), b"", False
        asked = "" if fault is None else f"X-Recette-Fault: {fault}\r\n"
        head = f"GET {path} HTTP/1.1\r\nHost: agenda\r\nConnection: close\r\n{asked}\r\n"
        with socket.create_connection(("127.0.0.1", port_of(service)), timeout=10) as connection:
            connection.sendall(head.encode())
            try:
                while part := connection.recv(65536):
                    raw += part
            except ConnectionResetError:
                self.is_reset = True
        self.seconds = time.monotonic() - begun
        top, _, self.body = raw.partition(b"\r\n\r\n")
        line, *fields = top.decode("latin-1").split("\r\n")
        self.status = int(line.split(" ")[1]) if raw else None
        self.headers = {name.lower(): value.strip() for name, _, value in (f.partition(":") for f in fields)}
        self.dates = sum(field.lower().startswith("date:") for field in fields)


def test_without_a_fault_the_answer_is_whole_and_dated_once(running: processes.Service) -> None:
    got = Got(running, None)
    assert (got.status, got.is_reset, got.dates) == (200, False, 1)
    assert len(got.body) == int(got.headers["content-length"])
    assert "é" in got.body.decode("utf-8")


def test_each_kind_arrives_as_it_is_described(running: processes.Service) -> None:
    whole = Got(running, None)
    size = len(whole.body)

    late = Got(running, "late")
    assert (late.status, late.body) == (200, whole.body)
    assert late.seconds >= 0.3
    unavailable = Got(running, "unavailable")
    assert (unavailable.status, unavailable.headers["retry-after"]) == (503, "2")
    for name in ("reset-before", "reset-unanswered"):
        got = Got(running, name)
        assert (got.status, got.is_reset) == (None, True), name
    for name, arrived in (("reset-head", 0), ("reset-half", size // 2), ("reset-after", size)):
        got = Got(running, name)
        assert (got.status, len(got.body), got.is_reset) == (200, arrived, True), name
        assert int(got.headers["content-length"]) == size
    short = Got(running, "cut-short")
    assert (len(short.body), short.headers["content-length"], short.is_reset) == (size // 4, str(size), False)
    dripping = Got(running, "dripping")
    assert dripping.body == whole.body
    assert dripping.seconds > size / 10_000 * 0.9
    page = Got(running, "page")
    assert (page.status, page.headers["content-type"], page.body) == (200, "text/html", b"<p>Maintenance")
    mistyped = Got(running, "mistyped")
    assert (mistyped.headers["content-type"], mistyped.body) == ("text/plain", whole.body)
    old = Got(running, "old-letters")
    assert "é".encode("latin-1") in old.body
    assert "é".encode() not in old.body
    ahead = parsedate_to_datetime(Got(running, "ahead").headers["date"])
    assert 3500 < (ahead - parsedate_to_datetime(Got(running, None).headers["date"])).total_seconds() < 3700


def test_what_was_played_is_listed_and_logged(running: processes.Service) -> None:
    assert Got(running, "page").status == 200
    listing = json.loads(Got(running, None, "/_faults").body)
    counted = {fault["name"]: fault["played"] for fault in listing["faults"]}
    assert counted["page"] >= 1
    assert listing["last"][-1]["fault"] == "page"
    assert listing["last"][-1]["path"] == "/fhir/metadata"
    until = time.monotonic() + 5  # lines are written a little later
    while "fault on purpose: page" not in (log := running.log.read_text(encoding="utf-8")):
        assert time.monotonic() < until, log
        time.sleep(0.05)
    assert "Traceback" not in log


def test_a_fault_that_is_not_known_is_told_with_those_that_are(running: processes.Service) -> None:
    got = Got(running, "nope")
    assert got.status == 400
    assert "slow-tail" in json.loads(got.body)["detail"]


def test_a_level_broken_on_purpose_is_found_and_ends_with_4(running: processes.Service, tmp_path: Path) -> None:
    base = f"http://127.0.0.1:{port_of(running)}/fhir"
    target = recette("dataset", "describe", "demo", "--base-url", base, cwd=tmp_path).stdout
    (tmp_path / "target.toml").write_text(target, encoding="utf-8")
    # A level of 0.4 s rather than 1 s, so that the hundred searches it rests on take five seconds rather than ten.
    stricter = tmp_path / "contracts"
    stricter.mkdir()
    for entry in contracts.directory().iterdir():
        (stricter / entry.name).symlink_to(entry)
    levels = stricter / "service_levels.toml"
    text = levels.read_text(encoding="utf-8")
    before = "[slot_search.one_practitioner]\nvalue = 1.0"
    assert before in text
    levels.unlink()
    levels.write_text(text.replace(before, before.replace("1.0", "0.4")), encoding="utf-8")
    only = ("--scenario", "slot_search.response_time_one_practitioner", "--format", "json", "--out", "out")
    done = recette("run", "target.toml", *only, cwd=tmp_path, SAS_CONTRACTS_DIR=str(stricter))
    assert done.returncode == ExitCode.SERVICE_LEVEL_BROKEN, done.stdout + done.stderr
    report = (tmp_path / "out" / "run.json").read_text(encoding="utf-8")
    assert "response_time.one_practitioner" in report


@pytest.mark.parametrize("module", ["agenda_editor", "sas_platform"])
@pytest.mark.parametrize("reached", [("--host", "0.0.0.0"), ("--public-url", "https://sas.example.org")])
def test_faults_are_refused_where_others_could_be_served(
    module: str,
    reached: tuple[str, str],
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("os.environ", os.environ.copy())  # by which the platform tells its workers
    main = importlib.import_module(f"{module}.__main__").main
    assert main(["serve", "--fault", "drip", "--database-url", sqlite_url, *reached]) in {1, 2}
    assert "--fault-anywhere" in capsys.readouterr().err
