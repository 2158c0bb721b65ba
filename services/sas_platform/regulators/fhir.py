"""FrPractitionerRegul as it is sent, and what an editor's answer says. Pure and total.

Source: implementation guide 1.2.0, profile FrPractitionerRegul; `meta.source` is always there (its narrative).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec

from sas_fhir import canonicals
from sas_kernel.identifiers import masked
from sas_platform.regulators.model import Account, Identifier

MOST_DETAIL: Final = 300
_MOST_LOCATION: Final = 500

_META: Final = {"source": canonicals.SAS_SOURCE, "profile": [canonicals.REGULATOR]}


def resource(account: Account) -> dict[str, Any]:
    name: dict[str, Any] = {"family": account.family, "given": [account.given]}
    if account.prefix:
        name["prefix"] = [account.prefix]
    coding = {"system": canonicals.IDENTIFIER_TYPE, "code": account.identifier.kind.value}
    return {
        "resourceType": "Practitioner",
        "meta": _META,
        "identifier": [
            {
                "type": {"coding": [coding]},
                "system": account.identifier.kind.system,
                "value": account.identifier.value,
            }
        ],
        "active": account.active,
        "name": [name],
        "telecom": [{"system": "email", "value": account.email}],
    }


def empty_resource() -> dict[str, Any]:
    """A message that says nothing of anybody; the real platform makes such ones (`Quirk.EMPTY_MESSAGE`)."""
    return {"resourceType": "Practitioner", "meta": _META}


def target(address: Identifier | None) -> str:
    """Path and query below the FHIR base: a creation, or a conditional update of who is known by `address`."""
    if address is None:
        return "/Practitioner"
    return f"/Practitioner?identifier={address.kind.system}%7C{quote(address.value, safe='')}"


def masked_target(address: Identifier | None) -> str:
    """The same for people to read, naming nobody."""
    if address is None:
        return "/Practitioner"
    return f"/Practitioner?identifier={address.kind.system}|{masked(address.value)}"


def location(value: str | None) -> str | None:
    return None if not value else _printable(value)[:_MOST_LOCATION]


def diagnostics(body: bytes) -> str | None:
    """The first sentence an OperationOutcome has for people, at most 300 characters; None when there is none."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    issues = found.get("issue") if isinstance(found, Mapping) else None
    for issue in issues if isinstance(issues, list) else ():
        if not isinstance(issue, Mapping):
            continue
        details = issue.get("details")
        text = details.get("text") if isinstance(details, Mapping) else None
        for sentence in (issue.get("diagnostics"), text, issue.get("code")):
            if isinstance(sentence, str) and sentence.strip():
                return _printable(sentence.strip())[:MOST_DETAIL]
    return None


def retry_after(value: str | None) -> int | None:
    """Seconds; a date is left aside."""
    text = (value or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else None


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text).encode("utf-8", "replace").decode()
