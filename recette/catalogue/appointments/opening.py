"""How a scenario of appointments begins and ends: what it needs is there or it says why not, and it clears up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

from recette.catalogue.appointments.bookers import Booker, OperatorBooker, ReferenceBooker, StuckError, people
from recette.catalogue.appointments.platform import Platform
from recette.catalogue.appointments.visit import EVERY_SCENARIO, PRACTICE, Ground, Visit
from recette.checks.appointment import Mail
from recette.model import Booking, Check, Stage
from sas_kernel.text import Text


def visiting(
    checks: Sequence[Check], story: Callable[[Visit], Awaitable[None]], ground: Ground = PRACTICE
) -> Callable[[Stage], Awaitable[None]]:
    """A scenario's `play`. What cannot be done makes the `checks` not yet made SKIP with the reason.

    Whatever happens, it clears up, and looks for the patients in all that came.
    """

    async def play(stage: Stage) -> None:
        visit: Visit | None = None
        reason: Text | None = None
        try:
            visit = await _opened(stage, ground)
            try:
                await story(visit)
            finally:
                await visit.clear_up()
        except StuckError as stuck:
            reason = stuck.text
        finally:
            if visit is not None and visit.messages():
                visit.judge(EVERY_SCENARIO, Mail(visit.messages(), tuple(visit.patients)))
        made = set() if visit is None else visit.judged
        for check in checks:
            if reason is not None and check.id not in made:
                stage.skip(check, reason)

    return play


async def _opened(stage: Stage, ground: Ground) -> Visit:
    given, sso, inbox = stage.target.appointments, stage.target.sso, stage.inbox
    if given is None or sso is None or inbox is None:
        raise StuckError(
            Text(
                "Ce scénario demande les sections [appointments] et [sso] du fichier de cible.",
                "This scenario needs the sections [appointments] and [sso] of the target file.",
            )
        )
    platform = Platform(inbox.url, urlsplit(inbox.url).path.rstrip("/"), stage.now)
    inbox.answer_with(platform)
    drives = given.booking is Booking.REFERENCE
    named = stage.target.test_data[ground.key]
    booker: Booker = ReferenceBooker(stage, sso, given) if drives else OperatorBooker(sso, inbox.url)
    return Visit(
        stage,
        inbox,
        platform,
        booker,
        await people(stage, sso),
        named if isinstance(named, str) else named[0],
        ground,
        given.wait,
    )
