"""Keeps samples, whatever becomes of the database: those it did not take go to a file beside, and from there to it.

A file line is one sample. Adding a sample twice adds nothing, so a crash between the two loses nothing and doubles
nothing. Only where the file cannot be written either do samples wait in memory, in a bounded queue that says aloud
what it drops.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path

from recette.journal.model import instant
from recette.monitoring.model import MonitoringError, Sample
from sas_kernel.text import Text

Add = Callable[[Sequence[Sample]], Awaitable[None]]
Tell = Callable[[Text], None]

_MOST_IN_MEMORY = 100_000


class Keeper:
    """`add` puts samples into the database and raises `MonitoringError` while it does not answer."""

    def __init__(self, add: Add, spill: Path, tell: Tell, *, most_in_memory: int = _MOST_IN_MEMORY) -> None:
        self._add = add
        self._spill = spill
        self._tell = tell
        self._waiting: deque[Sample] = deque()
        self._most = most_in_memory
        self._cut_off = False
        self._said: set[Text] = set()
        self.dropped = 0

    async def keep(self, taken: Sequence[Sample]) -> bool:
        """Keep these samples and all that wait; whether the database has them now."""
        self._queue(taken)
        spilled = self._spilled()
        try:
            await self._add([*spilled, *self._waiting])
        except MonitoringError as error:
            self._spill_waiting()
            if not self._cut_off:
                self._cut_off = True
                self._tell(error.text)
                self._tell(
                    Text(
                        "Les mesures sont gardées dans {path} en attendant.", "Samples are kept in {path} meanwhile."
                    ).format(path=self._spill)
                )
            return False
        self._waiting.clear()
        if spilled:
            self._spill.unlink(missing_ok=True)
        if spilled or self._cut_off:
            self._tell(
                Text("{n} mesure(s) gardées à part, remises en base.", "{n} sample(s) kept aside, now stored.").format(
                    n=len(spilled)
                )
            )
        self._cut_off = False
        return True

    def _queue(self, taken: Sequence[Sample]) -> None:
        self._waiting.extend(taken)
        over = len(self._waiting) - self._most
        if over > 0:
            for _ in range(over):
                self._waiting.popleft()
            self.dropped += over
            self._tell(
                Text(
                    "{n} mesure(s) perdues : ni la base ni {path} ne les prend.",
                    "{n} sample(s) lost: neither the database nor {path} takes them.",
                ).format(n=over, path=self._spill)
            )

    def _spill_waiting(self) -> None:
        try:
            self._spill.parent.mkdir(parents=True, exist_ok=True)
            with self._spill.open("a", encoding="utf-8") as file:
                file.writelines(_line(sample) for sample in self._waiting)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            return  # they wait in memory
        self._waiting.clear()

    def _spilled(self) -> list[Sample]:
        """What the file holds; lines that a crash cut short are set aside beside it, never thrown away."""
        try:
            lines = self._spill.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            self._say_once(
                Text("« {path} » n’est pas lisible : {error}.", "'{path}' cannot be read: {error}.").format(
                    path=self._spill, error=error.strerror or error
                )
            )
            return []
        read = [(line, _read(line)) for line in lines if line.strip()]
        broken = [line for line, sample in read if sample is None]
        found = [sample for _, sample in read if sample is not None]
        if broken:
            self._set_aside(broken, found)
        return found

    def _set_aside(self, broken: Sequence[str], found: Sequence[Sample]) -> None:
        rest = self._spill.with_suffix(".rest")
        try:
            with self._spill.with_suffix(".unreadable").open("a", encoding="utf-8") as file:
                file.writelines(line + "\n" for line in broken)
            rest.write_text("".join(_line(sample) for sample in found), encoding="utf-8")
            rest.replace(self._spill)
        except OSError:
            return  # they stay where they are
        self._tell(
            Text(
                "{n} ligne(s) illisibles de {path}, mises à part.", "{n} unreadable line(s) of {path}, set aside."
            ).format(n=len(broken), path=self._spill)
        )

    def _say_once(self, text: Text) -> None:
        if text not in self._said:
            self._said.add(text)
            self._tell(text)


def _line(sample: Sample) -> str:
    row = {
        "probe": sample.probe,
        "at": instant(sample.at),
        "ok": sample.ok,
        "seconds": sample.seconds,
        "detail": sample.detail,
    }
    return json.dumps(row) + "\n"


def _read(line: str) -> Sample | None:
    try:
        row = json.loads(line)
        return Sample(row["probe"], datetime.fromisoformat(row["at"]), row["ok"], row["seconds"], row["detail"])
    except (ValueError, KeyError, TypeError):
        return None
