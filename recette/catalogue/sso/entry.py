"""Arriving at the editor: without origin, with a strange one, and with the platform's."""

from __future__ import annotations

from dataclasses import replace

from recette.catalogue.sso.conversation import STRANGE_ORIGIN, Conversation, scenario
from recette.catalogue.tags import Tag
from recette.checks.sso import Visit, lands, nothing_granted
from recette.checks.sso_pages import Kind
from recette.checks.sso_request import AS_THE_KIT, REQUEST, Entry, arrives
from sas_kernel.text import Text

_ANYTHING = frozenset(Kind) - {Kind.NOTHING}

_OWN_PAGE = lands(
    "without_origin.page",
    "SSO-010",
    Text("Sans origin : une erreur ou la connexion de l’éditeur", "Without origin: an error or the editor's own login"),
    Text(
        "Sans origin, un visiteur inconnu doit trouver une erreur ou la connexion propre à l’éditeur.",
        "Without origin, an unknown visitor must find an error or the editor's own login.",
    ),
    frozenset({Kind.OWN_LOGIN, Kind.REFUSAL, Kind.PROVIDER}),
)
_NOT_THE_PROVIDER = lands(
    "without_origin.provider",
    "SSO-011",
    Text("Sans origin, l’éditeur n’envoie pas au fournisseur du SAS", "Without origin, nobody is sent to the provider"),
    Text(
        "Sans origin, un visiteur inconnu est envoyé de lui-même au fournisseur du SAS.",
        "Without origin, an unknown visitor is sent to the SAS provider by itself.",
    ),
    _ANYTHING - {Kind.PROVIDER},
)
_DESK_CLOSED = nothing_granted(
    "without_origin.booking",
    "SSO-012",
    Text("Sans connexion, aucune page de réservation ne s’ouvre", "Without sign-in, no booking page opens"),
    Text(
        "La page de réservation d’un créneau s’ouvre à un visiteur inconnu.",
        "The page that books a slot opens to an unknown visitor.",
    ),
    allowed=frozenset({Kind.AGENDA, Kind.TERMS, Kind.OTHER}),
)
_STRANGE_ORIGIN = lands(
    "strange_origin.provider",
    "SSO-013",
    Text("Une autre valeur d’origin vaut son absence", "Another value of origin is as none"),
    Text(
        "Une valeur d’origin que l’éditeur ne connaît pas conduit au fournisseur du SAS, ou plus loin.",
        "A value of origin the editor does not know leads to the SAS provider, or further.",
    ),
    _ANYTHING - {Kind.PROVIDER, Kind.BOOKING, Kind.PATIENT},
)


async def _without_origin(talk: Conversation) -> None:
    agenda = await talk.agenda()
    page = await talk.arrive(talk.browser(), talk.address)
    visit = Visit(page, talk.provider, agenda)
    talk.judge(_OWN_PAGE, visit)
    talk.judge(_NOT_THE_PROVIDER, visit)
    if agenda.for_strangers is None:
        talk.skip(
            _DESK_CLOSED,
            Text("La page de réservation n’a pas été reconnue.", "The page that books was not recognised."),
        )
    else:
        talk.judge(_DESK_CLOSED, replace(visit, page=agenda.for_strangers))
    strange = await talk.arrive(talk.browser(), talk.entry(STRANGE_ORIGIN))
    talk.judge(_STRANGE_ORIGIN, replace(visit, page=strange))


WITHOUT_ORIGIN = scenario(
    "without_origin",
    Text("Arriver sans origin, ou avec une autre valeur", "Arriving without origin, or with another value"),
    (_OWN_PAGE, _NOT_THE_PROVIDER, _DESK_CLOSED, _STRANGE_ORIGIN),
    _without_origin,
    tags=(Tag.FORMS, Tag.SECURITY),
)

_ARRIVES = arrives(
    "entry.provider",
    "SSO-020",
    Text(
        "Avec origin, l’éditeur conduit à la connexion du fournisseur", "With origin, the provider's login is reached"
    ),
)
_GLUED = arrives(
    "entry.glued",
    "SSO-035",
    Text(
        "origin est compris aussi derrière « &origin= » collé à l’adresse",
        "origin put behind the address is understood",
    ),
)


async def _entry(talk: Conversation) -> None:
    page = await talk.arrive(talk.browser())
    again = await talk.arrive(talk.browser())
    entry = Entry(page, talk.provider, again, talk.sso.client_id)
    for check in (_ARRIVES, AS_THE_KIT, *REQUEST):
        talk.judge(check, entry)
    if talk.provider.holds(page.url):
        talk.judge(_GLUED, Entry(await talk.arrive(talk.browser(), talk.glued), talk.provider))
    else:
        talk.skip(
            _GLUED,
            Text("Le fournisseur n’est atteint d’aucune façon.", "The provider is not reached in any way."),
        )


ENTRY = scenario(
    "entry",
    Text("Arriver avec origin, sans être connecté", "Arriving with origin, not signed in"),
    (_ARRIVES, AS_THE_KIT, *REQUEST, _GLUED),
    _entry,
    signs_on=False,
    tags=(Tag.SMOKE, Tag.SECURITY),
)

SCENARIOS = (WITHOUT_ORIGIN, ENTRY)
