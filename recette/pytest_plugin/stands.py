"""The reference agenda and platform as a test sees them, and the clock both follow."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from recette.drivers import ports
from recette.drivers import services as processes
from recette.engine import target as targets
from recette.engine import target_file
from recette.model import Target
from sas_kernel import datasets
from sas_kernel.clock import FileClock
from sas_kernel.errors import SasError
from sas_kernel.flows import Flow
from sas_kernel.text import Text

_QUICK_PASSWORDS = {"PASSWORD_ROUNDS": "1", "PASSWORD_MEMORY": "8"}  # what is hashed protects nothing


class StandError(SasError):
    """A running service refused what a test asked of it."""


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody of the demonstration who can sign in. `identifier` is a regulator's, `system|value` without a system."""

    login: str
    password: str = field(repr=False)
    name: str
    identifier: str = ""


@dataclass(slots=True)
class VirtualClock:
    """The time of both services. It goes with real time until a test moves it; what waits inside a service (a retry, a
    refresh each minute) still waits in real time."""

    _file: FileClock
    _ahead: timedelta = timedelta(0)
    _still: datetime | None = None

    def now(self) -> datetime:
        return self._file.now()

    @property
    def moved(self) -> bool:
        return self._still is not None or self._ahead != timedelta(0)

    def advance(self, by: timedelta) -> None:
        """Later by this much (earlier when negative), going or standing as it was."""
        if self._still is not None:
            self.freeze(self._still + by)
        else:
            self._ahead += by
            self._file.go(self._ahead)

    def set(self, instant: datetime) -> None:
        """Go on from this instant, which needs a UTC offset (`ValueError`)."""
        self._require_offset(instant)
        self._still, self._ahead = None, instant - self._file.real.now()
        self._file.go(self._ahead)

    def freeze(self, instant: datetime | None = None) -> None:
        """Stand still at this instant, or now."""
        still = instant if instant is not None else self.now()
        self._require_offset(still)
        self._file.stand_at(still)
        self._still, self._ahead = still, timedelta(0)

    def reset(self) -> None:
        """Real time again."""
        self._file.release()
        self._still, self._ahead = None, timedelta(0)

    @staticmethod
    def _require_offset(instant: datetime) -> None:
        if instant.tzinfo is None:
            raise ValueError("an instant needs a UTC offset")


@dataclass(slots=True)
class Agenda:
    """The running reference agenda. `fhir_url` is the base of INT_R01, INT_R02; it trusts `issuer` and tells the
    platform's stand of appointments. `target` is what `sas_recette` judges: all but the appointments, which go there.
    """

    url: str
    fhir_url: str
    issuer: str
    staff: tuple[Login, ...]
    target: Target
    _database: str
    _clock: Path
    _reloaded: bool = False

    def reload(self) -> None:
        """Put the demonstration's practitioners and slots in afresh, relative to `sas_clock`; appointments stay."""
        command = [sys.executable, "-m", "agenda_editor", "load", "--dataset", "demo", "--public-url", self.url]
        command += ["--database-url", self._database, "--clock", str(self._clock)]
        done = subprocess.run(  # noqa: S603  our own module
            command,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StandError(Text(done.stderr, done.stderr))
        self._reloaded = True


@dataclass(frozen=True, slots=True)
class Platform:
    """The running platform stand-in. `fhir_url` is where appointments are told (INT_R03), `issuer` its OpenID provider,
    `regulators` who can sign in. `target` is what `sas_recette` judges: its provider and the appointments it takes."""

    url: str
    fhir_url: str
    issuer: str
    admin_token: str = field(repr=False)
    regulators: tuple[Login, ...]
    target: Target

    def register_editor(self, id: str, name: str, base_url: str, *, flows: Sequence[str] = ("slot_search",)) -> None:
        """Connect one more editor, whose FHIR base is `base_url`: the next search asks it."""
        body = {"id": id, "name": name, "base_url": base_url, "environment": "recette", "flows": list(flows)}
        self._administer("POST", "/api/admin/editors", json.dumps(body).encode())

    def remove_editor(self, id: str) -> None:
        self._administer("DELETE", f"/api/admin/editors/{id}", None)

    def _administer(self, method: str, path: str, body: bytes | None) -> None:
        headers = {"Authorization": f"Bearer {self.admin_token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, body, headers, method=method)  # noqa: S310  our own, http
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10):
                return
        except urllib.error.HTTPError as error:
            said = error.read().decode("utf-8", "replace")
            raise StandError(Text(f"{error.code} : {said}", f"{error.code}: {said}")) from error


@dataclass(frozen=True, slots=True)
class Options:
    """What a suite may change, by overriding the session fixture `sas_options`.

    `editors`: name and FHIR base URL of editors the platform asks from the start. `sso_clients`: who else may sign
    regulators in, as `"ID SECRET REDIRECT_URI [LOGOUT_URI]"`. `appointments_to`: FHIR base the reference agenda tells
    its appointments to, instead of the platform.
    """

    editors: tuple[tuple[str, str], ...] = ()
    sso_clients: tuple[str, ...] = ()
    appointments_to: str | None = None


class Stand:
    """One set of services a pytest process: own ports, own folder, each service started when it is first asked for."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._agenda_port, self._platform_port, self._listen = (ports.reserve() for _ in range(3))
        self._services = processes.Services(guarded=True)
        self._dataset = datasets.load("demo")
        self._clock_file = self._services.folder / "clock"
        self.clock = VirtualClock(FileClock(self._clock_file))
        self._agenda: Agenda | None = None
        self._platform: Platform | None = None

    def close(self) -> None:
        self._services.__exit__(None, None, None)
        for port in (self._agenda_port, self._platform_port, self._listen):
            port.release()

    def restore(self) -> None:
        """Real time, and the slots that go with it."""
        if self.clock.moved:
            self.clock.reset()
            if self._agenda is not None and self._agenda._reloaded:  # noqa: SLF001  one module, one secret
                self._agenda.reload()
        if self._agenda is not None:
            self._agenda._reloaded = False  # noqa: SLF001

    @property
    def agenda(self) -> Agenda:
        if self._agenda is None:
            home, base = self._home, f"http://127.0.0.1:{self._agenda_port.number}"
            database = f"sqlite:///{self._services.folder / 'agenda.sqlite'}"
            service, fhir = processes.agenda(
                self._services,
                port=self._agenda_port.number,
                database_url=database,
                dataset="demo",
                platform_url=self._options.appointments_to or f"{home}/fhir",
                issuer=self._issuer,
                clock=self._clock_file,
                settings=_QUICK_PASSWORDS,
            )
            service.wait_until_ready()
            document = target_file.of_dataset(self._dataset, fhir, ("slot_search", "regulators", "sso"))
            document["sso"] = {"issuer": self._issuer, "client_id": processes.Partner().client_id}
            staff = tuple(Login(one.login, one.password, one.name) for one in self._dataset.staff)
            self._agenda = Agenda(base, fhir, self._issuer, staff, targets.parse(document), database, self._clock_file)
        return self._agenda

    @property
    def platform(self) -> Platform:
        if self._platform is None:
            token = secrets.token_urlsafe(24)
            mirror = processes.Mirror(f"127.0.0.1:{self._listen.number}")
            service, home = processes.platform(
                self._services,
                port=self._platform_port.number,
                database_url=f"sqlite:///{self._services.folder / 'platform.sqlite'}",
                dataset="demo",
                editors=[
                    ("Agenda de référence", f"http://127.0.0.1:{self._agenda_port.number}/fhir"),
                    *self._options.editors,
                ],
                sso_clients=[
                    processes.sso_client_of(self._agenda_port.number),
                    mirror.client,
                    *self._options.sso_clients,
                ],
                settings={"ADMIN_TOKEN": token, **_QUICK_PASSWORDS},
                clock=self._clock_file,
            )
            service.wait_until_ready()
            sign_on = {
                "issuer": self._issuer,
                "client_id": "recette",
                "client_secret": mirror.secret,
                "redirect_uri": mirror.redirect_uri,
                "post_logout_uri": mirror.post_logout_uri,
            }
            target = targets.parse(
                {
                    "target": {"base_url": f"{home}/fhir", "actor": "platform", "name": "Plateforme"},
                    "applicability": {"flows": [Flow.SSO.value, Flow.APPOINTMENTS.value]},
                    "sso": sign_on,
                    "platform": {"listen": mirror.listen, "wait": 15, "admin_token": token},
                }
            )
            people = tuple(
                Login(one.email, one.password, f"{one.given} {one.family}", one.value)
                for one in self._dataset.regulators
                if one.active
            )
            self._platform = Platform(home, f"{home}/fhir", self._issuer, token, people, target)
        return self._platform

    @property
    def _home(self) -> str:
        return f"http://127.0.0.1:{self._platform_port.number}"

    @property
    def _issuer(self) -> str:
        return f"{self._home}/realms/sas"
