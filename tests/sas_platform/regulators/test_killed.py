"""The platform's process dies between an editor's work and its answer, and starts again."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sas_kit.http import HttpFailure, HttpLimits, exchange, new_client
from tests.sas_platform.regulators.account_editor import AccountEditor, account_editor
from tests.sas_platform.regulators.test_endpoints import BODY, PATH

ROOT = Path(__file__).resolve().parents[3]
LIMITS = HttpLimits(1, 5, 1_000_000)
HEADERS = [("Authorization", "Bearer secret"), ("Content-Type", "application/json")]


@asynccontextmanager
async def platform(database_url: str, editor: AccountEditor, cwd: Path) -> AsyncIterator[str]:
    """The platform's process; it is killed at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(ROOT / each) for each in ("services", "shared")),
        "SAS_PLATFORM_ADMIN_TOKEN": "secret",
        "SAS_PLATFORM_CONNECT_TIMEOUT": "0.3",
        "SAS_PLATFORM_ANSWER_TIMEOUT": "0.8",
        "SAS_PLATFORM_REGULATOR_RETRY_FIRST": "0.2",
        "SAS_PLATFORM_DATASET": "",
    }
    options = ["--port", str(port), "--database-url", database_url, "--editor", f"Agenda={editor.url}"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sas_platform", "serve", *options, cwd=cwd, env=environment,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    base = f"http://127.0.0.1:{port}"
    try:
        async with new_client() as client, asyncio.timeout(40):
            while True:
                try:
                    await exchange(client, "GET", f"{base}/health/live", limits=LIMITS)
                    break
                except HttpFailure:
                    await asyncio.sleep(0.05)
        yield base
    finally:
        process.kill()
        await process.wait()


async def test_nothing_is_lost_and_nothing_is_twice(database_url: str, tmp_path: Path) -> None:
    async with account_editor("late") as editor, new_client() as client:
        async with platform(database_url, editor, tmp_path) as base:
            body = json.dumps(BODY).encode()
            made = await exchange(client, "POST", base + PATH, limits=LIMITS, headers=HEADERS, body=body)
            number = json.loads(made.body)["id"]
            await exchange(
                client, "POST", f"{base}{PATH}/{number}/resend", limits=LIMITS, headers=HEADERS,
                body=b'{"editor": "agenda"}',
            )  # fmt: skip
            async with asyncio.timeout(20):
                await editor.arrived.wait()
        assert editor.methods == ["POST"]
        editor.gate.set()
        async with platform(database_url, editor, tmp_path) as base, asyncio.timeout(30):
            while True:
                answer = await exchange(client, "GET", f"{base}{PATH}/habilitations", limits=LIMITS, headers=HEADERS)
                (line,) = json.loads(answer.body)["habilitations"]
                if line["standing"] == "up_to_date":
                    break
                await asyncio.sleep(0.1)
        assert editor.methods[0] == "POST"
        assert set(editor.methods[1:]) == {"PUT"}
        assert len(editor.accounts) == 1
