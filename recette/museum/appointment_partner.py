"""A little editor that books and tells the platform, right unless told otherwise; and the provider it trusts.

It speaks the pages of the reference agenda as far as a booking goes, and hands its messages to who delivers them. It
knows nothing of the services: what it holds right is written here once more.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from recette.museum.appointment_identities import IDENTITIES
from recette.museum.bending import DATA
from recette.museum.wire import Asked, Deliver, Reply
from sas_kernel.clock import PARIS, Clock
from sas_kernel.identifiers import PRACTITIONER_SYSTEM, REGULATOR_SYSTEM

HOME = "http://127.0.0.1:8081"
PROVIDER = "http://127.0.0.1:8080"
ISSUER = f"{PROVIDER}/realms/sas"
SYSTEM = "https://agenda.example.org/ns/rdv"
DOCTOR = str(DATA["practitioner_one_place"])
STAFF = ("secretariat", "Cabinet-2031")

Json = dict[str, Any]

_TYPES = "http://interopsante.org/fhir/CodeSystem/fr-v2-0203"
_CODES = {PRACTITIONER_SYSTEM: "IDNPS", REGULATOR_SYSTEM: "INTRN"}


@dataclass(slots=True)
class Slot:
    id: str
    start: datetime
    end: datetime
    free: bool = True


@dataclass(slots=True)
class Rdv:
    key: str
    slot: Slot
    account: str
    """The account of the regulator: a key of `Partner.accounts`."""
    booked_as: tuple[str, str]
    created: datetime
    patient: dict[str, str]
    status: str = "booked"
    told: int = 0
    failing: bool = False
    """Whether its last message did not get through."""
    queue: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True)
class Moment:
    """What a message is about: the change (`book`, `move`…), the appointment, and how often its message was tried."""

    kind: str
    rdv: Rdv
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Sending:
    """One request to the platform, about to be sent."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Ways:
    """How the editor goes about it. The defaults are right; a fault changes one."""

    bend: Callable[[Json, Moment], None] = lambda document, moment: None
    send_as: Callable[[Sending, Moment], Sending] = lambda sending, moment: sending
    announces: Callable[[str, Rdv], bool] = lambda kind, rdv: True
    copies: Callable[[str], int] = lambda kind: 1
    delay: float = 0.0
    retries: Callable[[int], bool] = lambda status: status in {0, 429} or status >= 500
    """Whether an answer of this status is a reason to try again; 0 is none at all."""
    spacing: Callable[[str], float] = lambda kind: 1.0
    """Seconds before the second attempt of a message; each pause after that is twice the one before."""
    retry_method: str = "PUT"
    heeds_retry_after: bool = True
    in_order: bool = True
    blocked_by: Callable[[int], bool] = lambda status: False
    """Whether an answer of this status stops all that would come afterwards."""
    operator: Callable[[tuple[str, str], tuple[str, str]], tuple[str, str]] = lambda booked_as, now: now
    takes_slot: bool = True
    gives_slot_back: bool = True
    skips_stale: bool = False
    """Whether a message is left out when a newer one of its appointment waits: right too."""


class Partner:
    """The editor at `HOME` and the provider at `PROVIDER` (`provider`)."""

    def __init__(self, clock: Clock, deliver: Deliver, ways: Ways = Ways()) -> None:
        self._clock = clock
        self._deliver_to_platform = deliver
        self.ways = ways
        self.slots: dict[str, Slot] = {}
        self._put_up()
        self.accounts: dict[str, tuple[str, str]] = {}
        self.rdvs: dict[str, Rdv] = {}
        self.blocked = False
        self._sessions: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def _put_up(self) -> None:
        """Twelve hours of slots, from two hours ahead on."""
        hour = self._clock.now().astimezone(PARIS).replace(minute=0, second=0, microsecond=0)
        for number in range(24):
            at = hour + timedelta(minutes=30 * (number + 4))
            id = f"cr-{len(self.slots) + 1}"
            self.slots[id] = Slot(id, at, at + timedelta(minutes=20))

    def _free(self) -> list[Slot]:
        """What can still be booked; more of it once less than an hour is left."""
        ahead = [slot for slot in self.slots.values() if slot.start > self._clock.now()]
        if len(ahead) <= 2:
            self._put_up()
        return [slot for slot in self.slots.values() if slot.free and slot.start > self._clock.now()]

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- what a person or the platform asks for ---

    async def __call__(self, asked: Asked) -> Reply:
        parts = urlsplit(asked.target)
        words = [word for word in parts.path.split("/") if word]
        form = {name: values[0] for name, values in parse_qs(asked.body.decode(), keep_blank_values=True).items()}
        if parts.path == "/fhir/Slot":
            return self._search()
        if parts.path == "/fhir/Practitioner":
            return self._account(asked, parse_qs(parts.query)["identifier"][0])
        who = self._who(asked)
        if parts.path == "/retour":
            return _redirect(parse_qs(parts.query)["vers"][0], self._session(parse_qs(parts.query)["login"][0]))
        if parts.path == "/connexion":
            return self._own_login(asked, form)
        if who is None:
            origin = "origin=sas" in parts.query
            vers = quote(asked.target, safe="")
            return _redirect(f"{PROVIDER}/auth?vers={vers}" if origin else f"{HOME}/connexion?vers={vers}")
        match words:
            case ["agenda", _]:
                return self._agenda()
            case ["reservation", id]:
                return self._booking(who, id, form if asked.method == "POST" else None)
            case ["rendez-vous", key]:
                return self._page(self.rdvs[key])
            case ["rendez-vous", key, action]:
                return self._change(self.rdvs[key], action, form if asked.method == "POST" else None)
        return Reply(404, (), b"")

    async def provider(self, asked: Asked) -> Reply:
        parts = urlsplit(asked.target)
        if parts.path == "/realms/sas/test-identities":
            return Reply(200, (("content-type", "application/json"),), json.dumps({"identities": IDENTITIES}).encode())
        vers = parse_qs(parts.query)["vers"][0]
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        for identity in IDENTITIES:
            if form.get("email") == identity["login"] and form.get("password") == identity["password"]:
                login = quote(str(identity["login"]))
                return _redirect(f"{HOME}/retour?login={login}&vers={quote(vers, safe='')}")
        return _html(
            '<form id="login" method="post"><input name="email"><input name="password" type="password"></form>'
        )

    def _who(self, asked: Asked) -> str | None:
        cookie = asked.header("Cookie") or ""
        return self._sessions.get(cookie.partition("s=")[2].partition(";")[0])

    def _session(self, login: str) -> str:
        token = uuid.uuid4().hex
        self._sessions[token] = login
        return token

    def _own_login(self, asked: Asked, form: dict[str, str]) -> Reply:
        vers = parse_qs(urlsplit(asked.target).query).get("vers", ["/"])[0]
        if (form.get("login"), form.get("password")) == STAFF:
            return _redirect(vers, self._session("staff"))
        return _html(
            '<form id="login" method="post"><input name="login"><input name="password" type="password"></form>'
        )

    def _account(self, asked: Asked, token: str) -> Reply:
        document = json.loads(asked.body)
        identifier = document["identifier"][0]
        email = next(iter(self._email_of(token)), document["telecom"][0]["value"])
        self.accounts[email] = (identifier["system"], identifier["value"])
        return Reply(200, (("Location", f"{HOME}/fhir/Practitioner/1"),), b"")

    def _email_of(self, token: str) -> Iterator[str]:
        for email, pair in self.accounts.items():
            if "|".join(pair) == token:
                yield email

    def _search(self) -> Reply:
        entries: list[Json] = [
            {
                "resourceType": "Slot",
                "id": slot.id,
                "schedule": {"reference": "Schedule/ag-1"},
                "status": "free",
                "appointmentType": {
                    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0276", "code": "ROUTINE"}]
                },
                "start": slot.start.isoformat(timespec="milliseconds"),
                "end": slot.end.isoformat(timespec="milliseconds"),
                "comment": f"{HOME}/agenda/ag-1?vue=semaine&creneau={slot.id}",
            }
            for slot in self._free()
        ]
        entries.append({"resourceType": "Schedule", "id": "ag-1", "actor": [{"reference": "Practitioner/ps-1"}]})
        doctor = {"system": PRACTITIONER_SYSTEM, "value": DOCTOR}
        entries.append({"resourceType": "Practitioner", "id": "ps-1", "identifier": [doctor]})
        bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": e} for e in entries]}
        return Reply(200, (("content-type", "application/fhir+json"),), json.dumps(bundle).encode())

    def _agenda(self) -> Reply:
        return _html("".join(f'<a data-slot="{s.id}" href="/reservation/{s.id}">{s.start}</a>' for s in self._free()))

    def _booking(self, who: str, id: str, form: dict[str, str] | None) -> Reply:
        if form is None:
            fields = "".join(f'<input name="{n}">' for n in ("family", "given", "birth_date", "phone", "reason"))
            return _html(f'<form id="booking" method="post">{fields}</form>')
        rdv = self.book(who, id, form)
        return _redirect(f"{HOME}/rendez-vous/{rdv.key}?nouveau=1")

    def _page(self, rdv: Rdv) -> Reply:
        forms = "".join(
            f'<form id="{id}" method="post" action="/rendez-vous/{rdv.key}/{action}"></form>'
            for id, action in (("cancel", "annulation"), ("honour", "honore"), ("no-show", "absence"))
        )
        move = f'<a id="move" href="/rendez-vous/{rdv.key}/deplacement">Déplacer</a>'
        return _html(f'<main data-appointment="{rdv.key}" data-status="{rdv.status}">{forms}{move}</main>')

    def _change(self, rdv: Rdv, action: str, form: dict[str, str] | None) -> Reply:
        if form is None:
            return _html(
                "".join(
                    f'<form method="post"><input type="hidden" name="slot" value="{slot.id}"></form>'
                    for slot in self._free()
                )
            )
        match action:
            case "annulation":
                self.cancel(rdv)
            case "deplacement":
                self.move(rdv, form["slot"])
            case "honore":
                self.attend(rdv, "fulfilled", "honour")
            case "absence":
                self.attend(rdv, "noshow", "miss")
        return _redirect(f"{HOME}/rendez-vous/{rdv.key}")

    # --- what is done ---

    def book(self, who: str, slot_id: str, patient: dict[str, str]) -> Rdv:
        slot = self.slots[slot_id]
        slot.free = not self.ways.takes_slot
        now = self._clock.now().astimezone(PARIS)
        rdv = Rdv(str(uuid.uuid4()), slot, who, self.accounts[who], now, patient)
        self.rdvs[rdv.key] = rdv
        self._tell(rdv, "book")
        return rdv

    def cancel(self, rdv: Rdv) -> None:
        rdv.status = "cancelled"
        rdv.slot.free = self.ways.gives_slot_back
        self._tell(rdv, "cancel")

    def move(self, rdv: Rdv, slot_id: str) -> None:
        rdv.slot.free = self.ways.gives_slot_back
        rdv.slot = self.slots[slot_id]
        rdv.slot.free = not self.ways.takes_slot
        self._tell(rdv, "move")

    def attend(self, rdv: Rdv, status: str, kind: str) -> None:
        rdv.status = status
        self._tell(rdv, kind)

    # --- telling the platform ---

    def _tell(self, rdv: Rdv, kind: str) -> None:
        rdv.told += 1
        if not self.ways.announces(kind, rdv):
            return
        document, number = self.document(rdv), rdv.told
        for _ in range(self.ways.copies(kind)):
            task = asyncio.get_running_loop().create_task(self._deliver(rdv, kind, document, number))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def document(self, rdv: Rdv) -> Json:
        """The message of an appointment as it is now, right in everything."""
        system, value = self.ways.operator(rdv.booked_as, self.accounts[rdv.account])
        return {
            "resourceType": "Appointment",
            "meta": {"profile": ["http://sas.fr/fhir/StructureDefinition/FrAppointmentSAS"]},
            "extension": [
                {
                    "url": "http://interopsante.org/fhir/StructureDefinition/FrAppointmentOperator",
                    "valueReference": {"identifier": named(system, value)},
                }
            ],
            "identifier": [{"system": SYSTEM, "value": rdv.key}],
            "status": rdv.status,
            "start": rdv.slot.start.isoformat(),
            "end": rdv.slot.end.isoformat(),
            "slot": [{"reference": f"Slot/{rdv.slot.id}"}],
            "created": rdv.created.isoformat(timespec="seconds"),
            "participant": [{"actor": {"identifier": named(PRACTITIONER_SYSTEM, DOCTOR)}, "status": "accepted"}],
        }

    async def _deliver(self, rdv: Rdv, kind: str, document: Json, number: int) -> None:
        if self.ways.delay:
            await asyncio.sleep(self.ways.delay)
        if not self.ways.in_order:
            await self._insist(rdv, kind, document, number)
            return
        async with rdv.queue:
            await self._insist(rdv, kind, document, number)

    async def _insist(self, rdv: Rdv, kind: str, document: Json, number: int) -> None:
        pause, attempt = self.ways.spacing(kind), 0
        while not self.blocked and not (self.ways.skips_stale and number < rdv.told and attempt):
            attempt += 1
            status, wait = await self._send(Moment(kind, rdv, attempt), document)
            if self.ways.blocked_by(status):
                self.blocked = True
            rdv.failing = not 200 <= status <= 299
            if not self.ways.retries(status):
                return
            await asyncio.sleep(max(pause, wait if self.ways.heeds_retry_after else 0.0))
            pause *= 2

    async def _send(self, moment: Moment, document: Json) -> tuple[int, float]:
        """One attempt: the status (0: no answer), and the seconds the platform asks to wait."""
        document = json.loads(json.dumps(document))
        self.ways.bend(document, moment)
        creates = moment.kind == "book" and (moment.attempt == 1 or self.ways.retry_method == "POST")
        key = document.get("identifier") or [{}]
        criterion = f"{key[0].get('system')}%7C{key[0].get('value')}" if isinstance(key, list) else ""
        sending = self.ways.send_as(
            Sending(
                "POST" if creates else "PUT",
                "/fhir/Appointment" if creates else f"/fhir/Appointment?identifier={criterion}",
                (("Content-Type", "application/fhir+json"), ("Accept", "application/fhir+json")),
                json.dumps(document, ensure_ascii=False).encode(),
            ),
            moment,
        )
        below = sending.target.removeprefix("/fhir")
        answer = await self._deliver_to_platform(sending.method, below, sending.headers, sending.body)
        if answer is None:
            return 0, 0.0
        return answer.status, float(answer.header("Retry-After") or 0)


def named(system: str, value: str) -> Json:
    """An identifier of somebody."""
    return {"type": {"coding": [{"system": _TYPES, "code": _CODES[system]}]}, "system": system, "value": value}


def _html(body: str) -> Reply:
    page = f'<!doctype html><html lang="fr"><title>Agenda</title><body>{body}</body></html>'
    return Reply(200, (("content-type", "text/html; charset=utf-8"),), page.encode())


def _redirect(location: str, session: str | None = None) -> Reply:
    cookie = () if session is None else (("set-cookie", f"s={session}; Path=/"),)
    return Reply(303, (("location", location), *cookie), b"")
