"""What the reports call things, in both languages, and how they write dates, durations and counts."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType

from recette.model import ExitCode, Level, RunReport, Severity, TransportFailure, Verdict
from sas_kernel.clock import PARIS
from sas_kernel.flows import Flow
from sas_kernel.text import Lang, Text

VERDICTS: Mapping[Verdict, Text] = MappingProxyType(
    {
        Verdict.FAIL: Text("Non conforme", "Not conformant"),
        Verdict.ERROR: Text("Erreur du harnais", "Harness error"),
        Verdict.REVIEW: Text("À examiner", "To be reviewed"),
        Verdict.WARN: Text("Avertissement", "Warning"),
        Verdict.SKIP: Text("Non exécuté", "Not run"),
        Verdict.PASS: Text("Conforme", "Conformant"),
        Verdict.OMIT: Text("Sans objet", "Not applicable"),
    }
)

SEVERITIES: Mapping[Severity, Text] = MappingProxyType(
    {
        Severity.BLOCKING: Text("Bloquante", "Blocking"),
        Severity.MAJOR: Text("Majeure", "Major"),
        Severity.MINOR: Text("Mineure", "Minor"),
    }
)

LEVELS: Mapping[Level, Text] = MappingProxyType(
    {
        Level.SHALL: Text("Obligatoire", "Mandatory"),
        Level.SHOULD: Text("Recommandée", "Recommended"),
        Level.MAY: Text("Facultative", "Optional"),
    }
)

FLOWS: Mapping[Flow, Text] = MappingProxyType(
    {
        Flow.SLOT_SEARCH: Text("Recherche de créneaux", "Slot search"),
        Flow.REGULATORS: Text("Comptes des régulateurs", "Regulator accounts"),
        Flow.SSO: Text("Authentification unique", "Single sign-on"),
        Flow.APPOINTMENTS: Text("Rendez-vous", "Appointments"),
        Flow.CONTEXTUAL_CALL: Text("Appel contextuel", "Contextual call"),
        Flow.HUB_SANTE: Text("Hub Santé", "Hub Santé"),
    }
)

FAILURES: Mapping[TransportFailure, Text] = MappingProxyType(
    {
        TransportFailure.UNREACHABLE: Text("connexion impossible", "connection impossible"),
        TransportFailure.TLS: Text("échec de la négociation TLS", "TLS handshake failed"),
        TransportFailure.TIMEOUT: Text("aucune réponse complète dans le délai", "no whole answer in time"),
        TransportFailure.CONNECTION_LOST: Text("connexion rompue avant la fin", "connection lost before the end"),
        TransportFailure.TOO_LARGE: Text("réponse trop volumineuse, abandonnée", "answer too large, given up"),
        TransportFailure.PROTOCOL: Text("réponse qui n’est pas du HTTP valide", "answer that is not valid HTTP"),
    }
)

HEADLINES: Mapping[ExitCode, Text] = MappingProxyType(
    {
        ExitCode.ACCEPTED: Text("Accepté", "Accepted"),
        ExitCode.REFUSED: Text("Refusé", "Refused"),
        ExitCode.USAGE: Text("Commande incorrecte", "Wrong usage"),
        ExitCode.INCONCLUSIVE: Text("Non concluant", "Inconclusive"),
        ExitCode.SERVICE_LEVEL_BROKEN: Text("Niveau de service non tenu", "Service level not met"),
        ExitCode.UNREACHABLE: Text("Cible injoignable", "Target unreachable"),
        ExitCode.HARNESS_FAILED: Text("Le harnais a échoué", "The harness failed"),
        ExitCode.INTERRUPTED: Text("Interrompu", "Interrupted"),
    }
)

EXIT_MEANINGS: Mapping[ExitCode, Text] = MappingProxyType(
    {
        ExitCode.ACCEPTED: Text("rien ne s’oppose à l’acceptation", "nothing stands against acceptance"),
        ExitCode.REFUSED: Text(
            "au moins une exigence est rompue au seuil de gravité retenu ou au-dessus",
            "at least one requirement is broken at or above the chosen severity",
        ),
        ExitCode.USAGE: Text("commande ou fichier de cible incorrects", "wrong command or target file"),
        ExitCode.INCONCLUSIVE: Text(
            "il manque des résultats pour conclure : ce n’est pas une acceptation",
            "results are missing for a conclusion: this is no acceptance",
        ),
        ExitCode.SERVICE_LEVEL_BROKEN: Text(
            "aucune fonction n’est en défaut, un niveau de service promis ne tient pas",
            "no function is broken, a promised service level is",
        ),
        ExitCode.UNREACHABLE: Text("la cible n’a pas pu être jointe", "the target could not be reached"),
        ExitCode.HARNESS_FAILED: Text(
            "le harnais est en défaut : rien n’est dit de la cible",
            "the harness is at fault: nothing is said of the target",
        ),
        ExitCode.INTERRUPTED: Text("l’exécution a été interrompue", "the run was interrupted"),
    }
)

TONES: Mapping[ExitCode, Verdict] = MappingProxyType(
    {
        ExitCode.ACCEPTED: Verdict.PASS,
        ExitCode.REFUSED: Verdict.FAIL,
        ExitCode.SERVICE_LEVEL_BROKEN: Verdict.FAIL,
        ExitCode.UNREACHABLE: Verdict.FAIL,
        ExitCode.INCONCLUSIVE: Verdict.WARN,
        ExitCode.INTERRUPTED: Verdict.WARN,
        ExitCode.HARNESS_FAILED: Verdict.ERROR,
        ExitCode.USAGE: Verdict.ERROR,
    }
)
"""The colour a conclusion is shown in: only an acceptance is green."""

BY_GRAVITY = tuple(VERDICTS)
"""The verdicts from the one to look at first to the one that needs no look."""

_MONTHS_FR = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)
_MONTHS_EN = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MONTHS = {
    Lang.FR: _MONTHS_FR,
    Lang.EN: _MONTHS_EN,
}
_NARROW_SPACE = "\u202f"
_MARKS = re.compile(r" (?=[:;?!»%])|(?<=«) ")
_DIRECTION = "\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066-\u2069\u200e\u200f\ufeff"
_CONTROL_IN_LINES = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_DIRECTION}]")
_CONTROL = re.compile(f"[\x00-\x1f\x7f-\x9f{_DIRECTION}]")


def instant(value: datetime, lang: Lang) -> str:
    """A date and time as people in France read it: Paris time, to the second."""
    local = value.astimezone(PARIS)
    zone = Text("(heure de Paris)", "(Paris time)").to(lang)
    return f"{day(local, lang)} {Text('à', 'at').to(lang)} {local:%H:%M:%S} {zone}"


def day(value: date, lang: Lang) -> str:
    """A day as people write it: `1er mars 2031`."""
    number = "1er" if lang is Lang.FR and value.day == 1 else str(value.day)
    return f"{number} {_MONTHS[lang][value.month - 1]} {value.year}"


def headline(exit_code: ExitCode, partial: bool, lang: Lang) -> str:
    """A partial run is never called accepted."""
    if partial and exit_code is ExitCode.ACCEPTED:
        return Text("Exécution partielle", "Partial run").to(lang)
    return HEADLINES[exit_code].to(lang)


def conclusion(report: RunReport, lang: Lang) -> tuple[str, str]:
    """The headline of a run ("Refusé") and the sentence that explains it, without saying the headline twice."""
    title, sentence = headline(report.exit_code, report.partial, lang), report.explanation.to(lang)
    begun, colon, rest = sentence.partition(":")
    if colon and begun.startswith(title) and len(begun) <= len(title) + 30 and rest.strip():
        rest = rest.strip()
        return begun.strip(), rest[0].upper() + rest[1:]
    return title, sentence


def number(value: float, lang: Lang, decimals: int = 0) -> str:
    """A number with the language's separators."""
    text = f"{value:,.{decimals}f}"
    return text if lang is Lang.EN else text.replace(",", _NARROW_SPACE).replace(".", ",")


def seconds(value: float | None, lang: Lang) -> str:
    """A duration given in seconds, cut, not rounded: to the tenth of a millisecond below 10 ms, to the millisecond
    below 10 s, to the tenth of a second beyond. "Under 1 s" holds for what is shown exactly when it holds for what was
    measured.
    """
    if value is None:
        return "–"
    # The inner rounding only removes what binary floating point added (0.029 * 1000 is 28.999999999999996).
    milliseconds = round(value * 1000, 6)
    if milliseconds < 10:
        return f"{number(math.floor(round(milliseconds * 10, 6)) / 10, lang, 1)} ms"
    if milliseconds < 10_000:
        return f"{number(math.floor(milliseconds), lang)} ms"
    return f"{number(math.floor(round(value * 10, 6)) / 10, lang, 1)} s"


def elapsed(value: float, lang: Lang) -> str:
    """How long something took, for orientation: `123 ms`, `9,4 s`, `2 min 24 s`."""
    if value < 1:
        return f"{number(value * 1000, lang)} ms"
    if value < 60:
        return f"{number(value, lang, 1)} s"
    minutes, rest = divmod(round(value), 60)
    return f"{number(minutes, lang)} min {rest:02d} s"


def promised(value: float, unit: str, lang: Lang) -> str:
    """A promised number in the unit of its promise (`7 s`, `3 000 1/h`), never rounded."""
    decimals = len(f"{value:.6f}".rstrip("0").partition(".")[2])
    return f"{number(value, lang, decimals)} {unit}"


def count(value: int, one: Text, many: Text, lang: Lang) -> str:
    """`1 constat`, `2 constats`; zero is singular in French and plural in English."""
    singular = value in (0, 1) if lang is Lang.FR else value == 1
    return f"{number(value, lang)} {(one if singular else many).to(lang)}"


def spaced(text: str, lang: Lang) -> str:
    """French: no line ends before : ; ? ! » % nor after «."""
    return _MARKS.sub("\u00a0", text) if lang is Lang.FR else text


def visible(text: str) -> str:
    """On one line and harmless: control and direction characters, which drive terminals or hide text, as `\\x1b`."""
    return _CONTROL.sub(lambda match: _escaped(match.group()), text)


def visible_lines(text: str) -> str:
    """`visible` for a text of several lines: ends of lines and tabs stay."""
    return _CONTROL_IN_LINES.sub(lambda match: _escaped(match.group()), text.replace("\r\n", "\n"))


def plain(text: str) -> str:
    """`visible`, with ordinary spaces: for lines that are searched and compared by tools."""
    return visible(text).replace(_NARROW_SPACE, " ")


def clipped(text: str, limit: int) -> str:
    """At most `limit` characters, and how many were left out when some were."""
    return text if len(text) <= limit else f"{text[:limit]}… (+{len(text) - limit})"


def _escaped(character: str) -> str:
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character) or character.encode(
        "unicode_escape", "surrogatepass"
    ).decode("ascii")
