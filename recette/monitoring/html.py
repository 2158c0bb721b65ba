"""The service report as one HTML file: offline, printable, without script, in French or English."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from recette.monitoring import plots, words
from recette.monitoring.service_report import ServiceReport
from recette.reports import words as common
from sas_kernel.text import Lang, Text

MOST_OUTAGES = 200
"""How many outages the page shows, the longest of them where there are more; the JSON twin has all."""

_UNSAFE = re.compile("[\x00\ud800-\udfff]")
_CAUSE = re.compile(r"(?P<checks>[^\[]*) \[(?P<heard>[^\]]*)\]")


def render(report: ServiceReport, titles: Mapping[str, Text], lang: Lang = Lang.FR) -> str:
    """The whole file, to be written in UTF-8. `titles` say what checks and scenarios, by id, are about."""
    environment = Environment(
        loader=PackageLoader("recette.monitoring"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = _asset("sas_kit", "assets/base.css") + _asset("recette.monitoring", "templates/service_report.css")
    longest = sorted(report.outages, key=lambda outage: outage.end - outage.start, reverse=True)[:MOST_OUTAGES]
    document = environment.get_template("service_report.html.j2").render(
        report=report,
        standing=report.standing,
        lang=lang.value,
        style=style,
        style_hash="sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
        period=words.period(report, lang),
        strip=plots.strip(report),
        curves=plots.curves(report, lang),
        burn=plots.burn(report, lang),
        box=plots,
        outages=sorted(longest, key=lambda outage: outage.start),
        outages_left_out=len(report.outages) - len(longest),
        interval=f"{report.promise.interval.total_seconds():g}\u00a0s",
        t=lambda fr, en: common.spaced(Text(fr, en).to(lang), lang),
        say=lambda text: common.spaced(common.visible(text.to(lang)), lang),
        value=common.visible,
        duration=lambda each: words.duration(each, lang),
        part=lambda each: words.part(each, lang),
        moment=lambda each: words.moment(each, report.zone, lang),
        day=lambda each: words.day(each, lang),
        seconds=lambda each: common.seconds(each, lang),
        promised=lambda level: common.promised(level.promised, level.unit, lang).replace(" ", "\u00a0"),
        number=lambda each: common.number(each, lang),
        cause=lambda each: _cause(each, titles, lang),
        probe=lambda each: titles[each].to(lang) if each in titles else each,
        instant=lambda each: common.instant(each, lang),
    )
    return _UNSAFE.sub("\ufffd", document)


def _cause(detail: str, titles: Mapping[str, Text], lang: Lang) -> str:
    """What a sample says was wrong, in words: the checks that failed, and what was heard."""
    read = _CAUSE.fullmatch(detail)
    if read is None:
        return common.visible(detail)
    checks = [titles[id].to(lang) if id in titles else id for id in read["checks"].split(", ")]
    heard = _HEARD.get(read["heard"])
    shown = heard.to(lang) if heard is not None else read["heard"]
    if heard is not None:
        return shown  # nothing was answered: which checks that fails says no more
    not_met = Text("non tenu : ", "not met: ").to(lang)
    return common.visible(f"{shown} – {not_met}{' ; '.join(checks)}")


_HEARD = {failure.value: text for failure, text in common.FAILURES.items()}


def _asset(package: str, path: str) -> str:
    return resources.files(package).joinpath(path).read_text(encoding="utf-8")
