"""A load from beginning to end: a first look at the target, the plan, the generators, the judgement."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from recette import playing
from recette.catalogue.slot_search.conversation import Query, to_millisecond
from recette.catalogue.slot_search.practitioners import known_practitioners
from recette.checks import load
from recette.drivers.ports import reserve
from recette.engine.runner import Masks, Plan
from recette.load import arrivals, journey_verdict, journeys, judging, looking, recording, statistics, verdict
from recette.load.profiles import GeneratorError, LoadError
from recette.load.recording import Arrival, Orders
from recette.load.stories import STORIES
from recette.model import Actor, Deviation, RunReport, Target
from recette.model.load import Known, Limits, LoadProfile, LoadReport, Recording, Sample, Slow, Tick
from sas_kernel.clock import Clock
from sas_kernel.contracts import ServiceLevel
from sas_kernel.flows import Flow
from sas_kernel.text import Text
from sas_kernel.time_window import window_from

_HEAD_START = 1.5
"""Seconds the generators have to get ready before the first search is due."""
_GENERATOR = "recette.load.generator"


@dataclass(frozen=True, slots=True)
class Crew:
    """Who loads: this many processes of ours, or, listening at `host:port`, as many workers from other machines."""

    workers: int = 1
    listen: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """Who hears how far a load has come: searches made alone before it, of how many; searches that have ended, of how
    many, and how many badly; answers judged, of how many."""

    looking: Callable[[int, int], None] = lambda done, of: None
    loading: Callable[[int, int, int], None] = lambda done, planned, wrong: None
    judging: Callable[[int, int], None] = lambda done, of: None


def require_locust() -> None:
    if importlib.util.find_spec("locust") is None:
        raise LoadError(
            Text(
                "Locust manque. Installez l’extra « load » : pip install 'recette[load]'.",
                "Locust is missing. Install the extra 'load': pip install 'recette[load]'.",
            )
        )


def run(
    target: Target,
    profile: LoadProfile,
    limits: Limits,
    *,
    crew: Crew,
    seed: int,
    clock: Clock,
    masks: Masks,
    deviations: Sequence[Deviation] = (),
    told: Told = Told(),
    consents: Collection[str] = (),
) -> LoadReport:
    """Load the target and judge it. Blocks. Raises `LoadError` for a target that names nobody to search for,
    `GeneratorError` when a generator fails."""
    require_locust()
    if target.actor is not Actor.EDITOR:
        raise LoadError(
            Text(
                "Une charge va à l’éditeur : cette cible est une plateforme, à qui l’on ne cherche pas de créneaux.",
                "A load goes to an editor: this target is a platform, of which no slots are asked.",
            )
        )
    profile, left_out = journeys.kinds_for(target, profile)
    # An entry about a check of the scenarios may rest on one of them: that a load does not show it ends nothing.
    plan = playing.plan_for(target, (), deviations=deviations, missed=verdict.elsewhere())
    levels = plan.levels
    most = int(levels["slot_search.practitioners_per_request"].value)
    known = known_practitioners(target, sys.maxsize)
    if not known:
        raise LoadError(
            Text(
                "Le fichier de cible ne nomme aucun professionnel ([test_data]) : il n’y a personne à chercher.",
                "The target file names no practitioner ([test_data]): there is nobody to search for.",
            )
        )
    run_id = str(uuid.uuid4())
    # What a load covers is a part of the catalogue: it never accepts by itself.
    beside = [STORIES[kind.name] for kind in profile.journeys]
    covered = {check.requirement for check in (*verdict.CHECKS, *(c for story in beside for c in story.checks))}
    flows = {Flow.SLOT_SEARCH, *(story.flow for story in beside)}
    plan = replace(plan, extent=verdict.extent(profile, len(covered), *_whole(plan, flows)))
    required = _fully_checked(target)
    looked_for = looking.chosen(known, required, limits.first_look, seed)
    first = asyncio.run(looking.look(target.base_url, looked_for, levels, clock, told.looking))
    if first.unreached is not None:
        report = asyncio.run(
            verdict.unreachable(first.unreached, profile, plan, clock=clock, run_id=run_id, masks=masks)
        )
        nothing = Recording(clock.now(), (), (), 0, 0)
        outcome = verdict.Outcome(profile, limits, seed, nothing, judging.Judged({}, frozenset(), {}, 0, 0))
        return report_of(report, outcome, {}, target, Known(len(known), len(first.answers)), masks)
    odd = judging.oddities(first.answers, required)
    has_slots = required.union(*(load.with_slots(answer) for answer in first.answers))
    http = looking.limits_of(levels)
    world, room = asyncio.run(journeys.look_around(target, profile, levels, http, clock, consents))
    starts_at = clock.now() + timedelta(seconds=_HEAD_START)
    travels = journeys.planned(profile, seed, room, left_out)
    queries = _queries(profile, known, levels, most, limits, seed, starts_at)
    numbered = {number: query for number, (_, query) in enumerate(queries, start=1)}
    with tempfile.TemporaryDirectory(prefix="recette-load-") as folder:
        work = Path(folder)
        with journeys.beside(travels, world, target, levels, http, clock, starts_at=starts_at, limits=limits) as (
            going,
            stop,
        ):
            found, unkept = _generate(target, profile, limits, levels, queries, crew, work, starts_at, told.loading)
            if found.aborted:
                stop.set()
        played = going.result()
        with_slots = {number for number, query in numbered.items() if has_slots & {*query.asked.identifiers}}
        deep = judging.drawn(found.samples, limits, seed, with_slots)
        judged = judging.judge(
            found,
            recording.read_answers(work),
            numbered,
            plan.requirements,
            base_url=target.base_url,
            has_slots=has_slots,
            deep=deep,
            keep=_slowest_alone(found, profile, limits),
            odd=odd,
            told=told.judging,
        )
    outcome = verdict.Outcome(profile, limits, seed, found, judged, unkept)
    kinds = journey_verdict.judge(played)
    saturated = verdict.saturation(journey_verdict.health(played, limits)) or verdict.saturation(outcome.health)
    report = asyncio.run(
        verdict.conclude(
            outcome,
            plan,
            clock=clock,
            run_id=run_id,
            masks=masks,
            beside=journey_verdict.scenarios(played, kinds, plan, saturated),
            exchanges_beside=[exchange for kind in kinds for exchange in kind.kept.values()],
        )
    )
    whole = report_of(report, outcome, numbered, target, Known(len(known), len(first.answers)), masks)
    return replace(whole, journeys=journey_verdict.report(played, limits, seed)) if travels.dues else whole


def _fully_checked(target: Target) -> frozenset[str]:
    """The practitioners whose answers the scenarios check in full, and expect slots of."""
    return frozenset(known_practitioners(replace(target, test_data=_without_full_list(target)), sys.maxsize))


def _without_full_list(target: Target) -> dict[str, str | tuple[str, ...]]:
    return {key: value for key, value in target.test_data.items() if key != "practitioners_full_list"}


def _whole(plan: Plan, flows: Collection[Flow]) -> tuple[int, int]:
    """How many scenarios and tested requirements these flows have in all."""
    from recette import catalogue  # noqa: PLC0415  a page of imports, for two numbers

    scenarios = [each for each in catalogue.scenarios((), None) if each.flow in flows]
    tested = [each for each in plan.requirements.values() if each.flow in flows and each.scenarios]
    return len(scenarios), len(tested)


def _queries(
    profile: LoadProfile,
    known: Sequence[str],
    levels: Mapping[str, ServiceLevel],
    most: int,
    limits: Limits,
    seed: int,
    starts_at: datetime,
) -> list[tuple[float, Query]]:
    """Each search with when it is due; its window opens at that moment, as the platform's does."""
    horizon = timedelta(hours=levels["slot_search.horizon"].value)
    dues = arrivals.arrival_times(profile, seed)
    lots = arrivals.lots(known, len(dues), most=most, single_share=limits.single_share, seed=seed)
    return [
        (due, Query.of(lot, window_from(to_millisecond(starts_at + timedelta(seconds=due)), horizon)))
        for due, lot in zip(dues, lots, strict=True)
    ]


def _orders(target: Target, limits: Limits, levels: Mapping[str, ServiceLevel]) -> Orders:
    parts, http = urlsplit(target.base_url), looking.limits_of(levels)
    return Orders(
        scheme=parts.scheme,
        host=parts.hostname or "",
        port=parts.port or (443 if parts.scheme == "https" else 80),
        target_base=parts.path.rstrip("/"),
        headers=judging.HEADERS,
        connect=http.connect,
        answer=http.answer,
        max_bytes=http.max_bytes,
        in_flight=limits.in_flight,
        kept_bytes=limits.kept_bytes,
        abort_window=limits.abort_window,
        abort_fewest=limits.abort_fewest,
        abort_share=limits.abort_share,
    )


def _generate(
    target: Target,
    profile: LoadProfile,
    limits: Limits,
    levels: Mapping[str, ServiceLevel],
    queries: Sequence[tuple[float, Query]],
    crew: Crew,
    work: Path,
    starts_at: datetime,
    told: Callable[[int, int, int], None],
) -> tuple[Recording, int]:
    """Run the generators to the end; what they recorded, and how many answers they had no room for."""
    planned = [
        Arrival(number, due, query.target, len(query.asked.identifiers))
        for number, (due, query) in enumerate(queries, start=1)
    ]
    recording.write_plan(work / "plan.jsonl", _orders(target, limits, levels), planned)
    files = ["--plan", str(work / "plan.jsonl"), "--out", str(work)]
    with ExitStack() as stack:
        if crew.workers == 1 and crew.listen is None:
            begins = time.time() + max(0.0, (starts_at - datetime.now(UTC)).total_seconds())
            main = _spawned(stack, work, ["local", *files, "--starts-at", f"{begins:.3f}"])
        else:
            reserved = None if crew.listen else reserve()
            if reserved is not None:
                stack.callback(reserved.release)
            host, port = crew.listen or ("127.0.0.1", reserved.number if reserved else 0)
            place = ["--host", host, "--port", str(port)]
            main = _spawned(stack, work, ["master", *files, *place, "--workers", str(crew.workers)])
            if crew.listen is None:
                for _ in range(crew.workers):
                    _spawned(stack, work, ["worker", *place])
        for line in main.stdout or ():
            heard = json.loads(line)
            told(heard["done"], len(planned), heard["wrong"])
        if main.wait() != 0:
            raise GeneratorError(
                Text("Le générateur de charge a échoué : {e}.", "The load generator failed: {e}.").format(
                    e=_last_line(work / "errors.txt")
                )
            )
    found, unkept = _recorded(json.loads((work / "result.json").read_text(encoding="utf-8")), len(planned))
    if not found.aborted and len(found.samples) != len(planned):
        raise GeneratorError(
            Text(
                "Le générateur de charge a perdu des recherches ({n} sur {p}) : {e}.",
                "The load generator lost searches ({n} of {p}): {e}.",
            ).format(n=len(planned) - len(found.samples), p=len(planned), e=_last_line(work / "errors.txt"))
        )
    return found, unkept


def _spawned(stack: ExitStack, work: Path, arguments: Sequence[str]) -> subprocess.Popen[str]:
    errors = stack.enter_context((work / "errors.txt").open("a", encoding="utf-8"))
    process = subprocess.Popen(  # noqa: S603  our own module
        [sys.executable, "-m", _GENERATOR, *arguments],
        stdout=subprocess.PIPE if arguments[0] != "worker" else subprocess.DEVNULL,
        stderr=errors,
        text=True,
    )
    stack.callback(_ended, process)
    return process


def _ended(process: subprocess.Popen[str]) -> None:
    """A worker whose master has gone ends by itself; one that does not is ended."""
    try:
        process.wait(timeout=5.0 if sys.exc_info()[0] is None else 0.1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _last_line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "?"


def _recorded(document: Mapping[str, Any], planned: int) -> tuple[Recording, int]:
    parts: list[Mapping[str, Any]] = document["workers"]
    samples = [Sample(*each) for part in parts for each in part["samples"]]
    ticks = [Tick(*each) for part in parts for each in part["ticks"]]
    return (
        Recording(
            started_at=datetime.fromtimestamp(min(part["started_at"] for part in parts), UTC),
            samples=tuple(sorted(samples, key=lambda sample: sample.number)),
            ticks=tuple(sorted(ticks, key=lambda tick: (tick.at, tick.worker))),
            workers=len(parts),
            planned=planned,
            aborted=any(part["aborted"] for part in parts),
            overrun=any(part["overrun"] for part in parts),
        ),
        sum(part["unkept"] for part in parts),
    )


def _slowest_alone(found: Recording, profile: LoadProfile, limits: Limits) -> frozenset[int]:
    """The searches whose exchanges are kept whatever they hold: the slowest of all, and of those for one alone."""
    measured = [sample for sample in found.samples if sample.due >= profile.warm_up]
    slow = sorted(measured, key=lambda sample: sample.latency, reverse=True)
    alone = [sample for sample in slow if sample.practitioners == 1]
    return frozenset(sample.number for sample in (*slow[: limits.slowest], *alone[:1]))


def report_of(
    report: RunReport,
    outcome: verdict.Outcome,
    queries: Mapping[int, Query],
    target: Target,
    known: Known,
    masks: Masks,
) -> LoadReport:
    """The whole report of a load whose verdict is `report`."""
    limits, seed = outcome.limits, outcome.seed
    measured = outcome.measured
    latencies = [sample.latency for sample in outcome.timed]
    lost = {sample.number for sample in measured if sample.failure or sample.status != 200}
    slow = sorted(measured, key=lambda sample: sample.latency, reverse=True)[: limits.slowest]
    kept = {sample.number: outcome.judged.kept.get(load.exchange_id(sample)) for sample in slow}
    return LoadReport(
        profile=outcome.profile,
        seed=seed,
        recording=outcome.recording,
        measured=measured,
        latency=statistics.intervals(latencies, limits, seed),
        one_practitioner=statistics.intervals([sample.latency for sample in outcome.alone], limits, seed),
        mean=sum(latencies) / len(latencies) if latencies else None,
        timeline=statistics.timeline(outcome.recording.samples, outcome.judged.wrong | lost, outcome.profile.total),
        errors=statistics.error_kinds(measured, outcome.judged.wrong),
        slowest=tuple(
            Slow(
                each, target.base_url + queries[each.number].target, masks.exchange(exchange, ()) if exchange else None
            )
            for each in slow
            for exchange in (kept[each.number],)
        ),
        client=outcome.health,
        judged=outcome.judged.count,
        judged_deeply=outcome.judged.deep,
        known=known,
        run=report,
    )


def work_for(host: str, port: int) -> int:
    """Be a worker of a master on another machine until the load is over; the process's exit status."""
    require_locust()
    command = [sys.executable, "-m", _GENERATOR, "worker", "--host", host, "--port", str(port)]
    process = subprocess.Popen(command)  # noqa: S603  our own module
    try:
        return process.wait()
    finally:
        if process.poll() is None:  # we are interrupted: left alone, it would go on loading
            process.kill()
            process.wait()
