"""What is said of accounts survives any answer, and concludes nothing from what proves nothing."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recette.catalogue import scenarios
from recette.catalogue.regulators.conversation import resource, with_national_id, with_technical_id
from recette.checks.regulators import LOCATION_BASE, WHOLE, Case, Disabled, Heard, Pair, Told, located
from recette.checks.regulators_identity import same_account
from recette.model import Check, Exchange, Judgement, Request, Response, Timings, TransportFailure
from sas_kernel.clock import PARIS
from sas_kernel.flows import Flow
from sas_kernel.text import Text

NOW = datetime(2031, 3, 10, 8, tzinfo=PARIS)
WORDS = Text("mot", "word")
ACCOUNT = with_national_id()
CHECKS = {check.id: check for scenario in scenarios((Flow.REGULATORS,)) for check in scenario.checks}
PAIRED = {
    *(
        "update.same_account",
        "update.repeated",
        "upsert.repeated",
        "conversion.same_account",
        "conversion.found_by_new",
    ),
    *("late_retry.one_account", "body_id.update", "duplicate.leaves_one"),
    *("token.bar", "token.slash", "token.encoded", "token.format", "token.any_system"),
}


def told(status: int, body: bytes = b"", location: str | None = None) -> Told:
    headers = () if location is None else (("Location", location),)
    request = Request("POST", "http://a.example.org/fhir/Practitioner", "/fhir/Practitioner", body=b"{}")
    return Told(Exchange("x1", NOW, request, Timings(0.1, 0.1), Response(status, headers, body)), ACCOUNT)


def silent(failure: TransportFailure = TransportFailure.TIMEOUT) -> Told:
    request = Request("POST", "http://a.example.org/fhir/Practitioner", "/fhir/Practitioner", body=b"{}")
    return Told(Exchange("x1", NOW, request, Timings(None, 7.0), failure=failure), ACCOUNT)


RIGHT = told(201, json.dumps(resource(ACCOUNT)).encode(), "http://a.example.org/fhir/Practitioner/1")


def judged(answer: Told, ground: Told = RIGHT) -> dict[str, Judgement]:
    found: dict[str, Judgement] = {}
    for id, check in CHECKS.items():
        evidence: object = Case(answer, (ground,), "name")
        if id in PAIRED:
            evidence = Pair(ground, answer)
        elif id == "account.whole":
            evidence = Heard(answer.exchanges)
        elif id == "cleanup.disabled":
            evidence = Disabled((answer,))
        found[id] = check.judge(evidence)
    return found


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=40)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=6),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["resourceType", "identifier", "name", "telecom", "issue", "details", "expression"]),
                inner | st.sampled_from(["Practitioner", "OperationOutcome"]),
            )
        ),
        max_leaves=10,
    ).map(lambda value: json.dumps(value).encode()),
    st.sampled_from([200, 201, 204, 301, 400, 404, 422, 500]),
    st.none() | st.text(max_size=30),
)
def test_any_answer_is_survived(body: bytes, status: int, location: str | None) -> None:
    for judgement in judged(told(status, body, location)).values():
        assert judgement.examined or judgement.reason
        assert judgement.examined or not judgement.problems


def test_no_answer_is_a_matter_of_the_exchange_only() -> None:
    for id, judgement in judged(silent()).items():
        assert bool(judgement.problems) is (id == "account.whole")


def test_a_target_that_is_not_reached_has_broken_nothing() -> None:
    assert WHOLE.judge(Heard(silent(TransportFailure.UNREACHABLE).exchanges)).examined == 0


@pytest.mark.parametrize("ground", [told(501), told(302), silent()], ids=["refused", "redirected", "silent"])
def test_without_an_acceptance_beside_it_nothing_is_concluded(ground: Told) -> None:
    for answer in (told(422), told(201, location="http://a.example.org/fhir/Practitioner/2")):
        for id, judgement in judged(answer, ground).items():
            if id not in {"account.whole", "cleanup.disabled"}:
                assert (judgement.examined, judgement.problems) == (0, ()), id


@pytest.mark.parametrize(
    ("location", "id"),
    [
        ("http://a.example.org/fhir/Practitioner/17", "17"),
        ("http://a.example.org/fhir/Practitioner/17/_history/2", "17"),
        ("Practitioner/a-1.b", "a-1.b"),
        ("/fhir/Practitioner/17", "17"),
        ("http://a.example.org/fhir/Practitioner", None),
        ("http://a.example.org/fhir/Practitioner/", None),
        ("http://a.example.org/fhir/Patient/17", None),
        ("http://a.example.org/fhir/Practitioner/17?x=1", None),
        ("", None),
    ],
)
def test_a_location_is_read_in_every_form_that_http_allows(location: str, id: str | None) -> None:
    answer = told(201, location=location)
    assert answer.account_id == id
    assert bool(located("l", "R", WORDS).judge(Case(answer)).problems) is (id is None)
    if id is not None:
        assert bool(LOCATION_BASE.judge(Case(answer)).problems) is not location.startswith("http")


def test_two_locations_are_one_account_when_their_ids_are() -> None:
    check: Check = same_account("s", "R", WORDS, WORDS)
    assert not check.judge(Pair(RIGHT, told(200, location="Practitioner/1/_history/2"))).problems
    assert check.judge(Pair(RIGHT, told(200, location="http://a.example.org/fhir/Practitioner/2"))).problems


def test_no_two_people_are_ever_the_same() -> None:
    people = [make() for make in (with_national_id, with_technical_id) for _ in range(200)]
    assert len({person.token for person in people}) == len({person.email for person in people}) == 400
    assert all(person.email.endswith(".example.org") for person in people)
