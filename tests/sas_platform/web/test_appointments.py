"""Who is signed in, his appointments as the page prints them, and what an open page is told."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from sas_kernel import datasets
from sas_kit.http import HttpLimits, exchange, new_client
from sas_platform.web import endpoints
from tests.sas_platform.conftest import NOW, OpenPlatform, Platform, problem_of
from tests.sas_platform.web.conftest import EMAIL, Live, live_platform, signed_in
from tests.sas_platform.web.test_endpoints import Element, parsed

DEMO = datasets.load("demo")
DOCTOR = DEMO.practitioners[0]


def of_doctor(national_id: str) -> dict[str, Any]:
    """Elements of an appointment with this practitioner, today at 14:20 in Paris."""
    coding = {"system": "http://interopsante.org/fhir/CodeSystem/fr-v2-0203", "code": "IDNPS"}
    identifier = {"type": {"coding": [coding]}, "system": "urn:oid:1.2.250.1.71.4.2.1", "value": national_id}
    return {
        "start": "2031-03-10T14:20:00+01:00",
        "end": "2031-03-10T14:40:00+01:00",
        "participant": [{"actor": {"identifier": identifier}, "status": "accepted"}],
    }


async def report(platform: Platform, status: str = "booked", key: str = "a1", **elements: Any) -> None:
    regulator = await platform.app.state.platform.regulators.sign_in(EMAIL, "A-long-enough-password")
    await Live(platform.app, "", "", regulator).report(status, key, **elements)


def lines(page: Element) -> list[Element]:
    return page.all("ol", id="appointment-list")[0].all("li", **{"class": "appointment"})


# --- signed in -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/?ids=810123400017&lang=en", "/rendez-vous", "/rendez-vous?etat=booked"])
async def test_who_is_not_signed_in_is_asked_to_and_comes_back(path: str, open_to_all: OpenPlatform) -> None:
    async with open_to_all() as platform:
        answer = await platform.send("GET", path)
        language = "&lang=en" if "lang=en" in path else ""
        assert (answer.status, answer.header("location")) == (
            303,
            f"/connexion?vers={quote(path, safe='')}{language}",
        )
        platform.cookie = "sas_session=forged"
        assert (await platform.send("GET", path)).status == 303
        assert problem_of(await platform.send("GET", "/search/stream?ids=810123400017"))["status"] == 401
        assert problem_of(await platform.send("GET", "/appointments/stream"))["status"] == 401


async def test_a_platform_may_show_its_search_to_everybody(open_to_all: OpenPlatform) -> None:
    async with open_to_all(sign_in_required=False) as platform:
        page = parsed((await platform.send("GET", "/")).body)
        assert not page.all("p", id="whoami")
        assert not page.all("section", id="appointments")
        assert (await platform.send("GET", "/rendez-vous")).status == 303  # these are somebody's


async def test_the_page_says_who_is_signed_in_and_lets_him_out(open_platform: OpenPlatform) -> None:
    async with open_platform() as platform:
        for path in ("/", "/rendez-vous"):
            page = parsed((await platform.send("GET", path)).body)
            assert page.all("p", id="whoami")[0].words() == "Zélie VAUQUELIN SAS-99 Villefictive"
            (form,) = page.all("form", action="/deconnexion")
            assert form.attributes["method"] == "post"
            assert form.all("input", name="csrf")[0].attributes["value"]


# --- the pages -------------------------------------------------------------------------------------------------------


async def test_the_search_page_shows_the_last_appointments(open_platform: OpenPlatform) -> None:
    async with open_platform(dataset="demo") as platform:
        empty = parsed((await platform.send("GET", "/")).body)
        assert lines(empty) == []
        assert "hidden" not in empty.all("p", id="no-appointment")[0].attributes
        for key in ("a1", "a2", "a3", "a4"):
            await report(platform, key=key, **of_doctor(DOCTOR.national_id))
        await report(platform, "cancelled", "a2", **of_doctor(DOCTOR.national_id))
        page = parsed((await platform.send("GET", "/")).body)
        english = parsed((await platform.send("GET", "/?lang=en")).body)
    shown = [line.all("span", **{"class": "said"})[0].words() for line in lines(page)]
    who = f"Dr {DOCTOR.family} {DOCTOR.given}"
    assert shown == [f"RDV annulé, 14:20, {who}", f"RDV pris, 14:20, {who}", f"RDV pris, 14:20, {who}"]
    assert "hidden" in page.all("p", id="no-appointment")[0].attributes
    (news,) = page.all("p", id="news")
    assert (news.attributes["role"], news.attributes["aria-live"]) == ("status", "polite")
    assert lines(english)[0].all("span", **{"class": "said"})[0].words() == f"Appointment cancelled, 14:20, {who}"


async def test_an_appointment_shows_everything_that_was_told_of_it(open_platform: OpenPlatform) -> None:
    async with open_platform(dataset="demo") as platform:
        await report(platform, **of_doctor(DOCTOR.national_id))
        platform.clock.advance(timedelta(minutes=5))
        later = of_doctor(DOCTOR.national_id) | {
            "start": "2031-03-11T15:00:00+01:00",
            "end": "2031-03-11T15:20:00+01:00",
        }
        for status in ("booked", "booked", "cancelled", "fulfilled"):
            await report(platform, status, **later)
        page = parsed((await platform.send("GET", "/rendez-vous")).body)
    (line,) = lines(page)
    assert line.attributes["data-status"] == "fulfilled"
    assert "mar. 11 mars , 15:00 – 15:20" in line.words()
    assert [each.words() for each in line.all("ol")[0].all("li")] == [
        "Aujourd’hui 08:00 pris, 14:20",
        "Aujourd’hui 08:05 déplacé, mar. 11 mars 15:00",
        "Aujourd’hui 08:05 annulé",
        "Aujourd’hui 08:05 honoré à vérifier : il était annulé",
    ]


async def test_a_move_and_an_unknown_doctor_are_said(open_platform: OpenPlatform) -> None:
    async with open_platform(dataset="demo") as platform:
        await report(platform, **of_doctor("899999999999"))
        later = of_doctor("899999999999") | {"start": "2031-03-10T14:30:00+01:00"}
        await report(platform, **later)
        await report(platform, "pending", "a2", **(later | {"participant": [
            {"type": [{"coding": [{"code": "ADM"}]}], "status": "needs-action"}]}))  # fmt: skip
        page = parsed((await platform.send("GET", "/")).body)
    assert [line.all("span", **{"class": "said"})[0].words() for line in lines(page)] == [
        "RDV en attente de confirmation, 14:30, professionnel à confirmer",
        "RDV déplacé, 14:30 au lieu de 14:20, 899999999999",
    ]


SOS_PROFILE = {"profile": ["https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/sas-sos-appointment"]}
AWAITED = {
    "type": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "ADM"}]}],
    "status": "needs-action",
}


def at_sos(siret: str | None = None, doctor: str | None = None) -> dict[str, Any]:
    """Elements of a SOS appointment, today at 14:20 in Paris: of an association, of a doctor, or of nobody yet."""
    elements = {**of_doctor(doctor or ""), "meta": SOS_PROFILE}
    if doctor is None:
        elements["participant"] = [AWAITED]
    if siret is not None:
        named = {"identifier": {"system": "urn:oid:1.2.250.1.71.4.2.2", "value": siret}}
        elements["participant"].append({"actor": named, "status": "accepted"})
    return elements


async def test_a_sos_appointment_waits_for_its_doctor_then_is_booked_or_refused(open_platform: OpenPlatform) -> None:
    association = DEMO.associations[0]
    async with open_platform(dataset="demo") as platform:
        await report(platform, "pending", "a1", **at_sos(association.national_id))
        await report(platform, "pending", "a2", **at_sos())
        await report(platform, "pending", "a3", **at_sos("399999999999999"))
        waiting = parsed((await platform.send("GET", "/rendez-vous")).body)
        await report(platform, "booked", "a1", **at_sos(association.national_id, DOCTOR.national_id))
        await report(platform, "cancelled", "a2", **(at_sos() | {"participant": [AWAITED | {"status": "accepted"}]}))
        page = parsed((await platform.send("GET", "/rendez-vous")).body)
        english = parsed((await platform.send("GET", "/rendez-vous?lang=en")).body)
    assert [said(line) for line in lines(waiting)] == [
        "RDV en attente de confirmation, 14:20, SOS Médecins, médecin à confirmer",
        "RDV en attente de confirmation, 14:20, SOS Médecins, médecin à confirmer",
        f"RDV en attente de confirmation, 14:20, {association.name}, médecin à confirmer",
    ]
    assert {line.attributes["data-status"] for line in lines(waiting)} == {"pending"}
    refused, booked, _ = lines(page)
    assert said(refused) == "RDV refusé, 14:20, SOS Médecins, médecin à confirmer"
    assert refused.all("span", **{"class": "badge fail"})[0].words() == "refusé"
    assert said(booked) == f"RDV confirmé, 14:20, Dr {DOCTOR.family} {DOCTOR.given}"
    assert [each.words() for each in booked.all("ol")[0].all("li")] == [
        "Aujourd’hui 08:00 en attente de confirmation, 14:20",
        "Aujourd’hui 08:00 confirmé",
    ]
    assert said(lines(english)[0]) == "Appointment refused, 14:20, SOS Médecins, doctor to be confirmed"


def said(line: Element) -> str:
    return line.all("span", **{"class": "said"})[0].words()


async def test_appointments_are_filtered_by_state(open_platform: OpenPlatform) -> None:
    async with open_platform() as platform:
        await report(platform, key="a1")
        await report(platform, key="a2")
        await report(platform, "cancelled", "a2")
        every = parsed((await platform.send("GET", "/rendez-vous?etat=nonsense")).body)
        cancelled = parsed((await platform.send("GET", "/rendez-vous?etat=cancelled&lang=en")).body)
    assert len(lines(every)) == 2
    assert [each.words() for each in every.all("nav", id="filters")[0].all("a")] == ["Tous 2", "Pris 1", "Annulé 1"]
    assert [each.attributes["data-status"] for each in lines(cancelled)] == ["cancelled"]
    (current,) = cancelled.all("a", **{"aria-current": "page"})
    assert current.words() == "Cancelled 1"
    (other,) = cancelled.all("a", hreflang="fr")
    assert other.attributes["href"] == "/rendez-vous?etat=cancelled&lang=fr"


async def test_appointments_are_shown_to_their_regulator_only(open_platform: OpenPlatform) -> None:
    async with open_platform() as platform:
        await report(platform)
        assert len(lines(parsed((await platform.send("GET", "/rendez-vous")).body))) == 1
        await signed_in(platform, "other@samu.example.org", "3990000058/REG0098")
        assert lines(parsed((await platform.send("GET", "/rendez-vous")).body)) == []


# --- live ------------------------------------------------------------------------------------------------------------


async def next_of(events: Any) -> dict[str, Any]:
    """The next event, comments left out."""
    async with asyncio.timeout(10):
        async for event in events:
            if "comment" not in event:
                return {**event, "data": json.loads(event["data"])}
    raise AssertionError("the stream has ended")


async def test_an_open_page_is_told_of_each_change(sqlite_url: str) -> None:
    async with live_platform(sqlite_url) as live, live.listening() as events:
        await live.report(**of_doctor(DOCTOR.national_id))
        booked = await next_of(events)
        await live.report(**of_doctor(DOCTOR.national_id))  # the same again changes nothing and is not told
        await live.report("cancelled", **of_doctor(DOCTOR.national_id))
        cancelled = await next_of(events)
    assert (booked["event"], booked["data"]["status"]) == ("appointment", "booked")
    assert booked["data"]["said"] == f"RDV pris, 14:20, Dr {DOCTOR.family} {DOCTOR.given}"
    (line,) = parsed(booked["data"]["html"].encode()).all("li", id=booked["data"]["key"])
    assert line.attributes["data-status"] == "booked"
    assert (cancelled["data"]["key"], cancelled["data"]["status"]) == (booked["data"]["key"], "cancelled")
    assert int(cancelled["id"]) == int(booked["id"]) + 2


async def test_what_another_worker_receives_is_told_too(database_url: str) -> None:
    async with live_platform(database_url) as one, live_platform(database_url) as other, one.listening() as events:
        await other.report()
        assert (await next_of(events))["data"]["status"] == "booked"


async def test_a_stream_goes_on_where_it_was_interrupted(sqlite_url: str) -> None:
    async with live_platform(sqlite_url) as live:
        await live.report(key="a1")
        async with live.listening("after=0") as events:
            first = await next_of(events)
        for key in ("a2", "a3"):
            await live.report(key=key)
        async with live.listening("after=0", last=first["id"]) as events:
            told = [await next_of(events), await next_of(events)]
        async with live.listening("after=1&lang=en&etat=booked") as events:
            assert (await next_of(events))["data"]["said"].startswith("Appointment booked, ")
    assert [int(each["id"]) for each in told] == [int(first["id"]) + 1, int(first["id"]) + 2]
    assert 'aria-current="page">Tous <span class="count">3<' in told[0]["data"]["filters"]


async def test_many_changes_at_once_are_all_told(sqlite_url: str) -> None:
    async with live_platform(sqlite_url) as live:
        for number in range(60):  # more than are read at a time
            await live.report(key=f"a{number}")
        async with live.listening("after=0") as events:
            ids = [int((await next_of(events))["id"]) for _ in range(60)]
    assert ids == sorted(set(ids))


async def test_a_stream_is_kept_alive_and_ends_with_the_session(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "HEARTBEAT", 0.02)
    async with live_platform(sqlite_url) as live, live.listening() as events, asyncio.timeout(10):
        assert [(await anext(events))["comment"] for _ in range(3)] == ["open", "alive", "alive"]
        clock = live.app.state.platform.clock
        clock.advance(timedelta(hours=1))  # listening is no sign of a person: the session has ended
        assert (await next_of(events))["event"] == "ended"
        assert [event async for event in events] == []
    assert clock.now() == NOW + timedelta(hours=1)


async def test_a_stream_ends_when_the_service_is_told_to_stop(sqlite_url: str) -> None:
    async with live_platform(sqlite_url) as live, live.listening() as events, asyncio.timeout(10):
        assert (await anext(events))["comment"] == "open"
        live.app.state.stopping.begin()
        assert [event async for event in events] == []  # no event says that the session ended: the page listens again


async def test_so_many_pages_listen_and_no_more(sqlite_url: str) -> None:
    async with live_platform(sqlite_url, max_streams=1) as live, live.listening() as events, asyncio.timeout(10):
        assert (await anext(events))["comment"] == "open"
        address = f"{live.base_url}/appointments/stream"
        async with new_client() as client:
            answer = await exchange(client, "GET", address, limits=HttpLimits(2, 5, 10_000))
            other = await exchange(client, "GET", f"{live.base_url}/connexion", limits=HttpLimits(2, 5, 100_000))
    assert (answer.status, answer.header("retry-after"), other.status) == (503, "5", 200)


async def test_a_stream_is_of_one_regulator(sqlite_url: str) -> None:
    async with live_platform(sqlite_url) as live, live.listening() as events:
        somebody = next(each for each in await live.app.state.platform.regulators.all() if each.active)
        assert somebody.id != live.regulator.id
        await Live(live.app, "", "", somebody).report(key="not-mine")
        await live.report(key="mine")
        mine = await next_of(events)
        histories = await live.app.state.platform.appointments.histories(live.regulator.id)
    assert [f"rdv-{history.appointment.id}" for history in histories] == [mine["data"]["key"]]


async def test_a_stream_ends_quietly_when_the_database_does(sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    async with live_platform(sqlite_url) as live, live.listening() as events, asyncio.timeout(10):
        assert (await anext(events))["comment"] == "open"
        database = live.app.state.platform.database
        async with database.transaction() as connection:
            await connection.exec_driver_sql("ALTER TABLE reported_appointment RENAME TO gone")
        live.app.state.platform.appointments.wake()
        assert [event async for event in events] == []
    assert "Traceback" not in caplog.text
