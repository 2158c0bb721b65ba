"""Over real sockets, a served partner breaks the requirement it says, and no other: one of each kind.

That every other one does so too is shown in `tests/faulty`, where each is stood up in the same way, without a socket.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from recette import catalogue
from recette.cli.faulty_partner import reference_of
from recette.drivers import services as processes
from recette.drivers.http import HttpDriver
from recette.drivers.inbox import listening
from recette.engine import requirements, runner, target_file
from recette.engine import target as targets
from recette.model import Verdict
from recette.museum import neighbours, stands
from recette.museum.pieces import pieces
from recette.museum.stands import Places
from recette.museum.targets import described
from sas_kernel import datasets
from sas_kernel.clock import SystemClock
from sas_kernel.contracts import service_levels
from sas_kit.http import HttpLimits, new_client

CLOCK = SystemClock()
REQUIREMENTS = requirements.load()
LEVELS = {key: replace(level, minimum_samples=min(level.minimum_samples, 3)) for key, level in service_levels().items()}


async def broken(name: str, places: Places, reference: str = "") -> set[str]:
    """What a run finds broken: the scenarios that judge what the piece says it breaks, and at least one more."""
    piece = pieces()[name]
    about = {piece.requirement, *piece.also}
    flow = REQUIREMENTS[piece.requirement].flow
    host, port = places.partner.removeprefix("http://").split(":")
    async with new_client() as client, AsyncExitStack() as stack:
        inbox = await stack.enter_async_context(listening("127.0.0.1:0", CLOCK))
        standing = stands.stand(
            piece,
            places,
            reference=neighbours.behind(client, reference),
            other_side=neighbours.other_side(client, inbox.url),
            clock=CLOCK,
        )
        provider_port = int(places.provider.rpartition(":")[2])
        await stands.serve(standing, CLOCK, stack, host=host, port=int(port), provider_port=provider_port)
        model = target_file.of_dataset(datasets.load("demo"), f"{places.partner}/fhir")
        target = targets.parse(described(piece.stand, places, flow.value, model, "127.0.0.1:8079"))
        known = catalogue.scenarios((flow,), target.actor)
        judging = [s for s in known if any(check.requirement in about for check in s.checks)]
        others = [s for s in known if s not in judging]
        plan = runner.Plan(target, (*judging[:2], *others[:1]), REQUIREMENTS, LEVELS, "rules", "0")
        driver = HttpDriver(client, target.base_url, limits=HttpLimits(2.0, 7.0, 8_000_000), clock=CLOCK)
        report = await runner.run(plan, driver, clock=CLOCK, run_id="run", inbox=inbox)
    assert not [check for check in report.checks if check.verdict is Verdict.ERROR]
    return {finding.requirement for finding in report.findings}


@pytest.mark.parametrize(
    "name",
    ["rights-by-any-origin", "appt-creates-under-an-id", "no-lower-bound", "national-as-rpps"],
)
async def test_a_partner_of_the_museum_s_own_shows_its_fault(name: str) -> None:
    places = Places(*(f"http://127.0.0.1:{processes.free_port()}" for _ in range(2)))
    assert await broken(name, places) == {pieces()[name].requirement}


@pytest.mark.parametrize(
    "names",
    [("total-of-entries", "stops-halfway", "acct-200-on-create"), ("creation-200", "discovery-other-issuer")],
    ids=["agenda", "platform"],
)
async def test_a_right_partner_that_is_bent_shows_the_fault(names: tuple[str, ...]) -> None:
    places = Places(f"http://127.0.0.1:{processes.free_port()}")
    with processes.Services() as services:
        service, behind = reference_of(services, pieces()[names[0]], places)
        service.wait_until_ready()
        for name in names:
            assert await broken(name, places, behind) == {pieces()[name].requirement}, name
