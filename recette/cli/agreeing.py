"""`agreement`: what an agreement says, and the dates, amounts and levels that follow from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from recette.cli.options import SETTINGS, LangOption, said

if TYPE_CHECKING:
    from recette.agreement.model import Agreement

app = typer.Typer()
agreement_app = typer.Typer(
    no_args_is_help=True,
    help=said("Les conventions et leurs échéances.", "The agreements and their deadlines."),
)
app.add_typer(agreement_app, name="agreement")

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help=said("Convention, par exemple sas-agenda.", "For example sas-agenda."))
]
FormatOption = Annotated[str, typer.Option("--format", help="console, json")]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help=said("Change un choix laissé ouvert (répétable).", "Change a choice left open (repeatable)."),
    ),
]


@agreement_app.command("list", help=said("Liste les conventions.", "List the agreements."))
def list_agreements(lang: LangOption = SETTINGS.lang) -> None:
    from recette.agreement import reading

    for name in reading.names():
        agreement = reading.load(name)
        typer.echo(f"{name:<20} {agreement.title.to(lang)} ({agreement.reference})")


@agreement_app.command(
    "show", help=said("Montre délais, règles et choix d’une convention.", "Show an agreement’s terms and choices.")
)
def show(
    name: NameArgument,
    changes: SetOption = None,
    format_: FormatOption = "console",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.cli import agreement_text

    agreement = _load(name, changes)
    if _is_json(format_):
        _echo(agreement_text.agreement_document(agreement))
    else:
        typer.echo(agreement_text.agreement_sentences(agreement, lang))


@agreement_app.command(
    "due", help=said("Calcule l’échéance qu’ouvre un événement.", "Compute the deadline that an event opens.")
)
def due(
    name: NameArgument,
    event: Annotated[str, typer.Option("--event", help=said("Événement ou règle.", "Event or rule."))],
    at: Annotated[
        str,
        typer.Option(
            "--at",
            metavar="INSTANT",
            help=said(
                "Instant où le délai commence : ISO 8601 ; sans décalage, l’heure de Paris.",
                "Instant at which it starts: ISO 8601; without offset, Paris time.",
            ),
        ),
    ],
    changes: SetOption = None,
    format_: FormatOption = "console",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.agreement import arithmetic
    from recette.cli import agreement_text
    from recette.cli.clocks import instant

    as_json = _is_json(format_)
    agreement = _load(name, changes)
    found = arithmetic.dues(agreement, event, instant(at))
    if as_json:
        _echo(agreement_text.due_document(agreement, found))
    else:
        typer.echo(agreement_text.due_sentences(found, lang))


@agreement_app.command(
    "compute",
    help=said(
        "Calcule ce qui n’est pas une date : quota, montant, niveau, prix (règles : « show »).",
        "Compute what is not a date: quota, amount, level, price (rules: 'show').",
    ),
)
def compute(
    name: NameArgument,
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help=said("Règle de la convention.", "Rule of the agreement."))
    ],
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--given",
            metavar="KEY=VALUE",
            help=said("Une donnée de la règle (répétable).", "An input of the rule (repeatable)."),
        ),
    ] = None,
    changes: SetOption = None,
    format_: FormatOption = "console",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.agreement import computing
    from recette.cli import agreement_text

    as_json = _is_json(format_)
    agreement = _load(name, changes)
    found = computing.compute(agreement, rule, _pairs(given, "--given"))
    if as_json:
        _echo(agreement_text.computed_document(agreement, found))
    else:
        typer.echo(agreement_text.computed_sentences(found, lang))


def _load(name: str, changes: list[str] | None) -> Agreement:
    from recette.agreement import reading

    return reading.load(name, changes=_pairs(changes, "--set"))


def _pairs(written: list[str] | None, option: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for each in written or ():
        key, equals, value = (part.strip() for part in each.partition("="))
        if not equals or not key:
            raise typer.BadParameter(said("attendu : CLÉ=VALEUR", "expected: KEY=VALUE"), param_hint=option)
        if key in pairs:
            raise typer.BadParameter(said(f"« {key} » donné deux fois", f"'{key}' given twice"), param_hint=option)
        pairs[key] = value
    return pairs


def _is_json(format_: str) -> bool:
    if format_ not in {"console", "json"}:
        raise typer.BadParameter(said("attendu : console ou json", "expected console or json"), param_hint="--format")
    return format_ == "json"


def _echo(document: dict[str, object]) -> None:
    import json

    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
