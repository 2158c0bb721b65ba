"""What is done at the platform, by us through its administration or by an operator who is told, and what comes of it.

We are the editor: a right one, but for the answers a scenario wants it to fail with.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from recette.catalogue.browser import Browser
from recette.checks.platform_regulators import Account, Expected, Message
from recette.model import Check, Dropped, Evidence, Exchange, Inbox, PlatformTarget, Request, Response, Stage, Timings
from sas_kernel.identifiers import REGULATOR_SYSTEM
from sas_kernel.text import Text

NO_INBOX = Text(
    "Personne n’écoute : donnez une section [platform], et déclarez-nous à la plateforme comme éditeur.",
    "Nobody listens: give a section [platform], and connect us to the platform as an editor.",
)
ONLY_DRIVEN = Text(
    "Sans admin_token dans [platform], nous ne savons pas quand la plateforme a su : ce contrôle n’est pas fait.",
    "Without admin_token in [platform] we do not know when the platform knew: this check is not made.",
)
_REFUSED = Text("L’administration de la plateforme a refusé ({s}).", "The platform's administration refused ({s}).")
_NOT_SIGNED_IN = Text("La connexion du régulateur n’a pas abouti.", "The regulator could not sign in.")
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_JSON = (("Content-Type", "application/fhir+json"),)
_DUPLICATE = b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"duplicate"}]}'
UNAVAILABLE = Response(503, (*_JSON, ("Retry-After", "0")), b'{"resourceType":"OperationOutcome","issue":[]}')


@dataclass(slots=True)
class RightEditor:
    """Our answers. `next` are given first, to messages about accounts that `about` likes."""

    base: str
    next: list[Response | Dropped] = field(default_factory=list)
    about: Callable[[Message], bool] = lambda message: True
    accounts: dict[str, str] = field(default_factory=dict)

    def __call__(self, request: Request) -> Response | Dropped:
        message = Message(_heard(request))
        if not message.about_accounts:
            return Response(404, _JSON, b'{"resourceType":"OperationOutcome","issue":[]}')
        if self.next and self.about(message):
            answer = self.next.pop(0)
            if isinstance(answer, Dropped):
                self._take(message)
            return answer
        if message.method == "POST" and message.token in self.accounts:
            return Response(422, _JSON, _DUPLICATE)
        known = self._take(message)
        location = f"{self.base}/Practitioner/{self.accounts[message.token]}"
        return Response(200 if known else 201, (("Location", location),), b"")

    def _take(self, message: Message) -> bool:
        """Note the account; whether it was known."""
        known = self.accounts.pop(message.condition, None) or self.accounts.get(message.token)
        self.accounts[message.token] = known or uuid.uuid4().hex
        return known is not None


def _heard(request: Request) -> Exchange:
    """A message that has no answer yet, to be read; when it came does not matter here."""
    return Exchange("", _LONG_AGO, request, Timings(None, 0.0))


@dataclass(slots=True)
class Regulator:
    """Somebody at the platform. `id` is its own, and empty where an operator made the account."""

    account: Account
    technical: bool
    id: str = ""
    password: str = ""
    tokens: set[str] = field(default_factory=set)
    """The identifiers under which messages have named the person."""

    def is_in(self, message: Message) -> bool:
        if self.account.email and self.account.email.casefold() in message.emails:
            return True
        return bool(self.tokens & {message.token, message.condition})

    def learn(self, message: Message) -> None:
        self.tokens |= {message.token, message.condition} - {"", "|"}


@dataclass(slots=True)
class Operations:
    """One scenario at the platform. `proof` are the exchanges of what we did there."""

    stage: Stage
    platform: PlatformTarget
    inbox: Inbox
    editor: RightEditor
    made: list[Regulator] = field(default_factory=list)
    proof: list[Exchange] = field(default_factory=list)

    @property
    def driven(self) -> bool:
        return bool(self.platform.admin_token)

    @property
    def count(self) -> int:
        """How many messages have come by now."""
        return len(self.inbox.arrivals)

    def messages(self, person: Regulator, since: int = 0) -> tuple[Message, ...]:
        found = []
        for message in map(Message, self.inbox.arrivals[since:]):
            if message.about_accounts and person.is_in(message):
                person.learn(message)
                found.append(message)
        return tuple(found)

    # --- what is done ----------------------------------------------------------------------------------------------

    async def enrol(self, *, technical: bool) -> Regulator:
        """A regulator nobody has told us of yet."""
        unique = uuid.uuid4().hex[:12]
        if not self.driven:
            return Regulator(Account(), technical)
        family, kind = ("QUERREC", "INTRN") if technical else ("BELLANGER", "IDNPS")
        account = Account(family, "Maëlle", f"recette.{unique}@recette.example.org", kind)
        person = Regulator(account, technical, password=f"Recette-{unique}")
        body = {
            "family": account.family,
            "given": account.given,
            "email": account.email,
            "territory": "SAS-99 Villefictive",
            "password": person.password,
        }
        if not technical:
            body["national_id"] = f"3990000058/{unique.upper()}"
        created = await self._administer("POST", "", body)
        person.id = str(created.get("id", ""))
        if person.id:
            self.made.append(person)
        return person

    async def rename(self, person: Regulator) -> Text | None:
        """Another family name; the reason where it could not be done."""
        person.account = replace(person.account, family="ARTIGUENAVE") if self.driven else person.account
        return await self._change(person, {"family": "ARTIGUENAVE"})

    async def attach(self, person: Regulator) -> Text | None:
        """A national id in the place of the technical one."""
        if self.driven:
            person.account = replace(person.account, kind="IDNPS")
        return await self._change(person, {"national_id": f"3990000058/{uuid.uuid4().hex[:12].upper()}"})

    async def _change(self, person: Regulator, change: dict[str, str]) -> Text | None:
        if not self.driven:
            return None
        changed = await self._administer("PATCH", f"/{person.id}", change)
        return None if changed else _REFUSED.format(s=self._last_status())

    async def deactivate(self, person: Regulator) -> Text | None:
        person.account = replace(person.account, active=False) if self.driven else person.account
        if not self.driven:
            return None
        self.made = [each for each in self.made if each is not person]
        done = await self._administer("POST", f"/{person.id}/deactivate", None)
        return None if done else _REFUSED.format(s=self._last_status())

    async def sign_in(self, person: Regulator) -> Text | None:
        """By the platform's own login page; the reason where it did not succeed."""
        if not self.driven:
            return None
        if not person.id:
            return _REFUSED.format(s=self._last_status())
        browser = Browser(self.stage)
        page = await browser.get(f"{self._home}/connexion")
        form = page.form(lambda form: "password" in form.kinds.values())
        if form is None:
            return _NOT_SIGNED_IN
        login = next((name for name, kind in form.kinds.items() if kind in {"email", "text"}), "email")
        password = next(name for name, kind in form.kinds.items() if kind == "password")
        page = await browser.submit(page, form, **{login: person.account.email, password: person.password})
        self.proof += page.exchanges
        held = page.status < 400 and page.form(lambda form: "password" in form.kinds.values()) is None
        return None if held else _NOT_SIGNED_IN

    async def until(self, person: Regulator, since: int, what: Text, wanted: Callable[[Message], bool]) -> bool:
        """Wait until a message that is wanted has come; `what` is told to the operator where there is one."""

        def done() -> bool:
            if not self.driven and not person.tokens:
                heard = (Message(arrival) for arrival in self.inbox.arrivals[since:])
                first = next((message for message in heard if message.about_accounts and wanted(message)), None)
                if first is not None:
                    person.learn(first)
            return any(wanted(message) for message in self.messages(person, since))

        shown = Text("Un message de la plateforme", "A message of the platform") if self.driven else what
        return await self.stage.wait_for(shown, done, seconds=self.platform.wait)

    async def until_again(self, person: Regulator, since: int, what: Text) -> bool:
        """Wait until a second message about somebody has come."""
        shown = Text("Un nouvel essai de la plateforme", "The platform's next try") if self.driven else what
        return await self.stage.wait_for(
            shown, lambda: len(self.messages(person, since)) > 1, seconds=self.platform.wait
        )

    def expected(
        self, person: Regulator, since: int, *, ground: Text | None = None, before: str = "", first: int = 0
    ) -> Expected:
        """What came about somebody since, as evidence; `first` leaves out the messages before."""
        messages = self.messages(person, since)[first:]
        proof = tuple(self.proof[-1:])
        return Expected(messages, person.account, before, None, proof, ground, self.driven)

    # --- within ----------------------------------------------------------------------------------------------------

    @property
    def _home(self) -> str:
        if self.platform.admin_url:
            return self.platform.admin_url
        parts = urlsplit(self.stage.target.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    async def _administer(self, method: str, path: str, body: dict[str, str] | None) -> dict[str, Any]:
        """The JSON object answered; empty where it is an error."""
        headers = [("Authorization", f"Bearer {self.platform.admin_token}"), ("Content-Type", "application/json")]
        exchange = await self.stage.fetch(
            f"{self._home}/api/admin/regulators{path}",
            method=method,
            headers=headers,
            body=b"" if body is None else json.dumps(body).encode(),
        )
        self.proof.append(exchange)
        response = exchange.response
        if response is None or not 200 <= response.status <= 299:
            return {}
        try:
            value = json.loads(response.body or b"{}")
        except ValueError:
            return {}
        return value if isinstance(value, dict) and value else {"done": True}

    def _last_status(self) -> str:
        last = self.proof[-1] if self.proof else None
        return "?" if last is None else str(last.response.status if last.response is not None else last.failure)

    def skip(self, checks: Sequence[Check], reason: Text) -> None:
        for check in checks:
            self.stage.skip(check, reason)

    async def clear_up(self) -> None:
        """Nobody of ours keeps an account."""
        for person in tuple(self.made):
            await self.deactivate(person)

    def judge(self, checks: Sequence[Check], evidence: Evidence) -> None:
        for check in checks:
            self.stage.judge(check, evidence)


def is_technical(token: str) -> bool:
    return token.startswith(f"{REGULATOR_SYSTEM}|")


@asynccontextmanager
async def operations(stage: Stage, checks: Sequence[Check]) -> AsyncIterator[Operations | None]:
    """Answer as an editor while the scenario lasts; None, and `checks` skipped, where nobody listens."""
    platform, inbox = stage.target.platform, stage.inbox
    if platform is None or inbox is None:
        for check in checks:
            stage.skip(check, NO_INBOX)
        yield None
        return
    editor = RightEditor(inbox.url)
    inbox.answer_with(editor)
    work = Operations(stage, platform, inbox, editor)
    try:
        yield work
    finally:
        try:
            await work.clear_up()
        finally:
            inbox.answer_with(None)
