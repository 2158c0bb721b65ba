"""A request as a line of curl to paste into a POSIX shell: the same bytes on the wire, never a secret. Pure."""

from __future__ import annotations

import base64
import re
import shlex
from urllib.parse import urlsplit

from recette.model import Request
from recette.reports.masking import mask_header, mask_text

# What curl sends on the request line as it stands in the URL; anything else goes through --request-target.
_SENT_AS_IS = re.compile(r"/[A-Za-z0-9/?&=%._~:,;+|!$()*@\[\]{}-]*\Z")
# Curl writes these itself, from the URL and from what it can do.
_OWN_HEADERS = frozenset({"host", "content-length", "connection", "transfer-encoding"})
_DEFAULT_HEADERS = ("Accept", "User-Agent")


def curl_line(request: Request) -> str:
    """The command that sends this request again; credentials are replaced by `***` for the reader to fill in."""
    words = ["curl", "--globoff", "--path-as-is", "--include"]
    if request.method == "HEAD":
        words.append("--head")
    elif request.method != ("POST" if request.body else "GET"):
        words += ["--request", request.method]
    sent = {name.lower() for name, _ in request.headers}
    for name, value in request.headers:
        if name.lower() in _OWN_HEADERS:
            continue
        masked = mask_header(name, value)
        # "Name:" would take the header away; "Name;" sends it empty.
        words += ["--header", f"{name}: {masked}" if masked else f"{name};"]
    defaults = (*_DEFAULT_HEADERS, "Content-Type") if request.body else _DEFAULT_HEADERS
    for name in defaults:
        if name.lower() not in sent:
            words += ["--header", f"{name}:"]
    if any(name.lower() == "accept-encoding" and value != "identity" for name, value in request.headers):
        words.append("--compressed")
    feed = ""
    if request.body:
        text = _as_argument(request.body)
        if text is None:
            feed = f"printf %s {base64.b64encode(request.body).decode('ascii')} | base64 -d | "
        words += ["--data-binary", "@-"] if text is None else ["--data-raw", mask_text(text)]
    return feed + " ".join(shlex.quote(word) for word in [*words, *_address(request)])


def _address(request: Request) -> list[str]:
    parts = urlsplit(mask_text(request.url))
    origin = f"{parts.scheme}://{parts.netloc}"
    target = mask_text(request.target)
    if _SENT_AS_IS.match(target):
        return [origin + target]
    return ["--request-target", target, origin + "/"]


def _as_argument(body: bytes) -> str | None:
    """The body as text when a command-line argument can carry it."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\x00" in text else text
