"""`load`, `load-worker`: loading a target, and lending this machine to a load."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recette.cli.options import DEFAULT_OUT, SETTINGS, DeviationsOption, LangOption, OutOption, said
from sas_kernel.text import Lang, Text

if TYPE_CHECKING:
    from recette.load.running import Told

app = typer.Typer()

FORMATS = ("console", "json", "junit", "html", "k6", "openmetrics")


@app.command(
    help=said(
        "Charge une cible de recherches et juge réponses et temps. Codes de « run ».",
        "Load a target with searches and judge answers and times. Exit codes of 'run'.",
    )
)
def load(
    target: Annotated[
        Path, typer.Argument(metavar="TARGET.toml", help=said("Description de la cible.", "Target description."))
    ],
    profile: Annotated[str, typer.Option("--profile", help="nominal, peak, burst, soak, journey")] = "nominal",
    duration: Annotated[
        str | None, typer.Option("--duration", help=said("Durée mesurée : 10m, 90s.", "Measured time: 10m, 90s."))
    ] = None,
    rate: Annotated[str | None, typer.Option("--rate", help=said("Débit : 3000/h, 2/s.", "Rate: 3000/h, 2/s."))] = None,
    warm_up: Annotated[
        str | None, typer.Option("--warm-up", help=said("Avant la mesure : 30s.", "Before measuring: 30s."))
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help=said("Graine des tirages.", "Seed of the draws."))] = 1,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=64, help=said("Processus générateurs.", "Generator processes."))
    ] = 1,
    listen: Annotated[
        str | None,
        typer.Option(
            "--listen",
            metavar="HOST:PORT",
            help=said(
                "Attend là les --workers d’autres machines (load-worker).",
                "Wait there for --workers of other machines (load-worker).",
            ),
        ),
    ] = None,
    base_url: Annotated[
        str | None, typer.Option("--base-url", help=said("URL de base FHIR.", "FHIR base URL."))
    ] = None,
    consent: Annotated[
        list[str] | None,
        typer.Option(
            "--i-have-consent",
            metavar="HOST",
            help=said(
                "Qui exploite HOST accepte la charge (répétable).", "Who runs HOST accepts the load (repeatable)."
            ),
        ),
    ] = None,
    deviations: DeviationsOption = None,
    without: Annotated[
        list[str] | None,
        typer.Option(
            "--without",
            metavar="KIND",
            help=said(
                "Laisse de côté, du profil journey : accounts, sign_ons, bookings, cpts, sos (répétable).",
                "Leave out of the profile journey: accounts, sign_ons, bookings, cpts, sos (repeatable).",
            ),
        ),
    ] = None,
    out: OutOption = DEFAULT_OUT,
    formats: Annotated[
        str, typer.Option("--format", help=said("Parmi ", "Among ") + ",".join(FORMATS))
    ] = "console,json,html",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.cli import playing
    from recette.engine import target as targets
    from recette.load import profiles, running
    from recette.reports.load_console import to_console
    from recette.reports.load_files import write_load
    from recette.reports.masking import EvidenceMasks
    from sas_kernel.clock import SystemClock
    from sas_kernel.contracts import service_levels

    _stop_on_sigterm()
    names = _formats_of(formats)
    described = targets.read(target, base_url=base_url)
    profiles.require_consent(described.base_url, consent or ())
    known = profiles.read(service_levels()["slot_search.searches_per_hour"])
    chosen = profiles.chosen(
        known,
        profile,
        rate=None if rate is None else profiles.rate_of(rate),
        duration=None if duration is None else profiles.duration_of(duration),
        warm_up=None if warm_up is None else profiles.duration_of(warm_up),
        without=without or (),
    )
    crew = running.Crew(workers, None if listen is None else _place(listen))
    report = running.run(
        described,
        chosen,
        known.limits,
        crew=crew,
        seed=seed,
        clock=SystemClock(),
        masks=EvidenceMasks(),
        deviations=playing.deviations_in(deviations),
        told=_teller("console" in names, lang),
        consents=consent or (),
    )
    written = write_load(report, tuple(name for name in names if name != "console"), out, lang)
    if "console" in names:
        typer.echo(to_console(report, lang))
    typer.echo(said("Rapports :", "Reports:"))
    for path in written:
        typer.echo(f"  {path}")
    raise typer.Exit(report.run.exit_code)


@app.command(
    "load-worker",
    help=said(
        "Prête cette machine à « load --listen » d’une autre.", "Lend this machine to another's 'load --listen'."
    ),
)
def load_worker(master: Annotated[str, typer.Argument(metavar="HOST:PORT")]) -> None:
    from recette.load import running

    _stop_on_sigterm()
    if running.work_for(*_place(master)) != 0:
        raise typer.Exit(6)


def _stop_on_sigterm() -> None:
    """As Ctrl-C does, the generators with us: left alone, they would go on loading."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def _formats_of(value: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise typer.BadParameter(
            said("format inconnu {u} ; possibles : {k}", "unknown format {u}; possible: {k}").format(
                u=", ".join(unknown) or "''", k=", ".join(FORMATS)
            ),
            param_hint="--format",
        )
    return names


def _place(value: str) -> tuple[str, int]:
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise typer.BadParameter(said("attendu : HÔTE:PORT", "expected HOST:PORT"))
    return host.strip("[]"), int(port)


def _teller(shown: bool, lang: Lang) -> Told:
    """How far the load has come, on the error stream, in the language of the reports: on a terminal a line for each
    stage, written over; elsewhere the stage as it begins."""
    from recette.load.running import Told

    if not shown:
        return Told()
    line = _line if sys.stderr.isatty() and not SETTINGS.ci else _beginning
    alone = Text("professionnels cherchés seuls, avant la charge", "practitioners searched for alone, first")
    return Told(
        looking=line(alone.to(lang)),
        loading=line(Text("recherches", "searches").to(lang), Text(", {w} mal finies", ", {w} gone wrong").to(lang)),
        judging=line(Text("réponses jugées", "answers judged").to(lang)),
    )


def _line(what: str, badly: str = "") -> Callable[..., None]:
    def tell(done: int, of: int, wrong: int = 0) -> None:
        ended_badly = badly.format(w=wrong) if wrong else ""
        typer.echo(f"\r{done} / {of} {what}{ended_badly}   ", err=True, nl=done >= of)

    return tell


def _beginning(what: str, badly: str = "") -> Callable[..., None]:
    begun = False

    def tell(done: int, of: int, wrong: int = 0) -> None:
        nonlocal begun
        if not begun:
            begun = True
            typer.echo(f"{of} {what}…", err=True)

    return tell
