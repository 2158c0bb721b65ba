"""External authorities, played by a server that says what it is told to say."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from recette.drivers.validators import AuthorityVerdict, Dialect, Question, Remark, ValidatorError, ask
from recette.model import ExitCode
from sas_kit.http import HttpLimits, new_client
from tests.recette.cli.test_exit_codes import recette

PROFILE = "http://sas.fr/fhir/StructureDefinition/FrSlotAgregateur"
QUESTION = Question('{"resourceType":"Slot"}', "Slot", PROFILE, "ans.fhir.fr.sas#1.1.0")
LIMITS = HttpLimits(connect=5, answer=10, max_bytes=100_000)


@dataclass
class Authority:
    """Answers everything alike, and remembers what it was asked."""

    url: str = ""
    status: int = 200
    answer: Any = None
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def body(self) -> bytes:
        return self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()


@pytest.fixture
def authority() -> Iterator[Authority]:
    played = Authority()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            played.asked.append((self.path, dict(self.headers), body))
            self.send_response(played.status)
            self.send_header("Content-Length", str(len(played.body)))
            self.end_headers()
            self.wfile.write(played.body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    played.url = f"http://127.0.0.1:{server.server_port}/base"
    Thread(target=server.serve_forever, daemon=True).start()
    yield played
    server.shutdown()
    server.server_close()


async def asked(authority: Authority, dialect: Dialect, question: Question = QUESTION) -> AuthorityVerdict:
    async with new_client() as client:
        return await ask(client, authority.url, dialect, question, LIMITS)


def outcome(*issues: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": list(issues)}


def wrapped(*issues: dict[str, Any]) -> dict[str, Any]:
    return {"outcomes": [{"fileInfo": {}, "issues": list(issues)}], "sessionId": "s-2"}


MISSING = {
    "level": "ERROR",
    "messageId": "Validation_VAL_Profile_Minimum",
    "type": "STRUCTURE",
    "location": "Slot",
    "message": "Slot.status: minimum required = 1",
}


async def test_the_wrapper_gets_profile_guide_and_session(authority: Authority) -> None:
    authority.answer = wrapped(MISSING, {**MISSING, "level": "WARNING"})
    verdict = await asked(authority, Dialect.WRAPPER, Question("{}", "Slot", PROFILE, "ans.fhir.fr.sas#1.1.0", "s-1"))

    path, headers, body = authority.asked[0]
    sent = json.loads(body)
    assert (path, headers["Content-Type"]) == ("/base/validate", "application/json")
    assert sent["validationContext"]["profiles"] == [PROFILE]
    assert sent["validationContext"]["igs"] == ["ans.fhir.fr.sas#1.1.0"]
    assert sent["filesToValidate"][0]["fileContent"] == "{}"
    assert sent["sessionId"] == "s-1"
    assert not verdict.conforms
    assert verdict.session == "s-2"
    assert verdict.faults == (
        Remark("error", "Validation_VAL_Profile_Minimum", "Slot", "Slot.status: minimum required = 1"),
    )
    assert len(verdict.remarks) == 2


async def test_control_characters_in_an_answer_are_no_obstacle(authority: Authority) -> None:
    authority.answer = json.dumps(wrapped()).replace('"s-2"', '"s\u0001\n2"').encode()
    assert (await asked(authority, Dialect.WRAPPER)).conforms


@pytest.mark.parametrize("status", [200, 400, 412, 422])
async def test_a_server_may_answer_invalid_with_several_statuses(authority: Authority, status: int) -> None:
    authority.status = status
    authority.answer = outcome(
        {"severity": "error", "code": "structure", "diagnostics": "too few", "expression": ["Slot.status"]}
    )
    verdict = await asked(authority, Dialect.VALIDATE)

    assert authority.asked[0][0].startswith("/base/Slot/$validate?profile=http%3A%2F%2Fsas.fr%2F")
    assert authority.asked[0][2] == QUESTION.resource.encode()
    assert verdict.faults == (Remark("error", "structure", "Slot.status", "too few"),)


async def test_matchbox_says_first_what_it_is(authority: Authority) -> None:
    authority.answer = outcome(
        {"severity": "information", "code": "informational", "diagnostics": "Validation for profile, matchbox 4.0"},
        {"severity": "warning", "code": "invariant", "diagnostics": "dom-6"},
    )
    verdict = await asked(authority, Dialect.MATCHBOX)

    assert authority.asked[0][0].endswith("&ig=ans.fhir.fr.sas%231.1.0")
    assert verdict.conforms
    assert "matchbox 4.0" in verdict.provenance
    assert [remark.text for remark in verdict.remarks] == ["dom-6"]


async def test_gazelle_gets_the_document_in_base64(authority: Authority) -> None:
    authority.answer = {
        "overallResult": "FAILED",
        "additionalMetadata": [{"name": "engine", "value": "6.3"}],
        "reports": [
            {
                "subReportResult": "FAILED",
                "assertionReports": [
                    {
                        "assertionID": "min",
                        "description": "status is missing",
                        "subjectLocation": "line 1, column 2, FHIRPath: Slot.status",
                        "severity": "ERROR",
                    }
                ],
            }
        ],
    }
    verdict = await asked(authority, Dialect.GAZELLE)

    path, _, body = authority.asked[0]
    sent = json.loads(body)
    assert path == "/base/validation/validate"
    assert base64.b64decode(sent["validationItems"][0]["content"]).decode() == QUESTION.resource
    assert sent["validationProfileId"] == PROFILE
    assert verdict.faults == (Remark("error", "min", "Slot.status", "status is missing"),)
    assert verdict.provenance == "engine=6.3"


NO_VERDICT: list[tuple[Dialect, int, Any]] = [
    (Dialect.WRAPPER, 500, b"boom"),
    (Dialect.WRAPPER, 400, wrapped()),
    (Dialect.WRAPPER, 200, b"<html></html>"),
    (Dialect.WRAPPER, 200, {"outcomes": []}),
    (Dialect.WRAPPER, 200, wrapped({**MISSING, "level": "DREADFUL"})),
    (Dialect.WRAPPER, 200, []),
    (Dialect.VALIDATE, 404, outcome({"severity": "error", "code": "not-found"})),
    (Dialect.VALIDATE, 200, {"resourceType": "Slot"}),
    (Dialect.VALIDATE, 200, outcome()),
    (Dialect.VALIDATE, 200, outcome({"severity": "error", "diagnostics": f"Unable to locate profile {PROFILE}"})),
    (Dialect.MATCHBOX, 200, outcome({"severity": "error", "diagnostics": "matchbox is not initialized"})),
    (Dialect.MATCHBOX, 200, outcome({"severity": "error", "details": {"text": "Error during validation: x"}})),
    (Dialect.GAZELLE, 200, {"overallResult": "UNDEFINED", "reports": []}),
    (Dialect.GAZELLE, 200, {"overallResult": "PASSED", "reports": [{"unexpectedErrors": [{"message": "x"}]}]}),
]


@pytest.mark.parametrize(("dialect", "status", "answer"), NO_VERDICT)
async def test_a_confused_authority_is_neither_for_nor_against(
    authority: Authority, dialect: Dialect, status: int, answer: Any
) -> None:
    authority.status, authority.answer = status, answer
    with pytest.raises(ValidatorError):
        await asked(authority, dialect)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "ftp://127.0.0.1", "validator"])
async def test_nobody_there_is_a_fault_of_the_tooling(url: str) -> None:
    async with new_client() as client:
        with pytest.raises(ValidatorError):
            await ask(client, url, Dialect.WRAPPER, QUESTION, LIMITS)


def test_two_verdicts_that_differ_are_both_kept(authority: Authority, tmp_path: Path) -> None:
    right = Path(__file__).resolve().parents[2] / "fixtures" / "fhir" / "bundle-sos.json"
    authority.answer = wrapped(MISSING)
    done = recette("check", str(right), "--validator", authority.url, "--format", "json", cwd=tmp_path)

    said = json.loads(done.stdout)
    assert done.returncode == ExitCode.ACCEPTED
    assert (said["conforms"], said["authority"]["conforms"], said["authority"]["agrees"]) == (True, False, False)
    assert said["authority"]["issues"][0]["message"] == MISSING["message"]


def test_an_unreachable_authority_ends_the_command_after_our_own_verdict(tmp_path: Path) -> None:
    right = Path(__file__).resolve().parents[2] / "fixtures" / "fhir" / "bundle-sos.json"
    done = recette("check", str(right), "--validator", "http://127.0.0.1:9", cwd=tmp_path)

    assert done.returncode == ExitCode.HARNESS_FAILED
    assert "Conform" in done.stdout
    assert "127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr
