"""An editor that fails: what was to be told is told again, once, and nobody waits for it."""

from __future__ import annotations

from recette.catalogue.platform.regulators.accounts import NATIONAL_FIRST
from recette.catalogue.platform.regulators.operations import ONLY_DRIVEN, UNAVAILABLE, operations
from recette.catalogue.tags import Tag
from recette.checks.platform_regulators import Message, SignIn, comes, signed_in
from recette.model import Actor, Dropped, Response, Scenario, Stage
from sas_kernel.flows import Flow
from sas_kernel.text import Text

_RETRIED = comes(
    "provisioning.failure_retried",
    "ACCT-111",
    Text("Après un échec, le compte est annoncé de nouveau", "After a failure the account is told again"),
    Text(
        "Après un échec de l’éditeur, le compte n’est pas annoncé de nouveau dans le délai d’attente.",
        "After a failure of the editor the account is not told again within the time we wait.",
    ),
    lambda _told, message: message.method in {"POST", "PUT"},
    "POST or PUT",
)
_NOT_TWICE = comes(
    "provisioning.failure_no_second_creation",
    "ACCT-116",
    Text("Après une réponse perdue, PUT et non un second POST", "After a lost answer a PUT, not a second POST"),
    Text(
        "Après une réponse perdue, la création est envoyée une seconde fois : elle peut faire un doublon.",
        "After a lost answer the creation is sent a second time: it may make a duplicate.",
    ),
    lambda told, message: message.method == "PUT" and message.condition == told.before,
    "PUT /Practitioner?identifier=",
    at_all=False,
)
_LET_IN = signed_in(
    "provisioning.failure_signed_in",
    "ACCT-117",
    Text("L’échec d’un éditeur n’empêche pas la connexion", "An editor's failure does not prevent signing in"),
    Text(
        "Le régulateur ne peut pas se connecter tant que l’éditeur échoue.",
        "The regulator cannot sign in while the editor fails.",
    ),
)
_CHECKS = (_RETRIED, _NOT_TWICE, _LET_IN)
_AGAIN = Text(
    "Attendez que la plateforme recommence, ou déclenchez-le.", "Wait for the platform to try again, or make it do so."
)


async def _fail(stage: Stage) -> None:
    async with operations(stage, _CHECKS) as work:
        if work is None:
            return
        for failures, checks in (([UNAVAILABLE], (_RETRIED,)), ([Dropped()], (_RETRIED, _NOT_TWICE))):
            answers: list[Response | Dropped] = list(failures)
            person = await work.enrol(technical=False)
            since = work.count
            work.editor.next = answers
            work.editor.about = person.is_in if work.driven else _any
            ground = await work.sign_in(person)
            reached = await work.until(person, since, NATIONAL_FIRST, _any)
            if work.driven:
                stage.judge(_LET_IN, SignIn(tuple(work.proof[-1:]), ground, reached))
            else:
                work.skip((_LET_IN,), ONLY_DRIVEN)
            first = work.messages(person, since)[:1]
            if first:
                ground = None
                await work.until_again(person, since, _AGAIN)
            token = first[0].token if first else ""
            lost = ground or (None if first else Text("Le compte n’a pas été annoncé.", "The account was not told."))
            work.judge(checks, work.expected(person, since, ground=lost, before=token, first=1))
            work.editor.next = []


def _any(message: Message) -> bool:
    return message.about_accounts


FAILURES = Scenario(
    "regulators.platform.failures",
    Flow.REGULATORS,
    Text("Un éditeur indisponible, puis une réponse perdue", "An editor that is unavailable, then a lost answer"),
    _CHECKS,
    _fail,
    actor=Actor.PLATFORM,
    tags=(Tag.RESILIENCE,),
)

SCENARIOS: tuple[Scenario, ...] = (FAILURES,)
