"""What is decided without asking anybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sas_kernel.errors import SasError
from sas_platform.regulators import rules
from sas_platform.regulators.model import (
    Account,
    Answer,
    Identifier,
    IdentifierKind,
    Message,
    Operation,
    Outcome,
    Provision,
    Quirk,
)

NOW = datetime(2031, 3, 10, 7, tzinfo=UTC)
CARD = Identifier(IdentifierKind.NATIONAL, "3990000058/REG0101")
UUID = Identifier(IdentifierKind.TECHNICAL, "0d5a3c1e-6f0b-4a7e-8a52-2f6f3f1c9b10")
YSEE = Account(CARD, True, "BELLANGER", "Ysée", "MME", "ysee@samu.example.org")
URL = "http://agenda.example.org/fhir"


@pytest.mark.parametrize(
    ("status", "means"),
    [
        (None, Outcome.FAILED),
        *((status, Outcome.ACCEPTED) for status in (200, 201, 204)),
        *((status, Outcome.REFUSED) for status in (301, 400, 401, 403, 404, 409, 412, 422)),
        *((status, Outcome.FAILED) for status in (408, 425, 429, 500, 503)),
    ],
)
def test_what_a_status_means(status: int | None, means: Outcome) -> None:
    assert rules.outcome(Answer(status, 1)) is means


@given(st.integers(1, 10_000), st.floats(0, 1), st.floats(0.1, 60), st.floats(60, 3600))
def test_waiting_grows_to_its_bound_and_never_by_chance_beyond(
    n: int, chance: float, first: float, most: float
) -> None:
    wait = rules.delay(n, chance, first, most)
    assert first / 2 <= wait <= most
    assert rules.delay(n, 0, first, most) <= wait <= rules.delay(n, 1, first, most)
    assert rules.delay(n, 1, first, most) <= rules.delay(n + 1, 1, first, most)


def test_every_part_of_what_is_told_changes_its_fingerprint() -> None:
    others = [
        replace(YSEE, identifier=UUID),
        replace(YSEE, active=False),
        replace(YSEE, family="X"),
        replace(YSEE, given="X"),
        replace(YSEE, prefix=None),
        replace(YSEE, email="x@example.org"),
        replace(YSEE, family="BELLANGERYsée", given=""),
    ]
    prints = {rules.fingerprint(each, URL) for each in [YSEE, *others]} | {rules.fingerprint(YSEE, URL + "/v2")}
    assert len(prints) == len(others) + 2


@pytest.mark.parametrize(
    ("known", "doubt", "account", "operation", "address", "sent"),
    [
        (None, None, YSEE, Operation.CREATE, None, CARD),
        (CARD, CARD, YSEE, Operation.CREATE, CARD, CARD),
        (UUID, None, YSEE, Operation.IDENTIFIER, UUID, CARD),
        (UUID, CARD, YSEE, Operation.IDENTIFIER, UUID, CARD),
        (CARD, None, replace(YSEE, active=False), Operation.DEACTIVATE, CARD, CARD),
        (
            UUID,
            CARD,
            replace(YSEE, identifier=Identifier(IdentifierKind.NATIONAL, "3/2")),
            Operation.IDENTIFIER,
            UUID,
            CARD,
        ),
    ],
)
def test_what_is_sent_next(
    known: Identifier | None,
    doubt: Identifier | None,
    account: Account,
    operation: Operation,
    address: Identifier | None,
    sent: Identifier,
) -> None:
    message = rules.message(Provision(1, "agenda", known, doubt), account)
    assert (message.operation, message.address, message.account.identifier) == (operation, address, sent)


@given(
    st.lists(
        st.tuples(st.sampled_from(["ok", "lost", "unreached", 400, 409, 422, 500]), st.booleans(), st.booleans()),
        max_size=12,
    )
)
def test_whatever_happens_there_is_one_post_and_what_is_accepted_was_sent(
    steps: list[tuple[str | int, bool, bool]],
) -> None:
    provision, account, posts = Provision(1, "agenda"), YSEE, 0
    for fate, renamed, switched in steps:
        account = replace(account, family=account.family + "X") if renamed else account
        account = replace(account, identifier=UUID if account.identifier == CARD else CARD) if switched else account
        message = rules.message(provision, account)
        posts += message.address is None
        status = {"ok": 200, "lost": None, "unreached": None}.get(str(fate), fate)
        answer = Answer(int(status) if status else None, 1, left=fate != "unreached")
        wanted = rules.fingerprint(account, URL)
        provision = rules.settled(
            provision, message, answer, base_url=URL, wanted=wanted, now=NOW, chance=0.5, first=5, most=900
        )
        assert provision.known_as is not None
        if fate == "ok":
            assert provision.told == rules.fingerprint(message.account, URL)
            assert provision.known_as == message.account.identifier
            assert provision.doubt is None
        if fate == "lost":
            assert provision.doubt == message.account.identifier
            assert provision.due is not None
    assert posts <= 1


def test_an_editor_may_ask_for_time_but_not_for_more_than_the_bound() -> None:
    message = Message(Operation.UPDATE, CARD, YSEE)

    def wait(retry_after: int | None) -> float:
        after = rules.settled(
            Provision(1, "agenda", CARD), message, Answer(503, 1, retry_after=retry_after), base_url=URL,
            wanted="", now=NOW, chance=1, first=5, most=900,
        )  # fmt: skip
        assert after.due is not None
        return (after.due - NOW).total_seconds()

    assert wait(None) == 5
    assert wait(120) == 120
    assert wait(10**6) == 900


def test_modes_have_names_and_sources() -> None:
    assert rules.quirks_of(["put_always"]) == {Quirk.PUT_ALWAYS}
    assert rules.quirks_of([]) == frozenset()
    with pytest.raises(SasError) as refused:
        rules.quirks_of(["put_sometimes"])
    assert "double_sync" in refused.value.text.fr


@given(st.text(max_size=40))
def test_an_address_is_one_key_in_any_case(email: str) -> None:
    assert rules.email_key(email) == rules.email_key(f" {email} ")
    assert rules.email_key("Ysee@SAMU.example.org") == rules.email_key("ysee@samu.example.org")
