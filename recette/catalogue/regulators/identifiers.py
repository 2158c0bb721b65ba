"""The identifier of an account: how it may be written, how it changes, how it is released."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from recette.catalogue.regulators.conversation import (
    EVERY_SCENARIO,
    conversation,
    under,
    with_national_id,
    with_technical_id,
    written,
)
from recette.catalogue.tags import Tag
from recette.checks.regulators import Case, Pair, accepted
from recette.checks.regulators_identity import LATE_RETRY, same_account, served_alike
from recette.checks.regulators_refusals import refused
from recette.model import Scenario, Stage
from sas_kernel.flows import Flow
from sas_kernel.identifiers import PRACTITIONER_SYSTEM
from sas_kernel.text import Text

_BAR = served_alike(
    "token.bar",
    "ACCT-040",
    Text("La barre | non encodée est acceptée", "An unencoded | is accepted"),
    Text(
        "Avec une barre | non encodée, le compte n’est pas retrouvé.", "With an unencoded |, the account is not found."
    ),
)
_SLASH = served_alike(
    "token.slash",
    "ACCT-041",
    Text("La barre / encodée (%2F) est acceptée", "An encoded / (%2F) is accepted"),
    Text(
        "Avec une barre / encodée (%2F), le compte n’est pas retrouvé.",
        "With an encoded / (%2F), the account is not found.",
    ),
)
_ENCODED = served_alike(
    "token.encoded",
    "ACCT-042",
    Text("Un identifiant entièrement encodé est accepté", "A wholly encoded identifier is accepted"),
    Text(
        "Avec un identifiant entièrement encodé, le compte n’est pas retrouvé.",
        "With a wholly encoded identifier, the account is not found.",
    ),
)
_ANY_SYSTEM = served_alike(
    "token.any_system",
    "ACCT-043",
    Text("Un UUID est reconnu sous l’autre système", "A UUID is recognised under the other system"),
    Text(
        "Un UUID cherché sous le système national n’est pas retrouvé.",
        "A UUID looked for under the national system is not found.",
    ),
)
_FORMAT = served_alike(
    "token.format",
    "ACCT-014",
    Text("Le paramètre _format ne gêne pas la mise à jour", "The parameter _format does an update no harm"),
    Text(
        "Avec _format, la mise à jour est refusée, ou change de compte.",
        "With _format, the update is refused, or goes to another account.",
    ),
)


async def _token_forms(stage: Stage) -> None:
    async with conversation(stage) as talk:
        created = await talk.create(with_national_id())
        account = created.account
        usual = await talk.update(account, account)
        if not usual.accepted:
            talk.skip((_BAR, _SLASH, _ENCODED, _FORMAT), _NOT_UPDATED)
        else:
            for check, token, suffix in (
                (_BAR, account.token, ""),
                (_SLASH, written(account.token).replace("/", "%2F"), ""),
                (_ENCODED, quote(account.token, safe=""), ""),
                (_FORMAT, written(account.token), "&_format=application/json%2Bfhir"),
            ):
                told = await talk.update(account, account, token=token, suffix=suffix)
                talk.judge((check,), Pair(usual, told))
        technical = await talk.create(with_technical_id())
        token = written(f"{PRACTITIONER_SYSTEM}|{technical.account.value}")
        told = await talk.update(technical.account, technical.account, token=token)
        talk.judge((_ANY_SYSTEM,), Pair(technical, told))


_NOT_UPDATED = Text("La mise à jour ordinaire n’aboutit pas.", "The usual update does not succeed.")

TOKEN_FORMS = Scenario(
    "regulators.token_forms",
    Flow.REGULATORS,
    Text("Les écritures de l’identifiant cherché", "The spellings of the identifier looked for"),
    (_BAR, _SLASH, _ENCODED, _FORMAT, _ANY_SYSTEM, *EVERY_SCENARIO),
    _token_forms,
    tags=(Tag.FORMS,),
)

_CHANGED = accepted(
    "update.identifier",
    "ACCT-023",
    Text("L’identifiant se change", "The identifier can be changed"),
    Text("Le changement d’identifiant n’aboutit pas.", "The change of identifier does not succeed."),
)
_CONVERTED = accepted(
    "conversion.accepted",
    "ACCT-050",
    Text("Un UUID devient un identifiant national", "A UUID becomes a national id"),
    Text(
        "Le passage de l’UUID à l’identifiant national n’aboutit pas.",
        "The change from the UUID to the national id does not succeed.",
    ),
)
_SAME = same_account(
    "conversion.same_account",
    "ACCT-051",
    Text("Changer d’identifiant garde le compte", "A change of identifier keeps the account"),
    Text("Le changement d’identifiant a créé un second compte.", "The change of identifier made a second account."),
)
_FOUND = served_alike(
    "conversion.found_by_new",
    "ACCT-052",
    Text("Le nouvel identifiant désigne le compte", "The new identifier names the account"),
    Text(
        "Le compte n’est pas retrouvé sous son nouvel identifiant.",
        "The new identifier does not find the account.",
    ),
)
_ACKNOWLEDGED = accepted(
    "late_retry.acknowledged",
    "ACCT-054",
    Text("Une demande tardive reçoit un succès", "A late request gets a success"),
    Text(
        "Le même changement, envoyé encore après une réponse perdue, est refusé : la plateforme le répéterait.",
        "The same change, sent again after a lost answer, is refused: the platform would repeat it.",
    ),
)
_TAKEN = refused(
    "conversion.taken",
    "ACCT-057",
    Text("L’identifiant d’un compte actif ne se prend pas", "An enabled account's identifier cannot be taken"),
    Text(
        "Un compte prend l’identifiant d’un autre compte actif.",
        "An account takes an enabled account's identifier.",
    ),
)


async def _identifier_change(stage: Stage) -> None:
    async with conversation(stage) as talk:
        created = await talk.create(with_technical_id())
        national = under(created.account, with_national_id())
        converted = await talk.update(created.account, national)
        talk.judge((_CONVERTED,), Case(converted, (created,)))
        talk.judge((_SAME,), Pair(created, converted))
        retried = await talk.update(created.account, national)
        talk.judge((LATE_RETRY,), Pair(converted, retried))
        talk.judge((_ACKNOWLEDGED,), Case(retried, (converted,)))
        found = await talk.update(national, national)
        talk.judge((_FOUND,), Pair(converted, found))
        other = under(national, with_national_id())
        changed = await talk.update(national, other)
        talk.judge((_CHANGED,), Case(changed, (converted, found)))
        talk.judge((_SAME,), Pair(converted, changed))
        holder = await talk.create(with_national_id())
        taken = await talk.update(other, under(other, holder.account))
        talk.judge((_TAKEN,), Case(taken, (changed, holder)))


IDENTIFIER_CHANGE = Scenario(
    "regulators.identifier_change",
    Flow.REGULATORS,
    Text("De l’UUID à l’identifiant national, puis à un autre", "From the UUID to the national id, then to another"),
    (_CONVERTED, _SAME, LATE_RETRY, _ACKNOWLEDGED, _FOUND, _CHANGED, _TAKEN, *EVERY_SCENARIO),
    _identifier_change,
    tags=(Tag.CONTENT, Tag.LIFECYCLE),
)

_RELEASED = Text(
    "L’identifiant d’un compte désactivé ne peut être donné à un autre compte.",
    "The identifier of a disabled account cannot be given to another account.",
)
_RELEASED_BY_CREATION = accepted(
    "release.creation",
    "ACCT-055",
    Text("Un identifiant libéré sert à un nouveau compte", "A released identifier serves a new account"),
    _RELEASED,
)
_RELEASED_BY_CONVERSION = accepted(
    "release.conversion",
    "ACCT-055",
    Text("Un identifiant libéré sert à un compte existant", "A released identifier serves an existing account"),
    _RELEASED,
)


async def _release(stage: Stage) -> None:
    async with conversation(stage) as talk:
        first = await talk.create(with_national_id())
        gone = await talk.update(first.account, replace(first.account, active=False))
        successor = await talk.create(under(with_technical_id(), first.account))
        talk.judge((_RELEASED_BY_CREATION,), Case(successor, (first, gone)))
        other = await talk.create(with_technical_id())
        converted = await talk.update(other.account, under(other.account, with_national_id()))
        disabled = replace(with_national_id(), active=False)
        unknown = await talk.update(disabled, disabled)
        created = await talk.create(with_technical_id())
        moved = await talk.update(created.account, under(created.account, disabled))
        talk.judge((_RELEASED_BY_CONVERSION,), Case(moved, (converted, unknown, created)))


RELEASE = Scenario(
    "regulators.release",
    Flow.REGULATORS,
    Text("L’identifiant d’un compte désactivé", "The identifier of a disabled account"),
    (_RELEASED_BY_CREATION, _RELEASED_BY_CONVERSION, *EVERY_SCENARIO),
    _release,
    tags=(Tag.CONTENT, Tag.LIFECYCLE),
)

SCENARIOS: tuple[Scenario, ...] = (TOKEN_FORMS, IDENTIFIER_CHANGE, RELEASE)
