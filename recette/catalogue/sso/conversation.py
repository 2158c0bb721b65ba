"""How a scenario plays a person who signs on: who there is, what the editor is told of them, and their browsers.

The people are those of the provider's list of test identities, or the one the target file names. Before somebody signs
on, the editor is told of the account as the platform would tell it (INT_R02). Accounts of people who exist for tests
only are disabled at the end; those of regulators the platform itself manages are left as the platform has them.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from recette.catalogue.browser import Browser
from recette.catalogue.regulators.conversation import resource, written
from recette.catalogue.sso.ground import Groundless, Person, ground
from recette.checks.cookies import cookies_set
from recette.checks.page import Form, Page
from recette.checks.regulators import Account, Told
from recette.checks.sso import (
    CLEARED,
    NO_CRASH,
    NO_SECRET,
    NOBODY_NAMED,
    NOT_ADMITTED,
    WHOLE,
    Cleared,
    Travelled,
    Visit,
)
from recette.checks.sso_pages import (
    GIVEN,
    NEEDS_A_BROWSER,
    Agenda,
    Kind,
    Provider,
    booking_means,
    kind_of,
    login_form,
    patient_form,
    place,
    terms_form,
    told,
)
from recette.checks.sso_request import Entry
from recette.model import Check, Evidence, Exchange, Scenario, SignOnTarget, Stage
from sas_kernel.flows import Flow
from sas_kernel.identifiers import PRACTITIONER_SYSTEM
from sas_kernel.text import Text

EVERY_SCENARIO: tuple[Check, ...] = (WHOLE, NO_CRASH, NO_SECRET)
"""What is checked of all the exchanges of any scenario."""

STRANGE_ORIGIN = "recette-origine-inconnue"
"""A value of `origin` no editor is told of."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """The pages a person met, in order: the last one is where the way ended."""

    pages: tuple[Page, ...]

    @property
    def page(self) -> Page:
        return self.pages[-1]

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return tuple(exchange for page in self.pages for exchange in page.traffic)


@dataclass(slots=True)
class Conversation:
    """One scenario's people, browsers and accounts."""

    stage: Stage
    provider: Provider
    people: tuple[Person, ...]
    address: str
    """Where an appointment is booked: the address a slot of the editor gives."""
    judged: set[str] = field(default_factory=set)
    browsers: list[Browser] = field(default_factory=list)
    heard: list[Exchange] = field(default_factory=list)
    names: dict[str, None] = field(default_factory=dict)
    enabled: dict[str, Person] = field(default_factory=dict)
    redirect_uri: str = ""
    _agenda: Agenda | None = None

    # --- people ------------------------------------------------------------------------------------------------------

    @property
    def newcomer(self) -> Person:
        """Somebody whose account we may make and disable at will; `Groundless` when there is nobody."""
        try:
            return self.with_fault("inactive_account")
        except Groundless:
            if self.regulator.account is None:
                raise
            return self.regulator

    @property
    def regulator(self) -> Person:
        """Somebody who has every right. `Groundless` when the provider knows nobody."""
        good = [person for person in self.people if not person.fault]
        national = [p for p in good if p.account is not None and p.account.system == PRACTITIONER_SYSTEM]
        for person in (*national, *good):
            return person
        raise Groundless(
            Text("Le fournisseur ne nomme aucun régulateur d’essai.", "The provider names no test regulator.")
        )

    def with_fault(self, fault: str) -> Person:
        """The person whose tokens have this fault; `Groundless` when the provider has none."""
        for person in self.people:
            if person.fault == fault and person.account is not None:
                return person
        raise Groundless(
            Text(
                "Le fournisseur n’a pas d’identité d’essai « {f} ».", "The provider has no test identity '{f}'."
            ).format(f=fault)
        )

    async def tell_account(self, person: Person, *, active: bool = True) -> Told | None:
        """Put the person's account at the editor as the platform would; None for somebody of whom it is not known."""
        if person.account is None:
            return None
        account = replace(person.account, active=active)
        answer = await self._account("PUT", f"/Practitioner?identifier={written(account.token)}", account)
        if not answer.accepted:
            raise Groundless(
                Text(
                    "Le compte de la personne n’est pas accepté par l’éditeur ({s}).",
                    "The person's account is not accepted by the editor ({s}).",
                ).format(s=answer.outcome)
            )
        self._note(person, active)
        return answer

    async def new_account(self, person: Person) -> bool:
        """Have an account made that nobody has used: the old one is disabled, which frees its identifier.

        Whether the editor says it is another account than before; a target may instead take up the old one.
        """
        assert person.account is not None
        before = await self.tell_account(person, active=False)
        created = await self._account("POST", "/Practitioner", person.account)
        if created.accepted:
            self._note(person, True)
            return created.account_id is not None and before is not None and created.account_id != before.account_id
        await self.tell_account(person)
        return False

    async def _account(self, method: str, target: str, account: Account) -> Told:
        headers = (("Accept", "application/json+fhir"), ("Content-Type", "application/fhir+json"))
        body = json.dumps(resource(account), ensure_ascii=False).encode()
        return Told(await self.stage.send(target, method=method, headers=headers, body=body), account)

    def _note(self, person: Person, active: bool) -> None:
        assert person.account is not None
        if active and person.fault:
            self.enabled[person.account.token] = person
        else:
            self.enabled.pop(person.account.token, None)

    # --- browsers ----------------------------------------------------------------------------------------------------

    def browser(self, stops: Callable[[str], bool] | None = None) -> Browser:
        """A new browser, which has never been anywhere."""
        new = Browser(self.stage) if stops is None else Browser(self.stage, stops=stops)
        self.browsers.append(new)
        return new

    @property
    def sso(self) -> SignOnTarget:
        assert self.stage.target.sso is not None
        return self.stage.target.sso

    def entry(self, origin: str | None = None) -> str:
        """The booking address with `origin` as the platform adds it: among the parameters, before any fragment."""
        parts = urlsplit(self.address)
        query = f"{parts.query}&" if parts.query else ""
        return parts._replace(query=f"{query}origin={self.sso.origin if origin is None else origin}").geturl()

    @property
    def glued(self) -> str:
        """The booking address with `&origin=` put behind it, as the acceptance kit does."""
        return f"{self.address}&origin={self.sso.origin}"

    async def arrive(self, browser: Browser, url: str | None = None) -> Page:
        """Go somewhere: to the booking address with `origin`, unless told where."""
        page = await browser.get(url or self.entry())
        self.heard += page.traffic
        return page

    async def sign_in(
        self, browser: Browser, person: Person, url: str | None = None, *, accept: bool = True
    ) -> Arrival:
        """Arrive, sign in at the provider when it asks, and accept the terms when they are asked (`accept`)."""
        self.names.update(dict.fromkeys(person.words))
        pages = [await self.arrive(browser, url)]
        form = login_form(pages[-1])
        if form is not None and self.provider.holds(pages[-1].url):
            pages.append(await self.fill_in(browser, pages[-1], form, person))
        if accept and (form := terms_form(pages[-1])) is not None and not self.provider.holds(pages[-1].url):
            pages.append(await self.accept(browser, pages[-1], form))
            if kind_of(pages[-1], self.provider) not in GIVEN:
                pages.append(await self.arrive(browser, url))  # some thank first, and open the agenda when asked again
        if self.provider.holds(pages[-1].url) and login_form(pages[-1]) is not None:
            raise Groundless(
                Text(
                    "Le fournisseur n’admet pas « {p} » : aucune page de l’éditeur n’a été vue.",
                    "The provider does not admit '{p}': no page of the editor was seen.",
                ).format(p=person.login)
            )
        return Arrival(tuple(pages))

    async def fill_in(self, browser: Browser, page: Page, form: Form, person: Person) -> Page:
        """Send the login form of a page."""
        secret = next(name for name, kind in form.kinds.items() if kind == "password")
        name = next((name for name, kind in form.kinds.items() if kind in {"email", "text"}), "login")
        sent = await browser.submit(page, form, **{name: person.login, secret: person.password})
        self.heard += sent.traffic
        return sent

    async def accept(self, browser: Browser, page: Page, form: Form) -> Page:
        """Accept the terms: tick every box, press the first button that has a name."""
        boxes = {name: value for name, value in form.offers.items() if form.kinds[name] == "checkbox"}
        pressed = dict([pair for pair in form.offers.items() if pair[0] not in boxes][:1])
        sent = await browser.submit(page, form, **boxes, **pressed)
        self.heard += sent.traffic
        return sent

    async def accept_terms(self, browser: Browser, page: Page) -> Page:
        """Accept the terms a page asks to accept."""
        form = terms_form(page)
        assert form is not None
        return await self.accept(browser, page, form)

    async def agenda(self) -> Agenda:
        """What a regulator with every right is given, in a browser of his own; `Groundless` when nobody is admitted."""
        if self._agenda is None:
            person = self.regulator
            await self.tell_account(person)
            browser = self.browser()
            page = (await self.sign_in(browser, person)).page
            kind = kind_of(page, self.provider)
            if kind is Kind.SCRIPT:
                raise Groundless(NEEDS_A_BROWSER)
            if kind not in GIVEN:
                raise Groundless(Text("{n} ({p})", "{n} ({p})").format(n=NOT_ADMITTED, p=told(page, kind)))
            self._agenda = await self._seen(browser, page)
        return self._agenda

    async def _seen(self, browser: Browser, page: Page) -> Agenda:
        """The agenda with the page behind the first of its means to book, and what a stranger gets there."""
        forms = {form.action for form in page.forms}
        address = next((each for each in booking_means(page) if each not in forms), None)
        desk = None if address is None else await self.arrive(browser, address)
        if address is None or desk is None or patient_form(desk) is None:
            return Agenda(page)
        return Agenda(page, desk, await self.arrive(self.browser(), address))

    async def tries(self, browser: Browser, agenda: Agenda) -> tuple[Page, ...]:
        """What somebody does who has been refused: ask again, without origin, and go straight to where one books."""
        pages = [await self.arrive(browser, self.address)]
        if agenda.desk is not None and agenda.for_strangers is not None and patient_form(agenda.for_strangers) is None:
            pages.append(await self.arrive(browser, agenda.desk.visited[0]))
        return tuple(pages)

    async def learn(self) -> None:
        """See where the editor sends a stranger: to come back where, and to sign in at which other places."""
        page = await self.arrive(self.browser())
        sent = Entry(page, self.provider).sent
        if sent is None:
            return
        self.redirect_uri = sent.get("redirect_uri", "")
        own = {place(self.address), place(self.stage.target.base_url), place(self.redirect_uri)}
        first = next(number for number, url in enumerate(page.visited) if self.provider.holds(url))
        self.provider = replace(self.provider, others=frozenset(map(place, page.visited[first:])) - own)

    def door(self) -> str:
        """Where the provider sends people back to, as the editor's request says; `Groundless` when it sends none."""
        if not self.redirect_uri:
            raise Groundless(
                Text(
                    "L’éditeur n’envoie pas de demande d’autorisation au fournisseur.",
                    "The editor sends no authorization request to the provider.",
                )
            )
        return self.redirect_uri.partition("?")[0]

    async def at_the_door(self, browser: Browser, person: Person) -> str:
        """Sign in at the provider and stop before going back: the address it sends back to, with code and state."""
        door = self.door()
        browser.stops = lambda url: url.partition("?")[0] == door
        back = (await self.sign_in(browser, person, accept=False)).page.onward
        browser.stops = lambda url: False
        if back is None or not back.startswith(door):
            raise Groundless(
                Text(
                    "Le fournisseur ne renvoie pas la personne chez l’éditeur.",
                    "The provider does not send the person back to the editor.",
                )
            )
        return back

    async def known_to_provider(self, person: Person) -> Browser:
        """A browser of somebody who is signed in at the provider and has never been at the editor."""
        browser = self.browser()
        await self.at_the_door(browser, person)
        return self.like(browser, editor=False)

    def like(self, browser: Browser, *, editor: bool) -> Browser:
        """A new browser that has the editor's cookies of another one, or all but those."""
        own = {
            ((urlsplit(each.request.url).hostname or "").lower(), name)
            for each in self.heard
            if not self.provider.holds(each.request.url)
            for name in cookies_set(each)
        }
        new = self.browser()
        new.cookies.update({k: value for k, value in browser.cookies.items() if ((k[0], k[2]) in own) is editor})
        for key, kept in browser.storage.items():
            if self.provider.holds(key[0]) is not editor:
                new.storage[key] = dict(kept)
        return new

    async def refused(self, browser: Browser, page: Page, agenda: Agenda) -> Visit:
        """The evidence of a refusal: the landing, and what the same browser gets afterwards."""
        return Visit(page, self.provider, agenda, await self.tries(browser, agenda))

    # --- judging -----------------------------------------------------------------------------------------------------

    def judge(self, check: Check, evidence: Evidence) -> None:
        self.judged.add(check.id)
        self.stage.judge(check, evidence)

    def skip(self, check: Check, reason: Text) -> None:
        self.judged.add(check.id)
        self.stage.skip(check, reason)

    async def clear_up(self) -> None:
        """Disable the test accounts, and judge all the exchanges of the scenario."""
        answers = []
        for person in tuple(self.enabled.values()):
            assert person.account is not None
            account = replace(person.account, active=False)
            answers.append(await self._account("PUT", f"/Practitioner?identifier={written(account.token)}", account))
        if answers:
            self.judge(CLEARED, Cleared(tuple(answers)))
        own = tuple(each for each in self.heard if not self.provider.holds(each.request.url))
        if own:
            travelled = Travelled(own, tuple(self.names))
            for check in (*EVERY_SCENARIO, *((NOBODY_NAMED,) if self.names else ())):
                self.judge(check, travelled)


Play = Callable[[Conversation], Awaitable[None]]


def scenario(
    name: str,
    title: Text,
    checks: Sequence[Check],
    play: Play,
    *,
    signs_on: bool = True,
    own_people: bool = False,
    tags: tuple[str, ...] = (),
) -> Scenario:
    """A scenario of this flow. What `play` could not judge is skipped, with the reason it gave.

    `signs_on`: somebody signs on in it; `own_people`: among them somebody who exists for tests only.
    """
    every = (
        *(*checks, *EVERY_SCENARIO),
        *((NOBODY_NAMED,) if signs_on else ()),
        *((CLEARED,) if own_people else ()),
    )

    async def played(stage: Stage) -> None:
        talk: Conversation | None = None
        try:
            found = await ground(stage)
            talk = Conversation(stage, found.provider, found.people, found.address)
            await talk.learn()
            await play(talk)
        except Groundless as error:
            for check in checks if talk is not None else every:
                if talk is None or check.id not in talk.judged:
                    stage.skip(check, error.reason)
        finally:
            if talk is not None:
                await talk.clear_up()

    return Scenario(f"sso.{name}", Flow.SSO, title, every, played, needs=("practitioner_one_place",), tags=tags)
