import itertools
from dataclasses import replace

import pytest

from recette.model import (
    Actor,
    CheckJudged,
    Exchange,
    ExitCode,
    Judgement,
    Problem,
    Responder,
    RunFinished,
    Scenario,
    Severity,
    Stage,
    Target,
    TransportFailure,
    Verdict,
    Waiting,
    identity_of,
)
from sas_kernel.flows import Flow
from sas_kernel.text import Text
from tests.recette.engine.little_catalogue import (
    LEVEL,
    WORDS,
    ListDriver,
    Looked,
    answered,
    check,
    failed,
    one_exchange,
    run,
)

HELD = Judgement(3)
BROKEN = Judgement(3, (Problem(WORDS, "Bundle.entry[1].resource.start", "a", "b"),))
NOTHING = Judgement(0)


@pytest.mark.parametrize(
    ("judgement", "requirement", "verdict", "code"),
    [
        (HELD, "R-SHALL", Verdict.PASS, ExitCode.ACCEPTED),
        (BROKEN, "R-SHALL", Verdict.FAIL, ExitCode.REFUSED),
        (BROKEN, "R-MINOR", Verdict.FAIL, ExitCode.REFUSED),
        (BROKEN, "R-SHOULD", Verdict.WARN, ExitCode.ACCEPTED),
        (NOTHING, "R-SHALL", Verdict.SKIP, ExitCode.INCONCLUSIVE),
        (RuntimeError("ours"), "R-SHALL", Verdict.ERROR, ExitCode.HARNESS_FAILED),
        (HELD, "R-UNKNOWN", Verdict.ERROR, ExitCode.HARNESS_FAILED),
    ],
)
async def test_what_a_check_says_becomes_a_verdict_and_an_exit_code(
    judgement: Judgement | Exception, requirement: str, verdict: Verdict, code: ExitCode
) -> None:
    report = await run(one_exchange("s", check("c", judgement, requirement)))
    assert report.scenarios[0].checks[0].verdict is verdict
    assert report.exit_code is code


async def test_fail_on_moves_the_threshold_and_keeps_the_reservation_visible() -> None:
    scenario = one_exchange("s", check("c", BROKEN, "R-MINOR"))
    report = await run(scenario, fail_on=Severity.MAJOR)
    assert report.exit_code is ExitCode.ACCEPTED
    assert report.verdict is Verdict.WARN
    assert report.findings[0].verdict is Verdict.FAIL
    assert (await run(scenario, fail_on=Severity.MINOR)).exit_code is ExitCode.REFUSED


async def test_nothing_ran_is_never_a_pass() -> None:
    report = await run()
    assert report.exit_code is ExitCode.INCONCLUSIVE
    assert report.verdict is Verdict.SKIP


async def test_a_requirement_judged_elsewhere_is_not_inconclusive() -> None:
    report = await run(one_exchange("a", check("c", NOTHING)), one_exchange("b", check("d", HELD)))
    assert report.exit_code is ExitCode.ACCEPTED


async def test_missing_test_data_is_inconclusive_and_named() -> None:
    report = await run(one_exchange("s", check("c", HELD), needs=("practitioner_one_place",)))
    assert report.exit_code is ExitCode.INCONCLUSIVE
    assert "practitioner_one_place" in str(report.scenarios[0].reason)
    told = Target("http://agenda.example.org/fhir", test_data={"practitioner_one_place": "810123400017"})
    assert (
        await run(one_exchange("s", check("c", HELD), needs=("practitioner_one_place",)), target=told)
    ).exit_code == 0


async def test_what_does_not_apply_is_omitted_and_does_not_weigh() -> None:
    omitted = replace(one_exchange("s", check("c", BROKEN)), omitted=lambda _target: Text("sans objet", "n/a"))
    report = await run(omitted, one_exchange("t", check("d", HELD)))
    assert report.scenarios[0].verdict is Verdict.OMIT
    assert report.scenarios[0].checks[0].verdict is Verdict.OMIT
    assert report.exit_code is ExitCode.ACCEPTED


async def test_an_announced_check_that_was_not_made_is_skipped_in_plain_sight() -> None:
    async def play(stage: Stage) -> None:
        await stage.send("/Slot")

    report = await run(Scenario("s", Flow.SLOT_SEARCH, WORDS, (check("c", HELD),), play))
    assert report.scenarios[0].checks[0].verdict is Verdict.SKIP
    assert report.exit_code is ExitCode.INCONCLUSIVE


async def test_a_check_that_was_not_announced_is_our_fault() -> None:
    stranger = check("stranger", HELD)

    async def play(stage: Stage) -> None:
        stage.judge(stranger, Looked((await stage.send("/Slot"),)))

    report = await run(Scenario("s", Flow.SLOT_SEARCH, WORDS, (check("c", HELD),), play))
    assert report.exit_code is ExitCode.HARNESS_FAILED


async def test_a_scenario_that_breaks_is_our_fault_and_the_others_go_on() -> None:
    async def play(stage: Stage) -> None:
        raise KeyError("ours")

    broken = Scenario("s", Flow.SLOT_SEARCH, WORDS, (check("c", HELD),), play)
    report = await run(broken, one_exchange("t", check("d", HELD)))
    assert report.scenarios[0].verdict is Verdict.ERROR
    assert report.scenarios[1].verdict is Verdict.PASS
    assert report.exit_code is ExitCode.HARNESS_FAILED


async def test_a_refusal_is_proven_even_where_a_check_of_ours_breaks() -> None:
    report = await run(one_exchange("s", check("c", RuntimeError()), check("d", BROKEN)))
    assert report.exit_code is ExitCode.REFUSED


async def test_a_broken_level_alone_has_an_exit_code_of_its_own() -> None:
    slow = check("slow", BROKEN, "R-SPEED", LEVEL.id)
    assert (await run(one_exchange("s", slow, check("c", HELD)))).exit_code is ExitCode.SERVICE_LEVEL_BROKEN
    assert (await run(one_exchange("s", slow, check("c", BROKEN)))).exit_code is ExitCode.REFUSED


async def test_a_target_that_cannot_be_reached_is_not_judged() -> None:
    driver = ListDriver(failed(TransportFailure.UNREACHABLE))
    scenarios = [one_exchange(f"s{n}", check("c", NOTHING)) for n in range(20)]
    report = await run(*scenarios, driver=driver)
    assert report.exit_code is ExitCode.UNREACHABLE
    assert report.verdict is Verdict.ERROR
    assert len(driver.sent) < 6


async def test_a_target_that_hangs_is_given_up_after_a_few_requests() -> None:
    driver = ListDriver(failed(TransportFailure.TIMEOUT))
    scenarios = [one_exchange(f"s{n}", check("c", BROKEN)) for n in range(20)]
    report = await run(*scenarios, driver=driver)
    assert len(driver.sent) < 6
    assert report.exit_code is ExitCode.REFUSED
    assert len(report.scenarios) == 20


async def test_an_answer_in_between_gives_the_target_its_chances_back() -> None:
    silent = failed(TransportFailure.TIMEOUT)
    driver = ListDriver(silent, silent, silent, answered(), silent, silent, silent, answered())
    await run(*(one_exchange(f"s{n}", check("c", HELD)) for n in range(12)), driver=driver)
    assert len(driver.sent) == 12


async def test_the_same_thing_seen_often_is_one_finding_counted() -> None:
    many = Judgement(9, tuple(Problem(WORDS, f"Bundle.entry[{n}].resource.start") for n in range(9)))
    other = Judgement(9, (Problem(WORDS, "Bundle.entry[0].resource.end"),))
    report = await run(one_exchange("a", check("c", many)), one_exchange("b", check("c", many), check("d", other)))
    assert [finding.occurrences for finding in report.findings] == [1, 18]
    assert {finding.identity for finding in report.findings} == {
        identity_of("R-SHALL", "c", "Bundle.entry[7].resource.start"),
        identity_of("R-SHALL", "d", "Bundle.entry.resource.end".replace("entry", "entry[2]")),
    }


async def test_only_the_evidence_of_findings_is_kept_and_it_is_masked() -> None:
    report = await run(one_exchange("a", check("c", HELD)), one_exchange("b", check("d", BROKEN)))
    assert [exchange.id for exchange in report.exchanges] == ["x2"]
    assert report.exchange_count == 2
    assert report.findings[0].exchange == "x2"


async def test_samples_are_measured_and_too_few_do_not_conclude() -> None:
    async def play(stage: Stage) -> None:
        exchange = await stage.send("/Slot")
        stage.measure("enough", WORDS, stage.levels[LEVEL.id], [0.1, 0.2, 0.3, 0.4, 0.9])
        stage.measure("slow", WORDS, stage.levels[LEVEL.id], [0.1, 0.2, 0.3, 0.4, 1.0])
        stage.measure("few", WORDS, stage.levels[LEVEL.id], [0.1] * 4)
        stage.measure("none", WORDS, stage.levels[LEVEL.id], [])
        stage.judge(made, Looked((exchange,)))

    made = check("c", HELD)
    report = await run(Scenario("s", Flow.SLOT_SEARCH, WORDS, (made,), play))
    enough, slow, few, none = report.measurements
    assert (enough.p50, enough.p95, enough.max, enough.verdict) == (0.3, 0.9, 0.9, Verdict.PASS)
    assert slow.verdict is Verdict.FAIL  # "under one second" is not one second
    assert few.verdict is Verdict.SKIP
    assert (none.p50, none.verdict) == (None, Verdict.SKIP)


async def test_listeners_hear_everything_in_order() -> None:
    heard: list[object] = []
    await run(one_exchange("a", check("c", HELD)), listeners=[heard.append])
    names = [type(event).__name__ for event in heard]
    assert names == ["RunStarted", "ScenarioStarted", "ExchangeDone", "CheckJudged", "ScenarioFinished", "RunFinished"]
    assert isinstance(heard[3], CheckJudged)
    assert isinstance(heard[-1], RunFinished)


async def test_a_body_reaches_the_driver_as_it_is() -> None:
    async def play(stage: Stage) -> None:
        exchange = await stage.send("/Practitioner", method="POST", body=b'{"a": "\xc3\xa9"}')
        stage.judge(made, Looked((exchange,)))

    made = check("c", HELD)
    driver = ListDriver(answered())
    await run(Scenario("s", Flow.SLOT_SEARCH, WORDS, (made,), play), driver=driver)
    assert driver.bodies == [b'{"a": "\xc3\xa9"}']


async def test_a_scenario_of_the_other_side_does_not_apply() -> None:
    mirror = replace(one_exchange("mirror", check("c", HELD)), actor=Actor.PLATFORM)
    driver = ListDriver(answered())
    report = await run(mirror, driver=driver)
    assert (report.scenarios[0].verdict, report.exit_code) == (Verdict.OMIT, ExitCode.INCONCLUSIVE)
    assert driver.sent == []
    platform = Target("http://sas.example.org/fhir", actor=Actor.PLATFORM)
    assert (await run(mirror, target=platform)).verdict is Verdict.PASS
    other = await run(one_exchange("a", check("c", HELD)), target=platform)
    assert other.scenarios[0].verdict is Verdict.OMIT


class _Letterbox:
    url = "http://127.0.0.1:8079/fhir"

    def __init__(self) -> None:
        self.arrivals: tuple[Exchange, ...] = ()

    def answer_with(self, responder: Responder | None) -> None:
        raise AssertionError("nobody answers here")


async def test_what_arrives_ends_the_waiting_and_is_evidence() -> None:
    box = _Letterbox()
    looks = itertools.count()

    def done() -> bool:
        if next(looks) == 1:
            box.arrivals = (replace(answered(), id="r1"),)
        return bool(box.arrivals)

    async def play(stage: Stage) -> None:
        assert stage.inbox is box
        assert await stage.wait_for(WORDS, done, seconds=60)
        stage.judge(made, Looked(box.arrivals))

    wrong = Judgement(1, (Problem(WORDS, "Appointment.status"),))
    made = check("c", wrong)
    heard: list[object] = []
    report = await run(Scenario("s", Flow.APPOINTMENTS, WORDS, (made,), play), inbox=box, listeners=[heard.append])
    assert [finding.exchange for finding in report.findings] == ["r1"]
    assert [exchange.id for exchange in report.exchanges] == ["r1"]
    waits = [event for event in heard if isinstance(event, Waiting)]
    assert [(event.what, event.seconds_left > 59) for event in waits] == [(WORDS, True)]


async def test_waiting_in_vain_ends_and_says_so() -> None:
    async def play(stage: Stage) -> None:
        assert not await stage.wait_for(WORDS, lambda: False, seconds=0.05)
        stage.skip(made, WORDS)

    made = check("c", HELD)
    assert (await run(Scenario("s", Flow.APPOINTMENTS, WORDS, (made,), play))).verdict is Verdict.SKIP
