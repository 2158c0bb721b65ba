"""Takes secrets and bulk out of evidence before it is kept. Pure, and masking twice changes nothing more.

A secret is masked where it is known to stand (credential headers, cookies, tokens in a query or a form, passwords in a
URL, hidden fields of a page), by its form (JSON Web Tokens, `Bearer …`), when the target file gives it, and wherever
else the same exchange repeats it: servers echo what they receive.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from urllib.parse import quote_plus, unquote_plus

from recette.model import Exchange, Finding, Request, Response, Target

MASK = "***"
BODY_LIMIT = 64 * 1024
"""Bytes of a body that are kept: the whole of an error, some sixty slots of an answer."""
HEADER_LIMIT = 2 * 1024
HEADER_COUNT = 100
VALUE_LIMIT = 2 * 1024

GAP = re.compile(r"\n\[… recette : \d+ octets omis / bytes left out …\]\n")
"""What stands in a shortened body where bytes were left out."""

_MARKER_SPACE = 80
_MOST_WINDOWS = 4
_SHORTEST_SECRET = 6

_CREDENTIAL_HEADERS = frozenset({"authorization", "proxy-authorization"})
_SECRET_HEADER = re.compile(r"token|secret|api-?key|password|credential|session", re.IGNORECASE)
_SECRET_NAME = (
    r"(?:[a-z_-]*token|client_secret|client_assertion|api[_-]?key|[a-z_-]*passw(?:or)?d|pwd|mot[_-]?de[_-]?passe|mdp|secret"
    r"|signature|sig|code_verifier|id_token_hint|[a-z_-]*[cx]srf[a-z_-]*|otp)"
)
_SEPARATOR = r"(?:[?&;#]|\\u0026|^)"
_QUERY_SECRET = re.compile(rf"({_SEPARATOR}{_SECRET_NAME}=)([^&#;\s\"'<>\\]+)", re.IGNORECASE)
# `code` is a search parameter of FHIR; it is an OAuth secret beside a `state`.
_AUTHORISATION_CODE = re.compile(rf"({_SEPARATOR}code=)([^&#;\s\"'<>\\]+)", re.IGNORECASE)
_OAUTH_STATE = re.compile(rf"{_SEPARATOR}(?:session_)?state=", re.IGNORECASE)
# Without the state it belongs with, a code is known by its look: letters and digits at random, and no system before it.
_LONG_CODE = re.compile(
    rf"({_SEPARATOR}code=)((?=[\w.~-]*\d)(?=[\w.~-]*[A-Za-z])[\w.~-]{{20,}})(?=[&#\s\"'<>]|$)", re.IGNORECASE
)
_FIELD = re.compile(r"<input\b[^<>]{0,2000}>", re.IGNORECASE)
_FIELD_NAME = re.compile(rf"""\bname\s*=\s*["']?{_SECRET_NAME}["'\s/>]""", re.IGNORECASE)
_FIELD_VALUE = re.compile(r"""(\bvalue\s*=\s*)("[^"]*"|'[^']*'|[^\s"'<>]+)""", re.IGNORECASE)
_JSON_SECRET = re.compile(rf'("{_SECRET_NAME}"\s*:\s*")((?:[^"\\]|\\.)+)', re.IGNORECASE)
_USER_INFO = re.compile(r"(://[^/\s:@?#\"']*:)([^/\s@?#\"']+)(?=@)")
# Not \b: one attempt a run of characters keeps a hostile body from costing its length squared.
_WEB_TOKEN = re.compile(r"(?<![\w-])eyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?")
_BEARER = re.compile(r"(\bbearer\s+)(?=\S*\d)[\w.~+/-]{8,}=*", re.IGNORECASE)
# Never inside a JSON string: the quote that closes one is not followed by a letter.
_KEY = re.compile(rb'(?<=[{,])\s*"[A-Za-z_]')
_NEAR = 256
_PATH_STEP = re.compile(r"\[(\d+)\]|([^.\[\]()]+)(?:\([^)]*\))?")


def mask_exchange(
    exchange: Exchange, *, around: Sequence[str] = (), limit: int = BODY_LIMIT, known: Sequence[str] = ()
) -> Exchange:
    """The exchange without its secrets, its bodies cut to `limit` bytes with the count of what was left out.

    `known` are secrets we were given: they are masked wherever they stand.
    `around` names paths of findings (`Bundle.entry[3].resource.start`): what surrounds them is kept where they can be
    found in the body, beside its head and its tail.
    """
    secrets = _secrets(exchange, known)
    request, response = exchange.request, exchange.response
    return replace(
        exchange,
        request=Request(
            method=request.method,
            url=_scrub(request.url, secrets),
            target=_scrub(request.target, secrets),
            headers=_mask_headers(request.headers, secrets),
            body=shorten_body(_scrub_body(request.body, secrets), limit),
        ),
        response=None
        if response is None
        else Response(
            status=response.status,
            headers=_mask_headers(response.headers, secrets),
            body=shorten_body(_scrub_body(response.body, secrets), limit, around),
        ),
        failure_detail=_scrub(exchange.failure_detail, secrets),
    )


def mask_finding(finding: Finding, *, known: Sequence[str] = ()) -> Finding:
    """The finding with what it quotes from the answer masked by its form, or as `known`, and cut to be readable."""
    secrets = [secret for secret in known if len(secret) >= _SHORTEST_SECRET]

    def quoted(value: str | None) -> str | None:
        return None if value is None else shorten_text(_scrub(value, secrets), VALUE_LIMIT)

    return replace(finding, expected=quoted(finding.expected), actual=quoted(finding.actual))


def mask_target(target: Target) -> Target:
    """The target without the passwords and secrets it was given, nor those its base URL may carry."""
    sso, appointments, platform = target.sso, target.appointments, target.platform
    return replace(
        target,
        base_url=mask_text(target.base_url),
        sso=None if sso is None else replace(sso, password="", client_secret=""),
        appointments=None if appointments is None else replace(appointments, staff_password=""),
        platform=None if platform is None else replace(platform, admin_token=""),
    )


class EvidenceMasks:
    """The three masks together, as the engine asks for them. They remember the secrets of the target they masked."""

    def __init__(self) -> None:
        self._known: tuple[str, ...] = ()

    def exchange(self, exchange: Exchange, around: Sequence[str]) -> Exchange:
        return mask_exchange(exchange, around=around, known=self._known)

    def finding(self, finding: Finding) -> Finding:
        return mask_finding(finding, known=self._known)

    def target(self, target: Target) -> Target:
        sso, appointments, platform = target.sso, target.appointments, target.platform
        given = (
            *((sso.password, sso.client_secret) if sso is not None else ()),
            *((appointments.staff_password,) if appointments is not None else ()),
            *((platform.admin_token,) if platform is not None else ()),
        )
        self._known = tuple(secret for secret in given if secret)
        return mask_target(target)


def mask_text(text: str) -> str:
    """A text (a URL, a quoted value) without what has the form of a secret."""
    return _scrub(text, ())


def mask_header(name: str, value: str) -> str:
    """A header's value without its secret; the scheme, the names of cookies and their attributes stay."""
    lowered = name.lower()
    if lowered in _CREDENTIAL_HEADERS:
        scheme, space, credentials = value.strip().partition(" ")
        return f"{scheme} {MASK}" if space and credentials else MASK
    if lowered == "cookie":
        return "; ".join(_mask_cookie(part) for part in value.split(";"))
    if lowered == "set-cookie":
        cookie, semicolon, attributes = value.partition(";")
        return _mask_cookie(cookie) + semicolon + attributes
    return MASK if _SECRET_HEADER.search(lowered) else mask_text(value)


def shorten_text(text: str, limit: int) -> str:
    """The text cut to its head and its tail, with the number of characters left out between them."""
    if len(text) <= limit:
        return text
    kept = max(0, limit - _MARKER_SPACE)
    head, tail = text[: kept - kept // 4], text[len(text) - kept // 4 :]
    left_out = len(text) - len(head) - len(tail)
    return f"{head} [… recette : {left_out} caractères omis / characters left out …] {tail}"


def shorten_body(body: bytes, limit: int, around: Sequence[str] = ()) -> bytes:
    """The body cut to at most `limit` bytes: its head, its tail and what surrounds the paths found in it.

    Each gap says how many bytes it left out. No character of a UTF-8 body is split.
    """
    if len(body) <= limit:
        return body
    places = _places(body, around)
    kept = max(0, limit - _MARKER_SPACE * (len(places) + 1))
    ranges = [(0, kept - kept // 4), (len(body) - kept // 4, len(body))]
    if places:
        head, tail, window = kept // 4, kept // 8, (kept - kept // 4 - kept // 8) // len(places)
        ranges = [(0, head), (len(body) - tail, len(body))]
        # A third before: what is wrong often shows in what precedes it (the slot's identifier, its schedule).
        ranges += [(place - window // 3, place - window // 3 + window) for place in places]
    pieces: list[bytes] = []
    position = 0
    for start, end in sorted(ranges):
        first, last = _opening(body, max(position, start)), _closing(body, min(end, len(body)))
        if last <= max(position, first):
            continue
        if first - position > 0:
            pieces.append(_gap(first - position))
        pieces.append(body[first:last])
        position = last
    if position < len(body):
        pieces.append(_gap(len(body) - position))
    return b"".join(pieces)


def locate(text: str, path: str) -> tuple[int, int] | None:
    """Where in a JSON text the value at `path` stands: its first character and the one after its last.

    Of a path that leads nowhere, the deepest part that exists; None when not even its first step does.
    """
    found: tuple[int, int] | None = None
    try:
        position = _after_blanks(text, 0)
        for step in _steps(path):
            value = _enter(text, position, step)
            if value is None:
                break
            position = value
            found = (position, _skip(text, position))
    except (ValueError, IndexError, RecursionError):
        # The text stops being JSON further on: what was found before remains found.
        return found
    return found


# --- secrets ---------------------------------------------------------------------------------------------------------


def _secrets(exchange: Exchange, known: Sequence[str]) -> tuple[str, ...]:
    """The values of this exchange that must not appear anywhere in it, the longest first."""
    request, response = exchange.request, exchange.response
    headers = request.headers + (response.headers if response else ())
    values = [*known, *(value for name, header in headers for value in _header_secrets(name, header))]
    form = _is_form(request.headers) and len(request.body) <= BODY_LIMIT
    sent = request.body.decode("latin-1") if form else ""
    values += [match[2] for text in (request.url, request.target, sent) for match in _query_secrets(text)]
    values += [match[2] for match in _USER_INFO.finditer(request.url)]
    values += [form for value in values for form in (unquote_plus(value), quote_plus(value))]
    return tuple(sorted({v for v in values if len(v) >= _SHORTEST_SECRET and MASK not in v}, key=len, reverse=True))


def _is_form(headers: Sequence[tuple[str, str]]) -> bool:
    return any(name.lower() == "content-type" and "form-urlencoded" in value.lower() for name, value in headers)


def _query_secrets(text: str) -> Iterable[re.Match[str]]:
    yield from _QUERY_SECRET.finditer(text)
    yield from _LONG_CODE.finditer(text)
    if _OAUTH_STATE.search(text):
        yield from _AUTHORISATION_CODE.finditer(text)


def _header_secrets(name: str, value: str) -> list[str]:
    lowered = name.lower()
    if lowered in _CREDENTIAL_HEADERS:
        scheme, _, credentials = value.strip().partition(" ")
        return [credentials.strip() or scheme, *_basic_password(scheme, credentials)]
    if lowered in {"cookie", "set-cookie"}:
        cookies = value.split(";") if lowered == "cookie" else [value.partition(";")[0]]
        return [cookie.partition("=")[2].strip() for cookie in cookies]
    return [value.strip()] if _SECRET_HEADER.search(lowered) else []


def _basic_password(scheme: str, credentials: str) -> list[str]:
    if scheme.lower() != "basic":
        return []
    try:
        decoded = base64.b64decode(credentials.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return []
    return [decoded, decoded.partition(":")[2]]


def _mask_cookie(cookie: str) -> str:
    name, equals, _ = cookie.strip().partition("=")
    return f"{name}={MASK}" if equals else MASK


def _mask_headers(headers: tuple[tuple[str, str], ...], secrets: Iterable[str]) -> tuple[tuple[str, str], ...]:
    kept = tuple(
        (shorten_text(name, HEADER_LIMIT), shorten_text(mask_header(name, _scrub(value, secrets)), HEADER_LIMIT))
        for name, value in headers[:HEADER_COUNT]
    )
    left_out = len(headers) - len(kept)
    return (*kept, ("X-Recette-Headers-Left-Out", str(left_out))) if left_out else kept


def _scrub(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK)
    text = _QUERY_SECRET.sub(rf"\1{MASK}", text)
    if _OAUTH_STATE.search(text):
        text = _AUTHORISATION_CODE.sub(rf"\1{MASK}", text)
    text = _LONG_CODE.sub(rf"\1{MASK}", text)
    text = _JSON_SECRET.sub(rf"\1{MASK}", text)
    text = _FIELD.sub(_without_value, text)
    text = _USER_INFO.sub(rf"\1{MASK}", text)
    text = _WEB_TOKEN.sub(MASK, text)
    return _BEARER.sub(rf"\1{MASK}", text)


def _without_value(field: re.Match[str]) -> str:
    """A field of a page without its value, when its name says that it holds a secret."""
    if not _FIELD_NAME.search(field[0]):
        return field[0]
    return _FIELD_VALUE.sub(rf'\1"{MASK}"', field[0])


def _scrub_body(body: bytes, secrets: Iterable[str]) -> bytes:
    # Latin-1 is a bijection between bytes and characters: bodies that are no text pass through it unharmed.
    forms = [form.encode().decode("latin-1") for secret in secrets for form in (secret, json.dumps(secret)[1:-1])]
    return _scrub(body.decode("latin-1"), forms).encode("latin-1")


# --- places in a body ------------------------------------------------------------------------------------------------


def _places(body: bytes, paths: Sequence[str]) -> list[int]:
    """Byte offsets of the paths that are found, distinct, at most a few."""
    if not paths:
        return []
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return []
    places: list[int] = []
    for path in dict.fromkeys(paths):
        span = locate(text, path)
        offset = len(text[: span[0]].encode()) if span else None
        if offset is not None and offset not in places:
            places.append(offset)
    return sorted(places[:_MOST_WINDOWS])


def _steps(path: str) -> list[str | int]:
    """`Bundle.entry[3].resource.start` as its steps; the name of a type in front is not one."""
    steps = [int(index) if index else name for index, name in _PATH_STEP.findall(path)]
    return steps[1:] if steps and isinstance(steps[0], str) and steps[0][:1].isupper() else steps


def _enter(text: str, position: int, step: str | int) -> int | None:
    """Where the value of a key or an index begins, inside the object or array at `position`."""
    opening, closing = ("{", "}") if isinstance(step, str) else ("[", "]")
    if text[position] != opening:
        return None
    position = _after_blanks(text, position + 1)
    index = 0
    while text[position] != closing:
        key: str | int = index
        if opening == "{":
            name, after = _DECODER.raw_decode(text, position)
            key = str(name)
            position = _after_blanks(text, _after_blanks(text, after) + 1)
        if key == step:
            return position
        position = _after_blanks(text, _skip(text, position))
        if text[position] == ",":
            position = _after_blanks(text, position + 1)
        index += 1
    return None


_DECODER = json.JSONDecoder()
_BLANKS = re.compile(r"[ \t\r\n]*")


def _skip(text: str, position: int) -> int:
    return _DECODER.raw_decode(text, position)[1]


def _after_blanks(text: str, position: int) -> int:
    match = _BLANKS.match(text, position)
    return match.end() if match else position


def _opening(body: bytes, position: int) -> int:
    """Where a piece that should begin at `position` begins: at a key when one is near, so that it reads as JSON."""
    key = _KEY.search(body, position, position + _NEAR) if position else None
    return key.start() if key else _boundary(body, position)


def _closing(body: bytes, position: int) -> int:
    """Where a piece that should end at `position` ends: before a key when one is near."""
    keys = list(_KEY.finditer(body, max(0, position - _NEAR), position)) if position < len(body) else []
    return keys[-1].start() if keys else _boundary(body, position)


def _boundary(body: bytes, position: int) -> int:
    """The nearest position not after this one that does not split a UTF-8 character."""
    for back in range(4):
        at = position - back
        if at <= 0 or at >= len(body) or body[at] & 0xC0 != 0x80:
            return max(at, 0)
    return position


def _gap(left_out: int) -> bytes:
    return f"\n[… recette : {left_out} octets omis / bytes left out …]\n".encode()
