"""`/connexion` and `/deconnexion`: the platform's own sign-in, which is that of the provider too."""

from __future__ import annotations

import hmac
import secrets
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from sas_kernel.text import Lang, Text
from sas_kit.web import form_fields
from sas_platform.dependencies import LangDep, State, StateDep
from sas_platform.sso import rules
from sas_platform.sso.model import COOKIE, LockedError, SignedIn, Visit, WrongPasswordError
from sas_platform.sso.oauth.rules import origins_of

router = APIRouter(include_in_schema=False)

LOGIN_PATH: Final = "/connexion"
_FORM_COOKIE: Final = "sas_login"  # until there is a session, a form is known by the secret that its browser was given


async def _signed_in(request: Request, state: StateDep) -> SignedIn | None:
    return await state.sign_on.signed_in(request.cookies.get(COOKIE), state.clock.now())


SignedInDep = Annotated[SignedIn | None, Depends(_signed_in)]
"""Who is signed in, None when nobody is."""


async def _visit(request: Request, state: StateDep) -> Visit | None:
    return await state.sign_on.visit(request.cookies.get(COOKIE), state.clock.now())


VisitDep = Annotated[Visit | None, Depends(_visit)]


@router.get(LOGIN_PATH)
async def login(request: Request, state: StateDep, lang: LangDep, visit: VisitDep, vers: str | None = None) -> Response:
    """The form; who is signed in goes on to where he wanted to go."""
    target = rules.local_target(vers)
    if visit is not None:
        return RedirectResponse(target, 303, dict(NO_STORE))
    return login_page(request, state, lang, target)


@router.post(LOGIN_PATH)
async def sign_in(request: Request, state: StateDep, lang: LangDep, vers: str | None = None) -> Response:
    """Open a session and go on. The one before it ends: who signs in anew on a browser takes it over."""
    fields = await form_fields(request, state.settings.max_request_bytes)
    target = rules.local_target(fields.get("vers", vers))
    email = fields.get("email", "")
    if not _same(request.cookies.get(_FORM_COOKIE), fields.get("csrf")):
        text = Text(
            "Cette page avait expiré, ou votre navigateur refuse les cookies : recommencez.",
            "This page had expired, or your browser refuses cookies: try again.",
        )
        return login_page(request, state, lang, target, email=email, error=text, status=403)
    now = state.clock.now()
    address = request.client.host if request.client else ""
    before = request.cookies.get(COOKIE)
    try:
        cookie = await state.sign_on.sign_in(email, fields.get("password", ""), address, now, instead_of=before)
    except WrongPasswordError as error:
        return login_page(request, state, lang, target, email=email, error=error.text, status=403)
    except LockedError as error:
        page = login_page(request, state, lang, target, email=email, error=error.text, status=429)
        page.headers["Retry-After"] = str(max(1, int((error.until - now).total_seconds())))
        return page
    response = RedirectResponse(target, 303, dict(NO_STORE))
    response.set_cookie(COOKIE, cookie, httponly=True, samesite="lax", secure=_is_secure(state), path="/")
    return response


@router.post("/deconnexion")
async def sign_out(request: Request, state: StateDep, lang: LangDep, visit: VisitDep) -> Response:
    """End the session here; editors keep theirs until they ask again."""
    fields = await form_fields(request, state.settings.max_request_bytes)
    target = LOGIN_PATH if lang is Lang.FR else f"{LOGIN_PATH}?lang={lang.value}"
    response = RedirectResponse(target, 303, dict(NO_STORE))
    # Without its cookie the request may come from another site: then the cookie that was not sent is not taken away.
    if visit is not None:
        if not _same(visit.session.csrf, fields.get("csrf")):
            title = Text("Déconnexion refusée", "Sign-out refused")
            text = Text(
                "Cette page avait expiré : revenez à l’accueil.", "This page had expired: go back to the start."
            )
            return message_page(state, lang, title, text, status=403)
        await state.sign_on.sign_out(visit.session.id, state.clock.now())
        forget_session(response, state)
    return response


# --- pages, for the provider too -------------------------------------------------------------------------------------

NO_STORE: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def login_page(
    request: Request,
    state: State,
    lang: Lang,
    target: str,
    *,
    here: str | None = None,
    email: str = "",
    error: Text | None = None,
    status: int = 200,
) -> Response:
    """The one form, which leads on to `target`, a path of this site; `here` is the path that shows this page."""
    known = request.cookies.get(_FORM_COOKIE, "")
    csrf = known if len(known) >= 32 else secrets.token_urlsafe(32)
    html = state.templates.get_template("login.html").render(
        **_words(lang),
        target=target,
        csrf=csrf,
        email=email[:254],
        error="" if error is None else error.to(lang),
        other=f"{here or _path(LOGIN_PATH, vers=target)}&lang={'en' if lang is Lang.FR else 'fr'}",
        action=_path(LOGIN_PATH, lang="en" if lang is Lang.EN else ""),
        has_identities=bool(state.sign_on.identities),
    )
    # A browser holds a form to this list in its redirects too, the last of which leads to the editor.
    response = HTMLResponse(html, status, page_headers(origins_of(state.provider.clients)))
    response.set_cookie(
        _FORM_COOKIE, csrf, httponly=True, samesite="lax", secure=_is_secure(state), path="/", max_age=86_400
    )
    return response


def message_page(
    state: State, lang: Lang, title: Text, text: Text, *, status: int = 200, csrf: str | None = None
) -> Response:
    """One sentence, and with `csrf` the button that signs out."""
    html = state.templates.get_template("sign_on_message.html").render(
        **_words(lang), title=title.to(lang), text=text.to(lang), csrf=csrf, failed=status >= 400
    )
    return HTMLResponse(html, status, page_headers())


def page_headers(form_targets: tuple[str, ...] = ()) -> dict[str, str]:
    form_action = " ".join(("'self'", *form_targets))
    return {
        **NO_STORE,
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'self'; img-src 'self' data:; form-action {form_action}; "
            "base-uri 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
    }


def forget_session(response: Response, state: State) -> None:
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=_is_secure(state))


def _words(lang: Lang) -> dict[str, Any]:
    return {"lang": lang.value, "t": lambda fr, en: en if lang is Lang.EN else fr}


def _path(path: str, **query: str) -> str:
    kept = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path


def _is_secure(state: State) -> bool:
    return state.settings.public_url.lower().startswith("https://")


def _same(expected: str | None, given: str | None) -> bool:
    if not expected or not given:
        return False
    return hmac.compare_digest(expected.encode("utf-8", "surrogatepass"), given.encode("utf-8", "surrogatepass"))
