"""`python -m sas_platform serve`: the platform's process."""

from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from sas_kernel.errors import SasError
from sas_kit.database import migrate
from sas_platform.app import MIGRATIONS, create_app
from sas_platform.settings import Settings

EXIT_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.command == "openapi":
        document = create_app(Settings()).openapi()
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n")
        return 0
    # Workers are processes of their own and read their settings as any other entry point does: from the environment.
    os.environ.update(_as_environment(options))
    # uvloop resolves names in libuv's four threads: one editor whose name hangs must not keep the others' waiting.
    os.environ.setdefault("UV_THREADPOOL_SIZE", "32")
    try:
        settings = Settings()
        create_app(settings)  # says now what a worker would only say after it was started
        migrate(settings.database_url, MIGRATIONS)
    except (SasError, ValidationError, ValueError) as error:
        text = error.text.fr if isinstance(error, SasError) else str(error)
        sys.stderr.write(f"sas_platform: {text}\n")
        return EXIT_USAGE
    # uvicorn shuts down in order, then raises the signal anew: an asked-for stop is not a failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(
        "sas_platform.__main__:application",
        factory=True,
        host=options.host,
        port=options.port,
        workers=options.workers,
        access_log=False,  # uvicorn's holds whole queries, hence national ids; the application has its own
        log_level="info",
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    return 0


def application() -> FastAPI:
    """What each worker serves."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for chatty in ("httpx2", "alembic"):  # a line a request, two a readiness check: the platform logs its own
        logging.getLogger(chatty).setLevel(logging.WARNING)
    app = create_app(Settings())
    # Modules, routes and schemas live as long as the process: the collector need not look at them again.
    gc.collect()
    gc.freeze()
    return app


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sas_platform", description="Plateforme SAS de recette / SAS stand-in platform"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("openapi", help="print the description of the API")
    serve = commands.add_parser("serve", help="migrate the database, then answer until told to stop")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8080)
    serve.add_argument("--workers", type=int, default=1)
    serve.add_argument("--database-url", metavar="URL", help="sqlite:///file or postgresql://…")
    serve.add_argument("--editors", metavar="FILE", type=Path, help="TOML file of connected editors")
    serve.add_argument(
        "--editor", metavar="NAME=URL", action="append", default=[], help="a connected editor; repeatable"
    )
    serve.add_argument("--dataset", metavar="NAME", help="directory of the search page: demo, or a TOML file")
    return parser


def _as_environment(options: argparse.Namespace) -> dict[str, str]:
    given = {
        "DATABASE_URL": options.database_url,
        "EDITORS_FILE": str(options.editors) if options.editors else None,
        "EDITORS": _json_list(options.editor) if options.editor else None,
        "DATASET": options.dataset,
    }
    return {f"SAS_PLATFORM_{name}": value for name, value in given.items() if value is not None}


def _json_list(values: Sequence[str]) -> str:
    return msgspec.json.encode(list(values)).decode()


if __name__ == "__main__":
    sys.exit(main())
