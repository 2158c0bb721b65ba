"""New accounts: under either identifier, in every media type, with an id in the body, under an e-mail already used."""

from __future__ import annotations

import uuid
from dataclasses import replace

from recette.catalogue.regulators.conversation import (
    EVERY_SCENARIO,
    Json,
    conversation,
    with_national_id,
    with_technical_id,
)
from recette.catalogue.tags import Tag
from recette.checks.message_conformance import RETURNED_ACCOUNT
from recette.checks.regulators import (
    LOCATION_BASE,
    SUCCESS_BODY,
    Case,
    Pair,
    accepted,
    located,
    success_status,
)
from recette.checks.regulators_identity import BODY_ID_ON_CREATION, served_alike
from recette.model import Scenario, Stage
from sas_kernel.flows import Flow
from sas_kernel.text import Text

NATIONAL_ACCEPTED = accepted(
    "creation.national",
    "ACCT-002",
    Text("Un compte est créé sous un identifiant national", "An account is created under a national id"),
    Text(
        "La création d’un compte sous un identifiant national n’aboutit pas.",
        "The creation of an account under a national id does not succeed.",
    ),
)
TECHNICAL_ACCEPTED = accepted(
    "creation.technical",
    "ACCT-003",
    Text("Un compte est créé sous un identifiant technique", "An account is created under a technical id"),
    Text(
        "La création d’un compte sous un identifiant technique (UUID) n’aboutit pas.",
        "The creation of an account under a technical id (UUID) does not succeed.",
    ),
)
_STATUS = success_status(
    "creation.status",
    "ACCT-004",
    Text("Une création réussie a le statut 201", "A creation that succeeds has status 201"),
    Text("Une création réussie a le statut 201.", "A creation that succeeds has status 201."),
    frozenset({201}),
)
_LOCATION = located(
    "creation.location",
    "ACCT-005",
    Text("Une création dit dans Location où est le compte", "A creation says in Location where the account is"),
)
ABOUT_CREATION = (_STATUS, _LOCATION, LOCATION_BASE, SUCCESS_BODY, RETURNED_ACCOUNT)


async def _create(stage: Stage) -> None:
    async with conversation(stage) as talk:
        for check, account in ((NATIONAL_ACCEPTED, with_national_id()), (TECHNICAL_ACCEPTED, with_technical_id())):
            told = await talk.create(account)
            talk.judge((check, *ABOUT_CREATION), Case(told))


CREATION = Scenario(
    "regulators.creation",
    Flow.REGULATORS,
    Text("Un compte neuf, sous l’un puis l’autre identifiant", "A new account, under either identifier"),
    (NATIONAL_ACCEPTED, TECHNICAL_ACCEPTED, *ABOUT_CREATION, *EVERY_SCENARIO),
    _create,
    tags=(Tag.SMOKE, Tag.CONTENT, Tag.LIFECYCLE),
)

_KIT_TYPE = accepted(
    "content_type.json",
    "ACCT-010",
    Text("application/json est accepté", "application/json is accepted"),
    Text("Un corps application/json n’est pas accepté.", "A body in application/json is not accepted."),
)
_PLATFORM_TYPE = accepted(
    "content_type.former",
    "ACCT-011",
    Text("application/json+fhir est accepté", "application/json+fhir is accepted"),
    Text("Un corps application/json+fhir n’est pas accepté.", "A body in application/json+fhir is not accepted."),
)
_CHARSET = accepted(
    "content_type.charset",
    "ACCT-012",
    Text("Un charset et d’autres majuscules ne changent rien", "A charset and other capitals change nothing"),
    Text(
        "Le même type, avec charset=utf-8 et en d’autres majuscules, n’est pas accepté.",
        "The same type, with charset=utf-8 and in other capitals, is not accepted.",
    ),
)
_FORMAT = accepted(
    "parameter.format",
    "ACCT-013",
    Text("Le paramètre _format est accepté", "The parameter _format is accepted"),
    Text("Une création avec _format n’aboutit pas.", "A creation with _format does not succeed."),
)


async def _media_types(stage: Stage) -> None:
    async with conversation(stage) as talk:
        usual = await talk.create(with_national_id())
        for check, media_type in (
            (_KIT_TYPE, "application/json"),
            (_PLATFORM_TYPE, "application/json+fhir"),
            (_CHARSET, "Application/FHIR+JSON;charset=UTF-8"),
        ):
            told = await talk.create(with_national_id(), media_type=media_type)
            talk.judge((check,), Case(told, (usual,)))
        told = await talk.create(with_national_id(), target="/Practitioner?_format=application/json%2Bfhir")
        talk.judge((_FORMAT,), Case(told, (usual,)))


MEDIA_TYPES = Scenario(
    "regulators.media_types",
    Flow.REGULATORS,
    Text("Les types de contenu d’une création", "The media types of a creation"),
    (_KIT_TYPE, _PLATFORM_TYPE, _CHARSET, _FORMAT, *EVERY_SCENARIO),
    _media_types,
    tags=(Tag.FORMS,),
)

_BODY_ID_ON_UPDATE = served_alike(
    "body_id.update",
    "ACCT-009",
    Text("L’id du corps d’une mise à jour est ignoré", "The id in the body of an update is ignored"),
    Text(
        "Une mise à jour dont le corps porte un autre id est refusée, ou change de compte.",
        "An update whose body has another id is refused, or goes to another account.",
    ),
)


async def _body_id(stage: Stage) -> None:
    async with conversation(stage) as talk:
        usual = await talk.create(with_national_id())
        foreign = f"recette-{uuid.uuid4()}"

        def named(document: Json) -> None:
            document["id"] = foreign

        account = with_national_id()
        told = await talk.create(account, named)
        talk.judge((BODY_ID_ON_CREATION,), Case(told, (usual,), foreign))
        again = await talk.update(usual.account, usual.account, named)
        talk.judge((_BODY_ID_ON_UPDATE,), Pair(usual, again))


BODY_ID = Scenario(
    "regulators.body_id",
    Flow.REGULATORS,
    Text("Un id dans le corps de la requête", "An id in the body of the request"),
    (BODY_ID_ON_CREATION, _BODY_ID_ON_UPDATE, *EVERY_SCENARIO),
    _body_id,
    tags=(Tag.FORMS,),
)

_SHARED_EMAIL = accepted(
    "email.shared",
    "ACCT-056",
    Text("Deux comptes peuvent avoir la même adresse", "Two accounts may have the same e-mail"),
    Text(
        "Un second compte, d’un autre identifiant et de même adresse électronique, est refusé.",
        "A second account, of another identifier and the same e-mail address, is refused.",
    ),
)


async def _same_email(stage: Stage) -> None:
    async with conversation(stage) as talk:
        first = await talk.create(with_technical_id())
        second = await talk.create(replace(with_technical_id(), email=first.account.email))
        talk.judge((_SHARED_EMAIL,), Case(second, (first,)))


SAME_EMAIL = Scenario(
    "regulators.same_email",
    Flow.REGULATORS,
    Text("Deux comptes de même adresse électronique", "Two accounts of the same e-mail address"),
    (_SHARED_EMAIL, *EVERY_SCENARIO),
    _same_email,
    tags=(Tag.CONTENT,),
)

SCENARIOS: tuple[Scenario, ...] = (CREATION, MEDIA_TYPES, BODY_ID, SAME_EMAIL)
