"""What the small editor of `sso_partner` keeps: people, their visits, and the requests they are still out on."""

from __future__ import annotations

from dataclasses import dataclass, field


class RefusedError(Exception):
    """The person is not admitted, for this reason."""


@dataclass(slots=True)
class Account:
    id: int
    token: str
    active: bool
    email: str
    family: str
    terms: bool = False
    banned: bool = False


@dataclass(slots=True)
class Session:
    """`pending`: the requests this browser has made and not come back from, by state."""

    account: Account | None = None
    rights: bool = False
    pending: dict[str, Pending] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pending:
    state: str
    nonce: str
    verifier: str
    rights: bool
