"""A small editor as relying party, right unless a fault says otherwise; its pages are not those of the reference.

It has accounts (INT_R02), one agenda with two slots (a part of INT_R01), terms, a booking page, its own login, and
signs regulators on at any provider. A fault is a name in `wrong`; each is looked at in one place.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from recette.model import TransportFailure
from recette.museum.sso_partner_pages import DESK, TERMS, agenda, outcome, own_login, refused
from recette.museum.sso_partner_sessions import Account, Pending, RefusedError, Session
from recette.museum.sso_provider import ENDPOINTS, HOME, cookies, issuer_at, page, redirect
from recette.museum.street import Street
from recette.museum.wire import Asked, Reply
from sas_kernel.clock import Clock

EDITOR: Final = "https://agenda.example.org"
CLIENT, SECRET = "editeur-essai", "invented-client-secret"
OTHER_CLIENT: Final = "editeur-essai-bis"
ORIGINS: Final = frozenset({"sas", "sas-preprod"})
CALLBACK: Final = "/retour"


@dataclass(slots=True)
class Partner:
    street: Street
    clock: Clock
    wrong: str = ""
    accounts: list[Account] = field(default_factory=list)
    sessions: dict[str, Session] = field(default_factory=dict)
    everybody: dict[str, Pending] = field(default_factory=dict)
    used: dict[str, dict[str, Any]] = field(default_factory=dict)
    last: Account | None = None
    address: str = EDITOR
    home: str = HOME
    """The provider's address."""

    async def __call__(self, asked: Asked) -> Reply:
        path, _, query = asked.target.partition("?")
        sent = dict(parse_qsl(query, keep_blank_values=True))
        if path.startswith("/fhir/"):
            return self._account(asked, sent) if "/Practitioner" in path else self._slots()
        sid = cookies(asked).get("visite", "")
        session = self.sessions.get(sid) or Session()
        reply = await self._page(asked, path, sent, sid, session)
        if self.wrong != "pages may be kept":
            reply = reply.with_header("Cache-Control", "no-store")
        return reply

    # --- what the platform sends -------------------------------------------------------------------------------------

    def _account(self, asked: Asked, sent: dict[str, str]) -> Reply:
        document = json.loads(asked.body)
        token = "|".join(document["identifier"][0][key] for key in ("system", "value"))
        active = bool(document["active"])
        wanted = sent.get("identifier", token)
        known = [each for each in self.accounts if each.token == wanted]
        account = next((each for each in known if each.active), known[-1] if known else None)
        if asked.method == "POST" and account is not None and account.active:
            return outcome(409)
        if asked.method == "POST":
            account = None
        if not active and self.wrong == "keeps an account enabled" and token.endswith("ESS1000"):
            return outcome(422)
        created = account is None
        if account is None:
            account = Account(len(self.accounts) + 1, token, active, "", "")
            self.accounts.append(account)
        account.active, account.email = active, document["telecom"][0]["value"]
        account.family = document["name"][0]["family"]
        if not active and self.wrong == "enables nobody again":
            account.banned = True
        where = ("Location", f"{self.address}/fhir/Practitioner/{account.id}")
        return Reply(201 if created else 200, (where,), b"")

    def _slots(self) -> Reply:
        query = "" if self.wrong in {"glued origin ignored", "odd: no query"} else "?vue=semaine"
        coding = {"system": "http://terminology.hl7.org/CodeSystem/v2-0276", "code": "ROUTINE"}
        slots = [
            {
                "resource": {
                    "resourceType": "Slot",
                    "id": f"cr-{number}",
                    "appointmentType": {"coding": [coding]},
                    "comment": f"{self.address}/agenda/ag-1{query}",
                }
            }
            for number in (1, 2)
        ]
        return Reply(200, (("Content-Type", "application/fhir+json"),), b"").with_json({"entry": slots})

    # --- pages -------------------------------------------------------------------------------------------------------

    async def _page(self, asked: Asked, path: str, sent: dict[str, str], sid: str, session: Session) -> Reply:
        if "&origin=" in path and self.wrong == "odd: no query":
            path, _, origin = path.partition("&origin=")
            sent["origin"] = origin
        if path == CALLBACK:
            return await self._back(sent, sid, session)
        if path == "/entree":
            return self._hop(asked, sent)
        if path in {"/agenda/ag-1", "/accueil"}:
            return self._agenda(path, sent, session, sid)
        if path.startswith("/reserver/"):
            return self._desk(session)
        if path == "/connexion":
            return own_login()
        if path == "/connexion-psc":
            return self._to_provider(sid, session, rights=False)
        if path == "/conditions":
            return self._terms(asked, session)
        if path == "/deconnexion":
            return self._leave(sid, session)
        return refused("Page inconnue.", 404)

    def _agenda(self, path: str, sent: dict[str, str], session: Session, sid: str) -> Reply:
        known = sent.get("origin") in ORIGINS
        if self.wrong == "any origin will do" and session.account is None:
            known = "origin" in sent
        account = session.account
        if account is not None and not account.active and self.wrong != "disabling ends no session":
            account = session.account = None
        if account is None:
            if known and self.wrong == "own login in place of the provider":
                return redirect("/connexion")
            if known and self.wrong == "too many redirects":
                return redirect("/entree?pas=1")
            if known or self.wrong == "to the provider without origin":
                return self._to_provider(sid, session, rights=known)
            if self.wrong == "the agenda is public":
                return agenda(path, rights=False)
            if self.wrong == "odd: says no" or "origin" in sent:
                return refused("Connexion nécessaire : ouvrez l’agenda depuis la plateforme.", 401, link=True)
            return redirect("/connexion")
        if known and not session.rights and self.wrong != "rights are never gained":
            return self._to_provider(sid, session, rights=True)
        if "origin" in sent and self.wrong == "rights by any origin":
            session.rights = True
        if not account.terms:
            return redirect("/conditions")
        return agenda(path, rights=session.rights or self.wrong == "rights without origin")

    def _hop(self, asked: Asked, sent: dict[str, str]) -> Reply:
        step = int(sent.get("pas", "1"))
        sid = cookies(asked).get("visite", "")
        if step < 4:
            return redirect(f"/entree?pas={step + 1}")
        return self._to_provider(sid, self.sessions.get(sid) or Session(), rights=True)

    def _desk(self, session: Session) -> Reply:
        account = session.account
        if self.wrong == "the booking page is open":
            return DESK
        if account is None or (not account.active and self.wrong != "disabling ends no session"):
            return redirect("/connexion")
        if not account.terms and self.wrong != "books before the terms":
            return redirect("/conditions")
        if not session.rights and self.wrong != "rights without origin":
            return refused("La réservation n’est pas autorisée.", 403)
        return DESK

    def _terms(self, asked: Asked, session: Session) -> Reply:
        if session.account is None:
            return redirect("/connexion")
        if asked.method == "POST":
            if "lu" not in dict(parse_qsl(asked.body.decode())):
                return redirect("/conditions")
            session.account.terms = True
            if self.wrong == "an error once the terms are accepted":
                return refused("Une erreur est survenue.", 409)
            if self.wrong == "odd: thanks first":
                return page("Merci", "<p>Merci.</p>")
            return redirect("/agenda/ag-1?vue=semaine")
        return TERMS

    def _leave(self, sid: str, session: Session) -> Reply:
        gone = ("Set-Cookie", "visite=; Path=/; Max-Age=0")
        if self.wrong == "leaving keeps the session":
            return redirect("/connexion")
        if self.wrong != "leaving forgets the cookie only":
            session.account = None
            self.sessions.pop(sid, None)
        return redirect("/connexion", gone)

    # --- signing on --------------------------------------------------------------------------------------------------

    def _to_provider(self, sid: str, session: Session, *, rights: bool) -> Reply:
        pending = Pending(
            state={"short state": secrets.token_hex(2), "constant state": "toujours-le-meme"}.get(
                self.wrong, secrets.token_urlsafe(24)
            ),
            nonce={"constant nonce": "toujours-le-meme", "no nonce": ""}.get(self.wrong, secrets.token_urlsafe(24)),
            verifier="" if self.wrong in {"no PKCE", *_UNBOUND} else secrets.token_urlsafe(40),
            rights=rights,
        )
        if sid not in self.sessions:
            sid = secrets.token_urlsafe(24)
            self.sessions[sid] = session
        session.pending[pending.state] = self.everybody[pending.state] = pending
        sent = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": self._redirect_uri,
            "scope": "openid scope_all",
            "state": pending.state,
            "acr_values": "eidas1",
        }
        if pending.nonce:
            sent["nonce"] = pending.nonce
        if pending.verifier:
            digest = hashlib.sha256(pending.verifier.encode()).digest()
            sent["code_challenge"] = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            sent["code_challenge_method"] = "S256"
        sent |= _REQUESTS.get(self.wrong, {})
        if self.wrong == "no acr_values":
            del sent["acr_values"]
        door = "other-door" if self.wrong == "another door of the provider" else "auth"
        return redirect(f"{self.home}{ENDPOINTS}/{door}?{urlencode(sent, quote_via=quote)}", self._cookie(sid))

    @property
    def _client(self) -> str:
        return OTHER_CLIENT if self.wrong == "another client" else CLIENT

    @property
    def _redirect_uri(self) -> str:
        return (self.address.replace("https", "http") if self.wrong == "returns over http" else self.address) + CALLBACK

    def _cookie(self, sid: str) -> tuple[str, str]:
        attributes = ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"]
        if self.wrong == "odd: newer attributes of cookies":
            attributes = ["Partitioned", "Priority=High", "", *attributes]
        return "Set-Cookie", "; ".join([f"visite={sid}", *(each for each in attributes if each != self.wrong)])

    async def _back(self, sent: dict[str, str], sid: str, session: Session) -> Reply:
        if self.wrong == "drops a return without state" and "state" not in sent:
            return Reply(0, (), b"", failure=TransportFailure.CONNECTION_LOST)
        if "error" in sent and self.wrong == "fails at the provider's refusal":
            return page("Erreur", "<p>Erreur interne</p>", 500)
        try:
            pending = self._pending(sent, session)
            account = await self._identified(sent, pending)
        except RefusedError as why:
            if self.wrong == "refuses without a word":
                return page("Bienvenue", "<p>Bienvenue</p>")
            return refused(f"Connexion refusée : {why}", 403)
        if self.wrong == "admits nobody":
            return refused("Connexion refusée.", 403)
        self.last = account
        new = sid if self.wrong == "the session keeps its name" else secrets.token_urlsafe(24)
        if new != sid and sid in self.sessions and "return twice" not in self.wrong:
            del self.sessions[sid]
        self.sessions[new] = Session(account, pending.rights)
        if self.wrong == "never asks the terms":
            account.terms = True
        if self.wrong == "asks the terms every time":
            account.terms = False
        query = {
            "the code stays in the address": {"code": sent.get("code", ""), "state": pending.state},
            "a token in the address": {"id_token": self.used.get("last", {}).get("id_token", "")},
            "a person in the address": {"regulateur": account.email},
        }.get(self.wrong, {})
        home = "/accueil" if self.wrong == "opens another page" else "/agenda/ag-1"
        return redirect(f"{home}?{urlencode({'vue': 'semaine', **query})}", self._cookie(new))

    def _pending(self, sent: dict[str, str], session: Session) -> Pending:
        """The request this return answers, which is then no longer pending."""
        state = sent.get("state", "")
        mine = list(session.pending.values())
        if self.wrong == "accepts a return without state" and not state and mine:
            return mine[-1]
        if self.wrong == "ignores the state" and mine:
            return mine[-1]
        found = session.pending.get(state)
        if found is None and (
            self.wrong == "a state is anybody's"
            or (self.wrong == "a state is anybody's without cookie" and not mine)
            or (self.wrong == "a state is anybody's who has one" and mine)
        ):
            found = self.everybody.get(state)
        if found is None:
            raise RefusedError("cette demande n’est pas la vôtre")
        if self.wrong != "takes a return twice":
            session.pending.pop(state, None)
            self.everybody.pop(state, None)
        return found

    async def _identified(self, sent: dict[str, str], pending: Pending) -> Account:
        """Exchange the code, verify the tokens, find the account; raise `RefusedError`."""
        code = sent.get("code", "")
        if "error" in sent:
            if self.wrong == "a refusal lets in" and self.last is not None:
                return self.last
            raise RefusedError("le fournisseur a refusé")
        if self.wrong == "takes a return twice" and code in self.used:
            tokens = self.used[code]
        else:
            form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._redirect_uri}
            form |= {"client_id": self._client, "client_secret": SECRET, "code_verifier": pending.verifier}
            answer = await self._ask("POST", "/token", body=urlencode(form).encode())
            if answer.status != 200:
                if self.wrong == "any code lets in" and self.last is not None:
                    return self.last
                raise RefusedError("le code n’est pas accepté")
            tokens = self.used[code] = self.used["last"] = answer.json
        claims = await self._verified(tokens["id_token"], pending)
        info = (await self._ask("GET", "/userinfo", bearer=tokens["access_token"])).json
        if info["sub"] != claims["sub"] and self.wrong != "accepts subject_mismatch":
            raise RefusedError("deux sujets")
        return self._matched(info)

    async def _verified(self, token: str, pending: Pending) -> dict[str, Any]:
        keys = KeySet.import_key_set((await self._ask("GET", "/certs")).json)
        claims: dict[str, Any]
        try:
            claims = jwt.decode(token, keys, algorithms=["ES256"]).claims
        except (JoseError, ValueError) as error:
            unsigned = token.endswith(".")
            tolerated = self.wrong == "accepts alg_none" if unsigned else self.wrong == "accepts bad_signature"
            if not tolerated:
                raise RefusedError("signature") from error
            payload = token.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        for name, right, fault in (
            ("iss", claims.get("iss") == issuer_at(self.home), "wrong_issuer"),
            ("aud", claims.get("aud") == self._client, "wrong_audience"),
            ("exp", claims.get("exp", 0) > self.clock.now().timestamp(), "expired"),
            ("nonce", claims.get("nonce", "") == pending.nonce, "bad_nonce"),
        ):
            if not right and self.wrong != f"accepts {fault}":
                raise RefusedError(name)
        return claims

    def _matched(self, info: dict[str, Any]) -> Account:
        value = info.get("SubjectNameID")
        found = [each for each in self.accounts if value and each.token.endswith(f"|{value}")]
        if not found and self.wrong == "recognises by e-mail":
            found = [each for each in self.accounts if each.email == info.get("email")]
        if not found and self.wrong == "recognises by name":
            found = [each for each in self.accounts if each.family == info.get("family_name") and each.active]
        if not found and self.wrong == "makes unknown people an account" and value:
            found = [Account(0, f"|{value}", True, "", "", terms=True)]
            self.accounts.append(found[0])
        account = next((each for each in found if each.active), found[-1] if found else None)
        if account is not None and self.wrong == "lets disabled people in":
            account.active = True
        if account is None or not account.active or account.banned:
            raise RefusedError("aucun compte actif")
        return account

    async def _ask(self, method: str, path: str, *, body: bytes = b"", bearer: str = "") -> Reply:
        url = self.home + ENDPOINTS + path
        party = self.street.at(url)
        assert party is not None
        headers = (("Authorization", f"Bearer {bearer}"),) if bearer else ()
        return await party(Asked(method, urlsplit(url).path, headers, body))


_UNBOUND = frozenset(
    {"a state is anybody's", "a state is anybody's without cookie", "a state is anybody's who has one"}
)
_REQUESTS: dict[str, dict[str, str]] = {
    "another response_type": {"response_type": "code id_token"},
    "scope without openid": {"scope": "profile scope_all"},
    "scope without scope_all": {"scope": "openid"},
    "the secret in the request": {"client_secret": SECRET},
    "asks for the password again": {"prompt": "login"},
}
