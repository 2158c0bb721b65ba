"""Accounts told to an editor: at the first connection, when something changes, at once when a right is lost."""

from __future__ import annotations

from recette.catalogue.platform.regulators.operations import (
    ONLY_DRIVEN,
    Operations,
    Regulator,
    is_technical,
    operations,
)
from recette.catalogue.tags import Tag
from recette.checks.message_conformance import TOLD_ACCOUNT
from recette.checks.platform_regulators import (
    EVERY_MESSAGE,
    Expected,
    Message,
    checks_of,
    comes,
    comes_not,
    no_method,
)
from recette.model import Actor, Scenario, Stage
from sas_kernel.flows import Flow
from sas_kernel.text import Text


def creates(message: Message) -> bool:
    return message.method == "POST"


def _updates(message: Message) -> bool:
    return message.method == "PUT"


CREATED = comes(
    "provisioning.creation_message",
    "ACCT-100",
    Text("La connexion d’un nouveau régulateur est annoncée par POST", "A new regulator's connection is told by POST"),
    Text(
        "La première connexion d’un régulateur n’est pas annoncée par POST Practitioner.",
        "The first connection of a regulator is not told by POST Practitioner.",
    ),
    lambda _, message: creates(message) and not message.condition,
    "POST /Practitioner",
)
_NOT_BEFORE = comes_not(
    "provisioning.creation_not_before",
    "ACCT-109",
    Text("Rien n’est envoyé avant la connexion", "Nothing is sent before the connection"),
    Text("Un compte est envoyé avant la connexion du régulateur.", "An account is sent before the person connects."),
)
_NOT_AGAIN = comes_not(
    "provisioning.creation_not_again",
    "ACCT-113",
    Text("Sans changement, une connexion n’envoie rien", "Without a change a connection sends nothing"),
    Text(
        "Un compte que l’éditeur connaît déjà est envoyé de nouveau.", "An account that the editor knows is sent again."
    ),
)
_CREATION_CHECKS = (CREATED, _NOT_BEFORE, _NOT_AGAIN, *EVERY_MESSAGE, TOLD_ACCOUNT)

NATIONAL_FIRST = Text(
    "Faites se connecter un régulateur à identifiant national que cet éditeur ne connaît pas encore.",
    "Have a regulator with a national id connect whom this editor does not know yet.",
)
_TECHNICAL_FIRST = Text(
    "Faites se connecter un régulateur à identifiant technique que cet éditeur ne connaît pas encore.",
    "Have a regulator with a technical id connect whom this editor does not know yet.",
)


async def connect(work: Operations, person: Regulator, what: Text) -> Expected:
    """Have somebody sign in, and what came of it by his first message."""
    since = work.count
    ground = await work.sign_in(person)
    if ground is None:
        await work.until(person, since, what, creates)
    return work.expected(person, since, ground=ground)


async def _create(stage: Stage) -> None:
    async with operations(stage, _CREATION_CHECKS) as work:
        if work is None:
            return
        people: list[tuple[Regulator, int]] = []
        for technical, what in ((True, _TECHNICAL_FIRST), (False, NATIONAL_FIRST)):
            since = work.count
            person = await work.enrol(technical=technical)
            if work.driven:
                work.judge((_NOT_BEFORE,), work.expected(person, since))
            told = await connect(work, person, what)
            work.judge((CREATED, *checks_of(told), TOLD_ACCOUNT), told)
            people.append((person, since))
        if not work.driven:
            work.skip((_NOT_BEFORE, _NOT_AGAIN), ONLY_DRIVEN)
            return
        # Whoever is told last proves that whoever connected before has nothing left to be told.
        again, since = people[0][0], work.count
        ground = await work.sign_in(again)
        last = await work.enrol(technical=False)
        told = await connect(work, last, NATIONAL_FIRST)
        work.judge((_NOT_AGAIN,), work.expected(again, since, ground=ground if told.messages else told.ground))


CREATION = Scenario(
    "regulators.platform.creation",
    Flow.REGULATORS,
    Text("La première connexion d’un régulateur, puis une autre", "A regulator's first connection, then another"),
    _CREATION_CHECKS,
    _create,
    actor=Actor.PLATFORM,
    tags=(Tag.SMOKE, Tag.CONTENT, Tag.LIFECYCLE),
)

# --- changes ---------------------------------------------------------------------------------------------------------

_UPDATED = comes(
    "provisioning.change_message",
    "ACCT-101",
    Text("Un changement est annoncé par PUT conditionnel", "A change is told by conditional PUT"),
    Text(
        "Le changement d’un compte n’est pas annoncé par PUT Practitioner?identifier=système|valeur.",
        "The change of an account is not told by PUT Practitioner?identifier=system|value.",
    ),
    lambda told, message: _updates(message) and (not told.before or message.condition == told.before),
    "PUT /Practitioner?identifier=",
)
_NOT_UNTIL = comes_not(
    "provisioning.change_not_before",
    "ACCT-109",
    Text("Un changement attend la connexion", "A change waits for the connection"),
    Text("Un changement est envoyé avant la connexion du régulateur.", "A change is sent before the person connects."),
)
_SWITCHED = comes(
    "provisioning.change_identifier",
    "ACCT-115",
    Text("Un changement d’identifiant vise l’ancien et porte le nouveau", "A new identifier is sent to the former"),
    Text(
        "Le changement d’identifiant n’est pas un PUT sur l’ancien identifiant qui porte le nouveau.",
        "The change of identifier is no PUT on the former identifier with the new one in the body.",
    ),
    lambda told, message: (
        _updates(message) and message.condition == told.before and message.token not in {told.before, "|"}
    ),
    "PUT ?identifier=former, identifier: new",
)
_DISABLED = comes(
    "provisioning.deactivation_message",
    "ACCT-108",
    Text("Un compte se supprime par PUT, active=false", "An account is deleted by PUT with active=false"),
    Text(
        "La perte des droits n’est pas annoncée par un PUT où active vaut false.",
        "The loss of rights is not told by a PUT in which active is false.",
    ),
    lambda _, message: _updates(message) and message.root["active"].value is False,
    "PUT, active: false",
    at_all=False,
)
_AT_ONCE = comes(
    "provisioning.deactivation_at_once",
    "ACCT-110",
    Text("Une désactivation est annoncée sans attendre", "A deactivation is told without waiting"),
    Text(
        "Une désactivation n’est pas annoncée sans que le régulateur se connecte.",
        "A deactivation is not told without the regulator connecting.",
    ),
    lambda _told, _message: True,
    "a message",
)
_NO_DELETE = no_method(
    "provisioning.deactivation_no_delete",
    "ACCT-108",
    Text("DELETE n’est jamais envoyé", "DELETE is never sent"),
    Text("La plateforme envoie DELETE.", "The platform sends DELETE."),
    "DELETE",
)
_CHANGE_CHECKS = (_UPDATED, _NOT_UNTIL, _SWITCHED, _DISABLED, _AT_ONCE, _NO_DELETE, *EVERY_MESSAGE, TOLD_ACCOUNT)
_RENAME = Text(
    "Changez le nom de ce régulateur sur la plateforme, puis faites-le se connecter.",
    "Change this regulator's name on the platform, then have the person connect.",
)
_ATTACH = Text(
    "Attribuez un identifiant national à ce régulateur, puis faites-le se connecter.",
    "Give this regulator a national id, then have the person connect.",
)
_DEACTIVATE = Text("Désactivez ce régulateur sur la plateforme.", "Deactivate this regulator on the platform.")
_NOT_TECHNICAL = Text("Le régulateur n’avait pas d’identifiant technique.", "The regulator had no technical id.")


async def _change(stage: Stage) -> None:
    async with operations(stage, _CHANGE_CHECKS) as work:
        if work is None:
            return
        person = await work.enrol(technical=True)
        told = await connect(work, person, _TECHNICAL_FIRST)
        if told.first is None:
            lost = told.ground or Text("La création n’est pas arrivée.", "The creation did not arrive.")
            work.skip(_CHANGE_CHECKS, lost)
            return
        before = told.first.token
        since = work.count
        ground = await work.rename(person)
        if work.driven:
            work.judge((_NOT_UNTIL,), work.expected(person, since, ground=ground))
        else:
            work.skip((_NOT_UNTIL,), ONLY_DRIVEN)
        ground = ground or await work.sign_in(person)
        if ground is None:
            await work.until(person, since, _RENAME, _updates)
        told = work.expected(person, since, ground=ground, before=before)
        work.judge((_UPDATED, *checks_of(told), TOLD_ACCOUNT), told)

        since = work.count
        ground = await work.attach(person) or await work.sign_in(person)
        ground = ground or (None if is_technical(before) else _NOT_TECHNICAL)
        if ground is None:
            await work.until(person, since, _ATTACH, _updates)
        told = work.expected(person, since, ground=ground, before=before)
        work.judge((_SWITCHED, *checks_of(told), TOLD_ACCOUNT), told)

        since = work.count
        ground = await work.deactivate(person)
        if ground is None:
            await work.until(person, since, _DEACTIVATE, lambda message: message.method in {"PUT", "DELETE"})
        gone = work.expected(person, since, ground=ground)
        work.judge((_AT_ONCE, _DISABLED, _NO_DELETE, *checks_of(gone), TOLD_ACCOUNT), gone)


CHANGE = Scenario(
    "regulators.platform.change",
    Flow.REGULATORS,
    Text("Un compte change de nom, d’identifiant, et perd ses droits", "An account changes, and loses its rights"),
    _CHANGE_CHECKS,
    _change,
    actor=Actor.PLATFORM,
    tags=(Tag.CONTENT, Tag.LIFECYCLE),
)

SCENARIOS: tuple[Scenario, ...] = (CREATION, CHANGE)
