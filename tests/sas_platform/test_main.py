"""The process: it starts, answers, and stops when it is told to."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sas_kit.database import Database
from sas_kit.http import HttpFailure, HttpLimits, exchange, new_client
from sas_platform.__main__ import EXIT_USAGE, main
from sas_platform.sso.keys.service import KeyRing
from sas_platform.sso.model import Lifetimes

ROOT = Path(__file__).resolve().parents[2]


def environment() -> dict[str, str]:
    path = os.pathsep.join(str(ROOT / each) for each in ("services", "shared"))
    ours = {"SAS_PLATFORM_ADMIN_TOKEN": "secret", "SAS_PLATFORM_SIGN_IN_REQUIRED": "false"}
    return {**os.environ, "PYTHONPATH": path, **ours}


@pytest.mark.parametrize("workers", [1, 2])
async def test_it_serves_until_it_is_told_to_stop(workers: int, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--port", str(port), "--workers", str(workers), "--database-url", f"sqlite:///{tmp_path / 'p.sqlite'}"]
    options += ["--editor", "Agenda=http://127.0.0.1:1/fhir", "--dataset", "demo"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sas_platform", "serve", *options, cwd=tmp_path, env=environment(),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    base = f"http://127.0.0.1:{port}"
    limits = HttpLimits(1, 5, 1_000_000)
    try:
        async with new_client() as client, asyncio.timeout(30):
            while True:
                try:
                    ready = await exchange(client, "GET", f"{base}/health/ready", limits=limits)
                    break
                except HttpFailure:
                    await asyncio.sleep(0.05)
            assert ready.status == 200
            page = await exchange(client, "GET", f"{base}/?where=99100&ids=12345678", limits=limits)
            assert page.status == 422
            headers = [("Authorization", "Bearer secret")]
            listed = await exchange(client, "GET", f"{base}/api/admin/editors", limits=limits, headers=headers)
            assert b'"agenda"' in listed.body
            metadata = f"{base}/realms/sas/.well-known/openid-configuration"
            described = await exchange(client, "GET", metadata, limits=limits)
            assert json.loads(described.body)["issuer"] == f"{base}/realms/sas"
    finally:
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            _, logged = await process.communicate()
    assert process.returncode == 0, logged.decode()
    assert b"GET / 422" in logged
    assert b"12345678" not in logged
    assert b"Traceback" not in logged


@pytest.mark.parametrize(
    "options",
    [
        ["--editor", "no-url"],
        ["--dataset", "nowhere"],
        ["--database-url", "oracle://x"],
        ["--database-url", "postgresql://postgres@127.0.0.1:1/x"],
        ["--database-url", "sqlite:///nowhere/x.sqlite"],
        ["--max-at-work", "0"],
        ["--drain", "nan"],
        ["--editors", "nowhere.toml"],
        ["--public-url", "nowhere"],
        ["--sso-client", "editor s3cret-secret"],
        ["--clock", "clock", "--host", "0.0.0.0"],
        ["--clock", "clock", "--public-url", "https://sas.example.org"],
        ["--clock", ".."],
    ],
)
def test_what_cannot_be_served_is_said_and_leaves_with_2(
    options: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (
        "EDITOR",
        "EDITORS",
        "EDITORS_FILE",
        "DATASET",
        "DATABASE_URL",
        "PUBLIC_URL",
        "SSO_CLIENTS",
        "CLOCK_FILE",
        "MAX_AT_WORK",
        "DRAIN",
    ):
        monkeypatch.setenv(f"SAS_PLATFORM_{name}", "x")
        monkeypatch.delenv(f"SAS_PLATFORM_{name}")
    assert main(["serve", *options]) == EXIT_USAGE
    said = capsys.readouterr().err
    assert said.startswith("sas_platform: ")
    assert "s3cret" not in said


def test_keys_are_replaced_on_demand(capsys: pytest.CaptureFixture[str], sqlite_url: str) -> None:
    said = []
    for _ in range(2):
        assert main(["rotate-keys", "--database-url", sqlite_url]) == 0
        said.append(capsys.readouterr().out.strip())
    assert said[0] != said[1]

    async def signing() -> str | None:
        database = Database(sqlite_url)
        try:
            return (await KeyRing(database, Lifetimes()).signing(datetime.now(UTC))).kid
        finally:
            await database.close()

    assert asyncio.run(signing()) == said[1]
    assert main(["rotate-keys", "--database-url", "oracle://x"]) == EXIT_USAGE
