"""Who books, moves, cancels, honours: a person who is told what to do, or we on the pages of our reference agenda.

Both answer the same way: what was asked for, whether it was seen to be done, and what to show while its message is
awaited. A person's deeds are seen by nobody: `recette.catalogue.appointments.visit` looks for their trace in the
search.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from recette.catalogue.browser import Browser, Form, Page
from recette.checks.appointment import ChangeKind, Done, Offered, Patient
from recette.checks.regulators import Account
from recette.model import AppointmentsTarget, Exchange, SignOnTarget, Stage
from sas_kernel.clock import PARIS
from sas_kernel.errors import SasError
from sas_kernel.identifiers import PRACTITIONER_SYSTEM, REGULATOR_SYSTEM
from sas_kernel.text import Text


class StuckError(SasError):
    """Nothing more can be done in this scenario. The text says why, and nobody is to blame for it yet."""


@dataclass(frozen=True, slots=True)
class Person:
    """A regulator whom the provider knows: how he signs in, and the account an editor ought to have of him."""

    account: Account
    login: str
    password: str = field(repr=False)

    @property
    def technical(self) -> bool:
        return self.account.system == REGULATOR_SYSTEM


async def people(stage: Stage, sso: SignOnTarget) -> tuple[Person, ...]:
    """The provider's test identities that ought to be let in; raises `StuckError`."""
    exchange = await stage.fetch(f"{sso.issuer}/test-identities", headers=(("Accept", "application/json"),))
    try:
        if exchange.response is None or exchange.response.status != 200:
            raise ValueError
        rows = [row for row in json.loads(exchange.response.body)["identities"] if row["fault"] is None]
        known = [
            Person(
                Account(
                    row["identifier"]["system"],
                    "IDNPS" if row["identifier"]["system"] == PRACTITIONER_SYSTEM else "INTRN",
                    row["identifier"]["value"],
                    row["family"],
                    row["given"],
                    row["email"],
                ),
                row["login"],
                row["password"],
            )
            for row in rows
            if row["expected"] == "granted"
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise StuckError(
            Text(
                "Le fournisseur d’identité ne donne pas ses identités d’essai ({u}).",
                "The identity provider does not give its test identities ({u}).",
            ).format(u=f"{sso.issuer}/test-identities")
        ) from error
    return tuple(sorted(known, key=lambda person: person.login != sso.login))


@dataclass(frozen=True, slots=True)
class Act:
    """Something done or asked for. `what` is shown while its message is awaited; `page`: the appointment's own page."""

    done: Done
    what: Text
    page: str = ""


class Booker(Protocol):
    """Does something to appointments, or has it done. Each raises `StuckError` when it cannot."""

    @property
    def drives(self) -> bool:
        """Whether it does by itself what it is asked, clearing up included."""
        ...

    async def book(self, person: Person, patient: Patient, slot: Offered, among: tuple[Offered, ...]) -> Act: ...

    async def move(self, person: Person, act: Act, slot: Offered, among: tuple[Offered, ...]) -> Act: ...

    async def cancel(self, person: Person, act: Act) -> Act: ...

    async def honour(self, act: Act) -> Act: ...

    async def mark_absent(self, act: Act) -> Act: ...

    async def answer(self, act: Act, *, consents: bool) -> Act:
        """The association answers a request."""
        ...


# --- a person --------------------------------------------------------------------------------------------------------


def with_origin(comment: str, origin: str) -> str:
    """A booking address as the platform sends a regulator to it."""
    address, mark, fragment = comment.partition("#")
    return f"{address}{'&' if '?' in address else '?'}origin={origin}{mark}{fragment}"


def local(at: datetime) -> Text:
    """An instant as people of the place say it, after a noun."""
    here = at.astimezone(PARIS)
    return Text(f"du {here:%d/%m/%Y} à {here:%H:%M}", f"of {here:%d/%m/%Y} at {here:%H:%M}")


class OperatorBooker:
    """A person in front of the editor's agenda, told each step in plain words."""

    drives = False

    def __init__(self, sso: SignOnTarget, inbox_url: str) -> None:
        self._inbox_url = inbox_url
        self._origin = sso.origin
        self._issuer = sso.issuer

    async def book(self, person: Person, patient: Patient, slot: Offered, among: tuple[Offered, ...]) -> Act:
        what = Text(
            "À vous : ouvrez {u}, connectez-vous comme « {l} » ({n} ; mot de passe : {i}) et réservez le créneau {s} "
            "pour {p}, né(e) le {b}, téléphone {t}, motif « {r} ». L’éditeur doit le transmettre à {x}.",
            "Your turn: open {u}, sign in as '{l}' ({n}; password: {i}) and book the slot {s} for {p}, born on {b}, "
            "phone {t}, reason '{r}'. The editor has to tell {x} of it.",
        ).format(
            u=with_origin(slot.comment, self._origin),
            l=person.login,
            i=f"{self._issuer}/test-identities",
            x=self._inbox_url,
            n=f"{person.account.given} {person.account.family}",
            s=local(slot.start),
            p=f"{patient.given} {patient.family}",
            b=patient.birth_date.strftime("%d/%m/%Y"),
            t=patient.phone,
            r=patient.reason,
        )
        return Act(Done(ChangeKind.BOOKING, among, None, sure=False), what)

    async def move(self, person: Person, act: Act, slot: Offered, among: tuple[Offered, ...]) -> Act:
        what = Text(
            "À vous : déplacez ce rendez-vous au créneau {s}.", "Your turn: move this appointment to the slot {s}."
        ).format(s=local(slot.start))
        return Act(Done(ChangeKind.MOVE, among, None, sure=False), what)

    async def cancel(self, person: Person, act: Act) -> Act:
        return self._same_slot(
            act,
            ChangeKind.CANCELLATION,
            Text("À vous : annulez ce rendez-vous {s}.", "Your turn: cancel this appointment {s}."),
        )

    async def honour(self, act: Act) -> Act:
        return self._same_slot(
            act,
            ChangeKind.HONOURED,
            Text(
                "À vous : notez que le patient est venu au rendez-vous {s}.",
                "Your turn: note that the patient came to the appointment {s}.",
            ),
        )

    async def mark_absent(self, act: Act) -> Act:
        return self._same_slot(
            act,
            ChangeKind.ABSENCE,
            Text(
                "À vous : notez que le patient n’est pas venu au rendez-vous {s}.",
                "Your turn: note that the patient did not come to the appointment {s}.",
            ),
        )

    async def answer(self, act: Act, *, consents: bool) -> Act:
        if consents:
            what = Text(
                "À vous : pour l’association, acceptez la demande de rendez-vous {s}.",
                "Your turn: for the association, accept the request for the appointment {s}.",
            )
            return self._same_slot(act, ChangeKind.CONSENT, what)
        what = Text(
            "À vous : pour l’association, refusez la demande de rendez-vous {s}.",
            "Your turn: for the association, refuse the request for the appointment {s}.",
        )
        return self._same_slot(act, ChangeKind.REFUSAL, what)

    def _same_slot(self, act: Act, kind: ChangeKind, what: Text) -> Act:
        slots = act.done.slots
        when = local(slots[0].start) if len(slots) == 1 else Text("que vous avez pris", "you have made")
        return Act(Done(kind, slots, None, sure=False), what.format(s=when))


# --- the pages of the reference agenda -------------------------------------------------------------------------------


class ReferenceBooker:
    """Our own agenda's pages, as a regulator and as the practice's staff use them."""

    drives = True

    def __init__(self, stage: Stage, sso: SignOnTarget, appointments: AppointmentsTarget) -> None:
        self._stage = stage
        self._sso = sso
        self._appointments = appointments
        self._browsers: dict[str, Browser] = {}
        self._staff: Browser | None = None

    async def book(self, person: Person, patient: Patient, slot: Offered, among: tuple[Offered, ...]) -> Act:
        browser = self._browsers.setdefault(person.login, Browser(self._stage))
        page = await self.entered(browser, person, with_origin(slot.comment, self._sso.origin))
        page = await self.opened(browser, page, slot)
        return await self.filled_in(browser, page, patient, slot)

    async def opened(self, browser: Browser, page: Page, slot: Offered) -> Page:
        """From the agenda, the page on which a slot is booked."""
        address = page.link(f"//a[@data-slot='{slot.id}']")
        if address is None:
            raise _stuck(page, f"a[data-slot={slot.id}]")
        return await browser.get(address)

    async def filled_in(self, browser: Browser, page: Page, patient: Patient, slot: Offered) -> Act:
        """The booking itself: the form of that page, sent for a patient."""
        booked = await browser.submit(
            page,
            _form(page, "booking"),
            family=patient.family,
            given=patient.given,
            birth_date=patient.birth_date.isoformat(),
            phone=patient.phone,
            reason=patient.reason,
        )
        if not booked.values("//main/@data-appointment"):
            raise _stuck(booked, "main[data-appointment]")
        done = Done(ChangeKind.BOOKING, (slot,), _confirmed(booked), sure=True, proof=booked.exchanges[:1])
        return Act(done, AWAITED, booked.url.partition("?")[0])

    async def move(self, person: Person, act: Act, slot: Offered, among: tuple[Offered, ...]) -> Act:
        browser = self._browsers[person.login]
        page = await browser.get(act.page)
        address = page.link("//a[@id='move']")
        if address is None:
            raise _stuck(page, "a#move")
        page = await browser.get(address)
        number = slot.id.rpartition("-")[2]
        form = _form(page, lambda form: form.fields.get("slot", "").rpartition("-")[2] == number)
        return _acted(act, ChangeKind.MOVE, await browser.submit(page, form), (slot,))

    async def cancel(self, person: Person, act: Act) -> Act:
        return await self._press(self._browsers[person.login], act, "cancel", ChangeKind.CANCELLATION)

    async def honour(self, act: Act) -> Act:
        return await self._press(await self._practice(act), act, "honour", ChangeKind.HONOURED)

    async def mark_absent(self, act: Act) -> Act:
        return await self._press(await self._practice(act), act, "no-show", ChangeKind.ABSENCE)

    async def answer(self, act: Act, *, consents: bool) -> Act:
        staff = await self._practice(act)
        button, kind = ("accept", ChangeKind.CONSENT) if consents else ("refuse", ChangeKind.REFUSAL)
        return await self._press(staff, act, button, kind)

    async def _press(self, browser: Browser, act: Act, button: str, kind: ChangeKind) -> Act:
        page = await browser.get(act.page)
        return _acted(act, kind, await browser.submit(page, _form(page, button)), act.done.slots)

    async def entered(self, browser: Browser, person: Person, address: str) -> Page:
        """The agenda, past the provider's login page and the terms where they come."""
        page = await browser.get(address)
        login = page.form("login")
        if login is not None:
            page = await browser.submit(page, login, email=person.login, password=person.password)
        return await _agreed(browser, page)

    async def _practice(self, act: Act) -> Browser:
        """The staff's browser, signed in."""
        if self._staff is None:
            given = self._appointments
            if not given.staff_login:
                raise StuckError(
                    Text(
                        "[appointments] du fichier de cible ne donne pas staff_login et staff_password.",
                        "[appointments] of the target file gives no staff_login and staff_password.",
                    )
                )
            browser = Browser(self._stage)
            page = await browser.get(act.page)
            page = await browser.submit(
                page, _form(page, "login"), login=given.staff_login, password=given.staff_password
            )
            page = await _agreed(browser, page)
            if page.form("login") is not None:
                raise _stuck(page, "main")
            self._staff = browser
        return self._staff


async def _agreed(browser: Browser, page: Page) -> Page:
    """The page that was asked for, past the terms where they come first."""
    terms = page.form("terms")
    return page if terms is None else await browser.submit(page, terms, accept=terms.fields.get("accept", "on"))


AWAITED = Text("Attente du message de l’éditeur", "Waiting for the editor's message")


def _form(page: Page, wanted: str | Callable[[Form], bool]) -> Form:
    form = page.form(wanted)
    if form is None:
        raise _stuck(page, f"form#{wanted}" if isinstance(wanted, str) else "form")
    return form


def _acted(act: Act, kind: ChangeKind, page: Page, slots: tuple[Offered, ...]) -> Act:
    if page.status != 200:
        raise _stuck(page, "main")
    return Act(Done(kind, slots, _confirmed(page), sure=True, proof=page.exchanges[:1]), AWAITED, act.page)


def _confirmed(page: Page) -> datetime:
    """When the answer to the form had been read."""
    posted: Exchange = page.exchanges[0]
    return posted.sent_at + timedelta(seconds=posted.timings.total)


def _stuck(page: Page, wanted: str) -> StuckError:
    return StuckError(
        Text(
            "La page {p} de l’agenda (statut {s}) ne porte pas {w}.", "The agenda's page {p} (status {s}) has no {w}."
        ).format(p=page.path, s=page.status, w=wanted)
    )
