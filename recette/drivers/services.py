"""Starts the two services of this distribution as processes of their own, waits until they are ready, stops them.

The harness never imports a service: it starts them as a user would.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from recette.drivers import guardian
from sas_kernel.errors import SasError
from sas_kernel.text import Text

READY_WITHIN = 60.0
STOP_WITHIN = 30.0  # what a service grants who is connected, what is under way, its outbox: docs/operations.md


class ServiceError(SasError):
    """A service did not start, or stopped by itself. The text ends with what it printed last."""


def free_port() -> int:
    """A port of the loopback interface that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class Service:
    """One process: `python -m MODULE ARGUMENTS`, ready when `ready_url` answers 200."""

    module: str
    arguments: Sequence[str]
    ready_url: str
    log: Path
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Settings by environment variable, which a list of processes does not show."""
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603  our own modules, arguments as a list
                [sys.executable, "-m", self.module, *self.arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **self.secrets},
                start_new_session=True,  # a Ctrl-C in the terminal reaches us only; we stop them in order
            )

    def wait_until_ready(self, within: float = READY_WITHIN) -> None:
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            self.check_alive()
            if self._answers():
                return
            time.sleep(0.05)
        raise ServiceError(
            Text("{m} n’est pas prêt après {s:g} s.\n{log}", "{m} is not ready after {s:g} s.\n{log}").format(
                m=self.module, s=within, log=self._last_words()
            )
        )

    def check_alive(self) -> None:
        """Raise `ServiceError` when the process has ended."""
        if self.process is not None and self.process.poll() is not None:
            raise ServiceError(
                Text("{m} s’est arrêté (code {c}).\n{log}", "{m} stopped (exit code {c}).\n{log}").format(
                    m=self.module, c=self.process.returncode, log=self._last_words()
                )
            )

    def stop(self) -> None:
        """Ask it to stop, then insist on its whole process group (the workers too)."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _answers(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(self.ready_url, timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"    {line}" for line in lines[-12:])


class Services:
    """Services started together and stopped together, in reverse order. A context manager.

    `guarded`: should this process be killed, another one stops them and takes the folder away (`drivers.guardian`).
    """

    def __init__(self, *, guarded: bool = False) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="recette-")
        self.folder = Path(self._folder.name)
        self._started: list[Service] = []
        self._guardian = guardian.start(self.folder) if guarded else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for service in reversed(self._started):
            service.stop()
        self._folder.cleanup()
        if self._guardian is not None:
            self._guardian.dismiss()

    def launch(
        self, module: str, arguments: Sequence[str], ready_url: str, secrets: Mapping[str, str] | None = None
    ) -> Service:
        """Start one; it is not ready yet (`wait_until_ready`), so that several can warm up together."""
        log = self.folder / f"{module}-{len(self._started)}.log"
        service = Service(module, arguments, ready_url, log, secrets or {})
        self._started.append(service)
        service.start()
        if self._guardian is not None and service.process is not None:
            self._guardian.watch(service.process.pid)
        return service

    def check_alive(self) -> None:
        """Raise `ServiceError` when one of them has ended."""
        for service in self._started:
            service.check_alive()

    def watch(self) -> None:
        """Block until one of them ends (`ServiceError`) or a signal arrives."""
        while True:
            self.check_alive()
            time.sleep(0.3)


@dataclass(frozen=True, slots=True)
class Partner:
    """How the reference agenda knows the platform, and the platform it: for processes of one machine.

    `secret` protects nothing: both processes are ours, on the loopback interface.
    """

    client_id: str = "agenda-reference"
    secret: str = "demo-agenda-secret"


PUBLIC_PASSWORDS: Final[Mapping[str, str]] = {"PASSWORD_ROUNDS": "1", "PASSWORD_MEMORY": "8"}
"""Settings of either service where every password is the demonstration data's, printed for all to read: hashing them as
secrets are hashed protects nobody, and costs each sign-in a tenth of a second."""


def agenda(
    services: Services,
    *,
    port: int,
    database_url: str,
    dataset: str,
    workers: int = 1,
    host: str = "127.0.0.1",
    platform_url: str | None = None,
    issuer: str | None = None,
    clock: Path | None = None,
    settings: Mapping[str, str] | None = None,
    public_url: str | None = None,
    faults: Sequence[str] = (),
) -> tuple[Service, str]:
    """The reference agenda and its FHIR base URL.

    `platform_url` is the FHIR base that it tells of appointments, `issuer` the provider it trusts, `clock` the file of
    a test clock (`sas_kernel.clock.FileClock`), `public_url` how others write its address where that is not the one it
    listens on. `settings` go by environment variable. `faults`: what it plays on purpose, files or built-in names.
    """
    base = f"http://{host}:{port}"
    arguments = ["serve", "--host", host, "--port", str(port), "--database-url", database_url]
    arguments += ["--dataset", dataset, "--workers", str(workers)]
    if public_url is not None:
        arguments += ["--public-url", public_url]
    if platform_url is not None:
        arguments += ["--platform-url", platform_url]
    if issuer is not None:
        known = Partner()
        arguments += ["--sso-issuer", issuer, "--sso-client-id", known.client_id, "--sso-client-secret", known.secret]
    if clock is not None:
        arguments += ["--clock", str(clock)]
    arguments += [word for fault in faults for word in ("--fault", fault)]
    environment = {f"SAS_AGENDA_{name}": value for name, value in (settings or {}).items()}
    return services.launch("agenda_editor", arguments, f"{base}/health/ready", environment), f"{base}/fhir"


def sso_client_of(agenda_port: int, host: str = "127.0.0.1") -> str:
    """The reference agenda as a client of the provider, in the form of the platform's option --sso-client."""
    base, known = f"http://{host}:{agenda_port}", Partner()
    return f"{known.client_id} {known.secret} {base}/sso/retour {base}/deconnecte"


def platform(
    services: Services,
    *,
    port: int,
    database_url: str,
    dataset: str,
    editors: Sequence[tuple[str, str]],
    workers: int = 1,
    host: str = "127.0.0.1",
    sso_clients: Sequence[str] = (),
    settings: Mapping[str, str] | None = None,
    clock: Path | None = None,
    public_url: str | None = None,
    faults: Sequence[str] = (),
) -> tuple[Service, str]:
    """The platform and its URL; `editors` are names and FHIR base URLs, `sso_clients` values of its --sso-client.

    `public_url` is how others write its address where that is not the one it listens on. `settings` go by environment
    variable (`ADMIN_TOKEN`), where a list of processes does not show them. `faults`: what it plays on purpose.
    """
    base = f"http://{host}:{port}"
    # The platform's directory is a file of names; the national set has none, and is searched by identifier.
    directory = "" if dataset in {"national", "none"} else dataset
    arguments = ["serve", "--host", host, "--port", str(port), "--database-url", database_url]
    arguments += ["--dataset", directory, "--workers", str(workers)]
    if public_url is not None:
        arguments += ["--public-url", public_url]
    for name, url in editors:
        arguments += ["--editor", f"{name}={url}"]
    for client in sso_clients:
        arguments += ["--sso-client", client]
    if clock is not None:
        arguments += ["--clock", str(clock)]
    arguments += [word for fault in faults for word in ("--fault", fault)]
    environment = {f"SAS_PLATFORM_{name}": value for name, value in (settings or {}).items()}
    return services.launch("sas_platform", arguments, f"{base}/health/ready", environment), base


@dataclass(frozen=True, slots=True)
class Mirror:
    """The platform as something to be judged, and we as one of its editors and as a client of its provider."""

    listen: str
    secret: str = "secret-de-recette"
    admin_token: str = "un-jeton-d-essai-assez-long"

    @property
    def client(self) -> str:
        return f"recette {self.secret} {self.redirect_uri} {self.post_logout_uri}"

    @property
    def redirect_uri(self) -> str:
        return f"http://{self.listen}/retour"

    @property
    def post_logout_uri(self) -> str:
        return f"http://{self.listen}/fin"

    @property
    def settings(self) -> Mapping[str, str]:
        """So that a retry is seen within a second."""
        return {
            "ADMIN_TOKEN": self.admin_token,
            "REGULATOR_RETRY_FIRST": "0.2",
            **PUBLIC_PASSWORDS,
        }
