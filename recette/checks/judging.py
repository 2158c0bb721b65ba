"""How a check is written: a generator of None for each thing that is right, of a problem for each that is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from recette.checks.answer import Answer
from recette.model import Check, Judgement, Problem
from sas_kernel.text import Text

Look = Callable[[Answer], Iterator[Problem | None]]


def tally(looks: Iterable[Problem | None], reason: Text | None = None) -> Judgement:
    """Count what was looked at; `reason` says why there was nothing to look at, when there was not."""
    seen = list(looks)
    return Judgement(len(seen), tuple(problem for problem in seen if problem is not None), None if seen else reason)


def content_check(id: str, requirement: str, title: Text, look: Look) -> Check:
    """A check of what an answer holds. One that is unusable is examined for nothing: its own check says why.

    What it finds is kept with the answer: the checks of profiles ask all others where those have spoken.
    """

    def judge(answer: Answer) -> Judgement:
        if answer.unusable is not None:
            return Judgement(0, reason=answer.unusable)
        known = answer.judgements.get(look)
        if known is None:
            known = answer.judgements[look] = tally(look(answer))
        return known

    return Check(id, requirement, title, judge)


def shown(value: Any, longest: int = 120) -> str:
    """A value as a report shows it: short, on one line."""
    text = value if isinstance(value, str) else repr(value)
    text = " ".join(text.split()) if text.strip() else repr(text)
    return text if len(text) <= longest else text[: longest - 1] + "…"
