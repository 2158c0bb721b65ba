"""What people may decide about a project, and what has to come first. Each returns the entry to write, or says why not.

Pure. The ANS stops and resumes the transmission of data, the editor may ask for it; either says the rest (ANS-CONV-001,
art. 6 to 8 and 14). Phases have a module of their own, `phases`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from recette.agreement import reading
from recette.journal.model import Draft, Kind, Party
from recette.monitoring.model import Standing
from recette.projects import doors, schedule
from recette.projects.book import Book
from recette.projects.model import (
    BREACH_NOTICE,
    BREACH_REPAIRED,
    CONNECTIVITY,
    DELIVERY,
    EXCHANGES,
    REVIEW,
    SIGNATURE,
    SPECIFICATIONS,
    SUSPENSION_REQUESTED,
    TERMINATED,
    TERMINATION_NOTICE,
    TEST_BOOK,
    TESTS_SUMMARY,
    Contact,
    Particulars,
    ProjectError,
)
from recette.projects.refusals import not_before, only, refused, worded
from recette.register.moves import Move
from sas_kernel.text import Text

DEFAULT_AGREEMENT = "sas-agenda"

MILESTONES: Mapping[str, Text] = {
    SIGNATURE: Text("signature de la convention (art. 2)", "signature of the agreement (art. 2)"),
    SPECIFICATIONS: Text(
        "validation des spécifications par l’éditeur (art. 5.2)", "specifications accepted by the editor (art. 5.2)"
    ),
    DELIVERY: Text("livraison de l’ensemble des développements (art. 6)", "delivery of all developments (art. 6)"),
    BREACH_NOTICE: Text("réception d’une mise en demeure (art. 14)", "receipt of a formal notice (art. 14)"),
    BREACH_REPAIRED: Text("manquement réparé (art. 14)", "breach repaired (art. 14)"),
    TERMINATION_NOTICE: Text(
        "réception de la lettre recommandée de résiliation (art. 2)", "receipt of the letter of termination (art. 2)"
    ),
    TERMINATED: Text("résiliation après manquement (art. 14)", "termination after a breach (art. 14)"),
    SUSPENSION_REQUESTED: Text(
        "arrêt de la transmission demandé par l’éditeur (art. 8.4)",
        "stop of transmission asked by the editor (art. 8.4)",
    ),
}
"""The events that are dated, and what each is."""

SHOWN: Mapping[str, Text] = {
    TEST_BOOK: Text("cahier de tests remis à l’éditeur (art. 5.2)", "test book handed to the editor (art. 5.2)"),
    TESTS_SUMMARY: Text("synthèse des tests de l’éditeur (art. 6)", "summary of the editor’s own tests (art. 6)"),
    CONNECTIVITY: Text("tests de connectivité (art. 7)", "connectivity tests (art. 7)"),
    EXCHANGES: Text("échanges de données (art. 7)", "exchanges of data (art. 7)"),
}
"""What is shown besides runs."""

_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")
_LONGEST = 200
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def open_project(id: str, particulars: Particulars, move: Move, *, exists: bool) -> Draft:
    """`id` is lower-case letters, digits and hyphens, 64 at most."""
    if exists:
        raise refused("Le projet « {id} » existe déjà.", "The project '{id}' exists already.", id=id)
    if _ID.fullmatch(id) is None:
        raise refused(
            "« {id} » ne peut nommer un projet : minuscules, chiffres et tirets, 64 au plus (par exemple "
            "agenda-essai-recette).",
            "'{id}' cannot name a project: lower-case letters, digits and hyphens, 64 at most (for example "
            "agenda-trial-recette).",
            id=id,
        )
    said = _payload(particulars)
    if particulars.use_case is not None:
        said.setdefault("flows", [flow.value for flow in particulars.use_case.flows])
        said.setdefault("interface", particulars.use_case.label.fr)
    said.setdefault("agreement", DEFAULT_AGREEMENT)
    for key, option in (("editor", "--editor"), ("environment", "--environment"), ("interface", "--use-case")):
        if key not in said:
            raise refused("Il manque {option}.", "{option} is missing.", option=option)
    schedule.check(reading.load(said["agreement"], changes=particulars.changes), move.at)
    return Draft(Kind.PROJECT_OPENED, id, move.at, move.who, move.party, move.why, said)


def change_project(book: Book, particulars: Particulars, move: Move) -> Draft:
    """Choices of the agreement are changed with a reason: dates follow from them."""
    said = _payload(particulars)
    if not said:
        raise refused("Rien à changer n’est dit.", "Nothing to change is said.")
    if particulars.use_case is not None:
        said.setdefault("flows", [flow.value for flow in particulars.use_case.flows])
    if particulars.changes and not move.why.strip():
        raise refused(
            "Un choix de la convention change des dates : dites pourquoi (--why).",
            "A choice of the agreement changes dates: say why (--why).",
        )
    if "agreement" in said or particulars.changes:
        name = said.get("agreement", book.project.agreement)
        changes = {**book.project.changes, **particulars.changes}
        schedule.check(reading.load(name, changes=changes), move.at)
    return Draft(Kind.PROJECT_CHANGED, book.project.id, move.at, move.who, move.party, move.why, said)


def milestone(book: Book, name: str, move: Move) -> Draft:
    if name not in MILESTONES:
        raise _unknown(name, MILESTONES)
    if name == SUSPENSION_REQUESTED:
        only(move, Party.EDITOR)
    only(move, Party.ANS, Party.EDITOR)
    if name == BREACH_REPAIRED and BREACH_NOTICE not in book.project.milestones:
        raise refused("Aucune mise en demeure n’est notée.", "No formal notice is recorded.")
    return Draft(Kind.MILESTONE, name, move.at, move.who, move.party, move.why)


def show(book: Book, what: str, move: Move) -> Draft:
    """A scenario that a run could not judge is looked at by the ANS, which says in words what it saw."""
    if what.startswith(REVIEW):
        only(move, Party.ANS)
        worded(move)
        scenario = what.removeprefix(REVIEW)
        if not any(scenario in run.scenarios for run in book.runs):
            raise refused(
                "Aucune exécution n’a joué le scénario « {id} ».", "No run played the scenario '{id}'.", id=scenario
            )
    elif what not in SHOWN:
        raise _unknown(what, SHOWN)
    elif what == TESTS_SUMMARY:
        only(move, Party.EDITOR, Party.ANS)
    return Draft(Kind.SHOWN, what, move.at, move.who, move.party, move.why)


def suspend(book: Book, move: Move, *, standing: Standing | None) -> Draft:
    """What the ANS did. The rights that stood then are written down; without any, it says in words why."""
    only(move, Party.ANS)
    if book.project.suspended_at is not None:
        raise refused("La transmission est déjà arrêtée.", "Transmission is stopped already.")
    standing_rights = [right.id for right in doors.rights(book, move.at, standing) if right.id.startswith("suspension")]
    if not standing_rights:
        worded(move)
    not_before(move, book.project.resumed_at)
    said = {"rights": standing_rights}
    return Draft(Kind.SUSPENDED, book.project.id, move.at, move.who, move.party, move.why, said)


def resume(book: Book, move: Move) -> Draft:
    only(move, Party.ANS)
    if book.project.suspended_at is None:
        raise refused("La transmission n’est pas arrêtée.", "Transmission is not stopped.")
    not_before(move, book.project.suspended_at)
    return Draft(Kind.RESUMED, book.project.id, move.at, move.who, move.party, move.why)


def maintenance(book: Book, start: datetime, end: datetime, move: Move) -> Draft:
    """An interruption is planned when it was told before it began."""
    only(move, Party.ANS, Party.EDITOR)
    worded(move)
    if end <= start:
        raise refused("La fin précède le début.", "The end comes before the beginning.")
    if move.at > start:
        raise refused(
            "Une maintenance planifiée s’annonce avant de commencer : celle-ci a commencé le {start}.",
            "Planned maintenance is announced before it begins: this one began on {start}.",
            start=start.isoformat(),
        )
    said = {"start": start.isoformat(), "end": end.isoformat()}
    return Draft(Kind.MAINTENANCE, book.project.id, move.at, move.who, move.party, move.why, said)


def unknown_document(sha256: str) -> ProjectError:
    """The journal keeps no such document."""
    return refused("Le registre n’a pas de document {h}.", "The register keeps no document {h}.", h=sha256)


def _payload(particulars: Particulars) -> dict[str, Any]:
    said: dict[str, Any] = {
        key: value.strip()
        for key in ("editor", "interface", "environment", "agreement", "product", "version")
        if (value := getattr(particulars, key)).strip()
    }
    for key, value in said.items():
        if len(value) > _LONGEST or not value.isprintable():
            raise refused(
                "--{key} : une ligne de {most} caractères au plus.",
                "--{key}: one line of at most {most} characters.",
                key=key,
                most=_LONGEST,
            )
    if particulars.use_case is not None:
        said["use_case"] = particulars.use_case.value
    if particulars.flows:
        said["flows"] = [flow.value for flow in particulars.flows]
    if particulars.changes:
        said["changes"] = dict(particulars.changes)
    for key, people in (("contacts", particulars.contacts), ("signatories", particulars.signatories)):
        if people:
            said[key] = {party.value: _contact(contact) for party, contact in people.items()}
    return said


def _contact(contact: Contact) -> dict[str, str]:
    if not contact.name.strip():
        raise refused("Un contact a un nom.", "A contact has a name.")
    if contact.email and _EMAIL.fullmatch(contact.email) is None:
        raise refused("« {e} » n’est pas une adresse.", "'{e}' is no address.", e=contact.email)
    return {"name": contact.name, "email": contact.email, "role": contact.role}


def _unknown(name: str, known: Mapping[str, Text]) -> ProjectError:
    lines = Text(
        "\n".join(f"- {key} : {text.fr}" for key, text in known.items()),
        "\n".join(f"- {key}: {text.en}" for key, text in known.items()),
    )
    return refused(
        "« {name} » est inconnu. Possibles :\n{lines}", "Unknown '{name}'. Possible:\n{lines}", name=name, lines=lines
    )
