"""The report as JSON, the one source of every other rendering, and back again without loss.

The document has the fields of `RunReport` in their order, plus `schema_version` and a derived `summary` which loading
ignores. Its published form is `run_report.schema.json`. Within a major version, changes only add.
"""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, NoReturn, cast, get_args, get_origin, get_type_hints

from recette.model import RunReport, Severity, Verdict
from recette.reports.coverage import requirement_results, standings
from sas_kernel.errors import SasError
from sas_kernel.text import Text

SCHEMA_VERSION = "1.3"
SCHEMA_PATH = Path(__file__).with_name("run_report.schema.json")

_SURROGATE = re.compile("[\ud800-\udfff]")


class ReportFormatError(SasError):
    """The file is not a report of a run. The text says what to give instead."""


def to_document(report: RunReport) -> dict[str, Any]:
    """The report as plain JSON values. Instants keep their offset, bodies are text or, when not UTF-8, base64."""
    document = cast("dict[str, Any]", _encode(report))
    return {"schema_version": SCHEMA_VERSION, "summary": _summary(report), **document}


def dumps(report: RunReport) -> str:
    """The document as text."""
    return text_of(to_document(report))


def text_of(document: Mapping[str, Any]) -> str:
    """JSON that UTF-8 can always carry, two spaces of indentation, a newline at the end."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2)
    # JSON from a hostile server can hold lone surrogates, which UTF-8 refuses; their escape is legal JSON.
    return _SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", text) + "\n"


def loads(text: str | bytes) -> RunReport:
    """The report a document holds. Raises `ReportFormatError`. Keys it does not know are left aside."""
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ReportFormatError(
            Text(
                "Ce fichier n’est pas du JSON ({error}). Donnez le fichier run.json écrit par "
                "« recette run --format json ».",
                "This file is not JSON ({error}). Give the file run.json written by `recette run --format json`.",
            ).format(error=error)
        ) from error
    if not isinstance(document, dict) or not isinstance(document.get("schema_version"), str):
        raise ReportFormatError(
            Text(
                "Ce fichier JSON n’est pas un rapport de recette (il n’a pas de « schema_version »). Donnez le fichier "
                "run.json écrit par « recette run --format json » ; une réponse enregistrée se juge par "
                "« recette check ».",
                "This JSON file is not a report of recette (it has no `schema_version`). Give the file run.json "
                "written by `recette run --format json`; a saved answer is judged by `recette check`.",
            )
        )
    if document["schema_version"].partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
        raise ReportFormatError(
            Text(
                "Ce rapport a la forme {found} ; cette version de recette lit la forme {known}. Relisez-le avec la "
                "version qui l’a écrit, ou refaites l’exécution.",
                "This report has form {found}; this version of recette reads form {known}. Read it with the version "
                "that wrote it, or run again.",
            ).format(found=document["schema_version"], known=SCHEMA_VERSION)
        )
    return cast("RunReport", _decode(RunReport, document, ""))


def read(path: Path) -> RunReport:
    """The report in a file. Raises `ReportFormatError`, also when the file cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ReportFormatError(
            Text("« {path} » n’est pas lisible : {error}.", "'{path}' cannot be read: {error}.").format(
                path=path, error=error.strerror or error
            )
        ) from error
    return loads(content)


def _summary(report: RunReport) -> dict[str, Any]:
    scenarios = Counter(scenario.verdict for scenario in report.scenarios)
    checks = Counter(check.verdict for check in report.checks)
    failed = Counter(finding.severity for finding in report.findings if finding.verdict is Verdict.FAIL)
    results = requirement_results(report)
    return {
        "scenarios": {verdict.value: scenarios[verdict] for verdict in Verdict},
        "checks": {verdict.value: checks[verdict] for verdict in Verdict},
        "failures": {severity.value: failed[severity] for severity in Severity},
        "requirements": {standing.value: number for standing, number in standings(results).items()},
        "partial": report.partial,
        "known_deviations": sum(finding.deviation is not None for finding in report.findings),
    }


def _encode(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("an instant needs a UTC offset")
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return _encode_body(value)
    if is_dataclass(value):
        return {field.name: _encode(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _encode(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_encode(item) for item in value]
    return value


def _encode_body(body: bytes) -> dict[str, str]:
    try:
        return {"text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode("ascii")}


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _decode(hint: Any, value: object, where: str) -> object:
    origin = get_origin(hint)
    if origin is UnionType:
        return _decode_union(get_args(hint), value, where)
    if origin is tuple:
        return _decode_tuple(get_args(hint), value, where)
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, dict):
            _malformed(where, "object")
        _, item = get_args(hint)
        return {key: _decode(item, each, f"{where}.{key}") for key, each in value.items()}
    if is_dataclass(hint):
        return _decode_object(cast("type", hint), value, where)
    return _decode_scalar(hint, value, where)


def _decode_union(hints: Sequence[Any], value: object, where: str) -> object:
    if value is None and NoneType in hints:
        return None
    wants_list = isinstance(value, list)
    fitting = [hint for hint in hints if hint is not NoneType and (get_origin(hint) is tuple) is wants_list]
    if not fitting:
        _malformed(where, " | ".join(str(hint) for hint in hints))
    return _decode(fitting[0], value, where)


def _decode_tuple(hints: Sequence[Any], value: object, where: str) -> tuple[object, ...]:
    if not isinstance(value, list):
        _malformed(where, "array")
    if len(hints) == 2 and hints[1] is Ellipsis:
        return tuple(_decode(hints[0], item, f"{where}[{index}]") for index, item in enumerate(value))
    if len(value) != len(hints):
        _malformed(where, f"array[{len(hints)}]")
    return tuple(_decode(hint, item, f"{where}[{i}]") for i, (hint, item) in enumerate(zip(hints, value, strict=True)))


def _decode_object(cls: type, value: object, where: str) -> object:
    if not isinstance(value, dict):
        _malformed(where, "object")
    values: dict[str, object] = {}
    for field in fields(cls):
        if field.name in value:
            values[field.name] = _decode(_hints(cls)[field.name], value[field.name], f"{where}.{field.name}")
        elif field.default is MISSING and field.default_factory is MISSING:
            _malformed(f"{where}.{field.name}", str(field.type))
    return cls(**values)


def _decode_scalar(hint: Any, value: object, where: str) -> object:
    try:
        return _scalar(hint, value)
    except (ValueError, TypeError) as error:
        _malformed(where, hint.__name__, error)


def _scalar(hint: Any, value: object) -> object:
    if hint is bytes:
        return _decode_body(value)
    if issubclass(hint, Enum):
        return hint(value)
    if hint is datetime and isinstance(value, str):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("an instant needs a UTC offset")
        return moment
    if hint is date and isinstance(value, str):
        return date.fromisoformat(value)
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise TypeError(type(value).__name__)
    return value


def _decode_body(value: object) -> bytes:
    if isinstance(value, dict) and isinstance(value.get("text"), str):
        return str(value["text"]).encode("utf-8")
    if isinstance(value, dict) and isinstance(value.get("base64"), str):
        return base64.b64decode(str(value["base64"]), validate=True)
    raise TypeError("text or base64")


def _malformed(where: str, wanted: str, cause: Exception | None = None) -> NoReturn:
    raise ReportFormatError(
        Text(
            "Ce rapport est abîmé : « {where} » devrait être de la forme {wanted}. Refaites l’exécution plutôt que de "
            "corriger le fichier à la main.",
            "This report is damaged: `{where}` should have the form {wanted}. Run again rather than mending the file "
            "by hand.",
        ).format(where=where.lstrip(".") or "$", wanted=wanted)
    ) from cause


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
