"""The only SQL of the journal."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from recette.journal.model import (
    GENESIS,
    Document,
    Draft,
    Entry,
    JournalError,
    JournalMovedError,
    Kind,
    Party,
    canonical,
    chained,
    instant,
)
from recette.journal.tables import document, entry
from sas_kernel.text import Text
from sas_kit.database import Database, migrate, parsed_url, translating

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
_ATTEMPTS = 5
_NAME, _PERSON, _WORDS = 120, 200, 20_000
"""The longest name of a project or subject, of a person, and the longest reason, in characters."""


class Journal:
    """All projects of one database. Every method raises `JournalError` when the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def projects(self) -> tuple[str, ...]:
        """The projects, by name."""
        async with self._reading() as connection:
            rows = await connection.execute(sa.select(entry.c.project).distinct().order_by(entry.c.project))
            return tuple(rows.scalars())

    async def read(self, project: str, after: int = 0) -> tuple[Entry, ...]:
        """The entries of a project after this number, in their order; none for a project that is not there."""
        wanted = sa.select(entry).where(entry.c.project == project, entry.c.number > after).order_by(entry.c.number)
        async with self._reading() as connection:
            return tuple(_entry(row) for row in (await connection.execute(wanted)).mappings())

    async def append(
        self, project: str, drafts: Sequence[Draft], recorded_at: datetime, *, expecting: int | None = None
    ) -> tuple[Entry, ...]:
        """Write drafts together or not at all.

        With `expecting`, the number of the last entry that the decision rests on, `JournalMovedError` where there is a
        later one; without it, they are written after whatever there is.
        """
        for draft in drafts:
            _refuse(project, draft, recorded_at)
        for _ in range(_ATTEMPTS):
            try:
                return await self._append(project, drafts, recorded_at, expecting)
            except JournalMovedError:
                if expecting is not None:
                    raise
        raise _moved(project)

    async def _append(
        self, project: str, drafts: Sequence[Draft], recorded_at: datetime, expecting: int | None
    ) -> tuple[Entry, ...]:
        last = sa.select(entry.c.number, entry.c.hash).where(entry.c.project == project)
        last = last.order_by(entry.c.number.desc()).limit(1)
        with translating(unavailable=_unavailable, conflict=lambda: _moved(project)):
            async with self._database.transaction() as connection:
                row = (await connection.execute(last)).first()
                number, previous = (row.number, row.hash) if row else (0, GENESIS)
                if expecting is not None and number != expecting:
                    raise _moved(project)
                written = []
                for draft in drafts:
                    number += 1
                    made = chained(project, number, previous, draft, recorded_at)
                    previous = made.hash
                    written.append(made)
                if written:
                    await connection.execute(sa.insert(entry), [_row(made) for made in written])
        return tuple(written)

    async def keep(self, content: bytes, media_type: str, recorded_at: datetime) -> str:
        """Keep a document; its SHA-256, by which entries name it. Kept once however often it comes."""
        sha256 = hashlib.sha256(content).hexdigest()
        known = sa.select(document.c.sha256).where(document.c.sha256 == sha256)
        row = _kept(Document(sha256, media_type, content), recorded_at)
        with translating(unavailable=_unavailable, conflict=lambda: _moved(sha256)):
            async with self._database.transaction() as connection:
                if (await connection.execute(known)).first() is None:
                    await connection.execute(sa.insert(document), row)
        return sha256

    async def restore(
        self, project: str, entries: Sequence[Entry], documents: Sequence[Document], now: datetime, *, after: int
    ) -> None:
        """Write entries of another journal as they were written there, and the documents they name: all or nothing.

        They follow the entry `after`, the last that is here: `JournalMovedError` where it is not.
        """
        for made in entries:
            _refuse(project, Draft(made.kind, made.subject, made.at, made.who, made.party, made.why), made.recorded_at)
            if made.recorded_at > now:
                raise _from_the_future(made)
        last = sa.select(entry.c.number, entry.c.hash).where(entry.c.project == project)
        last = last.order_by(entry.c.number.desc()).limit(1)
        with translating(unavailable=_unavailable, conflict=lambda: _moved(project)):
            async with self._database.transaction() as connection:
                row = (await connection.execute(last)).first()
                number, previous = (row.number, row.hash) if row else (0, GENESIS)
                if number != after or (entries and (entries[0].number, entries[0].previous) != (number + 1, previous)):
                    raise _moved(project)
                known = set((await connection.execute(sa.select(document.c.sha256))).scalars())
                fresh = {each.sha256: each for each in documents if each.sha256 not in known}
                if fresh:
                    await connection.execute(sa.insert(document), [_kept(each, now) for each in fresh.values()])
                if entries:
                    await connection.execute(sa.insert(entry), [_row(made) for made in entries])

    async def document(self, sha256: str) -> Document | None:
        """A document whose content has this hash; `JournalError` where what is stored no longer has."""
        async with self._reading() as connection:
            row = (await connection.execute(sa.select(document).where(document.c.sha256 == sha256))).first()
        if row is None:
            return None
        if hashlib.sha256(row.content).hexdigest() != sha256:
            raise JournalError(
                Text("Le document {h} a été altéré.", "The document {h} has been altered.").format(h=sha256)
            )
        return Document(sha256, row.media_type, row.content)

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        with translating(unavailable=_unavailable, conflict=_unavailable):
            async with self._database.reading() as connection:
                yield connection


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Journal]:
    """The journal in this database, which is made or brought up to date first."""
    parsed = parsed_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    with translating(unavailable=_unavailable, conflict=_unavailable):
        await asyncio.to_thread(migrate, url, MIGRATIONS)
    database = Database(url, pool_size=4)
    try:
        yield Journal(database)
    finally:
        await database.close()


def _refuse(project: str, draft: Draft, recorded_at: datetime) -> None:
    """`JournalError` for what no column could hold, and for what has not happened yet."""
    if draft.at > recorded_at:
        raise JournalError(
            Text(
                "« {kind} » daté de {at}, après l’instant présent {now} : on inscrit ce qui a eu lieu. Corrigez "
                "la date, ou l’horloge (--clock).",
                "'{kind}' is dated {at}, after the present instant {now}: what has happened is recorded. Mend "
                "the date, or the clock (--clock).",
            ).format(
                kind=draft.kind.value,
                at=draft.at.isoformat(),
                now=recorded_at.astimezone(draft.at.tzinfo).isoformat(timespec="seconds"),
            )
        )
    for name, value, most in (
        ("project", project, _NAME),
        ("subject", draft.subject, _NAME),
        ("who", draft.who, _PERSON),
        ("why", draft.why, _WORDS),
    ):
        if len(value) > most or "\x00" in value or _unwritable(value):
            raise JournalError(
                Text(
                    "« {name} » est illisible ou dépasse {most} caractères.",
                    "'{name}' cannot be written or is longer than {most} characters.",
                ).format(name=name, most=most)
            )


def _unwritable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return True
    return False


def _from_the_future(made: Entry) -> JournalError:
    return JournalError(
        Text(
            "L’entrée {n} a été écrite le {at}, après l’instant présent : vérifiez l’horloge.",
            "Entry {n} was written at {at}, after the present instant: check the clock.",
        ).format(n=made.number, at=made.recorded_at.isoformat())
    )


def _kept(kept: Document, recorded_at: datetime) -> dict[str, Any]:
    return {
        "sha256": kept.sha256,
        "media_type": kept.media_type,
        "content": kept.content,
        "recorded_at": instant(recorded_at),
    }


def _row(made: Entry) -> dict[str, Any]:
    return {
        "project": made.project,
        "number": made.number,
        "kind": made.kind.value,
        "subject": made.subject,
        "at": instant(made.at),
        "recorded_at": instant(made.recorded_at),
        "who": made.who,
        "party": made.party.value,
        "why": made.why,
        "payload": canonical(made.payload),
        "previous": made.previous,
        "hash": made.hash,
    }


def _entry(row: Any) -> Entry:
    return Entry(
        project=row["project"],
        number=row["number"],
        kind=Kind(row["kind"]),
        subject=row["subject"],
        at=_instant(row["at"]),
        recorded_at=_instant(row["recorded_at"]),
        who=row["who"],
        party=Party(row["party"]),
        why=row["why"],
        payload=json.loads(row["payload"]),
        previous=row["previous"],
        hash=row["hash"],
    )


def _instant(written: str) -> datetime:
    return datetime.strptime(written, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def _moved(project: str) -> JournalMovedError:
    return JournalMovedError(
        Text(
            "Quelqu’un d’autre a écrit dans « {p} » entre-temps : rien n’a été écrit, recommencez.",
            "Somebody else wrote to '{p}' meanwhile: nothing was written, try again.",
        ).format(p=project)
    )


def _unavailable() -> JournalError:
    return JournalError(
        Text(
            "La base du registre ne répond pas. Vérifiez --database-url (ou RECETTE_DATABASE_URL).",
            "The register’s database does not answer. Check --database-url (or RECETTE_DATABASE_URL).",
        )
    )
