"""A project whose journal is kept in memory, two anomalies of its VSR, and its editor’s mail."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from recette.journal.model import GENESIS, Draft, Entry, JournalMovedError, Kind, Party, chained
from recette.mail.smtp import Accepted
from recette.model import Severity
from recette.projects import book as books
from recette.projects.book import Book
from recette.register import recording, runs, telling
from sas_kernel.text import Text
from tests.recette.register.conftest import at, finding, run

ANS, EDITOR = "dominique@ans.example.org", "camille@agenda.example.org"
PROJECT = "agenda-essai"


@dataclass
class Memory:
    """A journal that forgets at the end of a test."""

    entries: list[Entry] = field(default_factory=list)
    documents: dict[str, bytes] = field(default_factory=dict)

    async def read(self, project: str) -> tuple[Entry, ...]:
        return tuple(self.entries)

    async def append(
        self, project: str, drafts: Sequence[Draft], recorded_at: datetime, *, expecting: int | None = None
    ) -> tuple[Entry, ...]:
        if expecting not in {None, len(self.entries)}:
            raise JournalMovedError(Text("déplacé", "moved"))
        for draft in drafts:
            assert draft.at <= recorded_at
            previous = self.entries[-1].hash if self.entries else GENESIS
            self.entries.append(chained(project, len(self.entries) + 1, previous, draft, recorded_at))
        return tuple(self.entries[-len(drafts) :])

    async def keep(self, content: bytes, media_type: str, recorded_at: datetime) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        self.documents[sha256] = content
        return sha256

    @property
    def book(self) -> Book:
        return books.of(PROJECT, self.entries)

    def kinds(self) -> list[Kind]:
        return [entry.kind for entry in self.entries]


@dataclass
class Outbox:
    """Takes messages as a server would, and shows what it took."""

    messages: list[bytes] = field(default_factory=list)

    async def __call__(self, content: bytes, sender: str, recipient: str, copies: Sequence[str] = ()) -> Accepted:
        self.messages.append(content)
        return Accepted((recipient, *copies), {})


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
async def journal() -> Memory:
    return await told_project()


async def told_project() -> Memory:
    """Opened on Monday 18 May 2026; a run of the same day showed two anomalies."""
    memory = Memory()
    opened = Draft(
        Kind.PROJECT_OPENED,
        PROJECT,
        at("2026-05-18T08:00"),
        "Dominique Mirabel",
        Party.ANS,
        "",
        {
            "editor": "Éditeur d’essai",
            "interface": "Recherche de créneaux",
            "environment": "recette",
            "agreement": "sas-agenda",
            "contacts": {
                "ans": {"name": "Dominique Mirabel", "email": ANS, "role": ""},
                "editor": {"name": "Camille Orfelin", "email": EDITOR, "role": "qualité"},
            },
        },
    )
    found = run("r1", "2026-05-18T09:00", finding("f1"), finding("f2", Severity.MINOR))
    await memory.append(PROJECT, [opened, runs.draft(found, "recette")], at("2026-05-18T09:00"))
    register = telling.told(PROJECT, memory.entries)
    drafts = recording.drafts(register, found, phase="vsr", who="recette")
    await memory.append(PROJECT, drafts, at("2026-05-18T09:00"))
    return memory
