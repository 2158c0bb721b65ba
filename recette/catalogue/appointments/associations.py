"""SOS Médecins appointments: asked for by a regulator, then accepted or refused by the association."""

from __future__ import annotations

from recette.catalogue.appointments.life import BOOKED
from recette.catalogue.appointments.opening import visiting
from recette.catalogue.appointments.visit import EVERY_SCENARIO, Ground, Visit
from recette.catalogue.slot_search.associations import NEEDS, asking, not_served
from recette.catalogue.tags import Tag
from recette.checks import appointment_associations as sos
from recette.checks.appointment import Mail
from recette.checks.appointment_delivery import ONCE, STABLE
from recette.checks.appointment_form import CREATION, FORM, UPDATE
from recette.checks.appointment_privacy import PRIVACY
from recette.checks.appointment_slots import TAKEN, After
from recette.model import Check, Scenario
from sas_kernel.flows import Flow
from sas_kernel.text import Text

_GROUND = Ground(NEEDS[0], asking)
_OF_A_MESSAGE = (*sos.MESSAGE, *PRIVACY)


def _scenario(name: str, title: Text, announced: Check, state: Check, *, consents: bool) -> Scenario:
    of_the_answer = (*_OF_A_MESSAGE, state)
    checks = (
        *(BOOKED, announced, CREATION, UPDATE, TAKEN, ONCE, STABLE, sos.PENDING),
        *FORM,
        *of_the_answer,
        *EVERY_SCENARIO,
    )

    async def story(talk: Visit) -> None:
        appointment = await talk.book(talk.national)
        asked = talk.course(appointment).steps[0]
        talk.judge((CREATION,), asked)
        talk.judge_told((*_OF_A_MESSAGE, sos.PENDING), talk.told(appointment, asked))
        if appointment.slot is not None:
            talk.judge((TAKEN,), After(await talk.search(), appointment.slot))
        answered = await talk.answer(appointment, announced, consents=consents)
        talk.judge_told(of_the_answer, talk.told(appointment, answered))
        talk.judge((UPDATE,), answered)
        talk.judge((ONCE, STABLE), talk.course(appointment))
        talk.judge(FORM, Mail(talk.messages()))

    return Scenario(
        f"appointments.sos_{name}",
        Flow.APPOINTMENTS,
        title,
        checks,
        visiting(checks, story, _GROUND),
        needs=NEEDS,
        omitted=not_served,
        tags=(Tag.SOS, Tag.LIFECYCLE),
    )


CONSENT = _scenario(
    "consent",
    Text(
        "SOS Médecins : une demande que l’association accepte", "SOS Médecins: a request that the association accepts"
    ),
    sos.CONSENT_ANNOUNCED,
    sos.CONSENT,
    consents=True,
)
REFUSAL = _scenario(
    "refusal",
    Text("SOS Médecins : une demande que l’association refuse", "SOS Médecins: a request that the association refuses"),
    sos.REFUSAL_ANNOUNCED,
    sos.REFUSAL,
    consents=False,
)

SCENARIOS: tuple[Scenario, ...] = (CONSENT, REFUSAL)
