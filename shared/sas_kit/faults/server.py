"""uvicorn with a way for the application to break the connection itself, which ASGI does not give it."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

EXTENSION: Final = "recette.connection"
OPTIONS: Final[Mapping[str, Any]] = {"http": "sas_kit.faults.server:BreakableProtocol", "date_header": False}
"""For `uvicorn.run`, where faults may be played: they also write the `Date`, which may be wrong on purpose."""
_FLUSHED_WITHIN: Final = 1000  # milliseconds, about
_RESET_AT_CLOSE: Final = struct.pack("ii", 1, 0)


class BreakableProtocol(HttpToolsProtocol):
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {EXTENSION: {"transport": self.transport}}


async def reset(scope: Mapping[str, Any]) -> None:
    """Drop the connection with a TCP reset, once what was written has left."""
    transport = _transport(scope)
    for _ in range(_FLUSHED_WITHIN):  # no event loop says when; a reader that stalls must not hold us up
        if not transport.get_write_buffer_size():
            break
        await asyncio.sleep(0.001)
    connection = transport.get_extra_info("socket")
    if connection is not None and not transport.is_closing():
        # A copy of the descriptor: what event loops hand out is no socket on which options can be set.
        with socket.socket(fileno=os.dup(connection.fileno())) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
    transport.abort()


def close(scope: Mapping[str, Any]) -> None:
    """End the connection in order, after what was written, whatever was announced."""
    _transport(scope).close()


async def gone(receive: Callable[[], Awaitable[Any]]) -> None:
    """Wait until the server knows: it would take an earlier return for a forgotten answer."""
    while (await receive())["type"] != "http.disconnect":
        pass


def is_gone(scope: Mapping[str, Any]) -> bool:
    """Whether nobody is left to answer, as far as the connection tells."""
    transport = scope.get("extensions", {}).get(EXTENSION, {}).get("transport")
    return transport is not None and bool(transport.is_closing())


def _transport(scope: Mapping[str, Any]) -> Any:
    transport = scope.get("extensions", {}).get(EXTENSION, {}).get("transport")
    if transport is None:
        raise RuntimeError("connections can only be broken under sas_kit.faults.server.BreakableProtocol")
    return transport
