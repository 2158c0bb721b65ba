"""A journal on its way to another database."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recette.journal import exchange
from recette.journal.exchange import Bundle
from recette.journal.model import GENESIS, Document, Draft, Entry, JournalError, JournalMovedError, Kind, Party, chained
from recette.journal.repository import opened

NOW = datetime(2026, 5, 22, 10, 0, 0, 123456, tzinfo=UTC)
CONTENT = b'{"a": "\xc3\xa9"}'
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def story(*words: str) -> tuple[Entry, ...]:
    entries: list[Entry] = []
    for number, why in enumerate(words, 1):
        made = Draft(Kind.NOTE, "A-0001", NOW, "Camille Orfelin", Party.EDITOR, why, {"sha256": SHA256, "é": [None]})
        entries.append(
            chained("p", number, entries[-1].hash if entries else GENESIS, made, NOW + timedelta(hours=number))
        )
    return tuple(entries)


ENTRIES = story("un", "deux", "trois")
BUNDLE = Bundle("p", ENTRIES, (Document(SHA256, "application/json", CONTENT),))


def test_what_is_written_is_read_back() -> None:
    assert exchange.loads(exchange.dumps(BUNDLE).encode()) == BUNDLE
    assert exchange.named(ENTRIES) == (SHA256,)


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    document = json.loads(exchange.dumps(BUNDLE))
    change(document)
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"\xff",
        b"[]",
        b"[" * 100_000,
        b'{"format": "recette-journal"}',
        changed(lambda d: d["entries"][1].update(why="autre")),
        changed(lambda d: d["entries"][1].update(kind="unheard.of")),
        changed(lambda d: d["entries"][1].update(at="2026-05-22T10:00:00")),
        changed(lambda d: d["entries"][1].update(payload=[])),
        changed(lambda d: d["entries"][1].pop("hash")),
        changed(lambda d: d["entries"].pop(0)),
        changed(lambda d: d.update(entries=[])),
        changed(lambda d: d.update(entries=3)),
        changed(lambda d: d.update(project="q")),
        changed(lambda d: d["documents"][0].update(base64=base64.b64encode(b"{}").decode())),
        changed(lambda d: d["documents"][0].update(base64="é")),
    ],
)
def test_what_is_not_an_intact_journal_is_refused_in_a_sentence(content: bytes) -> None:
    with pytest.raises(JournalError):
        exchange.loads(content)


def test_only_what_comes_after_is_missing_and_another_story_is_refused() -> None:
    assert exchange.missing((), ENTRIES) == ENTRIES
    assert exchange.missing(ENTRIES[:2], ENTRIES) == ENTRIES[2:]
    assert exchange.missing(ENTRIES, ENTRIES[:1]) == ()
    with pytest.raises(JournalError):
        exchange.missing(story("un", "autrement"), ENTRIES)


async def test_a_journal_is_restored_whole_with_its_hashes_or_not_at_all(database_url: str) -> None:
    later = NOW + timedelta(days=1)
    async with opened(database_url) as journal:
        await journal.restore("p", ENTRIES[:1], BUNDLE.documents, later, after=0)
        with pytest.raises(JournalMovedError):
            await journal.restore("p", ENTRIES[2:], (), later, after=1)
        with pytest.raises(JournalMovedError):
            await journal.restore("p", ENTRIES[1:], (), later, after=0)
        with pytest.raises(JournalError):
            await journal.restore("p", ENTRIES[1:], (), NOW, after=1)
        with pytest.raises(JournalError):
            await journal.restore("p", (replace(ENTRIES[1], who="x" * 300), ENTRIES[2]), (), later, after=1)
        assert await journal.read("p") == ENTRIES[:1]
        await journal.restore("p", ENTRIES[1:], BUNDLE.documents, later, after=1)
        assert await journal.read("p") == ENTRIES
        assert await journal.document(SHA256) == BUNDLE.documents[0]
