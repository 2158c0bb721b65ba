"""What is said of a project on the command line: who speaks for whom, which choices, which use case."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from recette.cli.options import said
from recette.journal.model import Party
from recette.projects.model import Contact, Particulars, UseCase
from sas_kernel.flows import Flow

_CONTACT = re.compile(r"(?P<name>[^<>,]+?)\s*(?:<(?P<email>[^<>]+)>)?\s*(?:,\s*(?P<role>.+))?")

EditorOption = Annotated[str, typer.Option("--editor", help=said("L’éditeur.", "The editor."))]
InterfaceOption = Annotated[
    str, typer.Option("--interface", help=said("L’interface (défaut : le cas d’usage).", "The interface."))
]
EnvironmentOption = Annotated[str, typer.Option("--environment", help=said("L’environnement.", "The environment."))]
AgreementOption = Annotated[
    str, typer.Option("--agreement", help=said("La convention (défaut : sas-agenda).", "The agreement."))
]
UseCaseOption = Annotated[
    UseCase | None,
    typer.Option(
        "--use-case",
        help=said(
            "availability (art. 3.1, recherche de créneaux) ou booking (art. 3.2, comptes, SSO, rendez-vous).",
            "availability (art. 3.1, slot search) or booking (art. 3.2, accounts, SSO, appointments).",
        ),
    ),
]
FlowsOption = Annotated[
    list[Flow] | None,
    typer.Option("--flow", help=said("Flux (répétable ; défaut : ceux du cas d’usage).", "Flow (repeatable).")),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help=said("Change un choix laissé ouvert par la convention (répétable).", "Change a choice left open."),
    ),
]
ContactOption = Annotated[
    list[str] | None,
    typer.Option(
        "--contact",
        metavar="PARTY=NAME <EMAIL>, ROLE",
        help=said("Qui répond pour une partie : ans, editor.", "Who answers for a party: ans, editor."),
    ),
]
SignatoryOption = Annotated[
    list[str] | None,
    typer.Option(
        "--signatory",
        metavar="PARTY=NAME <EMAIL>, ROLE",
        help=said("Qui signe pour une partie.", "Who signs for a party."),
    ),
]
ProductOption = Annotated[str, typer.Option("--product", help=said("Le logiciel.", "The product."))]
VersionOption = Annotated[str, typer.Option("--version", help=said("Sa version.", "Its version."))]


def particulars(
    editor: str,
    interface: str,
    environment: str,
    agreement: str,
    use_case: UseCase | None,
    flows: list[Flow] | None,
    changes: list[str] | None,
    contacts: list[str] | None,
    signatories: list[str] | None,
    product: str,
    version: str,
) -> Particulars:
    """The options as they were given; what is malformed is a usage error."""
    return Particulars(
        editor=editor,
        interface=interface,
        environment=environment,
        agreement=agreement,
        use_case=use_case,
        flows=tuple(dict.fromkeys(flows or ())),
        changes=pairs(changes, "--set"),
        contacts=people(contacts, "--contact"),
        signatories=people(signatories, "--signatory"),
        product=product,
        version=version,
    )


def pairs(given: list[str] | None, option: str) -> dict[str, str]:
    """`KEY=VALUE` options by key."""
    found = {}
    for each in given or ():
        key, equals, value = each.partition("=")
        if not equals or not key.strip():
            raise typer.BadParameter(said("attendu : CLÉ=VALEUR", "expected: KEY=VALUE"), param_hint=option)
        found[key.strip()] = value.strip()
    return found


def by_party(given: list[str] | None, option: str) -> dict[Party, str]:
    """`PARTY=…` options by party: `ans` or `editor`."""
    found = {}
    for key, value in pairs(given, option).items():
        if key not in {Party.ANS.value, Party.EDITOR.value}:
            raise typer.BadParameter(
                said("attendu : ans=… ou editor=…", "expected: ans=… or editor=…"), param_hint=option
            )
        found[Party(key)] = value
    return found


def people(given: list[str] | None, option: str) -> dict[Party, Contact]:
    """`PARTY=NAME <EMAIL>, ROLE` options by party."""
    found = {}
    for party, written in by_party(given, option).items():
        read = _CONTACT.fullmatch(written)
        if read is None:
            raise typer.BadParameter(
                said(
                    "attendu : editor=Camille Orfelin <camille@example.org>, cheffe de projet",
                    "expected: editor=Camille Orfelin <camille@example.org>, project manager",
                ),
                param_hint=option,
            )
        found[party] = Contact(read["name"].strip(), (read["email"] or "").strip(), (read["role"] or "").strip())
    return found
