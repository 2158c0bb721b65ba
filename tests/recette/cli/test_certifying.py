"""`recette certificate`, as a user would call it, on a register in a file."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from typer.testing import CliRunner, Result

from recette import cli
from recette.certificates.model import CertificateError
from recette.journal.model import Draft, Kind
from recette.journal.repository import opened
from tests.recette.certificates.conftest import Story, found, ready, regular, report_of, story

__all__ = ["found", "ready", "regular", "story"]  # the fixtures that tell the project
PROJECT = "agenda-essai"
NOW = ("--clock", "2026-06-15T09:00")


async def kept(url: str, told: Story) -> None:
    drafts = [Draft(e.kind, e.subject, e.at, e.who, e.party, e.why, e.payload) for e in told.entries]
    async with opened(url) as journal:
        await journal.append(PROJECT, drafts, told.entries[-1].at)
        for entry in told.entries:
            if entry.kind is Kind.RUN:
                await journal.keep(report_of(entry.subject), "application/json", entry.at)


@pytest.fixture
def register(ready: Story, tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'register.sqlite'}"
    asyncio.run(kept(url, ready))
    return url


def called(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, ["certificate", *map(str, arguments)], catch_exceptions=False)


def test_a_certificate_is_drafted_issued_signed_and_verified(register: str, tmp_path: Path) -> None:
    where = ("--database-url", register)
    out = tmp_path / "out"
    drafted = called("recette", PROJECT, *where, *NOW, "--out", out, "--format", "pdf", "--lang", "fr")
    assert drafted.exit_code == 0
    assert "Recette validée avec réserves" in drafted.output
    assert [path.name for path in out.iterdir()] == ["agenda-essai-PROJET-R.fr.pdf"]

    said = ("--issue", "--decision", "validated-with-reserves", "--who", "Dominique Mirabel")
    signs = ("--signatory", "ans=Dominique Mirabel, responsable")
    issued = called("recette", PROJECT, *where, *NOW, *said, *signs, "--out", out, "--lang", "fr")
    assert issued.exit_code == 0
    twin = out / "agenda-essai-PV-R-2026-0001.fr.json"
    assert json.loads(twin.read_text(encoding="utf-8"))["certificate"]["signatories"][0]["role"] == "responsable"

    assert "PV-R-2026-0001  2026-06-15  Recette validée avec réserves" in called("list", PROJECT, *where).output
    assert called("export", PROJECT, "PV-R-2026-0001", *where, "--out", tmp_path / "again").exit_code == 0
    for path in (tmp_path / "again").iterdir():
        assert path.read_bytes() == (out / path.name).read_bytes()
    with pytest.raises(CertificateError):
        called("export", PROJECT, "PV-R-2026-0002", *where)

    key = ed25519.Ed25519PrivateKey.generate()
    private, public = tmp_path / "key.pem", tmp_path / "public.pem"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public.write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    assert called("sign", twin, "--key", private).exit_code == 0
    signature = ("--signature", f"{twin}.jws", "--public-key", public)
    held = called("verify", twin, *where, *signature, "--format", "json")
    assert held.exit_code == 0
    assert {row["holds"] for row in json.loads(held.output)} == {True}

    twin.write_bytes(twin.read_bytes().replace(b"Camille", b"Camylle"))
    broken = called("verify", twin, *where, *signature, "--lang", "fr")
    assert broken.exit_code == 1
    assert "✗ Le contenu a changé" in broken.output
    assert "✗ La signature n’est pas celle de cette clé" in broken.output
    assert "✗ Le journal ne porte pas ce document" in broken.output


def test_without_a_register_or_a_signature_verifying_says_what_it_left_out(
    register: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    called("recette", PROJECT, "--database-url", register, *NOW, "--out", tmp_path, "--format", "json")
    said = called("verify", tmp_path / "agenda-essai-PROJET-R.fr.json", "--lang", "fr")
    assert said.exit_code == 0
    assert said.output.count("– ") == 4
    assert not (tmp_path / ".recette").exists()
    empty = f"sqlite:///{tmp_path / 'empty.sqlite'}"
    named = called("verify", tmp_path / "agenda-essai-PROJET-R.fr.json", "--database-url", empty, "--lang", "fr")
    assert named.exit_code == 1
    assert "✗ Le projet « agenda-essai » n’est pas dans cette base" in named.output


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_issued(register: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    said = ("--issue", "--decision", "refused", "--who", "x", "--out", tmp_path / "file" / "out")
    with pytest.raises(CertificateError):
        called("recette", PROJECT, "--database-url", register, *NOW, *said)
    assert called("list", PROJECT, "--database-url", register).output == ""


def test_a_vsr_that_nobody_watched_is_not_proposed_to_be_validated(regular: Story, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'register.sqlite'}"
    asyncio.run(kept(url, regular))
    said = called(
        *("vsr", PROJECT, "--database-url", url, "--clock", "2026-09-05T10:00", "--lang", "en"),
        *("--out", tmp_path, "--format", "json"),
    )
    assert "Regular-service verification: refused" in said.output
    service = json.loads((tmp_path / "agenda-essai-PROJET-VSR.en.json").read_bytes())["certificate"]["service"]
    assert service["availability"] is None


def test_nothing_is_issued_without_a_decision(register: str, tmp_path: Path) -> None:
    with pytest.raises(CertificateError):
        called("recette", PROJECT, "--database-url", register, *NOW, "--issue", "--who", "x", "--out", tmp_path)


@pytest.mark.parametrize(
    "arguments",
    [
        ("recette", PROJECT, "--format", "docx"),
        ("recette", PROJECT, "--signatory", "nobody"),
        ("recette", PROJECT, "--signatory", "tool=x"),
        ("recette", PROJECT, "--decision", "perhaps"),
        ("verify", "nowhere.json"),
        ("verify", "nowhere.json", "--signature", "s.jws"),
        ("sign", "nowhere.json", "--key", "key.pem"),
    ],
)
def test_wrong_usage_exits_with_2(arguments: tuple[str, ...]) -> None:
    assert called(*arguments).exit_code == 2
