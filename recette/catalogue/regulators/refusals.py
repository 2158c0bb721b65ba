"""Requests that must be refused, each beside the complete one it differs from in one thing."""

from __future__ import annotations

import json
from dataclasses import replace

from recette.catalogue.regulators.conversation import (
    EVERY_SCENARIO,
    Conversation,
    Json,
    conversation,
    resource,
    with_national_id,
    with_technical_id,
    without,
)
from recette.catalogue.tags import Tag
from recette.checks.regulators import Case, Pair, Told, accepted
from recette.checks.regulators_identity import served_alike
from recette.checks.regulators_refusals import CLIENT_ERROR, ELEMENT, OUTCOME, refusal_status, refused
from recette.model import Check, Scenario, Stage
from sas_kernel.flows import Flow
from sas_kernel.identifiers import PRACTITIONER_SYSTEM, REGULATOR_SYSTEM
from sas_kernel.text import Text

_MISSING: dict[str, Check] = {
    "identifier": refused(
        "refusal.missing_identifier",
        "ACCT-070",
        Text("Un compte sans identifiant est refusé", "An account without an identifier is refused"),
        Text("Un compte sans identifiant est accepté.", "An account without an identifier is accepted."),
    ),
    "name": refused(
        "refusal.missing_name",
        "ACCT-071",
        Text("Un compte sans nom est refusé", "An account without a name is refused"),
        Text("Un compte sans nom est accepté.", "An account without a name is accepted."),
    ),
    "telecom": refused(
        "refusal.missing_telecom",
        "ACCT-072",
        Text("Un compte sans adresse électronique est refusé", "An account without an e-mail is refused"),
        Text("Un compte sans adresse électronique est accepté.", "An account without an e-mail is accepted."),
    ),
    "active": refused(
        "refusal.missing_active",
        "ACCT-073",
        Text("Un compte sans état d’activation est refusé", "An account without an activation state is refused"),
        Text("Un compte sans l’élément active est accepté.", "An account without the element active is accepted."),
    ),
}
_NOTHING_LEFT = accepted(
    "refusal.leaves_nothing",
    "ACCT-074",
    Text("Une création refusée ne crée rien", "A refused creation creates nothing"),
    Text(
        "Le compte complet est refusé après que l’incomplet l’a été : le refus a laissé quelque chose.",
        "The complete account is refused after the incomplete one was: the refusal left something behind.",
    ),
)
_HOW_REFUSED = (OUTCOME, CLIENT_ERROR)
_NOT_ALL_REFUSED = Text(
    "Un compte incomplet a été accepté : le compte complet ne prouverait rien.",
    "An incomplete account was accepted: the complete one would prove nothing.",
)


def _judge_missing(talk: Conversation, told: Told, control: Told, element: str) -> None:
    talk.judge((_MISSING[element], *_HOW_REFUSED, ELEMENT), Case(told, (control,), element))


async def _on_creation(stage: Stage) -> None:
    async with conversation(stage) as talk:
        control = await talk.create(with_national_id())
        account = with_national_id()
        told = [await talk.create(account, without(element)) for element in _MISSING]
        await _conclude(talk, told, (control,), await talk.create(account))


async def _on_update_as_creation(stage: Stage) -> None:
    async with conversation(stage) as talk:
        known = with_technical_id()
        control = await talk.update(known, known)
        created = await talk.create(with_technical_id())
        account = with_technical_id()
        told = [await talk.update(account, account, without(element)) for element in _MISSING]
        await _conclude(talk, told, (control, created), await talk.create(account))


async def _conclude(talk: Conversation, told: list[Told], controls: tuple[Told, ...], complete: Told) -> None:
    for element, answer in zip(_MISSING, told, strict=True):
        _judge_missing(talk, answer, controls[0], element)
    if all(answer.refused for answer in told):
        talk.judge((_NOTHING_LEFT,), Case(complete, controls))
    else:
        talk.skip((_NOTHING_LEFT,), _NOT_ALL_REFUSED)


async def _on_update(stage: Stage) -> None:
    async with conversation(stage) as talk:
        created = await talk.create(with_national_id())
        account = created.account
        control = await talk.update(account, account)
        for element in _MISSING:
            _judge_missing(talk, await talk.update(account, account, without(element)), control, element)


_MISSING_CHECKS = (*_MISSING.values(), *_HOW_REFUSED, ELEMENT)

MISSING_ON_CREATION = Scenario(
    "regulators.missing_on_creation",
    Flow.REGULATORS,
    Text("Une création à laquelle il manque un élément", "A creation that lacks an element"),
    (*_MISSING_CHECKS, _NOTHING_LEFT, *EVERY_SCENARIO),
    _on_creation,
    tags=(Tag.REFUSALS,),
)
MISSING_ON_UPDATE = Scenario(
    "regulators.missing_on_update",
    Flow.REGULATORS,
    Text("Une mise à jour à laquelle il manque un élément", "An update that lacks an element"),
    (*_MISSING_CHECKS, *EVERY_SCENARIO),
    _on_update,
    tags=(Tag.REFUSALS,),
)
MISSING_ON_UPDATE_AS_CREATION = Scenario(
    "regulators.missing_on_update_as_creation",
    Flow.REGULATORS,
    Text("Une création par mise à jour à laquelle il manque un élément", "A creation by update that lacks an element"),
    (*_MISSING_CHECKS, _NOTHING_LEFT, *EVERY_SCENARIO),
    _on_update_as_creation,
    tags=(Tag.REFUSALS,),
)

# --- wrong values ----------------------------------------------------------------------------------------------------

_EMPTY_FAMILY = refused(
    "refusal.empty_family",
    "ACCT-075",
    Text("Un nom vide est refusé", "An empty family name is refused"),
    Text("Un compte dont le nom est vide est accepté.", "An account whose family name is empty is accepted."),
)
_EMPTY_EMAIL = refused(
    "refusal.empty_email",
    "ACCT-076",
    Text("Une adresse électronique vide est refusée", "An empty e-mail address is refused"),
    Text("Un compte dont l’adresse est vide est accepté.", "An account whose e-mail is empty is accepted."),
)
_NOT_EMAIL = refused(
    "refusal.not_email",
    "ACCT-077",
    Text("Un contact autre qu’électronique est refusé", "A contact other than e-mail is refused"),
    Text("Un contact de système phone est accepté.", "A contact of system phone is accepted."),
)
_NATIONAL_PAIRING = refused(
    "refusal.national_pairing",
    "ACCT-078",
    Text("IDNPS sous le système technique est refusé", "IDNPS under the technical system is refused"),
    Text(
        "Un identifiant de type IDNPS est accepté sous le système technique du SAS.",
        "An identifier of type IDNPS is accepted under the SAS's technical system.",
    ),
)
_TECHNICAL_PAIRING = refused(
    "refusal.technical_pairing",
    "ACCT-079",
    Text("INTRN sous le système national est refusé", "INTRN under the national system is refused"),
    Text(
        "Un identifiant de type INTRN est accepté sous le système national.",
        "An identifier of type INTRN is accepted under the national system.",
    ),
)
_VALUES = (_EMPTY_FAMILY, _EMPTY_EMAIL, _NOT_EMAIL, _NATIONAL_PAIRING, _TECHNICAL_PAIRING)


def _by_phone(document: Json) -> None:
    document["telecom"][0]["system"] = "phone"


async def _wrong_values(stage: Stage) -> None:
    async with conversation(stage) as talk:
        national = await talk.create(with_national_id())
        technical = await talk.create(with_technical_id())
        for check, told, control in (
            (_EMPTY_FAMILY, await talk.create(replace(with_national_id(), family="")), national),
            (_EMPTY_EMAIL, await talk.create(replace(with_national_id(), email="")), national),
            (_NOT_EMAIL, await talk.create(with_national_id(), _by_phone), national),
            (_NATIONAL_PAIRING, await talk.create(replace(with_national_id(), system=REGULATOR_SYSTEM)), national),
            (
                _TECHNICAL_PAIRING,
                await talk.create(replace(with_technical_id(), system=PRACTITIONER_SYSTEM)),
                technical,
            ),
        ):
            talk.judge((check, *_HOW_REFUSED), Case(told, (control,)))


WRONG_VALUES = Scenario(
    "regulators.wrong_values",
    Flow.REGULATORS,
    Text("Une création dont une valeur est fausse", "A creation of which one value is wrong"),
    (*_VALUES, *_HOW_REFUSED, *EVERY_SCENARIO),
    _wrong_values,
    tags=(Tag.REFUSALS,),
)

# --- bodies that cannot be read --------------------------------------------------------------------------------------

_MALFORMED = refused(
    "malformed.refused",
    "ACCT-080",
    Text("Un JSON coupé est refusé", "JSON that is cut off is refused"),
    Text("Un corps qui n’est pas du JSON est accepté.", "A body that is not JSON is accepted."),
)
_MALFORMED_STATUS = refusal_status(
    "malformed.status",
    "ACCT-081",
    Text("Un corps illisible reçoit 400", "An unreadable body gets 400"),
    Text("Un corps illisible est une requête mal formée : 400.", "An unreadable body is a malformed request: 400."),
    frozenset({400}),
)
_OTHER_RESOURCE = refused(
    "refusal.other_resource",
    "ACCT-085",
    Text("Une autre ressource que Practitioner est refusée", "Another resource than Practitioner is refused"),
    Text("Une ressource Patient est acceptée comme compte.", "A Patient resource is accepted as an account."),
)


def _as_patient(document: Json) -> None:
    document["resourceType"] = "Patient"


async def _malformed(stage: Stage) -> None:
    async with conversation(stage) as talk:
        control = await talk.create(with_national_id())
        account = with_national_id()
        whole = json.dumps(resource(account), ensure_ascii=False).encode()
        cut = await talk.create(account, body=whole[:-1])
        talk.judge((_MALFORMED, _MALFORMED_STATUS, *_HOW_REFUSED), Case(cut, (control,)))
        other = await talk.create(with_national_id(), _as_patient)
        talk.judge((_OTHER_RESOURCE, *_HOW_REFUSED), Case(other, (control,)))


MALFORMED = Scenario(
    "regulators.malformed",
    Flow.REGULATORS,
    Text("Un corps illisible, ou d’une autre ressource", "A body that is unreadable, or of another resource"),
    (_MALFORMED, _MALFORMED_STATUS, _OTHER_RESOURCE, *_HOW_REFUSED, *EVERY_SCENARIO),
    _malformed,
    tags=(Tag.REFUSALS, Tag.RESILIENCE),
)

# --- duplicates ------------------------------------------------------------------------------------------------------

_DUPLICATE = refused(
    "duplicate.refused",
    "ACCT-060",
    Text("La création d’un compte existant est refusée", "The creation of an existing account is refused"),
    Text(
        "Un second compte, de même identifiant et de même adresse, est accepté.",
        "A second account, of the same identifier and e-mail, is accepted.",
    ),
)
_OTHER_EMAIL = refused(
    "duplicate.other_email",
    "ACCT-061",
    Text("L’identifiant d’un compte actif ne sert pas deux fois", "An enabled account's identifier serves once"),
    Text(
        "Un second compte actif, de même identifiant et d’une autre adresse, est accepté.",
        "A second enabled account, of the same identifier and another e-mail, is accepted.",
    ),
)
_ONE_LEFT = served_alike(
    "duplicate.leaves_one",
    "ACCT-062",
    Text("Un doublon refusé laisse un seul compte", "A refused duplicate leaves one account"),
    Text(
        "Après un doublon refusé, le premier compte n’est plus retrouvé par son identifiant.",
        "After a refused duplicate, the first account is not found by its identifier any more.",
    ),
)
_DUPLICATE_STATUS = refusal_status(
    "duplicate.status",
    "ACCT-063",
    Text("Un doublon reçoit 409, 412 ou 422", "A duplicate gets 409, 412 or 422"),
    Text(
        "Un doublon est bien formé et contraire à une règle : 409, 412 ou 422.",
        "A duplicate is well formed and against a rule: 409, 412 or 422.",
    ),
    frozenset({409, 412, 422}),
)


async def _duplicate(stage: Stage) -> None:
    async with conversation(stage) as talk:
        created = await talk.create(with_technical_id())
        account = created.account
        same = await talk.create(account)
        talk.judge((_DUPLICATE, _DUPLICATE_STATUS, *_HOW_REFUSED), Case(same, (created,)))
        other = await talk.create(replace(account, email=with_national_id().email))
        talk.judge((_OTHER_EMAIL, *_HOW_REFUSED), Case(other, (created,)))
        if same.refused and other.refused:
            talk.judge((_ONE_LEFT,), Pair(created, await talk.update(account, account)))
        else:
            talk.skip((_ONE_LEFT,), Text("Le doublon n’est pas refusé.", "The duplicate is not refused."))


DUPLICATE = Scenario(
    "regulators.duplicate",
    Flow.REGULATORS,
    Text("La création d’un compte qui existe", "The creation of an account that exists"),
    (_DUPLICATE, _DUPLICATE_STATUS, _OTHER_EMAIL, _ONE_LEFT, *_HOW_REFUSED, *EVERY_SCENARIO),
    _duplicate,
    tags=(Tag.REFUSALS,),
)

SCENARIOS: tuple[Scenario, ...] = (
    MISSING_ON_CREATION,
    MISSING_ON_UPDATE,
    MISSING_ON_UPDATE_AS_CREATION,
    WRONG_VALUES,
    MALFORMED,
    DUPLICATE,
)
