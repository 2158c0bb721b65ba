"""What editors are told of regulators, and when; whatever they answer, and whoever dies in between."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from sas_kernel.flows import Flow
from sas_platform.regulators.model import Identifier, IdentifierKind, Operation, Outcome, Quirk, Standing
from tests.sas_platform.regulators.account_editor import account_editor
from tests.sas_platform.regulators.conftest import CARD, Bench, OpenBench, editor_at

HOUR = timedelta(hours=1)

# For what `rules` decide: their decisions are stored the same way as those that are tested on both databases.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NATIONAL = IdentifierKind.NATIONAL


async def standing(bench: Bench) -> Standing:
    (line,) = await bench.provisioning.habilitations()
    return line.standing


async def test_a_creation_waits_for_his_connection_and_a_change_for_the_next_one(open_bench: OpenBench) -> None:
    async with account_editor() as editor, open_bench(editor) as bench:
        ysee = await bench.add(national_id=CARD)
        await bench.tell()
        assert editor.received == []
        assert await standing(bench) is Standing.CONNECTION
        await bench.connect(ysee)
        await bench.tell()
        (created,) = editor.received
        assert (created.method, created.target) == ("POST", "/fhir/Practitioner")
        assert created.headers["content-type"] == "application/fhir+json"
        assert created.headers["accept"] == "application/json+fhir"
        assert created.body == {
            "resourceType": "Practitioner",
            "meta": {
                "source": "urn:oid:1.2.250.1.213.3.6",
                "profile": ["https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/FrPractitionerRegul"],
            },
            "identifier": [
                {
                    "type": {
                        "coding": [{"system": "http://interopsante.org/fhir/CodeSystem/fr-v2-0203", "code": "IDNPS"}]
                    },
                    "system": "urn:oid:1.2.250.1.71.4.2.1",
                    "value": CARD,
                }
            ],
            "active": True,
            "name": [{"family": "BELLANGER", "given": ["Ysée"], "prefix": ["MME"]}],
            "telecom": [{"system": "email", "value": "ysee.bellanger@samu.example.org"}],
        }
        assert await standing(bench) is Standing.UP_TO_DATE
        await bench.connect(ysee)
        await bench.tell()
        assert len(editor.received) == 1  # nothing is pending: nothing is sent

        await bench.service.change(ysee.id, bench.clock.now(), email="y.bellanger@samu.example.org")
        await bench.tell()
        assert len(editor.received) == 1
        await bench.connect(ysee)
        await bench.tell()
        assert editor.received[1].method == "PUT"
        assert editor.received[1].target == (
            "/fhir/Practitioner?identifier=urn:oid:1.2.250.1.71.4.2.1%7C3990000058%2FREG0101"
        )
        assert editor.received[1].body["telecom"][0]["value"] == "y.bellanger@samu.example.org"
        assert [a.operation for a in await bench.provisioning.attempts(9)] == [Operation.UPDATE, Operation.CREATE]


@ON_SQLITE
async def test_a_territory_is_none_of_an_editors_business(open_bench: OpenBench) -> None:
    async with account_editor() as editor, open_bench(editor) as bench:
        ysee = await bench.add()
        await bench.connect(ysee)
        await bench.tell()
        await bench.service.change(ysee.id, bench.clock.now(), territory="SAS-98 Portfictif")
        await bench.connect(ysee)
        await bench.tell()
        assert editor.methods == ["POST"]


async def test_a_national_id_is_attached_under_the_technical_one(open_bench: OpenBench) -> None:
    async with account_editor() as editor, open_bench(editor) as bench:
        ysee = await bench.add()
        await bench.connect(ysee)
        await bench.tell()
        await bench.service.change(ysee.id, bench.clock.now(), identifier=Identifier(NATIONAL, CARD))
        await bench.connect(ysee)
        await bench.tell()
        switch = editor.received[1]
        assert (switch.method, switch.address, switch.identifier) == ("PUT", ysee.identifier.value, CARD)
        assert "urn:oid:1.2.250.1.213.3.6%7C" in switch.target
        assert switch.body["identifier"][0]["type"]["coding"][0]["code"] == "IDNPS"
        await bench.service.change(ysee.id, bench.clock.now(), given="Ysée-Anne")
        await bench.connect(ysee)
        await bench.tell()
        assert editor.received[2].address == CARD
        assert len(editor.accounts) == 1


async def test_a_deactivation_does_not_wait_and_says_so_to_those_who_know_him(open_bench: OpenBench) -> None:
    async with account_editor() as knows, account_editor() as never_heard:
        async with open_bench(knows) as bench:
            ysee = await bench.add(national_id=CARD)
            await bench.connect(ysee)
            await bench.tell()
        async with open_bench(knows, editor_at(never_heard.url, "other")) as bench:
            await bench.service.set_active(ysee.id, False, bench.clock.now())
            await bench.tell()
            assert knows.account(CARD)["active"] is False
            assert knows.received[-1].method == "PUT"
            assert never_heard.received == []
            await bench.connect(ysee)  # he may not sign in any more, so this is nothing
            await bench.tell()
            assert never_heard.received == []
            await bench.service.set_active(ysee.id, True, bench.clock.now())
            await bench.tell()
            assert knows.account(CARD)["active"] is False
            await bench.connect(ysee)
            await bench.tell()
            assert knows.account(CARD)["active"] is True
            assert never_heard.methods == ["POST"]


async def test_an_editor_that_was_down_is_told_when_it_is_up_again(open_bench: OpenBench) -> None:
    async with account_editor() as editor, open_bench(editor) as bench:
        await editor.stop()
        ysee = await bench.add()
        await bench.connect(ysee)
        await bench.tell()
        (line,) = await bench.provisioning.habilitations()
        assert line.standing is Standing.SCHEDULED
        assert line.provision is not None
        assert line.provision.due is not None
        first_wait = (line.provision.due - bench.clock.now()).total_seconds()
        assert 2.5 <= first_wait <= 5
        assert line.last is not None
        assert (line.last.outcome, line.last.status) == (Outcome.FAILED, None)
        for _ in range(4):
            bench.clock.advance(HOUR)
            await bench.tell()
        (line,) = await bench.provisioning.habilitations()
        assert line.provision is not None
        assert line.provision.failures == 5
        await editor.start()
        bench.clock.advance(HOUR)
        await bench.tell()
        assert len(editor.accounts) == 1
        assert await standing(bench) is Standing.UP_TO_DATE


@pytest.mark.parametrize("fate", ["lost", 500, 503, 429])
@ON_SQLITE
async def test_a_creation_is_posted_once_whatever_became_of_it(fate: str | int, open_bench: OpenBench) -> None:
    async with account_editor(fate, fate) as editor, open_bench(editor) as bench:
        ysee = await bench.add()
        await bench.connect(ysee)
        for _ in range(3):
            await bench.tell()
            bench.clock.advance(HOUR)
        assert editor.methods == ["POST", "PUT", "PUT"]
        assert {each.identifier for each in editor.received} == {ysee.identifier.value}
        assert len(editor.accounts) == 1
        assert await standing(bench) is Standing.UP_TO_DATE
        assert {a.operation for a in await bench.provisioning.attempts(9)} == {Operation.CREATE}


@pytest.mark.parametrize("status", [409, 422])
@ON_SQLITE
async def test_an_account_that_is_there_already_is_updated(status: int, open_bench: OpenBench) -> None:
    async with account_editor(status) as editor, open_bench(editor) as bench:
        ysee = await bench.add()
        await bench.connect(ysee)
        await bench.tell()
        assert editor.methods == ["POST", "PUT"]
        assert await standing(bench) is Standing.UP_TO_DATE


async def test_a_switch_whose_answer_was_lost_leaves_one_account(open_bench: OpenBench) -> None:
    """This editor forgets former identifiers, so the same switch again meets the account it made."""
    async with account_editor() as editor, open_bench(editor) as bench:
        ysee = await bench.add()
        await bench.connect(ysee)
        await bench.tell()
        await bench.service.change(ysee.id, bench.clock.now(), identifier=Identifier(NATIONAL, CARD))
        editor.script.append("lost")
        await bench.connect(ysee)
        await bench.tell()
        bench.clock.advance(HOUR)
        await bench.tell()
        assert [each.address for each in editor.received] == [None, ysee.identifier.value, ysee.identifier.value, CARD]
        assert len(editor.accounts) == 1
        assert await standing(bench) is Standing.UP_TO_DATE


@pytest.mark.parametrize("fate", ["lost", 500])
@ON_SQLITE
async def test_a_second_switch_waits_for_the_fate_of_the_first(fate: str | int, open_bench: OpenBench) -> None:
    async with account_editor() as editor, open_bench(editor) as bench:
        ysee = await bench.add()
        await bench.connect(ysee)
        await bench.tell()
        for card in (CARD, CARD + "B"):
            await bench.service.change(ysee.id, bench.clock.now(), identifier=Identifier(NATIONAL, card))
            editor.script[:] = [fate] if card == CARD else []
            await bench.connect(ysee)
            await bench.tell()
            bench.clock.advance(HOUR)
        await bench.tell()
        assert len(editor.accounts) == 1
        assert editor.account(CARD + "B")
        assert await standing(bench) is Standing.UP_TO_DATE


async def test_what_was_lost_and_taken_back_is_told_again(open_bench: OpenBench) -> None:
    """The editor may have heard what we are not sure it heard."""
    async with account_editor() as editor, open_bench(editor) as bench:
        ysee = await bench.add(national_id=CARD)
        await bench.connect(ysee)
        await bench.tell()
        editor.script.append("lost")
        await bench.service.change(ysee.id, bench.clock.now(), given="Mistake")
        await bench.connect(ysee)
        await bench.tell()
        await bench.service.change(ysee.id, bench.clock.now(), given="Ysée")
        bench.clock.advance(HOUR)
        await bench.tell()
        assert editor.account(CARD)["name"][0]["given"] == ["Ysée"]


async def test_what_is_refused_for_good_waits_for_a_change_or_a_person(open_bench: OpenBench) -> None:
    async with account_editor(always=400) as editor, open_bench(editor) as bench:
        ysee = await bench.add()
        await bench.connect(ysee)
        await bench.tell()
        (line,) = await bench.provisioning.habilitations()
        assert line.standing is Standing.PARKED
        assert line.last is not None
        assert (line.last.outcome, line.last.status, line.last.detail) == (Outcome.REFUSED, 400, "scripted 400")
        for _ in range(3):
            bench.clock.advance(HOUR)
            await bench.connect(ysee)
            await bench.tell()
        assert len(editor.received) == 1
        await bench.service.send_again(ysee.id, "agenda", bench.clock.now())
        await bench.tell()
        assert len(editor.received) == 2
        assert await standing(bench) is Standing.PARKED
        editor.always = None
        await bench.service.change(ysee.id, bench.clock.now(), given="Ysée-Anne")
        assert await standing(bench) is Standing.CONNECTION
        await bench.connect(ysee)
        await bench.tell()
        assert await standing(bench) is Standing.UP_TO_DATE


async def test_a_parked_deactivation_is_tried_where_the_editor_moved(open_bench: OpenBench) -> None:
    async with account_editor() as old, account_editor() as new:
        async with open_bench(old) as bench:
            ysee = await bench.add(national_id=CARD)
            await bench.connect(ysee)
            await bench.tell()
            old.always = 403
            await bench.service.set_active(ysee.id, False, bench.clock.now())
            await bench.tell()
            await bench.tell()
            assert old.methods == ["POST", "PUT"]
        async with open_bench(new) as bench:
            await bench.tell()
            assert new.account(CARD)["active"] is False


@ON_SQLITE
async def test_who_was_never_told_of_is_not_told_of_his_end(open_bench: OpenBench) -> None:
    async with account_editor() as editor, open_bench(editor) as bench:
        ysee = await bench.add()
        await bench.service.set_active(ysee.id, False, bench.clock.now())
        await bench.service.send_again(ysee.id, "agenda", bench.clock.now())
        await bench.tell()
        assert editor.received == []
        assert await standing(bench) is Standing.UNTOLD


@ON_SQLITE
async def test_sending_again_tells_what_is_known_already(open_bench: OpenBench) -> None:
    async with account_editor() as editor, open_bench(editor) as bench:
        ysee = await bench.add()
        await bench.connect(ysee)
        await bench.tell()
        editor.accounts.clear()  # restored from an old backup
        await bench.service.send_again(ysee.id, "agenda", bench.clock.now())
        await bench.tell()
        await bench.tell()
        assert editor.methods == ["POST", "PUT"]
        assert len(editor.accounts) == 1


async def test_a_deactivation_overtakes_nothing_and_is_not_overtaken(open_bench: OpenBench) -> None:
    async with account_editor("late") as editor, open_bench(editor) as bench, open_bench(editor) as other:
        ysee = await bench.add(national_id=CARD)
        await bench.connect(ysee)
        older = asyncio.create_task(bench.tell())
        await editor.arrived.wait()
        await bench.service.set_active(ysee.id, False, bench.clock.now())
        await other.tell()
        assert len(editor.received) == 1  # the older push has no answer yet
        editor.gate.set()
        await older
        await other.tell()
        assert [each.body["active"] for each in editor.received] == [True, False]
        assert editor.account(CARD)["active"] is False


async def test_two_workers_tell_once(open_bench: OpenBench) -> None:
    async with account_editor() as editor, open_bench(editor) as one, open_bench(editor) as two:
        people = [await one.add(email=f"p{n}@samu.example.org") for n in range(6)]
        for each in people:
            await one.connect(each)
        await asyncio.gather(*(bench.tell() for bench in (one, two) for _ in range(3)))
        assert editor.methods == ["POST"] * 6
        assert len(editor.accounts) == 6


async def test_who_takes_over_from_a_dead_sender_updates(open_bench: OpenBench) -> None:
    """The sender dies between the editor's work and its answer: nobody else sends before its lease is over."""
    async with account_editor("late") as editor, open_bench(editor) as dead, open_bench(editor) as heir:
        ysee = await dead.add()
        await dead.connect(ysee)
        sending = asyncio.create_task(dead.tell())
        await editor.arrived.wait()
        sending.cancel()
        await asyncio.wait([sending])
        await heir.tell()
        assert editor.methods == ["POST"]
        heir.clock.advance(HOUR)
        await heir.tell()
        assert editor.methods == ["POST", "PUT"]
        assert len(editor.accounts) == 1
        assert [a.outcome for a in await heir.provisioning.attempts(9)] == [Outcome.ACCEPTED, Outcome.SENT]


async def test_an_answer_after_the_lease_changes_nothing(open_bench: OpenBench) -> None:
    async with account_editor("late") as editor, open_bench(editor) as slow, open_bench(editor) as quick:
        ysee = await slow.add()
        await slow.connect(ysee)
        sending = asyncio.create_task(slow.tell())
        await editor.arrived.wait()
        quick.clock.advance(HOUR)
        await quick.service.change(ysee.id, quick.clock.now(), given="Ysée-Anne")
        await quick.tell()
        (newer,) = await quick.provisioning.habilitations()
        editor.gate.set()
        await sending
        assert (await quick.provisioning.habilitations())[0].provision == newer.provision
        assert editor.accounts[0]["name"][0]["given"] == ["Ysée-Anne"]


@ON_SQLITE
async def test_only_editors_with_the_flow_are_told(open_bench: OpenBench) -> None:
    async with account_editor() as editor:
        without = editor_at(editor.url, "search-only", frozenset({Flow.SLOT_SEARCH}))
        async with open_bench(without) as bench:
            ysee = await bench.add()
            await bench.connect(ysee)
            await bench.tell()
            assert await bench.provisioning.habilitations() == []
        assert editor.received == []


@ON_SQLITE
async def test_one_editor_does_not_wait_for_another(open_bench: OpenBench) -> None:
    async with (
        account_editor(always="late") as hangs,
        account_editor() as well,
        open_bench(editor_at(hangs.url, "a"), editor_at(well.url, "b")) as bench,
    ):
        ysee = await bench.add()
        await bench.connect(ysee)
        first, second = await bench.provisioning.editors(bench.clock.now())
        waiting = asyncio.create_task(bench.provisioning.tell_one(first, bench.clock))
        await hangs.arrived.wait()
        assert await bench.provisioning.tell_one(second, bench.clock)
        assert not waiting.done()
        assert len(well.accounts) == 1
        hangs.gate.set()
        await waiting


async def test_attempts_name_nobody_and_the_oldest_leave(open_bench: OpenBench) -> None:
    async with account_editor(always=500) as editor, open_bench(editor, kept=3) as bench:
        ysee = await bench.add(national_id=CARD)
        await bench.connect(ysee)
        for _ in range(6):
            await bench.tell()
            bench.clock.advance(HOUR)
        attempts = await bench.provisioning.attempts(99)
        assert len(attempts) == 3
        assert len(editor.received) == 6
        assert attempts[0].target == "/Practitioner?identifier=urn:oid:1.2.250.1.71.4.2.1|39…01"
        assert attempts[0].location == f"{editor.url}/Practitioner/7"
        for secret in (CARD, "BELLANGER", "samu.example.org"):
            assert secret not in repr(attempts)


# --- the quirks of the real platform ---------------------------------------------------------------------------------


@ON_SQLITE
async def test_quirk_put_always(open_bench: OpenBench) -> None:
    async with account_editor() as editor, open_bench(editor, quirks=frozenset({Quirk.PUT_ALWAYS})) as bench:
        ysee = await bench.add()
        await bench.connect(ysee)
        await bench.tell()
        assert [(each.method, each.address) for each in editor.received] == [("PUT", ysee.identifier.value)]


@ON_SQLITE
async def test_quirk_double_sync(open_bench: OpenBench) -> None:
    async with account_editor() as editor, open_bench(editor, quirks=frozenset({Quirk.DOUBLE_SYNC})) as bench:
        ysee = await bench.add()
        for _ in range(2):
            await bench.connect(ysee)
            await bench.tell()
        assert editor.methods == ["POST", "PUT", "PUT", "PUT"]


@ON_SQLITE
async def test_quirk_blocked_stays_active(open_bench: OpenBench) -> None:
    quirks = frozenset({Quirk.BLOCKED_STAYS_ACTIVE})
    async with account_editor() as editor, open_bench(editor, quirks=quirks) as bench:
        ysee = await bench.add(national_id=CARD)
        await bench.connect(ysee)
        await bench.tell()
        await bench.service.set_active(ysee.id, False, bench.clock.now())
        await bench.tell()
        assert editor.methods == ["POST", "PUT"]
        assert editor.account(CARD)["active"] is True


@ON_SQLITE
async def test_quirk_empty_message(open_bench: OpenBench) -> None:
    async with account_editor() as editor, open_bench(editor, quirks=frozenset({Quirk.EMPTY_MESSAGE})) as bench:
        ysee = await bench.add()
        await bench.connect(ysee)
        await bench.tell()
        assert editor.methods == ["POST", "POST"]
        assert set(editor.received[0].body) == {"resourceType", "meta"}
        assert len(editor.accounts) == 1
        assert [a.operation for a in await bench.provisioning.attempts(9)] == [Operation.EMPTY, Operation.CREATE]


@pytest.mark.parametrize(("quirks", "given"), [((), "Newer"), ((Quirk.RETRY_OUT_OF_ORDER,), "Older")])
@ON_SQLITE
async def test_quirk_retry_out_of_order(quirks: tuple[Quirk, ...], given: str, open_bench: OpenBench) -> None:
    async with account_editor() as editor, open_bench(editor, quirks=frozenset(quirks)) as bench:
        ysee = await bench.add(national_id=CARD)
        await bench.connect(ysee)
        await bench.tell()
        editor.script.append(500)
        for name in ("Older", "Newer"):
            await bench.service.change(ysee.id, bench.clock.now(), given=name)
            await bench.connect(ysee)
            await bench.tell()
        assert editor.account(CARD)["name"][0]["given"] == ["Newer"]
        bench.clock.advance(HOUR)
        await bench.tell()
        assert editor.account(CARD)["name"][0]["given"] == [given]


@pytest.mark.parametrize(("quirks", "tries"), [((), 9), ((Quirk.FOUR_TRIES,), 4)])
@ON_SQLITE
async def test_quirk_four_tries(quirks: tuple[Quirk, ...], tries: int, open_bench: OpenBench) -> None:
    async with account_editor(always=500) as editor, open_bench(editor, quirks=frozenset(quirks)) as bench:
        ysee = await bench.add()
        await bench.connect(ysee)
        for _ in range(9):
            await bench.tell()
            bench.clock.advance(HOUR)
        assert len(editor.received) == tries
        assert await standing(bench) is (Standing.PARKED if quirks else Standing.SCHEDULED)
