"""Which hosts are this machine, where what must never be reached from elsewhere may be offered."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from sas_kernel.errors import InvalidValueError
from sas_kernel.text import Text


def is_loopback(host: str) -> bool:
    """`localhost`, or an address that leaves no machine; a name that only resolves to one does not count."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def require_for_test_clock(*, host: str | None = None, public_url: str | None = None) -> None:
    """Raise `InvalidValueError` where somebody on another machine could be served with an invented time."""
    _require(
        Text(
            "Une horloge d’essai (--clock) ne se règle que sur cette machine : « {h} » n’en est pas.",
            "A test clock (--clock) is for this machine only: '{h}' is not.",
        ),
        host,
        public_url,
    )


def require_for_faults(*, host: str | None = None, public_url: str | None = None) -> None:
    """Raise `InvalidValueError` where somebody on another machine could meet a fault that is played on purpose."""
    _require(
        Text(
            "Les pannes volontaires (--fault) ne se jouent que sur cette machine : « {h} » n’en est pas. Ajoutez "
            "--fault-anywhere si c’est bien ce que vous voulez.",
            "Faults on purpose (--fault) are for this machine only: '{h}' is not. Add --fault-anywhere if that is "
            "what you want.",
        ),
        host,
        public_url,
    )


def _require(refusal: Text, host: str | None, public_url: str | None) -> None:
    hosts = [host] if host is not None else []
    hosts += [urlsplit(public_url).hostname or ""] if public_url is not None else []
    for one in hosts:
        if not is_loopback(one):
            raise InvalidValueError(refusal.format(h=one))
