"""`python -m sas_platform serve`: the platform's process."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from fastapi import FastAPI

from sas_kernel import loopback
from sas_kernel.clock import SystemClock
from sas_kernel.errors import SasError
from sas_kit import bounds, pooling, serving
from sas_kit.chosen import chosen, whole
from sas_kit.database import Database, migrate_or_tell
from sas_kit.faults import playing, server
from sas_kit.observing import logs
from sas_kit.observing.logs import LogFormat
from sas_kit.observing.workers import measuring_together
from sas_kit.serving import Drain
from sas_platform.app import MIGRATIONS, create_app, lifetimes_of
from sas_platform.regulators.model import Quirk
from sas_platform.settings import Settings
from sas_platform.sso.keys.service import KeyRing

EXIT_USAGE = 2
_PREFIX = "SAS_PLATFORM_"


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.command == "openapi":
        document = create_app(Settings()).openapi()
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n")
        return 0
    if options.command == "rotate-keys":
        return _rotate_keys(options)
    # Workers are processes of their own and read their settings as any other entry point does: from the environment.
    os.environ.update(_as_environment(options))
    os.environ.setdefault("SAS_PLATFORM_PUBLIC_URL", f"http://{options.host}:{options.port}")
    # uvloop resolves names in libuv's four threads: one editor whose name hangs must not keep the others' waiting.
    os.environ.setdefault("UV_THREADPOOL_SIZE", "32")
    try:
        settings = chosen(Settings, _PREFIX)
        if settings.clock_file is not None:
            loopback.require_for_test_clock(host=options.host)
        misbehaves = bool(settings.faults) or settings.faults_by_header
        if misbehaves and not settings.fault_anywhere:
            loopback.require_for_faults(host=options.host)
        create_app(settings)  # says now what a worker would only say after it was started
        migrate_or_tell(settings.database_url, MIGRATIONS)
        asyncio.run(pooling.require_room(settings.database_url, workers=options.workers, pool=settings.database_pool))
    except (SasError, ValueError) as error:
        return _refused(error)
    # uvicorn shuts down in order, then raises the signal anew: an asked-for stop is not a failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    logs.configure(settings.log_format)
    with measuring_together(options.workers):
        serving.run(
            "sas_platform.__main__:application",
            factory=True,
            host=options.host,
            port=options.port,
            workers=options.workers,
            access_log=False,  # uvicorn's holds whole queries, hence national ids; the application has its own
            log_config=None,
            server_header=False,
            drain=Drain(settings.drain_least, settings.drain),
            finish=settings.finish,
            **(server.OPTIONS if misbehaves else {}),
        )
    return 0


def _refused(error: Exception) -> int:
    said = f"{error.text.fr}\n{error.text.en}" if isinstance(error, SasError) else str(error)
    sys.stderr.write(f"sas_platform: {said}\n")
    return EXIT_USAGE


def application() -> FastAPI:
    """What each worker serves."""
    settings = Settings()
    logs.configure(settings.log_format)
    app = create_app(settings)
    # Modules, routes and schemas live as long as the process: the collector need not look at them again.
    gc.collect()
    gc.freeze()
    return app


def _rotate_keys(options: argparse.Namespace) -> int:
    async def rotated(settings: Settings) -> str:
        database = Database(settings.database_url)
        try:
            return await KeyRing(database, lifetimes_of(settings)).rotate(SystemClock().now())
        finally:
            await database.close()

    try:
        given = {} if options.database_url is None else {"database_url": options.database_url}
        settings = chosen(lambda: Settings(**given), _PREFIX)
        migrate_or_tell(settings.database_url, MIGRATIONS)
        kid = asyncio.run(rotated(settings))
    except (SasError, ValueError) as error:
        return _refused(error)
    sys.stdout.write(f"{kid}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sas_platform", description="Plateforme SAS de recette / SAS stand-in platform"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("openapi", help="print the description of the API")
    rotate = commands.add_parser("rotate-keys", help="sign with a new key from now on; the old one is published on")
    rotate.add_argument("--database-url", metavar="URL", help="sqlite:///file or postgresql://…")
    serve = commands.add_parser("serve", help="migrate the database, then answer until told to stop")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=whole(0, 65_535), default=8080)
    serve.add_argument("--workers", type=whole(1), default=1)
    serve.add_argument("--database-pool", type=whole(1), help=pooling.HELP)
    serve.add_argument("--database-url", metavar="URL", help="sqlite:///file or postgresql://…")
    serve.add_argument("--editors", metavar="FILE", type=Path, help="TOML file of connected editors")
    serve.add_argument(
        "--editor", metavar="NAME=URL", action="append", default=[], help="a connected editor; repeatable"
    )
    serve.add_argument(
        "--regulator-quirk",
        metavar="NAME",
        action="append",
        default=[],
        choices=[*Quirk],
        help="a habit of the real platform when it tells editors of regulators; repeatable: " + ", ".join(Quirk),
    )
    serve.add_argument(
        "--public-url", metavar="URL", help="as browsers and editors write it (default: http://HOST:PORT)"
    )
    serve.add_argument(
        "--sso-client",
        metavar='"ID SECRET REDIRECT_URI [POST_LOGOUT_URI]"',
        action="append",
        default=[],
        help="an editor's software that may have regulators signed in here; repeatable",
    )
    serve.add_argument("--dataset", metavar="NAME", help="directory of the search page: demo, or a TOML file")
    serve.add_argument(
        "--clock",
        metavar="FILE",
        type=Path,
        help="for tests, on this machine only: the time is what FILE says (sas_kernel.clock.FileClock)",
    )
    serve.add_argument(
        "--log-format", choices=[each.value for each in LogFormat], help="lines for people (default), or JSON"
    )
    serve.add_argument("--fault", metavar="FILE|NAME", action="append", help=playing.FAULT_HELP)
    serve.add_argument("--faults-by-header", action="store_true", help=playing.BY_HEADER_HELP)
    serve.add_argument("--fault-anywhere", action="store_true", help=playing.ANYWHERE_HELP)
    bounds.add_options(serve)
    return parser


def _as_environment(options: argparse.Namespace) -> dict[str, str]:
    given = {
        "DATABASE_URL": options.database_url,
        "DATABASE_POOL": None if options.database_pool is None else str(options.database_pool),
        "EDITORS_FILE": str(options.editors) if options.editors else None,
        "EDITORS": _json_list(options.editor) if options.editor else None,
        "DATASET": options.dataset,
        "CLOCK_FILE": str(options.clock) if options.clock else None,
        "PUBLIC_URL": options.public_url,
        "SSO_CLIENTS": _json_list(options.sso_client) if options.sso_client else None,
        "LOG_FORMAT": options.log_format,
        "FAULTS": _json_list(options.fault) if options.fault else None,
        "FAULTS_BY_HEADER": "true" if options.faults_by_header else None,
        "FAULT_ANYWHERE": "true" if options.fault_anywhere else None,
        "REGULATOR_QUIRKS": _json_list(options.regulator_quirk) if options.regulator_quirk else None,
    }
    given |= {name.upper(): str(value) for name, value in bounds.given(options).items()}
    return {f"{_PREFIX}{name}": value for name, value in given.items() if value is not None}


def _json_list(values: Sequence[str]) -> str:
    return msgspec.json.encode(list(values)).decode()


if __name__ == "__main__":
    sys.exit(main())
