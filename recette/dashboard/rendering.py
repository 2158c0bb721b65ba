"""Templates and what they write with, in the reader’s language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from recette.dashboard import drawing, plots, rules, words
from recette.dashboard.dependencies import State
from recette.model import Severity
from recette.reports import words as report_words
from sas_kernel.clock import PARIS
from sas_kernel.text import Lang, Text

_VARY = {"Vary": "Accept-Language, Cookie"}


def new_templates() -> jinja2.Environment:
    """Everything printed is escaped; a name the template does not know is a fault, not an empty text."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).resolve().parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(
    request: Request, state: State, lang: Lang, template: str, *, status: int = 200, **values: Any
) -> HTMLResponse:
    """A whole page."""
    content = rendered(state, lang, template, request=request, **values)
    return HTMLResponse(content, status_code=status, headers=_VARY)


def rendered(state: State, lang: Lang, template: str, **values: Any) -> str:
    """A template with its words."""
    return state.templates.get_template(template).render(
        lang=lang.value, is_guarded=state.guard.is_needed, **functions(lang), **values
    )


def functions(lang: Lang) -> dict[str, Callable[..., object] | object]:
    """What templates write with."""

    def t(fr: str, en: str) -> str:
        return report_words.spaced(Text(fr, en).to(lang), lang)

    def when(at: datetime | None, zone: ZoneInfo = PARIS) -> Markup:
        if at is None:
            return Markup("–")
        iso = at.astimezone(zone).isoformat(timespec="seconds")
        return Markup('<time datetime="{}">{}</time>').format(iso, words.moment(at, zone, lang))

    def path(*parts: str, **query: str) -> str:
        kept = {"lang": lang.value, **query}
        return "/" + "/".join(quote(part, safe="") for part in parts) + "?" + urlencode(kept)

    return {
        "t": t,
        "say": lambda text: report_words.spaced(report_words.visible(text.to(lang)), lang),
        "visible": report_words.visible,
        "when": when,
        "path": path,
        "day": lambda value: words.day(value, lang),
        "left": lambda value: words.left(value, lang),
        "lasting": lambda value: words.lasting(value, lang),
        "percent": lambda value, decimals=2: words.percent(value, lang, decimals),
        "cited": lambda article: words.cited(article, lang),
        "seconds": lambda value: report_words.seconds(value, lang),
        "promised": lambda value, unit: report_words.promised(value, unit, lang),
        "count": lambda number, one, many: report_words.count(number, Text(one, one), Text(many, many), lang),
        "number": lambda value: report_words.number(value, lang),
        "words": words,
        "plots": plots,
        "draw": lambda lines, axis: drawing.row(lines, axis, lang),
        "ticks": lambda axis: axis.ticks(lang),
        "downtime": lambda service: plots.downtime(service, lang),
        "response": lambda service, level: plots.response(service, level, lang),
        "references": rules.references,
        "severities": tuple(Severity),
        "zero": timedelta(),
    }
