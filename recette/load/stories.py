"""What goes on beside the searches: each kind of journey, told in the scenarios' own words, judged by their checks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from recette.catalogue.appointments.bookers import Act, ReferenceBooker, StuckError
from recette.catalogue.appointments.bookers import Person as Booking
from recette.catalogue.appointments.platform import Platform
from recette.catalogue.appointments.visit import PRACTICE, Visit
from recette.catalogue.browser import Browser, Page
from recette.catalogue.regulators import conversation as accounts_talk
from recette.catalogue.regulators import creation, updates
from recette.catalogue.slot_search import associations as sos_searches
from recette.catalogue.slot_search import communities
from recette.catalogue.slot_search import conversation as searches
from recette.catalogue.sso import conversation as sso_talk
from recette.catalogue.sso.ground import Ground, Groundless, Person
from recette.catalogue.sso.people import SIGNED_IN, judge_sign_in
from recette.checks import exchange, load, slots
from recette.checks.answer import Answer
from recette.checks.appointment import ChangeKind, Mail, Offered, Patient
from recette.checks.appointment_content import CONTENT as MESSAGE_CONTENT
from recette.checks.appointment_delivery import ANNOUNCED, ONCE, STABLE
from recette.checks.appointment_form import CREATION, FORM, UPDATE
from recette.checks.appointment_people import PEOPLE
from recette.checks.appointment_privacy import LEAKS, PRIVACY
from recette.checks.associations import CONTENT as ASSOCIATION_CONTENT
from recette.checks.associations import Sites
from recette.checks.exchange import Journal
from recette.checks.message_conformance import APPOINTMENT
from recette.checks.regulators import Case, Pair
from recette.checks.sso import NOBODY_NAMED
from recette.load.mailroom import Letters, Mailroom
from recette.load.stage import JourneyStage
from recette.model import Check
from sas_kernel.flows import Flow
from sas_kernel.text import Text

WHOLE_JOURNEY = "journey"
"""The step that is all of a journey, from the moment it was due."""


@dataclass(slots=True)
class World:
    """What all journeys of a load share: whom the provider knows, whose slots are booked, our endpoint."""

    ground: Ground | None = None
    bookers: Sequence[Booking] = ()
    mailroom: Mailroom | None = None
    platform: Platform | None = None
    used: set[str] = field(default_factory=set)
    """The slots that some journey has taken: none takes one twice."""
    provisioned: set[str] = field(default_factory=set)
    patience: float = 30.0


Story = Callable[[JourneyStage, World], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Told:
    """A kind of journey: its flow, what may be judged in it, and how it goes."""

    flow: Flow
    title: Text
    checks: tuple[Check, ...]
    story: Story


# --- accounts (INT_R02) ----------------------------------------------------------------------------------------------


async def _accounts(stage: JourneyStage, world: World) -> None:
    """A regulator's account is made, changes its e-mail address, and is disabled, as at the end of any scenario."""
    national = stage.journey % 2 == 0
    account = accounts_talk.with_national_id() if national else accounts_talk.with_technical_id()
    async with accounts_talk.conversation(stage) as talk:
        with stage.step("create"):
            created = await talk.create(account)
        taken = creation.NATIONAL_ACCEPTED if national else creation.TECHNICAL_ACCEPTED
        talk.judge((taken, *creation.ABOUT_CREATION), Case(created))
        changed = replace(account, email=accounts_talk.with_national_id().email)
        with stage.step("update"):
            updated = await talk.update(account, changed)
        talk.judge((updates.EMAIL_ACCEPTED, *updates.ABOUT_UPDATE), Case(updated, (created,)))
        talk.judge((updates.SAME_ACCOUNT,), Pair(created, updated))


_ACCOUNTS = Told(
    Flow.REGULATORS,
    Text("Comptes de régulateurs sous charge", "Regulators' accounts under load"),
    tuple(
        dict.fromkeys(
            (
                *(creation.NATIONAL_ACCEPTED, creation.TECHNICAL_ACCEPTED, *creation.ABOUT_CREATION),
                *(updates.EMAIL_ACCEPTED, *updates.ABOUT_UPDATE, updates.SAME_ACCOUNT),
                *accounts_talk.EVERY_SCENARIO,
            )
        )
    ),
    _accounts,
)

# --- sign-ons --------------------------------------------------------------------------------------------------------


async def _sign_on(stage: JourneyStage, world: World) -> None:
    """The platform sends a regulator to the agenda: he signs on, and looks at it."""
    assert world.ground is not None
    people = [person for person in world.ground.people if not person.fault]
    talk = sso_talk.Conversation(stage, world.ground.provider, tuple(people), world.ground.address)
    try:
        person: Person = people[stage.journey % len(people)]
        with stage.step("sign_on"):
            arrival = await talk.sign_in(talk.browser(), person)
        judge_sign_in(talk, arrival)
    except Groundless as error:
        raise StuckError(error.reason) from error
    finally:
        await talk.clear_up()


_SIGN_ONS = Told(
    Flow.SSO,
    Text("Connexions sous charge", "Sign-ons under load"),
    (*SIGNED_IN, *sso_talk.EVERY_SCENARIO, NOBODY_NAMED),
    _sign_on,
)

# --- bookings and their messages (INT_R03) ---------------------------------------------------------------------------

_SEARCHED: tuple[Check, ...] = (*exchange.ANSWERED, slots.SOME)
_OF_A_MESSAGE: tuple[Check, ...] = (*MESSAGE_CONTENT, *PEOPLE, *PRIVACY, APPOINTMENT)


class _Booker(ReferenceBooker):
    """The reference agenda's pages, each step timed."""

    def __init__(self, stage: JourneyStage) -> None:
        assert stage.target.sso is not None
        assert stage.target.appointments is not None
        super().__init__(stage, stage.target.sso, stage.target.appointments)
        self._steps = stage

    async def entered(self, browser: Browser, person: Booking, address: str) -> Page:
        with self._steps.step("sign_on"):
            return await super().entered(browser, person, address)

    async def opened(self, browser: Browser, page: Page, slot: Offered) -> Page:
        with self._steps.step("page"):
            return await super().opened(browser, page, slot)

    async def filled_in(self, browser: Browser, page: Page, patient: Patient, slot: Offered) -> Act:
        with self._steps.step("booking"):
            return await super().filled_in(browser, page, patient, slot)

    async def cancel(self, person: Booking, act: Act) -> Act:
        with self._steps.step("cancellation"):
            return await super().cancel(person, act)


class _Visit(Visit):
    """A visit among others, whose searches are timed and whose messages are told apart by the slot it took."""

    chosen = False
    """Whether there was a slot to take: without one, nobody can tell whose fault it is that nothing was booked."""

    async def search(self) -> Answer:
        stage = self.stage
        assert isinstance(stage, JourneyStage)
        with stage.step("search"):
            answer = await Visit.search(self)
        found = Journal(answer.exchanges, stage.levels["slot_search.answer_timeout"])
        self.judge((exchange.WHOLE, exchange.IN_TIME), found)
        self.judge(_SEARCHED, answer)
        return answer

    async def choose(self) -> tuple[Offered, tuple[Offered, ...]]:
        slot, there = await Visit.choose(self)
        assert isinstance(self.inbox, Letters)
        self.inbox.expect(slot.start)
        self.chosen = True
        return slot, there


async def _booking(stage: JourneyStage, world: World) -> None:
    """A regulator searches, is sent to the agenda, signs on, books; we are told; the appointment is cancelled."""
    assert world.mailroom is not None
    assert world.platform is not None
    stage.inbox = letters = Letters(world.mailroom)
    visit = _Visit(
        stage,
        letters,
        world.platform,
        _Booker(stage),
        tuple(world.bookers),
        str(stage.target.test_data[PRACTICE.key]),
        PRACTICE,
        world.patience,
        used=world.used,
        provisioned=world.provisioned,
    )
    person = world.bookers[stage.journey % len(world.bookers)]
    try:
        appointment = await visit.book(person)
        booked = visit.course(appointment).steps[0]
        first, at = booked.messages[0], booked.done.at
        due = stage.watch.of(at) if at is not None else stage.steps[-1].done
        stage.note("push", due, due, max(stage.watch.of(first.at), due), exchange=first.exchange.id)
        visit.judge((load.BOOKED,), load.Reached(exchanges=booked.done.proof))
        visit.judge((CREATION,), booked)
        visit.judge_told(_OF_A_MESSAGE, visit.told(appointment, booked))
        cancelled = await visit.cancel(appointment)
        visit.judge((UPDATE,), cancelled)
        visit.judge_told(_OF_A_MESSAGE, visit.told(appointment, cancelled))
        visit.judge((ONCE, STABLE), visit.course(appointment))
        visit.judge(FORM, Mail(visit.messages()))
    except StuckError as error:
        if visit.chosen and not stage.went("booking"):
            visit.judge((load.BOOKED,), load.Reached(error.text, tuple(stage.exchanges[-1:])))
        raise
    finally:
        await visit.clear_up()
        if visit.messages():
            visit.judge((LEAKS,), Mail(visit.messages(), tuple(visit.patients)))


_BOOKINGS = Told(
    Flow.APPOINTMENTS,
    Text("Rendez-vous et leurs messages sous charge", "Appointments and their messages under load"),
    tuple(
        dict.fromkeys(
            (
                *(load.BOOKED, exchange.WHOLE, exchange.IN_TIME, *_SEARCHED),
                *(ANNOUNCED[ChangeKind.BOOKING], ANNOUNCED[ChangeKind.CANCELLATION]),
                *(CREATION, UPDATE, ONCE, STABLE, *FORM, *_OF_A_MESSAGE, LEAKS),
            )
        )
    ),
    _booking,
)

# --- searches of other kinds -----------------------------------------------------------------------------------------

CPTS_DATA = ("practitioner_one_cpts", "practitioner_two_cpts")


async def _cpts(stage: JourneyStage, world: World) -> None:
    known = [key for key in CPTS_DATA if stage.target.test_data.get(key)]
    async with searches.conversation(stage) as talk:
        query = talk.query(talk.one(known[stage.journey % len(known)])).of_cpts()
        with stage.step("search"):
            answer = await talk.ask(query)
        talk.judge(communities.CONTENT, answer)


_CPTS = Told(
    Flow.SLOT_SEARCH,
    Text("Recherches avec les CPTS sous charge", "Searches with the CPTS under load"),
    tuple(dict.fromkeys((*communities.CONTENT, *searches.EVERY_SCENARIO))),
    _cpts,
)


async def _sos(stage: JourneyStage, world: World) -> None:
    async with searches.conversation(stage) as talk:
        known = talk.many(sos_searches.NEEDS[0])
        with stage.step("search"):
            answer = await talk.ask(sos_searches.asking([known[stage.journey % len(known)]], talk.window))
        talk.judge(sos_searches.OF_AN_ANSWER, answer)
        talk.judge(ASSOCIATION_CONTENT, Sites(answer))


_SOS = Told(
    Flow.SLOT_SEARCH,
    Text("Recherches SOS Médecins sous charge", "SOS Médecins searches under load"),
    tuple(dict.fromkeys((*sos_searches.OF_AN_ANSWER, *ASSOCIATION_CONTENT, *searches.EVERY_SCENARIO))),
    _sos,
)

STORIES: dict[str, Told] = {
    "accounts": _ACCOUNTS,
    "sign_ons": _SIGN_ONS,
    "bookings": _BOOKINGS,
    "cpts": _CPTS,
    "sos": _SOS,
}
