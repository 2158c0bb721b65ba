"""Which key signs, and which ones are still published. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sas_platform.sso.keys.model import StoredKey
from sas_platform.sso.model import Lifetimes


def signing(keys: Sequence[StoredKey], lifetimes: Lifetimes, now: datetime) -> StoredKey | None:
    """The key to sign with; None when there is none yet or when it is due to be replaced."""
    active = next((key for key in keys if key.retired is None), None)
    return None if active is None or active.created + lifetimes.key <= now else active


def published(keys: Sequence[StoredKey], lifetimes: Lifetimes, now: datetime) -> list[StoredKey]:
    """The keys that tokens in use may bear. An ID token serves to sign out (id_token_hint) as long as its session."""
    kept = max(lifetimes.access, lifetimes.session)
    return [key for key in keys if key.retired is None or now < key.retired + kept]
