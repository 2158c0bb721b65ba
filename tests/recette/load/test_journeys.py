"""Journeys beside the searches, on the reference agenda and platform without a socket: right, then wrong in turn."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from recette import playing
from recette.checks import load
from recette.drivers.inbox import ListenError, ListeningInbox
from recette.engine.runner import BARE
from recette.load import journey_verdict, journeys, profiles, verdict
from recette.load.journeys import Planned, Played
from recette.load.profiles import LoadError
from recette.load.stories import World
from recette.model import (
    AppointmentsTarget,
    Booking,
    Dropped,
    ExitCode,
    Request,
    RunReport,
    SignOnTarget,
    Target,
    Verdict,
)
from recette.model.load import Step
from recette.museum.wire import Asked, Reply, demo_target
from sas_kernel.clock import SystemClock
from sas_kernel.contracts import ServiceLevel, service_levels
from sas_kernel.flows import Flow
from sas_kit.http import HttpLimits
from tests.faulty.parties import AGENDA, ISSUER, Asgi, PartiesDriver, Street, agenda_on, platform_on
from tests.recette.load.made import LIMITS, NOMINAL, PROFILES, outcome, recording, samples

INBOX = "http://127.0.0.1:8079"
PROFILE = profiles.chosen(PROFILES, "journey", rate=None, duration=1.0, warm_up=0.0)
EASY = replace(LIMITS, due_lag=600.0, loop_lag=600.0, cpu=100.0)
LEVELS = service_levels()
TARGET = replace(
    demo_target(),
    flows=(Flow.SLOT_SEARCH, Flow.REGULATORS, Flow.SSO, Flow.APPOINTMENTS),
    sos=True,
    cpts=True,
    sso=SignOnTarget(ISSUER),
    appointments=AppointmentsTarget(booking=Booking.REFERENCE, wait=20.0),
)

Bend = Callable[[Asked, Reply], Reply]


@dataclass
class Place:
    """The street, its inbox, and how both misbehave from now on."""

    street: Street
    clock: SystemClock
    inbox: ListeningInbox
    agenda: Asgi
    bend: Bend = lambda asked, reply: reply
    deaf: bool = False
    slow: float = 0.0  # seconds that a message is on its way to us

    async def answer(self, asked: Asked) -> Reply:
        return self.bend(asked, await self.agenda(asked))

    async def receive(self, asked: Asked) -> Reply:
        if self.deaf:
            raise TimeoutError
        await asyncio.sleep(self.slow)
        request = Request(asked.method, INBOX + asked.target, asked.target, asked.headers, asked.body)
        answer = self.inbox.take(request, time.perf_counter(), self.clock.now())
        assert not isinstance(answer, Dropped)
        return Reply(answer.status, answer.headers, answer.body)

    async def play(self, *kinds: str, times: int = 2, patience: float = 20.0) -> Played:
        """So many journeys of each kind, a moment apart, on an inbox of their own."""
        profile = replace(PROFILE, journeys=tuple(kind for kind in PROFILE.journeys if kind.name in kinds))
        driver = PartiesDriver(self.street, self.clock)
        world, room = await journeys.prepare(TARGET, profile, LEVELS, driver, self.clock)
        assert room or "bookings" not in kinds
        self.inbox = ListeningInbox(f"{INBOX}/fhir", self.clock)
        journeys.receive(world, self.inbox, self.clock)
        world.patience = patience
        dues = tuple((0.01 * each, kind) for each in range(times) for kind in profile.journeys)
        return await journeys.play(
            Planned(profile, dues),
            world,
            TARGET,
            LEVELS,
            driver,
            self.clock,
            starts_at=self.clock.now(),
            limits=EASY,
            stop=threading.Event(),
        )


async def concluded(played: Played, levels: Mapping[str, ServiceLevel] = LEVELS) -> RunReport:
    plan = replace(playing.plan_for(TARGET, ()), levels=levels)
    kinds = journey_verdict.judge(played)
    return await verdict.conclude(
        outcome(recording(samples([0.1] * 200))),
        replace(plan, extent=verdict.extent(NOMINAL, 30, 20, 170)),
        clock=SystemClock(),
        run_id="r",
        masks=BARE,
        beside=journey_verdict.scenarios(played, kinds, plan, None),
        exchanges_beside=[exchange for kind in kinds for exchange in kind.kept.values()],
    )


def found(report: RunReport) -> set[str]:
    return {finding.check for finding in report.findings if finding.verdict is Verdict.FAIL}


async def _right(place: Place) -> None:
    played = await place.play("accounts", "sign_ons", "bookings", "cpts", "sos", times=2)
    report = await concluded(played)
    assert not report.findings, [(f.check, f.scenario, f.message.en) for f in report.findings]
    assert report.exit_code is ExitCode.ACCEPTED, report.explanation.en
    steps = {(step.kind, step.step) for stage in played.stages for step in stage.steps}
    assert {("bookings", each) for each in ("search", "sign_on", "page", "booking", "push", "journey")} <= steps
    assert {("accounts", "create"), ("accounts", "update"), ("sign_ons", "sign_on"), ("cpts", "search")} <= steps
    assert all(step.done >= step.sent >= step.due for stage in played.stages for step in stage.steps)
    # Each booked a slot of its own, was told of alone, and gave it back.
    told: dict[str, list[str]] = {}
    for arrival in place.inbox.arrivals:
        document = json.loads(arrival.request.body)
        told.setdefault(document["start"], []).append(document["status"])
    assert sorted(told.values()) == [["booked", "cancelled"]] * 2
    assert played.strays == 0
    (delay,) = [m for m in report.measurements if m.id == "appointments.push_delay"]
    assert len(delay.samples) == 2


async def _no_location(place: Place) -> None:
    """A fast wrong answer: accounts are made, and nobody is told where they are."""

    def bend(asked: Asked, reply: Reply) -> Reply:
        if asked.method != "POST" or not asked.target.startswith("/fhir/Practitioner"):
            return reply
        return replace(reply, headers=tuple(pair for pair in reply.headers if pair[0].lower() != "location"))

    place.bend = bend
    report = await concluded(await place.play("accounts"))
    assert report.exit_code is ExitCode.REFUSED
    finding = next(each for each in report.findings if each.check == "creation.location")
    assert finding.scenario == "load.journey.accounts"
    assert finding.occurrences == 2
    assert finding.exchange in {exchange.id for exchange in report.exchanges}


async def _no_desk(place: Place) -> None:
    """Whoever has signed on finds no page on which to book."""
    place.bend = lambda asked, reply: (
        reply if asked.target.startswith("/fhir/") or asked.method != "GET" else replace(reply, status=503, body=b"")
    )
    played = await place.play("bookings", times=1)
    report = await concluded(played)
    assert found(report) == {"load.booked"}
    assert [step.failure for stage in played.stages for step in stage.steps if step.step == "journey"] == ["http_503"]
    assert journey_verdict.report(played, EASY, 1).kinds[0].stuck == 1


async def _empty_search(place: Place) -> None:
    """The search finds nobody: that is wrong, and nobody can say more of the booking that could not be made."""
    empty = b'{"resourceType":"Bundle","type":"searchset","total":0}'
    searches = 0

    def bend(asked: Asked, reply: Reply) -> Reply:
        nonlocal searches
        searches += asked.is_search
        return replace(reply, body=empty) if asked.is_search and searches > 2 else reply

    place.bend = bend
    report = await concluded(await place.play("bookings", times=1))
    assert "load.booked" not in found(report)
    assert "slot.some" in found(report)


async def _no_message(place: Place) -> None:
    place.deaf = True
    played = await place.play("bookings", times=1, patience=0.3)
    report = await concluded(played)
    assert "booking.announced" in found(report)
    assert "load.booked" not in found(report)
    assert report.exit_code is ExitCode.REFUSED


async def _slow_messages(place: Place) -> None:
    """Each message comes, and is right, and is late: its level is broken, and nothing else."""
    place.slow = 0.2
    played = await place.play("bookings", times=2)
    place.slow = 0.0
    pushes = [step.latency for stage in played.stages for step in stage.steps if step.step == "push"]
    assert len(pushes) == 2
    assert min(pushes) >= 0.2
    held = await concluded(played)
    assert (held.exit_code, found(held)) == (ExitCode.ACCEPTED, set())
    level = LEVELS["appointments.push_delay"]
    broken = await concluded(played, {**LEVELS, level.id: replace(level, value=0.15)})
    assert (broken.exit_code, found(broken)) == (ExitCode.SERVICE_LEVEL_BROKEN, {"booking.delay"})
    assert broken.findings[0].exchange in {exchange.id for exchange in broken.exchanges}


STORIES: tuple[Callable[[Place], Awaitable[None]], ...] = (
    _right,
    _no_location,
    _no_desk,
    _empty_search,
    _slow_messages,
    _no_message,  # the last: the agenda waits longer and longer for who does not hear it
)


async def test_journeys_are_judged_as_scenarios_are(tmp_path: Path) -> None:
    clock = SystemClock()
    street = Street()
    async with (
        agenda_on(street, tmp_path, clock, platform_url=f"{INBOX}/fhir") as agenda,
        platform_on(street, tmp_path, clock),
    ):
        place = Place(street, clock, ListeningInbox(f"{INBOX}/fhir", clock), agenda)
        street.parties |= {AGENDA: place.answer, INBOX: place.receive}
        for story in STORIES:
            place.bend = lambda asked, reply: reply
            await story(place)
        await _a_late_message(await place.play("accounts", times=1))


async def _a_late_message(played: Played) -> None:
    """A push that took longer than promised breaks its level, and nothing else; a saturated harness says nothing."""
    kind = next(kind for kind in PROFILE.journeys if kind.name == "bookings")
    played.planned = replace(played.planned, profile=replace(PROFILE, journeys=(kind,)))
    (stage,) = played.stages
    late = replace(stage.exchanges[0], id="r1")
    stage.kind, stage.evidence, stage.exchanges = "bookings", [(load.BOOKED, load.Reached(exchanges=(late,)))], []
    stage.steps = [Step(1, "bookings", "push", 1.0, 1.0, 11.5, exchange="r1")]
    report = await concluded(played)
    assert [(f.check, f.actual, f.exchange) for f in report.findings] == [("booking.delay", "10.5 s", "r1")]
    assert [exchange.id for exchange in report.exchanges] == ["r1"]
    assert not [check for check in report.checks if check.verdict is Verdict.ERROR]
    plan = playing.plan_for(TARGET, ())
    saturated = journey_verdict.scenarios(
        played, journey_verdict.judge(played), plan, LEVELS["appointments.push_delay"].text
    )
    report = await verdict.conclude(
        outcome(recording(samples([0.1] * 200))),
        replace(plan, extent=verdict.extent(NOMINAL, 30, 20, 170)),
        clock=SystemClock(),
        run_id="r",
        masks=BARE,
        beside=saturated,
    )
    assert report.findings == ()


@pytest.mark.parametrize(
    ("target", "named"),
    [
        (replace(TARGET, flows=(Flow.SLOT_SEARCH,)), 'applicability.flows "regulators"'),
        (replace(TARGET, sso=None), r"\[sso\] issuer"),
        (replace(TARGET, appointments=None), r'\[appointments\] booking = "reference"'),
        (replace(TARGET, appointments=AppointmentsTarget()), r'\[appointments\] booking = "reference"'),
        (replace(TARGET, test_data={}), "test_data.practitioner_one_place"),
    ],
)
def test_what_the_target_file_lacks_is_named_before_the_load(target: Target, named: str) -> None:
    with pytest.raises(LoadError, match=named):
        journeys.kinds_for(target, PROFILE)


def test_what_is_not_served_is_left_out_with_the_reason_and_nominal_has_nothing_beside() -> None:
    profile, left_out = journeys.kinds_for(replace(TARGET, cpts=False, sos=False), PROFILE)
    assert [kind.name for kind in profile.journeys] == ["accounts", "sign_ons", "bookings"]
    assert [name for name, _ in left_out] == ["cpts", "sos"]
    assert PROFILES.by_name["nominal"].journeys == ()


def test_a_kind_is_left_out_when_asked() -> None:
    chosen = profiles.chosen(PROFILES, "journey", rate=None, duration=None, warm_up=None, without=("bookings",))
    assert "bookings" not in [kind.name for kind in chosen.journeys]
    with pytest.raises(LoadError, match="accounts, sign_ons, bookings"):
        profiles.chosen(PROFILES, "journey", rate=None, duration=None, warm_up=None, without=("booking",))


def test_nobody_is_sent_to_a_host_whose_owner_was_not_asked() -> None:
    heard: list[str] = []

    def forbidden(url: str) -> None:
        heard.append(url)
        raise LoadError(LEVELS["appointments.push_delay"].text)

    async def prepare() -> tuple[World, int]:
        driver = PartiesDriver(Street(), SystemClock())
        return await journeys.prepare(TARGET, PROFILE, LEVELS, driver, SystemClock(), allowed=forbidden)

    with pytest.raises(LoadError):
        asyncio.run(prepare())
    assert heard == [ISSUER]


def test_a_load_that_is_interrupted_begins_no_more_journeys() -> None:
    kind = next(kind for kind in PROFILE.journeys if kind.name == "accounts")
    clock = SystemClock()

    def interrupted() -> None:
        with journeys.beside(
            Planned(PROFILE, ((0.0, kind), (60.0, kind))),
            World(),
            replace(TARGET, base_url="http://127.0.0.1:9/fhir"),
            LEVELS,
            HttpLimits(1.0, 1.0, 1000),
            clock,
            starts_at=clock.now(),
            limits=EASY,
        ) as (going, _):
            results.append(going)
            raise KeyboardInterrupt

    results: list[Future[Played]] = []
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert time.monotonic() - begun < 30
    assert len(results[0].result(timeout=0).stages) <= 1


def test_an_endpoint_that_is_taken_is_told_before_the_load() -> None:
    kind = next(kind for kind in PROFILE.journeys if kind.name == "bookings")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        target = replace(TARGET, appointments=AppointmentsTarget(listen, Booking.REFERENCE))
        plan, clock = Planned(PROFILE, ((0.0, kind),)), SystemClock()
        with (
            pytest.raises(ListenError, match=listen),
            journeys.beside(
                plan, World(), target, LEVELS, HttpLimits(1.0, 1.0, 1), clock, starts_at=clock.now(), limits=EASY
            ),
        ):
            raise AssertionError("the load began")
