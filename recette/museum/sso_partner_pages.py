"""What the small editor of `sso_partner` shows."""

from __future__ import annotations

from recette.museum.sso_provider import page
from recette.museum.wire import Reply

DESK = page(
    "Réserver",
    '<form method="post"><input name="nom_patient"><input name="prenom_patient"><input name="tel" type="tel">'
    "<button>Confirmer</button></form>",
)
TERMS = page(
    "Conditions générales d’utilisation",
    '<p>Vos données de régulateur servent à votre compte.</p><form method="post" action="/conditions">'
    '<input type="checkbox" name="lu" value="oui"><button>J’accepte les conditions</button></form>',
)


def agenda(path: str, *, rights: bool) -> Reply:
    slots = "".join(f'<li>09:{number}0 <a href="/reserver/cr-{number}">Réserver</a></li>' for number in (1, 2))
    free = slots if rights else "<li>09:10</li><li>09:20</li>"
    name = "Agenda du docteur ESSAI" if path != "/accueil" else "Accueil"
    return page(name, f'<ul>{free}</ul><a href="/aide">Aide</a><a href="/deconnexion">Se déconnecter</a>')


def own_login() -> Reply:
    return page(
        "Connexion des cabinets",
        '<form method="post"><input name="identifiant"><input name="mot" type="password"><button>Entrer</button></form>'
        '<a href="/connexion-psc">Pro Santé Connect</a>',
    )


def refused(why: str, status: int, *, link: bool = False) -> Reply:
    return page("Refusé", f"<p>{why}</p>" + ('<a href="/connexion-psc">Pro Santé Connect</a>' if link else ""), status)


def outcome(status: int) -> Reply:
    document = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "business-rule"}]}
    return Reply(status, (("Content-Type", "application/fhir+json"),), b"").with_json(document)
