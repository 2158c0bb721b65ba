"""Asks an external FHIR validator for its verdict, in the dialect it speaks. An option: nothing here needs one.

What it says is kept beside our own verdict and never replaces it. One that cannot be reached, or answers something else
than a verdict, is a fault of the tooling (`ValidatorError`), never for or against the document. Dialects: the HL7
validator wrapper (also Inferno's, which the ANS kit uses), `$validate` of a FHIR server, Matchbox, the Gazelle API.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlsplit

from sas_kernel.errors import SasError
from sas_kernel.text import Text
from sas_kit.http import HttpClient, HttpFailure, HttpLimits, exchange

FIRST_CALL: Final = HttpLimits(connect=10, answer=600, max_bytes=32 * 1024 * 1024)
"""The first call makes a validator load its guides: minutes, where the next ones take seconds."""


class ValidatorError(SasError):
    """No verdict was to be had: nobody there, or an answer that is none."""


class Dialect(StrEnum):
    WRAPPER = "wrapper"
    VALIDATE = "validate"
    MATCHBOX = "matchbox"
    GAZELLE = "gazelle"


@dataclass(frozen=True, slots=True)
class Question:
    """`ig` is a package and its version, `name#version`; `session` what the wrapper gave back the last time."""

    resource: str
    kind: str
    profile: str
    ig: str
    session: str | None = None


class Remark(NamedTuple):
    """One issue as the authority words it. `severity`: fatal, error, warning or information."""

    severity: str
    code: str
    path: str
    text: str


@dataclass(frozen=True, slots=True)
class AuthorityVerdict:
    """`provenance` is what the authority says of itself: engine, packages, terminology server."""

    url: str
    dialect: Dialect
    conforms: bool
    remarks: tuple[Remark, ...]
    provenance: str = ""
    session: str | None = None

    @property
    def faults(self) -> tuple[Remark, ...]:
        return tuple(remark for remark in self.remarks if remark.severity in {"fatal", "error"})


async def ask(
    client: HttpClient, url: str, dialect: Dialect, question: Question, limits: HttpLimits = FIRST_CALL
) -> AuthorityVerdict:
    """The verdict of the authority at this URL. Raises `ValidatorError`."""
    parts = urlsplit(url.rstrip("/"))
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise _unavailable(url, Text("ce n’est pas une URL http(s)", "this is no http(s) URL"))
    target, media_type, body = _request(dialect, parts.path, question)
    headers = (("Content-Type", media_type), ("Accept", media_type))
    try:
        answer = await exchange(
            client, "POST", f"{parts.scheme}://{parts.netloc}", target=target, headers=headers, limits=limits, body=body
        )
    except HttpFailure as failure:
        raise _unavailable(url, Text(str(failure), str(failure))) from failure
    accepted = {200, 400, 412, 422} if dialect in {Dialect.VALIDATE, Dialect.MATCHBOX} else {200}
    if answer.status not in accepted:
        raise _unavailable(url, Text("statut {s}", "status {s}").format(s=answer.status))
    try:
        document = json.loads(_CONTROLS.sub(" ", answer.body.decode("utf-8")))
        return _READ[dialect](url, question, document)
    except (UnicodeDecodeError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _unavailable(
            url, Text("sa réponse n’est pas un verdict", "its answer is no verdict ({e})").format(e=str(error)[:200])
        ) from error


_CONTROLS: Final = re.compile(r"[\x00-\x1f]")


def _unavailable(url: str, why: Text) -> ValidatorError:
    return ValidatorError(
        Text("Le validateur {u} n’a pas rendu de verdict : {w}.", "The validator {u} gave no verdict: {w}.").format(
            u=url, w=why
        )
    )


def _request(dialect: Dialect, path: str, question: Question) -> tuple[str, str, bytes]:
    """Target, media type and body."""
    profile = quote(question.profile, safe="")
    if dialect is Dialect.VALIDATE:
        return f"{path}/{question.kind}/$validate?profile={profile}", _FHIR, question.resource.encode()
    if dialect is Dialect.MATCHBOX:
        ig = quote(question.ig, safe="")
        return f"{path}/$validate?profile={profile}&ig={ig}", _FHIR, question.resource.encode()
    document: dict[str, Any]
    if dialect is Dialect.GAZELLE:
        content = base64.b64encode(question.resource.encode()).decode()
        item = {"itemId": "first", "content": content, "role": "request", "location": "localhost"}
        document = {
            "apiVersion": "0.1",
            "validationServiceName": "Matchbox",
            "validationProfileId": question.profile,
            "validationItems": [item],
        }
        return f"{path}/validation/validate", _JSON, json.dumps(document).encode()
    document = {
        "validationContext": {
            "sv": "4.0.1",
            "igs": [question.ig],
            "profiles": [question.profile],
            "locale": "en",
            "doNative": False,
            "extensions": ["any"],
            "disableDefaultResourceFetcher": True,
        },
        "filesToValidate": [{"fileName": "resource.json", "fileContent": question.resource, "fileType": "json"}],
        "sessionId": question.session,
    }
    return f"{path}/validate", _JSON, json.dumps(document).encode()


_FHIR: Final = "application/fhir+json"
_JSON: Final = "application/json"


def _of_wrapper(url: str, _question: Question, document: Any) -> AuthorityVerdict:
    (outcome,) = document["outcomes"]
    remarks = tuple(
        Remark(
            _level(issue["level"]),
            str(issue.get("messageId") or issue.get("type") or ""),
            str(issue.get("location") or ""),
            str(issue["message"]),
        )
        for issue in outcome["issues"]
    )
    session = document.get("sessionId")
    return _verdict(url, Dialect.WRAPPER, remarks, session=session if isinstance(session, str) else None)


def _level(value: Any) -> str:
    levels = {
        "FATAL": "fatal",
        "ERROR": "error",
        "WARNING": "warning",
        "INFORMATION": "information",
        "INFO": "information",
    }
    return levels[str(value).upper()]


_UNREADY: Final = (
    "must be provided",
    "no content provided",
    "could not be created",
    "not initialized",
    "error while initializing",
    "error during validation",
)
_NO_PROFILE: Final = re.compile(
    r"(unknown|unable to (locate|resolve|find)) (the )?profile|(not|could not be|cannot be) (found|resolved)",
    re.IGNORECASE,
)


Reader = Callable[[str, Question, Any], AuthorityVerdict]


def _of_outcome(dialect: Dialect) -> Reader:
    def read(url: str, question: Question, document: Any) -> AuthorityVerdict:
        if document["resourceType"] != "OperationOutcome" or not document["issue"]:
            raise ValueError("no OperationOutcome")
        remarks = tuple(_remark(issue) for issue in document["issue"])
        for remark in remarks:
            words = remark.text.lower()
            unready = any(each in words for each in _UNREADY)
            unknown = question.profile in remark.text and _NO_PROFILE.search(remark.text) is not None
            if remark.severity in {"fatal", "error"} and (unready or unknown):
                raise _unavailable(url, Text(remark.text, remark.text))
        first = document["issue"][0]
        own = dialect is Dialect.MATCHBOX and remarks[0].severity == "information"
        provenance = json.dumps(first, ensure_ascii=False) if own else ""
        return _verdict(url, dialect, remarks[1:] if own else remarks, provenance=provenance)

    return read


def _remark(issue: Any) -> Remark:
    details = issue.get("details") or {}
    paths = issue.get("expression") or issue.get("location") or [""]
    text = issue.get("diagnostics") or details.get("text") or ""
    severity = issue["severity"]
    if severity not in {"fatal", "error", "warning", "information"}:
        raise ValueError(severity)
    return Remark(severity, str(issue.get("code") or ""), str(paths[0]), str(text))


def _of_gazelle(url: str, _question: Question, document: Any) -> AuthorityVerdict:
    result = document["overallResult"]
    errors = [error for report in document["reports"] for error in report.get("unexpectedErrors") or ()]
    if result not in {"PASSED", "FAILED"} or errors:
        raise ValueError(f"{result} {errors}")
    remarks = tuple(
        Remark(
            _level(each["severity"]),
            str(each.get("assertionID") or each.get("assertionType") or ""),
            str(each.get("subjectLocation") or "").partition("FHIRPath: ")[2] or str(each.get("subjectLocation") or ""),
            str(each.get("description") or ""),
        )
        for report in document["reports"]
        for each in report.get("assertionReports") or ()
    )
    metadata = document.get("additionalMetadata") or ()
    provenance = ", ".join(f"{item['name']}={item['value']}" for item in metadata)
    return AuthorityVerdict(url, Dialect.GAZELLE, result == "PASSED", remarks, provenance)


def _verdict(
    url: str, dialect: Dialect, remarks: tuple[Remark, ...], *, provenance: str = "", session: str | None = None
) -> AuthorityVerdict:
    conforms = not any(remark.severity in {"fatal", "error"} for remark in remarks)
    return AuthorityVerdict(url, dialect, conforms, remarks, provenance, session)


_READ: Final[dict[Dialect, Reader]] = {
    Dialect.WRAPPER: _of_wrapper,
    Dialect.VALIDATE: _of_outcome(Dialect.VALIDATE),
    Dialect.MATCHBOX: _of_outcome(Dialect.MATCHBOX),
    Dialect.GAZELLE: _of_gazelle,
}
