"""Serves the dashboard until somebody stops it; open pages, which follow what happens, do not hold it."""

from __future__ import annotations

from types import FrameType

import uvicorn
from fastapi import FastAPI

_SHUTDOWN_SECONDS = 5


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Streams see that it ends and end themselves; uvicorn would wait for them, then break them off."""
        self._app.state.dashboard.is_closing = True
        super().handle_exit(sig, frame)


def serve(app: FastAPI, host: str, port: int) -> None:
    """Listen until SIGINT or SIGTERM."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )
    _Server(config, app).run()
