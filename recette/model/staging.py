"""The system under test, and what a scenario plays on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from recette.model.judging import Check, Measurement
from recette.model.rendering import Renderer
from recette.model.wire import Evidence, Exchange, Request, Response
from recette.model.words import Actor
from sas_kernel.contracts import ServiceLevel
from sas_kernel.errors import SasError
from sas_kernel.flows import Flow
from sas_kernel.text import Text


class TargetError(SasError):
    """The target file cannot be used. The text says which key and what to write."""


@dataclass(frozen=True, slots=True)
class SignOnTarget:
    """How a browser signs on (`[sso]`): the provider both sides trust, and somebody it knows.

    `issuer` is the provider's OpenID issuer; `origin` the value the platform adds to a booking URL. Without `login` the
    people are those of the provider's own list of test identities.
    """

    issuer: str
    origin: str = "sas"
    login: str = ""
    password: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    redirect_uri: str = "http://127.0.0.1:8079/retour"
    """Where a provider under test sends the browser back to: registered there, and nobody has to answer at it."""
    post_logout_uri: str = ""


class Booking(StrEnum):
    """Who books when a scenario needs an appointment: a person who is told, or we on our reference agenda's pages."""

    OPERATOR = "operator"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class AppointmentsTarget:
    """Where the target's messages come to us (`[appointments]`), and who books. `wait` in seconds a step.

    `listen` is HOST:PORT; `staff_login` opens the reference agenda's own pages.
    """

    listen: str = "127.0.0.1:8079"
    booking: Booking = Booking.OPERATOR
    wait: float = 300.0
    staff_login: str = ""
    staff_password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PlatformTarget:
    """A platform's side that we stand in front of as an editor (`[platform]`). `wait` in seconds a step.

    `listen` is HOST:PORT, with which the platform is told to reach us. `admin_token` opens the administration of the
    reference platform at `admin_url` (empty: where `base_url` is); without it an operator is told what to do.
    """

    listen: str = "127.0.0.1:8079"
    wait: float = 300.0
    admin_url: str = ""
    admin_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Target:
    """The system under test as its owner describes it (`TARGET.toml`). `actor` is the side it stands on.

    `cpts` and `sos` say that it serves CPTS (INT_R04) and SOS Médecins besides practitioners.
    """

    base_url: str
    flows: tuple[Flow, ...] = (Flow.SLOT_SEARCH,)
    slot_types: tuple[str, ...] = ()
    consultation_types: tuple[str, ...] = ()
    test_data: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    name: str = ""
    actor: Actor = Actor.EDITOR
    sso: SignOnTarget | None = None
    appointments: AppointmentsTarget | None = None
    platform: PlatformTarget | None = None
    cpts: bool = False
    sos: bool = False


@dataclass(frozen=True, slots=True)
class Dropped:
    """In place of an answer: the connection is closed without one, once the request has been read."""


Responder = Callable[[Request], Response | Dropped]
"""What we answer to a message of the target; called once a message, in the order of their arrival."""


class Inbox(Protocol):
    """Our own endpoint, where the target's messages come. `url` is what the target has to be configured with.

    An arrival is an exchange whose request is the target's and whose response is ours (none when we dropped it);
    `sent_at` is when its last byte was read.
    """

    @property
    def url(self) -> str: ...

    @property
    def arrivals(self) -> tuple[Exchange, ...]:
        """All messages since the run began, in the order in which they were whole."""
        ...

    def answer_with(self, responder: Responder | None) -> None:
        """From now on; None answers 503 to everything."""
        ...


class Stage(Protocol):
    """What a scenario plays on: the engine implements it.

    `send` and `fetch` never raise for what the target does: failures come back inside the exchange. `judge` records a
    result. `measure` records raw response times and judges them with `check` (see `recette.checks.response_time`).
    `inbox` is None when the run listens to nothing, `renderer` when it has no real browser.
    """

    @property
    def target(self) -> Target: ...

    @property
    def levels(self) -> Mapping[str, ServiceLevel]: ...

    @property
    def inbox(self) -> Inbox | None: ...

    @property
    def renderer(self) -> Renderer | None: ...

    def now(self) -> datetime: ...

    async def send(
        self, target: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange:
        """Send to `base_url + target`; `target` begins with `/` and goes on the request line untouched."""
        ...

    async def fetch(
        self, url: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange:
        """Send to any address: what a browser does, or another party of the flow. Redirects are answers."""
        ...

    async def wait_for(self, what: Text, done: Callable[[], bool], *, seconds: float) -> bool:
        """Show `what` and the time left until `done()` holds or the time is over; whether it holds."""
        ...

    def judge(self, check: Check, evidence: Evidence) -> None: ...

    def skip(self, check: Check, reason: Text) -> None: ...

    def measure(self, id: str, title: Text, level: ServiceLevel, samples: Sequence[float]) -> Measurement: ...


@dataclass(frozen=True, slots=True)
class Scenario:
    """A sequence of exchanges and the checks made on them.

    `checks` is the whole list of what `play` may judge: the engine refuses a check that is not in it (ERROR) and
    reports as SKIP one that was announced and not judged. `needs` names keys of the target's test data; one that is
    missing makes the scenario SKIP. `omitted` gives the reason when the scenario does not apply to a target. `actor` is
    the side it judges: a target on the other side does not meet it.
    """

    id: str
    flow: Flow
    title: Text
    checks: tuple[Check, ...]
    play: Callable[[Stage], Awaitable[None]]
    needs: tuple[str, ...] = ()
    omitted: Callable[[Target], Text | None] = lambda target: None
    tags: tuple[str, ...] = ()
    actor: Actor = Actor.EDITOR
    left_out: tuple[Check, ...] = ()
    """Checks that `play` may make and that this run was asked to leave out: what they say is dropped."""
