"""The evidence of a run as HAR 1.2, which browsers' network panels and HTTP tools open. Pure.

It holds what the report holds: the exchanges kept as evidence, without their secrets and shortened as in the JSON
report, not the whole traffic (`log.comment` says how many of how many). A page is a scenario. What HAR has no field for
is under `_recette`. `send` is 0 because it is measured inside `wait`; what we never measure is -1.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

from recette.model import Exchange, Finding, RunReport, ScenarioResult
from recette.reports import words
from recette.reports.json_report import text_of
from recette.reports.masking import GAP, mask_exchange
from sas_kernel.text import Lang, Text

_HTTP_VERSION = "HTTP/1.1"  # the only one that our client and our inbox speak
_UNMEASURED = -1
_MOST_PARAMETERS = 500
_MOST_MESSAGES = 5
_SENT = Text("Requête envoyée par recette à la cible.", "Request sent by recette to the target.")
_RECEIVED = Text(
    "Requête reçue de la cible ; la réponse est celle de recette.",
    "Request received from the target; the response is recette's.",
)
_INSIDE_WAIT = Text(
    "L’envoi est compris dans « wait », compté depuis le premier octet envoyé.",
    "Sending is inside `wait`, counted from the first byte sent.",
)


def render(report: RunReport, lang: Lang = Lang.FR) -> str:
    """The whole file, to be written in UTF-8."""
    return text_of(document(report, lang))


def document(report: RunReport, lang: Lang = Lang.FR) -> dict[str, Any]:
    """The HAR as plain JSON values: entries by the time they were sent, pages for the scenarios they belong to."""
    findings: dict[str, list[Finding]] = {}
    for finding in report.findings:
        findings.setdefault(finding.exchange or "", []).append(finding)
    belongs = _scenarios(report)
    judged = _judged(report)
    exchanges = sorted(report.exchanges, key=lambda exchange: exchange.sent_at)
    shown = {belongs[exchange.id] for exchange in exchanges if exchange.id in belongs}
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "recette", "version": report.tool_version},
            "pages": [_page(scenario, lang) for scenario in report.scenarios if scenario.scenario in shown],
            "entries": [
                _entry(
                    exchange, belongs.get(exchange.id), judged.get(exchange.id, {}), findings.get(exchange.id, ()), lang
                )
                for exchange in exchanges
            ],
            "comment": Text(
                "Exécution {run} : {held} échange(s) conservé(s) comme preuve, sur {all} ; secrets masqués, corps "
                "raccourcis.",
                "Run {run}: {held} exchange(s) kept as evidence, of {all}; secrets masked, bodies shortened.",
            )
            .format(run=report.id, held=len(exchanges), all=report.exchange_count)
            .to(lang),
            "_recette": {"run": report.id, "rule_set": report.rule_set, "exchange_count": report.exchange_count},
        }
    }


def _scenarios(report: RunReport) -> dict[str, str]:
    """The scenario of each exchange: the first that judged it."""
    belongs: dict[str, str] = {}
    for check in report.checks:
        named = [finding.exchange for finding in check.findings if finding.exchange is not None]
        for exchange in (*check.exchanges, *named):
            belongs.setdefault(exchange, check.scenario)
    return belongs


def _judged(report: RunReport) -> dict[str, dict[str, None]]:
    """The requirements judged on each exchange, in order, each once."""
    judged: dict[str, dict[str, None]] = {}
    for check in report.checks:
        for exchange in check.exchanges:
            judged.setdefault(exchange, {})[check.requirement] = None
    return judged


def _page(scenario: ScenarioResult, lang: Lang) -> dict[str, Any]:
    return {
        "startedDateTime": scenario.started_at.isoformat(),
        "id": scenario.scenario,
        "title": f"{scenario.scenario} – {scenario.title.to(lang)}",
        "pageTimings": {"onContentLoad": _UNMEASURED, "onLoad": _UNMEASURED},
        "comment": words.VERDICTS[scenario.verdict].to(lang),
        "_recette": {"flow": scenario.flow.value, "verdict": scenario.verdict.value},
    }


def _entry(
    exchange: Exchange, scenario: str | None, judged: Iterable[str], findings: Sequence[Finding], lang: Lang
) -> dict[str, Any]:
    # Masked by the engine already; a report made without masks must not leak here either, and twice changes nothing.
    exchange = mask_exchange(exchange, around=[finding.path for finding in findings if finding.path])
    wait, receive = _milliseconds(exchange)
    kind = (_RECEIVED if exchange.received else _SENT).to(lang)
    broken = dict.fromkeys(finding.requirement for finding in findings)
    return {
        **({"pageref": scenario} if scenario is not None else {}),
        "startedDateTime": exchange.sent_at.isoformat(),
        "time": round(wait + receive, 3),
        "request": _request(exchange),
        "response": _response(exchange, lang),
        "cache": {},
        "timings": {
            **dict.fromkeys(("blocked", "dns", "connect", "ssl"), _UNMEASURED),
            "send": 0,
            "wait": wait,
            "receive": receive,
            "comment": _INSIDE_WAIT.to(lang),
        },
        "comment": " ".join([f"{exchange.id} –", kind, *(f.message.to(lang) for f in findings[:_MOST_MESSAGES])]),
        "_recette": {
            "exchange": exchange.id,
            "received": exchange.received,
            "scenario": scenario,
            "requirements": list(dict.fromkeys((*broken, *judged))),
            "broken": list(broken),
            "findings": [finding.identity for finding in findings],
        },
    }


def _milliseconds(exchange: Exchange) -> tuple[float, float]:
    """`wait` and `receive`: before and after the answer's head; all is waiting when no head came."""
    total = exchange.timings.total
    head = total if exchange.timings.first_byte is None else min(exchange.timings.first_byte, total)
    return round(head * 1000, 3), round((total - head) * 1000, 3)


def _request(exchange: Exchange) -> dict[str, Any]:
    request = exchange.request
    known: dict[str, Any] = {
        "method": request.method,
        "url": request.url,
        "httpVersion": _HTTP_VERSION,
        "cookies": _cookies(value for name, value in request.headers if name.lower() == "cookie"),
        "headers": _headers(request.headers),
        "queryString": _parameters(_query(request.target)),
        "headersSize": _UNMEASURED,
        "bodySize": _size(request.body),
    }
    if request.body:
        text, encoding = _text(request.body)
        kind = next((value for name, value in request.headers if name.lower() == "content-type"), "")
        # HAR gives postData no encoding: the base64 of bytes that are no text is named as our own field.
        known["postData"] = {
            "mimeType": kind,
            "params": [],
            "text": text,
            **({"_encoding": encoding} if encoding else {}),
        }
    return known


def _query(target: str) -> str:
    """What stands after the first `?` of a request target, up to a fragment that should not be there."""
    return target.partition("?")[2].partition("#")[0]


def _response(exchange: Exchange, lang: Lang) -> dict[str, Any]:
    response = exchange.response
    if response is None:
        failure = words.FAILURES[exchange.failure].to(lang) if exchange.failure else ""
        detail = f" ({exchange.failure_detail})" if exchange.failure_detail else ""
        return {
            **_answer(0, "", ()),
            "content": {"size": 0, "mimeType": "x-unknown"},
            "bodySize": _UNMEASURED,
            "_error": f"{exchange.failure.value if exchange.failure else 'unknown'}{detail}",
            "comment": failure + detail,
        }
    text, encoding = _text(response.body)
    content: dict[str, Any] = {
        "size": _size(response.body),
        "mimeType": response.header("content-type") or "x-unknown",
        "text": text,
    }
    if encoding:
        content["encoding"] = encoding
    return {
        **_answer(response.status, _phrase(response.status), response.headers),
        "content": content,
        "redirectURL": response.header("location") or "",
        "bodySize": _UNMEASURED,
    }


def _answer(status: int, phrase: str, headers: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    set_cookies = (value.partition(";")[0] for name, value in headers if name.lower() == "set-cookie")
    return {
        "status": status,
        "statusText": phrase,
        "httpVersion": _HTTP_VERSION,
        "cookies": _cookies(set_cookies),
        "headers": _headers(headers),
        "redirectURL": "",
        "headersSize": _UNMEASURED,
    }


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _headers(headers: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers]


def _cookies(lines: Iterable[str]) -> list[dict[str, str]]:
    pairs = (pair.strip().partition("=") for line in lines for pair in line.split(";") if pair.strip())
    return [{"name": name, "value": value} for name, _, value in pairs]


def _parameters(query: str) -> list[dict[str, str]]:
    """As on the request line, not decoded: whether a `+` was meant as such is often what is at stake."""
    pairs = (pair.partition("=") for pair in query.split("&")[:_MOST_PARAMETERS] if pair)
    return [{"name": name, "value": value} for name, _, value in pairs]


def _text(body: bytes) -> tuple[str, str]:
    """The body as text, or its base64 and the word `base64`."""
    try:
        return body.decode("utf-8"), ""
    except UnicodeDecodeError:
        return base64.b64encode(body).decode("ascii"), "base64"


def _size(body: bytes) -> int:
    """How many bytes the body had before it was shortened."""
    gaps = [gap[0] for gap in GAP.finditer(body.decode("utf-8", "replace"))]
    return len(body) + sum(_left_out(gap) - len(gap.encode()) for gap in gaps)


def _left_out(gap: str) -> int:
    # A hostile body may hold what looks like our mark, with a number as long as it likes.
    return int("".join(filter(str.isdecimal, gap))[:15])
