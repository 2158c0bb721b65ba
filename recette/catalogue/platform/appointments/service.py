"""What is not offered, and what a platform survives."""

from __future__ import annotations

from recette.catalogue.platform.appointments.conversation import EVERY_SCENARIO, conversation
from recette.catalogue.tags import Tag
from recette.checks.platform_appointment_refusals import refused
from recette.checks.platform_appointments import KEPT_AFTER_DELETE, Case, Pair, accepted
from recette.model import Actor, Scenario, Stage
from sas_kernel.flows import Flow
from sas_kernel.text import Text

_READ = refused(
    "reception.offered_reading",
    "APPT-150",
    Text("Les rendez-vous des autres ne se lisent pas", "Nobody reads the others' appointments"),
    Text("GET /Appointment rend des rendez-vous.", "GET /Appointment returns appointments."),
)
_DELETE = refused(
    "reception.offered_deleting",
    "APPT-151",
    Text("DELETE est refusé", "DELETE is refused"),
    Text("DELETE /Appointment est accepté.", "DELETE /Appointment is accepted."),
)
_OFFERED_CHECKS = (_READ, _DELETE, KEPT_AFTER_DELETE, *EVERY_SCENARIO)


async def _offered(stage: Stage) -> None:
    async with conversation(stage, _OFFERED_CHECKS) as talk:
        if talk is None:
            return
        booking = talk.booking()
        made = await talk.create(booking)
        talk.judge((_READ,), Case(await talk.ask("GET", "/Appointment"), (made,)))
        condition = booking.token.replace("|", "%7C")
        told = await talk.ask("DELETE", f"/Appointment?identifier={condition}")
        talk.judge((_DELETE,), Case(told, (made,)))
        talk.judge((KEPT_AFTER_DELETE,), Pair(made, await talk.update(booking)))


OFFERED = Scenario(
    "appointments.platform.offered",
    Flow.APPOINTMENTS,
    Text("Lire et effacer ne sont pas offerts", "Reading and deleting are not offered"),
    _OFFERED_CHECKS,
    _offered,
    actor=Actor.PLATFORM,
    tags=(Tag.REFUSALS,),
)

_SURVIVES = accepted(
    "reception.service_survives",
    "APPT-153",
    Text("Le service continue après des messages absurdes", "The service goes on after absurd messages"),
    Text(
        "Après des messages absurdes, un rendez-vous complet n’est plus accepté.",
        "After absurd messages, a complete appointment is no longer accepted.",
    ),
)
_SURVIVAL_CHECKS = (_SURVIVES, *EVERY_SCENARIO)

_ABSURD = (
    bytes(range(256)) * 8,
    b"[" * 20_000,
    b'{"resourceType":"Appointment","status":' + b'{"a":' * 2_000,
    b'{"resourceType":"Appointment","identifier":[{"system":[],"value":{}}],"start":1e400}',
    '{"resourceType":"Appointment","meta":{"profile":"\ud800"}}'.encode("utf-8", "surrogatepass"),
    b'{"resourceType":"Appointment","comment":"' + b"x" * 300_000 + b'"}',
)


async def _survive(stage: Stage) -> None:
    async with conversation(stage, _SURVIVAL_CHECKS) as talk:
        if talk is None:
            return
        usual = await talk.create(talk.booking())
        for body in _ABSURD:
            await talk.create(talk.booking(), body=body)
        talk.judge((_SURVIVES,), Case(await talk.create(talk.booking()), (usual,)))


SURVIVAL = Scenario(
    "appointments.platform.survival",
    Flow.APPOINTMENTS,
    Text("Un rendez-vous après des messages absurdes", "An appointment after absurd messages"),
    _SURVIVAL_CHECKS,
    _survive,
    actor=Actor.PLATFORM,
    tags=(Tag.RESILIENCE,),
)

SCENARIOS: tuple[Scenario, ...] = (OFFERED, SURVIVAL)
