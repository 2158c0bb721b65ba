"""The files of a load: the plan a generator follows, the raw samples it brings back, the answers kept to be judged."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from recette.model.load import Sample, Tick

_HEAD = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One search to make: seconds after the beginning, request target as written, how many practitioners it names."""

    number: int
    due: float
    target: str
    practitioners: int


@dataclass(frozen=True, slots=True)
class Orders:
    """What every generator has to know. `target_base` is the path before each target; times in seconds."""

    scheme: str
    host: str
    port: int
    target_base: str
    headers: tuple[tuple[str, str], ...]
    connect: float
    answer: float
    max_bytes: int
    in_flight: int
    kept_bytes: int
    abort_window: float
    abort_fewest: int
    abort_share: float


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it came, to be judged later."""

    number: int
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def write_plan(path: Path, orders: Orders, arrivals: Iterable[Arrival]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(json.dumps(asdict(orders)) + "\n")
        for arrival in arrivals:
            file.write(json.dumps(astuple(arrival)) + "\n")


def read_plan(path: Path) -> tuple[Orders, list[Arrival]]:
    with path.open(encoding="utf-8") as file:
        orders = orders_of(json.loads(file.readline()))
        return orders, [Arrival(*json.loads(line)) for line in file]


def orders_of(document: dict[str, Any]) -> Orders:
    pairs = tuple((str(name), str(value)) for name, value in document["headers"])
    return Orders(**{**document, "headers": pairs})


def frame(answer: KeptAnswer) -> bytes:
    """An answer as it is kept and sent to a master: its body shrunk at the cheapest level."""
    head = json.dumps([answer.number, answer.status, answer.headers]).encode()
    body = zlib.compress(answer.body, 1)
    return _HEAD.pack(len(head), len(body)) + head + body


def read_answers(folder: Path) -> Iterator[KeptAnswer]:
    """Every answer of the files of frames in a folder, one at a time; nothing when there is no file."""
    for path in sorted(folder.glob("answers*.bin")):
        with path.open("rb") as file:
            while lengths := file.read(_HEAD.size):
                yield _answer(file, *_HEAD.unpack(lengths))


class Gathering:
    """What workers bring back, a file each: their pieces come in turns, cut wherever a message was full."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, BinaryIO] = {}

    def add(self, worker: str, piece: bytes) -> None:
        if worker not in self._files:
            self._files[worker] = (self._folder / f"answers-{len(self._files) + 1}.bin").open("wb")
        self._files[worker].write(piece)

    def close(self) -> None:
        for file in self._files.values():
            file.close()


def _answer(file: BinaryIO, head: int, body: int) -> KeptAnswer:
    number, status, headers = json.loads(file.read(head))
    return KeptAnswer(number, status, tuple((n, v) for n, v in headers), zlib.decompress(file.read(body)))


def result_document(
    started_at: float, samples: Sequence[Sample], ticks: Sequence[Tick], *, aborted: bool, overrun: bool, unkept: int
) -> dict[str, Any]:
    """What a generator says at the end: `started_at` in seconds since 1970, `unkept` answers there was no room for."""
    return {
        "started_at": started_at,
        "samples": [astuple(sample) for sample in samples],
        "ticks": [astuple(tick) for tick in ticks],
        "aborted": aborted,
        "overrun": overrun,
        "unkept": unkept,
    }
