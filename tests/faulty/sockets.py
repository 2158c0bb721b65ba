"""A party of a street on a real socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from recette.museum.street import Party
from recette.museum.wire import Asked


class Served:
    """A party as an ASGI application, who may move in after the socket was opened."""

    party: Party

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        query = scope["query_string"].decode()
        target = scope["raw_path"].decode() + (f"?{query}" if query else "")
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        reply = await self.party(Asked(scope["method"], target, headers, body))
        sent = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
        sent.append((b"content-length", str(len(reply.body)).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": sent})
        await send({"type": "http.response.body", "body": reply.body})


@asynccontextmanager
async def on_a_socket() -> AsyncIterator[tuple[str, Served]]:
    """An address on this machine, and whom to give a party that answers there."""
    served = Served()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(served, log_config=None, access_log=False, ws="none", lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", served
        finally:
            server.should_exit = True
            await serving
