"""Who may read: on loopback this machine’s browser, elsewhere whoever has the token. And what a page may load: nothing.

The token comes as Bearer (programs) or once by the form, which answers with a signed cookie that expires (people).
"""

from __future__ import annotations

import hashlib
import hmac
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from http.cookies import CookieError, SimpleCookie

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recette.dashboard.settings import Settings
from sas_kernel.clock import Clock
from sas_kit.web import problem

COOKIE = "recette_dashboard"
LOGIN = "/connexion"
OPEN = frozenset({LOGIN, "/health/live", "/health/ready"})
_ASSETS = ("/assets/", "/static/")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_MINUTE = timedelta(minutes=1)
_MOST_CALLERS = 10_000

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Guard:
    """Knows the token; says who has it, and who tried too often."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._secret = settings.secret.encode()
        key = hmac.new(self._secret, b"recette dashboard: cookies", hashlib.sha256).digest()
        self._key = OctKey.import_key(key)
        self._tries: dict[str, deque[datetime]] = {}

    @property
    def is_needed(self) -> bool:
        return bool(self._secret)

    def is_token(self, given: str) -> bool:
        """Takes as long for a wrong one as for a right one."""
        return hmac.compare_digest(hashlib.sha256(given.encode()).digest(), hashlib.sha256(self._secret).digest())

    def waits(self, caller: str) -> int:
        """For how many seconds this caller may not try again; 0 if it may."""
        tries = self._recent(caller)
        if len(tries) < self._settings.tries_per_minute:
            return 0
        return int((tries[0] + _MINUTE - self._clock.now()).total_seconds()) + 1

    def failed(self, caller: str) -> None:
        """Remember a wrong token."""
        while caller not in self._tries and len(self._tries) >= _MOST_CALLERS:
            del self._tries[next(iter(self._tries))]
        self._tries.setdefault(caller, deque(maxlen=self._settings.tries_per_minute)).append(self._clock.now())

    def _recent(self, caller: str) -> deque[datetime]:
        tries = self._tries.get(caller, deque())
        while tries and tries[0] + _MINUTE <= self._clock.now():
            tries.popleft()
        return tries

    def cookie(self) -> tuple[str, int]:
        """A new cookie and for how many seconds it holds. It names nobody; a new token makes it worthless."""
        seconds = self._settings.session_hours * 3600
        expires = int(self._clock.now().timestamp()) + seconds
        return jwt.encode({"alg": "HS256"}, {"exp": expires}, self._key, algorithms=["HS256"]), seconds

    def is_cookie(self, given: str) -> bool:
        try:
            said = jwt.decode(given, self._key, algorithms=["HS256"]).claims
        except (JoseError, ValueError):
            return False
        expires = said.get("exp")
        return isinstance(expires, int) and self._clock.now().timestamp() < expires


class Protection:
    """Middleware before everything else; it also puts the headers that keep a page to itself on every answer."""

    def __init__(self, app: ASGIApp, settings: Settings, guard: Guard) -> None:
        self._app, self._guard = app, guard
        self._hosts = _LOOPBACK | {settings.host} if settings.is_loopback and not guard.is_needed else frozenset()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _close(MutableHeaders(scope=message), scope["path"])
            await send(message)

        refused = self._refused(scope)
        await (refused or self._app)(scope, receive, guarded)

    def _refused(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if self._hosts and _name(headers.get("host", "")) not in self._hosts:
            # Another site may have its name resolve to this machine and read the pages through somebody's browser.
            return PlainTextResponse("Unknown host / hôte inconnu : http://127.0.0.1", 421)
        path: str = scope["path"]
        if not self._guard.is_needed or path in OPEN or path.startswith(_ASSETS):
            return None
        if self._guard.is_cookie(_cookie(headers.getlist("cookie"))):
            return None
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._bearer(scope, given.strip())
        if path.startswith(("/api", "/openapi")) or scope["method"] not in {"GET", "HEAD"}:
            return problem(
                401,
                "Authentication required",
                "Jeton attendu : Authorization: Bearer … / A token is expected.",
                headers={"WWW-Authenticate": 'Bearer realm="recette"'},
            )
        return RedirectResponse(LOGIN, 303)

    def _bearer(self, scope: Scope, given: str) -> Response | None:
        caller = caller_of(scope)
        waits = self._guard.waits(caller)
        if waits:
            detail = f"Trop d’essais, encore {waits} s / too many attempts, {waits} s left."
            return problem(429, "Too many attempts", detail, headers={"Retry-After": str(waits)})
        if self._guard.is_token(given):
            return None
        self._guard.failed(caller)
        return problem(
            401,
            "Authentication required",
            "Ce n’est pas le jeton / this is not the token.",
            headers={"WWW-Authenticate": 'Bearer realm="recette", error="invalid_token"'},
        )


def caller_of(scope: Scope) -> str:
    """The address a request comes from."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def _close(headers: MutableHeaders, path: str) -> None:
    headers.setdefault("Content-Security-Policy", POLICY)
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if not path.startswith(_ASSETS):
        headers.setdefault("Cache-Control", "no-store")


def _name(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()


def _cookie(written: Sequence[str]) -> str:
    try:
        cookies = SimpleCookie("; ".join(written))
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""
