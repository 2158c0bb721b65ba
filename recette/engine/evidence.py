"""Which exchanges of a run are kept as evidence. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from recette.model import CheckResult, Verdict

_LOOKED_AT = frozenset({Verdict.PASS, Verdict.WARN, Verdict.REVIEW, Verdict.FAIL})


def kept(checks: Sequence[CheckResult], *, of_every_requirement: bool) -> dict[str, list[str]]:
    """The ids of the exchanges to keep, each with the paths of the findings that name it.

    With `of_every_requirement`, one exchange besides for each requirement that was looked at and none of whose is kept
    yet: as many as there are requirements at most, however long the run.
    """
    paths: dict[str, list[str]] = {}
    for finding in (finding for check in checks for finding in check.findings):
        if finding.exchange is not None:
            paths.setdefault(finding.exchange, []).append(finding.path)
    if of_every_requirement:
        shown = {check.requirement for check in checks if any(exchange in paths for exchange in check.exchanges)}
        for check in checks:
            if check.verdict in _LOOKED_AT and check.exchanges and check.requirement not in shown:
                paths.setdefault(check.exchanges[0], [])
                shown.add(check.requirement)
    return paths
