"""Whoever asks another machine says how long it may take: by `sas_kit.http`, or with a time-out of the call's own."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path

from sas_kit.http import HttpLimits, exchange

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path for folder in ("services", "shared", "recette", "benchmarks") for path in (ROOT / folder).rglob("*.py")
)
CLIENTS = {"httpx", "httpx2", "aiohttp", "requests", "urllib3", "niquests", "aio_pika", "aioamqp"}
# Calls that open a connection by themselves; each must be given a time.
OPENERS = {"urlopen", "open", "SMTP", "SMTP_SSL", "HTTPConnection", "HTTPSConnection", "create_connection"}
# asyncio's take no time themselves: these are within an `asyncio.timeout`, or are no client.
WITHIN = {
    "shared/sas_kit/serving.py": "accepts",
    "benchmarks/overload.py": "waits for its answers together",
    "benchmarks/wire.py": "asks a server of its own, and is stopped with it",
}


@cache
def tree(path: Path) -> ast.Module | None:
    """None for what holds no word that matters here: most of them, and parsing is what takes time."""
    text = path.read_text(encoding="utf-8")
    return (
        ast.parse(text)
        if any(word in text for word in (*CLIENTS, *OPENERS - {"open"}, "exchange(", ").open("))
        else None
    )


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """File, name of what is called, call."""
    for path in SOURCES:
        for node in ast.walk(tree(path) or ast.Module([], [])):
            if not isinstance(node, ast.Call):
                continue
            function = node.func
            if isinstance(function, ast.Name) and function.id != "open":
                yield path.relative_to(ROOT).as_posix(), function.id, node
            # `opener.open(request)` of urllib, not the `open` of a file or a path
            if isinstance(function, ast.Attribute) and (
                function.attr != "open" or "build_opener" in ast.dump(function.value)
            ):
                yield path.relative_to(ROOT).as_posix(), f".{function.attr}", node


def test_only_sas_kit_http_knows_an_http_library() -> None:
    knowing = set()
    for path in SOURCES:
        for node in ast.walk(tree(path) or ast.Module([], [])):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
            if any(name.partition(".")[0] in CLIENTS for name in names):
                knowing.add(path.relative_to(ROOT).as_posix())
    assert knowing == {"shared/sas_kit/http.py"}


def test_every_exchange_is_bounded() -> None:
    assert inspect.signature(exchange).parameters["limits"].default is inspect.Parameter.empty
    assert {each.name for each in fields(HttpLimits) if each.default is not MISSING} == {"whole"}  # a bound more
    made = [(path, call) for path, name, call in calls() if name == "exchange"]
    assert len(made) > 5
    for path, call in made:
        assert "limits" in {keyword.arg for keyword in call.keywords}, f"{path}:{call.lineno}"


def test_every_other_connection_is_given_a_time() -> None:
    opened = [(path, call) for path, name, call in calls() if name.lstrip(".") in OPENERS and path not in WITHIN]
    assert len(opened) > 5
    for path, call in opened:
        assert "timeout" in {keyword.arg for keyword in call.keywords}, f"{path}:{call.lineno}"
