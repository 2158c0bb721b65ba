"""Every sample of a load, raw: compressed CSV, a line each, times in seconds to the microsecond. Its own inverse."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from dataclasses import astuple, fields

from recette.model.load import Sample, Step

COLUMNS = tuple(field.name for field in fields(Sample))
STEP_COLUMNS = tuple(field.name for field in fields(Step))


def render(samples: Sequence[Sample]) -> bytes:
    """The file; the same samples give the same bytes."""
    return _shrunk(COLUMNS, samples)


def render_steps(steps: Sequence[Step]) -> bytes:
    """The steps of journeys, likewise."""
    return _shrunk(STEP_COLUMNS, steps)


def _shrunk(columns: Sequence[str], samples: Sequence[Sample] | Sequence[Step]) -> bytes:
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(columns)
    for sample in samples:
        rows.writerow([f"{v:.6f}" if isinstance(v, float) else "" if v is None else v for v in astuple(sample)])
    return gzip.compress(text.getvalue().encode("utf-8", "replace"), mtime=0)


def parse(content: bytes) -> tuple[Sample, ...]:
    """The samples of a file that `render` made."""
    rows = csv.DictReader(io.StringIO(gzip.decompress(content).decode(), newline=""))
    return tuple(
        Sample(
            number=int(row["number"]),
            worker=int(row["worker"]),
            due=float(row["due"]),
            sent=float(row["sent"]),
            first_byte=float(row["first_byte"]) if row["first_byte"] else None,
            done=float(row["done"]),
            status=int(row["status"]),
            size=int(row["size"]),
            practitioners=int(row["practitioners"]),
            failure=row["failure"],
            detail=row["detail"],
        )
        for row in rows
    )
