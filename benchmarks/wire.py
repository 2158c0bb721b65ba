"""The cheapest client there is: one keep-alive socket, one prebuilt request, a body read into one buffer.

What the client costs is in every figure, the floor's included; so it must cost next to nothing.
"""

from __future__ import annotations

import re
import socket
import time

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Wire:
    def __init__(self, port: int, target: str, *, accept: str = "application/json+fhir") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: {accept}\r\n\r\n".encode()
        self._buffer = bytearray(1 << 24)

    def once(self) -> tuple[float, int, bytes]:
        """Seconds from the first byte out to the last byte in, the status, and the body."""
        begun = time.perf_counter()
        self._socket.sendall(self._request)
        view = memoryview(self._buffer)
        size = 0
        head_end = -1
        while head_end < 0:
            got = self._socket.recv_into(view[size:])
            if not got:
                raise ConnectionError("the server closed the connection")
            size += got
            head_end = self._buffer.find(b"\r\n\r\n", 0, size)
        head = bytes(view[:head_end])
        length = _LENGTH.search(head)
        assert length is not None
        end = head_end + 4 + int(length[1])
        while size < end:
            got = self._socket.recv_into(view[size:end])
            if not got:
                raise ConnectionError("the server closed the connection")
            size += got
        elapsed = time.perf_counter() - begun
        return elapsed, int(head.split(b" ", 2)[1]), bytes(view[head_end + 4 : end])

    def close(self) -> None:
        self._socket.close()
