"""`monitor`: watches over a service in operation."""

from __future__ import annotations

import random
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recette.cli.clocks import ClockOption, instant, running
from recette.cli.options import SETTINGS, LangOption, said
from recette.cli.project_options import ProjectArgument, RegisterOption, database_url
from recette.model import Actor, ExitCode
from sas_kernel.text import Lang, Text

if TYPE_CHECKING:
    from recette.agreement.model import Agreement
    from recette.cli.watcher import Round, Store, Watcher
    from recette.engine.runner import Driver, Plan
    from recette.model import Scenario, Target
    from recette.monitoring.keeping import Keeper
    from sas_kernel.clock import Clock

app = typer.Typer()

_DEFAULT_AGREEMENT = "sas-agenda"


@app.command(
    help=said(
        "Surveille un service en exploitation : quelques recherches à intervalle régulier, sans rien y écrire.",
        "Watch over a service in operation: a few searches at an interval, which write nothing there.",
    )
)
def monitor(
    project: ProjectArgument,
    target: Annotated[
        Path, typer.Argument(metavar="TARGET.toml", help=said("Description de la cible.", "Target description."))
    ],
    interval: Annotated[
        float | None,
        typer.Option(
            "--interval",
            min=1.0,
            max=86_400.0,
            help=said(
                "Secondes entre deux tours (défaut : le choix watch_interval de la convention).",
                "Seconds between two rounds (default: the agreement’s choice watch_interval).",
            ),
            show_default=False,
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help=said("Un seul tour (cron).", "One round only (cron)."))] = False,
    until: Annotated[
        str, typer.Option("--until", metavar="INSTANT", help=said("S’arrête à cet instant.", "Stop at this instant."))
    ] = "",
    probe: Annotated[
        list[str] | None,
        typer.Option(
            "--probe",
            metavar="SCENARIO",
            help=said("Joue ces recherches au lieu du jeu léger (répétable).", "Play these searches (repeatable)."),
        ),
    ] = None,
    spill: Annotated[
        Path,
        typer.Option(
            "--spill",
            metavar="DIR",
            help=said(
                "Où garder les mesures si la base ne répond pas.", "Where samples go while the database is away."
            ),
        ),
    ] = Path(".recette"),
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help=said("Sans une ligne par tour.", "No line a round."))
    ] = False,
    who: Annotated[str, typer.Option("--who", help=said("Sous quel nom écrire.", "Under which name to write."))] = "",
    url: RegisterOption = "",
    clock: ClockOption = "",
    lang: LangOption = SETTINGS.lang,
) -> None:
    import asyncio

    from recette import catalogue
    from recette.engine import target as targets
    from recette.monitoring import rounds

    described = targets.read(target)
    if described.actor is not Actor.EDITOR:
        raise typer.BadParameter(
            said("la surveillance juge un éditeur (art. 8.4)", "the watch judges an editor (art. 8.4)"),
            param_hint="TARGET.toml",
        )
    stop_at = instant(until, "--until") if until else None
    scenarios = rounds.chosen(catalogue.scenarios((), Actor.EDITOR), probe or ())
    story = _Story(project, described, interval, once, stop_at, spill, quiet, who or "recette monitor", lang)
    with _alone(spill, project):
        code = asyncio.run(story.tell(database_url(url), running(clock), _plan(described, scenarios)))
    raise typer.Exit(code)


class _Story:
    """One call of the command."""

    def __init__(
        self,
        project: str,
        target: Target,
        interval: float | None,
        once: bool,
        until: datetime | None,
        spill: Path,
        quiet: bool,
        who: str,
        lang: Lang,
    ) -> None:
        self._project, self._target, self._interval = project, target, interval
        self._once, self._until, self._spill = once, until, spill
        self._quiet, self._who, self._lang = quiet, who, lang

    def _said(self, text: Text) -> None:
        typer.echo(text.to(self._lang), err=True)

    async def tell(self, url: str, clock: Clock, plan: Plan) -> ExitCode:
        from recette.cli.watcher import Stop, Store, Watcher
        from recette.monitoring import standing, watching
        from recette.monitoring.keeping import Keeper

        store = Store(url)
        try:
            promise = standing.promised(await self._agreement(store))
            watcher = Watcher(
                self._project,
                plan,
                lambda: _driver(self._target, plan, clock),
                store,
                clock,
                self._who,
                promise,
                self._said,
            )
            spill = self._spill / f"monitor-{_file_name(self._project)}.jsonl"
            keeper = Keeper(watcher.add, spill, self._said)
            every = timedelta(seconds=self._interval) if self._interval else promise.interval
            if every != promise.interval and not self._once:
                self._said(_OTHER_INTERVAL.format(choice=f"{promise.interval.total_seconds():g}"))
            last = ExitCode.INCONCLUSIVE

            async def take() -> None:
                nonlocal last
                last = await self._round(watcher, keeper)

            if self._once:
                await take()
                return last
            stop = Stop()
            await watching.watch(
                take,
                clock=clock,
                wait=stop.wait,
                interval=every,
                until=self._until,
                chance=random.random,
                missed=lambda count: self._said(_MISSED.format(n=count)),
            )
            return ExitCode.INTERRUPTED if stop.interrupted else ExitCode.ACCEPTED
        finally:
            await store.close()

    async def _round(self, watcher: Watcher, keeper: Keeper) -> ExitCode:
        await watcher.remember()
        taken = await watcher.take()
        await keeper.keep(taken.samples)
        touched = await watcher.write(taken.report)
        if not self._quiet:
            typer.echo(_line(taken, touched, self._lang))
        return taken.exit_code

    async def _agreement(self, store: Store) -> Agreement:
        """That of the project; while the database is away, the usual one: a watch does not wait for its books."""
        from recette.agreement import reading
        from recette.journal.model import JournalError
        from recette.projects import book

        try:
            read = await book.read(await store.journal(), self._project)
        except JournalError:  # the first round says so
            return reading.load(_DEFAULT_AGREEMENT)
        if read.runs and self._target.base_url not in {run.base_url for run in read.runs}:
            self._said(_OTHER_ADDRESS.format(url=self._target.base_url, known=read.runs[-1].base_url))
        return read.agreement


_OTHER_INTERVAL = Text(
    "La convention du projet compte une mesure toutes les {choice} s (choix watch_interval) : accordez-le à "
    "--interval, sinon les mesures ne couvrent pas tout le temps.",
    "The project’s agreement counts a sample every {choice} s (choice watch_interval): make it agree with --interval, "
    "else samples do not cover all the time.",
)
_OTHER_ADDRESS = Text(
    "Attention : {url} n’est pas l’adresse que ce projet a jugée jusqu’ici ({known}).",
    "Beware: {url} is not the address that this project has judged so far ({known}).",
)
_MISSED = Text("{n} tour(s) sautés : le précédent a duré trop longtemps.", "{n} round(s) left out: one overran.")


def _plan(target: Target, scenarios: tuple[Scenario, ...]) -> Plan:
    from recette.cli.playing import plan_of
    from recette.model import Selection

    return plan_of(target, Selection(scenarios=tuple(each.id for each in scenarios)))


@asynccontextmanager
async def _driver(target: Target, plan: Plan, clock: Clock) -> AsyncIterator[Driver]:
    from recette.drivers.http import HttpDriver
    from sas_kit.http import HttpLimits, new_client

    limits = HttpLimits(
        connect=plan.levels["slot_search.connect_timeout"].value,
        answer=plan.levels["slot_search.answer_timeout"].value,
        max_bytes=int(plan.levels["slot_search.answer_size"].value),
    )
    async with new_client() as client:
        yield HttpDriver(client, target.base_url, limits=limits, clock=clock)


def _line(taken: Round, touched: tuple[str, ...], lang: Lang) -> str:
    """`2026-10-25T14:03:00+01:00  2/2  142 ms`, and what was wrong."""
    from recette.monitoring.standing import ONE_PRACTITIONER
    from recette.reports import words
    from sas_kernel.clock import PARIS

    right = sum(each.ok for each in taken.samples)
    seconds = next((each.seconds for each in taken.samples if each.probe == ONE_PRACTITIONER), None)
    parts = [
        taken.report.started_at.astimezone(PARIS).isoformat(timespec="seconds"),
        f"{right}/{len(taken.samples)}",
        words.seconds(seconds, lang),
        *(f"{each.probe}: {each.detail}" for each in taken.samples if not each.ok),
        *touched,
    ]
    return "  ".join(parts)


# --- one watch at a time ---------------------------------------------------------------------------------------------


@contextmanager
def _alone(folder: Path, project: str) -> Iterator[None]:
    """One watch a project on this machine: two would count each answer twice and knock twice as often."""
    try:
        import fcntl
    except ImportError:  # not on this system: nothing to lock with
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"monitor-{_file_name(project)}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise typer.BadParameter(
                said("une autre surveillance de ce projet est en cours", "another watch of this project is under way"),
                param_hint="PROJECT",
            ) from None
        yield


def _file_name(project: str) -> str:
    return re.sub(r"[^\w.-]", "_", project) or "_"
