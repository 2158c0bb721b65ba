"""By what a message and its answers find one another: message identifiers, and a token in the subject. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recette.journal.model import Entry
from recette.mail.model import Sent, Token

_NAMED = 4
_TOKEN = re.compile(
    r"\[recette (?P<project>[^\s\[\]]{1,400})(?P<anomalies>(?: A-\d{1,9})*)(?: \+\d+)?\]", re.IGNORECASE
)
_ID = re.compile(r"A-\d{1,9}", re.IGNORECASE)
_LONGEST_NAME, _LONGEST_DOMAIN = 16, 32


def token(project: str, anomalies: Sequence[str]) -> str:
    """`[recette p A-0001 A-0002]`; beyond four anomalies, how many more there are."""
    more = [f"+{len(anomalies) - _NAMED}"] if len(anomalies) > _NAMED else []
    return f"[{' '.join(['recette', project, *anomalies[:_NAMED], *more])}]"


def token_in(subject: str) -> Token | None:
    """The token of a subject, if it has one."""
    found = _TOKEN.search(" ".join(subject.split()))
    if found is None:
        return None
    named = tuple(id.upper() for id in _ID.findall(found["anomalies"]))
    return Token(found[0], found["project"], named)


def message_id(entries: Sequence[Entry], project: str, anomaly: str, sent: Sequence[Sent], domain: str) -> str:
    """`<project.anomaly.n.journal@domain>`, `n` the number of this message within the project.

    A message that is sent again because nobody knows whether it arrived has the identifier of the first try, so that
    its reader sees one. It is kept short enough for one line of a header.
    """
    name = project[:_LONGEST_NAME]
    at = domain if len(domain) <= _LONGEST_DOMAIN else "recette.invalid"
    return f"<{name}.{anomaly}.{len(sent) + 1}.{entries[0].hash[:8]}@{at}>"
