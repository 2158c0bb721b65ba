"""A signing key as it is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StoredKey:
    """`pem` is the private key; `retired` is when another took over, None for the one that signs."""

    kid: str
    pem: str = field(repr=False)
    created: datetime
    retired: datetime | None = None
