"""Accounts: who may sign in, whom an identifier means, and what a data set may add."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from sas_kernel.datasets import load
from sas_kernel.identifiers import PRACTITIONER_SYSTEM, REGULATOR_SYSTEM
from sas_kit.database import Database
from sas_platform.editors.model import EditorsUnavailableError
from sas_platform.editors.service import EditorRegister
from sas_platform.regulators.model import (
    ChangeKind,
    EmailTakenError,
    Identifier,
    IdentifierKind,
    IdentifierTakenError,
    InvalidRegulatorError,
    RegulatorsUnavailableError,
    UnknownRegulatorError,
)
from tests.sas_platform.regulators.account_editor import account_editor
from tests.sas_platform.regulators.conftest import CARD, PASSWORD, Bench, OpenBench

NATIONAL, TECHNICAL = IdentifierKind.NATIONAL, IdentifierKind.TECHNICAL
DEMO = load("demo").regulators


async def test_he_signs_in_with_his_address_in_any_case_and_his_password(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        ysee = await bench.add()
        signs_in = bench.service.sign_in
        assert await signs_in("Ysee.BELLANGER@samu.example.org ", PASSWORD) == ysee
        assert await signs_in(ysee.email, PASSWORD + "x") is None
        assert await signs_in(ysee.email, "") is None
        assert await signs_in(ysee.email, "\ud800") is None
        for unknown in ("nobody@samu.example.org", "", "\x00", "\ud800", ysee.email + "\x00"):
            assert await signs_in(unknown, PASSWORD) is None
        await bench.service.set_active(ysee.id, False, bench.clock.now())
        assert await signs_in(ysee.email, PASSWORD) is None
        await bench.service.set_active(ysee.id, True, bench.clock.now())
        await bench.service.change(ysee.id, bench.clock.now(), password="Another-2031")
        assert await signs_in(ysee.email, PASSWORD) is None
        assert await signs_in(ysee.email, "Another-2031") == ysee
        without = await bench.add(email="x@samu.example.org", password=None)
        assert await signs_in(without.email, "") is None


async def test_an_unknown_address_costs_a_verification_too(
    open_bench: OpenBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_bench() as bench:
        await bench.add()
        verified: list[str] = []
        honest = type(bench.service.hasher).verify

        def watched(self: object, stored: str, password: str) -> object:
            verified.append(stored)
            return honest(self, stored, password)  # type: ignore[arg-type]  # the hasher itself

        monkeypatch.setattr(type(bench.service.hasher), "verify", watched)
        await bench.service.sign_in("nobody@samu.example.org", PASSWORD)
        assert verified == [bench.service.nobody]


async def test_who_has_no_card_gets_a_technical_id_and_keeps_it_as_a_former_one(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        before = await bench.add()
        assert before.identifier.kind is TECHNICAL
        after = await bench.service.change(before.id, bench.clock.now(), identifier=Identifier(NATIONAL, CARD))
        assert await bench.service.holding(PRACTITIONER_SYSTEM, CARD) == after
        assert await bench.service.holding(REGULATOR_SYSTEM, before.identifier.value.upper()) == after
        assert await bench.service.holding(PRACTITIONER_SYSTEM, before.identifier.value) is None
        assert await bench.service.holding("urn:oid:1.2.3", CARD) is None
        for unknown in ("", "\x00", "\ud800", CARD + "\x00", "x" * 999):
            assert await bench.service.holding(PRACTITIONER_SYSTEM, unknown) is None
        await bench.service.set_active(before.id, False, bench.clock.now())
        inactive = await bench.service.holding(PRACTITIONER_SYSTEM, CARD)
        assert inactive is not None
        assert not inactive.active
        back = await bench.service.change(before.id, bench.clock.now(), identifier=before.identifier)
        assert await bench.service.holding(PRACTITIONER_SYSTEM, CARD) == back


async def test_an_identifier_and_an_address_are_one_persons(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        first = await bench.add(national_id=CARD)
        with pytest.raises(IdentifierTakenError):
            await bench.add(national_id=CARD, email="other@samu.example.org")
        with pytest.raises(EmailTakenError):
            await bench.add(email=first.email.upper())
        other = await bench.add(email="other@samu.example.org")
        with pytest.raises(EmailTakenError):
            await bench.service.change(other.id, bench.clock.now(), email=first.email.title())
        await bench.service.change(first.id, bench.clock.now(), identifier=Identifier(NATIONAL, CARD + "B"))
        with pytest.raises(IdentifierTakenError):  # a former one leads to whoever had it
            await bench.service.change(other.id, bench.clock.now(), identifier=Identifier(NATIONAL, CARD))
        assert await bench.service.get(other.id) == other


async def test_of_two_who_are_created_at_once_with_one_address_one_is(open_bench: OpenBench) -> None:
    async with open_bench() as one, open_bench() as two:
        made = await asyncio.gather(*(bench.add() for bench in (one, two) for _ in range(3)), return_exceptions=True)
        assert sorted(type(each).__name__ for each in made) == ["EmailTakenError"] * 5 + ["Regulator"]
        assert len(await one.service.all()) == 1


WRONG: list[dict[str, str]] = [
    {"family": " "},
    {"given": ""},
    {"family": "x" * 101},
    {"family": "A\x00B"},
    {"family": "A\ud800"},
    {"email": "nobody"},
    {"email": "a b@example.org"},
    {"territory": ""},
    {"national_id": "39900|1"},
    {"national_id": "39900,1"},
    {"national_id": ""},
    {"national_id": "3" * 65},
    {"password": "short"},
    {"password": "x" * 201},
]


async def test_an_account_has_its_form(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        for wrong in WRONG:
            with pytest.raises(InvalidRegulatorError) as refused:
                await bench.add(**wrong)
            assert refused.value.field == next(iter(wrong)).replace("national_id", "identifier")
        assert await bench.service.all() == []


async def test_its_history_is_kept_without_passwords(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        ysee = await bench.add(national_id=CARD)
        await bench.service.change(ysee.id, bench.clock.now(), email="y.b@samu.example.org", password="Another-2031")
        await bench.service.change(ysee.id, bench.clock.now(), email="y.b@samu.example.org")
        await bench.service.set_active(ysee.id, False, bench.clock.now())
        await bench.service.set_active(ysee.id, False, bench.clock.now())
        await bench.service.set_active(ysee.id, True, bench.clock.now())
        history = await bench.service.history(ysee.id)
        kinds = [ChangeKind.CREATED, ChangeKind.CHANGED, ChangeKind.DEACTIVATED, ChangeKind.ACTIVATED]
        assert [change.kind for change in history] == kinds
        assert history[1].before is not None
        assert history[1].before.email == ysee.email
        assert [change.after.active for change in history] == [True, True, False, True]
        assert {change.at for change in history} == {bench.clock.now()}
        assert "Another" not in repr(history)


async def test_who_is_not_there_is_said(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        for number in (99, 0, -1, 2**63, 10**30):
            assert await bench.service.get(number) is None
        now = bench.clock.now()
        await bench.service.connected(99, now)
        for call in (
            bench.service.change(99, now, given="x"),
            bench.service.set_active(99, False, now),
            bench.service.history(99),
            bench.service.send_again(99, "agenda", now),
        ):
            with pytest.raises(UnknownRegulatorError):
                await call


async def test_a_data_set_is_loaded_once_by_several_workers(open_bench: OpenBench) -> None:
    async with open_bench() as one, open_bench() as two:
        added = await asyncio.gather(*(bench.service.load(DEMO, bench.clock.now()) for bench in (one, two, one)))
        assert sum(added) == len(DEMO)
        assert {r.email for r in await two.service.all()} == {person.email for person in DEMO}
        ysee = await two.service.sign_in(DEMO[0].email, DEMO[0].password)
        assert ysee is not None
        assert ysee.identifier == Identifier(NATIONAL, DEMO[0].value)


async def test_a_data_set_leaves_what_was_changed_since(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        now = bench.clock.now()
        await bench.service.load(DEMO, now)
        people = {r.email: r for r in await bench.service.all()}
        married, carded, left = (people[person.email] for person in DEMO[:3])
        await bench.service.change(married.id, now, family="VASSELIN", email="ysee.vasselin@samu.example.org")
        await bench.service.change(carded.id, now, identifier=Identifier(NATIONAL, CARD))
        await bench.service.set_active(left.id, False, now)
        before = await bench.service.all()
        assert await bench.service.load(DEMO, now) == 0
        assert await bench.service.all() == before
        newcomer = replace(DEMO[0], value=CARD + "N", email="new@samu.example.org")
        assert await bench.service.load([*DEMO, newcomer], now) == 1


async def test_who_is_inactive_in_a_data_set_is_told_as_such_at_once(open_bench: OpenBench) -> None:
    async with account_editor() as editor, open_bench(editor) as bench:
        await bench.service.load(DEMO, bench.clock.now())
        await bench.tell()
        gone = [person.value for person in DEMO if not person.active]
        assert [(each.method, each.address) for each in editor.received] == [("PUT", value) for value in gone]
        assert not any(account["active"] for account in editor.accounts)


async def test_a_database_that_is_away_is_said_so(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        ysee = await bench.add()
        database = Database("postgresql://nobody@127.0.0.1:1/none")
        register = EditorRegister(database, ())
        away = Bench(replace(bench.service, database=database, register=register), bench.provisioning, bench.clock)
        for call in (away.service.get(1), away.service.sign_in("a@b", "c"), away.add(), away.connect(ysee)):
            with pytest.raises((RegulatorsUnavailableError, EditorsUnavailableError)):  # both are a 503
                await call
        await database.close()
