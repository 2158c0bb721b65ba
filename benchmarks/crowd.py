"""Many clients at once, in one process of their own that does next to nothing: sockets, epoll, bytes counted.

Each client sends its next request when it has the answer to the last. `python -m benchmarks.crowd` takes orders on its
standard input, so that slices for several servers can alternate without a process being started in between.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.wire import request

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Slice:
    """`seconds`: from the first byte out to the last byte in; `times`: those of each request; `cpu`: the clients'."""

    times: list[float]
    seconds: float
    cpu: float
    size: int

    @property
    def per_second(self) -> float:
        return len(self.times) / self.seconds


class Crowd:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def play(self, port: int, target: str, clients: int, requests: int, *, unread: bool = False) -> Slice:
        """Raises `RuntimeError` when an answer is not a 200, or not as long as the others.

        `unread`: the system throws bodies away without copying them to the clients, which then take less of the
        processor; for comparing servers with one another, not with a floor.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([port, target, clients, requests, unread]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the clients stopped: see above")
        return Slice(**json.loads(line))


@contextmanager
def crowd() -> Iterator[Crowd]:
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.crowd"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Crowd(process)
        finally:
            process.kill()


class _Client:
    __slots__ = ("begun", "left", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.settimeout(None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.left = -1  # bytes of the answer still to come; -1: its head has not come
        self.begun = 0.0

    def send(self, sent: bytes) -> None:
        self.left = -1
        self.begun = time.perf_counter()
        self.socket.sendall(sent)


def play(port: int, target: str, clients: int, requests: int, unread: bool) -> dict[str, object]:
    sent = request(port, target)
    buffer = bytearray(_AT_ONCE)
    view = memoryview(buffer)
    times: list[float] = []
    sizes: set[int] = set()
    begun_count = 0
    with selectors.EpollSelector() as selector:
        people = [_Client(port) for _ in range(clients)]
        for one in people:
            selector.register(one.socket, selectors.EVENT_READ, one)
        cpu, begun = time.process_time(), time.perf_counter()
        for one in people[:requests]:
            one.send(sent)
            begun_count += 1
        while len(times) < requests:
            for key, _events in selector.select():
                one = key.data
                # Linux counts what is truncated of a stream, and copies nothing.
                got = one.socket.recv_into(view, 0, socket.MSG_TRUNC if unread and one.left > 0 else 0)
                if not got:
                    raise RuntimeError("a server closed a connection")
                if one.left < 0:
                    head = bytes(view[: buffer.index(b"\r\n\r\n", 0, got)])
                    length = _LENGTH.search(head)
                    if not head.startswith(b"HTTP/1.1 200 ") or length is None:
                        raise RuntimeError(head.decode())
                    sizes.add(int(length[1]))
                    one.left = int(length[1]) + len(head) + 4
                one.left -= got
                if one.left == 0:
                    times.append(time.perf_counter() - one.begun)
                    if begun_count < requests:
                        one.send(sent)
                        begun_count += 1
        seconds, used = time.perf_counter() - begun, time.process_time() - cpu
        for one in people:
            one.socket.close()
    if len(sizes) != 1:
        raise RuntimeError(f"answers of {sizes} bytes")
    return {"times": times, "seconds": seconds, "cpu": used, "size": sizes.pop()}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(play(*json.loads(line))), flush=True)
