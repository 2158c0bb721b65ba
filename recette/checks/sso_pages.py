"""What a page of an editor is to a person who signs on, told from what can be read and done on it.

Nothing here knows the pages of one product: a landing is compared with the agenda that a regulator with every right was
given (`Agenda`), and with words and forms any person would go by.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from urllib.parse import urlsplit

from lxml import html

from recette.checks.page import Form, Page, absolute
from sas_kernel.text import Text

MARKER = "ministère de la santé et de la prévention"
"""What the acceptance kit looks for on the provider's login page (ANS test kit 0.3.0, 6.1.03)."""

_TERMS = re.compile(r"conditions|\bcgu\b|\bterms\b|charte", re.IGNORECASE)
_ACCEPT = re.compile(r"accept|approuv|\bagree|lu et", re.IGNORECASE)
_REFUSAL = re.compile(
    r"erreur|\berrors?\b|refus|interdit|inconnu|unknown|désactiv|inacti[fv]|disabled|\bdenied|forbidden"
    r"|(?:non|pas) autoris|not (?:allowed|authori[sz]ed)|unauthori[sz]ed|invalid|expir|échou"
    r"|n[’']a pas abouti|\bfailed|ne peut|cannot",
    re.IGNORECASE,
)
_BOOK = re.compile(r"r[ée]serv|\bbook|prendre (?:un )?r(?:en)?d", re.IGNORECASE)
_LEAVE = re.compile(r"d[ée]connexion|d[ée]connecter|log-?\s?out|sign-?\s?out|quitter", re.IGNORECASE)
_PATIENT = re.compile(
    r"famil|nom\b|lastname|given|pr[ée]nom|firstname|birth|naissance|patient|t[ée]l|phone", re.IGNORECASE
)
_TYPED = frozenset({"text", "email", "tel", "date", "search", "number", "textarea"})


class Kind(StrEnum):
    """What a landing is. `BOOKING` is the agenda with its means to book, `AGENDA` the same page without them."""

    BOOKING = "agenda with booking"
    AGENDA = "agenda without booking"
    PATIENT = "form for a patient's data"
    TERMS = "terms to accept"
    OWN_LOGIN = "the editor's own login"
    PROVIDER = "the provider's login"
    REFUSAL = "refusal"
    SCRIPT = "page built by script"
    OTHER = "another page"
    NOTHING = "no answer"


GIVEN = frozenset({Kind.BOOKING, Kind.PATIENT})
"""What a regulator with every right is given: some agendas have the patient's form on them."""


@dataclass(frozen=True, slots=True)
class Provider:
    """The OpenID provider both sides trust in this environment, by its discovery document."""

    issuer: str
    authorization_endpoint: str
    others: frozenset[str] = frozenset()
    """More places it sends people to, to sign in: a provider may stand in front of another."""

    def holds(self, url: str) -> bool:
        """Whether an address is the provider's: same scheme, host and port."""
        return place(url) in {place(self.issuer), place(self.authorization_endpoint), *self.others}


@dataclass(frozen=True)
class Agenda:
    """What a regulator who had every right was given: any other landing is compared with it.

    `desk` is the page behind the first of the means to book, where it is a link to a form for a patient's data; and
    `for_strangers` what somebody gets there who never signed in.
    """

    page: Page
    desk: Page | None = None
    for_strangers: Page | None = None

    @cached_property
    def booking(self) -> frozenset[str]:
        return frozenset(booking_means(self.page))


def place(url: str) -> str:
    """Scheme, host and port of an address; empty for what is none."""
    parts = urlsplit(absolute(url, "") or "")
    return f"{parts.scheme}://{parts.netloc}".lower()


def login_form(page: Page) -> Form | None:
    """The form that asks for a password."""
    return page.form(lambda form: "password" in form.kinds.values())


def patient_form(page: Page) -> Form | None:
    """The form that asks for a patient's data: two fields at least that are typed in and named as such."""

    def asks(form: Form) -> bool:
        typed = [name for name, kind in form.kinds.items() if kind in _TYPED]
        return "password" not in form.kinds.values() and sum(bool(_PATIENT.search(name)) for name in typed) >= 2

    return page.form(asks)


def terms_form(page: Page) -> Form | None:
    """The form by which a person accepts the editor's terms."""
    if page.status >= 400 or not _TERMS.search(page.text):
        return None

    headings = " ".join((title(page), *page.values("//h1//text()"), *page.values("//h2//text()")))

    def accepts(form: Form) -> bool:
        said = " ".join((form.id, form.label, form.action, *form.kinds))
        return (
            form.method == "POST"
            and "password" not in form.kinds.values()
            and not _LEAVE.search(form.label)
            and "cookie" not in said.lower()
            and bool(_TERMS.search(f"{said} {headings}"))
            and bool(form.id == "terms" or _ACCEPT.search(said))
        )

    return page.form(accepts)


def booking_means(page: Page) -> tuple[str, ...]:
    """The addresses of links and forms by which an appointment is booked, in the order of the page."""
    root = page.root
    if root is None or page.status >= 400:
        return ()
    found: dict[str, None] = {}
    for element in root.iter("a", "form"):
        address = element.get("href") or element.get("action")
        if not address or address.startswith("#"):
            continue
        said = " ".join((address, element.get("aria-label", ""), _read(element) if element.tag == "a" else ""))
        if element.get("data-slot") is not None or _BOOK.search(said):
            reached = absolute(page.url, address)
            if reached is not None:
                found[reached] = None
    return tuple(found)


def leaving(page: Page) -> Form | str | None:
    """How to sign out: the form, or the address of the link."""
    form = page.form(lambda form: bool(_LEAVE.search(f"{form.action} {form.label}")))
    if form is not None or page.root is None:
        return form
    for link in page.root.iter("a"):
        if link.get("href") and _LEAVE.search(f"{link.get('href')} {_read(link)}"):
            return absolute(page.url, str(link.get("href")))
    return None


def links(page: Page) -> tuple[tuple[str, str], ...]:
    """Every link: its address and what it says, its id included."""
    if page.root is None:
        return ()
    found = (
        (absolute(page.url, str(link.get("href"))), f"{link.get('id', '')} {link.get('aria-label', '')} {_read(link)}")
        for link in page.root.iter("a")
        if link.get("href")
    )
    return tuple((address, said) for address, said in found if address is not None)


def title(page: Page) -> str:
    """The document's title, in one line."""
    return " ".join(" ".join(page.values("//title/text()")).split())


def refuses(page: Page) -> bool:
    """Whether it says no: by its status or in words."""
    return page.status >= 400 or bool(_REFUSAL.search(page.text))


def grants(page: Page, agenda: Agenda) -> bool:
    """Whether it gives what only a regulator with rights is given."""
    if page.status >= 400 or page.status == 0:
        return False
    form, known = patient_form(page), None if agenda.desk is None else patient_form(agenda.desk)
    # A form to write to the editor asks for a name too: where the desk is known, it is the desk's that counts.
    if form is not None and (known is None or form.kinds.keys() == known.kinds.keys()):
        return True
    if agenda.booking:
        return not agenda.booking.isdisjoint(booking_means(page))
    return same_page(page, agenda.page)


def same_page(page: Page, other: Page) -> bool:
    return page.status == other.status and page.path == other.path and title(page) == title(other)


def kind_of(page: Page, provider: Provider, agenda: Agenda | None = None) -> Kind:
    """What a landing is; without an `agenda` to compare with, one is known by its means to book."""
    if page.last.response is None:
        return Kind.NOTHING
    if provider.holds(page.url):
        return Kind.PROVIDER
    if page.built_by_script:
        return Kind.SCRIPT
    if login_form(page) is not None:
        return Kind.OWN_LOGIN
    if booking_means(page) if agenda is None else not agenda.booking.isdisjoint(booking_means(page)):
        return Kind.BOOKING
    if patient_form(page) is not None if agenda is None else grants(page, agenda):
        return Kind.PATIENT if patient_form(page) is not None else Kind.BOOKING
    if terms_form(page) is not None:
        return Kind.TERMS
    if agenda is not None and page.status < 400 and same_page(page, agenda.page):
        return Kind.AGENDA
    return Kind.REFUSAL if refuses(page) else Kind.OTHER


def told(page: Page, kind: Kind) -> str:
    """A landing in a few words, for a report."""
    what = title(page)
    return " ".join(
        part for part in (str(page.status or ""), str(kind), page.path, f"« {what} »" if what else "") if part
    )


NEEDS_A_BROWSER = Text(
    "La page est construite par script : un vrai navigateur doit être employé (--browser).",
    "The page is built by script: it needs a real browser (--browser).",
)


def _read(element: html.HtmlElement) -> str:
    return " ".join(" ".join(element.itertext()).split())
