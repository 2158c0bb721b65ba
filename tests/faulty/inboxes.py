"""Where partners on no socket deliver what they send to the harness."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from recette.drivers.inbox import ListeningInbox
from recette.model import Dropped, Exchange, Request, Responder, Response, Timings, TransportFailure
from recette.museum.wire import Deliver
from sas_kernel.clock import Clock


@dataclass(slots=True)
class MemoryInbox:
    """The harness's endpoint without a socket."""

    clock: Clock
    url: str = "http://127.0.0.1:8079/fhir"
    kept: list[Exchange] = field(default_factory=list)
    responder: Responder | None = None

    @property
    def arrivals(self) -> tuple[Exchange, ...]:
        return tuple(self.kept)

    def answer_with(self, responder: Responder | None) -> None:
        self.responder = responder

    async def deliver(
        self, method: str, target: str, headers: tuple[tuple[str, str], ...], body: bytes
    ) -> Response | None:
        """The answer; None where the connection was closed without one."""
        request = Request(method, f"http://127.0.0.1:8079/fhir{target}", f"/fhir{target}", headers, body)
        answer = Response(503, (), b"") if self.responder is None else self.responder(request)
        lost = isinstance(answer, Dropped)
        self.kept.append(
            Exchange(
                f"r{len(self.kept) + 1}",
                self.now,
                request,
                Timings(None if lost else 0.0, 0.0),
                None if isinstance(answer, Dropped) else answer,
                TransportFailure.CONNECTION_LOST if lost else None,
            )
        )
        return None if isinstance(answer, Dropped) else answer

    @property
    def now(self) -> datetime:
        return self.clock.now()


def into(inbox: ListeningInbox, clock: Clock) -> Deliver:
    """The harness's endpoint itself, without its socket."""

    async def deliver(method: str, target: str, headers: tuple[tuple[str, str], ...], body: bytes) -> Response | None:
        request = Request(method, inbox.url + target, f"/fhir{target}", headers, body)
        answer = inbox.take(request, 0.0, clock.now())
        return None if isinstance(answer, Dropped) else answer

    return deliver
