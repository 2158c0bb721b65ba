"""`python -m agenda_editor serve | load | generate | openapi`."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from agenda_editor.agendas.service import AgendaService
from agenda_editor.app import MIGRATIONS, create_app, settled
from agenda_editor.provisioning.service import NATIONAL, ProvisioningService
from agenda_editor.settings import ENVIRONMENT_PREFIX, Settings
from sas_fhir.instants import milliseconds
from sas_kernel import clock as clocks
from sas_kernel import datasets, loopback
from sas_kernel.datasets import InvalidDatasetError
from sas_kernel.errors import SasError
from sas_kernel.text import Text
from sas_kit import bounds, pooling, serving
from sas_kit import database as databases
from sas_kit.chosen import InvalidSettingError, chosen, whole
from sas_kit.database import Database
from sas_kit.faults import playing, server
from sas_kit.observing import logs
from sas_kit.observing.logs import LogFormat
from sas_kit.observing.workers import measuring_together
from sas_kit.serving import Drain

_DEFAULT_PORT = 8081
_BROKEN_OFF = Text(
    "Interrompu : le jeu national est incomplet. Relancez la même commande, elle recommence depuis le début.",
    "Interrupted: the national data set is incomplete. Run the same command again, it begins anew.",
)


class InterruptedGenerationError(SasError):
    """Somebody broke the generation of the national data set off."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 done, 1 refused with a sentence on stderr, 2 usage, 130 broken off."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        options = _parser().parse_args(arguments)
        command: Callable[[argparse.Namespace], None] = options.command
        command(options)
    except SasError as error:
        sys.stderr.write(f"{error.text.fr}\n{error.text.en}\n")
        if isinstance(error, InvalidSettingError):
            return 2
        return 130 if isinstance(error, InterruptedGenerationError) else 1
    return 0


def _parser() -> argparse.ArgumentParser:
    known = chosen(Settings, ENVIRONMENT_PREFIX)
    parser = argparse.ArgumentParser(prog="python -m agenda_editor", description="The reference agenda.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="answer slot searches and show booking pages")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=whole(0, 65_535), default=_DEFAULT_PORT)
    serve.add_argument("--dataset", default=known.dataset, help="demo, national (already generated), a file, or none")
    serve.add_argument("--workers", type=whole(1), default=1)
    serve.add_argument("--database-pool", type=whole(1), default=known.database_pool, help=pooling.HELP)
    serve.add_argument("--public-url", help="where booking pages are reached (default: http://HOST:PORT)")
    serve.add_argument("--fragment-index-bytes", type=int, default=known.fragment_index_bytes)
    serve.add_argument(
        "--platform-url", type=_web, default=known.platform_url, help="FHIR base the platform takes appointments at"
    )
    serve.add_argument("--sso-issuer", default=known.sso_issuer, help="issuer of the regulators' OpenID provider")
    serve.add_argument("--sso-client-id", default=known.sso_client_id, help="what the provider knows this agenda as")
    serve.add_argument(
        "--sso-client-secret",
        help=f"better given by {ENVIRONMENT_PREFIX}SSO_CLIENT_SECRET: an option is seen by who lists processes",
    )
    serve.add_argument(
        "--origin",
        action="append",
        help=f"what the platform says of itself; repeatable (default: {', '.join(known.origins)})",
    )
    serve.add_argument("--log-format", choices=[each.value for each in LogFormat], default=known.log_format)
    serve.add_argument("--fault", metavar="FILE|NAME", action="append", help=playing.FAULT_HELP)
    serve.add_argument("--faults-by-header", action="store_true", help=playing.BY_HEADER_HELP)
    serve.add_argument("--fault-anywhere", action="store_true", help=playing.ANYWHERE_HELP)
    bounds.add_options(serve)
    serve.set_defaults(command=_serve)

    load = commands.add_parser("load", help="put a data set in afresh, relative to the present time")
    load.add_argument("--dataset", required=True, help="demo, or a file of the same form")
    load.set_defaults(command=_load)

    generate = commands.add_parser("generate", help="fill the database with a country's worth of agendas")
    generate.add_argument("--practitioners", type=int, default=20_000)
    generate.add_argument("--seed", type=int, default=1)
    generate.add_argument("--days", type=int, default=14)
    generate.add_argument("--slots-per-day", type=int, default=7, help="free slots a day at each place")
    generate.set_defaults(command=_generate)

    openapi = commands.add_parser("openapi", help="print the description of the API")
    openapi.set_defaults(command=_openapi)

    for command in (serve, load):
        command.add_argument(
            "--clock",
            type=Path,
            metavar="FILE",
            default=known.clock_file,
            help="for tests, on this machine only: the time is what FILE says (sas_kernel.clock.FileClock)",
        )
    for command in (load, generate):
        command.add_argument("--public-url", default=known.public_url)
    for command in (serve, load, generate):
        command.add_argument("--database-url", default=known.database_url)
    return parser


def _web(value: str) -> str:
    if not re.match("https?://[^/]", value):
        raise argparse.ArgumentTypeError(f"'{value}' is not an address that begins with http:// or https://")
    return value


def _serve(options: argparse.Namespace) -> None:
    given = {
        name: value
        for name, value in (
            ("sso_client_secret", options.sso_client_secret),
            ("origins", options.origin),
            ("faults", options.fault),
            ("faults_by_header", options.faults_by_header or None),
            ("fault_anywhere", options.fault_anywhere or None),
            *bounds.given(options).items(),
        )
        if value is not None
    }
    settings = chosen(
        lambda: Settings(
            database_url=options.database_url,
            public_url=options.public_url or f"http://{options.host}:{options.port}",
            dataset=options.dataset,
            database_pool=options.database_pool,
            fragment_index_bytes=options.fragment_index_bytes,
            platform_url=options.platform_url,
            sso_issuer=options.sso_issuer,
            sso_client_id=options.sso_client_id,
            clock_file=options.clock,
            log_format=options.log_format,
            **given,
        ),
        ENVIRONMENT_PREFIX,
    )
    logs.hush()
    if settings.clock_file is not None:
        loopback.require_for_test_clock(host=options.host, public_url=settings.public_url)
    misbehaves = bool(settings.faults) or settings.faults_by_header
    if misbehaves and not settings.fault_anywhere:
        loopback.require_for_faults(host=options.host)
    databases.migrate_or_tell(settings.database_url, MIGRATIONS)  # what is wrong is told here, once, not by each worker
    asyncio.run(pooling.require_room(settings.database_url, workers=options.workers, pool=settings.database_pool))
    if settings.dataset == NATIONAL:
        asyncio.run(_require_national(settings))
    elif settings.dataset != "none":
        datasets.load(settings.dataset)
    common: dict[str, Any] = {
        "host": options.host,
        "port": options.port,
        "loop": "uvloop",
        "access_log": False,  # a query names practitioners; the application has its own
        "log_config": None,
        "drain": Drain(settings.drain_least, settings.drain),
        "finish": settings.finish,
        **(server.OPTIONS if misbehaves else {}),
    }
    # uvicorn shuts down in order, then raises the signal anew: an asked-for stop is not a failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if options.workers == 1:
        app = settled(create_app(settings))
        logs.configure(settings.log_format)
        serving.run(app, **common)
        return
    if misbehaves:
        create_app(settings)  # the same for a fault
    for name, kept in settings.model_dump().items():
        value = kept.get_secret_value() if isinstance(kept, SecretStr) else kept
        if value is not None:
            text = str(value) if isinstance(value, str | Path) else json.dumps(value)
            os.environ[ENVIRONMENT_PREFIX + name.upper()] = text
    logs.configure(settings.log_format)
    with measuring_together(options.workers):
        serving.run("agenda_editor.app:from_environment", factory=True, workers=options.workers, **common)


async def _require_national(settings: Settings) -> None:
    database = Database(settings.database_url)
    try:
        agendas = AgendaService(database, public_url=settings.public_url, fragment_index_bytes=0)
        if not await ProvisioningService(agendas).national_is_whole():
            raise InvalidDatasetError(
                Text(
                    "Le jeu national n’est pas dans cette base, ou pas en entier : lancez d’abord « {command} ».",
                    "The national data set is not in this database, or not all of it: run '{command}' first.",
                ).format(command="python -m agenda_editor generate --database-url …")
            )
    finally:
        await database.close()


def _openapi(_options: argparse.Namespace) -> None:
    sys.stdout.write(json.dumps(create_app(Settings()).openapi(), ensure_ascii=False, indent=2, sort_keys=True) + "\n")


def _load(options: argparse.Namespace) -> None:
    dataset = datasets.load(options.dataset)

    async def load(provisioning: ProvisioningService, now: datetime) -> None:
        await provisioning.refresh(dataset, now, replace_all=True)

    _provision(options, load)


def _generate(options: argparse.Namespace) -> None:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())

    async def generate(provisioning: ProvisioningService, now: datetime) -> None:
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("practitioners", total=options.practitioners)
            count = await provisioning.generate(
                options.practitioners,
                options.seed,
                now,
                days=options.days,
                slots_per_day=options.slots_per_day,
                advanced=lambda step: progress.advance(task, step),
            )
        console.print(f"{options.practitioners} practitioners, {count} slots")

    try:
        _provision(options, generate)
    except KeyboardInterrupt:
        raise InterruptedGenerationError(_BROKEN_OFF) from None


def _provision(options: argparse.Namespace, work: Callable[[ProvisioningService, datetime], Any]) -> None:
    async def run() -> None:
        database = Database(options.database_url)
        try:
            agendas = AgendaService(database, public_url=options.public_url, fragment_index_bytes=0)
            now = clocks.chosen(getattr(options, "clock", None)).now()
            await agendas.render_again(milliseconds(now))
            await work(ProvisioningService(agendas), now)
        finally:
            await database.close()

    databases.migrate_or_tell(options.database_url, MIGRATIONS)
    asyncio.run(run())


if __name__ == "__main__":
    sys.exit(main())
