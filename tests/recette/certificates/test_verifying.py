"""A certificate, its signature and each single change that has to be seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from recette.certificates import document, issuing, signing, verifying
from recette.certificates.issuing import Files
from recette.certificates.model import CertificateError
from recette.journal.model import Entry, Kind
from recette.projects.model import Outcome, PhaseId
from sas_kernel.text import Lang
from tests.recette.certificates.conftest import REQUIREMENTS, Story, at, report_of

NOW = at("2026-06-15T09:00")


async def issued(story: Story) -> Files:
    return await issuing.issue(
        story,
        "agenda-essai",
        PhaseId.RECETTE,
        decision=Outcome.VALIDATED_WITH_RESERVES,
        who="Dominique Mirabel",
        now=NOW,
        requirements=REQUIREMENTS,
    )


def verified(made: Files, entries: list[Entry], **changed: bytes) -> dict[str, bool | None]:
    content = {**made.content, **changed}
    read, found = verifying.of_content(content["json"])
    found += tuple(verifying.of_files(read, {f"{made.name}.pdf": content["pdf"], f"{made.name}.html": content["html"]}))
    found += tuple(verifying.of_journal(content["json"], read, entries))
    return {each.id: each.holds for each in found}


async def test_what_was_issued_holds_in_everything(ready: Story) -> None:
    made = await issued(ready)
    assert set(verified(made, ready.entries).values()) == {True}


async def test_it_still_holds_once_the_journal_went_on(ready: Story) -> None:
    made = await issued(ready)
    ready.say(Kind.PHASE_CLOSED, "recette", "2026-06-15T10:00", outcome="validated-with-reserves", reserves=["A-0002"])
    assert set(verified(made, ready.entries).values()) == {True}


@pytest.mark.parametrize("ending", ["pdf", "html"])
async def test_one_byte_of_a_page_is_seen(ready: Story, ending: str) -> None:
    made = await issued(ready)
    content = bytearray(made.content[ending])
    content[len(content) // 2] ^= 1
    found = verified(made, ready.entries, **{ending: bytes(content)})
    assert {id for id, holds in found.items() if holds is False} == {f"file:{made.name}.{ending}"}


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for key, each in value.items() for leaf in _leaves(each, (*path, key))]
    if isinstance(value, list):
        return [leaf for index, each in enumerate(value) for leaf in _leaves(each, (*path, index))]
    return [path]


async def test_each_field_of_the_json_is_seen_when_it_changes(ready: Story) -> None:
    made = await issued(ready)
    leaves = _leaves(json.loads(made.content["json"]))
    assert len(leaves) > 200
    for leaf in leaves:
        raw = json.loads(made.content["json"])
        holder = raw
        for key in leaf[:-1]:
            holder = holder[key]
        was = holder[leaf[-1]]
        holder[leaf[-1]] = was + "x" if isinstance(was, str) else (not was if isinstance(was, bool) else 7_654_321)
        whole = document.whole_holds(document._dumped(raw), raw)
        assert whole is False, leaf
        assert document.content_holds(raw) is (leaf[0] not in {"certificate", "content_sha256"}), leaf


async def test_a_change_with_its_hashes_made_again_is_seen_by_the_journal(ready: Story) -> None:
    made = await issued(ready)
    read, _ = document.read(made.content["json"])
    forged = document.written(
        document.document(replace(read.certificate, decision=Outcome.VALIDATED, reserves=()), read.files)
    )
    found = verified(made, ready.entries, json=forged)
    assert (found["content"], found["document"], found["issued"]) == (True, True, False)


def _without_run(entries: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.subject != "r1"]


def _other_payload(entries: list[Entry]) -> list[Entry]:
    return [replace(e, payload={**e.payload, "sha256": "cd" * 32}) if e.subject == "r2" else e for e in entries]


def _without_issue(entries: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.kind is not Kind.CERTIFICATE]


def _other_reason(entries: list[Entry]) -> list[Entry]:
    return [replace(entry, why="autre") if entry.number == 3 else entry for entry in entries]


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (_without_run, {"journal", "run:r1", "runs"}),
        (_other_payload, {"journal", "run:r2"}),
        (_without_issue, {"issued"}),
        (_other_reason, {"journal"}),
        (lambda entries: entries[:-2], {"head", "issued"}),
        (lambda entries: [], {"journal"}),
    ],
)
async def test_a_change_of_the_journal_is_seen(
    ready: Story, change: Callable[[list[Entry]], list[Entry]], seen: set[str]
) -> None:
    made = await issued(ready)
    found = verified(made, change(ready.entries))
    assert {id for id, holds in found.items() if holds is False} == seen


async def test_a_chain_that_leaves_a_run_out_is_seen(ready: Story) -> None:
    made = await issued(ready)
    read, _ = document.read(made.content["json"])
    chain = replace(read.certificate.chain, runs=read.certificate.chain.runs[:1])
    forged = document.written(document.document(replace(read.certificate, chain=chain), read.files))
    assert verified(made, ready.entries, json=forged)["runs"] is False


async def test_a_report_that_changed_or_is_gone_is_seen(ready: Story) -> None:
    read, _ = document.read((await issued(ready)).content["json"])
    shas = [run.sha256 for run in read.certificate.chain.runs]
    kept: dict[str, bytes | None] = dict(zip(shas, (report_of("r1"), report_of("r2")), strict=True))
    assert [each.holds for each in verifying.of_reports(read, kept)] == [True, True]
    for contents in ({**kept, shas[0]: b"other"}, {shas[1]: kept[shas[1]]}):
        assert [each.holds for each in verifying.of_reports(read, contents)] == [False, True]


async def test_what_is_not_there_is_said_to_be_unverified(ready: Story) -> None:
    made = await issued(ready)
    read, _ = document.read(made.content["json"])
    assert {each.holds for each in verifying.of_files(read, {})} == {None}
    assert verifying.of_signature(None).holds is None


def test_what_is_no_certificate_is_refused() -> None:
    for content in (b"", b"{}", b"[1]", b'{"format": "x"}', b"\xff", b"[" * 100_000):
        with pytest.raises(CertificateError):
            document.read(content)


Key = ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
RSA = rsa.generate_private_key(65537, 2048)


def pems(key: Key, password: bytes | None = None) -> tuple[bytes, bytes]:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private, public


KEYS: list[Key] = [
    ed25519.Ed25519PrivateKey.generate(),
    ec.generate_private_key(ec.SECP256R1()),
    ec.generate_private_key(ec.SECP384R1()),
    ec.generate_private_key(ec.SECP521R1()),
    RSA,
]


@pytest.mark.parametrize("key", KEYS, ids=["ed25519", "p256", "p384", "p521", "rsa"])
def test_a_signature_holds_for_these_bytes_and_this_key_only(key: Key) -> None:
    private, public = pems(key)
    signature = signing.sign(b"content", private)
    assert signing.holds(b"content", f"{signature}\n", public)
    assert not signing.holds(b"Content", signature, public)
    for other in KEYS:
        if other is not key:
            assert not signing.holds(b"content", signature, pems(other)[1])
    assert not signing.holds(b"content", signature, pems(type_alike(key))[1])
    header, _, value = signature.partition("..")
    swapped = value[:-6] + ("A" if value[-6] != "A" else "B") + value[-5:]
    assert not signing.holds(b"content", f"{header}..{swapped}", public)


def type_alike(key: Key) -> Key:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return ed25519.Ed25519PrivateKey.generate()
    if isinstance(key, rsa.RSAPrivateKey):
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(key.curve)


def test_a_key_with_a_password_needs_it() -> None:
    private, public = pems(KEYS[0], b"secret")
    assert signing.holds(b"x", signing.sign(b"x", private, b"secret"), public)
    for password in (None, b"wrong"):
        with pytest.raises(CertificateError):
            signing.sign(b"x", private, password)


def test_what_is_no_key_or_no_signature_is_refused() -> None:
    private, public = pems(KEYS[0])
    for bad in (b"", b"-----BEGIN", public):
        with pytest.raises(CertificateError):
            signing.sign(b"x", bad)
    for signature in ("", "a.b.c", "..", "!!..??", "e30..", "é..é"):
        with pytest.raises(CertificateError):
            signing.holds(b"x", signature, public)
    with pytest.raises(CertificateError):
        signing.holds(b"x", signing.sign(b"x", private), private)
    with pytest.raises(CertificateError):
        signing.sign(b"x", pems(ec.generate_private_key(ec.SECP256K1()))[0])


async def test_numbers_have_no_gap_and_each_kind_its_own(ready: Story) -> None:
    first = await issued(ready)
    second = await issued(ready)
    assert (first.certificate.number, second.certificate.number) == ("PV-R-2026-0001", "PV-R-2026-0002")
    assert issuing.next_number(ready.book, PhaseId.VSR, at("2027-01-01T00:30")) == "PV-VSR-2027-0001"
    assert issuing.next_number(ready.book, PhaseId.RECETTE, at("2027-01-01T00:30")) == "PV-R-2027-0003"


async def test_an_issue_keeps_its_files_and_says_in_the_journal_what_was_decided(ready: Story) -> None:
    made = await issued(ready)
    entry = ready.entries[-1]
    assert (entry.kind, entry.subject, entry.who) == (Kind.CERTIFICATE, "PV-R-2026-0001", "Dominique Mirabel")
    assert entry.payload["decision"] == entry.payload["proposal"] == "validated-with-reserves"
    assert entry.payload["reserves"] == ["A-0002"]
    assert {ending: ready.documents[sha256] for ending, sha256 in entry.payload["documents"].items()} == made.content


async def test_nobody_issues_without_a_decision(ready: Story) -> None:
    before = len(ready.entries)
    with pytest.raises(CertificateError):
        await issuing.issue(ready, "agenda-essai", PhaseId.RECETTE, decision=None, who="D. M.", now=NOW)
    assert (len(ready.entries), ready.documents) == (before, {})


async def test_of_a_closed_phase_the_decision_need_not_be_said_again(regular: Story) -> None:
    made = await issuing.issue(
        regular, "agenda-essai", PhaseId.RECETTE, decision=None, who="D. M.", now=at("2026-09-09T10:00"), lang=Lang.EN
    )
    assert made.certificate.decision is Outcome.VALIDATED_WITH_RESERVES
    assert set(verified(made, regular.entries).values()) == {True}
