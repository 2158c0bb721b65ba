"""The museum of wrong identity providers: one fault each."""

from __future__ import annotations

from recette.checks.platform_sso import MARKER
from recette.model import TransportFailure
from recette.museum.bending import Fault
from recette.museum.platform_sso import (
    BACK,
    CHALLENGE,
    CLIENT,
    JSON,
    by_secret,
    discovery,
    drop,
    error,
    forgets_sessions,
    html_instead,
    inactive,
    json_of,
    location,
    login_page,
    on_answer,
    on_call,
    open_logout,
    outliving_sessions,
    put,
    redirects_anywhere,
    refreshing_for_ever,
    reheaded,
    remembering,
    resigned,
    shift,
    signs_anyone_in,
    token,
    unnoticed,
    unsigned,
    with_secret,
    without_header,
    without_kid,
    without_pkce,
)
from recette.museum.wire import Reply

FAULTS: tuple[Fault, ...] = (
    Fault(
        "provider-drops",
        "SSO-100",
        "drops the connection of who has no token",
        on_call(
            lambda c: c.at("userinfo") and c.asked.header("authorization") is None,
            lambda c: Reply(0, (), b"", failure=TransportFailure.CONNECTION_LOST),
        ),
    ),
    Fault(
        "discovery-missing",
        "SSO-101",
        "publishes nothing at the usual address",
        on_call(discovery, lambda c: Reply(404, (), b"")),
    ),
    Fault(
        "discovery-http",
        "SSO-106",
        "has an endpoint without TLS",
        json_of(discovery, put("userinfo_endpoint", "http://platform.example.org/userinfo")),
    ),
    Fault(
        "sign-in-leads-nowhere",
        "SSO-110",
        "denies who has signed in",
        on_answer(login_page, location(lambda c, to: f"{BACK}?error=access_denied&state={c.given['state']}")),
    ),
    Fault(
        "tokens-without-id-token",
        "SSO-130",
        "gives no ID token",
        json_of(lambda c: c.exchanges, drop("id_token")),
    ),
    Fault(
        "userinfo-refused",
        "SSO-160",
        "does not know its own tokens",
        on_call(lambda c: c.at("userinfo"), lambda c: error(401, "invalid_token")),
    ),
    Fault(
        "discovery-wallet-missing",
        "SSO-102",
        "publishes at one address",
        on_call(lambda c: "wallet" in c.path, lambda c: Reply(404, (), b"")),
    ),
    Fault(
        "discovery-other-issuer",
        "SSO-103",
        "names another issuer",
        json_of(discovery, put("issuer", "https://x.example.org")),
    ),
    Fault(
        "discovery-without-jwks",
        "SSO-104",
        "does not list subject types",
        json_of(discovery, drop("subject_types_supported")),
    ),
    Fault(
        "discovery-hs256",
        "SSO-105",
        "announces HS256",
        json_of(discovery, put("id_token_signing_alg_values_supported", ["HS256", "none"])),
    ),
    Fault(
        "jwks-private",
        "SSO-107",
        "publishes its private key",
        json_of(lambda c: c.at("certs"), lambda d: d["keys"][0].update(d="AQAB")),
    ),
    Fault(
        "state-lost",
        "SSO-111",
        "does not send the state back",
        on_answer(login_page, location(lambda c, to: to.replace("state=", "etat=") if to.startswith(BACK) else to)),
    ),
    Fault(
        "marker-missing",
        "SSO-112",
        "does not say whose the page is",
        on_answer(login_page, lambda c, r: html_instead(r, MARKER.encode(), b"Connexion")),
    ),
    Fault(
        "noscript",
        "SSO-113",
        "has a noscript",
        on_answer(login_page, lambda c, r: html_instead(r, b"</body>", b"<noscript>JavaScript ?</noscript></body>")),
    ),
    Fault(
        "unknown-client-redirected",
        "SSO-114",
        "sends unknown clients back with an error",
        on_call(
            lambda c: c.authorizes and c.given.get("client_id") != CLIENT,
            lambda c: Reply(302, (("Location", f"{c.given['redirect_uri']}?error=unauthorized_client"),), b""),
        ),
    ),
    Fault(
        "redirect-prefix",
        "SSO-115",
        "compares the beginning of addresses",
        redirects_anywhere(lambda uri: uri.startswith(BACK)),
    ),
    Fault("redirect-anywhere", "SSO-115", "compares no addresses", redirects_anywhere(lambda uri: True)),
    Fault(
        "response-type-ignored",
        "SSO-117",
        "gives a code whatever is asked",
        on_call(
            lambda c: c.authorizes and c.given.get("response_type") == "token",
            lambda c: c.changed(response_type="code"),
        ),
    ),
    Fault(
        "pkce-not-required",
        "SSO-118",
        "gives codes without PKCE",
        on_call(
            lambda c: c.authorizes and "code_challenge" not in c.given,
            lambda c: c.changed(code_challenge=CHALLENGE, code_challenge_method="S256"),
        ),
    ),
    Fault(
        "pkce-plain",
        "SSO-119",
        "takes the method plain",
        on_call(
            lambda c: c.authorizes and c.given.get("code_challenge_method") == "plain",
            lambda c: c.changed(code_challenge_method="S256"),
        ),
    ),
    Fault(
        "prompt-none-asks",
        "SSO-120",
        "shows its page to a request that must not ask",
        on_call(
            lambda c: c.authorizes and c.given.get("prompt") == "none" and not c.asked.header("cookie"),
            lambda c: c.changed(prompt=None),
        ),
    ),
    Fault("asks-again", "SSO-121", "asks for the password each time", forgets_sessions()),
    Fault(
        "prompt-none-never",
        "SSO-122",
        "answers prompt=none with login_required to everybody",
        on_call(
            lambda c: c.authorizes and c.given.get("prompt") == "none",
            lambda c: Reply(302, (("Location", f"{BACK}?error=login_required&state={c.given['state']}"),), b""),
        ),
    ),
    Fault("any-password", "SSO-123", "does not look at the password", signs_anyone_in()),
    Fault(
        "login-stored",
        "SSO-124",
        "lets its login page be cached",
        on_answer(login_page, without_header("cache-control")),
    ),
    Fault(
        "tokens-stored",
        "SSO-131",
        "lets tokens be cached",
        on_answer(lambda c: c.exchanges, without_header("cache-control")),
        "provider.token_no_store",
    ),
    Fault(
        "refreshed-tokens-stored",
        "SSO-131",
        "lets refreshed tokens be cached",
        on_answer(lambda c: c.refreshes, without_header("cache-control")),
        "provider.refresh_no_store",
    ),
    Fault("code-replayed", "SSO-132", "exchanges a code twice", remembering(lambda c: c.exchanges, "code")),
    Fault(
        "replay-unnoticed",
        "SSO-133",
        "refuses a replay and leaves the tokens",
        unnoticed(),
    ),
    Fault(
        "verifier-ignored", "SSO-134", "does not compare the verifier", without_pkce(verifier=lambda v: v is not None)
    ),
    Fault("verifier-not-asked", "SSO-135", "exchanges without a verifier", without_pkce(verifier=lambda v: v is None)),
    Fault(
        "token-redirect-ignored",
        "SSO-136",
        "does not compare redirect_uri again",
        on_call(lambda c: c.exchanges, lambda c: c.changed(redirect_uri=BACK)),
    ),
    Fault("secret-ignored", "SSO-137", "does not look at the secret", on_call(lambda c: c.exchanges, with_secret)),
    Fault(
        "grant-type-invalid-request",
        "SSO-138",
        "knows one error",
        on_answer(
            lambda c: c.at("token") and c.given.get("grant_type") == "recette",
            lambda c, r: error(400, "invalid_request"),
        ),
    ),
    Fault(
        "invented-code-500",
        "SSO-139",
        "fails on a code it does not know",
        on_answer(lambda c: c.given.get("code", "").startswith("recette-"), lambda c, r: error(500, "server_error")),
    ),
    Fault(
        "errors-as-text",
        "SSO-140",
        "answers errors as text",
        on_answer(token, lambda c, r: r if r.status == 200 else r.with_header("content-type", "text/plain")),
    ),
    Fault("alg-none", "SSO-150", "does not sign", reheaded(unsigned)),
    Fault("alg-hs256", "SSO-150", "signs with the client's secret", reheaded(by_secret)),
    Fault("kid-unknown", "SSO-150", "signs with a key it does not publish", reheaded(without_kid)),
    Fault("wrong-issuer", "SSO-151", "says another issuer", resigned(put("iss", "https://x.example.org"))),
    Fault("wrong-audience", "SSO-152", "says another audience", resigned(put("aud", "another-client"))),
    Fault("expired-token", "SSO-153", "gives tokens of an hour ago", resigned(shift(-7200))),
    Fault("nonce-missing", "SSO-154", "forgets the nonce", resigned(drop("nonce"))),
    Fault("acr-other", "SSO-155", "says another level", resigned(put("acr", "eidas3"))),
    Fault(
        "subject-changes",
        "SSO-156",
        "draws a subject at each refresh",
        resigned(put("sub", "f:another:1"), when=lambda c: c.refreshes),
    ),
    Fault("at-hash-other", "SSO-157", "hashes something else", resigned(put("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"))),
    Fault(
        "userinfo-subject",
        "SSO-161",
        "speaks of another person",
        json_of(lambda c: c.at("userinfo"), put("sub", "f:x:99")),
    ),
    Fault(
        "userinfo-without-other-ids",
        "SSO-162",
        "leaves out what it does not know",
        json_of(lambda c: c.at("userinfo"), drop("otherIds")),
    ),
    Fault(
        "userinfo-without-subject-name-id",
        "SSO-163",
        "does not give the national id",
        json_of(lambda c: c.at("userinfo"), drop("SubjectNameID")),
        also=("SSO-162",),
    ),
    Fault(
        "userinfo-empty-for-nobody",
        "SSO-164",
        "answers nobody with an empty object",
        on_call(lambda c: c.at("userinfo") and not c.asked.header("authorization"), lambda c: Reply(200, JSON, b"{}")),
    ),
    Fault(
        "userinfo-403",
        "SSO-165",
        "fails on an invented token",
        on_call(
            lambda c: c.at("userinfo") and "invente" in (c.asked.header("authorization") or ""),
            lambda c: error(500, "x"),
        ),
    ),
    Fault(
        "refresh-refused",
        "SSO-170",
        "does not refresh",
        on_call(
            lambda c: c.refreshes and "recette-" not in c.asked.body.decode(), lambda c: error(400, "invalid_grant")
        ),
        also=(),
    ),
    Fault(
        "refresh-reused",
        "SSO-171",
        "refreshes twice with one token",
        remembering(lambda c: c.refreshes, "refresh_token"),
    ),
    Fault(
        "refresh-invented",
        "SSO-172",
        "fails on a token it does not know",
        on_call(
            lambda c: "recette-jeton-invente" in c.given.get("refresh_token", ""), lambda c: error(500, "server_error")
        ),
    ),
    Fault(
        "introspection-inactive",
        "SSO-180",
        "calls every token inactive",
        json_of(lambda c: c.at("token/introspect"), inactive),
        "provider.introspection_active",
    ),
    Fault(
        "introspection-of-living-refused",
        "SSO-180",
        "introspects what does not live, and nothing else",
        on_answer(lambda c: c.at("token/introspect"), lambda c, r: error(501, "x") if b"true" in r.body else r),
        "provider.introspection_answered",
    ),
    Fault(
        "introspection-active",
        "SSO-181",
        "calls every token active",
        json_of(lambda c: c.at("token/introspect"), put("active", True)),
    ),
    Fault(
        "introspection-open", "SSO-182", "answers everybody", on_call(lambda c: c.at("token/introspect"), with_secret)
    ),
    Fault(
        "logout-ends-nothing",
        "SSO-190",
        "says goodbye and ends nothing",
        outliving_sessions(lambda c: c.at("logout")),
        also=("SSO-191",),
    ),
    Fault("refresh-after-logout", "SSO-191", "refreshes after the end", refreshing_for_ever()),
    Fault("logout-open-redirect", "SSO-192", "leads anywhere", open_logout()),
)
