"""A fault written for the usual addresses holds wherever its partner is served."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from recette.museum.addresses import Addresses
from recette.museum.wire import Asked, Reply

USUAL, THEIRS = "http://127.0.0.1:8081", "http://127.0.0.1:8080"
SERVED = "https://agenda.example.org"
MOVED = Addresses({USUAL: SERVED})


def test_a_request_comes_in_as_if_to_the_usual_address() -> None:
    asked = Asked(
        "POST",
        f"/retour?vers={quote(SERVED + '/agenda', safe='')}",
        (("Host", "agenda.example.org"), ("Origin", SERVED), ("Accept", "*/*")),
        f"to={quote(SERVED, safe='')}".encode(),
    )
    inside = MOVED.inside(asked)
    assert inside.target == "/retour?vers=http%3A%2F%2F127.0.0.1%3A8081%2Fagenda"
    assert inside.headers == (("Host", "127.0.0.1:8081"), ("Origin", USUAL), ("Accept", "*/*"))
    assert inside.body == b"to=http%3A%2F%2F127.0.0.1%3A8081"


def test_a_reply_goes_out_with_the_address_it_was_served_at() -> None:
    body = b'{"link": "http://127.0.0.1:8081/fhir", "neighbour": "http://127.0.0.1:80810/", "raw": "\xff"}'
    outside = MOVED.outside(Reply(201, (("Location", f"{USUAL}/fhir/Practitioner/1"),), body))
    assert outside.headers == (("Location", f"{SERVED}/fhir/Practitioner/1"),)
    assert outside.body == body.replace(b'"http://127.0.0.1:8081/', b'"https://agenda.example.org/')


def test_two_that_change_places_are_not_mixed_up() -> None:
    swapped = Addresses({USUAL: THEIRS, THEIRS: USUAL})
    assert swapped.outside(Reply(200, (), f"{USUAL} {THEIRS}".encode())).body == f"{THEIRS} {USUAL}".encode()


def test_at_the_usual_address_nothing_changes() -> None:
    asked = Asked("GET", f"/?a={quote(USUAL)}", (("Host", "127.0.0.1:8081"),), USUAL.encode())
    reply = Reply(200, (("Location", USUAL),), USUAL.encode())
    at_home = Addresses({USUAL: USUAL})
    assert at_home.inside(asked) == asked
    assert at_home.outside(reply) == reply


@pytest.mark.parametrize("headers", [(), (("host", "127.0.0.1:8081"),)], ids=["no host", "the usual host"])
async def test_the_reference_is_asked_at_the_served_address_and_understood_at_the_usual_one(
    headers: tuple[tuple[str, str], ...],
) -> None:
    async def reference(asked: Asked) -> Reply:
        return Reply(200, (), f"https://{asked.header('Host')}{asked.target}".encode())

    reply = await MOVED.beneath(reference)(Asked("GET", "/fhir/Slot", headers))
    assert reply.body == b"http://127.0.0.1:8081/fhir/Slot"


async def test_a_party_of_the_usual_address_does_not_notice_where_it_is_served() -> None:
    async def party(asked: Asked) -> Reply:
        return Reply(303, (("Location", f"http://{asked.header('Host')}/connexion"),), b"")

    reply = await MOVED.around(party)(Asked("GET", "/", (("Host", "agenda.example.org"),)))
    assert reply.header("Location") == f"{SERVED}/connexion"
