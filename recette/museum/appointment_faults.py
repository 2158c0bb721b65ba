"""Editors who tell of appointments wrongly, one fault each; and those who are odd and right."""

from __future__ import annotations

import base64
import json
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import quote

from recette.museum import appointment_content_faults, appointment_sending_faults, conformance
from recette.museum.appointment_partner import Json, Moment, Sending, Ways
from recette.museum.appointment_ways import (
    AppointmentFault,
    actor_of,
    bending,
    identifier_of,
    more_extensions,
    operator_of,
    sending,
    updating,
    with_header,
    without,
)

# --- the patient, in every writing -----------------------------------------------------------------------------------


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _said(write: Callable[[dict[str, str]], str]) -> Ways:
    """In the doctor's display, where nobody would look."""
    return bending(lambda document, moment: actor_of(document).update(display=write(moment.rdv.patient)))


def _in_address(request: Sending, moment: Moment) -> Sending:
    return replace(request, target=f"{request.target}&patient={quote(moment.rdv.patient['family'])}")


def _in_header(request: Sending, moment: Moment) -> Sending:
    return replace(request, headers=(*request.headers, ("X-Rdv", _plain(moment.rdv.patient["given"]))))


def _in_a_key(document: Json, moment: Moment) -> None:
    url = f"https://agenda.example.org/{moment.rdv.patient['family']}"
    document["extension"].append({"url": url, "valueBoolean": True})


WRITINGS: dict[str, Callable[[dict[str, str]], str]] = {
    "as-it-is": lambda patient: f"pour {patient['given']}",
    "without-accents": lambda patient: _plain(patient["family"]).lower(),
    "decomposed": lambda patient: unicodedata.normalize("NFD", patient["family"]),
    "percent": lambda patient: quote(patient["family"]),
    "base64": lambda patient: base64.b64encode(f"nom={patient['family']}".encode()).decode(),
    "base64url": lambda patient: base64.urlsafe_b64encode(json.dumps(patient).encode()).decode().rstrip("="),
    "hexadecimal": lambda patient: patient["family"].encode().hex(),
    "entities": lambda patient: patient["family"].replace("É", "&Eacute;"),
    "phone": lambda patient: patient["phone"],
    "international-phone": lambda patient: "+33 " + patient["phone"][1:].replace(" ", ""),
    "birth": lambda patient: patient["birth_date"],
    "french-birth": lambda patient: "/".join(reversed(patient["birth_date"].split("-"))),
    "reason": lambda patient: patient["reason"].upper(),
}
_PRIVACY: tuple[AppointmentFault, ...] = (
    *(
        AppointmentFault(f"leaks-{name}", "APPT-065", "words of the patient", _said(WRITINGS[name]))
        for name in ("as-it-is", "percent", "base64", "international-phone")
    ),
    AppointmentFault(
        "leaks-in-comment",
        "APPT-065",
        "the patient's name in a comment",
        bending(lambda d, m: d.update(comment=m.rdv.patient["family"])),
        also=("APPT-067",),
    ),
    AppointmentFault("leaks-in-address", "APPT-065", "the patient in the query", updating(_in_address)),
    AppointmentFault("leaks-in-header", "APPT-065", "the patient in a header", sending(_in_header)),
    AppointmentFault("leaks-in-url", "APPT-065", "the patient in an extension's URL", bending(_in_a_key)),
)

FAULTS: tuple[AppointmentFault, ...] = tuple(
    replace(fault, name=f"appt-{fault.name}")
    for fault in (
        *appointment_sending_faults.FAULTS,
        *appointment_content_faults.FAULTS,
        *_PRIVACY,
        *conformance.APPOINTMENT_FAULTS,
    )
)

# --- odd and right ---------------------------------------------------------------------------------------------------


def _more_said(document: Json, moment: Moment) -> None:
    more_extensions(document, "001", at=1)
    document["id"] = moment.rdv.key
    document["meta"]["versionId"] = str(moment.attempt)
    document["minutesDuration"] = 20
    document["participant"][0]["type"] = [{"coding": [{"code": "ADM"}]}]
    document["slot"] = [{"reference": f"http://127.0.0.1:8081/fhir/{document['slot'][0]['reference']}"}]
    del operator_of(document)["type"]["coding"][0]["system"]


def _in_utc(document: Json, _moment: Moment) -> None:
    for name in ("start", "end", "created"):
        at = datetime.fromisoformat(document[name])
        document[name] = at.astimezone(tz=None).isoformat() if name == "created" else _shifted_to_utc(at)


def _shifted_to_utc(at: datetime) -> str:
    return (at - (at.utcoffset() or timedelta())).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _escaped(request: Sending, _moment: Moment) -> Sending:
    return replace(request, body=json.dumps(json.loads(request.body), indent=2, sort_keys=True).encode())


ODDITIES: dict[str, Ways] = {
    "more is said": bending(_more_said),
    "less is said": without("slot"),
    "in UTC": bending(_in_utc),
    "another layout": sending(_escaped),
    "the former media type": with_header("Content-Type", "application/json+fhir;charset=UTF-8"),
    "plain JSON": with_header("Content-Type", "application/json"),
    "a raw bar in the criterion": updating(lambda r, _: replace(r, target=r.target.replace("%7C", "|"))),
    "everything encoded in the criterion": updating(
        lambda r, _: replace(r, target="/fhir/Appointment?identifier=" + quote(r.target.partition("=")[2], safe="%"))
    ),
    "an OID for a system": bending(lambda d, _: identifier_of(d).update(system="urn:oid:1.2.250.1.999.1.7")),
    "some seconds late": Ways(delay=3.0),
    "only the last state after an outage": Ways(skips_stale=True),
    "slow to come back": Ways(spacing=lambda kind: 5.0),
}
"""What no requirement forbids."""
