"""Where a sign-in may lead, when a session is over, when attempts are too many. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode

from sas_platform.sso.model import Lifetimes, Session

WINDOW: Final = timedelta(minutes=10)
LOCK: Final = timedelta(minutes=5)
MOST_OF_A_LOGIN: Final = 5
MOST_OF_AN_ADDRESS: Final = 20

HOME: Final = "/"
_MAX_TARGET: Final = 4000
# A browser takes a backslash for a slash and leaves out tabs: `/\evil` and `/<tab>/evil` are other sites.
_LOCAL: Final = re.compile(r"/(?![/\\])[!-\[\]-~]*")
_ASKS_AGAIN: Final = frozenset({"prompt", "max_age"})


def hashed(secret: str) -> str:
    """What is kept of a secret that was drawn at random: it needs no salt and no slowness."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def local_target(asked: str | None) -> str:
    """The page to show after signing in: what was asked for where it is a path of this site, else the first page."""
    if asked is None or len(asked) > _MAX_TARGET or not _LOCAL.fullmatch(asked):
        return HOME
    return asked


def without_asking_again(target: str) -> str:
    """The request to come back to: it would ask for the password forever if it still held what asked for it."""
    path, _, query = target.partition("?")
    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name not in _ASKS_AGAIN]
    return f"{path}?{urlencode(kept)}"


def is_alive(session: Session, lifetimes: Lifetimes, now: datetime) -> bool:
    return session.ended is None and now < min(session.opened + lifetimes.session, session.seen + lifetimes.idle)


def locked_until(failures: Sequence[datetime], most: int, now: datetime) -> datetime | None:
    """The end of the lock, where `most` failures came within ten minutes and the last less than five ago; else None."""
    recent = sorted(failure for failure in failures if failure > now - WINDOW)
    if len(recent) < most or recent[-1] + LOCK <= now:
        return None
    return recent[-1] + LOCK
