"""Each editor who tells of appointments wrongly breaks its own requirement and no other; who is right breaks none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from recette.catalogue.appointments import failures, life
from recette.drivers.inbox import ListeningInbox
from recette.engine import requirements, runner
from recette.model import (
    AppointmentsTarget,
    Booking,
    Event,
    ExitCode,
    RunReport,
    SignOnTarget,
    Target,
    Verdict,
    Waiting,
)
from recette.museum.appointment_faults import FAULTS, ODDITIES
from recette.museum.appointment_identities import IDENTITIES
from recette.museum.appointment_partner import HOME, ISSUER, PROVIDER, STAFF, Partner, Rdv, Ways
from recette.museum.appointment_ways import AppointmentFault
from recette.museum.pieces import Stand
from recette.museum.wire import demo_target
from sas_kernel.clock import PARIS, ManualClock
from sas_kernel.contracts import service_levels
from tests.faulty.inboxes import into
from tests.faulty.parties import PartiesDriver, Street
from tests.faulty.standing import ELSEWHERE, standing
from tests.faulty.virtual_time import LoopClock, run

IN_TOWN = "http://127.0.0.1:21998"
MORNING = datetime(2031, 3, 10, 8, 0, tzinfo=PARIS)
REQUIREMENTS = requirements.load()
SCENARIOS = (*life.SCENARIOS, *failures.SCENARIOS)
LEVELS = service_levels()


def target(booking: Booking = Booking.REFERENCE) -> Target:
    appointments = AppointmentsTarget(booking=booking, wait=15, staff_login=STAFF[0], staff_password=STAFF[1])
    return replace(demo_target(), sso=SignOnTarget(ISSUER), appointments=appointments)


def judged(
    ways: Ways,
    *,
    times: int = 1,
    booking: Booking = Booking.REFERENCE,
    person: Callable[[Partner], Callable[[Event], None]] | None = None,
) -> list[RunReport]:
    """Play the flow on a partner with these ways, some times in a row."""

    async def play() -> list[RunReport]:
        clock = LoopClock(MORNING)
        inbox = ListeningInbox("http://127.0.0.1:8079/fhir", clock)
        partner = Partner(clock, into(inbox, clock), ways)
        driver = PartiesDriver(Street({HOME: partner, PROVIDER: partner.provider}), clock)
        plan = runner.Plan(target(booking), SCENARIOS, REQUIREMENTS, LEVELS, "rules", "0")
        listeners = () if person is None else (person(partner),)
        reports = [
            await runner.run(plan, driver, clock=clock, run_id="run", inbox=inbox, listeners=listeners)
            for _ in range(times)
        ]
        await partner.close()
        return reports

    return run(play())


async def _served(fault: AppointmentFault) -> RunReport:
    """What is said of the editor as the museum stands it up."""
    clock = LoopClock(MORNING)
    inbox = ListeningInbox("http://127.0.0.1:8079/fhir", clock)
    deliver = into(inbox, clock)
    there = standing(fault, Stand.BOOKING_AGENDA, clock, provider=IN_TOWN, other_side=deliver)
    assert there.provider is not None
    street = Street({ELSEWHERE: there.partner, IN_TOWN: there.provider})
    sso = SignOnTarget(ISSUER.replace(PROVIDER, IN_TOWN))
    plan = runner.Plan(
        replace(target(), base_url=f"{ELSEWHERE}/fhir", sso=sso), SCENARIOS, REQUIREMENTS, LEVELS, "rules", "0"
    )
    driver = PartiesDriver(street, clock, plan.target.base_url)
    report = await runner.run(plan, driver, clock=clock, run_id="run", inbox=inbox)
    await there.close()
    return report


def told(report: RunReport) -> list[tuple[str, str, str, str | None]]:
    return [(f.check, f.scenario, f.path, f.actual) for f in report.findings]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_breaks_its_own_requirement_and_no_other(fault: AppointmentFault) -> None:
    report = run(_served(fault))
    assert {finding.requirement for finding in report.findings} == fault.requirements, told(report)
    assert not [check for check in report.checks if check.verdict is Verdict.ERROR]
    if fault.check:
        assert fault.check in {finding.check for finding in report.findings}
    for finding in report.findings:
        assert finding.exchange in {exchange.id for exchange in report.exchanges}
        assert finding.path
        assert finding.expected
        assert finding.message.fr != finding.message.en
        assert "{" not in finding.message.fr + finding.message.en


def test_every_requirement_of_the_flow_has_an_editor_who_breaks_it() -> None:
    broken = {fault.requirement for fault in FAULTS}
    assert broken == {check.requirement for scenario in SCENARIOS for check in scenario.checks}
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


def test_who_is_right_passes_everything_twice_in_a_row() -> None:
    for report in judged(Ways(), times=2):
        assert not report.findings, told(report)
        assert report.exit_code is ExitCode.ACCEPTED
        assert {check.verdict for check in report.checks} == {Verdict.PASS}


@pytest.mark.parametrize("ways", ODDITIES.values(), ids=ODDITIES)
def test_what_is_odd_and_right_is_not_blamed(ways: Ways) -> None:
    (report,) = judged(ways)
    assert not report.findings, told(report)
    assert report.exit_code is ExitCode.ACCEPTED, report.explanation.en


# --- a person books --------------------------------------------------------------------------------------------------


def diligent(partner: Partner, *, but_not: str = "", shift: int = 0) -> Callable[[Event], None]:
    """Does what is shown, once, but for one thing; `shift`: takes another slot than was asked for, so much later."""
    read: set[tuple[str, str]] = set()
    mine: list[Rdv] = []

    def on(event: Event) -> None:
        if not isinstance(event, Waiting) or not event.what.en.startswith("Your turn"):
            return
        words = event.what.en
        if (event.scenario, words) in read or (but_not and but_not in words):
            return
        read.add((event.scenario, words))
        ids = list(partner.slots)
        free = {f"{slot.start:%d/%m/%Y} at {slot.start:%H:%M}": slot.id for slot in partner.slots.values()}
        wanted = next((ids[ids.index(id) - shift] for when, id in free.items() if when in words), "")
        if "and book" in words:
            login = next(str(row["login"]) for row in IDENTITIES if str(row["login"]) in words)
            name = words.partition(" for ")[2].partition(", ")[0].split()
            mine.append(partner.book(login, wanted, {"given": name[0], "family": name[1]}))
        elif "move" in words:
            partner.move(mine[-1], wanted)
        elif "cancel" in words:
            partner.cancel(mine[-1])
        elif "not come" in words:
            partner.attend(mine[-1], "noshow", "miss")
        else:
            partner.attend(mine[-1], "fulfilled", "honour")

    return on


@pytest.mark.parametrize("shift", [0, 5], ids=["the slot asked for", "another slot"])
def test_a_person_who_does_what_is_asked_is_as_good_as_our_own_hand(shift: int) -> None:
    (report,) = judged(Ways(), booking=Booking.OPERATOR, person=lambda partner: diligent(partner, shift=shift))
    assert not report.findings, told(report)
    assert report.exit_code is ExitCode.ACCEPTED, [c.check for c in report.checks if c.verdict is Verdict.SKIP]


@pytest.mark.parametrize("thing", ["move this", "cancel this", "not come"])
def test_a_person_who_leaves_one_thing_out_blames_nobody(thing: str) -> None:
    (report,) = judged(Ways(), booking=Booking.OPERATOR, person=lambda partner: diligent(partner, but_not=thing))
    assert not report.findings, told(report)
    assert report.exit_code is ExitCode.INCONCLUSIVE


def test_a_person_who_does_nothing_blames_nobody_and_proves_nothing() -> None:
    (report,) = judged(Ways(), booking=Booking.OPERATOR)
    assert not report.findings
    assert {check.verdict for check in report.checks} == {Verdict.SKIP}
    assert report.exit_code is ExitCode.INCONCLUSIVE


@pytest.mark.parametrize(("kind", "requirement"), [("book", "APPT-001"), ("move", "APPT-006"), ("cancel", "APPT-005")])
def test_the_search_shows_what_a_person_did_and_the_editor_did_not_tell(kind: str, requirement: str) -> None:
    ways = Ways(announces=lambda what, _: what != kind)
    (report,) = judged(ways, booking=Booking.OPERATOR, person=diligent)
    assert requirement in {finding.requirement for finding in report.findings}


def test_an_editor_that_is_served_for_a_day_still_has_slots() -> None:
    async def nobody(*_sent: object) -> None:
        return None

    clock = ManualClock(MORNING)
    partner = Partner(clock, nobody)
    first = set(partner.slots)
    clock.at += timedelta(hours=24)
    free = partner._free()
    assert len(free) == 24
    assert not first & {slot.id for slot in free}
    assert all(slot.start > clock.now() for slot in free)


# --- what is missing -------------------------------------------------------------------------------------------------


def test_without_the_sections_of_the_target_file_nothing_is_judged_and_the_reason_is_told() -> None:
    async def play() -> RunReport:
        clock = LoopClock(MORNING)
        partner = Partner(clock, into(ListeningInbox("http://127.0.0.1:8079/fhir", clock), clock))
        driver = PartiesDriver(Street({HOME: partner, PROVIDER: partner.provider}), clock)
        plan = runner.Plan(demo_target(), SCENARIOS, REQUIREMENTS, LEVELS, "rules", "0")
        return await runner.run(plan, driver, clock=clock, run_id="run")

    report = run(play())
    assert {scenario.verdict for scenario in report.scenarios} == {Verdict.SKIP}
    assert {check.verdict for check in report.checks} == {Verdict.SKIP}
    assert report.exit_code is ExitCode.INCONCLUSIVE
    assert all(check.reason is not None and "[appointments]" in check.reason.en for check in report.checks)


def test_agenda_pages_that_are_none_are_nobody_s_fault() -> None:
    (report,) = judged(Ways(), person=_forgetful)
    assert not report.findings
    assert report.exit_code is ExitCode.INCONCLUSIVE
    reasons = {check.reason.en for check in report.checks if check.reason is not None}
    assert any("has no a[data-slot=" in reason for reason in reasons), reasons


def _forgetful(partner: Partner) -> Callable[[Event], None]:
    """An agenda whose page shows no slot."""
    partner._agenda = lambda: partner._page(Rdv("k", partner.slots["cr-1"], "", ("", ""), MORNING, {}))  # type: ignore[method-assign]
    return lambda event: None
