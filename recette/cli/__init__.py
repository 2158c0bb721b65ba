"""The command line: options in, exit codes out. Here, and only here, the parts of the harness meet.

Heavy parts are imported by the commands that need them, so that `--help` and `list` answer at once.
"""

from __future__ import annotations

import gc
import sys
from typing import Annotated

import typer

from recette import __version__
from recette.cli import (
    agreeing,
    certifying,
    covering,
    dashboarding,
    faults,
    faulty,
    initiating,
    judging,
    listing,
    loading,
    mailing,
    phasing,
    projecting,
    registering,
    running,
    service_reporting,
    serving,
    simulating,
    watching,
)
from recette.cli.options import SETTINGS, said
from recette.model import ExitCode
from sas_kernel.errors import ContractError, SasError

app = typer.Typer(
    name="recette",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help=said(
        "Banc de recette des interfaces du SAS. Codes de sortie : 0 accepté, 1 refusé, 2 mauvais usage, "
        "3 non concluant, 4 niveau de service non tenu, 5 cible injoignable, 6 l’outil a échoué, 130 interrompu. "
        "RECETTE_LANG=en pour l’anglais.",
        "Acceptance bench for the SAS interfaces. Exit codes: 0 accepted, 1 refused, 2 usage, 3 inconclusive, "
        "4 service level broken, 5 target unreachable, 6 the tool failed, 130 interrupted. "
        "RECETTE_LANG=en for English.",
    ),
)
app.add_typer(running.app)
app.add_typer(listing.app)
app.add_typer(judging.app)
app.add_typer(serving.app)
app.add_typer(covering.app)
app.add_typer(initiating.app)
app.add_typer(agreeing.app)
app.add_typer(loading.app)
app.add_typer(faulty.app, name="faulty")
app.add_typer(projecting.app)
app.add_typer(phasing.app)
app.add_typer(registering.app)
app.add_typer(watching.app)
app.add_typer(simulating.app)
app.add_typer(service_reporting.app)
app.add_typer(dashboarding.app)
app.add_typer(certifying.app)
app.add_typer(mailing.app)
app.add_typer(faults.app, name="faults")


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help=said("Affiche la version.", "Print the version."))] = False,
) -> None:
    if version:
        typer.echo(f"recette {__version__}")
        raise typer.Exit


def _exit_code(error: SasError) -> ExitCode:
    """Whose fault an error is: the caller's files and options (2), a mail server's (5), or what we bring along (6)."""
    from recette.drivers.platform_search import PlatformSearchError
    from recette.drivers.services import ServiceError
    from recette.drivers.validators import ValidatorError
    from recette.load.profiles import GeneratorError
    from recette.mail.model import MailServerError
    from sas_kernel.datasets import InvalidDatasetError

    if isinstance(error, InvalidDatasetError):
        return ExitCode.USAGE
    if isinstance(error, MailServerError):
        return ExitCode.UNREACHABLE
    ours = isinstance(error, ContractError | ServiceError | PlatformSearchError | ValidatorError | GeneratorError)
    return ExitCode.HARNESS_FAILED if ours else ExitCode.USAGE


def main() -> None:
    """The entry point: whatever happens becomes a sentence and an exit code."""
    gc.set_threshold(50_000, 20, 50)  # what a command makes lives as long as it; looking for cycles was a sixth of it
    try:
        app()
    except SasError as error:
        typer.echo(error.text.to(SETTINGS.lang), err=True)
        sys.exit(_exit_code(error))
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    except Exception as error:
        if SETTINGS.debug:
            raise
        typer.echo(
            said(
                "L’outil a échoué ({e}). RECETTE_DEBUG=1 en montre la trace.",
                "The tool failed ({e}). RECETTE_DEBUG=1 shows the trace.",
            ).format(e=f"{type(error).__name__}: {error}"),
            err=True,
        )
        sys.exit(ExitCode.HARNESS_FAILED)
