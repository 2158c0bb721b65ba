"""`simulate`: months of a project in seconds, on a virtual clock."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recette.cli.options import SETTINGS, LangOption, said
from recette.cli.project_options import Layout, LayoutOption
from sas_kernel.text import Lang

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from recette.journal.model import Entry
    from recette.projects.model import PhaseId
    from recette.simulation.engine import Simulation
    from recette.simulation.model import Line, Story

app = typer.Typer()

DEFAULT_OUT = Path("recette-out") / "simulation"
_DATABASE = "simulation.sqlite"


@app.command(
    help=said(
        "Joue un projet sur une horloge virtuelle : des mois en quelques secondes, jusqu’au procès-verbal qu’ils "
        "auraient donné. STORY est un fichier TOML, ou un récit livré (demo). Tables : [simulation] title, starts, "
        "ends, seed ; [project] id, editor, environment, use_case, choices, contacts ; [service] median, p95, et "
        "[[service.outage]], [[service.slow]], [[service.unwatched]] from, to ; [[event]] at, do, for, who, why, "
        "expect. docs/simulation.md dit tout. Codes : 0 le récit s’est déroulé comme il le dit, 1 un événement a "
        "tourné autrement, 2 le fichier est faux.",
        "Play a project on a virtual clock: months in seconds, up to the certificate that they would have given. STORY "
        "is a TOML file, or a shipped story (demo). Tables: [simulation] title, starts, ends, seed; [project] id, "
        "editor, environment, use_case, choices, contacts; [service] median, p95, and [[service.outage]], "
        "[[service.slow]], [[service.unwatched]] from, to; [[event]] at, do, for, who, why, expect. docs/simulation.md "
        "says it all. Exit codes: 0 it went as it says, 1 an event turned out otherwise, 2 the file is wrong.",
    )
)
def simulate(
    story: Annotated[
        str, typer.Argument(metavar="STORY.toml", help=said("Le récit, ou « demo ».", "The story, or 'demo'."))
    ],
    until: Annotated[
        str,
        typer.Option(
            "--until",
            metavar="PHASE|INSTANT",
            help=said(
                "S’arrête quand cette phase est close, ou à cet instant.",
                "Stop once this phase is closed, or at this instant.",
            ),
        ),
    ] = "",
    database: Annotated[
        str,
        typer.Option(
            "--database-url",
            help=said(
                "Base où le projet est écrit ; défaut : OUT/simulation.sqlite, refaite à chaque fois.",
                "Database that the project is written to; default: OUT/simulation.sqlite, made anew each time.",
            ),
        ),
    ] = "",
    out: Annotated[
        Path, typer.Option("--out", help=said("Dossier des procès-verbaux.", "Folder of the certificates."))
    ] = DEFAULT_OUT,
    layout: LayoutOption = Layout.CONSOLE,
    lang: LangOption = SETTINGS.lang,
) -> None:
    import asyncio

    from recette.model import ExitCode
    from recette.simulation import reading
    from recette.simulation.model import UnexpectedError

    told = reading.read(story)
    stop = _until(until)
    out.mkdir(parents=True, exist_ok=True)
    if not database:
        (out / _DATABASE).unlink(missing_ok=True)
    url = database or f"sqlite:///{(out / _DATABASE).resolve()}"
    teller = _Teller(layout, lang)
    try:
        asyncio.run(_played(told, stop, url, out, teller))
    except UnexpectedError as unexpected:
        teller.show()
        typer.echo(unexpected.text.to(lang), err=True)
        raise typer.Exit(ExitCode.REFUSED) from None
    teller.show()
    if layout is Layout.CONSOLE:
        shown = f"recette phase status {told.project} --clock {teller.ended}"
        if not database:  # the user's own URL may hold a password
            shown += f" --database-url {url}"
        typer.echo(said("Le projet : {c}", "The project: {c}").format(c=shown))


class _Teller:
    """Prints the chronicle as it goes, or gathers it for machines."""

    def __init__(self, layout: Layout, lang: Lang) -> None:
        self._layout, self.lang = layout, lang
        self._day = self.ended = ""
        self.document: dict[str, Any] = {"lines": []}

    def line(self, line: Line, zone: Any) -> None:
        local = line.at.astimezone(zone)
        if self._layout is Layout.JSON:
            self.document["lines"].append(
                {
                    "at": local.isoformat(),
                    "mark": line.mark,
                    "text": {"fr": line.text.fr, "en": line.text.en},
                    "details": [{"fr": each.fr, "en": each.en} for each in line.details],
                }
            )
            return
        day = f"{local:%Y-%m-%d}" if self.lang is Lang.EN else f"{local:%d/%m/%Y}"
        names = _WEEKDAYS_EN if self.lang is Lang.EN else _WEEKDAYS_FR
        if day != self._day:
            typer.echo(f"\n{names[local.weekday()]} {day}")
            self._day = day
        typer.echo(f"  {local:%H:%M} {line.mark} {line.text.to(self.lang)}")
        for each in line.details:
            typer.echo(f"          {each.to(self.lang)}")

    def say(self, sentence: str) -> None:
        if self._layout is Layout.CONSOLE:
            typer.echo(sentence)

    def show(self) -> None:
        import json

        if self._layout is Layout.JSON:
            typer.echo(json.dumps(self.document, ensure_ascii=False, indent=2))


_WEEKDAYS_FR = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_WEEKDAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


async def _played(story: Story, until: datetime | PhaseId | None, url: str, out: Path, teller: _Teller) -> None:
    from recette.agreement import reading as agreements
    from recette.cli.simulated import Lent
    from recette.cli.watcher import Store
    from recette.engine import requirements
    from recette.projects.decisions import DEFAULT_AGREEMENT
    from recette.simulation.engine import Simulation
    from sas_kernel import contracts
    from sas_kernel.clock import ManualClock

    agreement = agreements.load(story.particulars.agreement or DEFAULT_AGREEMENT, changes=story.particulars.changes)
    store, clock = Store(url), ManualClock(story.starts)
    try:
        lent = Lent(story, agreement, clock, store)
        flows = {flow.value for flow in lent.flows}
        simulation = Simulation(
            story=story,
            clock=clock,
            journal=await store.journal(),
            samples=await store.samples(),
            bench=lent,
            watch=lent,
            levels={id: level for id, level in contracts.service_levels().items() if id.partition(".")[0] in flows},
            requirements=tuple(requirements.load().values()),
            lang=teller.lang,
        )
        if story.title.fr:
            teller.say(story.title.to(teller.lang))
        try:
            async for line in simulation.lines(until=until):
                teller.line(line, agreement.zone)
            proposal = await simulation.proposal()
            if proposal is not None:
                teller.line(proposal, agreement.zone)
            teller.ended = clock.now().astimezone(agreement.zone).isoformat(timespec="seconds")
        finally:
            _write(simulation, out, teller)
        entries = await (await store.journal()).read(story.project)
        _head(entries, len(simulation.taken), teller)
    finally:
        await store.close()


def _write(simulation: Simulation, out: Path, teller: _Teller) -> None:
    """The files of the certificates that were issued."""
    written = []
    for made in simulation.certificates:
        for ending, content in made.content.items():
            path = out / f"{made.name}.{ending}"
            path.write_bytes(content)
            written.append(str(path))
    teller.document["certificates"] = written
    if written:
        teller.say("\n" + said("Procès-verbaux :", "Certificates:"))
        for each in written:
            teller.say(f"  {each}")


def _head(entries: Sequence[Entry], samples: int, teller: _Teller) -> None:
    """What two tellings of one story have in common, to the last digit."""
    teller.document["journal"] = {"entries": len(entries), "samples": samples, "head": entries[-1].hash}
    text = said("Journal : {n} entrées, {s} mesures, {h}", "Journal: {n} entries, {s} samples, {h}")
    teller.say(text.format(n=len(entries), s=samples, h=entries[-1].hash[:16]))


def _until(written: str) -> datetime | PhaseId | None:
    from recette.cli.clocks import instant
    from recette.projects.model import PhaseId

    if not written:
        return None
    if written in set(PhaseId):
        return PhaseId(written)
    try:
        return instant(written, "--until")
    except typer.BadParameter:
        raise typer.BadParameter(
            said("attendu : {p}, ou un instant ISO 8601", "expected {p}, or an ISO 8601 instant").format(
                p=", ".join(PhaseId)
            ),
            param_hint="--until",
        ) from None
