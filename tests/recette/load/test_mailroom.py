from __future__ import annotations

import json
from datetime import datetime, timedelta

from recette.drivers.inbox import ListeningInbox
from recette.load.mailroom import Letters, Mailroom
from recette.model import Request, Response
from sas_kernel.clock import ManualClock
from tests.recette.load.made import STARTED

CLOCK = ManualClock(STARTED)


class Room:
    def __init__(self) -> None:
        self.inbox = ListeningInbox("http://127.0.0.1:8079/fhir", CLOCK)
        self.inbox.answer_with(lambda request: Response(201, (), b""))
        self.sorts = Mailroom(self.inbox, "/fhir")

    def journey(self, start: datetime) -> Letters:
        letters = Letters(self.sorts)
        letters.expect(start)
        return letters

    def comes(self, method: str, identifier: str, start: datetime | None) -> None:
        document = {"resourceType": "Appointment", "identifier": [{"system": "urn:oid:1.2", "value": identifier}]}
        body = json.dumps(document | ({} if start is None else {"start": start.isoformat()})).encode()
        self.inbox.take(Request(method, "http://127.0.0.1:8079", "/fhir/Appointment", (), body), 0.0, CLOCK.now())


def test_each_journey_gets_the_messages_about_its_own_appointment() -> None:
    room = Room()
    first, second = room.journey(STARTED), room.journey(STARTED + timedelta(minutes=15))
    room.comes("POST", "b", STARTED + timedelta(minutes=15))
    room.comes("POST", "a", STARTED)
    room.comes("PUT", "b", None)
    assert [len(each.arrivals) for each in (first, second)] == [1, 2]
    room.comes("PUT", "a", STARTED)
    assert [len(each.arrivals) for each in (first, second)] == [2, 2]
    assert room.sorts.strays == []


def test_the_start_decides_before_an_identifier_that_may_be_wrong() -> None:
    """Two appointments of one identifier are wrong; each message still goes to whose time it tells."""
    room = Room()
    first, second = room.journey(STARTED), room.journey(STARTED + timedelta(minutes=15))
    room.comes("POST", "same", STARTED)
    room.comes("PUT", "same", STARTED + timedelta(minutes=15))
    assert [len(each.arrivals) for each in (first, second)] == [1, 1]


def test_what_nobody_expects_is_a_stray() -> None:
    room = Room()
    mine = room.journey(STARTED)
    room.comes("POST", "x", STARTED + timedelta(hours=3))
    room.comes("POST", "y", None)
    room.comes("PUT", "z", None)
    assert mine.arrivals == ()
    assert len(room.sorts.strays) == 3
