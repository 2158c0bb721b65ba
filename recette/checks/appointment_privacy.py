"""Checks that nothing of the patient goes out: no word of his, no participant, no free text.

Each patient is invented for one scenario, so that every word of his can be looked for wherever it might hide: in the
body, the address and the headers; written as it is, in other capitals, without accents, percent-encoded, in entities,
escaped, in base64 or hexadecimal.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final
from urllib.parse import unquote_plus

from recette.checks import appointment_facts as facts
from recette.checks.appointment import Mail, Message, Patient, Told, told_check
from recette.checks.appointment_content import seen
from recette.checks.appointment_people import is_patient
from recette.checks.judging import tally
from recette.model import Check, Judgement, Problem
from sas_kernel.text import Text

_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{11,}")
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){4,}")
_ESCAPED: Final = re.compile(r"\\u([0-9a-fA-F]{4})")
_BETWEEN_DIGITS: Final = re.compile(r"[\s().\-/+]")
_LAYERS: Final = 3


def words_of(patient: Patient) -> dict[str, str]:
    """What must not be found, folded, by what it is."""
    digits = re.sub(r"\D", "", patient.phone)
    born = patient.birth_date
    return {
        "family": folded(patient.family),
        "given": folded(patient.given),
        "phone": digits[-9:],
        "reason": folded(patient.token),
        "birth_date": born.isoformat(),
        "birth_date (jj/mm/aaaa)": born.strftime("%d/%m/%Y"),
        "birth_date (aaaammjj)": born.strftime("%Y%m%d"),
    }


def folded(text: str) -> str:
    """Without capitals and accents."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def found(words: Mapping[str, str], text: str) -> tuple[str, ...]:
    """Which of the words (see `words_of`) a text holds, however it is written."""
    held: dict[str, None] = {}
    for reading in readings(text):
        plain = folded(reading)
        digits = _BETWEEN_DIGITS.sub("", plain)
        for name, word in words.items():
            if word in plain or (name == "phone" and word in digits):
                held[name] = None
    return tuple(held)


def readings(text: str) -> Iterator[str]:
    """The text, and what it says once decoded, layer after layer."""
    known: set[str] = set()
    layer = [text]
    for _ in range(_LAYERS):
        following: list[str] = []
        for each in layer:
            if each in known:
                continue
            known.add(each)
            yield each
            following += _decoded(each)
        layer = following


def _decoded(text: str) -> Iterator[str]:
    if "%" in text or "+" in text:
        yield unquote_plus(text)
    if "&" in text:
        yield html.unescape(text)
    if "\\u" in text:
        yield _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    for match in _BASE64.finditer(text):
        for glued in range(4):  # what stands right before it may look like base64 too
            yield from _from_base64(match[0][glued:])
    for match in _HEX.finditer(text):
        yield from _text_of(bytes.fromhex(match[0]))


def _from_base64(word: str) -> Iterator[str]:
    standard = word.replace("-", "+").replace("_", "/")
    whole = standard[:-1] if len(standard) % 4 == 1 else standard
    try:
        raw = base64.b64decode(whole + "=" * (-len(whole) % 4))
    except (binascii.Error, ValueError):
        return
    yield from _text_of(raw)


def _text_of(raw: bytes) -> Iterator[str]:
    for encoding in ("utf-8", "latin-1"):
        text = raw.decode(encoding, "ignore")
        if len(text) >= 4:
            yield text


def _sayings(told: Message) -> Iterator[tuple[str, str]]:
    """Every text of a message with its place: request line, headers, each string and key of the body, the body whole.

    The nearest place comes first: what the body as a whole repeats is told once.
    """
    request = told.exchange.request
    yield "http.request", f"{request.method} {request.target}"
    for name, value in request.headers:
        yield f"http.{name}", value
    strings = [node for node in told.root.walk() if isinstance(node.value, str)]
    for node in strings:
        yield node.path, node.string or ""
    for node in told.root.walk():
        if isinstance(node.value, dict):
            for key in node.value:
                yield node[key].path, key
    try:
        yield "body", request.body.decode("utf-8")
    except UnicodeDecodeError:
        yield "body", request.body.decode("utf-8", "replace")
        yield "body", request.body.decode("latin-1")


def _leaks(mail: Mail) -> Judgement:
    message = Text("Un message porte des mots du patient : {w}.", "A message holds words of the patient: {w}.")

    wanted = [words_of(patient) for patient in mail.patients]

    @cache  # messages of one appointment have most of their texts in common
    def held(text: str) -> tuple[str, ...]:
        return tuple(word for words in wanted for word in found(words, text))

    def each() -> Iterator[Problem | None]:
        for told in mail.messages:
            known: dict[str, None] = {}
            for path, text in _sayings(told):
                new = [word for word in held(text) if word not in known]
                if new:
                    known.update(dict.fromkeys(new))
                    listed = ", ".join(dict.fromkeys(new))
                    yield Problem(message.format(w=listed), path, "absent", listed, exchange=told.exchange.id)
            if not known:
                yield None

    return tally(each(), Text("Aucun message n’est arrivé.", "No message arrived."))


LEAKS = Check(
    "patient.words",
    "APPT-065",
    Text("Aucun mot du patient dans un message", "No word of the patient in a message"),
    _leaks,
)


def _patient_participant(told: Told) -> Iterator[Problem | None]:
    message = Text("Aucun participant n’est un patient.", "No participant is a patient.")
    for node in told.root["participant"].elements:
        actor = node["actor"]
        wrong = is_patient(actor)
        yield Problem(message, actor.path, "absent", seen(actor)) if wrong else None


NO_PATIENT = told_check(
    "patient.participant",
    "APPT-066",
    Text("Aucun participant n’est un patient", "No participant is a patient"),
    _patient_participant,
)


def _free_text(told: Told) -> Iterator[Problem | None]:
    message = Text(
        "Un message ne devrait porter aucun texte libre, où des données du patient peuvent passer.",
        "A message should hold no free text, through which data of the patient may pass.",
    )
    for name in facts.FREE_TEXT:
        place = told.root[name]
        yield Problem(message, place.path, "absent", seen(place)) if place.present else None
    for concept in (*told.root["reasonCode"].elements, told.root["cancelationReason"]):
        text = concept["text"]
        yield Problem(message, text.path, "absent", seen(text)) if text.present else None


NO_FREE_TEXT = told_check("patient.free_text", "APPT-067", Text("Aucun texte libre", "No free text"), _free_text)

PRIVACY = (NO_PATIENT, NO_FREE_TEXT)
"""Of each message (evidence: `Told`); `LEAKS` is of all of them (`Mail`)."""
