"""The small editor of `sso_partner` as a single-page application: every address of it is the same empty document.

Its script asks for what there is at the address (`/donnees`), as JSON, and puts it on the page; it sends the forms and
goes where the answers say, inside the application without a document being asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qs

from lxml import html

from recette.museum.sso_partner import Partner
from recette.museum.wire import Asked, Reply

SHELL: Final = """<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Application</title></head><body>
<noscript>Cette application demande JavaScript.</noscript><div id="app"></div><script>
const build = ([tag, attributes, children]) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const child of children) element.append(typeof child === 'string' ? child : build(child));
  return element;
};
const follow = address => {
  const to = new URL(address, location.href);
  if (to.origin !== location.origin) return location.assign(to);
  history.pushState(null, '', to);
  return show();
};
const show = async (sent) => {
  const at = encodeURIComponent(location.pathname + location.search);
  const answer = await (await fetch('/donnees?adresse=' + at, sent)).json();
  if (answer.to) return follow(answer.to);
  document.title = answer.title;
  document.getElementById('app').replaceChildren(...answer.body.map(build));
};
document.addEventListener('submit', event => {
  event.preventDefault();
  const form = event.target, fields = new URLSearchParams(new FormData(form));
  if (event.submitter && event.submitter.name) fields.append(event.submitter.name, event.submitter.value);
  if (form.hasAttribute('action')) history.pushState(null, '', form.getAttribute('action'));
  show({ method: 'POST', body: fields });
});
document.addEventListener('click', event => {
  const link = event.target.closest('a[href]');
  if (link) { event.preventDefault(); follow(link.href); }
});
show();
</script></body></html>"""
_HTML: Final = ("Content-Type", "text/html; charset=utf-8")


@dataclass(slots=True)
class Application:
    partner: Partner

    async def __call__(self, asked: Asked) -> Reply:
        path, _, query = asked.target.partition("?")
        if path.startswith("/fhir/"):
            return await self.partner(asked)
        if path != "/donnees":
            return Reply(200, (_HTML,), SHELL.encode())
        reply = await self.partner(replace(asked, target=parse_qs(query)["adresse"][0]))
        document, status = told(reply)
        kept = tuple(pair for pair in reply.headers if pair[0] not in {"Location", "Content-Type"})
        return Reply(status, (("Content-Type", "application/json"), *kept), b"").with_json(document)


def told(reply: Reply) -> tuple[dict[str, Any], int]:
    """What the server-made page says, or where its redirect leads, as the script wants it; and the status."""
    location = reply.header("Location")
    if location is not None:
        return {"to": location}, 200
    root = html.document_fromstring(reply.body, parser=html.HTMLParser(encoding="utf-8"))
    return {
        "title": str(root.findtext(".//title")),
        "body": [built(each) for each in root.iterfind("./body/*")],
    }, reply.status


def built(element: html.HtmlElement) -> list[Any]:
    children: list[Any] = [element.text] if element.text else []
    for child in element:
        children += [built(child), *([child.tail] if child.tail else [])]
    # A script sends the forms: it needs no method.
    return [str(element.tag), {str(k): str(v) for k, v in element.attrib.items() if k != "method"}, children]
