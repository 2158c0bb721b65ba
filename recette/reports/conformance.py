"""How `recette check` says what it found: on the console, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from recette.checks.conformance import Conformance
from recette.reports import words
from sas_kernel.text import Lang, Text


class Remark(Protocol):
    """One issue as an external authority words it."""

    @property
    def severity(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def text(self) -> str: ...


class Authority(Protocol):
    """The verdict of an external authority (`recette.drivers.validators` makes it)."""

    @property
    def url(self) -> str: ...
    @property
    def dialect(self) -> str: ...
    @property
    def conforms(self) -> bool: ...
    @property
    def provenance(self) -> str: ...
    @property
    def session(self) -> str | None: ...
    @property
    def remarks(self) -> Sequence[Remark]: ...
    @property
    def faults(self) -> Sequence[Remark]: ...


def to_console(found: Conformance, guide: str, facts: str, rules: str, authority: Authority | None, lang: Lang) -> str:
    """Lines for people; what was not verified is said after what is wrong."""
    return "\n".join(words.visible(line) for line in _lines(found, guide, facts, rules, authority, lang))


def _lines(
    found: Conformance, guide: str, facts: str, rules: str, authority: Authority | None, lang: Lang
) -> Iterator[str]:
    def say(fr: str, en: str, **values: object) -> str:
        return Text(fr, en).format(**values).to(lang)

    yield say("Guide : {g} (faits {f}, règles {r}).", "Guide: {g} (facts {f}, rules {r}).", g=guide, f=facts, r=rules)
    if found.profile is not None:
        case = "" if found.use_case is None else f" ({found.use_case})"
        yield say("Profil : {p}{c}", "Profile: {p}{c}", p=found.profile, c=case)
    for told in found.told:
        yield f"{told.weight:<8} {told.rule:<9} {told.path}"
        yield f"    {told.message.to(lang)}"
        if told.expected is not None or told.actual is not None:
            yield say("    attendu {e} ; obtenu {a}", "    expected {e}; got {a}", e=told.expected, a=told.actual)
        yield f"    {told.source}"
    for issue in found.unverified:
        yield say("non vérifié {r} {p}", "not verified {r} {p}", r=issue.rule, p=issue.path)
        yield f"    {issue.message.to(lang)} {issue.expected or ''}".rstrip()
    if found.conforms:
        yield (
            say("Conforme ; {n} contrôles tenus.", "Conform; {n} checks hold.", n=found.checks)
            if found.checks
            else say("Conforme.", "Conform.")
        )
    else:
        yield say("Non conforme : {n} écart(s).", "Not conform: {n} problem(s).", n=found.faults)
    if authority is None:
        return
    verdict = say("conforme", "conform") if authority.conforms else say("non conforme", "not conform")
    yield say(
        "Validateur {u} ({d}) : {v}.", "Validator {u} ({d}): {v}.", u=authority.url, d=authority.dialect, v=verdict
    )
    if authority.provenance:
        yield f"    {authority.provenance}"
    for remark in authority.faults:
        yield f"{remark.severity:<8} {remark.code} {remark.path}"
        yield f"    {remark.text}"
    if authority.conforms is not found.conforms:
        yield say(
            "Les deux verdicts diffèrent : tous deux sont gardés, le nôtre décide du code de sortie.",
            "The two verdicts differ: both are kept, ours decides the exit code.",
        )


def to_json(found: Conformance, guide: str, facts: str, rules: str, authority: Authority | None, lang: Lang) -> str:
    """One object; `conforms` is the verdict, `level` SHALL what decides it."""
    document: dict[str, Any] = {
        "conforms": found.conforms,
        "resource_type": found.kind,
        "profile": found.profile,
        "use_case": found.use_case,
        "guide": guide,
        "facts": facts,
        "rule_set": rules,
        "checks": found.checks,
        "issues": [
            {
                "level": told.level,
                "weight": told.weight,
                "rule": told.rule,
                "source": told.source,
                "layer": told.layer,
                "path": told.path,
                "message": told.message.to(lang),
                "expected": told.expected,
                "actual": told.actual,
            }
            for told in found.told
        ],
        "authority": None
        if authority is None
        else {
            "url": authority.url,
            "dialect": authority.dialect,
            "conforms": authority.conforms,
            "agrees": authority.conforms is found.conforms,
            "provenance": authority.provenance,
            "session": authority.session,
            "issues": [
                {"severity": each.severity, "code": each.code, "path": each.path, "message": each.text}
                for each in authority.remarks
            ],
        },
        "unverified": [
            {
                "rule": issue.rule,
                "source": issue.source,
                "path": issue.path,
                "message": issue.message.to(lang),
                "what": issue.expected,
            }
            for issue in found.unverified
        ],
    }
    text = json.dumps(document, ensure_ascii=False, indent=2)
    # A document can hold lone surrogates, which UTF-8 refuses; their escape is legal JSON.
    return text.encode("utf-8", "backslashreplace").decode()
