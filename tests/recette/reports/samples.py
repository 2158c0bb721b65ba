"""Invented runs for the tests of the reports: one that is accepted, one that is refused, and their parts."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from recette.model import (
    Actor,
    CheckResult,
    Exchange,
    ExitCode,
    Finding,
    Level,
    Measurement,
    Request,
    Requirement,
    Response,
    RunReport,
    ScenarioResult,
    Severity,
    Target,
    Timings,
    TransportFailure,
    Verdict,
    identity_of,
)
from sas_kernel.contracts import ServiceLevel
from sas_kernel.flows import Flow
from sas_kernel.text import Text

NOW = datetime(2031, 3, 10, 8, 15, 42, 250_000, tzinfo=UTC)
BASE = "http://127.0.0.1:8081/fhir"
SEARCH = (
    "/fhir/Slot?_include=Slot:schedule&_include:iterate=Schedule:actor&status=free"
    "&start=ge2031-03-10T09:15:42.000+01:00&start=le2031-03-13T09:15:42.000+01:00"
    "&schedule.actor:Practitioner.identifier=urn:oid:1.2.250.1.71.4.2.1|810000000001"
)

TIMEOUT = ServiceLevel(
    "slot_search.answer_timeout",
    7.0,
    "s",
    "max",
    1,
    Text("Une recherche reçoit sa réponse en moins de 7 secondes.", "A search is answered in under 7 seconds."),
    "IG SAS 1.2.0, annexes",
)
ONE_PRACTITIONER = ServiceLevel(
    "slot_search.one_practitioner",
    1.0,
    "s",
    "p95",
    100,
    Text(
        "La recherche d’un seul professionnel reçoit sa réponse en moins d’une seconde (95e centile).",
        "A search for one practitioner is answered in under one second (95th percentile).",
    ),
    "ANS SAS test kit 0.3.0",
)


def requirement(id: str, fr: str, en: str, *, severity: Severity = Severity.MAJOR, **others: object) -> Requirement:
    known = Requirement(
        id=id,
        flow=Flow.SLOT_SEARCH,
        actor=Actor.EDITOR,
        level=Level.SHALL,
        severity=severity,
        text=Text(fr, en),
        source="IG SAS 1.2.0, recherche de créneaux PS",
        scenarios=("slot_search.one_practitioner",),
    )
    return replace(known, **others)  # type: ignore[arg-type]  # a shorthand of the tests


REQUIREMENTS = (
    requirement(
        "SLOT-001",
        "Une recherche réussie répond 200 et un Bundle de type searchset.",
        "A search that succeeds answers 200 and a Bundle of type searchset.",
        severity=Severity.BLOCKING,
    ),
    requirement(
        "SLOT-012",
        "Chaque instant porte les millisecondes et un décalage horaire numérique.",
        "Every instant carries milliseconds and a numeric offset.",
    ),
    requirement(
        "SLOT-020",
        "Seuls les créneaux libres et réservables par un régulateur sont transmis.",
        "Only slots that are free and bookable by a regulator are sent.",
        severity=Severity.BLOCKING,
        scenarios=("slot_search.leaks",),
    ),
    requirement(
        "SLOT-031",
        "La réponse porte « Content-Type: application/fhir+json ».",
        "The answer carries “Content-Type: application/fhir+json”.",
        severity=Severity.MINOR,
        level=Level.SHOULD,
    ),
    requirement(
        "SLOT-040",
        "Une recherche trop large est refusée par un OperationOutcome.",
        "A search that is too wide is refused with an OperationOutcome.",
        severity=Severity.MINOR,
        scenarios=("slot_search.errors",),
    ),
    requirement(
        "SLOT-050",
        "La recherche d’un seul professionnel reçoit sa réponse en moins d’une seconde.",
        "A search for one practitioner is answered in under one second.",
        scenarios=("slot_search.response_time",),
    ),
    requirement(
        "SLOT-060",
        "Les créneaux des communautés de professionnels portent leur structure.",
        "The slots of professional communities carry their organisation.",
        scenarios=("slot_search.communities",),
    ),
    requirement(
        "SLOT-070",
        "Les données sont hébergées chez un hébergeur certifié.",
        "Data are hosted by a certified provider.",
        scenarios=(),
        untested_reason=Text(
            "Cela ne se voit pas de l’extérieur : pièce à demander à l’éditeur.",
            "It cannot be seen from outside: a document to ask the editor for.",
        ),
    ),
)

TITLES = {
    "SLOT-001": Text("La réponse est un Bundle searchset", "The answer is a searchset Bundle"),
    "SLOT-012": Text("Les instants ont millisecondes et décalage", "Instants have milliseconds and an offset"),
    "SLOT-020": Text("Aucun créneau occupé ou privé n’est transmis", "No busy or private slot is sent"),
    "SLOT-031": Text("Le type de contenu est celui de FHIR", "The content type is FHIR’s"),
    "SLOT-040": Text("L’échec est un OperationOutcome", "A failure is an OperationOutcome"),
    "SLOT-050": Text("Le 95e centile tient le niveau promis", "The 95th percentile holds the promised level"),
    "SLOT-060": Text("Les références de structure se résolvent", "References to organisations resolve"),
}


def bundle(slots: int = 3) -> bytes:
    entries = [
        {
            "fullUrl": f"{BASE}/Slot/s{index}",
            "resource": {
                "resourceType": "Slot",
                "id": f"s{index}",
                "meta": {"security": [{"code": "PUBLIC"}]},
                "schedule": {"reference": "Schedule/h1"},
                "status": "busy" if index == 1 else "free",
                "start": "2031-03-10T10:00:00+01:00",
                "end": "2031-03-10T10:15:00.000+01:00",
                "comment": "https://agenda.example/rdv?slot=é",
            },
        }
        for index in range(slots)
    ]
    return json.dumps(
        {"resourceType": "Bundle", "type": "searchset", "total": slots, "entry": entries}, ensure_ascii=False
    ).encode()


def exchange(id: str = "x1", *, body: bytes | None = None, target: str = SEARCH, **others: object) -> Exchange:
    known = Exchange(
        id=id,
        sent_at=NOW,
        request=Request(
            "GET",
            "http://127.0.0.1:8081" + target,
            target,
            (("Accept", "application/json+fhir"), ("User-Agent", "recette/0.1.0"), ("Host", "127.0.0.1:8081")),
        ),
        timings=Timings(0.0312, 0.0478),
        response=Response(
            200,
            (("Content-Type", "application/fhir+json; charset=utf-8"), ("Server", "agenda")),
            bundle() if body is None else body,
        ),
    )
    return replace(known, **others)  # type: ignore[arg-type]  # a shorthand of the tests


def finding(check: CheckResult, message: Text, path: str = "", **others: object) -> Finding:
    known = Finding(
        identity=identity_of(check.requirement, check.check, path),
        check=check.check,
        requirement=check.requirement,
        scenario=check.scenario,
        verdict=check.verdict,
        level=check.level,
        severity=check.severity,
        source=check.source,
        message=message,
        path=path,
        expected=None,
        actual=None,
        exchange="x1",
    )
    return replace(known, **others)  # type: ignore[arg-type]  # a shorthand of the tests


def check(
    requirement_id: str,
    scenario: str = "slot_search.one_practitioner",
    verdict: Verdict = Verdict.PASS,
    **others: object,
) -> CheckResult:
    broken = next(each for each in REQUIREMENTS if each.id == requirement_id)
    known = CheckResult(
        check=f"check.{requirement_id.lower()}",
        title=TITLES[requirement_id],
        requirement=requirement_id,
        scenario=scenario,
        verdict=verdict,
        level=broken.level,
        severity=broken.severity,
        source=broken.source,
        examined=12 if verdict in {Verdict.PASS, Verdict.WARN, Verdict.FAIL} else 0,
        findings=(),
        reason=None,
        exchanges=("x1",),
    )
    return replace(known, **others)  # type: ignore[arg-type]  # a shorthand of the tests


def scenario(id: str, title: Text, verdict: Verdict, checks: Sequence[CheckResult], **others: object) -> ScenarioResult:
    known = ScenarioResult(
        scenario=id,
        flow=Flow.SLOT_SEARCH,
        title=title,
        verdict=verdict,
        checks=tuple(checks),
        reason=None,
        started_at=NOW,
        duration=0.1234,
    )
    return replace(known, **others)  # type: ignore[arg-type]  # a shorthand of the tests


def samples(number: int, around: float, seed: int = 7) -> tuple[float, ...]:
    dice = random.Random(seed)
    return tuple(round(dice.lognormvariate(0, 0.35) * around, 6) for _ in range(number))


def target() -> Target:
    return Target(
        base_url=BASE,
        name="Agenda de référence",
        slot_types=("PUBLIC", "PRO", "SNP"),
        consultation_types=("AMB", "VR", "HH"),
        test_data={
            "practitioner_one_place": "810000000001",
            "practitioners_together": ("810000000002", "810000000003"),
        },
    )


ONE = Text("Un professionnel, un lieu", "One practitioner, one place")
LEAKS = Text("Ce qui ne doit pas sortir", "What must not leave")
ERRORS = Text("Requêtes impossibles à exécuter", "Requests that cannot be executed")
TIMES = Text("Temps de réponse pour un professionnel", "Response time for one practitioner")
COMMUNITIES = Text("Communautés de professionnels", "Professional communities")


def green() -> RunReport:
    """An accepted run: everything that applies held."""
    omitted = Text("La cible ne déclare pas ce flux.", "The target does not declare this flow.")
    return RunReport(
        id="3f1c9c1e-run-green",
        tool_version="0.1.0",
        guide="ans.fhir.fr.sas 1.2.0 0123456789abcdef",
        rule_set="b3f0c6a1d2e49788b3f0c6a1d2e49788b3f0c6a1d2e49788b3f0c6a1d2e49788",
        target=target(),
        started_at=NOW,
        finished_at=NOW + timedelta(seconds=9.4),
        verdict=Verdict.PASS,
        exit_code=ExitCode.ACCEPTED,
        explanation=Text(
            "Accepté : 6 exigences jugées, toutes tenues.", "Accepted: 6 requirements judged, all of them met."
        ),
        fail_on=Severity.MINOR,
        scenarios=(
            scenario(
                "slot_search.one_practitioner",
                ONE,
                Verdict.PASS,
                [check("SLOT-001"), check("SLOT-012"), check("SLOT-031")],
            ),
            scenario("slot_search.leaks", LEAKS, Verdict.PASS, [check("SLOT-020", "slot_search.leaks")]),
            scenario("slot_search.errors", ERRORS, Verdict.PASS, [check("SLOT-040", "slot_search.errors")]),
            scenario(
                "slot_search.response_time", TIMES, Verdict.PASS, [check("SLOT-050", "slot_search.response_time")]
            ),
            scenario(
                "slot_search.communities",
                COMMUNITIES,
                Verdict.OMIT,
                [check("SLOT-060", "slot_search.communities", Verdict.OMIT, reason=omitted)],
                reason=omitted,
            ),
        ),
        requirements=REQUIREMENTS,
        measurements=(
            Measurement.of("one_practitioner", TIMES, ONE_PRACTITIONER, samples(120, 0.032)),
            Measurement.of("answer_timeout", Text("Toute recherche", "Any search"), TIMEOUT, samples(164, 0.047, 3)),
        ),
        exchanges=(),
        exchange_count=164,
    )


def red() -> RunReport:
    """A refused run, with a finding of each severity, a warning, an error of the harness and a silence."""
    milliseconds = check("SLOT-012", verdict=Verdict.FAIL)
    milliseconds = replace(
        milliseconds,
        findings=(
            finding(
                milliseconds,
                Text("L’instant n’a pas de millisecondes.", "The instant has no milliseconds."),
                "Bundle.entry[2].resource.start",
                expected="AAAA-MM-JJThh:mm:ss.sss±hh:mm",
                actual="2031-03-10T10:00:00+01:00",
                occurrences=1_204,
            ),
        ),
    )
    leak = check("SLOT-020", "slot_search.leaks", Verdict.FAIL)
    leak = replace(
        leak,
        findings=(
            finding(
                leak,
                Text("Un créneau occupé est transmis.", "A busy slot is sent."),
                "Bundle.entry[1].resource.status",
                expected="free",
                actual="busy",
            ),
        ),
    )
    content_type = check("SLOT-031", verdict=Verdict.WARN)
    content_type = replace(
        content_type,
        findings=(
            finding(
                content_type,
                Text("Le type de contenu n’est pas celui de FHIR.", "The content type is not FHIR’s."),
                "header Content-Type",
                expected="application/fhir+json",
                actual="application/json",
            ),
        ),
    )
    outcome = check("SLOT-040", "slot_search.errors", Verdict.FAIL)
    outcome = replace(
        outcome,
        findings=(
            finding(
                outcome,
                Text("Aucune réponse en 7 s à une requête invalide.", "No answer within 7 s to an invalid request."),
                expected="4xx, OperationOutcome",
                exchange="x2",
            ),
        ),
    )
    few = Text("48 mesures seulement : il en faut 100.", "Only 48 samples: 100 are needed.")
    broke = Text("L’outil a échoué sur ce contrôle (KeyError: 'x').", "The tool failed on this check (KeyError: 'x').")
    silence = exchange(
        "x2",
        target="/fhir/Slot?start=demain soir",
        response=None,
        failure=TransportFailure.TIMEOUT,
        failure_detail="7.000 s",
        timings=Timings(None, 7.0003),
    )
    slow = Measurement.of("one_practitioner", TIMES, ONE_PRACTITIONER, samples(120, 0.74))
    return replace(
        green(),
        id="a77e02bd-run-red",
        verdict=Verdict.FAIL,
        exit_code=ExitCode.REFUSED,
        explanation=Text(
            "Refusé : 3 exigence(s) non tenue(s) (SLOT-012, SLOT-020, SLOT-040).",
            "Refused: 3 requirement(s) not met (SLOT-012, SLOT-020, SLOT-040).",
        ),
        finished_at=NOW + timedelta(seconds=143.9),
        scenarios=(
            scenario(
                "slot_search.one_practitioner", ONE, Verdict.FAIL, [check("SLOT-001"), milliseconds, content_type]
            ),
            scenario("slot_search.leaks", LEAKS, Verdict.FAIL, [leak]),
            scenario("slot_search.errors", ERRORS, Verdict.FAIL, [outcome], duration=7.02),
            scenario(
                "slot_search.response_time",
                TIMES,
                Verdict.SKIP,
                [check("SLOT-050", "slot_search.response_time", Verdict.SKIP, reason=few)],
            ),
            scenario(
                "slot_search.communities",
                COMMUNITIES,
                Verdict.ERROR,
                [check("SLOT-060", "slot_search.communities", Verdict.ERROR, reason=broke)],
            ),
        ),
        measurements=(
            slow,
            Measurement.of(
                "few", Text("Plusieurs professionnels", "Several practitioners"), ONE_PRACTITIONER, samples(48, 0.2)
            ),
        ),
        exchanges=(exchange(), silence),
    )
