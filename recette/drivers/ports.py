"""Ports that several processes of one machine take without colliding: what `free_port` cannot promise."""

from __future__ import annotations

import random
import socket
from dataclasses import dataclass

_FIRST, _LAST = 20_000, 31_999
"""Below what systems give to outgoing connections (32768 on Linux, 49152 elsewhere), which would take one meanwhile."""


@dataclass(frozen=True, slots=True)
class ReservedPort:
    """Nobody else who reserves gets it before `release` or our death; TCP on it is free for a server of ours.

    The reservation is a UDP socket of the same number, which needs no file and cannot outlive its process.
    """

    number: int
    _mark: socket.socket

    def release(self) -> None:
        self._mark.close()


def reserve(first: int = _FIRST, last: int = _LAST) -> ReservedPort:
    """A loopback port; `OSError` when all of them are taken."""
    for number in random.sample(range(first, last + 1), last - first + 1):
        mark = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            mark.bind(("127.0.0.1", number))
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: what only lingers is free
                probe.bind(("127.0.0.1", number))
        except OSError:
            mark.close()
            continue
        return ReservedPort(number, mark)
    raise OSError(f"no free loopback port from {first} to {last}")
