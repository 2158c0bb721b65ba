"""A cache bounded by the bytes it holds: what was used longest ago leaves first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class BoundedCache(Generic[K, V]):
    """For one event loop (no lock). `max_bytes` bounds the sum of the sizes told to `put`; 0 keeps nothing."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._bytes = 0
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    @property
    def held_bytes(self) -> int:
        return self._bytes

    def get(self, key: K) -> V | None:
        entry = self._values.get(key)
        if entry is None:
            return None
        self._values.move_to_end(key)
        return entry[0]

    def put(self, key: K, value: V, size: int) -> None:
        """Keep `value`, in place of an older one; a value larger than the whole cache is not kept."""
        self.discard(key)
        if size > self.max_bytes:
            return
        self._values[key] = (value, size)
        self._bytes += size
        while self._bytes > self.max_bytes:
            _, (_, freed) = self._values.popitem(last=False)
            self._bytes -= freed

    def discard(self, key: K) -> None:
        entry = self._values.pop(key, None)
        if entry is not None:
            self._bytes -= entry[1]
