"""JSON as it came over the wire, read without ever raising: whatever a target sends, a check can look at it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from sas_kernel.text import Text


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
"""The value of a place that does not exist; JSON's `null` is `None`."""


class _Object(dict[str, Any]):
    """A JSON object that remembers which of its keys stood more than once."""

    repeated: tuple[str, ...] = ()


class Node:
    """A place in a document and what stands there. Every accessor survives any nonsense and answers "nothing".

    A place is known by what holds it; its path is put together only when somebody asks, as most are never told.
    """

    __slots__ = ("holder", "step", "value")

    def __init__(self, path: str | int, value: Any = ABSENT, holder: Node | None = None) -> None:
        """`path`: of a root; where there is a holder, the key or the index in it."""
        self.holder = holder
        self.step = path
        self.value = value

    @property
    def path(self) -> str:
        """From the root: `Bundle.entry[3].resource.start`."""
        steps: list[str] = []
        node = self
        while node.holder is not None:
            steps.append(f"[{node.step}]" if isinstance(node.step, int) else f".{node.step}")
            node = node.holder
        return str(node.step) + "".join(reversed(steps))

    def __repr__(self) -> str:
        return f"Node({self.path!r}, {self.value!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and self.value == other.value and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

    def __getitem__(self, key: str) -> Node:
        """The member `key`; a node of no value where this is not an object or has no such member."""
        return Node(key, self.value.get(key, ABSENT) if isinstance(self.value, dict) else ABSENT, self)

    @property
    def elements(self) -> tuple[Node, ...]:
        """The elements of an array; nothing where this is not one."""
        if not isinstance(self.value, list):
            return ()
        return tuple(Node(index, value, self) for index, value in enumerate(self.value))

    @property
    def string(self) -> str | None:
        """The string that stands here, else None."""
        return self.value if isinstance(self.value, str) else None

    @property
    def present(self) -> bool:
        """Whether the key is there, whatever it holds: an empty value is another matter than a missing one."""
        return self.value is not ABSENT

    def walk(self) -> Iterator[Node]:
        """This node and everything below it, in document order."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            if isinstance(node.value, dict):
                waiting.extend(node[key] for key in reversed(node.value))
            elif isinstance(node.value, list):
                waiting.extend(reversed(node.elements))


@dataclass(frozen=True)
class Document:
    """A body read as JSON: its `root`, or the `fault` that says why there is none."""

    root: Node
    fault: Text | None = None
    text: str = ""

    @cached_property
    def repeated_keys(self) -> tuple[str, ...]:
        """The paths of the members that stand more than once in their object.

        The text is read once more for it: watching every object would double the time of reading any answer.
        """
        if self.fault is not None:
            return ()
        try:
            watch = _Watch()
            value = json.loads(self.text, object_pairs_hook=watch)
        except RecursionError:
            return ()
        if not watch.found:  # nearly always: walking is most of what judging an answer under load would cost
            return ()
        return tuple(
            f"{node.path}.{key}"
            for node in Node(self.root.path, value).walk()
            if isinstance(node.value, _Object)
            for key in node.value.repeated
        )


def read(body: bytes) -> Document:
    """Read UTF-8 JSON. The root's path is its `resourceType` where it has one."""
    try:
        text = body.decode("utf-8")
        value = json.loads(text, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        return _unreadable(Text("octet {n} hors UTF-8", "byte {n} is not UTF-8").format(n=error.start))
    except json.JSONDecodeError as error:
        return _unreadable(
            Text("JSON invalide ligne {l}, colonne {c}", "line {l}, column {c}: {m}").format(
                l=error.lineno, c=error.colno, m=error.msg
            )
        )
    except RecursionError:
        return _unreadable(Text("imbrication excessive", "nested too deeply"))
    except ValueError as error:
        return _unreadable(
            Text("nombre impossible en JSON", "a number JSON cannot hold: {e}").format(e=str(error)[:200])
        )
    kind = value.get("resourceType") if isinstance(value, dict) else None
    return Document(Node(kind if isinstance(kind, str) and kind.isalnum() else "$", value), text=text)


class _Watch:
    """Makes objects of pairs; `found` once a key stood more than once in one of them."""

    found = False

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) == len(pairs):
            return result
        self.found = True
        remembering = _Object(pairs)
        counts = Counter(key for key, _ in pairs)
        remembering.repeated = tuple(key for key, count in counts.items() if count > 1)
        return remembering


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _unreadable(detail: Text) -> Document:
    return Document(Node("$"), detail)
