"""What the harness lends to a simulation: runs of the catalogue and rounds of the watch, with nothing on the wire."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from recette import catalogue, playing
from recette.agreement.model import Agreement
from recette.cli.watcher import Store, Watcher
from recette.engine import museum, runner
from recette.engine import target as targets
from recette.engine.runner import Plan
from recette.engine.selection import select
from recette.engine.target_file import of_dataset
from recette.model import (
    Actor,
    Exchange,
    Exhibit,
    Request,
    Response,
    RunReport,
    Scenario,
    Selection,
    Stage,
    Target,
    Timings,
    TransportFailure,
)
from recette.monitoring import rounds, standing
from recette.reports import json_report
from recette.reports.masking import EvidenceMasks
from recette.simulation import runs, service
from recette.simulation.model import Story
from sas_kernel import datasets
from sas_kernel.clock import ManualClock
from sas_kernel.flows import Flow

BASE_URL = "https://agenda.example.org/fhir"
WHO = "recette simulate"
_GIVEN_UP_AFTER = 2.0
"""Seconds, for an agenda that cannot be reached (`slot_search.connect_timeout`)."""


@dataclass(slots=True)
class Wire:
    """The driver of a simulation: no socket, silence during an outage, an answer otherwise."""

    story: Story
    clock: ManualClock
    _sent: int = 0

    async def send(
        self, target: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange:
        return await self.fetch(BASE_URL + target, method=method, headers=headers, body=body)

    async def fetch(
        self, url: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange:
        self._sent += 1
        now, id = self.clock.now(), f"s{self._sent:04d}"
        request = Request(method, url, url.removeprefix(BASE_URL), tuple(headers), body)
        down = service.outage(self.story.service, now)
        if down is not None:
            waited = Timings(None, _GIVEN_UP_AFTER)
            return Exchange(id, now, request, waited, None, TransportFailure.UNREACHABLE, down.detail)
        drawn = service.deviates(f"{self.story.seed} {now.isoformat()}", 1)
        total = service.seconds(self.story.service, drawn[0], now)
        headed = (("Content-Type", "application/fhir+json"),)
        return Exchange(id, now, request, Timings(total, total), Response(200, headed, b"{}"))


class Lent:
    """The bench and the watch of one simulation (`recette.simulation.acting.Bench`, `engine.Watch`)."""

    def __init__(self, story: Story, agreement: Agreement, clock: ManualClock, store: Store) -> None:
        self._story, self._clock = story, clock
        particulars = story.particulars
        self.flows = flows = particulars.flows or (
            particulars.use_case.flows if particulars.use_case else (Flow.SLOT_SEARCH,)
        )
        self._scenarios = tuple(each for each in catalogue.scenarios((), Actor.EDITOR) if each.flow in flows)
        self._ids = frozenset(check.id for each in self._scenarios for check in each.checks)
        self._exhibits: tuple[Exhibit, ...] = museum.exhibits()
        self._plan = playing.plan_for(_target(story, flows), self._scenarios)
        chosen = select(catalogue.scenarios((), None), self._plan.requirements, Selection(), Actor.EDITOR, flows)
        self._plan = replace(self._plan, scenarios=chosen.scenarios, extent=chosen.extent, missed=chosen.missed)
        promise = standing.promised(agreement)
        self._unavailable_from = promise.unavailable_from
        self._watcher = Watcher(story.project, self._plan, self._driver, store, clock, WHO, promise, lambda _: None)

    @asynccontextmanager
    async def _driver(self) -> AsyncIterator[runner.Driver]:
        yield Wire(self._story, self._clock)

    def checks_of(self, name: str) -> frozenset[str]:
        """The checks that catch a partner of the museum, or the check of this name; none for another word."""
        if name in self._ids or name.startswith(rounds.WATCH):
            return frozenset({name})
        return frozenset(check for each in self._exhibits if each.name == name for check in each.checks)

    async def run(self, faults: tuple[str, ...], number: int) -> tuple[RunReport, bytes]:
        """The whole book: all that a target of these flows is held to."""
        failing = runs.caught_by(faults, self._exhibits, self._ids)
        scenarios = runs.staged(self._plan.scenarios, failing, self._seconds)
        report = await self._play(replace(self._plan, scenarios=scenarios), f"run {number}")
        return report, json_report.dumps(report).encode()

    async def __call__(self, number: int, lately: Sequence[float]) -> tuple[str, ...]:
        """One round of the watch, written to the journal where it is news."""
        timed = rounds.Timed()
        wanted = rounds.chosen(catalogue.scenarios((), Actor.EDITOR), self._story.service.probes)
        probes = tuple(_probe(each) for each in runs.staged(wanted, {}, self._seconds))
        scenarios = (*probes, *rounds.over_all(timed, lambda: lately))
        plan = replace(self._plan, scenarios=scenarios, fail_on=self._unavailable_from, extent=None, missed=())
        return await self._watcher.write(await self._play(plan, f"round {number}", timed))

    async def _play(self, plan: Plan, name: str, *listeners: rounds.Timed) -> RunReport:
        id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"recette simulate {self._story.project} {self._story.seed} {name}"))
        report = await runner.run(
            plan,
            Wire(self._story, self._clock),
            clock=self._clock,
            run_id=id,
            listeners=listeners,
            masks=EvidenceMasks(),
        )
        # How long this machine took says nothing of the story, and would make two tellings of it differ.
        return replace(report, scenarios=tuple(replace(each, duration=0.0) for each in report.scenarios))

    def _seconds(self, check: str, count: int) -> tuple[float, ...]:
        now = self._clock.now()
        drawn = service.deviates(f"{self._story.seed} {check} {now.isoformat()}", count)
        return tuple(service.seconds(self._story.service, each, now) for each in drawn)


def _probe(scenario: Scenario) -> Scenario:
    """A search that is sent; its checks are made where an answer came."""
    judged = scenario.play

    async def play(stage: Stage) -> None:
        exchange = await stage.send("/Slot")
        if exchange.response is not None:
            await judged(stage)

    return replace(scenario, play=play)


def _target(story: Story, flows: Sequence[Flow]) -> Target:
    """An agenda with all the test data that the catalogue asks for; CPTS and SOS Médecins are not played."""
    document: dict[str, Mapping[str, object]] = dict(of_dataset(datasets.load("demo"), BASE_URL, tuple(flows)))
    if Flow.SSO in flows or Flow.APPOINTMENTS in flows:
        document["sso"] = {"issuer": "https://pro-sante-connect.example.org/realms/sas"}
        document["appointments"] = {"listen": "127.0.0.1:8079"}
    name = " ".join(word for word in (story.particulars.product, story.particulars.version) if word)
    return replace(targets.parse(document), name=name or story.particulars.editor, cpts=False, sos=False)
