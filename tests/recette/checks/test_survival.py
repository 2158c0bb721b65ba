"""Whatever a target answers, no check breaks, and none invents a finding where there is nothing to examine."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from recette.catalogue.slot_search.practitioners import CONTENT
from recette.checks import bundle, capability, comparison, counts, exchange, refusals
from recette.checks.answer import Answer, Asked
from recette.checks.comparison import Narrowed, Pair, Union
from recette.model import Check, Evidence, Exchange, Judgement, Request, Response, Timings, TransportFailure
from sas_kernel.clock import PARIS
from sas_kernel.contracts import service_levels
from sas_kernel.text import Text
from sas_kernel.time_window import Window
from tests.recette.checks.test_offline import BUNDLE, NONSENSE, spots

NOW = datetime(2031, 3, 10, 8, tzinfo=PARIS)
ASKED = Asked(("810123400025", "810123400017"), Window(NOW, NOW + timedelta(hours=72)))
REQUEST = Request("GET", "http://127.0.0.1:8081/fhir/Slot?status=free", "/fhir/Slot?status=free")
WORDS = Text("mot", "word")

NOON = datetime(2031, 3, 11, 12, tzinfo=UTC)


def answered(body: bytes, status: int = 200) -> Answer:
    return Answer(Exchange("x1", NOW, REQUEST, Timings(0.1, 0.1), Response(status, (), body)), ASKED)


def judged(answer: Answer) -> Iterator[tuple[Check, Judgement]]:
    """Every kind of check, with this answer in every place of its evidence."""
    right = answered(json.dumps(BUNDLE).encode())
    assert answer.exchange is not None
    alone = (
        *CONTENT,
        *bundle.EMPTY,
        *(counts.ONE_PLACE, counts.TWO_PLACES, counts.TOGETHER, counts.DISTINCT_PLACES, counts.SLOTS_IN_EACH_PLACE),
        *(capability.STATEMENT, capability.VERSION, capability.SLOT_SEARCH),
        *(refusals.OUTCOME, refusals.CLIENT_ERROR, refusals.TOO_MANY, refusals.OTHER_STATUS, refusals.FOREIGN_SYSTEM),
        *(refusals.STRICT, refusals.NOT_ACCEPTABLE),
        refusals.refused("refused", "R", WORDS, WORDS),
        comparison.withheld("withheld", "R", WORDS, WORDS),
    )
    paired = (
        *(comparison.SAME_DOCTOR, comparison.SAME_PLACE, comparison.OPPOSED_ABSENT, refusals.REPEATED_BOUND),
        comparison.same_slots("same", "R", WORDS),
        refusals.accepted("accepted", "R", WORDS, WORDS),
    )
    evidence: list[tuple[Check, Evidence]] = [(check, answer) for check in alone]
    evidence += [(check, pair) for check in paired for pair in (Pair(right, answer), Pair(answer, right))]
    evidence += [
        (comparison.same_union("union", "R", WORDS), Union((answer, right), answer)),
        (comparison.BOUND_INCLUDED, Narrowed(answer, "cr-17", NOON, True)),
        (comparison.BOUND_EXCLUDED, Narrowed(answer, "cr-17", NOON, False)),
        (counts.DECLARED_SLOT_TYPES, counts.Declared(answer, frozenset({"PRO"}))),
        (exchange.WHOLE, exchange.Journal((answer.exchange,), service_levels()["slot_search.answer_timeout"])),
    ]
    for check, held in evidence:
        yield check, check.judge(held)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_bundle_full_of_nonsense_is_survived(data: st.DataObject) -> None:
    document: Any = copy.deepcopy(BUNDLE)
    for _ in range(data.draw(st.integers(1, 5))):
        places = list(spots(document))
        if places:
            holder, key = data.draw(st.sampled_from(places))
            holder[key] = copy.deepcopy(data.draw(NONSENSE))
    for _, judgement in judged(answered(json.dumps(document).encode())):
        assert judgement.examined >= 0


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=40), st.sampled_from([200, 204, 301, 400, 404, 406, 500, 503]))
def test_any_body_with_any_status_is_survived(body: bytes, status: int) -> None:
    content = {check.id for check in CONTENT} - {check.id for check in exchange.ANSWERED}
    for check, judgement in judged(answered(body, status)):
        if check.id in content:
            assert judgement.examined == 0
            assert not judgement.problems
            assert judgement.reason is not None


def test_no_answer_at_all_is_a_matter_of_the_exchange_only() -> None:
    silent = Answer(
        Exchange("x1", NOW, REQUEST, Timings(None, 7.0), failure=TransportFailure.TIMEOUT, failure_detail="late"), ASKED
    )
    for check, judgement in judged(silent):
        assert not judgement.problems, check.id
