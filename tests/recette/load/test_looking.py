from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from recette.load import looking
from recette.model import Exchange, Request, Timings, TransportFailure
from sas_kernel.clock import SystemClock
from sas_kernel.contracts import service_levels
from tests.recette.load.made import STARTED

KNOWN = [f"81{number:010d}" for number in range(1_000)]


def test_few_are_all_looked_at_and_many_drawn_by_the_seed_with_those_who_are_checked_in_full() -> None:
    assert looking.chosen(KNOWN[:5], (), 5, 1) == tuple(KNOWN[:5])
    drawn = looking.chosen(KNOWN, KNOWN[990:995], 50, 1)
    assert len(drawn) == 50
    assert {*KNOWN[990:995]} <= {*drawn}
    assert list(drawn) == sorted(drawn)
    assert drawn == looking.chosen(KNOWN, KNOWN[990:995], 50, 1)
    assert drawn != looking.chosen(KNOWN, KNOWN[990:995], 50, 2)
    assert looking.chosen(KNOWN, KNOWN[:9], 3, 1) == tuple(KNOWN[:9])


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[[TransportFailure | None], list[str]]:
    """Every search ends so; what was asked for, in order."""

    def answer(failure: TransportFailure | None) -> list[str]:
        asked: list[str] = []

        async def send(_: object, target: str, *, headers: object) -> Exchange:
            asked.append(target)
            await asyncio.sleep(0)
            return Exchange("x", STARTED, Request("GET", target, target, ()), Timings(None, 0.1), failure=failure)

        monkeypatch.setattr("recette.drivers.http.HttpDriver.send", send)
        return asked

    return answer


def looked(told: Callable[[int, int], None] = lambda done, of: None) -> looking.Look:
    return asyncio.run(looking.look("http://127.0.0.1:9/fhir", KNOWN[:40], service_levels(), SystemClock(), told))


def test_each_is_searched_for_once_and_progress_is_told(
    answering: Callable[[TransportFailure | None], list[str]],
) -> None:
    asked, heard = answering(None), list[int]()
    found = looked(lambda done, of: heard.append(done))
    assert found.unreached is None
    assert [answer.asked.identifiers for answer in found.answers if answer.asked] == [(one,) for one in KNOWN[:40]]
    assert len(set(asked)) == 40
    assert heard == list(range(1, 41))


def test_a_target_that_is_silent_or_not_reached_is_not_asked_for_everybody(
    answering: Callable[[TransportFailure | None], list[str]],
) -> None:
    asked = answering(TransportFailure.TIMEOUT)
    assert looked().unreached is None
    assert len(asked) < 10
    asked = answering(TransportFailure.UNREACHABLE)
    assert looked().unreached is not None
    assert len(asked) < 10
