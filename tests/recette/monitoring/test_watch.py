"""Rounds against the reference agenda: what they sample, and what they write to the journal when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from recette import catalogue
from recette.journal.model import Kind
from recette.model import ExitCode, Severity, TransportFailure
from recette.monitoring import rounds
from recette.monitoring.model import MonitoringError
from recette.register.model import Status
from tests.recette.monitoring.conftest import MINUTE, START, Watched


@pytest.mark.asyncio(loop_scope="module")
async def test_a_round_that_goes_well_gives_a_sample_a_probe_and_writes_nothing(watched: Watched) -> None:
    taken = await watched.round()
    assert [(each.probe, each.ok, each.seconds, each.detail) for each in taken.samples] == [
        ("slot_search.metadata", True, 0.1, ""),
        ("slot_search.one_practitioner", True, 0.1, ""),
    ]
    assert taken.exit_code is ExitCode.ACCEPTED
    assert {exchange.request.method for exchange in taken.report.exchanges} <= {"GET"}
    kept = await (await watched.store.samples()).read("p", START, START + MINUTE)
    assert kept == taken.samples
    assert [entry.kind for entry in (await watched.book()).entries] == [Kind.PROJECT_OPENED, Kind.PHASE_OPENED]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("status", "failure", "seconds", "code", "check", "detail"),
    [
        (200, TransportFailure.UNREACHABLE, 0.1, ExitCode.UNREACHABLE, "watch.answers", "[unreachable]"),
        (200, TransportFailure.TIMEOUT, 7.0, ExitCode.SERVICE_LEVEL_BROKEN, "exchange.in_time", "[timeout]"),
        (200, TransportFailure.CONNECTION_LOST, 0.1, ExitCode.REFUSED, "exchange.whole", "[connection_lost]"),
        (503, None, 0.1, ExitCode.REFUSED, "exchange.status", "[HTTP 503]"),
    ],
)
async def test_what_begins_and_what_ends_is_written_once_and_not_every_minute(
    watched: Watched,
    status: int,
    failure: TransportFailure | None,
    seconds: float,
    code: ExitCode,
    check: str,
    detail: str,
) -> None:
    await watched.round()
    watched.wire.status, watched.wire.failure, watched.wire.seconds = status, failure, seconds
    wrong = [await watched.round() for _ in range(5)]
    assert {taken.exit_code for taken in wrong} == {code}
    found = [each for each in wrong[0].samples if each.probe == "slot_search.one_practitioner"]
    assert [each.ok for each in found] == [False]
    assert found[0].detail.endswith(detail)
    assert found[0].seconds == (7.0 if failure is TransportFailure.TIMEOUT else None)
    book = await watched.book()
    assert len(book.runs) == 1
    assert book.runs[0].partial
    assert set(book.runs[0].scenarios) == {"slot_search.metadata", "slot_search.one_practitioner"}
    opened = {anomaly.check: anomaly for anomaly in book.register.open}
    assert opened[check].severity is Severity.BLOCKING
    assert opened[check].phase == "vsr"
    watched.wire.status, watched.wire.failure, watched.wire.seconds = 200, None, 0.1
    assert [(await watched.round()).exit_code for _ in range(4)] == [ExitCode.ACCEPTED] * 4
    assert len((await watched.book()).runs) == 1
    for _ in range(3):  # five minutes after the last wrong one
        await watched.round()
    assert len((await watched.book()).runs) == 2
    assert not (await watched.book()).runs[-1].findings


@pytest.mark.asyncio(loop_scope="module")
async def test_a_service_that_comes_and_goes_is_one_episode(watched: Watched) -> None:
    for number in range(12):
        watched.wire.failure = TransportFailure.UNREACHABLE if number % 2 else None
        await watched.round()
    assert len((await watched.book()).runs) == 1
    samples = await (await watched.store.samples()).read("p", START, START + 20 * MINUTE)
    assert sum(not each.ok for each in samples) == 12


@pytest.mark.asyncio(loop_scope="module")
async def test_a_correction_that_was_delivered_is_verified_by_a_round_that_shows_it(watched: Watched) -> None:
    watched.wire.failure = TransportFailure.UNREACHABLE
    await watched.round()
    watched.wire.failure = None
    await watched.round()
    assert [each.status for each in (await watched.book()).register.open] == [Status.OPEN]
    await watched.write(Kind.CORRECTION_DELIVERED, "A-0001", version="2.1")
    await watched.round()
    anomaly = (await watched.book()).register.find("A-0001")
    assert anomaly.status is Status.CORRECTED
    watched.wire.failure = TransportFailure.UNREACHABLE
    await watched.round()
    again = (await watched.book()).register
    assert len(again.anomalies) == 1
    assert again.find("A-0001").reopened == 1


@pytest.mark.asyncio(loop_scope="module")
async def test_a_level_broken_over_the_last_day_opens_one_major_anomaly(watched: Watched) -> None:
    samples = await watched.store.samples()
    taken = await watched.watcher.take()
    one = next(each for each in taken.samples if each.probe == "slot_search.one_practitioner")
    earlier = [type(one)(one.probe, START - number * MINUTE, True, 1.4) for number in range(1, 120)]
    await samples.add("p", earlier)
    assert (await watched.round()).exit_code is ExitCode.SERVICE_LEVEL_BROKEN
    book = await watched.book()
    assert [(each.check, each.severity) for each in book.register.open] == [
        ("response_time.one_practitioner", Severity.MAJOR)
    ]
    await watched.round()
    assert len((await watched.book()).runs) == 1
    watched.clock.advance(timedelta(hours=24))
    assert (await watched.round()).exit_code is ExitCode.ACCEPTED


@pytest.mark.asyncio(loop_scope="module")
async def test_nothing_is_written_of_a_maintenance_that_was_announced(watched: Watched) -> None:
    start, end = START + MINUTE, START + 3 * MINUTE
    await watched.write(Kind.MAINTENANCE, "", start=start.isoformat(), end=end.isoformat())
    await watched.round()
    watched.wire.status = 503
    assert not (await watched.round()).samples[1].ok
    await watched.round()
    assert not (await watched.book()).runs
    await watched.round()  # it was announced until then
    assert len((await watched.book()).runs) == 1


def test_only_searches_are_probes() -> None:
    known = catalogue.scenarios(())
    assert [each.id for each in rounds.chosen(known)][:2] == ["slot_search.metadata", "slot_search.one_practitioner"]
    assert [each.id for each in rounds.chosen(known, ["slot_search.two_places"])] == ["slot_search.two_places"]
    booking = next(each.id for each in known if each.flow.value == "appointments")
    for wrong in (booking, "slot_search.response_time_one_practitioner", "slot_search.nothing"):
        with pytest.raises(MonitoringError, match=wrong):
            rounds.chosen(known, [wrong])
