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


@dataclass(frozen=True, slots=True)
class Node:
    """A place in a document and what stands there. Every accessor survives any nonsense and answers "nothing"."""

    path: str
    value: Any = ABSENT

    def __getitem__(self, key: str) -> Node:
        """The member `key`; a node of no value where this is not an object or has no such member."""
        value = self.value.get(key, ABSENT) if isinstance(self.value, dict) else ABSENT
        return Node(f"{self.path}.{key}", value)

    @property
    def elements(self) -> tuple[Node, ...]:
        """The elements of an array; nothing where this is not one."""
        if not isinstance(self.value, list):
            return ()
        return tuple(Node(f"{self.path}[{index}]", value) for index, value in enumerate(self.value))

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
            watched = Node(self.root.path, json.loads(self.text, object_pairs_hook=_object))
        except RecursionError:
            return ()
        return tuple(
            f"{node.path}.{key}"
            for node in watched.walk()
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


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    result = _Object(pairs)
    if len(result) != len(pairs):
        counts = Counter(key for key, _ in pairs)
        result.repeated = tuple(key for key, count in counts.items() if count > 1)
    return result


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _unreadable(detail: Text) -> Document:
    return Document(Node("$"), detail)
