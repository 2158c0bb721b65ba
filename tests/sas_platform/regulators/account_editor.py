"""An editor that keeps accounts in memory, over real connections, and every way in which it may misbehave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Received:
    method: str
    target: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def address(self) -> str | None:
        """The value after the bar of `identifier`, None when there is no condition."""
        query = dict(parse_qsl(urlsplit(self.target).query))
        return query["identifier"].rpartition("|")[2] if "identifier" in query else None

    @property
    def identifier(self) -> str:
        value: str = self.body["identifier"][0]["value"]
        return value


@dataclass
class AccountEditor:
    """Identifiers are unique here. `script` says how to treat the next requests, then all are treated well.

    A word of the script: `lost` (done, then the connection closes), `late` (done, then the answer waits for `gate`), a
    status (not done, answered so).
    """

    script: list[str | int] = field(default_factory=list)
    always: str | int | None = None
    received: list[Received] = field(default_factory=list)
    accounts: list[dict[str, Any]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    _server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/fhir"

    @property
    def methods(self) -> list[str]:
        return [each.method for each in self.received]

    def account(self, identifier: str) -> dict[str, Any]:
        (found,) = [a for a in self.accounts if a["identifier"][0]["value"] == identifier]
        return found

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = head[0].split(" ")
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
            body = json.loads(await reader.readexactly(int(headers["content-length"])))
            request = Received(method, target, headers, body)
            self.received.append(request)
            self.arrived.set()
            word = self.script.pop(0) if self.script else self.always
            if isinstance(word, int):
                await self._answer(writer, word, {"resourceType": "OperationOutcome", "issue": [
                    {"severity": "error", "code": "business-rule", "diagnostics": f"scripted {word}"}]})  # fmt: skip
                return
            status = self._apply(request)
            if word == "lost":
                return
            if word == "late":
                await self.gate.wait()
            await self._answer(writer, status, request.body if status < 300 else {"resourceType": "OperationOutcome"})
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _apply(self, request: Received) -> int:
        if "identifier" not in request.body:
            return 400
        mine = request.address
        holder = next((a for a in self.accounts if a["identifier"][0]["value"] == mine), None) if mine else None
        taken = [a for a in self.accounts if a["identifier"][0]["value"] == request.identifier and a is not holder]
        if taken:
            return 422
        if holder is None:
            self.accounts.append(request.body)
            return 201
        self.accounts[self.accounts.index(holder)] = request.body
        return 200

    async def _answer(self, writer: asyncio.StreamWriter, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/fhir+json\r\nLocation: {self.url}/Practitioner/7\r\n"
        writer.write(f"{head}Content-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode() + content)
        await writer.drain()


@asynccontextmanager
async def account_editor(*script: str | int, always: str | int | None = None) -> AsyncIterator[AccountEditor]:
    editor = AccountEditor(list(script), always)
    await editor.start()
    try:
        yield editor
    finally:
        editor.gate.set()
        await editor.stop()
