"""Changes of an account, its disabling and enabling, and the update of an account nobody knows."""

from __future__ import annotations

from dataclasses import replace

from recette.catalogue.regulators.conversation import (
    EVERY_SCENARIO,
    Conversation,
    conversation,
    with_national_id,
    with_technical_id,
)
from recette.catalogue.tags import Tag
from recette.checks.message_conformance import RETURNED_ACCOUNT
from recette.checks.regulators import SUCCESS_BODY, Case, Pair, Told, accepted, located, success_status
from recette.checks.regulators_identity import same_account
from recette.checks.regulators_refusals import refused
from recette.model import Check, Scenario, Stage
from sas_kernel.flows import Flow
from sas_kernel.text import Text

EMAIL_ACCEPTED = accepted(
    "update.email",
    "ACCT-020",
    Text("L’adresse électronique se change", "The e-mail address can be changed"),
    Text("Le changement d’adresse électronique n’aboutit pas.", "The change of e-mail address does not succeed."),
)
_FAMILY = accepted(
    "update.family",
    "ACCT-021",
    Text("Le nom se change", "The family name can be changed"),
    Text("Le changement de nom n’aboutit pas.", "The change of family name does not succeed."),
)
_GIVEN = accepted(
    "update.given",
    "ACCT-022",
    Text("Le prénom se change", "The given name can be changed"),
    Text("Le changement de prénom n’aboutit pas.", "The change of given name does not succeed."),
)
_STATUS = success_status(
    "update.status",
    "ACCT-027",
    Text("Une mise à jour réussie a le statut 200", "An update that succeeds has status 200"),
    Text("Une mise à jour réussie a le statut 200.", "An update that succeeds has status 200."),
    frozenset({200}),
)
_LOCATION = located(
    "update.location",
    "ACCT-028",
    Text("Une mise à jour dit dans Location où est le compte", "An update says in Location where the account is"),
)
SAME_ACCOUNT = same_account(
    "update.same_account",
    "ACCT-029",
    Text("Une mise à jour garde le compte", "An update keeps the account"),
    Text(
        "Une mise à jour a créé un second compte au lieu de changer le premier.",
        "An update made a second account instead of changing the first.",
    ),
)
_REPEATED = same_account(
    "update.repeated",
    "ACCT-030",
    Text("Une mise à jour répétée garde le compte", "A repeated update keeps the account"),
    Text(
        "La même mise à jour, envoyée deux fois, a créé un second compte.",
        "The same update, sent twice, made a second account.",
    ),
)
_REPEAT_ACCEPTED = accepted(
    "update.repeat_accepted",
    "ACCT-030",
    Text("Une mise à jour répétée aboutit encore", "A repeated update still succeeds"),
    Text("La même mise à jour, envoyée deux fois, est refusée.", "The same update, sent twice, is refused."),
)
_WITHOUT_CRITERIA = refused(
    "update.without_criteria",
    "ACCT-031",
    Text("Une mise à jour sans critère est refusée", "An update without criteria is refused"),
    Text(
        "Une mise à jour qui ne dit pas de quel compte est acceptée.",
        "An update that does not say of which account is accepted.",
    ),
)
ABOUT_UPDATE = (_STATUS, _LOCATION, SUCCESS_BODY, RETURNED_ACCOUNT)


async def _update(stage: Stage) -> None:
    async with conversation(stage) as talk:
        created = await talk.create(with_national_id())
        last = created
        for check, account in (
            (EMAIL_ACCEPTED, replace(created.account, email=with_national_id().email)),
            (_FAMILY, replace(created.account, family="LE GUENNEC")),
            (_GIVEN, replace(created.account, given="Maëlle")),
        ):
            last = await talk.update(account, account)
            talk.judge((check, *ABOUT_UPDATE), Case(last, (created,)))
            talk.judge((SAME_ACCOUNT,), Pair(created, last))
        account = last.account
        again = await talk.update(account, account)
        talk.judge((_REPEATED,), Pair(last, again))
        talk.judge((_REPEAT_ACCEPTED,), Case(again, (last,)))
        for query in ("", "?identifier="):
            told = await talk.replace_without_criteria(account, query)
            talk.judge((_WITHOUT_CRITERIA,), Case(told, (again,)))


UPDATE = Scenario(
    "regulators.update",
    Flow.REGULATORS,
    Text("Les changements d’un compte", "The changes of an account"),
    (
        *(EMAIL_ACCEPTED, _FAMILY, _GIVEN),
        *ABOUT_UPDATE,
        *(SAME_ACCOUNT, _REPEATED, _REPEAT_ACCEPTED, _WITHOUT_CRITERIA),
        *EVERY_SCENARIO,
    ),
    _update,
    tags=(Tag.CONTENT, Tag.LIFECYCLE),
)

_DISABLE = accepted(
    "update.disable",
    "ACCT-024",
    Text("Un compte se désactive", "An account can be disabled"),
    Text("La désactivation d’un compte n’aboutit pas.", "The disabling of an account does not succeed."),
)
_ENABLE = accepted(
    "update.enable",
    "ACCT-025",
    Text("Un compte désactivé se réactive", "A disabled account can be enabled again"),
    Text("La réactivation d’un compte n’aboutit pas.", "The enabling of an account does not succeed."),
)
_ENABLED = refused(
    "enable.holds_identifier",
    "ACCT-026",
    Text("Un compte réactivé tient de nouveau son identifiant", "An account enabled again holds its identifier again"),
    Text(
        "Après sa réactivation, un second compte actif de même identifiant est accepté : elle n’a pas eu lieu.",
        "After it was enabled again, a second active account of the same identifier is accepted: it was not.",
    ),
)


async def _judge_held(talk: Conversation, check: Check, case: Case) -> None:
    """Judge that an account holds its identifier, which shows only where a duplicate is refused at all."""
    plain = await talk.create(with_national_id())
    if (await talk.create(plain.account)).refused:
        talk.judge((check,), replace(case, before=(*case.before, plain)))
    else:
        talk.skip((check,), _DUPLICATES_ACCEPTED)


_DUPLICATES_ACCEPTED = Text(
    "Un doublon ordinaire n’est pas refusé : son acceptation ne prouverait rien.",
    "A plain duplicate is not refused: that one is accepted would prove nothing.",
)


async def _activation(stage: Stage) -> None:
    async with conversation(stage) as talk:
        created = await talk.create(with_national_id())
        account = created.account
        disabled = await talk.update(account, replace(account, active=False))
        talk.judge((_DISABLE, *ABOUT_UPDATE), Case(disabled, (created,)))
        talk.judge((SAME_ACCOUNT,), Pair(created, disabled))
        enabled = await talk.update(account, account)
        talk.judge((_ENABLE, *ABOUT_UPDATE), Case(enabled, (created, disabled)))
        talk.judge((SAME_ACCOUNT,), Pair(created, enabled))
        second = await talk.create(account)
        await _judge_held(talk, _ENABLED, Case(second, (created, disabled, enabled)))


ACTIVATION = Scenario(
    "regulators.activation",
    Flow.REGULATORS,
    Text("Désactiver un compte, puis le réactiver", "Disabling an account, then enabling it again"),
    (_DISABLE, _ENABLE, _ENABLED, *ABOUT_UPDATE, SAME_ACCOUNT, *EVERY_SCENARIO),
    _activation,
    tags=(Tag.SECURITY, Tag.LIFECYCLE),
)

_UNKNOWN = accepted(
    "upsert.accepted",
    "ACCT-032",
    Text("La mise à jour d’un inconnu le crée", "The update of an unknown account creates it"),
    Text(
        "La mise à jour d’un compte inconnu n’aboutit pas ; elle vaut une création.",
        "The update of an unknown account does not succeed; it is a creation.",
    ),
)
_UNKNOWN_STATUS = success_status(
    "upsert.status",
    "ACCT-033",
    Text("La création par mise à jour a le statut 200 ou 201", "A creation by update has status 200 or 201"),
    Text("La création par mise à jour a le statut 200 ou 201.", "A creation by update has status 200 or 201."),
    frozenset({200, 201}),
)
_EXISTS = refused(
    "upsert.exists",
    "ACCT-034",
    Text("Le compte créé par mise à jour existe", "The account created by update exists"),
    Text(
        "Après sa création par mise à jour, le même compte peut être créé encore : il n’existait pas.",
        "After its creation by update, the same account can be created once more: it did not exist.",
    ),
)
_UPSERT_REPEATED = same_account(
    "upsert.repeated",
    "ACCT-035",
    Text("La création par mise à jour, répétée : un compte", "A repeated creation by update makes one account"),
    Text(
        "La mise à jour d’un compte inconnu, envoyée deux fois, a créé deux comptes.",
        "The update of an unknown account, sent twice, made two accounts.",
    ),
)
_INACTIVE = accepted(
    "upsert.inactive",
    "ACCT-036",
    Text("Un inconnu désactivé est accepté", "An unknown account that is disabled is accepted"),
    Text(
        "La désactivation d’un compte inconnu n’aboutit pas.", "The disabling of an unknown account does not succeed."
    ),
)


async def _upsert(stage: Stage) -> None:
    async with conversation(stage) as talk:
        made: list[Told] = []
        for account in (with_technical_id(), with_national_id()):
            created = await talk.update(account, account)
            made.append(created)
            talk.judge((_UNKNOWN, _UNKNOWN_STATUS, _LOCATION), Case(created))
            again = await talk.update(account, account)
            talk.judge((_UPSERT_REPEATED,), Pair(created, again))
            second = await talk.create(account)
            await _judge_held(talk, _EXISTS, Case(second, (created,)))
        disabled = replace(with_national_id(), active=False)
        talk.judge((_INACTIVE,), Case(await talk.update(disabled, disabled), tuple(made)))


UPSERT = Scenario(
    "regulators.update_as_creation",
    Flow.REGULATORS,
    Text("La mise à jour d’un compte inconnu", "The update of an unknown account"),
    (_UNKNOWN, _UNKNOWN_STATUS, _LOCATION, _EXISTS, _UPSERT_REPEATED, _INACTIVE, *EVERY_SCENARIO),
    _upsert,
    tags=(Tag.CONTENT, Tag.LIFECYCLE),
)

SCENARIOS: tuple[Scenario, ...] = (UPDATE, ACTIVATION, UPSERT)
