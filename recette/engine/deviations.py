"""Known deviations: reads their file, marks the findings they excuse, and tells which of them are over or of no use.

An entry whose day is past, or that nothing shows any more, fails the run: a list nobody prunes would in the end excuse
everything. Pure, but for `read`.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from recette.model import (
    Check,
    CheckResult,
    Deviation,
    DeviationResult,
    DeviationState,
    Finding,
    Requirement,
    Verdict,
)
from sas_kernel.clock import PARIS
from sas_kernel.errors import SasError
from sas_kernel.text import Text

_STRINGS = ("requirement", "check", "finding", "owner", "reason", "ticket")
_KEYS = (*_STRINGS, "expires")
_JUDGED = frozenset({Verdict.PASS, Verdict.WARN, Verdict.FAIL})


class DeviationsError(SasError):
    """The file of known deviations cannot be used. The text says which entry, and what to write."""


def read(path: Path, requirements: Mapping[str, Requirement], checks: Iterable[str]) -> tuple[Deviation, ...]:
    """The entries of a file; `requirements` and `checks` are those that exist."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DeviationsError(
            Text("« {path} » n’est pas lisible : {error}.", "'{path}' cannot be read: {error}.").format(
                path=path, error=error
            )
        ) from error
    return parse(document, requirements, checks)


def parse(
    document: Mapping[str, object], requirements: Mapping[str, Requirement], checks: Iterable[str]
) -> tuple[Deviation, ...]:
    """The entries of a TOML document: `[[deviation]]` tables."""
    entries = document.get("deviation", [])
    strange = [key for key in document if key != "deviation"]
    if strange or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise DeviationsError(
            Text(
                "Un fichier de déviations ne contient que des tables [[deviation]]{s}.",
                "A file of deviations holds [[deviation]] tables only{s}.",
            ).format(s=f" ({', '.join(strange)})" if strange else "")
        )
    known = sorted(set(checks))
    return tuple(_entry(number, entry, requirements, known) for number, entry in enumerate(entries, start=1))


def _entry(
    number: int, entry: Mapping[str, object], requirements: Mapping[str, Requirement], checks: Sequence[str]
) -> Deviation:
    for key in entry:
        if key not in _KEYS:
            raise _wrong(number, Text("clé inconnue « {k} »{n}", "unknown key '{k}'{n}"), key, _KEYS)
    values = {key: entry.get(key, "") for key in _STRINGS}
    for key, value in values.items():
        if not isinstance(value, str):
            raise _wrong(number, Text("« {k} » doit être une chaîne", "'{k}' must be a string"), key)
    strings = {key: str(value).strip() for key, value in values.items()}
    for key in ("owner", "reason"):
        if not strings[key]:
            raise _wrong(number, Text("il manque « {k} »", "'{k}' is missing"), key)
    if not strings["requirement"] and not strings["check"]:
        raise _wrong(
            number,
            Text(
                "il manque « requirement » ou « check » : ce qui est rompu",
                "'requirement' or 'check' is missing: what is broken",
            ),
        )
    if strings["requirement"] and strings["requirement"] not in requirements:
        raise _wrong(
            number, Text("exigence inconnue « {k} »{n}", "unknown requirement '{k}'{n}"), strings["requirement"],
            tuple(requirements),
        )  # fmt: skip
    if strings["check"] and strings["check"] not in checks:
        raise _wrong(number, Text("contrôle inconnu « {k} »{n}", "unknown check '{k}'{n}"), strings["check"], checks)
    expires = entry.get("expires")
    if isinstance(expires, str):
        try:
            expires = date.fromisoformat(expires)
        except ValueError:
            expires = None
    if isinstance(expires, datetime) or not isinstance(expires, date):
        raise _wrong(
            number,
            Text(
                "« expires » doit être un jour, par exemple 2027-01-31 (inclus, heure de Paris)",
                "'expires' must be a day, for example 2027-01-31 (inclusive, Paris time)",
            ),
        )
    return Deviation(expires=expires, **strings)


def _wrong(number: int, text: Text, name: str = "", names: Sequence[str] = ()) -> DeviationsError:
    near = difflib.get_close_matches(name, names, 1)
    hint = Text(" (vouliez-vous dire « {n} » ?)", " (did you mean '{n}'?)").format(n=near[0]) if near else Text("", "")
    return DeviationsError(
        Text("Déviation n° {i} : {w}.", "Deviation no. {i}: {w}.").format(i=number, w=text.format(k=name, n=hint))
    )


def today(moment: datetime) -> date:
    """The day it is in Paris."""
    return moment.astimezone(PARIS).date()


def concerns(deviation: Deviation, finding: Finding) -> bool:
    """Whether a finding is what the entry speaks of, expired or not."""
    return (
        deviation.requirement in {"", finding.requirement}
        and deviation.check in {"", finding.check}
        and deviation.finding in {"", finding.identity}
    )


def mark(result: CheckResult, deviations: Sequence[Deviation], day: date) -> CheckResult:
    """The result with each finding that an entry still excuses on this day marked by it (the narrowest first)."""
    if not result.findings or not deviations:
        return result
    ordered = sorted(deviations, key=lambda each: (not each.finding, not each.check))
    return replace(
        result,
        findings=tuple(
            replace(
                finding,
                deviation=next((each for each in ordered if each.expires >= day and concerns(each, finding)), None),
            )
            for finding in result.findings
        ),
    )


def account(
    deviations: Sequence[Deviation], checks: Sequence[CheckResult], missed: Sequence[Check], day: date
) -> tuple[DeviationResult, ...]:
    """What the run says of each entry.

    Of no use is an entry only when everything it speaks of was judged: every check of it ran to its end (or does not
    apply), and none is among those that a partial run `missed`.
    """
    results = []
    for deviation in deviations:
        shown = tuple(dict.fromkeys(f.identity for check in checks for f in check.findings if concerns(deviation, f)))
        excusing = any(f.deviation == deviation for check in checks for f in check.findings)
        about = [check for check in checks if _about(deviation, check.check, check.requirement)]
        looked = any(check.verdict in _JUDGED for check in about) and all(
            check.verdict in _JUDGED or check.verdict is Verdict.OMIT for check in about
        )
        looked = looked and not any(_about(deviation, check.id, check.requirement) for check in missed)
        if deviation.expires < day:
            state = DeviationState.EXPIRED
        elif excusing:
            state = DeviationState.USED
        else:
            state = DeviationState.UNUSED if looked else DeviationState.UNDECIDED
        results.append(DeviationResult(deviation, state, shown))
    return tuple(results)


def _about(deviation: Deviation, check: str, requirement: str) -> bool:
    return deviation.requirement in {"", requirement} and deviation.check in {"", check}
