"""The story of a sign-in at an editor: a request, a code, tokens, who it is, and the end of it.

Each one loads, lets the authorization server answer, and saves: what was given is worth something only once the row of
what it was given for has been marked as used, which one request alone can do.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from sqlalchemy.ext.asyncio import AsyncConnection

from sas_kit.database import Database, translating
from sas_platform.sso.identities import rules as identities_rules
from sas_platform.sso.identities.model import Fault
from sas_platform.sso.keys.service import KeyRing
from sas_platform.sso.model import Lifetimes, SignOnUnavailableError, Visit
from sas_platform.sso.oauth import rules
from sas_platform.sso.oauth.model import Answer, Client, LoginNeeded, LogoutRefusedError, Token
from sas_platform.sso.oauth.service import Desk, Parameters
from sas_platform.sso.provider.repository import CodeRepository, TokenRepository
from sas_platform.sso.rules import hashed
from sas_platform.sso.server import service as server
from sas_platform.sso.service import SignOn

_KEPT: Final = timedelta(days=1)  # after their end, to tell who comes with an old code from who comes with none


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """`redirect` is where the editor wants the browser; None: a page says that it is over."""

    session_id: str
    redirect: str | None


@dataclass(frozen=True, slots=True)
class Provider:
    database: Database
    sign_on: SignOn
    keys: KeyRing
    clients: Mapping[str, Client]
    issuer: str
    lifetimes: Lifetimes
    acr_required: bool

    def __post_init__(self) -> None:
        # At its most talkative Authlib writes whole tokens.
        logging.getLogger("authlib").setLevel(logging.INFO)

    async def authorize(self, parameters: Parameters, visit: Visit | None, now: datetime) -> Answer | LoginNeeded:
        """Raises `UntrustedRequestError` where nobody knows where to answer."""
        rules.trusted_client(parameters, self.clients)
        desk = self._desk(now, visit)
        answer = server.authorize(desk, parameters)
        if desk.new_code is not None:
            async with self._writing() as connection:
                codes = CodeRepository(connection)
                await codes.forget(now - _KEPT)
                await codes.insert(desk.new_code)
        return answer

    async def token(self, parameters: Parameters, headers: Mapping[str, str], now: datetime) -> Answer:
        given = dict(reversed(parameters))
        desk = self._desk(now, None)
        async with self._reading() as connection:
            if given.get("grant_type") == "authorization_code" and given.get("code"):
                desk.code = await CodeRepository(connection).get(hashed(given["code"]))
            elif given.get("grant_type") == "refresh_token" and given.get("refresh_token"):
                desk.token = await TokenRepository(connection).with_refresh(hashed(given["refresh_token"]))
        source = desk.code or desk.token
        if source is not None:
            self._seat(desk, await self.sign_on.visit_of(source.session_id, now))
            desk.key = await self.keys.signing(now)
        answer = await asyncio.to_thread(server.token, desk, parameters, headers)
        if desk.replayed is not None:
            async with self._writing() as connection:
                await TokenRepository(connection).revoke(desk.replayed, now)
        # An extension may still refuse after the grant has made its tokens: only an answer of success is saved.
        if desk.new_token is None or answer.status != 200:
            return answer
        if not await self._saved(desk, desk.new_token):
            return server.refused("invalid_grant", "This was used in the meantime: its tokens are revoked.")
        if desk.visit is not None:
            await self.sign_on.touch(desk.visit.session, now)
        return answer

    async def userinfo(self, access_token: str, now: datetime) -> dict[str, Any] | None:
        """Who the bearer speaks for; None when the token is not, or no longer, good for it."""
        token = await self._by_access(access_token, now)
        if token is None or token.revoked is not None or now >= token.expires:
            return None
        visit = await self.sign_on.visit_of(token.session_id, now)
        if visit is None:
            return None
        return identities_rules.bent_userinfo(rules.userinfo(visit.regulator, self.issuer), self._fault(visit))

    async def introspect(self, parameters: Parameters, headers: Mapping[str, str], now: datetime) -> Answer:
        presented = dict(reversed(parameters)).get("token", "")
        desk = self._desk(now, None)
        desk.token = await self._by_access(presented, now)
        desk.by_access = desk.token is not None
        if desk.token is None and presented:
            async with self._reading() as connection:
                desk.token = await TokenRepository(connection).with_refresh(hashed(presented))
        if desk.token is not None:
            self._seat(desk, await self.sign_on.visit_of(desk.token.session_id, now))
        return server.introspect(desk, parameters, headers)

    async def logout(self, parameters: Parameters, now: datetime) -> LoggedOut | None:
        """End the session of an ID token (`id_token_hint`); None without one: the person is to be asked.

        Raises `LogoutRefusedError`, and then ends nothing.
        """
        given = dict(reversed(parameters))
        uri = given.get("post_logout_redirect_uri")
        hint = given.get("id_token_hint")
        if not hint:
            if uri:
                raise LogoutRefusedError("id_token_hint")
            return None
        claims = await self.keys.verified(hint, now) or {}
        client = self.clients.get(str(claims.get("aud")))
        if client is None or claims.get("iss") != self.issuer or claims.get("typ") != "ID":
            raise LogoutRefusedError("id_token_hint")
        if given.get("client_id", client.id) != client.id:
            raise LogoutRefusedError("client_id")
        if uri and uri != client.post_logout_uri:
            raise LogoutRefusedError("post_logout_redirect_uri")
        await self.sign_on.sign_out(str(claims["sid"]), now)
        return LoggedOut(str(claims["sid"]), _with_state(uri, given.get("state")) if uri else None)

    # --- within ------------------------------------------------------------------------------------------------------

    def _desk(self, now: datetime, visit: Visit | None) -> Desk:
        desk = Desk(now, self.issuer, self.lifetimes, self.clients, self.acr_required)
        self._seat(desk, visit)
        return desk

    def _seat(self, desk: Desk, visit: Visit | None) -> None:
        desk.visit = visit
        desk.fault = None if visit is None else self._fault(visit)

    def _fault(self, visit: Visit) -> Fault | None:
        identity = identities_rules.with_id(self.sign_on.identities, visit.regulator.id)
        return None if identity is None else identity.fault

    async def _by_access(self, access_token: str, now: datetime) -> Token | None:
        claims = await self.keys.verified(access_token, now) if access_token else None
        if claims is None or claims.get("typ") != "Bearer" or claims.get("iss") != self.issuer:
            return None
        async with self._reading() as connection:
            return await TokenRepository(connection).get(str(claims.get("jti")))

    async def _saved(self, desk: Desk, new: Token) -> bool:
        async with self._writing() as connection:
            tokens = TokenRepository(connection)
            if desk.code is not None:
                first = await CodeRepository(connection).use(desk.code.hash, desk.now)
            else:
                first = desk.token is not None and await tokens.refresh(desk.token.id, desk.now)
            if not first:
                await tokens.revoke(new.family, desk.now)
                return False
            await tokens.forget(desk.now - _KEPT)
            await tokens.insert(new)
            return True

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        with translating(unavailable=SignOnUnavailableError, conflict=SignOnUnavailableError):
            async with self.database.reading() as connection:
                yield connection

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        with translating(unavailable=SignOnUnavailableError, conflict=SignOnUnavailableError):
            async with self.database.transaction() as connection:
                yield connection


def _with_state(uri: str, state: str | None) -> str:
    if state is None:
        return uri
    return f"{uri}{'&' if urlsplit(uri).query else '?'}{urlencode({'state': state})}"
