"""An operator sees that requests wait, and that they are refused."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI

from sas_kit.admission import Lane, LaneBounds
from sas_kit.observing.service import Observing


async def test_who_waits_and_who_is_refused_is_told_as_it_happens() -> None:
    observing = Observing("service", [1.0], None, "TOKEN_SETTING")
    lane = Lane("fhir", LaneBounds(1, 1, 60.0, None))
    observing.lanes([lane])
    observing.install(FastAPI())

    def told() -> list[float]:
        lines = dict(line.rsplit(" ", 1) for line in observing.metrics.exposed("")[0].decode().splitlines())
        names = ("waiting", "refused_total")
        return [float(lines[f'http_requests_{name}{{lane="fhir"}}']) for name in names]

    assert told() == [0, 0]
    assert await lane.enter()
    second = asyncio.create_task(lane.enter())
    await asyncio.sleep(0)
    assert told() == [1, 0]
    assert not await lane.enter()
    assert told() == [1, 1]
    lane.leave()
    assert await second
    assert told() == [0, 1]
    gone = asyncio.create_task(lane.enter())
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])
    assert told() == [0, 1]


async def test_who_has_waited_in_vain_waits_no_longer() -> None:
    observing = Observing("service", [1.0], None, "TOKEN_SETTING")
    lane = Lane("fhir", LaneBounds(1, 1, 0.01, None))
    observing.lanes([lane])
    assert await lane.enter()
    assert not await lane.enter()
    text = observing.metrics.exposed("")[0].decode()
    assert 'http_requests_waiting{lane="fhir"} 0.0' in text
    assert 'http_requests_refused_total{lane="fhir"} 1.0' in text
