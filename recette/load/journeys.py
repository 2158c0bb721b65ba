"""Plays what goes on beside the searches while the generators load: open arrivals, nobody waits for who came before.

It stays on the machine that was given the target file, however many generators there are: journeys need its people,
its passwords and its endpoint, and come by a few a minute.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from recette.catalogue.appointments.bookers import StuckError, people
from recette.catalogue.appointments.platform import Platform
from recette.catalogue.appointments.visit import PRACTICE
from recette.catalogue.slot_search import conversation as searches
from recette.catalogue.slot_search.associations import NEEDS as SOS_NEEDS
from recette.catalogue.sso.conversation import Conversation
from recette.catalogue.sso.ground import Groundless, ground
from recette.checks.answer import Answer
from recette.checks.appointment import offered
from recette.drivers.http import HttpDriver, new_client
from recette.drivers.inbox import listening
from recette.load import arrivals
from recette.load.mailroom import Mailroom
from recette.load.profiles import LoadError, require_consent
from recette.load.stage import Driver, JourneyStage, Watch
from recette.load.stories import CPTS_DATA, STORIES, WHOLE_JOURNEY, World
from recette.model import Booking, Inbox, Target
from recette.model.load import JourneyKind, Limits, LoadProfile, Tick
from sas_kernel.clock import Clock
from sas_kernel.contracts import ServiceLevel
from sas_kernel.flows import Flow
from sas_kernel.text import Text
from sas_kernel.time_window import window_from
from sas_kit.http import HttpLimits

_log = logging.getLogger(__name__)

_PROBE = 0.05
_HEED = 0.5
"""Seconds after which a load that is cut short is noticed."""
_PATIENCE = 3
"""Times the promised delay a message is waited for: one that comes late is late, not missing."""
_FAR_ENOUGH = timedelta(hours=1, minutes=5)
_NEEDS: Mapping[str, tuple[Flow, ...]] = {
    "accounts": (Flow.REGULATORS,),
    "sign_ons": (Flow.SSO, Flow.REGULATORS),
    "bookings": (Flow.APPOINTMENTS, Flow.SSO, Flow.REGULATORS),
}
"""The flows that the target file has to declare: they change what the target holds."""


@dataclass(frozen=True, slots=True)
class Planned:
    """The journeys of a load: when each is due, in order, by kind; `left_out` are kinds with the reason."""

    profile: LoadProfile
    dues: tuple[tuple[float, JourneyKind], ...]
    left_out: tuple[tuple[str, Text], ...] = ()

    def count(self, kind: str) -> int:
        return sum(each.name == kind for _, each in self.dues)


@dataclass(slots=True)
class Played:
    """What came of them. `broken` are failures of ours; `strays` messages of no journey."""

    planned: Planned
    stages: list[JourneyStage] = field(default_factory=list)
    ticks: list[Tick] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    strays: int = 0
    overrun: bool = False


def kinds_for(target: Target, profile: LoadProfile) -> tuple[LoadProfile, tuple[tuple[str, Text], ...]]:
    """The profile without what this target does not serve, and why; `LoadError` names keys the target file lacks."""
    missing: dict[str, None] = {}
    left_out: list[tuple[str, Text]] = []
    stuck: list[str] = []
    for kind in profile.journeys:
        lacks = _lacks(kind.name, target)
        if lacks:
            missing |= dict.fromkeys(lacks)
            stuck.append(kind.name)
        elif kind.name == "cpts" and not (target.cpts and any(target.test_data.get(key) for key in CPTS_DATA)):
            left_out.append((kind.name, Text("La cible ne déclare pas de CPTS.", "The target declares no CPTS.")))
        elif kind.name == "sos" and not (target.sos and target.test_data.get(SOS_NEEDS[0])):
            left_out.append((kind.name, Text("La cible ne déclare pas SOS.", "The target declares no SOS.")))
    if missing:
        raise LoadError(
            Text(
                "Au profil « {p} », il manque au fichier de cible : {k}. Il change ce que la cible contient (comptes, "
                "rendez-vous) : dites-le ainsi, ou laissez de côté : {o}.",
                "For the profile '{p}', the target file lacks: {k}. It changes what the target holds (accounts, "
                "appointments): say so in this way, or leave out: {o}.",
            ).format(p=profile.name, k=", ".join(missing), o=" ".join(f"--without {each}" for each in stuck))
        )
    gone = {name for name, _ in left_out}
    return replace(profile, journeys=tuple(k for k in profile.journeys if k.name not in gone)), tuple(left_out)


def _lacks(kind: str, target: Target) -> list[str]:
    found = [f'applicability.flows "{flow.value}"' for flow in _NEEDS.get(kind, ()) if flow not in target.flows]
    if kind in {"sign_ons", "bookings"}:
        found += [] if target.sso is not None else ["[sso] issuer"]
        found += [] if target.test_data.get(PRACTICE.key) else [f"test_data.{PRACTICE.key}"]
    if kind == "bookings" and (target.appointments is None or target.appointments.booking is not Booking.REFERENCE):
        found.append('[appointments] booking = "reference"')
    return found


async def look_around(
    target: Target,
    profile: LoadProfile,
    levels: Mapping[str, ServiceLevel],
    http: HttpLimits,
    clock: Clock,
    consents: Collection[str],
) -> tuple[World, int]:
    """`prepare` over HTTP; journeys go to the provider and to the agenda's pages, whose hosts must consent too."""
    async with new_client() as client:
        driver = HttpDriver(client, target.base_url, limits=http, clock=clock)
        return await prepare(target, profile, levels, driver, clock, allowed=lambda url: require_consent(url, consents))


async def prepare(
    target: Target,
    profile: LoadProfile,
    levels: Mapping[str, ServiceLevel],
    driver: Driver,
    clock: Clock,
    *,
    allowed: Callable[[str], None] = lambda url: None,
) -> tuple[World, int]:
    """Before the load, at rest: who signs on and where, their accounts at the editor, how many slots can be booked.

    Raises `LoadError` for what is not there. `allowed` hears the addresses journeys will go to, and may raise.
    """
    names = {kind.name for kind in profile.journeys}
    world = World(patience=levels["appointments.push_delay"].value * _PATIENCE)
    if not names & {"sign_ons", "bookings"}:
        return world, 0
    assert target.sso is not None
    if target.appointments is not None:
        world.patience = min(world.patience, target.appointments.wait)
    stage = JourneyStage(0, "at rest", target, levels, driver, clock, Watch(time.perf_counter(), clock.now()))
    try:
        allowed(target.sso.issuer)
        world.ground = await ground(stage)
        allowed(world.ground.address)
        talk = Conversation(stage, world.ground.provider, world.ground.people, world.ground.address)
        _ = talk.regulator  # somebody has to be let in
        for person in world.ground.people:
            if not person.fault:
                await talk.tell_account(person)
        if "bookings" not in names:
            return world, 0
        world.bookers = await people(stage, target.sso)
        told = {person.account.token for person in world.ground.people if person.account is not None}
        for booker in world.bookers:
            if booker.account.token not in told:
                raise StuckError(Text("Comptes d’essai incohérents.", "Test accounts do not agree."))
            world.provisioned.add(booker.login)
        room = await _room(stage, target, levels, clock, allowed)
    except (Groundless, StuckError) as error:
        reason = error.reason if isinstance(error, Groundless) else error.text
        raise LoadError(
            Text("Le profil « {p} » ne peut pas commencer : {r}", "The profile '{p}' cannot begin: {r}").format(
                p=profile.name, r=reason
            )
        ) from error
    if not room:
        raise LoadError(
            Text(
                "Moins de deux créneaux à réserver chez {p} : --without bookings.",
                "Fewer than two slots to book at {p}: --without bookings.",
            ).format(p=target.test_data[PRACTICE.key])
        )
    return world, room


async def _room(
    stage: JourneyStage,
    target: Target,
    levels: Mapping[str, ServiceLevel],
    clock: Clock,
    allowed: Callable[[str], None],
) -> int:
    """How many slots may be booked, each by one journey: half of those there are, for searches expect the others."""
    horizon = timedelta(hours=levels["slot_search.horizon"].value)
    window = window_from(searches.to_millisecond(clock.now()), horizon)
    query = PRACTICE.asking((str(target.test_data[PRACTICE.key]),), window)
    answer = Answer(await stage.send(query.target, headers=(searches.PLATFORM_ACCEPT,)), query.asked)
    if answer.unusable is not None:
        raise StuckError(answer.unusable)
    soon = clock.now() + _FAR_ENOUGH
    found = [slot for slot in offered(answer) if slot.start >= soon and "://" in slot.comment]
    for slot in found:
        allowed(slot.comment)
    return len({slot.start for slot in found}) // 2


def planned(profile: LoadProfile, seed: int, room: int, left_out: tuple[tuple[str, Text], ...] = ()) -> Planned:
    """When each journey is due; no more bookings than there is `room` for."""
    dues = [
        (due, kind)
        for kind in profile.journeys
        for due in arrivals.journey_times(profile, kind, seed, room=room if kind.name == "bookings" else None)
    ]
    return Planned(profile, tuple(sorted(dues, key=lambda each: each[0])), left_out)


async def play(
    plan: Planned,
    world: World,
    target: Target,
    levels: Mapping[str, ServiceLevel],
    driver: Driver,
    clock: Clock,
    *,
    starts_at: datetime,
    limits: Limits,
    stop: threading.Event,
) -> Played:
    """Begin each journey when it is due, until `stop`; those begun are played to their end, clearing up included."""
    played = Played(plan)
    await asyncio.sleep(max(0.0, (starts_at - clock.now()).total_seconds()))
    watch = Watch(time.perf_counter(), clock.now())
    probe = asyncio.create_task(_probe(played, watch))
    flying: set[asyncio.Task[None]] = set()
    try:
        for number, (due, kind) in enumerate(plan.dues, start=1):
            if await _stopped(stop, due, watch):
                break
            played.overrun = played.overrun or len(flying) >= limits.in_flight
            stage = JourneyStage(number, kind.name, target, levels, driver, clock, watch, due)
            played.stages.append(stage)
            task = asyncio.create_task(_one(stage, world, played))
            flying.add(task)
            task.add_done_callback(flying.discard)
    finally:
        while flying:
            await asyncio.wait(tuple(flying))
        probe.cancel()
    if world.mailroom is not None:
        world.mailroom.sort()
        played.strays = len(world.mailroom.strays)
    return played


async def _stopped(stop: threading.Event, due: float, watch: Watch) -> bool:
    """Wait until something is due; whether everything is to stop instead. The event is another thread's."""
    while not stop.is_set():
        left = due - watch.now()
        if left <= 0:
            return False
        await asyncio.sleep(min(left, _HEED))
    return True


async def _one(stage: JourneyStage, world: World, played: Played) -> None:
    begun = stage.watch.now()
    try:
        await STORIES[stage.kind].story(stage, world)
    except StuckError as error:
        stage.stuck = error.text
    except Exception as error:  # noqa: BLE001  a journey that breaks is our fault, and is said to be
        _log.exception("journey %d (%s) broke", stage.journey, stage.kind)
        played.broken.append(f"{stage.kind}: {type(error).__name__}: {error}")
        return
    failed = next((step.failure for step in stage.steps if step.failure), "stuck" if stage.stuck else "")
    done = next((step.done for step in stage.steps if step.step == "push"), stage.watch.now())
    stage.note(WHOLE_JOURNEY, stage.due, begun, done, failed)


async def _probe(played: Played, watch: Watch) -> None:
    """How long this loop stands still, second by second, and what the process takes."""
    second, cpu, longest = watch.now(), time.process_time(), 0.0
    while True:
        before = watch.now()
        await asyncio.sleep(_PROBE)
        now = watch.now()
        longest = max(longest, now - before - _PROBE)
        if now - second >= 1.0:
            played.ticks.append(Tick(now, 0, longest, (time.process_time() - cpu) / (now - second), 0))
            second, cpu, longest = now, time.process_time(), 0.0


@contextmanager
def beside(
    plan: Planned,
    world: World,
    target: Target,
    levels: Mapping[str, ServiceLevel],
    http: HttpLimits,
    clock: Clock,
    *,
    starts_at: datetime,
    limits: Limits,
) -> Iterator[tuple[Future[Played], threading.Event]]:
    """Play a plan in a thread with a loop of its own, as long as the block lasts; setting the event ends it early.

    Our endpoint listens before the block begins, or `ListenError` is raised.
    """
    found: Future[Played] = Future()
    stop, ready = threading.Event(), threading.Event()

    async def playing() -> Played:
        async with new_client() as client, AsyncExitStack() as stack:
            driver = HttpDriver(client, target.base_url, limits=http, clock=clock)
            if target.appointments is not None and plan.count("bookings"):
                receive(world, await stack.enter_async_context(listening(target.appointments.listen, clock)), clock)
            ready.set()
            return await play(plan, world, target, levels, driver, clock, starts_at=starts_at, limits=limits, stop=stop)

    def run() -> None:
        try:
            found.set_result(asyncio.run(playing()))
        except BaseException as error:  # noqa: BLE001  raised again by who asks for the result
            found.set_exception(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="journeys")
    thread.start()
    try:
        ready.wait()
        if found.done():
            found.result()
        yield found, stop
    except BaseException:
        stop.set()
        raise
    finally:
        thread.join()


def receive(world: World, inbox: Inbox, clock: Clock) -> None:
    """Have our endpoint answer as a platform does, and its messages sorted by journey."""
    base = urlsplit(inbox.url).path.rstrip("/")
    world.platform = Platform(inbox.url, base, clock.now)
    world.mailroom = Mailroom(inbox, base)
    inbox.answer_with(world.platform)
