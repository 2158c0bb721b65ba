"""How a fault bends what the platform's identity provider does.

A fault of tokens signs with a key of its own, which it adds to the provider's set: only the claim bent is wrong then.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from recette.checks.platform_tokens import taken_apart
from recette.museum.bending import Apply, Json, on_reply
from recette.museum.wire import Agenda, Asked, Reply

BACK = "http://127.0.0.1:8079/retour"
CLIENT, SECRET = "recette", "secret-de-recette"
_REALM = "/realms/sas"
_OIDC = f"{_REALM}/protocol/openid-connect"
JSON = (("content-type", "application/json"), ("cache-control", "no-store"))


@cache
def _key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "faulty", "use": "sig", "alg": "RS256"})


@dataclass(frozen=True)
class Call:
    """A request to the provider, read: its parameters are those of the query or of the form."""

    asked: Asked

    @property
    def path(self) -> str:
        return self.asked.target.partition("?")[0]

    @property
    def given(self) -> dict[str, str]:
        source = self.asked.body.decode() if self.asked.method == "POST" else self.asked.target.partition("?")[2]
        return dict(parse_qsl(source, keep_blank_values=True))

    def at(self, name: str) -> bool:
        return self.path == f"{_OIDC}/{name}"

    @property
    def authorizes(self) -> bool:
        return self.at("auth")

    @property
    def exchanges(self) -> bool:
        return self.at("token") and self.given.get("grant_type") == "authorization_code"

    @property
    def refreshes(self) -> bool:
        return self.at("token") and self.given.get("grant_type") == "refresh_token"

    def changed(self, **changes: str | None) -> Asked:
        """The same with other parameters; None leaves one out."""
        given = {name: value for name, value in {**self.given, **changes}.items() if value is not None}
        if self.asked.method == "POST":
            headers = tuple(pair for pair in self.asked.headers if pair[0].lower() != "content-length")
            return replace(self.asked, body=urlencode(given).encode(), headers=headers)
        return replace(self.asked, target=f"{self.path}?{urlencode(given)}")


def on_call(matches: Callable[[Call], bool], change: Callable[[Call], Asked | Reply]) -> Apply:
    """Make the provider understand something else, or answer in its place."""

    async def apply(asked: Asked, reference: Agenda) -> Reply:
        call = Call(asked)
        if not matches(call):
            return await reference(asked)
        changed = change(call)
        return changed if isinstance(changed, Reply) else await reference(changed)

    return apply


def on_answer(matches: Callable[[Call], bool], bend: Callable[[Call, Reply], Reply]) -> Apply:
    return on_reply(lambda asked, reply: bend(Call(asked), reply) if matches(Call(asked)) else reply)


def json_of(matches: Callable[[Call], bool], bend: Callable[[Json], None]) -> Apply:
    """Change the JSON of answers of success."""

    def bent(call: Call, reply: Reply) -> Reply:
        if reply.status != 200:
            return reply
        document = reply.json
        bend(document)
        return reply.with_json(document)

    return on_answer(matches, bent)


def discovery(call: Call) -> bool:
    return call.path.endswith("/.well-known/openid-configuration")


def login_page(call: Call) -> bool:
    return call.authorizes


def location(bend: Callable[[Call, str], str]) -> Callable[[Call, Reply], Reply]:
    def bent(call: Call, reply: Reply) -> Reply:
        location = reply.header("location")
        return reply if location is None else reply.with_header("Location", bend(call, location))

    return bent


def token(call: Call) -> bool:
    return call.at("token")


def resigned(bend: Callable[[Json], None], *, when: Callable[[Call], bool] = token) -> Apply:
    """Change the claims of ID tokens and sign them anew, with a key that the set has."""

    def sign(call: Call, reply: Reply) -> Reply:
        if call.at("certs"):
            document = reply.json
            document["keys"].append(_key().as_dict(private=False))
            return reply.with_json(document)
        if reply.status != 200 or "id_token" not in reply.json or not when(call):
            return reply
        document = reply.json
        apart = taken_apart(document["id_token"])
        assert apart is not None
        bend(apart.claims)
        document["id_token"] = jwt.encode({"alg": "RS256", "kid": "faulty"}, apart.claims, _key())
        return reply.with_json(document)

    return on_answer(lambda call: call.at("token") or call.at("certs"), sign)


def reheaded(make: Callable[[Json], str]) -> Apply:
    """Write the ID token otherwise; `make` gets its claims."""

    def bend(document: Json) -> None:
        if "id_token" in document:
            apart = taken_apart(document["id_token"])
            assert apart is not None
            document["id_token"] = make(apart.claims)

    return json_of(token, bend)


def unsigned(claims: Json) -> str:
    parts = ({"alg": "none"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts) + "."


def by_secret(claims: Json) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET * 3), algorithms=["HS256"])


def without_kid(claims: Json) -> str:
    return jwt.encode({"alg": "RS256", "kid": "nowhere"}, claims, _key())


def remembering(matches: Callable[[Call], bool], name: str) -> Apply:
    """What was granted once for a code or a token is granted again, and nobody notices."""
    granted: dict[str, Reply] = {}

    async def apply(asked: Asked, reference: Agenda) -> Reply:
        call = Call(asked)
        if not matches(call):
            return await reference(asked)
        key = call.given.get(name, "")
        if key not in granted:
            reply = await reference(asked)
            if reply.status != 200:
                return reply
            granted[key] = reply
        return granted[key]

    return apply


_VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(_VERIFIER.encode()).digest()).rstrip(b"=").decode()


def without_pkce(*, verifier: Callable[[str | None], bool]) -> Apply:
    """Codes are asked with a challenge of the wire's own, which it answers itself where `verifier` likes what came."""
    own: dict[str, str] = {}
    first: dict[str, str] = {}  # by state: after the login page the request comes again, changed already

    async def apply(asked: Asked, reference: Agenda) -> Reply:
        call = Call(asked)
        if call.exchanges:
            held = call.given.get("code", "") in own and (verifier(call.given.get("code_verifier")) or _right(call))
            return await reference(call.changed(code_verifier=_VERIFIER) if held else asked)
        if call.authorizes and call.given.get("code_challenge") and call.given.get("code_challenge_method") == "S256":
            challenge = first.setdefault(call.given["state"], call.given["code_challenge"])
            reply = await reference(call.changed(code_challenge=CHALLENGE))
            code = dict(parse_qsl((reply.header("location") or "").partition("?")[2])).get("code")
            if code:
                own[code] = challenge
            return reply
        return await reference(asked)

    def _right(call: Call) -> bool:
        challenge = own.get(call.given.get("code", ""))
        sent = hashlib.sha256(call.given.get("code_verifier", "").encode()).digest()
        return challenge is not None and base64.urlsafe_b64encode(sent).rstrip(b"=").decode() == challenge

    return apply


def redirects_anywhere(accepts: Callable[[str], bool]) -> Apply:
    """Return addresses are compared loosely."""

    async def apply(asked: Asked, reference: Agenda) -> Reply:
        call = Call(asked)
        uri = call.given.get("redirect_uri", "")
        if not call.authorizes or uri == BACK or not accepts(uri):
            return await reference(asked)
        reply = await reference(call.changed(redirect_uri=BACK))
        location = reply.header("location") or ""
        return reply.with_header("Location", location.replace(BACK, uri)) if location.startswith(BACK) else reply

    return apply


def open_logout() -> Apply:
    def leave(call: Call) -> Reply:
        return Reply(302, (("Location", call.given["post_logout_redirect_uri"]),), b"")

    return on_call(lambda c: c.at("logout") and "ailleurs" in c.given.get("post_logout_redirect_uri", ""), leave)


def with_secret(call: Call) -> Asked:
    pair = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
    kept = tuple(pair for pair in call.asked.headers if pair[0].lower() != "authorization")
    return replace(call.asked, headers=(*kept, ("Authorization", f"Basic {pair}")))


def without_header(name: str) -> Callable[[Call, Reply], Reply]:
    def bend(_call: Call, reply: Reply) -> Reply:
        return replace(reply, headers=tuple(pair for pair in reply.headers if pair[0].lower() != name))

    return bend


def unnoticed() -> Apply:
    """A code that comes again is refused, and that is all."""
    used: set[str] = set()

    async def apply(asked: Asked, reference: Agenda) -> Reply:
        call = Call(asked)
        code = call.given.get("code", "") if call.exchanges else ""
        if code in used:
            return error(400, "invalid_grant")
        reply = await reference(asked)
        if code and reply.status == 200:
            used.add(code)
        return reply

    return apply


def outliving_sessions(matches: Callable[[Call], bool]) -> Apply:
    """Says goodbye, and ends nothing (or answers in the same way as before where `matches`)."""
    return on_call(matches, lambda call: Reply(200, (("content-type", "text/html"),), b"<p>Au revoir</p>"))


def refreshing_for_ever() -> Apply:
    """Refresh tokens are answered after the logout with what they would have got before."""
    known: list[Reply] = []

    async def apply(asked: Asked, reference: Agenda) -> Reply:
        call = Call(asked)
        reply = await reference(asked)
        if call.exchanges and reply.status == 200:
            known[:] = [reply]
        if call.at("logout"):
            known.append(reply)
        return known[0] if call.refreshes and len(known) > 1 else reply

    return apply


def signs_anyone_in() -> Apply:
    """The password is not looked at: the wire puts the right one in its place."""
    return on_call(
        lambda c: c.path == "/connexion" and c.asked.method == "POST",
        lambda c: c.changed(password="Regulation-2031"),
    )


def forgets_sessions() -> Apply:
    """Who comes back is unknown, but to a request that must not ask."""
    seen: set[str] = set()

    async def apply(asked: Asked, reference: Agenda) -> Reply:
        call = Call(asked)
        cookie = asked.header("cookie") or ""
        if call.authorizes and cookie and "prompt" not in call.given and cookie in seen:
            kept = tuple(pair for pair in asked.headers if pair[0].lower() != "cookie")
            return await reference(replace(asked, headers=kept))
        reply = await reference(asked)
        if call.authorizes and (reply.header("location") or "").startswith(BACK):
            seen.add(cookie)
        return reply

    return apply


def html_instead(reply: Reply, old: bytes, new: bytes) -> Reply:
    return replace(reply, body=reply.body.replace(old, new))


def put(name: str, value: Any) -> Callable[[Json], None]:
    def bend(document: Json) -> None:
        document[name] = value

    return bend


def drop(name: str) -> Callable[[Json], None]:
    def bend(document: Json) -> None:
        document.pop(name, None)

    return bend


def inactive(document: Json) -> None:
    document.clear()
    document["active"] = False


def shift(seconds: int) -> Callable[[Json], None]:
    def bend(claims: Json) -> None:
        claims["iat"] += seconds
        claims["exp"] += seconds

    return bend


def error(status: int, code: str) -> Reply:
    return Reply(status, JSON, json.dumps({"error": code}).encode())
