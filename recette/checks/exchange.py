"""Checks of the exchange itself: did a whole answer come, in time, with the status and the form of a search."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from recette.checks import facts
from recette.checks.answer import Answer
from recette.checks.judging import shown, tally
from recette.model import Check, Exchange, Judgement, Problem, TransportFailure
from sas_kernel.contracts import ServiceLevel
from sas_kernel.text import Text


@dataclass(frozen=True)
class Journal:
    """Every exchange of a scenario, with the time in which each had to be answered."""

    exchanges: tuple[Exchange, ...]
    answer_timeout: ServiceLevel


_BROKEN = (TransportFailure.CONNECTION_LOST, TransportFailure.TOO_LARGE, TransportFailure.PROTOCOL)


def _whole(journal: Journal) -> Judgement:
    return tally(
        Problem(
            Text(
                "La réponse n’est pas arrivée entière : {detail}.", "The answer did not arrive whole: {detail}."
            ).format(detail=exchange.failure_detail or exchange.failure),
            path="http",
            expected="a whole HTTP answer",
            actual=str(exchange.failure),
            exchange=exchange.id,
        )
        if exchange.failure in _BROKEN
        else None
        for exchange in journal.exchanges
        if exchange.response is not None or exchange.failure in _BROKEN
    )


WHOLE = Check(
    "exchange.whole",
    "SLOT-001",
    Text("Chaque requête reçoit une réponse HTTP entière", "Each request gets a whole HTTP answer"),
    _whole,
)


def _in_time(journal: Journal) -> Judgement:
    level = journal.answer_timeout

    def look(exchange: Exchange) -> Problem | None:
        if exchange.failure is not TransportFailure.TIMEOUT and exchange.timings.total < level.value:
            return None
        return Problem(
            Text(
                "La réponse n’était pas arrivée entière au bout de {limit:g} s : la plateforme l’aurait ignorée.",
                "The whole answer had not arrived after {limit:g} s: the platform would have ignored it.",
            ).format(limit=level.value),
            path="http",
            expected=f"< {level.value:g} s",
            actual=f"{exchange.timings.total:.2f} s",
            exchange=exchange.id,
        )

    return tally(
        look(exchange)
        for exchange in journal.exchanges
        if exchange.response is not None or exchange.failure is TransportFailure.TIMEOUT
    )


IN_TIME = Check(
    "exchange.in_time",
    "SLOT-002",
    Text("Chaque réponse arrive dans le temps imparti", "Each answer arrives within the time allowed"),
    _in_time,
    service_level="slot_search.answer_timeout",
)


def _status(answer: Answer) -> Judgement:
    if answer.response is None:
        return Judgement(0, reason=answer.silence)
    status = answer.response.status
    if status in {406, 415} and answer.exchange is not None:
        return Judgement(
            0,
            reason=Text(
                "Le type de contenu demandé est refusé : le contrôle des en-têtes en décide.",
                "The requested media type is refused: the check of the headers decides on it.",
            ),
        )
    if status == 200:
        return Judgement(1)
    return Judgement(
        1,
        (
            Problem(
                Text(
                    "Une recherche bien formée reçoit le statut {s} au lieu de 200.",
                    "A well-formed search gets status {s} instead of 200.",
                ).format(s=status),
                path="http.status",
                expected="200",
                actual=str(status),
            ),
        ),
    )


STATUS_OK = Check(
    "exchange.status",
    "SLOT-003",
    Text("Une recherche bien formée reçoit le statut 200", "A well-formed search gets status 200"),
    _status,
)


def _json(answer: Answer) -> Judgement:
    if answer.silence is not None:
        return Judgement(0, reason=answer.silence)
    if answer.response is not None and answer.response.status != 200:
        return Judgement(0, reason=answer.unusable)
    fault = answer.document.fault
    if fault is not None:
        problem = Problem(
            Text("Le corps n’est pas du JSON en UTF-8 : {f}.", "The body is not JSON in UTF-8: {f}.").format(f=fault),
            path="body",
            expected="JSON, UTF-8",
            actual=shown(_beginning(answer)),
        )
        return Judgement(1, (problem,))
    if not isinstance(answer.root.value, dict):
        problem = Problem(
            Text("Le corps n’est pas un objet JSON.", "The body is not a JSON object."),
            path="body",
            expected="{…}",
            actual=shown(_beginning(answer)),
        )
        return Judgement(1, (problem,))
    return Judgement(
        1,
        tuple(
            Problem(
                Text(
                    "La clé {k} figure plusieurs fois dans le même objet : les lecteurs n’en gardent pas la même.",
                    "The key {k} stands more than once in the same object: readers do not keep the same one.",
                ).format(k=path.rsplit(".", 1)[-1]),
                path=path,
                expected="each key once",
            )
            for path in answer.document.repeated_keys
        ),
    )


def _beginning(answer: Answer) -> str:
    body = answer.saved if answer.response is None else answer.response.body
    return body[:80].decode("utf-8", "replace")


JSON_BODY = Check(
    "body.json",
    "SLOT-004",
    Text("Le corps est un objet JSON en UTF-8, sans clé répétée", "The body is a JSON object in UTF-8, no key twice"),
    _json,
)


def _searchset(answer: Answer) -> Judgement:
    if answer.document.fault is not None or not isinstance(answer.root.value, dict):
        return Judgement(0, reason=answer.unusable)
    if answer.response is not None and answer.response.status != 200:
        return Judgement(0, reason=answer.unusable)
    name = answer.root["resourceType"]
    if name.value != "Bundle":
        return Judgement(
            1,
            (
                Problem(
                    Text(
                        "Une réponse 200 à une recherche doit être un Bundle.",
                        "A 200 answer to a search must be a Bundle.",
                    ),
                    path="resourceType",
                    expected="Bundle",
                    actual=shown(name.value) if name.present else None,
                ),
            ),
        )
    type = answer.root["type"]
    if type.value == "searchset":
        return Judgement(1)
    return Judgement(
        1,
        (
            Problem(
                Text("Le Bundle d’une recherche est de type « searchset ».", "The Bundle of a search is a searchset."),
                path="Bundle.type",
                expected="searchset",
                actual=shown(type.value) if type.present else None,
            ),
        ),
    )


SEARCHSET = Check(
    "bundle.searchset",
    "SLOT-005",
    Text("La réponse est un Bundle de type searchset", "The answer is a Bundle of type searchset"),
    _searchset,
)


def _media_type(answer: Answer) -> Judgement:
    if not answer.usable or answer.response is None:
        return Judgement(0, reason=answer.unusable)
    stated = answer.response.header("Content-Type") or ""
    if stated.split(";")[0].strip().lower() == facts.MEDIA_TYPE:
        return Judgement(1)
    problem = Problem(
        Text("Le type de contenu de la réponse devrait être {m}.", "The answer's media type should be {m}.").format(
            m=facts.MEDIA_TYPE
        ),
        path="http.Content-Type",
        expected=facts.MEDIA_TYPE,
        actual=stated or None,
    )
    return Judgement(1, (problem,))


MEDIA_TYPE = Check(
    "exchange.content_type",
    "SLOT-006",
    Text("La réponse se dit application/fhir+json", "The answer says application/fhir+json"),
    _media_type,
)

ANSWERED: tuple[Check, ...] = (STATUS_OK, JSON_BODY, SEARCHSET, MEDIA_TYPE)
"""What is checked of every answer to a plain search, before its content."""


@dataclass(frozen=True)
class Address:
    """The base URL of a target, as evidence that rests on no exchange."""

    base_url: str

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return ()


def _https(address: Address) -> Judgement:
    def look() -> Iterator[Problem | None]:
        if address.base_url.lower().startswith("https://"):
            yield None
        else:
            yield Problem(
                Text(
                    "L’interface est exposée sans TLS : des identités de professionnels circulent en clair.",
                    "The interface is exposed without TLS: identities of professionals travel in clear.",
                ),
                path="base_url",
                expected="https://…",
                actual=address.base_url,
            )

    return tally(look())


HTTPS = Check(
    "base_url.https",
    "SLOT-007",
    Text("L’URL de base est en HTTPS", "The base URL is HTTPS"),
    _https,
)
