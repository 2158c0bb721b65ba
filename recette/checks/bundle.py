"""Checks of the Bundle as a whole: its total and its links. Source: IG SAS 1.2.0, profile BundleAgregateur."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from recette.checks.answer import Answer, kind
from recette.checks.json_document import Node
from recette.checks.judging import content_check, shown
from recette.model import Check, Problem
from sas_kernel.text import Text


def _total_present(answer: Answer) -> Iterator[Problem | None]:
    if answer.bundle is not None:
        total = answer.bundle["total"]
        yield (
            None
            if total.present
            else Problem(
                Text("Le nombre de créneaux trouvés (total) manque.", "The number of slots found (total) is missing."),
                path=total.path,
                expected=str(len(answer.of("Slot"))),
            )
        )


TOTAL_PRESENT = content_check(
    "bundle.total.present", "SLOT-050", Text("Le Bundle porte un total", "The Bundle has a total"), _total_present
)


def _is_count(node: Node) -> bool:
    """Whether this is a whole number from 0; the check of JSON forms says when it is not."""
    return isinstance(node.value, int) and not isinstance(node.value, bool) and node.value >= 0


def _total_counts_slots(answer: Answer) -> Iterator[Problem | None]:
    if answer.bundle is None:
        return
    total = answer.bundle["total"]
    slots = answer.of("Slot")
    counts = {len(slots), len({slot["id"].string or slot.path for slot in slots})}
    if slots and _is_count(total):
        yield (
            None
            if total.value in counts
            else Problem(
                Text(
                    "Le total vaut {t}, la réponse porte {n} créneaux ; il compte les créneaux, pas les entrées.",
                    "The total is {t}, the answer holds {n} slots; it counts slots, not entries.",
                ).format(t=total.value, n=len(slots)),
                path=total.path,
                expected=str(len(slots)),
                actual=str(total.value),
            )
        )


TOTAL_COUNTS_SLOTS = content_check(
    "bundle.total.counts_slots",
    "SLOT-051",
    Text("Le total est le nombre de créneaux", "The total is the number of slots"),
    _total_counts_slots,
)


def _total_zero(answer: Answer) -> Iterator[Problem | None]:
    if answer.bundle is not None and not answer.of("Slot") and _is_count(answer.bundle["total"]):
        total = answer.bundle["total"]
        yield (
            None
            if total.value == 0
            else Problem(
                Text("Sans aucun créneau, le total vaut 0.", "Without any slot, the total is 0."),
                path=total.path,
                expected="0",
                actual=shown(total.value),
            )
        )


TOTAL_ZERO = content_check(
    "bundle.total.zero",
    "SLOT-052",
    Text("Le total est 0 quand rien ne correspond", "The total is 0 when nothing matches"),
    _total_zero,
)


def _no_entry(answer: Answer) -> Iterator[Problem | None]:
    if answer.bundle is None or answer.of("Slot"):
        return
    entry = answer.bundle["entry"]
    only_outcomes = bool(entry.elements) and all(kind(e["resource"]) == "OperationOutcome" for e in entry.elements)
    yield (
        None
        if not entry.present or only_outcomes
        else Problem(
            Text(
                "Quand rien ne correspond, le Bundle n’a pas d’élément entry (ni tableau vide).",
                "When nothing matches, the Bundle has no entry element (and no empty array).",
            ),
            path=entry.path,
            expected="absent",
            actual=shown(entry.value),
        )
    )


NO_ENTRY = content_check(
    "bundle.entry.absent",
    "SLOT-053",
    Text("Pas d’élément entry quand rien ne correspond", "No entry element when nothing matches"),
    _no_entry,
)


def _self_links(answer: Answer) -> tuple[Node, ...]:
    if answer.bundle is None:
        return ()
    return tuple(link for link in answer.bundle["link"].elements if link["relation"].value == "self")


def _link_self(answer: Answer) -> Iterator[Problem | None]:
    if answer.bundle is None:
        return
    links = _self_links(answer)
    if len(links) != 1:
        yield Problem(
            Text(
                "Le Bundle porte exactement un lien « self » ; il y en a {n}.",
                "The Bundle has exactly one link 'self'; there are {n}.",
            ).format(n=len(links)),
            path="Bundle.link",
            expected="1 link, relation self",
            actual=str(len(links)),
        )
        return
    url = links[0]["url"].string
    yield (
        None
        if url is not None and is_absolute(url)
        else Problem(
            Text(
                "Le lien « self » est l’URL absolue de la recherche.", "The link 'self' is the search's absolute URL."
            ),
            path=links[0]["url"].path,
            expected="http(s)://…/Slot?…",
            actual=shown(url) if url is not None else None,
        )
    )


LINK_SELF = content_check(
    "bundle.link.self",
    "SLOT-054",
    Text("Un lien self, URL absolue", "One link self, an absolute URL"),
    _link_self,
)


def is_absolute(url: str) -> bool:
    """Whether this is a web address, in ASCII and without blanks."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and url.isascii() and not set(url) & set(' <>"\t\n')


def _multimap(url: str) -> Counter[tuple[str, str]]:
    """The parameters of a URL; a literal `+` and a blank are one character here, so that no encoding is preferred."""
    query = url.partition("?")[2].partition("#")[0].replace("&amp;", "&")
    pairs = (part.partition("=") for part in query.split("&") if part)
    return Counter((_decoded(name), _decoded(value)) for name, _, value in pairs)


def _decoded(text: str) -> str:
    return unquote(text).replace("+", " ")


def _links_to_compare(answer: Answer) -> Iterator[tuple[Node, str, str]]:
    links = _self_links(answer)
    if answer.exchange is not None and len(links) == 1:
        url = links[0]["url"]
        if url.string is not None and is_absolute(url.string):
            yield url, url.string, answer.exchange.request.url


def _link_same_parameters(answer: Answer) -> Iterator[Problem | None]:
    for node, given, sent in _links_to_compare(answer):
        if _multimap(given) == _multimap(sent):
            yield None
        else:
            yield Problem(
                Text(
                    "Le lien « self » n’a pas les paramètres reçus : en moins {less}, en plus {more}.",
                    "The link 'self' does not have the parameters received: missing {less}, added {more}.",
                ).format(
                    less=_listed(_multimap(sent) - _multimap(given)), more=_listed(_multimap(given) - _multimap(sent))
                ),
                path=node.path,
                expected=shown(sent, 400),
                actual=shown(given, 400),
            )


def _listed(pairs: Counter[tuple[str, str]]) -> str:
    return shown(", ".join(f"{name}={value}" for name, value in pairs.elements())) or "∅"


LINK_SAME_PARAMETERS = content_check(
    "bundle.link.parameters",
    "SLOT-055",
    Text("Le lien self a les paramètres reçus", "The link self has the parameters received"),
    _link_same_parameters,
)


def _link_identical(answer: Answer) -> Iterator[Problem | None]:
    for node, given, sent in _links_to_compare(answer):
        if _multimap(given) == _multimap(sent):
            yield (
                None
                if given == sent
                else Problem(
                    Text(
                        "Le lien « self » diffère, lettre à lettre, de l’URL reçue.",
                        "The link 'self' differs, letter by letter, from the URL received.",
                    ),
                    path=node.path,
                    expected=shown(sent, 400),
                    actual=shown(given, 400),
                )
            )


LINK_IDENTICAL = content_check(
    "bundle.link.identical",
    "SLOT-056",
    Text("Le lien self est l’URL reçue, telle quelle", "The link self is the URL received, as it stands"),
    _link_identical,
)


def _no_paging(answer: Answer) -> Iterator[Problem | None]:
    if answer.bundle is None:
        return
    pages = {"next", "previous", "prev"}
    others = [link for link in answer.bundle["link"].elements if link["relation"].string in pages]
    yield (
        None
        if not others
        else Problem(
            Text(
                "La réponse est découpée en pages ; la plateforme ne lit que la première.",
                "The answer is cut into pages; the platform reads only the first.",
            ),
            path=others[0].path,
            expected="no link but self",
            actual=shown(others[0]["relation"].value),
        )
    )


NO_PAGING = content_check(
    "bundle.link.no_paging",
    "SLOT-057",
    Text("Toute la réponse en un Bundle, sans page suivante", "The whole answer in one Bundle, no next page"),
    _no_paging,
)


SAVED: tuple[Check, ...] = (
    TOTAL_PRESENT,
    TOTAL_COUNTS_SLOTS,
    TOTAL_ZERO,
    NO_ENTRY,
    LINK_SELF,
    NO_PAGING,
)
"""What can be checked of a Bundle on its own."""

FULL: tuple[Check, ...] = (
    TOTAL_PRESENT,
    TOTAL_COUNTS_SLOTS,
    LINK_SELF,
    LINK_SAME_PARAMETERS,
    LINK_IDENTICAL,
    NO_PAGING,
)
"""What is checked of an answer that holds slots."""

EMPTY: tuple[Check, ...] = (TOTAL_PRESENT, TOTAL_ZERO, NO_ENTRY, LINK_SELF, LINK_SAME_PARAMETERS)
"""What is checked of an answer that holds none."""
