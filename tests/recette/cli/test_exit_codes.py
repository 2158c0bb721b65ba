"""Each exit code of `recette`, reached as a user would reach it."""

from __future__ import annotations

import contextlib
import http.server
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from recette import cli
from recette.drivers import services as processes
from recette.model import ExitCode
from sas_kernel import contracts

EXAMPLES = ["Bundle", "Slot", "Schedule", "Practitioner", "PractitionerRole", "Location"]


def recette(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command; a process of its own where the environment matters, which is read once at its start."""
    return _process(arguments, cwd, environment) if environment else _here(arguments, cwd)


def _process(arguments: tuple[str, ...], cwd: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "recette", *arguments],
        cwd=cwd,
        env={**os.environ, "CI": "1", "RECETTE_LANG": "fr", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _here(arguments: tuple[str, ...], cwd: Path) -> subprocess.CompletedProcess[str]:
    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "argv", ["recette", *arguments])
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def agenda(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The reference agenda, as a process, with the demo data."""
    with processes.Services() as services:
        database = f"sqlite:///{tmp_path_factory.mktemp('agenda') / 'agenda.sqlite'}"
        service, base = processes.agenda(
            services,
            port=processes.free_port(),
            database_url=database,
            dataset="demo",
            settings=processes.PUBLIC_PASSWORDS,
        )
        service.wait_until_ready()
        yield base


@pytest.fixture
def target(agenda: str, tmp_path: Path) -> Path:
    path = tmp_path / "target.toml"
    path.write_text(recette("dataset", "describe", "demo", "--base-url", agenda, cwd=tmp_path).stdout, encoding="utf-8")
    return path


class _Wrong(http.server.BaseHTTPRequestHandler):
    """An editor that answers a cheerful page to everything."""

    def do_GET(self) -> None:
        body = b"<html><body>Bienvenue</body></html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silence."""


@pytest.fixture
def wrong() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Wrong) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/fhir"
        server.shutdown()
        thread.join()


def test_0_the_reference_agenda_is_accepted_and_every_report_written(target: Path, tmp_path: Path) -> None:
    formats = ("--format", "console,json,junit,html,md,har,sarif,xlsx")
    done = recette("run", str(target), *formats, "--keep-evidence", "--out", "out", cwd=tmp_path, CI="1")
    assert done.returncode == ExitCode.ACCEPTED, done.stdout + done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "run.json",
        "junit.xml",
        "report.html",
        "summary.md",
        "run.har",
        "run.sarif",
        "run.xlsx",
    }
    assert "Accepté" in done.stdout
    assert "\x1b[" not in done.stdout
    report = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert report["summary"]["requirements"]["broken"] == 0
    assert report["summary"]["requirements"]["undecided"] == 0
    entries = json.loads((tmp_path / "out" / "run.har").read_text(encoding="utf-8"))["log"]["entries"]
    proven = {name for entry in entries for name in entry["_recette"]["requirements"]}
    judged = (check for scenario in report["scenarios"] for check in scenario["checks"] if check["exchanges"])
    assert {check["requirement"] for check in judged if check["verdict"] == "PASS"} <= proven


def test_1_a_wrong_editor_is_refused(wrong: str, tmp_path: Path) -> None:
    done = recette("run", "--base-url", wrong, cwd=tmp_path)
    assert done.returncode == ExitCode.REFUSED, done.stdout + done.stderr
    assert "Refusé" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run",), "--base-url"),
        (("run", "absent.toml"), "dataset describe"),
        (("run", "--base-url", "agenda"), "target.base_url"),
        (("run", "--base-url", "http://127.0.0.1:1/", "--format", "pdf"), "pdf"),
        (("run", "--base-url", "http://127.0.0.1:1/", "--fail-on", "huge"), "blocking"),
        (("run", "--base-url", "http://127.0.0.1:1/", "--flow", "postal"), "slot_search"),
        (("list", "--format", "yaml"), "json"),
        (("check", "absent.json"), "absent.json"),
        (("compare", "absent.json", "absent.json"), "absent.json"),
        (("dataset", "describe", "absent"), "absent"),
        (("up", "everything"), "agenda"),
        (("fly",), "fly"),
    ],
)
def test_2_bad_usage_is_told_what_to_do(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = recette(*arguments, cwd=tmp_path)
    assert done.returncode == ExitCode.USAGE, done.stdout + done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_3_too_little_test_data_is_inconclusive(agenda: str, tmp_path: Path) -> None:
    done = recette("run", "--base-url", agenda, cwd=tmp_path)
    assert done.returncode == ExitCode.INCONCLUSIVE, done.stdout + done.stderr
    assert "practitioner_one_place" in done.stdout


def test_4_a_broken_level_alone(target: Path, tmp_path: Path) -> None:
    stricter = tmp_path / "contracts"
    shutil.copytree(contracts.directory(), stricter)
    levels = stricter / "service_levels.toml"
    before, after = "[slot_search.one_practitioner]\nvalue = 1.0", "[slot_search.one_practitioner]\nvalue = 0.00001"
    text = levels.read_text(encoding="utf-8")
    assert before in text
    levels.write_text(text.replace(before, after), encoding="utf-8")
    done = recette("run", str(target), cwd=tmp_path, SAS_CONTRACTS_DIR=str(stricter))
    assert done.returncode == ExitCode.SERVICE_LEVEL_BROKEN, done.stdout + done.stderr
    assert "slot_search.one_practitioner" in done.stdout


def test_5_nobody_there(tmp_path: Path) -> None:
    done = recette("run", "--base-url", f"http://127.0.0.1:{processes.free_port()}/fhir", cwd=tmp_path)
    assert done.returncode == ExitCode.UNREACHABLE, done.stdout + done.stderr


def test_6_a_broken_catalogue_is_our_fault(wrong: str, tmp_path: Path) -> None:
    broken = tmp_path / "contracts"
    shutil.copytree(contracts.directory(), broken)
    (broken / "requirements.csv").write_text("nothing", encoding="utf-8")
    done = recette("run", "--base-url", wrong, cwd=tmp_path, SAS_CONTRACTS_DIR=str(broken))
    assert done.returncode == ExitCode.HARNESS_FAILED, done.stdout + done.stderr
    assert "requirements.csv" in done.stderr
    assert "Traceback" not in done.stderr


def test_130_interrupted_while_the_target_hangs(tmp_path: Path) -> None:
    # A background job of a shell is born deaf to this signal, and passes that on to what it starts.
    listening = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from recette.cli import main; main()"
    )
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        subprocess.Popen(
            [sys.executable, "-c", listening, "run", "--base-url", f"http://127.0.0.1:{silent.getsockname()[1]}/fhir"],
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as running,
    ):
        connection, _ = silent.accept()
        with connection:
            time.sleep(0.1)
            running.send_signal(signal.SIGINT)
            try:
                _, error = running.communicate(timeout=20)
            finally:
                running.kill()
    assert running.returncode == ExitCode.INTERRUPTED
    assert b"Traceback" not in error


def test_check_accepts_refuses_and_does_not_know(reference: Path, tmp_path: Path) -> None:
    good = reference / "reference" / "examples" / "bundle-ps.max.json"
    assert recette("check", str(good), cwd=tmp_path).returncode == ExitCode.ACCEPTED
    bundle = json.loads(good.read_text(encoding="utf-8"))
    bundle["entry"][1]["resource"]["start"] = "2031-03-11T14:00:00+01:00"
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(bundle), encoding="utf-8")
    refused = recette("check", str(bad), cwd=tmp_path)
    assert refused.returncode == ExitCode.REFUSED
    assert "Bundle.entry[1].resource.start" in refused.stdout
    bad.write_text('{"resourceType": "Medication"}', encoding="utf-8")
    unknown = recette("check", str(bad), cwd=tmp_path)
    assert unknown.returncode == ExitCode.USAGE
    assert "Medication" in unknown.stderr


FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "fhir"
_SOS = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/sas-sos-bundle-aggregator"


def test_check_judges_every_exchange_of_the_guide(tmp_path: Path) -> None:
    for name in ("bundle-cpts", "bundle-sos", "appointment-sas", "appointment-sos", "practitioner-regul"):
        assert recette("check", str(FIXTURES / f"{name}.json"), cwd=tmp_path).returncode == ExitCode.ACCEPTED, name


def test_check_against_a_named_profile(tmp_path: Path) -> None:
    right = str(FIXTURES / "bundle-sos.json")
    found = recette("check", right, "--profile", _SOS, "--ig-version", "1.1.0", "--format", "json", cwd=tmp_path)
    assert found.returncode == ExitCode.ACCEPTED
    said = json.loads(found.stdout)
    assert (said["conforms"], said["guide"], said["profile"]) == (True, "ans.fhir.fr.sas 1.1.0", _SOS)
    assert len(said["rule_set"]) == 12

    document = json.loads(Path(right).read_text(encoding="utf-8"))
    document["total"] = 7
    del document["entry"][4]["resource"]["name"]
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(document), encoding="utf-8")
    found = recette("check", str(wrong), "--profile", f"{_SOS}|1.2.0", "--format", "json", cwd=tmp_path)
    assert found.returncode == ExitCode.REFUSED
    told = {(issue["path"], issue["rule"]) for issue in json.loads(found.stdout)["issues"]}
    assert told >= {("Bundle.total", "total"), ("Bundle.entry[4].resource.name", "min")}

    for arguments in (
        ("--profile", "http://x.example.org/Unknown"),
        ("--ig-version", "9.9.9"),
        ("--ig", right),
        ("--ig", "absent.tgz"),
        ("--format", "pdf"),
        ("--validator-dialect", "xml"),
    ):
        refused = recette("check", right, *arguments, cwd=tmp_path)
        assert refused.returncode == ExitCode.USAGE, arguments
        assert "Traceback" not in refused.stderr


def test_check_with_the_package_of_another_guide(tmp_path: Path) -> None:
    profile = "http://x.example.org/StructureDefinition/Named"
    definition = {
        "resourceType": "StructureDefinition",
        "url": profile,
        "type": "Practitioner",
        "kind": "resource",
        "snapshot": {
            "element": [
                {"id": "Practitioner", "path": "Practitioner"},
                {"id": "Practitioner.name", "path": "Practitioner.name", "min": 1, "max": "*", "base": {"max": "*"}},
            ]
        },
    }
    package = tmp_path / "guide.tgz"
    (tmp_path / "named.json").write_text(json.dumps(definition), encoding="utf-8")
    with tarfile.open(package, "w:gz") as archive:
        archive.add(tmp_path / "named.json", "package/StructureDefinition-named.json")
    document = tmp_path / "document.json"
    document.write_text('{"resourceType": "Practitioner", "name": [{"family": "X"}]}', encoding="utf-8")
    asked = ("check", str(document), "--ig", str(package), "--profile", profile)
    assert recette(*asked, cwd=tmp_path).returncode == ExitCode.ACCEPTED
    document.write_text('{"resourceType": "Practitioner"}', encoding="utf-8")
    assert recette(*asked, cwd=tmp_path).returncode == ExitCode.REFUSED


def test_check_reads_standard_input(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "recette", "check", "-"],
        input=b"not json",
        capture_output=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == ExitCode.REFUSED


def test_compare_tells_a_regression_by_its_code(target: Path, wrong: str, tmp_path: Path) -> None:
    recette("run", str(target), "--format", "json", "--out", "a", cwd=tmp_path)
    recette("run", str(target), "--base-url", wrong, "--format", "json", "--out", "b", cwd=tmp_path)
    worse = recette("compare", "a/run.json", "b/run.json", cwd=tmp_path)
    assert worse.returncode == ExitCode.REFUSED
    assert recette("compare", "a/run.json", "a/run.json", cwd=tmp_path).returncode == ExitCode.ACCEPTED


def test_a_real_browser_that_is_not_there_is_a_usage_error(target: Path, tmp_path: Path) -> None:
    named = recette("run", str(target), "--browser-path", str(tmp_path / "chromium"), cwd=tmp_path)
    set_ = recette("run", str(target), "--browser", cwd=tmp_path, RECETTE_CHROMIUM=str(tmp_path / "other"))
    for done, path in ((named, "chromium"), (set_, "other")):
        assert done.returncode == ExitCode.USAGE
        assert f"{tmp_path / path}" in done.stderr
        assert "recette[browser]" in done.stderr
    # Without the option, nobody looks for it.
    plain = recette("run", str(target), "--format", "json", cwd=tmp_path, RECETTE_CHROMIUM=str(tmp_path / "other"))
    assert plain.returncode == ExitCode.ACCEPTED


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["run", "--help"]])
def test_help_and_list_import_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv[1:] = sys.argv[1:]\n"
        "from recette.cli import main\n"
        "try:\n    main()\nexcept SystemExit: pass\n"
        "heavy = {'fastapi', 'sqlalchemy', 'httpx2', 'jinja2', 'uvicorn', 'alembic', 'asyncio', 'playwright'}\n"
        "sys.stderr.write(','.join(sorted(heavy & set(sys.modules))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stderr == ""
    assert done.stdout


@pytest.mark.parametrize("flow", ["slot_search", "regulators"])
def test_list_in_json_names_requirement_severity_and_source_of_every_check(flow: str, tmp_path: Path) -> None:
    rows = json.loads(recette("list", "--format", "json", "--flow", flow, cwd=tmp_path).stdout)
    assert {row["flow"] for row in rows} == {flow}
    for row in rows:
        for check in row["checks"]:
            assert check["requirement"]
            assert check["severity"] in {"BLOCKING", "MAJOR", "MINOR"}
            assert check["source"]


def test_english_on_request(tmp_path: Path) -> None:
    assert "Acceptance bench" in recette("--help", cwd=tmp_path, RECETTE_LANG="en").stdout
    assert "Banc de recette" in recette("--help", cwd=tmp_path, RECETTE_LANG="fr").stdout
    assert recette("--version", cwd=tmp_path).stdout.startswith("recette ")
